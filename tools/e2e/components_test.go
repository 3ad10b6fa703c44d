package e2e

import (
	"bytes"
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

// cell is the size of one kept picture: so small that neither fonts nor the smoothing of lines matter, and large enough to
// show what is filled.
var cell = image.Rect(0, 0, 32, 24)

// TestComponents compares the drawings and icons of /components/, a page of the preview, with pictures that are kept in
// testdata/components, in light, dark, forced colors and on paper. UPDATE_PICTURES=1 keeps those of today; look at them first.
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
		shapes := get(t, tb, chromedp.Evaluate[[]struct {
			Name                string
			X, Y, Width, Height float64
		}](`(() => {
			document.querySelector('main').style.columns = 'auto';
			return [...document.querySelectorAll('figure > svg, .card .icon')].map(e => {
				const r = e.getBoundingClientRect();
				return {Name: e.getAttribute('aria-label') ?? e.closest('.card').className, X: r.x + scrollX, Y: r.y + scrollY, Width: r.width, Height: r.height};
			});
		})()`))
		if want := len(drawings(t)) + 8; len(shapes) != want {
			t.Fatalf("%s: the page shows %d drawings and icons, want %d", look.name, len(shapes), want)
		}
		sheet := image.NewGray(image.Rect(0, 0, cell.Dx(), cell.Dy()*len(shapes)))
		for i, s := range shapes {
			shot, err := chromedp.Call(tb.ctx, cdpage.CaptureScreenshot, cdpage.CaptureScreenshotParams{CaptureBeyondViewport: new(true),
				Clip: &cdpage.Viewport{X: s.X, Y: s.Y, Width: s.Width, Height: s.Height, Scale: 1}})
			if err != nil {
				t.Fatal(err)
			}
			draw.Draw(sheet, cell.Add(image.Pt(0, i*cell.Dy())), shrink(t, shot.Data), image.Point{}, draw.Src)
		}
		name := filepath.Join("testdata", "components", look.name+".png")
		if os.Getenv("UPDATE_PICTURES") != "" {
			var out bytes.Buffer
			if err := png.Encode(&out, sheet); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, out.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		kept, err := png.Decode(bytes.NewReader([]byte(read(t, name))))
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range shapes {
			difference := 0
			for y := i * cell.Dy(); y < (i+1)*cell.Dy(); y++ {
				for x := range cell.Dx() {
					was, _, _, _ := kept.At(x, y).RGBA()
					difference += max(int(was>>8)-int(sheet.GrayAt(x, y).Y), int(sheet.GrayAt(x, y).Y)-int(was>>8))
				}
			}
			if mean := difference / (cell.Dx() * cell.Dy()); mean > 8 {
				t.Errorf("%s: %s does not look as in %s: by %d of 255", look.name, s.Name, name, mean)
			}
		}
	}
}

// shrink makes a picture the size of a cell, each pixel the mean of what it covers.
func shrink(t *testing.T, src []byte) *image.Gray {
	t.Helper()
	from, err := png.Decode(bytes.NewReader(src))
	if err != nil {
		t.Fatal(err)
	}
	gray := image.NewGray(from.Bounds())
	draw.Draw(gray, gray.Rect, from, gray.Rect.Min, draw.Src)
	to := image.NewGray(cell)
	for y := range cell.Dy() {
		for x := range cell.Dx() {
			sum, n := 0, 0
			for v := y * gray.Rect.Dy() / cell.Dy(); v < max((y+1)*gray.Rect.Dy()/cell.Dy(), y*gray.Rect.Dy()/cell.Dy()+1); v++ {
				for u := x * gray.Rect.Dx() / cell.Dx(); u < max((x+1)*gray.Rect.Dx()/cell.Dx(), x*gray.Rect.Dx()/cell.Dx()+1); u++ {
					sum += int(gray.GrayAt(u, v).Y)
					n++
				}
			}
			to.Pix[y*to.Stride+x] = uint8(sum / n)
		}
	}
	return to
}
