// Package diagnostic holds the one finding that every check of the tool
// reports: a place, a rule, a severity and a message that says what to do.
//
// A Diagnostic is a value: something that an editor can mend. A Go error means
// that the tool itself could not do its work.
package diagnostic

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Severity says how much a Diagnostic weighs.
type Severity string

const (
	// Error fails a check or a build.
	Error Severity = "error"
	// Warning is shown and fails nothing unless --strict is set.
	Warning Severity = "warning"
)

// Place is where something is written.
type Place struct {
	// File is relative to the site or, where the source isn't known, to the
	// folder that was checked. It always has forward slashes.
	File string `json:"file"`
	// Line and Column count from 1, Column in characters; 0 means unknown.
	Line   int `json:"line"`
	Column int `json:"column"`
}

// Diagnostic is one finding at one place.
type Diagnostic struct {
	Place
	Rule     Rule     `json:"rule"`
	Severity Severity `json:"severity"`
	// Message says what is wrong and what to write instead.
	Message string `json:"message"`
}

// Errorf returns an error at this place.
func (p Place) Errorf(rule Rule, format string, args ...any) Diagnostic {
	return Diagnostic{Place: p, Rule: rule, Severity: Error, Message: fmt.Sprintf(format, args...)}
}

// Warningf returns a warning at this place.
func (p Place) Warningf(rule Rule, format string, args ...any) Diagnostic {
	return Diagnostic{Place: p, Rule: rule, Severity: Warning, Message: fmt.Sprintf(format, args...)}
}

// Position returns the line and column as in 7:10, or 7 where the column isn't
// known, or "".
func (p Place) Position() string {
	switch {
	case p.Line == 0:
		return ""
	case p.Column == 0:
		return strconv.Itoa(p.Line)
	}
	return fmt.Sprintf("%d:%d", p.Line, p.Column)
}

// String returns one line of text: path:line:col: severity: message [rule].
func (d Diagnostic) String() string {
	file := d.File
	if d.Line > 0 {
		file += ":"
	}
	return fmt.Sprintf("%s%s: %s: %s [%s]", file, d.Position(), d.Severity, d.Message, d.Rule)
}

// Sort orders diagnostics by place, then by rule and message, and drops exact repeats.
func Sort(list []Diagnostic) []Diagnostic {
	slices.SortFunc(list, func(a, b Diagnostic) int {
		return cmp.Or(
			strings.Compare(a.File, b.File),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column),
			strings.Compare(string(a.Rule), string(b.Rule)),
			strings.Compare(a.Message, b.Message),
		)
	})
	return slices.Compact(list)
}

// Count returns how many errors and how many warnings there are.
func Count(list []Diagnostic) (errors, warnings int) {
	for _, d := range list {
		if d.Severity == Error {
			errors++
		} else {
			warnings++
		}
	}
	return errors, warnings
}

// Write prints diagnostics as text, json or github (annotations). The error is
// w's, or says that the format is unknown.
func Write(w io.Writer, format string, list []Diagnostic) error {
	switch format {
	case "text":
		return writeLines(w, list, Diagnostic.String)
	case "github":
		return writeLines(w, list, annotation)
	case "json":
		if list == nil {
			list = []Diagnostic{} // [] and not null when clean
		}
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(list)
	}
	return fmt.Errorf("unknown format %q", format)
}

func writeLines(w io.Writer, list []Diagnostic, text func(Diagnostic) string) error {
	for _, d := range list {
		if _, err := fmt.Fprintln(w, OneLine(text(d))); err != nil {
			return err
		}
	}
	return nil
}

var (
	escapeData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	escapeProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// annotation returns GitHub's workflow command for the diagnostic:
// https://docs.github.com/actions/reference/workflow-commands-for-github-actions
func annotation(d Diagnostic) string {
	s := fmt.Sprintf("::%s file=%s", d.Severity, escapeProperty.Replace(d.File))
	if d.Line > 0 {
		s += fmt.Sprintf(",line=%d", d.Line)
	}
	if d.Column > 0 {
		s += fmt.Sprintf(",col=%d", d.Column)
	}
	return fmt.Sprintf("%s,title=%s::%s", s, escapeProperty.Replace(string(d.Rule)), escapeData.Replace(d.Message))
}
