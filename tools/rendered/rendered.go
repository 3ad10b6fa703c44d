// Package rendered checks a rendered site as readers get it: links, fragments, ids, pages that are missing or that
// nothing leads to, leftover markup, and what an emergency needs.
//
// First every file is read once, several at a time (page.go). Then each address is resolved (address.go), other sites
// are asked (external.go), and equal findings are merged. An element with a data-source attribute holds
// what was rendered from that Markdown file, so that a finding in it gets its place there. All else comes from layouts.
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

	whatwg "github.com/nlnwa/whatwg-url/url"
	"golang.org/x/sync/errgroup"

	"microsite/tools/diagnostic"
	"microsite/tools/site"
)

// Options are what is known of a rendered folder. The zero value will do.
type Options struct {
	Site      *site.Site // nil for a folder of which nothing is known
	BaseURL   string     // the address that the folder is published at, "" for the site's own
	Complete  bool       // every page of Site must be there, and show what readers in an emergency need
	Checklist []string   // the lines of all checklists, where Complete is set
	External  *External  // set to ask other sites, too
}

// Check checks every file below dir that refers to others, and returns how many pages there are. The error says that
// a file could not be read, or that ctx ended before all were; where it ends later, other sites are asked no more.
func Check(ctx context.Context, dir string, o Options) (pages int, findings []diagnostic.Diagnostic, err error) {
	c, err := newChecker(o)
	if err == nil {
		err = c.list(os.DirFS(dir))
	}
	if err == nil {
		err = c.read(ctx, dir)
	}
	if err != nil {
		return 0, nil, err
	}
	for _, d := range c.documents {
		if d.isHTML {
			pages++
		}
		c.checkAddresses(d)
	}
	c.findOrphans()
	if o.Complete {
		for _, s := range c.site.All() {
			c.checkEmergency(s)
		}
	}
	if o.External != nil {
		o.External.check(ctx, c)
	}
	c.merge()
	c.findUnusedIgnores(o.External != nil && ctx.Err() == nil)
	return pages, diagnostic.Sort(c.findings), nil
}

type checker struct {
	options     Options
	site        *site.Site // never nil
	baseURL     *whatwg.Url
	origin      string                // such as https://site.example
	subPath     string                // of the site, such as /sub, or ""
	sources     map[string]*site.Page // by the value of data-source
	files       map[string]*document  // by the path that they are served at
	paths       []string              // of the files, but for the home page, which is near to any short path
	documents   []*document           // those of the files that are read
	missing     map[string]string     // what to say, by the path at which there is nothing
	external    []externalLink
	findings    []diagnostic.Diagnostic // that are merged, or of no document
	usedIgnores map[int]bool
}

func newChecker(o Options) (*checker, error) {
	s := cmp.Or(o.Site, &site.Site{})
	base := cmp.Or(o.BaseURL, s.BaseURL, "http://unknown.invalid/") // a name that no link can hold
	u, err := whatwg.Parse(base)
	if err != nil {
		return nil, fmt.Errorf("%q is not an address: %w", base, err)
	}
	return &checker{
		options: o, site: s, baseURL: u, origin: u.Protocol() + "//" + u.Host(), subPath: strings.TrimRight(decode(u.Pathname()), "/"),
		sources: map[string]*site.Page{}, files: map[string]*document{}, missing: map[string]string{}, usedIgnores: map[int]bool{},
	}, nil
}

// document is what is known of one rendered file.
type document struct {
	file       string // with slashes, relative to the folder
	kind       string // the file name's ending
	isHTML     bool
	isRedirect bool       // it sends every reader elsewhere
	isLinked   bool       // another page leads here
	path       string     // that it is served at, with the site's sub-path
	page       *site.Page // that is published here, or nil
	base       string     // the address of the first <base>, if there is one
	baseURL    *whatwg.Url
	references []reference
	findings   []finding
	ids        map[string]bool    // that fragments can lead to; false for the name of an <a>
	headings   []string           // fragments that lead to the first headings
	links      map[*site.Page]int // how many links of each page's Markdown there are
	phones     map[string]string  // the number that each tel: link shows, by the one that it calls
	text       []byte             // where Options.Complete is set
}

// list finds the files, and reports pages of the site that are missing. A link on disk that leads nowhere or to a folder,
// a pipe or a device is nothing that is served.
func (c *checker) list(folder fs.FS) error {
	err := fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if !entry.Type().IsRegular() {
			if info, err := fs.Stat(folder, name); err != nil || !info.Mode().IsRegular() {
				return nil
			}
		}
		c.addFile(name)
		return nil
	})
	for _, p := range c.site.AllPages() {
		c.sources[strings.TrimPrefix(p.File, site.ContentDir+"/")] = p
		if d := c.lookup(c.subPath + p.URL()); d != nil {
			d.page = p
		} else if c.options.Complete && !p.Draft {
			c.findings = append(c.findings, diagnostic.Place{File: p.File}.Errorf(
				diagnostic.RuleMissingPage, "the page was not published at %s, where it should stand", p.URL()))
		}
	}
	return err
}

func (c *checker) addFile(name string) {
	d := &document{file: name, kind: strings.ToLower(path.Ext(name)), path: c.subPath + "/" + name}
	c.files[d.path] = d
	if dir, isIndex := strings.CutSuffix(d.path, "/index.html"); isIndex {
		d.path = dir + "/"
		c.files[d.path] = d
	}
	if name != "index.html" {
		c.paths = append(c.paths, d.path)
	}
	d.isHTML = strings.Contains(d.kind, "htm")
	if d.isHTML || d.kind == ".svg" || d.kind == ".css" || d.kind == ".xml" {
		c.documents = append(c.documents, d)
	}
}

// lookup returns the file that a static host serves for a path, or nil: for a folder, its index.html. Case matters.
func (c *checker) lookup(path string) *document {
	if d := c.files[path]; d != nil {
		return d
	}
	return c.files[path+"/"]
}

// read reads the documents, as many at a time as there are processors.
func (c *checker) read(ctx context.Context, dir string) error {
	group, ctx := errgroup.WithContext(ctx)
	readers := make(chan *reader, runtime.GOMAXPROCS(0))
	for range cap(readers) {
		readers <- newReader(c)
	}
	for _, d := range c.documents {
		r := <-readers
		group.Go(func() error {
			defer func() { readers <- r }()
			file, err := os.Open(filepath.Join(dir, filepath.FromSlash(d.file))) // list has seen that it is a regular one
			if err != nil {
				return err
			}
			defer file.Close()
			r.src.Reset()
			if _, err = r.src.ReadFrom(file); err == nil {
				r.read(ctx, d, r.src.Bytes())
			}
			return cmp.Or(err, ctx.Err())
		})
	}
	return group.Wait()
}

// findOrphans reports pages that no other page leads to. Readers come to the home page and to 404.html without a link,
// and to a redirection by an old one.
func (c *checker) findOrphans() {
	for _, d := range c.documents {
		isEntrance := d.file == "index.html" || path.Base(d.file) == "404.html" || d.isRedirect
		if d.isHTML && !d.isLinked && !isEntrance && (d.page != nil || c.options.Site == nil) {
			place := diagnostic.Place{File: cmp.Or(d.page, &site.Page{File: d.file}).File}
			d.add(d.path, place.Warningf(diagnostic.RuleOrphanPage,
				"no other page links to %s, so readers don't find it: link to it, or add it to the menu", d.path))
		}
	}
}

// finding is a diagnostic with what it is about.
type finding struct {
	diagnostic.Diagnostic
	document *document // that shows it
	value    string    // as the message quotes it
}

func (d *document) add(value string, f diagnostic.Diagnostic) {
	d.findings = append(d.findings, finding{f, d, value})
}

// placeOf returns where an editor can mend a reference: in the Markdown, or else in the file itself. In Markdown the line is
// known where it has as many links as the rendered text.
func (d *document) placeOf(ref reference) diagnostic.Place {
	switch p := ref.source; {
	case p == nil:
		return ref.place
	case ref.ordinal > 0 && d.links[p] == len(p.Links):
		return p.Links[ref.ordinal-1].Place
	default:
		return diagnostic.Place{File: p.File}
	}
}

// merge takes in the documents' findings: those of one place in Markdown as one, as its own page shows it, and those of layouts
// as one if their messages are equal.
func (c *checker) merge() {
	groups := map[diagnostic.Diagnostic][]finding{} // one of each document
	for _, d := range c.documents {
		for _, f := range d.findings {
			if g := groups[f.key()]; !c.isIgnored(f) && (len(g) == 0 || g[len(g)-1].document != d) {
				groups[f.key()] = append(g, f)
			}
		}
	}
	for _, g := range groups {
		own := slices.IndexFunc(g, func(f finding) bool { return f.document.page != nil && f.document.page.File == f.File })
		f := g[max(own, 0)].Diagnostic
		if len(g) > 1 && g[0].isLayout() {
			f.Message += fmt.Sprintf(" (and on %s: it comes from layouts/ or config.toml)", diagnostic.Plural(len(g)-1, "more page"))
		}
		c.findings = append(c.findings, f)
	}
}

// key returns what is equal of findings that merge.
func (f finding) key() diagnostic.Diagnostic {
	key := f.Diagnostic
	if f.isLayout() {
		key.Place = diagnostic.Place{}
	} else if f.Line > 0 {
		key.Message = ""
	}
	return key
}

func (f finding) isLayout() bool { return f.File == f.document.file }

// isIgnored reports whether somebody has a reason for a finding, and remembers that the reason is needed.
func (c *checker) isIgnored(f finding) (isIgnored bool) {
	for i, ignore := range c.site.Ignores {
		isLayout := ignore.Page == site.ConfigFile || strings.HasPrefix(ignore.Page, "layouts/")
		isPage := ignore.Page == f.File || c.subPath+ignore.Page == f.document.path || isLayout && f.isLayout()
		if isPage && ignore.Target == f.value {
			c.usedIgnores[i], isIgnored = true, true
		}
	}
	return isIgnored
}

// findUnusedIgnores reports reasons that no finding needs. Of other sites nothing is known unless they were asked.
func (c *checker) findUnusedIgnores(isAsked bool) {
	for i, ignore := range c.site.Ignores {
		if !c.usedIgnores[i] && (isAsked || c.parse(ignore.Target, c.baseURL).href == "") {
			c.findings = append(c.findings, ignore.Place.Warningf(diagnostic.RuleUnused,
				"nothing is wrong with %q on %s any more: remove this rule", ignore.Target, ignore.Page))
		}
	}
}
