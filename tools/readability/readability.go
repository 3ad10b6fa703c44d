// Package readability judges how easy the words of each page are to read: its
// reading grade, long sentences and paragraphs, and words with plainer twins.
package readability

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"microsite/tools/diagnostic"
	"microsite/tools/site"
)

// minGradedWords is how many words a page needs to have a grade. The formula was
// fitted to passages of this length or more; in fewer, one long word is a grade.
const minGradedWords = 100

type checker struct {
	limits      site.Readability
	isEnglish   bool              // the formula of the grade is for English
	twins       map[string]string // see addTwins
	twinWords   int               // in the longest phrase of twins
	syllables   map[string]int    // of the words that were counted before
	usedIgnores []bool
	findings    []diagnostic.Diagnostic
}

// Check judges every page of the site by its limits. Each heading, item and
// card title is at least one sentence: readers stop there, too.
func Check(s *site.Site) []diagnostic.Diagnostic {
	c := &checker{
		limits:      s.Readability,
		isEnglish:   strings.HasPrefix(s.Language, "en"),
		twins:       map[string]string{},
		syllables:   map[string]int{},
		usedIgnores: make([]bool, len(s.Readability.Ignores)),
	}
	for _, entry := range slices.Sorted(maps.Keys(c.limits.Words)) {
		c.addTwins(entry, c.limits.Words[entry])
	}
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

// report adds findings on a text, unless somebody has a reason to leave it as it is.
func (c *checker) report(page *site.Page, text string, findings ...diagnostic.Diagnostic) {
	for i, ignore := range c.limits.Ignores {
		isThisPage := ignore.Page == page.File || ignore.Page == page.URL()
		if len(findings) > 0 && isThisPage && strings.Contains(site.NormalizeSpace(text), site.NormalizeSpace(ignore.Text)) {
			c.usedIgnores[i] = true
			return
		}
	}
	c.findings = append(c.findings, findings...)
}

func (c *checker) checkPage(page *site.Page) {
	var words, sentences, syllables, mostSyllables int
	var hardest sentence
	for _, block := range page.Blocks {
		place := func(offset int) diagnostic.Place { return page.BlockPlace(block, offset) }
		list := splitSentences(block.Text, place)
		sentences += len(list)
		for _, s := range list {
			w, n := c.checkSentence(page, s)
			words += w
			syllables += n
			if n > mostSyllables {
				mostSyllables, hardest = n, s
			}
		}
		if limit := c.limits.ParagraphSentences; block.IsParagraph && limit > 0 && len(list) > limit {
			c.report(page, block.Text, place(list[0].start).Warningf(diagnostic.RuleLanguage,
				"this paragraph has %d sentences, more than %d: start a new one, or make a list, at %q",
				len(list), limit, diagnostic.Excerpt(list[limit].text)))
		}
	}
	if node := page.FrontMatter.Get("description"); node != nil {
		for _, s := range splitSentences(page.Description, func(int) diagnostic.Place { return node.Place }) {
			c.checkSentence(page, s)
		}
	}
	limit := cmp.Or(c.limits.Grades[page.File], c.limits.Grade)
	if !c.isEnglish || limit == 0 || words < minGradedWords {
		return
	}
	if grade := grade(words, sentences, syllables); grade > float64(limit) {
		c.findings = append(c.findings, hardest.place(hardest.start).Warningf(diagnostic.RuleLanguage,
			"the page reads at grade %.1f, and its limit is %d: use shorter sentences and words, first in %q",
			grade, limit, diagnostic.Excerpt(hardest.text)))
	}
}

// checkSentence reports what is wrong with one sentence, and counts its words and syllables.
func (c *checker) checkSentence(page *site.Page, s sentence) (wordCount, syllables int) {
	var words []string
	matches := word.FindAllStringIndex(s.text, -1)
	for _, m := range matches {
		words = append(words, s.text[m[0]:m[1]])
	}
	excerpt := diagnostic.Excerpt(s.text)
	var findings []diagnostic.Diagnostic
	if limit := c.limits.SentenceWords; limit > 0 && len(words) > limit {
		findings = append(findings, s.place(s.start).Warningf(diagnostic.RuleLanguage,
			"this sentence has %d words, more than %d: make two of it, or a list: %q", len(words), limit, excerpt))
	}
	for i, w := range words {
		if c.syllables[w] == 0 {
			c.syllables[w] = countSyllables(w)
		}
		syllables += c.syllables[w]
		// A word with a capital is a name, unless it starts the sentence and none
		// follows it: "Fracture Clinic" is no jargon.
		if hasCapital(w) && (i > 0 || len(words) > 1 && hasCapital(words[1])) {
			continue
		}
		if phrase, plainer := c.findTwin(words[i:]); plainer != "" {
			findings = append(findings, s.place(s.start+matches[i][0]).Warningf(diagnostic.RuleLanguage,
				"%q has a plainer twin: write %q, in %q", phrase, plainer, excerpt))
		}
	}
	c.report(page, s.text, findings...)
	return len(words), syllables
}

// findTwin returns the longest phrase at the start of words that has a plainer twin, and that twin.
func (c *checker) findTwin(words []string) (longest, plainer string) {
	phrase := ""
	for _, w := range words[:min(c.twinWords, len(words))] {
		phrase = strings.TrimSpace(phrase + " " + strings.ToLower(w))
		if twin := c.twins[phrase]; twin != "" {
			longest, plainer = phrase, twin
		}
	}
	return longest, plainer
}

// addTwins adds the usual forms of an entry of config.toml: use, uses, used,
// using. Entries come sorted, so that "used" replaces a form of "use".
func (c *checker) addTwins(entry, plainer string) {
	words := strings.Fields(strings.ToLower(entry))
	if len(words) == 0 {
		return
	}
	c.twinWords = max(c.twinWords, len(words))
	phrase := strings.Join(words, " ")
	for _, ending := range []string{"", "s", "es", "d", "ed", "ing"} {
		c.twins[phrase+ending] = plainer
	}
	if stem, endsInE := strings.CutSuffix(phrase, "e"); endsInE {
		c.twins[stem+"ing"] = plainer
	}
}
