// Package hugo finds the Hugo that go.mod pins, runs it, and reads what it logs.
package hugo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"go/version"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"microsite/tools/diagnostic"
	"microsite/tools/site"
)

const module = "github.com/gohugoio/hugo"

var (
	requirement = regexp.MustCompile(`(?m)^\s*(?:require\s+)?` + module + `\s+v(\S+)`)
	release     = regexp.MustCompile(`^hugo v(\d+\.\d+\.\d+)(?:[-+ ]|$)`)
)

// memory is what .build/hugo.json holds: where Hugo was found, and the
// fingerprint of all that this depends on.
type memory struct{ Path, Fingerprint string }

// memoryLifetime is shorter than the five days after which the go command deletes
// what nobody asked for: being asked once a day, it keeps Hugo compiled.
const memoryLifetime = 24 * time.Hour

// Find returns the path of the very Hugo that go.mod pins: the one on the PATH, or
// else the one that the go command builds. A long wait is reported on log.
func Find(ctx context.Context, root string, log io.Writer) (string, error) {
	file := filepath.Join(root, ".build", "hugo.json")
	var last memory
	if info, err := os.Stat(file); err == nil && time.Since(info.ModTime()) < memoryLifetime {
		data, _ := site.ReadRegular(file, 1<<16)
		_ = json.Unmarshal(data, &last)
	}
	if last.Path != "" && last.Fingerprint == fingerprint(root, last.Path) {
		return last.Path, nil
	}
	pinned, err := pinnedVersion(root)
	if err != nil {
		return "", err
	}
	path, found := onPath(ctx)
	if found != pinned {
		if path, err = build(ctx, root, pinned, log); err != nil {
			return "", err
		}
	}
	data, err := json.Marshal(memory{path, fingerprint(root, path)})
	if err == nil && os.MkdirAll(filepath.Dir(file), 0o755) == nil {
		_ = os.WriteFile(file, data, 0o644) // where that fails, Hugo is looked for again
	}
	return path, nil
}

// FindForPreview returns a Hugo on the PATH that is newer than the pinned one,
// because a first preview need not wait for a compiler; else what Find returns.
func FindForPreview(ctx context.Context, root string, log io.Writer) (string, error) {
	pinned, err := pinnedVersion(root)
	path, found := onPath(ctx)
	if err != nil || version.Compare("go"+found, "go"+pinned) <= 0 { // Hugo's versions have the form of Go's
		return Find(ctx, root, log)
	}
	fmt.Fprintf(log, "Hugo v%s from the PATH makes the preview. A build uses v%s, which go.mod names.\n", found, pinned)
	return path, nil
}

// fingerprint changes when go.mod, go.sum, Go, the Hugo on the PATH or the one at
// path is replaced.
func fingerprint(root, path string) string {
	hash := sha256.New()
	fmt.Fprintln(hash, runtime.Version())
	for _, name := range []string{"go.mod", "go.sum"} {
		data, _ := site.ReadRegular(filepath.Join(root, name), 0)
		fmt.Fprintf(hash, "%d %s", len(data), data)
	}
	goCommand, _ := exec.LookPath("go")
	hugo, _ := exec.LookPath("hugo")
	for _, program := range []string{goCommand, hugo, path} {
		if info, err := os.Stat(program); err == nil {
			fmt.Fprintln(hash, program, info.Size(), info.ModTime().UnixNano())
		}
	}
	return fmt.Sprintf("%x", hash.Sum(nil))
}

// pinnedVersion returns the version of Hugo that go.mod names, such as 0.165.0.
func pinnedVersion(root string) (string, error) {
	mod, err := site.ReadRegular(filepath.Join(root, "go.mod"), 0)
	if err != nil {
		return "", err
	}
	m := requirement.FindSubmatch(mod)
	if m == nil {
		return "", fmt.Errorf("go.mod does not name %s: run: go get -tool %s@latest", module, module)
	}
	return string(m[1]), nil
}

// onPath returns the Hugo on the PATH and its version, "" where no release of Hugo is there.
func onPath(ctx context.Context) (path, found string) {
	path, err := exec.LookPath("hugo")
	if err != nil {
		return "", ""
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := command(ctx, "", path, "version").Output()
	m := release.FindSubmatch(out)
	if err != nil || m == nil || bytes.Contains(out, []byte("-DEV")) {
		return "", ""
	}
	return path, string(m[1])
}

// build has the go command build Hugo, and returns where it stands.
func build(ctx context.Context, root, pinned string, log io.Writer) (string, error) {
	goCommand, err := exec.LookPath("go")
	if err != nil {
		return "", fmt.Errorf("found neither Hugo v%s nor Go, which can build it: install Go from https://go.dev/dl/", pinned)
	}
	done := make(chan struct{})
	defer func() { done <- struct{}{} }()
	go showProgress(fmt.Sprintf("Waiting for Hugo v%s. Compiling it, the first time, takes a few minutes …", pinned), log, done)
	var stderr bytes.Buffer
	cmd := command(ctx, root, goCommand, "tool", "-n", module)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err != nil {
		return "", fmt.Errorf("the go command could not build Hugo v%s: %w\n%s", pinned, err, strings.TrimSpace(stderr.String()))
	}
	return strings.TrimSpace(string(out)), nil
}

// showProgress writes a line where something takes longer than a moment. On a
// terminal, the line counts the seconds.
func showProgress(text string, log io.Writer, done <-chan struct{}) {
	isTerminal := diagnostic.IsTerminal(log)
	for seconds := 1; ; seconds++ {
		select {
		case <-done:
			if isTerminal && seconds > 1 {
				fmt.Fprintln(log)
			}
			return
		case <-time.After(time.Second):
		}
		if isTerminal {
			fmt.Fprintf(log, "\r%s %d s", text, seconds)
		} else if seconds == 2 {
			fmt.Fprintln(log, text)
		}
	}
}
