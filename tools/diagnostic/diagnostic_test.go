package diagnostic

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func output(t *testing.T, format string, ps ...Diagnostic) string {
	t.Helper()
	var b strings.Builder
	if err := Write(&b, format, ps); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWrite(t *testing.T) {
	full := Diagnostic{Place: Place{"content/a.md", 10, 3}, Rule: "date", Severity: Error, Message: `write "é" & <b>`}
	line := Diagnostic{Place: Place{"a.md", 10, 0}, Rule: "date", Severity: Warning, Message: "M"}
	file := Diagnostic{Place: Place{"a.md", 0, 0}, Rule: "date", Severity: Warning, Message: "<M>"}
	hostile := Diagnostic{Place: Place{"a,b:c%\nd.md", 1, 2}, Rule: "date", Severity: Error, Message: "100%\r\n::error::x\x1b[31m\u0085\u2028\u2029\u009b\u202e"}
	for _, c := range []struct {
		format string
		p      Diagnostic
		want   string
	}{
		{"text", full, "content/a.md:10:3: error: write \"é\" & <b> [date]\n"},
		{"text", line, "a.md:10: warning: M [date]\n"},
		{"text", file, "a.md: warning: <M> [date]\n"},
		{"text", hostile, "a,b:c%\uFFFDd.md:1:2: error: 100%\uFFFD\uFFFD::error::x\uFFFD[31m\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD [date]\n"},
		{"github", full, "::error file=content/a.md,line=10,col=3,title=date::write \"é\" & <b>\n"},
		{"github", line, "::warning file=a.md,line=10,title=date::M\n"},
		{"github", file, "::warning file=a.md,title=date::<M>\n"},
		{"github", hostile, "::error file=a%2Cb%3Ac%25\uFFFDd.md,line=1,col=2,title=date::100%25\uFFFD\uFFFD::error::x\uFFFD[31m\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\n"},
		{"json", file, "[\n  {\n    \"file\": \"a.md\",\n    \"line\": 0,\n    \"column\": 0,\n    \"rule\": \"date\",\n    \"severity\": \"warning\",\n    \"message\": \"<M>\"\n  }\n]\n"},
	} {
		if got := output(t, c.format, c.p); got != c.want {
			t.Errorf("%s:\n got %q\nwant %q", c.format, got, c.want)
		}
	}
	var back []Diagnostic
	if err := json.Unmarshal([]byte(output(t, "json", full, hostile)), &back); err != nil || !reflect.DeepEqual(back, []Diagnostic{full, hostile}) {
		t.Errorf("JSON reads back as %+v, %v", back, err)
	}
	if output(t, "text") != "" || output(t, "github") != "" || output(t, "json") != "[]\n" {
		t.Error("nothing is printed as something")
	}
}

func TestSort(t *testing.T) {
	p := func(file string, line, column int, rule, message string) Diagnostic {
		return Diagnostic{Place: Place{file, line, column}, Rule: Rule(rule), Severity: Error, Message: message}
	}
	want := []Diagnostic{p("a", 0, 0, "x", "m"), p("a", 2, 9, "x", "m"), p("a", 10, 1, "x", "m"), p("a", 10, 2, "w", "z"), p("a", 10, 2, "x", "a"), p("a", 10, 2, "x", "b"), p("b", 1, 1, "a", "a")}
	mixed := []Diagnostic{want[6], want[2], want[5], want[3], want[5], want[0], want[1], want[4], want[0], want[5]}
	if got := Sort(mixed); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
	if errs, warnings := Count(append(want, Diagnostic{Severity: Warning})); errs != 7 || warnings != 1 {
		t.Errorf("counted %d errors, %d warnings", errs, warnings)
	}
}

func TestDidYouMean(t *testing.T) {
	known := []string{"title", "description", "adapted", "due", "weight"}
	for word, want := range map[string]string{
		"titel": "title", "TITLE": "title", "discription": "description", "adpated": "adapted", "wieght": "weight", "du": "due",
		"elephant": "", "x": "", "": "", strings.Repeat("title", 50): "",
	} {
		if want != "" {
			want = fmt.Sprintf(" Did you mean %q?", want)
		}
		if got := DidYouMean(word, known); got != want {
			t.Errorf("%q: %q, not %q", word, got, want)
		}
	}
}
