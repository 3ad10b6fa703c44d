//go:build unix

package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/chromedp/chromedp"
)

// desk is an editor at work: a site, and its preview in a terminal, which is a file.
type desk struct {
	*testing.T
	folder
	cmd                 *exec.Cmd
	port, url, terminal string
	seen                int // up to where the terminal was read
}

// work starts the preview of a site and waits until it is there.
func work(t *testing.T, f folder, args ...string) *desk {
	t.Helper()
	d := &desk{T: t, folder: f, terminal: filepath.Join(t.TempDir(), "terminal")}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	_, d.port, _ = net.SplitHostPort(l.Addr().String())
	terminal, err := os.Create(d.terminal)
	must(t, l.Close(), err)
	d.cmd = exec.Command(site.tool, append([]string{"serve", "--port", d.port}, args...)...)
	d.cmd.Dir, d.cmd.Stdout, d.cmd.Stderr = f.root, terminal, terminal
	must(t, d.cmd.Start(), terminal.Close())
	t.Cleanup(func() {
		if d.cmd.ProcessState == nil { // a test that failed half-way
			_ = d.cmd.Process.Signal(syscall.SIGTERM)
			_ = d.cmd.Wait()
		}
		if out, _ := os.ReadFile(d.terminal); t.Failed() {
			t.Logf("The terminal, which was read up to %d:\n%s", d.seen, out)
		}
	})
	d.reads(`^..:..:..  \d+ pages: `)
	d.url = strings.TrimPrefix(d.reads(`Preview: http://localhost:`+d.port), "Preview: ")
	return d
}

// reads waits until the terminal shows a text that was not read yet.
func (d *desk) reads(pattern string) (found string) {
	d.Helper()
	want := regexp.MustCompile(`(?m)` + pattern)
	waitUntil(d, "the terminal says "+pattern, func() bool {
		out, err := os.ReadFile(d.terminal)
		must(d, err)
		at := want.FindIndex(out[d.seen:])
		if at != nil {
			found = string(out[d.seen+at[0] : d.seen+at[1]])
			d.seen += at[1]
		}
		return at != nil
	})
	return found
}

// shows waits until the preview's page holds a text, and returns the page.
func (d *desk) shows(p, text string) (html string) {
	d.Helper()
	waitUntil(d, "the preview shows "+text, func() bool {
		res, err := http.Get(d.url + p)
		if err != nil {
			return false
		}
		defer res.Body.Close()
		src, err := io.ReadAll(res.Body)
		html = string(src)
		return err == nil && strings.Contains(html, text)
	})
	return html
}

// hugo returns the processes of Hugo that this tool has started.
func (d *desk) hugo() []string {
	d.Helper()
	out, _ := exec.Command("pgrep", "-f", " server .*--port "+d.port+" ").Output() // which fails where there is none
	return strings.Fields(string(out))
}

// ends sends a signal: the tool exits with 0, and leaves nothing running and nothing behind.
func (d *desk) ends(signal os.Signal) {
	d.Helper()
	must(d, d.cmd.Process.Signal(signal))
	err := d.cmd.Wait()
	expect(d, err == nil, "after %v: %v", signal, err)
	expect(d, len(d.hugo()) == 0, "after %v Hugo still runs: %v", signal, d.hugo())
	for _, pattern := range []string{"public", ".hugo_build.lock", "static/.*"} {
		left, _ := filepath.Glob(d.path(pattern))
		expect(d, len(left) == 0, "after %v there is %q", signal, left)
	}
}

const causes = "content/causes.md"

// TestServe: after each save the terminal says what is wrong, and the preview shows it. (How editors save, watch's tests know.)
func TestServe(t *testing.T) {
	d := work(t, ours(t))
	d.shows("/causes/", "<h1")
	n := len(d.hugo())
	expect(t, n == 1, "%d processes of Hugo run", n)
	text := d.read(t, causes)
	d.write(t, causes, text+"\n[Gone](gone.md)\n")
	d.reads(`^..:..:..  content/causes\.md: 1 error, 0 warnings\.$`)
	d.reads(`^content/causes\.md:\d+:\d+: error: there is no file "gone\.md"`)
	d.write(t, causes, text)
	d.reads(`^..:..:..  content/causes\.md: all clear\.$`)
	d.reads(`^..:..:..  Links: all clear\.$`)

	// What only the rendered pages show.
	d.write(t, causes, text+"\n[Nowhere](treatment.md#nowhere-at-all)\n")
	d.reads(`^content/causes\.md:\d+:1: error: .*nowhere-at-all.* \[broken-fragment\]$`)
	d.write(t, causes, text+"\nWords of a test.\n")
	d.reads(`^..:..:..  content/causes\.md: all clear\.$`)
	d.reads(`^..:..:..  Links: all clear\.$`)
	d.shows("/causes/", "Words of a test.")

	// A new page with a list: drafts are shown, and the checklist follows what is published.
	page := "---\ntitle: New\ndescription: D\nadapted: 2026-11-01\nsources: [cleveland-clinic]\ndraft: true\n---\n\n" +
		"> [!TELL] List of a test\n> - [ ] Item of a test\n"
	d.write(t, "content/new.md", page)
	d.shows("/new/", "Item of a test")
	d.write(t, "content/new.md", strings.Replace(page, "draft: true\n", "", 1))
	d.reads(`static/checklist\.json is up to date again`)
	must(t, os.Remove(d.path("content/new.md")))
	d.reads(`static/checklist\.json is up to date again`)

	// A template that Hugo can't read is told as a problem of its file.
	const layout = "layouts/_partials/footer.html"
	footer := d.read(t, layout)
	d.write(t, layout, footer+"{{ nope }}")
	d.reads(`^layouts/_partials/footer\.html:.*error: .* \[hugo\]$`)
	d.write(t, layout, footer)
	d.reads(`^..:..:..  Links: all clear\.$`)
	d.ends(os.Interrupt)
}

// TestServeRecovers: whatever happens, the next save shows, and the browser follows.
func TestServeRecovers(t *testing.T) {
	d := work(t, ours(t))
	text := d.read(t, causes)
	tb := open(t)
	tb.visit(d.url + "/causes/")
	saves := func(words string) {
		t.Helper()
		looks := 0
		waitUntil(t, "the browser shows "+words, func() bool {
			if looks++; looks%200 == 1 { // again, in case the page was not listening yet; Hugo reloads what is other than before
				d.write(t, causes, fmt.Sprintf("%s\n%s Look %d.\n", text, words, looks))
			}
			isShown, err := chromedp.Run(tb.ctx, chromedp.Evaluate[bool](fmt.Sprintf(`document.body.innerText.includes(%q)`, words)))
			return err == nil && isShown // it fails in the midst of a reload
		})
	}
	saves("Words of the first save.")
	saves("Words of the second save.")

	// Hugo is killed: it starts again with the next save, and the browser comes back to it.
	must(t, exec.Command("kill", append([]string{"-KILL"}, d.hugo()...)...).Run())
	d.reads(`The preview has ended \(.*\)\. It starts again with the next save\.`)
	saves("Words after the kill.")

	// content/ goes and comes back.
	must(t, os.Rename(d.path("content"), d.path("away")))
	d.reads(`content.*The next save is checked again\.`)
	must(t, os.Rename(d.path("away"), d.path("content")))
	saves("Words after the return.")

	// config.toml is broken and mended, at which Hugo may end.
	config := d.read(t, "config.toml")
	for _, slip := range []string{"\n[", ""} {
		d.write(t, "config.toml", config+slip)
		d.reads(map[bool]string{true: `Links: all clear`, false: `config\.toml: 1 error`}[slip == ""])
	}

	// Many saves in a loop, the last of them broken.
	for i := range 1000 {
		d.write(t, causes, text+fmt.Sprintf("\n[x](gone-%d.md)\n", i))
	}
	d.reads(`there is no file "gone-999\.md"`)
	d.write(t, causes, text)
	d.reads(`^..:..:..  content/causes\.md: all clear\.$`)
	d.ends(syscall.SIGTERM)
}

// TestPreviewPanel: editors see in the live preview, and nowhere else, how each page stands.
func TestPreviewPanel(t *testing.T) {
	f := other(t)
	f.replace(t, text, "weight = 1\n", "weight = 1\ndraft = true\n")
	d := work(t, f, "--today", "2026-11-22")
	for p, wants := range map[string][]string{
		"/leaflets/what-to-do/": {
			`No clinician has reviewed this text\.`, `Text last changed 2024-03-01`, ` words\.`,
			`Sources Nobody: [^:]+: 2024-02-29, 32 months ago`,
		},
		"/leaflets/more/": {`Preview: only you see this line\.`},
	} {
		_, panel, _ := strings.Cut(d.shows(p, `class="preview"`), `class="preview"`)
		panel, _, _ = strings.Cut(panel, "</details>")
		panel = words("<" + panel)
		for _, want := range wants {
			expect(t, regexp.MustCompile(want).MatchString(panel), "%s: the panel does not say %q, but: %s", p, want, panel)
		}
	}
	d.ends(syscall.SIGHUP)
	for _, p := range site.pages {
		expect(t, !regexp.MustCompile(`class=.?preview|only you see`).MatchString(p.html(t)), "%s holds something of the preview", p.path)
	}
}
