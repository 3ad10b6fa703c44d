//go:build unix

package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// desk is an editor at work: a site of its own, and the tool in a terminal.
type desk struct {
	*testing.T
	root string
	cmd  *exec.Cmd
	port string
	url  string

	mu   sync.Mutex
	out  bytes.Buffer
	seen int // up to where it was read
}

// work starts the tool on a copy of the site.
func work(t *testing.T, command string) *desk {
	t.Helper()
	d := &desk{T: t, root: filepath.Join(t.TempDir(), "site")}
	if err := copySite(d.root, "content", "config.toml", "static"); err != nil {
		t.Fatal(err)
	}
	args := []string{command} // today, because the pages are of no day in particular
	if command == "serve" {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_, d.port, _ = net.SplitHostPort(l.Addr().String())
		l.Close()
		args = append(args, "--port", d.port)
	}
	d.cmd = exec.Command(site.tool, args...)
	d.cmd.Dir, d.cmd.Stdout, d.cmd.Stderr = d.root, d, d
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if d.cmd.ProcessState == nil { // a test that failed half-way
			_ = d.cmd.Process.Signal(syscall.SIGTERM)
			_ = d.cmd.Wait()
		}
	})
	return d
}

// Write takes what the tool prints.
func (d *desk) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.out.Write(p)
}

// reads waits until the terminal shows a text that was not read yet.
func (d *desk) reads(pattern string) string {
	d.Helper()
	want := regexp.MustCompile(`(?m)` + pattern)
	var found string
	d.until("the terminal says "+pattern, func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		at := want.FindIndex(d.out.Bytes()[d.seen:])
		if at != nil {
			found = string(d.out.Bytes()[d.seen+at[0] : d.seen+at[1]])
			d.seen += at[1]
		}
		return at != nil
	})
	return found
}

// until waits for a condition, for as long as a busy machine could need.
func (d *desk) until(what string, holds func() bool) {
	d.Helper()
	for end := time.Now().Add(2 * time.Minute); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.Fatalf("never: %s\nThe terminal, from where it was read:\n%s", what, d.out.Bytes()[d.seen:])
		}
	}
}

func (d *desk) path(name string) string { return filepath.Join(d.root, filepath.FromSlash(name)) }

func (d *desk) must(errs ...error) {
	d.Helper()
	if err := errors.Join(errs...); err != nil {
		d.Fatal(err)
	}
}

func (d *desk) write(name, text string) {
	d.Helper()
	d.must(os.WriteFile(d.path(name), []byte(text), 0o644))
}

// shows waits until the preview's page holds a text.
func (d *desk) shows(p, text string) {
	d.Helper()
	d.until("the preview shows "+text, func() bool {
		res, err := http.Get(d.url + p)
		if err != nil {
			return false
		}
		defer res.Body.Close()
		html, err := io.ReadAll(res.Body)
		return err == nil && strings.Contains(string(html), text)
	})
}

var previewAt = regexp.MustCompile(`http://localhost:\d+`)

func (d *desk) opens() {
	d.Helper()
	d.url = previewAt.FindString(d.reads(`Preview: \S+`))
	if !strings.HasSuffix(d.url, ":"+d.port) {
		d.Errorf("the preview is at %s, not on port %s", d.url, d.port)
	}
}

// hugo returns the processes of Hugo that this tool has started.
func (d *desk) hugo() (pids []int) {
	d.Helper()
	out, err := exec.Command("ps", "-A", "-o", "pid=,args=").Output()
	if err != nil {
		d.Fatal("ps: ", err)
	}
	for line := range strings.Lines(string(out)) {
		var pid int
		if strings.Contains(line, " server ") && strings.Contains(line, "--port "+d.port+" ") {
			if _, err := fmt.Sscan(line, &pid); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// ends sends a signal: the tool exits with 0, and leaves nothing running and
// nothing behind.
func (d *desk) ends(signal os.Signal) {
	d.Helper()
	d.must(d.cmd.Process.Signal(signal))
	if err := d.cmd.Wait(); err != nil {
		d.Errorf("after %v: %v", signal, err)
	}
	if left := d.hugo(); len(left) > 0 {
		d.Errorf("after %v Hugo still runs: %v", signal, left)
	}
	for _, pattern := range []string{"public", ".hugo_build.lock", "static/.*"} {
		if left, _ := filepath.Glob(d.path(pattern)); len(left) > 0 {
			d.Errorf("after %v there is %q", signal, left)
		}
	}
}

func TestServe(t *testing.T) {
	d := work(t, "serve")
	d.reads(`^..:..:..  \d+ pages: `)
	d.opens()
	d.shows("/causes/", "<h1")
	if n := len(d.hugo()); n != 1 {
		t.Errorf("%d processes of Hugo run", n)
	}
	const file = "content/causes.md"
	text := read(t, d.path(file))
	d.write(file, text+"\n[Gone](gone.md)\n")
	d.reads(`^..:..:..  content/causes\.md: 1 error, 0 warnings\.$`)
	d.reads(`^content/causes\.md:\d+:\d+: error: there is no file "gone\.md"`)
	d.write(file, text)
	d.reads(`^..:..:..  content/causes\.md: all clear\.$`)
	d.reads(`^..:..:..  Links: all clear\.$`)

	// As Vim does: what only the rendered pages show.
	d.must(os.Rename(d.path(file), d.path(file+"~")))
	d.write(file, text+"\n[Nowhere](treatment.md#nowhere-at-all)\n")
	d.must(os.Remove(d.path(file + "~")))
	d.reads(`^content/causes\.md:\d+:1: error: .*nowhere-at-all.* \[broken-fragment\]$`)

	// By a rename, as VS Code and others do.
	d.write("content/causes.md.tmp", text+"\nWords of a test.\n")
	d.must(os.Rename(d.path("content/causes.md.tmp"), d.path(file)))
	d.reads(`^..:..:..  content/causes\.md: all clear\.$`)
	d.reads(`^..:..:..  Links: all clear\.$`)
	d.shows("/causes/", "Words of a test.")

	// A new page with a list: drafts are shown, and the checklist follows what is published.
	page := "---\ntitle: New\ndescription: D\nadapted: 2026-11-01\nsources: [cleveland-clinic]\ndraft: true\n---\n\n> [!TELL] List of a test\n> - [ ] Item of a test\n"
	d.write("content/new.md", page)
	d.shows("/new/", "Item of a test")
	d.write("content/new.md", strings.Replace(page, "draft: true\n", "", 1))
	d.reads(`static/checklist\.json is up to date again`)
	d.must(os.Remove(d.path("content/new.md")))
	d.reads(`static/checklist\.json is up to date again`)

	// A template that Hugo can't read is told as a problem of its file.
	footer := read(t, d.path("layouts/_partials/footer.html"))
	d.write("layouts/_partials/footer.html", footer+"{{ nope }}")
	d.reads(`^layouts/_partials/footer\.html:.*error: .* \[hugo\]$`)
	d.write("layouts/_partials/footer.html", footer)
	d.reads(`^..:..:..  Links: all clear\.$`)
	d.ends(os.Interrupt)
}

func TestServeRecovers(t *testing.T) {
	d := work(t, "serve")
	d.opens()
	const file = "content/causes.md"
	text := read(t, d.path(file))

	// Hugo is killed: it starts again with the next save.
	for _, pid := range d.hugo() {
		d.must(syscall.Kill(pid, syscall.SIGKILL))
	}
	d.reads(`The preview has ended \(.*\)\. It starts again with the next save\.`)
	d.write(file, text+"\nWords after the kill.\n")
	d.shows("/causes/", "Words after the kill.")

	// content/ goes and comes back; what is saved then is shown.
	d.must(os.Rename(d.path("content"), d.path("away")))
	d.reads(`there is no content folder here.*The work goes on with the next save\.`)
	d.must(os.Rename(d.path("away"), d.path("content")))
	d.write(file, text+"\nWords after the return.\n")
	d.shows("/causes/", "Words after the return.")

	// Many saves in a loop, the last of them broken.
	for i := range 1000 {
		d.write(file, text+fmt.Sprintf("\n[x](gone-%d.md)\n", i))
	}
	d.reads(`there is no file "gone-999\.md"`)
	d.write(file, text)
	d.reads(`^..:..:..  content/causes\.md: all clear\.$`)
	d.ends(syscall.SIGTERM)
}

// TestPreviewReloads: the page in the browser follows what is saved.
func TestPreviewReloads(t *testing.T) {
	d := work(t, "serve")
	d.opens()
	tb := open(t)
	tb.do(t, chromedp.Navigate(d.url+"/causes/"))
	const file = "content/causes.md"
	whole := read(t, d.path(file))
	saved := func(text string) {
		t.Helper()
		looks := 0
		d.until("the browser shows "+text, func() bool {
			if looks++; looks%200 == 1 { // again, in case the page was not listening yet; Hugo reloads what is other than before
				d.write(file, fmt.Sprintf("%s\n%s Look %d.\n", whole, text, looks))
			}
			shown, err := chromedp.Run(tb.ctx, chromedp.Evaluate[bool](fmt.Sprintf(`document.body.innerText.includes(%q)`, text)))
			return err == nil && shown // it fails in the midst of a reload
		})
	}
	saved("Words of the first save.")
	saved("Words of the second save.")
	// The browser comes back to a server that was started again.
	for _, pid := range d.hugo() {
		d.must(syscall.Kill(pid, syscall.SIGKILL))
	}
	saved("Words of the third save.")
	d.ends(os.Interrupt)
}
