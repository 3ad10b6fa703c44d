package checklist

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"microsite/tools/content"
	"microsite/tools/problem"
	"microsite/tools/review"
)

const head = "---\ntitle: T\ndescription: D\nadapted: 2026-11-22\nsources: [s]\n---\n"

// build makes the checklist of a site with these pages.
func build(t *testing.T, pages map[string]string) (*Checklist, []problem.Problem) {
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
	files["content/_index.md"] = strings.Replace(head, "sources: [s]", "medical: false", 1)
	for name, text := range pages {
		files["content/"+name] = text
	}
	for name, text := range files {
		name = filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s, problems, err := content.Load(root)
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	reports, problems := review.Check(s, time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), false)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return Build(s, reports)
}

// ids maps each item's words to its id.
func ids(t *testing.T, body string) map[string]string {
	t.Helper()
	c, problems := build(t, map[string]string{"a.md": head + body})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	out := map[string]string{}
	for _, l := range c.Lists {
		out["# "+l.Level+" "+l.Title] = l.ID
		for _, i := range l.Items {
			out[i.Text] = i.ID
		}
	}
	return out
}

func TestIDs(t *testing.T) {
	before := ids(t, "> [!DO] Now\n> - [ ] One\n> - [ ] Two\n> - [ ] Three\n")
	if len(before) != 4 {
		t.Fatalf("%v", before)
	}
	seen := map[string]bool{}
	for words, id := range before {
		if len(id) != 12 || seen[id] {
			t.Errorf("%s: id %q", words, id)
		}
		seen[id] = true
	}
	for name, body := range map[string]string{
		"another order":       "> [!DO] Now\n> - [ ] Three\n> - [ ] One\n> - [ ] Two\n",
		"others reworded":     "> [!DO] Now\n> - [ ] One more\n> - [ ] Two\n> - [ ] The third\n",
		"others added":        "Text.\n\n> [!EMERGENCY] First\n> - [ ] Zero\n\n> [!DO] Now\n> - [ ] One\n> - [ ] And\n> - [ ] Two\n> - [ ] Three\n",
		"others taken away":   "> [!DO] Now\n> - [ ] Two\n",
		"rewrapped and loud":  "> [!do] *Now*\n> *   [ ] One\n> *   [ ] **Two**\n> *   [ ]   Three\n",
		"in a list elsewhere": "> [!EMERGENCY] Now\n> - [ ] Two\n",
	} {
		after := ids(t, body)
		for words, id := range after {
			if known, ok := before[words]; ok && known != id {
				t.Errorf("%s: %q had the id %s, and has %s", name, words, known, id)
			} else if !ok && seen[id] {
				t.Errorf("%s: %q has another's id", name, words)
			}
		}
		if after["Two"] == "" {
			t.Errorf("%s: Two is not there: %v", name, after)
		}
	}
	c, problems := build(t, map[string]string{"a.md": head + "> [!DO]\n> - [ ] One", "b.md": head + "> [!DO]\n> - [ ] One"})
	if len(problems) > 0 || c.Lists[0].ID == c.Lists[1].ID || c.Lists[0].Items[0].ID == c.Lists[1].Items[0].ID {
		t.Errorf("two pages share ids: %+v, %v", c, problems)
	}
}

func TestClash(t *testing.T) {
	_, problems := build(t, map[string]string{"a.md": head + "> [!DO] Now\n> - [ ] One\n> - [ ] Two\n> - [ ] *One*\n\n> [!DO] Now\n> - [ ] Three\n\n> [!DO] Later\n> - [ ] Two"})
	var places [][2]int
	for _, p := range problems {
		if p.File != "content/a.md" || p.Rule != Rule || p.Severity != problem.Error || !strings.Contains(p.Message, "stands twice on this page") {
			t.Errorf("%+v", p)
		}
		places = append(places, [2]int{p.Line, p.Column})
	}
	if want := [][2]int{{10, 5}, {12, 3}, {16, 5}}; !slices.Equal(places, want) {
		t.Errorf("clashes at %v, not %v", places, want)
	}
}

func TestEncode(t *testing.T) {
	pages := map[string]string{
		"c.md":          strings.Replace(head, "title", "weight: 1\ntitle", 1) + "> [!DO] Third\n> - [ ] a\n\n> [!EMERGENCY] First\n> - [ ] <b\\> & “c”\n",
		"sub/_index.md": head,
		"sub/b.md":      strings.Replace(head, "title", "weight: 2\ntitle", 1) + "> [!TODAY]\n> - [ ] d\n\n> [!DO] Fourth\n> - [ ] e\n",
		"a.md":          strings.Replace(head, "title", "draft: true\ntitle", 1) + "> [!EMERGENCY] Draft\n> - [ ] f\n",
		"no-boxes.md":   head + "> [!EMERGENCY] Bullets\n> - g\n",
		"_index.md":     strings.Replace(head, "sources: [s]", "medical: false", 1) + "> [!EMERGENCY] Second\n> - [ ] h\n",
	}
	var first []byte
	for range 20 {
		c, problems := build(t, pages)
		got, err := c.Encode()
		if err != nil || len(problems) > 0 {
			t.Fatal(err, problems)
		}
		if first == nil {
			first = got
		}
		if !bytes.Equal(got, first) {
			t.Fatal("equal content gives other bytes")
		}
	}
	var back Checklist
	if err := json.Unmarshal(first, &back); err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, l := range back.Lists {
		order = append(order, l.Level+" "+l.Title+" "+l.Page)
	}
	if want := []string{"emergency First /c/", "emergency Second /", "today  /sub/b/", "do Third /c/", "do Fourth /sub/b/"}; !slices.Equal(order, want) {
		t.Errorf("\n got %q\nwant %q", order, want)
	}
	want := List{ID: ID("c.md", "list emergency First"), Level: "emergency", Title: "First",
		Page:  "/c/",
		Items: []Item{{ID: ID("c.md", "item <b> & “c”"), Text: "<b> & “c”"}}}
	if !reflect.DeepEqual(back.Lists[0], want) || back.Version != Version || back.Language != "en-US" || back.Site != "Site <1> & „é“" {
		t.Errorf("\n got %+v\nwant %+v", back, want)
	}
	wantPages := []Page{
		{Path: "/c/", Title: "T", Adapted: "2026-11-22", Sources: []Source{{Title: "S", Publisher: "P"}}},
		{Path: "/sub/b/", Title: "T", Adapted: "2026-11-22", Sources: []Source{{Title: "S", Publisher: "P"}}},
		{Path: "/", Title: "T", Adapted: "2026-11-22", Sources: []Source{}}, // [] and not null
	}
	if !reflect.DeepEqual(back.Pages, wantPages) {
		t.Errorf("\n got %+v\nwant %+v", back.Pages, wantPages)
	}
	if text := string(first); !strings.HasSuffix(text, "}\n") || strings.ContainsAny(text, "<>&\r\t") || strings.Contains(text, "draft") {
		t.Errorf("%s", text)
	}
}

// What a sign-off rests on stands there; how it stands today doesn't.
func TestReviewInputs(t *testing.T) {
	signed := &review.Review{By: "B", Role: "R", Reviewed: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), Due: time.Date(2029, 12, 1, 0, 0, 0, 0, time.UTC)}
	page := &content.Page{File: "content/a.md", Path: "a.md", Title: "T", Cards: []content.Card{{Level: "do", Items: []content.Item{{Text: "x"}}}}}
	source := &content.Source{Title: "S", Publisher: "P", URL: "https://s.example/", Reviewed: time.Date(2022, 11, 22, 0, 0, 0, 0, time.UTC)}
	var all [][]byte
	for _, state := range review.States {
		c, _ := Build(&content.Site{Cards: []string{"do"}}, []review.Report{{Page: page, State: state, Adapted: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), Review: signed, Sources: []*content.Source{source}}})
		want := Page{Path: "/a/", Title: "T", Adapted: "2026-11-22", Reviewed: "2026-12-01", Due: "2029-12-01", Sources: []Source{{"S", "P", "https://s.example/", "2022-11-22"}}}
		if !reflect.DeepEqual(c.Pages, []Page{want}) {
			t.Errorf("%+v", c.Pages)
		}
		b, err := c.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if all = append(all, b); !bytes.Equal(b, all[0]) {
			t.Errorf("the state %q stands in the file", state)
		}
	}
}

func TestBehind(t *testing.T) {
	root := t.TempDir()
	name := filepath.Join(root, filepath.FromSlash(File))
	want := []byte("{\n}\n")
	behind := func() string {
		problems, err := Behind(root, want)
		if err != nil {
			return "error"
		}
		if len(problems) == 0 {
			return ""
		}
		if p := problems[0]; len(problems) > 1 || p.File != File || p.Rule != Rule || p.Severity != problem.Error {
			t.Errorf("%v", problems)
		}
		return problems[0].Message
	}
	if got := behind(); !strings.HasPrefix(got, "the checklist is missing: build the site (go run ./tools build)") {
		t.Error(got)
	}
	if err := os.Mkdir(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	for src, message := range map[string]string{"{\n}\n": "", "{\r\n}\r\n": "", "{}\n": "the checklist is behind", "": "the checklist is behind", "{\n}": "the checklist is behind"} {
		if err := os.WriteFile(name, []byte(src), 0o644); err != nil {
			t.Fatal(err)
		}
		if got := behind(); (got == "") != (message == "") || !strings.HasPrefix(got, message) {
			t.Errorf("%q: %q", src, got)
		}
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(name, 0o755); err != nil {
		t.Fatal(err)
	}
	if got := behind(); got != "error" {
		t.Errorf("a folder in the file's place: %q", got)
	}
}
