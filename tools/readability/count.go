package readability

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"microsite/tools/diagnostic"
)

// counts is what the grade of a text depends on.
type counts struct{ words, sentences, syllables int }

func (c *counts) add(n counts) {
	c.words += n.words
	c.sentences += n.sentences
	c.syllables += n.syllables
}

// grade returns the Flesch-Kincaid grade level, the US school grade in which a
// text can be read. See J. P. Kincaid and others: Derivation of new readability formulas for Navy
// enlisted personnel. Research Branch Report 8-75, Memphis, 1975.
func (c counts) grade() float64 {
	if c.words == 0 {
		return 0
	}
	words := float64(c.words)
	return 0.39*words/float64(c.sentences) + 11.8*float64(c.syllables)/words - 15.59
}

// sentence is a stretch of a block that holds a word.
type sentence struct {
	text  string
	start int                               // in the block
	place func(offset int) diagnostic.Place // of an offset in the block
}

// abbreviations end in a stop that does not end a sentence.
var abbreviations = []string{"dr", "mr", "mrs", "ms", "prof", "st", "vs", "e.g", "i.e"}

const stops = ".!?…"

// splitSentences returns the sentences of a block. They end with the block, or
// at a stop and a space before anything but a small letter.
func splitSentences(text string, place func(offset int) diagnostic.Place) []sentence {
	var sentences []sentence
	start, scanned := 0, 0 // of the sentence; what was looked at and holds no word
	cut := func(end int) {
		hasWord := strings.ContainsFunc(text[scanned:end], isWordRune)
		scanned = end
		if hasWord {
			untrimmed := strings.TrimLeftFunc(text[start:end], unicode.IsSpace)
			sentences = append(sentences, sentence{strings.TrimSpace(untrimmed), end - len(untrimmed), place})
			start = end
		}
	}
	for end := 0; ; {
		stop := strings.IndexAny(text[end:], stops)
		if stop < 0 {
			break
		}
		stop += end
		rest := strings.TrimLeft(text[stop:], stops+`)]"'”’`)
		end = len(text) - len(rest)
		next := strings.TrimLeftFunc(rest, unicode.IsSpace)
		first, _ := utf8.DecodeRuneInString(next)
		isEnd := len(next) < len(rest) && next != "" && !unicode.IsLower(first)
		if isEnd && !(text[stop] == '.' && endsInAbbreviation(text[start:stop])) {
			cut(end)
		}
	}
	cut(len(text))
	return sentences
}

func endsInAbbreviation(text string) bool {
	last := text[strings.LastIndexFunc(text, unicode.IsSpace)+1:] // the rest of a longer space is no letter
	last = strings.TrimLeftFunc(last, func(r rune) bool { return !unicode.IsLetter(r) })
	return slices.Contains(abbreviations, strings.ToLower(last))
}

// word is what stands between spaces and holds a letter or a digit, without the
// signs around it, and where it starts in the block. A word with hyphens is one word.
type word struct {
	start int
	text  string
}

func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func (w word) hasCapital() bool {
	first, _ := utf8.DecodeRuneInString(w.text)
	return unicode.IsUpper(first)
}

func splitWords(s sentence) []word {
	var words []word
	start := 0
	for field := range strings.FieldsSeq(s.text) {
		text := strings.TrimFunc(field, func(r rune) bool { return !isWordRune(r) })
		if text != "" {
			start += strings.Index(s.text[start:], text) // only signs and spaces stand before it
			words = append(words, word{s.start + start, text})
			start += len(text)
		}
	}
	return words
}

// spellings say how many syllables each match adds to a word.
var spellings = []struct {
	pattern   *regexp.Regexp
	syllables int
}{
	{regexp.MustCompile(`[aeiouy]+`), 1},
	// Vowels side by side that are said apart: di-et, vid-e-o, us-u-al, be-ing.
	{regexp.MustCompile(`i[aou]|[aeiouy]ing|iet|(?:[dnpv]|[^f]r|sc|cl)ien|[^p]eo|[dr]ea$|crea[^mks]|react|[^qg]ua` +
		`|[^qg]ui[^cdlst]|[aou]y[aeiou]|ey[aio]|[^aeiou]yo|[aeiouy][^aeiouy]+iest|[^aeioust]ier$|ae$`), 1},
	// Of these, what is said as one after all: na-tion, mar-riage, mil-lion.
	{regexp.MustCompile(`[ctsg]i[ao]|[ctgx]iou|sh?io|geo[nu]|[ln]ion|rriage|busin|[^r]gue$|que$`), -1},
	// An e inside a word that is not said: safe-ty, some-times, care-ful.
	{regexp.MustCompile(`[aeiouy][^aeiouyl]+e(?:(?:ful|less)?ly|ful|less|ness|ments?|some|ty|things?|times?|works?` +
		`|where|fore|what|ones?)$`), -1},
	// An e at the end that is not said: home, but not the, free, mus-cle.
	{regexp.MustCompile(`[aeiouy](?:.*[^aeiouyl]|(?:.*[aeiouylr])?l)e$`), -1},
	// An end without a vowel: spas-m, rhyth-m.
	{regexp.MustCompile(`(?:s|th)m$`), 1},
}

var (
	negation = regexp.MustCompile(`[ds]n['’]t$`)
	// The e of -ed is silent where a vowel stands before it and no t, d or e next to it: pulled, not need-ed.
	silentED = regexp.MustCompile(`^(.*[aiouy]|.*[aeiouy].*[^tde])ed$`)
	// What is left of trou-bled and hun-dred.
	consonantLR = regexp.MustCompile(`[^aeiouylr][lr]$`)
	// Plurals with a syllable more: pass-es, reach-es, but not aches.
	sibilantES = regexp.MustCompile(`(?:[scgzx]|[^t]sh|[^aeiou]ch|[eo]ach|[aeiou]tch|ush|ish|ash)es$`)
)

// countSyllables returns the syllables of a word as it is said in English. A
// word with hyphens is the sum of its parts. Figures and initials (911, TV)
// count one, however long: they are signs that are known at a glance or not at
// all, and Flesch leaves figures out of the count.
func countSyllables(text string) int {
	if !strings.ContainsFunc(text, unicode.IsLetter) {
		return 1
	}
	n := 0
	for piece := range strings.FieldsFuncSeq(text, func(r rune) bool { return r != '\'' && r != '’' && !isWordRune(r) }) {
		if utf8.RuneCountInString(piece) <= 5 && strings.ToUpper(piece) == piece {
			n++
		} else {
			n += countBySpelling(strings.ToLower(piece))
		}
	}
	return max(n, 1)
}

// countBySpelling counts the groups of vowels in a word of small letters, less
// those that are silent, more those that are said apart.
func countBySpelling(w string) int {
	n := 0
	if negation.MatchString(w) { // does-n't
		n++
	}
	w, _, _ = strings.Cut(strings.ReplaceAll(w, "’", "'"), "'")
	w = strings.Replace(w, "every", "evry", 1)
	switch m := silentED.FindStringSubmatch(w); {
	case m != nil:
		w = m[1]
		if consonantLR.MatchString(w) {
			n++
		}
	case strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "ss") && !sibilantES.MatchString(w):
		w = strings.TrimSuffix(w, "s")
	}
	for _, s := range spellings {
		n += s.syllables * len(s.pattern.FindAllStringIndex(w, -1))
	}
	return max(n, 1)
}
