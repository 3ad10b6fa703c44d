package e2e

import (
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// node runs a script of the test tools, and returns what it prints.
func node(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("node", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("node %s: %v\n%.2000s", args, err, out)
	}
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
	if q.Status != "active" || q.Experimental || q.ApprovalDate != signDay || q.LastReviewDate != signDay || q.EffectivePeriod.End != lastDay {
		t.Errorf("the checklist of signed pages says %+v", q)
	}
	f.write(t, "unsigned.json", unsigned)
	good := []string{f.path("unsigned.json"), f.path("public/checklist.json"), f.path("static/checklist.json")}
	inEachLanguage(t, "/checklist/", func(t *testing.T, p page) {
		if q := readList(t, site.folder, p); q.Status != "draft" || q.Language != languages(t)[p.lang].Locale || q.URL != site.server.URL+p.home()+"checklist.json" {
			t.Errorf("the checklist says %q, %q, %q", q.Status, q.Language, q.URL)
		}
		good = append(good, site.path("public"+p.home()+"checklist.json"), site.path("static"+p.home()+"checklist.json"))
	})
	if out := node(t, append([]string{"fhir/validate.mjs"}, good...)...); out != "" {
		t.Errorf("not FHIR R4: %s", out)
	}
	for want, change := range map[string][2]string{ // the validator does find mistakes
		"linkId":             {`"linkId"`, `"link"`},
		"que-1":              {`"type":"boolean"`, `"type":"display","item":[{"linkId":"x","type":"boolean"}]`},
		"Questionnaire.date": {`"date":"20`, `"date":"0`},
	} {
		f.write(t, "bad.json", strings.Replace(unsigned, change[0], change[1], 1))
		if out := node(t, "fhir/validate.mjs", f.path("bad.json")); !strings.Contains(out, want) {
			t.Errorf("%s is not found: %q", want, out)
		}
	}
}

// TestFHIRForm: a form for FHIR questionnaires, which is not ours, shows our lists and lines in our order, and what is
// ticked there is a valid answer.
func TestFHIRForm(t *testing.T) {
	f := folder{t.TempDir()}
	bundle := []string{"fhir/form.mjs", "--bundle", "--format=esm", "--log-level=error", "--outfile=" + f.path("form.js")}
	if out, err := exec.Command("../node_modules/.bin/esbuild", bundle...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	f.write(t, "index.html", `<!doctype html><title>Form</title><body><script type="module" src="form.js"></script>`)
	server := httptest.NewServer(http.FileServer(http.Dir(f.root)))
	defer server.Close()
	tb := open(t)
	inEachLanguage(t, "/checklist/", func(t *testing.T, p page) {
		f.write(t, "checklist.json", site.page(t, p.home()+"checklist.json"))
		tb.visit(server.URL)
		tb.await(`document.querySelector('form [type=submit]')`)
		want := readList(t, site.folder, p)
		got := eval[[]string](tb, `[...document.querySelectorAll('form label')].map(l => l.textContent)`)
		if !slices.Equal(got, want.Texts()) {
			t.Errorf("the form shows\n%q, not\n%q", got, want.Texts())
		}
		tb.act(`document.querySelector('form input[type=checkbox]').click(); document.querySelector('form [type=submit]').click()`)
		tb.await(`window.response`)
		response := eval[string](tb, `JSON.stringify(window.response)`)
		f.write(t, "response.json", response)
		if out := node(t, "fhir/validate.mjs", f.path("response.json")); out != "" {
			t.Errorf("the answer is not valid: %s\n%s", out, response)
		}
		first := want.Lists[0].Items[0]
		if !strings.Contains(response, `"linkId":"`+first.LinkID+`"`) || !strings.Contains(response, `"valueBoolean":true`) {
			t.Errorf("the answer does not hold the tick of %q: %s", first.Text, response)
		}
	})
}
