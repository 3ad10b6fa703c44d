// Package hugo finds the Hugo that go.mod pins, runs it, and reads what it logs.
package hugo

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"go/version"
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
	"microsite/tools/site"
)

const module = "github.com/gohugoio/hugo"

// Find returns the path of the very Hugo that go.mod pins: the one on the PATH, or else one that the go command builds.
// A preview takes a newer one on the PATH, too, to not wait for a compiler.
func Find(ctx context.Context, root string, isPreview bool, log io.Writer) (string, error) {
	memory := filepath.Join(root, ".build", "hugo") // remembers the path and what it depends on
	remembered, _ := os.ReadFile(memory)
	path, _, _ := strings.Cut(string(remembered), "\n")
	if path != "" && fingerprint(root, path) == string(remembered) {
		return path, nil
	}
	mod, err := site.ReadRegular(filepath.Join(root, "go.mod"), 0)
	m := regexp.MustCompile(`(?m)^\s*(?:require\s+)?` + module + `\s+v(\S+)`).FindSubmatch(mod)
	if m == nil {
		return "", errors.Join(err, fmt.Errorf("go.mod does not name %s: run: go get -tool %s@latest", module, module))
	}
	pinned := string(m[1])
	path, installed := onPath(ctx)
	if isPreview && version.Compare("go"+installed, "go"+pinned) > 0 { // Hugo's versions have the form of Go's
		fmt.Fprintf(log, "Hugo v%s from the PATH makes the preview. A build uses v%s, which go.mod names.\n", installed, pinned)
		return path, nil
	}
	if installed != pinned {
		fmt.Fprintf(log, "Waiting for the go command to find Hugo v%s or, the first time, to compile it for a few minutes …\n", pinned)
		cmd := command(ctx, root, "go", "tool", "-n", module)
		cmd.Stderr = log
		out, err := cmd.Output()
		if err != nil {
			return "", fmt.Errorf("Hugo v%s is not on the PATH, and the go command (https://go.dev/dl/) can't build it: %w",
				pinned, errors.Join(ctx.Err(), err))
		}
		path = strings.TrimSpace(string(out))
	}
	_ = os.MkdirAll(filepath.Dir(memory), 0o755)
	_ = os.WriteFile(memory, []byte(fingerprint(root, path)), 0o644) // where that fails, Hugo is looked for again
	return path, nil
}

// onPath returns the Hugo on the PATH and its version, "" where no release of Hugo is there.
func onPath(ctx context.Context) (path, installed string) {
	cmd := command(ctx, "", "hugo", "version")
	out, _ := cmd.Output()
	if m := regexp.MustCompile(`^hugo v(\d+\.\d+\.\d+)(?:[+ ]|-[0-9a-f])`).FindSubmatch(out); m != nil { // -DEV is no release
		return cmd.Path, string(m[1])
	}
	return "", ""
}

// fingerprint returns path and, in further lines, what it depends on: files, and the day, because the go command
// deletes what nobody asks for in five days.
func fingerprint(root, path string) string {
	goCommand, _ := exec.LookPath("go")
	hugo, _ := exec.LookPath("hugo")
	text := fmt.Sprintln(path) + fmt.Sprintln(runtime.Version(), time.Now().Format(time.DateOnly))
	for _, name := range []string{filepath.Join(root, "go.mod"), filepath.Join(root, "go.sum"), goCommand, hugo, path} {
		if info, err := os.Stat(name); err == nil {
			text += fmt.Sprintln(name, info.Size(), info.ModTime().UnixNano())
		}
	}
	return text
}

// Options say what Hugo renders, and how.
type Options struct {
	Root, Destination string
	BaseURL           string    // where the site is published; a server has an address of its own
	Clock             time.Time // the day that pages are rendered for; zero: each day as it comes
	Settings          string    // a file whose settings override those of config.toml; "": none
}

// command returns a command of Hugo, with the arguments that a build and a server have in common.
func (o Options) command(ctx context.Context, hugo string, args ...string) *exec.Cmd {
	args = append(args, "--destination", o.Destination, "--noBuildLock", "--buildFuture=false", "--buildExpired=false",
		"--printPathWarnings", "--printI18nWarnings")
	if !o.Clock.IsZero() {
		args = append(args, "--clock", o.Clock.Format(time.RFC3339))
	}
	if o.Settings != "" {
		args = append(args, "--config", site.ConfigFile+","+o.Settings)
	}
	return command(ctx, o.Root, hugo, args...)
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

var endWithTool = func(*exec.Cmd) {} // what only Linux can do

// run runs Hugo so that it does not outlive the tool: Linux ends it together with the thread that started it, so
// that thread has to stay.
func run(cmd *exec.Cmd) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	endWithTool(cmd)
	return cmd.Run()
}

// systemTrouble matches what no editor could mend in a file.
var systemTrouble = regexp.MustCompile(`no space left|quota exceeded|permission denied|read-only file system|input/output error`)

// Render runs Hugo once. What Hugo can't build is a finding at the place that Hugo names; an error means that
// Hugo could not do its work.
func Render(ctx context.Context, path string, o Options) ([]diagnostic.Diagnostic, error) {
	cmd := o.command(ctx, path, "build", "--buildDrafts=false", "--minify", "--environment", "production", "--baseURL", o.BaseURL)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	err := run(cmd)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	log := strings.TrimSpace(stderr.String())
	findings := readLog(o.Root, log)
	errs, _ := diagnostic.Count(findings)
	if err != nil && (errs == 0 || systemTrouble.MatchString(log)) {
		return nil, fmt.Errorf("Hugo could not do its work: %w\n%s", err, log)
	}
	return findings, nil
}

// Event is something that Hugo's server reports: it has rendered the site, or ended.
type Event struct {
	URL      string                  // where the site is to be seen
	Findings []diagnostic.Diagnostic // what Hugo logged since it began to render
	Err      error                   // why the server has ended, after which no event comes
}

// renderedLine matches what the server prints when it has rendered the site; the first time, with its address.
var renderedLine = regexp.MustCompile(`^(?:Total in|Rebuilt in|Web Server is available at (\S+)) `)

// Serve runs Hugo's server until ctx ends. It renders the site into o.Destination after each change.
func Serve(ctx context.Context, path string, port int, o Options) <-chan Event {
	cmd := o.command(ctx, path, "server", "--buildDrafts", "--disableFastRender", "--port", strconv.Itoa(port))
	reader, writer := io.Pipe()
	cmd.Stdout, cmd.Stderr = writer, writer
	go func() { writer.CloseWithError(run(cmd)) }()
	events := make(chan Event) // one or two for each rendering
	go func() {
		defer close(events)
		output, url, log := bufio.NewReader(reader), "", ""
		for {
			line, err := output.ReadString('\n')
			if strings.HasPrefix(line, "Change ") && strings.Contains(line, "detected, rebuilding") {
				log = ""
			}
			log += line
			m := renderedLine.FindStringSubmatch(line)
			if m != nil {
				url = cmp.Or(m[1], url)
			}
			if err != nil || m != nil && url != "" {
				events <- Event{URL: url, Findings: readLog(o.Root, log), Err: err}
			}
			if err != nil {
				return
			}
		}
	}()
	return events
}

var (
	logLine  = regexp.MustCompile(`^(ERROR|WARN)\s+(?:(?:Rebuild failed|Failed to reload config|command error|error building site|process): )*(.*)$`)
	logPlace = regexp.MustCompile(`"([^"]+?):(\d+):(\d+)"`)
)

// readLog returns what the lines of Hugo that start with ERROR or WARN report.
func readLog(root, log string) (findings []diagnostic.Diagnostic) {
	for line := range strings.Lines(strings.ReplaceAll(log, root+string(filepath.Separator), "")) {
		m := logLine.FindStringSubmatch(strings.TrimRight(line, "\r\n"))
		if m == nil || strings.HasPrefix(m[2], "logged ") { // that line counts the errors above it
			continue
		}
		message, place := m[2], diagnostic.Place{File: "layouts"}
		if missing, isMissing := strings.CutPrefix(message, "i18n|MISSING_TRANSLATION|"); isMissing {
			language, key, _ := strings.Cut(missing, "|")
			place.File = "i18n/" + language + ".toml"
			findings = append(findings, place.Errorf(diagnostic.RuleConfig,
				"the sentence %q is missing, which a layout shows: add %[1]s = \"…\"", key))
			continue
		}
		// The last place is the deepest: a template, or the text that it was given.
		if all := logPlace.FindAllStringSubmatch(message, -1); all != nil {
			deepest := all[len(all)-1]
			place.File = filepath.ToSlash(deepest[1])
			place.Line, _ = strconv.Atoi(deepest[2])
			place.Column, _ = strconv.Atoi(deepest[3])
			message = strings.TrimPrefix(message, deepest[0]+": ")
		}
		finding := place.Errorf(diagnostic.RuleHugo, "%s", message)
		if m[1] == "WARN" {
			finding.Severity = diagnostic.Warning
		}
		findings = append(findings, finding)
	}
	return findings
}
