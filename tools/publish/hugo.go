package publish

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/modfile"

	"microsite/tools/problem"
)

// RuleHugo is the rule of what Hugo reports, as README lists it.
const RuleHugo = "hugo"

const hugoModule = "github.com/gohugoio/hugo"

// Pinned returns the version of Hugo that the site's go.mod names, such as
// v0.165.0.
func Pinned(root string) (string, error) {
	src, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return "", err
	}
	mod, err := modfile.ParseLax("go.mod", src, nil)
	if err != nil {
		return "", err
	}
	for _, r := range mod.Require {
		if r.Mod.Path == hugoModule {
			return r.Mod.Version, nil
		}
	}
	return "", fmt.Errorf("go.mod does not name %s: run: go get -tool %s@latest", hugoModule, hugoModule)
}

// release matches what a released Hugo says of its version.
var release = regexp.MustCompile(`^hugo (v\d+\.\d+\.\d+)(?:[-+ ]|$)`)

// FindHugo returns the path of the pinned Hugo: the one on the PATH when its
// version is exactly that, else the one that the go command builds from go.mod.
// It says on log what takes long.
func FindHugo(ctx context.Context, root string, log io.Writer) (string, error) {
	pinned, err := Pinned(root)
	if err != nil {
		return "", err
	}
	if found, err := exec.LookPath("hugo"); err == nil {
		quick, cancel := context.WithTimeout(ctx, 10*time.Second)
		out, err := command(quick, root, found, "version").Output()
		cancel()
		if m := release.FindSubmatch(out); err == nil && m != nil && string(m[1]) == pinned && !bytes.Contains(out, []byte("-DEV")) {
			return filepath.Abs(found)
		}
	}
	goCmd, err := exec.LookPath("go")
	if err != nil {
		return "", fmt.Errorf("found neither Hugo %s nor Go, which can build it: install Go from https://go.dev/dl/", pinned)
	}
	slow := time.AfterFunc(2*time.Second, func() {
		fmt.Fprintf(log, "Compiling Hugo %s: this takes a few minutes the first time, and a moment after that.\n", pinned)
	})
	defer slow.Stop()
	var stderr bytes.Buffer
	cmd := command(ctx, root, goCmd, "tool", "-n", hugoModule)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err != nil {
		return "", fmt.Errorf("the go command could not build Hugo %s: %w\n%s", pinned, err, strings.TrimSpace(stderr.String()))
	}
	return strings.TrimSpace(string(out)), nil
}

// command is a command in dir that ends when ctx does, with time to clean up.
func command(ctx context.Context, dir, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	// The site is what its files say: HUGO_… variables would change it unseen.
	cmd.Env = slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, "HUGO_") })
	cmd.Cancel = func() error {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			return cmd.Process.Kill() // as on Windows
		}
		return nil
	}
	cmd.WaitDelay = 3 * time.Second
	return cmd
}

// Render runs Hugo into the staging folder. clock is the day that pages are
// rendered for, and base the address that they are published at. What Hugo
// can't build is a problem at the place that Hugo names; the error says
// that Hugo could not be run.
func (s *Stage) Render(ctx context.Context, hugo string, clock time.Time, base string) ([]problem.Problem, error) {
	args := []string{"build", "--destination", s.Dir, "--noBuildLock", "--minify", "--environment", "production",
		fmt.Sprintf("--buildDrafts=%t", s.preview), "--buildFuture=false", "--buildExpired=false",
		"--printPathWarnings", "--clock", clock.Format(time.RFC3339), "--baseURL", base}
	cmd := command(ctx, s.root, hugo, args...)
	if s.preview {
		cmd.WaitDelay = stopTime
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	said := strings.TrimSpace(out.String())
	problems := complaints(s.root, said)
	errs, _ := problem.Count(problems)
	switch {
	case err == nil:
		return problems, nil
	case !gaveUp(err):
		return nil, fmt.Errorf("Hugo could not be run: %w\n%s", err, said)
	case systemTrouble.MatchString(said):
		return nil, fmt.Errorf("Hugo could not write the site: %s", said)
	case errs == 0:
		return nil, fmt.Errorf("Hugo failed: %w\n%s", err, said)
	}
	return problems, nil
}

// gaveUp says whether a program ended with a code of its own, and not by a
// signal or before it ran.
func gaveUp(err error) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit) && exit.ExitCode() > 0
}

var (
	// systemTrouble is nothing that an editor could mend in a file.
	systemTrouble = regexp.MustCompile(`no space left on device|disk quota exceeded|permission denied|read-only file system|input/output error|too many open files`)

	hugoLine  = regexp.MustCompile(`^(ERROR|WARN)\s+(.*)$`)
	hugoPlace = regexp.MustCompile(`"([^"\n]+?):(\d+):(\d+)"`)
)

// complaints reads Hugo's ERROR and WARN lines. A line without either goes on
// with the one above.
func complaints(root, out string) []problem.Problem {
	var problems []problem.Problem
	for line := range strings.Lines(out) {
		m := hugoLine.FindStringSubmatch(strings.TrimRight(line, "\r\n"))
		if m == nil {
			continue
		}
		said := strings.ReplaceAll(m[2], root+string(filepath.Separator), "")
		p := problem.Problem{File: "layouts", Rule: RuleHugo, Severity: problem.Error, Message: said}
		if m[1] == "WARN" {
			p.Severity = problem.Warning
		}
		// The last place is the deepest: a template, or the text that it was given.
		if at := hugoPlace.FindAllStringSubmatch(said, -1); at != nil {
			last := at[len(at)-1]
			p.File = filepath.ToSlash(last[1])
			p.Line, _ = strconv.Atoi(last[2])
			p.Column, _ = strconv.Atoi(last[3])
		}
		problems = append(problems, p)
	}
	return problems
}
