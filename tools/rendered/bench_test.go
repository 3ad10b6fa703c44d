//go:build unix

package rendered

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/net/html"
)

// generate writes a site of n pages such as Hugo renders: a navigation and a
// table of contents around a text, about 47 references and 7.5 kB a page.
func generate(b *testing.B, n int) string {
	root := b.TempDir()
	address := func(i int) string { return fmt.Sprintf("/section-%d/page-%d/", i%n%20, i%n) }
	words := strings.Repeat("Plain words that fill a paragraph as they do on a page. ", 4)
	for i := range n {
		var page strings.Builder
		fmt.Fprintf(&page, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Page %d</title>\n<link rel=\"canonical\" href=\"https://site.example%s\">\n<meta property=\"og:url\" content=\"https://site.example%s\">\n<link rel=\"stylesheet\" href=\"/style.css\"><link rel=\"icon\" href=\"/icon.png\"></head>\n<body><nav><ul>", i, address(i), address(i))
		for s := range 14 {
			fmt.Fprintf(&page, "<li class=\"nav-item\"><a class=\"nav-link\" href=\"/section-%d/\">Section %d</a></li>\n", s, s)
		}
		fmt.Fprintf(&page, "</ul></nav>\n<main><h1 id=\"title\">Page %d</h1>\n<ul>", i)
		for h := range 8 {
			fmt.Fprintf(&page, "<li><a href=\"#heading-%d\">Heading %d</a></li>", h, h)
		}
		page.WriteString("</ul>\n")
		for h := range 8 {
			fmt.Fprintf(&page, "<h2 id=\"heading-%d\">Heading %d</h2>\n<p class=\"text\">%s<a href=\"%s\">a page</a> <em>%s</em> <a href=\"%s#heading-%d\">a heading</a></p>\n", h, h, words, address(i+h+1), words[:100], address(i*7+h), h)
		}
		fmt.Fprintf(&page, "<img src=\"/icon.png\" alt=\"\" srcset=\"/icon.png 1x, /style.css 2x\"><p><a href=\"https://other.example/page-%d\">elsewhere</a> <a href=\"../page-%d/\">up</a></p>\n</main><footer><a href=\"/\">Home</a></footer></body></html>\n", i%100, i)
		write(b, filepath.Join(root, filepath.FromSlash(address(i)), "index.html"), page.String())
	}
	for s := range 20 {
		write(b, filepath.Join(root, fmt.Sprintf("section-%d", s), "index.html"), "<!doctype html><title>Section</title><a href=/>Home</a>")
	}
	write(b, filepath.Join(root, "index.html"), "<!doctype html><title>Home</title>")
	write(b, filepath.Join(root, "style.css"), "body { background: url(icon.png) }")
	write(b, filepath.Join(root, "icon.png"), "")
	return root
}

func write(t testing.TB, name, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o644)); err != nil {
		t.Fatal(err)
	}
}

// each runs a function on every HTML file, with as many workers as Check has.
func each(root string, do func(src []byte)) error {
	files := make(chan string, 64)
	var group sync.WaitGroup
	errs := make([]error, runtime.GOMAXPROCS(0))
	for i := range errs {
		group.Go(func() {
			for name := range files {
				src, err := os.ReadFile(name)
				errs[i] = errors.Join(errs[i], err)
				do(src)
			}
		})
	}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(name, ".html") {
			files <- name
		}
		return err
	})
	close(files)
	group.Wait()
	return errors.Join(append(errs, err)...)
}

// metered is b.Run with the processor time, which other work on the machine
// disturbs less than the time that passes.
func metered(b *testing.B, name string, who int, f func(b *testing.B)) {
	cpu := func() float64 {
		var u syscall.Rusage
		if err := syscall.Getrusage(who, &u); err != nil {
			b.Fatal(err)
		}
		return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e6
	}
	b.Run(name, func(b *testing.B) {
		before := cpu()
		f(b)
		b.ReportMetric((cpu()-before)/float64(b.N), "cpu-ms/op")
	})
}

// BenchmarkCheck compares checking a site with less work on the same bytes:
//
//	go test -run '^$' -bench Check -benchtime 5x ./tools/rendered
func BenchmarkCheck(b *testing.B) {
	for _, n := range []int{1000, 3000, 10000} {
		b.Run(fmt.Sprintf("%d-pages", n), func(b *testing.B) {
			root := generate(b, n)
			fail := func(err error) {
				if err != nil {
					b.Fatal(err)
				}
			}
			metered(b, "read", syscall.RUSAGE_SELF, func(b *testing.B) {
				for b.Loop() {
					fail(each(root, func([]byte) {}))
				}
			})
			metered(b, "tokenize", syscall.RUSAGE_SELF, func(b *testing.B) {
				for b.Loop() {
					fail(each(root, func(src []byte) {
						for z := html.NewTokenizer(bytes.NewReader(src)); z.Next() != html.ErrorToken || z.Err() != io.EOF; {
						}
					}))
				}
			})
			metered(b, "check", syscall.RUSAGE_SELF, func(b *testing.B) {
				var after runtime.MemStats
				for b.Loop() {
					pages, problems, err := Check(b.Context(), root, Options{BaseURL: "https://site.example/"})
					if err != nil || pages != n+21 || len(problems) != 6 { // the sections that the navigation leaves out
						b.Fatal(pages, len(problems), err)
					}
				}
				runtime.ReadMemStats(&after)
				b.ReportMetric(float64(after.HeapSys)/(1<<20), "MB-heap")
			})
			if _, err := exec.LookPath("htmltest"); err == nil {
				metered(b, "htmltest", syscall.RUSAGE_CHILDREN, func(b *testing.B) {
					for b.Loop() {
						command := exec.Command("htmltest", "--skip-external", root)
						command.Dir = b.TempDir()
						_ = command.Run() // it exits with 1 where it finds something
					}
				})
			}
		})
	}
}
