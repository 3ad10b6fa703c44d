package content

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"microsite/tools/problem"
)

// Cache keeps pages as they were last read, so that Load reads and parses only
// what has changed since. The zero value is empty.
//
// It holds what follows from a file's own bytes, config.toml and the names of
// the drawings. What depends on other files, such as where a link leads, Load finds out each time.
type Cache struct {
	config  []byte // what the pages were parsed by, with figures
	figures []string
	pages   map[string]*cached
}

// cached is one file as it was read.
type cached struct {
	info     fs.FileInfo
	read     time.Time
	src      []byte
	page     *Page // nil where the file can't be read as a page
	problems []problem.Problem
}

// settled is after how long a file's time can be trusted to tell two versions
// of it apart: some file systems count in steps of two seconds.
const settled = 3 * time.Second

// same says whether a file has surely not been written to since it was read.
func (c *cached) same(info fs.FileInfo) bool {
	return os.SameFile(c.info, info) && c.info.Size() == info.Size() && c.info.ModTime().Equal(info.ModTime()) &&
		c.read.Sub(info.ModTime()) > settled
}

// use empties the cache when the settings or drawings are not those of the last time.
func (c *Cache) use(config []byte, figures []string) {
	if !bytes.Equal(c.config, config) || !slices.Equal(c.figures, figures) {
		c.config, c.figures, c.pages = config, figures, nil
	}
}

// read reads files, at once as many as there are processors. Those that are as
// they were come from the cache.
func (l *loader) read(files []string) ([]*cached, error) {
	out := make([]*cached, len(files))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, file := range files {
		g.Go(func() (err error) {
			out[i], err = l.readOne(file)
			return err
		})
	}
	return out, g.Wait()
}

func (l *loader) readOne(file string) (*cached, error) {
	name := filepath.Join(l.site.Root, file)
	info, err := os.Lstat(name)
	if err != nil {
		return nil, err
	}
	entry := l.cache.pages[file]
	if entry != nil && entry.same(info) {
		return entry, nil
	}
	now := time.Now()
	src, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	if entry != nil && bytes.Equal(entry.src, src) {
		entry.info, entry.read = info, now
		return entry, nil
	}
	entry = &cached{info: info, read: now, src: src}
	entry.page, entry.problems = l.site.Parse(file, src)
	return entry, nil
}
