package site

import (
	"cmp"
	"io/fs"
	"os"
	"path/filepath"
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

// checkEmergencyNumbers reports numbers that this language or the default one lacks, if they share at least two. Other lists are
// meant to differ, because they are for readers in other countries.
func (l *loader) checkEmergencyNumbers(first *Site) {
	lists := map[string]int{} // how many of the two lists have each number
	for _, number := range slices.Concat(first.Emergency, l.site.Emergency) {
		lists[strings.NewReplacer(" ", "", "-", "").Replace(number.Number)]++
	}
	shared := len(first.Emergency) + len(l.site.Emergency) - len(lists)
	for number, count := range lists {
		if count == 1 && shared >= 2 {
			l.findings = append(l.findings, l.site.config.Get("params", "emergency").Place.Warningf(diagnostic.RuleEmergency,
				"the emergency number %s is not in all languages: add it to the others, or correct it", number))
		}
	}
}
