package content

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/mail"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"

	"microsite/tools/problem"
)

// ConfigFile is the site's configuration, in its root folder.
const ConfigFile = "config.toml"

// OtherConfigs are names under which Hugo looks for settings, too.
var OtherConfigs = []string{"hugo.toml", "hugo.yaml", "hugo.yml", "hugo.json", "config.yaml", "config.yml", "config.json", "config"}

// settings is the closed list of config.toml's own keys. Others of Hugo's move
// pages, change their front matter or bring in text that nothing here checks.
var settings = []string{"baseURL", "title", "locale", "languageCode", "defaultContentLanguage", "timeZone", "copyright", "enableRobotsTXT", "disableKinds",
	"page", "frontmatter", "params", "menus", "mediaTypes", "outputFormats", "outputs", "markup", "minify", "sitemap", "server", "security"}

// Raisable are the rules whose severity config.toml can raise to error.
var Raisable = []string{"changed", "overdue", "due-soon", "unreviewed", "outdated-source"}

var (
	cardType = regexp.MustCompile(`^[a-z]+$`)
	phone    = regexp.MustCompile(`^\+?[0-9][0-9 ]*$`)
)

// config reads the parts of config.toml that the tool has a use for, and
// reports a setting that neither it nor the site's layouts know. ok says
// whether the file could be made sense of.
func (l *loader) config() (ok bool, err error) {
	src, err := os.ReadFile(filepath.Join(l.site.Root, ConfigFile))
	if errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("there is no %s here: run this in the site's root folder", ConfigFile)
	}
	if err != nil || !l.readable(ConfigFile, src) || !l.unmarked(ConfigFile, src) {
		return false, err
	}
	l.site.figures = templates(l.site.Root, "layouts/_partials/figures")
	l.cache.use(src, l.site.figures)
	root, wrong := parseTOML(src)
	if wrong != nil {
		l.add(ConfigFile, wrong.pos, RuleConfig, "%s", wrong.message)
		return false, nil
	}
	for _, name := range OtherConfigs {
		if _, err := os.Stat(filepath.Join(l.site.Root, name)); err == nil {
			l.add(name, Pos{}, RuleConfig, "Hugo reads settings from here, too, and no one checks them: move them into %s", ConfigFile)
		}
	}
	top := fields{l, ConfigFile, RuleConfig, root}
	top.known(settings...)
	top.identity()
	top.sub("menus").menus()
	params := top.sub("params")
	params.known("cards", "emergencyPage", "condition", "review", "emergency", "clinic", "sources", "links", "plain")
	params.reference("emergencyPage", true)
	params.sub("clinic").clinic()
	params.sub("condition").known("name", "alternateName")
	ok = params.cards()
	params.emergency()
	params.sub("review").review()
	params.sub("sources").sources()
	if n := params.table.Get("sources"); n != nil && n.Kind != Map {
		ok = false
	}
	links := params.sub("links")
	links.known("ignore")
	l.site.Ignores = links.ignores("params.links.ignore", "target")
	params.sub("plain").plain()
	key := "en"
	if n := root.Get("defaultContentLanguage"); n != nil {
		key = n.Raw
	}
	if !ok { // every page would seem wrong
		return false, nil
	}
	return true, l.words(key)
}

// unmarked reports a byte order mark: Hugo takes one in a page, and none here.
func (l *loader) unmarked(file string, src []byte) bool {
	if bytes.HasPrefix(src, bom) {
		l.add(file, Pos{1, 1}, RuleEncoding, "an invisible byte order mark stands before this line, and Hugo can't read the file with it: save it as UTF-8 without BOM")
		return false
	}
	return true
}

func (f fields) identity() {
	s := f.site
	s.Title = f.text("title", true)
	s.BaseURL = f.text("baseURL", true)
	if s.BaseURL != "" && !IsBase(s.BaseURL) {
		f.want(f.table.Get("baseURL"), "a whole address such as https://example.org/")
	}
	s.Language = "en"
	for _, key := range []string{"defaultContentLanguage", "languageCode", "locale"} {
		tag := f.text(key, false)
		if tag != "" && !isLanguage(tag) {
			f.want(f.table.Get(key), "the tag of a language, such as en or en-US")
		}
		s.Language = cmp.Or(tag, s.Language)
	}
	if name := f.text("timeZone", false); name != "" {
		zone, err := time.LoadLocation(name)
		if err != nil || name == "Local" { // that of whoever builds
			f.want(f.table.Get("timeZone"), "the name of a time zone such as UTC or America/New_York")
			return
		}
		s.Location = zone
	}
}

// isLanguage says whether a tag is well-formed, by BCP 47, and its language known.
func isLanguage(tag string) bool {
	_, err := language.Parse(tag)
	return err == nil && !strings.Contains(tag, "_")
}

// menus reads the entries of the navigation.
func (f fields) menus() {
	f.known("main")
	for _, f := range f.tables("main", "menus.main") {
		f.known("identifier", "name", "pageRef", "params", "parent", "post", "pre", "title", "url", "weight")
		f.reference("pageRef", f.table.Get("url") == nil)
		f.text("url", false)
		f.text("name", false)
		f.number("weight", 0, 1)
	}
}

// reference takes down a value that names a page: it is looked for when there are pages.
func (f fields) reference(key string, required bool) {
	if f.text(key, required) != "" {
		f.refs = append(f.refs, f.table.Get(key))
	}
}

// references reports settings that name no published page.
func (l *loader) references() {
	byRef := map[string]*Page{}
	var known []string
	for _, p := range l.site.Pages {
		ref := cmp.Or(strings.TrimSuffix(p.URL(), "/"), "/")
		byRef[ref] = p
		if !p.Draft {
			known = append(known, ref)
		}
	}
	for _, n := range l.refs {
		ref := strings.ToLower(strings.TrimSuffix(path.Join("/", n.Raw), ".md")) // as lenient as Hugo
		switch p := byRef[ref]; {
		case ref == "/": // home has seen to it
		case p != nil && p.Draft:
			l.add(ConfigFile, n.Pos, RuleConfig, "%q names %s, which is a draft and not published: name another page, or publish it first", n.Key, p.File)
		case p != nil || slices.ContainsFunc([]string{".md", "/_index.md", "/index.md"}, func(end string) bool {
			return exists(filepath.Join(l.site.Root, Dir, filepath.FromSlash(ref+end))) // a page with a problem of its own
		}):
		default:
			l.add(ConfigFile, n.Pos, RuleConfig, "there is no page %q.%s Published pages: %s", n.Raw, problem.DidYouMean(ref, known), cmp.Or(strings.Join(known, ", "), "(none)"))
		}
	}
}

// home reports a site that would be published without its first page.
func (l *loader) home() {
	const file = Dir + "/_index.md"
	switch p := l.site.Page("_index.md"); {
	case p != nil && p.Draft:
		l.add(file, p.Front.Get("draft").Pos, RuleFrontMatter, "this is the home page, and without it a site can't be published: remove this line")
	case p == nil && !exists(filepath.Join(l.site.Root, file)): // else a problem of its own is reported
		l.add(file, Pos{}, RuleFileName, "there is no home page: write this file, with its title and description")
	}
}

func (f fields) clinic() {
	f.known("name", "phone", "report")
	f.text("name", false)
	f.text("phone", false)
	if report := f.text("report", false); report != "" {
		if a, err := mail.ParseAddress(report); err != nil || a.Address != report || !strings.Contains(report[strings.LastIndex(report, "@"):], ".") {
			f.want(f.table.Get("report"), "an email address such as name@example.org")
		}
	}
}

// whole says whether an address names a site of the web.
func whole(address string) (*url.URL, bool) {
	u, err := url.Parse(address)
	return u, err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != ""
}

// IsBase says whether an address can be that of a site: whole, and nothing
// after its path.
func IsBase(address string) bool {
	u, ok := whole(address)
	if !ok || u.User != nil || u.RawQuery != "" || u.ForceQuery || strings.Contains(address, "#") {
		return false
	}
	port, err := strconv.Atoi(cmp.Or(u.Port(), "443"))
	return err == nil && 0 < port && port < 1<<16
}

// cards says whether the types can be told.
func (f fields) cards() (ok bool) {
	list := f.texts("cards")
	for _, n := range list {
		if !cardType.MatchString(n.Raw) {
			f.report(n.Pos, "a card's type is small letters a to z only, not %q", n.Raw)
		}
		f.site.Cards = append(f.site.Cards, n.Raw)
	}
	n := f.table.Get("cards")
	return n == nil || n.Kind == List && len(list) == len(n.Items)
}

func (f fields) emergency() {
	if n := f.table.Get("emergency"); n == nil || n.Kind == List && len(n.Items) == 0 {
		at := f.table.Pos
		if n != nil {
			at = n.Pos
		}
		f.report(at, "no emergency number is set, and readers look for one: add [[params.emergency]] with number and where")
	}
	for _, f := range f.tables("emergency", "params.emergency") {
		f.known("number", "where")
		if number := f.text("number", true); number != "" && !phone.MatchString(number) {
			f.want(f.table.Get("number"), "a telephone number: digits and spaces, perhaps after a +")
		}
		f.text("where", true)
	}
}

func (f fields) review() {
	f.known("intervalMonths", "dueSoonDays", "errors")
	f.site.Interval = f.number("intervalMonths", f.site.Interval, 1)
	f.site.DueSoon = f.number("dueSoonDays", f.site.DueSoon, 0)
	for _, n := range f.texts("errors") {
		f.site.Raised = append(f.site.Raised, n.Raw)
		if !slices.Contains(Raisable, n.Raw) {
			f.report(n.Pos, "%s", problem.Unknown("rule", n.Raw, "Rules that can be raised", Raisable))
		}
	}
}

func (f fields) sources() {
	for _, n := range f.table.Items {
		if n.Kind != Map {
			f.want(n, "a table with title, publisher, url and reviewed")
			continue
		}
		f := f.of(n)
		f.known("title", "publisher", "url", "reviewed")
		s := &Source{
			Key: n.Key, Title: f.text("title", true), Publisher: f.text("publisher", true), URL: f.text("url", false),
			Reviewed: f.date("reviewed"), Pos: n.Pos,
		}
		if _, ok := whole(s.URL); s.URL != "" && !ok {
			f.want(n.Get("url"), "a whole address such as https://example.org/page")
		}
		f.site.Sources[n.Key] = s
	}
}

func (f fields) plain() {
	f.known("grade", "grades", "sentenceWords", "paragraphSentences", "words", "ignore")
	p := &f.site.Plain
	p.Grade = f.number("grade", 0, 1)
	p.SentenceWords = f.number("sentenceWords", 0, 1)
	p.ParagraphSentences = f.number("paragraphSentences", 0, 1)
	p.Ignores = f.ignores("params.plain.ignore", "text")
	p.Grades, p.Words = map[string]int{}, map[string]string{}
	grades, words := f.sub("grades"), f.sub("words")
	for _, n := range grades.table.Items {
		p.Grades[n.Key] = grades.number(n.Key, 0, 1)
		if path.Ext(n.Key) != ".md" || !exists(filepath.Join(f.site.Root, n.Key)) {
			f.report(n.KeyPos, "there is no page %q: name its file, such as %s/_index.md", n.Key, Dir)
		}
	}
	for _, n := range words.table.Items {
		p.Words[n.Key] = words.text(n.Key, true)
	}
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
