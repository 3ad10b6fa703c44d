package review

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"microsite/tools/site"
)

// words joins the words of a text without the white space between them.
func words(text string) string { return strings.ReplaceAll(site.NormalizeSpace(text), " ", "") }

// FuzzSign: whatever a page holds and whoever signs it, Sign either refuses or
// gives a page that holds its text, carries the sign-off and is current; and
// Remove gives back every byte of a page that had none.
func FuzzSign(f *testing.F) {
	const yaml = "---\ntitle: A\ndescription: B\nadapted: 2026-01-01\nsources: [old]\n---\nText\n"
	f.Add([]byte(yaml), "Made-up", "role")
	f.Add([]byte("+++\ntitle = 'A'\ndescription = 'B'\nadapted = 2026-01-01\nsources = ['old']\n+++\nText"), `"\`, "é\u2028")
	f.Add(bytes.ReplaceAll([]byte(yaml), []byte("\n"), []byte("\r\n")), ": #", "- x")
	f.Add([]byte("\uFEFF---\n  title: >\n   A\n  description: B # c\n  adapted: 2026-01-01\n\n  # d\n  sources:\n    - old\n\n---\n---\n"), "{", "*a")
	f.Add([]byte("---\ntitle: A\nreview: {by: X}\ndescription: B\nadapted: 2026-01-01\nsources: [old]\n---\n"), "X", "Y")
	f.Add([]byte("+++\ntitle = 'A'\ndescription = 'B'\nadapted = 2026-01-01\nsources = ['old']\n[review] # x\nby = ''\n# y\n+++\n"), "X", "Y")
	s := load(f, yaml)
	reviewed := time.Date(2026, 2, 28, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, src []byte, by, role string) {
		const file = "content/page.md"
		page, findings := s.ParsePage(file, src)
		if page == nil || len(findings) > 0 {
			return
		}
		signed, findings, err := Sign(page, Record{By: by, Role: role, Reviewed: reviewed, Due: AddMonths(reviewed, 36)}, reviewed)
		if err != nil || len(findings) > 0 {
			return
		}
		again, findings := s.ParsePage(file, signed)
		if again == nil || len(findings) > 0 {
			t.Fatalf("the signed page can't be read: %v\n%s", findings, signed)
		}
		report := judge(again, reviewed)
		if again.Body != page.Body || report.Record.Digest != Digest(page, report.Record) {
			t.Fatalf("the text changed:\n%s\n%s", src, signed)
		}
		if shown := ReadableText(again, report.Record); words(shown) == "" || !strings.Contains(words(shown), words(page.Body)) {
			t.Fatalf("what is shown leaves out words of the text:\n%s\n%s", shown, src)
		}
		if report.State != Current || report.Record.By != by || report.Record.Role != role {
			t.Fatalf("signed by %q, %q: %+v\n%s", by, role, report, signed)
		}
		if page.FrontMatter.Get("review") != nil {
			return
		}
		unsigned, err := again.ReplaceTable("review", nil)
		if err != nil || !bytes.Equal(unsigned, src) {
			t.Fatalf("after the sign-off was removed: %v\n%q\n%q", err, src, unsigned)
		}
	})
}
