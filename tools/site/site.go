// Package site reads a site's config.toml and Markdown files, strictly and with
// the place of everything in them, so that each finding is reported where it is
// written.
package site

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"microsite/tools/diagnostic"
)

// ContentDir is the folder of the Markdown files, in the site's root folder.
const ContentDir = "content"

// FiguresDir holds the drawings that pages show.
const FiguresDir = ContentDir + "/figures"

// Site is what the tool knows of a site before Hugo runs.
type Site struct {
	Root            string // folder that holds config.toml
	Title           string
	BaseURL         string
	Clinic          string         // that hands the pages out, or ""
	Language        string         // BCP 47
	Location        *time.Location // of the site's civil dates
	Cards           []string       // the closed vocabulary of cards, most urgent first
	ChecklistLevels []string       // those whose boxes are on the checklist
	Emergency       []EmergencyNumber
	Sources         map[string]*Source
	IntervalMonths  int // until a review or a source is out of date
	DueSoonDays     int // before the due day, from which a review is due soon
	Raised          []diagnostic.Rule
	Ignores         []Ignore // findings on links that somebody has a reason for
	Readability     Readability
	Pages           []*Page // sorted by weight, then path

	emergencyPath string // the URL of a page
	byPath, byURL map[string]*Page
}

// Source is one entry of [params.sources].
type Source struct {
	Key       string
	Title     string
	Publisher string
	URL       string           // "" where no address is known to be right
	Reviewed  time.Time        `json:"-"` // zero where the day isn't known
	Place     diagnostic.Place `json:"-"` // of its table in config.toml
}

// EmergencyNumber is one entry of [[params.emergency]].
type EmergencyNumber struct{ Number, Where string }

// Ignore is one entry of [[params.links.ignore]] or [[params.plain.ignore]].
type Ignore struct {
	Page   string           // the file that the finding names, or the page's path on the site
	Target string           // the link as the finding quotes it
	Text   string           // words of the text that may stay as it is
	Place  diagnostic.Place `json:"-"`
}

// Readability is [params.plain]: how plain the language is to be. A limit of 0 is none.
type Readability struct {
	Grade              int            // the highest reading grade of a page
	Grades             map[string]int // of files that have one of their own
	SentenceWords      int
	ParagraphSentences int
	Words              map[string]string // what to write instead of a word
	Ignores            []Ignore          `json:"ignore"`
}

// loader gathers what is wrong while it reads a site.
type loader struct {
	site     *Site
	root     *Node // config.toml
	findings []diagnostic.Diagnostic
}

func (l *loader) add(findings ...diagnostic.Diagnostic) { l.findings = append(l.findings, findings...) }

// Load reads config.toml and everything under content/. Findings are what an
// editor can mend; an error means that a file or folder could not be read. The
// site has no pages where config.toml can't be made sense of.
func Load(root string) (*Site, []diagnostic.Diagnostic, error) {
	s := &Site{Root: root, Location: time.UTC, IntervalMonths: 36, DueSoonDays: 60, Sources: map[string]*Source{},
		byPath: map[string]*Page{}, byURL: map[string]*Page{}}
	l := &loader{site: s}
	isUsable, err := l.readConfig()
	if err != nil || !isUsable {
		return s, l.findings, err
	}
	if err := l.pages(); err != nil {
		return nil, nil, err
	}
	l.checkHome()
	l.checkEmergencyPage()
	l.checkUnique()
	l.checkLayouts()
	for _, p := range s.Pages {
		l.checkLinks(p)
	}
	return s, l.findings, nil
}

// Page returns the page of a content file such as causes.md, or nil.
func (s *Site) Page(path string) *Page { return s.byPath[path] }

// EmergencyPage returns the page that the emergency box leads to, or nil.
func (s *Site) EmergencyPage() *Page { return s.byURL[s.emergencyPath] }

// Figure returns the text of a drawing in content/figures/.
func (s *Site) Figure(name string) ([]byte, error) {
	return ReadRegular(filepath.Join(s.Root, filepath.FromSlash(FiguresDir), name+".svg"), maxPage)
}

// pages reads every page, and reports files that would become other pages, or none.
func (l *loader) pages() error {
	files, err := l.listContent()
	if err != nil {
		return err
	}
	pages, findings := make([]*Page, len(files)), make([][]diagnostic.Diagnostic, len(files))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, file := range files {
		group.Go(func() error {
			name := filepath.Join(l.site.Root, filepath.FromSlash(file))
			if info, err := os.Stat(name); err == nil && info.Size() > maxPage {
				findings[i] = []diagnostic.Diagnostic{diagnostic.Place{File: file}.Errorf(diagnostic.RuleFileName,
					"this page is larger than 1 MiB, which nobody can read: is it the right file? Make several pages of it")}
				return nil
			}
			src, err := ReadRegular(name, maxPage)
			if err == nil {
				pages[i], findings[i] = l.site.ParsePage(file, src)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	s := l.site
	for i, p := range pages {
		l.add(findings[i]...)
		if p == nil {
			continue
		}
		if other := s.byURL[p.URL()]; other != nil {
			l.add(diagnostic.Place{File: p.File}.Errorf(diagnostic.RuleFileName,
				"this page and %s would be published at the same address, %s: rename or remove one", other.File, p.URL()))
			continue
		}
		s.byPath[p.Path], s.byURL[p.URL()] = p, p
		s.Pages = append(s.Pages, p)
	}
	if len(s.Pages) == 0 && len(l.findings) == 0 {
		return fmt.Errorf("%s holds no page: start with %s/_index.md", ContentDir, ContentDir)
	}
	order := func(p *Page) int { return cmp.Or(p.Weight, math.MaxInt) } // as in Hugo, no weight comes last
	slices.SortStableFunc(s.Pages, func(a, b *Page) int {
		return cmp.Or(cmp.Compare(order(a), order(b)), strings.Compare(a.Path, b.Path))
	})
	return nil
}

// listContent returns the Markdown files below content/ and reports all others
// but drawings.
func (l *loader) listContent() (files []string, err error) {
	root := filepath.Join(l.site.Root, ContentDir)
	if info, err := os.Lstat(root); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no %s folder here: run this in the site's root folder", ContentDir)
	} else if err == nil && !info.IsDir() {
		return nil, fmt.Errorf("%s is not a folder", ContentDir)
	}
	err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == root {
			return err
		}
		rel, err := filepath.Rel(l.site.Root, name)
		if err != nil {
			return err
		}
		file := filepath.ToSlash(rel)
		switch {
		case isHiddenFromHugo(d.Name()) && d.IsDir():
			return fs.SkipDir
		case isHiddenFromHugo(d.Name()), file == FiguresDir, path.Dir(file) == FiguresDir && path.Ext(file) == ".svg" && d.Type().IsRegular():
		case l.isMisnamed(name, file, d):
		case !d.IsDir():
			files = append(files, file)
		}
		return nil
	})
	return files, err
}

// isHiddenFromHugo reports whether Hugo leaves out a file or folder of this
// name: those that are hidden, and copies that text editors make.
func isHiddenFromHugo(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "#") || strings.HasSuffix(name, "~")
}

// fileName is what Hugo publishes under the very same name: no capitals,
// spaces or signs that it would change on the way into an address.
var fileName = regexp.MustCompile(`^(_?index|[a-z0-9]+(-[a-z0-9]+)*)$`)

// isMisnamed reports a file or folder that Hugo would publish in another way
// than its name says, before anything in it is read.
func (l *loader) isMisnamed(name, file string, d fs.DirEntry) bool {
	fail := func(format string, args ...any) bool {
		l.add(diagnostic.Place{File: file}.Errorf(diagnostic.RuleFileName, format, args...))
		return true
	}
	base := path.Base(file)
	isPage := path.Ext(file) == ".md"
	switch {
	case !d.IsDir() && !d.Type().IsRegular():
		return fail("this is not a regular file: put the file itself here instead of a link to it")
	case !d.IsDir() && !isPage:
		return fail("only pages belong into %s, in files that end in .md: move pictures and other files into static/, and link them as /%s", ContentDir, base)
	case !fileName.MatchString(strings.TrimSuffix(base, ".md")) || d.IsDir() && isPage:
		return fail("rename this: small letters a to z, digits and single hyphens only, such as about-us.md, because the name becomes part of the page's address")
	case d.IsDir() && !isFile(filepath.Join(name, "_index.md")) && !isFile(filepath.Join(name, "index.md")):
		return fail("this folder has no page of its own: add %s/_index.md", file)
	case base == "404.md":
		return fail("rename this: 404 is the page that is shown where there is none")
	}
	return false
}

// checkHome reports a site that would be published without its first page.
func (l *loader) checkHome() {
	const file = ContentDir + "/_index.md"
	switch p := l.site.Page("_index.md"); {
	case p != nil && p.Draft:
		l.add(p.FrontMatter.Get("draft").Place.Errorf(diagnostic.RuleFrontMatter, "this is the home page, and without it a site can't be published: remove this line"))
	case p == nil && !l.hasContent("_index.md"): // else a problem of its own is reported
		l.add(diagnostic.Place{File: file}.Errorf(diagnostic.RuleFileName, "there is no home page: write this file, with its title and description"))
	}
}

// checkUnique reports titles by which readers can't tell two pages apart, and
// old addresses that would take the place of a page or of one another.
func (l *loader) checkUnique() {
	titles, aliases := map[string]*Page{}, map[string]*Page{}
	for _, p := range l.site.Pages {
		title := strings.ToLower(NormalizeSpace(p.Title))
		if other := titles[title]; other != nil && title != "" {
			l.add(p.FrontMatter.Get("title").Place.Errorf(diagnostic.RuleFrontMatter,
				"%s has the same title: reword one, because readers choose pages by their titles", other.File))
		}
		titles[title] = p
		list := p.FrontMatter.Get("aliases")
		if list == nil {
			continue
		}
		for _, n := range list.Items {
			if other := cmp.Or(l.site.byURL[n.Raw], aliases[n.Raw]); other != nil {
				l.add(n.Place.Errorf(diagnostic.RuleFrontMatter, "%s leads to %s already: remove this alias", n.Raw, other.File))
			}
			aliases[n.Raw] = p
		}
	}
}

// checkLayouts reports layouts that aren't there: Hugo would take others without a word.
func (l *loader) checkLayouts() {
	files, _ := fs.Glob(os.DirFS(l.site.Root), "layouts/*.html") // the pattern is sound, whatever Root is called
	var names []string
	for _, file := range files {
		names = append(names, strings.TrimSuffix(path.Base(file), ".html"))
	}
	for _, p := range l.site.Pages {
		if n := p.FrontMatter.Get("layout"); n != nil && n.Kind == Text && !slices.Contains(names, n.Raw) {
			l.add(n.Place.Errorf(diagnostic.RuleFrontMatter, "there is no layouts/%s.html.%s Remove \"layout\", or name a file in layouts/",
				n.Raw, diagnostic.DidYouMean(n.Raw, names)))
		}
	}
}
