//go:build unix

package rendered

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/sync/errgroup"

	"microsite/tools/diagnostic"
)

// A folder that isn't there is an error. What is no regular file is nothing that is served, and never opened.
func TestFiles(t *testing.T) {
	_, _, err := Check(t.Context(), filepath.Join(t.TempDir(), "gone"), Options{})
	expect(t, err != nil, "a folder that isn't there was checked")
	root := write(t, map[string]string{"index.html": "<a href=a.html>x</a><a href=b.html>x</a><a href=pipe.html>x</a><a href=film.mp4>x</a>", "film.mp4": "", "other/c.html": "<a href=x>"})
	_, _, err = Check(t.Context(), filepath.Join(root, "index.html"), Options{})
	expect(t, err != nil, "a file was checked as a folder")
	for name, to := range map[string]string{"a.html": "gone", "b.html": "index.html", "loop.html": "loop.html", "folder": "other", "self": "."} {
		must(t, os.Symlink(to, filepath.Join(root, name)))
	}
	must(t, syscall.Mkfifo(filepath.Join(root, "pipe.html"), 0o600))
	pages, list, err := Check(t.Context(), filepath.Join(root, "self"), Options{})
	var got []string
	for _, d := range list {
		if d.Rule != diagnostic.RuleOrphanPage {
			got = append(got, strings.Split(d.Message, `"`)[1])
		}
	}
	expect(t, strings.Join(got, " ") == "a.html pipe.html x" && pages == 3 && err == nil, "%d pages: %s %v", pages, got, err)
	c, err := newChecker(Options{})
	expect(t, err == nil && c.listFiles(os.DirFS(root)) == nil && len(c.documents) == 3 && len(c.paths) == 3,
		"%d of %d files would be read: %v", len(c.documents), len(c.files), err)
}

// generate writes a site of n pages such as Hugo renders: a navigation and a table of contents around a text, about 47
// references and 7 kB a page.
func generate(b *testing.B, n int) string {
	address := func(i int) string { return fmt.Sprintf("/section-%d/page-%d/", i%n%20, i%n) }
	words := strings.Repeat("Plain words that fill a paragraph as they do on a page. ", 4)
	files := map[string]string{"index.html": "<title>Home</title>", "style.css": "body { background: url(icon.png) }", "icon.png": ""}
	for s := range 20 {
		files[fmt.Sprintf("section-%d/index.html", s)] = "<!doctype html><title>Section</title><a href=/>Home</a>"
	}
	for i := range n {
		var nav, contents, text strings.Builder
		for s := range 14 {
			fmt.Fprintf(&nav, "<li class=\"nav-item\"><a class=\"nav-link\" href=\"/section-%d/\">Section %d</a></li>\n", s, s)
		}
		for h := range 8 {
			fmt.Fprintf(&contents, "<li><a href=\"#heading-%d\">Heading %d</a></li>", h, h)
			fmt.Fprintf(&text, "<h2 id=\"heading-%d\">Heading %d</h2>\n<p class=\"text\">%s<a href=\"%s\">a page</a> <em>%s</em> <a href=\"%s#heading-%d\">a heading</a></p>\n",
				h, h, words, address(i+h+1), words[:100], address(i*7+h), h)
		}
		files[strings.TrimPrefix(address(i), "/")+"index.html"] = fmt.Sprintf("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Page %d</title>\n"+
			"<link rel=\"canonical\" href=\"https://site.example%[2]s\">\n<meta property=\"og:url\" content=\"https://site.example%[2]s\">\n<link rel=\"stylesheet\" href=\"/style.css\">"+
			"<link rel=\"icon\" href=\"/icon.png\"></head>\n<body><nav><ul>%s</ul></nav>\n<main><h1 id=\"title\">Page</h1>\n<ul>%s</ul>\n%s<img src=\"/icon.png\" alt=\"\" srcset=\"/icon.png 1x, /style.css 2x\">"+
			"<p><a href=\"https://other.example/page-%d\">elsewhere</a> <a href=\"../page-%[1]d/\">up</a></p>\n</main><footer><a href=\"/\">Home</a></footer></body></html>\n",
			i, address(i), nav.String(), contents.String(), text.String(), i%100)
	}
	return write(b, files)
}

// tokenize does what any check of a site must do, with as many workers as Check has.
func tokenize(root string) error {
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		group.Go(func() error {
			if !strings.HasSuffix(name, ".html") {
				return nil
			}
			src, err := os.ReadFile(name)
			for z := html.NewTokenizer(bytes.NewReader(src)); z.Next() != html.ErrorToken; {
			}
			return err
		})
		return err
	})
	return errors.Join(err, group.Wait())
}

// BenchmarkSite compares the processor time of checking a site with that of only listing, reading and tokenising it,
// which take turns, because other work on the machine disturbs both. The ratio is the median of the turns:
//
//	go test -run '^$' -bench Site -benchtime 15x ./tools/rendered
func BenchmarkSite(b *testing.B) {
	milliseconds := func(do func() error) float64 {
		runtime.GC()
		var before, after syscall.Rusage
		err := errors.Join(syscall.Getrusage(syscall.RUSAGE_SELF, &before), do(), syscall.Getrusage(syscall.RUSAGE_SELF, &after))
		must(b, err)
		return float64(after.Utime.Nano()+after.Stime.Nano()-before.Utime.Nano()-before.Stime.Nano()) / 1e6
	}
	root := generate(b, 3000)
	var ratios []float64
	for b.Loop() {
		least := milliseconds(func() error { return tokenize(root) })
		ratios = append(ratios, milliseconds(func() error {
			_, findings, err := Check(b.Context(), root, Options{BaseURL: "https://site.example/"})
			if len(findings) != 6 { // the sections that the navigation leaves out
				b.Fatal(findings)
			}
			return err
		})/least)
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "ratio")
}
