package hugo

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"microsite/tools/diagnostic"
)

// Options say what Hugo renders, and how.
type Options struct {
	Root, Destination string
	BaseURL           string    // where the site is published; a server has an address of its own
	Clock             time.Time // the day that pages are rendered for; zero: each day as it comes
	Drafts            bool
	ConfigFile        string // settings that override config.toml's; "": none
}

// arguments returns what a build and a server have in common.
func (o Options) arguments(name string) []string {
	args := []string{name, "--destination", o.Destination, "--noBuildLock", fmt.Sprintf("--buildDrafts=%t", o.Drafts),
		"--buildFuture=false", "--buildExpired=false", "--printPathWarnings", "--printI18nWarnings"}
	if !o.Clock.IsZero() {
		args = append(args, "--clock", o.Clock.Format(time.RFC3339))
	}
	if o.ConfigFile != "" {
		args = append(args, "--config", "config.toml,"+o.ConfigFile)
	}
	return args
}

// command returns a command in dir that ends when ctx does, with time to clean up.
func command(ctx context.Context, dir, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	// The site is what its files say: Hugo reads HUGO_TITLE, and HUGOxTITLE too.
	cmd.Env = slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(strings.ToUpper(s), "HUGO") })
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 3 * time.Second // until it is killed
	return cmd
}

// run runs Hugo so that it does not outlive the tool: Linux ends it together with
// the thread that started it, so that thread has to stay.
func run(cmd *exec.Cmd) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	endWithParent(cmd)
	return cmd.Run()
}

// systemTrouble matches what no editor could mend in a file.
var systemTrouble = regexp.MustCompile(`no space left on device|disk quota exceeded|permission denied|read-only file system|input/output error|too many open files`)

// Render runs Hugo once. What Hugo can't build is a finding at the place that
// Hugo names; an error means that Hugo could not do its work.
func Render(ctx context.Context, path string, o Options) ([]diagnostic.Diagnostic, error) {
	cmd := command(ctx, o.Root, path, append(o.arguments("build"), "--minify", "--environment", "production", "--baseURL", o.BaseURL)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	err := run(cmd)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	log := strings.TrimSpace(stderr.String())
	findings := readLog(o.Root, log)
	errs, _ := diagnostic.Count(findings)
	exit, hasEnded := errors.AsType[*exec.ExitError](err)
	switch {
	case err == nil:
		return findings, nil
	case !hasEnded || exit.ExitCode() < 0: // it did not start, or a signal ended it
		return nil, fmt.Errorf("Hugo could not be run: %w\n%s", err, log)
	case systemTrouble.MatchString(log):
		return nil, fmt.Errorf("Hugo could not write the site: %s", log)
	case errs == 0:
		return nil, fmt.Errorf("Hugo failed: %w\n%s", err, log)
	}
	return findings, nil
}

// Event is something that Hugo's server reports: it has rendered the site, or ended.
type Event struct {
	URL      string                  // where the site is to be seen
	Findings []diagnostic.Diagnostic // what Hugo logged since it began to render
	Err      error                   // why the server has ended, after which no event comes
}

var (
	changeLine = regexp.MustCompile(`^Change .*detected, rebuilding`)
	readyLine  = regexp.MustCompile(`^Web Server is available at (\S+)`)
	totalLine  = regexp.MustCompile(`^(?:Total|Rebuilt) in `)
)

// Serve runs Hugo's server until ctx ends. It renders the site into o.Destination
// after each change, and shows it on a port of this computer.
func Serve(ctx context.Context, path string, port int, o Options) <-chan Event {
	cmd := command(ctx, o.Root, path, append(o.arguments("server"), "--disableFastRender", "--port", strconv.Itoa(port))...)
	reader, writer := io.Pipe()
	cmd.Stdout, cmd.Stderr = writer, writer
	go func() { writer.CloseWithError(run(cmd)) }()
	events := make(chan Event)
	go readServer(o.Root, bufio.NewReader(reader), events)
	return events
}

// readServer turns what Hugo's server prints into events.
func readServer(root string, output *bufio.Reader, events chan<- Event) {
	defer close(events)
	url, log := "", ""
	for {
		line, err := output.ReadString('\n')
		log += line
		ready := readyLine.FindStringSubmatch(line) // first after the first rendering, and again before each total
		switch {
		case err != nil:
			events <- Event{URL: url, Findings: readLog(root, log), Err: err}
			return
		case changeLine.MatchString(line):
			log = ""
			continue
		case url == "" && ready != nil:
			url = ready[1]
		case url == "" || !totalLine.MatchString(line):
			continue
		}
		events <- Event{URL: url, Findings: readLog(root, log)}
	}
}

var (
	logLine  = regexp.MustCompile(`^(ERROR|WARN)\s+(?:(?:Rebuild failed|Failed to reload config|command error|error building site|process): )*(.*)$`)
	logPlace = regexp.MustCompile(`"([^"]+?):(\d+):(\d+)"`)
)

// readLog returns what the lines of Hugo that start with ERROR or WARN report.
func readLog(root, log string) (findings []diagnostic.Diagnostic) {
	for line := range strings.Lines(strings.ReplaceAll(log, root+string(filepath.Separator), "")) {
		m := logLine.FindStringSubmatch(strings.TrimRight(line, "\r\n"))
		if m != nil && !strings.HasPrefix(m[2], "logged ") { // that line counts the errors above it
			findings = append(findings, readMessage(m[1] == "ERROR", m[2]))
		}
	}
	return findings
}

// readMessage returns the finding that one line of Hugo's log reports.
func readMessage(isError bool, message string) diagnostic.Diagnostic {
	if missing, ok := strings.CutPrefix(message, "i18n|MISSING_TRANSLATION|"); ok {
		language, key, _ := strings.Cut(missing, "|")
		return diagnostic.Place{File: "i18n/" + language + ".toml"}.Errorf(diagnostic.RuleConfig,
			"the sentence %q is missing, which a layout shows: add %s = \"…\"", key, key)
	}
	place := diagnostic.Place{File: "layouts"}
	// The last place is the deepest: a template, or the text that it was given.
	if all := logPlace.FindAllStringSubmatch(message, -1); all != nil {
		deepest := all[len(all)-1]
		place.File = filepath.ToSlash(deepest[1])
		place.Line, _ = strconv.Atoi(deepest[2])
		place.Column, _ = strconv.Atoi(deepest[3])
		message = strings.TrimPrefix(message, deepest[0]+": ")
	}
	if isError {
		return place.Errorf(diagnostic.RuleHugo, "%s", message)
	}
	return place.Warningf(diagnostic.RuleHugo, "%s", message)
}
