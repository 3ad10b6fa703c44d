// Package problem holds the one diagnostic that every check of the tool
// reports: a place, a rule, a severity and a message that says what to do.
//
// A Problem is a value: something that an editor can mend. A Go error means
// that the tool itself could not do its work.
package problem

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// Severity says how much a Problem weighs.
type Severity string

const (
	// Error fails a check or a build.
	Error Severity = "error"
	// Warning is shown and, without -strict, does not fail anything.
	Warning Severity = "warning"
)

// Problem is one finding at one place.
type Problem struct {
	// File is relative to the site or, where the source isn't known, to the
	// folder that was checked. It always has forward slashes.
	File string `json:"file"`
	// Line and Column count from 1, Column in characters; 0 means unknown.
	Line   int `json:"line"`
	Column int `json:"column"`
	// Rule is the name that README lists.
	Rule     string   `json:"rule"`
	Severity Severity `json:"severity"`
	// Message says what is wrong and what to write instead.
	Message string `json:"message"`
}

// String is the problem as one line of text: path:line:col: severity: message [rule].
func (p Problem) String() string {
	place := p.File
	if p.Line > 0 {
		place += fmt.Sprintf(":%d", p.Line)
		if p.Column > 0 {
			place += fmt.Sprintf(":%d", p.Column)
		}
	}
	return fmt.Sprintf("%s: %s: %s [%s]", place, p.Severity, p.Message, p.Rule)
}

// Sort orders problems by place, then by rule and message, and drops exact repeats.
func Sort(ps []Problem) []Problem {
	slices.SortFunc(ps, func(a, b Problem) int {
		return cmp.Or(
			strings.Compare(a.File, b.File),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column),
			strings.Compare(a.Rule, b.Rule),
			strings.Compare(a.Message, b.Message),
		)
	})
	return slices.Compact(ps)
}

// Count returns how many of the problems are errors and how many warnings.
func Count(ps []Problem) (errors, warnings int) {
	for _, p := range ps {
		if p.Severity == Error {
			errors++
		} else {
			warnings++
		}
	}
	return errors, warnings
}

// Formats are the values of -format, the default first.
var Formats = []string{"text", "json", "github"}

// Write prints the problems in one of Formats. The error is w's, or says that
// the format is unknown.
func Write(w io.Writer, format string, ps []Problem) error {
	switch format {
	case "text":
		for _, p := range ps {
			if _, err := fmt.Fprintln(w, OneLine(p.String())); err != nil {
				return err
			}
		}
		return nil
	case "json":
		if ps == nil {
			ps = []Problem{} // [] and not null when clean
		}
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(ps)
	case "github":
		for _, p := range ps {
			if _, err := fmt.Fprintln(w, annotation(p)); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("unknown format %q: use one of %s", format, strings.Join(Formats, ", "))
}

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

var (
	escapeData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	escapeProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// annotation is GitHub's workflow command for the problem:
// https://docs.github.com/actions/reference/workflow-commands-for-github-actions
func annotation(p Problem) string {
	s := fmt.Sprintf("::%s file=%s", p.Severity, escapeProperty.Replace(p.File))
	if p.Line > 0 {
		s += fmt.Sprintf(",line=%d", p.Line)
	}
	if p.Column > 0 {
		s += fmt.Sprintf(",col=%d", p.Column)
	}
	return OneLine(fmt.Sprintf("%s,title=%s::%s", s, escapeProperty.Replace(p.Rule), escapeData.Replace(p.Message)))
}

// Nearest returns the known word that was probably meant by word, or "".
func Nearest(word string, known []string) string {
	if len(word) > 200 {
		return "" // not a slip of the finger
	}
	best, bestDistance := "", len(word)/3+2
	for _, k := range known {
		if len(k) > 200 {
			continue
		}
		d := levenshtein.ComputeDistance(strings.ToLower(word), strings.ToLower(k))
		if d < bestDistance {
			best, bestDistance = k, d
		}
	}
	return best
}

// Plural says how many there are of a thing: "1 day", "2 days".
func Plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// DidYouMean is a sentence naming the known word that was probably meant, led
// by a space, or "" where none is near.
func DidYouMean(word string, known []string) string {
	if n := Nearest(word, known); n != "" {
		return fmt.Sprintf(" Did you mean %q?", n)
	}
	return ""
}
