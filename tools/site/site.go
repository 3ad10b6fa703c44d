// Package site reads a site's config.toml and Markdown files into typed values with their places in the files, so that
// findings can be reported there.
package site

import (
	"cmp"
	"errors"
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
	"time"

	"microsite/tools/diagnostic"
)

const (
	ConfigFile = "config.toml"           // the settings, in the site's root folder
	ContentDir = "content"               // the folder of the Markdown files
	FiguresDir = ContentDir + "/figures" // the drawings that pages show
)

// OtherConfigFiles are the other names under which Hugo looks for settings.
var OtherConfigFiles = []string{
	"hugo.toml", "hugo.yaml", "hugo.yml", "hugo.json", "config.yaml", "config.yml", "config.json", "config"}

// Site is the site in one language, as its source files describe it. Its settings are decoded from config.toml by name.
type Site struct {
	Root            string  `json:"-"` // the folder that holds config.toml
	Key             string  `json:"-"` // of the language in [languages], or ""
	Folder          string  `json:"-"` // of the pages: content, or content/es
	Prefix          string  `json:"-"` // of the pages' addresses: "", or /es
	Translations    []*Site `json:"-"` // in the default language: the site in each other one
	Title           string
	BaseURL         string
	Clinic          struct{ Name string }
	Language        string `json:"-"` // BCP 47
	TimeZone        string
	Location        *time.Location `json:"-"` // of TimeZone
	Cards           []string       // the known types of cards, most urgent first
	ChecklistLevels []string       `json:"levels"` // the types of cards whose task items are on the checklist
	EmergencyURL    string         `json:"emergencyPage"`
	Emergency       []EmergencyNumber
	Sources         map[string]*Source
	IntervalMonths  int               // after which a review or a source is out of date
	DueSoonDays     int               // before the due day, from which a review is due soon
	Raised          []diagnostic.Rule `json:"errors"` // the rules whose findings are errors here
	Ignores         []Ignore          `json:"ignore"` // of findings on links
	Readability     Readability       `json:"plain"`
	Pages           []*Page           `json:"-"` // sorted by weight, then path

	config        *Node // config.toml, merged with the language's own settings
	byPath, byURL map[string]*Page
	cardNames     map[string]string // the types of cards by their names, also those of i18n/, in small letters
}

// Source is one entry of [params.sources].
type Source struct {
	Key       string `json:"-"`
	Title     string
	Publisher string
	URL       string           // or ""
	Reviewed  time.Time        `json:"-"` // zero if unknown
	Place     diagnostic.Place `json:"-"` // of its table in config.toml
}

// EmergencyNumber is one entry of [[params.emergency]].
type EmergencyNumber struct{ Number, Where string }

// Ignore is one entry of [[params.links.ignore]] or [[params.plain.ignore]].
type Ignore struct {
	Page   string           // the file that the finding names, or the page's path on the site
	Target string           // the link as the finding quotes it
	Text   string           // some words of the sentence
	Place  diagnostic.Place `json:"-"`
}

// Readability is [params.plain], the limits of plain language. A limit of 0 is none.
type Readability struct {
	Grade              int            // the highest reading grade of an English page
	Ease               int            // the lowest reading ease of a Spanish page
	Grades             map[string]int // the grades of single files
	SentenceWords      int
	ParagraphSentences int
	Words              map[string]string // what to write instead of each word
	Ignores            []Ignore          `json:"ignore"`
}

// loader collects findings while it reads a site.
type loader struct {
	site     *Site // in the language that is being read
	findings []diagnostic.Diagnostic
}

func (l *loader) fail(place diagnostic.Place, rule diagnostic.Rule, format string, args ...any) {
	l.findings = append(l.findings, place.Errorf(rule, format, args...))
}

// Load reads config.toml and the files in content/, and returns the site in its default language with what an editor has to
// mend. The site has no pages if config.toml is invalid. The error means that a file or folder could not be read.
func Load(root string) (*Site, []diagnostic.Diagnostic, error) {
	l := &loader{}
	config, err := l.readConfig(root)
	if err != nil {
		return nil, nil, err
	}
	var all []*Site
	languages, isUsable := languagesOf(config), config != nil
	for i, key := range languages {
		l.site = &Site{
			Root: root, Key: key, Language: "en", Folder: ContentDir, Location: time.UTC, IntervalMonths: 36, DueSoonDays: 60,
			Sources: map[string]*Source{}, byPath: map[string]*Page{}, byURL: map[string]*Page{}, cardNames: map[string]string{},
		}
		if i > 0 {
			l.site.Folder, l.site.Prefix = ContentDir+"/"+key, "/"+key
		}
		all = append(all, l.site)
		if config != nil {
			l.site.config = config.merge(config.Get("languages", key))
			isUsable = l.readSettings() && isUsable
			if n := config.Get("languages", key, "timeZone"); n != nil {
				l.fail(n.KeyPlace, diagnostic.RuleConfig, "a site has one time zone: put it above all tables of this file")
			}
		}
	}
	first := all[0]
	first.Translations = all[1:]
	l.checkShownFiles(root)
	if !isUsable {
		return first, l.findings, nil
	}
	var originals map[string]*Page
	for _, l.site = range all {
		if err := l.readPages(languages[1:]); err != nil {
			return nil, nil, err
		}
		l.checkPages(originals)
		if l.site != first {
			l.checkEmergencyNumbers(first)
		}
		originals = first.byPath
	}
	return first, l.findings, nil
}

// checkShownFiles checks the encoding of files that Hugo alone reads, but whose words and drawings readers see.
func (l *loader) checkShownFiles(root string) {
	for _, pattern := range []string{"i18n/*.toml", FiguresDir + "/*.svg"} {
		files, _ := fs.Glob(os.DirFS(root), pattern)
		for _, file := range files {
			if src, err := ReadRegular(filepath.Join(root, file), 0); err == nil { // publish reports what is no file
				l.checkEncoding(file, src)
			}
		}
	}
}

// EmergencyPage returns the page that the emergency box links to, or nil.
func (s *Site) EmergencyPage() *Page { return s.byURL[s.Prefix+s.EmergencyURL] }

// Figure returns the SVG file of a drawing.
func (s *Site) Figure(name string) ([]byte, error) {
	return ReadRegular(filepath.Join(s.Root, FiguresDir, name+".svg"), 0)
}

// HasFile reports whether the root folder has a regular file of this name.
func (s *Site) HasFile(name string) bool {
	info, err := os.Stat(filepath.Join(s.Root, name))
	return err == nil && info.Mode().IsRegular()
}

// readConfig reads config.toml. It returns nil if that is not valid TOML.
func (l *loader) readConfig(root string) (*Node, error) {
	src, err := ReadRegular(filepath.Join(root, ConfigFile), 256<<10)
	if err != nil {
		return nil, fmt.Errorf("there is no %s here that can be read: run this in the site's root folder (%w)", ConfigFile, err)
	}
	for _, name := range OtherConfigFiles {
		if _, err := os.Stat(filepath.Join(root, name)); err == nil {
			l.fail(diagnostic.Place{File: name}, diagnostic.RuleConfig,
				"Hugo reads settings from here, too, and no one checks them: move them into %s", ConfigFile)
		}
	}
	if !l.checkEncoding(ConfigFile, src) {
		return nil, nil
	}
	return l.readTree(ConfigFile, src, true, diagnostic.RuleConfig), nil
}

// readSettings fills the site with its settings, and reports those that are wrong. It returns false, and fills in nothing,
// if the schema does not allow them.
func (l *loader) readSettings() (isValid bool) {
	s, root := l.site, l.site.config
	before := len(l.findings)
	l.validate(root, "", configSchema, diagnostic.RuleConfig)
	if len(l.findings) > before {
		return false
	}
	for _, table := range [][]string{{}, {"params"}, {"params", "review"}, {"params", "checklist"}, {"params", "links"}} {
		root.Get(table...).decode(s)
	}
	s.EmergencyURL = strings.TrimSuffix(s.EmergencyURL, "/") + "/"
	for i, level := range s.ChecklistLevels {
		if !slices.Contains(s.Cards, level) {
			l.fail(root.Get("params", "checklist", "levels").Items[i].Place, diagnostic.RuleConfig, "%s",
				diagnostic.Unknown("card type", level, "Known types", s.Cards))
		}
	}
	for _, level := range s.Cards {
		s.cardNames[level] = level
	}
	if s.ChecklistLevels == nil {
		s.ChecklistLevels = s.Cards
	}
	for table, ignores := range map[string][]Ignore{"links": s.Ignores, "plain": s.Readability.Ignores} {
		for i := range ignores {
			ignores[i].Place = root.Get("params", table, "ignore").Items[i].Place
		}
	}
	for key, source := range s.Sources {
		n := root.Get("params", "sources", key)
		source.Key, source.Place = key, n.Place
		if day := n.Get("reviewed"); day != nil {
			var err error
			if source.Reviewed, err = ParseDate(day); err != nil {
				l.fail(day.Place, diagnostic.RuleDate, "%q %v", day.Key, err)
			}
		}
	}
	if zone, err := time.LoadLocation(s.TimeZone); err == nil && s.TimeZone != "Local" { // differs between computers
		s.Location = zone
	} else {
		l.fail(root.Get("timeZone").Place, diagnostic.RuleConfig,
			"%q is no time zone: write its name, such as UTC or America/New_York", s.TimeZone)
	}
	if n := cmp.Or(root.Get("locale"), root.Get("languageCode"), root.Get("defaultContentLanguage")); n != nil {
		s.Language = n.Raw
		l.readLanguageFile(n)
	}
	return true
}

// readPages reads the pages in the site's folder, except in the folders of translations, and reports two pages with one
// address.
func (l *loader) readPages(translations []string) error {
	s := l.site
	files, err := l.listContent(translations)
	if err != nil {
		return err
	}
	for _, file := range files {
		src, err := ReadRegular(filepath.Join(s.Root, file), maxPage)
		if err != nil {
			return err
		}
		p, findings := s.ParsePage(file, src)
		if l.findings = append(l.findings, findings...); p == nil {
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
	order := func(p *Page) int { return cmp.Or(p.Weight, math.MaxInt) } // pages without a weight come last, as in Hugo
	slices.SortStableFunc(s.Pages, func(a, b *Page) int {
		return cmp.Or(cmp.Compare(order(a), order(b)), strings.Compare(a.Path, b.Path))
	})
	return nil
}

// fileName matches names that Hugo publishes unchanged: it would replace capitals, spaces and other characters.
var fileName = regexp.MustCompile(`^(_?index|[a-z0-9]+(-[a-z0-9]+)*)$`)

// listContent returns the Markdown files in the site's folder, and reports what Hugo would publish under another name or
// not at all.
func (l *loader) listContent(translations []string) (files []string, err error) {
	folder := l.site.Folder
	err = fs.WalkDir(os.DirFS(l.site.Root), folder, func(file string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && l.site.Prefix != "":
			return nil // checkHomePages reports a language without pages
		case err != nil && file == folder:
			return fmt.Errorf("there is no %s folder here that can be read: run this in the site's root folder (%w)", folder, err)
		case err != nil || file == folder || file == FiguresDir:
			return err
		case path.Dir(file) == ContentDir && d.IsDir() && slices.Contains(translations, d.Name()):
			return fs.SkipDir
		}
		name, isPage := d.Name(), path.Ext(file) == ".md"
		isHidden := strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") // Hugo skips these, too
		isDrawing := path.Dir(file) == FiguresDir && path.Ext(file) == ".svg"
		fail := func(format string, args ...any) {
			l.fail(diagnostic.Place{File: file}, diagnostic.RuleFileName, format, args...)
		}
		switch info, _ := d.Info(); {
		case isHidden && d.IsDir():
			return fs.SkipDir
		case isHidden:
		case strings.EqualFold(path.Ext(file), ".md") && !isPage, path.Ext(file) == ".markdown", strings.HasSuffix(name, ".md.txt"):
			fail("the name of a page ends in .md: rename this")
		case !d.IsDir() && (!isPage && !isDrawing || !d.Type().IsRegular()):
			fail("only pages belong into %s, in regular files that end in .md: "+
				"move pictures and other files into static/, and link them as /%s", ContentDir, name)
		case !fileName.MatchString(strings.TrimSuffix(strings.TrimSuffix(name, ".md"), ".svg")) || d.IsDir() && isPage || name == "404.md":
			fail("rename this: small letters a to z, digits and single hyphens only, such as about-us.md, " +
				"because the name becomes part of an address")
		case isDrawing:
		case d.IsDir() && !l.site.HasFile(file+"/_index.md") && !l.site.HasFile(file+"/index.md"):
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

// checkPages reports what is wrong between the pages of a language, and links each to its original in the default one.
func (l *loader) checkPages(originals map[string]*Page) {
	l.checkHomePages()
	taken := maps.Clone(l.site.byURL) // addresses and titles
	for _, p := range l.site.Pages {
		p.Original = originals[p.Path]
		names := []*Node{cmp.Or(p.FrontMatter.Get("title"), &Node{Raw: p.File})}
		names = append(names, cmp.Or(p.FrontMatter.Get("linkTitle"), names[0]))
		names = append(names, cmp.Or(p.FrontMatter.Get("aliases"), &Node{}).Items...)
		for _, n := range names {
			name := strings.ToLower(NormalizeSpace(n.Raw))
			if strings.HasPrefix(name, "/") { // Hugo puts the language before an alias
				name = p.Site.Prefix + name
			}
			if other := taken[name]; other != nil && (other != p || strings.HasPrefix(name, "/")) {
				l.fail(n.Place, diagnostic.RuleFrontMatter, "%q is already a title or address of %s: reword or remove it", n.Raw, other.File)
			}
			taken[name] = p
		}
		if n := p.FrontMatter.Get("layout"); n != nil && !l.site.HasFile("layouts/"+n.Raw+".html") { // Hugo would use another
			l.fail(n.Place, diagnostic.RuleFrontMatter,
				"there is no layouts/%s.html: remove \"layout\", or name a file in layouts/", n.Raw)
		}
		for _, link := range p.Links {
			rule := diagnostic.RuleLink
			if link.IsImage {
				rule = diagnostic.RulePicture
			}
			if problem := p.linkProblem(link); problem != "" {
				l.fail(link.Place, rule, "%s", problem)
			}
		}
	}
}

// checkHomePages reports a home page or emergency page that is missing or a draft, because Hugo does not. It is silent on a
// page that has a file with another problem.
func (l *loader) checkHomePages() {
	s := l.site
	places := map[string]diagnostic.Place{s.EmergencyURL: s.config.Get("params", "emergencyPage").Place}
	places["/"] = diagnostic.Place{File: s.Folder + "/_index.md"} // even if it is the emergency page
	for url, place := range places {
		HasFile := s.HasFile(s.Folder+url+"_index.md") || s.HasFile(s.Folder+strings.TrimSuffix(url, "/")+".md")
		if p := s.byURL[s.Prefix+url]; p != nil && p.Draft || p == nil && !HasFile {
			l.fail(place, diagnostic.RuleConfig,
				"no page is published at %s, where readers look for one: write it, and not as a draft", s.Prefix+url)
		}
	}
}

var pictureName = regexp.MustCompile(`(?i)\.(?:avif|bmp|gif|jpe?g|png|svg|tiff?|webp)$`) // as Hugo's

// linkProblem returns what is wrong with a link and what to write instead, or "". Absolute URLs and fragments are checked
// on the rendered site.
func (p *Page) linkProblem(link Link) string {
	u, err := url.Parse(link.Destination)
	switch {
	case err == nil && link.IsImage && u.IsAbs() && u.Host == "":
		return "this is no picture: write a file of static/, such as /room.jpg, or a drawing, such as figure:do-rest, in small letters"
	case err == nil && link.IsImage && (u.IsAbs() || u.Host != ""):
		return "browsers won't show a picture of another site here: put a copy into static/, and write /" + path.Base(u.Path)
	case err == nil && (u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1"):
		return "this address leads readers to their own computer: link to the file of the page, as in [words](causes.md)"
	case err == nil && (u.Scheme == "mailto" || u.Scheme == "tel" || u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")):
		return ""
	case err != nil || u.IsAbs() || u.Host != "" || strings.HasPrefix(u.Path, "www.") || u.Path+u.Fragment == "":
		return fmt.Sprintf("%q is no address: write that of a file such as causes.md, of a heading such as #heat, "+
			"or a whole one such as https://example.org/", link.Destination)
	case u.Path == "":
		return ""
	}
	return p.pathProblem(u.Path, link.IsImage)
}

// pathProblem is linkProblem for a relative or absolute path to a page or to a file in static/.
func (p *Page) pathProblem(to string, isImage bool) string {
	static := path.Clean("/" + to)
	isAbsolute := strings.HasPrefix(to, "/")
	file := path.Join(path.Dir(p.Path), to)
	if isAbsolute {
		file = static[1:]
	}
	isPage := path.Ext(file) == ".md"
	info, err := os.Stat(filepath.Join(p.Site.Root, "static", static))
	isStatic := err == nil && info.Mode().IsRegular() && !isPage
	isOtherLanguage := func(s *Site) bool { return strings.HasPrefix(file, s.Key+"/") }
	switch target := p.Site.byPath[file]; {
	case !isStatic && slices.ContainsFunc(p.Site.Translations, isOtherLanguage):
		return "links stay in one language, and readers change it at the top of each page: link to a page in " + p.Site.Folder
	case target != nil && target.Draft && !p.Draft:
		return target.File + " is a draft, which is not published: remove the link, or publish the page first"
	case target != nil || isPage && filepath.IsLocal(file) && p.Site.HasFile(p.Site.Folder+"/"+file): // a page with findings
		return ""
	case static == p.Site.Prefix+"/checklist.json": // which a build writes
		return ""
	case isStatic && !isAbsolute:
		return "the file stands in static/: write " + static
	case strings.HasPrefix(static, "/static/"):
		return "files in static/ are linked without its name: write " + strings.TrimPrefix(static, "/static")
	case isStatic && isImage && !pictureName.MatchString(static):
		return "browsers show no such file as a picture: link to it, without the !"
	case isStatic && isImage && info.Size() > 300<<10:
		return fmt.Sprintf("this picture has %d KB, and more than 300 take long on a phone: make it smaller", info.Size()>>10)
	case isStatic:
		return ""
	}
	var files []string
	for _, page := range p.Site.Pages {
		files = append(files, "/"+page.Path)
	}
	return fmt.Sprintf("there is no file %q.%s Link to a file of %s/, as in [words](causes.md), "+
		"or to one of static/, as in /leaflet.pdf", to, diagnostic.DidYouMean("/"+file, files), ContentDir)
}
