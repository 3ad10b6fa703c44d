package e2e

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"

	"microsite/tools/checklist"
)

// readList returns the checklist that a site publishes beside this page.
func readList(t testing.TB, f folder, p page) (q checklist.Questionnaire) {
	t.Helper()
	must(t, json.Unmarshal([]byte(f.page(t, p.home()+"checklist.json")), &q))
	return q
}

// readItems returns the words of all items.
func readItems(t testing.TB, p page) (items []string) {
	for _, list := range readList(t, site.folder, p).Lists {
		for _, item := range list.Items {
			items = append(items, item.Text)
		}
	}
	return items
}

// reader uses a checklist as somebody would, at a site's address.
type reader struct {
	*tab
	list page
	url  string
}

func openChecklist(t *testing.T, p page, url string) reader {
	t.Helper()
	r := reader{open(t), p, url}
	r.view(phoneWidth, phoneHeight, 1)
	r.visit(url + p.path)
	return r
}

// say returns a sentence of the checklist's language.
func (r reader) say(key string) string { return r.list.say(r, key) }

//go:embed checklist.js
var hands string

//go:embed answers.js
var countAnswers string

func js[T any](r reader, expression string) T {
	r.Helper()
	return eval[T](r.tab, "(async () => { "+hands+" return ("+expression+") })()")
}

// does runs an expression and reports when it isn't true.
func (r reader) does(what, expression string) {
	r.Helper()
	expect(r, js[bool](r, "!!("+expression+")"), "%s: this does not hold: %s", what, expression)
}

// TestAlarm: what ticks call for is shown at once and announced, never moves the focus, and goes with the last of these ticks.
func TestAlarm(t *testing.T) { inEachLanguage(t, "/checklist/", checkAlarm) }

func checkAlarm(t *testing.T, p page) {
	r := openChecklist(t, p, site.server.URL)
	r.does("nothing is ticked", `message() === ''`)
	regions := js[[]string](r, `[...document.querySelectorAll('[role=alert], [role=status]')].map(e =>
		e.getAttribute('role') + ' ' + (e.closest('[aria-live], [aria-hidden], [inert]') ? 'muted' : 'heard')).sort()`)
	expect(t, slices.Equal(regions, []string{"alert heard", "status heard", "status heard"}), "the regions that are announced: %q", regions)
	type alarm struct {
		Message                    string
		Numbers                    []string
		IsFocused, IsSeen, CanHide bool
	}
	tick := func(level string, n int) alarm {
		box := fmt.Sprintf("list('%s')[%d]", level, n)
		return js[alarm](r, box+`.focus({preventScroll: true}), window.before = document.activeElement, `+box+`.click(), alarm()`)
	}
	call, today := r.say("emergency_call"), r.say("list_today")
	var want []string
	for _, n := range p.numbers(t) {
		want = append(want, "tel:"+n.Number)
	}
	for i := range js[int](r, `list('emergency').length`) {
		got := tick("emergency", i)
		isTold := strings.HasPrefix(got.Message, r.say("card_emergency")+": "+call) && slices.Equal(got.Numbers, want)
		expect(t, isTold && got.IsFocused && got.IsSeen && !got.CanHide, "emergency %d ticked: %+v", i, got)
		got = tick("emergency", i)
		expect(t, got.Message == "", "emergency %d unticked: still %q", i, got.Message)
	}
	for _, step := range []struct {
		level string
		n     int
		want  string
	}{
		{"today", 1, today}, {"emergency", 0, call}, {"emergency", 8, call}, {"emergency", 0, call}, {"emergency", 8, today}, {"today", 1, ""},
		{"routine", 0, ""}, {"tell", 0, ""},
	} {
		got := tick(step.level, step.n)
		isWrong := step.want == "" && got.Message != "" || !strings.Contains(got.Message, step.want)
		if isWrong || step.want == today && strings.Contains(got.Message, call) || !got.IsFocused || got.IsSeen != (step.want != "") {
			t.Errorf("after a click on %s %d the page should say %q: %+v", step.level, step.n, step.want, got)
		}
		for _, top := range []string{"0", "document.body.scrollHeight / 2", "one('main').getBoundingClientRect().bottom + scrollY - innerHeight"} {
			got := js[alarm](r, `scrollTo({top: `+top+`, behavior: 'instant'}), alarm()`)
			expect(t, got.IsSeen || step.want == "", "%q is out of sight after scrolling to %s", step.want, top)
		}
	}
	r.does("the page neither counts nor says that all is well", `!/\bscore|you are fine|\d+ (of|de|\/) \d+/i.test(document.body.innerText)`)
	levels := js[[]string](r, `[...new Set([...document.querySelectorAll('.lists .card')].map(c => c.className.replace('card ', '')))]`)
	expect(t, slices.Equal(levels, []string{"emergency", "today", "routine", "tell"}), "the checklist has the levels %q", levels)
	r.quiet("the checklist")
}

// TestBoxes: every item of checklist.json is a checkbox that works, with its words as its name, in the file's order.
func TestBoxes(t *testing.T) { inEachLanguage(t, "/checklist/", checkBoxes) }

func checkBoxes(t *testing.T, p page) {
	r := openChecklist(t, p, site.server.URL)
	got := js[[]string](r, `[...document.querySelectorAll('main .tasks input')].map(b => {
		b.labels[0]?.click();
		return b.checked && !b.disabled ? b.labels[0].textContent.replace(/\s+/g, ' ').trim() : 'does not work: ' + b.labels[0]?.textContent;
	})`)
	want := readItems(t, p)
	expect(t, slices.Equal(got, want) && len(want) != 0, "%s has the boxes %q, checklist.json %q", p.path, got, want)
}

// TestNotes: the summary holds what is ticked and written, and leaves the page only as the reader asks.
func TestNotes(t *testing.T) { inEachLanguage(t, "/checklist/", takeNotes) }

func takeNotes(t *testing.T, p page) {
	r := reader{open(t), p, site.server.URL}
	r.onLoad(`
		window.did = [];
		Object.defineProperty(navigator, 'share', {value: async what => { did.push('share ' + what.text) }});
		const writeText = async text => { if (window.refuse) throw 0; did.push('copy ' + text) };
		Object.defineProperty(navigator, 'clipboard', {value: {writeText}});
		window.print = () => { did.push('print ' + document.documentElement.className); dispatchEvent(new Event('afterprint')) };`)
	r.visit(p.url())
	none, end := r.say("notes_none"), r.say("notes_end")
	r.does("nothing ticked", fmt.Sprintf(`sum().includes(%q) && sum().includes(%q)`, none, end))
	got := js[string](r, `(list('tell')[0].click(), list('emergency')[0].click(), write(' <b>Monday</b>\nnight '), sum())`)
	want := "\n\n" + r.say("list_emergency") + "\n- " + readItems(t, p)[0] + "\n\n" + r.say("list_tell") + "\n- "
	if !strings.Contains(got, want) || !strings.Contains(got, "\n\n"+r.say("notes_started")+"\n<b>Monday</b>\nnight\n\n") ||
		strings.Contains(got, none) || strings.Contains(got, r.say("notes_medicines")) || !strings.HasSuffix(got, end+"\n"+p.url()) {
		t.Errorf("the summary is %q", got)
	}
	r.does("what the reader wrote is no HTML", `!one('.my-notes-text *')`)
	did := js[[]string](r, `(button('copy').click(), button('share').click(), button('print').click(), one('.print-page button').click(),
		await until(() => did.length >= 4), did.sort())`)
	expect(t, slices.Equal(did, []string{"copy " + got, "print ", "print only-my-notes", "share " + got}), "the buttons did %q", did)
	r.does("copied", fmt.Sprintf(`await until(() => status() === %q)`, r.say("notes_copied")))
	r.does("copying fails", fmt.Sprintf(`(window.refuse = true, button('copy').click(), await until(() => status() === %q))`, r.say("notes_failed")))
	r.does("all is cleared", fmt.Sprintf(`(button('clear').click(), ticked().length === 0 && message() === '' && sum().includes(%q) &&
		[...document.querySelectorAll('textarea')].every(f => f.value === ''))`, none))
	r.does("nothing is stored, because nobody asked", `localStorage.length + sessionStorage.length + document.cookie.length === 0`)
	r.quiet("the notes")
}

// TestRemember: only where the reader asks, and forgotten at once, in all tabs.
func TestRemember(t *testing.T) { inEachLanguage(t, "/checklist/", checkMemory) }

func checkMemory(t *testing.T, p page) {
	r := openChecklist(t, p, site.server.URL)
	visit := func() {
		r.visit(r.url + "/about/")
		r.visit(p.url())
	}
	r.does("at first", `(list('today')[0].click(), !remember.checked)`)
	visit()
	r.does("not asked to remember", `ticked().length === 0`)
	r.act(hands + `remember.click(); list('emergency')[1].click(); write('Monday')`)
	visit()
	r.does("asked to remember", `ticked().length === 1 && list('emergency')[1].checked && message() !== '' &&
		remember.checked && one('textarea').value === 'Monday'`)
	r.does("no longer asked", `(remember.click(), localStorage.length === 0)`)
	visit()
	r.does("forgotten", `!remember.checked && ticked().length === 0`)
	r.does("cleared", `(remember.click(), list('today')[0].click(), button('clear').click(), localStorage.length === 0 && !remember.checked)`)
	r.does("cleared in another tab, it is not stored again", `(remember.click(), list('today')[0].click(), localStorage.length === 1 &&
		(await clearElsewhere(), list('today')[1].click(), localStorage.length === 0))`)
	for _, hostile := range []string{`{`, `null`, `"x"`, `{"ticks":1,"texts":{}}`, `{"ticks":[{}],"texts":[{},"<img src=x>"]}`, `[]`} {
		r.act("localStorage.setItem('checklist ' + location.pathname, `" + hostile + "`)")
		visit()
		r.does(hostile+" in the storage", `(ticked().length === 0 && (list('emergency')[0].click(), message() !== ''))`)
		r.act(`localStorage.clear()`)
	}
	r.does("the storage is full", `(Storage.prototype.setItem = () => { throw new Error('full') }, remember.checked && remember.click(),
		remember.click(), !remember.checked && status())`)
	r.quiet("the storage")
}

// TestBackAndForward: ticks stay through history and reloads, also when the text has changed since.
func TestBackAndForward(t *testing.T) {
	p := page{path: "/checklist/", name: "/checklist/", lang: "en"} // the script is the same in each language
	isShort := false
	item := regexp.MustCompile(`<li><label><input type="?checkbox.*?</li>`)
	r := openChecklist(t, p, serve(t, func(_ http.ResponseWriter, q *http.Request, body string) string {
		if at := item.FindStringIndex(body); isShort && q.URL.Path == "/checklist/" && at != nil {
			return body[:at[0]] + body[at[1]:] // without its first item
		}
		return body
	}))
	r.visit(r.url + "/")
	r.visit(r.url + "/checklist/")
	want := js[[]string](r, `(list('emergency')[1].click(), list('tell')[2].click(), ticked())`)
	check := func(what string) {
		t.Helper()
		r.await(`document.querySelectorAll('.tasks input:checked').length === 2`) // browsers fill in a form after they have loaded it
		if got := js[[]string](r, `ticked()`); !slices.Equal(got, want) || !strings.Contains(js[string](r, `message()`), r.say("emergency_call")) {
			t.Errorf("%s: ticked %q, want %q", what, got, want)
		}
	}
	// What is awaited is the address, because a page that was kept whole never loads again.
	turn := func(steps int, path string) {
		t.Helper()
		r.act(fmt.Sprintf(`setTimeout(() => history.go(%d))`, steps))
		r.await(`location.pathname === '` + path + `' && document.readyState === 'complete'`)
	}
	r.visit(r.url + "/about/")
	turn(-1, "/checklist/")
	check("back")
	r.visit(r.url + "/causes/")
	turn(-2, "/")
	turn(1, "/checklist/")
	check("back and forward")
	for _, isShort = range []bool{false, true} {
		run(r.tab, chromedp.Reload())
		check(fmt.Sprintf("reloaded, with one item less above: %v", isShort))
	}
}

// TestNewerVersion: the page says that its lists are old, and asks for checklist.json without a word of the reader.
func TestNewerVersion(t *testing.T) { inEachLanguage(t, "/checklist/", checkNewer) }

func checkNewer(t *testing.T, p page) {
	file := p.home() + "checklist.json"
	good := site.page(t, file)
	own := readList(t, site.folder, p).Version
	other := strings.Replace(good, own, strings.Repeat("0", 16), 1)
	const slow = "slow"
	end := make(chan struct{})
	var list atomic.Value
	url := serve(t, func(w http.ResponseWriter, q *http.Request, body string) string {
		if q.URL.Path != file {
			return body
		}
		told := q.Header.Get("Cookie") + q.Header.Get("Authorization") + q.Header.Get("Referer")
		expect(t, told == "", "the request for checklist.json tells %q", told)
		if list.Load() == "" {
			w.WriteHeader(http.StatusNotFound)
		}
		if list.Load() == slow {
			<-end
		}
		return list.Load().(string)
	})
	t.Cleanup(func() { close(end) }) // before the server closes, which waits for the answer
	r := reader{open(t), p, url}
	r.onLoad(countAnswers)
	r.visit(url + "/about/")
	r.act(`document.cookie = 'secret=1;path=/'`)
	want := ""
	for _, test := range []struct {
		name, body string
		isNewer    bool
	}{
		{"missing", "", false},
		{"the same", good, false},
		{"newer", other, true},
		{"empty", " ", false},
		{"truncated", other[:len(other)/2], false},
		{"enormous", strings.Replace(other, `"title":"`, `"title":"`+strings.Repeat("x", 8<<20), 1), false},
		{"another resource", strings.Replace(other, `"Questionnaire"`, `"Patient"`, 1), false},
		{"null", "null", false},
		{"another kind", `{"resourceType":"Questionnaire","version":["0000000000000000"],"item":7}`, false},
		{"no version", strings.Replace(other, `"version"`, `"x"`, 1), false},
		{"HTML for a version", strings.Replace(good, own, `<img src=x onerror=alert(1)>`, 1), false},
		{"HTML in the texts of a newer one", strings.ReplaceAll(other, `"text":"`, `"text":"<img src=x onerror=alert(1)>`), true},
		{"HTML for a file", "<!DOCTYPE html><title>x</title>", false},
		{"slow", slow, false},
	} {
		list.Store(test.body)
		r.complaints()
		r.visit(url + p.path)
		if r.await(`window.asked === 1`); test.body != slow {
			r.await(`window.answers > 0`)
		}
		got := js[string](r, `document.body.innerText`)
		if want == "" {
			want = got
		}
		if test.isNewer {
			r.does(test.name, fmt.Sprintf(`one('.newer').innerText.startsWith(%q)`, r.say("lists_newer")))
			r.does(test.name+" is no HTML", `!one('main img:not(.paper-only), main script:not([src], .print-page + script)')`)
			r.act(hands + `window.isOld = true; list('tell')[0].click(); one('.newer a').click()`)
			r.await(`!window.isOld && document.querySelectorAll('.tasks input:checked').length === 1`) // the ticks stay
			r.act(hands + `button('clear').click()`)
			continue
		}
		expect(t, got == want && !strings.Contains(got, r.say("lists_newer")), "%s: the page says %q", test.name, got)
		r.does(test.name, `(list('emergency')[0].click(), message() !== '' && (button('clear').click(), message() === ''))`)
		if test.name != "missing" { // of which the browser tells
			r.quiet(test.name)
		}
	}
}

// TestSavedPage: a copy on the reader's disk asks the site that it came from.
func TestSavedPage(t *testing.T) { inEachLanguage(t, "/checklist/", openSaved) }

func openSaved(t *testing.T, p page) {
	html, own := p.html(t), readList(t, site.folder, p).Version
	script := regexp.MustCompile(`src="?/(checklist[^" >]*js)`).FindStringSubmatch(html)
	require(t, script != nil, "the page has no script")
	disk := folder{t.TempDir()}
	disk.write(t, script[1], site.page(t, "/"+script[1]))
	r := reader{open(t), p, ""}
	r.onLoad(countAnswers)
	for digest, isNewer := range map[string]bool{own: false, strings.Repeat("0", 16): true} {
		disk.write(t, "saved.html", strings.NewReplacer(own, digest, "/"+script[1], script[1]).Replace(html))
		r.visit("file://" + filepath.ToSlash(disk.path("saved.html")))
		r.await(`window.answers > 0`)
		got := js[bool](r, `!!one('.newer')`)
		expect(t, got == isNewer, "a saved copy with the digest %s says that there is a newer one: %v", digest, got)
	}
}

// node runs a script of the test tools, and returns what it prints.
func node(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("node", args...).CombinedOutput()
	require(t, err == nil, "node %s: %v\n%.2000s", args, err, out)
	return string(out)
}

// TestFHIR: each checklist is what HL7's own definitions ask for: this site's, another condition's, and one with reviews, which says so.
func TestFHIR(t *testing.T) {
	f := other(t)
	f.succeed(t, "build", "--today", signDay)
	unsigned := f.read(t, "public/checklist.json")
	for name := range strings.FieldsSeq(two) {
		f.succeed(t, "sign", "--by", by, "--role", role, "--today", signDay, "--due", lastDay, "content/"+name+".md")
	}
	f.succeed(t, "build", "--today", signDay)
	q := readList(t, f, page{path: "/", name: "/"})
	expect(t, q.Status == "active", "the checklist of signed pages says %+v", q)
	f.write(t, "unsigned.json", unsigned)
	good := []string{f.path("unsigned.json"), f.path("public/checklist.json"), f.path("static/checklist.json")}
	inEachLanguage(t, "/checklist/", func(t *testing.T, p page) {
		good = append(good, site.path("public"+p.home()+"checklist.json"), site.path("static"+p.home()+"checklist.json"))
	})
	mistakes := node(t, append([]string{"fhir/validate.mjs"}, good...)...)
	expect(t, mistakes == "", "not FHIR R4: %s", mistakes)
	for want, change := range map[string][2]string{ // the validator does find mistakes
		"linkId":             {`"linkId"`, `"link"`},
		"que-1":              {`"type":"boolean"`, `"type":"display","item":[{"linkId":"x","type":"boolean"}]`},
		"Questionnaire.date": {`"date":"20`, `"date":"0`},
	} {
		f.write(t, "bad.json", strings.Replace(unsigned, change[0], change[1], 1))
		mistakes := node(t, "fhir/validate.mjs", f.path("bad.json"))
		expect(t, strings.Contains(mistakes, want), "%s is not found: %q", want, mistakes)
	}
}

// TestFHIRForm: a FHIR form that is not ours shows our lists and lines in our order, and a tick there gives a valid answer.
func TestFHIRForm(t *testing.T) {
	f := folder{t.TempDir()}
	bundle := []string{"fhir/form.mjs", "--bundle", "--format=esm", "--log-level=error", "--outfile=" + f.path("form.js")}
	out, err := exec.Command("../node_modules/.bin/esbuild", bundle...).CombinedOutput()
	require(t, err == nil, "%v\n%s", err, out)
	f.write(t, "index.html", `<!doctype html><title>Form</title><body><script type="module" src="form.js"></script>`)
	server := httptest.NewServer(http.FileServer(http.Dir(f.root)))
	defer server.Close()
	tb := open(t)
	inEachLanguage(t, "/checklist/", func(t *testing.T, p page) {
		f.write(t, "checklist.json", site.page(t, p.home()+"checklist.json"))
		tb.visit(server.URL)
		tb.await(`document.querySelector('form [type=submit]')`)
		want := readItems(t, p)
		got := eval[[]string](tb, `[...document.querySelectorAll('form label')].map(l => l.textContent)`)
		expect(t, slices.Equal(got, want), "the form shows\n%q, not\n%q", got, want)
		tb.act(`document.querySelector('form input[type=checkbox]').click(); document.querySelector('form [type=submit]').click()`)
		tb.await(`window.response`)
		response := eval[string](tb, `JSON.stringify(window.response)`)
		f.write(t, "response.json", response)
		mistakes := node(t, "fhir/validate.mjs", f.path("response.json"))
		expect(t, mistakes == "", "the answer is not valid: %s\n%s", mistakes, response)
		first := readList(t, site.folder, p).Lists[0].Items[0]
		expect(t, strings.Contains(response, `"linkId":"`+first.LinkID+`"`) && strings.Contains(response, `"valueBoolean":true`),
			"the answer does not hold the tick of %q: %s", first.Text, response)
	})
}
