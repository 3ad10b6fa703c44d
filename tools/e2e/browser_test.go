package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	cdproto "github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	cdp "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// chromium finds the browser that tools/test.sh installs.
func chromium(t testing.TB) string {
	t.Helper()
	for _, name := range []string{os.Getenv("CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if name == "" {
			continue
		}
		if found, err := exec.LookPath(name); err == nil {
			return found
		}
	}
	t.Fatal("Chromium is missing: run ./tools/test.sh, which installs it")
	return ""
}

// tab is one browser tab and all that it complained about.
type tab struct {
	ctx      context.Context
	mu       sync.Mutex
	said     []string // console messages, violations, failed requests
	requests []string
}

// open starts a browser of its own and gives its first tab.
func open(t testing.TB) *tab {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium(t)), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	allocator, stop := chromedp.NewExecAllocator(t.Context(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(func() { cancel(); stop() })
	tb := &tab{ctx: ctx}
	if err := chromedp.Listen(ctx, tb.hear); err != nil {
		t.Fatal(err)
	}
	for _, enable := range []func() error{
		func() error { _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); return err },
		func() error { _, err := chromedp.Call(ctx, log.Enable, cdproto.Empty{}); return err },
		func() error { _, err := chromedp.Call(ctx, cdp.Enable, cdproto.Empty{}); return err },
	} {
		if err := enable(); err != nil {
			t.Fatal(err)
		}
	}
	return tb
}

func (tb *tab) hear(event any) {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		tb.said = append(tb.said, e.Entry.Text)
	case *cdp.EventConsoleAPICalled:
		tb.said = append(tb.said, "console."+string(e.Type))
	case *cdp.EventExceptionThrown:
		tb.said = append(tb.said, e.ExceptionDetails.Text)
	case *network.EventLoadingFailed:
		tb.said = append(tb.said, fmt.Sprintf("request failed: %s %s", e.ErrorText, e.BlockedReason))
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, "data:") {
			tb.requests = append(tb.requests, e.Request.URL)
		}
	}
}

func (tb *tab) do(t testing.TB, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(tb.ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

// get runs one action and returns its value.
func get[T any](t testing.TB, tb *tab, action chromedp.Action[T]) T {
	t.Helper()
	value, err := chromedp.Run(tb.ctx, action)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// complaints returns what the browser said since it was last asked.
func (tb *tab) complaints() (said, requests []string) {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	said, requests, tb.said, tb.requests = tb.said, tb.requests, nil, nil
	return said, requests
}

// look shows pages from now on in a color scheme, with forced colors or without, at a width.
func (tb *tab) look(t testing.TB, scheme, forced string, width, height int64) {
	t.Helper()
	_, err := chromedp.Call(tb.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "forced-colors", Value: forced},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if width < 700 {
		tb.do(t, chromedp.EmulateViewport(width, height, chromedp.EmulateMobile, chromedp.EmulateTouch))
	} else {
		tb.do(t, chromedp.EmulateViewport(width, height))
	}
}

// TestPagesLoadInPeace opens every page under the real headers: no message, no
// blocked or failed request, nothing fetched but the page, no sideways scroll.
func TestPagesLoadInPeace(t *testing.T) {
	tb := open(t)
	for _, p := range site.pages {
		for _, width := range []int64{320, 375, 768, 1280} {
			tb.complaints()
			tb.look(t, "light", "none", width, 800)
			tb.do(t, chromedp.Navigate(site.server.URL+p))
			if wide := get(t, tb, chromedp.Evaluate[int64](`document.documentElement.scrollWidth`)); wide > width {
				t.Errorf("%s at %d px scrolls sideways: %d px wide", p, width, wide)
			}
			said, requests := tb.complaints()
			if len(said) > 0 {
				t.Errorf("%s at %d px: the browser says %q", p, width, said)
			}
			limit := 1
			if p == "/checklist/" { // its script, and the newest checklist.json
				limit = 3
			}
			if len(requests) > limit {
				t.Errorf("%s at %d px took %d requests, at most %d: %q", p, width, len(requests), limit, requests)
			}
		}
	}
}

// TestFirstScreen: on a small phone, home and emergency signs show what to do
// in an emergency and a number to tap before any scrolling, and emergency signs
// the head of the first tier.
func TestFirstScreen(t *testing.T) {
	tb := open(t)
	for _, p := range []string{"/", "/emergency-signs/"} {
		tb.look(t, "light", "none", 375, 667)
		tb.do(t, chromedp.Navigate(site.server.URL+p))
		seen := get(t, tb, chromedp.Evaluate[struct {
			Numbers int
			Text    bool
			Tier    bool
			Small   []string
		}](`(() => {
				const inside = r => r.top >= 0 && r.bottom <= 667 && r.left >= 0 && r.right <= 375 && r.height > 0;
				const tel = [...document.querySelectorAll('a[href^="tel:"]')];
				const box = document.querySelector('.emergency-call').getBoundingClientRect();
				return {
					Numbers: tel.filter(a => inside(a.getBoundingClientRect())).length,
					Text: inside(box),
					Tier: inside(document.querySelector('.emergency .card-head').getBoundingClientRect()),
					Small: tel.filter(a => { const r = a.getBoundingClientRect(); return r.height < 44 || r.width < 44 }).map(a => a.textContent),
				};
			})()`))
		if seen.Numbers == 0 || !seen.Text {
			t.Errorf("%s: the first screen shows %d numbers to tap; what to do in full: %v", p, seen.Numbers, seen.Text)
		}
		if p == "/emergency-signs/" && !seen.Tier {
			t.Errorf("%s: the first screen does not show the head of the first tier", p)
		}
		if len(seen.Small) > 0 {
			t.Errorf("%s: too small to tap: %q", p, seen.Small)
		}
	}
}

// axe runs every rule of axe-core on the page that a tab shows, AAA and best practice included.
func axe(t *testing.T, tb *tab, forced bool) (findings []string) {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("..", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatalf("axe-core is missing: run ./tools/test.sh, which installs it (%v)", err)
	}
	if get(t, tb, chromedp.Evaluate[bool](`!window.axe`)) {
		tb.do(t, chromedp.Evaluate[chromedp.Void](string(src)))
	}
	rules := `axe.getRules().map(r => [r.ruleId, {enabled: true}])`
	if forced { // the browser paints its own colors then, and axe reads the page's
		rules += `.filter(r => !r[0].startsWith('color-contrast'))`
	}
	for _, v := range get(t, tb, chromedp.Evaluate[[]struct {
		ID    string
		Nodes []struct{ HTML, FailureSummary string }
	}](`axe.run(document, {rules: Object.fromEntries(`+rules+`)}).then(r => r.violations.map(v =>
		({ID: v.id, Nodes: v.nodes.map(n => ({HTML: n.html, FailureSummary: n.failureSummary}))})))`, chromedp.EvalAwaitPromise)) {
		findings = append(findings, fmt.Sprintf("%s: %d times, first %s\n%s", v.ID, len(v.Nodes), v.Nodes[0].HTML, v.Nodes[0].FailureSummary))
	}
	return findings
}

// TestAxe holds every page to all of axe-core in light, dark and forced colors, at a desk and at what a window of 1280 by
// 1024 pixels shows at 400 %, with boxes ticked and without.
func TestAxe(t *testing.T) {
	tb := open(t)
	for _, p := range site.pages {
		for _, look := range []struct{ scheme, forced string }{{"light", "none"}, {"dark", "none"}, {"light", "active"}} {
			for _, size := range [][2]int64{{320, 256}, {1280, 800}} {
				tb.look(t, look.scheme, look.forced, size[0], size[1])
				tb.do(t, chromedp.Navigate(site.server.URL+p))
				check := func(state string) {
					for _, v := range axe(t, tb, look.forced == "active") {
						t.Errorf("%s%s, %s, forced colors %s, %d px: %s", p, state, look.scheme, look.forced, size[0], v)
					}
				}
				check("")
				for _, boxes := range []string{".today input", "input"} {
					if n := get(t, tb, chromedp.Evaluate[int](`(() => {
							const boxes = [...document.querySelectorAll('`+boxes+`')].filter(b => !b.checked);
							for (const b of boxes) b.click();
							scrollTo(0, document.body.scrollHeight / 2);
							return boxes.length;
						})()`)); n > 0 {
						check(" with ticks in " + boxes)
					}
				}
				tb.do(t, chromedp.Evaluate[chromedp.Void](`localStorage.clear()`))
			}
		}
	}
}

// TestBoxes: every task item is a checkbox that works, with its words as its name.
func TestBoxes(t *testing.T) {
	var list struct {
		Lists []struct{ Items []struct{ Text string } }
	}
	if err := json.Unmarshal([]byte(read(t, filepath.Join(site.public, "checklist.json"))), &list); err != nil {
		t.Fatal(err)
	}
	want := 0
	for _, l := range list.Lists {
		want += len(l.Items)
	}
	tb := open(t)
	tb.do(t, chromedp.Navigate(site.server.URL+"/checklist/"))
	boxes := get(t, tb, chromedp.Evaluate[[]struct {
		Name    string
		Enabled bool
		Ticks   bool
	}](`[...document.querySelectorAll('main .tasks input')].map(b => {
			const enabled = !b.disabled;
			b.labels[0]?.click();
			return {Name: (b.labels[0]?.textContent ?? '').trim(), Enabled: enabled, Ticks: b.checked};
		})`))
	if want == 0 || len(boxes) != want {
		t.Errorf("/checklist/ has %d boxes, checklist.json has %d items", len(boxes), want)
	}
	for _, b := range boxes {
		if b.Name == "" || !b.Enabled || !b.Ticks {
			t.Errorf("a box that does not work: %+v", b)
		}
	}
}

// TestHTML holds the pages to html-validate's standard rules.
func TestHTML(t *testing.T) {
	bin := filepath.Join("..", "node_modules", ".bin", "html-validate")
	if _, err := os.Stat(bin); err != nil {
		t.Fatalf("html-validate is missing: run ./tools/test.sh, which installs it (%v)", err)
	}
	bin, _ = filepath.Abs(bin)
	config, _ := filepath.Abs("htmlvalidate.json")
	var files []string
	for _, p := range site.pages {
		if strings.HasSuffix(p, "/") {
			p += "index.html"
		}
		files = append(files, filepath.Join(site.public, filepath.FromSlash(p)))
	}
	out, err := exec.Command(bin, append([]string{"--config", config, "--formatter", "text"}, files...)...).CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) || len(strings.TrimSpace(string(out))) > 0 {
		t.Errorf("html-validate says:\n%s", out)
	} else if err != nil {
		t.Fatal(err)
	}
}
