// Package review judges each page's sources, dates and sign-off: is the text
// that is published the text that a clinician signed, and is it still in date?
package review

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"microsite/tools/diagnostic"
	"microsite/tools/site"
)

// State is how a page's sign-off stands.
type State string

// The states of a page. A page without medical text of its own has none, "".
const (
	Invalid    State = "invalid"
	Changed    State = "changed"
	Overdue    State = "overdue"
	DueSoon    State = "due soon"
	Unreviewed State = "not reviewed"
	Current    State = "current"
)

// States lists every state, worst first.
var States = []State{Invalid, Changed, Overdue, DueSoon, Unreviewed, Current}

// Report is what is known of one page on one day.
type Report struct {
	Page    *site.Page
	State   State
	Adapted time.Time // zero where it is missing or wrong
	Record  *Record   // nil where there is none, or a broken one
	Sources []*site.Source
}

// Check judges every source and page of the site on the civil day today.
//
// Not reviewed and outdated are states that whole sites live with, so they are
// no findings unless strict is set or config.toml raises them.
func Check(s *site.Site, today time.Time, strict bool) ([]Report, []diagnostic.Diagnostic) {
	var findings []diagnostic.Diagnostic
	for _, key := range slices.Sorted(maps.Keys(s.Sources)) {
		findings = append(findings, judgeSource(s, s.Sources[key], today)...)
	}
	var reports []Report
	for _, page := range s.Pages {
		report, list := judgePage(s, page, today)
		reports = append(reports, report)
		findings = append(findings, list...)
	}
	for i, finding := range findings {
		if strict || slices.Contains(s.Raised, finding.Rule) {
			findings[i].Severity = diagnostic.Error
		}
	}
	return reports, slices.DeleteFunc(findings, func(d diagnostic.Diagnostic) bool {
		isQuiet := d.Rule == diagnostic.RuleUnreviewed || d.Rule == diagnostic.RuleOutdatedSource
		return isQuiet && d.Severity == diagnostic.Warning
	})
}

// Summary returns one line on the states that whole sites live with. A text whose
// next review is overdue counts as reviewed, one that was changed does not.
func Summary(s *site.Site, reports []Report, today time.Time) string {
	medical, unreviewed, outdated := 0, 0, 0
	for _, r := range reports {
		if r.State != "" {
			medical++
		}
		if r.State == Invalid || r.State == Changed || r.State == Unreviewed {
			unreviewed++
		}
	}
	for _, source := range s.Sources {
		if IsOutdated(s, source, today) {
			outdated++
		}
	}
	return fmt.Sprintf("Checked %s on %s: %d of %d with medical text are not reviewed by a clinician; %d of %s outdated.",
		diagnostic.Plural(len(s.Pages), "page"), Day(today), unreviewed, medical,
		outdated, diagnostic.Plural(len(s.Sources), "source"))
}

func judgeSource(s *site.Site, source *site.Source, today time.Time) []diagnostic.Diagnostic {
	reviewed := Day(source.Reviewed)
	switch {
	case source.Reviewed.After(today):
		return []diagnostic.Diagnostic{source.Place.Errorf(diagnostic.RuleDate,
			"source %q was reviewed on %s, which is after today, %s: check the date", source.Key, reviewed, Day(today))}
	case IsOutdated(s, source, today):
		return []diagnostic.Diagnostic{source.Place.Warningf(diagnostic.RuleOutdatedSource,
			"source %q was last reviewed on %s, more than %s ago: see if there is a newer version",
			source.Key, reviewed, diagnostic.Plural(s.IntervalMonths, "month"))}
	}
	return nil
}

// judgePage finds a page's state. Errors in what its front matter says of its
// review make that invalid; a warning says that a state other than current is
// to be mended.
func judgePage(s *site.Site, page *site.Page, today time.Time) (Report, []diagnostic.Diagnostic) {
	reader := &recordReader{site: s, page: page, today: today}
	report := reader.read()
	if !page.Medical {
		return report, reader.findings
	}
	place := page.FrontMatter.Place
	if block := page.FrontMatter.Get("review"); block != nil {
		place = block.KeyPlace
	}
	setState := func(state State, rule diagnostic.Rule, format string, args ...any) {
		report.State = state
		reader.findings = append(reader.findings, place.Warningf(rule, format, args...))
	}
	switch record := report.Record; {
	case len(reader.findings) > 0:
		report.State = Invalid
	case record == nil:
		setState(Unreviewed, diagnostic.RuleUnreviewed, "no clinician has signed this page")
	case record.Digest != Digest(page):
		setState(Changed, diagnostic.RuleChanged, "the text is not the one that %s signed on %s; "+
			"to see the change, run: git diff $(git log -1 --format=%%h -S%s -- %[4]s) -- %[4]s",
			record.By, Day(record.Reviewed), record.Digest, page.File)
	case report.Adapted.After(record.Reviewed):
		setState(Changed, diagnostic.RuleChanged, "the text was adapted on %s, after it was reviewed on %s: "+
			"ask a clinician to review the page, then sign it again", Day(report.Adapted), Day(record.Reviewed))
	case today.After(record.Due):
		days := diagnostic.Plural(DaysBetween(record.Due, today), "day")
		setState(Overdue, diagnostic.RuleOverdue, "the review was due on %s, %s ago: "+
			"ask a clinician to review the page, then sign it again", Day(record.Due), days)
	case DaysBetween(today, record.Due) <= s.DueSoonDays:
		days := diagnostic.Plural(DaysBetween(today, record.Due), "day")
		setState(DueSoon, diagnostic.RuleDueSoon, "the review is due on %s, in %s: ask a clinician to review the page", Day(record.Due), days)
	default:
		report.State = Current
	}
	return report, reader.findings
}
