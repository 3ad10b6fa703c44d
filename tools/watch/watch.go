// Package watch reports what is saved in a site's folders. It looks at the files time and again: unlike a system's
// events, that works on network drives, too, and has no limit of folders. It takes a tenth of a processor at most.
package watch

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"time"
)

// interval is the time between two looks. What changes between them is still being saved.
var interval = 50 * time.Millisecond

// ignoredName matches what editors and systems use for copies and locks: hidden files, causes.md~, #causes.md#,
// ~$causes.md, Vim's 4913 and the like, and what is in such folders.
var ignoredName = regexp.MustCompile(`(?:^|/)(?:\.|#|~\$|4913$)|~$|(?i)\.(?:sw[a-z]|tmp|temp|bak|part|crdownload)$|___jb_(?:tmp|old)___$`)

// Saves gives the names of each save until ctx ends, sorted: of files and folders below those in root.
func Saves(ctx context.Context, root string, sources []string) <-chan []string {
	saves := make(chan []string)
	reported := scan(root, sources)
	go func() {
		last := reported
		for ctx.Err() == nil {
			start := time.Now()
			current := scan(root, sources)
			pause := max(interval, 10*time.Since(start)) // little work where there are very many files
			changed := difference(reported, current)
			if len(changed) > 0 && maps.Equal(last, current) {
				select {
				case saves <- changed:
					reported = current
				case <-ctx.Done():
				}
			}
			last = current
			time.Sleep(pause)
		}
	}()
	return saves
}

// scan returns what shows that a file has changed, for each file and folder of the sources.
func scan(root string, sources []string) map[string]string {
	states := map[string]string{}
	for _, source := range sources {
		_ = fs.WalkDir(os.DirFS(root), source, func(name string, d fs.DirEntry, err error) error {
			if err != nil || ignoredName.MatchString(name) {
				return nil
			}
			info, err := d.Info()
			if err != nil { // it is gone again
				return nil
			}
			states[name] = "folder" // whose files are looked at themselves
			if !d.IsDir() {
				states[name] = fmt.Sprint(info.Size(), info.ModTime().UnixNano())
			}
			return nil
		})
	}
	return states
}

// difference returns the names of what was changed, added or removed.
func difference(before, after map[string]string) []string {
	changed := maps.Clone(before)
	maps.Copy(changed, after)
	maps.DeleteFunc(changed, func(name, _ string) bool { return before[name] == after[name] })
	return slices.Sorted(maps.Keys(changed))
}
