package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

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
		if p.isMedical() && (own.URL != p.url() || own.InLanguage != languages(t)[p.lang].Locale) {
			t.Errorf("%s: structured data speaks of %+v", p.path, own)
		}
		for code, l := range languages(t) {
			home := "/" + code + "/"
			if code == "en" {
				home = "/"
			}
			to, hasPage := byPath[strings.TrimSuffix(home, "/")+p.name]
			if !hasPage {
				t.Fatalf("%s is missing in %s", p.path, code)
			}
			goal := to
			if p.is404() {
				goal = byPath[home]
			}
			link := fmt.Sprintf(`<a class=language href=%s lang=%s hreflang=%s>%s</a>`, goal.path, l.Locale, l.Locale, l.Label)
			if strings.Contains(html, link) == (code == p.lang) {
				t.Errorf("%s holds the switch to %s: %v", p.path, code, code == p.lang)
			}
			alternate := fmt.Sprintf(`<link rel=alternate hreflang=%s href=%s>`, l.Locale, to.url())
			if strings.Contains(html, alternate) == p.is404() {
				t.Errorf("%s tells search engines of %s: %v", p.path, to.path, p.is404())
			}
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
			if res.StatusCode != http.StatusNotFound || string(body) != html {
				t.Errorf("a missing address below %s gets %d and another page", p.home(), res.StatusCode)
			}
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
	f.write(t, "content/untranslated.md", strings.Replace(f.read(t, "content/about.md"), "title: ", "title: More ", 1))
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
			if isBehind {
				t.Errorf("%s says that its original is newer, and that has not changed", p.path)
			}
		}
		if p.name == "/" {
			link := regexp.MustCompile(`<a class=language href=` + p.path + ` [^>]*>` + languages(t)[p.lang].Label + `: \S`)
			if !link.MatchString(f.page(t, "/untranslated/")) {
				t.Errorf("a page that is not translated does not lead to %s by its name", p.path)
			}
		}
	}
}
