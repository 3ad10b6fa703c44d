package e2e

import (
	"bytes"
	"image"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	cdpage "github.com/chromedp/cdproto/page"
)

// cell is the size of one kept picture: so small that neither fonts nor the smoothing of lines matter, and large enough to
// show what is filled.
var cell = image.Rect(0, 0, 32, 24)

// shape is a drawing or an icon on the page.
type shape struct {
	Name                string
	X, Y, Width, Height float64
}

// TestComponents looks at the two pages of the preview that are never published: that of all figures shows each once, and small;
// the drawings and icons of /components/ look like the pictures in testdata/components, in light, dark, forced colors and on
// paper. UPDATE_PICTURES=1 keeps those of today; look at them first.
func TestComponents(t *testing.T) {
	f := ours(t)
	if out, err := f.bare("-D"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	figures := f.page(t, "/figures/")
	if !strings.Contains(figures, "Draft. This page is not published.") {
		t.Error("the page of all figures does not say that it is a draft")
	}
	for _, name := range drawings(t) {
		parts := strings.Split(figures, `aria-label="`+name+`"`)
		if n := strings.Index(parts[len(parts)-1], "</svg>"); len(parts) != 2 || n < 0 || n > 1536 {
			t.Errorf("the page of all figures shows %s %d times, in %d bytes, at most 1536", name, len(parts)-1, n)
		}
	}
	tb := open(t)
	tb.view(1000, 800, 1)
	tb.visit("file://" + filepath.ToSlash(f.path("public/components/index.html")))
	for _, look := range []struct {
		name, medium string
		features     []string
	}{
		{"light", "", []string{"prefers-color-scheme:light"}}, {"dark", "", []string{"prefers-color-scheme:dark"}},
		{"forced", "", []string{"prefers-color-scheme:dark", "forced-colors:active"}}, {"paper", "print", []string{"prefers-color-scheme:light"}},
	} {
		tb.media(look.medium, look.features...)
		shapes := eval[[]shape](tb, `(async () => {
			document.querySelector('main').style.columns = 'auto';
			`+twoFrames+`
			return [...document.querySelectorAll('figure > svg, .card .icon')].map(e => {
				const r = e.getBoundingClientRect(), name = e.getAttribute('aria-label') ?? e.closest('.card').className;
				return {Name: name, X: r.x + scrollX, Y: r.y + scrollY, Width: r.width, Height: r.height};
			});
		})()`)
		if want := len(drawings(t)) + 8; len(shapes) != want {
			t.Fatalf("%s: the page shows %d drawings and icons, want %d", look.name, len(shapes), want)
		}
		tb.compare(filepath.Join("testdata", "components", look.name+".png"), shapes)
	}
}

// compare compares pictures of shapes, one below the other, with a kept file, or keeps them.
func (tb *tab) compare(name string, shapes []shape) {
	tb.Helper()
	sheet := image.NewGray(image.Rect(0, 0, cell.Dx(), cell.Dy()*len(shapes)))
	for i, s := range shapes {
		shot := call(tb, cdpage.CaptureScreenshot, cdpage.CaptureScreenshotParams{CaptureBeyondViewport: new(true),
			Clip: &cdpage.Viewport{X: s.X, Y: s.Y, Width: s.Width, Height: s.Height, Scale: 1}})
		draw.Draw(sheet, cell.Add(image.Pt(0, i*cell.Dy())), shrink(gray(tb, shot.Data)), image.Point{}, draw.Src)
	}
	if os.Getenv("UPDATE_PICTURES") != "" {
		var out bytes.Buffer
		must(tb, png.Encode(&out, sheet), os.WriteFile(name, out.Bytes(), 0o644))
		return
	}
	file, err := os.ReadFile(name)
	must(tb, err)
	kept := gray(tb, file)
	if !kept.Rect.Eq(sheet.Rect) {
		tb.Fatalf("%s is of other shapes", name)
	}
	size := cell.Dx() * cell.Dy()
	for i, s := range shapes {
		difference := 0
		for at := i * size; at < (i+1)*size; at++ {
			difference += max(int(kept.Pix[at])-int(sheet.Pix[at]), int(sheet.Pix[at])-int(kept.Pix[at]))
		}
		if mean := difference / size; mean > 8 {
			tb.Errorf("%s does not look as in %s: by %d of 255", s.Name, name, mean)
		}
	}
}

// gray returns a PNG file's picture without its colors.
func gray(t testing.TB, src []byte) *image.Gray {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(src))
	must(t, err)
	out := image.NewGray(img.Bounds())
	draw.Draw(out, out.Rect, img, out.Rect.Min, draw.Src)
	return out
}

// shrink makes a picture the size of a cell, each pixel the mean of what it covers.
func shrink(from *image.Gray) *image.Gray {
	to, width, height := image.NewGray(cell), from.Rect.Dx(), from.Rect.Dy()
	for y := range cell.Dy() {
		top, bottom := y*height/cell.Dy(), (y+1)*height/cell.Dy()
		for x := range cell.Dx() {
			left, right := x*width/cell.Dx(), (x+1)*width/cell.Dx()
			sum, n := 0, 0
			for v := top; v < max(bottom, top+1); v++ {
				for u := left; u < max(right, left+1); u++ {
					sum += int(from.GrayAt(u, v).Y)
					n++
				}
			}
			to.Pix[y*to.Stride+x] = uint8(sum / n)
		}
	}
	return to
}
