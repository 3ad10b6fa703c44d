package e2e

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// other makes a site about another condition from testdata/other.
func other(t *testing.T) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "other")
	if err := copySite(root); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(root, os.DirFS(filepath.Join("testdata", "other"))); err != nil {
		t.Fatal(err)
	}
	return root
}

func mustBuild(t *testing.T, root string, args ...string) {
	t.Helper()
	if out, err := tool(root, append([]string{"build"}, args...)...); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
}

var (
	tag    = regexp.MustCompile(`<[^>]*>`)
	hidden = regexp.MustCompile(`(?s)<(style|script|svg)\b.*?</(style|script|svg)>`)
)

// words is the text of a page, white space squeezed.
func words(html string) string {
	html = hidden.ReplaceAllString(html, " ")
	return strings.Join(strings.Fields(tag.ReplaceAllString(html, " ")), " ")
}

// TestAnotherCondition: layouts and code know nothing of this site's subject.
func TestAnotherCondition(t *testing.T) {
	root := other(t)
	mustBuild(t, root, "--today", "2026-11-22", "--strict=false")
	public := filepath.Join(root, "public")
	for p, wants := range map[string][]string{
		"/":             {"Twisted ankles", "made up for a test", "href=/leaflets/what-to-do/#rest"},
		"/what-to-do/":  {"Put the foot up & wait", "No clinician has reviewed", "Nobody", "29 February 2024", "href=/leaflets/more/deeper/", "https://ankles.test/leaflets/what-to-do/"},
		"/more/":        {"Deeper", "These pages stand in a folder"},
		"/more/deeper/": {"The foot is blue", "href=/leaflets/>back to the start", "href=/leaflets/what-to-do/#rest"},
		"/404.html":     {"<h1"},
	} {
		html := page(t, public, p)
		for _, want := range wants {
			if !strings.Contains(html, want) {
				t.Errorf("%s does not hold %q", p, want)
			}
		}
		if strings.Contains(strings.ToLower(html), "neck") {
			t.Errorf("%s of a site about ankles speaks of necks", p)
		}
		for _, slip := range []string{"&lt;no value&gt;", "ZgotmplZ", "%!", "map["} {
			if strings.Contains(html, slip) {
				t.Errorf("%s holds %q", p, slip)
			}
		}
	}
}

func TestNoWordsOfTheSubjectInLayoutsAndCode(t *testing.T) {
	subject := regexp.MustCompile(`(?i)\b(neck|spasm|mening|cleveland)`)
	for _, dir := range []string{"layouts", "archetypes", "i18n", "tools"} {
		err := filepath.WalkDir(filepath.Join("..", "..", dir), func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				if err == nil && (d.Name() == "node_modules" || d.Name() == "testdata") {
					return fs.SkipDir
				}
				return err
			}
			if strings.HasSuffix(name, "_test.go") {
				return nil
			}
			src, err := os.ReadFile(name)
			if at := subject.FindIndex(src); at != nil {
				t.Errorf("%s speaks of %q: the subject stands in content/ and config.toml", name, src[at[0]:at[1]])
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestUnknownCardStopsHugoToo: the preview without the tool refuses it as well.
func TestUnknownCardStopsHugoToo(t *testing.T) {
	root := other(t)
	name := filepath.Join(root, "content", "what-to-do.md")
	if err := os.WriteFile(name, []byte(read(t, name)+"\n> [!MAYBE] x\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := hugo(root)
	if err == nil || !strings.Contains(out, "what-to-do.md:16:") || !strings.Contains(out, "EMERGENCY, TODAY, DO") {
		t.Errorf("Hugo should name the place and the known types, and fail: %v\n%s", err, out)
	}
}

func TestUnknownLinkStopsHugoToo(t *testing.T) {
	root := other(t)
	name := filepath.Join(root, "content", "what-to-do.md")
	if err := os.WriteFile(name, []byte(read(t, name)+"\n[x](nowhere.md)\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := hugo(root)
	if err == nil || !strings.Contains(out, "what-to-do.md") || !strings.Contains(out, "nowhere.md") {
		t.Errorf("Hugo should name the file and the link, and fail: %v\n%s", err, out)
	}
}

// TestLinksThatCheckAllows: what check finds fine in a page, Hugo renders so that it works.
func TestLinksThatCheckAllows(t *testing.T) {
	root := other(t)
	write := func(name, src string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(root, filepath.FromSlash(name)), []byte(src), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(root, "static", "more"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"static/leaflet.pdf", "static/more/static.pdf"} {
		write(name, "")
	}
	const page1, page2 = "content/what-to-do.md", "content/more/deeper.md"
	src := read(t, filepath.Join(root, page1))
	write(page1, src+`
[Call](tel:+15551234) [Mail](mailto:care@clinic.test?subject=Hi) [Ask](<TEL:112>) [Site](https://ankles.test/leaflets/)
[A](/leaflet.pdf) [B](/leaflet.pdf#page=2) [D](/more/static.pdf?x) [E](/more/deeper.md)

> [!DO]
> [999](tel:999)
`)
	write(page2, read(t, filepath.Join(root, page2))+"\n[A](/leaflet.pdf) [D](../what-to-do.md)\n")
	mustBuild(t, root, "--today", "2026-11-22")
	for p, wants := range map[string][]string{
		"/what-to-do/": {"href=tel:+15551234", `href="mailto:care@clinic.test?subject=Hi"`, "href=TEL:112", "href=tel:999", "href=https://ankles.test/leaflets/",
			"href=/leaflets/leaflet.pdf", `href="/leaflets/leaflet.pdf#page=2"`, "href=/leaflets/more/static.pdf?x", "href=/leaflets/more/deeper/"},
		"/more/deeper/": {"href=/leaflets/leaflet.pdf", "href=/leaflets/what-to-do/"},
	} {
		html := page(t, filepath.Join(root, "public"), p)
		for _, want := range wants {
			if !strings.Contains(html, want) {
				t.Errorf("%s does not hold %q", p, want)
			}
		}
		if strings.Contains(html, "ZgotmplZ") {
			t.Errorf("%s holds a link that Hugo took for unsafe", p)
		}
	}
	for _, address := range []string{"javascript:alert(1)", "vbscript:x", "data:text/html,x"} { // check refuses them, and bare Hugo renders them harmless
		write(page1, src+"\n[x]("+address+")\n")
		if out, err := hugo(root); err != nil || !strings.Contains(page(t, filepath.Join(root, "public"), "/what-to-do/"), "ZgotmplZ") {
			t.Errorf("%s: %s", address, out)
		}
	}
}

// hugo runs the pinned Hugo bare, as an editor's preview does.
func hugo(root string, args ...string) (string, error) {
	cmd := exec.Command("go", append([]string{"tool", "hugo", "--noBuildLock"}, args...)...)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestBareHugoHasNothingToWarnOf(t *testing.T) {
	root := filepath.Join(t.TempDir(), "site")
	if err := copySite(root, "content", "config.toml", "static"); err != nil {
		t.Fatal(err)
	}
	out, err := hugo(root, "--printPathWarnings", "--printI18nWarnings", "--logLevel", "info")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for line := range strings.Lines(out) {
		if strings.HasPrefix(line, "WARN") || strings.HasPrefix(line, "ERROR") || strings.Contains(line, "deprecated") {
			t.Error(line)
		}
	}
}

// TestStatesAgree signs a page with a made-up name, moves the clock and changes each part of what was signed: the tool and the
// page, which Hugo renders, judge the same. What the page says is in TestEverySentenceAboutReview.
func TestStatesAgree(t *testing.T) {
	root := other(t)
	const text, config, drawing = "content/what-to-do.md", "config.toml", "content/figures/foot.svg"
	if err := os.Mkdir(filepath.Join(root, "content", "figures"), 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(name, src string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(root, name), []byte(src), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(drawing, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 300"><path class="line" d="M0 0h9"/></svg>`)
	write(text, read(t, filepath.Join(root, text))+"\n![A foot](figure:foot \"A foot that is up\")\n")
	before := map[string]string{}
	for _, name := range []string{text, config, drawing} {
		before[name] = read(t, filepath.Join(root, name))
	}
	const by, role = "Test Person, not real", "made-up role"
	for _, test := range []struct {
		signed, due, today, want string // "" is not signed
		file, old, new           string // changed after signing
	}{
		{today: "2024-03-01", want: "not reviewed"},
		{signed: "2024-03-01", due: "2025-03-01", today: "2024-03-01", want: "current"},
		{signed: "2024-03-01", due: "2025-03-01", today: "2024-12-30", want: "current"},
		{signed: "2024-03-01", due: "2025-03-01", today: "2024-12-31", want: "due soon"},
		{signed: "2024-03-01", due: "2025-03-01", today: "2025-03-01", want: "due soon"},
		{signed: "2024-03-01", due: "2025-03-01", today: "2025-03-02", want: "overdue"},
		{signed: "2025-01-31", due: "2028-01-31", today: "2027-12-01", want: "current"},
		{signed: "2025-01-31", due: "2028-01-31", today: "2027-12-02", want: "due soon"},
		{signed: "2025-02-28", due: "2028-02-28", today: "2028-02-28", want: "due soon"},
		{signed: "2025-02-28", due: "2028-02-28", today: "2028-02-29", want: "overdue"},
		{file: text, old: "\nby = \"Test Person, not real", new: "\nby = \"Test Person, not real, M.D."},
		{file: text, old: "role = \"made-up", new: "role = \"a better"},
		{file: text, old: "reviewed = 2024-03-01", new: "reviewed = 2024-03-02"},
		{file: text, old: "due = 2027-03-01", new: "due = 2026-03-01"},
		{file: text, old: "What to do\"", new: "What to do now\""},
		{file: text, old: "What to do about", new: "What to think of"},
		{file: text, old: "**not** run", new: "run"},
		{file: text, old: "adapted = 2024-03-01", new: "adapted = 2024-04-01"},
		{file: text, old: "up\")\n", new: "up\")\n\nMore.\n"},
		{file: text, old: "up\")\n", new: "up\")\n\n\u00a0\n", want: "current"},
		{file: config, old: "made up for a test\"", new: "made up for a trial\""},
		{file: config, old: "\"Nobody\"", new: "\"Somebody\""},
		{file: config, old: "reviewed = 2024-02-29", new: "reviewed = 2024-02-28"},
		{file: config, old: "\"999\"", new: "\"119\""},
		{file: config, old: "\"UK\"", new: "\"EU\""},
		{file: config, old: "where = \"UK\" }", new: "where = \"UK\" }, { number = \"112\", where = \"EU\" }"},
		{file: config, old: "Twisted ankles", new: "Sprained ankles", want: "current"},
		{file: drawing, old: "M0 0h9", new: "M0 0h8"},
	} {
		if test.file != "" {
			test.signed, test.today, test.want = "2024-03-01", "2024-04-01", cmp.Or(test.want, "changed")
		}
		for name, src := range before {
			write(name, src)
		}
		if test.signed != "" {
			args := []string{"sign", "--by", by, "--role", role, "--today", test.signed}
			if test.due != "" {
				args = append(args, "--due", test.due)
			}
			if out, err := tool(root, append(args, text)...); err != nil {
				t.Fatalf("%+v: %v\n%s", test, err, out)
			}
		}
		if test.file != "" {
			rewrite(t, filepath.Join(root, test.file), test.old, test.new)
		}
		mustBuild(t, root, "--today", test.today)
		cmd := exec.Command(site.tool, "due", "--today", test.today, "--format", "json")
		cmd.Dir = root
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		var list struct {
			Pages []struct{ File, State string }
		}
		if err := json.Unmarshal(out, &list); err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, p := range list.Pages {
			if p.File == text {
				got = p.State
			}
		}
		if got != test.want {
			t.Errorf("%+v: the tool says %q", test, got)
		}
		html := page(t, filepath.Join(root, "public"), "/what-to-do/")
		says := "This text has changed since " + by
		switch test.want {
		case "not reviewed":
			says = "No clinician has reviewed this text."
		case "current", "due soon":
			says = "The next review is due on"
		case "overdue":
			says = "The next review was due on"
		}
		if !strings.Contains(words(html), says) {
			t.Errorf("%+v: the page does not say %q", test, says)
		}
		claims := strings.Contains(html, "reviewedBy") || strings.Contains(html, "lastReviewed")
		if signed := test.signed != "" && test.want != "changed"; claims != signed {
			t.Errorf("%+v: structured data claims a review: %v", test, claims)
		}
		if (test.signed != "") != strings.Contains(html, by) {
			t.Errorf("%+v: the reviewer stands on the page wrongly, or is missing", test)
		}
	}
}

// TestEnvironmentChangesNothing: the site is what its files say.
func TestEnvironmentChangesNothing(t *testing.T) {
	root := other(t)
	mustBuild(t, root, "--today", "2026-11-22")
	before := page(t, filepath.Join(root, "public"), "/what-to-do/")
	for key, value := range map[string]string{"HUGO_BASEURL": "https://elsewhere.test/", "HUGO_TITLE": "Another", "HUGO_PARAMS_SOURCES": "{}", "HUGO_BUILDDRAFTS": "true"} {
		t.Setenv(key, value)
	}
	mustBuild(t, root, "--today", "2026-11-22")
	if after := page(t, filepath.Join(root, "public"), "/what-to-do/"); after != before {
		t.Error("HUGO_… variables changed the page")
	}
}

// TestPreviewClaimsNoBrokenReview: bare Hugo, without the tool, shows a review
// only where the tool would.
func TestPreviewClaimsNoBrokenReview(t *testing.T) {
	root := other(t)
	target := filepath.Join(root, "content", "what-to-do.md")
	if out, err := tool(root, "sign", "--by", "Test Person, not real", "--role", "made-up role", "--today", "2026-11-01", target); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	signed := read(t, target)
	shows := func() bool {
		t.Helper()
		if out, err := hugo(root, "--clock", "2026-11-22T12:00:00Z"); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return strings.Contains(page(t, filepath.Join(root, "public"), "/what-to-do/"), "Test Person")
	}
	if !shows() {
		t.Error("a whole sign-off is not shown")
	}
	for old, broken := range map[string]string{
		"reviewed = 2026-11-01": "reviewed = 2026-12-01", "due = 2029-11": "due = 2099-11", "due = 2029": "due = 2025",
		"adapted = 2024-03-01": "adapted = 2027-03-01", "role = \"made-up role\"": "role = \" \"", "by = ": "extra = 1\nby = ",
		"due = 2029-11-01": "due = \"2029-11-011\"", "reviewed = 2026-11-01\n": "",
	} {
		if !strings.Contains(signed, old) {
			t.Fatalf("%q is not there", old)
		}
		if err := os.WriteFile(target, []byte(strings.Replace(signed, old, broken, 1)), 0o644); err != nil {
			t.Fatal(err)
		}
		if shows() {
			t.Errorf("with %q a review is shown that the tool calls invalid", broken)
		}
	}
}

// TestPreviewPanel: editors see in the live preview, and nowhere else, how each page stands.
func TestPreviewPanel(t *testing.T) {
	root := other(t)
	draft := filepath.Join(root, "content", "what-to-do.md")
	src := read(t, draft)
	if err := os.WriteFile(draft, []byte(strings.Replace(src, "+++\n", "+++\ndraft = true\n", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	preview := serve(t, root, "--clock", "2026-11-22T12:00:00Z")
	source := regexp.MustCompile(`Sources Nobody: [^:]+: 2024-02-29, 32 months ago`)
	for p, wants := range map[string][]string{
		"/what-to-do/": {"Draft. This page is not published.", "No clinician has reviewed this text.", "Text last changed 2024-03-01", " words."},
		"/more/":       {"Preview: only you see this line."},
	} {
		_, panel, found := strings.Cut(preview(p), `class="preview"`)
		panel, _, _ = strings.Cut(panel, "</details>")
		panel = words("<" + panel)
		for _, want := range wants {
			if !found || !strings.Contains(panel, want) {
				t.Errorf("%s: the panel does not say %q, but: %s", p, want, panel)
			}
		}
		if p == "/what-to-do/" && !source.MatchString(panel) {
			t.Errorf("the panel does not give the source's age: %s", panel)
		}
	}
	if err := os.WriteFile(draft, []byte(src), 0o644); err != nil {
		t.Fatal(err)
	}
	mustBuild(t, root, "--today", "2026-11-22")
	for _, public := range []string{filepath.Join(root, "public"), site.public} {
		err := filepath.WalkDir(public, func(name string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && regexp.MustCompile(`class=.?preview|only you see`).MatchString(read(t, name)) {
				t.Errorf("%s holds something of the preview", name)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// serve starts Hugo's live preview with drafts and returns what gets a page from it.
func serve(t *testing.T, root string, args ...string) func(p string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	binary, err := exec.Command("go", "tool", "-n", "github.com/gohugoio/hugo").Output()
	if err != nil {
		t.Fatal(err)
	}
	server := exec.Command(strings.TrimSpace(string(binary)), append([]string{"server", "-M", "-D", "--watch=false", "-p", fmt.Sprint(port)}, args...)...)
	server.Dir = root
	var out bytes.Buffer
	server.Stdout, server.Stderr = &out, &out
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Wait() }()
	t.Cleanup(func() { server.Process.Kill(); <-ended })
	return func(p string) string {
		t.Helper()
		// The server is there when it answers: it has no other way to say so.
		for {
			answer, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/leaflets%s", port, p))
			if err != nil {
				select {
				case err := <-ended:
					ended <- err
					t.Fatalf("hugo server ended (%v): %s", err, &out)
				case <-time.After(50 * time.Millisecond):
				}
				continue
			}
			defer answer.Body.Close()
			body, err := io.ReadAll(answer.Body)
			if err != nil || answer.StatusCode != http.StatusOK {
				t.Fatalf("%s: %s (%v)", p, answer.Status, err)
			}
			return string(body)
		}
	}
}
