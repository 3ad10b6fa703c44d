// Package plain judges how easy the words of each page are to read: its
// reading grade, long sentences and paragraphs, and words with plainer twins.
package plain

import (
	"cmp"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"microsite/tools/content"
	"microsite/tools/problem"
)

// Rules of this package, as README lists them.
const (
	Rule       = "plain-language"
	RuleIgnore = "unused-ignore"
)

// enough is how many words a grade takes. The formula was fitted to passages
// of this length or more; in fewer, one long word is a grade.
const enough = 100

// Cache keeps what was found on each page, so that Check judges only pages that
// are new. Those of a content.Cache are, once their file or the settings
// changed. The zero value is empty.
type Cache struct{ pages map[*content.Page]findings }

// findings are what was found on a page, and which of Ignores left something out.
type findings struct {
	problems []problem.Problem
	used     []int
}

// Check judges every page of the site by its [params.plain]. Each heading, item
// and card title is a sentence, at least: readers stop there, too.
func (k *Cache) Check(site *content.Site) (problems []problem.Problem) {
	c := newChecker(site)
	pages := map[*content.Page]findings{}
	used := make([]bool, len(c.Ignores))
	for _, p := range site.Pages {
		f, known := k.pages[p]
		if !known {
			c.findings = findings{}
			c.page(p)
			f = c.findings
		}
		pages[p] = f
		problems = append(problems, f.problems...)
		for _, i := range f.used {
			used[i] = true
		}
	}
	k.pages = pages
	for i, rule := range c.Ignores {
		if !used[i] {
			problems = append(problems, rule.Pos.Problem(problem.Warning, content.ConfigFile, RuleIgnore,
				"nothing is wrong with %q on %s any more: remove this rule", rule.Target, rule.Page))
		}
	}
	return problems
}

type checker struct {
	content.Plain
	graded   bool
	known    map[string]*word
	twins    map[string][]twin // by their first word
	findings                   // of one page
}

// word is what is known of a word wherever it stands.
type word struct {
	lower     string
	syllables int
	twins     []twin
}

// place is a word where it stands in a text.
type place struct {
	*word
	from int
}

// twin is words that have a plainer twin.
type twin struct {
	words []string
	to    string
}

func newChecker(site *content.Site) *checker {
	c := &checker{Plain: site.Plain, known: map[string]*word{}, twins: map[string][]twin{}}
	c.graded = strings.HasPrefix(site.Language, "en") // the formula is of English
	longest := func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) }
	for _, from := range slices.SortedFunc(maps.Keys(c.Words), longest) { // the longest that fits counts
		c.learn(from, c.Words[from])
	}
	return c
}

// learn takes an entry of Words, in its usual forms: use, uses, used, using.
func (c *checker) learn(from, to string) {
	words := strings.Fields(strings.ToLower(from))
	if len(words) == 0 {
		return
	}
	last := len(words) - 1
	forms := []string{words[last]}
	for _, ending := range []string{"s", "es", "d", "ed", "ing"} {
		forms = append(forms, words[last]+ending)
	}
	if stem, found := strings.CutSuffix(words[last], "e"); found {
		forms = append(forms, stem+"ing")
	}
	for _, form := range forms {
		t := twin{append(slices.Clone(words[:last]), form), to}
		c.twins[t.words[0]] = append(c.twins[t.words[0]], t)
	}
}

func (c *checker) page(p *content.Page) {
	var all, hardest counts
	var words string // of the hardest sentence
	var at content.Pos
	for _, b := range p.Blocks {
		sentences := split(b.Text)
		for _, s := range sentences {
			n := c.sentence(p, s, func(offset int) content.Pos { return p.Pos(b, offset) })
			if all.add(n); n.syllables > hardest.syllables {
				hardest, words, at = n, s.text, p.Pos(b, s.from)
			}
		}
		if limit := c.ParagraphSentences; b.Paragraph && limit > 0 && len(sentences) > limit {
			c.add(p, b.Text, p.Pos(b, sentences[0].from), "this paragraph has %d sentences, more than %d: start a new one, or make a list, at %q",
				len(sentences), limit, problem.Start(sentences[limit].text))
		}
	}
	if n := p.Front.Get("description"); n != nil {
		for _, s := range split(p.Description) {
			c.sentence(p, s, func(int) content.Pos { return n.Pos })
		}
	}
	limit := c.Grade
	if own, found := c.Grades[p.File]; found {
		limit = own
	}
	if grade := math.Round(all.grade()*10) / 10; c.graded && limit > 0 && all.words >= enough && grade > float64(limit) {
		c.add(p, "", at, "the page reads at grade %.1f, and its limit is %d: use shorter sentences and words, first in %q",
			grade, limit, problem.Start(words))
	}
}

// sentence counts one sentence and reports what is wrong with it.
func (c *checker) sentence(p *content.Page, s sentence, at func(offset int) content.Pos) counts {
	n := counts{sentences: 1}
	found := make([]place, 0, 32) // few sentences are longer
	for from, token := range s.words() {
		w := c.word(token)
		n.words++
		n.syllables += w.syllables
		found = append(found, place{w, from})
	}
	if n.words == 0 {
		return counts{}
	}
	if c.SentenceWords > 0 && n.words > c.SentenceWords {
		c.add(p, s.text, at(s.from), "this sentence has %d words, more than %d: make two of it, or a list: %q",
			n.words, c.SentenceWords, problem.Start(s.text))
	}
	for i, first := range found {
		for _, t := range first.twins {
			if end := i + len(t.words); end <= len(found) && slices.EqualFunc(t.words, found[i:end], func(w string, f place) bool { return w == f.lower }) {
				c.add(p, s.text, at(first.from), "%q has a plainer twin: write %q, in %q", strings.Join(t.words, " "), t.to, problem.Start(s.text))
				break
			}
		}
	}
	return n
}

func (c *checker) word(text string) *word {
	w := c.known[text]
	if w == nil {
		lower := strings.ToLower(text)
		w = &word{lower, syllables(text), c.twins[lower]}
		c.known[text] = w
	}
	return w
}

// add reports a problem of a text, unless somebody has a reason for it.
func (c *checker) add(p *content.Page, text string, at content.Pos, format string, args ...any) {
	squeezed := content.Squeeze(text)
	for i, rule := range c.Ignores {
		if (rule.Page == p.File || rule.Page == p.URL()) && strings.Contains(squeezed, content.Squeeze(rule.Target)) {
			c.used = append(c.used, i)
			return
		}
	}
	c.problems = append(c.problems, at.Problem(problem.Warning, p.File, Rule, format, args...))
}

// counts is what the grade of a text depends on.
type counts struct{ words, sentences, syllables int }

func (c *counts) add(n counts) {
	c.words += n.words
	c.sentences += n.sentences
	c.syllables += n.syllables
}

// grade is the Flesch-Kincaid grade level, the US school grade in which a text
// can be read: 0.39 words per sentence + 11.8 syllables per word - 15.59.
//
// J. P. Kincaid, R. P. Fishburne, R. L. Rogers, B. S. Chissom: Derivation of
// new readability formulas for Navy enlisted personnel. Research Branch Report
// 8-75, Naval Air Station Memphis, 1975.
func (c counts) grade() float64 {
	if c.words == 0 || c.sentences == 0 {
		return 0
	}
	words := float64(c.words)
	return .39*words/float64(c.sentences) + 11.8*float64(c.syllables)/words - 15.59
}

// sentence is a stretch of a text, and where that starts in it.
type sentence struct {
	from int
	text string
}

// abbreviations end in a stop that does not end a sentence.
var abbreviations = []string{"dr", "mr", "mrs", "ms", "prof", "st", "vs", "e.g", "i.e"}

// split finds the sentences of a block: they end with the block, or at a stop
// and a space before anything but a small letter.
func split(text string) (out []sentence) {
	from := 0
	cut := func(to int) {
		if s := text[from:to]; strings.ContainsFunc(s, inWord) {
			from += len(s) - len(strings.TrimLeftFunc(s, unicode.IsSpace))
			out = append(out, sentence{from, strings.TrimSpace(s)})
			from = to
		}
	}
	for i, r := range text {
		if i < from || r != '.' && r != '!' && r != '?' && r != '…' {
			continue
		}
		rest := strings.TrimLeft(text[i+utf8.RuneLen(r):], `.!?…)]"'”’`)
		next := strings.TrimLeftFunc(rest, unicode.IsSpace)
		if first, _ := utf8.DecodeRuneInString(next); next == "" || len(next) == len(rest) || unicode.IsLower(first) {
			continue
		}
		before := text[from:i]
		before = before[strings.LastIndexFunc(before, func(r rune) bool { return r != '.' && !unicode.IsLetter(r) })+1:] // that sign may be long
		if r == '.' && slices.Contains(abbreviations, strings.ToLower(strings.TrimLeftFunc(before, func(r rune) bool { return !unicode.IsLetter(r) }))) {
			continue
		}
		cut(len(text) - len(rest))
	}
	cut(len(text))
	return out
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// words yields each word of a sentence and where it starts in the text: what
// stands between spaces and holds a letter or a digit, less the signs around
// it. A word with hyphens is one word.
func (s sentence) words() iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		at := 0
		for field := range strings.FieldsSeq(s.text) {
			word := strings.TrimFunc(field, func(r rune) bool { return !inWord(r) })
			if word == "" {
				continue
			}
			at += strings.Index(s.text[at:], word) // only signs and spaces stand before it
			if !yield(s.from+at, word) {
				return
			}
			at += len(word)
		}
	}
}
