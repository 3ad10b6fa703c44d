package problem

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
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

// good is for what is as it should be.
func (s Style) good(text string) string { return s.code("32", text) }

// Bold is for what the eye looks for.
func (s Style) Bold(text string) string { return s.code("1", text) }

// Faint is for what is said beside.
func (s Style) Faint(text string) string { return s.code("2", text) }

// weighed shows a text as the severity asks.
func (s Style) weighed(severity Severity, text string) string {
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
		place := p.place()
		if place != "" {
			place = "line " + place
		}
		severity := style.weighed(p.Severity, fmt.Sprintf("%-8s", string(p.Severity)))
		fmt.Fprintf(&b, "    %-11s %s %s %s\n", place, severity, OneLine(p.Message), style.Faint("["+p.Rule+"]"))
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
func (s Style) Tally(ps []Problem) string {
	errs, warnings := Count(ps)
	switch {
	case errs > 0 && warnings > 0:
		return s.weighed(Error, Plural(errs, "error")+", "+Plural(warnings, "warning"))
	case errs > 0:
		return s.weighed(Error, Plural(errs, "error"))
	case warnings > 0:
		return s.weighed(Warning, Plural(warnings, "warning"))
	}
	return s.good("all clear")
}
