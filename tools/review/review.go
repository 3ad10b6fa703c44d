// Package review judges each page's sources, dates and sign-off: is the text
// that is published the text that a clinician signed, and is it still in date?
package review

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"microsite/tools/content"
	"microsite/tools/problem"
)

// Rules of this package, as README lists them.
const (
	RuleReview     = "review"
	RuleSources    = "sources"
	RuleChanged    = "changed"
	RuleOverdue    = "overdue"
	RuleDueSoon    = "due-soon"
	RuleUnreviewed = "unreviewed"
	RuleOutdated   = "outdated-source"
)

// Rules are those by which a page is judged here, and judged anew when it is signed.
var Rules = []string{content.RuleDate, RuleReview, RuleSources, RuleChanged, RuleOverdue, RuleDueSoon, RuleUnreviewed}

// State is how a page's sign-off stands.
type State string

// The states, worst first. See States.
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

// Review is a complete sign-off.
type Review struct {
	By, Role      string
	Reviewed, Due time.Time // civil dates, midnight UTC
	Text          string    // digest of the text that was signed
}

// Report is what is known of one page on one day.
type Report struct {
	Page    *content.Page
	State   State     // "" where the page holds no medical text of its own
	Adapted time.Time // zero where the record is broken
	Review  *Review   // nil where there is none, or a broken one
	Sources []*content.Source
}

// Check judges every page of the site on the civil day today.
//
// Not reviewed and outdated are states that whole sites live with, so they are
// no problems unless strict is set or config.toml raises them.
func Check(site *content.Site, today time.Time, strict bool) ([]Report, []problem.Problem) {
	c := &checker{site: site, today: today, strict: strict}
	for _, key := range slices.Sorted(maps.Keys(site.Sources)) {
		c.source(site.Sources[key])
	}
	reports := make([]Report, 0, len(site.Pages))
	for _, p := range site.Pages {
		reports = append(reports, c.page(p))
	}
	return reports, c.problems
}

// Outdated says whether a source's own review is longer ago than the site's
// review interval. A source without a day is not outdated: its age isn't known.
func Outdated(site *content.Site, s *content.Source, today time.Time) bool {
	return !s.Reviewed.IsZero() && today.After(AddMonths(s.Reviewed, site.Interval))
}

// AddMonths moves a civil date by whole months; a day that the month does not
// have becomes its last: 29 February 2024 and 12 months is 28 February 2025.
func AddMonths(d time.Time, months int) time.Time {
	first := time.Date(d.Year(), d.Month()+time.Month(months), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(d.Day(), last)-1)
}

// Today is the civil day of an instant in the site's time zone, as midnight UTC.
func Today(now time.Time, zone *time.Location) time.Time {
	y, m, d := now.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// Day writes a civil date, YYYY-MM-DD; "" for the zero time, a date that isn't known.
func Day(d time.Time) string {
	if d.IsZero() {
		return ""
	}
	return d.Format(time.DateOnly)
}

// Days counts the whole days from one civil date to another; below 0 when to is
// before from.
func Days(from, to time.Time) int { return int(to.Sub(from).Hours() / 24) }

type checker struct {
	site     *content.Site
	today    time.Time
	strict   bool
	problems []problem.Problem
	subject  *content.Page // the page at hand
	failures int           // of its record
}

func (c *checker) add(severity problem.Severity, file string, pos content.Pos, rule, format string, args ...any) {
	c.problems = append(c.problems, pos.Problem(severity, file, rule, format, args...))
}

// fail reports a broken record of the page at hand.
func (c *checker) fail(pos content.Pos, rule, format string, args ...any) {
	c.failures++
	c.add(problem.Error, c.subject.File, pos, rule, format, args...)
}

// state reports a state that is no mistake.
func (c *checker) state(file string, pos content.Pos, rule, format string, args ...any) {
	switch {
	case c.strict || slices.Contains(c.site.Raised, rule):
		c.add(problem.Error, file, pos, rule, format, args...)
	case rule != RuleUnreviewed && rule != RuleOutdated: // with these, whole sites live
		c.add(problem.Warning, file, pos, rule, format, args...)
	}
}

func (c *checker) source(s *content.Source) {
	if s.Reviewed.After(c.today) {
		c.add(problem.Error, content.ConfigFile, s.Pos, content.RuleDate, "source %q was reviewed on %s, which is after today, %s: check the date",
			s.Key, Day(s.Reviewed), Day(c.today))
	} else if Outdated(c.site, s, c.today) {
		c.state(content.ConfigFile, s.Pos, RuleOutdated, "source %q was last reviewed on %s, more than %s ago: see if there is a newer version",
			s.Key, Day(s.Reviewed), problem.Plural(c.site.Interval, "month"))
	}
}

func (c *checker) page(p *content.Page) Report {
	c.subject, c.failures = p, 0
	r := Report{Page: p, Adapted: c.date(p.Front, "adapted")}
	if r.Adapted.After(c.today) {
		c.fail(p.Front.Get("adapted").Pos, content.RuleDate,
			"\"adapted\" is %s, which is after today, %s: write the day the text was written or last changed in meaning",
			Day(r.Adapted), Day(c.today))
	}
	record := p.Front.Get("review")
	if !p.Medical {
		for _, key := range []string{"sources", "review"} {
			if n := p.Front.Get(key); n != nil {
				c.fail(n.KeyPos, RuleReview,
					"%q does not go with \"medical: false\", which says that the page holds no medical text of its own: remove one of them", key)
			}
		}
		return r
	}
	r.Sources = c.sources(p, r.Adapted)
	at := p.Front.Pos
	if record != nil {
		r.Review, at = c.record(record), record.KeyPos
	}
	switch r.State = c.judge(p, r); r.State {
	case Changed:
		c.state(p.File, at, RuleChanged, "%s", c.changed(p, r))
	case Overdue:
		c.state(p.File, at, RuleOverdue, "the review was due on %s, %s ago: ask a clinician to review the page, then sign it again",
			Day(r.Review.Due), problem.Plural(Days(r.Review.Due, c.today), "day"))
	case DueSoon:
		c.state(p.File, at, RuleDueSoon, "the review is due on %s, in %s: ask a clinician to review the page",
			Day(r.Review.Due), problem.Plural(Days(c.today, r.Review.Due), "day"))
	case Unreviewed:
		c.state(p.File, at, RuleUnreviewed, "no clinician has signed this page")
	}
	return r
}

func (c *checker) judge(p *content.Page, r Report) State {
	switch {
	case c.failures > 0:
		return Invalid
	case r.Review == nil:
		return Unreviewed
	case r.Review.Text != p.Digest(), r.Adapted.After(r.Review.Reviewed):
		return Changed
	case c.today.After(r.Review.Due):
		return Overdue
	case Days(c.today, r.Review.Due) <= c.site.DueSoon:
		return DueSoon
	}
	return Current
}

func (c *checker) changed(p *content.Page, r Report) string {
	if r.Review.Text == p.Digest() {
		return fmt.Sprintf("the text was adapted on %s, after it was reviewed on %s: ask a clinician to review the page, then sign it again", Day(r.Adapted), Day(r.Review.Reviewed))
	}
	return fmt.Sprintf("the text is not the one that %s signed on %s; to see the change, run: git diff $(git log -1 --format=%%h -S%s -- %s) -- %s",
		r.Review.By, Day(r.Review.Reviewed), r.Review.Text, p.File, p.File)
}

// date reads a required date of the record; a missing or bad one is reported, and zero.
func (c *checker) date(table *content.Node, key string) time.Time {
	n := table.Get(key)
	if n == nil {
		c.fail(table.KeyPos, content.RuleDate, "%q is missing: add it as a date, %s: YYYY-MM-DD", key, key)
		return time.Time{}
	}
	d, err := content.ParseDate(n)
	if err != nil {
		c.fail(n.Pos, content.RuleDate, "%q %v", key, err)
	}
	return d
}

func (c *checker) sources(p *content.Page, adapted time.Time) []*content.Source {
	n := p.Front.Get("sources")
	if n == nil || n.Kind == content.Null || n.Kind == content.List && len(n.Items) == 0 {
		pos := p.Front.Pos
		if n != nil {
			pos = n.KeyPos
		}
		c.fail(pos, RuleSources,
			"\"sources\" is missing or empty: name where the facts come from, as in sources: [KEY], where KEY is one of [params.sources] in %s",
			content.ConfigFile)
		return nil
	}
	if n.Kind != content.List {
		c.fail(n.Pos, RuleSources, "\"sources\" must be a list, as in sources: [%s]", n.Raw)
		return nil
	}
	var out []*content.Source
	seen := map[string]bool{}
	for _, item := range n.Items {
		s := c.site.Sources[item.Raw]
		switch {
		case item.Kind != content.Text || s == nil:
			c.fail(item.Pos, RuleSources, "%s", problem.Unknown("source", item.Raw,
				"Known sources, from [params.sources] in "+content.ConfigFile, slices.Sorted(maps.Keys(c.site.Sources))))
		case seen[item.Raw]:
			c.fail(item.Pos, RuleSources, "source %q stands twice: keep one", item.Raw)
		default:
			out = append(out, s)
			if !adapted.IsZero() && s.Reviewed.After(adapted) {
				c.fail(item.Pos, RuleSources,
					"source %q was reviewed on %s, after this text was adapted on %s: adapt the text to it again, or check the dates",
					s.Key, Day(s.Reviewed), Day(adapted))
			}
		}
		seen[item.Raw] = true
	}
	return out
}

// recordKeys is the closed list of a sign-off; all are required.
var recordKeys = []string{"by", "role", "reviewed", "due", "text"}

// record reads a sign-off; it is nil where anything about it was reported.
func (c *checker) record(n *content.Node) *Review {
	if n.Kind != content.Map {
		c.fail(n.KeyPos, RuleReview, "\"review\" must hold %s: let the sign command write it", strings.Join(recordKeys, ", "))
		return nil
	}
	before := c.failures
	for _, item := range n.Items {
		if !slices.Contains(recordKeys, item.Key) {
			c.fail(item.KeyPos, RuleReview, "%s", problem.Unknown("key", item.Key, "Known in \"review\"", recordKeys))
		}
	}
	r := &Review{By: c.words(n, "by"), Role: c.words(n, "role"), Text: c.words(n, "text"), Reviewed: c.date(n, "reviewed"), Due: c.date(n, "due")}
	if r.Text != "" && !isDigest(r.Text) {
		c.fail(n.Get("text").Pos, RuleReview, "\"text\" must be a digest, sha256- and 44 characters: let the sign command write it")
	}
	if r.Reviewed.After(c.today) {
		c.fail(n.Get("reviewed").Pos, content.RuleDate, "\"reviewed\" is %s, which is after today, %s: write the day of the review",
			Day(r.Reviewed), Day(c.today))
	}
	if !r.Reviewed.IsZero() && !r.Due.IsZero() {
		latest := AddMonths(r.Reviewed, c.site.Interval)
		switch {
		case !r.Due.After(r.Reviewed):
			c.fail(n.Get("due").Pos, content.RuleDate, "\"due\" is %s, which is not after the review on %s: write the day of the next review",
				Day(r.Due), Day(r.Reviewed))
		case r.Due.After(latest):
			c.fail(n.Get("due").Pos, content.RuleDate, "\"due\" is %s, more than %s after the review on %s: write %s or earlier",
				Day(r.Due), problem.Plural(c.site.Interval, "month"), Day(r.Reviewed), Day(latest))
		}
	}
	if c.failures > before {
		return nil
	}
	return r
}

// words reads a required text of a sign-off.
func (c *checker) words(record *content.Node, key string) string {
	v := record.Get(key)
	switch {
	case v == nil:
		c.fail(record.KeyPos, RuleReview, "%q is missing in \"review\": a sign-off is whole or not there at all; let the sign command write it", key)
	case v.Kind != content.Text || strings.TrimSpace(v.Raw) == "":
		c.fail(v.Pos, RuleReview, "%q in \"review\" must be text: let the sign command write it", key)
	default:
		return v.Raw
	}
	return ""
}

func isDigest(s string) bool {
	sum, found := strings.CutPrefix(s, "sha256-")
	b, err := base64.StdEncoding.DecodeString(sum)
	return found && err == nil && len(b) == 32
}
