package hugo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"microsite/tools/diagnostic"
)

// The test binary stands in for Hugo and for Go where FAKE is set: "go" and "hugo"
// answer with it, and anything else does what it says.
func TestMain(m *testing.M) {
	if fake := os.Getenv("FAKE"); fake != "" {
		runFake(fake)
		os.Exit(0)
	}
	_ = os.Setenv("GORACE", "atexit_sleep_ms=0") // or each fake waits a second before it ends
	os.Exit(m.Run())
}

func runFake(fake string) {
	switch {
	case filepath.Base(os.Args[0]) == "go":
		fmt.Println(os.Getenv("FAKE_BUILT"))
	case filepath.Base(os.Args[0]) == "hugo":
		fmt.Println(fake)
	case fake == "arguments":
		fmt.Fprintln(os.Stderr, "WARN ", strings.Join(os.Args[1:], " "), slices.ContainsFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(strings.ToUpper(s), "HUGO") }))
	case fake == "hangs":
		signal.Ignore(os.Interrupt)
		_ = os.WriteFile("pid", []byte(strconv.Itoa(os.Getpid())), 0o644)
		time.Sleep(5 * time.Minute) // a select without cases would be a deadlock, which ends it
	case fake == "is the tool":
		os.Setenv("FAKE", "hangs")
		Serve(context.Background(), os.Args[0], 1, Options{Root: "."})
		time.Sleep(5 * time.Minute)
	default:
		fmt.Fprint(os.Stderr, fake)
		os.Exit(1)
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o644)); err != nil {
		t.Fatal(err)
	}
}

// until waits for a condition, for as long as a busy machine could need.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for range 6000 {
		if holds() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("never: " + what)
}

// programs sets a PATH that holds the test binary under these names.
func programs(t *testing.T, names ...string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range names {
		if err := os.Symlink(os.Args[0], filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir)
	return dir
}

const goMod = "module m\n\ngo 1.26\n\nrequire (\n\tgithub.com/gohugoio/hugo v0.165.0 // indirect\n)\n"

// The Hugo on the PATH is taken where its version is the pinned one, and for a preview where it is newer.
func TestFind(t *testing.T) {
	built := filepath.Join(t.TempDir(), "built")
	write(t, built, "")
	t.Setenv("FAKE_BUILT", built)
	for version, want := range map[string]string{
		"v0.165.0": "true true false", "v0.165.0-0123abc+extended": "true true false", "v0.165.1": "false true true",
		"v0.164.9": "false false false", "v0.165.00": "false false false", "v0.170.0-DEV": "false false false",
	} {
		root := t.TempDir()
		write(t, filepath.Join(root, "go.mod"), goMod)
		t.Setenv("FAKE", "hugo "+version+" linux/amd64")
		hugo := filepath.Join(programs(t, "hugo", "go"), "hugo")
		var log bytes.Buffer
		preview, previewErr := Find(t.Context(), root, true, &log)
		build, err := Find(t.Context(), root, false, io.Discard)
		got := fmt.Sprintf("%t %t %t", build == hugo, preview == hugo, strings.Contains(log.String(), "A build uses v0.165.0"))
		if got != want || err != nil || previewErr != nil {
			t.Errorf("%s: %q, not %q, %v, %v", version, got, want, err, previewErr)
		}
	}
	programs(t)
	root := t.TempDir()
	write(t, filepath.Join(root, "go.mod"), goMod)
	if _, err := Find(t.Context(), root, false, io.Discard); err == nil || !strings.Contains(err.Error(), "the go command (https://go.dev/dl/) can't build it") {
		t.Error(err)
	}
}

// Hugo is looked for once, and again as soon as anything is other than it was.
func TestFindRemembers(t *testing.T) {
	root, found := t.TempDir(), filepath.Join(t.TempDir(), "hugo")
	t.Setenv("FAKE", "hugo v0.164.0 linux/amd64")
	write(t, filepath.Join(root, "go.mod"), goMod)
	write(t, found, "1")
	bin := programs(t, "go", "hugo")
	find := func() (hasLooked bool) {
		t.Helper()
		other := filepath.Join(t.TempDir(), "hugo")
		write(t, other, "2")
		t.Setenv("FAKE_BUILT", other)
		got, err := Find(t.Context(), root, false, io.Discard)
		if got != found && got != other || err != nil {
			t.Fatal(got, err)
		}
		found = got
		return got == other
	}
	for i, change := range []func(){
		func() {},
		func() { write(t, filepath.Join(root, "go.mod"), goMod+"\n") },
		func() { write(t, filepath.Join(root, "go.sum"), "x") },
		func() { write(t, found, "another") },
		func() { os.Remove(filepath.Join(bin, "hugo")) },
		func() { programs(t, "go") }, // another Go
		func() { write(t, filepath.Join(root, ".build", "hugo"), "x\n") },
		func() { os.Remove(found) },
	} {
		change()
		if !find() || find() {
			t.Errorf("after change %d Hugo was not looked for, or twice", i)
		}
	}
}

// What Hugo can't build is a finding in its place; what keeps it from working is an error.
func TestRender(t *testing.T) {
	t.Setenv("HUGO_TITLE", "x")
	t.Setenv("HUGOxTITLE", "x")
	t.Setenv("hugo.title", "x")
	for mode, want := range map[string]string{
		"arguments": "layouts: warning: build --buildDrafts=false --minify --environment production --baseURL https://site.example/sub/ --config config.toml,settings.toml --destination out " +
			"--noBuildLock --buildFuture=false --buildExpired=false --printPathWarnings --printI18nWarnings --clock 2026-11-22T12:00:00Z false [hugo]\n",
		"ERROR render of \"/a\" failed: \"ROOT/layouts/page.html:3:5\": execute of template failed\n":          `layouts/page.html:3:5: error: render of "/a" failed: "layouts/page.html:3:5": execute of template failed [hugo]`,
		"Start building sites …\nERROR a: \"ROOT/layouts/page.html:3:5\": b: \"ROOT/content/a.md:7:1\": c\r\n": `content/a.md:7:1: error: a: "layouts/page.html:3:5": b: "content/a.md:7:1": c [hugo]`,
		"ERROR error building site: \"ROOT/content/a.md:7:1\": unknown figure\n":                               "content/a.md:7:1: error: unknown figure [hugo]",
		"WARN  one\nERROR two\nERROR three\nERROR error building site: logged 2 error(s)\n":                    "layouts: warning: one [hugo]\nlayouts: error: three [hugo]\nlayouts: error: two [hugo]\n",
		"WARN  i18n|MISSING_TRANSLATION|es|menu\nERROR x\n":                                                    "i18n/es.toml: error: the sentence \"menu\", which a layout shows, is missing: add menu = \"…\" [config]",
		"WARN only\n": "error: Hugo could not do its work: exit status 1\nWARN only",
		"ERROR failed to write: write ROOT/.build/public/a.html: no space left on device": "error: Hugo could not do its work: exit status 1\nERROR failed to write: ",
		"ERROR open ROOT/.build/public: permission denied":                                "error: Hugo could not do its work: exit status 1\nERROR open ",
	} {
		root, text := t.TempDir(), ""
		t.Setenv("FAKE", strings.ReplaceAll(mode, "ROOT", root))
		noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
		findings, err := Render(t.Context(), os.Args[0], Options{Root: root, Destination: "out", BaseURL: "https://site.example/sub/", Clock: noon, Settings: "settings.toml"})
		for _, d := range diagnostic.Sort(findings) {
			text += d.String() + "\n"
		}
		if err != nil {
			text += "error: " + err.Error()
		}
		if !strings.HasPrefix(text, want) {
			t.Errorf("%q:\n got %q\nwant %q", mode, text, want)
		}
	}
}

// A Hugo that is deaf to an interrupt is killed in the end.
func TestDeafHugo(t *testing.T) {
	t.Setenv("FAKE", "hangs")
	root := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	events := Serve(ctx, os.Args[0], 1, Options{Root: root})
	until(t, "Hugo runs", func() bool {
		_, err := os.Stat(filepath.Join(root, "pid"))
		return err == nil
	})
	cancel()
	select {
	case <-events:
	case <-time.After(time.Minute):
		t.Error("Hugo still runs")
	}
}

// A tool that is killed takes Hugo with it.
func TestHugoEndsWithTheTool(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("this system can't end one process with another")
	}
	for range 10 {
		tool := exec.Command(os.Args[0])
		tool.Dir = t.TempDir()
		tool.Env = append(os.Environ(), "FAKE=is the tool")
		if err := tool.Start(); err != nil {
			t.Fatal(err)
		}
		pid := 0
		until(t, "Hugo runs", func() bool {
			data, _ := os.ReadFile(filepath.Join(tool.Dir, "pid"))
			pid, _ = strconv.Atoi(string(data))
			return pid > 0
		})
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || strings.Fields(string(stat))[4] != strconv.Itoa(pid) {
			t.Errorf("Hugo is not in a process group of its own: %v, %s", err, stat)
		}
		if err := tool.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = tool.Wait()
		until(t, "Hugo has ended", func() bool {
			stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)) // nobody may be there to collect it
			return err != nil || strings.Contains(string(stat), ") Z ")
		})
	}
}
