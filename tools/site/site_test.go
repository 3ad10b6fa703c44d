package site

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"microsite/tools/diagnostic"
)

// testSite returns a site that knows some cards.
func testSite() *Site {
	return &Site{Location: time.UTC, Cards: []string{"emergency", "do", "note"}, cardNames: map[string]string{"do": "do"}, Sources: map[string]*Source{}, IntervalMonths: 36, DueSoonDays: 60}
}

const front = "---\ntitle: A page\ndescription: D\n---\n"

// dump writes a tree with its places: key@line:column=value@line:column.
func dump(n *Node) string {
	var b strings.Builder
	if n.Key != "" {
		fmt.Fprintf(&b, "%s@%d:%d=", n.Key, n.KeyPlace.Line, n.KeyPlace.Column)
	}
	var items []string
	for _, item := range n.Items {
		items = append(items, dump(item))
	}
	values := map[Kind]string{Null: "null", Scalar: n.Raw, Text: strconv.Quote(n.Raw), Map: fmt.Sprintf("{%s}", strings.Join(items, " ")), List: fmt.Sprint(items)}
	b.WriteString(values[n.Kind])
	fmt.Fprintf(&b, "@%d:%d", n.Place.Line, n.Place.Column)
	return b.String()
}

func TestTree(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"YAML values", "a: b\n\"c\": 'd: é'\nn: 2026\nt: true\nday: 2026-11-22\nfloat: 1.50",
			`{a@1:1="b"@1:4 c@2:1="d: é"@2:6 n@3:1=2026@3:4 t@4:1=true@4:4 day@5:1="2026-11-22"@5:6 float@6:1=1.50@6:8}`},
		{"YAML nothing", "a:\nb: ~\nc: null # none\nd: \"\"", `{a@1:1=null@1:3 b@2:1=null@2:4 c@3:1=null@3:4 d@4:1=""@4:4}`},
		{"YAML lists", "a: [x, \"é\", z] # why\nb:\n- 1\n- two", `{a@1:1=["x"@1:5 "é"@1:8 "z"@1:13]@1:4 b@2:1=[1@3:3 "two"@4:3]@3:1}`},
		{"YAML tables", "# top\na:\n  b: 1\n  # c\n  c:\n    d: e\nf: {g: h}", `{a@2:1={b@3:3=1@3:6 c@5:3={d@6:5="e"@6:8}@6:5}@3:3 f@7:1={g@7:5="h"@7:8}@7:4}`},
		{"YAML blocks", "a: >-\n  folded\n  text\nb: |\n  as\n  is\nc: plain\n  goes on", `{a@1:1="folded text"@1:4 b@4:1="as\nis\n"@4:4 c@7:1="plain goes on"@7:4}`},
		{"TOML values", "a = \"b\"\n\"c\" = 'd'\nn = 2026\nt = true\nday = 2026-11-22\nat = 2026-11-22T10:00:00Z\nfloat = 1.50\nh = 0x10",
			`{a@1:1="b"@1:5 c@2:1="d"@2:7 n@3:1=2026@3:5 t@4:1=true@4:5 day@5:1=2026-11-22@5:7 at@6:1=2026-11-22T10:00:00Z@6:6 float@7:1=1.50@7:9 h@8:1=0x10@8:5}`},
		{"TOML lists", "a = [\"é\", 'y', # why\n  3]\nb = []", `{a@1:1=["é"@1:6 "y"@1:11 3@2:3]@1:1 b@3:1=[]@3:1}`},
		{"TOML tables", "x = 1\n[a]\nb = 1\n[a.c]\nd = 2\n[e]\nf.g = 3\nh = {i = 4, j.k = 5}",
			`{x@1:1=1@1:5 a@2:2={b@3:1=1@3:5 c@4:4={d@5:1=2@5:5}@4:4}@2:2 e@6:2={f@7:1={g@7:3=3@7:7}@7:1 h@8:1={i@8:6=4@8:10 j@8:13={k@8:15=5@8:19}@8:13}@8:5}@6:2}`},
		{"TOML lists of tables", "[[a]]\nb = 1\n[[a]]\nb = 2\n[a.c]\nd = 3\n[[a.e]]\nf = 4\n[[a.e]]\nf = 5",
			`{a@1:3=[{b@2:1=1@2:5}@1:3 {b@4:1=2@4:5 c@5:4={d@6:1=3@6:5}@5:4 e@7:5=[{f@8:1=4@8:5}@7:5 {f@10:1=5@10:5}@9:5]@7:5}@3:3]@1:3}`},
		{"TOML text of many lines", "a = \"\"\"\none\ntwo\"\"\"\nb = '''x'''", `{a@1:1="one\ntwo"@1:5 b@4:1="x"@4:5}`},
		{"TOML, nothing at all", "# only\n", `{}`},
	} {
		l := &loader{}
		n := l.readTree("", []byte(c.src), strings.HasPrefix(c.name, "TOML"), diagnostic.RuleConfig)
		if n == nil {
			t.Errorf("%s: %v", c.name, l.findings)
			continue
		}
		got := dump(n)
		got = got[:strings.LastIndex(got, "@")]
		if got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestParseDate(t *testing.T) {
	for _, kind := range []Kind{Scalar, Text} { // as YAML or TOML, quoted or not, hand it over
		for _, raw := range []string{"2026-11-22", "2024-02-29", "2000-02-29", "1900-01-01", "9999-12-31"} {
			if got, err := ParseDate(&Node{Kind: kind, Raw: raw}); err != nil || got.Format(time.RFC3339) != raw+"T00:00:00Z" {
				t.Errorf("%q: %v, %v", raw, got, err)
			}
		}
		for _, raw := range []string{
			"2026-02-29", "1900-02-29", "2026-04-31", "2026-13-01", "2026-00-10", "2026-01-00", "1899-12-31", "0000-01-01",
			"2026-11-22T10:00:00Z", "2026-11-22t10:00:00+01:00", "2026-11-22 10:00", "2026-11-22 10:00:00.5 -5", "2026-11-22Z", "2026-11-22+01:00",
			"11/22/2022", "22.11.2022", "2022/11/22", "1/2/26", "2026-1-5", "2026-01-5", "2026-1-05", "TODO", "tomorrow", "22 November 2026", "Nov 22, 2026",
			"20261122", "2026-W47-7", "2026-326", "2026-11", "2026", "26-11-22", "12026-11-22", "-2026-11-22", "+2026-11-22", "2026-+1-22", "2026-1 -22",
			" 2026-11-22", "2026-11-22 ", "2026-11-22\n", "2026-11- 2", "", " ", "２０２６-11-22", "２０２６－１１－２２", "2026‑11‑22", "2026–11–22", "٢٠٢٦-11-22",
		} {
			got, err := ParseDate(&Node{Kind: kind, Raw: raw})
			if err == nil || !strings.Contains(err.Error(), "write a day since 1900 as YYYY-MM-DD") || !got.IsZero() {
				t.Errorf("%q: %v, %v", raw, got, err)
			}
		}
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
		"non&nbsp;breaking\u00a0space":            "non breaking space",
		"a <!-- comment --> b":                    "a b",
		"*Ünïcödé* 😀":                             "Ünïcödé 😀",
	} {
		p, findings := testSite().ParsePage("content/page.md", []byte(front+"> [!DO]\n> - [ ] "+markdown+"\n"))
		if p == nil || len(findings) > 0 || len(p.Cards) != 1 || len(p.Cards[0].Items) != 1 {
			t.Errorf("%q: %+v, %v", markdown, p, findings)
		} else if got := p.Cards[0].Items[0]; got.Text != want || got.Place.Position() != "6:5" {
			t.Errorf("%q: %q at %v, not %q", markdown, got.Text, got.Place, want)
		}
	}
}

// FuzzParsePage: whatever bytes a file holds, reading it ends, without a
// panic, and every finding has a place inside the file.
func FuzzParsePage(f *testing.F) {
	for _, src := range []string{
		"", "---\n---\n", front + "Words", "---\r\ntitle: A\r\n---\r\n> [!DO]\r\n> - [ ] x\r\n",
		"+++\ntitle = \"T\"\n[review]\nby = 1\n+++\n[a](b.md)", "---\na: &a [*a]\n<<: *a\n---\n", "---\na: {b: [c, {d: e}]}\n---\n{{< x >}}",
		"---\ntitle: |\n  Ä\n\tx\n---\n<b>\n\n- [ ] [x]", "{\"a\": 1}", "---\n? [a]\n: b\n---", "+++\n[[a]]\n[a.b]\nc.d = {e = [1, 2026-01-01]}\n+++",
	} {
		f.Add([]byte(src))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		s := testSite()
		p, findings := s.ParsePage("content/page.md", src)
		if p != nil {
			for _, link := range p.Links {
				p.linkProblem(link)
			}
		}
		lines := strings.Split(string(src), "\n")
		checkPlace := func(what any, at diagnostic.Place) {
			if at.Line < 1 || at.Line > len(lines) || at.Column < 0 || at.Column > utf8.RuneCountInString(lines[at.Line-1])+1 {
				t.Errorf("%v at %v is outside the file %q", what, at, src)
			}
		}
		for _, d := range findings {
			checkPlace(d, d.Place)
		}
		if p == nil {
			if len(findings) == 0 {
				t.Errorf("%q is no page and has no finding", src)
			}
			return
		}
		var walk func(n *Node)
		walk = func(n *Node) {
			checkPlace(n.Key, n.Place)
			if n.Key != "" {
				checkPlace(n.Key, n.KeyPlace)
			}
			for _, item := range n.Items {
				walk(item)
			}
		}
		walk(p.FrontMatter)
	})
}

// Each text is as readers see it, and the signs that are left in it.
func TestFindMarkup(t *testing.T) {
	for text, want := range map[string]string{
		"[!EMERGENCY] Call now": "[!", "\u200b[!DO] Walk": "[!", "[ !NOTE] Careful": "[ !", "[\u00a0!NOTE]": "[\u00a0!", "[!NO TE] Careful": "[!", "x ![EMERGENCY] y": "![", "(!EMERGENCY) Call": "(!", "**[!DO]** Walk": "**, [!",
		"![A picture](a b.png)": "![", "See ![a picture]": "![", "A [signed page](signed page.md) is": "](", "[An [inner] one](signed page.md)": "](", "[x]\u200b(y z)": "]\u200b(",
		"[a] (signed.md), [b] (http://site.example/__a__)": "] (, ] (", "[two\nlines] (signed.md)": "] (", "[e]\u00a0(#heat)": "]\u00a0(", "(c)[signed.md#x] (d)[https://site.example/]": ")[, )[",
		"[a][b] and [c][]": "][, ][", "[[signed]]": "[[", "A claim.[^1]": "[^1]", "** bold ** and\n** more **.": "**", "is **strong.": "**", "Now**": "**", "***both": "***", "x **a** [b](c d)": "**, ](",
		"__Loud and quiet__ or__": "__", "[ ] Sit up": "[ ]", "[x] Sit up": "[x]", "[] Sit": "[]", "[  ] Walk": "[  ]", "-[ ] Sit": "-[ ]", "*\u00a0[ ] Walk": "*\u00a0[ ]", "– [ ] Lie": "– [ ]", "Words\n[ ] Sit": "[ ]",
		"## Words": "##", "##Ä heading": "##", "Text\n##\u00a0Heading": "##", "#\u00a0Words": "#\u00a0", "#Heading": "#", "####### Seven": "#######", "Ä {#my id}": "{#my id}", "One { #one }": "{ #one }",
		"| Heat | Cold |\n| warm | numb |": "|", "Heat | Cold\nwarm | numb": "|", "a | b | c": "|", "{{< figure >}} x": "{{", "}} x": "}}", "{% if %}": "{%", "<!-- a note": "<!--", "a note -->": "-->", "<!-- a --> b": "<!--",
		"```\ncode": "```", "soft\u00adly *\u00ad*strong": "*\u00ad*",
		"[words] (or none).": "", "x (page.md) and [y]": "", "(z)[z]": "", "[sic] it said.": "", "[A page] says so.": "", "Name: ____ Age: __ __ snake__case ***** * * 2 * 3": "", "#1 is a number, and so is ## here\n#words too": "", "#9": "", "#": "",
		"{c} d {x}": "", "An item\non two lines, – [ ] here": "", "a | b": "", "either|or": "", "5 < 6 > 4, a -> b": "", "https://site.example/a**b__c__|d|{{e}}": "", "`x` and [x]": "", "Stop! (Now!)": "", "": "",
	} {
		var got []string
		isWhole := true
		for _, m := range FindMarkup(text) {
			got = append(got, m.Text)
			isWhole = isWhole && m.Fix != "" && !strings.Contains(m.Fix, "%s") && strings.HasPrefix(text[m.Offset:], m.Text)
		}
		if strings.Join(got, ", ") != want || !isWhole {
			t.Errorf("%q: %q, not %q", text, got, want)
		}
	}
}
