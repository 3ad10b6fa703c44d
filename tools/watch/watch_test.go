package watch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	quiet = 200 * time.Millisecond
	os.Exit(m.Run())
}

// watchedSite is a folder with a watcher.
type watchedSite struct {
	*testing.T
	root string
	w    *Watcher
}

func open(t *testing.T) *watchedSite {
	t.Parallel()
	s := &watchedSite{T: t, root: t.TempDir()}
	s.write("content/part/deep/", "layouts/", "public/", "content/causes.md")
	w, err := New(s.root, Options{Folders: []string{"content", "layouts", "static"}, Files: []string{"config.toml"}, Ignore: []string{"static/own.json"}})
	s.must(err)
	t.Cleanup(func() { w.Close() })
	s.w = w
	return s
}

func (s *watchedSite) path(name string) string {
	return filepath.Join(s.root, filepath.FromSlash(name))
}

func (s *watchedSite) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// write writes files, or makes folders where a name ends with a slash.
func (s *watchedSite) write(names ...string) {
	s.Helper()
	for _, name := range names {
		if strings.HasSuffix(name, "/") {
			s.must(os.MkdirAll(s.path(name), 0o755))
		} else {
			s.must(os.WriteFile(s.path(name), []byte("new"), 0o644))
		}
	}
}

func (s *watchedSite) rename(from, to string) {
	s.Helper()
	s.must(os.Rename(s.path(from), s.path(to)))
}
func (s *watchedSite) remove(name string) { s.Helper(); s.must(os.RemoveAll(s.path(name))) }

// next returns the files of the next save.
func (s *watchedSite) next() []string {
	s.Helper()
	select {
	case save := <-s.w.Saves:
		s.must(save.Err)
		return save.Files
	case <-time.After(time.Minute):
		s.Fatal("no save is reported")
	}
	return nil
}

// reports expects one save of these files, and none after it: the next is that of a
// file which is saved then.
func (s *watchedSite) reports(files ...string) {
	s.Helper()
	if got := s.next(); !slices.Equal(got, files) {
		s.Errorf("%q, not %q", got, files)
	}
	s.isSilent()
}

// includes expects a save of a file, and perhaps of others.
func (s *watchedSite) includes(file string) {
	s.Helper()
	if got := s.next(); !slices.Contains(got, file) {
		s.Errorf("%q is without %s", got, file)
	}
}

func (s *watchedSite) isSilent() {
	s.Helper()
	s.write("config.toml")
	if got := s.next(); !slices.Equal(got, []string{"config.toml"}) {
		s.Errorf("reported, too: %q", got)
	}
}

func TestEditors(t *testing.T) {
	const file = "content/causes.md"
	for editor, save := range map[string]func(s *watchedSite){
		"in place, as VS Code and nano do": func(s *watchedSite) { s.write(file, file) },
		"Vim": func(s *watchedSite) {
			s.write("content/.causes.md.swp", "content/4913")
			s.remove("content/4913")
			s.rename(file, file+"~")
			s.write(file)
			s.must(os.Chmod(s.path(file), 0o600))
			s.remove(file + "~")
			s.remove("content/.causes.md.swp")
		},
		"a file beside and a rename, as KDE's and sed": func(s *watchedSite) {
			s.write("content/causes.md.JqTzYx")
			s.rename("content/causes.md.JqTzYx", file)
		},
		"JetBrains": func(s *watchedSite) {
			s.write(file + "___jb_tmp___")
			s.rename(file, file+"___jb_old___")
			s.rename(file+"___jb_tmp___", file)
			s.remove(file + "___jb_old___")
		},
		"removed and made again, as git does": func(s *watchedSite) { s.remove(file); s.write(file) },
	} {
		t.Run(editor, func(t *testing.T) {
			s := open(t)
			for range 2 { // the file that replaced the first one is seen, too
				save(s)
				s.reports(file)
			}
		})
	}
}

func TestBurst(t *testing.T) {
	s := open(t)
	for i := range 500 {
		dir := fmt.Sprintf("content/new-%d/sub", i%7)
		s.write(dir+"/", fmt.Sprintf("%s/page-%d.md", dir, i))
	}
	got := s.next()
	for i := range 7 {
		if dir := fmt.Sprintf("content/new-%d", i); !slices.Contains(got, dir) {
			t.Errorf("%s is missing", dir)
		}
	}
	s.isSilent()
	s.write("content/new-3/sub/page-3.md")
	s.reports("content/new-3/sub/page-3.md")
}

func TestBurstWithoutEnd(t *testing.T) {
	s := open(t)
	reported := make(chan []string)
	go func() { reported <- (<-s.w.Saves).Files }()
	for {
		s.write("content/causes.md")
		select {
		case files := <-reported:
			if !slices.Equal(files, []string{"content/causes.md"}) {
				t.Errorf("%q", files)
			}
			return
		default:
		}
	}
}

func TestFolders(t *testing.T) {
	s := open(t)
	s.write("content/a/b/c/")
	s.includes("content/a")
	s.write("content/a/b/c/page.md")
	s.reports("content/a/b/c/page.md")
	s.rename("content/a", "content/z")
	s.reports("content/a", "content/z")
	s.write("content/z/b/c/page.md")
	s.reports("content/z/b/c/page.md")
	s.rename("content/z", "elsewhere") // where nobody watches
	s.reports("content/z")
	s.write("elsewhere/b/c/page.md")
	s.isSilent()
	s.write("static/img/") // a folder that was not there at first
	s.includes("static")
	s.write("static/img/x.svg")
	s.reports("static/img/x.svg")

	s.rename("content", "away")
	s.reports("content")
	s.write("away/causes.md")
	s.isSilent()
	s.rename("away", "content")
	s.reports("content")
	s.write("content/part/deep/page.md")
	s.reports("content/part/deep/page.md")
	s.remove("content")
	s.includes("content")
	s.write("content/")
	s.includes("content")
	s.write("content/causes.md")
	s.reports("content/causes.md")
}

func TestIgnored(t *testing.T) {
	s := open(t)
	s.write("static/")
	s.reports("static")
	s.write("public/index.html", "README.md", "static/own.json", "content/.DS_Store", "content/causes.md~", "content/#causes.md#", "content/part/.x.md.swx", "content/~$x.md")
	s.write(".build/preview/", "content/.git/objects/", "content/.git/objects/x.md")
	s.must(os.Chmod(s.path("content/causes.md"), 0o600))
	s.isSilent()
}

// A save that nobody has taken yet gathers what else is saved.
func TestUntaken(t *testing.T) {
	s := open(t)
	s.write("content/causes.md")
	time.Sleep(2 * quiet)
	s.write("content/part/page.md")
	time.Sleep(5 * quiet)
	s.reports("content/causes.md", "content/part/page.md")
	s.must(s.w.Close())
	if _, isOpen := <-s.w.Saves; isOpen {
		t.Error("a closed watcher reports something")
	}
}

func TestLimitAdvice(t *testing.T) {
	for err, want := range map[error]string{syscall.ENOSPC: "max_user_watches=", syscall.EMFILE: "max_user_instances=", syscall.EACCES: "permission denied"} {
		if runtime.GOOS != "linux" {
			continue
		}
		if got := limitAdvice(fmt.Errorf("watching: %w", err)); !strings.Contains(got.Error(), want) || !errors.Is(got, err) {
			t.Errorf("%v does not say %q", got, want)
		}
	}
}
