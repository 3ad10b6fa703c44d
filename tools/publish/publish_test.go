package publish

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"microsite/tools/problem"
)

// The test binary stands in for Hugo, for Go and for a build that dies, as
// FAKE says.
func TestMain(m *testing.M) {
	if mode := os.Getenv("FAKE"); mode != "" {
		fake(mode)
	}
	os.Setenv("GORACE", "atexit_sleep_ms=0") // for the fakes
	os.Exit(m.Run())
}

func fake(mode string) {
	switch filepath.Base(os.Args[0]) {
	case "go":
		fmt.Println("/cache/" + strings.Join(os.Args[1:], " "))
		os.Exit(0)
	case "hugo":
		fmt.Println(mode)
		os.Exit(0)
	}
	out, _ := os.Getwd()
	if i := slices.Index(os.Args, "--destination"); i > 0 {
		out = os.Args[i+1]
	}
	put := func(name, text string) {
		if err := os.WriteFile(filepath.Join(out, name), []byte(text), 0o644); err != nil {
			fmt.Println(err)
			os.Exit(9)
		}
	}
	die := func() {
		self, _ := os.FindProcess(os.Getpid())
		_ = self.Kill()
		select {}
	}
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	put("index.html", "half")
	switch mode {
	case "renders":
		put("index.html", strings.Join(os.Args[1:], " "))
	case "warns":
		fmt.Println("WARN  deprecated: x")
	case "hangs":
		put("hangs", "")
		<-interrupted
		put("interrupted", "")
	case "hangs on":
		put("hangs", "")
		select {}
	case "is killed":
		die()
	case "dies in the middle of a build":
		s, err := Begin(out)
		if err != nil {
			put("err", err.Error())
		}
		out = s.Dir
		put("index.html", "half")
		die()
	default:
		fmt.Fprint(os.Stderr, mode)
		os.Exit(1)
	}
	os.Exit(0)
}

func self(t *testing.T) string {
	t.Helper()
	name, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// folder makes a folder of files.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		name = filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// holds says what files a folder holds, "" for folders; the lock is left out.
func holds(t *testing.T, root string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(root, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "lock" {
			return err
		}
		src, err := os.ReadFile(name)
		rel, _ := filepath.Rel(root, name)
		files[filepath.ToSlash(rel)] = string(src)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func want(t *testing.T, root string, files map[string]string) {
	t.Helper()
	if got := holds(t, root); !maps.Equal(got, files) {
		t.Errorf("\n got %q\nwant %q", got, files)
	}
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

func write(t *testing.T, s *Stage, name, text string) {
	t.Helper()
	if err := s.Write(name, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

const list = "static/checklist.json"

func TestCommit(t *testing.T) {
	root := folder(t, nil)
	// The first build, without a public/ or a checklist.
	s := begin(t, root)
	write(t, s, "index.html", "one")
	if err := s.Commit(list, []byte("1")); err != nil {
		t.Fatal(err)
	}
	want(t, root, map[string]string{"public/index.html": "one", list: "1"})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	// The second takes its place whole; the equal checklist isn't touched.
	before, err := os.Stat(filepath.Join(root, list))
	if err != nil {
		t.Fatal(err)
	}
	s = begin(t, root)
	write(t, s, "new.html", "two")
	if err := s.Commit(list, []byte("1")); err != nil {
		t.Fatal(err)
	}
	after, err := os.Stat(filepath.Join(root, list))
	if err != nil || !os.SameFile(before, after) || !before.ModTime().Equal(after.ModTime()) {
		t.Errorf("an equal checklist was written again: %v, %v", after, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	want(t, root, map[string]string{"public/new.html": "two", list: "1"})
	// The third brings another checklist.
	s = begin(t, root)
	write(t, s, "index.html", "three")
	if err := s.Commit(list, []byte("3")); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	want(t, root, map[string]string{"public/index.html": "three", list: "3"})
	// A stage that is closed without Commit leaves nothing.
	s = begin(t, root)
	write(t, s, "index.html", "four")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	want(t, root, map[string]string{"public/index.html": "three", list: "3"})
}

// When Commit fails, nothing has changed.
func TestCommitFails(t *testing.T) {
	for name, c := range map[string]struct {
		files   map[string]string
		message string
	}{
		"public is a file":            {map[string]string{"public": "mine", list: "1"}, "is not a folder: move it away"},
		"static is a file":            {map[string]string{"public/index.html": "old", "static": "mine"}, "static"},
		"the checklist is a folder":   {map[string]string{"public/index.html": "old", list + "/x": "mine"}, "checklist.json"},
		"the rendered folder is lost": {map[string]string{"public/index.html": "old", list: "1"}, "putting the new public in place"},
	} {
		root := folder(t, c.files)
		s := begin(t, root)
		write(t, s, "index.html", "new")
		if strings.Contains(name, "lost") {
			if err := os.RemoveAll(s.Dir); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Commit(list, []byte("2")); err == nil || !strings.Contains(err.Error(), c.message) {
			t.Errorf("%s: %v", name, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		want(t, root, c.files)
	}
	if runtime.GOOS == "linux" { // /proc is where not even root can write
		root := folder(t, map[string]string{"public/index.html": "old"})
		if err := os.Symlink("/proc/self", filepath.Join(root, static)); err != nil {
			t.Fatal(err)
		}
		s := begin(t, root)
		write(t, s, "index.html", "new")
		if err := s.Commit(list, []byte("2")); err == nil {
			t.Error("static can't be written to, and Commit says nothing")
		}
		want(t, filepath.Join(root, public), map[string]string{"index.html": "old"})
	}
	root := folder(t, map[string]string{"elsewhere/index.html": "old"})
	if err := os.Symlink("elsewhere", filepath.Join(root, public)); err != nil {
		t.Fatal(err)
	}
	s := begin(t, root)
	if err := s.Commit(list, nil); err == nil || !strings.Contains(err.Error(), "is not a folder") {
		t.Errorf("public is a link: %v", err)
	}
}

func TestSwap(t *testing.T) {
	for name, how := range map[string]func(fresh, old, aside string) error{"swap": swap, "in steps": swapInSteps} {
		root := folder(t, map[string]string{"fresh/a": "new", "old/a": "old", "old/b": "old"})
		fresh, old := filepath.Join(root, "fresh"), filepath.Join(root, "old")
		if err := how(fresh, old, filepath.Join(root, "aside")); err != nil {
			t.Fatal(name, err)
		}
		if got := holds(t, old); !maps.Equal(got, map[string]string{"a": "new"}) {
			t.Errorf("%s: %q", name, got)
		}
		// A folder that isn't there leaves the other as it was.
		if err := how(filepath.Join(root, "gone"), old, filepath.Join(root, "aside")); err == nil {
			t.Errorf("%s: a folder that isn't there was swapped in", name)
		}
		if got := holds(t, old); !maps.Equal(got, map[string]string{"a": "new"}) {
			t.Errorf("%s: after a failure: %q", name, got)
		}
	}
}

// A build that was killed in the middle of a swap in steps left no public
// folder, or left the old one aside: the next build puts that right.
func TestBeginMendsASwapInSteps(t *testing.T) {
	root := folder(t, map[string]string{work + "/public.old/index.html": "old", work + "/public-1/index.html": "new"})
	begin(t, root)
	want(t, filepath.Join(root, public), map[string]string{"index.html": "old"})
	root = folder(t, map[string]string{work + "/public.old/index.html": "old", public + "/index.html": "new"})
	s := begin(t, root)
	want(t, filepath.Join(root, public), map[string]string{"index.html": "new"})
	if _, err := os.Stat(s.aside); err == nil {
		t.Error("the old site was left aside")
	}
}

func TestBegin(t *testing.T) {
	const site = "a [folder]/" // whose name is no pattern
	root := filepath.Join(folder(t, map[string]string{site + work + "/public-1/index.html": "left by a killed build", site + work + "/public-2/a/b.html": "too", site + "public/index.html": "old"}), site)
	s := begin(t, root)
	if left := holds(t, filepath.Join(root, work)); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
	want(t, s.Dir, map[string]string{})
	want(t, filepath.Join(root, public), map[string]string{"index.html": "old"})
	// One build at a time.
	write(t, s, "index.html", "first")
	if _, err := Begin(root); err == nil || err.Error() != "another build of this site is running: wait until it has ended" {
		t.Errorf("a second build: %v", err)
	}
	want(t, s.Dir, map[string]string{"index.html": "first"})
	begin(t, folder(t, nil)) // another site's is no matter
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	begin(t, root)
}

func TestBeginFails(t *testing.T) {
	if _, err := Begin(folder(t, map[string]string{work: "a file"})); err == nil {
		t.Error("began in a file")
	}
	root := folder(t, map[string]string{work + "/lock/x": "a folder in the lock's place"})
	if _, err := Begin(root); err == nil {
		t.Error("began without a lock")
	}
}

// A build that is killed leaves public/ as it was, and doesn't keep the next from beginning.
func TestKilledBuild(t *testing.T) {
	root := folder(t, map[string]string{"public/index.html": "old", list: "1"})
	cmd := exec.Command(self(t))
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "FAKE=dies in the middle of a build")
	if err := cmd.Run(); err == nil {
		t.Fatal("the build lived")
	}
	left, err := filepath.Glob(filepath.Join(root, work, "public-*", "index.html"))
	if err != nil || len(left) != 1 {
		t.Fatalf("the build didn't come as far as the middle: %q, %v", left, err)
	}
	want(t, filepath.Join(root, public), map[string]string{"index.html": "old"})
	s := begin(t, root)
	want(t, s.Dir, map[string]string{})
}

// Readers see the old site or the new one at every instant.
func TestReadersMissNothing(t *testing.T) {
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
		t.Skip("this system can't swap two folders in one step")
	}
	root := folder(t, map[string]string{"public/index.html": "version 0 whole"})
	done := make(chan struct{})
	var reads int
	var group sync.WaitGroup
	group.Go(func() {
		for {
			src, err := os.ReadFile(filepath.Join(root, public, "index.html"))
			if err != nil || !bytes.HasSuffix(src, []byte(" whole")) {
				t.Errorf("read %d: %q, %v", reads, src, err)
				return
			}
			reads++
			select {
			case <-done:
				return
			default:
			}
		}
	})
	for i := range 200 {
		s, err := Begin(root)
		if err == nil {
			err = errors.Join(s.Write("index.html", fmt.Appendf(nil, "version %d whole", i+1)), s.Commit(list, []byte("1")), s.Close())
		}
		if err != nil {
			t.Error(err)
			break
		}
	}
	close(done)
	group.Wait()
	if reads == 0 {
		t.Error("nothing was read")
	}
}

func TestMinify(t *testing.T) {
	static := map[string]string{
		"a.js": "var  a = 1 ;\n", "b.json": "{ \"b\" : 1 }\n", "c.css": "a { color : #ff0000 ; }\n", "d.svg": "<svg>\n  <!-- c -->\n</svg>\n", "e.XML": "<a>\n  <b> x </b>\n</a>\n", "f.html": "<!doctype html>\n<html><head><title>x</title></head><body><p>a  b</p></body></html>",
		"g.txt": "as  it is\n", "h.png": "\x89PNG  \n", "deep/i.webmanifest": "{ }", "_headers": "/*\n  A: b\n", "left-out.js": "x",
		"broken.js": "x = ;", "deep/broken.json": "{ \"a\" ", "broken.mjs": "import {",
	}
	files := map[string]string{}
	for name, text := range static {
		files["static/"+name] = text
	}
	root := folder(t, files)
	s := begin(t, root)
	copied := maps.Clone(static)
	delete(copied, "left-out.js") // as Hugo leaves some
	copied["page.js"] = "var  rendered = 1 ;"
	for name, text := range copied {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(s.Dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(s.Dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(t, s, "own.json", "{ \"own\" : 1 }\n")
	problems, err := s.Minify()
	if err != nil {
		t.Fatal(err)
	}
	var broken []string
	for _, p := range problem.Sort(problems) {
		broken = append(broken, p.File)
		if p.Rule != RuleMinify || p.Severity != problem.Error || !strings.HasPrefix(p.Message, "this file can't be read as what its name says: ") || strings.Contains(p.Message, "\n") {
			t.Errorf("%+v", p)
		}
	}
	if want := []string{"static/broken.js", "static/broken.mjs", "static/deep/broken.json"}; !slices.Equal(broken, want) {
		t.Errorf("%q, not %q", broken, want)
	}
	want(t, s.Dir, map[string]string{
		"a.js": "var a=1", "b.json": `{"b":1}`, "c.css": "a{color:red}", "d.svg": "<svg></svg>", "e.XML": "<a><b>x</b></a>", "f.html": "<!doctype html><html><head><title>x</title></head><body><p>a b</p></body></html>",
		"g.txt": static["g.txt"], "h.png": static["h.png"], "deep/i.webmanifest": "{}", "_headers": static["_headers"], "page.js": copied["page.js"], "own.json": `{"own":1}`,
		"broken.js": static["broken.js"], "deep/broken.json": static["deep/broken.json"], "broken.mjs": static["broken.mjs"],
	})
	want(t, filepath.Join(root, "static"), static)
	s = begin(t, folder(t, nil)) // no static/ at all
	if problems, err := s.Minify(); err != nil || len(problems) > 0 {
		t.Error(problems, err)
	}
}

func render(t *testing.T, ctx context.Context, mode string) (root string, found []problem.Problem, err error) {
	t.Helper()
	root = folder(t, map[string]string{"public/index.html": "old", "layouts/page.html": "", "content/a.md": ""})
	s := begin(t, root)
	t.Setenv("FAKE", strings.ReplaceAll(mode, "ROOT", root))
	found, err = s.Render(ctx, self(t), time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), "https://site.example/sub/")
	want(t, filepath.Join(root, public), map[string]string{"index.html": "old"})
	return root, found, err
}

func TestRender(t *testing.T) {
	root, found, err := render(t, t.Context(), "renders")
	if err != nil || len(found) > 0 {
		t.Fatal(found, err)
	}
	rendered, err := filepath.Glob(filepath.Join(root, work, "public-*", "index.html"))
	if err != nil || len(rendered) != 1 {
		t.Fatal(rendered, err)
	}
	src, err := os.ReadFile(rendered[0])
	if err != nil {
		t.Fatal(err)
	}
	args := string(src)
	for _, arg := range []string{"--clock 2026-11-22T12:00:00Z", "--baseURL https://site.example/sub/", "--environment production", "--buildDrafts=false", "--buildFuture=false", "--destination " + filepath.Dir(rendered[0])} {
		if !strings.Contains(args, arg) {
			t.Errorf("Hugo is run without %s: %s", arg, args)
		}
	}
	if _, found, err = render(t, t.Context(), "warns"); err != nil || len(found) != 1 || found[0].Severity != problem.Warning || found[0].Message != "deprecated: x" {
		t.Errorf("%+v, %v", found, err)
	}
}

// What Hugo can't build is a problem in its place; what keeps it from working is an error.
func TestRenderFails(t *testing.T) {
	for mode, want := range map[string]string{
		"ERROR render of \"/a\" failed: \"ROOT/layouts/page.html:3:5\": execute of template failed\n":        `layouts/page.html:3:5: error: render of "/a" failed: "layouts/page.html:3:5": execute of template failed [hugo]`,
		"Start building sites …\nERROR a: \"ROOT/layouts/page.html:3:5\": b: \"ROOT/content/a.md:7:1\": c\n": `content/a.md:7:1: error: a: "layouts/page.html:3:5": b: "content/a.md:7:1": c [hugo]`,
		"WARN  one\nERROR two\nERROR three\n":                    "layouts: warning: one [hugo]\nlayouts: error: three [hugo]\nlayouts: error: two [hugo]",
		"ERROR no place: /elsewhere/x\r\n":                       "layouts: error: no place: /elsewhere/x [hugo]",
		"ERROR \"/elsewhere/theme.html:1:2\": out of the site\n": `/elsewhere/theme.html:1:2: error: "/elsewhere/theme.html:1:2": out of the site [hugo]`,
		"Error: unknown flag: --clock\n":                         "error: Hugo failed: exit status 1\nError: unknown flag: --clock",
		"WARN only\n":                                            "error: Hugo failed: exit status 1\nWARN only",
		"panic: runtime error\n":                                 "error: Hugo failed: exit status 1\npanic: runtime error",
		"ERROR failed to write: write ROOT/.build/public/a.html: no space left on device\n": "error: Hugo could not write the site: ",
		"is killed": "error: Hugo could not be run: signal: killed",
	} {
		_, found, err := render(t, t.Context(), mode)
		var got []string
		for _, p := range problem.Sort(found) {
			got = append(got, p.String())
		}
		if err != nil {
			got = append(got, "error: "+err.Error())
		}
		if text := strings.Join(got, "\n"); text != want && !(strings.HasPrefix(want, "error: ") && strings.HasPrefix(text, want)) {
			t.Errorf("%q:\n got %q\nwant %q", mode, text, want)
		}
	}
	s := begin(t, folder(t, nil))
	if _, err := s.Render(t.Context(), filepath.Join(s.Dir, "nowhere"), time.Now(), ""); err == nil || !strings.HasPrefix(err.Error(), "Hugo could not be run: ") {
		t.Errorf("no Hugo: %v", err)
	}
}

// A signal ends Hugo, too: with an interrupt, so that it can clean up, and if that doesn't help, by force.
func TestRenderIsInterrupted(t *testing.T) {
	for _, mode := range []string{"hangs", "hangs on"} {
		ctx, cancel := context.WithCancel(t.Context())
		root := folder(t, map[string]string{"public/index.html": "old"})
		s := begin(t, root)
		t.Setenv("FAKE", mode)
		ended := make(chan error)
		go func() {
			_, err := s.Render(ctx, self(t), time.Now(), "")
			ended <- err
		}()
		for { // until it hangs
			if _, err := os.Stat(filepath.Join(s.Dir, "hangs")); err == nil {
				break
			}
			time.Sleep(time.Millisecond)
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", mode, err)
		}
		if _, ok := holds(t, s.Dir)["interrupted"]; ok != (mode == "hangs") {
			t.Errorf("%s: interrupted is %v", mode, ok)
		}
		want(t, filepath.Join(root, public), map[string]string{"index.html": "old"})
	}
}

func TestPinned(t *testing.T) {
	for mod, want := range map[string]string{
		"module m\n\nrequire github.com/gohugoio/hugo v0.165.0\n":                                                               "v0.165.0",
		"module m\n\ngo 1.26\n\ntool github.com/gohugoio/hugo\n\nrequire (\n\tgithub.com/gohugoio/hugo v0.1.2 // indirect\n)\n": "v0.1.2",
		"module m\n\nrequire github.com/gohugoio/hugoreleaser v0.1.2\n":                                                         "go.mod does not name github.com/gohugoio/hugo: run: go get -tool",
		"module": "go.mod:1",
	} {
		got, err := Pinned(folder(t, map[string]string{"go.mod": mod}))
		if err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, want) || (err == nil) != strings.HasPrefix(want, "v") {
			t.Errorf("%q: %q, %v", mod, got, err)
		}
	}
	if _, err := Pinned(t.TempDir()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no go.mod: %v", err)
	}
}

func TestFindHugo(t *testing.T) {
	root := folder(t, map[string]string{"go.mod": "module m\n\nrequire github.com/gohugoio/hugo v0.165.0\n"})
	path := func(names ...string) string {
		dir := t.TempDir()
		for _, name := range names {
			if err := os.Symlink(self(t), filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	const built = "/cache/tool -n github.com/gohugoio/hugo"
	for version, ours := range map[string]bool{
		"hugo v0.165.0 linux/amd64": true, "hugo v0.165.0-0123abc linux/amd64 BuildDate=2026": true, "hugo v0.165.0+extended+withdeploy linux/amd64": true, "hugo v0.165.0-0123abc+extended darwin/arm64": true,
		"hugo v0.164.9 linux/amd64": false, "hugo v0.165.1 linux/amd64": false, "hugo v0.165.00 linux/amd64": false, "hugo v0.165.0-DEV linux/amd64": false, "hugo v10.165.0 x": false, "v0.165.0": false, "Hugo Static Site Generator v0.54.0": false,
	} {
		t.Setenv("FAKE", version)
		dir := path("hugo", "go")
		t.Setenv("PATH", dir)
		want := built
		if ours {
			want = filepath.Join(dir, "hugo")
		}
		if got, err := FindHugo(t.Context(), root, io.Discard); got != want || err != nil {
			t.Errorf("%s: %s, %v, not %s", version, got, err, want)
		}
	}
	t.Setenv("FAKE", "hugo v0.164.0 linux/amd64")
	t.Setenv("PATH", path("go"))
	if got, err := FindHugo(t.Context(), root, io.Discard); got != built || err != nil {
		t.Errorf("no hugo: %s, %v", got, err)
	}
	t.Setenv("PATH", path("hugo"))
	if _, err := FindHugo(t.Context(), root, io.Discard); err == nil || !strings.HasPrefix(err.Error(), "found neither Hugo v0.165.0 nor Go, which can build it: install Go") {
		t.Errorf("neither: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	t.Setenv("PATH", path("go"))
	if _, err := FindHugo(ctx, root, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

func TestComplaintsKeepTheirOrder(t *testing.T) {
	got := complaints("/site", "ERROR b\nmore of b\nERROR a\n")
	want := []problem.Problem{{File: "layouts", Rule: RuleHugo, Severity: problem.Error, Message: "b"}, {File: "layouts", Rule: RuleHugo, Severity: problem.Error, Message: "a"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
}
