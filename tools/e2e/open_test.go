package e2e

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	cdpage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// A check looks at the page that a tab shows, and names what is wrong with it.
// TestPlantedFaults shows each of them a fault.
type check string

// What every check can use. The words of a thing name it in a finding.
const lookingGlass = `
	const all = what => [...document.querySelectorAll(what)];
	const shown = e => e.checkVisibility({visibilityProperty: true, contentVisibilityAuto: true});
	const name = e => e.tagName.toLowerCase() + ' "' + (e.textContent || e.labels?.[0]?.textContent || e.getAttribute('href') || '').trim().replace(/\s+/g, ' ').slice(0, 40) + '"';
	const texts = () => {
		const found = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
		while (walk.nextNode()) if (walk.currentNode.data.trim() && shown(walk.currentNode.parentElement)) found.push(walk.currentNode);
		return found;
	};
	const controls = () => all('a[href], button, summary, input, select, textarea, [tabindex]').filter(shown);
	const found = [];`

const (
	// smallType: body text is 18 px, and nothing is smaller.
	smallType check = `
		for (const t of texts()) if (parseFloat(getComputedStyle(t.parentElement).fontSize) < 18) found.push(getComputedStyle(t.parentElement).fontSize + ': ' + name(t.parentElement));
		for (const c of controls()) if (parseFloat(getComputedStyle(c).fontSize) < 18 && c.matches('textarea, select, button')) found.push('small letters in ' + name(c));`

	// smallTargets: a finger finds everything; only a link inside a sentence is as high as its line.
	// A box is as large as its label.
	smallTargets check = `
		const sentence = a => {
			let block = a.parentElement;
			while (getComputedStyle(block).display === 'inline') block = block.parentElement;
			return getComputedStyle(a).display === 'inline' && block.innerText.trim().length > a.innerText.trim().length + 1;
		};
		for (const c of controls()) {
			if (c.matches('.skip-link') || c.matches('a') && sentence(c)) continue;
			const r = (c.matches('[type=checkbox]') ? c.labels[0] ?? c : c).getBoundingClientRect();
			if (r.width < 44 || r.height < 44) found.push(r.width.toFixed(1) + ' by ' + r.height.toFixed(1) + ': ' + name(c));
		}`

	// badFocus goes through all controls and back: each shows that it has the focus, in a color that stands out, and nothing covers it.
	badFocus check = `
		const parts = color => color.match(/[\d.]+/g).map(Number);
		const light = c => { const [r, g, b] = c.map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b };
		const behind = e => {
			for (; e; e = e.parentElement) {
				const [r, g, b, a = 1] = parts(getComputedStyle(e).backgroundColor);
				if (a > .5) return [r, g, b];
			}
			return [255, 255, 255];
		};
		const stops = controls();
		for (const c of [...stops, ...stops.toReversed()]) {
			c.focus({focusVisible: true});
			if (document.activeElement !== c) { found.push('no focus: ' + name(c)); continue }
			const s = getComputedStyle(c), [a, b] = [light(parts(s.outlineColor)), light(behind(c.matches('.skip-link') ? c : c.parentElement))].sort((a, b) => a - b);
			if (s.outlineStyle === 'none' || parseFloat(s.outlineWidth) < 2 || !c.matches(':focus-visible')) found.push('focus unseen: ' + name(c));
			else if ((b + .05) / (a + .05) < 3) found.push('focus hardly seen: ' + name(c));
			const r = c.getClientRects()[0], x = r.left + r.width / 2, corners = [[x, r.top + 3], [x, r.bottom - 3], [r.left + 3, r.top + r.height / 2]];
			if (r.top < -1 || r.bottom > innerHeight + 1 && r.height < innerHeight || r.left < 0 || r.right > innerWidth + 1) found.push('focus out of sight: ' + name(c));
			else for (const [x, y] of corners) {
				if (y > innerHeight) continue;
				const top = document.elementFromPoint(x, y);
				if (!top || !(c.contains(top) || top.contains(c) || c.labels?.[0]?.contains(top))) { found.push('focus covered by ' + (top ? name(top) : 'nothing') + ': ' + name(c)); break }
			}
		}`

	// sideways: nothing to read or use lies beside the screen, where it can be scrolled to or not at all.
	sideways check = `
		const wide = document.documentElement.scrollWidth;
		if (wide > innerWidth) found.push('scrolls sideways: ' + wide + ' px wide');
		const range = document.createRange();
		const out = r => r.width > 0 && (r.left < -1 || r.right > innerWidth + 1);
		for (const t of texts()) {
			range.selectNodeContents(t);
			if ([...range.getClientRects()].some(out)) found.push('beside the screen: ' + name(t.parentElement));
			for (let e = t.parentElement; e !== document.body; e = e.parentElement) {
				const cut = getComputedStyle(e);
				if (cut.overflowY !== 'visible' && cut.overflowY !== 'auto' && e.scrollHeight > e.clientHeight + 1) { found.push('cut off: ' + name(e)); break }
			}
		}
		for (const c of controls()) if (out(c.getBoundingClientRect())) found.push('beside the screen: ' + name(c));`

	// keeps: nothing is stored on the reader's device, no font and nothing of others is loaded.
	keeps check = `
		if (document.cookie) found.push('a cookie: ' + document.cookie);
		for (const s of [localStorage, sessionStorage]) for (const k of Object.keys(s)) found.push('stored: ' + k);
		for (const d of await indexedDB.databases()) found.push('a database: ' + d.name);
		for (const k of await caches.keys()) found.push('a cache: ' + k);
		for (const w of await navigator.serviceWorker.getRegistrations()) found.push('a service worker: ' + w.scope);
		for (const f of document.fonts) found.push('a web font: ' + f.family);
		for (const r of performance.getEntriesByType('resource')) if (new URL(r.name).origin !== location.origin && !r.name.startsWith('data:')) found.push('a third party: ' + r.name);`

	// shifts: nothing moves while the page loads. (On a busy machine the browser may paint the menu button before its word
	// has arrived, and the word moves it by 0.002.)
	shifts check = `
		await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
		const seen = new PerformanceObserver(() => {});
		seen.observe({type: 'layout-shift', buffered: true});
		for (const s of seen.takeRecords()) if (s.value > .005) found.push('moved by ' + s.value.toFixed(4) + ': ' + s.sources.map(x => x.node?.nodeName));`

	// deadControls: what only a script can work isn't shown without one.
	deadControls check = `
		for (const c of controls()) if (c.matches('button, textarea, select, a[href^="javascript:"], a[href="#"]') || c.closest('.my-notes')) found.push('does nothing: ' + name(c));`

	// bare: with styles off, the page is a document still: in order, in no odd size, whichever way the browser's own words run.
	bare check = `
		for (const s of document.styleSheets) s.disabled = true;
		for (const s of all('svg:not([role=img])')) { const r = s.getBoundingClientRect(); if (r.width > 48 || r.height > 48) found.push(r.width + ' by ' + r.height + ': an icon beside ' + name(s.parentElement)) }
		if (!document.documentElement.getAttribute('dir')) found.push('which way the text runs is left to the browser');
		if (all('body a[href]')[0] !== document.querySelector('.skip-link')) found.push('the skip link is not first');
		if (!(document.querySelector('.emergency-box').compareDocumentPosition(document.querySelector('h1')) & 4)) found.push('the emergency box comes after the title');`

	// moving: nothing moves by itself, or smoothly, for those who asked for less.
	moving check = `
		for (const a of document.getAnimations()) found.push('moves: ' + name(a.effect.target));
		for (const e of all('*')) { const s = getComputedStyle(e); if (s.scrollBehavior === 'smooth' || parseFloat(s.transitionDuration) > 0) found.push('moves: ' + name(e)) }`
)

func (c check) look(t *testing.T, tb *tab) []string {
	t.Helper()
	return get(t, tb, chromedp.Evaluate[[]string](`(async () => {`+lookingGlass+string(c)+`; return found })()`, chromedp.EvalAwaitPromise))
}

// script lets scripts of pages run or not.
func (tb *tab) script(t testing.TB, run bool) {
	t.Helper()
	if _, err := chromedp.Call(tb.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !run}); err != nil {
		t.Fatal(err)
	}
}

// size shows pages from now on in a window, at a zoom, without motion.
func (tb *tab) size(t testing.TB, width, height int64, zoom float64) {
	t.Helper()
	if _, err := chromedp.Call(tb.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(tb.ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		t.Fatal(err)
	}
	tb.do(t, chromedp.EmulateViewport(int64(float64(width)/zoom), int64(float64(height)/zoom), chromedp.EmulateScale(zoom)))
}

// How a reader may have set the browser; a style sheet of theirs comes last.
const (
	// https://www.w3.org/TR/WCAG22/#text-spacing
	spacing  = `* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important } p { margin-bottom: 2em !important }`
	doubled  = `html { font-size: 225% !important }`
	tickAll  = `document.querySelectorAll('main input:not(:checked)').forEach(b => b.click()), document.querySelectorAll('details').forEach(d => { d.open = true })`
	addSheet = `(css => { const s = new CSSStyleSheet(); s.replaceSync(css); document.adoptedStyleSheets = [s] })`
)

// TestOpenToAll: on every page, in every size, everything is large enough to
// read and to tap, shows that it has the focus, and stays on the screen.
func TestOpenToAll(t *testing.T) {
	tb := open(t)
	for _, p := range site.pages {
		report := func(state string, findings []string) {
			t.Helper()
			if len(findings) > 0 {
				t.Errorf("%s, %s: %d findings:\n\t%s", p, state, len(findings), strings.Join(findings, "\n\t"))
			}
		}
		for _, w := range []struct {
			name          string
			width, height int64
			zoom          float64
		}{{"a phone", 375, 667, 1}, {"1280 px at 400 %", 1280, 1024, 4}, {"a desk", 1280, 900, 1}} {
			tb.size(t, w.width, w.height, w.zoom)
			tb.do(t, chromedp.Navigate(site.server.URL+p))
			report(w.name, slices.Concat(shifts.look(t, tb), keeps.look(t, tb), smallType.look(t, tb), smallTargets.look(t, tb), sideways.look(t, tb), moving.look(t, tb)))
			if w.zoom == 1 {
				report(w.name, badFocus.look(t, tb))
			}
			tb.do(t, chromedp.Evaluate[chromedp.Void](tickAll))
			report(w.name+", all ticked, the menu open", slices.Concat(smallType.look(t, tb), smallTargets.look(t, tb), sideways.look(t, tb)))
			if w.zoom == 1 {
				tb.do(t, chromedp.Evaluate[chromedp.Void](`document.querySelectorAll('details').forEach(d => { d.open = false })`))
				report(w.name+", all ticked", badFocus.look(t, tb))
			}
			tb.do(t, chromedp.Evaluate[chromedp.Void](`localStorage.clear()`))
		}
		for _, w := range []struct {
			name, sheet string
			width       int64
			zoom        float64
		}{
			{"320 px, wide spacing", spacing, 320, 1}, {"1280 px, wide spacing", spacing, 1280, 1}, {"320 px, type at 200 %", doubled, 320, 1},
			{"375 px, type at 200 %", doubled, 375, 1}, {"1280 px, type at 200 %", doubled, 1280, 1}, {"a phone at 200 %", "", 375, 2},
		} {
			tb.size(t, w.width, 900, w.zoom)
			tb.do(t, chromedp.Evaluate[chromedp.Void](addSheet+"(`"+w.sheet+"`)"))
			report(w.name, sideways.look(t, tb))
		}
		report("styles off", bare.look(t, tb))
	}
	if said, _ := tb.complaints(); len(said) > 0 {
		t.Errorf("the browser says %q", said)
	}
}

// TestPreferences: who asked for less transparency or more contrast gets it.
func TestPreferences(t *testing.T) {
	tb := open(t)
	const translucent = `[...document.querySelectorAll('*')].filter(e => e.checkVisibility()).filter(e => {
		const s = getComputedStyle(e), colors = [s.color, s.backgroundColor, s.borderTopColor].join().match(/(?<=[,/] ?)0?\.\d+(?=\))/g);
		return s.opacity !== '1' || s.backdropFilter !== 'none' || colors;
	}).map(e => e.outerHTML.slice(0, 80))`
	const pale = `[...document.querySelectorAll('.about-page, .page-tiles li:not(.first)')].filter(e => { const s = getComputedStyle(e); return s.borderTopColor !== s.color }).length`
	for _, p := range site.pages {
		for _, asked := range []bool{false, true} {
			features := []*emulation.MediaFeature{{Name: "prefers-reduced-transparency", Value: "no-preference"}, {Name: "prefers-contrast", Value: "no-preference"}}
			if asked {
				features[0].Value, features[1].Value = "reduce", "more"
			}
			if _, err := chromedp.Call(tb.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}); err != nil {
				t.Fatal(err)
			}
			tb.do(t, chromedp.EmulateViewport(1280, 800), chromedp.Navigate(site.server.URL+p))
			if see := get(t, tb, chromedp.Evaluate[[]string](translucent)); asked == (len(see) > 0) {
				t.Errorf("%s: less transparency asked for: %v; translucent: %q", p, asked, see)
			}
			if n := get(t, tb, chromedp.Evaluate[int](pale)); asked == (n > 0) {
				t.Errorf("%s: more contrast asked for: %v; pale lines: %d", p, asked, n)
			}
		}
	}
}

// TestSameWordsWithoutScript: a page says the same, and shows nothing that can't
// work, without script, saved on a disk, and half arrived.
func TestSameWordsWithoutScript(t *testing.T) {
	with, without := open(t), open(t)
	without.script(t, false)
	text := func(tb *tab, url string) string {
		tb.do(t, chromedp.Navigate(url))
		return get(t, tb, chromedp.Evaluate[string](`(document.querySelectorAll('button, .my-notes, .to-notes').forEach(e => e.remove()), document.body.innerText)`))
	}
	for _, p := range site.pages {
		want := text(with, site.server.URL+p)
		without.do(t, chromedp.Navigate(site.server.URL+p))
		if dead := deadControls.look(t, without); len(dead) > 0 {
			t.Errorf("%s without script: %q", p, dead)
		}
		if got := text(without, site.server.URL+p); got != want || len(want) < 200 {
			t.Errorf("%s says other words without script:\n%s\nand with it:\n%s", p, got, want)
		}
		saved := filepath.Join(t.TempDir(), "saved.html")
		if err := os.WriteFile(saved, []byte(page(t, site.public, p)), 0o644); err != nil {
			t.Fatal(err)
		}
		if got := text(with, "file://"+filepath.ToSlash(saved)); got != want {
			t.Errorf("%s says other words from a disk:\n%s", p, got)
		}
		if p == "/checklist/" { // its script isn't beside the file
			with.complaints()
		}
	}
	if said, _ := with.complaints(); len(said) > 0 {
		t.Errorf("the browser says %q", said)
	}
}

// TestSlowNetwork: what has arrived is there to read, while the rest is on its way or lost.
func TestSlowNetwork(t *testing.T) {
	rest := make(chan bool)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		html := page(t, site.public, q.URL.Path)
		half := strings.Index(html, "</h1>") + len("</h1>")
		w.Header().Set("Content-Type", "text/html; charset=UTF-8")
		_, _ = w.Write([]byte(html[:half]))
		w.(http.Flusher).Flush()
		if <-rest {
			_, _ = w.Write([]byte(html[half:]))
		} else {
			panic(http.ErrAbortHandler)
		}
	}))
	defer server.Close()
	defer close(rest) // before the server closes, which waits for its answers
	tb := open(t)
	for _, comes := range []bool{true, false} {
		for _, p := range []string{"/", "/emergency-signs/"} {
			tb.do(t, chromedp.Navigate("about:blank"))
			if _, err := chromedp.Call(tb.ctx, cdpage.Navigate, cdpage.NavigateParams{URL: server.URL + p}); err != nil {
				t.Fatal(err)
			}
			see := func(what string) string {
				return get(t, tb, chromedp.Evaluate[string](`new Promise(done => { const see = () => { const e = document.querySelector('`+what+`'); e?.checkVisibility() ? done(e.innerText) : setTimeout(see, 20) }; see() })`, chromedp.EvalAwaitPromise))
			}
			see("h1")
			if number := see(".emergency-box li a"); !strings.HasPrefix(number, "911") {
				t.Errorf("%s, half arrived, shows the number %q", p, number)
			}
			rest <- comes
			if comes {
				see(".about-page")
			} else if title := see("h1"); title == "" {
				t.Errorf("%s lost its title with the network", p)
			}
		}
	}
}

// TestArrivesInPieces: what is read already stays where it is while the rest of the page comes in.
func TestArrivesInPieces(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=UTF-8")
		for piece := range slices.Chunk([]byte(page(t, site.public, q.URL.Path)), 1400) {
			_, _ = w.Write(piece)
			w.(http.Flusher).Flush()
			time.Sleep(20 * time.Millisecond) // so that the browser shows what it has
		}
	}))
	defer server.Close()
	tb := open(t)
	tb.look(t, "light", "none", 375, 667)
	for _, p := range site.pages {
		tb.do(t, chromedp.Navigate(server.URL+p))
		for _, moved := range shifts.look(t, tb) {
			t.Errorf("%s: %s", p, moved)
		}
	}
}

// TestPlantedFaults: each check finds what it is there to find.
func TestPlantedFaults(t *testing.T) {
	var html string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		rec := httptest.NewRecorder()
		site.server.Config.Handler.ServeHTTP(rec, q)
		for key, values := range rec.Header() {
			w.Header()[key] = values
		}
		if strings.HasSuffix(q.URL.Path, "/") {
			_, _ = w.Write([]byte(html))
		} else {
			_, _ = w.Write(rec.Body.Bytes())
		}
	}))
	defer server.Close()
	tb := open(t)
	said := func(*testing.T, *tab) []string { s, _ := tb.complaints(); return s }
	axe := func(t *testing.T, tb *tab) []string { return axe(t, tb, false) }
	for name, fault := range map[string]struct {
		page       string // the home page where there is none
		old, fresh string // in the page; without old, at the end of its text
		act        string // in the browser, once the page is there
		noScript   bool
		found      func(*testing.T, *tab) []string
		want       string
	}{
		"an inline script":              {fresh: `<script>1</script>`, found: said, want: "script"},
		"a style attribute":             {old: `<h1`, fresh: `<h1 style="color:red"`, found: said, want: "style"},
		"a third party's image":         {fresh: `<img src="https://pictures.example/x.png" alt="">`, found: said, want: "pictures.example"},
		"a third party's script":        {fresh: `<script src="https://scripts.example/x.js"></script>`, found: said, want: "scripts.example"},
		"a message":                     {act: `console.log(1)`, found: said, want: "console.log"},
		"a color of low contrast":       {act: `document.querySelector('main p').style.color = '#999'`, found: axe, want: "color-contrast"},
		"a removed label":               {page: "/checklist/", old: `<label>`, fresh: `<i>`, found: axe, want: "label"},
		"a heading skipped":             {fresh: `<h4>Deep</h4>`, found: axe, want: "heading-order"},
		"a line of 13 px":               {act: `document.querySelector('main p').style.fontSize = '13px'`, found: smallType.look, want: "13px"},
		"a small button":                {fresh: `<button>x</button>`, act: `document.querySelector('main > button').style.padding = document.querySelector('main > button').style.minHeight = 0`, found: smallTargets.look, want: "button"},
		"a focus that is not shown":     {act: `document.querySelector('main a').style.outline = 'none'`, found: badFocus.look, want: "unseen"},
		"a focus in a pale color":       {act: `document.querySelector('main a').style.outlineColor = '#eee'`, found: badFocus.look, want: "hardly seen"},
		"a bar over the focus":          {fresh: `<b>Bar</b>`, act: `Object.assign(document.querySelector('main > b').style, {position: 'fixed', zIndex: 9, inset: 'auto 0 0', height: '50%', background: '#fff'})`, found: badFocus.look, want: "covered by b"},
		"a wide table":                  {fresh: `<pre>Wide</pre>`, act: `document.querySelector('pre').style.width = '90rem'; document.querySelector('pre').style.textAlign = 'end'`, found: sideways.look, want: "beside the screen"},
		"words cut off":                 {act: `Object.assign(document.querySelector('main p').style, {height: '1rem', overflow: 'hidden'})`, found: sideways.look, want: "cut off"},
		"a cookie":                      {act: `document.cookie = 'a=b'`, found: keeps.look, want: "a cookie: a=b"},
		"something stored":              {act: `sessionStorage.setItem('a', 'b')`, found: keeps.look, want: "stored: a"},
		"a web font":                    {act: `document.fonts.add(new FontFace('Own', 'url(/own.woff2)'))`, found: keeps.look, want: "web font: Own"},
		"something that moves":          {act: `await new Promise(done => setTimeout(() => { document.querySelector('h1').style.marginTop = '9rem'; requestAnimationFrame(() => setTimeout(done)) }, 100))`, found: shifts.look, want: "moved by"},
		"smooth scrolling":              {act: `document.documentElement.style.scrollBehavior = 'smooth'`, found: moving.look, want: "html"},
		"a button that needs a script":  {fresh: `<button>Do it</button>`, noScript: true, found: deadControls.look, want: "Do it"},
		"an icon without a size":        {old: ` width="24" height="24"`, found: bare.look, want: "icon"},
		"no direction":                  {old: ` dir=ltr`, found: bare.look, want: "left to the browser"},
		"the emergency after the title": {old: `<aside class=emergency-box`, fresh: `<h1>Title</h1><aside class=emergency-box`, found: bare.look, want: "after the title"},
	} {
		if fault.page == "" {
			fault.page = "/"
		}
		html = page(t, site.public, fault.page)
		if fault.old == "" && fault.fresh != "" {
			fault.old, fault.fresh = "</main>", fault.fresh+"</main>"
		}
		if fault.old != "" && !strings.Contains(html, fault.old) {
			t.Errorf("%s: the page has no %s", name, fault.old)
		}
		tb.size(t, 375, 667, 1)
		tb.script(t, !fault.noScript)
		tb.complaints()
		tb.do(t, chromedp.Navigate(server.URL+fault.page))
		if found := fault.found(t, tb); len(found) > 0 {
			t.Errorf("%s: found before it was planted: %q", name, found)
		}
		html = strings.Replace(html, fault.old, fault.fresh, 1)
		tb.do(t, chromedp.Navigate(server.URL+fault.page), chromedp.Evaluate[chromedp.Void](`(async () => { `+fault.act+` })()`, chromedp.EvalAwaitPromise))
		found := fault.found(t, tb)
		if !slices.ContainsFunc(found, func(f string) bool { return strings.Contains(f, fault.want) }) {
			t.Errorf("%s was planted, and the check says %q", name, found)
		}
		tb.do(t, chromedp.Evaluate[chromedp.Void](`(sessionStorage.clear(), document.cookie = 'a=;max-age=0')`))
	}
}
