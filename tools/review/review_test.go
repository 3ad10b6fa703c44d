package review

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"microsite/tools/content"
	"microsite/tools/problem"
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
func load(t *testing.T, page string) *content.Site {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{"config.toml": config, "content/_index.md": page} {
		name = filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s, problems, err := content.Load(root)
	if err != nil || len(problems) > 0 || len(s.Pages) != 1 {
		t.Fatal(err, problems)
	}
	return s
}

// signed is a page that was signed; change is made afterwards.
func signed(t *testing.T, adapted, reviewed, due string, change func(string) string) *content.Site {
	t.Helper()
	page := fmt.Sprintf("---\ntitle: T\ndescription: D\nadapted: %s\nsources: [old]\n---\nWords to sign.\n", adapted)
	record := fmt.Sprintf("review:\n  by: B\n  role: R\n  reviewed: %s\n  due: %s\n  text: %s\n---\nWords", reviewed, due, load(t, page).Pages[0].Digest())
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
		{"2026-11-22", 36, "2029-11-22"}, {"2026-11-22", 0, "2026-11-22"}, {"2026-11-22", 2, "2027-01-22"},
		{"2024-02-29", 12, "2025-02-28"}, {"2024-02-29", 48, "2028-02-29"}, {"2024-02-29", 36, "2027-02-28"}, {"2096-02-29", 48, "2100-02-28"},
		{"2023-02-28", 12, "2024-02-28"}, {"2026-01-31", 1, "2026-02-28"}, {"2024-01-31", 1, "2024-02-29"}, {"2026-01-30", 1, "2026-02-28"},
		{"2026-03-31", 1, "2026-04-30"}, {"2026-08-31", 6, "2027-02-28"}, {"2026-12-31", 2, "2027-02-28"}, {"2026-10-31", 1, "2026-11-30"},
		{"2026-12-31", 12, "2027-12-31"}, {"2026-11-30", 3, "2027-02-28"}, {"2026-11-22", 1200, "2126-11-22"},
	} {
		if got := Day(AddMonths(date(t, c.from), c.months)); got != c.want {
			t.Errorf("%s and %d months is %s, not %s", c.from, c.months, got, c.want)
		}
	}
}

func TestToday(t *testing.T) {
	at := time.Date(2026, 11, 22, 23, 30, 0, 0, time.UTC)
	for zone, want := range map[string]string{"UTC": "2026-11-22", "Europe/London": "2026-11-22", "Pacific/Kiritimati": "2026-11-23", "America/New_York": "2026-11-22"} {
		place, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := Today(at, place); got.Format(time.RFC3339) != want+"T00:00:00Z" {
			t.Errorf("%s: %s, not %s", zone, got, want)
		}
	}
}

func TestOutdated(t *testing.T) {
	site := &content.Site{Interval: 36}
	for _, c := range []struct {
		reviewed, today string
		want            bool
	}{
		{"2022-11-22", "2022-11-22", false}, {"2022-11-22", "2025-11-22", false}, {"2022-11-22", "2025-11-23", true}, {"2022-11-22", "2026-11-22", true},
		{"2024-02-29", "2027-02-28", false}, {"2024-02-29", "2027-03-01", true},
		{"2022-08-31", "2025-08-31", false}, {"2022-08-31", "2025-09-01", true},
	} {
		if got := Outdated(site, &content.Source{Reviewed: date(t, c.reviewed)}, date(t, c.today)); got != c.want {
			t.Errorf("reviewed %s, on %s: %v", c.reviewed, c.today, got)
		}
	}
	if Outdated(site, &content.Source{}, date(t, "2999-01-01")) {
		t.Error("a source without a day has no age")
	}
}

// The states of a signed page, day by day around each boundary.
func TestStates(t *testing.T) {
	for _, c := range []struct {
		adapted, reviewed, due string
		change                 func(string) string
		days                   map[string]State
	}{
		{"2026-11-22", "2026-12-01", "2029-12-01", nil, map[string]State{
			"2026-11-30": Invalid, // before the review
			"2026-12-01": Current, "2029-10-01": Current,
			"2029-10-02": DueSoon,                        // 60 days before
			"2029-11-30": DueSoon, "2029-12-01": DueSoon, // due on the day is due
			"2029-12-02": Overdue, "2030-12-01": Overdue}},
		{"2024-02-29", "2024-02-29", "2027-02-28", nil, map[string]State{ // 29 February and three years
			"2024-02-28": Invalid, "2024-02-29": Current, "2026-12-29": Current, "2026-12-30": DueSoon, "2027-02-28": DueSoon, "2027-03-01": Overdue}},
		{"2024-02-29", "2024-02-29", "2027-03-01", nil, map[string]State{"2024-03-01": Invalid}}, // one day too long
		{"2025-01-01", "2025-12-31", "2028-02-29", nil, map[string]State{ // due on a leap day
			"2027-12-30": Current, "2027-12-31": DueSoon, "2028-02-29": DueSoon, "2028-03-01": Overdue}},
		{"2026-11-22", "2026-12-01", "2026-12-01", nil, map[string]State{"2026-12-01": Invalid}}, // due on the day of the review
		{"2026-12-01", "2026-12-01", "2029-12-01", nil, map[string]State{"2026-12-01": Current}}, // adapted and reviewed on one day
		{"2026-12-02", "2026-12-01", "2029-12-01", nil, map[string]State{ // adapted after the review
			"2026-12-01": Invalid, "2026-12-02": Changed, "2029-12-01": Changed, "2029-12-02": Changed}},
		{"2026-11-22", "2026-12-01", "2029-12-01", func(s string) string { return strings.Replace(s, "to sign", "to change", 1) }, map[string]State{
			"2026-11-30": Invalid, "2026-12-01": Changed, "2029-12-01": Changed, "2029-12-02": Changed}},
		{"2026-11-22", "2026-12-01", "2029-12-01", func(s string) string { return s[:strings.Index(s, "review:")] + "---\n" }, map[string]State{
			"2026-11-21": Invalid, // before it was adapted
			"2026-11-22": Unreviewed, "2036-01-01": Unreviewed}},
		{"2026-11-22", "2026-12-01", "2029-12-01", func(s string) string { return strings.Replace(s, "  role: R\n", "", 1) }, map[string]State{"2026-12-01": Invalid}},
		{"2022-11-21", "2026-12-01", "2029-12-01", nil, map[string]State{"2026-12-01": Invalid}}, // older than its source
		{"2026-11-22", "2026-12-01", "2029-12-01", func(s string) string {
			return strings.Replace(s[:strings.Index(s, "review:")], "sources: [old]", "medical: false", 1) + "---\n"
		}, map[string]State{"2026-12-01": ""}},
	} {
		site := signed(t, c.adapted, c.reviewed, c.due, c.change)
		for on, want := range c.days {
			reports, problems := Check(site, date(t, on), false)
			errs, warnings := problem.Count(problems)
			if reports[0].State != want {
				t.Errorf("adapted %s, reviewed %s, due %s: %s is %q, not %q: %v", c.adapted, c.reviewed, c.due, on, reports[0].State, want, problems)
			}
			// A broken record is an error; changed, overdue and due soon are warnings; the rest is quiet.
			if (want == Invalid) != (errs > 0) || (want == Changed || want == Overdue || want == DueSoon) != (warnings == 1 && errs == 0) {
				t.Errorf("%s on %s: %d errors, %d warnings: %v", want, on, errs, warnings, problems)
			}
			// With -strict each state but current is an error, and an outdated source is one, too.
			strict := 0
			if want != Current && want != "" {
				strict = 1
			}
			_, problems = Check(site, date(t, on), true)
			if errs, warnings := problem.Count(problems); warnings > 0 || errs < strict || strict == 0 && errs > 1 {
				t.Errorf("%s on %s, strict: %v", want, on, problems)
			}
		}
	}
}

// Each quiet or loud state can be raised by itself.
func TestRaised(t *testing.T) {
	changed := func(s string) string { return strings.Replace(s, "to sign", "to change", 1) }
	unsigned := func(s string) string { return s[:strings.Index(s, "review:")] + "---\n" }
	for rule, c := range map[string]struct {
		change func(string) string
		on     string
	}{
		RuleChanged: {changed, "2024-01-01"}, RuleOverdue: {nil, "2025-01-02"}, RuleDueSoon: {nil, "2025-01-01"},
		RuleUnreviewed: {unsigned, "2024-01-01"}, RuleOutdated: {unsigned, "2026-01-01"},
	} {
		site := signed(t, "2023-01-01", "2023-06-01", "2025-01-01", c.change)
		for _, raised := range content.Raisable {
			site.Raised = []string{raised}
			_, problems := Check(site, date(t, c.on), false)
			found := map[string]problem.Severity{}
			for _, p := range problems {
				found[p.Rule] = p.Severity
			}
			if (found[rule] == problem.Error) != (raised == rule) {
				t.Errorf("%s, when %s is raised: %v", rule, raised, problems)
			}
		}
	}
}

func TestReport(t *testing.T) {
	site := signed(t, "2026-11-22", "2026-12-01", "2029-12-01", nil)
	reports, _ := Check(site, date(t, "2026-12-01"), false)
	r := reports[0]
	if r.Page != site.Pages[0] || Day(r.Adapted) != "2026-11-22" || len(r.Sources) != 1 || r.Sources[0] != site.Sources["old"] ||
		r.Review == nil || r.Review.By != "B" || r.Review.Role != "R" || Day(r.Review.Reviewed) != "2026-12-01" || Day(r.Review.Due) != "2029-12-01" || r.Review.Text != r.Page.Digest() {
		t.Errorf("%+v", r)
	}
}
