package plain

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"microsite/tools/content"
	"microsite/tools/problem"
)

// samples are counted by hand: | stands after each sentence, and · between the
// syllables of a word, as dictionaries part it.
var samples = []string{
	"Call your lo·cal e·mer·gen·cy num·ber now.| Do not wait for a rash.| One sign is e·nough!|",
	"Some·times no one can find the ex·act cause.| Doc·tors call this an id·i·o·path·ic spas·m (a sud·den, tight mus·cle).|",
	"Ask a phar·ma·cist be·fore you take a·cet·a·min·o·phen (par·a·cet·a·mol) or i·bu·pro·fen.| Is it safe for you?|",
	"Put an ice pack, wrapped in a thin tow·el, on the sore mus·cles for up to 20 min·utes.| Then take it off.| You can do this eve·ry few hours.|",
	"Dr. Lee, of the NHS, says: “Cough·ing or snee·zing makes it worse.”| She asked me to call 911, e.g. if I could·n't breathe.|",
	"A strain is an o·ver·stretched mus·cle or ten·don; a sprain is an o·ver·stretched lig·a·ment.| Both can cause swel·ling, stiff·ness and mus·cle spas·ms.|",
	"Men·in·gi·tis is a se·ri·ous in·fec·tion.| The li·ning of the brain is in·flamed.| Go to an e·mer·gen·cy room (A&E)…| It gets worse fast.|",
	"Take o·ver-the-coun·ter med·i·cine with food.| Don't drive or cy·cle while you're diz·zy.| What's u·su·al for one per·son is un·u·su·al for oth·ers.|",
}

func count(text string) (n counts) {
	for _, s := range split(text) {
		n.sentences++
		for _, word := range s.words() {
			n.words++
			n.syllables += syllables(word)
		}
	}
	return n
}

func TestSamples(t *testing.T) {
	for _, marked := range samples {
		want := counts{sentences: strings.Count(marked, "|")}
		want.words = len(strings.Fields(marked))
		want.syllables = want.words + strings.Count(marked, "·")
		for _, hyphenated := range []string{"o·ver-the-coun·ter"} { // a word more for each hyphen
			want.syllables += strings.Count(marked, hyphenated) * strings.Count(hyphenated, "-")
		}
		want.syllables += strings.Count(marked, "e.g.") + strings.Count(marked, "A&E") // two letters each
		text := strings.NewReplacer("|", "", "·", "").Replace(marked)
		if got := count(text); got != want {
			t.Errorf("%q\n got %+v\nwant %+v", text, got, want)
		}
	}
}

func TestSyllables(t *testing.T) {
	const words = `ache aches head·aches rea·ches stret·ches pas·ses box·es wish·es sour·ces cau·ses ges·tures clothes bathes
		used asked pulled stirred wor·ried car·ry·ing need·ed cre·at·ed trou·bled hun·dred in·flamed o·ver·stretched need
		mus·cle mus·cles ta·ble rule whole ar·gue league vague tongue tech·nique
		na·tion ten·sion ver·sion cush·ion pre·ven·tion re·gion mil·lion sta·di·um ra·di·o se·ri·ous re·li·gious an·xious
		di·et qui·et sci·ence pa·tient nu·tri·ent friend ar·e·a vid·e·o peo·ple sur·geon u·su·al lan·guage quick ru·in bruise fruit
		safe·ty some·thing some·times house·work move·ment el·e·ments set·tle·ment care·ful care·ful·ly be·fore there·fore eve·ry eve·ry·thing an·y·one some·one
		spas·m spas·ms rhyth·m or·gan·is·m stom·ach eye eyes eye·lids be·yond play played lay·er go·ing be·ing do·ing see·ing dy·ing
		is·n't does·n't don't you're let's doc·tor's bus·iness mar·riage di·ag·no·sis pe·te·chi·ae re·act cre·ate health·i·er hap·pi·est
		the me be I a by TV NHS 911 1.5 2026
		`
	for marked := range strings.FieldsSeq(words) {
		word := strings.ReplaceAll(marked, "·", "")
		if got, want := syllables(word), strings.Count(marked, "·")+1; got != want {
			t.Errorf("%s: %d, not %d", marked, got, want)
		}
	}
}

func TestGrade(t *testing.T) {
	for n, want := range map[counts]float64{
		{words: 13, sentences: 1, syllables: 26}:    13.08,
		{words: 100, sentences: 10, syllables: 140}: 4.83,
		{}: 0,
	} {
		if got := n.grade(); math.Abs(got-want) > .005 {
			t.Errorf("%+v: %.3f, not %.2f", n, got, want)
		}
	}
}

func TestSplit(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    "",
		" – ":                                 "",
		"Rest":                                "Rest",
		" Rest.  Move? Go!":                   "Rest.|Move?|Go!",
		"Ask Dr. Lee, e.g. Today. (Now.) Go.": "Ask Dr. Lee, e.g. Today.|(Now.)|Go.",
		"“Stop.” Then go":                     "“Stop.”|Then go",
		"It is 1.5 cm… or less. 2 is more.":   "It is 1.5 cm… or less.|2 is more.",
		"The U.S. list, at 5 p.m. Then rest.": "The U.S. list, at 5 p.m.|Then rest.",
		"Wait... Then go?! No":                "Wait...|Then go?!|No",
		"See site.example/a.b. Go. ÄB.":       "See site.example/a.b.|Go.|ÄB.",
		"… ? ! Go.":                           "… ? ! Go.",
	} {
		var got []string
		for _, s := range split(text) {
			got = append(got, s.text)
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%q: %q, not %q", text, got, want)
		}
	}
}

const config = `title = "T"
baseURL = "https://t.example/"
[params]
emergencyPage = "/"
emergency = [{number = "112", where = "Here"}]
cards = ["do"]
[params.plain]
grade = 6
sentenceWords = 6
paragraphSentences = 2
[params.plain.words]
utilize = "use"
prior = "earlier"
"prior to" = "before"
`

const home = "---\ntitle: T\ndescription: D\n---\n"

// found checks a site of one page and an empty home page, and returns what it finds as LINE:COLUMN MESSAGE.
func found(t *testing.T, config, page string) (out []string) {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{"config.toml": config, "content/page.md": page, "content/_index.md": home} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	site, problems, err := content.Load(root)
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	for _, p := range new(Cache).Check(site) {
		out = append(out, fmt.Sprintf("%s:%d:%d %s", p.File, p.Line, p.Column, p.Message))
	}
	return out
}

const front = "---\ntitle: A page\ndescription: D\n---\n"

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	for i, w := range want {
		if i >= len(got) || !strings.HasPrefix(got[i], w) {
			t.Errorf("\n got %q\nwant %q", got, want)
			return
		}
	}
	if len(got) > len(want) {
		t.Errorf("too much: %q", got[len(want):])
	}
}

// Findings stand where the sentence or the word is written, whatever is around it.
func TestPlaces(t *testing.T) {
	const long = "one two *three* [four](#x) five six"
	for _, crlf := range []bool{false, true} {
		page := strings.TrimPrefix(front, "---\n") + "\n## Heading " + long + "\n\nÄ b. O" + long[1:] + "\nseven. Next &amp; utilizing it\n\n" +
			"> [!DO] Title " + long + "\n> Text **prior\n> to** it.\n> - [ ] Item. One two *three* four five six seven\n\n" +
			"1. Short.\n\n   " + long + " seven\n\n| a | " + long + " seven |\n|---|---|\n| ![" + long + " seven](https://x.example/x.png) | c |\n\n" +
			"a[^1]\n\n[^1]: Note " + long + "\n"
		page = "---\n" + page
		if crlf {
			page = "\uFEFF" + strings.ReplaceAll(page, "\n", "\r\n")
		}
		expect(t, found(t, config, page),
			`content/page.md:6:4 this sentence has 7 words, more than 6: make two of it, or a list: "Heading one two three four five six"`,
			`content/page.md:8:6 this sentence has 7 words`,
			`content/page.md:9:19 "utilizing" has a plainer twin: write "use", in "Next & utilizing it"`,
			`content/page.md:8:1 this paragraph has 3 sentences, more than 2: start a new one, or make a list, at "Next & utilizing it"`,
			`content/page.md:11:9 this sentence has 7 words`,
			`content/page.md:12:10 "prior to" has a plainer twin: write "before", in "Text prior to it."`,
			`content/page.md:14:15 this sentence has 7 words`,
			`content/page.md:18:4 this sentence has 7 words`,
			`content/page.md:20:7 this sentence has 7 words`,
			`content/page.md:22:5 this sentence has 7 words`,
			`content/page.md:26:7 this sentence has 7 words`,
		)
	}
}

func TestWords(t *testing.T) {
	for text, want := range map[string]string{
		"UTILIZE.": "utilize", "utilizes": "utilizes", "(utilized)": "utilized", "Utilising": "", "reutilize": "", "prior": "prior", "a prior to": "prior to", "prior. To": "prior", "`utilize`": "utilize",
	} {
		got := found(t, config, front+text+"\n")
		if want == "" {
			expect(t, got)
		} else if len(got) != 1 || !strings.Contains(got[0], fmt.Sprintf("%q has a plainer twin", want)) {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// Paragraphs have a limit, items of a list don't: an item is not running text.
func TestParagraphs(t *testing.T) {
	for body, n := range map[string]int{
		"A. B.": 0, "A. B.\n\nC. D.": 0, "A. B. C.": 1, "- A. B. C.": 0, "- A. B. C.\n\n- D.": 0, "> A. B. C.": 1, "> [!DO] A. B.\n> C. D.": 0, "> [!DO]\n> C. D. E.": 1, "## A. B. C.": 0,
	} {
		if got := found(t, config, front+body+"\n"); len(got) != n {
			t.Errorf("%q: %q", body, got)
		}
	}
}

func TestDescription(t *testing.T) {
	expect(t, found(t, config, "---\ntitle: A page\ndescription: One two three four five six seven utilize.\n---\n"),
		`content/page.md:3:14 this sentence has 8 words`, `content/page.md:3:14 "utilize" has a plainer twin`)
}

func TestPageGrade(t *testing.T) {
	const limits = "title = \"T\"\nbaseURL = \"https://t.example/\"\n[params]\nemergencyPage = \"/\"\nemergency = [{number = \"112\", where = \"Here\"}]\n[params.plain]\ngrade = 6\n"
	hard := front + strings.Repeat("Rest.\n\nUniversity educated individuals.\n\n", 24) // 4 words
	enough := hard + "Personalities personalities unanimously congregated.\n"
	expect(t, found(t, limits, hard+"Personalities unanimously congregated.\n"))
	expect(t, found(t, limits, enough), `content/page.md:101:1 the page reads at grade 29.9, and its limit is 6: use shorter sentences and words, first in "Personalities personalities unanimously…"`)
	expect(t, found(t, limits+"[params.plain.grades]\n\"content/page.md\" = 30\n", enough))
	expect(t, found(t, "languageCode = \"de\"\n"+limits, enough))
	expect(t, found(t, strings.Replace(limits, "grade = 6", "", 1), enough))
}

// What somebody has a reason for is left out, there only; a rule without use is said.
func TestIgnores(t *testing.T) {
	rule := func(page, text string) string {
		return fmt.Sprintf("[[params.plain.ignore]]\npage = %q\ntext = %q\nreason = \"Made up for a test.\"\n", page, text)
	}
	page := front + "One two three\nfour five six seven.\n\nUtilize it. Utilize\nthat.\n\nA. B. C.\n"
	expect(t, found(t, config+rule("content/page.md", "three four")+rule("/page/", "Utilize that.")+rule("/page/", "B. C."), page),
		`content/page.md:8:1 "utilize" has`)
	expect(t, found(t, config+rule("/other/", "three four")+rule("content/page.md", "A. B"), page),
		"content/page.md:5:1", "content/page.md:8:1", "content/page.md:8:13", `config.toml:15:16 nothing is wrong with "three four" on /other/ any more: remove this rule`)
}

// FuzzCheck: whatever a page holds, judging it ends, every finding has a place
// inside the file, and its message is text.
func FuzzCheck(f *testing.F) {
	for _, body := range append([]string{"", "> [!DO] A\n> - [ ] &amp; \\* x", "![a](b) <https://x.example/>", "| a |\n|-|\n| b. C |", "a\n: b\n\n[^1]\n\n[^1]: c", "\x00é…\u2028 d.\u00a0E", "*a*\r\n`b`  \r\nc"}, samples...) {
		f.Add(body)
	}
	site := &content.Site{Language: "en", Cards: []string{"do"}, Sources: map[string]*content.Source{},
		Plain: content.Plain{Grade: 1, SentenceWords: 1, ParagraphSentences: 1, Words: map[string]string{"a": "b", "c d": "e", " ": "f"}, Ignores: []content.Ignore{{Page: "/page/", Target: "x"}}}}
	f.Fuzz(func(t *testing.T, body string) {
		p, _ := site.Parse("content/page.md", []byte(front+body))
		if p == nil {
			return
		}
		site.Pages = []*content.Page{p}
		lines := strings.Split(front+body, "\n")
		for _, found := range new(Cache).Check(site) {
			if found.File == content.ConfigFile {
				continue
			}
			if found.Line < 1 || found.Line > len(lines) || found.Column < 1 || found.Column > utf8.RuneCountInString(lines[found.Line-1])+1 || !utf8.ValidString(found.Message) {
				t.Errorf("%+v in %q", found, body)
			}
		}
	})
}

// BenchmarkCheck judges 1,000 pages of 500 words.
func BenchmarkCheck(b *testing.B) {
	site := &content.Site{Language: "en", Sources: map[string]*content.Source{}, Plain: content.Plain{Grade: 6, SentenceWords: 20, ParagraphSentences: 3, Words: map[string]string{"utilize": "use", "prior to": "before"}}}
	for i := range 1000 {
		body := front
		for n := 0; n < 500; n += count(samples[i%len(samples)]).words {
			body += "- " + strings.NewReplacer("|", "", "·", "").Replace(samples[(i+n)%len(samples)]) + "\n"
		}
		p, problems := site.Parse(fmt.Sprintf("content/page%d.md", i), []byte(body))
		if p == nil {
			b.Fatal(problems)
		}
		site.Pages = append(site.Pages, p)
	}
	for b.Loop() {
		new(Cache).Check(site)
	}
}

// TestCacheKeepsFindings: with a cache, what is found is what is found without one.
func TestCacheKeepsFindings(t *testing.T) {
	site := &content.Site{Language: "en", Sources: map[string]*content.Source{},
		Plain: content.Plain{SentenceWords: 3, Ignores: []content.Ignore{{Page: "/a/", Target: "five words"}, {Page: "/b/", Target: "never there"}}}}
	parse := func(name, body string) *content.Page {
		p, problems := site.Parse("content/"+name+".md", []byte(front+body))
		if p == nil {
			t.Fatal(problems)
		}
		return p
	}
	a, b, again := parse("a", "Here are five words long.\n"), parse("b", "This one is too long.\n"), parse("b", "Short.\n")
	var cache Cache
	for i, pages := range [][]*content.Page{{a, b}, {a, b}, {a, again}, {b}, {a, b}} {
		site.Pages = pages
		got, want := cache.Check(site), new(Cache).Check(site)
		if !reflect.DeepEqual(got, want) || len(want) == 0 {
			t.Errorf("step %d: found %v, without a cache %v", i, got, want)
		}
		if len(cache.pages) != len(pages) {
			t.Errorf("step %d: keeps %d pages of %d", i, len(cache.pages), len(pages))
		}
	}
	cache.pages[a] = findings{problems: []problem.Problem{{Message: "kept"}}}
	if got := cache.Check(site); got[0].Message != "kept" {
		t.Errorf("a page that is known is judged again: %v", got)
	}
}
