package links

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// naps records how long a check would have waited.
type naps struct {
	mutex sync.Mutex
	slept []time.Duration
}

func (n *naps) sleep(ctx context.Context, d time.Duration) error {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if d != pause {
		n.slept = append(n.slept, d)
	}
	return ctx.Err()
}

// outside checks a page with links to a server and returns the findings, with
// the server's address written as $.
func outside(t *testing.T, server *httptest.Server, x External, hrefs ...string) string {
	t.Helper()
	page := ""
	for _, href := range hrefs {
		page += "<a href=\"" + server.URL + href + "\">x</a>\n"
	}
	if x.Sleep == nil {
		x.Sleep = (&naps{}).sleep
	}
	var out []string
	for _, p := range check(t, map[string]string{"index.html": page}, Options{External: &x}) {
		out = append(out, fmt.Sprintf("%s %s: %s", p.Rule, p.Severity, strings.ReplaceAll(p.Message, server.URL, "$")))
	}
	return strings.Join(out, "\n")
}

func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // a refused certificate is what is wanted
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// What each answer of a server comes to.
func TestAnswers(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		switch r.URL.Path {
		case "/ok", "/there":
			fmt.Fprint(w, "<title>There</title><i id=here></i><template><i id=inert></i></template>")
		case "/404", "/410", "/403", "/401", "/500", "/451":
			var status int
			fmt.Sscan(r.URL.Path[1:], &status)
			w.WriteHeader(status)
		case "/no-head":
			if r.Method == http.MethodHead {
				w.WriteHeader(http.StatusMethodNotAllowed)
			}
		case "/head-404":
			if r.Method == http.MethodHead {
				w.WriteHeader(http.StatusNotFound)
			}
		case "/301", "/308":
			http.Redirect(w, r, "/there", map[string]int{"/301": 301, "/308": 308}[r.URL.Path])
		case "/302":
			http.Redirect(w, r, "/there", http.StatusFound)
		case "/301-302":
			http.Redirect(w, r, "/302", http.StatusMovedPermanently)
		case "/301-404":
			http.Redirect(w, r, "/404", http.StatusMovedPermanently)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/nowhere":
			w.Header().Set("Location", "http://[::1")
			w.WriteHeader(http.StatusFound)
		case "/pdf":
			w.Header().Set("Content-Type", "application/pdf")
			fmt.Fprint(w, "<i id=no>")
		case "/dropped":
			panic(http.ErrAbortHandler)
		case "/wrong-length":
			w.Header().Set("Content-Length", "1000000")
			fmt.Fprint(w, "<i id=here></i>")
		case "/endless":
			fmt.Fprint(w, "<i id=here></i>")
			for filler := bytes.Repeat([]byte("<p>x</p>"), 1024); r.Method == http.MethodGet; {
				if _, err := w.Write(filler); err != nil {
					return
				}
			}
		default:
			http.NotFound(w, r)
		}
	})
	const unknown, part = "unknown-link warning: %q could not be checked: ", "leads to a part that is not there: nothing on the page has the id"
	for href, want := range map[string]string{
		"/ok": "", "/ok#here": "", "/ok#": "", "/ok#top": "", "/ok#:~:text=x": "", "/pdf#page=2": "",
		"/ok#gone":        "broken-fragment error: %q " + part + ` "gone"`,
		"/ok#inert":       "broken-fragment error: %q " + part,
		"/404":            "broken-link error: %q leads nowhere: the site answers 404 Not Found",
		"/404#x":          "broken-link error: %q leads nowhere: the site answers 404 Not Found",
		"/410":            "broken-link error: %q leads nowhere: the site answers 410 Gone",
		"/301-404":        "broken-link error: %q leads nowhere: the site answers 404 Not Found",
		"/403":            unknown + "the site answers 403 Forbidden",
		"/401":            unknown + "the site answers 401 Unauthorized",
		"/451":            unknown + "the site answers 451 ",
		"/500":            unknown + "the site answers 500 ",
		"/no-head":        "",
		"/head-404":       "",
		"/301":            "moved-link warning: %q has moved for good: write $/there",
		"/308":            "moved-link warning: %q has moved for good: write $/there",
		"/301#here":       "moved-link warning: %q has moved for good: write $/there#here",
		"/302":            "",
		"/302#here":       "",
		"/301-302":        "",
		"/loop":           unknown + "it redirects again and again",
		"/nowhere":        unknown,
		"/100%":           unknown + "parse ",
		"/dropped":        unknown + "the connection broke off",
		"/wrong-length":   "",
		"/endless":        "",
		"/endless#here":   "",
		"/endless#gone":   unknown + `the page did not come whole, and the id "gone" was not in what came`,
		"/wrong-length#x": unknown + "the page did not come whole",
	} {
		got := outside(t, s, External{Bytes: 1 << 20}, href)
		if want != "" {
			want = strings.ReplaceAll(want, "%q", `"$`+href+`"`)
		}
		if !strings.HasPrefix(got, want) || want == "" && got != "" || strings.Contains(got, "\n") {
			t.Errorf("%s:\n got %s\nwant %s", href, got, want)
		}
	}
}

// A server that drips, or says nothing, is given up after Timeout.
func TestSlow(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/drip" {
			w.Header().Set("Content-Type", "text/html")
			for r.Context().Err() == nil {
				fmt.Fprint(w, " ")
				_ = http.NewResponseController(w).Flush()
			}
		}
		<-r.Context().Done()
	})
	for href, want := range map[string]string{"/silent": "no answer within 50ms", "/drip#x": "the page did not come whole"} {
		if got := outside(t, s, External{Timeout: 50 * time.Millisecond, Bytes: 1 << 40}, href); !strings.Contains(got, want) || !strings.HasPrefix(got, RuleUnknown+" warning") {
			t.Errorf("%s: %s", href, got)
		}
	}
}

// A certificate that isn't valid is nothing that the link could help.
func TestCertificate(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	if got := outside(t, s, External{}, "/"); !strings.HasSuffix(got, "could not be checked: its certificate is not valid") {
		t.Error(got)
	}
	known := s.Client().Transport.(*http.Transport).Clone()
	if got := outside(t, s, External{Transport: known}, "/"); !strings.HasPrefix(got, RuleLink) {
		t.Errorf("with a certificate that is known: %s", got)
	}
	known.TLSClientConfig = &tls.Config{MaxVersion: tls.VersionTLS11, RootCAs: known.TLSClientConfig.RootCAs}
	if got := outside(t, s, External{Transport: known}, "/"); !strings.HasPrefix(got, RuleUnknown) {
		t.Errorf("without a protocol in common: %s", got)
	}
	plain := serve(t, http.NotFound)
	plain.URL = strings.Replace(plain.URL, "http:", "https:", 1)
	if got := outside(t, plain, External{}, "/"); !strings.HasSuffix(got, "it does not speak https") {
		t.Error(got)
	}
}

// A host that wants to be left alone is, for as long as it says.
func TestRetryAfter(t *testing.T) {
	var asked atomic.Int32
	answer := func(times int32, status int, header ...string) *httptest.Server {
		asked.Store(0)
		return serve(t, func(w http.ResponseWriter, r *http.Request) {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			if asked.Add(1) <= times {
				w.WriteHeader(status)
			} else if asked.Load() > times+1 {
				w.WriteHeader(http.StatusNotFound) // not a host that says yes to everything
			}
		})
	}
	date := "Sun, 22 Nov 2026 12:00:00 GMT"
	for name, c := range map[string]struct {
		server *httptest.Server
		slept  []time.Duration
		want   string
		asked  int32
	}{
		"seconds":         {answer(1, 429, "Retry-After", "7"), []time.Duration{7 * time.Second}, "", 3},
		"a date":          {answer(1, 503, "Date", date, "Retry-After", "Sun, 22 Nov 2026 12:00:09 GMT"), []time.Duration{9 * time.Second}, "", 3},
		"a past date":     {answer(1, 503, "Date", date, "Retry-After", "Sun, 22 Nov 2026 11:00:00 GMT"), []time.Duration{time.Second}, "", 3},
		"nothing":         {answer(2, 429), []time.Duration{time.Second, 2 * time.Second}, "", 4},
		"nonsense":        {answer(1, 429, "Retry-After", "soon"), []time.Duration{time.Second}, "", 3},
		"an hour":         {answer(9, 429, "Retry-After", "3600"), nil, "the site wants us to wait for 1h0m0s", 1},
		"again and again": {answer(99, 429, "Retry-After", "1"), []time.Duration{time.Second, 2 * time.Second}, "the site answers 429 Too Many Requests", 3},
	} {
		asked.Store(0)
		n := &naps{}
		got := outside(t, c.server, External{Sleep: n.sleep}, "/a")
		if !strings.HasSuffix(got, c.want) || c.want == "" && got != "" || !slices.Equal(n.slept, c.slept) || asked.Load() != c.asked {
			t.Errorf("%s: %q after %v and %d requests", name, got, n.slept, asked.Load())
		}
	}

	// A host that had enough isn't asked for its other addresses.
	s := answer(99, 429)
	if got := outside(t, s, External{}, "/a", "/b", "/c"); strings.Count(got, "429 Too Many") != 3 || asked.Load() != attempts {
		t.Errorf("%d requests: %s", asked.Load(), got)
	}
}

// A host that says yes to everything is found out.
func TestSoft404(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		switch r.URL.Path {
		case "/real":
			fmt.Fprint(w, "<title>A page</title>")
		default:
			fmt.Fprintf(w, "<title>Sorry</title><p>There is no %s", r.URL.Path)
		}
	})
	if got := outside(t, s, External{}, "/real", "/gone", "/"); got != `unknown-link warning: "$/gone" could not be checked: the site shows the same for an address that does not exist, so look at the page yourself` {
		t.Error(got)
	}
}

// Each address is asked for once; a host gets one request at a time, redirects
// to it from elsewhere included; hosts don't wait for each other.
func TestPolite(t *testing.T) {
	var now, most, all atomic.Int32
	busy := func(w http.ResponseWriter, r *http.Request) {
		most.Store(max(most.Load(), now.Add(1)))
		defer now.Add(-1)
		all.Add(1)
		if r.Header.Get("User-Agent") != agent {
			t.Errorf("%s says that it is %q", r.URL, r.Header.Get("User-Agent"))
		}
		if !strings.HasPrefix(r.URL.Path, "/page") || len(r.URL.Path) > len("/page/19") {
			http.NotFound(w, r)
		}
		time.Sleep(time.Millisecond) // so that others would meet it
	}
	s := serve(t, busy)
	other := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, s.URL+"/page"+r.URL.Path, http.StatusFound)
	})
	page := ""
	for i := range 20 {
		page += fmt.Sprintf("<a href=%s/page%d>x</a><a href=%s/page%d#>x</a><a href=%s/%d>x</a>", s.URL, i, strings.ToUpper(s.URL[:4])+s.URL[4:], i, other.URL, i)
	}
	var last, total int
	x := &External{Sleep: (&naps{}).sleep, Progress: func(done, all int) { last, total = done, all }}
	if found := check(t, map[string]string{"index.html": page}, Options{External: x}); len(found) > 0 || most.Load() != 1 || all.Load() != 42 || last != 40 || total != 40 {
		t.Errorf("%v; %d at a time, %d requests; %d of %d", found, most.Load(), all.Load(), last, total)
	}

	// Two hosts that answer only when both have been asked.
	both := make(chan struct{})
	var met atomic.Int32
	wait := func(_ http.ResponseWriter, _ *http.Request) {
		if met.Add(1) == 2 {
			close(both)
		}
		<-both
	}
	if found := check(t, map[string]string{"index.html": "<a href=" + serve(t, wait).URL + "><a href=" + serve(t, wait).URL + ">"}, Options{External: x}); len(found) > 0 {
		t.Error(found)
	}
}

// An interrupt ends the questions; what is known by then is said.
func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/b" {
			cancel()
			<-r.Context().Done()
		}
		http.NotFound(w, r)
	})
	page := "<a href=gone>x</a>"
	for _, href := range []string{"/a", "/b", "/c"} {
		page += "<a href=" + s.URL + href + ">x</a>"
	}
	o := Options{External: &External{Sleep: (&naps{}).sleep}, Ignores: []Ignore{{"/", s.URL + "/c", Place{"config.toml", 1, 1}}}}
	_, problems, err := Check(ctx, rendered(t, map[string]string{"index.html": page}), o)
	if err != nil || len(problems) != 2 || !strings.Contains(problems[0].Message, "gone") || !strings.Contains(problems[1].Message, "/a") {
		t.Errorf("%v %v", problems, err)
	}
}

// Nothing is asked that is no page of another site, nor without External.
func TestNotAsked(t *testing.T) {
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("asked for %s", r.URL) })
	page := "<a href=" + s.URL + "/>x</a><a href=mailto:a@b.example>x</a><a href=data:,x>x</a>"
	if found := check(t, map[string]string{"index.html": page}, Options{}); len(found) > 0 {
		t.Error(found)
	}
	if found := check(t, map[string]string{"index.html": page}, Options{Base: s.URL, External: &External{}}); len(found) > 0 {
		t.Error(found)
	}
}
