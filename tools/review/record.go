package review

import (
	"maps"
	"slices"
	"strings"
	"time"

	"microsite/tools/diagnostic"
	"microsite/tools/site"
)

// Record is a complete sign-off. Dates are civil dates, midnight UTC.
type Record struct {
	By       string
	Role     string
	Reviewed time.Time
	Due      time.Time
	Digest   string // of the text that was signed
}

var recordKeys = []string{"by", "role", "reviewed", "due", "text"}

// recordReader reads what a page's front matter says of its review, and
// collects an error for whatever is missing or wrong.
type recordReader struct {
	site     *site.Site
	page     *site.Page
	today    time.Time
	findings []diagnostic.Diagnostic
}

func (r *recordReader) addError(place diagnostic.Place, rule diagnostic.Rule, format string, args ...any) {
	r.findings = append(r.findings, place.Errorf(rule, format, args...))
}

// read returns a report without its state.
func (r *recordReader) read() Report {
	front := r.page.FrontMatter
	report := Report{Page: r.page}
	report.Adapted = r.readPastDate(front, "adapted", "the text was written or last changed in meaning")
	for _, key := range []string{"sources", "review"} {
		if node := front.Get(key); node != nil && !r.page.Medical {
			r.addError(node.KeyPlace, diagnostic.RuleReview, `%q does not go with "medical: false", `+
				"which says that the page holds no medical text of its own: remove one of them", key)
		}
	}
	if r.page.Medical {
		report.Sources = r.readSources(front.Get("sources"), report.Adapted)
		report.Record = r.readRecord(front.Get("review"))
	}
	return report
}

func (r *recordReader) readSources(list *site.Node, adapted time.Time) []*site.Source {
	switch {
	case list == nil:
		list = &site.Node{Kind: site.Null, KeyPlace: r.page.FrontMatter.Place}
	case list.Kind != site.List && list.Kind != site.Null:
		r.addError(list.Place, diagnostic.RuleSources, `"sources" must be a list, as in sources: [%s]`, list.Raw)
		return nil
	}
	if len(list.Items) == 0 {
		r.addError(list.KeyPlace, diagnostic.RuleSources, `"sources" is missing or empty: name where the facts come from, `+
			"as in sources: [KEY], where KEY is one of [params.sources] in %s", site.ConfigFile)
	}
	var sources []*site.Source
	for _, item := range list.Items {
		source := r.site.Sources[item.Raw]
		switch {
		case item.Kind != site.Text || source == nil:
			known := slices.Sorted(maps.Keys(r.site.Sources))
			heading := "Known sources, from [params.sources] in " + site.ConfigFile
			r.addError(item.Place, diagnostic.RuleSources, "%s", diagnostic.Unknown("source", item.Raw, heading, known))
		case slices.Contains(sources, source):
			r.addError(item.Place, diagnostic.RuleSources, "source %q stands twice: keep one", source.Key)
		default:
			sources = append(sources, source)
			if !adapted.IsZero() && source.Reviewed.After(adapted) {
				r.addError(item.Place, diagnostic.RuleSources, "source %q was reviewed on %s, after this text was adapted on %s: "+
					"adapt the text to it again, or check the dates", source.Key, Day(source.Reviewed), Day(adapted))
			}
		}
	}
	return sources
}

// readRecord reads a sign-off. It returns nil where there is none, or anything about it is wrong.
func (r *recordReader) readRecord(block *site.Node) *Record {
	if block == nil {
		return nil
	}
	if block.Kind != site.Map {
		r.addError(block.KeyPlace, diagnostic.RuleReview, `"review" must hold %s: let the sign command write it`, strings.Join(recordKeys, ", "))
		return nil
	}
	findingsBefore := len(r.findings)
	for _, item := range block.Items {
		if !slices.Contains(recordKeys, item.Key) {
			r.addError(item.KeyPlace, diagnostic.RuleReview, "%s", diagnostic.Unknown("key", item.Key, `Known in "review"`, recordKeys))
		}
	}
	record := &Record{
		By:       r.readText(block, "by"),
		Role:     r.readText(block, "role"),
		Reviewed: r.readPastDate(block, "reviewed", "of the review"),
		Due:      r.readDate(block, "due"),
		Digest:   r.readText(block, "text"),
	}
	if record.Digest != "" && !digestForm.MatchString(record.Digest) {
		r.addError(block.Get("text").Place, diagnostic.RuleReview, `"text" must be a digest, sha256- and 44 characters: let the sign command write it`)
	}
	r.checkDue(block.Get("due"), record)
	if len(r.findings) > findingsBefore {
		return nil
	}
	return record
}

// checkDue reports a next review that is not within the interval after the last.
func (r *recordReader) checkDue(node *site.Node, record *Record) {
	latest := AddMonths(record.Reviewed, r.site.IntervalMonths)
	switch reviewed, due := Day(record.Reviewed), Day(record.Due); {
	case reviewed == "" || due == "": // reported already
	case !record.Due.After(record.Reviewed):
		r.addError(node.Place, diagnostic.RuleDate, `"due" is %s, which is not after the review on %s: write the day of the next review`, due, reviewed)
	case record.Due.After(latest):
		interval := diagnostic.Plural(r.site.IntervalMonths, "month")
		r.addError(node.Place, diagnostic.RuleDate, `"due" is %s, more than %s after the review on %s: write %s or earlier`, due, interval, reviewed, Day(latest))
	}
}

// readPastDate reads a required date that is not after today; day says which day it is.
func (r *recordReader) readPastDate(table *site.Node, key, day string) time.Time {
	date := r.readDate(table, key)
	if date.After(r.today) {
		r.addError(table.Get(key).Place, diagnostic.RuleDate, "%q is %s, which is after today, %s: write the day %s", key, Day(date), Day(r.today), day)
	}
	return date
}

// readDate reads a required date. It returns zero where that is missing or wrong.
func (r *recordReader) readDate(table *site.Node, key string) time.Time {
	node := table.Get(key)
	if node == nil {
		r.addError(table.KeyPlace, diagnostic.RuleDate, "%q is missing: add it as a date, %s: YYYY-MM-DD", key, key)
		return time.Time{}
	}
	date, err := site.ParseDate(node)
	if err != nil {
		r.addError(node.Place, diagnostic.RuleDate, "%q %v", key, err)
	}
	return date
}

// readText reads a required text of a sign-off. It returns "" where that is missing or wrong.
func (r *recordReader) readText(block *site.Node, key string) string {
	node := block.Get(key)
	switch {
	case node == nil:
		r.addError(block.KeyPlace, diagnostic.RuleReview, `%q is missing in "review": `+
			"a sign-off is whole or not there at all; let the sign command write it", key)
	case node.Kind != site.Text || strings.TrimSpace(node.Raw) == "":
		r.addError(node.Place, diagnostic.RuleReview, `%q in "review" must be text: let the sign command write it`, key)
	default:
		return node.Raw
	}
	return ""
}
