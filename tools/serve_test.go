package main

import (
	"strings"
	"testing"
	"time"

	"microsite/tools/diagnostic"
)

// What is wrong in the saved file is shown first, then the errors of other files.
func TestReport(t *testing.T) {
	late := diagnostic.Place{File: "content/b.md", Line: 12, Column: 7}.Errorf(diagnostic.RuleLink, "go\x1bne")
	soon := diagnostic.Place{File: "content/c.md", Line: 3}.Warningf(diagnostic.RuleDueSoon, "soon")
	const lateText = "content/b.md:12:7: error: go\uFFFDne [link]\n"
	const soonText = "content/c.md:3: warning: soon [due-soon]\n"
	for want, saved := range map[string][]string{
		"1 error, 1 warning.\n" + lateText + soonText:                           nil,
		"0 errors, 1 warning. In other files: 1 error.\n" + soonText + lateText: {"content/c.md"},
		"1 error, 0 warnings.\n" + lateText:                                     {"content/b.md"},
		"all clear. In other files: 1 error.\n" + lateText:                      {"content/a.md"},
	} {
		var out strings.Builder
		s := session{tool: &tool{stdout: &out, now: func() time.Time { return time.Date(2026, 1, 5, 9, 30, 12, 0, time.UTC) }}}
		if s.report("It", saved, []diagnostic.Diagnostic{soon, late}); out.String() != "09:30:12  It: "+want {
			t.Errorf("%q:\n%s", saved, &out)
		}
	}
}
