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
	By, Role      string
	Reviewed, Due time.Time
	Digest        string // of SignedText
}

func (r *Report) addError(place diagnostic.Place, rule diagnostic.Rule, format string, args ...any) {
	r.findings = append(r.findings, place.Errorf(rule, format, args...))
}

// readFrontMatter reads the dates, sources and sign-off of a page, and adds an error for each that is missing or wrong.
func (r *Report) readFrontMatter() {
	front := r.Page.FrontMatter
	r.Adapted = r.readDate(front, "adapted")
	if r.Page.Medical {
		r.checkSources(front.Get("sources"))
		r.readRecord(front.Get("review"))
		return
	}
	for _, key := range []string{"sources", "review"} {
		if node := front.Get(key); node != nil {
			r.addError(node.KeyPlace, diagnostic.RuleReview, `%q does not go with "medical: false", `+
				"which says that the page holds no medical text of its own: remove one of them", key)
		}
	}
}

// checkSources checks that a page names known sources, each once, that are not newer than its text.
func (r *Report) checkSources(list *site.Node) {
	if list == nil && r.Page.HasUnknownKey {
		return
	}
	if list == nil || len(list.Items) == 0 || list.Kind != site.List {
		r.addError(keyPlace(r.Page, "sources"), diagnostic.RuleSources, `"sources" must name where the facts come from, `+
			"as in sources: [KEY, KEY], where each KEY is one of [params.sources] in %s", site.ConfigFile)
		return
	}
	for i, item := range list.Items {
		isSame := func(other *site.Node) bool { return other.Raw == item.Raw }
		switch source := r.Page.Site.Sources[item.Raw]; {
		case item.Kind != site.Text:
			r.addError(item.Place, diagnostic.RuleSources, "the key of a source stands in quotes where it looks like a number: %q", item.Raw)
		case source == nil:
			known := slices.Sorted(maps.Keys(r.Page.Site.Sources))
			r.addError(item.Place, diagnostic.RuleSources, "%s",
				diagnostic.Unknown("source", item.Raw, "Known sources in "+site.ConfigFile+", to be separated by commas", known))
		case slices.ContainsFunc(list.Items[:i], isSame):
			r.addError(item.Place, diagnostic.RuleSources, "source %q stands twice: keep one", source.Key)
		case !r.Adapted.IsZero() && source.Reviewed.After(r.Adapted):
			r.addError(item.Place, diagnostic.RuleSources, "source %q was reviewed on %s, after this text was adapted on %s: "+
				"adapt the text to it again, or check the dates", source.Key, Day(source.Reviewed), Day(r.Adapted))
		}
	}
}

var recordKeys = []string{"by", "role", "reviewed", "due", "text"}

// readRecord reads the sign-off of a page into r.Record, which stays zero if there is none or it has an error.
func (r *Report) readRecord(block *site.Node) {
	if block == nil {
		return
	}
	before := len(r.findings)
	fail := func(place diagnostic.Place, problem string) {
		r.addError(place, diagnostic.RuleReview, "%s: a sign-off holds %s, as the sign command writes them",
			problem, strings.Join(recordKeys, ", "))
	}
	if block.Kind != site.Map {
		fail(block.KeyPlace, `"review" is not complete`)
		return
	}
	for _, item := range block.Items {
		if !slices.Contains(recordKeys, item.Key) {
			fail(item.KeyPlace, fmt.Sprintf("unknown key %q", item.Key))
		}
	}
	text := func(key, pattern string) string {
		node := block.Get(key)
		if node == nil {
			fail(block.KeyPlace, fmt.Sprintf("%q is missing", key))
			return ""
		}
		if node.Kind != site.Text || !regexp.MustCompile(pattern).MatchString(node.Raw) {
			fail(node.Place, fmt.Sprintf("%q has the wrong form", key))
		}
		return node.Raw
	}
	record := Record{text("by", `\S`), text("role", `\S`), r.readDate(block, "reviewed"), r.readDate(block, "due"),
		text("text", `^sha256-[A-Za-z0-9+/]{43}=$`)}
	months := r.Page.Site.IntervalMonths
	latest := AddMonths(record.Reviewed, months)
	hasDates := !record.Reviewed.IsZero() && !record.Due.IsZero()
	if hasDates && (!record.Due.After(record.Reviewed) || record.Due.After(latest)) {
		r.addError(block.Get("due").Place, diagnostic.RuleDate, `"due" is %s: write a day after the review on %s, at most %s later, by %s`,
			Day(record.Due), Day(record.Reviewed), diagnostic.Plural(months, "month"), Day(latest))
	}
	if len(r.findings) == before {
		r.Record = record
	}
}

// readDate returns a required date, or zero if it is missing or not a date.
func (r *Report) readDate(table *site.Node, key string) time.Time {
	node := table.Get(key)
	if node == nil {
		if key != "adapted" || !r.Page.HasUnknownKey {
			r.addError(table.KeyPlace, diagnostic.RuleDate, "%q is missing: add it as a date, %s: YYYY-MM-DD", key, key)
		}
		return time.Time{}
	}
	date, err := site.ParseDate(node)
	if err != nil {
		r.addError(node.Place, diagnostic.RuleDate, "%q %v", key, err)
	}
	if key != "due" && date.After(r.today) {
		r.addError(node.Place, diagnostic.RuleDate, "%q is %s, which is after today, %s: check the date", key, Day(date), Day(r.today))
	}
	return date
}

// Sign returns the page's file with a sign-off of its present text, which replaces an older one. It fills in the record's
// digest. It returns findings if the page can't be signed before they are mended, and an error if it can't change the
// front matter safely.
func Sign(p *site.Page, record Record, today time.Time) ([]byte, []diagnostic.Diagnostic, error) {
	if !p.Medical {
		finding := keyPlace(p, "medical").Errorf(diagnostic.RuleReview,
			"this page holds no medical text of its own (\"medical: false\"), so there is nothing to sign")
		return nil, []diagnostic.Diagnostic{finding}, nil
	}
	for _, m := range figureLink.FindAllStringSubmatch(p.Body, -1) {
		if _, err := p.Site.Figure(m[1]); err != nil {
			return nil, nil, fmt.Errorf("%s: the drawing %s can't be read, so nobody can sign it: %w", p.File, m[1], err)
		}
	}
	record.Digest = Digest(p, record)
	format := "review:\n  by: %s\n  role: %s\n  reviewed: %s\n  due: %s\n  text: %s"
	if p.IsTOML {
		format = "[review]\nby = %s\nrole = %s\nreviewed = %s\ndue = %s\ntext = %s"
	}
	quote := strconv.QuoteToGraphic // YAML and TOML read its escapes of printable text alike
	block := fmt.Sprintf(format, quote(record.By), quote(record.Role), Day(record.Reviewed), Day(record.Due), quote(record.Digest))
	src, err := p.ReplaceTable("review", strings.Split(block, "\n"))
	if err != nil {
		return nil, nil, err
	}
	signed, _ := p.Site.ParsePage(p.File, src) // ReplaceTable has checked that this works
	report := CheckPage(signed, today)
	switch {
	case report.State == Invalid:
		return nil, report.findings, nil
	case report.Adapted.After(record.Reviewed):
		finding := p.FrontMatter.Get("adapted").Place.Errorf(diagnostic.RuleDate, "the text was adapted on %s, after the review on %s: "+
			"review it as it stands now, or correct the day", Day(report.Adapted), Day(record.Reviewed))
		return nil, []diagnostic.Diagnostic{finding}, nil
	case report.Record != record || report.State == Changed:
		return nil, nil, fmt.Errorf("%s: the sign-off would not read back as %q, %q: check name and role for odd characters",
			p.File, record.By, record.Role)
	}
	return src, nil, nil
}
