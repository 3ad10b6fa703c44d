package watch

import (
	"strings"
	"testing"
	"time"

	"microsite/tools/problem"
)

// TestReport: the saved file's problems each time, what is known of others in
// a line, worst first, and no control characters but the tool's own.
func TestReport(t *testing.T) {
	var b strings.Builder
	r := Report{Out: &b, Now: func() time.Time { return time.Date(2026, 1, 5, 9, 30, 12, 0, time.UTC) }}
	warning := problem.Problem{File: "content/a.md", Line: 3, Rule: "due-soon", Severity: problem.Warning, Message: "soon"}
	late := problem.Problem{File: "content/b.md", Line: 12, Column: 7, Rule: "link", Severity: problem.Error, Message: "gone"}
	early := problem.Problem{File: "content/b.md", Line: 2, Rule: "due-soon", Severity: problem.Warning, Message: "so\x1bon"}
	all := []problem.Problem{warning, early, late}
	for _, step := range []struct {
		saved []string
		found []problem.Problem
		want  string
	}{
		{nil, all, `09:30:12  It: 1 error, 2 warnings.

  content/b.md
    line 12:7   error    gone [link]
    line 2      warning  so` + "\uFFFD" + `on [due-soon]

  content/a.md
    line 3      warning  soon [due-soon]

`},
		{[]string{"content/a.md"}, all, `09:30:12  It: 1 warning. Still there: 1 error, 1 warning in content/b.md.

  content/a.md
    line 3      warning  soon [due-soon]

`},
		{[]string{"content/a.md"}, []problem.Problem{late}, "09:30:12  It: all clear. Still there: 1 error in content/b.md.\n"},
		{[]string{"content/b.md"}, []problem.Problem{warning}, `09:30:12  It: all clear.
          In other files: 1 warning.

  content/a.md
    line 3      warning  soon [due-soon]

`},
		{[]string{"content/b.md"}, nil, "09:30:12  It: all clear.\n"},
	} {
		b.Reset()
		r.Found("topic", "It", step.saved, step.found)
		if b.String() != step.want {
			t.Errorf("got:\n%s\nwant:\n%s", b.String(), step.want)
		}
	}
	b.Reset()
	r.Color = true
	r.Found("topic", "It", nil, []problem.Problem{late})
	if !strings.Contains(b.String(), "\x1b[1;31merror") || strings.Count(b.String(), "\x1b[")%2 != 0 {
		t.Errorf("colors: %q", b.String())
	}
}
