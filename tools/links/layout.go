package links

import (
	"io/fs"
	"os"
	"strings"
	"unicode/utf8"
)

// layout finds where templates and settings hold an address.
type layout map[string]string

func newLayout(root string) layout {
	l := layout{}
	site := os.DirFS(root) // "" has no files
	for _, top := range []string{"config.toml", "layouts"} {
		_ = fs.WalkDir(site, top, func(name string, _ fs.DirEntry, _ error) error {
			if src, err := fs.ReadFile(site, name); err == nil {
				l[name] = string(src) // of what can't be read, Hugo says so
			}
			return nil
		})
	}
	return l
}

// find returns the only place that holds an address, between quotes, spaces
// or signs of a tag. Where there are several, none is the one.
func (l layout) find(value string) (found Place) {
	const edge = "\"'`= \t\r\n<>()"
	for file, src := range l {
		for from, to := 0, 0; value != ""; from = to {
			i := strings.Index(src[from:], value)
			if i < 0 {
				break
			}
			at := from + i
			to = at + len(value)
			before := src[strings.LastIndexByte(src[:at], '\n')+1 : at]
			if at == 0 || to == len(src) || !strings.Contains(edge, src[at-1:at]) || !strings.Contains(edge, src[to:to+1]) ||
				strings.HasPrefix(strings.TrimSpace(before), "baseURL") || strings.HasPrefix(strings.TrimSpace(before), "target") {
				continue // part of another; or where every address comes from, or where one is ignored
			}
			if found.File != "" {
				return Place{}
			}
			found = Place{file, strings.Count(src[:at], "\n") + 1, utf8.RuneCountInString(before) + 1}
		}
	}
	return found
}
