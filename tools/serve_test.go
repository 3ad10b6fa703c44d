package main

import (
	"os"
	"path/filepath"
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

// TestOwnWrites: the checklist that a session has written is no save, in whatever steps it is reported.
func TestOwnWrites(t *testing.T) {
	root := t.TempDir()
	if err := os.CopyFS(root, os.DirFS("testdata/site")); err != nil {
		t.Fatal(err)
	}
	const list = "static/checklist.json"
	var out strings.Builder
	s := session{tool: &tool{root: root, stdout: &out, now: time.Now}, today: day{time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)}}
	checks := func(want string, saved ...string) {
		t.Helper()
		out.Reset()
		s.takeSave(t.Context(), saved)
		if got := out.String(); !strings.Contains(got, want) || (want == "") != (got == "") {
			t.Errorf("%q: %q, not %q", saved, got, want)
		}
	}
	if err := os.Remove(filepath.Join(root, list)); err != nil {
		t.Fatal(err)
	}
	checks(list+" is up to date again", "content/page.md")
	checks("", list)
	checks("  content/page.md: all clear.", list, "content/page.md")
	checks("  3 pages: all clear.") // the system has lost count
	if err := os.WriteFile(filepath.Join(root, list), []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	checks(list+" is up to date again", list)
}
