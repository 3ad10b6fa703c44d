package rendered

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"microsite/tools/diagnostic"
	"microsite/tools/site"
)

// finding is a diagnostic that has yet to be traced to where an editor can mend it.
type finding struct {
	diagnostic diagnostic.Diagnostic
	reference  reference
	markup     *shownMarkup
}

// origin says where the text of a finding is written.
type origin int

const (
	ownText    origin = iota // in the page's Markdown
	otherText                // in Markdown that another page shows
	layout                   // in layouts, words or settings
	deliberate               // in Markdown, with a backslash so that it shows
	origins
)

// placeFindings traces all findings, and returns each once, however many pages show it.
func (c *checker) placeFindings() []diagnostic.Diagnostic {
	var byOrigin [origins][]finding
	for _, f := range c.findings {
		origin := c.trace(&f)
		byOrigin[origin] = append(byOrigin[origin], f)
	}
	for _, list := range byOrigin {
		slices.SortFunc(list, func(a, b finding) int {
			p, q := a.reference.place, b.reference.place
			return cmp.Or(strings.Compare(p.File, q.File), cmp.Compare(p.Line, q.Line), cmp.Compare(p.Column, q.Column),
				strings.Compare(a.diagnostic.Message, b.diagnostic.Message))
		})
	}
	return slices.Concat(c.placeText(byOrigin[ownText], byOrigin[otherText]), c.placeLayouts(byOrigin[layout]))
}

// trace gives a finding in Markdown its place there, and returns its origin.
func (c *checker) trace(f *finding) origin {
	r, d := f.reference, &f.diagnostic
	p := c.sources[r.source]
	if r.source == "" || p == nil && c.options.Site == nil {
		return layout
	}
	d.Place = diagnostic.Place{File: path.Join(site.ContentDir, r.source)}
	switch {
	case p == nil:
	case f.markup != nil:
		var isEscaped bool
		if d.Place, isEscaped = findMarkup(p, f.markup); isEscaped {
			return deliberate
		}
		d.Message = "this would show as it is written: " + f.markup.Mend
	case d.Rule == diagnostic.RuleDuplicateID:
		for _, id := range p.HeadingIDs { // the last of equal ones is too many
			if id.Name == r.value {
				d.Place = id.Place
			}
		}
	case r.ordinal > 0 && r.document.linkCounts[r.source] == len(p.Links):
		d.Place = p.Links[r.ordinal-1].Place
	}
	if own := c.published[r.document.sitePath()]; own == nil || own.File != d.File {
		return otherText
	}
	return ownText
}

// placeText returns findings in Markdown. Text that several pages show is mended
// in one place: what counts is what its own page finds, or else one other.
func (c *checker) placeText(own, other []finding) (list []diagnostic.Diagnostic) {
	type key struct {
		rule  diagnostic.Rule
		place diagnostic.Place
	}
	isReported := map[key]bool{}
	for i, f := range slices.Concat(own, other) {
		d := f.diagnostic
		file, place := key{d.Rule, diagnostic.Place{File: d.File}}, key{d.Rule, d.Place}
		if i >= len(own) && (isReported[file] || isReported[place]) {
			continue
		}
		isReported[file] = isReported[file] || i < len(own)
		isReported[place] = isReported[place] || d.Line > 0
		if !c.isIgnored(f) {
			d.Message += c.suggestion(f)
			list = append(list, d)
		}
	}
	return list
}

// placeLayouts returns findings that are in no Markdown: one for each message, with
// its place in the layouts, or else in the first of the files that show it.
func (c *checker) placeLayouts(findings []finding) (list []diagnostic.Diagnostic) {
	groups, order := map[string][]finding{}, []string{}
	for _, f := range findings {
		key := string(f.diagnostic.Rule) + f.diagnostic.Message
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], f)
	}
	for _, key := range order {
		group := groups[key]
		source := c.findSource(group[0])
		for i := range group {
			group[i].diagnostic.Place = cmp.Or(source, group[i].diagnostic.Place)
		}
		if group = slices.DeleteFunc(group, c.isIgnored); len(group) == 0 {
			continue
		}
		d := group[0].diagnostic
		d.Message += c.suggestion(group[0])
		group = slices.CompactFunc(group, func(a, b finding) bool { return a.reference.document == b.reference.document })
		if pages := len(group); pages > 1 {
			join := map[bool]string{false: "; it", true: " It"}[strings.HasSuffix(d.Message, "?")]
			d.Message = fmt.Sprintf("%s%s stands on %d pages", strings.TrimSuffix(d.Message, "."), join, pages)
			if source.File == "" {
				d.Message += ", so look for it in layouts/ or config.toml"
			}
		}
		list = append(list, d)
	}
	return list
}

// isIgnored reports whether somebody has a reason for a finding, and remembers that the reason is needed.
func (c *checker) isIgnored(f finding) (isIgnored bool) {
	for i, ignore := range c.site.Ignores {
		isPage := ignore.Page == f.diagnostic.File || ignore.Page == f.reference.document.sitePath()
		if isPage && ignore.Target == f.reference.value {
			c.isIgnoreUsed[i], isIgnored = true, true
		}
	}
	return isIgnored
}

// unusedIgnores reports reasons that no finding needs. Of other sites nothing is known unless they were asked.
func (c *checker) unusedIgnores(hasAsked bool) (list []diagnostic.Diagnostic) {
	for i, ignore := range c.site.Ignores {
		if !c.isIgnoreUsed[i] && (hasAsked || c.parse(ignore.Target, c.baseURL).href == "") {
			list = append(list, ignore.Place.Warningf(diagnostic.RuleUnused,
				"nothing is wrong with %q on %s any more: remove this rule", ignore.Target, ignore.Page))
		}
	}
	return list
}

// maxSlow is how many findings get what takes long, for a site where everything is broken.
const maxSlow = 500

// suggestion returns what to add to a message: what was probably meant, or which headings there are.
func (c *checker) suggestion(f finding) string {
	t := f.reference.target
	if c.suggestions++; t == nil || c.suggestions > maxSlow {
		return ""
	}
	if t.missing != "" {
		return diagnostic.DidYouMean(t.missing, c.sitePaths())
	}
	if f.diagnostic.Rule != diagnostic.RuleFragment || t.document == nil {
		return ""
	}
	_, fragment := splitFragment(f.reference.value)
	isLayouts := func(name string) bool { return strings.HasSuffix(name, "_") }
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(t.document.names)), isLayouts)
	near := diagnostic.Nearest(decode(fragment), names[:min(len(names), 10000)])
	headings := slices.DeleteFunc(t.document.headings, isLayouts)
	more := ""
	if near != "" {
		more = fmt.Sprintf(" Did you mean %q?", "#"+near)
	}
	if len(headings) > 1 || len(headings) == 1 && near == "" {
		more += " Its headings: #" + strings.Join(headings[:min(len(headings), 12)], ", #")
	}
	return more
}

// sitePaths returns the paths of all files but the home page's, which is near to any short path.
func (c *checker) sitePaths() []string {
	if c.paths == nil {
		for path := range c.files {
			if path = strings.TrimPrefix(path, c.subPath); path != "/" {
				c.paths = append(c.paths, path)
			}
		}
		slices.Sort(c.paths)
	}
	return c.paths
}

// findSource returns where the layouts, words or settings hold what a finding is
// about, if one place alone does. An address stands between quotes, spaces or signs of a tag.
func (c *checker) findSource(f finding) (place diagnostic.Place) {
	const edge = "\"'`= \t\r\n<>()"
	value, rule := f.reference.value, f.diagnostic.Rule
	if f.markup != nil {
		value = f.markup.after[:min(len(f.markup.after), 20)]
	}
	if c.searches++; c.searches > maxSlow || value == "" || rule == diagnostic.RuleDuplicateID || rule == diagnostic.RuleOrphanPage {
		return place
	}
	for name, src := range c.layoutFiles() {
		for at, end := strings.Index(src, value), 0; at >= end; at = end + strings.Index(src[end:], value) {
			end = at + len(value)
			line := strings.TrimSpace(src[strings.LastIndexByte(src[:at], '\n')+1 : at])
			isPart := at == 0 || end == len(src) || !strings.Contains(edge, src[at-1:at]) || !strings.Contains(edge, src[end:end+1])
			if f.markup == nil && isPart || strings.HasPrefix(line, "baseURL") || strings.HasPrefix(line, "target") {
				continue // which holds every address; or one that is ignored
			}
			if place.File != "" {
				return diagnostic.Place{}
			}
			place = advance(diagnostic.Place{File: name, Line: 1, Column: 1}, []byte(src[:at]))
		}
	}
	return place
}

// layoutFiles returns the texts of config.toml, i18n/ and layouts/ by file name.
func (c *checker) layoutFiles() map[string]string {
	if c.layouts == nil {
		c.layouts = map[string]string{}
		root := os.DirFS(c.site.Root) // "" has no files
		for _, top := range []string{site.ConfigFile, "i18n", "layouts"} {
			_ = fs.WalkDir(root, top, func(name string, entry fs.DirEntry, err error) error {
				if err == nil && entry.Type().IsRegular() {
					src, _ := fs.ReadFile(root, name) // of what can't be read, Hugo says so
					c.layouts[name] = string(src)
				}
				return nil
			})
		}
	}
	return c.layouts
}

var notShown = regexp.MustCompile("\\\\[!-/:-@\\[-`{-~]|`[^`]+`")

// findMarkup returns where a page's file holds markup: the line with most of the
// words that follow it. It is escaped where a backslash stands before it, or code around it.
func findMarkup(p *site.Page, m *shownMarkup) (place diagnostic.Place, isEscaped bool) {
	place.File = p.File
	number, most := 0, -1
	for line := range strings.Lines(string(p.Source)) {
		number++
		line, _ = normalize(line)
		unescaped := notShown.ReplaceAllStringFunc(line, func(s string) string { return strings.Trim(s, "\\`") })
		if !strings.Contains(unescaped, m.Text) {
			continue
		}
		alike := 0
		for word := range strings.FieldsSeq(m.after) {
			if strings.Contains(unescaped, word) {
				alike++
			}
		}
		if alike <= most {
			continue
		}
		most = alike
		shown := notShown.ReplaceAllStringFunc(line, func(s string) string { return strings.Repeat(" ", len(s)) })
		at := strings.Index(shown, m.Text)
		isEscaped = at < 0
		place.Line, place.Column = number, utf8.RuneCountInString(shown[:max(at, 0)])+1
	}
	return place, isEscaped
}
