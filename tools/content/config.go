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
	if err != nil || !l.readable(ConfigFile, src) {
		return false, err
	}
	l.site.figures = templates(l.site.Root, "layouts/_partials/figures")
	l.cache.use(src, l.site.figures)
	root, wrong := parseTOML(bytes.TrimPrefix(src, bom))
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
	params := top.sub("params")
	params.known("cards", "emergencyPage", "condition", "review", "emergency", "clinic", "sources", "links", "plain")
	params.sub("clinic").known("name", "phone", "report")
	params.sub("condition").known("name", "alternateName")
	params.cards()
	params.emergency()
	params.sub("review").review()
	params.sub("sources").sources()
	links := params.sub("links")
	links.known("ignore")
	l.site.Ignores = links.ignores("params.links.ignore", "target")
	params.sub("plain").plain()
	return true, nil
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
		s.Language = cmp.Or(f.text(key, false), s.Language)
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

func (f fields) cards() {
	for _, n := range f.texts("cards") {
		if !cardType.MatchString(n.Raw) {
			f.report(n.Pos, "a card's type is small letters a to z only, not %q", n.Raw)
		}
		f.site.Cards = append(f.site.Cards, n.Raw)
	}
}

func (f fields) emergency() {
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
