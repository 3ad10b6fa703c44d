// Package site reads a site's config.toml and Markdown files, strictly and with
// the place of everything in them, so that each finding is reported where it is
// written.
package site

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
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

// ContentDir is the folder of the Markdown files, in the site's root folder.
const ContentDir = "content"

// FiguresDir holds the drawings that pages show.
const FiguresDir = ContentDir + "/figures"

// Site is what the tool knows of a site before Hugo runs. Its settings are
// read from the tables of config.toml by their names.
type Site struct {
	Root            string `json:"-"` // folder that holds config.toml
	Title           string
	BaseURL         string
	Language        string `json:"-"` // BCP 47
	TimeZone        string
	Location        *time.Location `json:"-"` // of the site's civil dates
	Cards           []string       // the closed vocabulary of cards, most urgent first
	ChecklistLevels []string       `json:"levels"`        // those whose boxes are on the checklist
	EmergencyURL    string         `json:"emergencyPage"` // as config.toml has it
	Emergency       []EmergencyNumber
	Sources         map[string]*Source
	IntervalMonths  int               // until a review or a source is out of date
	DueSoonDays     int               // before the due day, from which a review is due soon
	Raised          []diagnostic.Rule `json:"errors"`
	Ignores         []Ignore          `json:"ignore"` // findings on links that somebody has a reason for
	Readability     Readability       `json:"plain"`
	Pages           []*Page           `json:"-"` // sorted by weight, then path

	byPath, byURL map[string]*Page
}

// Source is one entry of [params.sources].
type Source struct {
	Key       string `json:"-"`
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
	config   *Node // config.toml
	findings []diagnostic.Diagnostic
}

func (l *loader) fail(place diagnostic.Place, rule diagnostic.Rule, format string, args ...any) {
	l.findings = append(l.findings, place.Errorf(rule, format, args...))
}

// Load reads config.toml and everything under content/. Findings are what an
// editor can mend; an error means that a file or folder could not be read. The
// site has no pages where config.toml can't be made sense of.
func Load(root string) (*Site, []diagnostic.Diagnostic, error) {
	s := &Site{Root: root, Language: "en", Location: time.UTC, IntervalMonths: 36, DueSoonDays: 60, Sources: map[string]*Source{},
		byPath: map[string]*Page{}, byURL: map[string]*Page{}}
	l := &loader{site: s}
	isUsable, err := l.readConfig()
	if err != nil || !isUsable {
		return s, l.findings, err
	}
	if err := l.readPages(); err != nil {
		return nil, nil, err
	}
	l.checkPublished()
	l.checkNames()
	for _, p := range s.Pages {
		l.checkLinks(p)
	}
	return s, l.findings, nil
}

// EmergencyPage returns the page that the emergency box leads to, or nil.
func (s *Site) EmergencyPage() *Page { return s.byURL[s.emergencyURL()] }

func (s *Site) emergencyURL() string { return strings.TrimSuffix(s.EmergencyURL, "/") + "/" }

// Figure returns the text of a drawing in content/figures/.
func (s *Site) Figure(name string) ([]byte, error) {
	return ReadRegular(filepath.Join(s.Root, filepath.FromSlash(FiguresDir), name+".svg"), 1<<20)
}

// hasFile reports whether a regular file is there, whatever is wrong with it.
func (s *Site) hasFile(name string) bool {
	info, err := os.Stat(filepath.Join(s.Root, filepath.FromSlash(name)))
	return err == nil && info.Mode().IsRegular()
}

// readConfig reads config.toml. isUsable is false where nothing true could be
// said of any page.
func (l *loader) readConfig() (isUsable bool, err error) {
	src, err := ReadRegular(filepath.Join(l.site.Root, ConfigFile), 256<<10)
	if err != nil {
		return false, fmt.Errorf("this is no site's root folder: %w", err)
	}
	for _, name := range OtherConfigFiles {
		if _, err := os.Stat(filepath.Join(l.site.Root, name)); err == nil {
			l.fail(diagnostic.Place{File: name}, diagnostic.RuleConfig,
				"Hugo reads settings from here, too, and no one checks them: move them into %s", ConfigFile)
		}
	}
	if !l.checkEncoding(ConfigFile, src) {
		return false, nil
	}
	l.config, isUsable = l.readTree(ConfigFile, src, true, diagnostic.RuleConfig, configSchema())
	if l.config != nil {
		l.takeConfig()
	}
	return isUsable, nil
}

// takeConfig fills the site with the settings, and reports those that name what isn't there.
func (l *loader) takeConfig() {
	s, root := l.site, l.config
	for _, table := range [][]string{{}, {"params"}, {"params", "review"}, {"params", "checklist"}, {"params", "links"}} {
		root.Get(table...).decode(s)
	}
	zone, err := time.LoadLocation(s.TimeZone)
	if err != nil || s.TimeZone == "Local" { // which is that of whoever builds
		l.fail(root.Get("timeZone").Place, diagnostic.RuleConfig, "%q is no time zone: write its name, such as UTC or America/New_York", s.TimeZone)
	} else {
		s.Location = zone
	}
	for i, level := range s.ChecklistLevels {
		if !slices.Contains(s.Cards, level) {
			l.fail(root.Get("params", "checklist", "levels").Items[i].Place, diagnostic.RuleConfig, "%s",
				diagnostic.Unknown("card type", level, "Known types", s.Cards))
		}
	}
	if s.ChecklistLevels == nil {
		s.ChecklistLevels = s.Cards
	}
	for key, source := range s.Sources {
		n := root.Get("params", "sources", key)
		source.Key, source.Place = key, n.Place
		if day := n.Get("reviewed"); day != nil {
			if source.Reviewed, err = ParseDate(day); err != nil {
				l.fail(day.Place, diagnostic.RuleDate, "%q %v", day.Key, err)
			}
		}
	}
	for i := range s.Ignores {
		s.Ignores[i].Place = root.Get("params", "links", "ignore").Items[i].Place
	}
	for i := range s.Readability.Ignores {
		s.Readability.Ignores[i].Place = root.Get("params", "plain", "ignore").Items[i].Place
	}
	// Of a language without words, Hugo would show those of another. A site without i18n/ has no words of its own.
	if n := cmp.Or(root.Get("locale"), root.Get("defaultContentLanguage")); n != nil {
		s.Language = n.Raw
		language, _, _ := strings.Cut(n.Raw, "-")
		if files, _ := fs.Glob(os.DirFS(s.Root), "i18n/*.toml"); files != nil && !slices.Contains(files, "i18n/"+language+".toml") {
			l.fail(n.Place, diagnostic.RuleConfig, "there is no i18n/%s.toml with the words of this language: write it, and set defaultContentLanguage", language)
		}
	}
}
