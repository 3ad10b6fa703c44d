// Package readability judges how easy the words of each page are to read: its
// reading grade, long sentences and paragraphs, and words with plainer twins.
package readability

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"

	"microsite/tools/diagnostic"
	"microsite/tools/site"
)

// minGradedWords is how many words a page needs to have a grade. The formula was
// fitted to passages of this length or more; in fewer, one long word is a grade.
const minGradedWords = 100

// Check judges every page of the site by its limits. Each heading, item and
// card title is at least one sentence: readers stop there, too.
func Check(s *site.Site) []diagnostic.Diagnostic {
	c := &checker{
		limits:      s.Readability,
		isEnglish:   strings.HasPrefix(s.Language, "en"),
		twins:       makeTwins(s.Readability.Words),
		syllables:   map[string]int{},
		usedIgnores: make([]bool, len(s.Readability.Ignores)),
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

type checker struct {
	limits      site.Readability
	isEnglish   bool              // the formula of the grade is for English
	twins       map[string]string // see makeTwins
	syllables   map[string]int    // of the words that were counted before
	usedIgnores []bool
	findings    []diagnostic.Diagnostic
}

func (c *checker) warn(place diagnostic.Place, format string, args ...any) {
	c.findings = append(c.findings, place.Warningf(diagnostic.RuleLanguage, format, args...))
}

// isIgnored reports whether somebody has a reason to leave a text as it is.
func (c *checker) isIgnored(page *site.Page, text string) bool {
	for i, ignore := range c.limits.Ignores {
		isThisPage := ignore.Page == page.File || ignore.Page == page.URL()
		if isThisPage && strings.Contains(site.NormalizeSpace(text), site.NormalizeSpace(ignore.Text)) {
			c.usedIgnores[i] = true
			return true
		}
	}
	return false
}

func (c *checker) checkPage(page *site.Page) {
	var total, hardest counts
	var hardestSentence sentence
	for _, block := range page.Blocks {
		place := func(offset int) diagnostic.Place { return page.BlockPlace(block, offset) }
		sentences := splitSentences(block.Text, place)
		for _, s := range sentences {
			n := c.checkSentence(page, s)
			total.add(n)
			if n.syllables > hardest.syllables {
				hardest, hardestSentence = n, s
			}
		}
		limit := c.limits.ParagraphSentences
		if block.IsParagraph && limit > 0 && len(sentences) > limit && !c.isIgnored(page, block.Text) {
			c.warn(place(sentences[0].start),
				"this paragraph has %d sentences, more than %d: start a new one, or make a list, at %q",
				len(sentences), limit, diagnostic.Excerpt(sentences[limit].text))
		}
	}
	if node := page.FrontMatter.Get("description"); node != nil {
		for _, s := range splitSentences(page.Description, func(int) diagnostic.Place { return node.Place }) {
			c.checkSentence(page, s)
		}
	}
	limit, hasOwnLimit := c.limits.Grades[page.File]
	if !hasOwnLimit {
		limit = c.limits.Grade
	}
	grade := math.Round(total.grade()*10) / 10
	if c.isEnglish && limit > 0 && total.words >= minGradedWords && grade > float64(limit) {
		c.warn(hardestSentence.place(hardestSentence.start),
			"the page reads at grade %.1f, and its limit is %d: use shorter sentences and words, first in %q",
			grade, limit, diagnostic.Excerpt(hardestSentence.text))
	}
}

// checkSentence counts one sentence and reports what is wrong with it. What all
// its findings need is made once, because a sentence may be as long as its file.
func (c *checker) checkSentence(page *site.Page, s sentence) counts {
	words := splitWords(s)
	n := counts{sentences: 1, words: len(words)}
	excerpt := diagnostic.Excerpt(s.text)
	isIgnored := sync.OnceValue(func() bool { return c.isIgnored(page, s.text) })
	if limit := c.limits.SentenceWords; limit > 0 && n.words > limit && !isIgnored() {
		c.warn(s.place(s.start), "this sentence has %d words, more than %d: make two of it, or a list: %q", n.words, limit, excerpt)
	}
	for i, w := range words {
		if c.syllables[w.text] == 0 {
			c.syllables[w.text] = countSyllables(w.text)
		}
		n.syllables += c.syllables[w.text]
		phrase, plainer := c.findTwin(words[i:], i == 0)
		if plainer != "" && !isIgnored() {
			c.warn(s.place(w.start), "%q has a plainer twin: write %q, in %q", phrase, plainer, excerpt)
		}
	}
	return n
}

// findTwin returns the longest phrase at the start of words that has a plainer
// twin, and that twin. A word with a capital is a name, unless it starts the
// sentence and none follows it: "Fracture Clinic" is no jargon.
func (c *checker) findTwin(words []word, startsSentence bool) (longest, plainer string) {
	if words[0].hasCapital() && (!startsSentence || len(words) > 1 && words[1].hasCapital()) {
		return "", ""
	}
	phrase := ""
	for _, w := range words {
		phrase = strings.TrimSpace(phrase + " " + strings.ToLower(w.text))
		twin, isKnown := c.twins[phrase]
		if !isKnown {
			break
		}
		if twin != "" {
			longest, plainer = phrase, twin
		}
	}
	return longest, plainer
}

// makeTwins returns what to write instead of the entries of config.toml, in
// their usual forms: use, uses, used, using. Of two entries with the same form
// the longer one counts. The first words of a longer phrase have "".
func makeTwins(entries map[string]string) map[string]string {
	twins := map[string]string{}
	byLength := func(a, b string) int { return cmp.Or(len(a)-len(b), strings.Compare(a, b)) }
	for _, entry := range slices.SortedFunc(maps.Keys(entries), byLength) {
		words := strings.Fields(strings.ToLower(entry))
		if len(words) == 0 {
			continue
		}
		for i := 1; i < len(words); i++ {
			start := strings.Join(words[:i], " ")
			if _, isKnown := twins[start]; !isKnown {
				twins[start] = ""
			}
		}
		phrase := strings.Join(words, " ")
		for _, ending := range []string{"", "s", "es", "d", "ed", "ing"} {
			twins[phrase+ending] = entries[entry]
		}
		if stem, endsInE := strings.CutSuffix(phrase, "e"); endsInE {
			twins[stem+"ing"] = entries[entry]
		}
	}
	return twins
}
