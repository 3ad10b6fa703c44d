package content

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"microsite/tools/problem"
)

// ConfigFile is the site's configuration, in its root folder.
const ConfigFile = "config.toml"

// Dir is the folder of the Markdown files, in the site's root folder.
const Dir = "content"

// Rules of this package, as README lists them.
const (
	RuleConfig      = "config"
	RuleEncoding    = "encoding"
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

	figures []string // names of the drawings that pages may show
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
// editor can mend; an error means that a file or folder could not be read.
func Load(root string) (*Site, []problem.Problem, error) {
	return load(root, &Cache{})
}

func load(root string, cache *Cache) (*Site, []problem.Problem, error) {
	s := &Site{Root: root, Location: time.UTC, Interval: 36, DueSoon: 60, Sources: map[string]*Source{}}
	l := &loader{site: s, cache: cache, aliased: map[string]string{}}
	if err := l.config(); errors.Is(err, errUnreadable) {
		return s, l.problems, nil // without it, nothing true can be said of the pages
	} else if err != nil {
		return nil, nil, err
	}
	if err := l.pages(); err != nil {
		return nil, nil, err
	}
	for _, p := range s.Pages {
		l.layout(p)
		l.links(p)
		l.aliases(p)
	}
	return s, l.problems, nil
}

// Page returns the page of a content file such as causes.md, or nil.
func (s *Site) Page(file string) *Page {
	for _, p := range s.Pages {
		if p.Path == file {
			return p
		}
	}
	return nil
}

type loader struct {
	site     *Site
	cache    *Cache
	problems []problem.Problem
	aliased  map[string]string // file by alias
}

func (l *loader) add(file string, pos Pos, rule, format string, args ...any) {
	l.problems = append(l.problems, problem.Problem{
		File: file, Line: pos.Line, Column: pos.Column, Rule: rule,
		Severity: problem.Error, Message: fmt.Sprintf(format, args...),
	})
}

// fields reads typed values out of one table and reports what is amiss there.
type fields struct {
	*loader
	file  string
	rule  string
	table *Node
}

// known reports keys outside the list, naming the one that was probably meant.
func (f fields) known(keys ...string) {
	if f.table == nil || f.table.Kind != Map {
		return
	}
	seen := map[string]bool{}
	for _, n := range f.table.Items {
		if seen[n.Key] {
			f.add(f.file, n.KeyPos, f.rule, "%q stands twice: keep one", n.Key)
		}
		seen[n.Key] = true
		if !slices.Contains(keys, n.Key) {
			f.add(f.file, n.KeyPos, f.rule, "unknown key %q.%s Known here: %s", n.Key, problem.DidYouMean(n.Key, keys), strings.Join(keys, ", "))
		}
	}
}

func (f fields) want(n *Node, what string) {
	f.add(f.file, n.Pos, f.rule, "%q must be %s, not %s", n.Key, what, describe(n))
}

func describe(n *Node) string {
	switch n.Kind {
	case Null:
		return "empty"
	case List, Map:
		return "a " + n.Kind.String()
	}
	return strconv.Quote(n.Raw)
}

// text reads one line of text; required makes its absence a problem.
func (f fields) text(key string, required bool) string {
	n := f.table.Get(key)
	switch {
	case n == nil:
		if required {
			f.add(f.file, f.table.Pos, f.rule, "%q is missing: add it", key)
		}
		return ""
	case n.Kind == Text && strings.ContainsFunc(strings.TrimSpace(n.Raw), unicode.IsControl):
		f.add(f.file, n.Pos, f.rule, "%q must be one line of plain text", key)
	case n.Kind == Text && strings.TrimSpace(n.Raw) != "":
		return n.Raw
	case n.Kind == Scalar: // 2026 or true: Hugo would make another value of it
		f.add(f.file, n.Pos, f.rule, "%q must be text: put quotes around %s", key, n.Raw)
	case required || n.Kind != Text:
		f.want(n, "text")
	}
	return ""
}

func (f fields) boolean(key string, unset bool) bool {
	n := f.table.Get(key)
	if n == nil {
		return unset
	}
	if n.Kind != Scalar || n.Raw != "true" && n.Raw != "false" {
		f.want(n, "true or false, without quotes")
		return unset
	}
	return n.Raw == "true"
}

func (f fields) number(key string, unset, least int) int {
	n := f.table.Get(key)
	if n == nil {
		return unset
	}
	v, err := strconv.Atoi(n.Raw)
	if n.Kind != Scalar || err != nil || v < least {
		f.want(n, fmt.Sprintf("a whole number of at least %d", least))
		return unset
	}
	return v
}

func (f fields) texts(key string) []*Node {
	n := f.table.Get(key)
	if n == nil {
		return nil
	}
	if n.Kind != List {
		f.want(n, "a list")
		return nil
	}
	for _, item := range n.Items {
		if item.Kind != Text || strings.TrimSpace(item.Raw) == "" {
			f.add(f.file, item.Pos, f.rule, "each entry of %q must be text, not %s", key, describe(item))
			return nil
		}
	}
	return n.Items
}

// tables reads a list of tables; heading is what starts each.
func (f fields) tables(key, heading string) (out []fields) {
	n := f.table.Get(key)
	if n == nil {
		return nil
	}
	if n.Kind != List || slices.ContainsFunc(n.Items, func(item *Node) bool { return item.Kind != Map }) {
		f.want(n, "a list of tables: start each with [["+heading+"]]")
		return nil
	}
	for _, item := range n.Items {
		out = append(out, fields{f.loader, f.file, f.rule, item})
	}
	return out
}

// ignores reads rules that leave findings out; target is the key that says which.
func (f fields) ignores(heading, target string) (out []Ignore) {
	for _, f := range f.tables("ignore", heading) {
		f.known("page", target, "reason")
		ignore := Ignore{Page: f.text("page", true), Target: f.text(target, true), Pos: f.table.Pos}
		if f.text("reason", true) != "" && ignore.Page != "" && ignore.Target != "" {
			out = append(out, ignore)
		}
	}
	return out
}

// date reads a civil date; ok is false where there is none.
func (f fields) date(key string) (d time.Time, ok bool) {
	n := f.table.Get(key)
	if n == nil {
		return d, false
	}
	d, err := ParseDate(n)
	if err != nil {
		f.add(f.file, n.Pos, RuleDate, "%q %v", key, err)
		return d, false
	}
	return d, true
}

// errUnreadable is config.toml's after it was reported as a problem.
var errUnreadable = errors.New(ConfigFile + " can't be read")

// config reads the parts of config.toml that the tool has a use for, and
// reports a setting that neither it nor the site's layouts know.
func (l *loader) config() error {
	src, err := os.ReadFile(filepath.Join(l.site.Root, ConfigFile))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no %s here: run this in the site's root folder", ConfigFile)
	}
	if err != nil {
		return err
	}
	if !l.readable(ConfigFile, src) {
		return errUnreadable
	}
	l.site.figures = figures(l.site.Root)
	l.cache.use(src, l.site.figures)
	root, err := parseTOML(bytes.TrimPrefix(src, bom))
	if err != nil {
		l.syntax(ConfigFile, err, 0, RuleConfig)
		return errUnreadable
	}
	s, top := l.site, fields{l, ConfigFile, RuleConfig, root}
	top.known(settings...)
	for _, name := range []string{"hugo.toml", "hugo.yaml", "hugo.yml", "hugo.json", "config.yaml", "config.yml", "config.json", "config"} {
		if _, err := os.Stat(filepath.Join(s.Root, name)); err == nil {
			l.add(name, Pos{}, RuleConfig, "Hugo reads settings from here, too, and no one checks them: move them into %s", ConfigFile)
		}
	}
	s.Title = top.text("title", true)
	s.BaseURL = top.text("baseURL", true)
	if s.BaseURL != "" && !IsBase(s.BaseURL) {
		top.want(root.Get("baseURL"), "a whole address such as https://example.org/")
	}
	s.Language = "en"
	for _, key := range []string{"defaultContentLanguage", "languageCode", "locale"} {
		if v := top.text(key, false); v != "" {
			s.Language = v
		}
	}
	if name := top.text("timeZone", false); name != "" {
		if s.Location, err = time.LoadLocation(name); err != nil || name == "Local" { // that of whoever builds
			s.Location = time.UTC
			top.want(root.Get("timeZone"), "the name of a time zone such as UTC or America/New_York")
		}
	}

	table := func(path ...string) fields {
		n := root.Get(path...)
		if n == nil || n.Kind != Map {
			if n != nil {
				top.want(n, "a table")
			}
			n = &Node{Kind: Map, Pos: Pos{1, 1}}
		}
		return fields{l, ConfigFile, RuleConfig, n}
	}
	params := table("params")
	params.known("cards", "emergencyPage", "condition", "review", "emergency", "clinic", "sources", "links", "plain")
	table("params", "clinic").known("name", "phone", "report")
	table("params", "condition").known("name", "alternateName")
	for _, n := range params.texts("cards") {
		if !cardType.MatchString(n.Raw) {
			l.add(ConfigFile, n.Pos, RuleConfig, "a card's type is small letters a to z only, not %q", n.Raw)
		}
		s.Cards = append(s.Cards, n.Raw)
	}
	review := table("params", "review")
	review.known("intervalMonths", "dueSoonDays", "errors")
	s.Interval = review.number("intervalMonths", s.Interval, 1)
	s.DueSoon = review.number("dueSoonDays", s.DueSoon, 0)
	for _, n := range review.texts("errors") {
		s.Raised = append(s.Raised, n.Raw)
		if !slices.Contains(Raisable, n.Raw) {
			l.add(ConfigFile, n.Pos, RuleConfig, "unknown rule %q.%s Rules that can be raised: %s", n.Raw, problem.DidYouMean(n.Raw, Raisable), strings.Join(Raisable, ", "))
		}
	}
	l.emergency(params)
	links := table("params", "links")
	links.known("ignore")
	s.Ignores = links.ignores("params.links.ignore", "target")
	plain, grades, words := table("params", "plain"), table("params", "plain", "grades"), table("params", "plain", "words")
	plain.known("grade", "grades", "sentenceWords", "paragraphSentences", "words", "ignore")
	s.Plain = Plain{
		Grade: plain.number("grade", 0, 1), SentenceWords: plain.number("sentenceWords", 0, 1), ParagraphSentences: plain.number("paragraphSentences", 0, 1),
		Ignores: plain.ignores("params.plain.ignore", "text"), Grades: map[string]int{}, Words: map[string]string{},
	}
	for _, n := range grades.table.Items {
		if s.Plain.Grades[n.Key] = grades.number(n.Key, 0, 1); path.Ext(n.Key) != ".md" || !exists(filepath.Join(s.Root, filepath.FromSlash(n.Key))) {
			l.add(ConfigFile, n.KeyPos, RuleConfig, "there is no page %q: name its file, such as %s/_index.md", n.Key, Dir)
		}
	}
	for _, n := range words.table.Items {
		s.Plain.Words[n.Key] = words.text(n.Key, true)
	}
	for _, n := range table("params", "sources").table.Items {
		if n.Kind != Map {
			top.want(n, "a table with title, publisher, url and reviewed")
			continue
		}
		f := fields{l, ConfigFile, RuleConfig, n}
		f.known("title", "publisher", "url", "reviewed")
		src := &Source{Key: n.Key, Title: f.text("title", true), Publisher: f.text("publisher", true), URL: f.text("url", false), Pos: n.Pos}
		if u, err := url.Parse(src.URL); src.URL != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
			f.want(n.Get("url"), "a whole address such as https://example.org/page")
		}
		src.Reviewed, _ = f.date("reviewed")
		s.Sources[n.Key] = src
	}
	return nil
}

// settings is the closed list of config.toml's own keys. Others of Hugo's move
// pages, change their front matter or bring in text that nothing here checks.
var settings = []string{"baseURL", "title", "locale", "languageCode", "defaultContentLanguage", "timeZone", "copyright", "enableRobotsTXT", "disableKinds",
	"page", "frontmatter", "params", "menus", "mediaTypes", "outputFormats", "outputs", "markup", "minify", "sitemap", "server", "security"}

// IsBase says whether an address can be that of a site: whole, and nothing
// after its path.
func IsBase(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || strings.Contains(address, "#") {
		return false
	}
	port, err := strconv.Atoi(cmp.Or(u.Port(), "443"))
	return err == nil && 0 < port && port < 1<<16
}

// Raisable are the rules whose severity config.toml can raise to error.
var Raisable = []string{"changed", "overdue", "due-soon", "unreviewed", "outdated-source"}

var (
	cardType = regexp.MustCompile(`^[a-z]+$`)
	phone    = regexp.MustCompile(`^\+?[0-9][0-9 ]*$`)
)

func (l *loader) emergency(params fields) {
	for _, f := range params.tables("emergency", "params.emergency") {
		f.known("number", "where")
		if number := f.text("number", true); number != "" && !phone.MatchString(number) {
			f.want(f.table.Get("number"), "a telephone number: digits and spaces, perhaps after a +")
		}
		f.text("where", true)
	}
}

// fileName is what Hugo publishes under the very same name: no capitals,
// spaces or signs that it would change on the way into an address.
var fileName = regexp.MustCompile(`^(_?index|[a-z0-9]+(-[a-z0-9]+)*)$`)

// otherPages are endings of files that Hugo would publish as pages, too.
var otherPages = []string{".html", ".htm", ".markdown", ".mdown", ".org", ".adoc", ".asciidoc", ".ad", ".rst", ".pandoc", ".pdc", ".gotmpl"}

func (l *loader) pages() error {
	root := filepath.Join(l.site.Root, Dir)
	if info, err := os.Lstat(root); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no %s folder here: run this in the site's root folder", Dir)
	} else if err == nil && !info.IsDir() {
		return fmt.Errorf("%s is not a folder", Dir)
	}
	byURL, kept := map[string]string{}, map[string]*cached{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(l.site.Root, name)
		if err != nil {
			return err
		}
		file := filepath.ToSlash(rel)
		base, ext := path.Base(file), strings.ToLower(path.Ext(file))
		switch {
		case name == root:
			return nil
		case strings.HasPrefix(base, "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case slices.Contains(otherPages, ext):
			l.add(file, Pos{}, RuleFileName, "pages are written in Markdown, in files that end in .md: move this text into one, or the file out of %s", Dir)
			return nil
		case !d.IsDir() && !d.Type().IsRegular():
			l.add(file, Pos{}, RuleFileName, "this is not a regular file: put the file itself here instead of a link to it")
			return nil
		case !d.IsDir() && ext != ".md":
			return nil
		case !fileName.MatchString(strings.TrimSuffix(base, ".md")) || d.IsDir() && ext != "":
			l.add(file, Pos{}, RuleFileName, "rename this: small letters a to z, digits and single hyphens only, such as about-us.md, because the name becomes part of the page's address")
			return nil
		case d.IsDir():
			if !exists(filepath.Join(name, "_index.md")) && !exists(filepath.Join(name, "index.md")) {
				l.add(file, Pos{}, RuleFileName, "this folder has no page of its own: add %s/_index.md", file)
			}
			return nil
		case base == "404.md":
			l.add(file, Pos{}, RuleFileName, "rename this: 404 is the page that is shown where there is none")
			return nil
		}
		p, err := l.cachedPage(file, name, d, kept)
		if p == nil {
			return err
		}
		if other := byURL[p.URL()]; other != "" {
			l.add(file, Pos{}, RuleFileName, "this page and %s would be published at the same address, %s: rename or remove one", other, p.URL())
			return nil
		}
		byURL[p.URL()] = file
		l.site.Pages = append(l.site.Pages, p)
		return nil
	})
	if err == nil {
		l.cache.pages = kept
	}
	if err == nil && len(l.site.Pages) == 0 && len(l.problems) == 0 {
		return fmt.Errorf("%s holds no page: start with %s/_index.md", Dir, Dir)
	}
	slices.SortStableFunc(l.site.Pages, func(a, b *Page) int {
		if a.Weight != b.Weight { // as in Hugo, no weight comes last
			if a.Weight == 0 || b.Weight == 0 {
				return b.Weight - a.Weight
			}
			return a.Weight - b.Weight
		}
		return strings.Compare(a.Path, b.Path)
	})
	return err
}

// readable reports text that no parser should see.
func (l *loader) readable(file string, src []byte) bool {
	for i := 0; i < len(src); {
		r, size := utf8.DecodeRune(src[i:])
		switch {
		case r == utf8.RuneError && size <= 1:
			l.add(file, posAt(src, i), RuleEncoding, "this is not UTF-8 text (byte 0x%02x): save the file as UTF-8", src[i])
			return false
		case r == '\r' && (i+1 == len(src) || src[i+1] != '\n'):
			l.add(file, posAt(src, i), RuleEncoding, "this line ends as lines did on old Macs: save the file with LF or CRLF line ends")
			return false
		case r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f:
			l.add(file, posAt(src, i), RuleEncoding, "this is an invisible control character (0x%02x): delete it", r)
			return false
		}
		i += size
	}
	return true
}

// syntax reports a parser's error; lines is how many lines stand above the
// text that it read.
func (l *loader) syntax(file string, err error, lines int, rule string) {
	pos := Pos{1, 1}
	var se *syntaxError
	if errors.As(err, &se) {
		pos = se.pos
	}
	pos.Line += lines
	l.add(file, pos, rule, "%v", err)
}
