package readability

import (
	"math"
	"regexp"
	"strings"
)

// ease returns the reading ease of a Spanish text to one decimal. On the INFLESZ scale, 65 is fairly easy and 80 very easy.
// See F. Szigriszt Pazos: Sistemas predictivos de legibilidad del mensaje escrito. Universidad Complutense de Madrid, 1993;
// for the scale, I. M. Barrio-Cantalejo and others, Anales del Sistema Sanitario de Navarra 31 (2008), pages 135 to 152.
func ease(wordsPerSentence, syllablesPerWord float64) float64 {
	return math.Round((206.835-62.3*syllablesPerWord-wordsPerSentence)*10) / 10
}

// spoken removes each silent u (que, guía, but not agüita), and writes each y that is a consonant as j (ayuda, but not hoy).
var spoken = strings.NewReplacer(
	"que", "qe", "qué", "qé", "qui", "qi", "quí", "qí", "gue", "ge", "gué", "gé", "gui", "gi", "guí", "gí",
	"ya", "ja", "ye", "je", "yi", "ji", "yo", "jo", "yu", "ju", "yá", "já", "yé", "jé", "yí", "jí", "yó", "jó", "yú", "jú")

var (
	vowelGroup  = regexp.MustCompile(`[aeiouyáéíóúü]+`)
	strongVowel = regexp.MustCompile(`[aeoáéíóú]`)
)

// countSpanish counts the syllables of a lower-case word. Neighboring vowels are one syllable (bue-no), but each strong one
// (a, e, o and those with an accent) is a syllable of its own: le-er, dí-a.
func countSpanish(word string) (n int) {
	for _, group := range vowelGroup.FindAllString(spoken.Replace(word), -1) {
		n += max(len(strongVowel.FindAllString(group, -1)), 1)
	}
	return max(n, 1)
}
