package problem

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Style is how a terminal shows words; its zero value shows them plain.
type Style struct{ Color bool }

// The codes are those of every terminal with colors: ECMA-48, SGR.
func (s Style) code(code, text string) string {
	if !s.Color {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// Good is for what is as it should be.
func (s Style) Good(text string) string { return s.code("32", text) }

// Bold is for what the eye looks for.
func (s Style) Bold(text string) string { return s.code("1", text) }

// Faint is for what is said beside.
func (s Style) Faint(text string) string { return s.code("2", text) }

// Weighed shows a text as the severity asks.
func (s Style) Weighed(severity Severity, text string) string {
	if severity == Error {
		return s.code("1;31", text)
	}
	return s.code("33", text)
}

// Group writes the problems for a person to read: by file, worst first. Each
// has its place, what is wrong and what to write instead.
func Group(w io.Writer, style Style, ps []Problem) error {
	ps = slices.Clone(ps)
	worst := map[string]int{}
	for _, p := range ps {
		worst[p.File] = max(worst[p.File], p.weight())
	}
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(worst[b.File], worst[a.File]), strings.Compare(a.File, b.File), cmp.Compare(b.weight(), a.weight()),
			cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	var b strings.Builder
	for i, p := range ps {
		if i == 0 || p.File != ps[i-1].File {
			fmt.Fprintf(&b, "\n  %s\n", style.Bold(OneLine(p.File)))
		}
		place := ""
		if p.Line > 0 {
			place = fmt.Sprintf("line %d", p.Line)
			if p.Column > 0 {
				place += fmt.Sprintf(":%d", p.Column)
			}
		}
		pad := strings.Repeat(" ", max(0, len("line 000:00")-utf8.RuneCountInString(place)))
		severity := fmt.Sprintf("%-8s", string(p.Severity))
		fmt.Fprintf(&b, "    %s%s %s %s %s\n", place, pad, style.Weighed(p.Severity, severity), OneLine(p.Message), style.Faint("["+p.Rule+"]"))
	}
	if len(ps) > 0 {
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (p Problem) weight() int {
	if p.Severity == Error {
		return 2
	}
	return 1
}

// Tally says how many errors and warnings there are: "1 error, 2 warnings".
func Tally(ps []Problem) string {
	errs, warnings := Count(ps)
	var parts []string
	if errs > 0 {
		parts = append(parts, Plural(errs, "error"))
	}
	if warnings > 0 {
		parts = append(parts, Plural(warnings, "warning"))
	}
	if parts == nil {
		return "all clear"
	}
	return strings.Join(parts, ", ")
}
