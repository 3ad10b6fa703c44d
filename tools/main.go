// Command tools checks, builds and publishes a patient education site that
// Hugo renders from Markdown. Run it in the site's root folder:
//
//	go run ./tools serve            live preview, and what to mend after each save
//	go run ./tools build            check everything and publish into public/
//	go run ./tools check            check content, dates and sign-offs; change nothing
//	go run ./tools links DIR        check the links of a rendered folder
//	go run ./tools sign FILE…       sign pages off, show what changed since, or take a sign-off off
//	go run ./tools due              list what is due, worst first
//
// Findings, which an editor can mend, go to the standard output; progress and
// failures go to the standard error. README.md is the manual, and
// tools/README.md the guide to this code.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/alecthomas/kong"

	"microsite/tools/diagnostic"
)

// Exit codes.
const (
	exitClean    = 0 // warnings allowed
	exitFindings = 1
	exitUsage    = 2
	exitFailed   = 3 // the tool could not do its work
)

// commandLine is every command with its flags.
type commandLine struct {
	Serve serveCommand `cmd:"" help:"Show the site as you write it, and what to mend after each save."`
	Build buildCommand `cmd:"" help:"Check everything and publish into public/."`
	Check checkCommand `cmd:"" help:"Check content, dates and sign-offs; change nothing."`
	Links linksCommand `cmd:"" help:"Check links, fragments and assets of a rendered folder."`
	Sign  signCommand  `cmd:"" help:"Sign off the text of pages as a clinician has reviewed it."`
	Due   dueCommand   `cmd:"" help:"List pages by what is due, worst first."`
}

// command is one of commandLine. Run returns the exit code; an error means that
// the tool could not do its work.
type command interface {
	Run(ctx context.Context, t *tool) (int, error)
}

// dayFlag is for commands that judge dates.
type dayFlag struct {
	Today string `placeholder:"DAY" help:"Judge dates as on this day, YYYY-MM-DD, not today."`
}

// formatFlag is for commands that print findings.
type formatFlag struct {
	Format string `enum:"text,json,github" default:"text" help:"Print findings as ${enum}."`
}

// strictFlag is for commands that warnings can fail.
type strictFlag struct {
	Strict bool `help:"Let warnings fail too, and list pages that are not reviewed and sources that are outdated."`
}

// tool is the world as its commands see it.
type tool struct {
	stdout, stderr io.Writer
	now            func() time.Time
}

// usageError is a mistake on the command line that only the command itself can see.
type usageError struct{ error }

func main() {
	t := &tool{stdout: os.Stdout, stderr: os.Stderr, now: time.Now}
	os.Exit(t.run(context.Background(), os.Args[1:]))
}

// run runs one command line and returns its exit code.
func (t *tool) run(ctx context.Context, args []string) int {
	isHelp := false
	parser := kong.Must(&commandLine{},
		kong.Name("go run ./tools"),
		kong.Description("Checks, builds and publishes this site. Run it in the site's root folder. README.md is the manual.\n\n"+
			"Exit codes: 0 clean, 1 findings, 2 wrong usage, 3 could not do its work. (\"go run\" makes 1 of every code but 0.)"),
		kong.Writers(t.stdout, t.stderr),
		kong.Exit(func(int) { isHelp = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}))
	if slices.Equal(args, []string{"help"}) {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if isHelp {
		return exitClean
	}
	if err != nil {
		return t.usage(err)
	}
	code, err := parsed.Selected().Target.Addr().Interface().(command).Run(ctx, t)
	switch {
	case errors.Is(err, context.Canceled):
		t.say("Stopped before the end: nothing was changed.")
		return exitFailed
	case errors.As(err, &usageError{}):
		return t.usage(err)
	case err != nil:
		t.say("%s could not do its work: %s", parsed.Command(), diagnostic.OneLine(err.Error()))
		return exitFailed
	}
	return code
}

func (t *tool) usage(err error) int {
	t.say("%s\nRun \"go run ./tools --help\", or with the name of a command before --help.", diagnostic.OneLine(err.Error()))
	return exitUsage
}

// say writes a line of progress.
func (t *tool) say(format string, args ...any) { fmt.Fprintf(t.stderr, format+"\n", args...) }

// clock returns the instant for which dates are judged and pages rendered: now,
// or noon of a day in the site's time zone.
func (t *tool) clock(day string, zone *time.Location) (time.Time, error) {
	if day == "" {
		return t.now(), nil
	}
	d, err := time.ParseInLocation(time.DateOnly, day, zone)
	if err != nil {
		return d, usageError{fmt.Errorf("--today %q must be a date, YYYY-MM-DD", day)}
	}
	return d.Add(12 * time.Hour), nil
}

// printFindings prints findings in a format and turns them into an exit code.
func (t *tool) printFindings(format string, isStrict bool, findings []diagnostic.Diagnostic) (int, error) {
	findings = diagnostic.Sort(findings)
	if err := diagnostic.Write(t.stdout, format, findings); err != nil {
		return exitFailed, err
	}
	if fails(isStrict, findings) {
		return exitFindings, nil
	}
	return exitClean, nil
}

// fails reports whether findings stop a check or a build.
func fails(isStrict bool, findings []diagnostic.Diagnostic) bool {
	errs, warnings := diagnostic.Count(findings)
	return errs > 0 || isStrict && warnings > 0
}
