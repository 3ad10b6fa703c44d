package links

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"microsite/tools/problem"
)

// Rules of links to other sites.
const (
	RuleUnknown = "unknown-link" // it could not be found out
	RuleMoved   = "moved-link"
)

// External asks other sites whether what is linked there exists: one request
// at a time for each host, HEAD before GET, and none sooner than the host
// wants. The zero value has limits that suit a site's links.
type External struct {
	Transport http.RoundTripper                          // http.DefaultTransport, proxies of the environment included, if nil
	Timeout   time.Duration                              // of one request, redirects included
	Bytes     int64                                      // of a page that are read to find a fragment
	Progress  func(done, all int)                        // called after each address
	Sleep     func(context.Context, time.Duration) error // tests don't wait
}

// page is what is known of one address; the zero value is that it is there.
type page struct {
	rule    string
	message string
	status  int           // of the answer, or what stands for it
	again   time.Duration // how long the host wants to be left alone
	moved   string        // where it has moved to for good
	ids     []string      // sorted, where a fragment was asked for
	whole   bool          // all ids are known
	shown   string        // a digest of what was read
}

const (
	hosts     = 16 // asked at the same time
	redirects = 10
	wait      = time.Minute            // the longest that a host may make us wait
	pause     = 200 * time.Millisecond // between two requests to a host
	attempts  = 3
	agent     = "Mozilla/5.0 (compatible; link check)"
)

// What stands for a status where none came.
const (
	dropped = 0  // worth another try
	slow    = -1 // worth no third one
	final   = -2 // the same whenever it is asked
)

func (x *External) defaults() *External {
	y := *x
	y.Timeout, y.Bytes, y.Transport = cmp.Or(y.Timeout, 30*time.Second), cmp.Or(y.Bytes, 4<<20), cmp.Or(y.Transport, http.DefaultTransport)
	if y.Sleep == nil {
		y.Sleep = func(ctx context.Context, d time.Duration) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(d):
				return nil
			}
		}
	}
	return &y
}

// ask asks each address once and answers every question. When ctx ends, what
// was not asked has no answer.
func (x *External) ask(ctx context.Context, questions []question) []finding {
	x = x.defaults()
	fragments := map[string]bool{} // of each address: whether one is asked for
	byHost := map[string][]string{}
	for _, q := range questions {
		leads, known := fragments[q.href]
		fragments[q.href] = leads || q.leads()
		if !known {
			byHost[q.host] = append(byHost[q.host], q.href)
		}
	}
	polite := &polite{External: x}
	pages := map[string]*page{}
	var mutex sync.Mutex
	var group errgroup.Group
	group.SetLimit(hosts)
	for _, hrefs := range byHost {
		slices.Sort(hrefs)
		group.Go(func() error {
			v := &visit{polite: polite}
			for _, href := range hrefs {
				p := v.page(ctx, href, fragments[href])
				if ctx.Err() != nil {
					break
				}
				mutex.Lock()
				pages[href] = p
				if x.Progress != nil {
					x.Progress(len(pages), len(fragments))
				}
				mutex.Unlock()
			}
			return nil
		})
	}
	_ = group.Wait() // nothing in it fails
	var answers results
	for _, q := range questions {
		if p := pages[q.href]; p != nil {
			p.answer(q, &answers)
		}
	}
	return answers.findings
}

func (p *page) answer(q question, to *results) {
	say := func(rule string, s problem.Severity, format string, args ...any) {
		to.add(q.from, q.ref, rule, s, fmt.Sprintf("%q ", q.ref.value)+fmt.Sprintf(format, args...))
	}
	switch {
	case p.rule == RuleLink:
		say(p.rule, problem.Error, "%s", p.message)
	case p.rule != "":
		say(p.rule, problem.Warning, "%s", p.message)
	case q.leads() && p.ids != nil && !(&document{ids: p.ids}).has(q.fragment):
		if p.whole {
			say(RuleFragment, problem.Error, "leads to a part that is not there: nothing on the page has the id %q; leave out what follows the #, or look up its new name", decode(q.fragment))
		} else {
			say(RuleUnknown, problem.Warning, "could not be checked: the page did not come whole, and the id %q was not in what came", decode(q.fragment))
		}
	}
	if to := p.moved; to != "" {
		if q.fragment != "" && !strings.Contains(to, "#") {
			to += "#" + q.fragment
		}
		say(RuleMoved, problem.Warning, "has moved for good: write %s", to)
	}
}

// visit asks the addresses of one host, one after the other.
type visit struct {
	*polite
	refused string // why the host is asked no more
	probed  bool
	soft    string // what the host shows for an address that can't exist
}

// page asks for one address.
func (v *visit) page(ctx context.Context, href string, ids bool) *page {
	if v.refused != "" {
		return &page{rule: RuleUnknown, message: v.refused}
	}
	method := http.MethodHead
	if ids {
		method = http.MethodGet
	}
	for attempt := 1; ; attempt++ {
		p := v.request(ctx, method, href, ids)
		busy := p.status == http.StatusTooManyRequests || p.status == http.StatusServiceUnavailable
		switch {
		case ctx.Err() != nil:
			return p
		case p.rule == "":
			return v.real(ctx, href, p)
		case p.status == final:
			return p
		case method == http.MethodHead && !busy: // some servers don't know HEAD, or answer it wrongly
			method, attempt = http.MethodGet, 0
			continue
		case !busy && p.status != dropped || attempt == attempts:
			if p.status == http.StatusTooManyRequests {
				v.refused = p.message
			}
			return p
		}
		again := max(p.again, time.Second<<(attempt-1))
		if again > wait {
			p.message = fmt.Sprintf("could not be checked: the site wants us to wait for %s", again.Round(time.Second))
			v.refused = p.message
			return p
		}
		if v.Sleep(ctx, again) != nil {
			return p
		}
	}
}

// request makes one request and follows where it leads.
func (v *visit) request(ctx context.Context, method, href string, ids bool) *page {
	ctx, cancel := context.WithTimeout(ctx, v.Timeout)
	defer cancel()
	p := &page{}
	unknown := func(why string) *page {
		p.rule, p.message = RuleUnknown, "could not be checked: "+why
		return p
	}
	request, err := http.NewRequestWithContext(ctx, method, href, nil)
	if err != nil { // browsers ask for more than net/http does
		p.status = final
		return unknown(err.Error())
	}
	request.Header.Set("User-Agent", agent)
	request.Header.Set("Accept", "*/*")
	permanent := true
	client := &http.Client{Transport: v.polite, CheckRedirect: func(next *http.Request, via []*http.Request) error {
		if next.Response.StatusCode != http.StatusMovedPermanently && next.Response.StatusCode != http.StatusPermanentRedirect {
			permanent = false
		}
		if len(via) > redirects {
			return errRedirects
		}
		return nil
	}}
	response, err := client.Do(request)
	if err != nil {
		var why string
		why, p.status = v.reason(err)
		return unknown(why)
	}
	defer response.Body.Close()
	p.status, p.again = response.StatusCode, retryAfter(response.Header)
	answer := strings.TrimSpace(fmt.Sprintf("the site answers %d %s", p.status, http.StatusText(p.status)))
	switch {
	case p.status == http.StatusNotFound || p.status == http.StatusGone:
		p.rule, p.message = RuleLink, "leads nowhere: "+answer
		return p
	case p.status >= 400:
		return unknown(answer)
	}
	if end := response.Request.URL.String(); end != href && permanent {
		p.moved = end
	}
	if method == http.MethodHead {
		return p
	}
	limit := min(v.Bytes, 64<<10)
	if ids {
		limit = v.Bytes
	}
	src, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	if err == nil {
		telling := src
		if m := title.FindSubmatch(src); m != nil {
			telling = m[1] // the text may name the address
		}
		p.shown = fmt.Sprintf("%x", sha256.Sum256(telling))
	}
	if ids && strings.Contains(response.Header.Get("Content-Type"), "html") {
		p.whole = err == nil && int64(len(src)) <= limit
		s := newScanner()
		s.html(&document{html: true}, string(src))
		p.ids, _ = s.names()
	}
	return p
}

var title = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title`)

var errRedirects = errors.New("it redirects again and again")

// reason says what went wrong in an editor's words, and what stands for the status.
func (v *visit) reason(err error) (string, int) {
	var certificate *tls.CertificateVerificationError
	var name *net.DNSError
	var timeout net.Error
	var inner *url.Error
	switch {
	case errors.Is(err, errRedirects):
		return errRedirects.Error(), final
	case errors.As(err, &certificate):
		return "its certificate is not valid", final
	case errors.Is(err, http.ErrSchemeMismatch):
		return "it does not speak https", final
	case errors.As(err, &name) && name.IsNotFound:
		return fmt.Sprintf("there is no %s, or this computer is offline", name.Name), final
	case errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Sprintf("no answer within %s", v.Timeout), slow
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection broke off", dropped
	case errors.As(err, &inner):
		err = inner.Err
	}
	return err.Error(), dropped
}

// retryAfter follows https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3; a
// date counts from the server's own clock.
func retryAfter(h http.Header) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if n, err := strconv.ParseUint(v, 10, 31); err == nil {
		return time.Duration(n) * time.Second
	}
	until, err := http.ParseTime(v)
	now, err2 := http.ParseTime(h.Get("Date"))
	if err != nil || err2 != nil {
		return 0
	}
	return max(until.Sub(now), 0)
}

// real finds out whether a host says yes to everything: then what it shows for
// an address that can't exist proves nothing.
func (v *visit) real(ctx context.Context, href string, p *page) *page {
	u, err := url.Parse(href)
	if err != nil || u.Path == "" || u.Path == "/" {
		return p
	}
	if !v.probed {
		v.probed = true
		v.soft = v.request(ctx, http.MethodGet, fmt.Sprintf("%s://%s/%x", u.Scheme, u.Host, sha256.Sum256([]byte(u.Host))), false).shown
	}
	shown := p.shown
	if v.soft != "" && shown == "" {
		shown = v.request(ctx, http.MethodGet, href, false).shown
	}
	if v.soft != "" && shown == v.soft {
		return &page{rule: RuleUnknown, message: "could not be checked: the site shows the same for an address that does not exist, so look at the page yourself"}
	}
	return p
}

// polite lets one request at a time through to each host, redirects from
// elsewhere included, and waits a little after each.
type polite struct {
	*External
	hosts sync.Map // of *host, by name
}

type host struct {
	sync.Mutex
	asked bool
}

func (p *polite) RoundTrip(r *http.Request) (*http.Response, error) {
	known, _ := p.hosts.LoadOrStore(r.URL.Host, &host{})
	h := known.(*host)
	h.Lock()
	done := sync.OnceFunc(h.Unlock) // a body may be closed twice
	if h.asked {
		if err := p.Sleep(r.Context(), pause); err != nil {
			done()
			return nil, err
		}
	}
	h.asked = true
	response, err := p.Transport.RoundTrip(r)
	if err != nil {
		done()
		return nil, err
	}
	response.Body = body{response.Body, done}
	return response, nil
}

// body gives the host free when the answer has been read.
type body struct {
	io.ReadCloser
	done func()
}

func (b body) Close() error {
	defer b.done()
	return b.ReadCloser.Close()
}
