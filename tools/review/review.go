// Package review checks each page's sources, dates and sign-off: whether the published text is the one that a clinician
// signed, and whether its next review is due.
package review

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"microsite/tools/diagnostic"
	"microsite/tools/site"
)

// State is the state of a page's sign-off, or "" for a page without medical text of its own.
type State string

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

// Report is the result of checking one page on one day. Its dates are civil dates, as midnight UTC, and zero if they are
// missing or wrong.
type Report struct {
	Page    *site.Page
	State   State
	Adapted time.Time
	Record  Record // zero if there is none or it has an error

	today    time.Time
	findings []diagnostic.Diagnostic
}

// IsSigned reports whether a clinician signed the page's present text, even if the next review is overdue.
func (r Report) IsSigned() bool {
	return r.State == Overdue || r.State == DueSoon || r.State == Current
}

// Check checks every source and page of the site on the civil day today.
//
// Sites may stay unreviewed and their sources outdated for long, so these two are findings only if isStrict is set or
// config.toml makes errors of them.
func Check(s *site.Site, today time.Time, isStrict bool) ([]Report, []diagnostic.Diagnostic) {
	var findings []diagnostic.Diagnostic
	for key, source := range s.Sources {
		if source.Reviewed.After(today) {
			findings = append(findings, source.Place.Errorf(diagnostic.RuleDate,
				"source %q was reviewed on %s, which is after today, %s: check the date", key, Day(source.Reviewed), Day(today)))
		}
		if IsOutdated(s, source, today) {
			findings = append(findings, source.Place.Warningf(diagnostic.RuleOutdatedSource,
				"source %q was last reviewed on %s, more than %s ago: see if there is a newer version",
				key, Day(source.Reviewed), diagnostic.Plural(s.IntervalMonths, "month")))
		}
	}
	var reports []Report
	for _, page := range s.Pages {
		report := CheckPage(page, today)
		reports = append(reports, report)
		findings = append(findings, report.findings...)
	}
	findings = slices.Concat(findings, checkTranslations(s), similarReviewers(reports))
	for i, f := range findings {
		if isStrict || slices.Contains(s.Raised, f.Rule) {
			findings[i].Severity = diagnostic.Error
		}
	}
	return reports, slices.DeleteFunc(findings, func(f diagnostic.Diagnostic) bool {
		return f.Severity == diagnostic.Warning && (f.Rule == diagnostic.RuleUnreviewed || f.Rule == diagnostic.RuleOutdatedSource)
	})
}

// CheckPage returns the report of one page. Errors in its front matter make the state Invalid. Every other state but Current
// comes with a warning that says how to get there.
func CheckPage(page *site.Page, today time.Time) Report {
	r := Report{Page: page, today: today}
	r.readFrontMatter()
	record := r.Record
	warn := func(state State, rule diagnostic.Rule, format string, args ...any) {
		r.State = state
		format += ": ask a clinician to review the page, then sign it"
		r.findings = append(r.findings, keyPlace(page, "review").Warningf(rule, format, args...))
	}
	switch daysLeft := DaysBetween(today, record.Due); {
	case !page.Medical:
	case len(r.findings) > 0:
		r.State = Invalid
	case record == Record{}:
		warn(Unreviewed, diagnostic.RuleUnreviewed, "no clinician has signed this page")
	case record.Digest == computeDigest("1\n"+pageText(page)): // version 1 of signedItems
		warn(Changed, diagnostic.RuleChanged, "this page was signed by an older version of the tool, which covered words alone")
	case record.Digest != Digest(page, record):
		warn(Changed, diagnostic.RuleChanged, "the page is not the one that %s signed on %s (go run ./tools sign --changes %s shows the change)",
			record.By, Day(record.Reviewed), page.File)
	case r.Adapted.After(record.Reviewed):
		warn(Changed, diagnostic.RuleChanged, "the text was adapted on %s, after it was reviewed on %s", Day(r.Adapted), Day(record.Reviewed))
	case daysLeft < 0:
		warn(Overdue, diagnostic.RuleOverdue, "the review was due on %s, %s ago", Day(record.Due), diagnostic.Plural(-daysLeft, "day"))
	case daysLeft <= page.Site.DueSoonDays:
		warn(DueSoon, diagnostic.RuleDueSoon, "the review is due on %s, in %s", Day(record.Due), diagnostic.Plural(daysLeft, "day"))
	default:
		r.State = Current
	}
	return r
}

// keyPlace returns the place of a key in a page's front matter, or of the front matter if the key is missing.
func keyPlace(page *site.Page, key string) diagnostic.Place {
	if node := page.FrontMatter.Get(key); node != nil {
		return node.KeyPlace
	}
	return page.FrontMatter.Place
}

// similarReviewers warns of names that differ from the one on an earlier page only in capitals, spaces and punctuation.
func similarReviewers(reports []Report) (findings []diagnostic.Diagnostic) {
	notInName := regexp.MustCompile(`[^\pL\pN]+`)
	first := map[string]Report{}
	for _, r := range reports {
		name := strings.ToLower(notInName.ReplaceAllString(r.Record.By, ""))
		if other := first[name]; other.Page == nil {
			first[name] = r
		} else if other.Record.By != r.Record.By {
			findings = append(findings, r.Page.FrontMatter.Get("review", "by").Place.Warningf(diagnostic.RuleReview,
				"%q and %q, who signed %s, look like one clinician: spell the name alike and sign again",
				r.Record.By, other.Record.By, other.Page.File))
		}
	}
	return findings
}

// Summary returns one line that counts pages without a valid sign-off and outdated sources. A page whose next review is
// overdue counts as reviewed, a page that was changed does not.
func Summary(s *site.Site, reports []Report, today time.Time) string {
	pages := map[State]int{}
	for _, r := range reports {
		pages[r.State]++
	}
	outdated := 0
	for _, source := range s.Sources {
		if IsOutdated(s, source, today) {
			outdated++
		}
	}
	return fmt.Sprintf("Checked %s on %s: %d of %d with medical text are not reviewed by a clinician; %d of %s outdated.",
		diagnostic.Plural(len(reports), "page"), Day(today), pages[Invalid]+pages[Changed]+pages[Unreviewed],
		len(reports)-pages[""], outdated, diagnostic.Plural(len(s.Sources), "source"))
}

// IsOutdated reports whether a source was last reviewed longer ago than the site's interval. A source whose day is
// unknown is not outdated.
func IsOutdated(s *site.Site, source *site.Source, today time.Time) bool {
	return !source.Reviewed.IsZero() && today.After(AddMonths(source.Reviewed, s.IntervalMonths))
}

// Today returns the civil date of an instant in a time zone, as midnight UTC.
func Today(now time.Time, zone *time.Location) time.Time {
	year, month, day := now.In(zone).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// Day returns a civil date as YYYY-MM-DD, or "" for the zero time.
func Day(date time.Time) string {
	if date.IsZero() {
		return ""
	}
	return date.Format(time.DateOnly)
}

// DaysBetween returns the days from one civil date to another, up to 292 years, the longest time.Duration.
func DaysBetween(from, to time.Time) int { return int(to.Sub(from) / (24 * time.Hour)) }

// AddMonths returns the civil date a number of months later. If that month is too short, it returns the month's last day:
// 12 months after 29 February 2024 is 28 February 2025.
func AddMonths(date time.Time, months int) time.Time {
	last := time.Date(date.Year(), date.Month()+time.Month(months)+1, 0, 0, 0, 0, 0, time.UTC) // day 0 is that before the 1st
	return last.AddDate(0, 0, min(0, date.Day()-last.Day()))
}
