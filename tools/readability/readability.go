// Package readability judges how easy each page is to read: its reading grade or ease, long sentences and paragraphs, and
// words with plainer twins.
package readability

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"microsite/tools/diagnostic"
	"microsite/tools/site"
)

// minGradedWords is how many words a page needs for a grade. The formula was made for passages of at least this length; in
// a shorter text, a single long word changes the grade.
const minGradedWords = 100

type checker struct {
	limits      site.Readability
	language    string                // BCP 47, without a region
	bySpelling  func(word string) int // counts the syllables of a word
	twins       map[string]string     // the plainer words for each form of a phrase, by that form in small letters
	maxPhrase   int                   // how many words the longest phrase of twins has
	syllables   map[string]int        // by word, because counting is slow
	usedIgnores map[int]bool          // by index in limits.Ignores
	findings    []diagnostic.Diagnostic
}

// Check judges every page of the site by the limits of its language. Each heading, item and card title has at least one
// sentence, because readers stop there, too.
func Check(s *site.Site) []diagnostic.Diagnostic {
	c := &checker{limits: s.Readability, bySpelling: countEnglish,
		twins: map[string]string{}, syllables: map[string]int{}, usedIgnores: map[int]bool{}}
	c.language, _, _ = strings.Cut(s.Language, "-")
	if c.language == "es" {
		c.bySpelling = countSpanish
	}
	c.addTwins()
	for _, page := range s.Pages {
		c.checkPage(page)
	}
	for i, ignore := range c.limits.Ignores {
		if !c.usedIgnores[i] {
			c.findings = append(c.findings, ignore.Place.Warningf(diagnostic.RuleUnused,
				"nothing is wrong with %q on %s any more: remove this rule", ignore.Text, ignore.Page))
		}
	}
	return c.findings
}

// addTwins adds the phrases of config.toml with their English endings, which include the Spanish ones. The order of the
// alphabet lets an entry "used" replace the form "used" of an entry "use".
func (c *checker) addTwins() {
	for _, entry := range slices.Sorted(maps.Keys(c.limits.Words)) {
		phrase := strings.ToLower(site.NormalizeSpace(entry))
		c.maxPhrase = max(c.maxPhrase, strings.Count(phrase, " ")+1)
		c.twins[strings.TrimSuffix(phrase, "e")+"ing"] = c.limits.Words[entry]
		for _, ending := range []string{"", "s", "es", "d", "ed", "ing"} {
			c.twins[phrase+ending] = c.limits.Words[entry]
		}
	}
}

// report adds a finding on a text, unless config.toml has an ignore for it.
func (c *checker) report(page *site.Page, text string, place diagnostic.Place, format string, args ...any) {
	for i, ignore := range c.limits.Ignores {
		isThisPage := ignore.Page == page.File || ignore.Page == page.URL()
		if isThisPage && strings.Contains(site.NormalizeSpace(text), site.NormalizeSpace(ignore.Text)) {
			c.usedIgnores[i] = true
			return
		}
	}
	c.findings = append(c.findings, place.Warningf(diagnostic.RuleLanguage, format, args...))
}

func (c *checker) checkPage(page *site.Page) {
	var words, sentences, syllables, mostSyllables int
	var hardest string // the sentence with most syllables
	var hardestPlace diagnostic.Place
	for _, block := range page.Blocks {
		placeOf := func(offset int) diagnostic.Place {
			place, _ := page.BlockPlace(block, offset)
			return place
		}
		list := splitSentences(block.Text)
		sentences += len(list)
		for _, s := range list {
			w, n := c.checkSentence(page, s, placeOf)
			words += w
			syllables += n
			if n > mostSyllables {
				mostSyllables, hardest, hardestPlace = n, s.text, placeOf(s.start)
			}
		}
		if limit := c.limits.ParagraphSentences; block.IsParagraph && limit > 0 && len(list) > limit {
			c.report(page, block.Text, placeOf(list[0].start),
				"this paragraph has %d sentences, more than %d: start a new one, or make a list, at %q",
				len(list), limit, diagnostic.Excerpt(list[limit].text))
		}
	}
	if node := page.FrontMatter.Get("description"); node != nil {
		for _, s := range splitSentences(page.Description) {
			c.checkSentence(page, s, func(int) diagnostic.Place { return node.Place })
		}
	}
	if words < minGradedWords {
		return
	}
	warn := func(format string, value float64, limit int) {
		c.findings = append(c.findings, hardestPlace.Warningf(diagnostic.RuleLanguage,
			format+": use shorter sentences and words, first in %q", value, limit, diagnostic.Excerpt(hardest)))
	}
	wordsPerSentence, syllablesPerWord := float64(words)/float64(sentences), float64(syllables)/float64(words)
	grade, ease := grade(wordsPerSentence, syllablesPerWord), ease(wordsPerSentence, syllablesPerWord)
	switch limit := cmp.Or(c.limits.Grades[page.File], c.limits.Grade); {
	case c.language == "en" && limit > 0 && grade > float64(limit):
		warn("the page reads at grade %.1f, and its limit is %d", grade, limit)
	case c.language == "es" && ease < float64(c.limits.Ease):
		warn("the page has a reading ease of %.1f, and its limit is %d", ease, c.limits.Ease)
	}
}

// checkSentence reports what is wrong with one sentence, and returns how many words and syllables it has.
func (c *checker) checkSentence(page *site.Page, s sentence, placeOf func(int) diagnostic.Place) (wordCount, syllables int) {
	words := wordPattern.FindAllString(s.text, -1)
	if limit := c.limits.SentenceWords; limit > 0 && len(words) > limit {
		c.report(page, s.text, placeOf(s.start), "this sentence has %d words, more than %d: make two of it, or a list: %q",
			len(words), limit, diagnostic.Excerpt(s.text))
	}
	end := 0 // of the previous word
	for i, w := range words {
		if c.syllables[w] == 0 {
			c.syllables[w] = countSyllables(w, c.bySpelling)
		}
		syllables += c.syllables[w]
		start := end + strings.Index(s.text[end:], w)
		end = start + len(w)
		if phrase, twin := c.findTwin(words, i); twin != "" {
			c.report(page, s.text, placeOf(s.start+start), "%q has a plainer twin: write %q, in %q",
				phrase, twin, diagnostic.Excerpt(s.text))
		}
	}
	return len(words), syllables
}

// findTwin returns the longest phrase that starts at a word and has a plainer twin, and that twin. A word with a capital is
// a name ("Fracture Clinic"), unless it starts the sentence and the next word has no capital.
func (c *checker) findTwin(words []string, first int) (longest, twin string) {
	isCapital := func(i int) bool {
		letter, _ := utf8.DecodeRuneInString(words[i])
		return unicode.IsUpper(letter)
	}
	if isCapital(first) && (first > 0 || len(words) > 1 && isCapital(1)) {
		return "", ""
	}
	phrase := ""
	for _, w := range words[first:min(first+c.maxPhrase, len(words))] {
		phrase = strings.TrimSpace(phrase + " " + strings.ToLower(w))
		if c.twins[phrase] != "" {
			longest, twin = phrase, c.twins[phrase]
		}
	}
	return longest, twin
}
