// Package watch reports saved files in a site's folders, once for each save, even if an editor takes several steps for it.
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

// quiet is how long nothing may change before a save is reported, because editors rename, write and remove several files to
// save one. It is a variable for the tests.
var quiet = 50 * time.Millisecond

// watcher watches folders rather than files, because editors replace files.
type watcher struct {
	root    string
	sources []string // names of files and folders in root
	notify  *fsnotify.Watcher
}

// ignored matches the backup, lock and temporary files of editors and systems: hidden files, causes.md~, #causes.md#,
// ~$causes.md, Vim's 4913, sed's sedJqTzYx, KDE's causes.md.JqTzYx.
var ignored = regexp.MustCompile(`^(?:\.|#|~\$|4913$|sed\w{6}$)|~$|\.(?:md|toml|html|css|js|svg)\.\w{6}$|` +
	`(?i)\.(?:sw[a-z]|tmp|temp|bak|part|crdownload)$|___jb_(?:tmp|old)___$`)

// Saves watches files and folders in root, the sources, until ctx ends. It sends the sorted names of the changed files and
// folders of each save, or nil if any may have changed.
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

// run collects changes until none comes for a while, and sends them.
func (w *watcher) run(ctx context.Context, saves chan<- []string) {
	defer w.notify.Close()
	changed := map[string]bool{}
	var timer <-chan time.Time
	var ready chan<- []string // saves if names are to be sent, or nil
	var names []string
	for {
		select {
		case <-ctx.Done():
			return
		case event := <-w.notify.Events:
			name := w.sourceName(event.Name)
			if name == "" || event.Op == fsnotify.Chmod {
				continue
			}
			if event.Has(fsnotify.Create) {
				_ = w.addFolders(event.Name)
			}
			changed[name] = true
			ready, timer = nil, time.After(quiet)
		case <-w.notify.Errors: // the system has dropped events
			_ = w.addFolders(w.root)
			ready, names = saves, nil
		case <-timer:
			ready, names = saves, slices.Sorted(maps.Keys(changed))
		case ready <- names:
			ready, changed = nil, map[string]bool{}
		}
	}
}

// sourceName returns the slash-separated name of a path relative to root, or "" if it is not in the sources or is ignored.
func (w *watcher) sourceName(path string) string {
	rel, err := filepath.Rel(w.root, path)
	name := filepath.ToSlash(rel)
	elements := strings.Split(name, "/")
	if err != nil || !slices.Contains(w.sources, elements[0]) || slices.ContainsFunc(elements, ignored.MatchString) {
		return ""
	}
	return name
}

// addFolders watches a folder and the folders in it, except those that are removed meanwhile.
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
