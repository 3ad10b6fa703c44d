package site

import (
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"microsite/tools/diagnostic"
)

// vagueWords match the words of a link that do not say where it leads.
var vagueWords = regexp.MustCompile(`(?i)^(?:click |tap |see |read )?(?:here|this|this page|this link|link|more|read more)[.:]?$`)

const maxPicture = 300 << 10 // bytes

// checkLinks judges addresses as they are written. Where they lead is checked on the rendered site.
func (l *loader) checkLinks(p *Page) {
	for _, link := range p.Links {
		rule := diagnostic.RuleLink
		if link.IsImage {
			rule = diagnostic.RulePicture
		}
		fail := func(format string, args ...any) { l.add(link.Place.Errorf(rule, format, args...)) }
		u, err := url.Parse(link.Destination)
		switch {
		case err != nil:
			fail("%q is not an address: check it for a slip", link.Destination)
		case link.IsImage && (u.IsAbs() || u.Host != ""):
			fail("browsers won't show a picture of another site here: put a copy into static/, and write /%s", path.Base(u.Path))
		case u.Scheme == "http" || u.Scheme == "https":
			if u.Host == "" {
				fail("%q names no site: write the whole address", link.Destination)
			}
		case u.Scheme == "mailto" || u.Scheme == "tel":
		case u.Scheme != "":
			fail("%q: only https, http, mailto and tel addresses and files of this site can be linked", link.Destination)
		case u.Host != "":
			fail("%q: start the address with https:", link.Destination)
		case u.Path == "":
			if u.Fragment == "" {
				fail("this link leads nowhere: name a file such as causes.md, or a heading such as #heat")
			}
		case strings.HasPrefix(u.Path, "www."):
			fail("%q: start the address with https://", link.Destination)
		default:
			l.checkFileLink(p, link, u.Path, fail)
		}
	}
}

// checkFileLink judges a link to a page, or to a file in static/.
func (l *loader) checkFileLink(p *Page, link Link, to string, fail func(string, ...any)) {
	file := path.Join(path.Dir(p.Path), to)
	isRooted := strings.HasPrefix(to, "/")
	if isRooted {
		file = strings.TrimPrefix(path.Clean(to), "/")
	}
	static := filepath.Join(l.site.Root, "static", filepath.FromSlash(strings.TrimPrefix(path.Clean("/"+to), "/")))
	target := l.site.Page(file)
	switch {
	case target != nil && target.Draft && !p.Draft:
		fail("%s is a draft, which is not published: remove the link, or publish the page first", target.File)
	case target != nil:
	case path.Ext(file) == ".md" && filepath.IsLocal(file) && l.hasContent(file): // a page with a problem of its own
	case path.Ext(file) != ".md" && isRooted && isFile(static):
		if info, err := os.Stat(static); err == nil && link.IsImage && info.Size() > maxPicture {
			fail("this picture has %d KB, and more than 300 take long on a phone: make it smaller", info.Size()>>10)
		}
	case path.Ext(file) != ".md" && isFile(static):
		fail("the file stands in static/: write %s", path.Clean("/"+to))
	default:
		l.missingFile(p, to, fail)
	}
}

// missingFile names the page that was probably meant, as the link has to name it.
func (l *loader) missingFile(p *Page, to string, fail func(string, ...any)) {
	folder := filepath.FromSlash(path.Dir(p.Path))
	var stems []string // of the files, as a link on this page names them
	for _, q := range l.site.Pages {
		if rel, err := filepath.Rel(folder, filepath.FromSlash(q.Path)); err == nil {
			stems = append(stems, strings.TrimSuffix(filepath.ToSlash(rel), ".md"))
		}
	}
	meant := diagnostic.Nearest(strings.Trim(strings.TrimSuffix(to, ".md"), "/"), stems)
	if meant != "" {
		fail("there is no file %q. Did you mean %q? Link to the file, as in [words](%s.md)", to, meant+".md", meant)
		return
	}
	fail("there is no file %q: link to a file of content/, as in [words](%s.md), or to one of static/, as in /leaflet.pdf", to, stems[0])
}
