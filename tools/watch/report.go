package watch

import (
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
	Style problem.Style
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

// Say writes a line with the time of day.
func (r *Report) Say(format string, args ...any) {
	fmt.Fprintf(r.Out, "%s  %s\n", r.Style.Faint(r.Now().Format(time.TimeOnly)), problem.OneLine(fmt.Sprintf(format, args...)))
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

	fmt.Fprintf(r.Out, "%s  %s: %s.", r.Style.Faint(r.Now().Format(time.TimeOnly)), r.Style.Bold(problem.OneLine(subject)), r.Style.Tally(here))
	told := !slices.ContainsFunc(elsewhere, func(p problem.Problem) bool { return !slices.Contains(before, p) })
	if len(elsewhere) > 0 && told {
		fmt.Fprintf(r.Out, " Still there: %s in %s.", r.Style.Tally(elsewhere), problem.OneLine(files(elsewhere)))
	}
	fmt.Fprintln(r.Out)
	r.list(here)
	if len(elsewhere) > 0 && !told {
		fmt.Fprintf(r.Out, "          In other files: %s.\n", r.Style.Tally(elsewhere))
		r.list(elsewhere)
	}
}

// most is how many problems are listed; a broken config.toml can make thousands.
const most = 50

func (r *Report) list(problems []problem.Problem) {
	if len(problems) == 0 {
		return
	}
	_ = problem.Group(r.Out, r.Style, problems[:min(most, len(problems))]) // a terminal that is gone hears nothing
	if more := len(problems) - most; more > 0 {
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
