package e2e

import (
	"bytes"
	_ "embed"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	cdpage "github.com/chromedp/cdproto/page"
)

// cell holds the picture of a component: its upper part, where it is higher.
var cell = image.Rect(0, 0, 402, 150)

//go:embed components.js
var setComponents string

// component is where a component stands on its page.
type component struct {
	Name                string
	X, Y, Width, Height float64
}

// TestComponents looks at a page of the preview that is never published, which shows each drawing once, and small: each card, list,
// table, notice and drawing of /components/ looks as in the pictures that are kept in testdata/components, in
// light, dark, forced colors and on paper. UPDATE_PICTURES=1 keeps those of today; look at them first.
func TestComponents(t *testing.T) {
	t.Parallel()
	f := ours(t)
	out, err := f.bare("-D")
	require(t, err == nil, "%v\n%s", err, out)
	html := f.page(t, "/components/")
	expect(t, strings.Contains(html, "Draft. This page is not published."), "the page of all components does not say that it is a draft")
	for _, name := range drawings(t) {
		parts := strings.Split(html, `aria-label="`+name+`"`)
		if n := strings.Index(parts[len(parts)-1], "</svg>"); len(parts) != 2 || n < 0 || n > 1536 {
			t.Errorf("the page of all components shows %s %d times, in %d bytes, at most 1536", name, len(parts)-1, n)
		}
	}
	tb := open(t)
	tb.view(1000, 800, 1)
	for _, look := range []struct {
		name, medium string
		features     []string
	}{
		{"light", "", []string{"prefers-color-scheme:light"}}, {"dark", "", []string{"prefers-color-scheme:dark"}},
		{"forced", "", []string{"prefers-color-scheme:dark", "forced-colors:active"}}, {"paper", "print", []string{"prefers-color-scheme:light"}},
	} {
		tb.media(look.medium, look.features...)
		tb.visit("file://" + filepath.ToSlash(f.path("public/components/index.html")))
		components := eval[[]component](tb, setComponents)
		want := len(drawings(t)) + 12
		require(t, len(components) >= want, "%s: the page shows %d components, want at least %d", look.name, len(components), want)
		tb.compare(filepath.Join("testdata", "components", look.name+".png"), components)
	}
}

// compare compares a picture of the components, one below the other, with a kept file, or keeps it.
func (tb *tab) compare(name string, components []component) {
	got := tb.picture(components)
	if os.Getenv("UPDATE_PICTURES") != "" {
		must(tb, os.WriteFile(name, encode(tb, got), 0o644))
		return
	}
	src, err := os.ReadFile(name)
	must(tb, err)
	kept := decode(tb, src)
	require(tb, kept.Rect == got.Rect, "%s shows other components than the page: keep new pictures", name)
	for i, c := range components {
		slot := cell.Add(image.Pt(0, i*cell.Dy()))
		if off := unlike(kept, got, slot) + unlike(got, kept, slot); off > mostUnlike {
			now := filepath.Join(os.TempDir(), fmt.Sprintf("components-%d-%s", i+1, filepath.Base(name)))
			must(tb, os.WriteFile(now, encode(tb, got.SubImage(slot)), 0o644))
			tb.Errorf("%s does not look as in %s (its picture %d), but as in %s: %d pixels are unlike, at most %d", c.Name, name, i+1, now, off, mostUnlike)
		}
	}
}

// picture takes one picture of the page, and puts its components below each other, one a cell.
func (tb *tab) picture(components []component) *image.RGBA {
	height := 0.0
	for _, c := range components {
		height = max(height, c.Y+c.Height)
	}
	shot := call(tb, cdpage.CaptureScreenshot, cdpage.CaptureScreenshotParams{CaptureBeyondViewport: new(true),
		Clip: &cdpage.Viewport{Width: 1000, Height: height, Scale: 1}})
	page := decode(tb, shot.Data)
	sheet := image.NewRGBA(image.Rect(0, 0, cell.Dx(), cell.Dy()*len(components)))
	draw.Draw(sheet, sheet.Rect, image.White, image.Point{}, draw.Src)
	for i, c := range components {
		size := image.Pt(min(int(c.Width)+1, cell.Dx()), min(int(c.Height)+1, cell.Dy()))
		at := image.Pt(0, i*cell.Dy())
		draw.Draw(sheet, image.Rectangle{at, at.Add(size)}, page, image.Pt(int(c.X), int(c.Y)), draw.Src)
	}
	return sheet
}

const (
	shift      = 2   // pixels by which a line may stand elsewhere
	shade      = 40  // of 255, by which a color may differ
	mostUnlike = 400 // pixels of a cell, of 60,000: a bullet may be, or the smoothing of other fonts; what is filled wrongly is thousands
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

func encode(t testing.TB, img image.Image) []byte {
	var out bytes.Buffer
	must(t, png.Encode(&out, img))
	return out.Bytes()
}

func decode(t testing.TB, src []byte) *image.RGBA {
	img, err := png.Decode(bytes.NewReader(src))
	must(t, err)
	out := image.NewRGBA(img.Bounds())
	draw.Draw(out, out.Rect, img, out.Rect.Min, draw.Src)
	return out
}
