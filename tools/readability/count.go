package readability

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// grade returns the Flesch-Kincaid grade level, the US school grade in which a text can be read, to one decimal. See J. P.
// Kincaid and others: Derivation of new readability formulas for Navy enlisted personnel. Research Branch Report 8-75,
// Memphis, 1975.
func grade(wordsPerSentence, syllablesPerWord float64) float64 {
	return math.Round((0.39*wordsPerSentence+11.8*syllablesPerWord-15.59)*10) / 10
}

// sentence is a stretch of a block that holds a word.
type sentence struct {
	text  string
	start int // in the block
}

// splitSentences returns the sentences of a block. Signs without a word belong to the next.
func splitSentences(text string) (sentences []sentence) {
	for end := 0; ; {
		start := len(text) - len(strings.TrimLeftFunc(text[end:], unicode.IsSpace))
		firstWord := strings.IndexFunc(text[start:], isWordRune)
		if firstWord < 0 {
			return sentences
		}
		end = sentenceEnd(text, start+firstWord)
		sentences = append(sentences, sentence{strings.TrimSpace(text[start:end]), start})
	}
}

// Sentences cuts a line into its sentences, and leaves out nothing but the spaces between them. The number of an item of
// a list is no sentence.
func Sentences(line string) (list []string) {
	from := 0
	for _, s := range splitSentences(line) {
		if strings.ContainsFunc(line[from:s.start], unicode.IsLetter) {
			list = append(list, strings.TrimSpace(line[from:s.start]))
			from = s.start
		}
	}
	return append(list, strings.TrimSpace(line[from:]))
}

const stops = ".!?…"

// abbreviations are words whose stop does not end a sentence.
var abbreviations = []string{"dr", "mr", "mrs", "ms", "prof", "st", "vs", "e.g", "i.e"}

// sentenceEnd returns where the sentence with a word at an offset ends: with the block, or at a stop and a space before
// anything but a small letter.
func sentenceEnd(text string, offset int) int {
	for end := offset; ; {
		stop := strings.IndexAny(text[end:], stops)
		if stop < 0 {
			return len(text)
		}
		stop += end
		rest := strings.TrimLeft(text[stop:], stops+`)]"'”’`)
		end = len(text) - len(rest)
		next := strings.TrimLeftFunc(rest, unicode.IsSpace)
		first, _ := utf8.DecodeRuneInString(next)
		isEnd := len(next) < len(rest) && !unicode.IsLower(first)
		lastWord := text[strings.LastIndexFunc(text[:stop], unicode.IsSpace)+1 : stop] // the rest of a longer space is no letter
		lastWord = strings.ToLower(strings.TrimLeftFunc(lastWord, func(r rune) bool { return !unicode.IsLetter(r) }))
		if isEnd && (text[stop] != '.' || !slices.Contains(abbreviations, lastWord)) {
			return end
		}
	}
}

// wordsOf returns the words of a text: what stands between spaces, from its first letter or digit to its last. A word with
// hyphens is one word.
func wordsOf(text string) (words []string) {
	for field := range strings.FieldsSeq(text) {
		if word := strings.TrimFunc(field, func(r rune) bool { return !isWordRune(r) }); word != "" {
			words = append(words, word)
		}
	}
	return words
}

func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// spellings say how many syllables each match adds to a word.
var spellings = []struct {
	pattern   *regexp.Regexp
	syllables int
}{
	// Vowels side by side that are said apart: di-et, vid-e-o, us-u-al, be-ing.
	{regexp.MustCompile(`i[aou]|[aeiouy]ing|iet|(?:[dnpv]|[^f]r|sc|cl)ien|[^p]eo|[dr]ea$|crea[^mks]|react|[^qg]ua` +
		`|[^qg]ui[^cdlst]|[aou]y[aeiou]|ey[aio]|[^aeiou]yo|[aeiouy][^aeiouy]+iest|[^aeioust]ier$|ae$`), 1},
	// Of these, what is said as one after all: na-tion, mar-riage, mil-lion.
	{regexp.MustCompile(`[ctsg]i[ao]|[ctgx]iou|sh?io|geo[nu]|[ln]ion|rriage|busin|[^r]gue$|que$`), -1},
	// An e inside a word that is not said: safe-ty, some-times, care-ful.
	{regexp.MustCompile(`[aeiouy][^aeiouyl]+e(?:(?:ful|less)?ly|ful|less|ness|ments?|some|ty|things?|times?|works?|where|fore|what|ones?)$`), -1},
	// An e at the end that is not said: home, but not the, free, mus-cle.
	{regexp.MustCompile(`[aeiouy](?:.*[^aeiouyl]|(?:.*[aeiouylr])?l)e$`), -1},
	// An end without a vowel: spas-m, rhyth-m, does-n't, of which n't is cut off.
	{regexp.MustCompile(`(?:(?:s|th)m|[ds]n)$`), 1},
}

var (
	// The e of -ed is silent where a vowel stands before it and no t, d or e next to it, nor an l or r that needs it:
	// pulled, but not need-ed, trou-bled, hun-dred.
	silentED = regexp.MustCompile(`(?:[aiouy]|[aeiouy].*[^tdelr]|[aeiouy](?:.*[aeiouylr])?[lr])$`) // before it
	// Plurals with a syllable more: pass-es, reach-es, but not aches.
	sibilantES = regexp.MustCompile(`(?:[scgzx]|[^t]sh|[^aeiou]ch|[eo]ach|[aeiou]tch|ush|ish|ash)es$`)
)

// countSyllables returns the syllables of a word by the spelling of its language. A word with hyphens is the sum of its
// parts. Figures and initials (911, TV) count one, however long: Flesch leaves figures out of the count.
func countSyllables(text string, bySpelling func(word string) int) int {
	if !strings.ContainsFunc(text, unicode.IsLetter) {
		return 1
	}
	n := 0
	for piece := range strings.FieldsFuncSeq(text, func(r rune) bool { return r != '\'' && r != '’' && !isWordRune(r) }) {
		if utf8.RuneCountInString(piece) <= 5 && strings.ToUpper(piece) == piece {
			n++
		} else {
			n += bySpelling(strings.ToLower(piece))
		}
	}
	return max(n, 1)
}

// countEnglish counts the groups of vowels in a word of small letters, less those that are silent, more those that are
// pronounced apart.
func countEnglish(w string) int {
	w, _, _ = strings.Cut(strings.ReplaceAll(w, "’", "'"), "'")
	if stem, isPast := strings.CutSuffix(w, "ed"); isPast && silentED.MatchString(stem) {
		w = stem
	} else if strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "ss") && !sibilantES.MatchString(w) {
		w = strings.TrimSuffix(w, "s")
	}
	n := len(strings.FieldsFunc(w, func(r rune) bool { return !strings.ContainsRune("aeiouy", r) })) - strings.Count(w, "every")
	for _, s := range spellings {
		n += s.syllables * len(s.pattern.FindAllStringIndex(w, -1))
	}
	return max(n, 1)
}
