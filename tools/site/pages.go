package site

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"microsite/tools/diagnostic"
)

// readPages reads the pages, and reports those that would become one.
func (l *loader) readPages() error {
	s := l.site
	files, err := l.listContent()
	if err != nil {
		return err
	}
	for _, file := range files {
		src, err := ReadRegular(filepath.Join(s.Root, filepath.FromSlash(file)), maxPage)
		if err != nil {
			return err
		}
		p := l.parsePage(file, src)
		if p == nil {
			continue
		}
		if other := s.byURL[p.URL()]; other != nil {
			l.fail(diagnostic.Place{File: p.File}, diagnostic.RuleFileName,
				"this page and %s would be published at the same address, %s: rename or remove one", other.File, p.URL())
			continue
		}
		s.byPath[p.Path], s.byURL[p.URL()] = p, p
		s.Pages = append(s.Pages, p)
	}
	order := func(p *Page) int { return cmp.Or(p.Weight, math.MaxInt) } // as in Hugo, no weight comes last
	slices.SortStableFunc(s.Pages, func(a, b *Page) int {
		return cmp.Or(cmp.Compare(order(a), order(b)), strings.Compare(a.Path, b.Path))
	})
	return nil
}

// hiddenName matches files and folders that Hugo leaves out: those that are
// hidden, and copies that text editors make.
var hiddenName = regexp.MustCompile(`^[.#]|~$`)

// fileName is what Hugo publishes under the very same name: no capitals,
// spaces or signs that it would change on the way into an address.
var fileName = regexp.MustCompile(`^(_?index|[a-z0-9]+(-[a-z0-9]+)*)$`)

// listContent returns the Markdown files below content/, and reports what Hugo
// would publish in another way than its name says, or not at all.
func (l *loader) listContent() (files []string, err error) {
	err = fs.WalkDir(os.DirFS(l.site.Root), ContentDir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || file == ContentDir || file == FiguresDir {
			return err
		}
		name, isPage := d.Name(), path.Ext(file) == ".md"
		isDrawing := path.Dir(file) == FiguresDir && path.Ext(file) == ".svg"
		fail := func(format string, args ...any) {
			l.fail(diagnostic.Place{File: file}, diagnostic.RuleFileName, format, args...)
		}
		switch info, _ := d.Info(); {
		case hiddenName.MatchString(name) && d.IsDir():
			return fs.SkipDir
		case hiddenName.MatchString(name), isDrawing && d.Type().IsRegular():
		case !d.IsDir() && (!isPage || !d.Type().IsRegular()):
			fail("only pages belong into %s, in regular files that end in .md: move pictures and other files into static/, and link them as /%s", ContentDir, name)
		case !fileName.MatchString(strings.TrimSuffix(name, ".md")) || d.IsDir() && isPage || name == "404.md":
			fail("rename this: small letters a to z, digits and single hyphens only, such as about-us.md, because the name becomes part of the page's address")
		case d.IsDir() && !l.site.hasFile(file+"/_index.md") && !l.site.hasFile(file+"/index.md"):
			fail("this folder has no page of its own: add %s/_index.md", file)
		case !d.IsDir() && info != nil && info.Size() > maxPage:
			fail("this page is larger than %d bytes, which nobody reads: is it the right file? Make several pages of it", maxPage)
		case !d.IsDir():
			files = append(files, file)
		}
		return nil
	})
	return files, err
}

// checkPublished reports that the home page, or the emergency page, is not
// published: Hugo says nothing. A page with a problem of its own is there.
func (l *loader) checkPublished() {
	s := l.site
	places := map[string]diagnostic.Place{s.emergencyURL(): l.config.Get("params", "emergencyPage").Place}
	places["/"] = diagnostic.Place{File: ContentDir + "/_index.md"}
	for url, place := range places {
		isBroken := s.hasFile(ContentDir+url+"_index.md") || s.hasFile(ContentDir+strings.TrimSuffix(url, "/")+".md")
		if p := s.byURL[url]; p != nil && p.Draft || p == nil && !isBroken {
			l.fail(place, diagnostic.RuleConfig, "no page is published at %s, where readers look for one: write it, and not as a draft", url)
		}
	}
}

// checkNames reports titles by which readers can't tell two pages apart, old
// addresses that have a page already, and layouts that aren't there, in whose
// place Hugo would take others.
func (l *loader) checkNames() {
	taken := maps.Clone(l.site.byURL)
	for _, p := range l.site.Pages {
		var names []*Node
		if title := p.FrontMatter.Get("title"); title != nil {
			names = append(names, title)
		}
		if aliases := p.FrontMatter.Get("aliases"); aliases != nil {
			names = append(names, aliases.Items...)
		}
		for _, n := range names {
			name := strings.ToLower(NormalizeSpace(n.Raw))
			if other := taken[name]; other != nil {
				l.fail(n.Place, diagnostic.RuleFrontMatter, "%q leads readers to %s already: reword or remove it", n.Raw, other.File)
			}
			taken[name] = p
		}
		if n := p.FrontMatter.Get("layout"); n != nil && !l.site.hasFile("layouts/"+n.Raw+".html") {
			l.fail(n.Place, diagnostic.RuleFrontMatter, "there is no layouts/%s.html: remove \"layout\", or name a file in layouts/", n.Raw)
		}
	}
}

// vagueWords match the words of a link that do not say where it leads.
var vagueWords = regexp.MustCompile(`(?i)^(?:click |tap |see |read )?(?:here|this|this page|this link|link|more|read more)[.:]?$`)

const maxPicture = 300 << 10 // bytes

// checkLinks judges addresses as they are written. Where whole addresses and
// fragments lead is checked on the rendered site.
func (l *loader) checkLinks(p *Page) {
	for _, link := range p.Links {
		rule := diagnostic.RuleLink
		if link.IsImage {
			rule = diagnostic.RulePicture
		}
		if problem := l.linkProblem(p, link); problem != "" {
			l.fail(link.Place, rule, "%s", problem)
		}
	}
}

// linkProblem returns what is wrong with an address and what to write instead, or "".
func (l *loader) linkProblem(p *Page, link Link) string {
	u, err := url.Parse(link.Destination)
	switch {
	case err == nil && link.IsImage && (u.IsAbs() || u.Host != ""):
		return "browsers won't show a picture of another site here: put a copy into static/, and write /" + path.Base(u.Path)
	case err == nil && (u.Scheme == "mailto" || u.Scheme == "tel" || u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")):
		return ""
	case err != nil || u.IsAbs() || u.Host != "" || strings.HasPrefix(u.Path, "www.") || u.Path+u.Fragment == "":
		return fmt.Sprintf("%q is no address: write that of a file such as causes.md, of a heading such as #heat, or a whole one such as https://example.org/",
			link.Destination)
	case u.Path == "":
		return ""
	}
	// Of a path, with or without a / in front, pages come first, then the files in static/.
	file := path.Join(path.Dir(p.Path), u.Path)
	if strings.HasPrefix(u.Path, "/") {
		file = strings.TrimPrefix(path.Clean(u.Path), "/")
	}
	isPage := path.Ext(file) == ".md"
	static := path.Clean("/" + u.Path)
	info, err := os.Stat(filepath.Join(l.site.Root, "static", filepath.FromSlash(static)))
	isStatic := err == nil && info.Mode().IsRegular() && !isPage
	switch target := l.site.byPath[file]; {
	case target != nil && target.Draft && !p.Draft:
		return target.File + " is a draft, which is not published: remove the link, or publish the page first"
	case target != nil || isPage && filepath.IsLocal(file) && l.site.hasFile(ContentDir+"/"+file): // which has a problem of its own
		return ""
	case isStatic && !strings.HasPrefix(u.Path, "/"):
		return "the file stands in static/: write " + static
	case isStatic && link.IsImage && info.Size() > maxPicture:
		return fmt.Sprintf("this picture has %d KB, and more than 300 take long on a phone: make it smaller", info.Size()>>10)
	case isStatic:
		return ""
	}
	var files []string
	for _, page := range l.site.Pages {
		files = append(files, "/"+page.Path)
	}
	return fmt.Sprintf("there is no file %q.%s Link to a file of %s/, as in [words](causes.md), or to one of static/, as in /leaflet.pdf",
		u.Path, diagnostic.DidYouMean("/"+file, files), ContentDir)
}
