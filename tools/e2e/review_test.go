package e2e

import (
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	cdpage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// standing is what a reader must find about a review: on the page, and in the margin of each of its sheets.
type standing struct{ page, sheet string }

// What one text says of itself, signed on 1 March 2024 until 1 March 2025, and what several say together.
var (
	unreviewed = standing{"No clinician has reviewed this text.", "No clinician has reviewed this text."}
	current    = standing{"Test Person, not real (made-up role) reviewed this text on 1 March 2024. The next review is due on 1 March 2025.",
		"Reviewed 1 March 2024. Next review due 1 March 2025."}
	overdue = standing{"Test Person, not real (made-up role) reviewed this text on 1 March 2024. The next review was due on 1 March 2025. " +
		"It may be out of date.", "The medical review of this text is overdue."}
	changed = standing{"This text has changed since Test Person, not real (made-up role) reviewed it on 1 March 2024. " +
		"No clinician has reviewed it as it stands now.", "Changed since a clinician reviewed it."}

	allUnreviewed = standing{"No clinician has reviewed these texts.", "No clinician has reviewed these texts."}
	allCurrent    = standing{"A clinician reviewed each of these texts. Each text names its reviewer and the date at its end.",
		"A clinician reviewed each of these texts."}
	someUnreviewed = standing{"No clinician has reviewed some of these texts.", "No clinician has reviewed some of these texts."}
	someOverdue    = standing{"For some of these texts the next review is overdue. They may be out of date.", "Some of these texts are overdue for review."}
	someChanged    = standing{"Some of these texts have changed since a clinician reviewed them. No clinician has reviewed them as they stand now.",
		"Some of these texts changed after their review."}
)

// and says the worse in the margin, and both on the page.
func (s standing) and(milder standing) standing { return standing{s.page + " " + milder.page, s.sheet} }

const (
	overThree = "That is more than 3 years ago, so it may be out of date."
	overFour  = "That is more than 4 years ago, so it may be out of date."
)

// reviewCases are sites of three texts (home, what-to-do and more/deeper) with their records, built on one day and read on
// another: what each page and sheet must say, and the page of lists and the booklet of the last two.
var reviewCases = []struct {
	name, built, read string
	signed            map[string]string // until when
	change            string            // a file that is changed after the sign-offs
	home, what, deep  standing
	all, booklet      standing
	source            string // what is said of its age, since 29 February 2024
}{
	{"none signed", "2024-03-01", "2024-03-01", nil, "", unreviewed, unreviewed, unreviewed, allUnreviewed, allUnreviewed, ""},
	{"all signed", "2024-03-01", "2024-03-01", until("2025-03-01"), "", current, current, current, allCurrent, allCurrent, ""},
	{"all signed, the last day", "2024-03-01", "2025-03-01", until("2025-03-01"), "", current, current, current, allCurrent, allCurrent, ""},
	{"all signed, read a day late", "2024-03-01", "2025-03-02", until("2025-03-01"), "", overdue, overdue, overdue, someOverdue, someOverdue, ""},
	{"all signed, built a day late, the clock is slow", "2025-03-02", "2020-01-01", until("2025-03-01"), "", overdue, overdue, overdue, someOverdue, someOverdue, ""},
	{"some signed", "2024-03-01", "2024-03-01", map[string]string{"what-to-do": "2025-03-01"}, "", unreviewed, current, unreviewed, someUnreviewed, someUnreviewed, ""},
	{"some signed, read late", "2024-03-01", "2025-03-02", map[string]string{"what-to-do": "2025-03-01"}, "",
		unreviewed, overdue, unreviewed, someOverdue.and(someUnreviewed), someOverdue.and(someUnreviewed), ""},
	{"all signed, home changed", "2024-03-01", "2024-03-01", until("2025-03-01"), "_index", changed, current, current, someChanged, allCurrent, ""},
	{"one changed, read late", "2024-03-01", "2025-03-02", until("2025-03-01"), "what-to-do", overdue, changed, overdue, someChanged.and(someOverdue), someChanged.and(someOverdue), ""},
	{"one changed, home not signed", "2024-03-01", "2024-03-01", map[string]string{"what-to-do": "2025-03-01", "more/deeper": "2025-03-01"}, "what-to-do",
		unreviewed, changed, current, someChanged.and(someUnreviewed), someChanged, ""},
	{"a source's last day", "2027-02-28", "2027-02-28", nil, "", unreviewed, unreviewed, unreviewed, allUnreviewed, allUnreviewed, ""},
	{"a source, read a day late", "2027-02-28", "2027-03-01", nil, "", unreviewed, unreviewed, unreviewed, allUnreviewed, allUnreviewed, overThree},
	{"a source's anniversary", "2028-02-29", "2028-02-29", nil, "", unreviewed, unreviewed, unreviewed, allUnreviewed, allUnreviewed, overThree},
	{"a source, four years and a day", "2028-03-01", "2028-03-01", nil, "", unreviewed, unreviewed, unreviewed, allUnreviewed, allUnreviewed, overFour},
}

// until signs every text for as long.
func until(due string) map[string]string {
	return map[string]string{"_index": due, "what-to-do": due, "more/deeper": due}
}

// TestEverySentenceAboutReview reads every page and every sheet of each case: what must be said is there in these words, and no
// other word is said about a review.
func TestEverySentenceAboutReview(t *testing.T) {
	tb := open(t)
	tb.look(t, "light", "none", 375, 667)
	for _, c := range reviewCases {
		t.Run(c.name, func(t *testing.T) {
			root := other(t)
			rewrite(t, filepath.Join(root, "config.toml"), `levels = ["emergency", "today", "do"]`, `levels = ["emergency", "today"]`) // "do" has no heading on a checklist
			for _, name := range []string{"checklist", "handout", "about"} {
				text := fmt.Sprintf("---\ntitle: %s\ndescription: Made up for a test.\nlayout: %[1]s\nadapted: 2024-03-01\nmedical: false\n---\nMade up.\n", name)
				if err := os.WriteFile(filepath.Join(root, "content", name+".md"), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			for name, due := range c.signed {
				if out, err := tool(root, "sign", "--by", "Test Person, not real", "--role", "made-up role", "--today", "2024-03-01", "--due", due, "content/"+name+".md"); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
			}
			if c.change != "" {
				name := filepath.Join(root, "content", c.change+".md")
				if err := os.WriteFile(name, []byte(read(t, name)+"\nMore.\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			handler := &netlify{root: filepath.Join(root, "public")}
			server := httptest.NewServer(handler)
			defer server.Close()
			mustBuild(t, root, "--today", c.built, "--base", server.URL+"/")
			var err error
			if handler.headers, err = publishedHeaders(filepath.Join(root, "public", "_headers")); err != nil {
				t.Fatal(err)
			}
			home := []string{c.home.page, "The texts of all pages: " + c.all.page}
			if c.all == allUnreviewed {
				home = []string{c.all.page}
			}
			folder := c.deep
			for one, several := range map[standing]standing{unreviewed: allUnreviewed, current: allCurrent, overdue: someOverdue} {
				if c.deep == one {
					folder = several
				}
			}
			wants := map[string]struct {
				states []string
				sheet  string
			}{
				"/": {home, c.all.sheet}, "/what-to-do/": {[]string{c.what.page}, c.what.sheet}, "/more/deeper/": {[]string{c.deep.page}, c.deep.sheet},
				"/checklist/": {[]string{c.all.page}, c.all.sheet}, "/about/": {[]string{c.all.page}, c.all.sheet},
				"/handout/": {[]string{c.deep.page, c.what.page, c.booklet.page}, c.booklet.sheet}, "/more/": {[]string{folder.page}, folder.sheet},
			}
			clock := fmt.Sprintf(`window.Clock ??= Date; Date = class extends Clock { constructor(...a) { a.length ? super(...a) : super('%sT12:00') } }`, c.read)
			if _, err := chromedp.Call(tb.ctx, cdpage.AddScriptToEvaluateOnNewDocument, cdpage.AddScriptToEvaluateOnNewDocumentParams{Source: clock}); err != nil {
				t.Fatal(err)
			}
			for _, p := range slices.Sorted(maps.Keys(wants)) {
				want := wants[p]
				tb.do(t, chromedp.Navigate(server.URL+p))
				if found := shifts.look(t, tb); len(found) > 0 && p != "/checklist/" { // whose notes come in sight, so short is this one
					t.Errorf("%s: %q", p, found)
				}
				if got := get(t, tb, chromedp.Evaluate[[]string](`[...document.querySelectorAll('.state')].map(e => e.textContent.trim())`)); !slices.Equal(got, want.states) {
					t.Errorf("%s says %q, not %q", p, got, want.states)
				}
				said := append([]string{want.sheet, "Source last reviewed 29 February 2024", "Last medically reviewed on 29 February 2024."}, want.states...)
				if c.source != "" {
					said = append(said, c.source)
				}
				slices.SortFunc(said, func(a, b string) int { return len(b) - len(a) }) // before a part of it
				text := get(t, tb, chromedp.Evaluate[string](`document.body.innerText`))
				out := paper(t, tb, chromedp.PaperA4)
				for _, text := range []string{squash(text), out.text} {
					if c.source != "" && !strings.Contains(text, squash(c.source)) {
						t.Errorf("%s does not say %q", p, c.source)
					}
					for _, s := range said {
						text = strings.ReplaceAll(text, squash(s), " ")
					}
					if at := regexp.MustCompile(`(?i).{0,40}(review|overdue|outofdate|changed(since|after)).{0,40}`).FindString(text); at != "" {
						t.Errorf("%s says what should not be said: %q", p, at)
					}
				}
				for n, text := range out.each {
					if !strings.Contains(text, squash(want.sheet)) {
						t.Errorf("%s: sheet %d does not say %q", p, n+1, want.sheet)
					}
				}
				for _, state := range want.states {
					if !strings.Contains(out.text, squash(state)) {
						t.Errorf("%s does not say on paper %q", p, state)
					}
				}
			}
			if said, _ := tb.complaints(); len(said) > 0 {
				t.Errorf("the browser says %q", said)
			}
		})
	}
}

// rewrite puts one text in the place of another, which stands in the file once.
func rewrite(t *testing.T, name, old, new string) {
	t.Helper()
	src := read(t, name)
	if strings.Count(src, old) != 1 {
		t.Fatalf("%s holds %q %d times, not once", name, old, strings.Count(src, old))
	}
	if err := os.WriteFile(name, []byte(strings.Replace(src, old, new, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
}
