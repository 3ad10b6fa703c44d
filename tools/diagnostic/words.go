package diagnostic

import (
	"cmp"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/agnivade/levenshtein"
)

// OneLine keeps a hostile file name or value from breaking out of its line, from
// writing to the terminal's control channel and from turning around what follows.
func OneLine(s string) string {
	return strings.Map(func(r rune) rune {
		isControl := unicode.IsControl(r) && r != '\t' || r == '\u2028' || r == '\u2029'
		if isControl || IsDirectionControl(r) {
			return utf8.RuneError
		}
		return r
	}, s)
}

// IsDirectionControl reports whether a character turns around the order in which
// others are shown: https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters
func IsDirectionControl(r rune) bool {
	return '\u202a' <= r && r <= '\u202e' || '\u2066' <= r && r <= '\u2069'
}

// Excerpt returns the first words of a text, to quote in a message.
func Excerpt(text string) string {
	const limit = 40 // characters
	text = strings.Join(strings.Fields(text), " ")
	runes := []rune(text)
	if len(runes) <= limit {
		return text
	}
	start := string(runes[:limit])
	if space := strings.LastIndexByte(start, ' '); space > 0 {
		start = start[:space]
	}
	return start + "…"
}

// Plural returns a number with its noun: "1 day", "2 days".
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Nearest returns the known word that was probably meant by word, or "".
func Nearest(word string, known []string) string {
	const longest = 200 // a longer word is no slip of the finger, and comparing it is slow
	if len(word) > longest {
		return ""
	}
	best, bestDistance := "", len(word)/3+2
	for _, k := range known {
		if len(k) > longest {
			continue
		}
		d := levenshtein.ComputeDistance(strings.ToLower(word), strings.ToLower(k))
		if d < bestDistance {
			best, bestDistance = k, d
		}
	}
	return best
}

// DidYouMean returns a sentence naming the known word that was probably meant,
// led by a space, or "" where none is near.
func DidYouMean(word string, known []string) string {
	if n := Nearest(word, known); n != "" {
		return fmt.Sprintf(" Did you mean %q?", n)
	}
	return ""
}

// Unknown returns the message for a word outside a closed list: what kind of
// word it is, the one that was probably meant, and the list under a heading.
func Unknown(kind, word, heading string, known []string) string {
	list := cmp.Or(strings.Join(known, ", "), "(none)")
	return fmt.Sprintf("unknown %s %q.%s %s: %s", kind, word, DidYouMean(word, known), heading, list)
}
