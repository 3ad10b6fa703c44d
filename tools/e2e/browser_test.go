package e2e

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	cdpage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// deadline is how long a test waits for anything, as a browser to start: longer than the busiest machine could need.
const deadline = 3 * time.Minute

// browser is the one that all tests share, started by the first that opens a tab.
var browser struct {
	sync.Once
	ctx context.Context
	err error
}

// chromium returns the browser that tools/test.sh has found.
func chromium() string { return cmp.Or(os.Getenv("CHROMIUM"), "chromium") }

func startBrowser() {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium()), chromedp.NoSandbox, chromedp.DisableGPU,
		// Or each page starts a process, and each window loads pages for its address bar, which takes longer than a page of ours.
		chromedp.Flag("renderer-process-limit", "1"), chromedp.Flag("disable-features", "Translate,WebUIOmniboxPopup,WebUIOmniboxAimPopup"))
	for _, off := range []string{"disable-background-networking", "disable-component-update", "disable-sync"} {
		options = append(options, chromedp.Flag(off, true))
	}
	allocator, _ := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	defer time.AfterFunc(deadline, cancel).Stop() // a deadline of ctx itself would end the browser's life, too
	browser.ctx = ctx
	if err := chromedp.Do(ctx); err != nil {
		browser.err = fmt.Errorf("Chromium can't be started: run ./tools/test.sh, which installs it (%w)", err)
	}
}

func stopBrowser() error {
	if browser.ctx == nil {
		return nil
	}
	return chromedp.Cancel(browser.ctx)
}

// tab is a tab of the browser, of a reader who was never here, and all that it complained about.
type tab struct {
	testing.TB
	ctx      context.Context
	mu       sync.Mutex
	said     []string // console messages, violations, failed requests
	requests []string
}

func open(t testing.TB) *tab {
	t.Helper()
	browser.Do(startBrowser)
	must(t, browser.err)
	tb := &tab{TB: t}
	ctx, cancel := chromedp.NewContext(browser.ctx, chromedp.WithNewBrowserContext(), chromedp.WithListener(tb.hear))
	t.Cleanup(cancel)
	must(t, chromedp.Do(ctx))
	tb.ctx = ctx
	call(tb, network.Enable, network.EnableParams{})
	call(tb, log.Enable, cdp.Empty{})
	call(tb, runtime.Enable, cdp.Empty{})
	call(tb, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	return tb
}

func (tb *tab) hear(event any) {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		tb.said = append(tb.said, e.Entry.Text)
	case *runtime.EventConsoleAPICalled:
		tb.said = append(tb.said, "console."+string(e.Type))
	case *runtime.EventExceptionThrown:
		tb.said = append(tb.said, e.ExceptionDetails.Text)
	case *network.EventLoadingFailed:
		if e.ErrorText != "net::ERR_ABORTED" || e.BlockedReason != "" { // a page that was left while it asked for checklist.json
			tb.said = append(tb.said, fmt.Sprintf("request failed: %s %s", e.ErrorText, e.BlockedReason))
		}
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, "data:") {
			tb.requests = append(tb.requests, e.Request.URL)
		}
	}
}

// complaints returns what the browser said and requested since this was last asked.
func (tb *tab) complaints() (said, requests []string) {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	said, requests, tb.said, tb.requests = tb.said, tb.requests, nil, nil
	return said, requests
}

// quiet reports what the browser said, other than what it may say.
func (tb *tab) quiet(where string) {
	tb.Helper()
	said, _ := tb.complaints()
	expect(tb, len(said) == 0, "%s: the browser says %q", where, said)
}

// run runs one action and returns its value.
func run[T any](tb *tab, action chromedp.Action[T]) T {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.ctx, deadline)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	must(tb, err)
	return value
}

// call calls a command of the browser's protocol.
func call[P, R any](tb *tab, command cdp.Command[P, R], params P) R {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.ctx, deadline)
	defer cancel()
	value, err := chromedp.Call(ctx, command, params)
	must(tb, err)
	return value
}

// eval returns the value of an expression in the page, or what its promise comes to.
func eval[T any](tb *tab, js string) T {
	tb.Helper()
	return run(tb, chromedp.Evaluate[T](js, chromedp.EvalAwaitPromise))
}

// act runs statements in the page.
func (tb *tab) act(js string) {
	tb.Helper()
	eval[chromedp.Void](tb, "(async () => { "+js+" })()")
}

func (tb *tab) visit(url string) {
	tb.Helper()
	run(tb, chromedp.Navigate(url))
}

// await waits until an expression is true, also while pages come and go.
func (tb *tab) await(js string) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.ctx, deadline)
	defer cancel()
	waitUntil(tb, js, func() bool {
		holds, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("!!("+js+")"))
		return err == nil && holds
	})
}

// waitUntil waits for a condition.
func waitUntil(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(deadline); !holds(); time.Sleep(10 * time.Millisecond) {
		require(t, !time.Now().After(end), "it never came to this: %s", what)
	}
}

// view shows pages from now on in a window of this size, at a zoom; narrow ones as on a phone.
func (tb *tab) view(width, height int64, zoom float64) {
	tb.Helper()
	options := []chromedp.EmulateViewportOption{chromedp.EmulateScale(zoom)}
	if width < 700 {
		options = append(options, chromedp.EmulateMobile, chromedp.EmulateTouch)
	}
	run(tb, chromedp.EmulateViewport(int64(float64(width)/zoom), int64(float64(height)/zoom), options...))
}

// resize shows the page that is there in another window.
func (tb *tab) resize(width, height int64, zoom float64) {
	tb.Helper()
	tb.view(width, height, zoom)
	tb.await(fmt.Sprintf("document.documentElement.clientWidth === %d", int64(float64(width)/zoom)))
}

// media shows pages from now on as on a medium, "" for the screen, to a reader who prefers all this: "prefers-color-scheme:dark".
func (tb *tab) media(medium string, features ...string) {
	tb.Helper()
	params := emulation.SetEmulatedMediaParams{Media: medium}
	for _, feature := range features {
		name, value, _ := strings.Cut(feature, ":")
		params.Features = append(params.Features, &emulation.MediaFeature{Name: name, Value: value})
	}
	call(tb, emulation.SetEmulatedMedia, params)
}

// script lets scripts of pages run or not.
func (tb *tab) script(isOn bool) {
	tb.Helper()
	call(tb, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !isOn})
}

// onLoad runs a script in each page from now on, before its own.
func (tb *tab) onLoad(js string) {
	tb.Helper()
	call(tb, cdpage.AddScriptToEvaluateOnNewDocument, cdpage.AddScriptToEvaluateOnNewDocumentParams{Source: js})
}

//go:embed checks.js
var checks string

// check looks at the page that the tab shows with some of checks.js, in one go, and returns what each of them finds.
// TestPlantedFaults shows each of them a fault.
func (tb *tab) check(names ...string) [][]string {
	tb.Helper()
	const next = "; each.push(found.splice(0)); "
	js := checks + "; const each = []; await checks." + strings.Join(names, next+"await checks.") + next
	return eval[[][]string](tb, "(async () => { "+js+"return each })()")
}

// report reports what some checks find.
func (tb *tab) report(where string, names ...string) {
	tb.Helper()
	for i, found := range tb.check(names...) {
		expect(tb, len(found) == 0, "%s, %s: %d findings:\n\t%s", where, names[i], len(found), strings.Join(found, "\n\t"))
	}
}

// axe runs rules of axe-core on the page: all, AAA and best practice included, or those about contrast alone.
func (tb *tab) axe(isContrastAlone bool) (findings []string) {
	tb.Helper()
	src, err := os.ReadFile(filepath.Join("..", "node_modules", "axe-core", "axe.min.js"))
	require(tb, err == nil, "axe-core is missing: run ./tools/test.sh, which installs it (%v)", err)
	if eval[bool](tb, `!window.axe`) {
		eval[chromedp.Void](tb, string(src))
	}
	type violation struct {
		ID    string
		Nodes []struct{ HTML, FailureSummary string }
	}
	rules := `axe.getRules().map(r => r.ruleId)`
	if isContrastAlone {
		rules += `.filter(id => id.startsWith('color-contrast') || id === 'link-in-text-block')`
	}
	for _, v := range eval[[]violation](tb, `axe.run(document, {resultTypes: ['violations'], runOnly: {type: 'rule', values: `+rules+`}})
		.then(r => r.violations.map(v => ({ID: v.id, Nodes: v.nodes.map(n => ({HTML: n.html, FailureSummary: n.failureSummary}))})))`) {
		findings = append(findings, fmt.Sprintf("%s: %d times, first %s\n%s", v.ID, len(v.Nodes), v.Nodes[0].HTML, v.Nodes[0].FailureSummary))
	}
	return findings
}
