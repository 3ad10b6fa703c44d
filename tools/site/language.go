package site

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"microsite/tools/diagnostic"
)

// languagesOf returns the keys of a site's languages, the default one first, or "" if config.toml has no [languages].
func languagesOf(config *Node) []string {
	languages := config.Get("languages")
	if languages == nil {
		return []string{""}
	}
	keys := []string{cmp.Or(config.Get("defaultContentLanguage"), &Node{Raw: "en"}).Raw}
	for _, item := range languages.Items {
		if item.Key != keys[0] {
			keys = append(keys, item.Key)
		}
	}
	return keys
}

// All returns the site in each of its languages, the default one first.
func (s *Site) All() []*Site { return append([]*Site{s}, s.Translations...) }

// AllPages returns the pages of all languages.
func (s *Site) AllPages() (pages []*Page) {
	for _, language := range s.All() {
		pages = append(pages, language.Pages...)
	}
	return pages
}

// readLanguageFile reads the names of cards from the language's file in i18n/. It reports a missing one, because Hugo would
// show the words of another language, unless the site has no such files.
func (l *loader) readLanguageFile(n *Node) {
	language, _, _ := strings.Cut(n.Raw, "-")
	files, _ := fs.Glob(os.DirFS(l.site.Root), "i18n/*.toml")
	if files != nil && !slices.Contains(files, "i18n/"+language+".toml") {
		l.fail(n.Place, diagnostic.RuleConfig,
			"there is no i18n/%s.toml with the words of this language: write it, and set defaultContentLanguage", language)
	}
	var words map[string]any
	src, _ := ReadRegular(filepath.Join(l.site.Root, "i18n", language+".toml"), 0)
	_ = toml.Unmarshal(src, &words) // Hugo reports a mistake there
	for _, level := range l.site.Cards {
		if name, _ := words["card_"+level].(string); name != "" {
			l.site.cardNames[strings.ToLower(name)] = level
		}
	}
}

// filledIn matches the name of what a layout fills into a sentence of i18n/, such as {{ .by }}.
var filledIn = regexp.MustCompile(`\{\{[^{}.]*(\.\w+)`)

// checkSentences reports sentences of i18n/ that are empty, or not filled in as in the first language, because Hugo shows
// "<no value>" for a name that a layout does not know.
func (l *loader) checkSentences(root string) {
	files, _ := fs.Glob(os.DirFS(root), "i18n/*.toml")
	first := map[string][]string{} // the names in each sentence of the first language
	for _, file := range files {
		var sentences map[string]any
		src, _ := ReadRegular(filepath.Join(root, file), 0)
		_ = toml.Unmarshal(src, &sentences) // Hugo reports a mistake there
		for key, sentence := range sentences {
			var names []string
			for _, m := range filledIn.FindAllStringSubmatch(fmt.Sprint(sentence), -1) {
				names = append(names, m[1])
			}
			names = slices.Compact(slices.Sorted(slices.Values(names)))
			if file == files[0] {
				first[key] = names
			}
			if other, isKnown := first[key]; isKnown && !slices.Equal(names, other) || strings.TrimSpace(fmt.Sprint(sentence)) == "" {
				l.fail(diagnostic.Place{File: file}, diagnostic.RuleConfig,
					"the sentence %q is empty, or does not hold the same words in {{ }} as in %s", key, files[0])
			}
		}
	}
}

// checkEmergencyNumbers reports numbers that this language or the default one lacks, if they share at least two. Other lists are
// meant to differ, because they are for readers in other countries.
func (l *loader) checkEmergencyNumbers(first *Site) {
	numbers := func(s *Site) map[string]bool {
		set := map[string]bool{} // without what separates the digits
		for _, number := range s.Emergency {
			set[strings.NewReplacer(" ", "", "-", "").Replace(number.Number)] = true
		}
		return set
	}
	here, there := numbers(l.site), numbers(first)
	union := maps.Clone(here)
	maps.Copy(union, there)
	shared := len(here) + len(there) - len(union)
	for number := range union {
		if shared >= 2 && here[number] != there[number] {
			l.findings = append(l.findings, l.site.config.Get("params", "emergency").Place.Warningf(diagnostic.RuleEmergency,
				"the emergency number %s is not in all languages: add it to the others, or correct it", number))
		}
	}
}
