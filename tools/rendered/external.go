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

// External asks other sites whether what is linked there exists: one request at a time for each host, with a pause between.
// A host that hangs, or has had enough, is asked no more.
type External struct {
	Timeout  time.Duration       // of one answer; 0 for 30 seconds
	Pause    time.Duration       // between two requests to a host; 0 for 0.2 seconds
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

// question is one address, and what is known of it.
type question struct {
	href, host string
	needsPage  bool      // a fragment is asked for
	err        error     // what is wrong
	isGone     bool      // there is nothing at the address
	page       *document // with its ids, if they are needed and came whole
}

// check asks for each address once. When ctx ends, those that were not asked for have no finding.
func (x *External) check(ctx context.Context, c *checker) {
	x.Timeout, x.Pause = cmp.Or(x.Timeout, 30*time.Second), cmp.Or(x.Pause, 200*time.Millisecond)
	if x.Progress == nil {
		x.Progress = func(int, int) {}
	}
	questions, byHost := map[string]*question{}, map[string][]*question{} // by address; by host
	for _, link := range c.external {
		q := questions[link.href]
		if q == nil {
			q = &question{href: link.href, host: strings.Split(link.href, "/")[2]}
			questions[link.href], byHost[q.host] = q, append(byHost[q.host], q)
		}
		q.needsPage = q.needsPage || link.use&follow != 0 && link.fragment != ""
	}
	var done atomic.Int64
	var group errgroup.Group
	group.SetLimit(maxHosts)
	client := x.newClient()
	for _, list := range byHost {
		group.Go(func() error {
			x.askHost(ctx, client, list, func() { x.Progress(int(done.Add(1)), len(questions)) })
			return nil
		})
	}
	_ = group.Wait() // nothing in it fails
	for _, link := range c.external {
		place := link.document.placeOf(link.reference)
		switch q := questions[link.href]; {
		case q.isGone:
			link.document.add(link.value, place.Errorf(diagnostic.RuleBrokenLink, "%q leads nowhere: %v", link.value, q.err))
		case q.err != nil:
			const format = "%q could not be checked: %.200s" // whatever the server made it say
			link.document.add(link.value, place.Warningf(diagnostic.RuleUnknownLink, format, link.value, q.err))
		case q.page != nil && link.use&follow != 0 && !q.page.has(link.fragment):
			link.document.add(link.value, place.Errorf(diagnostic.RuleFragment, "%q leads to a part that is not there: "+
				"nothing on the page has the id %q; leave out what follows the #, or look up its new name",
				link.value, fragmentID(link.fragment)))
		}
	}
}

// askHost asks one host, until it is given up.
func (x *External) askHost(ctx context.Context, client *retryablehttp.Client, list []*question, progress func()) {
	isGivenUp := false
	for i, q := range list {
		if isGivenUp {
			q.err = list[i-1].err
		} else {
			isGivenUp, q.err = x.ask(ctx, client, q)
			select {
			case <-ctx.Done():
				q.err, q.isGone = nil, false
				return
			case <-time.After(x.Pause):
			}
		}
		progress()
	}
}

// newClient returns a client that follows ten redirects, and tries twice where a host is busy or does not answer.
func (x *External) newClient() *retryablehttp.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxResponseHeaderBytes = 64 << 10
	client := retryablehttp.NewClient()
	client.HTTPClient = &http.Client{Transport: transport, Timeout: x.Timeout}
	client.Logger, client.ErrorHandler, client.RetryMax = nil, retryablehttp.PassthroughErrorHandler, 1
	client.RetryWaitMin, client.RetryWaitMax = 5*x.Pause, 150*x.Pause
	client.Backoff = func(least, most time.Duration, try int, response *http.Response) time.Duration {
		return min(most, retryablehttp.DefaultBackoff(least, most, try, response)) // as long as the host asks, within limits
	}
	return client
}

// ask finds out about one address, and whether to give its host up. It uses GET, because some servers answer HEAD wrongly.
func (x *External) ask(ctx context.Context, client *retryablehttp.Client, q *question) (isGivenUp bool, err error) {
	request, err := retryablehttp.NewRequestWithContext(ctx, http.MethodGet, q.href, nil)
	if err != nil { // browsers ask for more than net/http does
		return false, err
	}
	request.Header.Set("User-Agent", userAgent)
	response, err := client.Do(request)
	var failure *url.Error
	if errors.As(err, &failure) {
		isOwn := strings.Contains(failure.URL+"/", "//"+q.host+"/") // and not that of a host to which this one leads
		return failure.Timeout() && isOwn, failure.Err
	}
	if err != nil {
		return false, err
	}
	defer response.Body.Close()
	status := fmt.Errorf("the site answers %d %s", response.StatusCode, http.StatusText(response.StatusCode))
	switch code := response.StatusCode; {
	case code == http.StatusNotFound || code == http.StatusGone:
		q.isGone = true
		return false, status
	case code >= 400:
		isBusy := code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable
		return isBusy && response.Request.URL.Host == q.host, status
	case !q.needsPage || !strings.Contains(response.Header.Get("Content-Type"), "html"):
		return false, nil
	}
	src, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if os.IsTimeout(err) {
		return true, err
	}
	if err == nil && len(src) < maxBody {
		q.page = &document{isHTML: true}
		newReader(&checker{}).read(ctx, q.page, src)
	}
	return false, nil
}
