package e2e

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	tag    = regexp.MustCompile(`<[^>]*>`)
	hidden = regexp.MustCompile(`(?s)<(style|script|svg)\b.*?</(style|script|svg)>`)
)

// words is the text of a page, white space squeezed.
func words(html string) string {
	html = hidden.ReplaceAllString(html, " ")
	return strings.Join(strings.Fields(tag.ReplaceAllString(html, " ")), " ")
}

// TestAnotherCondition: layouts and code know nothing of this site's subject, and render all that check finds fine in a page.
func TestAnotherCondition(t *testing.T) {
	f := other(t)
	f.write(t, "static/leaflet.pdf", "")
	f.write(t, "static/more/static.pdf", "")
	var picture bytes.Buffer
	must(t, png.Encode(&picture, image.NewGray(image.Rect(0, 0, 12, 7))))
	f.write(t, "static/a.png", picture.String())
	src := f.read(t, text)
	f.write(t, text, src+`
[Call](tel:+15551234) [Mail](mailto:care@clinic.test?subject=Hi) [Ask](<TEL:112>) [Site](https://ankles.test/leaflets/)
[A](/leaflet.pdf) [B](/leaflet.pdf#page=2) [D](/more/static.pdf?x) [E](/more/deeper.md)

![Rest](figure:foot 'Lie & "rest"')

An !["A" & B](/a.png?b&c) image.

> [!DO]
> [999](tel:999)
`)
	deeper := "content/more/deeper.md"
	f.write(t, deeper, f.read(t, deeper)+"\n[A](/leaflet.pdf) [D](../what-to-do.md)\n")
	f.succeed(t, "build", "--today", "2026-11-22", "--strict=false")
	for p, wants := range map[string][]string{
		"/": {"Twisted ankles", "made up for a test", "href=/leaflets/what-to-do/#rest"},
		"/what-to-do/": {
			"Put the foot up & wait", "No clinician has reviewed", "Nobody", "29 February 2024", "https://ankles.test/leaflets/what-to-do/",
			"href=tel:+15551234", `href="mailto:care@clinic.test?subject=Hi"`, "href=TEL:112", "href=tel:999", "href=https://ankles.test/leaflets/",
			"href=/leaflets/leaflet.pdf", `href="/leaflets/leaflet.pdf#page=2"`, "href=/leaflets/more/static.pdf?x", "href=/leaflets/more/deeper/",
			`Lie & "rest"</figcaption>`, `<img src=/leaflets/a.png?b&amp;c alt='"A" & B' width=12 height=7 loading=lazy>`,
		},
		"/more/":        {"Deeper", "These pages stand in a folder"},
		"/more/deeper/": {"The foot is blue", "href=/leaflets/>back to the start", "href=/leaflets/what-to-do/#rest", "=/leaflets/leaflet.pdf"},
		"/404.html":     {"<h1"},
	} {
		html := f.page(t, p)
		for _, want := range wants {
			expect(t, strings.Contains(html, want), "%s does not hold %q", p, want)
		}
		for _, slip := range []string{"neck", "&lt;no value&gt;", "zgotmplz", "%!", "map["} {
			expect(t, !strings.Contains(strings.ToLower(html), slip), "%s holds %q", p, slip)
		}
	}
	// A sentence that i18n/ lacks is named, in Hugo's own words.
	f.replace(t, "i18n/en.toml", "skip =", "unused =")
	out, err := f.run("build")
	expect(t, err != nil && strings.Contains(out, `i18n/en.toml: error: the sentence "skip", which a layout shows, is missing`), "%v\n%s", err, out)
	// What check refuses, bare Hugo renders harmless.
	f.write(t, text, src+"\n[x](javascript:alert(1)) [x](vbscript:x) [x](data:text/html,x)\n")
	out, err = f.bare()
	expect(t, err == nil && strings.Count(f.page(t, "/what-to-do/"), "ZgotmplZ") == 3, "%v\n%s", err, out)
}

func TestNoWordsOfTheSubjectInLayoutsAndCode(t *testing.T) {
	subject := regexp.MustCompile(`(?i)\b(neck|spasm|mening|cleveland)`)
	for _, dir := range []string{"layouts", "archetypes", "i18n", "tools"} {
		must(t, filepath.WalkDir(filepath.Join("..", "..", dir), func(name string, d fs.DirEntry, err error) error {
			if err == nil && slices.Contains([]string{"node_modules", "testdata", "e2e"}, d.Name()) {
				return fs.SkipDir
			}
			if err != nil || d.IsDir() || strings.HasSuffix(name, "_test.go") {
				return err
			}
			src, err := os.ReadFile(name)
			found := subject.FindString(string(src))
			expect(t, found == "", "%s speaks of %q: the subject stands in content/ and config.toml", name, found)
			return err
		}))
	}
}

// TestHugoRefuses: Hugo without the tool, too, fails at a card, link, figure or picture that can't be as meant, and names its place.
func TestHugoRefuses(t *testing.T) {
	f := other(t)
	f.write(t, "static/a.png", "x")
	const figure = "a figure stands on a line of its own, with an alternative and a caption"
	slips := [][2]string{
		{"> [!MAYBE] x", "EMERGENCY, TODAY, DO"},
		{"[x](nowhere.md)", "nowhere.md"},
		{`![Rest](figure:do-fly "Rest")`, `unknown figure "do-fly". Known figures: foot`},
		{`![](figure:foot "Rest")`, figure},
		{`![Rest](figure:foot)`, figure},
		{`See ![Rest](figure:foot "Rest").`, figure},
		{`![](/a.png)`, "the picture /a.png is no file of static/, or has no alternative"},
		{`![A](a.png)`, "write ![What it shows](/a.png)"},
		{`![A](/b.png)`, "the picture /b.png is no file"},
		{`![A](https://pictures.test/c.png)`, "the picture https://pictures.test/c.png is no file"},
	}
	for i, slip := range slips {
		f.write(t, fmt.Sprintf("content/slip-%d.md", i), "---\ntitle: Slip\nadapted: 2024-03-01\n---\n\n"+slip[0]+"\n")
	}
	out, err := f.bare()
	expect(t, err != nil, "Hugo should fail:\n%s", out)
	for i, slip := range slips {
		place := fmt.Sprintf("slip-%d.md:6:", i)
		expect(t, regexp.MustCompile(`(?m)^ERROR.*`+regexp.QuoteMeta(place)+`.*`+regexp.QuoteMeta(slip[1])).MatchString(out),
			"%s: Hugo should name the place %s and %q:\n%s", slip[0], place, slip[1], out)
	}
}

func TestBareHugoHasNothingToWarnOf(t *testing.T) {
	out, err := ours(t).bare("--printPathWarnings", "--printI18nWarnings", "--logLevel", "info")
	expect(t, err == nil && !regexp.MustCompile(`(?m)^(WARN|ERROR)|deprecated`).MatchString(out), "%v\n%s", err, out)
}

// TestNewPage: a page that Hugo makes from archetypes/ is a sound draft, which lacks only what its writer alone knows.
func TestNewPage(t *testing.T) {
	for _, f := range []folder{ours(t), other(t)} {
		must(t, os.CopyFS(f.path("archetypes"), os.DirFS(filepath.Join("..", "..", "archetypes"))))
		if out, err := f.bare("new", "content", "a-new-page.md", "--clock", "2026-11-22T12:00:00Z"); err != nil || strings.Contains(out, "WARN") {
			t.Fatalf("%v\n%s", err, out)
		}
		const name = "content/a-new-page.md"
		page := f.read(t, name)
		for _, want := range []string{`title: "A new page"\n`, `description: "" `, `draft: true `, `adapted: 2026-11-22 `, `weight: [1-9]\d+ `} {
			expect(t, regexp.MustCompile(`\n`+want).MatchString(page), "%q is missing in\n%s", want, page)
		}
		out, err := f.run("check")
		about := regexp.MustCompile(`(?m)^content/a-new-page\.md:.*$`).FindAllString(out, -1)
		wants := regexp.MustCompile(`"description" must be one sentence.*\n.*must name where the facts come from`)
		expect(t, err != nil && len(about) == 2 && wants.MatchString(strings.Join(about, "\n")),
			"check should ask for a description and sources, and for nothing else:\n%s", out)
		// Each line that waits for its writer works as it is written.
		key := regexp.MustCompile(`(?m)^#   ([a-z-]+): `).FindStringSubmatch(page)
		require(t, key != nil, "no source is named in\n%s", page)
		for pattern, to := range map[string]string{
			`description: ""`: `description: "One sentence."`, `sources: \[\]`: "sources: [" + key[1] + "]",
			`# (linkTitle: )`: "$1", `# (aliases: )`: "$1", `draft: true.*\n`: "", `(?s)<!--\n|-->\n|\nA link.*?note\.`: "",
		} {
			filled := regexp.MustCompile(pattern).ReplaceAllString(page, to)
			expect(t, filled != page, "%s is not in\n%s", pattern, page)
			page = filled
		}
		f.write(t, name, page)
		out, _ = f.run("check")
		expect(t, !strings.Contains(out, "a-new-page.md"), "a page that is filled in has no problem:\n%s\n%s", page, out)
		out, err = f.bare("--printPathWarnings")
		expect(t, err == nil && !strings.Contains(out, "WARN") && f.page(t, "/a-new-page/") != "", "%v\n%s", err, out)
	}
}

// drawings are the names of all figures.
func drawings(t *testing.T) (names []string) {
	files, err := filepath.Glob(site.path("content/figures/*.svg"))
	require(t, err == nil && len(files) != 0, "the site has the drawings %q (%v)", files, err)
	for _, file := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(file), ".svg"))
	}
	return names
}

// TestDrawings: each stands on a page, and is a whole SVG file of shapes that the policy, and a page that shows two, allow.
func TestDrawings(t *testing.T) {
	files, err := filepath.Glob(site.path("content/*.md"))
	must(t, err)
	shown := ""
	for _, file := range files {
		shown += site.read(t, "content/"+filepath.Base(file))
	}
	for _, name := range drawings(t) {
		src := site.read(t, "content/figures/"+name+".svg")
		err := xml.Unmarshal([]byte(src), new(struct{}))
		expect(t, err == nil, "%s: %v", name, err)
		expect(t, strings.HasPrefix(src, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 120"`),
			"%s does not start as an SVG file with a canvas of 160 by 120", name)
		slip := regexp.MustCompile(`<text|<style|style=| id=|href|<image|<script`).FindString(src)
		expect(t, slip == "", "%s holds %q", name, slip)
		expect(t, strings.Contains(shown, "(figure:"+name+" "), "no page shows %s", name)
	}
}
