package readability

import (
	"math"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// grade returns the Flesch-Kincaid grade level to one decimal: the US school grade in which a text can be read. See J. P.
// Kincaid and others: Derivation of new readability formulas for Navy enlisted personnel. Research Branch Report 8-75,
// Memphis, 1975.
func grade(wordsPerSentence, syllablesPerWord float64) float64 {
	return math.Round((0.39*wordsPerSentence+11.8*syllablesPerWord-15.59)*10) / 10
}

// sentence is a part of a block that has at least one word.
type sentence struct {
	text  string
	start int // its offset in the block
}

var (
	// sentenceEnd matches a stop, the quotes and brackets that close after it, and the space before the next sentence.
	sentenceEnd = regexp.MustCompile(`[.!?…][.!?…)\]"'”’]*[\s\p{Z}]+`)
	// abbreviation matches the end of a text whose last stop does not end a sentence.
	abbreviation = regexp.MustCompile(`(?i)(?:^|[\s\p{Z}])\PL*(?:dr|mrs?|ms|prof|st|vs|e\.g|i\.e)\.$`)
	// wordPattern matches from the first letter or digit between two spaces to the last. A word with hyphens is one word.
	wordPattern = regexp.MustCompile(`[\pL\p{Nd}](?:[^\s\p{Z}]*[\pL\p{Nd}])?`)
)

// splitSentences returns the sentences of a block. Punctuation without a word belongs to the next sentence.
func splitSentences(text string) (sentences []sentence) {
	start := len(text) - len(strings.TrimLeftFunc(text, unicode.IsSpace))
	add := func(end int) {
		if strings.ContainsFunc(text[start:end], isWordRune) {
			sentences = append(sentences, sentence{strings.TrimSpace(text[start:end]), start})
			start = end
		}
	}
	for _, m := range sentenceEnd.FindAllStringIndex(text, -1) {
		next, _ := utf8.DecodeRuneInString(text[m[1]:])
		if !unicode.IsLower(next) && !abbreviation.MatchString(text[start:m[0]+1]) {
			add(m[1])
		}
	}
	add(len(text))
	return sentences
}

// Sentences cuts a line into its sentences and trims them. The number of a list item stays with the sentence after it.
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

func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// spellings list how many syllables each match adds to the number of vowel groups in an English word.
var spellings = []struct {
	pattern   *regexp.Regexp
	syllables int
}{
	// Neighboring vowels that are two syllables: di-et, vid-e-o, us-u-al, be-ing.
	{regexp.MustCompile(`i[aou]|[aeiouy]ing|iet|(?:[dnpv]|[^f]r|sc|cl)ien|[^p]eo|[dr]ea$|crea[^mks]|react|[^qg]ua` +
		`|[^qg]ui[^cdlst]|[aou]y[aeiou]|ey[aio]|[^aeiou]yo|[aeiouy][^aeiouy]+iest|[^aeioust]ier$|ae$`), 1},
	// Exceptions from these, which are one syllable: na-tion, mar-riage, mil-lion.
	{regexp.MustCompile(`[ctsg]i[ao]|[ctgx]iou|sh?io|geo[nu]|[ln]ion|rriage|busin|[^r]gue$|que$`), -1},
	// A silent e inside a word: safe-ty, some-times, care-ful, eve-ry.
	{regexp.MustCompile(`[aeiouy][^aeiouyl]+e` +
		`(?:(?:ful|less)?ly|ful|less|ness|ments?|some|ty|things?|times?|works?|where|fore|what|ones?)$|every`), -1},
	// A silent e at the end: home, but not the, free, mus-cle.
	{regexp.MustCompile(`[aeiouy](?:.*[^aeiouyl]|(?:.*[aeiouylr])?l)e$`), -1},
	// An ending that is a syllable without a vowel: spas-m, rhyth-m, does-n't (countEnglish has cut off 't).
	{regexp.MustCompile(`(?:(?:s|th)m|[ds]n)$`), 1},
}

var (
	// silentED matches what stands before a silent -ed: pulled, but not need-ed, trou-bled, hun-dred. It holds a vowel, and
	// does not end in t, d or e, nor in an l or r after another consonant.
	silentED = regexp.MustCompile(`(?:[aiouy]|[aeiouy].*[^tdelr]|[aeiouy](?:.*[aeiouylr])?[lr])$`)
	// sibilantES matches plurals whose -es is a syllable: pass-es, reach-es, but not aches.
	sibilantES = regexp.MustCompile(`(?:[scgzx]|[^t]sh|[^aeiou]ch|[eo]ach|[aeiou]tch|ush|ish|ash)es$`)
)

// countSyllables returns how many syllables a word has by the spelling of its language. The parts of a word with hyphens
// are counted one by one. Numbers and initials (911, TV) have one syllable, because Flesch does not count their syllables.
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

// countEnglish counts the groups of vowels in a lower-case word, and corrects their number by the spellings.
func countEnglish(w string) int {
	w, _, _ = strings.Cut(strings.ReplaceAll(w, "’", "'"), "'")
	if stem, isPast := strings.CutSuffix(w, "ed"); isPast && silentED.MatchString(stem) {
		w = stem
	} else if strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "ss") && !sibilantES.MatchString(w) {
		w = strings.TrimSuffix(w, "s")
	}
	n := len(strings.FieldsFunc(w, func(r rune) bool { return !strings.ContainsRune("aeiouy", r) }))
	for _, s := range spellings {
		n += s.syllables * len(s.pattern.FindAllStringIndex(w, -1))
	}
	return max(n, 1)
}
