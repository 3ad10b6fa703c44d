package e2e

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"microsite/tools/checklist"
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

// TestFHIR: each checklist is what HL7's own definitions ask for, this site's, another condition's, and one with reviews.
func TestFHIR(t *testing.T) {
	good := []string{filepath.Join(site.root, "static", "checklist.json"), filepath.Join(site.public, "checklist.json"),
		filepath.Join(other(t), "static", "checklist.json")}
	if out := node(t, append([]string{"fhir/validate.mjs"}, good...)...); out != "" {
		t.Errorf("not FHIR R4: %s", out)
	}
	for want, change := range map[string][2]string{ // the validator does find mistakes
		"linkId":             {`"linkId"`, `"link"`},
		"que-1":              {`"type": "boolean"`, `"type": "display", "item": [{"linkId": "x", "type": "boolean"}]`},
		"Questionnaire.date": {`"date": "20`, `"date": "0`},
	} {
		bad := filepath.Join(t.TempDir(), "checklist.json")
		if err := os.WriteFile(bad, []byte(strings.Replace(read(t, good[0]), change[0], change[1], 1)), 0o644); err != nil {
			t.Fatal(err)
		}
		if out := node(t, "fhir/validate.mjs", bad); !strings.Contains(out, want) {
			t.Errorf("%s is not found: %q", want, out)
		}
	}
}

// TestFHIRForm: a form for FHIR questionnaires, which is not ours, shows our lists and lines in our order, and what is
// ticked there is a valid answer.
func TestFHIRForm(t *testing.T) {
	dir := t.TempDir()
	bundle := exec.Command("../node_modules/.bin/esbuild", "fhir/form.mjs", "--bundle", "--format=esm", "--log-level=error", "--outfile="+filepath.Join(dir, "form.js"))
	if out, err := bundle.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	src := read(t, filepath.Join(site.public, "checklist.json"))
	var want checklist.Questionnaire
	if err := json.Unmarshal([]byte(src), &want); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"checklist.json": src, "index.html": `<!doctype html><title>Form</title><body><script type="module" src="form.js"></script>`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	defer server.Close()
	tb := open(t)
	tb.do(t, chromedp.Navigate(server.URL+"/"), chromedp.WaitVisible(`form [type=submit]`))
	got := get(t, tb, chromedp.Evaluate[[]string](`[...document.querySelectorAll('form label')].map(l => l.textContent)`))
	if !slices.Equal(got, want.Texts()) {
		t.Errorf("the form shows\n%q, not\n%q", got, want.Texts())
	}
	tb.do(t, chromedp.Click(`form input[type=checkbox]`), chromedp.Click(`form [type=submit]`), chromedp.Poll[chromedp.Void](`!!window.response`))
	response := get(t, tb, chromedp.Evaluate[string](`JSON.stringify(window.response)`))
	answer := filepath.Join(dir, "response.json")
	if err := os.WriteFile(answer, []byte(response), 0o644); err != nil {
		t.Fatal(err)
	}
	if out := node(t, "fhir/validate.mjs", answer); out != "" {
		t.Errorf("the answer is not valid: %s\n%s", out, response)
	}
	first := want.Lists[0].Items[0]
	if !strings.Contains(response, `"linkId":"`+first.LinkID+`"`) || !strings.Contains(response, `"valueBoolean":true`) {
		t.Errorf("the answer does not hold the tick of %q: %s", first.Text, response)
	}
}
