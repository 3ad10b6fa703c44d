package readability

import (
	"math"
	"regexp"
)

// ease returns how easy Spanish is to read, to one decimal: on the scale INFLESZ, from 65 fairly easy, from 80 very easy.
// See F. Szigriszt Pazos: Sistemas predictivos de legibilidad del mensaje escrito. Universidad Complutense de Madrid, 1993;
// for the scale, I. M. Barrio-Cantalejo and others, Anales del Sistema Sanitario de Navarra 31 (2008), pages 135 to 152.
func ease(wordsPerSentence, syllablesPerWord float64) float64 {
	return math.Round((206.835-62.3*syllablesPerWord-wordsPerSentence)*10) / 10
}

var (
	silentU    = regexp.MustCompile(`([qg])u([eiéí])`) // que, guía, but not agüita
	consonantY = regexp.MustCompile(`y([aeiouáéíóú])`) // ayuda, but not hoy
	vowels     = regexp.MustCompile(`[aeiouyáéíóúü]+`)
	strong     = regexp.MustCompile(`[aeoáéíóú]`)
)

// countSpanish counts the syllables of a Spanish word in small letters. Vowels side by side are one syllable, but each that
// is strong (a, e, o, or i and u with an accent) has its own: le-er and dí-a, but bue-no.
func countSpanish(word string) (n int) {
	word = consonantY.ReplaceAllString(silentU.ReplaceAllString(word, "$1$2"), "j$1")
	for _, group := range vowels.FindAllString(word, -1) {
		n += max(len(strong.FindAllString(group, -1)), 1)
	}
	return max(n, 1)
}
