package publish

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"microsite/tools/diagnostic"
)

// folder makes a folder of files.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		name = filepath.Join(root, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// holds expects that a folder holds these files and no other, but for locks.
func holds(t *testing.T, root string, want map[string]string) {
	t.Helper()
	got := map[string]string{}
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(name, ".lock") {
			return err
		}
		src, err := fs.ReadFile(os.DirFS(root), name)
		got[name] = string(src)
		return err
	})
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("%v\n got %q\nwant %q", err, got, want)
	}
}

// build stages one file and commits it together with the checklist.
func build(t *testing.T, root, text, checklist string) error {
	t.Helper()
	s, err := Begin(root)
	if err != nil {
		return err
	}
	err = errors.Join(s.WriteFile("index.txt", []byte(text)), s.Commit(list, []byte(checklist)))
	return errors.Join(err, s.Close())
}

func begin(t *testing.T, root string) *Stage {
	t.Helper()
	s, err := Begin(root)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

const list = "static/checklist.json"

func TestCommit(t *testing.T) {
	root := folder(t, nil)
	if err := build(t, root, "one", "1"); err != nil { // without a public/ or a checklist
		t.Fatal(err)
	}
	holds(t, root, map[string]string{"public/index.txt": "one", list: "1"})
	before, _ := os.Stat(filepath.Join(root, list))
	if err := build(t, root, "two", "1"); err != nil {
		t.Fatal(err)
	}
	after, err := os.Stat(filepath.Join(root, list))
	if err != nil || !os.SameFile(before, after) {
		t.Errorf("an equal checklist was written again: %v, %v", after, err)
	}
	holds(t, root, map[string]string{"public/index.txt": "two", list: "1"})
	if err := os.Chmod(filepath.Join(root, list), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := build(t, root, "three", "3"); err != nil {
		t.Fatal(err)
	}
	holds(t, root, map[string]string{"public/index.txt": "three", list: "3"})
	if info, err := os.Stat(filepath.Join(root, list)); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o640 {
		t.Errorf("the checklist has other rights: %v, %v", info.Mode(), err)
	}
	// A stage that is closed without Commit leaves nothing.
	s := begin(t, root)
	if err := errors.Join(s.WriteFile("index.txt", []byte("four")), s.Close()); err != nil {
		t.Fatal(err)
	}
	holds(t, root, map[string]string{"public/index.txt": "three", list: "3"})
}

// When Commit fails, nothing has changed.
func TestCommitFails(t *testing.T) {
	for name, c := range map[string]struct {
		files   map[string]string
		message string
	}{
		"public is a file":            {map[string]string{"public": "mine", list: "1"}, "is not a folder: move it away"},
		"static is a file":            {map[string]string{"public/index.txt": "old", "static": "mine"}, "static"},
		"the checklist is a folder":   {map[string]string{"public/index.txt": "old", list + "/x": "mine"}, "checklist.json is not a regular file"},
		"the rendered folder is lost": {map[string]string{"public/index.txt": "old", list: "1"}, "no such file"},
	} {
		root := folder(t, c.files)
		s := begin(t, root)
		if strings.Contains(name, "lost") {
			os.RemoveAll(s.Dir)
		}
		if err := s.Commit(list, []byte("2")); err == nil || !strings.Contains(err.Error(), c.message) {
			t.Errorf("%s: %v", name, err)
		}
		s.Close()
		holds(t, root, c.files)
	}
}

// Where a system can't swap folders in one step, the old one is brought back on failure.
func TestSwapInSteps(t *testing.T) {
	inOneStep := exchange
	exchange = func(_, _ string) error { return syscall.EXDEV }
	t.Cleanup(func() { exchange = inOneStep })
	root := folder(t, map[string]string{"fresh/a": "new", "old/a": "old", "old/b": "old"})
	fresh, old := filepath.Join(root, "fresh"), filepath.Join(root, "old")
	if err := swap(fresh, old); err != nil {
		t.Fatal(err)
	}
	holds(t, root, map[string]string{"old/a": "new"})
	if err := swap(fresh, old); err == nil {
		t.Error("a folder that is not there was swapped in")
	}
	holds(t, root, map[string]string{"old/a": "new"})
	// A folder that can't be renamed stays, and the error says what to do.
	root = folder(t, map[string]string{"fresh/a": "new", "fresh-old": "in the way", "old/a": "old"})
	err := swap(filepath.Join(root, "fresh"), filepath.Join(root, "old"))
	if err == nil || !strings.Contains(err.Error(), "delete it or unmount it, then build again") {
		t.Error(err)
	}
	holds(t, root, map[string]string{"fresh/a": "new", "fresh-old": "in the way", "old/a": "old"})
}

// What killed builds left is cleared up, and two builds don't run at once.
func TestBegin(t *testing.T) {
	root := folder(t, map[string]string{".build/public/index.txt": "half", ".build/public-old/a/b.txt": "old", ".build/hugo": "kept", "public/index.txt": "old"})
	s := begin(t, root)
	holds(t, root, map[string]string{"public/index.txt": "old", ".build/hugo": "kept"})
	if info, err := os.Stat(s.Dir); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o755 {
		t.Errorf("the staging folder: %v, %v", info.Mode(), err)
	}
	if _, err := Begin(root); err == nil || err.Error() != "another build of this site is running: end it, or wait until it has ended" {
		t.Errorf("a second build: %v", err)
	}
	lock, err := Lock(root, "serve")
	if err != nil {
		t.Fatal("another task:", err)
	}
	if err := errors.Join(lock.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	begin(t, root)
	for _, file := range []string{".build", ".build/build.lock/x"} {
		if _, err := Begin(folder(t, map[string]string{file: ""})); err == nil {
			t.Errorf("began in spite of %s", file)
		}
	}
}

// Readers see the old site or the new one at every instant.
func TestReadersMissNothing(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("this system can't swap two folders in one step")
	}
	root := folder(t, map[string]string{"public/index.txt": "version 0 whole"})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 200 {
			if err := build(t, root, fmt.Sprintf("version %d whole", i+1), "1"); err != nil {
				t.Error(err)
			}
		}
	}()
	for reads := 0; ; reads++ {
		src, err := os.ReadFile(filepath.Join(root, "public", "index.txt"))
		if err != nil || !bytes.HasSuffix(src, []byte(" whole")) {
			t.Fatalf("read %d: %q, %v", reads, src, err)
		}
		select {
		case <-done:
			return
		default:
		}
	}
}

func TestReplaceFile(t *testing.T) {
	root := folder(t, map[string]string{"content/a.md": "old"})
	name := filepath.Join(root, "content", "a.md")
	if err := os.Chmod(name, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(ReplaceFile(root, "content/a.md", []byte("new")), ReplaceFile(root, "new/b.md", []byte("b"))); err != nil {
		t.Fatal(err)
	}
	holds(t, root, map[string]string{"content/a.md": "new", "new/b.md": "b"})
	for file, want := range map[string]fs.FileMode{"content/a.md": 0o600, "new/b.md": 0o644} {
		if info, err := os.Stat(filepath.Join(root, file)); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", file, info.Mode(), err)
		}
	}
}

// texts returns findings as they are printed.
func texts(t *testing.T, findings []diagnostic.Diagnostic) (text string) {
	t.Helper()
	for _, d := range diagnostic.Sort(findings) {
		if d.Rule != diagnostic.RuleStaticFile || d.Severity != diagnostic.Error {
			t.Errorf("%+v", d)
		}
		text += d.File + ": " + d.Message + "\n"
	}
	return text
}

func TestMinifyStatic(t *testing.T) {
	static := map[string]string{
		"a.js": "var  a = 1 ;\n", "b.json": "{ \"b\" : 1 }\n", "c.css": "a { color : #ff0000 ; }\n", "d.svg": "<svg>\n  <!-- c -->\n</svg>\n", "e.XML": "<a>\n  <b> x </b>\n</a>\n",
		"f.html": "<!doctype html>\n<html><head><title>x</title></head><body><p>a  b</p></body></html>",
		"g.txt":  "as  it is\n", "h.png": "\x89PNG  \n", "deep/i.webmanifest": "{ }", "_headers": "/*\n  A: b\n",
		"x.js": "x = ;", "deep/x.json": "{\n \"a\" ", "x.mjs": "import {", "x.css": " \n", "x.svg": "<svg><g></svg>", "y.svg": "words", "x.xml": "", "x.webmanifest": "{}{}", "z.svg": "<svg>&nbsp;</svg>",
	}
	files := map[string]string{}
	for name, text := range static {
		files["static/"+name] = text
	}
	root := folder(t, files)
	s := begin(t, root)
	if err := os.CopyFS(s.Dir, os.DirFS(filepath.Join(root, "static"))); err != nil {
		t.Fatal(err)
	}
	findings, err := s.MinifyStatic()
	if err != nil {
		t.Fatal(err)
	}
	const unreadable = ": this file can't be read as what its name says: "
	got := strings.ReplaceAll(texts(t, findings), unreadable, " ")
	for i, want := range []string{"deep/x.json unexpected end", "x.css it is empty", "x.js unexpected", "x.mjs expected", "x.svg XML syntax error on line 1", "x.webmanifest invalid", "x.xml it is empty", "y.svg EOF", "z.svg XML syntax error on line 1"} {
		if line := strings.Split(got, "\n")[i]; !strings.HasPrefix(line, "static/"+want) {
			t.Errorf("%q, not %q", line, want)
		}
	}
	maps.Copy(static, map[string]string{
		"a.js": "var a=1", "b.json": `{"b":1}`, "c.css": "a{color:red}", "d.svg": "<svg></svg>", "e.XML": "<a><b>x</b></a>", "deep/i.webmanifest": "{}",
		"f.html": "<!doctype html><html><head><title>x</title></head><body><p>a b</p></body></html>",
	})
	holds(t, s.Dir, static)
	if findings, err := begin(t, folder(t, nil)).MinifyStatic(); err != nil || len(findings) > 0 {
		t.Error("no static:", findings, err)
	}
}

func TestCheckFiles(t *testing.T) {
	root := folder(t, map[string]string{
		"layouts/a.html": "", "layouts/_partials/b.html~": "", "i18n/en.toml": "", "content/.x": "",
		"static/a.txt": "", "static/.well-known/security.txt": "",
		"static/.env": "", "static/.git/config": "", "static/deep/.well-known/x": "", "static/x.html~": "", "static/#x#": "", "static/a.BAK": "", "static/a.txt.orig": "", "static/a.swp": "",
	})
	if err := os.Symlink("a.html", filepath.Join(root, "layouts", "link.html")); err != nil {
		t.Skip(err)
	}
	if err := exec.Command("mkfifo", filepath.Join(root, "static", "pipe.css"), filepath.Join(root, "i18n", "pipe.toml")).Run(); err != nil {
		t.Skip(err)
	}
	got := texts(t, CheckFiles(root))
	for _, want := range []string{"i18n/pipe.toml: this is a link", "layouts/link.html: this is a link", "static/#x#: this looks like a copy", "static/.env: a dot in front", "static/.git: a dot in front", "static/a.BAK: ", "static/a.swp: ", "static/a.txt.orig: ", "static/deep/.well-known: a dot", "static/pipe.css: this is a link", "static/x.html~: "} {
		line, rest, _ := strings.Cut(got, "\n")
		if !strings.HasPrefix(line, want) {
			t.Errorf("%q, not %q", line, want)
		}
		got = rest
	}
	if got != "" {
		t.Error(got)
	}
}
