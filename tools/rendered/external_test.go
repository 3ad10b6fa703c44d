package rendered

import (
	"bytes"
	"context"
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

	"microsite/tools/diagnostic"
	"microsite/tools/site"
)

// sleeps records how long a check would have waited.
type sleeps struct {
	mutex  sync.Mutex
	pauses int // between two requests to a host
	waits  []time.Duration
}

func (s *sleeps) sleep(ctx context.Context, d time.Duration) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if d == pause {
		s.pauses++
	} else {
		s.waits = append(s.waits, d)
	}
	return ctx.Err()
}

// ask checks a page with links to a server and returns the findings, with the server's address written as $.
func ask(t *testing.T, server *httptest.Server, x *External, hrefs ...string) string {
	t.Helper()
	page := ""
	for _, href := range hrefs {
		page += "<a href=\"" + server.URL + href + "\">x</a>\n"
	}
	if x.Sleep == nil {
		x.Sleep = (&sleeps{}).sleep
	}
	var out []string
	for _, d := range check(t, map[string]string{"index.html": page}, Options{External: x}) {
		out = append(out, fmt.Sprintf("%s %s: %s", d.Rule, d.Severity, strings.ReplaceAll(d.Message, server.URL, "$")))
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
	var redirects, served atomic.Int64
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		var status int
		switch path := r.URL.Path; path {
		case "/ok":
			fmt.Fprint(w, "<title>There</title><i id=here></i><template><i id=inert></i></template>")
		case "/404", "/410", "/403", "/451", "/500":
			fmt.Sscan(path[1:], &status)
			w.WriteHeader(status)
		case "/no-head", "/head-404":
			if r.Method == http.MethodHead {
				w.WriteHeader(map[string]int{"/no-head": http.StatusMethodNotAllowed, "/head-404": http.StatusNotFound}[path])
			}
		case "/301", "/302", "/308":
			fmt.Sscan(path[1:], &status)
			http.Redirect(w, r, "/ok", status)
		case "/301-404":
			http.Redirect(w, r, "/404", http.StatusMovedPermanently)
		case "/loop":
			redirects.Add(1)
			if redirects.Load() < 100 {
				http.Redirect(w, r, "/loop", http.StatusFound)
			}
		case "/nowhere":
			w.Header().Set("Location", "http://[::1\x1b[31m"+strings.Repeat("x", 5000))
			w.WriteHeader(http.StatusFound)
		case "/pdf":
			w.Header().Set("Content-Type", "application/pdf")
			fmt.Fprint(w, "<i id=no>")
		case "/dropped":
			panic(http.ErrAbortHandler)
		case "/headers":
			for i := range 2000 {
				w.Header().Set(fmt.Sprintf("X-%d", i), strings.Repeat("x", 1000))
			}
		case "/wrong-length":
			w.Header().Set("Content-Length", "1000000")
			fmt.Fprint(w, "<i id=here></i>")
		case "/endless":
			fmt.Fprint(w, "<i id=here></i>")
			for filler := bytes.Repeat([]byte("<p>x</p>"), 1024); r.Method == http.MethodGet && served.Load() < 64<<20; {
				n, err := w.Write(filler)
				if served.Add(int64(n)); err != nil {
					return
				}
			}
		default:
			http.NotFound(w, r)
		}
	})
	const unknown, part = "unknown-link warning: %q could not be checked: ", "leads to a part that is not there: nothing on the page has the id"
	for href, want := range map[string]string{
		"/ok": "", "/ok#here": "", "/ok#": "", "/ok#top": "", "/ok#:~:text=x": "", "/pdf#page=2": "", "/wrong-length": "", "/endless": "",
		"/no-head": "", "/head-404": "", "/301": "", "/308": "", "/301#here": "", "/302": "", "/302#here": "", "/endless#here": "",
		"/ok#gone":        "broken-fragment error: %q " + part + ` "gone"`,
		"/ok#inert":       "broken-fragment error: %q " + part,
		"/404":            "broken-link error: %q leads nowhere: the site answers 404 Not Found",
		"/404#x":          "broken-link error: %q leads nowhere: the site answers 404 Not Found",
		"/410":            "broken-link error: %q leads nowhere: the site answers 410 Gone",
		"/301-404":        "broken-link error: %q leads nowhere: the site answers 404 Not Found",
		"/403":            unknown + "the site answers 403 Forbidden",
		"/451":            unknown + "the site answers 451 ",
		"/500":            unknown + "the site answers 500 ",
		"/loop":           unknown + "stopped after 10 redirects",
		"/nowhere":        unknown,
		"/headers":        unknown,
		"/100%":           unknown,
		"/dropped":        unknown + "EOF",
		"/endless#gone":   unknown + `the page did not come whole, and the id "gone" was not in what came`,
		"/wrong-length#x": unknown + "the page did not come whole",
	} {
		redirects.Store(0)
		served.Store(0)
		got := ask(t, s, &External{MaxBody: 1 << 20}, href)
		if want != "" {
			want = strings.ReplaceAll(want, "%q", `"$`+href+`"`)
		}
		if !strings.HasPrefix(got, want) || want == "" && got != "" || strings.Contains(got, "\n") || len(got) > 400 || strings.Contains(got, "\x1b") {
			t.Errorf("%s:\n got %s\nwant %s", href, got, want)
		}
		if redirects.Load() > 11 || served.Load() > 16<<20 {
			t.Errorf("%s: %d redirects were followed, and %d bytes of a body read", href, redirects.Load(), served.Load())
		}
	}
}

// A host that says nothing, or that never comes to an end, is given up; the others are not.
func TestHungHost(t *testing.T) {
	var requests atomic.Int32
	hung := serve(t, func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		if r.Method == http.MethodGet && r.URL.Path == "/drip" {
			w.Header().Set("Content-Type", "text/html")
			for r.Context().Err() == nil {
				fmt.Fprint(w, " ")
				_ = http.NewResponseController(w).Flush()
			}
		}
		<-r.Context().Done()
	})
	got := ask(t, hung, &External{Timeout: 50 * time.Millisecond}, "/a", "/b", "/c", "/d")
	if strings.Count(got, "no answer within 50ms") != 4 || strings.Count(got, "unknown-link warning") != 4 || requests.Swap(0) > 2 {
		t.Errorf("%d requests: %s", requests.Load(), got) // HEAD and GET of one of them
	}
	got = ask(t, hung, &External{Timeout: 50 * time.Millisecond, MaxBody: 1 << 40}, "/drip#x", "/drip?y#z")
	if strings.Count(got, "could not be checked") != 2 || requests.Load() > 1 {
		t.Errorf("%d requests: %s", requests.Load(), got)
	}
	ok := serve(t, func(http.ResponseWriter, *http.Request) {})
	page := map[string]string{"index.html": "<a href=" + hung.URL + "><a href=" + ok.URL + "/1><a href=" + ok.URL + "/2>"}
	x := &External{Timeout: time.Second, Sleep: (&sleeps{}).sleep}
	if list := check(t, page, Options{External: x}); len(list) != 1 || !strings.Contains(list[0].Message, hung.URL) {
		t.Errorf("%v", list)
	}
}

// A site whose certificate isn't valid is not asked, and asked only once.
func TestCertificate(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	record := &sleeps{}
	if got := ask(t, s, &External{Sleep: record.sleep}, "/"); !strings.Contains(got, "could not be checked: tls: failed to verify certificate") || record.waits != nil {
		t.Errorf("%s after %v", got, record.waits)
	}
	if got := ask(t, s, &External{Transport: s.Client().Transport}, "/"); !strings.HasPrefix(got, "broken-link error") {
		t.Errorf("with a certificate that is known: %s", got)
	}
}

// A host that wants to be left alone is, for as long as it says; after three tries, or where it wants too long, for good.
func TestBusyHost(t *testing.T) {
	for name, c := range map[string]struct {
		busy     int32 // requests that it refuses
		status   int
		after    string
		waits    []time.Duration
		want     string
		requests int32
	}{
		"seconds":         {1, 429, "7", []time.Duration{7 * time.Second}, "", 4},
		"a past date":     {1, 503, "Sun, 22 Nov 2020 12:00:09 GMT", []time.Duration{0}, "", 4},
		"nothing":         {2, 429, "", []time.Duration{time.Second, 2 * time.Second}, "", 5},
		"nonsense":        {1, 429, "soon", []time.Duration{time.Second}, "", 4},
		"an hour":         {9, 429, "3600", nil, "the site wants us to wait for 1h0m0s", 1},
		"again and again": {99, 503, "1", []time.Duration{time.Second, time.Second}, "the site answers 503 Service Unavailable", 3},
	} {
		var requests atomic.Int32
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			if requests.Add(1) <= c.busy {
				w.Header().Set("Retry-After", c.after)
				w.WriteHeader(c.status)
			}
		})
		record := &sleeps{}
		got := ask(t, s, &External{Sleep: record.sleep}, "/a", "/b", "/c")
		links := 0
		if c.want != "" {
			links = 3
		}
		if strings.Count(got, c.want) < links || got != "" && links == 0 || !slices.Equal(record.waits, c.waits) || requests.Load() != c.requests {
			t.Errorf("%s: %q after %v and %d requests", name, got, record.waits, requests.Load())
		}
	}
}

// Each address is asked for once; a host gets one request at a time, with a pause before each but the first, redirects to it
// from elsewhere included; hosts don't wait for each other.
func TestPoliteness(t *testing.T) {
	var now, most, all atomic.Int32
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		most.Store(max(most.Load(), now.Add(1)))
		defer now.Add(-1)
		all.Add(1)
		if r.Header.Get("User-Agent") != userAgent {
			t.Errorf("%s says that it is %q", r.URL, r.Header.Get("User-Agent"))
		}
		time.Sleep(time.Millisecond) // so that others would meet it
	})
	other := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, s.URL+"/page"+r.URL.Path, http.StatusFound)
	})
	page := ""
	for i := range 20 {
		page += fmt.Sprintf("<a href=%s/page%d>x</a><a href=%s/page%d#>x</a><a href=%s/%d>x</a>", s.URL, i, strings.ToUpper(s.URL[:4])+s.URL[4:], i, other.URL, i)
	}
	var last, total int
	record := &sleeps{}
	x := &External{Sleep: record.sleep, Progress: func(done, all int) { last, total = done, all }}
	if list := check(t, map[string]string{"index.html": page}, Options{External: x}); len(list) > 0 || most.Load() != 1 || all.Load() != 40 || last != 40 || total != 40 || record.pauses != 39+19 {
		t.Errorf("%v; %d at a time, %d requests, %d pauses; %d of %d", list, most.Load(), all.Load(), record.pauses, last, total)
	}

	// Two hosts that answer only when both have been asked.
	both := make(chan struct{})
	var met atomic.Int32
	wait := func(http.ResponseWriter, *http.Request) {
		if met.Add(1) == 2 {
			close(both)
		}
		<-both
	}
	if list := check(t, map[string]string{"index.html": "<a href=" + serve(t, wait).URL + "><a href=" + serve(t, wait).URL + ">"}, Options{External: &External{}}); len(list) > 0 {
		t.Error(list)
	}
}

// An interrupt ends the questions; what is known by then is reported, and no ignore is called unused. Before the questions it is an error.
func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	root := write(t, map[string]string{"index.html": "<a href=gone>x</a><a href=" + s.URL + "/b>x</a>"})
	ignores := []site.Ignore{{Page: "/", Target: s.URL + "/b", Place: diagnostic.Place{File: "config.toml"}}}
	_, list, err := Check(ctx, root, Options{Site: &site.Site{Ignores: ignores}, External: &External{Sleep: (&sleeps{}).sleep}})
	if err != nil || len(list) != 1 || !strings.Contains(list[0].Message, "gone") {
		t.Errorf("%v %v", list, err)
	}
	if _, _, err := Check(ctx, root, Options{}); err != context.Canceled {
		t.Errorf("a check that was stopped before it began: %v", err)
	}
}

// Nothing is asked that is no page of another site, nor without External.
func TestNotAsked(t *testing.T) {
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("asked for %s", r.URL) })
	page := map[string]string{"index.html": "<a href=" + s.URL + "/>x</a><a href=mailto:a@b.example>x</a><a href=data:,x>x</a>"}
	for _, o := range []Options{{}, {BaseURL: s.URL, External: &External{}}} {
		if list := check(t, page, o); len(list) > 0 {
			t.Error(list)
		}
	}
}
