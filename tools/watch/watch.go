// Package watch tells what was saved in a site's folders: once for each save, however
// an editor writes its files, and once for a burst, such as git makes.
package watch

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Options say what of a folder is watched, by names relative to it.
type Options struct {
	Folders []string // with all that is in them; they may come and go
	Files   []string
	Ignore  []string // files that the tool writes
}

// Save is what has changed since the last one.
type Save struct {
	Files []string // sorted; one of Options.Folders is here itself when it has come or gone
	Err   error    // something new could not be watched
}

// quiet is how long nothing must happen before a Save is reported: an editor renames,
// writes and removes several files to save one. Tests on busy machines need longer.
var quiet = 50 * time.Millisecond

const (
	burstFiles  = 5  // more files are a burst, whose writer may pause
	burstQuiet  = 5  // times quiet
	maxDebounce = 40 // times quiet is the longest wait for a burst that does not end
)

// ignoredName matches what editors and systems use for copies and locks: hidden
// files, causes.md~, #causes.md#, ~$causes.md, Vim's 4913 and the like.
var ignoredName = regexp.MustCompile(`^\.|~$|^#.*#$|^~\$|^4913$|(?i)\.(?:sw[a-z]|tmp|temp|bak|part|crdownload)$|___jb_(?:tmp|old)___$`)

// Watcher watches a folder until it is closed.
type Watcher struct {
	Saves   <-chan Save // a Save that nobody takes gathers what else changes
	root    string
	options Options
	notify  *fsnotify.Watcher // of folders, because editors replace files
	isNew   map[string]bool   // what changed since the last Save: whether it was made since then
	err     error
}

// New watches root. The error says what an editor can do about it.
func New(root string, o Options) (*Watcher, error) {
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, limitAdvice(err)
	}
	saves := make(chan Save)
	w := &Watcher{Saves: saves, root: root, options: o, notify: notify, isNew: map[string]bool{}}
	w.keep(notify.Add(root))
	w.addFolders()
	if w.err != nil {
		return nil, errors.Join(w.err, notify.Close())
	}
	go w.run(saves)
	return w, nil
}

// Close ends the watch.
func (w *Watcher) Close() error { return w.notify.Close() }

// run gathers changes until nothing happens for a while, and hands them over.
func (w *Watcher) run(saves chan<- Save) {
	defer close(saves)
	var isQuiet <-chan time.Time
	var deadline time.Time
	var save Save
	var out chan<- Save // saves, once save is complete
	for {
		isChange := false
		select {
		case event, isOpen := <-w.notify.Events:
			if !isOpen {
				return
			}
			isChange = w.record(event)
		case err := <-w.notify.Errors:
			w.keep(err)
			isChange = err != nil
		case <-isQuiet:
			out, save, isQuiet = saves, Save{Files: w.files(), Err: w.err}, nil
		case out <- save:
			w.isNew, w.err, out, deadline = map[string]bool{}, nil, nil, time.Time{}
		}
		if !isChange {
			continue
		}
		if deadline.IsZero() {
			deadline = time.Now().Add(maxDebounce * quiet)
		}
		wait := quiet
		if len(w.isNew) > burstFiles {
			wait = burstQuiet * quiet
		}
		isQuiet, out = time.After(min(wait, time.Until(deadline))), nil
	}
}

// record takes an event down. It reports whether that is a change of the site.
func (w *Watcher) record(e fsnotify.Event) bool {
	rel, err := filepath.Rel(w.root, e.Name)
	name := filepath.ToSlash(rel)
	if err != nil || !w.isWatched(name) || e.Op == fsnotify.Chmod { // rights don't change a text
		return false
	}
	if e.Has(fsnotify.Remove) || e.Has(fsnotify.Rename) {
		w.remove(e.Name)
	}
	if e.Has(fsnotify.Create) {
		w.add(e.Name)
	}
	isNew, isKnown := w.isNew[name]
	w.isNew[name] = isNew || !isKnown && e.Has(fsnotify.Create)
	return true
}

// files returns what a Save names. A file that was made and is gone again is a step
// of some editor's save, and left out where there is anything else to name.
func (w *Watcher) files() []string {
	names := slices.Sorted(maps.Keys(w.isNew))
	lasting := slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		_, err := os.Lstat(filepath.Join(w.root, name))
		return w.isNew[name] && err != nil
	})
	if len(lasting) == 0 {
		return names
	}
	return lasting
}

// isWatched reports whether a change of a file means anything for the site.
func (w *Watcher) isWatched(name string) bool {
	folder, _, isBelow := strings.Cut(name, "/")
	if !isBelow {
		return slices.Contains(w.options.Folders, name) || slices.Contains(w.options.Files, name)
	}
	return slices.Contains(w.options.Folders, folder) && !slices.Contains(w.options.Ignore, name) &&
		!slices.ContainsFunc(strings.Split(name, "/"), ignoredName.MatchString)
}

func (w *Watcher) addFolders() {
	for _, name := range w.options.Folders {
		w.add(filepath.Join(w.root, name))
	}
}

// add watches a folder and those in it. What was in it before is read together with
// the Save that this belongs to, what comes later has an event of its own.
func (w *Watcher) add(dir string) {
	_ = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			w.keep(err)
		case d.IsDir() && name != dir && ignoredName.MatchString(d.Name()):
			return fs.SkipDir
		case d.IsDir():
			w.keep(w.notify.Add(name))
		}
		return nil
	})
}

// remove forgets what is gone or has another name, and all in it: the system goes on
// watching a folder that was moved.
func (w *Watcher) remove(gone string) {
	for _, dir := range w.notify.WatchList() {
		if dir == gone || strings.HasPrefix(dir, gone+string(filepath.Separator)) {
			_ = w.notify.Remove(dir) // which the system may have done by itself
		}
	}
}

// keep keeps the first error for the next Save. That a folder is gone by now is none,
// and where the system lost count of what changed, that may be anything.
func (w *Watcher) keep(err error) {
	switch {
	case errors.Is(err, fsnotify.ErrEventOverflow):
		for _, name := range w.options.Folders {
			w.isNew[name] = false
		}
		w.addFolders()
	case err != nil && w.err == nil && !errors.Is(err, fs.ErrNotExist):
		w.err = limitAdvice(err)
	}
}

// limitAdvice says what to do where the system watches no more.
func limitAdvice(err error) error {
	advice := "ulimit -n 10240"
	switch {
	case errors.Is(err, syscall.ENOSPC):
		advice = "sudo sysctl fs.inotify.max_user_watches=524288"
	case !errors.Is(err, syscall.EMFILE):
		return err
	case runtime.GOOS == "linux":
		advice = "sudo sysctl fs.inotify.max_user_instances=1024"
	}
	return fmt.Errorf("this computer's limit of watched folders is reached, so saving would go unseen. "+
		"Raise it with this command, then start again: %s (%w)", advice, err)
}
