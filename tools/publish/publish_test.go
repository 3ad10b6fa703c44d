package publish

import (
	"errors"
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
	err = errors.Join(os.WriteFile(filepath.Join(s.Dir, "index.txt"), []byte(text), 0o644), s.Commit(list, []byte(checklist)))
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
	root := folder(t, nil) // without a public/ or a checklist
	name := filepath.Join(root, list)
	var last fs.FileInfo
	for _, step := range []struct{ text, list string }{{"one", "1"}, {"two", "1"}, {"three", "3"}} {
		if err := build(t, root, step.text, step.list); err != nil {
			t.Fatal(err)
		}
		holds(t, root, map[string]string{"public/index.txt": step.text, list: step.list})
		info, err := os.Stat(name)
		if err != nil || step.text == "two" && !os.SameFile(last, info) {
			t.Errorf("an equal checklist was written again: %v, %v", info, err)
		}
		if step.text == "three" && runtime.GOOS != "windows" && info.Mode().Perm() != 0o640 {
			t.Errorf("the checklist has other rights: %v", info.Mode())
		}
		last = info
		if err := os.Chmod(name, 0o640); err != nil {
			t.Fatal(err)
		}
	}
	// A stage that is closed without Commit leaves nothing.
	if err := begin(t, root).Close(); err != nil {
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
}

func TestExchange(t *testing.T) {
	root := folder(t, map[string]string{"a/x": "1", "b/x": "2"})
	err := exchange(filepath.Join(root, "a"), filepath.Join(root, "b"))
	if runtime.GOOS == "linux" && err != nil {
		t.Error("public/ would be gone for a moment:", err)
	}
}

// texts returns findings as they are printed.
func texts(findings []diagnostic.Diagnostic) (text string) {
	for _, d := range diagnostic.Sort(findings) {
		text += d.String() + "\n"
	}
	return text
}

func TestMinifyStatic(t *testing.T) {
	s := begin(t, folder(t, nil))
	for name, c := range map[string]struct{ src, want string }{
		"a.js": {"var  a = 1 ;\n", "var a=1"}, "b.json": {"{ \"b\" : 1 }\n", `{"b":1}`}, "c.css": {"a { color : #ff0000 ; }\n", "a{color:red}"},
		"d.svg": {"<svg>\n  <!-- c -->\n</svg>\n", "<svg></svg>"}, "e.XML": {"<a>\n  <b> x </b>\n</a>\n", "<a><b>x</b></a>"},
		"f.html": {"<!doctype html>\n<html><head></head><body><p>a  b</p></body></html>", "<!doctype html><html><head></head><body><p>a b</p></body></html>"},
		"g.txt":  {"as  it is\n", "as  it is\n"}, "x.js": {"x = ;", "unexpected"}, "deep/x.json": {"{ \"a\" ", "unexpected end"},
		"x.css": {" \n", "it is empty"}, "x.svg": {"<svg>\n<g></svg>", "XML syntax error on line 2"}, "x.xml": {"", "it is empty"},
	} {
		s.root = folder(t, map[string]string{"static/" + name: c.src})
		s.Dir = filepath.Join(folder(t, map[string]string{"public/" + name: c.src}), "public")
		findings, err := s.MinifyStatic(list, []byte("{ }"))
		small, _ := os.ReadFile(filepath.Join(s.Dir, name))
		message := "static/" + name + ": error: this file can't be read as what its name says: " + c.want
		if err != nil || string(small) != c.want && !strings.HasPrefix(texts(findings), message) {
			t.Errorf("%s: %q, %s, %v", name, small, texts(findings), err)
		}
	}
	if generated, err := os.ReadFile(filepath.Join(s.Dir, "checklist.json")); err != nil || string(generated) != "{}" {
		t.Errorf("%q, %v", generated, err)
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
	var got []string
	for _, d := range diagnostic.Sort(CheckFiles(root)) {
		got = append(got, d.File+" "+d.Message[:len("this is a link")])
	}
	const want = "i18n/pipe.toml this is a link|layouts/link.html this is a link|static/#x# this looks lik|static/.env this looks lik|static/.git this looks lik|" +
		"static/a.BAK this looks lik|static/a.swp this looks lik|static/a.txt.orig this looks lik|static/deep/.well-known this looks lik|" +
		"static/pipe.css this is a link|static/x.html~ this looks lik"
	if strings.Join(got, "|") != want {
		t.Errorf("%q", got)
	}
}
