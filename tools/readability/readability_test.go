package readability

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"microsite/tools/site"
)

// TestSyllables: · stands between the syllables of a word, as dictionaries part it, and in Spanish the Ortografía of the Real
// Academia Española.
func TestSyllables(t *testing.T) {
	for _, sample := range []struct {
		count func(word string) int
		words string
	}{
		{countEnglish, `ache aches head·aches rea·ches stret·ches pas·ses box·es wish·es sour·ces cau·ses ges·tures clothes bathes
		used asked pulled stirred wor·ried car·ry·ing need·ed cre·at·ed trou·bled hun·dred in·flamed o·ver·stretched need
		mus·cle mus·cles ta·ble rule whole ar·gue league vague tongue tech·nique
		na·tion ten·sion ver·sion cush·ion pre·ven·tion re·gion mil·lion sta·di·um ra·di·o se·ri·ous re·li·gious an·xious
		di·et qui·et sci·ence pa·tient nu·tri·ent friend ar·e·a vid·e·o peo·ple sur·geon u·su·al lan·guage quick ru·in bruise fruit
		safe·ty some·thing some·times house·work move·ment el·e·ments set·tle·ment care·ful care·ful·ly be·fore there·fore eve·ry eve·ry·thing an·y·one some·one
		spas·m spas·ms rhyth·m or·gan·is·m stom·ach eye eyes eye·lids be·yond play played lay·er go·ing be·ing do·ing see·ing dy·ing freed
		is·n't does·n't don't you're let's doc·tor's bus·iness mar·riage di·ag·no·sis pe·te·chi·ae re·act cre·ate health·i·er hap·pi·est
		the me be I a by TV NHS 911 1.5 2026`},
		{countSpanish, `cue·llo do·lor lla·me a·ho·ra sar·pu·lli·do con·vul·sión e·mer·gen·cia fie·bre rí·gi·do dí·a pa·ís le·er que
		guí·a a·güi·ta a·yu·da hoy muy pro·hi·bir hé·ro·e buey i·de·a cui·dáis ha·cia ha·cí·a vein·tiún san·gre ca·be·za o·í·dos y a·hí`},
	} {
		for marked := range strings.FieldsSeq(sample.words) {
			word := strings.ReplaceAll(marked, "·", "")
			if got, want := countSyllables(word, sample.count), strings.Count(marked, "·")+1; got != want {
				t.Errorf("%s: %d, not %d", marked, got, want)
			}
		}
	}
}

func TestSplitSentences(t *testing.T) {
	for text, want := range map[string]string{
		" – ":                                 "",
		" Rest.  Move? Go!":                   "Rest.|Move?|Go!",
		"Ask Dr. Lee, e.g. Today. (Now.) Go.": "Ask Dr. Lee, e.g. Today.|(Now.)|Go.",
		"It is 1.5 cm… or less. 2 is more.":   "It is 1.5 cm… or less.|2 is more.",
		"The U.S. list, at 5 p.m. Then rest.": "The U.S. list, at 5 p.m.|Then rest.",
		"Wait... Then go?! No":                "Wait...|Then go?!|No",
		"See site.example/a.b. Go. ÄB.":       "See site.example/a.b.|Go.|ÄB.",
		"… ? ! Go.":                           "… ? ! Go.",
	} {
		var got []string
		for _, s := range splitSentences(text) {
			got = append(got, s.text)
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%q: %q, not %q", text, got, want)
		}
	}
}

const base = `title = "T"
baseURL = "https://t.example/"
[params]
emergencyPage = "/"
emergency = [{number = "112", where = "Here"}]
cards = ["do"]
[params.plain]
`

const config = base + `grade = 6
sentenceWords = 6
paragraphSentences = 2
[params.plain.words]
utilize = "use"
utilizing = "taking"
prior = "earlier"
"prior to" = "before"
physician = "doctor"
fracture = "broken bone"
`

const front = "---\ntitle: A page\ndescription: D\n---\n"

// check returns the findings on a site of one page and an empty home page, as LINE:COLUMN MESSAGE.
func check(t *testing.T, config, page string) (list []string) {
	t.Helper()
	root := t.TempDir()
	home := strings.Replace(front, "A page", "Home", 1)
	tree := fstest.MapFS{"config.toml": {Data: []byte(config)}, "content/page.md": {Data: []byte(page)}, "content/_index.md": {Data: []byte(home)}}
	if err := os.CopyFS(root, tree); err != nil {
		t.Fatal(err)
	}
	s, findings, err := site.Load(root)
	if err != nil || len(findings) > 0 {
		t.Fatal(err, findings)
	}
	for _, d := range Check(s) {
		list = append(list, fmt.Sprintf("%s:%d:%d %s", d.File, d.Line, d.Column, d.Message))
	}
	return list
}

// expect compares the starts of findings.
func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	isSame := len(got) == len(want)
	for i := range min(len(got), len(want)) {
		isSame = isSame && strings.HasPrefix(got[i], want[i])
	}
	if !isSame {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
}

// TestPlaces: findings stand where the sentence or the word is written, whatever is around it.
func TestPlaces(t *testing.T) {
	const long = "one two *three* [four](_index.md) five six"
	page := strings.Replace(front, ": D", ": We utilize it.", 1) + "\n## Heading " + long + "\n\nÄ b. O" + long[1:] + "\nseven. Next &amp; utilizing it\n\n" +
		"> [!DO] Title " + long + "\n> Text **prior\n> to** it.\n> - [ ] Item. One two *three* four five six seven\n\n" +
		"1. Short. A. B.\n\n   " + long + " seven\n\n| a | " + long + " seven |\n|---|---|\n| b | c |\n\n"
	for _, text := range []string{page, "" + strings.ReplaceAll(page, "\n", "\r\n")} {
		expect(t, check(t, config, text),
			`content/page.md:6:4 this sentence has 7 words, more than 6: make two of it, or a list: "Heading one two three four five six"`,
			`content/page.md:8:6 this sentence has 7 words`,
			`content/page.md:9:19 "utilizing" has a plainer twin: write "taking", in "Next & utilizing it"`,
			`content/page.md:8:1 this paragraph has 3 sentences, more than 2: start a new one, or make a list, at "Next & utilizing it"`,
			`content/page.md:11:9 this sentence has 7 words`,
			`content/page.md:12:10 "prior to" has a plainer twin: write "before", in "Text prior to it."`,
			`content/page.md:14:15 this sentence has 7 words`,
			`content/page.md:18:4 this sentence has 7 words`,
			`content/page.md:20:7 this sentence has 7 words`,
			`content/page.md:3:14 "utilize" has a plainer twin: write "use", in "We utilize it."`,
		)
	}
}

func TestWords(t *testing.T) {
	for text, want := range map[string]string{
		"UTILIZE.": "utilize", "utilizes": "utilizes", "(utilized)": "utilized", "reutilize": "",
		"prior": "prior", "a prior to": "prior to", "prior. To": "prior", "`utilize`": "utilize", "Prior to Monday": "prior to",
		// Names are no jargon.
		"Go to the Fracture Clinic": "", "Fracture Clinic": "", "a College of Physicians": "", "ask Physicians": "",
		"Physicians help": "physicians", "Go. Physicians help": "physicians", "a “physician”": "physician",
	} {
		got := check(t, config, front+text+"\n")
		if want == "" {
			expect(t, got)
		} else if len(got) != 1 || !strings.Contains(got[0], fmt.Sprintf("%q has a plainer twin", want)) {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// TestPageGrade: pages of 100 words or more have a grade, in English alone; Spanish has an ease.
func TestPageGrade(t *testing.T) {
	const limit = base + "grade = 6\n"
	short := front + strings.Repeat("Rest.\n\nUniversity educated individuals.\n\n", 24) // of 4 words
	enough := short + "Personalities personalities unanimously congregated.\n"
	expect(t, check(t, limit, short+"Personalities unanimously congregated.\n"))
	expect(t, check(t, limit, enough), `content/page.md:101:1 the page reads at grade 29.9`)
	expect(t, check(t, "locale = \"de\"\n"+limit, enough))
	expect(t, check(t, "locale = \"es\"\n"+limit+"ease = 65\n", enough), `content/page.md:101:1 the page has a reading ease of -16.4, and its limit is 65: use`)
	if got := ease(5.0/2, 9.0/5); got != 92.2 { // "Llame ya. La fiebre sube." has 5 words, 2 sentences and 9 syllables
		t.Errorf("the ease is %v", got)
	}
}
