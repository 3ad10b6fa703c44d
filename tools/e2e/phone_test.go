package e2e

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestReach measures, on a small phone, how far down what matters in an emergency stands.
func TestReach(t *testing.T) {
	tb := open(t)
	tb.look(t, "light", "none", 375, 667)
	for _, p := range site.pages {
		tb.do(t, chromedp.Navigate(site.server.URL+p))
		got := get(t, tb, chromedp.Evaluate[struct {
			Top, First, Droop, Bladder, Height float64
			Rows                               []float64
		}](`(() => {
			const top = e => e ? e.getBoundingClientRect().top + scrollY : 0;
			const says = words => [...document.querySelectorAll('main li')].find(e => e.textContent.includes(words));
			const numbers = [...document.querySelectorAll('.emergency-numbers li')].filter(e => e.checkVisibility());
			return {
				Top: document.querySelector('.emergency-numbers').getBoundingClientRect().bottom,
				First: top(document.querySelector('main .card.emergency li')),
				Droop: top(says('A drooping face')), Bladder: top(says('Loss of bladder')),
				Height: document.documentElement.scrollHeight,
				Rows: [...new Set(numbers.map(top))],
			};
		})()`))
		t.Logf("%s: header and emergency box %.0f px, first sign at %.0f, drooping face at %.0f, bladder at %.0f, height %.0f", p, got.Top, got.First, got.Droop, got.Bladder, got.Height)
		if got.Top > 180 || len(got.Rows) != 1 {
			t.Errorf("%s: header and emergency box take %.0f px, at most 180; the numbers take %d rows", p, got.Top, len(got.Rows))
		}
		if p == "/emergency-signs/" && (got.First == 0 || got.First > 400 || got.Droop > 1600 || got.Bladder > 2000) {
			t.Errorf("%s: the first sign stands at %.0f (at most 400), drooping face at %.0f (1600), bladder at %.0f (2000)", p, got.First, got.Droop, got.Bladder)
		}
		if p == "/checklist/" && got.Height > 6000 {
			t.Errorf("%s is %.0f px high, at most 6000", p, got.Height)
		}
	}
}

// TestNumbersStay: wherever a reader has scrolled to, and without script, the emergency numbers are one tap away.
func TestNumbersStay(t *testing.T) {
	tb := open(t)
	tb.script(t, false)
	for _, size := range [][2]int64{{320, 568}, {375, 667}, {768, 1024}, {1280, 800}} {
		tb.look(t, "light", "none", size[0], size[1])
		for _, p := range site.pages {
			tb.do(t, chromedp.Navigate(site.server.URL+p))
			for _, to := range []string{"0", "document.body.scrollHeight / 2", "document.body.scrollHeight"} {
				got := get(t, tb, chromedp.Evaluate[[]string](`(scrollTo({top: `+to+`, behavior: 'instant'}), [...document.querySelectorAll('.emergency-numbers a')].filter(a => {
					const r = a.getBoundingClientRect(), at = document.elementFromPoint(r.left + r.width / 2, r.top + r.height / 2);
					return a.checkVisibility() && !(a.contains(at) && r.height >= 44 && r.width >= 44);
				}).map(a => a.textContent))`))
				if len(got) > 0 {
					t.Errorf("%s at %d px, scrolled to %s: out of reach: %q", p, size[0], to, got)
				}
			}
		}
	}
}

// TestJumpLinks: on the page of emergency signs, what to do now, today and later is one tap away, wherever a reader is.
func TestJumpLinks(t *testing.T) {
	tb := open(t)
	for _, size := range [][2]int64{{375, 667}, {1280, 800}} {
		tb.look(t, "light", "none", size[0], size[1])
		tb.do(t, chromedp.Navigate(site.server.URL+"/emergency-signs/"))
		for _, level := range []string{"routine", "today", "emergency"} {
			got := get(t, tb, chromedp.Evaluate[struct{ Links, Top float64 }](`(() => {
				const links = [...document.querySelectorAll('.jump-links a')], card = document.querySelector('.card.`+level+`');
				const link = links.find(a => card.contains(document.querySelector(a.hash))), r = link.getBoundingClientRect();
				const reach = link.contains(document.elementFromPoint(r.left + r.width / 2, r.top + r.height / 2));
				document.documentElement.style.scrollBehavior = 'auto';
				link.click();
				return {Links: reach ? links.length : 0, Top: card.getBoundingClientRect().top};
			})()`))
			if got.Links != 3 || got.Top < 50 || got.Top > float64(size[1])/2 {
				t.Errorf("%d px, %s: %v links in reach, and the card stands at %.0f px", size[0], level, got.Links, got.Top)
			}
		}
	}
}

// TestNavigation: home comes first and the emergency signs second, each page marks itself alone, and the open menu covers no number.
func TestNavigation(t *testing.T) {
	tb := open(t)
	tb.look(t, "light", "none", 375, 667)
	for _, p := range site.pages {
		tb.do(t, chromedp.Navigate(site.server.URL+p))
		got := get(t, tb, chromedp.Evaluate[struct{ Paths, Current, Covered []string }](`(() => {
			document.querySelector('header details').open = true;
			const path = a => new URL(a.href).pathname;
			return {
				Paths: [...document.querySelectorAll('header li a')].map(path),
				Current: [...document.querySelectorAll('[aria-current="page"]')].map(path),
				Covered: [...document.querySelectorAll('.emergency-numbers a')].filter(a => a.checkVisibility()).filter(a => {
					const r = a.getBoundingClientRect();
					return r.bottom > innerHeight || !a.contains(document.elementFromPoint(r.left + r.width / 2, r.top + r.height / 2));
				}).map(a => a.textContent),
			};
		})()`))
		if want := append(append([]string{"/"}, medical...), "/checklist/", "/handout/", "/about/"); !slices.Equal(got.Paths, want) {
			t.Errorf("%s: the navigation leads to %q, want %q", p, got.Paths, want)
		}
		want := []string{p}
		if p == "/404.html" {
			want = []string{}
		}
		if !slices.Equal(got.Current, want) {
			t.Errorf("%s marks %q as the current page", p, got.Current)
		}
		if len(got.Covered) > 0 {
			t.Errorf("%s: the open menu covers %q", p, got.Covered)
		}
	}
}

// TestListsLeadToTheChecklist: on pages, lists are plain bullets with a link to the checklist below; on paper they have boxes.
func TestListsLeadToTheChecklist(t *testing.T) {
	tb := open(t)
	for _, p := range medical {
		tb.do(t, chromedp.Navigate(site.server.URL+p))
		got := get(t, tb, chromedp.Evaluate[struct {
			Inputs int
			Links  []string
		}](`({
			Inputs: document.querySelectorAll('main input').length,
			Links: [...document.querySelectorAll('.card:has(.tasks):is(.emergency, .today, .routine, .tell)')].map(card => {
				const a = card.querySelector('.tasks ~ .to-checklist a');
				return a && a.checkVisibility() ? a.getAttribute('href') : 'none';
			}),
		})`))
		if got.Inputs > 0 || slices.ContainsFunc(got.Links, func(to string) bool { return !strings.HasPrefix(to, "/checklist/#list_") }) {
			t.Errorf("%s has %d boxes to tick; its lists lead to %q", p, got.Inputs, got.Links)
		}
	}
	tb.do(t, chromedp.Navigate(site.server.URL+"/checklist/"))
	levels := get(t, tb, chromedp.Evaluate[[]string](`[...new Set([...document.querySelectorAll('.lists .card')].map(c => c.className.replace('card ', '')))]`))
	if want := []string{"emergency", "today", "routine", "tell"}; !slices.Equal(levels, want) {
		t.Errorf("the checklist has the levels %q, want %q", levels, want)
	}
}

// TestTable: at 390 px, no word of a table is broken.
func TestTable(t *testing.T) {
	tb := open(t)
	tb.look(t, "light", "none", 390, 800)
	tb.do(t, chromedp.Navigate(site.server.URL+"/about/"))
	broken := get(t, tb, chromedp.Evaluate[[]string](`(() => {
		const make = (name, parent) => parent.appendChild(document.createElement(name));
		const box = make('div', document.querySelector('article .text'));
		box.className = 'table';
		const table = make('table', box);
		for (const words of [['Acetaminophen', 'Ibuprofen', 'temporomandibular'], ['spasmodic', 'overstretched', 'ligaments']]) {
			const row = make('tr', table);
			for (const word of words) make('span', make('td', row)).textContent = word;
		}
		const found = [...document.querySelectorAll('td span')].filter(s => s.getClientRects().length > 1).map(s => s.textContent);
		if (document.documentElement.scrollWidth > innerWidth) found.push('the page scrolls sideways');
		return found;
	})()`))
	if len(broken) > 0 {
		t.Errorf("broken in a table: %q", broken)
	}
}

// TestRobots: search engines may read every page but the 404 page.
func TestRobots(t *testing.T) {
	robots := read(t, filepath.Join(site.public, "robots.txt"))
	if want := "User-agent: *\nAllow: /\n\nSitemap: " + site.server.URL + "/sitemap.xml\n"; robots != want {
		t.Errorf("robots.txt says %q, want %q", robots, want)
	}
	for _, p := range site.pages {
		if got, want := strings.Contains(page(t, site.public, p), "noindex"), p == "/404.html"; got != want {
			t.Errorf("%s keeps search engines off: %v, want %v", p, got, want)
		}
	}
}

// TestPolicy compares the whole content security policy with what the pages hold inline.
func TestPolicy(t *testing.T) {
	hashes := func(pattern string) (found []string) {
		inline := regexp.MustCompile(pattern)
		for _, p := range site.pages {
			for _, m := range inline.FindAllStringSubmatch(page(t, site.public, p), -1) {
				sum := sha256.Sum256([]byte(m[1]))
				if hash := "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !slices.Contains(found, hash) {
					found = append(found, hash)
				}
			}
		}
		slices.Sort(found)
		return found
	}
	want := map[string][]string{
		"default-src": {"'none'"}, "style-src": hashes(`(?s)<style>(.*?)</style>`), "img-src": {"'self'", "data:"}, "connect-src": {"'self'"},
		"script-src": append([]string{"'self'"}, hashes(`(?s)<script>(.*?)</script>`)...), "require-trusted-types-for": {"'script'"}, "trusted-types": {"'none'"},
		"base-uri": {"'none'"}, "form-action": {"'none'"}, "frame-ancestors": {"'none'"},
	}
	res, err := http.Get(site.server.URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	got := map[string][]string{}
	for directive := range strings.SplitSeq(res.Header.Get("Content-Security-Policy"), ";") {
		if words := strings.Fields(directive); len(words) > 0 {
			got[words[0]] = words[1:]
		}
	}
	if len(want["style-src"]) < 3 || len(want["script-src"]) != 2 {
		t.Errorf("the pages hold the styles %q and the scripts %q", want["style-src"], want["script-src"])
	}
	for name := range got {
		if want[name] == nil {
			t.Errorf("the policy has %s, which is not known here", name)
		}
	}
	for name, sources := range want {
		have := slices.Sorted(slices.Values(got[name]))
		if slices.Sort(sources); !slices.Equal(have, sources) {
			t.Errorf("%s is %q, want %q", name, have, sources)
		}
	}
}

// TestAlarmIsAnnounced: nothing keeps a screen reader from saying what a tick calls for.
func TestAlarmIsAnnounced(t *testing.T) {
	r := openChecklist(t, site.server.URL)
	if got := js[[]string](r, `[...document.querySelectorAll('[role=alert], [role=status]')].map(e => e.getAttribute('role') + ' ' + (e.closest('[aria-live], [aria-hidden], [inert]') ? 'muted' : 'heard'))`); !slices.Equal(slices.Sorted(slices.Values(got)), []string{"alert heard", "status heard", "status heard"}) {
		t.Errorf("the regions that are announced: %q", got)
	}
}

// TestForgottenInAnotherTab: what a reader cleared in one tab is not stored again by another.
func TestForgottenInAnotherTab(t *testing.T) {
	r := openChecklist(t, site.server.URL)
	if n := js[int](r, `(remember.click(), list('today')[0].click(), localStorage.length)`); n != 1 {
		t.Fatalf("asked to remember, and %d things are stored", n)
	}
	got := js[int](r, `await new Promise(done => {
		const other = document.body.appendChild(document.createElement('iframe')); // a window of the same site
		addEventListener('storage', () => setTimeout(() => { list('today')[1].click(); done(localStorage.length) }));
		other.contentWindow.localStorage.clear();
	})`)
	if got != 0 {
		t.Error("cleared in another tab, and stored again by this one")
	}
}

// TestNoCredentials: the request for checklist.json tells nothing about the reader.
func TestNoCredentials(t *testing.T) {
	var cookies, asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.URL.Path == "/checklist.json" {
			asked.Add(1)
			if q.Header.Get("Cookie") != "" || q.Header.Get("Authorization") != "" || q.Header.Get("Referer") != "" {
				cookies.Add(1)
			}
		}
		site.server.Config.Handler.ServeHTTP(w, q)
	}))
	defer server.Close()
	tb := open(t)
	tb.do(t, chromedp.Navigate(server.URL+"/about/"), chromedp.Evaluate[chromedp.Void](`document.cookie = 'secret=1;path=/'`), chromedp.Navigate(server.URL+"/checklist/"))
	get(t, tb, chromedp.Evaluate[bool](`(async () => { while (!performance.getEntriesByType('resource').some(r => r.name.endsWith('checklist.json'))) await new Promise(done => setTimeout(done, 20)); return true })()`, chromedp.EvalAwaitPromise))
	if asked.Load() != 1 || cookies.Load() > 0 {
		t.Errorf("checklist.json was asked for %d times, %d times with word of the reader", asked.Load(), cookies.Load())
	}
}

// TestStyles holds the styles to stylelint's standard rules.
func TestStyles(t *testing.T) {
	bin := filepath.Join("..", "node_modules", ".bin", "stylelint")
	if out, err := exec.Command(bin, "--config", "stylelint.json", filepath.Join("..", "..", "layouts", "_assets", "css", "**", "*.css")).CombinedOutput(); err != nil {
		t.Errorf("stylelint says (%v):\n%s", err, out)
	}
}
