package review

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"microsite/tools/diagnostic"
	"microsite/tools/site"
)

func date(t *testing.T, s string) time.Time {
	t.Helper()
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

const config = `baseURL = "https://t.example/"
title = "T"
[params]
cards = ["do"]
emergencyPage = "/"
emergency = [{number = "112", where = "Here"}]
[params.review]
intervalMonths = 36
dueSoonDays = 60
[params.sources.old]
title = "Old"
publisher = "P"
reviewed = 2022-11-22
[params.sources.undated]
title = "Undated"
publisher = "P"
`

// load reads a site of one page.
func load(t testing.TB, page string) *site.Site {
	t.Helper()
	return loadFiles(t, map[string]string{"config.toml": config, "content/_index.md": page})
}

func loadFiles(t testing.TB, files map[string]string) *site.Site {
	t.Helper()
	root, tree := t.TempDir(), fstest.MapFS{}
	for name, text := range files {
		tree[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
	}
	err := os.CopyFS(root, tree)
	s, findings, loadErr := site.Load(root)
	if err != nil || loadErr != nil || len(findings) > 0 || len(s.Pages) == 0 {
		t.Fatal(err, loadErr, findings)
	}
	return s
}

// loadSigned reads a site of one page that was signed. change is made afterwards.
func loadSigned(t *testing.T, adapted, reviewed, due string, change func(string) string) *site.Site {
	t.Helper()
	page := fmt.Sprintf("---\ntitle: T\ndescription: D\nadapted: %s\nsources: [old]\n---\nWords to sign.\n", adapted)
	s := load(t, page)
	digest := Digest(s.Pages[0], Record{By: "B", Role: "R", Reviewed: date(t, reviewed), Due: date(t, due)})
	record := fmt.Sprintf("review:\n  by: B\n  role: R\n  reviewed: %s\n  due: %s\n  text: %s\n---\nWords", reviewed, due, digest)
	page = strings.Replace(page, "---\nWords", record, 1)
	if change != nil {
		page = change(page)
	}
	return load(t, page)
}

func TestAddMonths(t *testing.T) {
	for _, c := range []struct {
		from   string
		months int
		want   string
	}{
		{"2026-11-22", 36, "2029-11-22"}, {"2026-11-22", 0, "2026-11-22"}, {"2024-02-29", 12, "2025-02-28"}, {"2024-02-29", 48, "2028-02-29"},
		{"2026-01-31", 1, "2026-02-28"}, {"2026-12-31", 2, "2027-02-28"}, {"9999-12-31", 1200, "10099-12-31"},
	} {
		if got := Day(AddMonths(date(t, c.from), c.months)); got != c.want {
			t.Errorf("%s and %d months is %s, not %s", c.from, c.months, got, c.want)
		}
	}
	late := time.Date(2026, 11, 22, 23, 30, 0, 0, time.UTC)
	if !Today(late, time.UTC).Equal(date(t, "2026-11-22")) || !Today(late, time.FixedZone("east", 14*60*60)).Equal(date(t, "2026-11-23")) {
		t.Error("a day depends on the time zone")
	}
}

func changeText(page string) string   { return strings.Replace(page, "to sign", "to change", 1) }
func removeRecord(page string) string { return page[:strings.Index(page, "review:")] + "---\n" }

// TestStates judges a signed page on the days around each boundary.
func TestStates(t *testing.T) {
	for _, c := range []struct {
		adapted, reviewed, due string
		change                 func(string) string
		days                   map[string]State
	}{
		{"2026-11-22", "2026-12-01", "2029-12-01", nil, map[string]State{
			"2026-11-30": Invalid, // before the review
			"2026-12-01": Current, "2029-10-01": Current,
			"2029-10-02": DueSoon, "2029-12-01": DueSoon, // 60 days before; due on the day is due
			"2029-12-02": Overdue, "2030-12-01": Overdue}},
		{"2024-02-29", "2024-02-29", "2027-02-28", nil, map[string]State{ // 29 February and three years
			"2024-02-28": Invalid, "2024-02-29": Current, "2026-12-29": Current, "2026-12-30": DueSoon, "2027-03-01": Overdue}},
		{"2024-02-29", "2024-02-29", "2027-03-01", nil, map[string]State{"2024-03-01": Invalid}}, // one day too long
		{"2026-11-22", "2026-12-01", "2026-12-01", nil, map[string]State{"2026-12-01": Invalid}}, // due on the day of the review
		{"2026-12-02", "2026-12-01", "2029-12-01", nil, map[string]State{ // adapted after the review
			"2026-12-01": Invalid, "2026-12-02": Changed, "2029-12-02": Changed}},
		{"2026-11-22", "2026-12-01", "2029-12-01", changeText, map[string]State{
			"2026-11-30": Invalid, "2026-12-01": Changed, "2029-12-01": Changed, "2029-12-02": Changed}},
		{"2026-11-22", "2026-12-01", "2029-12-01", removeRecord, map[string]State{
			"2026-11-21": Invalid, "2026-11-22": Unreviewed, "2036-01-01": Unreviewed}}, // not before it was adapted
		{"2022-11-21", "2026-12-01", "2029-12-01", nil, map[string]State{"2026-12-01": Invalid}}, // older than its source
		{"2026-11-22", "2026-12-01", "2029-12-01", func(page string) string {
			return strings.Replace(removeRecord(page), "sources: [old]", "medical: false", 1)
		}, map[string]State{"2026-12-01": ""}},
	} {
		s := loadSigned(t, c.adapted, c.reviewed, c.due, c.change)
		for day, want := range c.days {
			name := fmt.Sprintf("adapted %s, reviewed %s, due %s, on %s", c.adapted, c.reviewed, c.due, day)
			reports, findings := Check(s, date(t, day), false)
			errors, warnings := diagnostic.Count(findings)
			if reports[0].State != want {
				t.Errorf("%s: %q, not %q: %v", name, reports[0].State, want, findings)
			}
			// A broken record is an error; changed, overdue and due soon are warnings; nobody hears of the rest.
			isWarned := want == Changed || want == Overdue || want == DueSoon
			if (want == Invalid) != (errors > 0) || isWarned != (warnings == 1 && errors == 0) {
				t.Errorf("%s: %d errors, %d warnings: %v", name, errors, warnings, findings)
			}
			// Strictly, each state but current is an error, and so is the outdated source.
			_, findings = Check(s, date(t, day), true)
			errors, warnings = diagnostic.Count(findings)
			isClean := want == Current || want == ""
			if warnings > 0 || isClean && errors > 1 || !isClean && errors == 0 {
				t.Errorf("%s, strict: %v", name, findings)
			}
		}
	}
}
