package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// BenchmarkBuild takes turns between a whole build, checks, minifying and swap included, and bare Hugo, on sites of
// generated pages with this site's layouts: with the Hugo that `go tool` finds for both, and with one on the PATH. What
// `go run` takes to start the tool is part of the build; bare Hugo writes into an empty folder, as the build does. Each
// turn gives one ratio, of neighbors in time, and the middle of these counts, with the least and most beside it.
// links-share is the processor time of the link check beside Hugo's, growth is Hugo's beside that for 1,000 pages.
//
// Let the sites be in memory, because some file systems take many times as long to make files for minutes after
// others were deleted (ext4 without a journal passes over each inode that is free since then):
//
//	TMPDIR=/dev/shm go test -timeout 60m -run '^$' -bench Build -benchtime 11x ./tools/e2e
func BenchmarkBuild(all *testing.B) {
	thousand := map[string]float64{}
	for _, n := range []int{1000, 3000, 10000} {
		var f folder
		for _, setup := range []string{"go-tool", "on-PATH"} {
			all.Run(fmt.Sprintf("%d-pages/%s", n, setup), func(b *testing.B) {
				if f.root == "" {
					f = manyPages(all, n)
				}
				bare := []string{"go", "tool", "hugo"}
				if setupPath(b, setup == "on-PATH"); setup == "on-PATH" {
					bare = []string{"hugo"}
				}
				start := func() cost { return spend(b, filepath.Join("..", ".."), "go", "run", "./tools", "help") }
				start() // compiles the tool
				values := map[string][]float64{}
				for turn := 0; b.Loop(); turn++ {
					var ours, hugos cost
					sides := []func(){
						func() {
							run, build := start(), spend(b, f.root, site.tool, "build")
							ours = cost{run.cpu + build.cpu, run.wall + build.wall}
						},
						func() {
							hugos = spend(b, f.root, append(bare, "--minify", "--noBuildLock", "--destination", "bare")...)
							must(b, os.RemoveAll(f.path("bare")))
						},
					}
					sides[turn%2]() // who goes first changes
					sides[1-turn%2]()
					links := spend(b, b.TempDir(), site.tool, "links", "--base", "https://site.test/", f.path("public"))
					values["hugo"] = append(values["hugo"], hugos.cpu)
					values["links"] = append(values["links"], links.cpu/hugos.cpu)
					values["cpu"] = append(values["cpu"], ours.cpu/hugos.cpu)
					values["wall"] = append(values["wall"], ours.wall/hugos.wall)
				}
				if n == 1000 {
					thousand[setup] = median(values["hugo"])
				}
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(median(values["hugo"]), "hugo-cpu-s")
				b.ReportMetric(median(values["links"]), "links-share")
				b.ReportMetric(median(values["hugo"])/thousand[setup], "growth")
				for _, name := range []string{"cpu", "wall"} {
					b.ReportMetric(slices.Min(values[name]), name+"-ratio-least")
					b.ReportMetric(median(values[name]), name+"-ratio")
					b.ReportMetric(slices.Max(values[name]), name+"-ratio-most")
				}
			})
		}
	}
}

// setupPath makes a PATH with Go, and with Hugo or without.
func setupPath(b *testing.B, hasHugo bool) {
	b.Helper()
	bin := b.TempDir()
	goCommand, err := exec.LookPath("go")
	must(b, err, os.Symlink(goCommand, filepath.Join(bin, "go")))
	if hasHugo {
		must(b, os.Symlink(site.hugo, filepath.Join(bin, "hugo")))
	}
	dirs := slices.DeleteFunc(filepath.SplitList(os.Getenv("PATH")), func(dir string) bool {
		_, err := os.Stat(filepath.Join(dir, "hugo"))
		return err == nil
	})
	b.Setenv("PATH", strings.Join(append([]string{bin}, dirs...), string(filepath.ListSeparator)))
}

// manyPages makes this site with n pages more in 20 sections, which the navigation lists, each with cards, boxes and links,
// and about 3 kB long, as real ones are.
func manyPages(b *testing.B, n int) folder {
	b.Helper()
	f := ours(b)
	config := f.read(b, "config.toml")
	source := regexp.MustCompile(`\[params\.sources\.([a-z-]+)\]`).FindStringSubmatch(config)[1]
	f.write(b, "config.toml", regexp.MustCompile(`(?m)^baseURL.*`).ReplaceAllString(config, `baseURL = "https://site.test/"`))
	words := strings.Repeat(strings.Repeat("Plain words that fill a paragraph as they do on a real page, line after line of them.\n", 2)+"\n", 4)
	for i := range n {
		text := fmt.Sprintf("---\ntitle: Page %d\ndescription: One sentence about it.\nweight: %d\nadapted: 2026-11-01\nsources: [%s]\n---\n\n",
			i, i+100, source)
		for h := range 3 {
			text += fmt.Sprintf("## Heading %d\n\n%s\n> [!DO] Card %d of %d\n> - [ ] First thing of %d\n> - [ ] Second thing of %d\n\n", h, words, h, i, h, h)
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

func median(all []float64) float64 {
	all = slices.Sorted(slices.Values(all))
	return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
}
