package e2e

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/ledongthuc/pdf"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// papers are those that clinics print on.
var papers = []struct {
	name string
	size chromedp.PaperSize
}{{"A4", chromedp.PaperA4}, {"Letter", chromedp.PaperLetter}}

// sheetLimits are the most sheets that a page takes, and medicalSheets those of all pages with medical text of a language.
var sheetLimits = map[string]int{"": 2, "/": 1, "/handout/": 9, "/es/handout/": 10}

const medicalSheets = 10

// printed is what comes out of a printer.
type printed struct {
	pdf      []byte
	sheets   []string // the text of each, without white space
	text     string   // the same of all
	smallest float64  // type, in points
}

// paper prints the page that the tab shows.
func (tb *tab) paper(size chromedp.PaperSize) printed {
	src := run(tb, chromedp.PrintToPDF(chromedp.PDFPaper(size)))
	r, err := pdf.NewReader(bytes.NewReader(src), int64(len(src)))
	must(tb, err)
	out := printed{pdf: src, smallest: math.Inf(1)}
	for n := range r.NumPage() {
		text, err := r.Page(n + 1).GetPlainText(nil)
		must(tb, err)
		out.sheets = append(out.sheets, squash(text))
		for _, text := range r.Page(n + 1).Content().Text {
			if strings.TrimSpace(text.S) != "" {
				out.smallest = min(out.smallest, text.FontSize)
			}
		}
	}
	out.text = strings.Join(out.sheets, "")
	return out
}

func squash(s string) string { return strings.Join(strings.Fields(s), "") }

func (p printed) says(words string) bool { return strings.Contains(p.text, squash(words)) }

// expectWords reports which of some words a text without white space lacks.
func expectWords(t testing.TB, where, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		expect(t, strings.Contains(text, squash(w)), "%s does not say %q", where, w)
	}
}

// dpi of the pictures of sheets that are looked at as a whole.
const dpi = 150

// pictures are the sheets as pixels, so many to an inch.
func (p printed) pictures(t testing.TB, dpi int) (out []*image.Gray) {
	name := filepath.Join(t.TempDir(), "sheets.pdf")
	must(t, os.WriteFile(name, p.pdf, 0o644))
	msg, err := exec.Command("pdftoppm", "-r", strconv.Itoa(dpi), "-gray", name, name).CombinedOutput()
	require(t, err == nil, "pdftoppm is missing or failed: run ./tools/test.sh, which installs it (%v)\n%s", err, msg)
	names, err := filepath.Glob(name + "*.pgm")
	require(t, err == nil && len(names) == len(p.sheets), "%d sheets give the pictures %q (%v)", len(p.sheets), names, err)
	for _, name := range names {
		src, err := os.ReadFile(name)
		var width, height int
		_, isWrong := fmt.Sscanf(string(src), "P5\n%d %d\n255", &width, &height) // the pixels follow
		must(t, err, isWrong)
		out = append(out, &image.Gray{Pix: src[len(src)-width*height:], Stride: width, Rect: image.Rect(0, 0, width, height)})
	}
	return out
}

// dark returns the first place, in mm from the top left, of a field of 8 by 8 mm that has hardly any white: a fill, which
// wastes toner. (The icons of large print and the corners of a QR code are smaller.)
func dark(img *image.Gray) (place image.Point, isFound bool) {
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
				return image.Pt(left*254/10/dpi, top*254/10/dpi), true
			}
		}
	}
	return image.Point{}, false
}

// TestDark: the eye for dark areas sees a fill, and takes type and lines for what they are.
func TestDark(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 1240, 1754))
	draw.Draw(img, img.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(img, image.Rect(100, 100, 1100, 110), image.Black, image.Point{}, draw.Src)
	at, isFound := dark(img)
	expect(t, !isFound, "a line is no dark area")
	draw.Draw(img, image.Rect(600, 800, 700, 900), image.NewUniform(color.Gray{Y: 230}), image.Point{}, draw.Src)
	at, isFound = dark(img)
	expect(t, isFound && at.In(image.Rect(95, 130, 112, 145)), "a tinted field of 17 mm is found %v, at %v mm", isFound, at)
}

// margins measures how far the first and the last ink stand from the sides of a sheet, in mm.
func margins(img *image.Gray) (left, right float64) {
	width := img.Rect.Dx()
	first, last := width, 0
	for y := range img.Rect.Dy() {
		for x, pixel := range img.Pix[y*img.Stride : y*img.Stride+width] {
			if pixel < 200 {
				first, last = min(first, x), max(last, x)
			}
		}
	}
	const mm = 25.4 / dpi
	return float64(first) * mm, float64(width-1-last) * mm
}

// checkPictures looks at sheets for fills, narrow margins and the QR code, which must lead to an address.
func (tb *tab) checkPictures(where string, p printed, url string) {
	sheets := p.pictures(tb, dpi)
	for n, img := range sheets {
		left, right := margins(img)
		expect(tb, left >= 11.8 && right >= 11.8, "%s, sheet %d has side margins of %.1f and %.1f mm, at least 12", where, n+1, left, right)
		at, isFound := dark(img)
		expect(tb, !isFound, "%s, sheet %d has a dark area %d mm from the left and %d mm from the top", where, n+1, at.X, at.Y)
	}
	modules := eval[int](tb, `document.querySelector('img.paper-only').naturalWidth / 2 - 8`)
	text, mm := code(tb, sheets, modules, dpi)
	// A phone takes picture after picture until it can read one: the decoder fails at about one in 200 addresses at a given
	// resolution, so it gets some more.
	for _, dpi := range []int{200, 250, 300, 350} {
		if text == "" {
			text, mm = code(tb, p.pictures(tb, dpi), modules, dpi)
		}
	}
	module := mm / float64(modules+8)
	expect(tb, text == url && module >= 0.5, "%s: the QR code says %q in squares of %.2f mm, at least 0.5", where, text, module)
}

// code reads the one QR code on the sheets, and measures it with the four modules of white around it, which it must have.
// modules is its width without them.
func code(t testing.TB, sheets []*image.Gray, modules, dpi int) (text string, mm float64) {
	for _, img := range sheets {
		bitmap, err := gozxing.NewBinaryBitmapFromImage(img)
		must(t, err)
		result, err := qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true})
		if err != nil {
			continue // none on this sheet
		}
		expect(t, text == "", "two QR codes on one page's sheets")
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
				isInside := float64(x) > left-2 && float64(x) < right+2 && float64(y) > top-2 && float64(y) < bottom+2
				if !isInside && img.GrayAt(x, y).Y < 128 {
					stains++
				}
			}
		}
		expect(t, stains == 0, "%d dark pixels in the white around the QR code", stains)
	}
	return text, mm
}

const (
	// hideDrawings leaves their places empty: dark would take hair and clothes for fills.
	hideDrawings = `document.styleSheets[0].insertRule('figure > svg { visibility: hidden }');`
	// later lets the reader print on 6 May 2031.
	later   = `Date = class extends Date { constructor(...a) { a.length ? super(...a) : super(2031, 4, 6) } };`
	tickAll = `document.querySelectorAll('.tasks input').forEach(b => b.click());`
)

// TestSheets prints every page on both papers, in dark mode and with every box ticked, and holds it to what its sheets must be.
func TestSheets(t *testing.T) {
	t.Parallel()
	tb := open(t)
	total := map[string]int{}
	for _, p := range site.pages {
		tb.media("print", "prefers-color-scheme:dark")
		tb.visit(p.url())
		tb.report(p.path+" on paper", "paper()", "fills()", "figures(20.9, 7, true)")
		if p.is404() {
			continue
		}
		tb.act(hideDrawings + later)
		for _, paper := range papers {
			where := p.path + " on " + paper.name
			out := tb.paper(paper.size)
			tb.checkSheets(where, p, out)
			if p.isOriginal() || paper.name == "Letter" {
				tb.checkPictures(where, out, p.url())
			}
			t.Logf("%s: %d sheets", where, len(out.sheets))
			if p.isMedical() {
				total[p.lang+" on "+paper.name] += len(out.sheets)
			}
			if p.name == emergencyPage {
				tb.checkFront(where, out)
			}
		}
		if p.name == "/checklist/" {
			tb.act(tickAll)
			tb.checkSheets(p.path+" with ticks", p, tb.paper(chromedp.PaperLetter))
		}
	}
	for on, n := range total {
		t.Logf("in %s the pages take %d sheets", on, n)
		expect(t, n <= medicalSheets, "in %s the pages take %d sheets, at most %d", on, n, medicalSheets)
	}
}

// checkSheets holds each sheet of a page to what it must say, because sheets part.
func (tb *tab) checkSheets(where string, p page, out printed) {
	limit := budget(sheetLimits, p)
	expect(tb, len(out.sheets) <= limit, "%s takes %d sheets, at most %d", where, len(out.sheets), limit)
	first := []string{p.say(tb, "emergency_call")}
	for _, number := range p.numbers(tb) { // each, with where it holds
		first = append(first, number.Number+number.Where)
	}
	expectWords(tb, where+": the first sheet", out.sheets[0], first...)
	_, state := p.unreviewed(tb)
	for n, text := range out.sheets {
		for _, once := range []string{
			p.say(tb, "paper_newest", p.url()), p.say(tb, "paper_made"), p.say(tb, "paper_printed", dates[p.lang].later),
		} {
			got := strings.Count(text, squash(once))
			expect(tb, got == 1, "%s: sheet %d says %q %d times, want once", where, n+1, once, got)
		}
		expectWords(tb, fmt.Sprintf("%s: sheet %d", where, n+1), text, state, p.say(tb, "sheet_source", dates[p.lang].source))
	}
	expect(tb, out.smallest >= 9.95, "%s has type of %.1f pt, at least 10", where, out.smallest)
}

// checkFront: all that means "call now" stands on the front of the sheet of emergency signs, in 14 pt, and its back holds the rest.
func (tb *tab) checkFront(where string, out printed) {
	items := eval[[]string](tb, `[...document.querySelectorAll('.card.emergency :is(li, strong)')].map(e => e.textContent)`)
	expect(tb, len(items) >= 10, "%s has only %d emergency signs", where, len(items))
	expectWords(tb, where+": the front", out.sheets[0], items...)
	small := eval[[]string](tb, `[...document.querySelectorAll('.card.emergency :is(li, strong)')]
		.filter(e => parseFloat(getComputedStyle(e).fontSize) * .75 < 13.99).map(e => e.textContent)`)
	expect(tb, len(small) == 0, "%s: smaller than 14 pt: %q", where, small)
}

// TestBooklet: what to print and how large is the reader's choice, without script; each chapter can be handed on alone.
func TestBooklet(t *testing.T) { inEachLanguage(t, "/handout/", printBooklet) }

func printBooklet(t *testing.T, p page) {
	tb := open(t)
	tb.script(false)
	for _, paper := range papers {
		where := p.path + " on " + paper.name
		tb.visit("about:blank") // forgets what was chosen
		tb.visit(p.url())
		whole := tb.paper(paper.size)
		firsts := tb.checkChapters(where, p, whole)
		tb.act(`document.querySelectorAll('.print-choice label')[0].click(); document.querySelectorAll('.print-choice label')[2].click()`)
		some := tb.paper(paper.size)
		for i, first := range firsts {
			got, want := some.says(first), i != 0 && i != 2
			expect(t, got == want, "%s, without the chapters 1 and 3: chapter %d is printed: %v", where, i+1, got)
		}
		expect(t, len(some.sheets) < len(whole.sheets),
			"%s: two chapters less take %d sheets, all take %d", where, len(some.sheets), len(whole.sheets))
		tb.act(hideDrawings + `document.querySelector('.print-choice label:last-of-type').click()`)
		large := tb.paper(paper.size)
		expect(t, large.smallest >= 17.9 && whole.smallest <= 12,
			"%s: large print has type of %.1f pt, at least 18; normal print %.1f", where, large.smallest, whole.smallest)
		if p.isOriginal() {
			tb.checkPictures(where+", large", large, p.url())
		}
		expect(t, !whole.says(p.say(t, "paper_printed")) && whole.says(p.say(t, "paper_made")),
			"%s, without script, says more or less than the day of the version", where)
	}
}

// checkChapters returns the first words of each chapter: it starts on a sheet of its own, with every emergency number, and says
// how its review stands; the emergency signs come first.
func (tb *tab) checkChapters(where string, p page, out printed) (firsts []string) {
	const articles = `[...document.querySelectorAll('.chapter article')]`
	firsts = eval[[]string](tb, articles+`.map(a => a.querySelector('li, .text > p').textContent)`)
	lasts := eval[[]string](tb, articles+`.map(a => [...a.querySelectorAll('p, li')].at(-1).textContent)`)
	require(tb, len(firsts) == len(medical), "%s: the booklet has %d chapters, want %d", where, len(firsts), len(medical))
	before := -1
	for i, first := range firsts {
		start := slices.IndexFunc(out.sheets, func(text string) bool { return strings.Contains(text, squash(first)) })
		if start <= before || i > 0 && strings.Contains(out.sheets[start], squash(lasts[i-1])) {
			tb.Fatalf("%s: chapter %d starts on sheet %d, after %d, and not on one of its own", where, i+1, start+1, before+1)
		}
		before = start
		for _, number := range p.numbers(tb) {
			got := strings.Count(out.sheets[start], squash(number.Number+number.Where))
			expect(tb, got == 1, "%s: chapter %d starts on a sheet that says %+v %d times", where, i+1, number, got)
		}
	}
	head := eval[string](tb, `document.querySelector('.chapter .emergency .card-head strong').textContent`)
	expectWords(tb, where+": the booklet's start", out.sheets[0], head)
	expect(tb, out.says(p.say(tb, "write_title")), "%s: the booklet has no room for notes", where)
	state := p.say(tb, "state_unreviewed")
	if !p.isOriginal() {
		state += p.say(tb, "translation_unreviewed")
	}
	got := strings.Count(out.text, squash(state+p.say(tb, "about_sources")))
	expect(tb, got == len(medical), "%s: %d of %d chapters say how their review stands", where, got, len(medical))
	legend := eval[string](tb, `document.querySelector('.print-choice legend').textContent`)
	expect(tb, !out.says(legend), "%s: the choice itself is printed", where)
	return firsts
}

// TestNotesOnPaper: "Print my notes" prints them alone, with their provenance; each stands once, and an empty field is room.
func TestNotesOnPaper(t *testing.T) { inEachLanguage(t, "/checklist/", printNotes) }

func printNotes(t *testing.T, p page) {
	r := openChecklist(t, p, site.server.URL)
	r.act(`window.print = () => {}`)
	signs := js[[]string](r, `(list('emergency')[0].click(), write('Since Monday noon'), button('print').click(),
		[...document.querySelectorAll('.emergency .tasks label')].map(l => l.textContent.trim()))`)
	notes := r.paper(chromedp.PaperA4)
	_, state := p.unreviewed(t)
	wants := []string{"- " + signs[0], state, p.url()}
	for _, key := range []string{"notes_title", "notes_started", "emergency_call"} {
		wants = append(wants, p.say(t, key))
	}
	expectWords(t, "the paper of the notes", notes.text, wants...)
	expect(t, !notes.says(signs[1]) && !notes.says(p.say(t, "notes_clear")) && len(notes.sheets) == 1,
		"the notes take %d sheets, or hold more than the notes", len(notes.sheets))
	r.act(`document.documentElement.classList.remove('only-my-notes')`)
	whole := r.paper(chromedp.PaperA4)
	for _, once := range []string{"Since Monday noon", p.say(t, "notes_started"), p.say(t, "notes_medicines")} {
		inNotes, onPage := strings.Count(notes.text, squash(once)), strings.Count(whole.text, squash(once))
		expect(t, inNotes == 1 && onPage == 1, "%q stands %d times in the printed notes, and %d on the page, not once", once, inNotes, onPage)
	}
	expect(t, !whole.says("- "+signs[0]), "the printed page repeats in the notes what is ticked in its lists")
}
