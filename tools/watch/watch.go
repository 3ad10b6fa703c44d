// Package watch says what of a site was saved: once for each save, however an
// editor writes its files, and once for a burst, such as git makes.
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

// Options say what of a folder is watched. All names have forward slashes and
// are relative to it.
type Options struct {
	Folders []string // with all that is in them; they may come and go
	Files   []string // in the folder itself
	Ignore  []string // files that the tool writes
}

// Save is what has changed since the last one.
type Save struct {
	// Files and folders, sorted. One of Options.Folders stands here itself when
	// it has come or gone, or when the system has lost count.
	Files []string
	// Err says that something new could not be watched.
	Err error
}

// Quiet is how long nothing must have changed before a Save is told: an editor
// renames, writes and removes several files to save one.
const Quiet = 50 * time.Millisecond

const (
	few      = 5  // more files are a burst, whose writer may pause
	burst    = 5  // times as long
	patience = 40 // times Quiet is the longest that a burst without an end is waited for
)

// Watcher watches a folder until it is closed.
type Watcher struct {
	Saves <-chan Save // an unread Save gathers what else changes

	root    string
	options Options
	quiet   time.Duration
	notify  *fsnotify.Watcher // of folders, not files, because editors replace files
	pending map[string]passing
	err     error
}

// passing is what is known of a file since the last Save: one that was made
// and is gone again is a step of some editor's save, and not worth telling.
type passing struct{ made, gone bool }

// New watches root. The error says what an editor can do about it.
func New(root string, o Options) (*Watcher, error) { return start(root, o, Quiet) }

func start(root string, o Options, quiet time.Duration) (*Watcher, error) {
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, limit(err)
	}
	saves := make(chan Save)
	w := &Watcher{Saves: saves, root: root, options: o, quiet: quiet, notify: notify, pending: map[string]passing{}}
	w.watch(root)
	for _, name := range o.Folders {
		w.add(filepath.Join(w.root, name))
	}
	if w.err != nil {
		return nil, errors.Join(w.err, notify.Close())
	}
	go w.loop(saves)
	return w, nil
}

// Close ends the watch.
func (w *Watcher) Close() error { return w.notify.Close() }

// loop gathers events until they rest, and hands them over.
func (w *Watcher) loop(saves chan<- Save) {
	defer close(saves)
	var rest <-chan time.Time // when what is pending can be told
	var first time.Time
	var told Save
	var out chan<- Save // saves, when told is ready
	for {
		changed := false
		select {
		case event, ok := <-w.notify.Events:
			if !ok {
				return
			}
			changed = w.event(event)
		case err, ok := <-w.notify.Errors:
			if !ok {
				return
			}
			changed = true
			if errors.Is(err, fsnotify.ErrEventOverflow) { // whatever has changed
				for _, name := range w.options.Folders {
					w.pending[name] = passing{}
					w.add(filepath.Join(w.root, name))
				}
			} else {
				w.fail(err)
			}
		case <-rest:
			rest, out, told = nil, saves, Save{Files: w.files(), Err: w.err}
		case out <- told:
			w.pending, w.err, out, first = map[string]passing{}, nil, nil, time.Time{}
		}
		if changed {
			if first.IsZero() {
				first = time.Now()
			}
			quiet := w.quiet
			if len(w.pending) > few {
				quiet *= burst
			}
			rest, out = time.After(min(quiet, time.Until(first.Add(patience*w.quiet)))), nil
		}
	}
}

// event takes one event down; it says whether that was a change.
func (w *Watcher) event(e fsnotify.Event) bool {
	rel, err := filepath.Rel(w.root, e.Name)
	name := filepath.ToSlash(rel)
	if err != nil || !w.matters(name) || e.Op == fsnotify.Chmod { // rights don't change a text
		return false
	}
	gone := e.Has(fsnotify.Remove) || e.Has(fsnotify.Rename)
	if gone {
		w.remove(e.Name)
	}
	if e.Has(fsnotify.Create) {
		w.add(e.Name)
	}
	p, known := w.pending[name]
	w.pending[name] = passing{made: p.made || !known && e.Has(fsnotify.Create), gone: gone}
	return true
}

// files are those that a Save names.
func (w *Watcher) files() []string {
	names := slices.Sorted(maps.Keys(w.pending))
	steps := func(name string) bool { return w.pending[name] == passing{made: true, gone: true} }
	if lasting := slices.DeleteFunc(slices.Clone(names), steps); len(lasting) > 0 {
		return lasting
	}
	return names
}

// add watches a folder and those in it. What stood there before is read with
// the Save that this belongs to, what comes later has an event of its own.
func (w *Watcher) add(dir string) {
	if info, err := os.Lstat(dir); err != nil || !info.IsDir() || !w.watch(dir) {
		return
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		w.fail(err)
	}
	for _, entry := range entries {
		if entry.IsDir() && !ignored(entry.Name()) {
			w.add(filepath.Join(dir, entry.Name()))
		}
	}
}

func (w *Watcher) watch(dir string) bool {
	err := w.notify.Add(dir)
	if err != nil {
		w.fail(err)
	}
	return err == nil
}

// fail keeps the first error. A folder that has gone by now is none.
func (w *Watcher) fail(err error) {
	if w.err == nil && !errors.Is(err, fs.ErrNotExist) {
		w.err = limit(err)
	}
}

// remove forgets what is gone, or has another name now, and all in it: the
// system goes on watching a folder that was moved.
func (w *Watcher) remove(gone string) {
	for _, dir := range w.notify.WatchList() {
		if dir == gone || strings.HasPrefix(dir, gone+string(filepath.Separator)) {
			_ = w.notify.Remove(dir) // the system may have ended it meanwhile
		}
	}
}

// matters says whether a change of a file has a meaning for the site.
func (w *Watcher) matters(name string) bool {
	first, _, inside := strings.Cut(name, "/")
	if !inside {
		return slices.Contains(w.options.Folders, name) || slices.Contains(w.options.Files, name)
	}
	return slices.Contains(w.options.Folders, first) && !slices.Contains(w.options.Ignore, name) &&
		!slices.ContainsFunc(strings.Split(name, "/"), ignored)
}

// besides are names that editors and systems use for copies and locks: hidden
// files, causes.md~, #causes.md#, ~$causes.md, Vim's 4913 and the like.
var besides = regexp.MustCompile(`^\.|~$|^#.*#$|^~\$|^4913$|(?i)\.(?:sw[a-z]|tmp|temp|bak|part|crdownload)$|___jb_(?:tmp|old)___$`)

func ignored(base string) bool { return besides.MatchString(base) }

// limit says what to do where the system watches no more.
func limit(err error) error {
	advice := ""
	switch {
	case runtime.GOOS == "linux" && errors.Is(err, syscall.ENOSPC):
		advice = "sudo sysctl fs.inotify.max_user_watches=524288"
	case runtime.GOOS == "linux" && errors.Is(err, syscall.EMFILE):
		advice = "sudo sysctl fs.inotify.max_user_instances=1024"
	case errors.Is(err, syscall.EMFILE):
		advice = "ulimit -n 10240"
	default:
		return err
	}
	return fmt.Errorf("this computer's limit of watched folders is reached, so saving would go unseen. Raise it with this command, then start again:\n\n    %s\n\n(%w)", advice, err)
}
