package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"microsite/tools/watch"
)

// makeSite writes a site of n pages, each with cards, boxes and links, and
// about 3 kB long, as real ones are.
func makeSite(t testing.TB, n int) string {
	t.Helper()
	root := t.TempDir()
	if err := os.CopyFS(root, os.DirFS("testdata/site")); err != nil {
		t.Fatal(err)
	}
	words := strings.Repeat("Plain words that fill a paragraph as they do on a real page, line after line of them.\n", 8)
	for i := range n - 3 { // testdata/site has three
		dir := filepath.Join(root, "content", fmt.Sprintf("part-%d", i/50))
		text := fmt.Sprintf("---\ntitle: Page %d\ndescription: One sentence about it.\nweight: %d\nadapted: 2026-11-01\nsources: [guide]\n---\n\n", i, i+10)
		for c := range 3 {
			text += fmt.Sprintf("## Heading %d\n\n%s\n> [!DO] Card %d\n> - [ ] First thing of %d\n> - [ ] Second thing of %d\n\n", c, words, c, c, c)
			text += fmt.Sprintf("[One](../page.md), [two](page-%d.md), [three](../part-0/page-0.md#heading-1).\n\n", i)
		}
		err := os.MkdirAll(dir, 0o755)
		if i%50 == 0 {
			err = errors.Join(err, os.WriteFile(filepath.Join(dir, "_index.md"), []byte(strings.Replace(text, fmt.Sprintf("page-%d.md", i), "_index.md", -1)), 0o644))
		}
		if err = errors.Join(err, os.WriteFile(filepath.Join(dir, fmt.Sprintf("page-%d.md", i)), []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// BenchmarkSave takes the time from a save to its problems on the terminal,
// beyond watch.Quiet, which the watcher waits before.
func BenchmarkSave(b *testing.B) {
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprintf("%d pages", n), func(b *testing.B) {
			root := makeSite(b, n)
			b.Chdir(root)
			world := &tool{stdout: io.Discard, stderr: io.Discard, now: time.Now, today: today}
			s, err := world.newSession()
			if err != nil {
				b.Fatal(err)
			}
			name := filepath.Join(root, "content", "part-0", "page-0.md")
			src, err := os.ReadFile(name)
			if err != nil {
				b.Fatal(err)
			}
			s.check(nil)
			for i := 0; b.Loop(); i++ {
				b.StopTimer()
				if err := os.WriteFile(name, fmt.Appendf(src, "\n[Broken](nowhere-%d.md)\n", i), 0o644); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				s.check([]string{"content/part-0/page-0.md"})
			}
			b.ReportMetric(float64(watch.Quiet.Milliseconds()), "ms-quiet-before")
		})
	}
}
