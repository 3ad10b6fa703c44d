// Package readability judges how easy the words of each page are to read: its reading grade, long sentences and
// paragraphs, and words with plainer twins.
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

// minGradedWords is how many words a page needs to have a grade. The formula was fitted to passages of this length or
// more; in fewer, one long word is a grade.
const minGradedWords = 100

type checker struct {
	limits      site.Readability
	language    string                // BCP 47, without a region
	bySpelling  func(word string) int // counts the syllables of a word
	twins       map[string]string     // what to write instead of each form of a phrase, in small letters
	phraseWords map[string]int        // in the longest phrase of twins, by its first word
	syllables   map[string]int        // of the words that were counted before
	usedIgnores map[int]bool
	findings    []diagnostic.Diagnostic
}

// Check judges every page of the site by its limits. Each heading, item and card title is at least one sentence: readers
// stop there, too.
func Check(s *site.Site) []diagnostic.Diagnostic {
	c := &checker{limits: s.Readability, bySpelling: countEnglish, twins: map[string]string{}, phraseWords: map[string]int{},
		syllables: map[string]int{}, usedIgnores: map[int]bool{}}
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

// addTwins takes in the phrases of config.toml, sorted, so that "used" replaces a form of "use".
func (c *checker) addTwins() {
	for _, entry := range slices.Sorted(maps.Keys(c.limits.Words)) {
		phrase := strings.ToLower(site.NormalizeSpace(entry))
		forms := []string{strings.TrimSuffix(phrase, "e") + "ing"}
		for _, ending := range []string{"", "s", "es", "d", "ed", "ing"} { // those of English; those of Spanish are among them
			forms = append(forms, phrase+ending)
		}
		for _, form := range forms {
			first, _, _ := strings.Cut(form, " ")
			c.phraseWords[first] = max(c.phraseWords[first], strings.Count(form, " ")+1)
			c.twins[form] = c.limits.Words[entry]
		}
	}
}

// report adds a finding on a text, unless somebody has a reason to leave it as it is.
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
	var hardest sentence
	var hardestPlace func(offset int) diagnostic.Place
	for _, block := range page.Blocks {
		place := func(offset int) (place diagnostic.Place) {
			place, _ = page.BlockPlace(block, offset)
			return place
		}
		list := splitSentences(block.Text)
		sentences += len(list)
		for _, s := range list {
			w, n := c.checkSentence(page, s, place)
			words += w
			syllables += n
			if n > mostSyllables {
				mostSyllables, hardest, hardestPlace = n, s, place
			}
		}
		if limit := c.limits.ParagraphSentences; block.IsParagraph && limit > 0 && len(list) > limit {
			c.report(page, block.Text, place(list[0].start),
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
	fail := func(format string, value float64, limit int) {
		c.findings = append(c.findings, hardestPlace(hardest.start).Warningf(diagnostic.RuleLanguage,
			format+": use shorter sentences and words, first in %q", value, limit, diagnostic.Excerpt(hardest.text)))
	}
	wordsPerSentence, syllablesPerWord := float64(words)/float64(sentences), float64(syllables)/float64(words)
	grade, ease := grade(wordsPerSentence, syllablesPerWord), ease(wordsPerSentence, syllablesPerWord)
	switch limit := cmp.Or(c.limits.Grades[page.File], c.limits.Grade); {
	case c.language == "en" && limit > 0 && grade > float64(limit):
		fail("the page reads at grade %.1f, and its limit is %d", grade, limit)
	case c.language == "es" && ease < float64(c.limits.Ease):
		fail("the page has a reading ease of %.1f, and its limit is %d", ease, c.limits.Ease)
	}
}

// checkSentence reports what is wrong with one sentence, and counts its words and syllables.
func (c *checker) checkSentence(page *site.Page, s sentence, place func(offset int) diagnostic.Place) (wordCount, syllables int) {
	words := wordsOf(s.text)
	if limit := c.limits.SentenceWords; limit > 0 && len(words) > limit {
		c.report(page, s.text, place(s.start), "this sentence has %d words, more than %d: make two of it, or a list: %q",
			len(words), limit, diagnostic.Excerpt(s.text))
	}
	end := 0 // of the word before
	for i, w := range words {
		if c.syllables[w] == 0 {
			c.syllables[w] = countSyllables(w, c.bySpelling)
		}
		syllables += c.syllables[w]
		start := end + strings.Index(s.text[end:], w)
		end = start + len(w)
		if phrase, twin := c.twinOf(words, i); twin != "" {
			c.report(page, s.text, place(s.start+start), "%q has a plainer twin: write %q, in %q",
				phrase, twin, diagnostic.Excerpt(s.text))
		}
	}
	return len(words), syllables
}

// twinOf returns the longest phrase from a word of a sentence on that has a plainer twin, and that twin, or "". A word with a
// capital is a name, unless it starts the sentence and none follows it: "Fracture Clinic" is no jargon.
func (c *checker) twinOf(words []string, from int) (longest, twin string) {
	isCapital := func(i int) bool {
		first, _ := utf8.DecodeRuneInString(words[i])
		return unicode.IsUpper(first)
	}
	if isCapital(from) && (from > 0 || len(words) > 1 && isCapital(1)) {
		return "", ""
	}
	phrase, count := "", c.phraseWords[strings.ToLower(words[from])]
	for _, w := range words[from:min(from+count, len(words))] {
		phrase = strings.TrimSpace(phrase + " " + strings.ToLower(w))
		if c.twins[phrase] != "" {
			longest, twin = phrase, c.twins[phrase]
		}
	}
	return longest, twin
}
