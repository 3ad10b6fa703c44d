// Package diagnostic defines what every check reports: a problem that an editor can fix. A Go error, in contrast, means that
// the tool could not do its work.
package diagnostic

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/agnivade/levenshtein"
)

// Severity says whether a Diagnostic stops a build.
type Severity string

const (
	Error   Severity = "error"   // stops a build
	Warning Severity = "warning" // stops a build only with --strict
)

// Place is a place in a file.
type Place struct {
	File   string `json:"file"`   // with forward slashes, relative to the site or the folder that was checked
	Line   int    `json:"line"`   // from 1; 0 means unknown
	Column int    `json:"column"` // in characters, from 1; 0 means unknown
}

// Diagnostic is a problem at a place.
type Diagnostic struct {
	Place
	Rule     Rule     `json:"rule"`
	Severity Severity `json:"severity"`
	Message  string   `json:"message"` // what is wrong and what to write instead
}

// Errorf returns an error at this place.
func (p Place) Errorf(rule Rule, format string, args ...any) Diagnostic {
	return Diagnostic{Place: p, Rule: rule, Severity: Error, Message: fmt.Sprintf(format, args...)}
}

// Warningf returns a warning at this place.
func (p Place) Warningf(rule Rule, format string, args ...any) Diagnostic {
	return Diagnostic{Place: p, Rule: rule, Severity: Warning, Message: fmt.Sprintf(format, args...)}
}

// Position returns the line and column, as in "7:10", only the line, or "" if neither is known.
func (p Place) Position() string {
	if p.Column == 0 {
		return strings.TrimPrefix(fmt.Sprint(p.Line), "0")
	}
	return fmt.Sprintf("%d:%d", p.Line, p.Column)
}

// String returns one line of text: path:line:col: severity: message [rule].
func (d Diagnostic) String() string {
	place := strings.TrimSuffix(d.File+":"+d.Position(), ":")
	return fmt.Sprintf("%s: %s: %s [%s]", place, d.Severity, d.Message, d.Rule)
}

// Sort sorts a list in place, by place, rule and message, and returns it without repeats.
func Sort(list []Diagnostic) []Diagnostic {
	slices.SortFunc(list, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(list)
}

// Count returns the number of errors and of warnings in a list.
func Count(list []Diagnostic) (errors, warnings int) {
	for _, d := range list {
		if d.Severity == Error {
			errors++
		}
	}
	return errors, len(list) - errors
}

// Write writes a list in one of the formats text, json and github (annotations of a pull request).
func Write(w io.Writer, format string, list []Diagnostic) error {
	if format == "json" {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(append([]Diagnostic{}, list...)) // an empty list is [], not null
	}
	var text strings.Builder
	for _, d := range list {
		line := d.String()
		if format == "github" {
			line = annotation(d)
		}
		text.WriteString(OneLine(line) + "\n")
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// annotation returns the workflow command that makes GitHub show the diagnostic:
// https://docs.github.com/actions/reference/workflow-commands-for-github-actions
func annotation(d Diagnostic) string {
	place := strings.NewReplacer("%", "%25", ":", "%3A", ",", "%2C").Replace(d.File)
	if d.Line > 0 {
		place += fmt.Sprintf(",line=%d", d.Line)
	}
	if d.Column > 0 {
		place += fmt.Sprintf(",col=%d", d.Column)
	}
	return fmt.Sprintf("::%s file=%s,title=%s::%s", d.Severity, place, d.Rule, strings.ReplaceAll(d.Message, "%", "%25"))
}

// OneLine replaces line breaks, control characters and direction marks in s, so that a hostile file name or value can't start
// a line of its own, control the terminal, or reverse the text that follows.
func OneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control) {
			return utf8.RuneError
		}
		return r
	}, s)
}

// Excerpt returns the first words of a text, for a message to quote.
func Excerpt(text string) string {
	const limit = 40 // characters
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) <= limit {
		return string(runes)
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

// DidYouMean returns a space and a sentence that suggests the known word most similar to word, or "" if none is similar.
func DidYouMean(word string, known []string) (sentence string) {
	const maxLength = 200 // comparing longer words is slow
	nearest := len(word)/3 + 2
	for _, k := range known {
		if max(len(word), len(k)) > maxLength {
			continue
		}
		if distance := levenshtein.ComputeDistance(strings.ToLower(word), strings.ToLower(k)); distance < nearest {
			nearest, sentence = distance, fmt.Sprintf(" Did you mean %q?", k)
		}
	}
	return sentence
}

// Unknown returns the message about a word that is not one of the known words, which it lists after a heading.
func Unknown(kind, word, heading string, known []string) string {
	list := cmp.Or(strings.Join(known, ", "), "(none)")
	return fmt.Sprintf("unknown %s %q.%s %s: %s", kind, word, DidYouMean(word, known), heading, list)
}
