package checklist

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"microsite/tools/diagnostic"
	"microsite/tools/review"
	"microsite/tools/site"
)

// expect reports what is not as it should be.
func expect(t testing.TB, holds bool, format string, args ...any) {
	t.Helper()
	if !holds {
		t.Errorf(format, args...)
	}
}

// front is the front matter of a page with this title.
func front(title string) string {
	return "---\ntitle: " + title + "\ndescription: D\nadapted: 2026-11-22\nsources: [s]\n---\n"
}

// build makes the checklist of a site with these pages and a home page.
func build(t *testing.T, pages map[string]string) (*Questionnaire, []diagnostic.Diagnostic) {
	t.Helper()
	config := `title = "Site <1> & „é“"
baseURL = "https://t.example/"
locale = "en-US"
params.emergencyPage = "/"
params.emergency = [{number = "112", where = "Here"}]
params.cards = ["emergency", "today", "do"]
params.sources.s = {title = "S", publisher = "P"}
params.clinic.name = "<b>Clinic</b>"
`
	home := strings.Replace(front("Home"), "sources: [s]", "medical: false", 1)
	root, tree := t.TempDir(), fstest.MapFS{"config.toml": {Data: []byte(config)}, "content/_index.md": {Data: []byte(home)}}
	for name, text := range pages {
		tree["content/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	if err := os.CopyFS(root, tree); err != nil {
		t.Fatal(err)
	}
	s, findings, err := site.Load(root)
	if errors, _ := diagnostic.Count(findings); err != nil || errors > 0 {
		t.Fatal(err, findings)
	}
	reports, findings := review.Check(s, time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), false)
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	return Build(s, reports)
}

// idsOf returns the id of each list and line of a page by its words.
func idsOf(t *testing.T, file, body string) map[string]string {
	t.Helper()
	q, findings := build(t, map[string]string{file: front("A") + body})
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	ids := map[string]string{}
	for _, list := range q.Lists {
		ids["# "+list.Code[0].Code+" "+list.Text] = list.LinkID
		for _, item := range list.Items {
			ids[item.Text] = item.LinkID
		}
	}
	return ids
}

// TestIDs: the ids of a published format stay, whatever happens around the words.
func TestIDs(t *testing.T) {
	before := idsOf(t, "a.md", "> [!DO] Now\n> - [ ] One\n> - [ ] Two\n> - [ ] Three\n")
	expect(t, before["Two"] == "b818a873db60", "the id of Two has changed to %s", before["Two"])
	for file, body := range map[string]string{
		"a.md":       "> [!DO] Now\n> - [ ] Three\n> - [ ] One\n> - [ ] Two\n",
		"b.md":       "Text.\n\n> [!EMERGENCY] First\n> - [ ] Zero\n\n> [!DO] Now\n> - [ ] Two\n> - [ ] One\n> - [ ] Three\n",
		"renamed.md": "> [!do]- *Now*\n> *   [ ] One\n> *   [ ] **Two**\n> *   [ ]   Three\n",
	} {
		after := idsOf(t, file, body)
		for words, id := range before {
			expect(t, after[words] == id, "%s: %q had the id %s, and has %s", file, words, id, after[words])
		}
	}
	after := idsOf(t, "a.md", "> [!DO] Now\n> - [ ] One\n> - [ ] Two, reworded\n> - [ ] Three\n")
	delete(before, "Two")
	delete(after, "Two, reworded")
	expect(t, maps.Equal(before, after), "rewording a line changes other ids: %v, %v", before, after)
}

func TestEncode(t *testing.T) {
	weight := func(weight, title string) string {
		return strings.Replace(front(title), "title", "weight: "+weight+"\ntitle", 1)
	}
	pages := map[string]string{
		"aa.md":         weight("2", "Z") + "> [!DO] Before the third\n> - [ ] i\n",
		"c.md":          weight("2", "C") + "> [!DO] Third\n> - [ ] a\n\n> [!EMERGENCY] First\n> - [ ] <b\\> & “c”\n",
		"sub/_index.md": front("Sub"),
		"sub/b.md":      weight("10", "B") + "> [!TODAY]\n> - [ ] d\n\n> [!DO] Fourth\n> - [ ] e\n",
		"a.md":          strings.Replace(front("A"), "title", "draft: true\ntitle", 1) + "> [!EMERGENCY] Draft\n> - [ ] f\n",
		"no-boxes.md":   front("No boxes") + "> [!EMERGENCY] Bullets\n> - g\n",
		"_index.md":     strings.Replace(front("Home"), "sources: [s]", "medical: false", 1) + "> [!EMERGENCY] Second\n> - [ ] h\n",
	}
	var first []byte
	for range 5 {
		q, findings := build(t, pages)
		got := q.Encode()
		if len(findings) > 0 || first != nil && !bytes.Equal(got, first) {
			t.Fatalf("%v, or equal content gives other bytes:\n%s\n%s", findings, first, got)
		}
		first = got
	}
	var q Questionnaire
	if err := json.Unmarshal(first, &q); err != nil {
		t.Fatal(err)
	}
	order := ""
	for _, l := range q.Lists {
		order += l.Code[0].Code + " " + l.Text + " " + l.Extension[0].ValueURI + "\n"
	}
	want := "emergency First https://t.example/c/\nemergency Second https://t.example/\ntoday  https://t.example/sub/b/\n" +
		"do Before the third https://t.example/aa/\ndo Third https://t.example/c/\ndo Fourth https://t.example/sub/b/\n"
	expect(t, order == want, "\n got %q\nwant %q", order, want)
	if q.Lists[0].Items[0].Text != "<b> & “c”" || q.Language != "en-US" || q.URL != "https://t.example/checklist.json" ||
		q.Title != "Site <1> & „é“" || q.Publisher != "<b>Clinic</b>" || q.Date != "2026-11-22" {
		t.Errorf("%+v", q)
	}
	text := string(first)
	expect(t, strings.HasSuffix(text, "}\n") && !strings.ContainsAny(text, "<>&\r\t"), "%s", text)
	none, _ := build(t, nil) // no empty list, which FHIR does not allow
	expect(t, !strings.Contains(string(none.Encode()), `"item"`) && none.Date == "", "a site without lists has %s", none.Encode())
}

// TestReviews: what the sign-offs of all pages say stands in the file; how they stand today doesn't.
func TestReviews(t *testing.T) {
	day := func(year, month, day int) time.Time {
		return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	}
	report := func(name string, state review.State, reviewed, due time.Time) review.Report {
		page := &site.Page{Site: &site.Site{}, Path: name + ".md", Medical: true, Layout: "checklist", Title: name, Description: "About " + name,
			Cards: []site.Card{{Level: "do", Title: name, Items: []site.Item{{Text: name}}}}}
		return review.Report{Page: page, State: state, Adapted: reviewed, Record: review.Record{Reviewed: reviewed, Due: due}}
	}
	for _, state := range review.States {
		q, _ := Build(&site.Site{Title: "T", Cards: []string{"do"}, ChecklistLevels: []string{"do"}}, []review.Report{
			report("a", state, day(2026, 12, 1), day(2029, 12, 1)), report("b", review.Overdue, day(2026, 12, 2), day(2027, 6, 1))})
		got := q.Title + " " + q.Description + " " + q.Date + " " + q.Status + " " + q.ApprovalDate + " " + q.LastReviewDate
		if q.EffectivePeriod.End != "" {
			got += " " + q.EffectivePeriod.End
		}
		want := "T: b About b 2026-12-02 draft  "
		if state == review.Overdue || state == review.DueSoon || state == review.Current {
			want = "T: b About b 2026-12-02 active 2026-12-01 2026-12-01 2027-06-01"
		}
		expect(t, got == want && q.Experimental == (q.Status == "draft"), "%s: %q, not %q", state, got, want)
	}
}
