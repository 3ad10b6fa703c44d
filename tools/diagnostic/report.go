package diagnostic

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// Report shows an editor, check after check, what is to be mended.
type Report struct {
	Out  io.Writer
	Now  func() time.Time
	last []Diagnostic // what the check before found
}

const maxListed = 50 // a broken config.toml can make thousands

// Styles of terminals: ECMA-48, Select Graphic Rendition.
const bold, faint, green, yellow, red = "1", "2", "32", "33", "1;31"

// IsTerminal reports whether what is written to w is seen as it is written.
func IsTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// style returns text in a style, where colors are seen and wanted: https://no-color.org/
func (r *Report) style(style, text string) string {
	if !IsTerminal(r.Out) || os.Getenv("NO_COLOR") != "" || slices.Contains([]string{"", "dumb"}, os.Getenv("TERM")) {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}

// Say writes a line with the time of day.
func (r *Report) Say(format string, args ...any) { r.line(OneLine(fmt.Sprintf(format, args...))) }

func (r *Report) line(text string) {
	fmt.Fprintf(r.Out, "%s  %s\n", r.style(faint, r.Now().Format(time.TimeOnly)), text)
}

// Print shows what a check found in the files that were saved, and in the others what
// the check before did not find. Where saved is nil, all files count as saved.
func (r *Report) Print(subject string, saved []string, list []Diagnostic) {
	var here, elsewhere []Diagnostic
	var files []string // of elsewhere
	isOld := true
	for _, d := range Sort(slices.Clone(list)) {
		if saved == nil || slices.Contains(saved, d.File) {
			here = append(here, d)
			continue
		}
		elsewhere, files = append(elsewhere, d), append(files, d.File)
		isOld = isOld && slices.Contains(r.last, d)
	}
	r.last = list
	line := r.style(bold, OneLine(subject)) + ": " + r.tally(here) + "."
	if len(elsewhere) > 0 && isOld {
		line += " Still there: " + r.tally(elsewhere) + " in " + OneLine(Names(slices.Compact(files))) + "."
	}
	r.line(line)
	r.list(here)
	if !isOld {
		fmt.Fprintf(r.Out, "          In other files: %s.\n", r.tally(elsewhere))
		r.list(elsewhere)
	}
}

// tally returns how many errors and warnings there are: "1 error, 2 warnings".
func (r *Report) tally(list []Diagnostic) string {
	errs, warnings := Count(list)
	switch {
	case errs > 0 && warnings > 0:
		return r.style(red, Plural(errs, "error")+", "+Plural(warnings, "warning"))
	case errs > 0:
		return r.style(red, Plural(errs, "error"))
	case warnings > 0:
		return r.style(yellow, Plural(warnings, "warning"))
	}
	return r.style(green, "all clear")
}

// list writes findings below the names of their files, errors first.
func (r *Report) list(list []Diagnostic) {
	slices.SortStableFunc(list, func(a, b Diagnostic) int { return cmp.Compare(a.Severity, b.Severity) })
	for i, d := range list[:min(maxListed, len(list))] {
		if i == 0 || d.File != list[i-1].File {
			fmt.Fprintf(r.Out, "\n  %s\n", r.style(bold, OneLine(d.File)))
		}
		position, color := d.Position(), yellow
		if position != "" {
			position = "line " + position
		}
		if d.Severity == Error {
			color = red
		}
		severity := r.style(color, fmt.Sprintf("%-8s", d.Severity))
		fmt.Fprintf(r.Out, "    %-11s %s %s %s\n", position, severity, OneLine(d.Message), r.style(faint, "["+string(d.Rule)+"]"))
	}
	if more := len(list) - maxListed; more > 0 {
		fmt.Fprintf(r.Out, "    … and %d more: go run ./tools check lists them all.\n", more)
	}
	if len(list) > 0 {
		fmt.Fprintln(r.Out)
	}
}

// Names lists a few names, and counts many.
func Names(names []string) string {
	if len(names) > 3 {
		return Plural(len(names), "file")
	}
	return strings.Join(names, ", ")
}
