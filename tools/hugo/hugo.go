// Package hugo finds the Hugo that go.mod pins, runs it, and reads its log.
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

// Find returns the path of a Hugo of the version that go.mod pins: the one on the PATH, or one that the go command builds.
// For a preview, a newer one on the PATH will do, which saves waiting for the compiler.
func Find(ctx context.Context, root string, isPreview bool, log io.Writer) (string, error) {
	cacheFile := filepath.Join(root, ".build", "hugo") // holds the fingerprint of the path found last
	cached, _ := site.ReadRegular(cacheFile, 0)
	path, _, _ := strings.Cut(string(cached), "\n")
	if fingerprint(root, path) == string(cached) {
		return path, nil
	}
	mod, err := site.ReadRegular(filepath.Join(root, "go.mod"), 0)
	m := regexp.MustCompile(`(?m)^\s*(?:require\s+)?` + module + `\s+v(\S+)`).FindSubmatch(mod)
	if m == nil {
		return "", errors.Join(err, fmt.Errorf("go.mod does not name %s: run: go get -tool %s@latest", module, module))
	}
	pinned := string(m[1])
	path, installed := findOnPath(ctx)
	if isPreview && version.Compare("go"+installed, "go"+pinned) > 0 { // versions of Hugo look like those of Go
		fmt.Fprintf(log, "Hugo v%s from the PATH makes the preview. A build uses v%s, which go.mod names.\n", installed, pinned)
		return path, nil
	}
	if installed != pinned {
		fmt.Fprintf(log, "Waiting for the go command to find Hugo v%s or, the first time, to compile it for a few minutes …\n", pinned)
		cmd := newCommand(ctx, root, "go", "tool", "-n", module)
		cmd.Stderr = log
		out, err := cmd.Output()
		if err != nil {
			return "", fmt.Errorf("Hugo v%s is not on the PATH, and the go command (https://go.dev/dl/) can't build it: %w",
				pinned, errors.Join(ctx.Err(), err))
		}
		path = strings.TrimSpace(string(out))
	}
	_ = os.MkdirAll(filepath.Dir(cacheFile), 0o755)
	_ = os.WriteFile(cacheFile, []byte(fingerprint(root, path)), 0o644) // if this fails, the next run searches again
	return path, nil
}

// findOnPath returns the path and version of the Hugo on the PATH, or "" if there is none or it is not a release.
func findOnPath(ctx context.Context) (path, installed string) {
	cmd := newCommand(ctx, "", "hugo", "version")
	out, _ := cmd.Output()
	if m := regexp.MustCompile(`^hugo v(\d+\.\d+\.\d+)(?:[+ ]|-[0-9a-f])`).FindSubmatch(out); m != nil { // not -DEV
		return cmd.Path, string(m[1])
	}
	return "", ""
}

// fingerprint returns the path of a Hugo and, on further lines, the state of all that the choice of it depends on. That
// includes the day, because the go command deletes programs that nobody has asked it for in five days.
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

// Options are the settings of a run of Hugo.
type Options struct {
	Root        string    // the site's root folder
	Destination string    // the folder that Hugo renders into
	BaseURL     string    // for Render: the address of the published site
	Clock       time.Time // the time that pages are rendered for; zero: the present time
	Settings    string    // for Render: a file whose settings override config.toml
}

// command returns a Hugo command with the arguments that a build and a server share.
func (o Options) command(ctx context.Context, hugo string, args ...string) *exec.Cmd {
	args = append(args, "--destination", o.Destination, "--noBuildLock", "--buildFuture=false", "--buildExpired=false",
		"--printPathWarnings", "--printI18nWarnings")
	if !o.Clock.IsZero() {
		args = append(args, "--clock", o.Clock.Format(time.RFC3339))
	}
	return newCommand(ctx, o.Root, hugo, args...)
}

// newCommand returns a command that is interrupted when ctx ends, and killed if it does not exit soon.
func newCommand(ctx context.Context, dir, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	// Hugo takes settings from variables such as HUGO_TITLE, or even HUGOxTITLE, which no check would see.
	cmd.Env = slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(strings.ToUpper(s), "HUGO") })
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 3 * time.Second
	return cmd
}

// endWithTool makes a command end with the tool. Only Linux can do that.
var endWithTool = func(*exec.Cmd) {}

// run runs Hugo so that it does not outlive the tool. Linux ends it when the thread that started it ends, so the thread
// must stay.
func run(cmd *exec.Cmd) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	endWithTool(cmd)
	return cmd.Run()
}

// systemError matches errors that an editor can't mend in a file of the site.
var systemError = regexp.MustCompile(`no space left|quota exceeded|permission denied|read-only file system|input/output error`)

// Render renders the site once. It returns the errors and warnings that Hugo logged as findings, and an error if Hugo could
// not do its work.
func Render(ctx context.Context, path string, o Options) ([]diagnostic.Diagnostic, error) {
	cmd := o.command(ctx, path, "build", "--buildDrafts=false", "--minify", "--environment", "production",
		"--baseURL", o.BaseURL, "--config", site.ConfigFile+","+o.Settings)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	err := run(cmd)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	log := strings.TrimSpace(stderr.String())
	findings := readLog(o.Root, log)
	errs, _ := diagnostic.Count(findings)
	if err != nil && (errs == 0 || systemError.MatchString(log)) {
		return nil, fmt.Errorf("Hugo could not do its work: %w\n%s", err, log)
	}
	return findings, nil
}

// Event reports that Hugo's server has rendered the site or ended.
type Event struct {
	URL      string                  // the server's address
	Findings []diagnostic.Diagnostic // what Hugo logged while it rendered
	Err      error                   // why the server has ended; this is the last event then
}

// renderedLine matches the line that the server prints after it has rendered the site. The first one holds its address.
var renderedLine = regexp.MustCompile(`^(?:Total in|Rebuilt in|Web Server is available at (\S+)) `)

// Serve runs Hugo's server, which renders the site after each change, until ctx ends.
func Serve(ctx context.Context, path string, port int, o Options) <-chan Event {
	cmd := o.command(ctx, path, "server", "--buildDrafts", "--disableFastRender", "--port", strconv.Itoa(port))
	reader, writer := io.Pipe()
	cmd.Stdout, cmd.Stderr = writer, writer
	go func() { writer.CloseWithError(run(cmd)) }()
	events := make(chan Event) // one or two for each rendering
	go func() {
		defer close(events)
		output, event, log := bufio.NewReader(reader), Event{}, ""
		for event.Err == nil {
			var line string
			line, event.Err = output.ReadString('\n')
			if strings.HasPrefix(line, "Change ") && strings.Contains(line, "detected, rebuilding") {
				log = ""
			}
			log += line
			m := renderedLine.FindStringSubmatch(line)
			if m != nil {
				event.URL = cmp.Or(m[1], event.URL)
			}
			if event.Err != nil || m != nil && event.URL != "" {
				event.Findings = readLog(o.Root, log)
				events <- event
			}
		}
	}()
	return events
}

var (
	logLine  = regexp.MustCompile(`^(ERROR|WARN)\s+(?:(?:Rebuild failed|Failed to reload config|command error|error building site|process): )*(.*)$`)
	logPlace = regexp.MustCompile(`"([^"]+?):(\d+):(\d+)"`)
)

// readLog returns the ERROR and WARN lines of Hugo's log as findings.
func readLog(root, log string) (findings []diagnostic.Diagnostic) {
	for line := range strings.Lines(strings.ReplaceAll(log, root+string(filepath.Separator), "")) {
		m := logLine.FindStringSubmatch(strings.TrimRight(line, "\r\n"))
		if m == nil || strings.HasPrefix(m[2], "logged ") { // "logged 2 error(s)" counts the errors above it
			continue
		}
		finding := diagnostic.Place{File: "layouts"}.Errorf(diagnostic.RuleHugo, "%s", m[2])
		if m[1] == "WARN" {
			finding.Severity = diagnostic.Warning
		}
		if missing, isMissing := strings.CutPrefix(m[2], "i18n|MISSING_TRANSLATION|"); isMissing {
			language, key, _ := strings.Cut(missing, "|")
			finding = diagnostic.Place{File: "i18n/" + language + ".toml"}.Errorf(diagnostic.RuleConfig,
				"the sentence %q, which a layout shows, is missing: add %[1]s = \"…\"", key)
		} else if places := logPlace.FindAllStringSubmatch(m[2], -1); places != nil {
			innermost := places[len(places)-1] // a template, or the content that it rendered
			finding.File = filepath.ToSlash(innermost[1])
			finding.Line, _ = strconv.Atoi(innermost[2])
			finding.Column, _ = strconv.Atoi(innermost[3])
			finding.Message = strings.TrimPrefix(m[2], innermost[0]+": ")
		}
		findings = append(findings, finding)
	}
	return findings
}
