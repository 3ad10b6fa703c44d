package e2e

import (
	"bytes"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	cdpage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// cell holds the picture of a component: its upper part, where it is higher.
var cell = image.Rect(0, 0, 402, 150)

// setComponents makes the components look the same whatever fonts a machine has: each piece of text becomes a space without width,
// lines are of one height, and bars stand for the words whose color matters. It returns where each component is.
const setComponents = `(() => {
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (walk.nextNode()) walk.currentNode.data = walk.currentNode.data.trim() ? '\u200b' : '';
	const style = document.head.appendChild(document.createElement('style'));
	const rules = [
		'* { line-height: 24px !important; font-family: sans-serif !important; letter-spacing: 0 !important; text-decoration: none !important }',
		'main { columns: auto !important; width: 400px !important; margin: 0 !important; padding: 0 !important }',
		'ol { list-style-type: disc !important }',
		'table { table-layout: fixed !important }',
		'.emergency-box { position: static !important; width: 400px; padding: 0 !important }',
		'.emergency-numbers li, button { display: inline-block !important; width: 60px }',
		'.icon { width: 24px !important; height: 24px !important; vertical-align: top !important }',
		'figure { display: block !important; width: 120px !important }',
		'figure > svg { width: 100% !important }',
		'figcaption, .about-page > :not(.state) { display: none !important }',
		'.about-page > .state { display: block !important }',
		'.level::after, .state::before { content: none !important }',
		':is(.level > span, .card-head > strong, .state > strong, .page-tiles a, li > strong) { display: inline-block !important; vertical-align: top; width: 60px; height: 12px; min-height: 0 !important; background: currentcolor !important }',
	];
	for (const rule of rules) style.sheet.insertRule(rule);
	const found = document.querySelectorAll('.emergency-box, .draft, article .text > :is(.card, ul, ol, blockquote, .table), figure, .about-page, .page-tiles li, main button');
	return [...found].filter(e => e.checkVisibility()).map(e => {
		const r = e.getBoundingClientRect();
		const name = e.querySelector('svg[role]')?.getAttribute('aria-label') ?? (e.className || e.localName);
		return {Name: name, X: r.x + scrollX, Y: r.y + scrollY, Width: r.width, Height: r.height};
	});
})()`

// component is where a component stands on its page.
type component struct {
	Name                string
	X, Y, Width, Height float64
}

// TestComponents compares each card, list, table, notice and drawing of /components/, a page of the preview, with pictures that are
// kept in testdata/components, in light, dark, forced colors and on paper. UPDATE_PICTURES=1 keeps those of today; look at them first.
func TestComponents(t *testing.T) {
	public := filepath.Join(t.TempDir(), "public")
	if out, err := hugo(site.root, "-D", "-d", public); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	tb := open(t)
	for _, look := range []struct{ name, media, scheme, forced string }{
		{"light", "", "light", "none"}, {"dark", "", "dark", "none"}, {"forced", "", "dark", "active"}, {"paper", "print", "light", "none"},
	} {
		tb.do(t, chromedp.EmulateViewport(1000, 800))
		if _, err := chromedp.Call(tb.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: look.media, Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: look.scheme}, {Name: "forced-colors", Value: look.forced},
		}}); err != nil {
			t.Fatal(err)
		}
		tb.do(t, chromedp.Navigate("file://"+filepath.ToSlash(filepath.Join(public, "components", "index.html"))))
		components := get(t, tb, chromedp.Evaluate[[]component](setComponents))
		if want := len(drawings(t)) + 12; len(components) < want {
			t.Fatalf("%s: the page shows %d components, want at least %d", look.name, len(components), want)
		}
		got := picture(t, tb, components)
		name := filepath.Join("testdata", "components", look.name+".png")
		if os.Getenv("UPDATE_PICTURES") != "" {
			var out bytes.Buffer
			if err := png.Encode(&out, got); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, out.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		src, err := png.Decode(bytes.NewReader([]byte(read(t, name))))
		if err != nil {
			t.Fatal(err)
		}
		kept := image.NewRGBA(got.Rect)
		draw.Draw(kept, kept.Rect, src, image.Point{}, draw.Src)
		if src.Bounds().Size() != got.Rect.Size() {
			t.Errorf("%s shows other components than the page: keep new pictures", name)
			continue
		}
		for i, c := range components {
			slot := cell.Add(image.Pt(0, i*cell.Dy()))
			if off := unlike(kept, got, slot) + unlike(got, kept, slot); off > mostUnlike {
				t.Errorf("%s: %s does not look as in %s (its picture %d): %d pixels are unlike, at most %d", look.name, c.Name, name, i+1, off, mostUnlike)
				keepFailed(t, got, slot, fmt.Sprintf("%s-%d.png", look.name, i+1))
			}
		}
	}
}

// picture takes one picture of the page, and puts its components below each other, one a cell.
func picture(t *testing.T, tb *tab, components []component) *image.RGBA {
	t.Helper()
	height := 0.0
	for _, c := range components {
		height = max(height, c.Y+c.Height)
	}
	shot, err := chromedp.Call(tb.ctx, cdpage.CaptureScreenshot, cdpage.CaptureScreenshotParams{CaptureBeyondViewport: new(true),
		Clip: &cdpage.Viewport{Width: 1000, Height: height, Scale: 1}})
	if err != nil {
		t.Fatal(err)
	}
	page, err := png.Decode(bytes.NewReader(shot.Data))
	if err != nil {
		t.Fatal(err)
	}
	sheet := image.NewRGBA(image.Rect(0, 0, cell.Dx(), cell.Dy()*len(components)))
	draw.Draw(sheet, sheet.Rect, image.White, image.Point{}, draw.Src)
	for i, c := range components {
		from := image.Pt(int(c.X), int(c.Y))
		size := image.Pt(min(int(c.Width)+1, cell.Dx()), min(int(c.Height)+1, cell.Dy()))
		at := image.Pt(0, i*cell.Dy())
		draw.Draw(sheet, image.Rectangle{at, at.Add(size)}, page, from, draw.Src)
	}
	return sheet
}

const (
	shift      = 2   // pixels by which a line may stand elsewhere
	shade      = 40  // of 255, by which a color may differ
	mostUnlike = 150 // pixels of a cell: a few of a bullet may be, a border or an icon may not
)

// unlike counts the pixels of a cell that are like none of the other picture's around the same place.
func unlike(a, b *image.RGBA, slot image.Rectangle) (count int) {
	for y := slot.Min.Y; y < slot.Max.Y; y++ {
		for x := slot.Min.X; x < slot.Max.X; x++ {
			if !isNear(a, b, x, y, slot) {
				count++
			}
		}
	}
	return count
}

// isNear reports whether a's pixel is like one of b's, at most shift away.
func isNear(a, b *image.RGBA, x, y int, slot image.Rectangle) bool {
	want := a.RGBAAt(x, y)
	if b.RGBAAt(x, y) == want {
		return true
	}
	around := image.Rect(x-shift, y-shift, x+shift+1, y+shift+1).Intersect(slot)
	for v := around.Min.Y; v < around.Max.Y; v++ {
		for u := around.Min.X; u < around.Max.X; u++ {
			have := b.RGBAAt(u, v)
			if apart(want.R, have.R) <= shade && apart(want.G, have.G) <= shade && apart(want.B, have.B) <= shade {
				return true
			}
		}
	}
	return false
}

func apart(a, b uint8) int { return max(int(a)-int(b), int(b)-int(a)) }

// keepFailed leaves a picture where CI and people can look at it.
func keepFailed(t *testing.T, from *image.RGBA, slot image.Rectangle, name string) {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, from.SubImage(slot)); err != nil {
		t.Fatal(err)
	}
	name = filepath.Join(os.TempDir(), "components-"+name)
	if err := os.WriteFile(name, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Logf("see %s", name)
}
