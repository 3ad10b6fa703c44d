// Package watch reports what is saved in a site's folders: once for each save, however many steps an editor takes for it.
package watch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// quiet is how long nothing must happen before a save is reported: an editor renames, writes and removes several files
// to save one. Tests on busy machines need longer.
var quiet = 50 * time.Millisecond

// maxDebounce is after how long a burst of changes that does not end is reported.
const maxDebounce = 2 * time.Second

// watcher watches folders, not files, because editors replace files.
type watcher struct {
	root    string
	sources []string // files and folders in root
	notify  *fsnotify.Watcher
}

// ignored matches what editors and systems use for copies and locks: hidden files, causes.md~, #causes.md#, ~$causes.md,
// Vim's 4913, sed's sedJqTzYx, KDE's causes.md.JqTzYx.
var ignored = regexp.MustCompile(`^(?:\.|#|~\$|4913$|sed\w{6}$)|~$|\.(?:md|toml|html|css|js|svg)\.\w{6}$|` +
	`(?i)\.(?:sw[a-z]|tmp|temp|bak|part|crdownload)$|___jb_(?:tmp|old)___$`)

// Saves gives the names of each save until ctx ends, sorted: of files and folders below those in root that are sources.
// A nil list says that anything may have changed.
func Saves(ctx context.Context, root string, sources []string) (<-chan []string, error) {
	notify, err := fsnotify.NewWatcher()
	w := &watcher{root, sources, notify}
	if err == nil {
		err = errors.Join(notify.Add(root), w.addFolders(root))
	}
	if err != nil {
		return nil, fmt.Errorf("the site's folders can't be watched (on Linux, raise the limits fs.inotify.max_user_watches "+
			"and max_user_instances): %w", err)
	}
	saves := make(chan []string)
	go w.run(ctx, saves)
	return saves, nil
}

// run gathers changes until nothing happens for a while, and hands them over.
func (w *watcher) run(ctx context.Context, saves chan<- []string) {
	defer w.notify.Close()
	changed := map[string]bool{}
	var files []string
	var first time.Time       // when the first of changed came
	var ready chan<- []string // saves, once files are complete
	var debounce <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case event := <-w.notify.Events:
			name := w.sourceName(event.Name)
			if name == "" || event.Op == fsnotify.Chmod {
				continue
			}
			w.follow(event)
			if len(changed) == 0 {
				first = time.Now()
			}
			changed[name] = true
			ready, debounce = nil, time.After(min(quiet, time.Until(first.Add(maxDebounce))))
		case <-w.notify.Errors: // the system has lost count
			_ = w.addFolders(w.root)
			ready, files = saves, nil
		case <-debounce:
			ready, files = saves, slices.Sorted(maps.Keys(changed))
		case ready <- files:
			ready, changed = nil, map[string]bool{}
		}
	}
}

// sourceName returns the name of a path below root, or "" where that is no source.
func (w *watcher) sourceName(path string) string {
	rel, err := filepath.Rel(w.root, path)
	name := filepath.ToSlash(rel)
	steps := strings.Split(name, "/")
	if err != nil || !slices.Contains(w.sources, steps[0]) || slices.ContainsFunc(steps, ignored.MatchString) {
		return ""
	}
	return name
}

// follow watches folders that come, and forgets those that go: the system goes on watching what was moved.
func (w *watcher) follow(event fsnotify.Event) {
	if event.Has(fsnotify.Create) {
		_ = w.addFolders(event.Name)
	}
	const separator = string(filepath.Separator)
	for _, folder := range w.notify.WatchList() {
		if event.Has(fsnotify.Remove|fsnotify.Rename) && strings.HasPrefix(folder+separator, event.Name+separator) {
			_ = w.notify.Remove(folder) // which the system may have done by itself
		}
	}
}

// addFolders watches a folder and those in it, as far as they are not gone again.
func (w *watcher) addFolders(folder string) error {
	return filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && path != w.root {
			if w.sourceName(path) == "" {
				return fs.SkipDir
			}
			err = w.notify.Add(path)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
}
