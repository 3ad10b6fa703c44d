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

// site is a watched folder. Its watcher is patient, so that a test on a busy
// machine is still one save.
type site struct {
	*testing.T
	root string
	w    *Watcher
}

func open(t *testing.T) *site {
	t.Helper()
	s := &site{T: t, root: t.TempDir()}
	for _, dir := range []string{"content/part/deep", "layouts", "public"} {
		s.must(os.MkdirAll(s.path(dir), 0o755))
	}
	s.write("content/causes.md", "old")
	s.write("config.toml", "old")
	w, err := start(s.root, Options{Folders: []string{"content", "layouts", "static"}, Files: []string{"config.toml"}, Ignore: []string{"static/own.json"}}, 200*time.Millisecond)
	s.must(err)
	t.Cleanup(func() { w.Close() })
	s.w = w
	return s
}

func (s *site) path(name string) string { return filepath.Join(s.root, filepath.FromSlash(name)) }

func (s *site) must(errs ...error) {
	s.Helper()
	if err := errors.Join(errs...); err != nil {
		s.Fatal(err)
	}
}

func (s *site) write(name, text string) {
	s.Helper()
	s.must(os.WriteFile(s.path(name), []byte(text), 0o644))
}

func (s *site) rename(from, to string) { s.Helper(); s.must(os.Rename(s.path(from), s.path(to))) }
func (s *site) remove(name string)     { s.Helper(); s.must(os.RemoveAll(s.path(name))) }
func (s *site) mkdir(name string)      { s.Helper(); s.must(os.MkdirAll(s.path(name), 0o755)) }

// next returns the next save.
func (s *site) next() []string {
	s.Helper()
	select {
	case save := <-s.w.Saves:
		s.must(save.Err)
		return save.Files
	case <-time.After(time.Minute):
		s.Fatal("no save is told")
	}
	return nil
}

// names expects a save that names this file, and perhaps others in it.
func (s *site) names(file string) {
	s.Helper()
	if got := s.next(); !slices.Contains(got, file) {
		s.Errorf("told %q, want %s there", got, file)
	}
}

// told expects one save of exactly these files, and none after it: the next is
// that of a file which is saved then.
func (s *site) told(files ...string) {
	s.Helper()
	if got := s.next(); !slices.Equal(got, files) {
		s.Errorf("told %q, want %q", got, files)
	}
	s.silent()
}

// silent expects that nothing has been told.
func (s *site) silent() {
	s.Helper()
	s.write("config.toml", "new")
	if got := s.next(); !slices.Equal(got, []string{"config.toml"}) {
		s.Errorf("told, too: %q", got)
	}
}

func TestEditors(t *testing.T) {
	const file = "content/causes.md"
	for editor, save := range map[string]func(s *site){
		"in place, as VS Code and nano do": func(s *site) { s.write(file, ""); s.write(file, "new") },
		"Vim": func(s *site) {
			s.write("content/.causes.md.swp", "")
			s.write("content/4913", "")
			s.remove("content/4913")
			s.rename(file, file+"~")
			s.write(file, "new")
			s.must(os.Chmod(s.path(file), 0o600))
			s.remove(file + "~")
			s.remove("content/.causes.md.swp")
		},
		"Emacs": func(s *site) {
			s.must(os.Symlink("me@here.1", s.path("content/.#causes.md")))
			s.write("content/#causes.md#", "new")
			s.rename(file, file+"~")
			s.write(file, "new")
			s.remove("content/#causes.md#")
			s.remove("content/.#causes.md")
		},
		"a hidden file and a rename, as GNOME's": func(s *site) {
			s.write("content/.goutputstream-X1", "new")
			s.rename("content/.goutputstream-X1", file)
		},
		"a file beside and a rename, as KDE's and sed": func(s *site) {
			s.write("content/causes.md.JqTzYx", "new")
			s.rename("content/causes.md.JqTzYx", file)
		},
		"JetBrains": func(s *site) {
			s.write(file+"___jb_tmp___", "new")
			s.rename(file, file+"___jb_old___")
			s.rename(file+"___jb_tmp___", file)
			s.remove(file + "___jb_old___")
		},
		"Word": func(s *site) {
			s.write("content/~$causes.md", "")
			s.write("content/~WRD0001.tmp", "new")
			s.rename(file, "content/~WRL0002.tmp")
			s.rename("content/~WRD0001.tmp", file)
			s.remove("content/~WRL0002.tmp")
			s.remove("content/~$causes.md")
		},
		"removed and made again, as git does": func(s *site) { s.remove(file); s.write(file, "new") },
	} {
		t.Run(editor, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			for range 2 { // the file that replaced the first one is seen, too
				save(s)
				s.told(file)
			}
		})
	}
}

func TestBurst(t *testing.T) {
	t.Parallel()
	s := open(t)
	var want []string
	for i := range 500 {
		dir := fmt.Sprintf("content/new-%d", i%7)
		if i < 7 {
			s.mkdir(dir + "/sub")
			want = append(want, dir)
		}
		name := fmt.Sprintf("%s/sub/page-%d.md", dir, i)
		s.write(name, "new")
		if i >= 493 {
			want = append(want, name)
		}
	}
	got := s.next()
	for _, name := range want {
		// What was made before its folder was watched is told by the folder.
		if !slices.Contains(got, name) && !slices.Contains(got, filepath.ToSlash(filepath.Dir(name))) {
			t.Errorf("%s is missing", name)
		}
	}
	s.silent()
	s.write("content/new-3/sub/page-3.md", "newer")
	s.told("content/new-3/sub/page-3.md")
}

func TestBurstWithoutEnd(t *testing.T) {
	t.Parallel()
	s := open(t)
	told := make(chan []string)
	go func() { told <- (<-s.w.Saves).Files }()
	for {
		s.write("content/causes.md", "again")
		select {
		case files := <-told:
			if !slices.Equal(files, []string{"content/causes.md"}) {
				t.Errorf("told %q", files)
			}
			return
		default:
		}
	}
}

func TestFolders(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.mkdir("content/a/b/c")
	s.names("content/a")
	s.write("content/a/b/c/page.md", "new")
	s.told("content/a/b/c/page.md")

	s.rename("content/a", "content/z")
	s.told("content/a", "content/z")
	s.write("content/z/b/c/page.md", "newer")
	s.told("content/z/b/c/page.md")

	s.rename("content/z", "elsewhere") // out of sight
	s.told("content/z")
	s.write("elsewhere/b/c/page.md", "newest")
	s.silent()

	s.remove("content/part")
	s.told("content/part", "content/part/deep")
	s.mkdir("static/img") // a folder that wasn't there at first
	s.names("static")
	s.write("static/img/x.svg", "new")
	s.told("static/img/x.svg")
}

func TestContentGoesAndComes(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.rename("content", "away")
	s.told("content")
	s.write("away/causes.md", "unseen")
	s.silent()
	s.rename("away", "content")
	s.told("content")
	s.write("content/part/deep/page.md", "new")
	s.told("content/part/deep/page.md")

	s.remove("content")
	s.names("content")
	s.mkdir("content")
	s.write("content/causes.md", "new")
	s.names("content")
	s.write("content/causes.md", "newer")
	s.told("content/causes.md")
}

func TestIgnored(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.mkdir("static")
	s.told("static")
	for _, name := range []string{"public/index.html", "README.md", "static/own.json", "content/.DS_Store", "content/causes.md~", "content/#causes.md#", "content/4913", "content/part/.x.md.swx", "content/~$x.md"} {
		s.write(name, "new")
	}
	s.mkdir(".build/preview")
	s.mkdir("content/.git/objects")
	s.write("content/.git/objects/x.md", "new")
	s.must(os.Chmod(s.path("content/causes.md"), 0o600))
	s.silent()
}

// A save that nobody has asked for yet gathers what else is saved.
func TestUnread(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.write("content/causes.md", "new")
	time.Sleep(2 * s.w.quiet) // it would have been told by now
	s.write("content/part/page.md", "new")
	time.Sleep(5 * s.w.quiet)
	s.told("content/causes.md", "content/part/page.md")
}

func TestClose(t *testing.T) {
	s := open(t)
	s.must(s.w.Close())
	if _, ok := <-s.w.Saves; ok {
		t.Error("a closed watcher tells something")
	}
}

func TestLimit(t *testing.T) {
	for err, want := range map[error]string{
		syscall.ENOSPC: "sudo sysctl fs.inotify.max_user_watches=",
		syscall.EMFILE: "sudo sysctl fs.inotify.max_user_instances=",
		syscall.EACCES: "permission denied",
	} {
		if runtime.GOOS != "linux" && err != syscall.EACCES {
			continue
		}
		got := limit(fmt.Errorf("watching: %w", err))
		if !strings.Contains(got.Error(), want) || !errors.Is(got, err) {
			t.Errorf("%v does not say %q", got, want)
		}
	}
}
