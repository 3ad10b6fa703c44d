package e2e

import (
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	cdpage "github.com/chromedp/cdproto/page"
)

// A phone is the measure of what readers see first.
const phoneWidth, phoneHeight = 375, 667

// views are windows in which readers see a page. A translation, which differs in words alone, is seen in the narrowest and widest,
// and not in the first two.
var views = []struct {
	name          string
	width, height int64
	zoom          float64
	isWalked      bool // through all controls
}{
	{"1280 px at 400 %", 1280, 1024, 4, false}, {"a tablet", 768, 1024, 1, false}, {"a small phone", 320, 568, 1, false},
	{"a phone", phoneWidth, phoneHeight, 1, true}, {"a desk", 1280, 900, 1, true},
}

// settings are what readers may have set, at widths at which nothing may get lost by it.
var settings = []struct {
	name, css string
	width     int64
	zoom      float64
}{
	{"320 px, wide spacing", spacing, 320, 1}, {"1280 px, wide spacing", spacing, 1280, 1}, {"320 px, type at 200 %", doubled, 320, 1},
	{"375 px, type at 200 %", doubled, 375, 1}, {"1280 px, type at 200 %", doubled, 1280, 1}, {"a phone at 200 %", "", 375, 2},
}

const (
	// https://www.w3.org/TR/WCAG22/#text-spacing
	spacing = `* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }
		p { margin-bottom: 2em !important }`
	doubled = `html { font-size: 225% !important }`
)

// requests are the most that a page takes: the checklist has a script, and asks for the newest checklist.json.
var requests = map[string]int{"": 1, "/checklist/": 3}

// TestPages looks at every page in every view: it loads in peace, with few requests; everything is large enough to read and to
// tap, shows that it has the focus, and stays on the screen; axe-core finds nothing; whatever readers prefer, they get.
func TestPages(t *testing.T) {
	t.Parallel()
	for _, p := range site.pages {
		t.Run(p.path, func(t *testing.T) { t.Parallel(); lookInEachView(open(t), p) })
	}
}

func lookInEachView(tb *tab, p page) {
	for i, v := range views {
		if i < 2 && !p.isOriginal() {
			continue
		}
		isWalked := v.isWalked && p.isOriginal()
		where := p.path + ", " + v.name
		tb.media("", "prefers-reduced-motion:reduce", "prefers-color-scheme:light")
		tb.view(v.width, v.height, v.zoom)
		tb.complaints()
		tb.visit(fmt.Sprint(p.url(), "?", i)) // because a page that is visited twice keeps its ticks
		tb.report(where, "shifts()", "keeps()")
		said, asked := tb.complaints()
		expect(tb, len(said) == 0 && len(asked) <= budget(requests, p),
			"%s: the browser says %q, and took %d requests, at most %d: %q", where, said, len(asked), budget(requests, p), asked)
		if v.width == phoneWidth {
			lookFirst(tb, p)
		}
		tb.report(where, "smallType()", "smallTargets()", "sideways()", "moving()", "figures(7, 3)")
		if v.zoom == 1 { // on a flatter screen the numbers don't stay, because they would cover the text
			tb.report(where, "lostNumbers()")
		}
		if isWalked {
			tb.report(where, "menu()", "badFocus()")
		}
		if isWalked && p.name == emergencyPage {
			tb.report(where, "jumpLinks()")
		}
		if v.width == 1280 {
			tb.reportAxe(where, false)
		}
		tb.act(`document.querySelectorAll('details').forEach(d => { d.open = true })`)
		tickAndLook(tb, where, isWalked, v.width == 1280)
	}
	if p.isOriginal() {
		lookByPreference(tb, p)
	}
	for _, s := range settings {
		tb.resize(s.width, 900, s.zoom)
		tb.act("const s = new CSSStyleSheet(); s.replaceSync(`" + s.css + "`); document.adoptedStyleSheets = [s]")
		tb.report(p.path+", "+s.name, "sideways()")
	}
	tb.report(p.path+", styles off", "bare()")
	tb.quiet(p.path)
}

func (tb *tab) reportAxe(where string, isContrastAlone bool) {
	for _, v := range tb.axe(isContrastAlone) {
		tb.Errorf("%s: %s", where, v)
	}
}

// tickAndLook ticks what a page has, at first what calls for care today, and then for more.
func tickAndLook(tb *tab, where string, isWalked, hasAxe bool) {
	for _, boxes := range []string{"main .today input", "main input"} {
		n := eval[int](tb, `(() => {
			const boxes = [...document.querySelectorAll('`+boxes+`')].filter(b => !b.checked);
			for (const b of boxes) b.click();
			scrollTo({top: document.body.scrollHeight / 2, behavior: 'instant'});
			return boxes.length;
		})()`)
		if n > 0 && hasAxe {
			tb.reportAxe(where+" with ticks in "+boxes, false)
		}
		if n > 0 && isWalked {
			tb.report(where+" with ticks in "+boxes, "badFocus()")
		}
	}
	tb.report(where+", all ticked and open", "smallType()", "smallTargets()", "sideways()")
	tb.act(`localStorage.clear()`)
}

// lookByPreference looks at the page in each scheme. (In forced colors axe would read the page's own.)
func lookByPreference(tb *tab, p page) {
	for _, features := range [][]string{
		{"prefers-color-scheme:dark"}, {"prefers-color-scheme:light", "forced-colors:active"}, {"prefers-color-scheme:dark", "forced-colors:active"},
	} {
		where := fmt.Sprint(p.path, features)
		tb.media("", features...)
		tb.report(where, "fills()", "figures(7, 3)")
		if len(features) == 1 {
			tb.reportAxe(where, true)
		}
	}
	tb.resize(1920, 1080, 1)
	tb.media("", "prefers-color-scheme:light")
	tb.report(p.path+", 1920 px", "fills()", "sideways()")
	tb.report(p.path, "preferences(false)")
	tb.media("", "prefers-reduced-transparency:reduce", "prefers-contrast:more")
	tb.report(p.path, "preferences(true)")
}

// lookFirst looks at what a phone shows of a page at first, and at the navigation.
func lookFirst(tb *tab, p page) {
	tb.report(p.path, fmt.Sprintf("firstScreen(%v, %v)", p.name == emergencyPage, p.name == "/checklist/"))
	tb.Logf("%s: %s", p.path, eval[string](tb, `window.measured`))
	paths := func(what string) []string {
		return eval[[]string](tb, `[...document.querySelectorAll('`+what+`')].filter(a => !a.hreflang).map(a => new URL(a.href).pathname)`)
	}
	got, current := paths("header li a"), paths(`[aria-current="page"]`)
	var want []string
	for _, name := range slices.Concat([]string{"/"}, medical, []string{"/checklist/", "/handout/", "/about/"}) {
		want = append(want, strings.TrimSuffix(p.home(), "/")+name)
	}
	expect(tb, slices.Equal(got, want), "%s: the navigation leads to %q, want %q", p.path, got, want)
	expect(tb, p.is404() && len(current) == 0 || !p.is404() && slices.Equal(current, []string{p.path}),
		"%s marks %q as the current page", p.path, current)
	for check, isMeant := range map[string]bool{"lists()": p.isMedical(), "printButton()": !p.is404(), "table()": p.name == "/about/"} {
		if isMeant {
			tb.report(p.path, check)
		}
	}
}

// TestWithoutScript: a page says the same, in the same order, and shows nothing that can't work, without script and saved on a disk.
func TestWithoutScript(t *testing.T) {
	t.Parallel()
	tb := open(t)
	tb.view(phoneWidth, phoneHeight, 1)
	text := func(url string) string {
		tb.visit(url)
		return eval[string](tb, `(document.querySelectorAll('button, .my-notes, .to-notes').forEach(e => e.remove()), document.body.innerText)`)
	}
	want := map[string]string{}
	for _, p := range site.pages {
		want[p.path] = text(p.url())
		tb.quiet(p.path)
	}
	for _, p := range site.pages {
		saved := filepath.Join(t.TempDir(), "saved.html")
		must(t, os.WriteFile(saved, []byte(p.html(t)), 0o644))
		got := text("file://" + filepath.ToSlash(saved))
		expect(t, got == want[p.path], "%s says other words from a disk:\n%s", p.path, got)
		tb.complaints() // a script that isn't beside the file
	}
	tb.script(false)
	for _, p := range site.pages {
		got, want := text(p.url()), want[p.path]
		expect(t, got == want && len(want) >= 200, "%s says other words without script:\n%s\nand with it:\n%s", p.path, got, want)
		tb.visit(p.url())
		tb.report(p.path+" without script", "deadControls()", "lostNumbers()")
		if p.name == "/checklist/" {
			tb.act(`document.querySelectorAll('.tasks label').forEach(l => l.click())`)
			expect(t, eval[bool](tb, `!!document.querySelector('.tasks input:checked')`),
				"%s: the boxes can't be ticked without script", p.path)
		}
		tb.quiet(p.path)
	}
}

// TestArrivesInPieces: what has come of a page is there to read, and stays where it is while the rest comes.
func TestArrivesInPieces(t *testing.T) {
	t.Parallel()
	pieces := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if ext := path.Ext(q.URL.Path); ext != "" && ext != ".html" { // what the checklist asks for
			site.server.Config.Handler.ServeHTTP(w, q)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=UTF-8")
		for piece := <-pieces; piece != ""; piece = <-pieces { // also when the test has failed, which closes pieces
			_, _ = w.Write([]byte(piece))
			w.(http.Flusher).Flush()
		}
	}))
	defer server.Close()
	defer close(pieces) // before the server closes, which waits for its answers
	tb := open(t)
	tb.view(phoneWidth, phoneHeight, 1)
	for _, p := range site.pages {
		html := p.html(t)
		half := strings.Index(html, "</h1>") + len("</h1>")
		tb.visit("about:blank")
		pieces <- html[:half]
		call(tb, cdpage.Navigate, cdpage.NavigateParams{URL: server.URL + p.path})
		tb.await(`document.querySelector('h1')?.checkVisibility()`)
		shown := eval[string](tb, `document.querySelector('.emergency-numbers li').innerText`)
		expect(t, strings.HasPrefix(shown, p.numbers(t)[0].Number), "%s, half arrived, shows the number %q", p.path, shown)
		for piece := range slices.Chunk([]byte(html[half:]), 4096) {
			pieces <- string(piece)
			tb.act(twoFrames) // show what has come
		}
		pieces <- ""
		tb.await(`document.readyState === 'complete'`)
		tb.report(p.path+" in pieces", "shifts()")
	}
}

//go:embed faults.js
var faults string

// fault is one that is planted, as faults.js explains.
type fault struct{ Name, Page, Old, Fresh, Act, Check, Want string }

// TestPlantedFaults: each check finds what it is there to find. (That they find nothing else, the other tests see.)
func TestPlantedFaults(t *testing.T) {
	t.Parallel()
	var html string
	url := serve(t, func(_ http.ResponseWriter, q *http.Request, body string) string {
		if strings.HasSuffix(q.URL.Path, "/") {
			return html
		}
		return body
	})
	tb := open(t)
	tb.view(phoneWidth, phoneHeight, 1)
	tb.media("", "prefers-reduced-motion:reduce")
	for _, f := range eval[[]fault](tb, faults) {
		f.Page = cmp.Or(f.Page, "/")
		html = site.page(t, f.Page)
		if f.Old == "" {
			f.Old, f.Fresh = "</main>", f.Fresh+"</main>"
		}
		expect(t, strings.Contains(html, f.Old), "%s: the page has no %s", f.Name, f.Old)
		html = strings.Replace(html, f.Old, f.Fresh, 1)
		tb.complaints()
		tb.visit(url + f.Page)
		tb.act(f.Act)
		var found []string
		switch f.Check {
		case "complaints":
			found, _ = tb.complaints()
		case "axe", "contrast":
			found = tb.axe(f.Check == "contrast")
		default:
			found = tb.check(f.Check)[0]
		}
		expect(t, strings.Contains(strings.Join(found, "\n"), f.Want), "%s was planted, and the check says %q", f.Name, found)
		tb.act(`sessionStorage.clear(); document.cookie = 'a=;max-age=0'`)
	}
}

const twoFrames = `await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))));`

// weights are the most bytes that an English page takes on the wire: up to its first figure, which doesn't show before scrolling, and whole.
var (
	weights      = map[string]int{"": 8192, "/checklist/": 9472, "/about/": 8960, "/handout/": 30 << 10}
	wholeWeights = map[string]int{"": 14131, "/checklist/": 9472, "/about/": 8960, "/handout/": 30 << 10}
)

func TestWeight(t *testing.T) {
	weigh := func(src string) int { return len(pack([]byte(src), "br")) }
	for _, p := range site.pages {
		html := p.html(t)
		text, _, hasFigures := strings.Cut(html, "<figure")
		whole := weigh(html)
		first := whole
		if hasFigures && p.name != "/handout/" {
			first = weigh(text)
		}
		limit, wholeLimit := budget(weights, p), budget(wholeWeights, p)
		if !p.isOriginal() { // words of other languages may be longer by a tenth
			limit, wholeLimit = limit*11/10, wholeLimit*11/10
		}
		t.Logf("%s: %d bytes, brotli", p.path, whole)
		expect(t, first <= limit && whole <= wholeLimit,
			"%s takes %d bytes up to its first figure, at most %d, and %d at all, at most %d", p.path, first, limit, whole, wholeLimit)
	}
	scripts, err := filepath.Glob(filepath.Join(site.public, "*.js"))
	expect(t, err == nil && len(scripts) == 1 && weigh(site.read(t, "public/"+filepath.Base(scripts[0]))) < 3000,
		"the site has the scripts %q (%v), and should have one, of less than 3000 bytes", scripts, err)
}

// TestLinters holds pages to html-validate's standard rules, and styles to stylelint's.
func TestLinters(t *testing.T) {
	for name, args := range map[string][]string{
		"html-validate": append([]string{"--config", "htmlvalidate.json", "--formatter", "text"}, site.files...),
		"stylelint":     {"--config", "stylelint.json", filepath.Join("..", "..", "layouts", "_assets", "css", "**", "*.css")},
	} {
		out, err := exec.Command(filepath.Join("..", "node_modules", ".bin", name), args...).CombinedOutput()
		require(t, !errors.Is(err, os.ErrNotExist), "%s is missing: run ./tools/test.sh, which installs it", name)
		expect(t, err == nil && strings.TrimSpace(string(out)) == "", "%s says (%v):\n%s", name, err, out)
	}
}

// TestNu runs the Nu HTML checker, which W3C's validator is, on pages with their styles and pictures.
func TestNu(t *testing.T) {
	java, err := exec.LookPath("java")
	if err != nil {
		t.Skip("No Java here, so the Nu HTML checker did not run. html-validate did.")
	}
	planted := filepath.Join(t.TempDir(), "planted.html")
	fault := `<!DOCTYPE html><html lang=en><title>x</title><style>p{colour:red}</style><svg><nope></nope></svg><article>x</article>`
	must(t, os.WriteFile(planted, []byte(fault), 0o644))
	jar := filepath.Join("..", "node_modules", "vnu-jar", "build", "dist", "vnu.jar")
	args := append([]string{"-jar", jar, "--also-check-css", "--also-check-svg", "--format", "gnu", planted}, site.files...)
	out, _ := exec.Command(java, args...).CombinedOutput()
	for _, want := range []string{"colour", "nope", "Article lacks heading"} {
		expect(t, strings.Contains(string(out), want), "a fault was planted, and the checker does not speak of %q", want)
	}
	others := regexp.MustCompile(`(?m)^.*planted\.html.*$`).ReplaceAllString(string(out), "")
	expect(t, strings.TrimSpace(others) == "", "%s", others)
}
