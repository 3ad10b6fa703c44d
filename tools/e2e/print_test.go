package e2e

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/ledongthuc/pdf"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/pelletier/go-toml/v2"
)

var papers = map[string]chromedp.PaperSize{"A4": chromedp.PaperA4, "Letter": chromedp.PaperLetter}

// printed is what comes out of a printer.
type printed struct {
	pdf      []byte
	sheets   int
	text     string   // without white space
	each     []string // the same, sheet by sheet
	smallest float64  // type, in points
}

// paper prints the page that the tab shows.
func paper(t *testing.T, tb *tab, size chromedp.PaperSize) printed {
	t.Helper()
	src := get(t, tb, chromedp.PrintToPDF(chromedp.PDFPaper(size)))
	r, err := pdf.NewReader(bytes.NewReader(src), int64(len(src)))
	if err != nil {
		t.Fatal(err)
	}
	out := printed{pdf: src, sheets: r.NumPage(), smallest: math.Inf(1)}
	for n := range r.NumPage() {
		text, err := r.Page(n + 1).GetPlainText(nil)
		if err != nil {
			t.Fatal(err)
		}
		out.each = append(out.each, squash(text))
		out.text += squash(text)
		for _, text := range r.Page(n + 1).Content().Text {
			if strings.TrimSpace(text.S) != "" {
				out.smallest = min(out.smallest, text.FontSize)
			}
		}
	}
	return out
}

// hideDrawings leaves their places empty: dark would take hair and clothes for fills.
const hideDrawings = `document.styleSheets[0].insertRule('figure > svg { visibility: hidden }')`

func squash(s string) string { return strings.Join(strings.Fields(s), "") }

// dpi of the pictures of sheets that are looked at as a whole.
const dpi = 150

// pictures are the sheets as pixels, so many to an inch.
func (p printed) pictures(t *testing.T, dpi int) (out []*image.Gray) {
	t.Helper()
	dir := t.TempDir()
	name := filepath.Join(dir, "sheets.pdf")
	if err := os.WriteFile(name, p.pdf, 0o644); err != nil {
		t.Fatal(err)
	}
	if msg, err := exec.Command("pdftoppm", "-r", strconv.Itoa(dpi), "-gray", "-png", name, filepath.Join(dir, "sheet")).CombinedOutput(); err != nil {
		t.Fatalf("pdftoppm is missing or failed: run ./tools/test.sh, which installs it (%v)\n%s", err, msg)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*.png"))
	if err != nil || len(names) != p.sheets {
		t.Fatalf("%d sheets give the pictures %q (%v)", p.sheets, names, err)
	}
	for _, name := range names {
		img, err := png.Decode(strings.NewReader(read(t, name)))
		if err != nil {
			t.Fatal(err)
		}
		gray := image.NewGray(img.Bounds())
		draw.Draw(gray, gray.Rect, img, gray.Rect.Min, draw.Src)
		out = append(out, gray)
	}
	return out
}

// dark returns the first place, in mm from the top left, of a field of 8 by 8 mm that has hardly any white: a fill, which
// wastes toner. (The icons of large print and the corners of a QR code are smaller.)
func dark(img *image.Gray) (x, y int, found bool) {
	const side = dpi * 8 * 10 / 254
	for top := 0; top+side < img.Rect.Dy(); top += side / 2 {
		for left := 0; left+side < img.Rect.Dx(); left += side / 2 {
			white := 0
			for y := top; y < top+side; y++ {
				for _, pixel := range img.Pix[y*img.Stride+left : y*img.Stride+left+side] {
					if pixel >= 250 {
						white++
					}
				}
			}
			if white*10 < side*side {
				return left * 254 / 10 / dpi, top * 254 / 10 / dpi, true
			}
		}
	}
	return 0, 0, false
}

// code reads the one QR code on the sheets (p's pictures at dpi), and measures it with the four
// modules of white around it, which it must have. modules is its width without them.
// A phone takes picture after picture until it can read one: the decoder fails at about one in
// 200 addresses at a given resolution, so it gets some more.
func code(t *testing.T, p printed, sheets []*image.Gray, modules int) (text string, mm float64) {
	t.Helper()
	text, mm = codeAt(t, sheets, modules, dpi)
	for _, dpi := range []int{200, 250, 300, 350} {
		if text != "" {
			break
		}
		text, mm = codeAt(t, p.pictures(t, dpi), modules, dpi)
	}
	return text, mm
}

func codeAt(t *testing.T, sheets []*image.Gray, modules, dpi int) (text string, mm float64) {
	t.Helper()
	for _, img := range sheets {
		bitmap, err := gozxing.NewBinaryBitmapFromImage(img)
		if err != nil {
			t.Fatal(err)
		}
		result, err := qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true})
		if err != nil {
			continue // none on this sheet
		}
		if text != "" {
			t.Error("two QR codes on one page's sheets")
		}
		text = result.GetText()
		at := result.GetResultPoints() // the middles of the patterns bottom left, top left, top right
		module := math.Hypot(at[2].GetX()-at[1].GetX(), at[2].GetY()-at[1].GetY()) / float64(modules-7)
		mm = float64(modules+8) * module * 25.4 / float64(dpi)
		left, top := at[1].GetX()-3.5*module, at[1].GetY()-3.5*module
		right, bottom := at[2].GetX()+3.5*module, at[0].GetY()+3.5*module
		quiet := 3.8 * module // less than 4, for blurred edges
		stains := 0
		for y := int(top - quiet); y < int(bottom+quiet); y++ {
			for x := int(left - quiet); x < int(right+quiet); x++ {
				inside := float64(x) > left-2 && float64(x) < right+2 && float64(y) > top-2 && float64(y) < bottom+2
				if !inside && img.GrayAt(x, y).Y < 128 {
					stains++
				}
			}
		}
		if stains > 0 {
			t.Errorf("%d dark pixels in the white around the QR code", stains)
		}
	}
	return text, mm
}

// number is an emergency number of config.toml.
type number struct{ Number, Where string }

func numbers(t *testing.T) []number {
	t.Helper()
	var c struct{ Params struct{ Emergency []number } }
	if err := toml.Unmarshal([]byte(read(t, filepath.Join(site.root, "config.toml"))), &c); err != nil || len(c.Params.Emergency) < 2 {
		t.Fatalf("the emergency numbers of config.toml are %v (%v)", c.Params.Emergency, err)
	}
	return c.Params.Emergency
}

// margins measures how far the first and the last ink stand from the sides of a sheet, in mm.
func margins(img *image.Gray) (left, right float64) {
	width := img.Rect.Dx()
	first, last := width, 0
	for y := range img.Rect.Dy() {
		row := img.Pix[y*img.Stride : y*img.Stride+width]
		for x, pixel := range row {
			if pixel < 200 {
				first, last = min(first, x), max(last, x)
			}
		}
	}
	const mm = 25.4 / dpi
	return float64(first) * mm, float64(width-1-last) * mm
}

// TestRoom: on paper there is room between lines, and clearly more between items.
func TestRoom(t *testing.T) {
	tb := open(t)
	if _, err := chromedp.Call(tb.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"}); err != nil {
		t.Fatal(err)
	}
	for _, p := range append([]string{"/", "/about/", "/checklist/", "/handout/"}, medical...) {
		tb.do(t, chromedp.Navigate(site.server.URL+p))
		got := get(t, tb, chromedp.Evaluate[struct{ Tight, Close []string }](`(() => {
			const shown = [...document.querySelectorAll('main :is(p, li, h1, h2, h3, figcaption)')].filter(e => e.checkVisibility() && !e.closest('.about-page, .chapter-state, .emergency-box'));
			const ratio = e => { const s = getComputedStyle(e); return parseFloat(s.lineHeight) / parseFloat(s.fontSize) };
			const between = e => { const s = getComputedStyle(e); return parseFloat(s.marginBlockEnd) / (parseFloat(s.lineHeight) - parseFloat(s.fontSize)) };
			return {
				Tight: shown.filter(e => ratio(e) < (e.matches('h1, h2, h3') ? 1.15 : 1.245)).map(e => ratio(e) + ': ' + e.textContent.slice(0, 40)),
				Close: shown.filter(e => e.matches('li + li:not(:last-child)') && between(e) < .9).map(e => between(e) + ': ' + e.textContent.slice(0, 40)),
			};
		})()`))
		if len(got.Tight)+len(got.Close) > 0 {
			t.Errorf("%s on paper: lines too tight: %q; items too close: %q", p, got.Tight, got.Close)
		}
	}
}

// TestFront: all that means "call now" stands on the front of the sheet of emergency signs, in 14 pt, and its back holds the rest.
func TestFront(t *testing.T) {
	tb := open(t)
	for name, size := range papers {
		tb.do(t, chromedp.Navigate(site.server.URL+"/emergency-signs/"))
		out := paper(t, tb, size)
		items := get(t, tb, chromedp.Evaluate[[]string](`[...document.querySelectorAll('.card.emergency :is(li, strong)')].map(e => e.textContent)`))
		for _, item := range items {
			if !strings.Contains(out.each[0], squash(item)) {
				t.Errorf("%s: the front does not say %q", name, item)
			}
		}
		if len(items) < 10 || out.sheets > 2 {
			t.Errorf("%s: %d emergency signs on %d sides, front and back are two", name, len(items), out.sheets)
		}
		if _, err := chromedp.Call(tb.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"}); err != nil {
			t.Fatal(err)
		}
		if small := get(t, tb, chromedp.Evaluate[int](`[...document.querySelectorAll('.card.emergency :is(li, strong)')].filter(e => parseFloat(getComputedStyle(e).fontSize) * .75 < 13.99).length`)); small > 0 {
			t.Errorf("%d emergency signs are smaller than 14 pt on paper", small)
		}
		if _, err := chromedp.Call(tb.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDark: the eye for dark areas sees a fill, and takes type and lines for what they are.
func TestDark(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 1240, 1754))
	draw.Draw(img, img.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(img, image.Rect(100, 100, 1100, 110), image.Black, image.Point{}, draw.Src)
	if _, _, found := dark(img); found {
		t.Error("a line is no dark area")
	}
	draw.Draw(img, image.Rect(600, 800, 700, 900), image.NewUniform(color.Gray{Y: 230}), image.Point{}, draw.Src)
	if x, y, found := dark(img); !found || x < 95 || x > 112 || y < 130 || y > 145 {
		t.Errorf("a tinted field of 17 mm is found %v, at %d, %d mm", found, x, y)
	}
}

// TestSheets prints every page on both papers, in dark mode and with every box
// ticked, and holds it to its number of sheets and to what each sheet must be.
func TestSheets(t *testing.T) {
	tb := open(t)
	tb.look(t, "dark", "none", 1280, 800)
	for name, size := range papers {
		total := 0
		for _, p := range append([]string{"/", "/about/", "/checklist/", "/handout/"}, medical...) {
			tb.do(t, chromedp.Navigate(site.server.URL+p))
			plain := paper(t, tb, size)
			tb.do(t, chromedp.Evaluate[chromedp.Void](hideDrawings), chromedp.Evaluate[chromedp.Void](`document.querySelectorAll('.tasks input').forEach(b => b.click())`))
			out := paper(t, tb, size)
			limit := 2
			switch p {
			case "/":
				limit = 1
			case "/handout/":
				limit = 9
			default:
			}
			if out.sheets > limit || plain.sheets > limit {
				t.Errorf("%s on %s takes %d sheets, %d with ticks, at most %d", p, name, plain.sheets, out.sheets, limit)
			}
			for _, want := range []string{"Call your local emergency number", "911", site.server.URL + p, "No clinician has reviewed", "November 22, 2022"} {
				if !strings.Contains(out.text, squash(want)) {
					t.Errorf("%s on %s does not say %q", p, name, want)
				}
			}
			for _, number := range numbers(t) { // each, with where it holds
				if !strings.Contains(out.each[0], squash(number.Number+number.Where)) {
					t.Errorf("%s on %s: the first sheet does not say %+v", p, name, number)
				}
			}
			for n, text := range out.each { // sheets part
				for _, once := range []string{"Newest version: " + site.server.URL + p, "This version:"} {
					if got := strings.Count(text, squash(once)); got != 1 {
						t.Errorf("%s on %s: sheet %d says %q %d times, want once", p, name, n+1, once, got)
					}
				}
				for _, want := range []string{"No clinician has reviewed", "Source last reviewed November 22, 2022", site.server.URL + p} {
					if !strings.Contains(text, squash(want)) {
						t.Errorf("%s on %s: sheet %d does not say %q", p, name, n+1, want)
					}
				}
			}
			if out.smallest < 9.95 {
				t.Errorf("%s on %s has type of %.1f pt, at least 10", p, name, out.smallest)
			}
			sheets := out.pictures(t, dpi)
			for n, img := range sheets {
				if left, right := margins(img); left < 11.8 || right < 11.8 {
					t.Errorf("%s on %s, sheet %d has side margins of %.1f and %.1f mm, at least 12", p, name, n+1, left, right)
				}
				if x, y, found := dark(img); found {
					t.Errorf("%s on %s, sheet %d has a dark area %d mm from the left and %d mm from the top", p, name, n+1, x, y)
				}
			}
			modules := get(t, tb, chromedp.Evaluate[int](`document.querySelector('img.paper-only').naturalWidth / 2 - 8`))
			if text, mm := code(t, out, sheets, modules); text != site.server.URL+p || mm < 25 {
				t.Errorf("%s on %s: the QR code says %q and is %.1f mm wide with its white, at least 25", p, name, text, mm)
			}
			t.Logf("%s on %s: %d sheets", p, name, out.sheets)
			for _, m := range medical {
				if m == p {
					total += out.sheets
				}
			}
		}
		t.Logf("%s: the %d pages take %d sheets", name, len(medical), total)
		if total > 10 {
			t.Errorf("the pages take %d sheets of %s, at most 10", total, name)
		}
	}
}

// TestType: on paper, only what says where the text comes from is under 12 pt.
func TestType(t *testing.T) {
	tb := open(t)
	if _, err := chromedp.Call(tb.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"}); err != nil {
		t.Fatal(err)
	}
	for _, p := range site.pages {
		tb.do(t, chromedp.Navigate(site.server.URL+p))
		small := get(t, tb, chromedp.Evaluate[[]string](`(() => {
			const found = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
			while (walk.nextNode()) {
				const e = walk.currentNode.parentElement, size = parseFloat(getComputedStyle(e).fontSize) * .75;
				if (walk.currentNode.data.trim() && e.checkVisibility() && size < (e.closest('.about-page, .chapter-state') ? 10 : 12) - .01) found.push(size + ' pt: ' + walk.currentNode.data);
			}
			return found;
		})()`))
		if len(small) > 0 {
			t.Errorf("%s: too small on paper: %q", p, small)
		}
	}
}

// TestBooklet: what to print and how large is the reader's choice, without script.
func TestBooklet(t *testing.T) {
	tb := open(t)
	if _, err := chromedp.Call(tb.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	for name, size := range papers {
		tb.do(t, chromedp.Navigate(site.server.URL+"/about/"), chromedp.Navigate(site.server.URL+"/handout/"))
		firsts := get(t, tb, chromedp.Evaluate[[]string](`[...document.querySelectorAll('.chapter')].map(c => c.querySelector('article li, article .text > p').textContent)`))
		if len(firsts) != len(medical) {
			t.Fatalf("the booklet has %d chapters, want %d", len(firsts), len(medical))
		}
		whole := paper(t, tb, size)
		for _, want := range append(firsts, "Notes from your provider", "Phone number to call:") {
			if !strings.Contains(whole.text, squash(want)) {
				t.Errorf("%s: the booklet does not say %q", name, want)
			}
		}
		lasts := get(t, tb, chromedp.Evaluate[[]string](`[...document.querySelectorAll('.chapter article')].map(a => [...a.querySelectorAll('p, li')].at(-1).textContent)`))
		starts := make([]int, len(firsts)) // the sheet on which a chapter starts
		for i, first := range firsts {
			starts[i] = slices.IndexFunc(whole.each, func(text string) bool { return strings.Contains(text, squash(first)) })
			sheet := whole.each[max(starts[i], 0)]
			for _, number := range numbers(t) { // a chapter that is handed on alone has its emergency box
				if got := strings.Count(sheet, squash(number.Number+number.Where)); got != 1 {
					t.Errorf("%s: chapter %d starts on a sheet that says %+v %d times", name, i+1, number, got)
				}
			}
			if i > 0 && (starts[i] <= starts[i-1] || strings.Contains(sheet, squash(lasts[i-1]))) {
				t.Errorf("%s: chapter %d does not start on a sheet of its own", name, i+1)
			}
		}
		if !strings.Contains(whole.each[0], squash(get(t, tb, chromedp.Evaluate[string](`document.querySelector('.emergency .card-head strong').textContent`)))) {
			t.Errorf("%s: the first sheet of the booklet does not show the emergency signs", name)
		}
		if got := strings.Count(whole.text, squash("No clinician has reviewed this text. This page is based on:")); got != len(medical) {
			t.Errorf("%s: %d of %d chapters say how their review stands", name, got, len(medical))
		}
		if strings.Contains(whole.text, squash("Choose what to print")) {
			t.Errorf("%s: the choice itself is printed", name)
		}
		tb.do(t, chromedp.Evaluate[chromedp.Void](`document.querySelectorAll('.print-choice label')[0].click(), document.querySelectorAll('.print-choice label')[2].click()`))
		some := paper(t, tb, size)
		for i, first := range firsts {
			if got, want := strings.Contains(some.text, squash(first)), i != 0 && i != 2; got != want {
				t.Errorf("%s, without the chapters 1 and 3: chapter %d is printed: %v", name, i+1, got)
			}
		}
		if some.sheets >= whole.sheets {
			t.Errorf("%s: two chapters less take %d sheets, all take %d", name, some.sheets, whole.sheets)
		}
		tb.do(t, chromedp.Evaluate[chromedp.Void](hideDrawings), chromedp.Evaluate[chromedp.Void](`document.querySelector('.print-choice label:last-of-type').click()`))
		large := paper(t, tb, size)
		if large.smallest < 17.9 || whole.smallest > 12 {
			t.Errorf("%s: large print has type of %.1f pt, at least 18; normal print %.1f", name, large.smallest, whole.smallest)
		}
		modules := get(t, tb, chromedp.Evaluate[int](`document.querySelector('img.paper-only').naturalWidth / 2 - 8`))
		sheets := large.pictures(t, dpi)
		if text, mm := code(t, large, sheets, modules); text != site.server.URL+"/handout/" || mm < 25 {
			t.Errorf("%s, large: the QR code says %q and is %.1f mm wide", name, text, mm)
		}
		for n, img := range sheets {
			if x, y, found := dark(img); found {
				t.Errorf("%s, large, sheet %d has a dark area at %d, %d mm", name, n+1, x, y)
			}
		}
	}
}

// TestNotesOnPaper: "Print my notes" prints them alone, with their provenance.
func TestNotesOnPaper(t *testing.T) {
	tb := open(t)
	tb.do(t, chromedp.Navigate(site.server.URL+"/checklist/"))
	item := get(t, tb, chromedp.Evaluate[string](`(() => {
		window.print = () => {};
		document.querySelector('.emergency .tasks input').click();
		[...document.querySelectorAll('.my-notes button')].find(b => b.textContent === 'Print my notes').click();
		return document.querySelectorAll('.emergency .tasks label')[1].textContent;
	})()`))
	// What is written stands once, and a field left empty is room to write.
	tb.do(t, chromedp.Evaluate[chromedp.Void](`(() => { const f = document.querySelector('textarea'); f.value = 'Since Monday noon'; f.dispatchEvent(new Event('input', {bubbles: true})) })()`))
	ticked := get(t, tb, chromedp.Evaluate[string](`document.querySelector('.tasks label').textContent`))
	out := paper(t, tb, chromedp.PaperA4)
	for _, want := range []string{"My notes", "- " + ticked, "When did it start?", "No clinician has reviewed", "Call your local emergency number now.", site.server.URL + "/checklist/"} {
		if !strings.Contains(out.text, squash(want)) {
			t.Errorf("the notes do not say %q", want)
		}
	}
	if strings.Contains(out.text, squash(item)) || strings.Contains(out.text, squash("Clear all")) || out.sheets != 1 {
		t.Errorf("the notes take %d sheets, or hold more than the notes", out.sheets)
	}
	tb.do(t, chromedp.Evaluate[chromedp.Void](`document.documentElement.classList.remove('only-my-notes')`))
	whole := paper(t, tb, chromedp.PaperA4)
	for _, once := range []string{"Since Monday noon", "When did it start?", "Which medicines do you take?"} {
		if notes, page := strings.Count(out.text, squash(once)), strings.Count(whole.text, squash(once)); notes != 1 || page != 1 {
			t.Errorf("%q stands %d times on the printed notes and %d times on the printed page, want 1 and 1", once, notes, page)
		}
	}
	if strings.Contains(whole.text, "-"+squash(ticked)) {
		t.Error("the printed page repeats in the notes what is ticked in its lists")
	}
}

// TestPrintedOn: with script, paper says the day on which it was printed, by the reader's clock; without, the day of the version alone.
func TestPrintedOn(t *testing.T) {
	tb := open(t)
	for _, p := range site.pages {
		if p == "/404.html" {
			continue
		}
		tb.do(t, chromedp.Navigate(site.server.URL+p),
			chromedp.Evaluate[chromedp.Void](`Date = class extends Date { constructor() { super(2031, 4, 6) } }`))
		if out := paper(t, tb, chromedp.PaperA4); strings.Count(out.text, squash("Printed on May 6, 2031.")) != out.sheets || strings.Count(out.text, squash("This version:")) != out.sheets {
			t.Errorf("%s does not say once on each sheet when it was printed and of when it is", p)
		}
	}
	if _, err := chromedp.Call(tb.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	tb.do(t, chromedp.Navigate(site.server.URL+"/causes/"))
	if out := paper(t, tb, chromedp.PaperA4); strings.Contains(out.text, squash("Printed on")) || !strings.Contains(out.text, squash("This version:")) {
		t.Error("without script, paper says more or less than the day of the version")
	}
}
