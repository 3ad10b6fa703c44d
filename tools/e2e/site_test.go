// Package e2e tests the site as readers get it: built by the tool, served with
// the headers of netlify.toml and _headers, opened in a real Chromium, printed.
// tools/test.sh installs what these tests need.
package e2e

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
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

	"github.com/pelletier/go-toml/v2"
)

// site is the one that every test of this package looks at: built once, and changed by none.
var site struct {
	folder
	public     string
	tool, hugo string // the two programs
	server     *httptest.Server
	pages      []page   // all that is published, in every language, 404 pages included
	files      []string // those of the pages
}

// page is a published page. Its name is its path without the language: that of /es/causes/ is /causes/.
type page struct{ path, name, lang string }

func (p page) url() string { return site.server.URL + p.path }

func (p page) html(t testing.TB) string { return site.page(t, p.path) }

func (p page) is404() bool { return p.name == "/404.html" }

// home is the path of the home page in the page's language.
func (p page) home() string { return strings.TrimSuffix(p.path, p.name[1:]) }

// medical are the names of the pages that hold the text itself, in reading order.
var medical = []string{emergencyPage, "/overview/", "/causes/", "/treatment/", "/prevention/"}

const emergencyPage = "/emergency-signs/"

func (p page) isMedical() bool { return slices.Contains(medical, p.name) }

// isOriginal reports whether the page is in the language of which the others are translations.
func (p page) isOriginal() bool { return p.lang == "en" }

// say returns a sentence of i18n/ in the page's language, with a value in the place that a layout fills; without one, up to there.
func (p page) say(t testing.TB, key string, value ...string) string {
	t.Helper()
	sentences := map[string]any{}
	must(t, toml.Unmarshal([]byte(site.read(t, "i18n/"+p.lang+".toml")), &sentences))
	if plural, isPlural := sentences[key].(map[string]any); isPlural {
		sentences[key] = plural["other"]
	}
	sentence, _ := sentences[key].(string)
	before, rest, hasPlace := strings.Cut(sentence, "{{")
	if _, after, _ := strings.Cut(rest, "}}"); hasPlace && len(value) > 0 {
		return before + value[0] + after
	}
	require(t, before != "", "i18n/%s.toml does not say what %s is", p.lang, key)
	return strings.TrimSpace(before)
}

// unreviewed returns what the page must say as long as no clinician has reviewed what it shows: on the screen, and on each sheet.
func (p page) unreviewed(t testing.TB) (state, sheet string) {
	t.Helper()
	several := "_all"
	if p.isMedical() {
		several = ""
	}
	return p.say(t, "state_unreviewed"+several), p.say(t, "sheet_unreviewed"+several)
}

// dates are, as a language writes them, the day of the oldest source's review, and that of later. A site in one more needs its own.
var dates = map[string]struct{ source, later string }{
	"en": {"November 22, 2022", "May 6, 2031"}, "es": {"22 de noviembre de 2022", "6 de mayo de 2031"},
}

// language is what tests read of a language in config.toml.
type language struct {
	Label, Locale string
	Params        struct{ Emergency []number }
}

// number is an emergency number.
type number struct{ Number, Where string }

// languages are all of the site by their codes.
func languages(t testing.TB) map[string]language {
	t.Helper()
	var c struct{ Languages map[string]language }
	must(t, toml.Unmarshal([]byte(site.read(t, "config.toml")), &c))
	return c.Languages
}

// numbers are those of the page's language, in their order.
func (p page) numbers(t testing.TB) []number {
	t.Helper()
	numbers := languages(t)[p.lang].Params.Emergency
	require(t, len(numbers) >= 2, "the emergency numbers of config.toml in %s are %v", p.lang, numbers)
	return numbers
}

// inEachLanguage runs a test on the page of this name in each language, beside other tests.
func inEachLanguage(t *testing.T, name string, test func(t *testing.T, p page)) {
	t.Parallel()
	for _, p := range site.pages {
		if p.name == name {
			t.Run(p.lang, func(t *testing.T) { test(t, p) })
		}
	}
}

// budget returns what a table allows a page: by its path, which tells languages apart, or its name, or "" for all.
func budget(table map[string]int, p page) int { return cmp.Or(table[p.path], table[p.name], table[""]) }

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "site-*")
	code := 1
	if err == nil {
		err = start(dir)
	}
	if err == nil {
		code = m.Run()
		site.server.Close()
		err = stopBrowser()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

// start builds the tool and, with it, the site.
func start(dir string) error {
	site.root, site.tool = filepath.Join(dir, "site"), filepath.Join(dir, "tool")
	site.public = site.path("public")
	if out, err := exec.Command("go", "build", "-o", site.tool, "..").CombinedOutput(); err != nil {
		return fmt.Errorf("building the tool: %w\n%s", err, out)
	}
	hugo, err := exec.Command("go", "tool", "-n", "hugo").Output()
	site.hugo = strings.TrimSpace(string(hugo))
	handler := &netlify{root: site.public}
	if err := errors.Join(err, copySite(site.root, own...), handler.readConfig(site.path("netlify.toml"))); err != nil {
		return err
	}
	site.server = httptest.NewServer(handler)
	if out, err := site.run("build", "--base", site.server.URL+"/"); err != nil {
		return fmt.Errorf("building the site: %w\n%s", err, out)
	}
	if err := handler.readPublished(); err != nil {
		return err
	}
	return filepath.WalkDir(site.public, func(name string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(name, ".html") {
			site.pages, site.files = append(site.pages, newPage(name)), append(site.files, name)
		}
		return err
	})
}

var htmlLang = regexp.MustCompile(`<html lang="?([a-z]+)`)

func newPage(file string) page {
	rel, _ := filepath.Rel(site.public, file)
	p := page{path: "/" + strings.TrimSuffix(filepath.ToSlash(rel), "index.html")}
	src, _ := os.ReadFile(file)
	if m := htmlLang.FindSubmatch(src); m != nil {
		p.lang = string(m[1])
	}
	p.name = p.path
	if rest, ok := strings.CutPrefix(p.path, "/"+p.lang+"/"); ok {
		p.name = "/" + rest
	}
	return p
}

// own are the parts that another condition has for itself.
var own = []string{"content", "config.toml", "static"}

// copySite copies what every site shares, and the named parts of this one.
func copySite(to string, parts ...string) (err error) {
	for _, part := range append([]string{"layouts", "i18n", "netlify.toml", "go.mod", "go.sum"}, parts...) {
		from := filepath.Join("..", "..", part)
		if src, e := os.ReadFile(from); e == nil {
			err = errors.Join(err, os.WriteFile(filepath.Join(to, part), src, 0o644))
		} else {
			err = errors.Join(err, os.CopyFS(filepath.Join(to, part), os.DirFS(from)))
		}
	}
	return err
}

// folder is a folder that holds a site.
type folder struct{ root string }

// ours is a copy of this site.
func ours(t testing.TB) folder {
	t.Helper()
	f := folder{filepath.Join(t.TempDir(), "site")}
	must(t, copySite(f.root, own...))
	return f
}

// other is a site about another condition, from testdata/other.
func other(t testing.TB) folder {
	t.Helper()
	f := folder{filepath.Join(t.TempDir(), "other")}
	must(t, copySite(f.root), os.CopyFS(f.root, os.DirFS(filepath.Join("testdata", "other"))))
	return f
}

func (f folder) path(name string) string { return filepath.Join(f.root, filepath.FromSlash(name)) }

func (f folder) read(t testing.TB, name string) string {
	t.Helper()
	src, err := os.ReadFile(f.path(name))
	must(t, err)
	return string(src)
}

// page returns the HTML published at a path such as /causes/.
func (f folder) page(t testing.TB, p string) string {
	t.Helper()
	if strings.HasSuffix(p, "/") {
		p += "index.html"
	}
	return f.read(t, "public"+p)
}

func (f folder) write(t testing.TB, name, text string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(f.path(name)), 0o755), os.WriteFile(f.path(name), []byte(text), 0o644))
}

// replace puts one text in the place of another, which stands in the file once.
func (f folder) replace(t testing.TB, name, old, fresh string) {
	t.Helper()
	src := f.read(t, name)
	n := strings.Count(src, old)
	require(t, n == 1, "%s holds %q %d times, not once", name, old, n)
	f.write(t, name, strings.Replace(src, old, fresh, 1))
}

// run runs the tool and returns all that it says.
func (f folder) run(args ...string) (string, error) { return f.command(site.tool, args...) }

// bare runs Hugo without the tool, as an editor may.
func (f folder) bare(args ...string) (string, error) {
	return f.command(site.hugo, append([]string{"--noBuildLock"}, args...)...)
}

func (f folder) command(name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = f.root
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// succeed runs the tool, which must succeed.
func (f folder) succeed(t testing.TB, args ...string) {
	t.Helper()
	out, err := f.run(args...)
	require(t, err == nil, "%q: %v\n%s", args, err, out)
}

// require ends a test that can't go on unless something holds.
func require(t testing.TB, holds bool, format string, args ...any) {
	t.Helper()
	if !holds {
		t.Fatalf(format, args...)
	}
}

// expect reports what is not as it should be.
func expect(t testing.TB, holds bool, format string, args ...any) {
	t.Helper()
	if !holds {
		t.Errorf(format, args...)
	}
}

func must(t testing.TB, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// serve serves the site otherwise than its server does: change gets what that answers.
func serve(t testing.TB, change func(w http.ResponseWriter, q *http.Request, body string) string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		_, _ = w.Write([]byte(change(w, q, answer(w, q))))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// answer gives the headers that the site's server answers with, and returns the body.
func answer(w http.ResponseWriter, q *http.Request) (body string) {
	q.Header.Del("If-Modified-Since")
	rec := httptest.NewRecorder()
	site.server.Config.Handler.ServeHTTP(rec, q)
	rec.Header().Del("Content-Length")
	maps.Copy(w.Header(), rec.Header())
	return rec.Body.String()
}

// TestPublished: what is published is each page of content/ that is no draft, which the sitemap lists, and a 404 page. Each says what
// is true of this text: nobody has reviewed it, and its source is old.
func TestPublished(t *testing.T) {
	var want, got []string
	must(t, filepath.WalkDir(site.path("content"), func(name string, d fs.DirEntry, err error) error {
		rel, isText := strings.CutSuffix(strings.TrimPrefix(filepath.ToSlash(name), filepath.ToSlash(site.path("content"))), ".md")
		if isText && !strings.Contains(site.read(t, "content/"+rel+".md"), "\ndraft: true") {
			want = append(want, strings.TrimSuffix(rel+"/", "_index/"))
		}
		return err
	}))
	sitemap := ""
	for _, p := range publishedFiles(t) {
		if path.Base(p) == "sitemap.xml" {
			sitemap += site.page(t, p)
		}
	}
	for _, p := range site.pages {
		_, isKnown := dates[p.lang]
		require(t, isKnown, "%s is in the language %q: add to dates how that writes them", p.path, p.lang)
		if !p.is404() {
			got = append(got, p.path)
		}
		isListed := strings.Contains(sitemap, "<loc>"+p.url()+"</loc>")
		expect(t, isListed != p.is404(), "%s stands in the sitemap: %v", p.path, isListed)
		html := p.html(t)
		isHidden := strings.Contains(html, "noindex")
		expect(t, isHidden == p.is404(), "%s keeps search engines off: %v", p.path, isHidden)
		state, _ := p.unreviewed(t)
		wants := []string{state, "Cleveland Clinic", p.say(t, "source_outdated_years")}
		if !p.isOriginal() {
			wants = append(wants, p.say(t, "translation_unreviewed"))
		}
		for _, want := range wants {
			expect(t, p.is404() || strings.Contains(html, want), "%s does not say %q", p.path, want)
		}
		expect(t, !strings.Contains(html, "reviewedBy") && !strings.Contains(html, "lastReviewed"),
			"%s claims a review, and nobody has reviewed it", p.path)
	}
	slices.Sort(want)
	slices.Sort(got)
	expect(t, slices.Equal(got, want) && len(got) >= 9*len(dates), "published %v, want %v", got, want)
	robots := "User-agent: *\nAllow: /\n\nSitemap: " + site.server.URL + "/sitemap.xml\n"
	expect(t, site.page(t, "/robots.txt") == robots, "robots.txt says %q, want %q", site.page(t, "/robots.txt"), robots)
}

// webPage is what structured data says of a page's own text, a translation or an original.
type webPage struct{ URL, InLanguage string }

var structuredData = regexp.MustCompile(`(?s)<script type="?application/ld\+json"?>(.*?)</script>`)

// TestLanguages: each page leads to itself in the other languages, in their words, and tells search engines of them; a missing
// address gets the page for that in its language.
func TestLanguages(t *testing.T) {
	byPath := map[string]page{}
	for _, p := range site.pages {
		byPath[p.path] = p
	}
	for _, p := range site.pages {
		html := p.html(t)
		var own struct {
			webPage
			TranslationOfWork webPage
			WorkTranslation   []webPage
		}
		if m := structuredData.FindStringSubmatch(html); m != nil {
			must(t, json.Unmarshal([]byte(m[1]), &own))
		}
		expect(t, !p.isMedical() || own.URL == p.url() && own.InLanguage == languages(t)[p.lang].Locale,
			"%s: structured data speaks of %+v", p.path, own)
		for code, l := range languages(t) {
			home := "/" + code + "/"
			if code == "en" {
				home = "/"
			}
			to, hasPage := byPath[strings.TrimSuffix(home, "/")+p.name]
			require(t, hasPage, "%s is missing in %s", p.path, code)
			goal := to
			if p.is404() {
				goal = byPath[home]
			}
			link := fmt.Sprintf(`<a class=language href=%s lang=%s hreflang=%s>%s</a>`, goal.path, l.Locale, l.Locale, l.Label)
			expect(t, strings.Contains(html, link) != (code == p.lang), "%s holds the switch to %s: %v", p.path, code, code == p.lang)
			alternate := fmt.Sprintf(`<link rel=alternate hreflang=%s href=%s>`, l.Locale, to.url())
			expect(t, strings.Contains(html, alternate) != p.is404(), "%s tells search engines of %s: %v", p.path, to.path, p.is404())
			if p.isMedical() && to.isOriginal() != p.isOriginal() {
				pair := webPage{to.url(), l.Locale}
				if p.isOriginal() && !slices.Contains(own.WorkTranslation, pair) || to.isOriginal() && own.TranslationOfWork != pair {
					t.Errorf("%s: structured data does not speak of its text in %s: %+v", p.path, code, own)
				}
			}
		}
		if p.is404() {
			res, err := http.Get(site.server.URL + p.home() + "no-such-page/")
			must(t, err)
			body, err := io.ReadAll(res.Body)
			must(t, err, res.Body.Close())
			expect(t, res.StatusCode == http.StatusNotFound && string(body) == html,
				"a missing address below %s gets %d and another page", p.home(), res.StatusCode)
		}
	}
}

// TestBehindItsOriginal: a page whose original has changed since it was translated says so first of all, as does the checklist,
// which shows its lists; and who reads a page that is not translated is led to the home of the other language, by its name.
func TestBehindItsOriginal(t *testing.T) {
	f := ours(t)
	translations, err := filepath.Glob(f.path("content/es/*.md"))
	must(t, err)
	for _, file := range translations {
		f.succeed(t, "translated", "content/es/"+filepath.Base(file))
	}
	f.write(t, "content/causes.md", f.read(t, "content/causes.md")+"\nMore.\n")
	f.write(t, "content/untranslated.md", strings.ReplaceAll(f.read(t, "content/about.md"), "itle: ", "itle: More "))
	f.succeed(t, "build", "--strict=false", "--base", site.server.URL+"/")
	for _, p := range site.pages {
		if p.isOriginal() {
			continue
		}
		_, text, _ := strings.Cut(f.page(t, p.path), "</h1>")
		before, _, isBehind := strings.Cut(words(text), p.say(t, "original_newer")+" "+p.say(t, "original_read"))
		switch p.name {
		case "/causes/", "/checklist/", "/handout/":
			if !isBehind || p.name != "/handout/" && before != "" { // the booklet says so in the chapter
				t.Errorf("%s does not say at once that its original is newer, but %.200q", p.path, before)
			}
		default:
			expect(t, !isBehind, "%s says that its original is newer, and that has not changed", p.path)
		}
		if p.name == "/" {
			link := regexp.MustCompile(`<a class=language href=` + p.path + ` [^>]*>` + languages(t)[p.lang].Label + `: \S`)
			expect(t, link.MatchString(f.page(t, "/untranslated/")),
				"a page that is not translated does not lead to %s by its name", p.path)
		}
	}
}
