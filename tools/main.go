// Command tools checks, builds and publishes a patient education site that Hugo renders from Markdown. README.md is the
// manual, and tools/README.md the guide to this code.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"microsite/tools/diagnostic"
)

// Exit codes.
const (
	exitClean    = 0 // or only warnings
	exitFindings = 1
	exitUsage    = 2
	exitFailed   = 3 // the tool could not do its work
)

// commandLine declares the commands with their flags. The Run method of a command returns nil, errFindings, a usageError
// or the error that kept it from its work.
type commandLine struct {
	Serve serveCommand `cmd:"" help:"Show the site as you write it, and what to mend after each save."`
	Build buildCommand `cmd:"" help:"Check everything and publish into public/."`
	Check checkCommand `cmd:"" help:"Check content, dates and sign-offs; change nothing."`
	Links linksCommand `cmd:"" help:"Check links, fragments and assets of a rendered folder."`
	Sign  signCommand  `cmd:"" help:"Sign off the text of pages as a clinician has reviewed it."`
	Due   dueCommand   `cmd:"" help:"List pages by what is due, worst first."`

	Translated translatedCommand `cmd:"" help:"Say that pages are up to date with the text that they translate."`
}

// errFindings is returned by a command that fails because of findings that it has printed.
var errFindings = errors.New("there are findings")

// usageError is a mistake on the command line.
type usageError struct{ error }

// tool holds what commands use of the process and the system.
type tool struct {
	root           string // the current folder, without symbolic links, as Hugo prints it
	stdout, stderr io.Writer
	now            func() time.Time
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop) // a second signal ends the tool at once
	root, _ := syscall.Getwd()   // os.Getwd keeps symbolic links
	t := &tool{root: root, stdout: os.Stdout, stderr: os.Stderr, now: time.Now}
	parser := kong.Must(&commandLine{},
		kong.Name("go run ./tools"),
		kong.Description("Checks, builds and publishes this site. Run it in the site's root folder. README.md is the manual.\n\n"+
			"Exit codes: 0 clean, 1 findings, 2 wrong usage, 3 could not do its work. (\"go run\" makes 1 of every code but 0.)"),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Bind(t), kong.BindTo(ctx, (*context.Context)(nil)))
	parsed, err := parser.Parse(os.Args[1:])
	if err != nil {
		os.Exit(t.reportError(usageError{err}))
	}
	os.Exit(t.reportError(parsed.Run()))
}

// reportError prints the error of a command, unless its findings have been printed, and returns the exit code.
func (t *tool) reportError(err error) int {
	switch {
	case err == nil:
		return exitClean
	case errors.Is(err, errFindings):
		return exitFindings
	case errors.As(err, &usageError{}):
		t.logf("%s\nRun \"go run ./tools --help\", or with the name of a command before --help.", diagnostic.OneLine(err.Error()))
		return exitUsage
	case errors.Is(err, context.Canceled):
		t.logf("Stopped before the end: nothing was changed.")
	default:
		t.logf("Could not do its work: %s", diagnostic.OneLine(strings.ReplaceAll(err.Error(), "\n", "; ")))
	}
	return exitFailed
}

// logf prints a line of progress.
func (t *tool) logf(format string, args ...any) { fmt.Fprintf(t.stderr, format+"\n", args...) }

// printFindings prints findings in a format, and returns errFindings if they fail the command.
func (t *tool) printFindings(format string, isStrict bool, findings []diagnostic.Diagnostic) error {
	err := diagnostic.Write(t.stdout, format, diagnostic.Sort(findings))
	if err == nil && hasFailures(isStrict, findings) {
		return errFindings
	}
	return err
}

// hasFailures reports whether findings fail a check or a build.
func hasFailures(isStrict bool, findings []diagnostic.Diagnostic) bool {
	errs, warnings := diagnostic.Count(findings)
	return errs > 0 || isStrict && warnings > 0
}
