package rendered

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"microsite/tools/diagnostic"
	"microsite/tools/site"
)

// ask checks a page with links to a server and returns the findings, with the server's address written as $.
func ask(t *testing.T, server *httptest.Server, x External, hrefs ...string) string {
	t.Helper()
	page := ""
	for _, href := range hrefs {
		page += "<a href=\"" + server.URL + href + "\">x</a>\n"
	}
	x.Pause = cmp.Or(x.Pause, time.Millisecond)
	var out []string
	for _, d := range check(t, map[string]string{"index.html": page}, Options{External: &x}) {
		out = append(out, fmt.Sprintf("%s %s: %s", d.Rule, d.Severity, strings.ReplaceAll(d.Message, server.URL, "$")))
	}
	return strings.Join(out, "\n")
}

func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	s := httptest.NewServer(h)
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
		case "/410", "/403", "/500":
			fmt.Sscan(path[1:], &status)
			w.WriteHeader(status)
		case "/301", "/301-404", "/loop":
			redirects.Add(1)
			http.Redirect(w, r, map[string]string{"/301": "/ok", "/301-404": "/404", "/loop": "/loop"}[path], http.StatusMovedPermanently)
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
			for filler := bytes.Repeat([]byte("<p>x</p>"), 1024); served.Load() < 64<<20; {
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
		"/301": "", "/301#here": "", "/endless#gone": "", "/wrong-length#x": "", // what doesn't come whole is not judged
		"/ok#gone":  "broken-fragment error: %q " + part + ` "gone"`,
		"/ok#inert": "broken-fragment error: %q " + part,
		"/404":      "broken-link error: %q leads nowhere: the site answers 404 Not Found",
		"/410":      "broken-link error: %q leads nowhere: the site answers 410 Gone",
		"/301-404":  "broken-link error: %q leads nowhere: the site answers 404 Not Found",
		"/403":      unknown + "the site answers 403 Forbidden",
		"/500":      unknown + "the site answers 500 ",
		"/loop":     unknown + "stopped after 10 redirects",
		"/nowhere":  unknown,
		"/headers":  unknown,
		"/100%":     unknown,
		"/dropped":  unknown + "EOF",
	} {
		redirects.Store(0)
		served.Store(0)
		got := ask(t, s, External{}, href)
		want = strings.ReplaceAll(want, "%q", `"$`+href+`"`)
		if !strings.HasPrefix(got, want) || want == "" && got != "" || strings.Contains(got, "\n") || len(got) > 400 || strings.Contains(got, "\x1b") {
			t.Errorf("%s:\n got %s\nwant %s", href, got, want)
		}
		expect(t, redirects.Load() <= 11 && served.Load() <= 16<<20,
			"%s: %d redirects were followed, and %d bytes of a body read", href, redirects.Load(), served.Load())
	}
}

// A host that says nothing, or that never comes to an end, is given up; the others are not, nor one that leads to such a host.
func TestHungHost(t *testing.T) {
	var requests atomic.Int32
	hung := serve(t, func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		if r.URL.Path == "/drip" {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, " ")
			_ = http.NewResponseController(w).Flush()
		}
		<-r.Context().Done()
	})
	got := ask(t, hung, External{Timeout: 50 * time.Millisecond}, "/a", "/b", "/c", "/d")
	if strings.Count(got, "did not answer in time") != 4 || strings.Count(got, "unknown-link warning") != 4 || requests.Swap(0) > 2 {
		t.Errorf("%d requests: %s", requests.Load(), got)
	}
	got = ask(t, hung, External{Timeout: 50 * time.Millisecond}, "/drip#x", "/drip?y#z")
	expect(t, strings.Count(got, "could not be checked") == 2 && requests.Load() <= 1, "%d requests: %s", requests.Load(), got)
	busy := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	ok := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if to := map[string]string{"/away": hung.URL, "/busy": busy.URL}[r.URL.Path]; to != "" {
			http.Redirect(w, r, to, http.StatusFound)
		}
	})
	got = ask(t, ok, External{Timeout: 100 * time.Millisecond}, "/away", "/1", "/busy", "/2")
	expect(t, strings.Count(got, "could not be checked") == 2, "%s", got)
}

// A site whose certificate isn't valid is asked only once.
func TestCertificate(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	got := ask(t, s, External{Pause: time.Second}, "/")
	expect(t, strings.Contains(got, "could not be checked: tls: failed to verify certificate"), "%s", got)
}

// A host that wants to be left alone is, for as long as it says but no longer than 150 pauses; after two tries, for good.
func TestBusyHost(t *testing.T) {
	for name, c := range map[string]struct {
		busy     int32 // requests that it refuses
		after    string
		least    time.Duration
		want     int // links that could not be checked
		requests int32
	}{
		"seconds":         {1, "1", time.Second, 0, 4},
		"a past date":     {1, "Sun, 22 Nov 2020 12:00:09 GMT", 0, 0, 4},
		"nonsense":        {1, "soon", 50 * time.Millisecond, 0, 4},
		"an hour":         {1, "3600", 1500 * time.Millisecond, 0, 4},
		"again and again": {99, "", 50 * time.Millisecond, 3, 2},
		"too many":        {98, "", 50 * time.Millisecond, 3, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int32
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				if requests.Add(1) <= c.busy {
					w.Header().Set("Retry-After", c.after)
					w.WriteHeader(map[bool]int{false: http.StatusServiceUnavailable, true: http.StatusTooManyRequests}[c.busy == 98])
				}
			})
			start := time.Now()
			got := ask(t, s, External{Pause: 10 * time.Millisecond}, "/a", "/b", "/c")
			if strings.Count(got, "the site answers") != c.want || got != "" && c.want == 0 || requests.Load() != c.requests || time.Since(start) < c.least {
				t.Errorf("%q after %s and %d requests", got, time.Since(start), requests.Load())
			}
		})
	}
}

// Each address is asked for once; a host gets one request at a time, with a pause between.
func TestPoliteness(t *testing.T) {
	var now, most, all atomic.Int32
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		most.Store(max(most.Load(), now.Add(1)))
		defer now.Add(-1)
		all.Add(1)
		expect(t, r.Header.Get("User-Agent") == userAgent, "%s says that it is %q", r.URL, r.Header.Get("User-Agent"))
		time.Sleep(time.Millisecond) // so that others would meet it
	})
	page := ""
	for i := range 20 {
		page += fmt.Sprintf("<a href=%s/page%d>x</a><a href=%s/page%d#>x</a>", s.URL, i, strings.ToUpper(s.URL[:4])+s.URL[4:], i)
	}
	var calls, last atomic.Int64
	x := &External{Pause: 10 * time.Millisecond, Progress: func(done, all int) { calls.Add(1); last.Store(int64(done * all)) }}
	start := time.Now()
	list := check(t, map[string]string{"index.html": page}, Options{External: x})
	if len(list) > 0 || most.Load() != 1 || all.Load() != 20 || calls.Load() != 20 || last.Load() != 400 || time.Since(start) < 190*time.Millisecond {
		t.Errorf("%v; %d at a time, %d requests; %d calls, in %s", list, most.Load(), all.Load(), calls.Load(), time.Since(start))
	}
}

// Hosts don't wait for each other: these two answer only when both have been asked.
func TestHostsTogether(t *testing.T) {
	var both sync.WaitGroup
	both.Add(2)
	wait := func(http.ResponseWriter, *http.Request) {
		both.Done()
		both.Wait()
	}
	page := "<a href=" + serve(t, wait).URL + "><a href=" + serve(t, wait).URL + ">"
	list := check(t, map[string]string{"index.html": page}, Options{External: &External{}})
	expect(t, len(list) == 0, "%v", list)
}

// An interrupt ends the questions; what is known by then is reported, and no ignore is called unused. Before the questions it is an error.
func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	root := write(t, map[string]string{"index.html": "<a href=gone>x</a><a href=" + s.URL + "/c>x</a><a href=" + s.URL + "/b>x</a>"})
	ignores := []site.Ignore{{Page: "/", Target: s.URL + "/b", Place: diagnostic.Place{File: "config.toml"}}}
	_, list, err := Check(ctx, root, Options{Site: &site.Site{Ignores: ignores}, External: &External{}})
	expect(t, err == nil && len(list) == 1 && strings.Contains(list[0].Message, "gone"), "%v %v", list, err)
	_, _, err = Check(ctx, root, Options{})
	expect(t, err == context.Canceled, "a check that was stopped before it began: %v", err)
}
