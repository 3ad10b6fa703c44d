package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	ics "github.com/arran4/golang-ical"

	"microsite/tools/diagnostic"
	"microsite/tools/review"
)

type dueCommand struct {
	dayFlag
	Within  *days  `placeholder:"TIME" help:"Leave out pages that are current for longer than this, such as 90d."`
	Sources bool   `help:"List the sources, too, by their age."`
	Format  string `enum:"text,json,ics" default:"text" placeholder:"FORMAT" help:"Print as text, json or ics, a calendar."`
}

// dueList is the output of the due command. Unknown dates and numbers are empty.
type dueList struct {
	Today   string      `json:"today"`
	Pages   []duePage   `json:"pages"`             // the most urgent first
	Sources []dueSource `json:"sources,omitempty"` // with --sources, the oldest first
}

// duePage is the state of a page's sign-off.
type duePage struct {
	File     string       `json:"file"`
	State    review.State `json:"state"`
	Adapted  string       `json:"adapted"`
	Reviewed string       `json:"reviewed,omitempty"`
	Due      string       `json:"due,omitempty"`
	By       string       `json:"by,omitempty"`
	Role     string       `json:"role,omitempty"`
	DaysLeft json.Number  `json:"daysLeft,omitempty"` // below 0 when overdue

	title, url string // the URL is relative to the site's address
}

// dueSource is the age of a source.
type dueSource struct {
	Key      string      `json:"key"`
	Title    string      `json:"title"`
	Reviewed string      `json:"reviewed,omitempty"`
	Outdated bool        `json:"outdated"`
	AgeDays  json.Number `json:"ageDays,omitempty"`
}

// Run lists the pages and, with --sources, the sources.
func (c *dueCommand) Run(t *tool) error {
	s, _, err := t.findPages(c.Today, c.Format, nil)
	if err != nil {
		return err
	}
	t.logf("%s", review.Summary(s.Site, s.reports, s.today))
	list := dueList{Today: review.Day(s.today), Pages: listPages(s, c.Within)}
	if c.Sources {
		list.Sources = listSources(s)
	}
	switch c.Format {
	case "json":
		encoder := json.NewEncoder(t.stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(list)
	case "ics":
		return writeCalendar(t.stdout, s, list.Pages)
	}
	return list.print(t.stdout)
}

// listPages returns the pages with medical text, and those that can't be read. A limit leaves out those that are current for more
// days than that.
func listPages(s *checkedSite, limit *days) []duePage {
	list := []duePage{} // not nil, which JSON would make null
	isKnown := map[string]bool{}
	for _, page := range s.AllPages() {
		isKnown[page.File] = true
	}
	for _, f := range s.findings {
		if path.Ext(f.File) == ".md" && f.Severity == diagnostic.Error && !isKnown[f.File] { // it can't be read
			list = append(list, duePage{File: f.File, State: review.Invalid})
			isKnown[f.File] = true
		}
	}
	for _, r := range s.reports {
		isCurrent := limit != nil && r.State == review.Current && review.DaysBetween(s.today, r.Record.Due) > int(*limit)
		if r.Page.Medical && !isCurrent {
			list = append(list, duePage{File: r.Page.File, State: r.State, Adapted: review.Day(r.Adapted),
				Reviewed: review.Day(r.Record.Reviewed), Due: review.Day(r.Record.Due), By: r.Record.By, Role: r.Record.Role,
				DaysLeft: countDays(s.today, r.Record.Due), title: r.Page.Title, url: r.Page.URL()})
		}
	}
	slices.SortStableFunc(list, func(a, b duePage) int {
		return cmp.Or(slices.Index(review.States, a.State)-slices.Index(review.States, b.State), strings.Compare(a.Due, b.Due))
	})
	return list
}

// listSources returns the sources, those of an unknown day last.
func listSources(s *checkedSite) (list []dueSource) {
	for key, source := range s.Sources {
		list = append(list, dueSource{Key: key, Title: source.Publisher + ": " + source.Title, Reviewed: review.Day(source.Reviewed),
			Outdated: review.IsOutdated(s.Site, source, s.today), AgeDays: countDays(source.Reviewed, s.today)})
	}
	slices.SortFunc(list, func(a, b dueSource) int {
		const unknown = "unknown" // sorts after every date
		return cmp.Or(strings.Compare(cmp.Or(a.Reviewed, unknown), cmp.Or(b.Reviewed, unknown)), strings.Compare(a.Key, b.Key))
	})
	return list
}

// countDays returns the number of days between two dates, or "" if one is unknown.
func countDays(from, to time.Time) json.Number {
	if from.IsZero() || to.IsZero() {
		return ""
	}
	return json.Number(strconv.Itoa(review.DaysBetween(from, to)))
}

// writeCalendar writes each review as an all-day event (RFC 5545). An event keeps its UID while its page and day stay the
// same, so that a calendar that reads the list again does not show it twice.
func writeCalendar(out io.Writer, s *checkedSite, pages []duePage) error {
	c := ics.NewCalendarFor("microsite")
	c.SetMethod(ics.MethodPublish)
	for _, p := range pages {
		due, err := time.Parse(time.DateOnly, p.Due)
		if err != nil { // the page is not signed
			continue
		}
		address := strings.TrimSuffix(s.BaseURL, "/") + p.url
		e := c.AddEvent(p.Due + "-" + address)
		e.SetDtStampTime(s.clock)
		e.SetAllDayStartAt(due)
		e.SetSummary("Review due: " + p.title)
		e.SetDescription(fmt.Sprintf("%s\n%s\nLast reviewed on %s by %s (%s)", address, p.File, p.Reviewed, p.By, p.Role))
		e.SetURL(address)
		e.SetTimeTransparency(ics.TransparencyTransparent) // nobody is busy all day
	}
	return c.SerializeTo(out, ics.WithNewLineWindows) // RFC 5545 wants CRLF
}

// print prints the list as tables.
func (l dueList) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(cells ...string) {
		for i := range cells {
			cells[i] = diagnostic.OneLine(cmp.Or(cells[i], "–"))
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	row("PAGE", "STATE", "ADAPTED", "REVIEWED", "DUE", "DAYS LEFT", "BY")
	for _, p := range l.Pages {
		row(p.File, string(p.State), p.Adapted, p.Reviewed, p.Due, string(p.DaysLeft), strings.TrimPrefix(p.By+", "+p.Role, ", "))
	}
	if len(l.Sources) > 0 {
		fmt.Fprintln(w)
		row("SOURCE", "STATE", "REVIEWED", "AGE IN DAYS", "TITLE")
	}
	for _, s := range l.Sources {
		state := map[bool]string{true: "outdated", false: "in date"}[s.Outdated]
		if s.Reviewed == "" {
			state = "not known"
		}
		row(s.Key, state, s.Reviewed, string(s.AgeDays), s.Title)
	}
	return w.Flush()
}
