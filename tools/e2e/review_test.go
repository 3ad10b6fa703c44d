package e2e

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// Who signs in these tests.
const by, role = "Test Person, not real", "made-up role"

// standing is what a reader must find about a review: on the page, and in the margin of each of its sheets.
type standing struct{ page, sheet string }

const (
	signDay, lastDay, lateDay = "2024-03-01", "2025-03-01", "2025-03-02"
	signedBy                  = by + " (" + role + ") reviewed this text on 1 March 2024. "
	noneHas, noneHasThese     = "No clinician has reviewed this text.", "No clinician has reviewed these texts."
	someHaveNone              = "No clinician has reviewed some of these texts."
)

// What one text says of itself, signed on the first of these days until the second, and what several say together.
var (
	unreviewed = standing{noneHas, noneHas}
	current    = standing{signedBy + "The next review is due on 1 March 2025.", "Reviewed 1 March 2024. Next review due 1 March 2025."}
	overdue    = standing{signedBy + "The next review was due on 1 March 2025. It may be out of date.",
		"The medical review of this text is overdue."}
	changed = standing{"This text has changed since " + by + " (" + role + ") reviewed it on 1 March 2024. " +
		"No clinician has reviewed it as it stands now.", "Changed since a clinician reviewed it."}

	allUnreviewed = standing{noneHasThese, noneHasThese}
	allCurrent    = standing{"A clinician reviewed each of these texts. Each text names its reviewer and the date at its end.",
		"A clinician reviewed each of these texts."}
	someUnreviewed = standing{someHaveNone, someHaveNone}
	someOverdue    = standing{"For some of these texts the next review is overdue. They may be out of date.",
		"Some of these texts are overdue for review."}
	someChanged = standing{"Some of these texts have changed since a clinician reviewed them. " +
		"No clinician has reviewed them as they stand now.", "Some of these texts changed after their review."}
)

// and says the worse in the margin, and both on the page.
func (s standing) and(milder standing) standing { return standing{s.page + " " + milder.page, s.sheet} }

// The files of the three texts, and two of them.
const (
	home, what, deep = "_index", "what-to-do", "more/deeper"
	three, two       = home + " " + what + " " + deep, what + " " + deep
)

const (
	overThree = "That is more than 3 years ago, so it may be out of date."
	overFour  = "That is more than 4 years ago, so it may be out of date."
)

// reviewCases are sites of these texts with their records, built on one day and read on another: what each page and sheet must
// say, and the page of lists and the booklet of the last two texts.
var reviewCases = []struct {
	name, built, read, signed, changed string
	home, what, deep, all, booklet     standing
	source                             string // what is said of its age, since 29 February 2024
}{
	{"none signed", signDay, signDay, "", "", unreviewed, unreviewed, unreviewed, allUnreviewed, allUnreviewed, ""},
	{"all signed", signDay, signDay, three, "", current, current, current, allCurrent, allCurrent, ""},
	{"the last day", signDay, lastDay, three, "", current, current, current, allCurrent, allCurrent, ""},
	{"read a day late", signDay, lateDay, three, "", overdue, overdue, overdue, someOverdue, someOverdue, ""},
	{"built a day late, the clock is slow", lateDay, "2020-01-01", three, "", overdue, overdue, overdue, someOverdue, someOverdue, ""},
	{"one signed", signDay, signDay, what, "", unreviewed, current, unreviewed, someUnreviewed, someUnreviewed, ""},
	{"one signed, read late", signDay, lateDay, what, "", unreviewed, overdue, unreviewed,
		someOverdue.and(someUnreviewed), someOverdue.and(someUnreviewed), ""},
	{"home changed", signDay, signDay, three, home, changed, current, current, someChanged, allCurrent, ""},
	{"one changed, read late", signDay, lateDay, three, what, overdue, changed, overdue,
		someChanged.and(someOverdue), someChanged.and(someOverdue), ""},
	{"one changed, home not signed", signDay, signDay, two, what, unreviewed, changed, current,
		someChanged.and(someUnreviewed), someChanged, ""},
	{"a source's last day", "2027-02-28", "2027-02-28", "", "", unreviewed, unreviewed, unreviewed, allUnreviewed, allUnreviewed, ""},
	{"a source, a day late", "2027-02-28", "2027-03-01", "", "", unreviewed, unreviewed, unreviewed, allUnreviewed, allUnreviewed, overThree},
	{"its anniversary", "2028-02-29", "2028-02-29", "", "", unreviewed, unreviewed, unreviewed, allUnreviewed, allUnreviewed, overThree},
	{"four years and a day", "2028-03-01", "2028-03-01", "", "", unreviewed, unreviewed, unreviewed, allUnreviewed, allUnreviewed, overFour},
}

// said finds what a page says about a review.
var said = regexp.MustCompile(`(?i).{0,40}(review|overdue|outofdate|changed(since|after)).{0,40}`)

// TestEverySentenceAboutReview reads every page and sheet of each case: what must be said of a review is there, and nothing else.
func TestEverySentenceAboutReview(t *testing.T) {
	t.Parallel()
	tb := open(t)
	tb.view(phoneWidth, phoneHeight, 1)
	sites := map[string]string{} // the address of each, by what makes it
	for _, c := range reviewCases {
		made := c.built + c.signed + c.changed
		if sites[made] == "" {
			sites[made] = makeReviewed(t, c.built, c.signed, c.changed)
		}
		url := sites[made]
		tb.onLoad(`window.Clock ??= Date;
			Date = class extends Clock { constructor(...a) { a.length ? super(...a) : super('` + c.read + `T12:00') } }`)
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
		for p, want := range map[string]struct {
			states []string
			sheet  string
		}{
			"/": {home, c.all.sheet}, "/what-to-do/": {[]string{c.what.page}, c.what.sheet}, "/more/deeper/": {[]string{c.deep.page}, c.deep.sheet},
			"/checklist/": {[]string{c.all.page}, c.all.sheet}, "/about/": {[]string{"This page has no medical text of its own. The other pages: " + c.all.page}, c.all.sheet},
			"/handout/": {[]string{c.deep.page, c.what.page, c.booklet.page}, c.booklet.sheet}, "/more/": {[]string{folder.page}, folder.sheet},
		} {
			tb.visit(url + p)
			tb.checkReview(c.name+", "+p, want.states, want.sheet, c.source)
		}
		tb.quiet(c.name)
	}
}

// makeReviewed serves a site that was built on a day, with some texts signed, and one changed afterwards.
func makeReviewed(t *testing.T, built, signed, changed string) (url string) {
	f := other(t)
	f.replace(t, config, `levels = ["emergency", "today", "do"]`, `levels = ["emergency", "today"]`) // "do" has no heading on a checklist
	for _, name := range []string{"checklist", "handout", "about"} {
		f.write(t, "content/"+name+".md", fmt.Sprintf("---\ntitle: %s\ndescription: Made up for a test.\nlayout: %[1]s\n"+
			"adapted: 2024-03-01\nmedical: false\n---\nMade up.\n", name))
	}
	for name := range strings.FieldsSeq(signed) {
		f.succeed(t, "sign", "--by", by, "--role", role, "--today", signDay, "--due", lastDay, "content/"+name+".md")
	}
	if changed != "" {
		name := "content/" + changed + ".md"
		f.write(t, name, f.read(t, name)+"\nMore.\n")
	}
	handler := &netlify{root: f.path("public")}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	f.succeed(t, "build", "--today", built, "--base", server.URL+"/")
	must(t, handler.readPublished())
	return server.URL
}

// checkReview holds a page to what it must say about a review, on the screen and on each sheet.
func (tb *tab) checkReview(where string, states []string, sheet, source string) {
	if !strings.HasSuffix(where, "/checklist/") { // whose notes come in sight, so short is this one
		tb.report(where, "shifts()")
	}
	got := eval[[]string](tb, `[...document.querySelectorAll('.state')].map(e => e.textContent.trim())`)
	expect(tb, slices.Equal(got, states), "%s says %q, not %q", where, got, states)
	known := append([]string{sheet, "Source last reviewed 29 February 2024", "Last medically reviewed on 29 February 2024."}, states...)
	if source != "" {
		known = append(known, source)
	}
	slices.SortFunc(known, func(a, b string) int { return len(b) - len(a) }) // a sentence before a part of it
	out := tb.paper(chromedp.PaperA4)
	for _, text := range []string{squash(eval[string](tb, `document.body.innerText`)), out.text} {
		expectWords(tb, where, text, source)
		for _, s := range known {
			text = strings.ReplaceAll(text, squash(s), " ")
		}
		at := said.FindString(text)
		expect(tb, at == "", "%s says what should not be said: %q", where, at)
	}
	for n, text := range out.sheets {
		expectWords(tb, fmt.Sprintf("%s: sheet %d", where, n+1), text, sheet)
	}
	expectWords(tb, where+" on paper", out.text, states...)
}

// What a signed page rests on, in the states below.
const text, config, drawing = "content/what-to-do.md", "config.toml", "content/figures/foot.svg"

// stateCases are pages that were signed on a day until another ("" is neither), and then changed; all are judged on 29 February 2028.
var stateCases = []struct {
	signed, due, want string
	file, old, fresh  string // what is changed after signing
}{
	{want: "not reviewed"},
	{signed: "2027-03-01", want: "current"},
	{signed: "2027-03-01", due: "2028-04-30", want: "current"},
	{signed: "2027-03-01", due: "2028-04-29", want: "due soon"},
	{signed: "2027-03-01", due: "2028-02-29", want: "due soon"},
	{signed: "2027-03-01", due: "2028-02-28", want: "overdue"},
	{signed: "2025-02-28", want: "overdue"},
	{signed: "2025-03-31", want: "due soon"},
	{signed: "2025-08-31", want: "current"},
	{file: text, old: "\nby = \"" + by, fresh: "\nby = \"Test Person, not real, M.D."},
	{file: text, old: "role = \"made-up", fresh: "role = \"a better"},
	{file: text, old: "reviewed = 2027-03-01", fresh: "reviewed = 2027-03-02"},
	{file: text, old: "due = 2030-03-01", fresh: "due = 2029-03-01"},
	{file: text, old: "title = \"What to do", fresh: "title = \"What to do now"},
	{file: text, old: "What to do about", fresh: "What to think of"},
	{file: text, old: "**not** run", fresh: "run"},
	{file: text, old: "adapted = 2024-03-01", fresh: "adapted = 2027-03-02"},
	{file: text, old: "up\")\n", fresh: "up\")\n\nMore.\n"},
	{file: text, old: "up\")\n", fresh: "up\")\n\n\u00a0\n", want: "current"},
	{file: config, old: "made up for a test\"", fresh: "made up for a trial\""},
	{file: config, old: "\"Nobody\"", fresh: "\"Somebody\""},
	{file: config, old: "reviewed = 2024-02-29", fresh: "reviewed = 2024-02-28"},
	{file: config, old: "\"999\"", fresh: "\"119\""},
	{file: config, old: "\"UK\"", fresh: "\"EU\""},
	{file: config, old: "where = \"UK\" }", fresh: "where = \"UK\" }, { number = \"112\", where = \"EU\" }"},
	{file: config, old: "Twisted ankles", fresh: "Sprained ankles", want: "current"},
	{file: drawing, old: "M0 0h9", fresh: "M0 0h8"},
}

// TestStatesAgree: the tool and the page, which Hugo renders, judge the same. Each case whose page alone is changed is a page of
// one site; the others have a site each. What pages say is in TestEverySentenceAboutReview.
func TestStatesAgree(t *testing.T) {
	t.Parallel()
	f := other(t)
	src := f.read(t, text) + "\n![A foot](figure:foot \"A foot that is up\")\n"
	judged := map[string]int{} // by the name of the page
	for i, c := range stateCases {
		name := fmt.Sprintf("content/case-%d.md", i)
		own := fmt.Sprint(" ", i) // because two lists of the same words are an error
		f.write(t, name, strings.NewReplacer("What to do\"", "What to do"+own+"\"", "Sit down", "Sit down"+own, "& wait", "& wait"+own,
			"not** run", "not** run"+own).Replace(src))
		if c.file != "" {
			c.signed = "2027-03-01"
		}
		if c.signed != "" {
			args := []string{"sign", "--by", by, "--role", role, "--today", c.signed}
			if c.due != "" {
				args = append(args, "--due", c.due)
			}
			f.succeed(t, append(args, name)...)
		}
		if c.file == text {
			f.replace(t, name, c.old, c.fresh)
		}
		judged[name] = i
	}
	checkStates(t, f, judged)
	for i, c := range stateCases {
		if c.file != config && c.file != drawing {
			continue
		}
		before := f.read(t, c.file)
		f.replace(t, c.file, c.old, c.fresh)
		checkStates(t, f, map[string]int{fmt.Sprintf("content/case-%d.md", i): i})
		f.write(t, c.file, before)
	}
}

// checkStates builds a site and holds pages to the states of their cases. A change that isn't made yet leaves a page current.
func checkStates(t *testing.T, f folder, judged map[string]int) {
	f.succeed(t, "build", "--today", "2028-02-29")
	due := exec.Command(site.tool, "due", "--today", "2028-02-29", "--format", "json")
	due.Dir = f.root
	out, err := due.Output()
	must(t, err)
	var list struct {
		Pages []struct{ File, State string }
	}
	must(t, json.Unmarshal(out, &list))
	states := map[string]string{}
	for _, p := range list.Pages {
		states[p.File] = p.State
	}
	for name, i := range judged {
		c := stateCases[i]
		want := cmp.Or(c.want, "changed")
		if c.file != "" && c.file != text && len(judged) > 1 {
			want = "current"
		}
		html := f.page(t, strings.TrimSuffix(strings.TrimPrefix(name, "content"), ".md")+"/")
		says := map[string]string{
			"not reviewed": "No clinician has reviewed this text.", "current": "The next review is due on", "due soon": "The next review is due on",
			"overdue": "The next review was due on", "changed": "This text has changed since " + by,
		}[want]
		expect(t, states[name] == want && strings.Contains(words(html), says),
			"%+v: the tool says %q, and the page %q: %v", c, states[name], says, strings.Contains(words(html), says))
		claims := strings.Contains(html, "reviewedBy") || strings.Contains(html, "lastReviewed")
		isSound := want != "not reviewed" && want != "changed"
		expect(t, claims == isSound, "%+v: structured data claims a review: %v", c, claims)
		expect(t, strings.Contains(html, by) == (want != "not reviewed"), "%+v: the reviewer stands on the page wrongly, or is missing", c)
	}
}

// TestBrokenReviews: bare Hugo, without the tool, shows a review only where the tool would.
func TestBrokenReviews(t *testing.T) {
	f := other(t)
	f.succeed(t, "sign", "--by", by, "--role", role, "--today", "2026-11-01", text)
	signed := f.read(t, text)
	faults := [][2]string{
		{"reviewed = 2026-11-01", "reviewed = 2026-12-01"}, {"due = 2029-11", "due = 2099-11"}, {"due = 2029", "due = 2025"},
		{"adapted = 2024-03-01", "adapted = 2027-03-01"}, {"role = \"made-up role\"", "role = \" \""}, {"by = ", "extra = 1\nby = "},
		{"due = 2029-11-01", "due = \"2029-11-011\""}, {"reviewed = 2026-11-01\n", ""},
	}
	for i, fault := range faults {
		name := fmt.Sprintf("content/broken-%d.md", i)
		f.write(t, name, signed)
		f.replace(t, name, fault[0], fault[1])
	}
	out, err := f.bare("--clock", "2026-11-22T12:00:00Z")
	require(t, err == nil, "%v\n%s", err, out)
	expect(t, strings.Contains(f.page(t, "/what-to-do/"), by), "a whole sign-off is not shown")
	for i, fault := range faults {
		expect(t, !strings.Contains(f.page(t, fmt.Sprintf("/broken-%d/", i)), by),
			"with %q a review is shown that the tool calls invalid", fault[1])
	}
}
