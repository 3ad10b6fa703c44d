package rendered

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"microsite/tools/diagnostic"
	"microsite/tools/site"
)

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
		for _, m := range FindMarkup(text) {
			got = append(got, m.Text)
			if m.Mend == "" || strings.Contains(m.Mend, "%s") || !strings.HasPrefix(text[m.Offset:], m.Text) {
				t.Errorf("%q: %+v", text, m)
			}
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%q: %q, not %q", text, got, want)
		}
	}
}

// What elements hold is read as one text, up to one that breaks the line.
func TestMarkupInHTML(t *testing.T) {
	for html, want := range map[string]string{
		`<p>[words] (<a href="/">https://site.example/a__b</a>)`: "1:4 ] (https://site.example/a__b)", "<p>\n <em>Ä</em> is **<b>x</b> y": "2:6 **x y", `<td>a] </td><td>(b.md)</td>`: "", `<li>[<code>x</code>](y z)`: "1:5 ](y z)",
		`<p>a<br>## b`: "1:4 ## b", `<code>[a](b c)</code><pre>**</pre><script>{{ x }}</script><style>/*[!a*/</style><textarea>**a</textarea><template>[!DO]</template><kbd>[^1]</kbd>`: "",
		`<title>**A | B | C</title><svg><title>[!DO] x</title><text>a<tspan>**</tspan></text></svg>`: "1:8 **A | B | C, 1:39 [!DO] x, 1:60 **", `<nav>a | b | c</nav>`: "", `<p title="[!a]" data-x="**"><!-- ** -->`: "",
		`<p>&lt;!-- a</p>`: "1:4 <!-- a", `<noscript><p>[a](b c)</p></noscript>`: "1:14 ](b c)", `<i>*</i>*x`: "1:4 **x", `<button>**</button>`: "1:9 **", "<svg><style/><text>[[a]]</text></svg>": "1:20 [[a]]",
	} {
		var got []string
		for _, d := range check(t, map[string]string{"index.html": html}, Options{}) {
			got = append(got, fmt.Sprintf("%d:%d %s", d.Line, d.Column, strings.Split(d.Message, `"`)[1]))
			if d.Rule != diagnostic.RuleMarkup || d.Severity != diagnostic.Error || !strings.Contains(d.Message, " would show as it is written: ") {
				t.Errorf("%s: %v", html, d)
			}
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: %q, not %q", html, strings.Join(got, ", "), want)
		}
	}
}

// Markup is traced to the line of the Markdown, unless it shows on purpose.
func TestMarkupInMarkdown(t *testing.T) {
	source := "---\ntitle: A\ndescription: B.\nadapted: 2026-06-01\nsources: []\n---\n\nÄ [one](a b) is here.\n\nÄ [two](a b)\nis *there*, \\*\\*.\n\n- -[ ] *Sit* up\n"
	config, err := os.ReadFile("../testdata/site/config.toml")
	if err != nil {
		t.Fatal(err)
	}
	s, _, err := site.Load(write(t, map[string]string{"config.toml": string(config), "content/a.md": source}))
	if err != nil || len(s.Pages) != 1 {
		t.Fatal(err, s.Pages)
	}
	page := "<main data-source=a.md><p>Ä [one](a b) is here.<p>Ä [two](a b)\nis <em>there</em>, **.<ul><li>-[ ] <em>Sit</em> up</ul><p>Not there: [[x]]</main>"
	var got []string
	for _, d := range check(t, map[string]string{"a/index.html": page, "all/index.html": "<div>" + page}, Options{Site: s}) {
		got = append(got, d.File+":"+d.Position())
	}
	if want := "content/a.md: content/a.md:8:7 content/a.md:10:7 content/a.md:13:3"; strings.Join(got, " ") != want {
		t.Errorf("%q, not %q", got, want)
	}
}
