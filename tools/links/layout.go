package links

import (
	"io/fs"
	"os"
	"path"
	"strings"
	"unicode/utf8"
)

// layout finds where templates and settings hold an address.
type layout map[string]string

func newLayout(root string) layout {
	l := layout{}
	if root == "" {
		return l
	}
	folder := os.DirFS(root)
	_ = fs.WalkDir(folder, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil // Hugo reports what can't be read
		case d.IsDir() && name != "." && name != "layouts" && !strings.HasPrefix(name, "layouts/"):
			return fs.SkipDir
		case !d.IsDir() && (name == "config.toml" || path.Dir(name) != "."):
			if src, err := fs.ReadFile(folder, name); err == nil {
				l[name] = string(src)
			}
		}
		return nil
	})
	return l
}

func (l layout) knows(file string) bool { _, ok := l[file]; return ok }

// find returns the only place that holds an address, between quotes, spaces
// or signs of a tag. Where there are several, none is the one.
func (l layout) find(value string) (found Place) {
	const edge = "\"'`= \t\r\n<>()"
	if value == "" {
		return found
	}
	for file, src := range l {
		for from := 0; ; {
			i := strings.Index(src[from:], value)
			if i < 0 {
				break
			}
			start := from + i
			end := start + len(value)
			from = end
			if start == 0 || end == len(src) || strings.IndexByte(edge, src[start-1]) < 0 || strings.IndexByte(edge, src[end]) < 0 {
				continue
			}
			if line := strings.TrimSpace(src[strings.LastIndexByte(src[:start], '\n')+1 : start]); strings.HasPrefix(line, "baseURL") || strings.HasPrefix(line, "target") {
				continue // where every address comes from, and where one is ignored
			}
			if found.File != "" {
				return Place{}
			}
			found = Place{file, strings.Count(src[:start], "\n") + 1, utf8.RuneCountInString(src[strings.LastIndexByte(src[:start], '\n')+1:start]) + 1}
		}
	}
	return found
}
