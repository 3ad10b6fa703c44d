package content

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"microsite/tools/problem"
)

// Dir is the folder of the Markdown files, in the site's root folder.
const Dir = "content"

// Rules of this package, as README lists them.
const (
	RuleConfig      = "config"
	RuleEncoding    = "encoding"
	RuleConflict    = "merge-conflict"
	RuleFileName    = "file-name"
	RuleFrontMatter = "front-matter"
	RuleDate        = "date"
	RuleCard        = "card"
	RuleTask        = "task-item"
	RuleRawHTML     = "raw-html"
	RuleShortcode   = "shortcode"
	RuleCode        = "indented-code"
	RuleLink        = "link"
	RuleFigure      = "figure"
	RuleWords       = "words"
	RuleHeading     = "heading"
	RuleLost        = "lost-text"
)

// Site is what the tool knows of a site before Hugo runs.
type Site struct {
	Root     string // folder that holds config.toml
	Title    string
	BaseURL  string
	Language string
	Location *time.Location // of the site's civil dates
	Cards    []string       // the closed vocabulary of cards, in the order of the reader's checklist
	Sources  map[string]*Source
	Interval int      // months until a review or a source is out of date
	DueSoon  int      // days before the due day from which a review is due soon
	Raised   []string // rules that config.toml makes errors
	Ignores  []Ignore // findings on links that somebody has a reason for
	Plain    Plain
	Pages    []*Page // sorted by weight, then path

	byPath, byURL map[string]*Page
	figures       []string // names of the drawings that pages may show
}

// Source is one entry of [params.sources].
type Source struct {
	Key       string
	Title     string
	Publisher string
	URL       string    // "" where no address is known to be right
	Reviewed  time.Time // zero where the day isn't known
	Pos       Pos       // of its table in config.toml
}

// Ignore is one entry of [[params.links.ignore]] or [[params.plain.ignore]].
type Ignore struct {
	Page   string // the file that the finding names, or the page's path on the site
	Target string // the link as the finding quotes it, or words of the text
	Pos    Pos
}

// Plain is [params.plain]: how plain the language of the site is to be. A limit
// of 0 is none.
type Plain struct {
	Grade              int            // the highest reading grade of a page
	Grades             map[string]int // of files that have one of their own
	SentenceWords      int
	ParagraphSentences int
	Words              map[string]string // what to write instead of a word
	Ignores            []Ignore
}

// Load reads config.toml and everything under content/. Problems are what an
// editor can mend; an error means that a file or folder could not be read. The
// site has no pages where config.toml can't be made sense of: nothing true
// could be said of them.
func Load(root string) (*Site, []problem.Problem, error) {
	return new(Cache).Load(root)
}

// Load is as the function Load.
func (c *Cache) Load(root string) (*Site, []problem.Problem, error) {
	s := &Site{Root: root, Location: time.UTC, Interval: 36, DueSoon: 60, Sources: map[string]*Source{}}
	l := &loader{site: s, cache: c}
	ok, err := l.config()
	if ok {
		err = l.pages()
	}
	if err != nil {
		return nil, nil, err
	}
	layouts := slices.DeleteFunc(templates(root, "layouts"), func(name string) bool {
		return slices.Contains([]string{"baseof", "404", "home", "section"}, name) // Hugo's own, for other pages
	})
	if ok {
		l.home()
		l.references()
	}
	aliases := map[string]*Page{}
	for _, p := range s.Pages {
		l.layout(p, layouts)
		l.links(p)
		l.aliases(p, aliases)
	}
	return s, l.problems, nil
}

// Page returns the page of a content file such as causes.md, or nil.
func (s *Site) Page(file string) *Page { return s.byPath[file] }

type loader struct {
	site     *Site
	cache    *Cache
	problems []problem.Problem
	refs     []*Node // values of config.toml that name a page
}

func (l *loader) add(file string, pos Pos, rule, format string, args ...any) {
	l.problems = append(l.problems, pos.Problem(problem.Error, file, rule, format, args...))
}

// fileName is what Hugo publishes under the very same name: no capitals,
// spaces or signs that it would change on the way into an address.
var fileName = regexp.MustCompile(`^(_?index|[a-z0-9]+(-[a-z0-9]+)*)$`)

// otherPages are endings of files that Hugo would publish as pages, too.
var otherPages = []string{".html", ".htm", ".markdown", ".mdown", ".org", ".adoc", ".asciidoc", ".ad", ".rst", ".pandoc", ".pdc", ".gotmpl"}

// published are endings of files that may stand beside the pages that show or link them.
var published = []string{".avif", ".gif", ".jpeg", ".jpg", ".png", ".svg", ".webp", ".mp3", ".mp4", ".vtt", ".webm", ".pdf"}

// pages reads every page, and reports files that would become other pages, or
// none.
func (l *loader) pages() error {
	s, root := l.site, filepath.Join(l.site.Root, Dir)
	if info, err := os.Lstat(root); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no %s folder here: run this in the site's root folder", Dir)
	} else if err == nil && !info.IsDir() {
		return fmt.Errorf("%s is not a folder", Dir)
	}
	var files []string
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == root {
			return err
		}
		rel, err := filepath.Rel(s.Root, name)
		if err != nil {
			return err
		}
		file := filepath.ToSlash(rel)
		if passedOver(d.Name()) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if amiss := misnamed(name, file, d); amiss != "" {
			l.add(file, Pos{}, RuleFileName, "%s", amiss)
		} else if !d.IsDir() && path.Ext(file) == ".md" {
			files = append(files, file)
		}
		return nil
	})
	if err != nil {
		return err
	}
	read, err := l.read(files)
	if err != nil {
		return err
	}
	s.byPath, s.byURL, l.cache.pages = map[string]*Page{}, map[string]*Page{}, map[string]*cached{}
	for i, file := range files {
		l.cache.pages[file] = read[i]
		l.problems = append(l.problems, read[i].problems...)
		p := read[i].page
		if p == nil {
			continue
		}
		if other := s.byURL[p.URL()]; other != nil {
			l.add(file, Pos{}, RuleFileName, "this page and %s would be published at the same address, %s: rename or remove one", other.File, p.URL())
			continue
		}
		s.byPath[p.Path], s.byURL[p.URL()] = p, p
		s.Pages = append(s.Pages, p)
	}
	if len(s.Pages) == 0 && len(l.problems) == 0 {
		return fmt.Errorf("%s holds no page: start with %s/_index.md", Dir, Dir)
	}
	place := func(p *Page) int { return cmp.Or(p.Weight, math.MaxInt) } // as in Hugo, no weight comes last
	slices.SortStableFunc(s.Pages, func(a, b *Page) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), strings.Compare(a.Path, b.Path))
	})
	return nil
}

// passedOver says whether Hugo leaves out a file or folder of this name: those
// that are hidden, and copies that text editors make.
func passedOver(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "#") || strings.HasSuffix(name, "~")
}

// misnamed says what is amiss with a file or folder before anything is read:
// that Hugo would publish it in another way than its name says.
func misnamed(name, file string, d fs.DirEntry) string {
	base, ext := path.Base(file), strings.ToLower(path.Ext(file))
	switch {
	case slices.Contains(otherPages, ext):
		return "pages are written in Markdown, in files that end in .md: move this text into one, or the file out of " + Dir
	case !d.IsDir() && !d.Type().IsRegular():
		return "this is not a regular file: put the file itself here instead of a link to it"
	case !d.IsDir() && ext != ".md" && slices.Contains(published, ext):
		return ""
	case !d.IsDir() && ext != ".md" && strings.Contains(base, ".md"):
		return fmt.Sprintf("readers would get this file as it is, and not as a page: name it %s.md, or move it out of %s", base[:strings.Index(base, ".md")], Dir)
	case !d.IsDir() && ext != ".md":
		return fmt.Sprintf("readers would get this file as it is: only pages, pictures, sound, films and PDF files belong into %s; what they should get goes into static/", Dir)
	case !fileName.MatchString(strings.TrimSuffix(base, ".md")) || d.IsDir() && ext != "":
		return "rename this: small letters a to z, digits and single hyphens only, such as about-us.md, because the name becomes part of the page's address"
	case d.IsDir() && !exists(filepath.Join(name, "_index.md")) && !exists(filepath.Join(name, "index.md")):
		return fmt.Sprintf("this folder has no page of its own: add %s/_index.md", file)
	case base == "404.md":
		return "rename this: 404 is the page that is shown where there is none"
	}
	return ""
}

// readable reports text that no parser should see.
func (l *loader) readable(file string, src []byte) bool {
	for i := 0; i < len(src); {
		r, size := utf8.DecodeRune(src[i:])
		amiss := ""
		switch {
		case r == utf8.RuneError && size <= 1:
			amiss = fmt.Sprintf("this is not UTF-8 text (byte 0x%02x): save the file as UTF-8", src[i])
		case r == '\r' && (i+1 == len(src) || src[i+1] != '\n'):
			amiss = "this line ends as lines did on old Macs: save the file with LF or CRLF line ends"
		case r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f:
			amiss = fmt.Sprintf("this is an invisible control character (0x%02x): delete it", r)
		}
		if amiss != "" {
			l.add(file, (&source{text: src}).at(i), RuleEncoding, "%s", amiss)
			return false
		}
		i += size
	}
	if !bytes.Contains(src, []byte("<<<<<<<")) && !bytes.Contains(src, []byte(">>>>>>>")) { // nearly every text, and the pattern is slow
		return true
	}
	if at := conflict.FindIndex(src); at != nil {
		l.add(file, (&source{text: src}).at(at[0]), RuleConflict, "two changes of this text meet here, and git could not tell which is right: "+
			"keep the right lines, and delete those that start with <<<<<<<, ======= and >>>>>>>")
		return false
	}
	return true
}

// conflict is a line that git leaves: https://git-scm.com/docs/git-merge#_how_conflicts_are_presented
// A row of ======= alone may be that of a heading.
var conflict = regexp.MustCompile(`(?m)^(?:<{7}|>{7}) [^\s>]`)

// templates are the names of the templates in a folder of the site.
func templates(root, folder string) (names []string) {
	files, _ := fs.Glob(os.DirFS(root), folder+"/*.html") // the pattern is sound, whatever the root is called
	for _, file := range files {
		names = append(names, strings.TrimSuffix(path.Base(file), ".html"))
	}
	return names
}
