package review

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"microsite/tools/diagnostic"
	"microsite/tools/site"
)

// Record is a complete sign-off.
type Record struct {
	By       string
	Role     string
	Reviewed time.Time
	Due      time.Time
	Digest   string // of the text that was signed
}

var recordKeys = []string{"by", "role", "reviewed", "due", "text"}

// digestForm matches what Digest returns.
var digestForm = regexp.MustCompile(`^sha256-[A-Za-z0-9+/]{43}=$`)

// pastDates are the dates that can't be after today, and what days they are.
var pastDates = map[string]string{
	"adapted":  "the text was written or last changed in meaning",
	"reviewed": "of the review",
}

func (r *Report) addError(place diagnostic.Place, rule diagnostic.Rule, format string, args ...any) {
	r.findings = append(r.findings, place.Errorf(rule, format, args...))
}

// readFrontMatter reads what a page says of its review, and adds an error for
// whatever is missing or wrong.
func (r *Report) readFrontMatter(s *site.Site) {
	front := r.Page.FrontMatter
	r.Adapted = r.readDate(front, "adapted")
	if r.Page.Medical {
		r.readSources(s, front.Get("sources"))
		r.readRecord(s, front.Get("review"))
		return
	}
	for _, key := range []string{"sources", "review"} {
		if node := front.Get(key); node != nil {
			r.addError(node.KeyPlace, diagnostic.RuleReview, `%q does not go with "medical: false", `+
				"which says that the page holds no medical text of its own: remove one of them", key)
		}
	}
}

func (r *Report) readSources(s *site.Site, list *site.Node) {
	if list == nil {
		list = &site.Node{Kind: site.Null, KeyPlace: r.Page.FrontMatter.Place}
	}
	if list.Kind != site.List && list.Kind != site.Null {
		r.addError(list.Place, diagnostic.RuleSources, `"sources" must be a list, as in sources: [%s]`, list.Raw)
		return
	}
	if len(list.Items) == 0 {
		r.addError(list.KeyPlace, diagnostic.RuleSources, `"sources" is missing or empty: name where the facts come from, `+
			"as in sources: [KEY], where KEY is one of [params.sources] in %s", site.ConfigFile)
	}
	for _, item := range list.Items {
		source := s.Sources[item.Raw]
		switch {
		case isRunTogether(s, item.Raw):
			r.addError(item.Place, diagnostic.RuleSources, "a comma is missing between the sources in %q: write [%s]",
				item.Raw, strings.Join(strings.Fields(item.Raw), ", "))
			continue
		case item.Kind != site.Text || source == nil:
			known := slices.Sorted(maps.Keys(s.Sources))
			heading := "Known sources, from [params.sources] in " + site.ConfigFile
			r.addError(item.Place, diagnostic.RuleSources, "%s", diagnostic.Unknown("source", item.Raw, heading, known))
			continue
		case slices.Contains(r.Sources, source):
			r.addError(item.Place, diagnostic.RuleSources, "source %q stands twice: keep one", source.Key)
			continue
		case !r.Adapted.IsZero() && source.Reviewed.After(r.Adapted):
			r.addError(item.Place, diagnostic.RuleSources, "source %q was reviewed on %s, after this text was adapted on %s: "+
				"adapt the text to it again, or check the dates", source.Key, Day(source.Reviewed), Day(r.Adapted))
		}
		r.Sources = append(r.Sources, source)
	}
}

// isRunTogether reports whether a text is the keys of several sources, without commas between them.
func isRunTogether(s *site.Site, text string) bool {
	keys := strings.Fields(text)
	isUnknown := func(key string) bool { return s.Sources[key] == nil }
	return len(keys) > 1 && !slices.ContainsFunc(keys, isUnknown)
}

// readRecord reads a sign-off, where there is one and nothing about it is wrong.
func (r *Report) readRecord(s *site.Site, block *site.Node) {
	if block == nil {
		return
	}
	if block.Kind != site.Map {
		r.addError(block.KeyPlace, diagnostic.RuleReview, `"review" must hold %s: let the sign command write it`, strings.Join(recordKeys, ", "))
		return
	}
	findingsBefore := len(r.findings)
	for _, item := range block.Items {
		if !slices.Contains(recordKeys, item.Key) {
			r.addError(item.KeyPlace, diagnostic.RuleReview, "%s", diagnostic.Unknown("key", item.Key, `Known in "review"`, recordKeys))
		}
	}
	record := Record{
		By:       r.readText(block, "by"),
		Role:     r.readText(block, "role"),
		Reviewed: r.readDate(block, "reviewed"),
		Due:      r.readDate(block, "due"),
		Digest:   r.readText(block, "text"),
	}
	if record.Digest != "" && !digestForm.MatchString(record.Digest) {
		r.addError(block.Get("text").Place, diagnostic.RuleReview, `"text" must be a digest, sha256- and 44 characters: let the sign command write it`)
	}
	latest := AddMonths(record.Reviewed, s.IntervalMonths)
	switch {
	case record.Reviewed.IsZero() || record.Due.IsZero(): // reported already
	case !record.Due.After(record.Reviewed):
		r.addError(block.Get("due").Place, diagnostic.RuleDate, `"due" is %s, which is not after the review on %s: write the day of the next review`,
			Day(record.Due), Day(record.Reviewed))
	case record.Due.After(latest):
		r.addError(block.Get("due").Place, diagnostic.RuleDate, `"due" is %s, more than %s after the review on %s: write %s or earlier`,
			Day(record.Due), diagnostic.Plural(s.IntervalMonths, "month"), Day(record.Reviewed), Day(latest))
	}
	if len(r.findings) == findingsBefore {
		r.Record = record
	}
}

// readDate reads a required date. It returns zero where that is missing or wrong.
func (r *Report) readDate(table *site.Node, key string) time.Time {
	node := table.Get(key)
	if node == nil {
		r.addError(table.KeyPlace, diagnostic.RuleDate, "%q is missing: add it as a date, %s: YYYY-MM-DD", key, key)
		return time.Time{}
	}
	date, err := site.ParseDate(node)
	if err != nil {
		r.addError(node.Place, diagnostic.RuleDate, "%q %v", key, err)
	}
	if day, isPast := pastDates[key]; isPast && date.After(r.today) {
		r.addError(node.Place, diagnostic.RuleDate, "%q is %s, which is after today, %s: write the day %s", key, Day(date), Day(r.today), day)
	}
	return date
}

// readText reads a required text of a sign-off.
func (r *Report) readText(block *site.Node, key string) string {
	node := block.Get(key)
	if node == nil {
		r.addError(block.KeyPlace, diagnostic.RuleReview, `%q is missing in "review": `+
			"a sign-off is whole or not there at all; let the sign command write it", key)
		return ""
	}
	if node.Kind != site.Text || strings.TrimSpace(node.Raw) == "" {
		r.addError(node.Place, diagnostic.RuleReview, `%q in "review" must be text: let the sign command write it`, key)
		return ""
	}
	return node.Raw
}

// Sign returns the page's file with a sign-off of the text as it stands now, in
// place of an older one. The record's digest is filled in. Findings, as of today,
// have to be mended first; the error says that the front matter can't be changed safely.
func Sign(s *site.Site, p *site.Page, record Record, today time.Time) ([]byte, []diagnostic.Diagnostic, error) {
	if !p.Medical {
		return nil, []diagnostic.Diagnostic{p.FrontMatter.Get("medical").KeyPlace.Errorf(diagnostic.RuleReview,
			"this page holds no medical text of its own (\"medical: false\"), so there is nothing to sign")}, nil
	}
	record.Digest = Digest(s, p, record)
	format := "review:\n  by: %s\n  role: %s\n  reviewed: %s\n  due: %s\n  text: %s"
	if p.IsTOML {
		format = "[review]\nby = %s\nrole = %s\nreviewed = %s\ndue = %s\ntext = %s"
	}
	quote := strconv.QuoteToGraphic // YAML and TOML read back alike what it makes of text that can be printed
	block := fmt.Sprintf(format, quote(record.By), quote(record.Role), Day(record.Reviewed), Day(record.Due), quote(record.Digest))
	src, err := p.ReplaceTable(s, "review", strings.Split(block, "\n"))
	if err != nil {
		return nil, nil, err
	}
	signed, _ := s.ParsePage(p.File, src) // ReplaceTable has seen that it can be read
	report := judge(s, signed, today)
	if report.State == Invalid {
		return nil, report.findings, nil
	}
	if report.Adapted.After(record.Reviewed) {
		return nil, []diagnostic.Diagnostic{p.FrontMatter.Get("adapted").Place.Errorf(diagnostic.RuleDate, "the text was adapted on %s, "+
			"after the review on %s: review it as it stands now, or correct the day that is wrong", Day(report.Adapted), Day(record.Reviewed))}, nil
	}
	if report.Record != record || report.State == Changed {
		return nil, nil, fmt.Errorf("%s: the sign-off would not read back as %q, %q: "+
			"check name and role for odd characters", p.File, record.By, record.Role)
	}
	return src, nil, nil
}
