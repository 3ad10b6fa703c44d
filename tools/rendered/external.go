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
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"golang.org/x/sync/errgroup"

	"microsite/tools/diagnostic"
)

// External checks links to other sites. It sends one request at a time to each host, with a pause between, and none to a host
// that has timed out or refused further requests.
type External struct {
	Timeout  time.Duration       // of one request; 0 means 30 seconds
	Pause    time.Duration       // between two requests to a host; 0 means 0.2 seconds
	Progress func(done, all int) // called after each address, or nil
}

const (
	maxHosts  = 16      // asked at the same time
	maxBody   = 4 << 20 // bytes that are read to find a fragment
	userAgent = "Mozilla/5.0 (compatible; link check)"
)

// externalLink is a link to another site.
type externalLink struct {
	reference
	document *document
	href     string
}

// externalURL is an address of another site, without its fragment.
type externalURL struct {
	href, host string
	needsIDs   bool   // a link to it has a fragment
	target     target // what was found there; without a document if its ids are not needed or not complete
}

// check requests each address once. When ctx ends, the addresses that were not requested get no finding.
func (x *External) check(ctx context.Context, c *checker) {
	x.Timeout, x.Pause = cmp.Or(x.Timeout, 30*time.Second), cmp.Or(x.Pause, 200*time.Millisecond)
	if x.Progress == nil {
		x.Progress = func(int, int) {}
	}
	byHref, byHost := map[string]*externalURL{}, map[string][]*externalURL{}
	for _, link := range c.external {
		u := byHref[link.href]
		if u == nil {
			u = &externalURL{href: link.href, host: strings.Split(link.href, "/")[2]}
			byHref[link.href], byHost[u.host] = u, append(byHost[u.host], u)
		}
		u.needsIDs = u.needsIDs || link.flags&checkFragment != 0 && link.fragment != ""
	}
	var done atomic.Int64
	var group errgroup.Group
	group.SetLimit(maxHosts)
	client := x.newClient()
	for _, urls := range byHost {
		group.Go(func() error {
			x.fetchAll(ctx, client, urls, func() { x.Progress(int(done.Add(1)), len(byHref)) })
			return nil
		})
	}
	_ = group.Wait()
	for _, link := range c.external {
		t := byHref[link.href].target
		if t.rule != "" {
			link.document.reportLink(link.reference, t.rule, t.message)
		} else if t.document != nil && link.flags&checkFragment != 0 && !t.document.hasFragment(link.fragment) {
			link.document.reportLink(link.reference, diagnostic.RuleFragment, fmt.Sprintf("leads to a part that is not there: "+
				"nothing on the page has the id %q; leave out what follows the #, or look up its new name", fragmentID(link.fragment)))
		}
	}
}

// fetchAll requests addresses of one host. Once the host is down, all others get the same target.
func (x *External) fetchAll(ctx context.Context, client *retryablehttp.Client, urls []*externalURL, progress func()) {
	var t target
	isHostDown := false
	for _, u := range urls {
		if !isHostDown {
			t, isHostDown = fetch(ctx, client, u)
			select {
			case <-ctx.Done():
				return
			case <-time.After(x.Pause):
			}
		}
		u.target = t
		progress()
	}
}

// newClient returns a client that follows ten redirects, and tries a second time if a host is busy or does not answer.
func (x *External) newClient() *retryablehttp.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxResponseHeaderBytes = 64 << 10
	client := retryablehttp.NewClient()
	client.HTTPClient = &http.Client{Transport: transport, Timeout: x.Timeout}
	client.Logger, client.ErrorHandler, client.RetryMax = nil, retryablehttp.PassthroughErrorHandler, 1
	client.RetryWaitMin, client.RetryWaitMax = 5*x.Pause, 150*x.Pause
	client.Backoff = func(least, most time.Duration, try int, response *http.Response) time.Duration {
		return min(most, retryablehttp.DefaultBackoff(least, most, try, response)) // a host may ask for any time in Retry-After
	}
	return client
}

// fetch requests an address, and reports whether its host is down. It uses GET, because some servers answer HEAD wrongly.
func fetch(ctx context.Context, client *retryablehttp.Client, u *externalURL) (t target, isHostDown bool) {
	unknown := func(err error) target { // the server may have chosen the words of the error
		return target{rule: diagnostic.RuleUnknownLink, message: fmt.Sprintf("could not be checked: %.200s", err)}
	}
	request, err := retryablehttp.NewRequestWithContext(ctx, http.MethodGet, u.href, nil)
	if err != nil { // browsers accept more addresses than net/http
		return unknown(err), false
	}
	request.Header.Set("User-Agent", userAgent)
	response, err := client.Do(request)
	if failure, isURLError := errors.AsType[*url.Error](err); isURLError {
		isOwn := strings.Contains(failure.URL+"/", "//"+u.host+"/") // and not of another host, to which this one redirects
		if failure.Timeout() {
			return unknown(errors.New("the site did not answer in time")), isOwn
		}
		return unknown(failure.Err), false
	}
	if err != nil {
		return unknown(err), false
	}
	defer response.Body.Close()
	status := fmt.Errorf("the site answers %d %s", response.StatusCode, http.StatusText(response.StatusCode))
	switch code := response.StatusCode; {
	case code == http.StatusNotFound || code == http.StatusGone:
		return target{rule: diagnostic.RuleBrokenLink, message: fmt.Sprintf("leads nowhere: %v", status)}, false
	case code >= 400:
		isBusy := code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable
		return unknown(status), isBusy && response.Request.URL.Host == u.host
	case !u.needsIDs || !strings.Contains(response.Header.Get("Content-Type"), "html"):
		return target{}, false
	}
	src, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if os.IsTimeout(err) {
		return unknown(err), true
	}
	if err == nil && len(src) < maxBody {
		t.document = &document{isHTML: true}
		newReader(&checker{}).read(ctx, t.document, src)
	}
	return t, false
}
