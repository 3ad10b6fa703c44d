package diagnostic

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// What is wrong in the saved file is shown each time, what is wrong elsewhere when it
// is new, errors first, and no control character of a file.
func TestReport(t *testing.T) {
	var out strings.Builder
	r := Report{Out: &out, Now: func() time.Time { return time.Date(2026, 1, 5, 9, 30, 12, 0, time.UTC) }}
	warning := Place{File: "content/a.md", Line: 3}.Warningf(RuleDueSoon, "soon")
	early := Place{File: "content/b.md", Line: 2}.Warningf(RuleDueSoon, "so\x1bon")
	late := Place{File: "content/b.md", Line: 12, Column: 7}.Errorf(RuleLink, "gone")
	all := []Diagnostic{warning, early, late}
	const warningText = "\n  content/a.md\n    line 3      warning  soon [due-soon]\n"
	for i, step := range []struct {
		saved []string
		found []Diagnostic
		want  string
	}{
		{nil, all, "It: 1 error, 2 warnings.\n\n  content/b.md\n    line 12:7   error    gone [link]\n" + warningText +
			"\n  content/b.md\n    line 2      warning  so\uFFFDon [due-soon]\n\n"},
		{[]string{"content/a.md"}, all, "It: 1 warning. Still there: 1 error, 1 warning in content/b.md.\n" + warningText + "\n"},
		{[]string{"content/a.md"}, []Diagnostic{late}, "It: all clear. Still there: 1 error in content/b.md.\n"},
		{[]string{"content/b.md"}, []Diagnostic{warning}, "It: all clear.\n          In other files: 1 warning.\n" + warningText + "\n"},
		{[]string{"content/b.md"}, nil, "It: all clear.\n"},
	} {
		out.Reset()
		r.Print("It", step.saved, step.found)
		if want := "09:30:12  " + step.want; out.String() != want {
			t.Errorf("step %d:\n%s\nwant:\n%s", i, &out, want)
		}
	}
	var many []Diagnostic
	for i := range 2*maxListed + 1 {
		many = append(many, Place{File: fmt.Sprintf("%d.md", i)}.Errorf(RuleLink, "gone"))
	}
	out.Reset()
	r.Print("It", nil, many)
	if strings.Count(out.String(), "gone") != maxListed || !strings.Contains(out.String(), "… and 51 more: ") {
		t.Errorf("%s", &out)
	}
}
