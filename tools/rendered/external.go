package rendered

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"golang.org/x/sync/errgroup"

	"microsite/tools/diagnostic"
)

// External asks other sites whether what is linked there exists: one request at a time for each host, with a pause between,
// and HEAD before GET. A host that hangs, or has had enough, is asked no more. The zero value will do, for one check.
type External struct {
	Transport http.RoundTripper                          // nil for Go's own, with the proxies of the environment
	Timeout   time.Duration                              // of one exchange
	MaxBody   int64                                      // bytes that are read to find a fragment
	Progress  func(done, all int)                        // called after each address
	Sleep     func(context.Context, time.Duration) error // for tests, which don't wait

	hosts sync.Map // of *host, by name
}

const (
	maxHosts  = 16 // asked at the same time
	maxTries  = 3
	maxWait   = time.Minute            // that a host may ask for before the next try
	pause     = 200 * time.Millisecond // between two requests to a host
	userAgent = "Mozilla/5.0 (compatible; link check)"
)

// host is known to the one exchange at a time that holds its turn.
type host struct {
	turn    sync.Mutex
	isAsked bool
	givenUp givenUp
}

// answer is what is known of an address; the zero value is that it is there.
type answer struct {
	broken, unknown string    // why it leads nowhere, or could not be checked
	page            *document // with its ids, where a fragment is asked for
	isCut           bool      // there is more of the page
}

// check asks for each address once. When ctx ends, those that were not asked for have no finding.
func (x *External) check(ctx context.Context, links []reference) (findings []finding) {
	client := x.newClient(ctx)
	needsPage, byHost := map[string]bool{}, map[string][]string{} // by address; addresses
	for _, ref := range links {
		href := ref.target.href
		if _, isKnown := needsPage[href]; !isKnown {
			host, _, _ := strings.Cut(strings.SplitAfterN(href, "//", 2)[1], "/")
			byHost[host] = append(byHost[host], href)
		}
		needsPage[href] = needsPage[href] || ref.use&follow != 0 && ref.fragment != ""
	}
	var group errgroup.Group
	var mutex sync.Mutex // of the answers
	answers := map[string]answer{}
	group.SetLimit(maxHosts)
	for _, hrefs := range byHost {
		group.Go(func() error {
			for _, href := range hrefs {
				a := x.ask(ctx, client, href, needsPage[href])
				if ctx.Err() != nil {
					break
				}
				mutex.Lock()
				answers[href] = a
				x.Progress(len(answers), len(needsPage))
				mutex.Unlock()
			}
			return nil
		})
	}
	_ = group.Wait() // nothing in it fails
	for _, ref := range links {
		if d := answers[ref.target.href].judge(ref); d.Rule != "" {
			findings = append(findings, finding{diagnostic: d, reference: ref})
		}
	}
	return findings
}

// judge returns what is wrong with a link, if anything.
func (a answer) judge(ref reference) (d diagnostic.Diagnostic) {
	switch {
	case a.broken != "":
		return ref.place.Errorf(diagnostic.RuleBrokenLink, "%q leads nowhere: %s", ref.value, a.broken)
	case a.unknown != "":
		return ref.place.Warningf(diagnostic.RuleUnknownLink, "%q could not be checked: %s", ref.value, a.unknown)
	case ref.use&follow == 0 || a.page == nil || a.page.has(ref):
		return d
	case a.isCut:
		return ref.place.Warningf(diagnostic.RuleUnknownLink,
			"%q could not be checked: the page did not come whole, and the id %q was not in what came", ref.value, ref.id())
	}
	return ref.place.Errorf(diagnostic.RuleFragment, "%q leads to a part that is not there: nothing on the page has the id %q; "+
		"leave out what follows the #, or look up its new name", ref.value, ref.id())
}

func (x *External) newClient(ctx context.Context) *retryablehttp.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxResponseHeaderBytes = 64 << 10
	x.Transport = cmp.Or(x.Transport, http.RoundTripper(transport))
	x.Timeout, x.MaxBody = cmp.Or(x.Timeout, 30*time.Second), cmp.Or(x.MaxBody, 4<<20)
	if x.Progress == nil {
		x.Progress = func(int, int) {}
	}
	if x.Sleep == nil {
		x.Sleep = func(ctx context.Context, d time.Duration) error {
			select {
			case <-ctx.Done():
			case <-time.After(d):
			}
			return ctx.Err()
		}
	}
	return &retryablehttp.Client{
		HTTPClient:   &http.Client{Transport: x}, // which follows ten redirects
		RetryMax:     maxTries - 1,
		CheckRetry:   shouldRetry,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
		PrepareRetry: func(r *http.Request) error {
			r.Method = http.MethodGet // some servers don't know HEAD, or answer it wrongly
			return nil
		},
		Backoff: func(_, _ time.Duration, try int, response *http.Response) time.Duration {
			if response == nil || isBusy(response) {
				_ = x.Sleep(ctx, backoff(try, response)) // if ctx ends, so does the next try
			}
			return 0
		},
	}
}

// isBusy reports whether a host asks to be left alone for a while.
func isBusy(r *http.Response) bool {
	return r.StatusCode == http.StatusTooManyRequests || r.StatusCode == http.StatusServiceUnavailable
}

// backoff returns how long to wait after a try, the first of which is 0: as long as the host asks, or longer each time.
func backoff(try int, response *http.Response) time.Duration {
	return retryablehttp.DefaultBackoff(time.Second, maxWait, try, response)
}

func shouldRetry(ctx context.Context, response *http.Response, err error) (bool, error) {
	switch {
	case errors.As(err, new(givenUp)):
		return false, nil
	case err != nil:
		return retryablehttp.DefaultRetryPolicy(ctx, nil, err)
	case isBusy(response):
		return backoff(0, response) <= maxWait, nil
	}
	return response.StatusCode >= 400 && response.Request.Method == http.MethodHead, nil
}

// ask finds out about one address.
func (x *External) ask(ctx context.Context, client *retryablehttp.Client, href string, needsPage bool) answer {
	method := http.MethodHead
	if needsPage {
		method = http.MethodGet
	}
	request, err := retryablehttp.NewRequestWithContext(ctx, method, href, nil)
	if err != nil { // browsers ask for more than net/http does
		return answer{unknown: clean(err)}
	}
	request.Header.Set("User-Agent", userAgent)
	request.Header.Set("Accept", "*/*")
	response, err := client.Do(request)
	if err != nil {
		return answer{unknown: clean(err)}
	}
	defer response.Body.Close()
	status := strings.TrimSpace(fmt.Sprintf("the site answers %d %s", response.StatusCode, http.StatusText(response.StatusCode)))
	switch code := response.StatusCode; {
	case code == http.StatusNotFound || code == http.StatusGone:
		return answer{broken: status}
	case isBusy(response):
		if wait := backoff(0, response); wait > maxWait {
			status = fmt.Sprintf("the site wants us to wait for %s", wait)
		}
		x.host(response.Request.URL.Host).givenUp = givenUp(status) // it is our turn until the body is closed
		return answer{unknown: status}
	case code >= 400:
		return answer{unknown: status}
	case !needsPage || !strings.Contains(response.Header.Get("Content-Type"), "html"):
		return answer{}
	}
	r, page := newReader(nil), &document{isHTML: true}
	n, err := r.src.ReadFrom(io.LimitReader(response.Body, x.MaxBody+1))
	if os.IsTimeout(err) {
		x.host(response.Request.URL.Host).givenUp = "one of its answers did not end"
	}
	r.start(page)
	r.readHTML(ctx)
	return answer{page: page, isCut: err != nil || n > x.MaxBody}
}

// clean returns an error as one line of a length that fits into a message, whatever the server made it say.
func clean(err error) string {
	var request *url.Error
	if errors.As(err, &request) {
		err = request.Err
	}
	text := err.Error()
	return diagnostic.OneLine(strings.ToValidUTF8(text[:min(len(text), 200)], ""))
}

func (x *External) host(name string) *host {
	h, _ := x.hosts.LoadOrStore(name, &host{})
	return h.(*host)
}

// RoundTrip lets one exchange at a time through to each host, those that other hosts lead to included. It lasts until its
// timeout, or until its body is closed.
func (x *External) RoundTrip(r *http.Request) (*http.Response, error) {
	h := x.host(r.URL.Host)
	h.turn.Lock()
	if h.isAsked && h.givenUp == "" {
		_ = x.Sleep(r.Context(), pause) // if the context ends, so does the exchange
	}
	h.isAsked = true
	ctx, cancel := context.WithTimeout(r.Context(), x.Timeout)
	end := sync.OnceFunc(func() {
		cancel()
		h.turn.Unlock()
	})
	var response *http.Response
	err := error("its host was given up: " + h.givenUp)
	if h.givenUp == "" {
		response, err = x.Transport.RoundTrip(r.WithContext(ctx))
	}
	if err != nil {
		defer end()
	}
	switch hasHung := os.IsTimeout(err); {
	case hasHung && r.Method == http.MethodHead:
		return nil, fmt.Errorf("no answer within %s", x.Timeout)
	case hasHung:
		h.givenUp = givenUp(fmt.Sprintf("no answer within %s", x.Timeout))
		return nil, h.givenUp
	case err != nil:
		return nil, err
	}
	response.Body = &body{response.Body, end}
	return response, nil
}

// body is that of an answer; closing it ends the exchange.
type body struct {
	io.ReadCloser
	end func()
}

func (b *body) Close() error {
	defer b.end()
	return b.ReadCloser.Close()
}

// givenUp says why a host is asked no more.
type givenUp string

func (g givenUp) Error() string { return string(g) }
