package content

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"microsite/tools/problem"
)

// testSite is a site that knows some cards and one other page.
func testSite() *Site {
	return &Site{Location: time.UTC, Cards: []string{"emergency", "do", "note"}, Sources: map[string]*Source{}, Interval: 36, DueSoon: 60}
}

// parse reads one page that has no problems.
func parse(t *testing.T, src string) *Page {
	t.Helper()
	p, problems := testSite().Parse("content/page.md", []byte(src))
	if p == nil || len(problems) > 0 {
		t.Fatalf("%q: %v", src, problems)
	}
	return p
}

const front = "---\ntitle: A page\ndescription: D\n---\n"

// write makes a folder of files.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		name = filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestPosAt(t *testing.T) {
	const src = "\uFEFFab\r\nÄö😀c\n\nend"
	for text, want := range map[string]Pos{
		"ab": {1, 1}, "b": {1, 2}, "\r": {1, 3}, "Ä": {2, 1}, "ö": {2, 2}, "😀": {2, 3}, "c": {2, 4}, "\nend": {3, 1}, "end": {4, 1}, "d": {4, 3},
	} {
		if got := (&source{text: []byte(src)}).at(strings.Index(src, text)); got != want {
			t.Errorf("%q is at %v, not %v", text, got, want)
		}
	}
	for offset, want := range map[int]Pos{-5: {1, 1}, 0: {1, 1}, len(src): {4, 4}, len(src) + 9: {4, 4}} {
		if got := (&source{text: []byte(src)}).at(offset); got != want {
			t.Errorf("offset %d is at %v, not %v", offset, got, want)
		}
	}
}

// dump writes a tree with its places: key@line:column=value@line:column.
func dump(n *Node) string {
	var b strings.Builder
	if n.Key != "" {
		fmt.Fprintf(&b, "%s@%d:%d=", n.Key, n.KeyPos.Line, n.KeyPos.Column)
	}
	switch n.Kind {
	case Map, List:
		var items []string
		for _, item := range n.Items {
			items = append(items, dump(item))
		}
		b.WriteString(map[Kind]string{Map: "{", List: "["}[n.Kind] + strings.Join(items, " ") + map[Kind]string{Map: "}", List: "]"}[n.Kind])
	case Null:
		b.WriteString("null")
	case Text:
		fmt.Fprintf(&b, "%q", n.Raw)
	default:
		b.WriteString(n.Raw)
	}
	fmt.Fprintf(&b, "@%d:%d", n.Pos.Line, n.Pos.Column)
	return b.String()
}

func TestTree(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"YAML values", "a: b\n\"c\": 'd: é'\nn: 2026\nt: true\nday: 2026-11-22\nfloat: 1.50",
			`{a@1:1="b"@1:4 c@2:1="d: é"@2:6 n@3:1=2026@3:4 t@4:1=true@4:4 day@5:1="2026-11-22"@5:6 float@6:1=1.50@6:8}`},
		{"YAML nothing", "a:\nb: ~\nc: null # none\nd: \"\"", `{a@1:1=null@1:1 b@2:1=null@2:1 c@3:1=null@3:1 d@4:1=""@4:4}`},
		{"YAML lists", "a: [x, \"é\", z] # why\nb:\n- 1\n- two", `{a@1:1=["x"@1:5 "é"@1:8 "z"@1:13]@1:4 b@2:1=[1@3:3 "two"@4:3]@3:1}`},
		{"YAML tables", "# top\na:\n  b: 1\n  # c\n  c:\n    d: e\nf: {g: h}", `{a@2:1={b@3:3=1@3:6 c@5:3={d@6:5="e"@6:8}@6:5}@3:3 f@7:1={g@7:5="h"@7:8}@7:5}`},
		{"YAML blocks", "a: >-\n  folded\n  text\nb: |\n  as\n  is\nc: plain\n  goes on", `{a@1:1="folded text"@1:4 b@4:1="as\nis\n"@4:4 c@7:1="plain goes on"@7:4}`},
		{"YAML after letters of two bytes", "\"ä\": \"ö\" # ü\nb: c", `{ä@1:1="ö"@1:6 b@2:1="c"@2:4}`},
		{"YAML, nothing at all", "\n", `{}@1:1`},
		{"TOML values", "a = \"b\"\n\"c\" = 'd'\nn = 2026\nt = true\nday = 2026-11-22\nat = 2026-11-22T10:00:00Z\nfloat = 1.50\nh = 0x10",
			`{a@1:1="b"@1:5 c@2:1="d"@2:7 n@3:1=2026@3:5 t@4:1=true@4:5 day@5:1=2026-11-22@5:7 at@6:1=2026-11-22T10:00:00Z@6:6 float@7:1=1.50@7:9 h@8:1=0x10@8:5}@1:1`},
		{"TOML lists", "a = [\"é\", 'y', # why\n  3]\nb = []", `{a@1:1=["é"@1:6 "y"@1:11 3@2:3]@1:5 b@3:1=[]@3:5}@1:1`},
		{"TOML tables", "x = 1\n[a]\nb = 1\n[a.c]\nd = 2\n[e]\nf.g = 3\nh = {i = 4, j.k = 5}",
			`{x@1:1=1@1:5 a@2:2={b@3:1=1@3:5 c@4:4={d@5:1=2@5:5}@4:4}@2:2 e@6:2={f@7:1={g@7:3=3@7:7}@7:1 h@8:1={i@8:6=4@8:10 j@8:13={k@8:15=5@8:19}@8:13}@8:5}@6:2}@1:1`},
		{"TOML lists of tables", "[[a]]\nb = 1\n[[a]]\nb = 2\n[a.c]\nd = 3\n[[a.e]]\nf = 4\n[[a.e]]\nf = 5",
			`{a@1:3=[{b@2:1=1@2:5}@1:3 {b@4:1=2@4:5 c@5:4={d@6:1=3@6:5}@5:4 e@7:5=[{f@8:1=4@8:5}@7:5 {f@10:1=5@10:5}@9:5]@7:5}@3:3]@1:3}@1:1`},
		{"TOML text of many lines", "a = \"\"\"\none\ntwo\"\"\"\nb = '''x'''", `{a@1:1="one\ntwo"@1:5 b@4:1="x"@4:5}@1:1`},
		{"TOML, nothing at all", "# only\n", `{}@1:1`},
	} {
		parse := parseYAML
		if strings.HasPrefix(c.name, "TOML") {
			parse = parseTOML
		}
		n, err := parse([]byte(c.src))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		got := dump(n)
		if strings.HasPrefix(c.name, "YAML") && c.name != "YAML, nothing at all" {
			got = got[:strings.LastIndex(got, "@")] // of the whole, which page sets
		}
		if got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

// What is no front matter ends in a message with a place, and soon.
func TestTreeRefuses(t *testing.T) {
	bomb := "a: &a [x, x]\n"
	for c := 'b'; c < 'z'; c++ {
		bomb += fmt.Sprintf("%c: &%c [*%c, *%c, *%c, *%c]\n", c, c, c-1, c-1, c-1, c-1)
	}
	for name, src := range map[string]string{
		"alias bomb": bomb, "anchor": "a: &x b", "tag": "a: !!int b", "custom tag": "a: !x b", "merge": "a: {b: c}\n<<: {d: e}",
		"doubled key": "a: 1\nb: 2\na: 3", "doubled key in a table": "a: {b: 1, b: 2}", "doubled key in quotes": "a: 1\n\"a\": 2", "doubled key in other quotes": "{\"a\": 1, 'a': 2}", "two documents": "a: b\n---\nc: d", "tab": "a:\n\tb: c",
		"list as key": "[a, b]: c", "open list": "a: [b", "open text": "a: \"b", "late indent": "a: b\n  c: d",
		"deep list": "a: " + strings.Repeat("[", 8000), "closed deep list": "a: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000),
		"deep table": "a: " + strings.Repeat("{a: ", 4000), "deep blocks": strings.Repeat("- ", 8000) + "x",
	} {
		if n, err := parseYAML([]byte(src)); err == nil && !strings.Contains(name, "deep") {
			t.Errorf("YAML, %s: read as %s", name, dump(n))
		}
	}
	for name, src := range map[string]string{
		"doubled key": "a = 1\na = 2", "doubled key in quotes": "a = 1\n'a' = 2", "doubled key, dotted": "a.b = 1\n[a]\nb = 2", "doubled table": "[a]\n[a]", "no value": "a =", "open text": "a = \"b", "bad date": "a = 2026-02-30", "bare text": "a = b",
		"deep list": "a = " + strings.Repeat("[", 8000),
	} {
		if n, err := parseTOML([]byte(src)); err == nil {
			t.Errorf("TOML, %s: read as %s", name, dump(n))
		}
	}
}

// Every kind of date that issue and README name.
func TestParseDate(t *testing.T) {
	const good = ""
	for raw, want := range map[string]string{
		"2026-11-22": good, "2024-02-29": good, "2000-02-29": good, "1900-01-01": good, "9999-12-31": good,
		"2026-02-29": "the calendar has no such day", "1900-02-29": "the calendar has no such day", "2026-04-31": "the calendar has no such day",
		"2026-13-01": "the calendar has no such day", "2026-00-10": "the calendar has no such day", "2026-01-00": "the calendar has no such day",
		"1899-12-31": "before 1900", "0000-01-01": "before 1900",
		"2026-11-22T10:00:00Z": "write the day alone, without a time or zone: 2026-11-22", "2026-11-22t10:00:00+01:00": "the day alone",
		"2026-11-22 10:00": "the day alone", "2026-11-22 10:00:00.5 -5": "the day alone",
		"2026-11-22Z": "write a date as YYYY-MM-DD", "2026-11-22+01:00": "write a date as YYYY-MM-DD",
		"11/22/2022": "day or month first", "22.11.2022": "day or month first", "2022/11/22": "day or month first", "1/2/26": "day or month first",
		"2026-1-5": "two digits", "2026-01-5": "two digits", "2026-1-05": "two digits",
		"TODO": "write a date as YYYY-MM-DD", "tomorrow": "write a date", "22 November 2026": "write a date", "Nov 22, 2026": "write a date",
		"20261122": "write a date", "2026-W47-7": "write a date", "2026-326": "write a date", "2026-11": "write a date", "2026": "write a date",
		"26-11-22": "write a date", "12026-11-22": "write a date", "-2026-11-22": "write a date", "+2026-11-22": "write a date",
		" 2026-11-22": "write a date", "2026-11-22 ": "the day alone", "2026-11-22\n": "write a date", "": "write a date", " ": "write a date",
		"２０２６-11-22": "write a date", "２０２６－１１－２２": "write a date", "2026‑11‑22": "write a date", "2026–11–22": "write a date", "٢٠٢٦-11-22": "write a date",
	} {
		for _, kind := range []Kind{Scalar, Text} { // as YAML or TOML, quoted or not, hand it over
			got, err := ParseDate(&Node{Kind: kind, Raw: raw})
			switch {
			case want == good && (err != nil || got.Format(time.RFC3339) != raw+"T00:00:00Z"):
				t.Errorf("%q: %v, %v", raw, got, err)
			case want != good && (err == nil || !strings.Contains(err.Error(), want) || !got.IsZero()):
				t.Errorf("%q: %v, %v; should say %q", raw, got, err, want)
			}
		}
	}
	for kind, want := range map[Kind]string{Null: "is empty: ", List: "is a list: ", Map: "is a table: "} {
		if _, err := ParseDate(&Node{Kind: kind}); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v: %v", kind, err)
		}
	}
}

// Windows' line ends change nothing but the line ends of the body.
func TestLineEnds(t *testing.T) {
	for _, src := range []string{
		"---\ntitle: >\n  A\n  page\ndescription: >\n  D\n  e\naliases:\n- x # é\n- /y/\n---\nWords\n",
		"+++\ntitle = \"\"\"\nA \\\npage\"\"\"\ndescription = '''D'''\naliases = [\n  \"x\",\n]\n+++\nWords\n",
	} {
		lf, crlf := parse(t, src), parse(t, strings.ReplaceAll(src, "\n", "\r\n"))
		if dump(lf.Front) != dump(crlf.Front) || lf.Digest() != crlf.Digest() {
			t.Errorf("\n%s\n%s", dump(lf.Front), dump(crlf.Front))
		}
	}
}

func TestFrontMatterHasALimit(t *testing.T) {
	long := func(n int) string {
		return strings.Replace(front, "D\n", strings.Repeat("x", n-len("title: A page\ndescription: \n"))+"\n", 1)
	}
	parse(t, long(maxFront))
	if p, problems := testSite().Parse("content/page.md", []byte(long(maxFront+1))); p != nil || len(problems) != 1 || !strings.HasPrefix(problems[0].Message, "the front matter is longer than 16384 bytes") {
		t.Errorf("%v", problems)
	}
}

func TestCards(t *testing.T) {
	p := parse(t, front+`Text [!DO].

> A quote.

> [!EMERGENCY] Call **now** &amp; say *where*
> Any of these:
> - [ ] First
> - [ ] Second

> [!do]
> - plain

> [!Note] Title`)
	want := []Card{
		{Level: "emergency", Title: "Call now & say where", Pos: Pos{9, 3}, Items: []Item{{"First", Pos{11, 5}}, {"Second", Pos{12, 5}}}},
		{Level: "do", Pos: Pos{14, 3}},
		{Level: "note", Title: "Title", Pos: Pos{17, 3}},
	}
	if !reflect.DeepEqual(p.Cards, want) {
		t.Errorf("\n got %+v\nwant %+v", p.Cards, want)
	}
}

// An item's words are those that a reader sees.
func TestItemText(t *testing.T) {
	for markdown, want := range map[string]string{
		"Plain words":                             "Plain words",
		"*Emphasis* and **strong** and ~~gone~~":  "Emphasis and strong and gone",
		"`code` and `` a`b ``":                    "code and a`b",
		"`\\* &amp;`":                             "\\* &amp;",
		"&lt;b&gt; &amp; &eacute; &#8217; &#x41;": "<b> & é ’ A",
		"&nosuch; & &amp":                         "&nosuch; & &amp",
		"\\*no\\* \\<b> \\[x\\] a\\b":             "*no* <b> [x] a\\b",
		"\\&amp; &amp;amp;":                       "&amp; &amp;",
		"&#92;* &#42;a&#42;":                      "\\* *a*",
		"a_b_c 2 * 3":                             "a_b_c 2 * 3",
		"two  spaces\tand a tab":                  "two spaces and a tab",
		"non&nbsp;breaking\u00a0space":            "non breaking space",
		"a <!-- comment --> b":                    "a b",
		"*Ünïcödé* 😀":                             "Ünïcödé 😀",
		"[ ] twice":                               "[ ] twice",
	} {
		p := parse(t, front+"> [!DO]\n> - [ ] "+markdown+"\n")
		if len(p.Cards) != 1 || len(p.Cards[0].Items) != 1 {
			t.Errorf("%q: %+v", markdown, p.Cards)
		} else if got := p.Cards[0].Items[0]; got.Text != want || got.Pos != (Pos{6, 5}) {
			t.Errorf("%q: %q at %v, not %q", markdown, got.Text, got.Pos, want)
		}
	}
}

// Links are found in the order in which Hugo renders them, each at its first sign.
func TestLinks(t *testing.T) {
	for _, crlf := range []bool{false, true} {
		src := front + strings.TrimPrefix(`
Ä [one](#a) and *[two **strong**](#b "Title")* <https://three.example/>
[![four](https://four.example/4.png)](https://four.example/).
> - quoted [five][5]
>   and [6]

| table | [seven](#g) |
|---|---|
| www.eight.example | [^1] |

`+"`[no](#code)` \\[no](#escaped)"+`

~~~
[no](#block)
~~~

## [nine](#i) {#id}

[5]: #e
[6]: <#f>
[^1]: Note [ten](#j)

![a drawing, which becomes no link](figure:x "Caption")
`, "\n")
		if crlf {
			src = "\uFEFF" + strings.ReplaceAll(src, "\n", "\r\n")
		}
		const site = "a [folder]/" // whose name is no pattern
		root := write(t, map[string]string{site + "config.toml": least, site + "content/_index.md": src, site + "layouts/_partials/figures/x.html": ""})
		s, problems, err := Load(filepath.Join(root, site))
		if err != nil || len(problems) != 1 || problems[0].Rule != RuleCode {
			t.Fatal(err, problems)
		}
		var got []string
		for _, l := range s.Pages[0].Links {
			got = append(got, fmt.Sprintf("%d:%d %s %v", l.Pos.Line, l.Pos.Column, l.Destination, l.Image))
		}
		want := []string{"5:3 #a false", "5:18 #b false", "5:48 https://three.example/ false", "6:1 https://four.example/ false",
			"6:2 https://four.example/4.png true", "7:12 #e false", "8:9 #f false", "10:11 #g false", "12:3 http://www.eight.example false",
			"20:4 #i false", "24:12 #j false"}
		if !slices.Equal(got, want) {
			t.Errorf("CRLF %v:\n got %q\nwant %q", crlf, got, want)
		}
	}
}

// least is all that a config.toml needs.
const least = "title = \"T\"\nbaseURL = \"https://t.example/\"\nparams.emergencyPage = \"/\"\nparams.emergency = [{number = \"112\", where = \"Here\"}]\n"

func TestURL(t *testing.T) {
	for file, want := range map[string]string{
		"_index.md": "/", "causes.md": "/causes/", "neck/_index.md": "/neck/", "neck/pain.md": "/neck/pain/", "neck/pain/index.md": "/neck/pain/",
	} {
		if got := (&Page{Path: file}).URL(); got != want {
			t.Errorf("%s: %s, not %s", file, got, want)
		}
	}
}

func TestPagesAreInTheOrderOfTheirWeights(t *testing.T) {
	page := func(weight string) string {
		return "---\ntitle: T\ndescription: D\nadapted: 2026-01-01\nmedical: false\n" + weight + "---\n"
	}
	s, problems, err := Load(write(t, map[string]string{
		"config.toml":  least,
		"content/a.md": page(""), "content/b.md": page("weight: 2\n"), "content/c.md": page("weight: 10\n"),
		"content/_index.md": page(""), "content/d.md": page("weight: 2\n"),
	}))
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	var got []string
	for _, p := range s.Pages {
		got = append(got, p.Path)
	}
	if want := []string{"b.md", "d.md", "c.md", "_index.md", "a.md"}; !slices.Equal(got, want) {
		t.Errorf("%q, not %q", got, want)
	}
	if s.Page("c.md") != s.Pages[2] || s.Page("gone.md") != nil {
		t.Error("Page finds the wrong file")
	}
}

// words is a text whose words a test can change; rewrap lays them out anew.
var words = strings.Fields("> [!EMERGENCY] Do not wait, call 911 now. ## Heading - [ ] See [the page](causes.md#heat) for 20 minutes; É don’t a-b a—b")

func digest(title, description, body string) string {
	return (&Page{Title: title, Description: description, Body: body}).Digest()
}

func TestDigest(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	spaces := []string{" ", "  ", "\n", "\r\n", "\n\n", "\t", "\n    ", " \n", "\u00a0", "\u2003", "\u3000"}
	rewrap := func(words []string) string {
		out := ""
		for i, w := range words {
			if i > 0 || r.IntN(2) == 0 {
				out += spaces[r.IntN(len(spaces))]
			}
			out += w
		}
		return out + strings.Repeat("\n", r.IntN(3))
	}
	want := digest("A title", "A description", strings.Join(words, " "))
	if d := digest("A title", "A description", ""); d == want || !strings.HasPrefix(d, "sha256-") || len(d) != len("sha256-")+44 {
		t.Fatalf("digest of no text: %s", d)
	}
	// printf '1\nT\nD\nB' | openssl dgst -sha256 -binary | base64
	if got := digest(" T ", "D\n", "\nB\n"); got != "sha256-"+known {
		t.Errorf("digest is %s, not sha256-%s", got, known)
	}
	for range 500 {
		// Rewrapping never changes it.
		title, description := rewrap([]string{"A", "title"}), rewrap([]string{"A", "description"})
		if got := digest(title, description, rewrap(words)); got != want {
			t.Fatal("white space changed the digest")
		}
		// One word, number, "not", link or level that was changed, added, taken away or moved always does.
		changed := slices.Clone(words)
		i := r.IntN(len(changed))
		switch r.IntN(5) {
		case 0:
			changed[i] += "s"
		case 1:
			changed = slices.Delete(changed, i, i+1)
		case 2:
			changed = slices.Insert(changed, i, "not")
		case 3:
			j := (i + 1) % len(changed)
			if changed[i] == changed[j] {
				continue
			}
			changed[i], changed[j] = changed[j], changed[i]
		case 4:
			_, size := utf8.DecodeRuneInString(changed[i])
			changed[i] = "x" + changed[i][size:]
		}
		if got := digest(title, description, rewrap(changed)); got == want {
			t.Fatalf("the digest is the same for\n%q\n%q", words, changed)
		}
	}
	for i, other := range []string{
		digest("A titles", "A description", strings.Join(words, " ")),
		digest("A title", "A Description", strings.Join(words, " ")),
		digest("A title A", "description", strings.Join(words, " ")),
		digest("A title", "A description "+words[0], strings.Join(words[1:], " ")),
		digest("A title", "", "A description "+strings.Join(words, " ")),
		digest("A title", "A description", strings.ReplaceAll(strings.Join(words, " "), "20", "30")),
		digest("A title", "A description", strings.ReplaceAll(strings.Join(words, " "), "Do not", "Do")),
		digest("A title", "A description", strings.ReplaceAll(strings.Join(words, " "), "#heat", "#cold")),
		digest("A title", "A description", strings.ReplaceAll(strings.Join(words, " "), "EMERGENCY", "ROUTINE")),
		digest("A title", "A description", strings.ReplaceAll(strings.Join(words, " "), "[ ]", "[]")),
	} {
		if other == want {
			t.Errorf("change %d leaves the digest as it was", i)
		}
	}
}

const known = "Wf+cZ/W8TbCLax31AwuzJkRXaRRjbhWFVnzQQA6/hfo="

// Layout of the file, comments and keys that aren't signed leave the digest alone.
func TestDigestOfFiles(t *testing.T) {
	yaml := parse(t, "---\ntitle: A page\ndescription: D\nweight: 1\n---\nWords *here*.\n")
	for _, src := range []string{
		"---\r\n# c\r\nweight: 7\r\ndescription: 'D'\r\ntitle: \"A page\"\r\n---\r\n\r\nWords\r\n*here*.",
		"\uFEFF---\ntitle: >\n  A\n  page\ndescription: D\n---\nWords *here*.\n",
		"+++\ntitle = \"A page\"\ndescription = '''\nD'''\ndraft = true\n+++\nWords *here*.\n",
	} {
		if p := parse(t, src); p.Digest() != yaml.Digest() {
			t.Errorf("%q signs %q, not %q", src, p.SignedText(), yaml.SignedText())
		}
	}
}

// FuzzFrontMatter: whatever bytes a file holds, reading it ends, without a
// panic, and every problem has a place inside the file.
func FuzzFrontMatter(f *testing.F) {
	for _, src := range []string{
		"", "---\n---\n", front + "Words", "\uFEFF---\r\ntitle: A\r\n---\r\n> [!DO]\r\n> - [ ] x\r\n",
		"+++\ntitle = \"T\"\n[review]\nby = 1\n+++\n[a](b.md)", "---\na: &a [*a]\n<<: *a\n---\n", "---\na: {b: [c, {d: e}]}\n---\n{{< x >}}",
		"---\ntitle: |\n  Ä\n\tx\n---\n<b>\n\n- [ ] [x]", "{\"a\": 1}", "---\n? [a]\n: b\n---", "+++\n[[a]]\n[a.b]\nc.d = {e = [1, 2026-01-01]}\n+++",
	} {
		f.Add([]byte(src))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		s := testSite()
		p, problems := s.Parse("content/page.md", src)
		if p != nil {
			l := &loader{site: s, problems: problems}
			l.links(p)
			problems = l.problems
		}
		lines := strings.Split(strings.TrimPrefix(string(src), "\uFEFF"), "\n")
		inside := func(what any, at Pos) {
			if at.Line < 1 || at.Line > len(lines) || at.Column < 1 || at.Column > utf8.RuneCountInString(lines[at.Line-1])+1 {
				t.Errorf("%v at %v is outside the file %q", what, at, src)
			}
		}
		for _, found := range problems {
			if found.File != "content/page.md" || found.Rule == "" || found.Message == "" || found.Severity != problem.Error {
				t.Errorf("%+v", found)
			}
			inside(found, Pos{found.Line, found.Column})
		}
		if p == nil {
			if len(problems) == 0 {
				t.Errorf("%q is no page and has no problem", src)
			}
			return
		}
		for _, card := range p.Cards {
			inside(card.Level, card.Pos)
			for _, item := range card.Items {
				inside(item.Text, item.Pos)
			}
		}
		for _, link := range p.Links {
			inside(link.Destination, link.Pos)
		}
		var walk func(n *Node)
		walk = func(n *Node) {
			inside(n.Key, n.Pos)
			inside(n.Key, n.KeyPos)
			for _, item := range n.Items {
				walk(item)
			}
		}
		walk(p.Front)
		p.Digest()
	})
}
