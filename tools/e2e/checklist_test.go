package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	cdpage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// list is checklist.json as these tests read it.
type list struct {
	Digest string
	Lists  []struct {
		Level, Title, Page string
		Items              []struct{ Text string }
	}
}

func readList(t *testing.T, public string) (l list) {
	t.Helper()
	if err := json.Unmarshal([]byte(read(t, filepath.Join(public, "checklist.json"))), &l); err != nil {
		t.Fatal(err)
	}
	return l
}

// trickyList is another site with a checklist whose words have all that
// Markdown can do to them.
func trickyList(t *testing.T, item string) string {
	t.Helper()
	root := other(t)
	for name, text := range map[string]string{
		"list.md": "---\ntitle: List\ndescription: D\nlayout: checklist\nadapted: 2026-01-05\nmedical: false\n---\nText.\n",
		"more/tricky.md": "---\ntitle: Tricky\ndescription: D\nadapted: 2026-01-05\nsources: [made-up]\n---\n\n" +
			"> [!DO] *Loud* & `code` \\<b> &amp; “quoted”\n> Words, and\n>\n> 1. a numbered list\n>\n> - [ ] Two\u00a0 spaces,   and \\*stars\\* <b\\>\n> - [ ] **Strong** & `a < b` &lt;i&gt; ~~gone~~\n> - [ ] " + item + " on one line 🙂\n\n" +
			"> [!EMERGENCY]\n> - [ ] No title\n",
	} {
		if err := os.WriteFile(filepath.Join(root, "content", filepath.FromSlash(name)), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	mustBuild(t, root, "--today", "2026-11-22")
	return filepath.Join(root, "public")
}

var pageDigest = regexp.MustCompile(`data-digest="?([0-9a-f]+)`)

// TestDigest: the page, which Hugo renders, and the file, which the tool
// writes, name the words of the lists alike, and other words otherwise.
func TestDigest(t *testing.T) {
	seen := map[string]bool{}
	for _, site := range []struct{ public, page string }{{site.public, "/checklist/"}, {trickyList(t, "Three"), "/list/"}, {trickyList(t, "Four"), "/list/"}} {
		file := readList(t, site.public).Digest
		m := pageDigest.FindStringSubmatch(page(t, site.public, site.page))
		if m == nil || m[1] != file {
			t.Errorf("%s has the digest %q, checklist.json %q", site.page, m, file)
		}
		if seen[file] {
			t.Errorf("two wordings have the digest %s", file)
		}
		seen[file] = true
	}
}

// TestSchema holds each checklist.json that a build writes to the schema that
// the site publishes beside it, and the schema to the file: it lets nothing else through.
func TestSchema(t *testing.T) {
	decode := func(src string) any {
		t.Helper()
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(src))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	doc := decode(read(t, filepath.Join(site.public, "checklist.schema.json")))
	if err := compiler.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	tricky := trickyList(t, "x")
	for _, name := range []string{
		filepath.Join(site.public, "checklist.json"), filepath.Join(site.root, "static", "checklist.json"), filepath.Join("..", "..", "static", "checklist.json"),
		filepath.Join(tricky, "checklist.json"),
	} {
		if err := schema.Validate(decode(read(t, name))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	good := read(t, filepath.Join(tricky, "checklist.json"))
	for old, fresh := range map[string]string{
		`"version":1`:              `"version":2`,
		`"digest":"`:               `"digest":"x`,
		`"adapted":"2026-01-05"`:   `"adapted":"2026-02-30"`,
		`"page":"/more/tricky/"`:   `"page":"more/tricky"`,
		`"text":"No title"`:        `"text":""`,
		`"level":"do"`:             `"level":"do","more":1`,
		`"publisher":"Nobody"`:     `"publisher":null`,
		`"language":"en-GB"`:       `"language":"English (GB)"`,
		`"reviewed":"2024-02-29"`:  `"reviewed":"soon"`,
		`"title":"Tricky"`:         `"title":"Tricky","due":"2026-01-05"`,
		`"items":[{"id":"`:         `"items":[{"id":"-`,
		`"site":"Twisted ankles",`: ``,
	} {
		bad := strings.Replace(good, old, fresh, 1)
		if bad == good {
			t.Errorf("%s does not stand in %s", old, good)
		} else if schema.Validate(decode(bad)) == nil {
			t.Errorf("the schema lets %s through for %s", fresh, old)
		}
	}
}

// TestWeight: what a page costs on the wire.
func TestWeight(t *testing.T) {
	weigh := func(src string) int { return len(pack([]byte(src), "br")) }
	for _, p := range site.pages {
		limit := 8192
		switch p {
		case "/checklist/": // the boxes of all pages; what shows before scrolling is far less
			limit = 9216
		case "/about/": // which names every source
			limit = 8960
		case "/handout/":
			limit = 30 << 10
		}
		html := page(t, site.public, p)
		if text, _, found := strings.Cut(html, "<figure"); found && limit == 8192 { // no figure shows before scrolling: TestFigures
			if got := weigh(text); got > limit {
				t.Errorf("%s takes %d bytes up to its first figure, compressed, at most %d", p, got, limit)
			}
			limit = 14131
		}
		got := weigh(html)
		t.Logf("%s: %d bytes, brotli", p, got)
		if got > limit {
			t.Errorf("%s takes %d bytes, compressed, at most %d", p, got, limit)
		}
	}
	scripts, err := filepath.Glob(filepath.Join(site.public, "*.js"))
	if err != nil || len(scripts) != 1 {
		t.Fatalf("the site has the scripts %q (%v), and should have one", scripts, err)
	}
	if got := weigh(read(t, scripts[0])); got >= 3000 {
		t.Errorf("the script takes %d bytes, compressed, and should take less than 3000", got)
	}
}

// reader opens /checklist/ as somebody would use it.
type reader struct {
	*tab
	t   *testing.T
	url string
}

func openChecklist(t *testing.T, url string) *reader {
	t.Helper()
	r := &reader{open(t), t, url}
	r.do(t, chromedp.Navigate(url+"/checklist/"))
	return r
}

// js runs an expression in the page. list(level) is the boxes of a level,
// message() the text of what ticks call for, and remember the box that does.
func js[T any](r *reader, expression string) T {
	r.t.Helper()
	return get(r.t, r.tab, chromedp.Evaluate[T](`(async () => {
		const list = level => [...document.querySelectorAll('.card.' + level + ' .tasks input')];
		const message = () => document.querySelector('[role=alert]').innerText.replace(/\s+/g, ' ').trim();
		const button = words => [...document.querySelectorAll('main button')].find(b => b.textContent === words && !b.hidden);
		const sum = () => document.querySelector('.my-notes-text').textContent;
		const remember = document.querySelector('.my-notes input');
		const ticked = () => [...document.querySelectorAll('.tasks input:checked')].map(b => b.labels[0].textContent.trim());
		return (`+expression+`);
	})()`, chromedp.EvalAwaitPromise))
}

// turn goes through the history and waits for a page. (chromedp waits for a load, which a page that was kept whole never has.)
func (r *reader) turn(steps int, path string) {
	r.t.Helper()
	r.do(r.t, chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`setTimeout(() => history.go(%d))`, steps)))
	for {
		at, err := chromedp.Run(r.ctx, chromedp.Evaluate[string](`location.pathname + ' ' + document.readyState`))
		if err == nil && at == path+" complete" {
			return
		}
		if r.t.Context().Err() != nil {
			r.t.Fatal("the page did not come back")
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// TestAlarm: what ticks call for is shown at once and announced, never moves
// the focus, and goes only when nothing ticked calls for it any more.
func TestAlarm(t *testing.T) {
	r := openChecklist(t, site.server.URL)
	r.look(t, "light", "none", 375, 667)
	if got := js[string](r, `message()`); got != "" {
		t.Errorf("nothing is ticked, and the page says %q", got)
	}
	type seen struct {
		Message string
		Numbers []string
		Focus   bool
		InSight bool
		Button  bool
	}
	see := `({Message: message(), Numbers: [...document.querySelectorAll('[role=alert] a[href^="tel:"]')].map(a => a.getAttribute('href')),
		Focus: document.activeElement === window.before, Button: !!document.querySelector('[role=alert] button'),
		InSight: (() => { const b = document.querySelector('[role=alert]').getBoundingClientRect(); return b.height > 0 && b.top >= 0 && b.bottom <= innerHeight + 1 })()})`
	tick := func(box string) seen {
		return js[seen](r, `(`+box+`.focus({preventScroll: true}), window.before = document.activeElement, `+box+`.click(), `+see+`)`)
	}
	emergencies := js[int](r, `list('emergency').length`)
	for i := range emergencies {
		box := fmt.Sprintf(`list('emergency')[%d]`, i)
		got := tick(box)
		if !strings.HasPrefix(got.Message, "Emergency: Call your local emergency number now.") || len(got.Numbers) == 0 || got.Numbers[0] != "tel:911" {
			t.Errorf("emergency %d ticked: %+v", i, got)
		}
		if !got.Focus || !got.InSight || got.Button {
			t.Errorf("emergency %d ticked: the focus stays %v, in sight %v, something to hide it %v", i, got.Focus, got.InSight, got.Button)
		}
		if got := tick(box); got.Message != "" {
			t.Errorf("emergency %d unticked: still %q", i, got.Message)
		}
	}
	if got := tick(`list('today')[1]`); !strings.Contains(got.Message, "Get care today") || strings.Contains(got.Message, "now") || !got.Focus || !got.InSight {
		t.Errorf("today ticked: %+v", got)
	}
	tick(`list('emergency')[0]`)
	tick(`list('emergency')[8]`)
	if got := tick(`list('emergency')[0]`); !strings.Contains(got.Message, "Call your local emergency number") {
		t.Errorf("one of two emergencies and one of today ticked: %+v", got)
	}
	for _, top := range []string{"0", "document.body.scrollHeight / 2", "document.querySelector('main').getBoundingClientRect().bottom + scrollY - innerHeight"} {
		if got := js[seen](r, `(scrollTo({top: `+top+`, behavior: 'instant'}), `+see+`)`); !got.InSight {
			t.Errorf("the emergency is out of sight after scrolling to %s", top)
		}
	}
	if got := tick(`list('emergency')[8]`); !strings.Contains(got.Message, "Get care today") {
		t.Errorf("the emergency unticked, today still ticked: %+v", got)
	}
	if got := tick(`list('today')[1]`); got.Message != "" {
		t.Errorf("all unticked: still %q", got.Message)
	}
	for _, level := range []string{"routine", "tell"} {
		if got := tick(`list('` + level + `')[0]`); got.Message != "" {
			t.Errorf("%s ticked: %q", level, got.Message)
		}
	}
	if text := js[string](r, `document.body.innerText`); regexp.MustCompile(`(?i)\bscore|you are fine|\d+ (of|/) \d+`).MatchString(text) {
		t.Error("the page counts, or says that all is well")
	}
	if said, requests := r.complaints(); len(said) > 0 || len(requests) > 4 {
		t.Errorf("the browser says %q; requests %q", said, requests)
	}
}

// TestNotes: the summary holds what is ticked and written, and leaves the page only as the reader asks.
func TestNotes(t *testing.T) {
	tb := open(t)
	stub := cdpage.AddScriptToEvaluateOnNewDocumentParams{Source: `
		window.did = [];
		Object.defineProperty(navigator, 'share', {value: async what => { did.push('share ' + what.text) }});
		Object.defineProperty(navigator, 'clipboard', {value: {writeText: async text => { if (window.refuse) throw 0; did.push('copy ' + text) }}});
		window.print = () => { did.push('print ' + document.documentElement.className); dispatchEvent(new Event('afterprint')) };`}
	if _, err := chromedp.Call(tb.ctx, cdpage.AddScriptToEvaluateOnNewDocument, stub); err != nil {
		t.Fatal(err)
	}
	tb.do(t, chromedp.Navigate(site.server.URL+"/checklist/"))
	r := &reader{tb, t, site.server.URL}
	if got := js[string](r, `sum()`); !strings.Contains(got, "Are you worried? Get help.") || !strings.Contains(got, "not a diagnosis") {
		t.Errorf("nothing ticked: %q", got)
	}
	first := readList(t, site.public).Lists[0].Items[0].Text
	got := js[string](r, `(list('tell')[0].click(), list('emergency')[0].click(), document.querySelector('textarea').value = ' <b>Monday</b>\nnight ',
		document.querySelector('textarea').dispatchEvent(new Event('input', {bubbles: true})), sum())`)
	want := "\n\nEmergency: call now\n- " + first + "\n\nWhat to tell your provider\n- "
	if !strings.Contains(got, want) || !strings.Contains(got, "\n\nWhen did it start?\n<b>Monday</b>\nnight\n\n") || strings.Contains(got, "Are you worried") ||
		!strings.HasSuffix(got, "This list is not a diagnosis.\n"+site.server.URL+"/checklist/") || strings.Contains(got, "medicines") {
		t.Errorf("the summary is %q", got)
	}
	if bold := js[int](r, `document.querySelectorAll('.my-notes-text *').length`); bold > 0 {
		t.Error("what the reader wrote became HTML")
	}
	did := js[[]string](r, `(button('Copy').click(), button('Share').click(), button('Print my notes').click(), button('Print this page').click(), await new Promise(r => setTimeout(r)), did)`)
	slices.Sort(did)
	if want := []string{"copy " + got, "print ", "print only-my-notes", "share " + got}; !slices.Equal(did, want) {
		t.Errorf("the buttons did %q, want %q", did, want)
	}
	status := `document.querySelector('.my-notes [role=status]').textContent`
	if got := js[string](r, status); got != "Copied." {
		t.Errorf("copied, and the page says %q", got)
	}
	if got := js[string](r, `(window.refuse = true, button('Copy').click(), await new Promise(r => setTimeout(r)), `+status+`)`); !strings.Contains(got, "Select the words") {
		t.Errorf("copying failed, and the page says %q", got)
	}
	if got := js[bool](r, `(button('Clear all').click(), ticked().length === 0 && message() === '' && [...document.querySelectorAll('textarea')].every(f => f.value === '') && sum().includes('Are you worried?'))`); !got {
		t.Error("clearing all leaves something")
	}
	if n := js[int](r, `localStorage.length + sessionStorage.length + document.cookie.length`); n > 0 {
		t.Error("something was stored, and nobody asked")
	}
	if said, requests := r.complaints(); len(said) > 0 || len(requests) > 4 {
		t.Errorf("the browser says %q; requests %q", said, requests)
	}
}

// TestRemember: only where the reader asks, and forgotten at once.
func TestRemember(t *testing.T) {
	r := openChecklist(t, site.server.URL)
	visit := func() {
		r.do(t, chromedp.Navigate(site.server.URL+"/about/"), chromedp.Navigate(site.server.URL+"/checklist/"))
	}
	if js[bool](r, `remember.checked`) {
		t.Error("the box is ticked from the start")
	}
	js[bool](r, `(list('today')[0].click(), true)`)
	visit()
	if got := js[[]string](r, `ticked()`); len(got) > 0 {
		t.Errorf("not asked to remember, and %q is ticked", got)
	}
	js[bool](r, `(remember.click(), list('emergency')[1].click(), document.querySelector('textarea').value = 'Monday', document.querySelector('textarea').dispatchEvent(new Event('input', {bubbles: true})), true)`)
	want := js[[]string](r, `ticked()`)
	visit()
	if got := js[[]string](r, `ticked()`); len(got) != 1 || !slices.Equal(got, want) || !js[bool](r, `remember.checked && document.querySelector('textarea').value === 'Monday' && message() !== ''`) {
		t.Errorf("remembered %q, want %q", got, want)
	}
	if n := js[int](r, `(remember.click(), localStorage.length)`); n != 0 {
		t.Error("unticked, and it is still stored")
	}
	visit()
	if js[bool](r, `remember.checked || ticked().length > 0`) {
		t.Error("forgotten, and it came back")
	}
	if got := js[bool](r, `(remember.click(), list('today')[0].click(), button('Clear all').click(), localStorage.length === 0 && !remember.checked)`); !got {
		t.Error("clearing all leaves something on the device")
	}
	for _, hostile := range []string{`{`, `null`, `"x"`, `{"ticks":1,"texts":{}}`, `{"ticks":[{}],"texts":[{},"<img src=x>"]}`, `[]`} {
		js[bool](r, `(localStorage.setItem('checklist ' + location.pathname, `+"`"+hostile+"`"+`), true)`)
		visit()
		if !js[bool](r, `(ticked().length === 0 && (list('emergency')[0].click(), message() !== ''))`) {
			t.Errorf("%s in the storage breaks the page", hostile)
		}
		js[bool](r, `(localStorage.clear(), true)`)
	}
	if got := js[string](r, `(Storage.prototype.setItem = () => { throw new Error('full') }, remember.checked && remember.click(), remember.click(), remember.checked + document.querySelector('.my-notes [role=status]').textContent)`); !strings.HasPrefix(got, "falseYour browser does not let") {
		t.Errorf("the storage is full: %q", got)
	}
	if said, _ := r.complaints(); len(said) > 0 {
		t.Errorf("the browser says %q", said)
	}
}

// TestBackAndForward: ticks stay through history and reloads, also when the text has changed meanwhile.
func TestBackAndForward(t *testing.T) {
	inner := site.server.Config.Handler
	short := false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if !short || q.URL.Path != "/checklist/" {
			inner.ServeHTTP(w, q)
			return
		}
		rec := httptest.NewRecorder()
		inner.ServeHTTP(rec, q)
		for key, values := range rec.Header() {
			w.Header()[key] = values
		}
		html := rec.Body.String() // without its first item
		if at := regexp.MustCompile(`<li><label><input type="?checkbox.*?</li>`).FindStringIndex(html); at != nil {
			html = html[:at[0]] + html[at[1]:]
		}
		_, _ = w.Write([]byte(html))
	}))
	defer server.Close()
	r := &reader{open(t), t, server.URL}
	r.do(t, chromedp.Navigate(server.URL+"/"), chromedp.Navigate(server.URL+"/checklist/"))
	js[bool](r, `(list('emergency')[1].click(), list('tell')[2].click(), true)`)
	want := js[[]string](r, `ticked()`)
	if len(want) != 2 {
		t.Fatalf("ticked %q", want)
	}
	check := func(what string) {
		t.Helper()
		if got := js[[]string](r, `ticked()`); !slices.Equal(got, want) || !strings.Contains(js[string](r, `message()`), "Call") {
			t.Errorf("%s: ticked %q, want %q", what, got, want)
		}
	}
	r.do(t, chromedp.Navigate(server.URL+"/about/"))
	r.turn(-1, "/checklist/")
	check("back")
	r.do(t, chromedp.Navigate(server.URL+"/causes/"))
	r.turn(-2, "/")
	r.turn(1, "/checklist/")
	check("back and forward")
	r.do(t, chromedp.Reload())
	check("reloaded")
	short = true
	r.do(t, chromedp.Reload())
	check("reloaded with one item less above")
}

// TestNewerVersion: the page says that its lists are old, and nothing else that stands in checklist.json.
func TestNewerVersion(t *testing.T) {
	good := read(t, filepath.Join(site.public, "checklist.json"))
	own := readList(t, site.public).Digest
	other := strings.Replace(good, own, strings.Repeat("0", 16), 1)
	stop := make(chan struct{})
	tb := open(t)
	// ?none is what a reader sees without the file
	if _, err := chromedp.Call(tb.ctx, cdpage.AddScriptToEvaluateOnNewDocument, cdpage.AddScriptToEvaluateOnNewDocumentParams{Source: `window.fetch = location.search === '?none' ? () => Promise.reject(0) : window.fetch`}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, body string
		newer      bool
	}{
		{"the same", good, false},
		{"newer", other, true},
		{"missing", "", false},
		{"empty", " ", false},
		{"truncated", other[:len(other)/2], false},
		{"enormous", strings.Replace(other, `"site":"`, `"site":"`+strings.Repeat("x", 8<<20), 1), false},
		{"later", strings.Replace(other, `"version":1`, `"version":2`, 1), false},
		{"null", "null", false},
		{"another kind", `{"version":1,"digest":["0000000000000000"],"lists":7}`, false},
		{"no digest", strings.Replace(good, `"digest"`, `"x"`, 1), false},
		{"HTML for a digest", strings.Replace(good, own, `<img src=x onerror=alert(1)>`, 1), false},
		{"HTML in texts", strings.ReplaceAll(good, `"text":"`, `"text":"<img src=x onerror=alert(1)><script>alert(1)</script>`), false},
		{"HTML in the texts of a newer one", strings.ReplaceAll(other, `"text":"`, `"text":"<img src=x onerror=alert(1)>`), true},
		{"HTML for a file", "<!DOCTYPE html><title>x</title>", false},
		{"slow", "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			inner := site.server.Config.Handler
			served := make(chan struct{}, 9)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
				if q.URL.Path != "/checklist.json" {
					inner.ServeHTTP(w, q)
					return
				}
				defer func() { served <- struct{}{} }()
				switch test.name {
				case "missing":
					http.NotFound(w, q)
				case "slow":
					served <- struct{}{}
					<-stop
				default:
					w.Header().Set("Content-Type", "application/json")
					_, _ = w.Write([]byte(test.body))
				}
			}))
			t.Cleanup(server.Close)
			if test.name == "slow" {
				t.Cleanup(func() { close(stop) }) // before the server closes, which waits for the answer
			}
			r := &reader{tb, t, server.URL}
			r.do(t, chromedp.Navigate(server.URL+"/checklist/?none"))
			want := js[string](r, `document.body.innerText`)
			r.complaints()
			r.do(t, chromedp.Navigate(server.URL+"/checklist/"))
			<-served
			if test.newer {
				got := js[string](r, `await new Promise(done => { const see = () => { const a = document.querySelector('.newer a'); a ? done(a.parentNode.closest('[role=status]').innerText.trim()) : setTimeout(see, 20) }; see() })`)
				if !strings.HasPrefix(got, "There is a newer version of this list.") {
					t.Errorf("the page says %q", got)
				}
				if js[int](r, `document.querySelectorAll('main img:not(.paper-only), main script:not([src], .print-page + script)').length`) > 0 {
					t.Error("the file became HTML")
				}
				js[bool](r, `(list('tell')[0].click(), setTimeout(() => document.querySelector('.newer a').click()), true)`)
				<-served // a reload asks again
				if got := js[[]string](r, `ticked()`); len(got) != 1 {
					t.Errorf("loading the newer version keeps the ticks %q, want one", got)
				}
				return
			}
			// the page has had every chance to act on what was served
			got := js[string](r, `await new Promise(done => setTimeout(() => done(document.body.innerText), 300))`)
			if got != want {
				t.Errorf("the page changed, and should not: it says %q", strings.TrimPrefix(got, want))
			}
			if !js[bool](r, `(list('emergency')[0].click(), message() !== '')`) {
				t.Error("ticking does nothing any more")
			}
			if said, _ := r.complaints(); test.name != "missing" && test.name != "enormous" && len(said) > 0 { // the browser tells of the first, and of the script's stopping of the second
				t.Errorf("the browser says %q", said)
			}
		})
	}
}

// TestSavedPage: a copy on the reader's disk asks the site that it came from.
func TestSavedPage(t *testing.T) {
	html := page(t, site.public, "/checklist/")
	own := readList(t, site.public).Digest
	for digest, want := range map[string]bool{own: false, strings.Repeat("0", 16): true} {
		dir := t.TempDir()
		script := regexp.MustCompile(`src="?/(checklist[^" >]*js)`).FindStringSubmatch(html)
		if script == nil {
			t.Fatal("the page has no script")
		}
		saved := strings.Replace(strings.Replace(html, own, digest, 1), "/"+script[1], script[1], 1)
		for name, src := range map[string]string{"saved.html": saved, script[1]: read(t, filepath.Join(site.public, script[1]))} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(src), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		r := &reader{open(t), t, ""}
		r.do(t, chromedp.Navigate("file://"+filepath.ToSlash(filepath.Join(dir, "saved.html"))))
		got := js[bool](r, `(await fetch('`+site.server.URL+`/checklist.json', {cache: 'no-cache'}).then(a => a.text()), await new Promise(done => setTimeout(done, 500)), !!document.querySelector('.newer'))`)
		if got != want {
			t.Errorf("a saved copy with the digest %s says that there is a newer one: %v", digest, got)
		}
	}
}

// TestWithoutScript: every word and box is there, and no control that would do nothing.
func TestWithoutScript(t *testing.T) {
	tb := open(t)
	if _, err := chromedp.Call(tb.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	for _, p := range site.pages {
		tb.do(t, chromedp.Navigate(site.server.URL+p))
		if n := get(t, tb, chromedp.Evaluate[int](`[...document.querySelectorAll('button, .my-notes')].filter(b => b.checkVisibility()).length`)); n > 0 {
			t.Errorf("%s shows %d controls that need a script", p, n)
		}
	}
	tb.do(t, chromedp.Navigate(site.server.URL+"/checklist/"))
	text := strings.Join(strings.Fields(get(t, tb, chromedp.Evaluate[string](`document.querySelector('main').innerText`))), " ")
	at := 0
	for _, l := range readList(t, site.public).Lists {
		for _, item := range l.Items {
			i := strings.Index(text[at:], item.Text)
			if i < 0 {
				t.Errorf("%q is not there, or not in its place", item.Text)
			} else {
				at += i
			}
		}
	}
	tb.do(t, chromedp.Navigate(site.server.URL+"/"), chromedp.Navigate(site.server.URL+"/checklist/"))
	if n := get(t, tb, chromedp.Evaluate[int](`(document.querySelectorAll('.tasks label').forEach(l => l.click()), document.querySelectorAll('.tasks input:checked').length)`)); n == 0 {
		t.Error("the boxes can't be ticked")
	}
}

// TestPrintButton: every page has one where script runs, and it prints.
func TestPrintButton(t *testing.T) {
	tb := open(t)
	for _, p := range site.pages {
		tb.do(t, chromedp.Navigate(site.server.URL+p))
		n := get(t, tb, chromedp.Evaluate[int](`(() => { let n = 0; window.print = () => n++; [...document.querySelectorAll('button')].filter(b => b.textContent === 'Print this page' && b.checkVisibility()).forEach(b => b.click()); return n })()`))
		if want := 1; p != "/404.html" && n != want {
			t.Errorf("%s: the buttons printed %d times, want %d", p, n, want)
		}
	}
}
