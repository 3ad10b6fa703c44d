package plain

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	groups = regexp.MustCompile(`[aeiouy]+`)
	// Vowels side by side that are said apart: di-et, vid-e-o, us-u-al, be-ing.
	apart = regexp.MustCompile(`i[aou]|[aeiouy]ing|iet|(?:[dnpv]|[^f]r|sc|cl)ien|[^p]eo|[dr]ea$|crea[^mks]|react|[^qg]ua|[^qg]ui[^cdlst]|[aou]y[aeiou]|ey[aio]|[^aeiou]yo|[aeiouy][^aeiouy]+iest|[^aeioust]ier$|ae$`)
	// Of these, what is said as one after all: na-tion, mar-riage, mil-lion.
	joined = regexp.MustCompile(`[ctsg]i[ao]|[ctgx]iou|sh?io|geo[nu]|[ln]ion|rriage|busin|[^r]gue$|que$`)
	// An e inside a word that is not said: safe-ty, some-times, care-ful.
	mute = regexp.MustCompile(`[aeiouy][^aeiouyl]+e(?:(?:ful|less)?ly|ful|less|ness|ments?|some|ty|things?|times?|works?|where|fore|what|ones?)$`)
	// Ends that make a syllable without a vowel that is said: mus-cle, trou-bl(ed), spas-m.
	consonantLE = regexp.MustCompile(`[^aeiouylr]le$`)
	consonantLR = regexp.MustCompile(`[^aeiouylr][lr]$`)
	consonantM  = regexp.MustCompile(`(?:s|th)m$`)
	// Plurals with a syllable more: pass-es, reach-es, but not aches.
	sibilantES = regexp.MustCompile(`(?:[scgzx]|[^t]sh|[^aeiou]ch|[eo]ach|[aeiou]tch|ush|ish|ash)es$`)
	negation   = regexp.MustCompile(`[ds]n['’]t$`)
)

// syllables counts the syllables of a word as it is said in English, by its
// spelling: groups of vowels, less those that are mute, more those that are
// said apart. A word with hyphens is the sum of its parts. Figures and initials
// (911, TV) count one, however long: they are signs that are known at a glance
// or not at all, and Flesch leaves figures out of the count.
func syllables(word string) (n int) {
	if strings.IndexFunc(word, unicode.IsLetter) < 0 {
		return 1
	}
	for p := range strings.FieldsFuncSeq(word, func(r rune) bool { return r != '\'' && r != '’' && !inWord(r) }) {
		n += part(p)
	}
	return max(n, 1)
}

// part counts the syllables of a word without hyphens.
func part(word string) int {
	if utf8.RuneCountInString(word) <= 5 && strings.ToUpper(word) == word {
		return 1
	}
	w := strings.ToLower(word)
	n := 0
	if negation.MatchString(w) { // does-n't
		n++
	}
	w, _, _ = strings.Cut(strings.ReplaceAll(w, "’", "'"), "'")
	w = strings.Replace(w, "every", "evry", 1)
	switch stem := strings.TrimSuffix(w, "ed"); {
	case stem != w && groups.MatchString(stem) && !strings.ContainsAny(stem[len(stem)-1:], "tde"):
		if w = stem; consonantLR.MatchString(w) { // trou-bled, hun-dred
			n++
		}
	case strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "ss") && !sibilantES.MatchString(w):
		w = strings.TrimSuffix(w, "s")
	}
	n += len(groups.FindAllString(w, -1)) + len(apart.FindAllString(w, -1)) - len(joined.FindAllString(w, -1)) - len(mute.FindAllString(w, -1))
	if stem := strings.TrimSuffix(w, "e"); stem != w && groups.MatchString(stem) && !strings.ContainsAny(stem[len(stem)-1:], "aeiouy") && !consonantLE.MatchString(w) {
		n--
	}
	if consonantM.MatchString(w) {
		n++
	}
	return max(n, 1)
}
