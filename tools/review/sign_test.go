package review

import (
	"bytes"
	"testing"
	"time"

	"microsite/tools/content"
)

// FuzzSign: whatever a page holds and whoever signs it, Sign either refuses or
// gives a page that holds its text, bears the sign-off and is current; and
// Unsign gives back every byte of a page that had none.
func FuzzSign(f *testing.F) {
	const yaml, toml = "---\ntitle: A\ndescription: B\nadapted: 2026-01-01\nsources: [s]\n---\nText\n", "+++\ntitle = 'A'\ndescription = 'B'\nadapted = 2026-01-01\nsources = ['s']\n+++\nText"
	f.Add([]byte(yaml), "Made-up", "role")
	f.Add([]byte(toml), `"\`, "é\u2028")
	f.Add(bytes.ReplaceAll([]byte(yaml), []byte("\n"), []byte("\r\n")), ": #", "- x")
	f.Add([]byte("\uFEFF---\n  title: >\n   A\n  description: B # c\n  adapted: 2026-01-01\n\n  # d\n  sources:\n    - s\n\n---\n---\n"), "{", "*a")
	f.Add([]byte("---\ntitle: A\nreview: {by: X}\ndescription: B\nadapted: 2026-01-01\nsources: [s]\n---\n"), "X", "Y")
	f.Add([]byte("+++\ntitle = 'A'\ndescription = 'B'\nadapted = 2026-01-01\nsources = ['s']\n[review] # x\nby = ''\n# y\n+++\n"), "X", "Y")
	today := time.Date(2026, 2, 28, 0, 0, 0, 0, time.UTC)
	due := AddMonths(today, 36)
	f.Fuzz(func(t *testing.T, src []byte, by, role string) {
		site := &content.Site{Interval: 36, DueSoon: 60, Location: time.UTC, Cards: []string{"do"},
			Sources: map[string]*content.Source{"s": {Key: "s", Title: "S", Publisher: "P"}}}
		const file = "content/page.md"
		page, problems := site.Parse(file, src)
		if page == nil || len(problems) > 0 {
			return
		}
		signed, problems, err := Sign(site, page, by, role, today, due)
		if err != nil || len(problems) > 0 {
			return
		}
		again, problems := site.Parse(file, signed)
		if again == nil || len(problems) > 0 {
			t.Fatalf("the signed page can't be read: %v\n%s", problems, signed)
		}
		if again.Body != page.Body || again.Digest() != page.Digest() {
			t.Fatalf("the text changed:\n%s\n%s", src, signed)
		}
		report := (&checker{site: site, today: today}).page(again)
		if report.State != Current || report.Review.By != by || report.Review.Role != role {
			t.Fatalf("signed by %q, %q: %+v\n%s", by, role, report, signed)
		}
		if page.Front.Get("review") != nil {
			return
		}
		unsigned, err := Unsign(site, again)
		if err != nil || !bytes.Equal(unsigned, src) {
			t.Fatalf("taking the sign-off off again: %v\n%q\n%q", err, src, unsigned)
		}
	})
}
