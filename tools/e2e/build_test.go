package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// BenchmarkBuild takes turns between a whole build, checks, minifying and swap included, and bare Hugo, on sites of generated pages
// with this site's layouts. What `go run` takes to start the tool is part of the build, and what `go tool` takes to find Hugo is
// part of bare Hugo, which writes into an empty folder, as the build does. Each turn gives one ratio, of neighbors in time; the
// middle of these counts, with the least and most beside it.
//
// Let the sites be in memory, because some file systems take many times as long to make files for minutes after
// others were deleted (ext4 without a journal passes over each inode that is free since then):
//
//	TMPDIR=/dev/shm go test -timeout 60m -run '^$' -bench Build -benchtime 11x ./tools/e2e
func BenchmarkBuild(all *testing.B) {
	for _, n := range []int{1000, 3000, 10000} {
		all.Run(fmt.Sprintf("%d-pages", n), func(b *testing.B) {
			f := manyPages(b, n)
			start := func() cost { return spend(b, project.root, "go", "run", "./tools", "help") }
			start() // compiles the tool
			ratios := map[string][]float64{}
			for turn := 0; b.Loop(); turn++ {
				var ours, hugos cost
				sides := []func(){
					func() {
						first, build := start(), spend(b, f.root, site.tool, "build")
						ours = cost{first.cpu + build.cpu, first.wall + build.wall}
					},
					func() {
						hugos = spend(b, f.root, "go", "tool", "hugo", "--minify", "--noBuildLock", "--destination", "bare")
						must(b, os.RemoveAll(f.path("bare")))
					},
				}
				sides[turn%2]() // who goes first changes
				sides[1-turn%2]()
				ratios["cpu"] = append(ratios["cpu"], ours.cpu/hugos.cpu)
				ratios["wall"] = append(ratios["wall"], ours.wall/hugos.wall)
			}
			b.ReportMetric(0, "ns/op")
			for name, values := range ratios {
				slices.Sort(values)
				b.ReportMetric(values[0], name+"-ratio-least")
				b.ReportMetric(values[len(values)/2], name+"-ratio")
				b.ReportMetric(values[len(values)-1], name+"-ratio-most")
			}
		})
	}
}

// manyPages makes this site with n pages more in 20 sections, which the navigation lists, each with cards, boxes and links,
// and about 3 kB long, as real ones are.
func manyPages(b *testing.B, n int) folder {
	b.Helper()
	f := ours(b)
	config := f.read(b, "config.toml")
	source := regexp.MustCompile(`\[params\.sources\.([a-z-]+)\]`).FindStringSubmatch(config)[1]
	f.write(b, "config.toml", regexp.MustCompile(`(?m)^baseURL.*`).ReplaceAllString(config, `baseURL = "https://site.test/"`))
	words := strings.Repeat("Plain words that fill a paragraph as they do on a real page, line after line of them.\n", 2)
	words = strings.Repeat(words+"\n", 4)
	for i := range n {
		text := fmt.Sprintf("---\ntitle: Page %d\ndescription: One sentence about it.\nweight: %d\nadapted: 2026-11-01\nsources: [%s]\n---\n\n",
			i, i+100, source)
		for h := range 3 {
			text += fmt.Sprintf("## Heading %d\n\n%s\n> [!DO] Card %d of %d\n", h, words, h, i)
			text += fmt.Sprintf("> - [ ] First thing of %d\n> - [ ] Second thing of %d\n\n", h, h)
			text += fmt.Sprintf("[One](/part-%d/page-%d.md), [two](/part-0/page-0.md#heading-1).\n\n", (i+1)%n%20, (i+1)%n)
		}
		f.write(b, fmt.Sprintf("content/part-%d/page-%d.md", i%20, i), text)
		if i < 20 {
			f.write(b, fmt.Sprintf("content/part-%d/_index.md", i), strings.ReplaceAll(text, "title: Page", "title: Part"))
		}
	}
	return f
}

// cost is the seconds that a command took.
type cost struct{ cpu, wall float64 }

func spend(b *testing.B, dir string, args ...string) cost {
	b.Helper()
	start := time.Now()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%s: %v\n%s", args, err, out[:min(len(out), 4000)])
	}
	return cost{(cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), time.Since(start).Seconds()}
}
