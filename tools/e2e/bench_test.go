package e2e

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
)

// BenchmarkPages prints what pages cost, as README shows it: bytes on the wire,
// requests, the first sight of a page beside an empty one's on a slow phone,
// and Lighthouse's scores. tools/bench.sh runs it.
func BenchmarkPages(b *testing.B) {
	lighthouse, err := filepath.Abs(filepath.Join("..", "bench", "node_modules", ".bin", "lighthouse"))
	if err == nil {
		_, err = os.Stat(lighthouse)
	}
	if err != nil {
		b.Skipf("Lighthouse is missing: run ./tools/bench.sh, which installs it (%v)", err)
	}
	server := httptest.NewServer(http.HandlerFunc(compressed))
	defer server.Close()
	for b.Loop() {
		fmt.Print("\n| page | brotli | gzip | requests | LCP, ms | beside an empty page | CLS | TBT, ms | Lighthouse |\n",
			"|---|--:|--:|--:|--:|--:|--:|--:|---|\n")
		tb := open(b)
		for _, p := range site.pages {
			if p.is404() || !p.isOriginal() { // no search engine shall keep it; translations have the same layouts
				continue
			}
			html, url := []byte(p.html(b)), server.URL+p.path
			tb.view(412, 823, 1)
			tb.complaints()
			tb.visit(url)
			_, requests := tb.complaints()
			seen, beside := sights(tb, url, server.URL+emptyPage)
			fmt.Printf("| %s | %d | %d | %d | %.0f | %+.0f %% | %.3f | %.0f | %s |\n", p.path, len(pack(html, "br")), len(pack(html, "gzip")),
				len(requests), seen.LCP, beside, seen.CLS, seen.TBT, scores(b, lighthouse, url))
		}
	}
}

// emptyPage is the address of a page of one word.
const emptyPage = "/empty-page/"

// pack compresses as a server does.
func pack(src []byte, how string) []byte {
	var b bytes.Buffer
	var w io.WriteCloser = brotli.NewWriterLevel(&b, brotli.BestCompression)
	if how == "gzip" {
		w, _ = gzip.NewWriterLevel(&b, gzip.BestCompression)
	}
	_, _ = w.Write(src)
	_ = w.Close()
	return b.Bytes()
}

// compressed serves what the site's server does, in brotli, and the empty page.
func compressed(w http.ResponseWriter, q *http.Request) {
	body := []byte(answer(w, q))
	if q.URL.Path == emptyPage {
		body = []byte(`<!DOCTYPE html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
			`<title>Empty</title><link rel="icon" href="data:,"><p>Empty`)
	}
	if strings.Contains(q.Header.Get("Accept-Encoding"), "br") {
		w.Header().Set("Content-Encoding", "br")
		packed, isThere := allPacked.Load(q.URL.Path)
		if !isThere {
			packed = pack(body, "br")
			allPacked.Store(q.URL.Path, packed)
		}
		body = packed.([]byte)
	}
	_, _ = w.Write(body)
}

// allPacked are the answers of compressed by their paths.
var allPacked sync.Map

// sight is how a page came to be seen.
type sight struct{ LCP, CLS, TBT float64 }

//go:embed sight.js
var sightOf string

// turns is how often each page is opened.
const turns = 15

// sights opens two pages in turns on the slow phone that Lighthouse thinks of, and gives the first one's median LCP, worst
// shift and least TBT (what else runs on the machine can only add to it), and by how many percent it shows its largest text later
// than the other: the median over the turns, because what slows one page down mostly slows its neighbor in time too.
func sights(tb *tab, one, other string) (seen sight, beside float64) {
	slow := &network.Conditions{Latency: 150 * 3.75, DownloadThroughput: 1.6 * 1024 * 1024 / 8 * .9, UploadThroughput: 750 * 1024 / 8 * .9}
	set := func(conditions []*network.Conditions, rate float64) {
		call(tb, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: conditions})
		call(tb, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: rate})
	}
	call(tb, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true})
	set([]*network.Conditions{slow}, 4)
	defer set([]*network.Conditions{}, 1)
	look := func(url string) sight {
		tb.visit("about:blank")
		tb.visit(url)
		return eval[sight](tb, sightOf)
	}
	seen = look(one) // once before the times count, for a browser that just started
	var times, ratios []float64
	for turn := range turns {
		var pair [2]sight
		for i := range pair {
			who := (i + turn) % 2 // the other is first in every second turn, so that neither gains by its place
			pair[who] = look([2]string{one, other}[who])
		}
		seen.CLS, seen.TBT = max(seen.CLS, pair[0].CLS), min(seen.TBT, pair[0].TBT)
		times = append(times, pair[0].LCP)
		ratios = append(ratios, 100*(pair[0].LCP/pair[1].LCP-1))
	}
	slices.Sort(times)
	slices.Sort(ratios)
	seen.LCP = times[turns/2]
	return seen, ratios[turns/2]
}

// scores are Lighthouse's for a phone: performance, accessibility, best practices, search. What else runs on the machine can
// only lower them, so they are the best of up to three runs.
func scores(b *testing.B, lighthouse, url string) string {
	names := []string{"performance", "accessibility", "best-practices", "seo"}
	best := make([]float64, len(names))
	for run := 0; run < 3 && slices.Min(best) < 1; run++ {
		cmd := exec.Command(lighthouse, url, "--output=json", "--quiet", "--only-categories="+strings.Join(names, ","),
			"--chrome-flags=--headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync")
		cmd.Env = append(os.Environ(), "CHROME_PATH="+chromium())
		out, err := cmd.Output()
		var report struct {
			Categories map[string]struct{ Score float64 }
		}
		must(b, err, json.Unmarshal(out, &report))
		for i, name := range names {
			best[i] = max(best[i], report.Categories[name].Score)
		}
	}
	return fmt.Sprintf("%.0f, %.0f, %.0f, %.0f", best[0]*100, best[1]*100, best[2]*100, best[3]*100)
}

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
			start := func() cost { return spend(b, project.root, "go", "run", "./tools", "--help") }
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

// manyPages makes this site with n pages more in 20 sections, each with cards, boxes and links, and about 3 kB long.
func manyPages(b *testing.B, n int) folder {
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
	start := time.Now()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require(b, err == nil, "%s: %v\n%s", args, err, out[:min(len(out), 4000)])
	return cost{(cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), time.Since(start).Seconds()}
}
