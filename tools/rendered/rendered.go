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

// Check checks every file below dir that refers to others, and returns how many pages there are. The error says that
// a file could not be read, or that ctx ended; where it ended while other sites were asked, the findings are those so far.
func Check(ctx context.Context, dir string, o Options) (pages int, findings []diagnostic.Diagnostic, err error) {
	c, err := newChecker(dir, o)
	if err != nil {
		return 0, nil, err
	}
	if err := c.list(); err != nil {
		return 0, nil, err
	}
	group, reading := errgroup.WithContext(ctx)
	var next atomic.Int64
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() error { return c.readSome(reading, &next) })
	}
	if err := group.Wait(); err != nil {
		return 0, nil, err
	}
	for _, d := range c.documents {
		if d.isHTML {
			pages++
		}
	}
	external := c.checkPending()
	c.findOrphans()
	hasAsked := o.External != nil
	if hasAsked {
		c.findings = append(c.findings, o.External.check(ctx, external)...)
		hasAsked = ctx.Err() == nil
	}
	return pages, diagnostic.Sort(slices.Concat(c.placeFindings(), c.missingPages(), c.unusedIgnores(hasAsked))), nil
}

// checker holds what is known of all files together.
type checker struct {
	dir       string
	options   Options
	site      *site.Site // never nil
	baseURL   *whatwg.Url
	baseMutex sync.Mutex
	origin    string                // such as https://site.example
	subPath   string                // of the site, such as /sub, or ""
	sources   map[string]*site.Page // by the value of data-source
	published map[string]*site.Page // by path, such as /causes/
	files     map[string]*document  // by the path that they are served at, with the site's sub-path
	documents []*document           // those of the files that are read

	mutex    sync.Mutex // of what files are found to hold:
	findings []finding
	pending  [][]reference // to other sites, and fragments, which need all files to be read

	isIgnoreUsed []bool
	layouts      map[string]string // the texts of layouts and settings, nil until a finding needs them
	slowSteps    int               // taken for single findings
}

func newChecker(dir string, o Options) (*checker, error) {
	c := &checker{dir: dir, options: o, site: cmp.Or(o.Site, &site.Site{}), files: map[string]*document{},
		sources: map[string]*site.Page{}, published: map[string]*site.Page{}}
	for _, p := range c.site.Pages {
		if c.sources[p.Path] = p; !p.Draft {
			c.published[p.URL()] = p
		}
	}
	c.isIgnoreUsed = make([]bool, len(c.site.Ignores))
	base := cmp.Or(o.BaseURL, c.site.BaseURL, "http://unknown.invalid/") // a name that no link can hold
	u, err := whatwg.Parse(base)
	if err != nil {
		return nil, fmt.Errorf("%q is not an address: %w", base, err)
	}
	c.baseURL, c.origin, c.subPath = u, u.Protocol()+"//"+u.Host(), strings.TrimRight(decode(u.Pathname()), "/")
	return c, nil
}

// document is what is known of one rendered file.
type document struct {
	file     string // with slashes, relative to the folder
	sitePath string // without the site's sub-path
	path     string // with it
	read     func(*reader, context.Context)
	isHTML   bool
	base     *string         // the address of the first <base>, if there is one
	ids      map[string]bool // that fragments can lead to; false for the name of an <a>
	headings []string        // ids of headings, in order
	links    map[string]int  // number of those of each data-source
	target   *target         // what leads here
	redirect *document       // where the page sends every reader
	isLinked atomic.Bool     // another page leads here
}

// list finds the files. A link on disk that leads nowhere or to a folder, a pipe or a device is nothing that is served.
func (c *checker) list() error {
	folder := os.DirFS(c.dir)
	return fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		isRegular := err == nil && entry.Type().IsRegular()
		if err == nil && entry.Type()&fs.ModeSymlink != 0 {
			info, err := fs.Stat(folder, name)
			isRegular = err == nil && info.Mode().IsRegular()
		}
		if !isRegular {
			return err
		}
		ending := strings.ToLower(path.Ext(name))
		d := &document{file: name, sitePath: "/" + withoutIndex(name), read: formats[ending], isHTML: strings.Contains(ending, "htm")}
		if name == "robots.txt" {
			d.read = (*reader).readRobots
		}
		d.path, d.target = c.subPath+d.sitePath, &target{document: d}
		if c.files[d.path] = d; d.read != nil {
			c.documents = append(c.documents, d)
		}
		return nil
	})
}

// withoutIndex returns the address of a file: that of its folder for an index.html.
func withoutIndex(file string) string {
	if dir, name := path.Split(file); name == "index.html" {
		return dir
	}
	return file
}

// findOrphans reports pages that no other page leads to. Readers come to the home page and to 404.html without a link,
// and to a redirection by an old one.
func (c *checker) findOrphans() {
	for _, d := range c.documents {
		if d.redirect != nil && d.isLinked.Load() {
			d.redirect.isLinked.Store(true)
		}
	}
	for _, d := range c.documents {
		p := c.published[d.sitePath]
		isEntrance := d.file == "index.html" || path.Base(d.file) == "404.html" || d.redirect != nil
		if !d.isHTML || d.isLinked.Load() || isEntrance || p == nil && c.options.Site != nil {
			continue
		}
		place := diagnostic.Place{File: d.file}
		if p != nil {
			place.File = p.File
		}
		c.findings = append(c.findings, finding{reference: reference{document: d, value: d.path}, diagnostic: place.Warningf(
			diagnostic.RuleOrphanPage, "no other page links to %s, so readers don't find it: link to it, or add it to the menu", d.path)})
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
