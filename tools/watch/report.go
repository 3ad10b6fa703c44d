package watch

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"microsite/tools/problem"
)

// Report tells, pass by pass, what was found.
type Report struct {
	Out   io.Writer
	Color bool
	Now   func() time.Time

	shown map[string][]problem.Problem // by topic, what was found last
}

// Terminal says whether what is written to w is seen as it is written.
func Terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// Colored says whether w shows colors and whoever runs the tool wants them:
// https://no-color.org/
func Colored(w io.Writer) bool {
	wanted := os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	able := runtime.GOOS != "windows" || os.Getenv("WT_SESSION") != "" // older consoles would show the codes
	return wanted && able && Terminal(w)
}

// Styles of every terminal with colors: ECMA-48, SGR.
const (
	bold   = "1"
	faint  = "2"
	green  = "32"
	yellow = "33"
	red    = "1;31"
)

func (r *Report) in(style, text string) string {
	if !r.Color {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}

// Say writes a line with the time of day.
func (r *Report) Say(format string, args ...any) {
	r.line(problem.OneLine(fmt.Sprintf(format, args...)))
}

func (r *Report) line(text string) {
	fmt.Fprintf(r.Out, "%s  %s\n", r.in(faint, r.Now().Format(time.TimeOnly)), text)
}

// Found tells what a pass on a topic has found: what is wrong in the files
// that were saved, whole, and what is wrong elsewhere, unless it was told
// before. Where nothing was saved, everything counts as new.
func (r *Report) Found(topic, subject string, saved []string, problems []problem.Problem) {
	problems = problem.Sort(slices.Clone(problems))
	var here, elsewhere []problem.Problem
	for _, p := range problems {
		if saved == nil || slices.Contains(saved, p.File) {
			here = append(here, p)
		} else {
			elsewhere = append(elsewhere, p)
		}
	}
	before := r.shown[topic]
	if r.shown == nil {
		r.shown = map[string][]problem.Problem{}
	}
	r.shown[topic] = problems

	line := r.in(bold, problem.OneLine(subject)) + ": " + r.tally(here) + "."
	told := !slices.ContainsFunc(elsewhere, func(p problem.Problem) bool { return !slices.Contains(before, p) })
	if len(elsewhere) > 0 && told {
		line += " Still there: " + r.tally(elsewhere) + " in " + problem.OneLine(files(elsewhere)) + "."
	}
	r.line(line)
	r.list(here)
	if !told {
		fmt.Fprintf(r.Out, "          In other files: %s.\n", r.tally(elsewhere))
		r.list(elsewhere)
	}
}

// tally says how many errors and warnings there are: "1 error, 2 warnings".
func (r *Report) tally(ps []problem.Problem) string {
	errs, warnings := problem.Count(ps)
	switch {
	case errs > 0 && warnings > 0:
		return r.in(red, problem.Plural(errs, "error")+", "+problem.Plural(warnings, "warning"))
	case errs > 0:
		return r.in(red, problem.Plural(errs, "error"))
	case warnings > 0:
		return r.in(yellow, problem.Plural(warnings, "warning"))
	}
	return r.in(green, "all clear")
}

// most is how many problems are listed; a broken config.toml can make thousands.
const most = 50

// list writes problems that are in the order of their places by file, worst
// first: what is wrong, and what to write instead.
func (r *Report) list(ps []problem.Problem) {
	worst := map[string]problem.Severity{} // by file
	for _, p := range ps {
		if worst[p.File] != problem.Error {
			worst[p.File] = p.Severity
		}
	}
	slices.SortStableFunc(ps, func(a, b problem.Problem) int { // "error" comes before "warning" in the alphabet, too
		return cmp.Or(cmp.Compare(worst[a.File], worst[b.File]), strings.Compare(a.File, b.File), cmp.Compare(a.Severity, b.Severity))
	})
	for i, p := range ps[:min(most, len(ps))] {
		if i == 0 || p.File != ps[i-1].File {
			fmt.Fprintf(r.Out, "\n  %s\n", r.in(bold, problem.OneLine(p.File)))
		}
		place, style := p.Place(), yellow
		if place != "" {
			place = "line " + place
		}
		if p.Severity == problem.Error {
			style = red
		}
		severity := r.in(style, fmt.Sprintf("%-8s", p.Severity))
		fmt.Fprintf(r.Out, "    %-11s %s %s %s\n", place, severity, problem.OneLine(p.Message), r.in(faint, "["+p.Rule+"]"))
	}
	if len(ps) > 0 {
		fmt.Fprintln(r.Out)
	}
	if more := len(ps) - most; more > 0 {
		fmt.Fprintf(r.Out, "    … and %d more: go run ./tools check lists them all.\n\n", more)
	}
}

// files names the files of the problems, or says how many there are.
func files(problems []problem.Problem) string {
	var names []string
	for _, p := range problems {
		if !slices.Contains(names, p.File) {
			names = append(names, p.File)
		}
	}
	return Names(names)
}

// Names lists a few names and counts many.
func Names(names []string) string {
	if len(names) > 3 {
		return problem.Plural(len(names), "file")
	}
	return strings.Join(names, ", ")
}
