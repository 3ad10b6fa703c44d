package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"microsite/tools/review"
)

// dueList is what the due command prints as JSON, worst first.
type dueList struct {
	Today   string      `json:"today"`
	Pages   []duePage   `json:"pages"`
	Sources []dueSource `json:"sources"`
}

type duePage struct {
	File     string       `json:"file"`
	State    review.State `json:"state"`
	Adapted  string       `json:"adapted"`
	Reviewed string       `json:"reviewed,omitempty"`
	Due      string       `json:"due,omitempty"`
	By       string       `json:"by,omitempty"`
	Role     string       `json:"role,omitempty"`
	DaysLeft *int         `json:"daysLeft,omitempty"` // below 0 when overdue
}

type dueSource struct {
	Key      string `json:"key"`
	Title    string `json:"title"`
	Reviewed string `json:"reviewed,omitempty"`
	Outdated bool   `json:"outdated"`
	AgeDays  *int   `json:"ageDays,omitempty"`
}

var within = regexp.MustCompile(`^(\d{1,5})d$`)

func (t *tool) dueCommand(_ context.Context, _ []string) (int, error) {
	if t.format == "github" {
		return exitUsage, usageError{errors.New("unknown -format \"github\": use one of text, json")}
	}
	limit := math.MaxInt
	if t.within != "" {
		m := within.FindStringSubmatch(t.within)
		if m == nil {
			return exitUsage, usageError{fmt.Errorf("-within %q must be a number of days, such as 90d", t.within)}
		}
		limit, _ = strconv.Atoi(m[1])
	}
	s, err := t.load()
	if err != nil {
		return exitFailed, err
	}
	if len(s.Pages) == 0 { // config.toml can't be read
		return t.verdict(s.problems)
	}
	list := s.due(limit)
	if t.format == "json" {
		enc := json.NewEncoder(t.stdout)
		enc.SetIndent("", "  ")
		return exitClean, enc.Encode(list)
	}
	return exitClean, list.print(t.stdout)
}

// due lists pages and sources, worst first. Pages that are current for more
// than limit days are left out.
func (s *site) due(limit int) dueList {
	list := dueList{Today: review.Day(s.today), Pages: []duePage{}, Sources: []dueSource{}}
	for _, r := range s.reports {
		if !r.Page.Medical {
			continue
		}
		p := duePage{File: r.Page.File, State: r.State, Adapted: review.Day(r.Adapted)}
		if r.Review != nil {
			left := review.Days(s.today, r.Review.Due)
			if left > limit && r.State == review.Current {
				continue
			}
			p.Reviewed, p.Due, p.DaysLeft = review.Day(r.Review.Reviewed), review.Day(r.Review.Due), &left
			p.By, p.Role = r.Review.By, r.Review.Role
		}
		list.Pages = append(list.Pages, p)
	}
	slices.SortStableFunc(list.Pages, func(a, b duePage) int {
		return cmp.Or(cmp.Compare(slices.Index(review.States, a.State), slices.Index(review.States, b.State)), strings.Compare(a.Due, b.Due))
	})
	for _, source := range s.Sources {
		d := dueSource{Key: source.Key, Title: source.Publisher + ": " + source.Title,
			Reviewed: review.Day(source.Reviewed), Outdated: review.Outdated(s.Site, source, s.today)}
		if d.Reviewed != "" {
			age := review.Days(source.Reviewed, s.today)
			d.AgeDays = &age
		}
		list.Sources = append(list.Sources, d)
	}
	slices.SortFunc(list.Sources, func(a, b dueSource) int {
		const last = "~" // where the day isn't known
		return cmp.Or(cmp.Compare(cmp.Or(a.Reviewed, last), cmp.Or(b.Reviewed, last)), strings.Compare(a.Key, b.Key))
	})
	return list
}

// print writes the list as two tables.
func (l dueList) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(cells ...string) {
		for i := range cells {
			cells[i] = cmp.Or(cells[i], "–")
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	row("PAGE", "STATE", "ADAPTED", "REVIEWED", "DUE", "DAYS LEFT", "BY")
	for _, p := range l.Pages {
		row(p.File, string(p.State), p.Adapted, p.Reviewed, p.Due, number(p.DaysLeft), strings.TrimPrefix(p.By+", "+p.Role, ", "))
	}
	fmt.Fprintln(w)
	row("SOURCE", "STATE", "REVIEWED", "AGE IN DAYS", "TITLE")
	for _, d := range l.Sources {
		state := "in date"
		switch {
		case d.Outdated:
			state = "outdated"
		case d.Reviewed == "":
			state = "not known"
		}
		row(d.Key, state, d.Reviewed, number(d.AgeDays), d.Title)
	}
	return w.Flush()
}

// number writes a number, and nothing for one that isn't known.
func number(n *int) string {
	if n == nil {
		return ""
	}
	return strconv.Itoa(*n)
}
