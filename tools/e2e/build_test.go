package e2e

import (
	"errors"
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
		var root string
		for _, setup := range []string{"go-tool", "on-PATH"} {
			all.Run(fmt.Sprintf("%d-pages/%s", n, setup), func(b *testing.B) {
				if root == "" {
					root = many(all, n)
				}
				bin := b.TempDir()
				link := func(name, target string, err error) string {
					if err := errors.Join(err, os.Symlink(strings.TrimSpace(target), filepath.Join(bin, name))); err != nil {
						b.Fatal(err)
					}
					return filepath.Join(bin, name)
				}
				goCommand, err := exec.LookPath("go")
				hugo := []string{link("go", goCommand, err), "tool", "hugo"}
				if setup == "on-PATH" {
					found, err := exec.Command("go", "tool", "-n", "hugo").Output()
					hugo = []string{link("hugo", string(found), err)}
				}
				path := slices.DeleteFunc(filepath.SplitList(os.Getenv("PATH")), func(dir string) bool {
					_, err := os.Stat(filepath.Join(dir, "hugo"))
					return err == nil
				})
				b.Setenv("PATH", strings.Join(append([]string{bin}, path...), string(filepath.ListSeparator)))
				start := func() cost { return run(b, filepath.Join("..", ".."), "go", "run", "./tools", "help") }
				start() // compiles the tool
				var cpu, wall, bare, share []float64
				for turn := 0; b.Loop(); turn++ {
					var ours, hugos cost
					sides := []func(){
						func() { ours = start().and(run(b, root, site.tool, "build")) },
						func() {
							hugos = run(b, root, append(hugo, "--minify", "--noBuildLock", "--destination", "bare")...)
							if err := os.RemoveAll(filepath.Join(root, "bare")); err != nil {
								b.Fatal(err)
							}
						},
					}
					sides[turn%2]() // who goes first changes
					sides[1-turn%2]()
					links := run(b, b.TempDir(), site.tool, "links", "--base", "https://site.test/", filepath.Join(root, "public"))
					cpu, wall = append(cpu, ours.cpu/hugos.cpu), append(wall, ours.wall/hugos.wall)
					bare, share = append(bare, hugos.cpu), append(share, links.cpu/hugos.cpu)
				}
				if n == 1000 {
					thousand[setup] = median(bare)
				}
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(median(bare), "hugo-cpu-s")
				for name, ratios := range map[string][]float64{"cpu": cpu, "wall": wall} {
					b.ReportMetric(slices.Min(ratios), name+"-ratio-least")
					b.ReportMetric(median(ratios), name+"-ratio")
					b.ReportMetric(slices.Max(ratios), name+"-ratio-most")
				}
				b.ReportMetric(median(share), "links-share")
				if thousand[setup] > 0 {
					b.ReportMetric(median(bare)/thousand[setup], "growth")
				}
			})
		}
	}
}

// many makes this site with n pages more in 20 sections, which the navigation lists, each with cards, boxes and links,
// and about 3 kB long, as real ones are.
func many(b *testing.B, n int) string {
	b.Helper()
	root := filepath.Join(b.TempDir(), "site")
	if err := copySite(root, "content", "config.toml", "static"); err != nil {
		b.Fatal(err)
	}
	config := filepath.Join(root, "config.toml")
	source := regexp.MustCompile(`\[params\.sources\.([a-z-]+)\]`).FindStringSubmatch(read(b, config))[1]
	err := os.WriteFile(config, []byte(regexp.MustCompile(`(?m)^baseURL.*`).ReplaceAllString(read(b, config), `baseURL = "https://site.test/"`)), 0o644)
	words := strings.Repeat(strings.Repeat("Plain words that fill a paragraph as they do on a real page, line after line of them.\n", 2)+"\n", 4)
	for i := range n {
		var text strings.Builder
		fmt.Fprintf(&text, "---\ntitle: Page %d\ndescription: One sentence about it.\nweight: %d\nadapted: 2026-11-01\nsources: [%s]\n---\n\n", i, i+100, source)
		for h := range 3 {
			fmt.Fprintf(&text, "## Heading %d\n\n%s\n> [!DO] Card %d of %d\n> - [ ] First thing of %d\n> - [ ] Second thing of %d\n\n", h, words, h, i, h, h)
			fmt.Fprintf(&text, "[One](/part-%d/page-%d.md), [two](/part-0/page-0.md#heading-1).\n\n", (i+1)%n%20, (i+1)%n)
		}
		name := filepath.Join(root, "content", fmt.Sprintf("part-%d", i%20), fmt.Sprintf("page-%d.md", i))
		err = errors.Join(err, os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text.String()), 0o644))
		if i < 20 {
			err = errors.Join(err, os.WriteFile(filepath.Join(filepath.Dir(name), "_index.md"), []byte(strings.ReplaceAll(text.String(), "title: Page", "title: Part")), 0o644))
		}
	}
	if err != nil {
		b.Fatal(err)
	}
	return root
}

// cost is the seconds that a command took.
type cost struct{ cpu, wall float64 }

func (c cost) and(d cost) cost { return cost{c.cpu + d.cpu, c.wall + d.wall} }

func run(b *testing.B, dir string, args ...string) cost {
	b.Helper()
	start := time.Now()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		b.Fatalf("%s: %v\n%s", args, err, out[:min(len(out), 4000)])
	}
	return cost{(cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), time.Since(start).Seconds()}
}

func median(all []float64) float64 {
	all = slices.Sorted(slices.Values(all))
	return (all[(len(all)-1)/2] + all[len(all)/2]) / 2
}
