// Package rendered checks a rendered site as readers get it: links, fragments,
// ids, pages that are missing or that nothing leads to, leftover markup. What is
// wrong is reported where an editor can mend it.
//
// Each file is read once (page.go), and its addresses are resolved (address.go).
// Fragments of other pages wait until all files have been read. An element with
// a data-source attribute holds what was rendered from that Markdown file, so a
// finding in it is traced to there; all others come from layouts (place.go).
package rendered

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	whatwg "github.com/nlnwa/whatwg-url/url"
	"golang.org/x/sync/errgroup"

	"microsite/tools/diagnostic"
	"microsite/tools/site"
)

// Options are what is known of a rendered folder. The zero value will do.
type Options struct {
	Site     *site.Site // nil for a folder of which nothing is known
	BaseURL  string     // the address that the folder is published at, "" for the site's own
	Complete bool       // every page of Site must be there
	External *External  // set to ask other sites, too
}

// Check checks every file below dir that refers to others, and returns how many
// pages there are. The error says that a file could not be read, or that ctx
// ended. When it ends while other sites are asked, the findings are those so far.
func Check(ctx context.Context, dir string, o Options) (pages int, findings []diagnostic.Diagnostic, err error) {
	c, err := newChecker(dir, o)
	if err != nil {
		return 0, nil, err
	}
	if err := c.list(); err != nil {
		return 0, nil, err
	}
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, d := range c.documents {
		group.Go(func() error { return c.read(groupCtx, d) })
		if d.isHTML {
			pages++
		}
	}
	if err := group.Wait(); err != nil {
		return 0, nil, err
	}
	for _, r := range slices.Concat(c.fragments...) {
		c.findings = append(c.findings, r.checkFragment()...)
	}
	c.findOrphans()
	hasAsked := o.External != nil
	if hasAsked {
		c.findings = append(c.findings, o.External.check(ctx, c.external)...)
		hasAsked = ctx.Err() == nil
	}
	return pages, diagnostic.Sort(slices.Concat(c.placeFindings(), c.missingPages(), c.unusedIgnores(hasAsked))), nil
}

// checker holds what is known of all files together.
type checker struct {
	options   Options
	site      *site.Site // never nil
	dir       string
	baseURL   *whatwg.Url
	origin    string                // such as https://site.example
	subPath   string                // of the site, such as /sub, or ""
	sources   map[string]*site.Page // by the value of data-source
	published map[string]*site.Page // by path, such as /causes/
	files     map[string]*document  // by the path that they are served at, with the site's sub-path
	documents []*document           // those of the files that are read
	targets   sync.Map              // of addresses that stand on many pages
	sheets    sync.Map              // what style sheets refer to, by their text, because pages share it

	mutex     sync.Mutex // of what the files are found to hold:
	findings  []finding
	fragments [][]reference // of other pages, to check when all files have been read
	external  []reference   // to other sites

	isIgnoreUsed []bool
	layouts      map[string]string // the texts of layouts and settings; nil until a finding needs them
	paths        []string          // of all files, to suggest one; nil until a finding needs them
	searches     int               // for findings so far, and suggestions
	suggestions  int
}

func newChecker(dir string, o Options) (*checker, error) {
	c := &checker{options: o, site: o.Site, dir: dir, files: map[string]*document{}}
	if c.site == nil {
		c.site = &site.Site{}
	}
	c.sources, c.published = map[string]*site.Page{}, map[string]*site.Page{}
	for _, p := range c.site.Pages {
		if c.sources[p.Path] = p; !p.Draft {
			c.published[p.URL()] = p
		}
	}
	c.isIgnoreUsed = make([]bool, len(c.site.Ignores))
	// A name that no link can hold stands for an address that isn't known.
	base := cmp.Or(o.BaseURL, c.site.BaseURL, "http://unknown.invalid/")
	u, err := whatwg.Parse(base)
	if err != nil {
		return nil, fmt.Errorf("%q is not an address: %w", base, err)
	}
	c.baseURL, c.origin, c.subPath = u, u.Protocol()+"//"+u.Host(), strings.TrimRight(decode(u.Pathname()), "/")
	return c, nil
}

// document is what is known of one rendered file.
type document struct {
	file       string // with slashes, relative to the folder
	path       string // that it is served at, with the site's sub-path
	self       *target
	read       func(*page, context.Context)
	isHTML     bool
	hasBase    bool
	base       string              // the address of the first <base>
	names      map[string]nameKind // that fragments can lead to
	headings   []string            // ids of headings, in order
	linkCounts map[string]int      // of the links of each data-source
	redirect   *document           // where the page sends every reader
	isLinked   atomic.Bool         // another page leads here
}

type nameKind int

const (
	isAnchor nameKind = iota + 1 // the name of an <a>
	isID
)

// sitePath returns the path of a file without the site's sub-path.
func (d *document) sitePath() string { return "/" + withoutIndex(d.file) }

// withoutIndex returns the address of a file: that of its folder for an index.html.
func withoutIndex(file string) string {
	if dir, name := path.Split(file); name == "index.html" {
		return dir
	}
	return file
}

// list finds the files. A link on disk that leads nowhere or to a folder, a pipe
// or a device is nothing that is served.
func (c *checker) list() error {
	folder := os.DirFS(c.dir)
	return fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		isRegular := entry.Type().IsRegular()
		if entry.Type()&fs.ModeSymlink != 0 {
			info, err := fs.Stat(folder, name)
			isRegular = err == nil && info.Mode().IsRegular()
		}
		if !isRegular {
			return nil
		}
		ending := strings.ToLower(path.Ext(name))
		d := &document{file: name, read: readers[ending], isHTML: strings.Contains(ending, "htm")}
		if name == "robots.txt" {
			d.read = (*page).readRobots
		}
		d.path, d.self = c.subPath+d.sitePath(), &target{document: d}
		if c.files[d.path] = d; d.read != nil {
			c.documents = append(c.documents, d)
		}
		return nil
	})
}

// onDisk returns the name of a rendered file on this computer.
func (c *checker) onDisk(file string) string { return filepath.Join(c.dir, filepath.FromSlash(file)) }

// findOrphans reports pages that no other page leads to. Readers come to the home
// page and to 404.html without a link, and to a redirection by an old one.
func (c *checker) findOrphans() {
	for _, d := range c.documents {
		if d.redirect != nil && d.isLinked.Load() {
			d.redirect.isLinked.Store(true)
		}
	}
	for _, d := range c.documents {
		p := c.published[d.sitePath()]
		isEntrance := d.file == "index.html" || path.Base(d.file) == "404.html" || d.redirect != nil
		if !d.isHTML || d.isLinked.Load() || isEntrance || p == nil && c.options.Site != nil {
			continue
		}
		place := diagnostic.Place{File: d.file}
		if p != nil {
			place.File = p.File
		}
		c.findings = append(c.findings, finding{reference: reference{document: d, value: d.path}, diagnostic: place.Warningf(diagnostic.RuleOrphanPage,
			"no other page links to %s, so readers don't find it: link to it, or add it to the menu", d.path)})
	}
}

// missingPages returns a finding for each page of the site that the folder lacks.
func (c *checker) missingPages() (list []diagnostic.Diagnostic) {
	for address, p := range c.published {
		if c.options.Complete && c.lookup(c.subPath+address) == nil {
			list = append(list, diagnostic.Place{File: p.File}.Errorf(diagnostic.RuleMissingPage,
				"the page was not published at %s, where it should stand", address))
		}
	}
	return list
}
