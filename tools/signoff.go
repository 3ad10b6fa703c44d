package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"

	"microsite/tools/content"
	"microsite/tools/problem"
	"microsite/tools/review"
)

// named loads the site and finds the pages of the files named on the command
// line. There are none where config.toml can't be read.
func (t *tool) named(files []string) (s *site, pages []*content.Page, err error) {
	if s, err = t.load(); err != nil || len(s.Pages) == 0 {
		return s, nil, err
	}
	for _, name := range files {
		abs, err := filepath.Abs(filepath.Join(t.dir, name))
		if filepath.IsAbs(name) {
			abs, err = filepath.Abs(name)
		}
		if err != nil {
			return nil, nil, err
		}
		if dir, err := filepath.EvalSymlinks(filepath.Dir(abs)); err == nil {
			abs = filepath.Join(dir, filepath.Base(abs))
		}
		rel, err := filepath.Rel(filepath.Join(s.Root, content.Dir), abs)
		page := s.Page(filepath.ToSlash(rel))
		if err != nil || page == nil {
			var known []string
			for _, p := range s.Pages {
				known = append(known, p.File)
			}
			return nil, nil, usageError{fmt.Errorf("%s is not a page of this site that can be read.%s", name, problem.DidYouMean(name, known))}
		}
		if !slices.Contains(pages, page) {
			pages = append(pages, page)
		}
	}
	return s, pages, nil
}

// person refuses what would not stand on one line of print.
func person(flag, value string) error {
	if strings.TrimSpace(value) == "" || slices.Contains([]string{"NAME", "CREDENTIAL AND ROLE", "TODO"}, strings.ToUpper(value)) { // README's placeholders
		return fmt.Errorf("-%s is missing: give it as -%s \"…\"", flag, flag)
	}
	if !utf8.ValidString(value) || strings.ContainsFunc(value, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }) || len(value) > 200 {
		return fmt.Errorf("-%s must be one short line", flag)
	}
	return nil
}

func (t *tool) sign(_ context.Context, files []string) (int, error) {
	s, pages, err := t.named(files)
	if err != nil {
		return exitFailed, err
	}
	if len(pages) == 0 {
		return t.verdict(s.problems)
	}
	if t.show && len(pages) > 1 {
		return exitFailed, usageError{errors.New("-show takes one file")}
	}
	if t.show {
		for _, p := range pages {
			if _, err := fmt.Fprint(t.stdout, p.SignedText()); err != nil {
				return exitFailed, err
			}
		}
		return exitClean, nil
	}
	if err := cmp.Or(person("by", t.by), person("role", t.role)); err != nil {
		return exitFailed, usageError{err}
	}
	today := review.Today(s.clock, s.Location)
	due := review.AddMonths(today, s.Interval)
	if t.due != "" {
		if due, err = time.Parse(time.DateOnly, t.due); err != nil {
			return exitFailed, usageError{fmt.Errorf("-due %q must be a date, YYYY-MM-DD", t.due)}
		}
	}
	var problems []problem.Problem
	for _, found := range s.problems { // what is wrong with the text itself; an old sign-off is about to go
		if found.Severity == problem.Error && slices.ContainsFunc(pages, func(p *content.Page) bool { return p.File == found.File }) && !aboutSignOff(s, found) {
			problems = append(problems, found)
		}
	}
	signed := map[*content.Page][]byte{}
	for _, p := range pages {
		src, found, err := review.Sign(s.Site, p, t.by, t.role, today, due)
		if err != nil {
			return exitFailed, err
		}
		problems, signed[p] = append(problems, found...), src
	}
	if len(problems) > 0 {
		t.say("Nothing was signed: mend this first.")
		return t.verdict(problems)
	}
	for _, p := range pages {
		if err := replaceFile(filepath.Join(s.Root, filepath.FromSlash(p.File)), signed[p]); err != nil {
			return exitFailed, err
		}
		if old := p.Front.Get("review", "by"); old != nil {
			t.say("The sign-off by %s on %s is replaced.", old.Raw, p.File)
		}
		t.say("Signed %s: %q, %s, by %s (%s), reviewed %s, due %s\n  %s", p.File, p.Title,
			problem.Plural(len(strings.Fields(p.Body)), "word"), t.by, t.role, today.Format(time.DateOnly), due.Format(time.DateOnly), p.Digest())
	}
	return exitClean, nil
}

// aboutSignOff says whether a problem is of the review block, which signing replaces.
func aboutSignOff(s *site, found problem.Problem) bool {
	if found.Rule == review.RuleChanged || found.Rule == review.RuleOverdue || found.Rule == review.RuleDueSoon || found.Rule == review.RuleUnreviewed {
		return true
	}
	for _, p := range s.Pages {
		if p.File == found.File {
			old := p.Front.Get("review")
			return old != nil && (found.Rule == review.RuleReview || found.Rule == content.RuleDate) && old.Holds(found.Line)
		}
	}
	return false
}

func (t *tool) unsign(_ context.Context, files []string) (int, error) {
	s, pages, err := t.named(files)
	if err != nil {
		return exitFailed, err
	}
	if len(pages) == 0 {
		return t.verdict(s.problems)
	}
	for _, p := range pages {
		if p.Front.Get("review") == nil {
			t.say("%s carries no sign-off.", p.File)
			continue
		}
		src, err := review.Unsign(s.Site, p)
		if err != nil {
			return exitFailed, err
		}
		if err := replaceFile(filepath.Join(s.Root, filepath.FromSlash(p.File)), src); err != nil {
			return exitFailed, err
		}
		t.say("Took the sign-off off %s.", p.File)
	}
	return exitClean, nil
}

// replaceFile writes a file whole or not at all, with the rights it had.
func replaceFile(name string, data []byte) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".tmp-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already when all went well
	_, err = f.Write(data)
	if e := f.Chmod(info.Mode().Perm()); err == nil {
		err = e
	}
	if e := f.Sync(); err == nil {
		err = e
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

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
	s, err := t.load()
	if err != nil {
		return exitFailed, err
	}
	if len(s.Pages) == 0 { // config.toml can't be read
		return t.verdict(s.problems)
	}
	today := review.Today(s.clock, s.Location)
	list := dueList{Today: today.Format(time.DateOnly), Pages: []duePage{}, Sources: []dueSource{}}
	if t.format == "github" {
		return exitFailed, usageError{errors.New("unknown -format \"github\": use one of text, json")}
	}
	limit := -1
	if t.within != "" {
		m := within.FindStringSubmatch(t.within)
		if m == nil {
			return exitFailed, usageError{fmt.Errorf("-within %q must be a number of days, such as 90d", t.within)}
		}
		limit, _ = strconv.Atoi(m[1])
	}
	days := func(d time.Time) *int { n := int(d.Sub(today).Hours() / 24); return &n }
	for _, r := range s.reports {
		if !r.Page.Medical {
			continue
		}
		p := duePage{File: r.Page.File, State: r.State, Adapted: r.Adapted.Format(time.DateOnly)}
		if r.Adapted.IsZero() {
			p.Adapted = ""
		}
		if r.Review != nil {
			p.Reviewed, p.Due = r.Review.Reviewed.Format(time.DateOnly), r.Review.Due.Format(time.DateOnly)
			p.By, p.Role, p.DaysLeft = r.Review.By, r.Review.Role, days(r.Review.Due)
		}
		if limit >= 0 && p.DaysLeft != nil && *p.DaysLeft > limit && r.State == review.Current {
			continue
		}
		list.Pages = append(list.Pages, p)
	}
	slices.SortStableFunc(list.Pages, func(a, b duePage) int {
		return cmp.Or(cmp.Compare(slices.Index(review.States, a.State), slices.Index(review.States, b.State)), strings.Compare(a.Due, b.Due))
	})
	for _, source := range s.Sources {
		d := dueSource{Key: source.Key, Title: source.Publisher + ": " + source.Title, Outdated: review.Outdated(s.Site, source, today)}
		if !source.Reviewed.IsZero() {
			d.Reviewed = source.Reviewed.Format(time.DateOnly)
			age := -*days(source.Reviewed)
			d.AgeDays = &age
		}
		list.Sources = append(list.Sources, d)
	}
	slices.SortFunc(list.Sources, func(a, b dueSource) int { // oldest first, those not known last
		return cmp.Or(cmp.Compare(deref(b.AgeDays), deref(a.AgeDays)), strings.Compare(a.Key, b.Key))
	})
	if t.format == "json" {
		enc := json.NewEncoder(t.stdout)
		enc.SetIndent("", "  ")
		return exitClean, enc.Encode(list)
	}
	w := tabwriter.NewWriter(t.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "PAGE\tSTATE\tADAPTED\tREVIEWED\tDUE\tDAYS LEFT\tBY")
	for _, p := range list.Pages {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", p.File, p.State, dash(p.Adapted), dash(p.Reviewed), dash(p.Due), number(p.DaysLeft), dash(strings.TrimPrefix(p.By+", "+p.Role, ", ")))
	}
	fmt.Fprintln(w, "\nSOURCE\tSTATE\tREVIEWED\tAGE IN DAYS\tTITLE")
	for _, d := range list.Sources {
		state := "in date"
		switch {
		case d.Outdated:
			state = "outdated"
		case d.Reviewed == "":
			state = "not known"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", d.Key, state, dash(d.Reviewed), number(d.AgeDays), d.Title)
	}
	return exitClean, w.Flush()
}

func deref(n *int) int {
	if n == nil {
		return -1
	}
	return *n
}

func dash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

func number(n *int) string {
	if n == nil {
		return "–"
	}
	return strconv.Itoa(*n)
}
