// Package rendered checks a rendered site as readers get it: links, fragments, ids, pages and words that are missing, pages
// that no other page links to, leftover markup, and what readers need in an emergency.
//
// First it reads every file, several at a time (page.go). Then it resolves each address (address.go), asks other sites
// (external.go), and merges equal findings. An element with a data-source attribute holds what was rendered from that
// Markdown file, so a finding in it gets a place there. Everything else comes from layouts.
package rendered

import (
	"bytes"
	"cmp"
	"context"
	"errors"
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

// Options describe a rendered folder. The zero value is valid.
type Options struct {
	Site     *site.Site // that was rendered, or nil if it is not known
	BaseURL  string     // the address that the folder is published at; "" means the site's own
	Complete bool       // every page of Site must be there, and show its words and what readers in an emergency need
	External *External  // checks links to other sites, or nil
}

// Check checks the HTML, CSS, SVG and XML files in dir, and returns the number of pages. The error says that a file could not
// be read, or that ctx ended before all were. If ctx ends later, the remaining links to other sites are not checked.
func Check(ctx context.Context, dir string, o Options) (pages int, findings []diagnostic.Diagnostic, err error) {
	c, err := newChecker(o)
	if err == nil {
		err = c.listFiles(os.DirFS(dir))
	}
	if err == nil {
		err = c.readDocuments(ctx, dir)
	}
	if err != nil {
		return 0, nil, err
	}
	for _, d := range c.documents {
		if d.isHTML {
			pages++
		}
		c.checkAddresses(d)
		if o.Complete && d.page != nil {
			c.checkWords(d)
		}
	}
	c.checkOrphans()
	if o.Complete {
		for _, s := range c.site.All() {
			c.checkEmergency(s)
		}
	}
	if o.External != nil {
		o.External.check(ctx, c)
	}
	c.mergeFindings()
	c.checkIgnores(o.External != nil && ctx.Err() == nil)
	return pages, diagnostic.Sort(c.findings), nil
}

type checker struct {
	options     Options
	site        *site.Site // options.Site, or an empty site
	baseURL     *whatwg.Url
	origin      string                // such as https://site.example
	subPath     string                // of baseURL, such as /sub, or ""
	sources     map[string]*site.Page // by the value of data-source
	files       map[string]*document  // all files, by path
	paths       []string              // to suggest; without the home page's, which is similar to any short path
	documents   []*document           // the files to be checked
	brokenPaths map[string]string     // messages about paths that lead nowhere
	external    []externalLink
	findings    []diagnostic.Diagnostic // those of documents only after mergeFindings
	usedIgnores map[int]bool            // by index in site.Ignores
}

func newChecker(o Options) (*checker, error) {
	s := cmp.Or(o.Site, &site.Site{})
	base := cmp.Or(o.BaseURL, s.BaseURL, "http://unknown.invalid/") // a reserved name, which no real link holds
	u, err := whatwg.Parse(base)
	if err != nil {
		return nil, fmt.Errorf("%q is not an address: %w", base, err)
	}
	return &checker{
		options: o, site: s, baseURL: u, origin: u.Protocol() + "//" + u.Host(), subPath: strings.TrimRight(decode(u.Pathname()), "/"),
		sources: map[string]*site.Page{}, files: map[string]*document{}, brokenPaths: map[string]string{}, usedIgnores: map[int]bool{},
	}, nil
}

// document is a rendered file.
type document struct {
	file       string // with slashes, relative to the folder
	extension  string
	isHTML     bool
	isRedirect bool       // it sends readers to another page
	isLinked   bool       // another page links to it
	path       string     // on the host, with the site's sub-path
	page       *site.Page // that is published here, or nil
	baseHref   string     // of the first <base>, or ""
	baseURL    *whatwg.Url
	references []reference
	findings   []finding
	ids        map[string]bool    // that fragments can lead to; false for the name of an <a>
	headings   []string           // fragments of the first headings
	linkCounts map[*site.Page]int // number of links by the page whose Markdown holds them
	calls      []call             // of tel: links
	text       []byte             // only if Options.Complete is set
}

// listFiles lists what a host would serve, and reports pages that are missing. Pipes, devices and symbolic links to no file
// are not served.
func (c *checker) listFiles(folder fs.FS) error {
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
	d := &document{file: name, extension: strings.ToLower(path.Ext(name)), path: c.subPath + "/" + name}
	c.files[d.path] = d
	if dir, isIndex := strings.CutSuffix(d.path, "/index.html"); isIndex {
		d.path = dir + "/"
		c.files[d.path] = d
	}
	if name != "index.html" {
		c.paths = append(c.paths, d.path)
	}
	d.isHTML = strings.Contains(d.extension, "htm")
	if d.isHTML || d.extension == ".svg" || d.extension == ".css" || d.extension == ".xml" {
		c.documents = append(c.documents, d)
	}
}

// lookup returns the file that a static host serves for a path, or nil. For a folder, that is its index.html. Case matters.
func (c *checker) lookup(path string) *document {
	if d := c.files[path]; d != nil {
		return d
	}
	return c.files[path+"/"]
}

// readDocuments reads the documents, as many at a time as there are processors.
func (c *checker) readDocuments(ctx context.Context, dir string) error {
	queue := make(chan *document, len(c.documents))
	for _, d := range c.documents {
		queue <- d
	}
	close(queue)
	group, ctx := errgroup.WithContext(ctx)
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() error {
			r, src := newReader(c), bytes.Buffer{}
			for d := range queue {
				file, err := os.Open(filepath.Join(dir, filepath.FromSlash(d.file))) // a regular file, as listFiles has seen
				if err == nil {
					src.Reset()
					_, err = src.ReadFrom(file)
					err = errors.Join(err, file.Close())
				}
				if err := cmp.Or(err, ctx.Err()); err != nil {
					return err
				}
				r.read(ctx, d, src.Bytes())
			}
			return ctx.Err()
		})
	}
	return group.Wait()
}

// checkOrphans reports pages that no other page links to. The home page, 404.html and redirects need no link.
func (c *checker) checkOrphans() {
	for _, d := range c.documents {
		needsLink := d.file != "index.html" && path.Base(d.file) != "404.html" && !d.isRedirect
		if d.isHTML && needsLink && !d.isLinked && (d.page != nil || c.options.Site == nil) {
			place := diagnostic.Place{File: cmp.Or(d.page, &site.Page{File: d.file}).File}
			d.report(d.path, place.Warningf(diagnostic.RuleOrphanPage,
				"no other page links to %s, so readers don't find it: link to it, or add it to the menu", d.path))
		}
	}
}

// finding is a diagnostic with what decides whether an ignore rule of config.toml matches it.
type finding struct {
	diagnostic.Diagnostic
	document *document // that shows it
	value    string    // as the message quotes it
}

func (d *document) report(value string, f diagnostic.Diagnostic) {
	d.findings = append(d.findings, finding{f, d, value})
}

// reportLink reports a reference. The message continues after the quoted address.
func (d *document) reportLink(ref reference, rule diagnostic.Rule, message string) {
	f := d.editablePlace(ref).Errorf(rule, "%q %s", ref.value, message)
	if rule == diagnostic.RuleUnknownLink {
		f.Severity = diagnostic.Warning
	}
	d.report(ref.value, f)
}

// editablePlace returns where an editor can fix a reference: in the Markdown, or else in the rendered file. The line in the
// Markdown is known only if that has as many links as its rendered text.
func (d *document) editablePlace(ref reference) diagnostic.Place {
	switch p := ref.source; {
	case p == nil:
		return ref.place
	case ref.ordinal > 0 && d.linkCounts[p] == len(p.Links):
		return p.Links[ref.ordinal-1].Place
	default:
		return diagnostic.Place{File: p.File}
	}
}

// mergeFindings moves the findings of documents to the checker. It merges those at one place in Markdown, and those from
// layouts with equal messages. Of findings in Markdown, it keeps the one on the page that the Markdown is rendered to.
func (c *checker) mergeFindings() {
	groups := map[diagnostic.Diagnostic][]finding{} // at most one finding of each document
	for _, d := range c.documents {
		for _, f := range d.findings {
			if g := groups[f.mergeKey()]; !c.isIgnored(f) && (len(g) == 0 || g[len(g)-1].document != d) {
				groups[f.mergeKey()] = append(g, f)
			}
		}
	}
	for _, g := range groups {
		own := slices.IndexFunc(g, func(f finding) bool { return f.document.page != nil && f.document.page.File == f.File })
		f := g[max(own, 0)].Diagnostic
		if len(g) > 1 && g[0].isFromLayout() {
			f.Message += fmt.Sprintf(" (and on %s: it comes from layouts/ or config.toml)", diagnostic.Plural(len(g)-1, "more page"))
		}
		c.findings = append(c.findings, f)
	}
}

// mergeKey returns what findings that are merged have in common.
func (f finding) mergeKey() diagnostic.Diagnostic {
	key := f.Diagnostic
	if f.isFromLayout() {
		key.Place = diagnostic.Place{}
	} else if f.Line > 0 {
		key.Message = ""
	}
	return key
}

func (f finding) isFromLayout() bool { return f.File == f.document.file }

// isIgnored reports whether config.toml ignores a finding, and records which of its rules do.
func (c *checker) isIgnored(f finding) (isIgnored bool) {
	for i, ignore := range c.site.Ignores {
		isLayout := ignore.Page == site.ConfigFile || strings.HasPrefix(ignore.Page, "layouts/")
		isPage := ignore.Page == f.File || c.subPath+ignore.Page == f.document.path || isLayout && f.isFromLayout()
		if isPage && ignore.Target == f.value {
			c.usedIgnores[i], isIgnored = true, true
		}
	}
	return isIgnored
}

// checkIgnores reports ignore rules that were not used. Those for other sites are judged only if the sites were asked.
func (c *checker) checkIgnores(hasAskedSites bool) {
	for i, ignore := range c.site.Ignores {
		if !c.usedIgnores[i] && (hasAskedSites || c.resolveURL(ignore.Target, c.baseURL).href == "") {
			c.findings = append(c.findings, ignore.Place.Warningf(diagnostic.RuleUnused,
				"nothing is wrong with %q on %s any more: remove this rule", ignore.Target, ignore.Page))
		}
	}
}
