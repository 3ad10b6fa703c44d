package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
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

// dueList is what the due command prints, worst first. Numbers and dates that aren't known are absent.
type dueList struct {
	Today   string      `json:"today"`
	Pages   []duePage   `json:"pages"`
	Sources []dueSource `json:"sources,omitempty"` // where they are asked for
}

type duePage struct {
	File     string       `json:"file"`
	State    review.State `json:"state"`
	Adapted  string       `json:"adapted"`
	Reviewed string       `json:"reviewed,omitempty"`
	Due      string       `json:"due,omitempty"`
	By       string       `json:"by,omitempty"`
	Role     string       `json:"role,omitempty"`
	DaysLeft json.Number  `json:"daysLeft,omitempty"` // below 0 when overdue

	title, url string // the url is relative to the site's address
}

type dueSource struct {
	Key      string      `json:"key"`
	Title    string      `json:"title"`
	Reviewed string      `json:"reviewed,omitempty"`
	Outdated bool        `json:"outdated"`
	AgeDays  json.Number `json:"ageDays,omitempty"`
}

// Run lists every page with its state, dates, reviewer and days left, and every source with its age where asked.
func (c *dueCommand) Run(t *tool) error {
	s, _, err := t.findPages(c.Today, c.Format, nil)
	if err != nil {
		return err
	}
	t.logf("%s", review.Summary(s.Site, s.reports, s.today))
	list := dueList{Today: review.Day(s.today), Pages: listPagesDue(s, c.Within)}
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

// listPagesDue lists the pages but those that are current for more than a limit, if there is one.
func listPagesDue(s *checkedSite, limit *days) []duePage {
	list := []duePage{}
	for _, r := range s.reports {
		record := r.Record
		daysLeft := review.DaysBetween(s.today, record.Due)
		if !r.Page.Medical || r.State == review.Current && limit != nil && daysLeft > int(*limit) {
			continue
		}
		page := duePage{File: r.Page.File, State: r.State, Adapted: review.Day(r.Adapted), Reviewed: review.Day(record.Reviewed),
			Due: review.Day(record.Due), By: record.By, Role: record.Role, title: r.Page.Title, url: r.Page.URL()}
		if page.Due != "" {
			page.DaysLeft = json.Number(strconv.Itoa(daysLeft))
		}
		list = append(list, page)
	}
	slices.SortStableFunc(list, func(a, b duePage) int {
		byState := slices.Index(review.States, a.State) - slices.Index(review.States, b.State)
		return cmp.Or(byState, strings.Compare(a.Due, b.Due))
	})
	return list
}

// listSources lists the sources, the oldest first and last those whose day isn't known.
func listSources(s *checkedSite) (list []dueSource) {
	for key, source := range s.Sources {
		entry := dueSource{Key: key, Title: source.Publisher + ": " + source.Title, Reviewed: review.Day(source.Reviewed)}
		if entry.Reviewed != "" {
			entry.Outdated = review.IsOutdated(s.Site, source, s.today)
			entry.AgeDays = json.Number(strconv.Itoa(review.DaysBetween(source.Reviewed, s.today)))
		}
		list = append(list, entry)
	}
	slices.SortFunc(list, func(a, b dueSource) int {
		const unknown = "unknown" // comes after every digit
		return cmp.Or(strings.Compare(cmp.Or(a.Reviewed, unknown), cmp.Or(b.Reviewed, unknown)), strings.Compare(a.Key, b.Key))
	})
	return list
}

// writeCalendar writes the reviews as entries of a whole day each, by RFC 5545. An entry keeps its UID as long as page and
// day are the same, so that calendars that read the list again hold none twice.
func writeCalendar(out io.Writer, s *checkedSite, pages []duePage) error {
	c := ics.NewCalendarFor("microsite")
	c.SetMethod(ics.MethodPublish)
	for _, p := range pages {
		due, err := time.Parse(time.DateOnly, p.Due)
		if err != nil { // nobody has signed it
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
