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
	origin     origin
}

// origin says where the text of a finding is written.
type origin int

const (
	ownText    origin = iota // in the page's Markdown
	otherText                // in Markdown that another page shows
	layout                   // in layouts, words or settings
	deliberate               // in Markdown, escaped so that it shows
)

// placeFindings traces all findings and returns each once, however many pages show it. Of text that several pages show,
// what counts is what its own page has, or else one other.
func (c *checker) placeFindings() (list []diagnostic.Diagnostic) {
	for i := range c.findings {
		c.trace(&c.findings[i])
	}
	slices.SortFunc(c.findings, func(a, b finding) int {
		p, q := a.reference.place, b.reference.place
		return cmp.Or(cmp.Compare(a.origin, b.origin), strings.Compare(p.File, q.File), cmp.Compare(p.Line, q.Line),
			cmp.Compare(p.Column, q.Column), strings.Compare(a.diagnostic.Message, b.diagnostic.Message))
	})
	isReported := map[diagnostic.Diagnostic]bool{} // by rule and place
	groups, keys := map[string][]finding{}, []string{}
	for _, f := range c.findings {
		d := f.diagnostic
		key := fmt.Sprint(d.Rule, d.Message)
		if f.origin != layout {
			key += fmt.Sprint(d.Place)
		}
		place := diagnostic.Diagnostic{Rule: d.Rule, Place: d.Place}
		file := diagnostic.Diagnostic{Rule: d.Rule, Place: diagnostic.Place{File: d.File}}
		if f.origin == deliberate || f.origin == otherText && (isReported[file] || isReported[place]) {
			continue
		}
		isReported[file] = isReported[file] || f.origin == ownText
		isReported[place] = isReported[place] || d.Line > 0
		if groups[key] == nil {
			keys = append(keys, key)
		}
		groups[key] = append(groups[key], f)
	}
	for _, key := range keys {
		list = append(list, c.merge(groups[key])...)
	}
	return list
}

// merge returns one diagnostic for findings of one message, unless all of them are ignored.
func (c *checker) merge(group []finding) []diagnostic.Diagnostic {
	var source diagnostic.Place
	isLayout := group[0].origin == layout
	if isLayout {
		source = c.findSource(group[0])
	}
	for i := range group {
		group[i].diagnostic.Place = cmp.Or(source, group[i].diagnostic.Place)
	}
	if group = slices.DeleteFunc(group, c.isIgnored); len(group) == 0 {
		return nil
	}
	d := group[0].diagnostic
	d.Message += c.suggestion(group[0])
	group = slices.CompactFunc(group, func(a, b finding) bool { return a.reference.document == b.reference.document })
	if pages := len(group); isLayout && pages > 1 {
		join := "; it"
		if strings.HasSuffix(d.Message, "?") {
			join = " It"
		}
		d.Message = fmt.Sprintf("%s%s stands on %d pages", strings.TrimSuffix(d.Message, "."), join, pages)
		if source.File == "" {
			d.Message += ", so look for it in layouts/ or config.toml"
		}
	}
	return []diagnostic.Diagnostic{d}
}

// trace gives a finding in Markdown its place there.
func (c *checker) trace(f *finding) {
	ref, d := f.reference, &f.diagnostic
	p := c.sources[ref.source]
	if ref.source == "" || p == nil && c.options.Site == nil {
		f.origin = layout
		return
	}
	d.Place = diagnostic.Place{File: path.Join(site.ContentDir, ref.source)}
	if own := c.published[ref.document.sitePath]; own == nil || own.File != d.File {
		f.origin = otherText
	}
	switch {
	case p == nil:
	case f.markup != nil:
		place, _, isEscaped := f.markup.find(p.File, string(p.Source))
		if d.Place = place; isEscaped {
			f.origin = deliberate
		}
	case ref.ordinal > 0 && ref.document.links[ref.source] == len(p.Links):
		d.Place = p.Links[ref.ordinal-1].Place
	}
}

var notShown = regexp.MustCompile("\\\\[!-/:-@\\[-`{-~]|`[^`]+`") // as it is: escaped signs, and code

// find returns the line of a source that holds markup and most of the words that follow it, and how many those are. It is
// escaped where it stands behind a backslash or in code.
func (m *shownMarkup) find(file, source string) (place diagnostic.Place, most int, isEscaped bool) {
	place.File = file
	number := 0
	for line := range strings.Lines(source) {
		number++
		line, _ = normalize(line)
		bare := notShown.ReplaceAllStringFunc(line, func(s string) string { return strings.Trim(s, "\\`") })
		if !strings.Contains(bare, m.Text) {
			continue
		}
		count := 1
		for word := range strings.FieldsSeq(m.after) {
			if strings.Contains(bare, word) {
				count++
			}
		}
		if count > most {
			shown := notShown.ReplaceAllStringFunc(line, func(s string) string { return strings.Repeat(" ", len(s)) })
			at := strings.Index(shown, m.Text)
			most, isEscaped = count, at < 0
			place.Line, place.Column = number, utf8.RuneCountInString(shown[:max(at, 0)])+1
		}
	}
	return place, most, isEscaped
}

// findSource returns where the layouts, words or settings hold what a finding is about: the line that is most like its
// text, or the only place that holds its address between quotes, spaces or signs of a tag.
func (c *checker) findSource(f finding) (place diagnostic.Place) {
	const edge = "\"'`= \t\r\n<>()"
	value, most := f.reference.value, 2
	if f.diagnostic.Rule == diagnostic.RuleDuplicateID || f.diagnostic.Rule == diagnostic.RuleOrphanPage || value == "" || !c.isSlowAllowed() {
		return place
	}
	for name, src := range c.layoutFiles() {
		if f.markup != nil {
			if at, count, _ := f.markup.find(name, src); count > most {
				place, most = at, count
			}
			continue
		}
		for at, end := strings.Index(src, value), 0; at >= end; at = end + strings.Index(src[end:], value) {
			end = at + len(value)
			line := strings.TrimSpace(src[strings.LastIndexByte(src[:at], '\n')+1 : at])
			isOther := at == 0 || end == len(src) || !strings.Contains(edge, src[at-1:at]) || !strings.Contains(edge, src[end:end+1])
			if isOther || strings.HasPrefix(line, "baseURL") || strings.HasPrefix(line, "target") {
				continue // part of another; or where every address comes from, or where one is ignored
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
	if c.layouts != nil {
		return c.layouts
	}
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
	return c.layouts
}

// isSlowAllowed bounds the slow steps for single findings, on a site where everything is broken.
func (c *checker) isSlowAllowed() bool {
	c.slowSteps++
	return c.slowSteps <= 1000
}

// suggestion returns what to add to a message: what was probably meant, or which headings there are.
func (c *checker) suggestion(f finding) (text string) {
	t := f.reference.target
	if t == nil || f.diagnostic.Severity != diagnostic.Error || !c.isSlowAllowed() {
		return ""
	}
	if t.document == nil {
		var paths []string
		for _, d := range c.files {
			if d.sitePath != "/" && t.missing != "" { // which is near to any short path
				paths = append(paths, d.sitePath)
			}
		}
		slices.Sort(paths)
		return diagnostic.DidYouMean(t.missing, paths)
	}
	const most, mostIDs = 12, 1000 // headings in a message; ids to compare with
	near := ""
	if len(t.document.ids) <= mostIDs {
		near = diagnostic.Nearest(f.reference.id(), slices.Sorted(maps.Keys(t.document.ids)))
	}
	if near != "" {
		text = fmt.Sprintf(" Did you mean %q?", "#"+near)
	}
	headings := t.document.headings
	if len(headings) > 1 || len(headings) == 1 && near != headings[0] {
		text += " Its headings: #" + strings.Join(headings[:min(len(headings), most)], ", #")
	}
	return text
}

// isIgnored reports whether somebody has a reason for a finding, and remembers that the reason is needed.
func (c *checker) isIgnored(f finding) (isIgnored bool) {
	for i, ignore := range c.site.Ignores {
		isPage := ignore.Page == f.diagnostic.File || ignore.Page == f.reference.document.sitePath
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
