package e2e

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// drawings are the names of all figures.
func drawings(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(site.root, "content", "figures", "*.svg"))
	if err != nil || len(files) == 0 {
		t.Fatalf("the site has the drawings %q (%v)", files, err)
	}
	for _, file := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(file), ".svg"))
	}
	return names
}

// TestDrawings: each is a whole SVG file, of shapes alone, with nothing that the security policy or a page that shows two would mind.
func TestDrawings(t *testing.T) {
	for _, name := range drawings(t) {
		src := read(t, filepath.Join(site.root, "content", "figures", name+".svg"))
		if err := xml.Unmarshal([]byte(src), new(struct{})); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !strings.HasPrefix(src, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 120"`) {
			t.Errorf("%s does not start as an SVG file with a canvas of 160 by 120", name)
		}
		for _, slip := range []string{"<text", "<style", "style=", " id=", "href", "<image", "<script"} {
			if strings.Contains(src, slip) {
				t.Errorf("%s holds %q", name, slip)
			}
		}
	}
}

// TestFills: in every look, what the page paints in each shape is what its class says, and an outline is painted with nothing.
// (A rule for icons once filled the outlines of all drawings.)
func TestFills(t *testing.T) {
	tb := open(t)
	for _, look := range []struct{ media, scheme, forced string }{{"", "light", "none"}, {"", "dark", "none"}, {"", "dark", "active"}, {"print", "light", "none"}} {
		for _, p := range []string{"/emergency-signs/", "/overview/", "/treatment/", "/prevention/", "/handout/"} {
			tb.look(t, look.scheme, look.forced, 1280, 800)
			if _, err := chromedp.Call(tb.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: look.media, Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: look.scheme}, {Name: "forced-colors", Value: look.forced},
			}}); err != nil {
				t.Fatal(err)
			}
			tb.do(t, chromedp.Navigate(site.server.URL+p))
			bad := get(t, tb, chromedp.Evaluate[[]string](`(() => {
				const found = [], shapes = [...document.querySelectorAll('figure > svg *')].filter(e => !e.matches('g'));
				if (shapes.length < 5) found.push('hardly any shapes: ' + shapes.length);
				for (const shape of shapes) {
					const { fill, stroke } = getComputedStyle(shape), kind = shape.getAttribute('class');
					const filled = fill !== 'none', lined = stroke !== 'none';
					if (filled === (kind === null || kind === 'sign')) found.push(kind + ' is filled with ' + fill + ': ' + shape.outerHTML.slice(0, 60));
					if (lined === ['dot', 'hair'].includes(kind)) found.push(kind + ' has lines of ' + stroke);
				}
				return found;
			})()`))
			if len(bad) > 0 {
				t.Errorf("%s, %+v: %q", p, look, bad)
			}
		}
	}
}

// TestFigures: each has a name and a caption that readers of all kinds get, stands further down than the first screen, can
// be told from its ground in every look, and is on paper without scrolling. Do and do not stand side by side.
func TestFigures(t *testing.T) {
	tb := open(t)
	type figure struct {
		Name, Caption, Kind string
		Top, Width          float64 // of the drawing
		Contrast            []float64
	}
	look := func() []figure {
		return get(t, tb, chromedp.Evaluate[[]figure](`[...document.querySelectorAll('figure')].map(f => {
			const svg = f.querySelector('svg[role=img]'), box = svg.getBoundingClientRect();
			const light = color => {
				const [r, g, b] = color.match(/[\d.]+/g).map(v => (v /= color.startsWith('color(') ? 1 : 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
				return .2126 * r + .7152 * g + .0722 * b + .05;
			};
			const line = light(getComputedStyle(svg).stroke);
			const contrast = other => line > other ? line / other : other / line;
			return {Name: svg.getAttribute('aria-label'), Caption: f.querySelector('figcaption').innerText, Kind: f.className, Top: box.top + scrollY, Width: box.width,
				Contrast: [svg, ...f.querySelectorAll('.accent')].map((e, i) => contrast(light(getComputedStyle(e)[i ? 'fill' : 'backgroundColor'])))};
		})`))
	}
	var shown []string
	for _, p := range append([]string{"/", "/handout/"}, medical...) {
		for _, l := range []struct {
			scheme, forced string
			width, height  int64
		}{{"light", "none", 375, 667}, {"dark", "none", 320, 800}, {"light", "active", 1280, 800}, {"dark", "active", 1280, 800}, {"dark", "none", 1920, 1080}} {
			tb.look(t, l.scheme, l.forced, l.width, l.height)
			tb.do(t, chromedp.Navigate(site.server.URL+p))
			found := look()
			if n := len(found); p == "/prevention/" && (n < 2 || found[0].Top != found[1].Top) { // the first two compare
				t.Errorf("%s at %d px: what to do and what not to do don't stand side by side: %+v", p, l.width, found)
			}
			for _, f := range found {
				if f.Name == "" || f.Caption == "" || f.Kind == "do" && !strings.HasPrefix(f.Caption, "Do: ") || f.Kind == "dont" && !strings.HasPrefix(f.Caption, "Do not: ") {
					t.Errorf("%s: a figure without its words: %+v", p, f)
				}
				if f.Top < float64(l.height) || f.Width < 120 {
					t.Errorf("%s: %q stands %.0f px down and is %.0f px wide, on a screen of %d by %d", p, f.Name, f.Top, f.Width, l.width, l.height)
				}
				if f.Contrast[0] < 7 || slices.Min(f.Contrast) < 3 {
					t.Errorf("%s, %s, forced colors %s: %q has lines of contrast %.1f", p, l.scheme, l.forced, f.Name, f.Contrast)
				}
				if p != "/handout/" && l.width == 375 {
					shown = append(shown, f.Name)
				}
			}
		}
		if _, err := chromedp.Call(tb.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print",
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}}); err != nil {
			t.Fatal(err)
		}
		tb.do(t, chromedp.Navigate(site.server.URL+p))
		all := look()
		for _, f := range all {
			if mm := f.Width * 25.4 / 96; mm < 30 || mm > 38 || f.Contrast[0] != 21 || slices.Min(f.Contrast) < 7 {
				t.Errorf("%s on paper: %q is %.1f mm wide, with lines of contrast %.1f", p, f.Name, mm, f.Contrast)
			}
		}
		if p == "/handout/" && len(all) == 0 {
			t.Error("the booklet shows no figures")
		}
	}
	text := ""
	files, err := filepath.Glob(filepath.Join("..", "..", "content", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text += read(t, file)
	}
	for _, name := range drawings(t) {
		if !strings.Contains(text, "(figure:"+name+" ") {
			t.Errorf("no page shows %s", name)
		}
	}
	if len(shown) < len(drawings(t)) {
		t.Errorf("only %d figures are shown: %q", len(shown), shown)
	}
}

// TestFiguresInThePreview: a preview with drafts has a page of all figures, each of them small. (TestPagesArePublished proves
// that a build hasn't.)
func TestFiguresInThePreview(t *testing.T) {
	public := filepath.Join(t.TempDir(), "public")
	if out, err := hugo(site.root, "-D", "-d", public); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	html := page(t, public, "/figures/")
	for _, name := range drawings(t) {
		parts := strings.Split(html, `aria-label="`+name+`"`)
		if len(parts) != 2 {
			t.Errorf("the page of all figures shows %s %d times", name, len(parts)-1)
			continue
		}
		if n := strings.Index(parts[1], "</svg>"); n < 0 || n > 1536 {
			t.Errorf("%s takes %d bytes, at most 1536", name, n)
		}
	}
	if !strings.Contains(html, "Draft. This page is not published.") {
		t.Error("the page of all figures does not say that it is a draft")
	}
}

// TestImagesStopHugo: a figure or a picture that readers would not get as its author means it fails the build, with its place.
func TestImagesStopHugo(t *testing.T) {
	for markdown, want := range map[string]string{
		`![Rest](figure:do-fly "Rest")`:             `unknown figure "do-fly". Known figures: ` + strings.Join(drawings(t), ", "),
		`![](figure:do-sleep-side "Rest")`:          "a figure stands on a line of its own, with an alternative and a caption",
		`![Rest](figure:do-sleep-side)`:             "a figure stands on a line of its own, with an alternative and a caption",
		`See ![Rest](figure:do-sleep-side "Rest").`: "a figure stands on a line of its own, with an alternative and a caption",
		`![](/a.png)`:                       "needs an alternative",
		`![A](a.png)`:                       "write /a.png",
		`![A](/b.png)`:                      "there is no picture /b.png",
		`![A](https://pictures.test/c.png)`: "is of another site",
		`![Rest](figure:do-sleep-side 'Lie & "rest"')`: "",
	} {
		root := other(t)
		if err := os.CopyFS(filepath.Join(root, "content", "figures"), os.DirFS(filepath.Join(site.root, "content", "figures"))); err != nil {
			t.Fatal(err)
		}
		var picture bytes.Buffer
		if err := errors.Join(png.Encode(&picture, image.NewGray(image.Rect(0, 0, 12, 7))), os.Mkdir(filepath.Join(root, "static"), 0o755),
			os.WriteFile(filepath.Join(root, "static", "a.png"), picture.Bytes(), 0o644)); err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(root, "content", "what-to-do.md")
		if err := os.WriteFile(name, []byte(read(t, name)+"\n"+markdown+"\n\nAn ![\"A\" & B](/a.png?b&c) image.\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := hugo(root)
		if want != "" && (err == nil || !strings.Contains(out, `what-to-do.md:16:`) || !strings.Contains(out, want)) {
			t.Errorf("%s: Hugo should name the place and fail: %v\n%s", markdown, err, out)
		}
		if want != "" {
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v\n%s", markdown, err, out)
		}
		html := page(t, filepath.Join(root, "public"), "/what-to-do/")
		for _, want := range []string{`Lie &amp; &#34;rest&#34;</figcaption>`, `<p>An <img src="/leaflets/a.png?b&amp;c" alt="&#34;A&#34; &amp; B" width="12" height="7" loading="lazy"> image.</p>`} {
			if !strings.Contains(html, want) {
				t.Errorf("%s: the page does not hold %s", markdown, want)
			}
		}
	}
}
