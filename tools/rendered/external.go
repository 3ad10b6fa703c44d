package rendered

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"microsite/tools/diagnostic"
)

// External asks other sites whether what is linked there exists: one request at
// a time for each host, with a pause between, and HEAD before GET. A host that
// hangs, or has had enough, is asked no more. The zero value will do.
type External struct {
	Transport http.RoundTripper                          // nil for Go's own, with the proxies of the environment
	Timeout   time.Duration                              // of one exchange
	MaxBody   int64                                      // bytes that are read to find a fragment
	Progress  func(done, all int)                        // called after each address
	Sleep     func(context.Context, time.Duration) error // so that tests don't wait

	hosts     sync.Map      // of *host, by name
	exchanges chan struct{} // that go on
}

const (
	maxExchanges = 16
	maxRedirects = 10
	maxTries     = 3
	maxWait      = time.Minute            // that a host may want before the next try
	pause        = 200 * time.Millisecond // between two requests to a host
	userAgent    = "Mozilla/5.0 (compatible; link check)"
)

// host is what is known of one host, for the one exchange at a time that holds turn.
type host struct {
	turn    sync.Mutex
	isAsked bool
	givenUp string // why it is asked no more
}

// answer is what is known of an address; the zero value is that it is there.
type answer struct {
	broken  string    // why it leads nowhere
	unknown string    // why it could not be checked
	page    *document // with its ids, where a fragment is asked for
	isCut   bool      // there is more of it
}

// check asks for each address once. When ctx ends, what was not asked for has no finding.
func (x *External) check(ctx context.Context, links []reference) (findings []finding) {
	client := x.newClient(ctx)
	needsPage := map[string]bool{} // by address
	for _, r := range links {
		_, fragment := splitFragment(r.value)
		needsPage[r.target.href] = needsPage[r.target.href] || fragment != "" && r.use&follow != 0
	}
	answers := map[string]answer{}
	var mutex sync.Mutex
	var group sync.WaitGroup
	for href := range needsPage {
		group.Go(func() {
			a := x.ask(ctx, client, href, needsPage[href])
			if ctx.Err() != nil {
				return
			}
			mutex.Lock()
			defer mutex.Unlock()
			if answers[href] = a; x.Progress != nil {
				x.Progress(len(answers), len(needsPage))
			}
		})
	}
	group.Wait()
	for _, r := range links {
		if d := answers[r.target.href].judge(r); d.Rule != "" {
			findings = append(findings, finding{diagnostic: d, reference: r})
		}
	}
	return findings
}

// judge returns what is wrong with a link, or nothing.
func (a answer) judge(r reference) (d diagnostic.Diagnostic) {
	_, fragment := splitFragment(r.value)
	switch {
	case a.broken != "":
		return r.place.Errorf(diagnostic.RuleBrokenLink, "%q leads nowhere: %s", r.value, a.broken)
	case a.unknown != "":
		return r.place.Warningf(diagnostic.RuleUnknownLink, "%q could not be checked: %s", r.value, a.unknown)
	case r.use&follow == 0 || a.page == nil || a.page.has(fragment):
		return d
	case a.isCut:
		return r.place.Warningf(diagnostic.RuleUnknownLink,
			"%q could not be checked: the page did not come whole, and the id %q was not in what came", r.value, decode(fragment))
	}
	return r.place.Errorf(diagnostic.RuleFragment, "%q leads to a part that is not there: nothing on the page has the id %q; "+
		"leave out what follows the #, or look up its new name", r.value, decode(fragment))
}

func (x *External) newClient(ctx context.Context) *retryablehttp.Client {
	if x.Transport == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxResponseHeaderBytes = 64 << 10
		x.Transport = transport
	}
	if x.Sleep == nil {
		x.Sleep = sleep
	}
	x.Timeout, x.MaxBody = cmp.Or(x.Timeout, 30*time.Second), cmp.Or(x.MaxBody, 4<<20)
	x.exchanges = make(chan struct{}, maxExchanges)
	return &retryablehttp.Client{
		HTTPClient:   &http.Client{Transport: x, CheckRedirect: limitRedirects},
		RetryMax:     maxTries - 1,
		CheckRetry:   shouldRetry,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
		PrepareRetry: func(r *http.Request) error {
			r.Method = http.MethodGet // some servers don't know HEAD, or answer it wrongly
			return nil
		},
		Backoff: func(_, _ time.Duration, try int, response *http.Response) time.Duration {
			if response == nil || isBusy(response) {
				_ = x.Sleep(ctx, backoff(try, response)) // when ctx ends, so does the next try
			}
			return 0
		},
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func limitRedirects(_ *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return exchangeError{"it redirects again and again", true}
	}
	return nil
}

// isBusy reports whether a host asks to be left alone for a while.
func isBusy(r *http.Response) bool {
	return r.StatusCode == http.StatusTooManyRequests || r.StatusCode == http.StatusServiceUnavailable
}

// backoff returns how long to wait after a try, the first of which is 0: as long as the host says.
func backoff(try int, response *http.Response) time.Duration {
	return retryablehttp.DefaultBackoff(time.Second, maxWait, try, response)
}

func shouldRetry(ctx context.Context, response *http.Response, err error) (bool, error) {
	switch {
	case ctx.Err() != nil:
		return false, nil
	case err != nil:
		return !explain(err).isFinal, nil
	case isBusy(response):
		return backoff(0, response) <= maxWait, nil
	}
	return response.StatusCode >= 400 && response.Request.Method == http.MethodHead, nil
}

// ask finds out about one address.
func (x *External) ask(ctx context.Context, client *retryablehttp.Client, href string, needsPage bool) (a answer) {
	method := http.MethodHead
	if needsPage {
		method = http.MethodGet
	}
	request, err := retryablehttp.NewRequestWithContext(ctx, method, href, nil)
	if err != nil { // browsers ask for more than net/http does
		return answer{unknown: clean(err.Error())}
	}
	request.Header.Set("User-Agent", userAgent)
	request.Header.Set("Accept", "*/*")
	response, err := client.Do(request)
	if err != nil {
		return answer{unknown: explain(err).why}
	}
	defer response.Body.Close()
	status := strings.TrimSpace(fmt.Sprintf("the site answers %d %s", response.StatusCode, http.StatusText(response.StatusCode)))
	switch {
	case response.StatusCode == http.StatusNotFound || response.StatusCode == http.StatusGone:
		return answer{broken: status}
	case isBusy(response):
		if wait := backoff(0, response); wait > maxWait {
			status = fmt.Sprintf("the site wants us to wait for %s", wait)
		}
		x.host(response.Request.URL.Host).givenUp = status // its turn ends with the body
		fallthrough
	case response.StatusCode >= 400:
		return answer{unknown: status}
	case needsPage && strings.Contains(response.Header.Get("Content-Type"), "html"):
		src, err := io.ReadAll(io.LimitReader(response.Body, x.MaxBody+1))
		page := &document{isHTML: true}
		newPage(&checker{}, page, src).readHTML(ctx)
		return answer{page: page, isCut: err != nil || int64(len(src)) > x.MaxBody}
	}
	return answer{}
}

func (x *External) host(name string) *host {
	h, _ := x.hosts.LoadOrStore(name, &host{})
	return h.(*host)
}

// RoundTrip lets one exchange at a time through to each host, those that other
// hosts lead to included. It lasts until its timeout, or until its body is closed.
func (x *External) RoundTrip(r *http.Request) (*http.Response, error) {
	h := x.host(r.URL.Host)
	h.turn.Lock()
	if h.givenUp != "" {
		h.turn.Unlock()
		return nil, exchangeError{"its host was given up: " + h.givenUp, true}
	}
	if h.isAsked {
		_ = x.Sleep(r.Context(), pause) // when the context ends, so does the exchange
	}
	h.isAsked = true
	x.exchanges <- struct{}{}
	ctx, cancel := context.WithTimeout(r.Context(), x.Timeout)
	release := sync.OnceFunc(func() {
		cancel()
		<-x.exchanges
		h.turn.Unlock()
	})
	response, err := x.Transport.RoundTrip(r.WithContext(ctx))
	hasHung := errors.Is(err, context.DeadlineExceeded)
	if hasHung && r.Method != http.MethodHead {
		h.givenUp = fmt.Sprintf("no answer within %s", x.Timeout)
	}
	if err != nil {
		release()
	}
	switch {
	case hasHung:
		return nil, exchangeError{fmt.Sprintf("no answer within %s", x.Timeout), r.Method != http.MethodHead}
	case err != nil:
		return nil, err
	}
	response.Body = body{response.Body, h, release}
	return response, nil
}

// body is that of an answer.
type body struct {
	io.ReadCloser
	host    *host
	release func()
}

func (b body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, context.DeadlineExceeded) {
		b.host.givenUp = "its answer to another link did not end"
	}
	return n, err
}

func (b body) Close() error {
	defer b.release()
	return b.ReadCloser.Close()
}

// exchangeError says in an editor's words why there is no answer, and whether another try is of no use.
type exchangeError struct {
	why     string
	isFinal bool
}

func (e exchangeError) Error() string { return e.why }

// explain returns an error in an editor's words.
func explain(err error) (e exchangeError) {
	var certificate *tls.CertificateVerificationError
	var name *net.DNSError
	var outer *url.Error
	switch {
	case errors.As(err, &e):
		return e
	case errors.As(err, &certificate):
		return exchangeError{"its certificate is not valid", true}
	case errors.Is(err, http.ErrSchemeMismatch):
		return exchangeError{"it does not speak https", true}
	case errors.As(err, &name) && name.IsNotFound:
		return exchangeError{fmt.Sprintf("there is no %s, or this computer is offline", clean(name.Name)), true}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return exchangeError{"the connection broke off", false}
	case errors.As(err, &outer):
		err = outer.Err
	}
	return exchangeError{clean(err.Error()), false}
}

// clean cuts what a server says to a length that fits into a message, on one line.
func clean(text string) string {
	return diagnostic.OneLine(strings.ToValidUTF8(text[:min(len(text), 200)], ""))
}
