package site

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"microsite/tools/diagnostic"
)

// ConfigFile is the site's configuration, in its root folder.
const ConfigFile = "config.toml"

// OtherConfigFiles are names under which Hugo looks for settings, too.
var OtherConfigFiles = []string{"hugo.toml", "hugo.yaml", "hugo.yml", "hugo.json", "config.yaml", "config.yml", "config.json", "config"}

const maxConfig = 256 << 10 // bytes

// config is what the tool has a use for in config.toml.
type config struct {
	Title, BaseURL, TimeZone                     string
	Locale, LanguageCode, DefaultContentLanguage string
	Params                                       struct {
		Cards         []string
		EmergencyPage string
		Emergency     []EmergencyNumber
		Checklist     struct{ Levels []string }
		Clinic        struct{ Name string }
		Review        struct {
			IntervalMonths, DueSoonDays *int
			Errors                      []diagnostic.Rule
		}
		Sources map[string]*Source
		Links   struct{ Ignore []Ignore }
		Plain   Readability
	}
}

// readConfig reads config.toml. isUsable is false where nothing true could be
// said of any page.
func (l *loader) readConfig() (isUsable bool, err error) {
	src, err := ReadRegular(filepath.Join(l.site.Root, ConfigFile), maxConfig)
	if errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("there is no %s here: run this in the site's root folder", ConfigFile)
	}
	if err != nil {
		return false, err
	}
	file := &textFile{name: ConfigFile, text: src}
	findings, isReadable := checkEncoding(file)
	l.add(findings...)
	if strings.HasPrefix(string(src), byteOrderMark) {
		l.add(file.place(0).Errorf(diagnostic.RuleEncoding,
			"an invisible byte order mark stands before this line, and Hugo can't read the file with it: save it as UTF-8 without BOM"))
		return false, nil
	}
	if !isReadable {
		return false, nil
	}
	root, syntax := parseTOML(file)
	if syntax != nil {
		l.add(syntax.place.Errorf(diagnostic.RuleConfig, "%s", syntax.message))
		return false, nil
	}
	for _, name := range OtherConfigFiles {
		if _, err := os.Stat(filepath.Join(l.site.Root, name)); err == nil {
			l.add(diagnostic.Place{File: name}.Errorf(diagnostic.RuleConfig,
				"Hugo reads settings from here, too, and no one checks them: move them into %s", ConfigFile))
		}
	}
	invalid := validate(root, configSchema(), diagnostic.RuleConfig)
	l.add(invalid...)
	l.root = root
	l.takeConfig()
	return len(invalid) == 0, nil
}

// takeConfig fills the site with the settings.
func (l *loader) takeConfig() {
	var c config
	l.root.decode(&c)
	s := l.site
	s.Clinic = c.Params.Clinic.Name
	s.Title, s.BaseURL, s.Cards, s.Emergency = c.Title, c.BaseURL, c.Params.Cards, c.Params.Emergency
	s.Readability, s.Ignores, s.Raised = c.Params.Plain, c.Params.Links.Ignore, c.Params.Review.Errors
	s.emergencyPath = strings.TrimSuffix(c.Params.EmergencyPage, "/") + "/"
	s.Language = cmp.Or(c.Locale, c.LanguageCode, c.DefaultContentLanguage, "en")
	if zone, err := time.LoadLocation(c.TimeZone); err == nil {
		s.Location = zone
	}
	if months := c.Params.Review.IntervalMonths; months != nil {
		s.IntervalMonths = *months
	}
	if days := c.Params.Review.DueSoonDays; days != nil {
		s.DueSoonDays = *days
	}
	if s.ChecklistLevels = c.Params.Checklist.Levels; s.ChecklistLevels == nil {
		s.ChecklistLevels = s.Cards
	}
	for i, level := range c.Params.Checklist.Levels {
		if !slices.Contains(s.Cards, level) {
			n := l.root.Get("params", "checklist", "levels").Items[i]
			l.add(n.Place.Errorf(diagnostic.RuleConfig, "%s", diagnostic.Unknown("card type", level, "Known types", s.Cards)))
		}
	}
	for key, source := range c.Params.Sources {
		l.takeSource(source, l.root.Get("params", "sources", key))
	}
	for i := range s.Ignores {
		s.Ignores[i].Place = l.root.Get("params", "links", "ignore").Items[i].Place
	}
	for i := range s.Readability.Ignores {
		s.Readability.Ignores[i].Place = l.root.Get("params", "plain", "ignore").Items[i].Place
	}
	for file := range s.Readability.Grades {
		if path.Ext(file) != ".md" || !isFile(filepath.Join(s.Root, filepath.FromSlash(file))) {
			l.add(l.root.Get("params", "plain", "grades", file).KeyPlace.Errorf(diagnostic.RuleConfig,
				"there is no page %q: name its file, such as %s/_index.md", file, ContentDir))
		}
	}
	l.checkLanguage(cmp.Or(c.DefaultContentLanguage, "en"))
}

func (l *loader) takeSource(source *Source, n *Node) {
	if source == nil {
		return
	}
	source.Key, source.Place = n.Key, n.Place
	if day := n.Get("reviewed"); day != nil {
		var err error
		if source.Reviewed, err = ParseDate(day); err != nil {
			l.add(day.Place.Errorf(diagnostic.RuleDate, "%q %v", day.Key, err))
		}
	}
	l.site.Sources[n.Key] = source
}

// checkLanguage reports a language that i18n/ has no words in: Hugo would show
// pages without any, or with those of another language. Hugo looks for words by
// the language's tag, then by its own key of it.
func (l *loader) checkLanguage(key string) {
	entries, err := os.ReadDir(filepath.Join(l.site.Root, "i18n"))
	if err != nil {
		return // a site without words of its own; Hugo reports a missing sentence
	}
	tag := l.site.Language
	language, _, _ := strings.Cut(strings.ToLower(tag), "-")
	for _, e := range entries {
		name, isTOML := strings.CutSuffix(strings.ToLower(e.Name()), ".toml")
		isTried := strings.EqualFold(name, tag) || strings.EqualFold(name, key)
		if main, _, _ := strings.Cut(name, "-"); isTOML && isTried && main == language {
			return
		}
	}
	place := diagnostic.Place{File: ConfigFile}
	for _, setting := range []string{"defaultContentLanguage", "languageCode", "locale"} {
		if n := l.root.Get(setting); n != nil {
			place = n.Place
		}
	}
	l.add(place.Errorf(diagnostic.RuleConfig, "i18n/ has no words for the language %q: write i18n/%s.toml, and set defaultContentLanguage = %q", tag, language, language))
}

// checkEmergencyPage reports a setting that names no published page: Hugo passes it in silence.
func (l *loader) checkEmergencyPage() {
	n := l.root.Get("params", "emergencyPage")
	switch p := l.site.EmergencyPage(); {
	case l.site.emergencyPath == "/": // checkHome reports a home page that is missing or a draft
	case p != nil && p.Draft:
		l.add(n.Place.Errorf(diagnostic.RuleConfig, "%q names %s, which is a draft and not published: name another page, or publish it first", n.Key, p.File))
	case p == nil && !l.hasContent(strings.TrimSuffix(l.site.emergencyPath, "/")+".md"): // else it has a problem of its own
		var published []string
		for _, p := range l.site.Pages {
			if !p.Draft {
				published = append(published, p.URL())
			}
		}
		l.add(n.Place.Errorf(diagnostic.RuleConfig, "there is no page %q.%s Published pages: %s",
			n.Raw, diagnostic.DidYouMean(l.site.emergencyPath, published), cmp.Or(strings.Join(published, ", "), "(none)")))
	}
}

// hasContent reports whether a content file is there, whatever is wrong with it.
func (l *loader) hasContent(file string) bool {
	return isFile(filepath.Join(l.site.Root, ContentDir, filepath.FromSlash(file)))
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}
