package readability

import (
	"math"
	"strings"
	"unicode/utf8"
)

// ease returns how easy Spanish is to read, to one decimal: on the scale INFLESZ, from 65 fairly easy, from 80 very easy.
// See F. Szigriszt Pazos: Sistemas predictivos de legibilidad del mensaje escrito. Universidad Complutense de Madrid, 1993;
// for the scale, I. M. Barrio-Cantalejo and others, Anales del Sistema Sanitario de Navarra 31 (2008), pages 135 to 152.
func ease(wordsPerSentence, syllablesPerWord float64) float64 {
	return math.Round((206.835-62.3*syllablesPerWord-wordsPerSentence)*10) / 10
}

// spoken takes out each u that is not said (que, guía, but not agüita), and each y that is a consonant (ayuda, but not hoy).
var spoken = strings.NewReplacer("que", "qe", "qué", "qé", "qui", "qi", "quí", "qí", "gue", "ge", "gué", "gé", "gui", "gi", "guí", "gí",
	"ya", "ja", "ye", "je", "yi", "ji", "yo", "jo", "yu", "ju", "yá", "já", "yé", "jé", "yí", "jí", "yó", "jó", "yú", "jú")

// countSpanish counts the syllables of a Spanish word in small letters. Vowels side by side are one syllable, but each that
// is strong (a, e, o, or i and u with an accent) has its own: le-er and dí-a, but bue-no.
func countSpanish(word string) (n int) {
	for group := range strings.FieldsFuncSeq(spoken.Replace(word), func(r rune) bool { return !strings.ContainsRune("aeiouyáéíóúü", r) }) {
		strong := strings.FieldsFunc(group, func(r rune) bool { return !strings.ContainsRune("aeoáéíóú", r) })
		n += max(utf8.RuneCountInString(strings.Join(strong, "")), 1)
	}
	return max(n, 1)
}
