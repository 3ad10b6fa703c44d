// Package links checks the links, fragments and assets of rendered HTML, where
// readers meet them, and says what is broken where editors can mend it.
//
// An element with a data-source attribute holds what was rendered from that
// Markdown file, so a finding inside it is traced to the link as it was
// written. A finding outside comes from a layout: it is reported once, however
// many pages show it.
//
// Each file is tokenised once, by one of several workers, which resolves its
// addresses when it has seen all of it, because <base> may stand anywhere.
// Fragments of other pages wait until all files have been read.
package links

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
	"sync"
	"sync/atomic"
	"unicode/utf8"

	whatwg "github.com/nlnwa/whatwg-url/url"
	"golang.org/x/sync/errgroup"

	"microsite/tools/problem"
)

// Rules of this package, as README lists them.
const (
	RuleLink     = "broken-link"
	RuleFragment = "broken-fragment"
	RuleAddress  = "bad-address"
	RuleID       = "duplicate-id"
	RulePage     = "missing-page"
	RuleOrphan   = "orphan-page"
	RuleIgnore   = "unused-ignore"
)

// Place is where something is written.
type Place struct {
	File         string
	Line, Column int
}

// Ignore leaves out the findings of one target on one page.
type Ignore struct {
	Page   string // its file, or its path on the site
	Target string // as the message quotes it
	Place
}

// Options are what is known of a rendered folder; the zero value will do.
type Options struct {
	// Base is the address that the folder is published at. Without it only
	// links without a host are the site's own.
	Base string
	// Sources maps a data-source value to the places of that file's links, in
	// the order in which they are written.
	Sources map[string][]Place
	// IDs maps a data-source value, # and an id to the last place that gives it.
	IDs map[string]Place
	// SourceDir goes before a data-source value to make a problem's file.
	SourceDir string
	// Pages maps paths such as /causes/ to the place of the page's text.
	Pages map[string]Place
	// Whole says that the folder must hold all Pages.
	Whole bool
	// Root is the folder of the site's layouts and settings, "" for none.
	Root string
	// Ignores are findings that somebody has a reason for.
	Ignores []Ignore
	// External, when set, asks other sites too.
	External *External
}

// Check checks every HTML file, style sheet and sitemap below dir and returns
// how many pages there are. The error says that dir or a file in it could not
// be read. When ctx ends while other sites are asked, the result is what is
// known so far.
func Check(ctx context.Context, dir string, o Options) (pages int, problems []problem.Problem, err error) {
	c := &checker{Options: o, dir: dir, files: map[string]*document{}, used: make([]bool, len(o.Ignores))}
	if err := c.address(); err != nil {
		return 0, nil, err
	}
	docs, err := c.list()
	if err != nil {
		return 0, nil, err
	}
	if err := c.read(docs); err != nil {
		return 0, nil, err
	}
	for _, d := range docs {
		if d.html {
			pages++
		}
	}
	for _, q := range c.inside {
		c.judge(q)
	}
	c.orphans(docs)
	if c.External != nil {
		c.findings = append(c.findings, c.External.ask(ctx, c.outside)...)
		c.asked = ctx.Err() == nil
	}
	return pages, problem.Sort(slices.Concat(c.placed(), c.absent(), c.unused())), nil
}

// document is what one rendered file holds for the check.
type document struct {
	target          // what leads here
	file     string // slash-separated, relative to the folder
	reader   reader
	html     bool
	base     string // of the first <base>
	hasBase  bool
	counts   map[string]int // of the links of each data-source
	ids      []string       // sorted
	read     atomic.Bool    // so ids are known
	linked   atomic.Bool    // another page leads here
	redirect *document      // where a page sends every reader
}

// finding is a problem before it has its place.
type finding struct {
	from *document
	ref  reference
	origin
	missing string // as its target says
	problem.Problem
}

// question is a reference that can't be judged before all files have been read.
type question struct {
	from *document
	ref  reference
	*target
	fragment string
}

// leads tells whether readers are led to the fragment, so that it must be there.
func (q question) leads() bool { return q.fragment != "" && q.ref.use&follow != 0 }

// kept is a question that holds no part of the file in hand, which is long.
func (q question) kept() question {
	q.ref.value = strings.Clone(q.ref.value)
	_, q.fragment = part(q.ref.value) // with no copy of its own
	return q
}

// results are what is found; each worker has its own, so that none waits for another.
type results struct {
	findings        []finding
	inside, outside []question // fragments of other pages; other sites
}

func (r *results) add(from *document, ref reference, rule string, s problem.Severity, message string) *finding {
	ref.value = strings.Clone(ref.value) // or the whole file would be kept
	r.findings = append(r.findings, finding{from: from, ref: ref, Problem: problem.Problem{Rule: rule, Severity: s, Message: message}})
	return &r.findings[len(r.findings)-1]
}

type checker struct {
	Options
	results
	dir     string
	origin  string // such as https://example.org
	root    string // the site's sub-path, such as /sub, or ""
	home    *whatwg.Url
	files   map[string]*document // by the path that they are served at, with the site's sub-path
	asked   bool                 // all that is outside
	used    []bool               // by the ignores
	guesses int
	pages   []string // to guess from
}

func (c *checker) address() (err error) {
	// A name that no link can hold stands for an address that isn't known.
	if c.home, err = whatwg.Parse(cmp.Or(c.Base, "http://unknown.invalid/")); err != nil {
		return fmt.Errorf("%q is not an address: %w", c.Base, err)
	}
	c.origin, c.root = c.home.Protocol()+"//"+c.home.Host(), strings.TrimRight(decode(c.home.Pathname()), "/")
	return nil
}

// list finds the files and makes a document of each that is looked into.
func (c *checker) list() (docs []*document, err error) {
	var mutex sync.Mutex
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	var folder func(dir string) error
	folder = func(dir string) error {
		entries, err := os.ReadDir(c.onDisk(dir))
		for _, e := range entries {
			name, kind := dir+e.Name(), e.Type()
			if kind&fs.ModeSymlink != 0 {
				info, failed := os.Stat(c.onDisk(name))
				if err = errors.Join(err, failed); failed != nil || info.IsDir() {
					continue
				}
				kind = info.Mode()
			}
			switch {
			case kind.IsRegular(): // others are nothing that is served
				d := c.newDocument(name)
				mutex.Lock()
				if c.files[d.path] = d; d.reader != nil {
					docs = append(docs, d)
				}
				mutex.Unlock()
			case kind.IsDir():
				inner := func() error { return folder(name + "/") }
				if !group.TryGo(inner) {
					err = errors.Join(err, inner())
				}
			}
		}
		return err
	}
	group.Go(func() error { return folder("") })
	err = group.Wait()
	return docs, err
}

func (c *checker) newDocument(file string) *document {
	kind := strings.ToLower(path.Ext(file))
	d := &document{file: file, reader: readers[kind]}
	if file == "robots.txt" {
		d.reader = (*scanner).robots
	}
	d.html = d.reader != nil && strings.Contains(kind, "htm")
	d.path, d.doc = c.root+"/"+indexless(file), d
	return d
}

// onDisk is the name of a rendered file on this computer.
func (c *checker) onDisk(file string) string { return filepath.Join(c.dir, filepath.FromSlash(file)) }

// indexless is the address of a file on the site.
func indexless(file string) string {
	if dir, name := path.Split(file); name == "index.html" {
		return dir
	}
	return file
}

// worker reads files, one after the other.
type worker struct {
	scanner
	resolver
	results
	buffer bytes.Buffer
}

// read has the files read in parallel.
func (c *checker) read(docs []*document) error {
	var next atomic.Int64
	workers := make([]worker, runtime.GOMAXPROCS(0))
	var group errgroup.Group
	for i := range workers {
		w := &workers[i]
		w.scanner, w.resolver = newScanner(), newResolver(c)
		group.Go(func() (err error) {
			for n := next.Add(1); n <= int64(len(docs)); n = next.Add(1) {
				err = errors.Join(err, w.document(docs[n-1]))
			}
			return err
		})
	}
	err := group.Wait()
	for _, w := range workers {
		c.findings, c.inside, c.outside = append(c.findings, w.findings...), append(c.inside, w.inside...), append(c.outside, w.outside...)
	}
	return err
}

func (w *worker) document(d *document) error {
	file, err := os.Open(w.onDisk(d.file))
	if err != nil {
		return err
	}
	defer file.Close()
	w.buffer.Reset() // which spares a copy of each file: a tenth of the time
	if _, err := w.buffer.ReadFrom(file); err != nil {
		return err
	}
	w.refs, w.ids = w.refs[:0], w.ids[:0]
	d.reader(&w.scanner, d, w.buffer.String())
	names, again := w.names()
	d.ids = names
	d.read.Store(true)
	w.doc, w.base = d, nil
	for _, r := range w.refs {
		w.reference(d, r)
	}
	for _, r := range again {
		if d.html {
			w.add(d, r, RuleID, problem.Error, fmt.Sprintf("the id %q stands twice on this page: a link to it reaches only the first; reword one of the headings", r.value))
		}
	}
	return nil
}

// reference checks one address as far as other files need not be read.
func (w *worker) reference(d *document, r reference) {
	rest, fragment := part(r.value)
	if rest == "" && fragment == "" && r.use&required != 0 {
		w.add(d, r, RuleAddress, problem.Error, "an address is missing here: write one, or remove what needs it")
		return
	}
	t := &d.target
	if rest != "" || r.use&local == 0 {
		t = w.resolve(rest)
	}
	switch {
	case t.rule != "":
		w.add(d, r, t.rule, problem.Error, fmt.Sprintf("%q %s", r.value, t.message)).missing = strings.Clone(t.missing)
		return
	case t.href != "" && w.External != nil:
		w.outside = append(w.outside, question{d, r, t, fragment}.kept())
		return
	case t.doc == nil: // nothing that can be checked
		return
	}
	if t.doc != d && r.use&inbound != 0 && !t.doc.linked.Load() {
		t.doc.linked.Store(true)
	}
	if t.doc != d && r.use&redirect != 0 {
		d.redirect = t.doc
	}
	if q := (question{d, r, t, fragment}); !t.doc.html || !q.leads() {
		return
	} else if t.doc.read.Load() {
		w.judge(q)
	} else {
		w.inside = append(w.inside, q.kept())
	}
}

// judge finds out whether a fragment leads anywhere.
func (r *results) judge(q question) {
	d := q.doc
	if d.has(q.fragment) {
		return
	}
	ids := make([]string, len(d.ids))
	for i, id := range d.ids {
		ids[i] = "#" + id
	}
	fragment, _, _ := strings.Cut(decode(q.fragment), ":~:")
	r.add(q.from, q.ref, RuleFragment, problem.Error,
		fmt.Sprintf("%q leads to a heading that is not there: nothing on %s has the id %q.%s", q.ref.value, d.path, fragment, problem.DidYouMean("#"+fragment, ids)))
}

// orphans finds pages that no other page leads to. Readers come to the home
// page and to 404.html without a link, and to a redirection by an old one.
func (c *checker) orphans(docs []*document) {
	for _, d := range docs {
		if d.redirect != nil && d.linked.Load() {
			d.redirect.linked.Store(true)
		}
	}
	for _, d := range docs {
		_, page := c.Pages[c.sitePath(d)]
		if !d.html || d.linked.Load() || d.redirect != nil || d.file == "index.html" || path.Base(d.file) == "404.html" || c.Pages != nil && !page {
			continue
		}
		c.add(d, reference{value: d.path}, RuleOrphan, problem.Warning,
			fmt.Sprintf("no other page links to %s, so readers don't find it: link to it, or add it to the menu", d.path))
	}
}

func (c *checker) sitePath(d *document) string { return "/" + indexless(d.file) }

// placed gives the findings their places: first those of the pages' own text,
// then what only other pages that show the same text make of it, then those of
// layouts, which many pages show.
func (c *checker) placed() (out []problem.Problem) {
	for i := range c.findings {
		c.source(&c.findings[i])
	}
	slices.SortFunc(c.findings, func(a, b finding) int {
		return cmp.Or(cmp.Compare(a.origin, b.origin), strings.Compare(a.from.file, b.from.file), cmp.Compare(a.ref.offset, b.ref.offset), strings.Compare(a.Message, b.Message))
	})
	type seen struct {
		Place
		rule string
	}
	shown := map[seen]bool{}
	type group struct {
		at, pages int
		last      *document
	}
	groups := map[string]*group{}
	layout := newLayout(c.Root)
	for _, f := range c.findings {
		file, here := seen{Place{File: f.File}, f.Rule}, seen{Place{f.File, f.Line, f.Column}, f.Rule}
		g := groups[f.Rule+f.Message]
		switch {
		case f.origin == elsewhere && (shown[file] || f.Line > 0 && shown[here]):
			continue
		case f.origin == inLayout && g == nil:
			c.locate(&f, layout)
		}
		shown[file] = shown[file] || f.origin == ownPage
		shown[here] = shown[here] || f.Line > 0
		if c.ignored(f) {
			continue
		}
		if g == nil {
			g = &group{at: len(out)}
			out = append(out, c.suggest(f))
		}
		if f.origin == inLayout {
			groups[f.Rule+f.Message] = g
		}
		if g.last != f.from {
			g.last = f.from
			g.pages++
		}
	}
	for _, g := range groups {
		if p := &out[g.at]; g.pages > 1 {
			join := "; it"
			if strings.HasSuffix(p.Message, "?") { // a suggestion
				join = " It"
			}
			p.Message = strings.TrimSuffix(p.Message, ".") + fmt.Sprintf("%s stands on %d pages", join, g.pages)
			if _, known := layout[p.File]; !known {
				p.Message += ", so look for it in layouts/ or config.toml"
			}
		}
	}
	return out
}

// ignored tells whether a finding is left out, and remembers by which rules.
func (c *checker) ignored(f finding) (yes bool) {
	for i, rule := range c.Ignores {
		if rule.Target == f.ref.value && (rule.Page == f.File || rule.Page == c.sitePath(f.from)) {
			c.used[i], yes = true, true
		}
	}
	return yes
}

// absent returns the pages that the folder lacks.
func (c *checker) absent() (out []problem.Problem) {
	for p, at := range c.Pages {
		if c.Whole && c.lookup(c.root+p) == nil {
			out = append(out, problem.Problem{File: at.File, Rule: RulePage, Severity: problem.Error,
				Message: fmt.Sprintf("the page was not published at %s, where it should stand", p)})
		}
	}
	return out
}

// unused returns the rules that left nothing out. Of other sites nothing is
// known unless they are asked.
func (c *checker) unused() (out []problem.Problem) {
	r := newResolver(c)
	r.base = c.home
	for i, rule := range c.Ignores {
		if !c.used[i] && (c.asked || r.parse(rule.Target).href == "") {
			out = append(out, problem.Problem{File: rule.File, Line: rule.Line, Column: rule.Column, Rule: RuleIgnore, Severity: problem.Warning,
				Message: fmt.Sprintf("nothing is wrong with %q on %s any more: remove this rule", rule.Target, rule.Page)})
		}
	}
	return out
}

// origin is where what is found is written.
type origin int

const (
	ownPage   origin = iota // in the page's Markdown
	elsewhere               // in Markdown that another page shows
	inLayout
)

// source traces a finding to the Markdown that it comes from.
func (c *checker) source(f *finding) {
	source := f.ref.source
	places, known := c.Sources[source]
	if source == "" || !known && c.SourceDir == "" {
		f.origin = inLayout
		return
	}
	at := Place{File: path.Join(c.SourceDir, source)}
	if id, ok := c.IDs[source+"#"+f.ref.value]; ok && f.Rule == RuleID {
		at = id
	} else if f.Rule != RuleID && f.ref.ordinal > 0 && len(places) == f.from.counts[source] {
		at = places[f.ref.ordinal-1]
	}
	if f.File, f.Line, f.Column = at.File, at.Line, at.Column; c.Pages[c.sitePath(f.from)].File != f.File {
		f.origin = elsewhere
	}
}

// locate gives a finding that is no page's text its place: in the layouts or
// settings, if they hold the address once, or else in the rendered file. That
// is read again, because findings are few and pages many.
func (c *checker) locate(f *finding, l layout) {
	if f.Rule == RuleOrphan {
		f.File = cmp.Or(c.Pages[c.sitePath(f.from)].File, f.from.file)
		return
	}
	if at := l.find(f.ref.value); at.File != "" && f.Rule != RuleID {
		f.File, f.Line, f.Column = at.File, at.Line, at.Column
		return
	}
	f.File = f.from.file
	src, err := os.ReadFile(c.onDisk(f.from.file))
	if err != nil {
		return // it was there a moment ago; the finding stands without a line
	}
	src = src[:min(f.ref.offset, len(src))]
	f.Line, f.Column = bytes.Count(src, []byte("\n"))+1, utf8.RuneCount(src[bytes.LastIndexByte(src, '\n')+1:])+1
}

// maxGuesses bounds the work on a site where everything is broken.
const maxGuesses = 500

// suggest adds the page that was probably meant.
func (c *checker) suggest(f finding) problem.Problem {
	if f.missing == "" || c.guesses == maxGuesses {
		return f.Problem
	}
	if c.guesses++; c.pages == nil {
		for path := range c.files {
			if path = strings.TrimPrefix(path, c.root); path != "/" { // which is near to any short path
				c.pages = append(c.pages, path)
			}
		}
		slices.Sort(c.pages)
	}
	f.Message += problem.DidYouMean(f.missing, c.pages)
	return f.Problem
}
