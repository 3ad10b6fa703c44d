package checklist

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"microsite/tools/diagnostic"
	"microsite/tools/review"
	"microsite/tools/site"
)

// front is the front matter of a page with this title.
func front(title string) string {
	return "---\ntitle: " + title + "\ndescription: D\nadapted: 2026-11-22\nsources: [s]\n---\n"
}

// build makes the checklist of a site with these pages and a home page.
func build(t *testing.T, pages map[string]string) (*Checklist, []diagnostic.Diagnostic) {
	t.Helper()
	root := t.TempDir()
	files := map[string]string{"config.toml": `title = "Site <1> & „é“"
baseURL = "https://t.example/"
locale = "en-US"
params.emergencyPage = "/"
params.emergency = [{number = "112", where = "Here"}]
params.cards = ["emergency", "today", "do"]
params.sources.s = {title = "S", publisher = "P"}
`}
	files["content/_index.md"] = strings.Replace(front("Home"), "sources: [s]", "medical: false", 1)
	for name, text := range pages {
		files["content/"+name] = text
	}
	tree := fstest.MapFS{}
	for name, text := range files {
		tree[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
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

// idsOf returns the id of each list and item of a page by its words.
func idsOf(t *testing.T, body string) map[string]string {
	t.Helper()
	c, findings := build(t, map[string]string{"a.md": front("A") + body})
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	ids := map[string]string{}
	for _, list := range c.Lists {
		ids["# "+list.Level+" "+list.Title] = list.ID
		for _, item := range list.Items {
			ids[item.Text] = item.ID
		}
	}
	return ids
}

// TestIDs: the ids of a published format stay, whatever happens around the words.
func TestIDs(t *testing.T) {
	before := map[string]string{"# do Now": "cc94d488c3e2", "One": "85d3a50382e0", "Two": "42bc547ca24c", "Three": "6b6340a21479"}
	for name, body := range map[string]string{
		"first":               "> [!DO] Now\n> - [ ] One\n> - [ ] Two\n> - [ ] Three\n",
		"another order":       "> [!DO] Now\n> - [ ] Three\n> - [ ] One\n> - [ ] Two\n",
		"others reworded":     "> [!DO] Now\n> - [ ] One more\n> - [ ] Two\n> - [ ] The third\n",
		"rewrapped and loud":  "> [!do] *Now*\n> *   [ ] One\n> *   [ ] **Two**\n> *   [ ]   Three\n",
		"in a list elsewhere": "> [!EMERGENCY] Now\n> - [ ] Two\n",
	} {
		after := idsOf(t, body)
		for words, id := range after {
			if known := before[words]; known != "" && known != id {
				t.Errorf("%s: %q had the id %s, and has %s", name, words, known, id)
			}
		}
		if after["Two"] == "" {
			t.Errorf("%s: Two is not there: %v", name, after)
		}
	}
}

func TestEncode(t *testing.T) {
	weight := func(weight, title string) string {
		return strings.Replace(front(title), "title", "weight: "+weight+"\ntitle", 1)
	}
	pages := map[string]string{
		"c.md":          weight("1", "C") + "> [!DO] Third\n> - [ ] a\n\n> [!EMERGENCY] First\n> - [ ] <b\\> & “c”\n",
		"sub/_index.md": front("Sub"),
		"sub/b.md":      weight("2", "B") + "> [!TODAY]\n> - [ ] d\n\n> [!DO] Fourth\n> - [ ] e\n",
		"a.md":          strings.Replace(front("A"), "title", "draft: true\ntitle", 1) + "> [!EMERGENCY] Draft\n> - [ ] f\n",
		"no-boxes.md":   front("No boxes") + "> [!EMERGENCY] Bullets\n> - g\n",
		"_index.md":     strings.Replace(front("Home"), "sources: [s]", "medical: false", 1) + "> [!EMERGENCY] Second\n> - [ ] h\n",
	}
	var first []byte
	for range 5 {
		c, findings := build(t, pages)
		got, err := c.Encode()
		if err != nil || len(findings) > 0 || first != nil && !bytes.Equal(got, first) {
			t.Fatalf("%v, %v, or equal content gives other bytes:\n%s\n%s", err, findings, first, got)
		}
		first = got
	}
	var back Checklist
	if err := json.Unmarshal(first, &back); err != nil {
		t.Fatal(err)
	}
	order := ""
	for _, l := range back.Lists {
		order += l.Level + " " + l.Title + " " + l.Page + "\n"
	}
	if want := "emergency First /c/\nemergency Second /\ntoday  /sub/b/\ndo Third /c/\ndo Fourth /sub/b/\n"; order != want {
		t.Errorf("\n got %q\nwant %q", order, want)
	}
	if back.Lists[0].Items[0].Text != "<b> & “c”" || back.Version != 1 || back.Language != "en-US" || back.Site != "Site <1> & „é“" {
		t.Errorf("%+v", back)
	}
	home := Page{Path: "/", Title: "Home", Adapted: "2026-11-22", Sources: []Source{}} // [] and not null
	if len(back.Pages) != 3 || back.Pages[1].Path != "/sub/b/" || !reflect.DeepEqual(back.Pages[2], home) {
		t.Errorf("%+v", back.Pages)
	}
	if text := string(first); !strings.HasSuffix(text, "}\n") || strings.ContainsAny(text, "<>&\r\t") {
		t.Errorf("%s", text)
	}
}

// TestReviewDates: what a sign-off rests on stands in the file; how it stands today doesn't.
func TestReviewDates(t *testing.T) {
	day := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	page := &site.Page{File: "content/a.md", Path: "a.md", Cards: []site.Card{{Level: "do", Items: []site.Item{{Text: "x"}}}}}
	source := &site.Source{Title: "S", Publisher: "P", URL: "https://s.example/", Reviewed: day.AddDate(-4, 0, 0)}
	report := review.Report{Page: page, State: review.Overdue, Adapted: day, Sources: []*site.Source{source},
		Record: review.Record{By: "B", Role: "R", Reviewed: day, Due: day.AddDate(3, 0, 0)}}
	c, _ := Build(&site.Site{Cards: []string{"do"}, ChecklistLevels: []string{"do"}}, []review.Report{report})
	want := Page{Path: "/a/", Adapted: "2026-12-01", Reviewed: "2026-12-01", Due: "2029-12-01", Sources: []Source{{"S", "P", "https://s.example/", "2022-12-01"}}}
	if !reflect.DeepEqual(c.Pages, []Page{want}) {
		t.Errorf("%+v", c.Pages)
	}
}
