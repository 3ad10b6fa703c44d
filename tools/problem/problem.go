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
	"strconv"
	"strings"
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
	file := p.File
	if p.Line > 0 {
		file += ":"
	}
	return fmt.Sprintf("%s%s: %s: %s [%s]", file, p.Place(), p.Severity, p.Message, p.Rule)
}

// Place is 7:10, or 7 where the column isn't known, or "".
func (p Problem) Place() string {
	switch {
	case p.Line == 0:
		return ""
	case p.Column == 0:
		return strconv.Itoa(p.Line)
	}
	return fmt.Sprintf("%d:%d", p.Line, p.Column)
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
		return lines(w, ps, Problem.String)
	case "github":
		return lines(w, ps, annotation)
	case "json":
		if ps == nil {
			ps = []Problem{} // [] and not null when clean
		}
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(ps)
	}
	return fmt.Errorf("unknown format %q: use one of %s", format, strings.Join(Formats, ", "))
}

func lines(w io.Writer, ps []Problem, text func(Problem) string) error {
	for _, p := range ps {
		if _, err := fmt.Fprintln(w, OneLine(text(p))); err != nil {
			return err
		}
	}
	return nil
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
	return fmt.Sprintf("%s,title=%s::%s", s, escapeProperty.Replace(p.Rule), escapeData.Replace(p.Message))
}
