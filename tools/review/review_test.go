package review

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"microsite/tools/diagnostic"
	"microsite/tools/site"
)

// expect reports what is not as it should be.
func expect(t testing.TB, holds bool, format string, args ...any) {
	t.Helper()
	if !holds {
		t.Errorf(format, args...)
	}
}

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
emergency = [{number = "911", where = "There"}, {number = "112", where = "Here"}]
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

// load reads a site of these files.
func load(t testing.TB, files map[string]string) *site.Site {
	t.Helper()
	root, tree := t.TempDir(), fstest.MapFS{}
	for name, text := range files {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	err := os.CopyFS(root, tree)
	s, findings, loadErr := site.Load(root)
	if err != nil || loadErr != nil || len(findings) > 0 || len(s.Pages) == 0 {
		t.Fatal(err, loadErr, findings)
	}
	return s
}

const configFile, pageFile, drawing = "config.toml", "content/_index.md", "content/figures/do-heat.svg"

// signed returns the files of a site of one page that was signed.
func signed(t *testing.T, adapted, reviewed, due string) map[string]string {
	t.Helper()
	const front = "---\ntitle: The title\ndescription: What it is.\nadapted: %s\nsources: [old, undated]\n"
	const body = "---\nWords to sign.\n\n![Heat]( <figure:do-heat> )\n"
	files := map[string]string{configFile: config, pageFile: fmt.Sprintf(front, adapted) + body, drawing: "<svg><path d=\"M1 2\"/></svg>"}
	record := Record{By: "A. Person", Role: "Nurse", Reviewed: date(t, reviewed), Due: date(t, due)}
	files[pageFile] = fmt.Sprintf(front+"review:\n  by: A. Person\n  role: Nurse\n  reviewed: %s\n  due: %s\n  text: %s\n",
		adapted, reviewed, due, Digest(load(t, files).Pages[0], record)) + body
	return files
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
		got := Day(AddMonths(date(t, c.from), c.months))
		expect(t, got == c.want, "%s and %d months is %s, not %s", c.from, c.months, got, c.want)
	}
	late := time.Date(2026, 11, 22, 23, 30, 0, 0, time.UTC)
	if !Today(late, time.UTC).Equal(date(t, "2026-11-22")) || !Today(late, time.FixedZone("east", 14*60*60)).Equal(date(t, "2026-11-23")) {
		t.Error("a day depends on the time zone")
	}
}

func changeText(page string) string   { return strings.Replace(page, "to sign", "to change", 1) }
func removeRecord(page string) string { return page[:strings.Index(page, "review:")] + "---\nWords.\n" }

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
			return strings.Replace(removeRecord(page), "sources: [old, undated]", "medical: false", 1)
		}, map[string]State{"2026-12-01": ""}},
	} {
		files := signed(t, c.adapted, c.reviewed, c.due)
		if c.change != nil {
			files[pageFile] = c.change(files[pageFile])
		}
		s := load(t, files)
		for day, want := range c.days {
			name := fmt.Sprintf("adapted %s, reviewed %s, due %s, on %s", c.adapted, c.reviewed, c.due, day)
			reports, findings := Check(s, date(t, day), false)
			errors, warnings := diagnostic.Count(findings)
			expect(t, reports[0].State == want, "%s: %q, not %q: %v", name, reports[0].State, want, findings)
			// A broken record is an error; changed, overdue and due soon are warnings; nobody hears of the rest.
			isWarned := want == Changed || want == Overdue || want == DueSoon
			expect(t, (want == Invalid) == (errors > 0) && isWarned == (warnings == 1 && errors == 0),
				"%s: %d errors, %d warnings: %v", name, errors, warnings, findings)
			// Strictly, each state but current is an error, and so is the outdated source.
			_, findings = Check(s, date(t, day), true)
			errors, warnings = diagnostic.Count(findings)
			isClean := want == Current || want == ""
			expect(t, warnings == 0 && (isClean && errors <= 1 || !isClean && errors > 0), "%s, strict: %v", name, findings)
		}
	}
}

// TestCoverage changes, one at a time, what a signed page rests on and what it does not, beside the words and days that sign.txtar
// shows one by one, and that e2e changes for this tool and Hugo.
func TestCoverage(t *testing.T) {
	files := signed(t, "2026-01-05", "2026-02-01", "2027-02-01")
	for _, c := range []struct {
		file, old, new string
		want           State
	}{
		{pageFile, "[old, undated]", "[undated, old]", Changed},
		{configFile, "{number = \"911\", where = \"There\"}, {number = \"112\", where = \"Here\"}",
			"{number = \"112\", where = \"Here\"}, {number = \"911\", where = \"There\"}", Changed},
		{drawing, "M1 2", "M1 3", Changed},
		{pageFile, "figure:do-heat", "figure:do-cold", Changed},

		{pageFile, "Words to sign.\n\n", "\r\nWords\u00a0 to\n\tsign. ", Current},
		{pageFile, "title: The title", "title: The  title", Current},
		{drawing, "<svg><path ", "<svg><path\n  ", Current},
		{drawing, "<svg><path ", "<svg><path " + strings.Repeat(" ", 2<<20), Current}, // as Hugo, which reads it whole
		{pageFile, "adapted: 2026-01-05", "adapted: 2026-01-06\nweight: 7", Current},
		{configFile, "title = \"T\"", "title = \"Another site\"", Current},
	} {
		changed := maps.Clone(files)
		changed[c.file] = strings.Replace(changed[c.file], c.old, c.new, 1)
		if maps.Equal(changed, files) {
			t.Fatalf("%q is not in %s", c.old, c.file)
		}
		reports, findings := Check(load(t, changed), date(t, "2026-03-01"), false)
		expect(t, reports[0].State == c.want, "%.80q for %q: %q, not %q: %v", c.new, c.old, reports[0].State, c.want, findings)
	}
	delete(files, drawing)
	reports, _ := Check(load(t, files), date(t, "2026-03-01"), false)
	expect(t, reports[0].State == Changed, "a drawing that is gone: %q", reports[0].State)
}

// TestReadableText: a sentence a line, wherever lines end in the file.
func TestReadableText(t *testing.T) {
	s := load(t, map[string]string{configFile: config, pageFile: "---\ntitle: T\ndescription: D\nadapted: 2026-01-05\nsources: [old]\n---\n" +
		"## Head\nOne\nsentence. Two by Dr. No! (3.)\n\n> [!DO] Card. Go\n> - [ ] Item\n\n12. Twelve\n  goes on\n13. Go\n+ Plus\n***\n"})
	const want = `Title: T
Description: D

## Head
One sentence.
Two by Dr. No!
(3.)

> [!DO] Card.
Go
> - [ ] Item

12. Twelve goes on
13. Go
+ Plus
***

Source: old | Old | P | 2022-11-22
Emergency number: 911 | There
Emergency number: 112 | Here
`
	got := ReadableText(s.Pages[0], Record{})
	expect(t, got == want, "got:\n%s", got)
}

// words joins the words of a text without the white space between them.
func words(text string) string { return strings.ReplaceAll(site.NormalizeSpace(text), " ", "") }

// FuzzSign: whatever a page holds and whoever signs it, Sign either refuses or
// gives a page that holds its text, carries the sign-off and is current; and
// Remove gives back every byte of a page that had none.
func FuzzSign(f *testing.F) {
	const yaml = "---\ntitle: A\ndescription: B\nadapted: 2026-01-01\nsources: [old]\n---\nText\n"
	f.Add([]byte(yaml), "Made-up", "role")
	f.Add([]byte(yaml), "\xff", "role")
	f.Add([]byte("+++\ntitle = 'A'\ndescription = 'B'\nadapted = 2026-01-01\nsources = ['old']\n+++\nText"), `"\`, "é\u2028")
	f.Add(bytes.ReplaceAll([]byte(yaml), []byte("\n"), []byte("\r\n")), ": #", "- x")
	f.Add([]byte("\uFEFF---\n  title: >\n   A\n  description: B # c\n  adapted: 2026-01-01\n\n  # d\n  sources:\n    - old\n\n---\n---\n"), "{", "*a")
	f.Add([]byte("---\ntitle: A\nreview: {by: X}\ndescription: B\nadapted: 2026-01-01\nsources: [old]\n---\n"), "X", "Y")
	f.Add([]byte("+++\ntitle = 'A'\ndescription = 'B'\nadapted = 2026-01-01\nsources = ['old']\n[review] # x\nby = ''\n# y\n+++\n"), "X", "Y")
	s := load(f, map[string]string{configFile: config, pageFile: yaml})
	reviewed := time.Date(2026, 2, 28, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, src []byte, by, role string) {
		const file = "content/page.md"
		page, findings := s.ParsePage(file, src)
		if page == nil || len(findings) > 0 {
			return
		}
		signed, findings, err := Sign(page, Record{By: by, Role: role, Reviewed: reviewed, Due: AddMonths(reviewed, 36)}, reviewed)
		if err != nil || len(findings) > 0 {
			return
		}
		again, findings := s.ParsePage(file, signed)
		if again == nil || len(findings) > 0 {
			t.Fatalf("the signed page can't be read: %v\n%s", findings, signed)
		}
		report := CheckPage(again, reviewed)
		if again.Body != page.Body || report.Record.Digest != Digest(page, report.Record) {
			t.Fatalf("the text changed:\n%s\n%s", src, signed)
		}
		if shown := ReadableText(again, report.Record); words(shown) == "" || !strings.Contains(words(shown), words(page.Body)) {
			t.Fatalf("what is shown leaves out words of the text:\n%s\n%s", shown, src)
		}
		if report.State != Current || report.Record.By != by || report.Record.Role != role {
			t.Fatalf("signed by %q, %q: %+v\n%s", by, role, report, signed)
		}
		if page.FrontMatter.Get("review") != nil {
			return
		}
		unsigned, err := again.ReplaceTable("review", nil)
		if err != nil || !bytes.Equal(unsigned, src) {
			t.Fatalf("after the sign-off was removed: %v\n%q\n%q", err, src, unsigned)
		}
	})
}
