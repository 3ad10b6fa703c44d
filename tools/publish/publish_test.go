package publish

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
)

func must(t testing.TB, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// expect reports what is not as it should be.
func expect(t testing.TB, holds bool, format string, args ...any) {
	t.Helper()
	if !holds {
		t.Errorf(format, args...)
	}
}

// folder makes a folder of files.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	root, tree := t.TempDir(), fstest.MapFS{}
	for name, text := range files {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	must(t, os.CopyFS(root, tree))
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
	expect(t, err == nil && maps.Equal(got, want), "%v\n got %q\nwant %q", err, got, want)
}

func begin(t *testing.T, root string) *Stage {
	t.Helper()
	s, err := Begin(root)
	must(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

const list = "static/checklist.json"

func TestCommit(t *testing.T) {
	root := folder(t, nil) // without a public/ or a checklist
	name := filepath.Join(root, list)
	var last fs.FileInfo
	for _, step := range []struct{ text, list string }{{"one", "1"}, {"two", "1"}, {"three", "3"}} {
		s := begin(t, root)
		err := os.WriteFile(filepath.Join(s.Dir, "index.txt"), []byte(step.text), 0o644)
		err = errors.Join(err, s.Commit(map[string][]byte{list: []byte(step.list)}), s.Close())
		must(t, err)
		holds(t, root, map[string]string{"public/index.txt": step.text, list: step.list})
		info, err := os.Stat(name)
		must(t, err)
		expect(t, step.text != "two" || os.SameFile(last, info), "an equal checklist was written again: %v", info)
		rights := map[string]fs.FileMode{"one": 0o644, "two": 0o640, "three": 0o640}[step.text]
		expect(t, runtime.GOOS == "windows" || info.Mode().Perm() == rights, "%s: the checklist has the rights %v", step.text, info.Mode())
		last = info
		must(t, os.Chmod(name, 0o640))
	}
	// A stage that is closed without Commit leaves nothing.
	must(t, begin(t, root).Close())
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
		err := s.Commit(map[string][]byte{list: []byte("2")})
		expect(t, err != nil && strings.Contains(err.Error(), c.message), "%s: %v", name, err)
		s.Close()
		holds(t, root, c.files)
	}
}

// Of several generated files, all are replaced, or none where one can't be written.
func TestCommitTogether(t *testing.T) {
	other := "static/es/checklist.json"
	generated := map[string][]byte{list: []byte("2"), other: []byte("2")}
	for range 5 { // the order in which they are written differs
		for blocked, free := range map[string]string{list: other, other: list} {
			root := folder(t, map[string]string{"public/index.txt": "old", free: "1", blocked + "/x": "mine"})
			s := begin(t, root)
			err := s.Commit(generated)
			expect(t, err != nil, "a file was put in the place of a folder")
			s.Close()
			holds(t, root, map[string]string{"public/index.txt": "old", free: "1", blocked + "/x": "mine"})
		}
	}
}

// Where a system can't swap folders in one step, the old one is brought back on failure.
func TestSwapInSteps(t *testing.T) {
	root := folder(t, map[string]string{"a/x": "1", "b/x": "2"})
	err := exchange(filepath.Join(root, "a"), filepath.Join(root, "b"))
	expect(t, err == nil || runtime.GOOS != "linux", "public/ would be gone for a moment: %v", err)
	inOneStep := exchange
	exchange = func(_, _ string) error { return syscall.EXDEV }
	t.Cleanup(func() { exchange = inOneStep })
	root = folder(t, map[string]string{"fresh/a": "new", "old/a": "old", "old/b": "old"})
	fresh, old := filepath.Join(root, "fresh"), filepath.Join(root, "old")
	must(t, swap(fresh, old))
	holds(t, root, map[string]string{"old/a": "new"})
	expect(t, swap(fresh, old) != nil, "a folder that is not there was swapped in")
	holds(t, root, map[string]string{"old/a": "new"})
	// A folder that can't be renamed stays, and the error says what to do.
	root = folder(t, map[string]string{"fresh/a": "new", "fresh-old": "in the way", "old/a": "old"})
	err = swap(filepath.Join(root, "fresh"), filepath.Join(root, "old"))
	expect(t, err != nil && strings.Contains(err.Error(), "delete it or unmount it, then build again"), "%v", err)
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
	_, err := Begin(root)
	isRefused := err != nil && err.Error() == "another build of this site is running: end it, or wait until it has ended"
	expect(t, isRefused, "a second build: %v", err)
	lock, err := Lock(root, "serve")
	must(t, err) // another task is no obstacle
	must(t, lock.Close(), s.Close())
	begin(t, root)
}

// What nobody means to publish: copies that programs leave, a checklist of a language that is gone, and files that are not what their names say.
func TestCheckFiles(t *testing.T) {
	fine := map[string]string{list: "{", "static/film.mp4": "", "static/old": "", "static/a.js": "x", "static/b.JSON": "{}"}
	wrong := map[string]string{"#a#": "x", "~$b.html": "x", "c.old": "x", "d.orig": "x", "e.REJ": "x", "f.tmp": "x", "g.swp": "x", "h.js": "", "i.html": "\n", "j.xml": "<a>", "k.JSON": "{", "xx/checklist.json": "{}"}
	for name, text := range wrong {
		fine["static/"+name] = text
	}
	var got []string
	for _, d := range CheckFiles(folder(t, fine), map[string][]byte{list: {}}) {
		got = append(got, strings.TrimPrefix(d.File, "static/"))
	}
	expect(t, slices.Equal(got, slices.Sorted(maps.Keys(wrong))), "found %q", got)
}

// A file that can't be made smaller is published as it is.
func TestMinifyStatic(t *testing.T) {
	root := folder(t, map[string]string{"static/a.js": "let  a = 1\n", "static/b.js": "let (", "static/c.txt": " c "})
	s := begin(t, root)
	must(t, os.CopyFS(s.Dir, os.DirFS(filepath.Join(root, "static"))), s.MinifyStatic())
	holds(t, s.Dir, map[string]string{"a.js": "let a=1", "b.js": "let (", "c.txt": " c "})
}
