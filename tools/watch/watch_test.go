package watch

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
)

// watchedSite is a folder that is watched.
type watchedSite struct {
	*testing.T
	root  string
	saves <-chan []string
}

func open(t *testing.T) *watchedSite {
	t.Parallel()
	s := &watchedSite{T: t, root: t.TempDir()}
	s.write("content/part/deep/", "layouts/", "public/", "content/causes.md")
	var err error
	s.saves, err = Saves(t.Context(), s.root, []string{"content", "layouts", "static", "config.toml"})
	s.must(err)
	return s
}

func (s *watchedSite) path(name string) string { return filepath.Join(s.root, name) }

// write writes files, or makes folders where a name ends with a slash.
func (s *watchedSite) write(names ...string) {
	for _, name := range names {
		if strings.HasSuffix(name, "/") {
			s.must(os.MkdirAll(s.path(name), 0o755))
		} else {
			s.must(os.WriteFile(s.path(name), []byte("new"), 0o644))
		}
	}
}

func (s *watchedSite) must(err error) {
	if err != nil {
		s.Error(err)
	}
}

func (s *watchedSite) rename(from, to string) { s.must(os.Rename(s.path(from), s.path(to))) }
func (s *watchedSite) remove(name string)     { s.must(os.RemoveAll(s.path(name))) }

// reports expects saves of these files and of no other, together or, on a busy machine, one after the other.
func (s *watchedSite) reports(files ...string) {
	s.write("config.toml") // is the last to be reported
	var got []string
	for !slices.Contains(got, "config.toml") {
		select {
		case names := <-s.saves:
			got = append(got, names...)
		case <-time.After(time.Minute):
			s.Fatalf("no save is reported after %q", got)
		}
	}
	slices.Sort(got)
	want := append(files, "config.toml")
	slices.Sort(want)
	if got = slices.Compact(got); !slices.Equal(got, want) {
		s.Errorf("%q, not %q", got, want)
	}
}

func TestEditors(t *testing.T) {
	const file = "content/causes.md"
	for _, save := range []func(s *watchedSite){
		func(s *watchedSite) { s.write(file, file) }, // in place, as VS Code and nano do
		func(s *watchedSite) { // Vim
			s.write("content/.causes.md.swp", "content/4913")
			s.remove("content/4913")
			s.rename(file, file+"~")
			s.write(file)
			s.remove(file + "~")
		},
		func(s *watchedSite) { // a file beside and a rename, as KDE's and sed
			s.write("content/causes.md.JqTzYx")
			s.rename("content/causes.md.JqTzYx", file)
		},
		func(s *watchedSite) { s.remove(file); s.write(file) }, // as git does
	} {
		t.Run("", func(t *testing.T) {
			s := open(t)
			for range 2 { // the file that replaced the first one is seen, too
				time.Sleep(20 * time.Millisecond) // a file system's clock may tick every 10 ms
				save(s)
				s.reports(file)
			}
		})
	}
}

// What is still being written is reported when it is done.
func TestOneReport(t *testing.T) {
	s := open(t)
	for range 20 {
		s.write("content/part/page.md", "content/causes.md")
		time.Sleep(quiet / 5)
	}
	if got := <-s.saves; !slices.Equal(got, []string{"content/causes.md", "content/part/page.md"}) {
		t.Errorf("%q", got)
	}
	s.reports()
	// What is saved while nobody takes the last save comes with it.
	s.write("content/causes.md")
	time.Sleep(3 * quiet)
	s.write("content/part/page.md")
	time.Sleep(quiet / 5)
	s.reports("content/causes.md", "content/part/page.md")
}

// Where the system has lost count, anything may have changed.
func TestLostEvents(t *testing.T) {
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		t.Fatal(err)
	}
	root, saves := t.TempDir(), make(chan []string)
	go (&watcher{root, []string{"content"}, notify}).run(t.Context(), saves)
	notify.Errors <- fsnotify.ErrEventOverflow
	if got := <-saves; got != nil {
		t.Errorf("%q", got)
	}
}

func TestFolders(t *testing.T) {
	s := open(t)
	s.write("new/b/", "new/b/page.md")
	s.rename("new", "content/a") // as a whole: what is made in a folder at once may come before it is watched
	s.reports("content/a")
	s.write("content/a/b/page.md")
	s.reports("content/a/b/page.md")
	s.rename("content/a", "elsewhere")
	s.reports("content/a")
	s.write("static/") // a folder that was not there at first
	s.reports("static")
	s.write("static/x.svg")
	s.reports("static/x.svg")
	s.rename("content", "away")
	s.reports("content")
	s.rename("away", "content")
	s.reports("content")
	s.remove("content/part/deep")
	s.reports("content/part/deep")
}

func TestIgnored(t *testing.T) {
	s := open(t)
	s.write("public/index.html", "README.md", "content/.DS_Store", "content/causes.md~", "content/#causes.md#", "content/part/.x.md.swx")
	s.write("content/~$x.md", "content/x.BAK", "content/x.md___jb_tmp___", ".build/preview/", "content/.git/objects/", "content/.git/objects/x.md")
	s.must(os.Chmod(s.path("content/causes.md"), 0o600))
	s.reports()
}
