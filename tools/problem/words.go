package problem

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/agnivade/levenshtein"
)

// OneLine keeps a hostile file name or value from breaking out of its line or
// from writing to the terminal's control channel.
func OneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f || 0x80 <= r && r <= 0x9f || r == '\u2028' || r == '\u2029' {
			return '\uFFFD'
		}
		return r
	}, s)
}

// Start is the first words of a text, to quote in a message.
func Start(text string) string {
	const most = 40
	text = strings.Join(strings.Fields(text), " ")
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	cut := string(runes[:most])
	if space := strings.LastIndexByte(cut, ' '); space > 0 {
		cut = cut[:space]
	}
	return cut + "…"
}

// Plural says how many there are of a thing: "1 day", "2 days".
func Plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// Nearest returns the known word that was probably meant by word, or "".
func Nearest(word string, known []string) string {
	const longest = 200 // what is longer is no slip of the finger
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

// DidYouMean is a sentence naming the known word that was probably meant, led
// by a space, or "" where none is near.
func DidYouMean(word string, known []string) string {
	if n := Nearest(word, known); n != "" {
		return fmt.Sprintf(" Did you mean %q?", n)
	}
	return ""
}

// Unknown is the message for a word outside a closed list: what it is that is
// unknown, the word that was probably meant, and the list under a heading.
func Unknown(what, word, heading string, known []string) string {
	return fmt.Sprintf("unknown %s %q.%s %s: %s", what, word, DidYouMean(word, known), heading, cmp.Or(strings.Join(known, ", "), "(none)"))
}
