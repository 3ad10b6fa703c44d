package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/emersion/go-ical"
	"github.com/rogpeppe/go-internal/testscript"

	"microsite/tools/diagnostic"
	"microsite/tools/site"
)

// today is the day on which scripts judge dates, unless they say otherwise.
const today = "2026-11-22"

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"tool": main, "hugo": fakeHugo})
}

// goMod names the Hugo that fakeHugo stands in for.
const goMod = "module site\n\nrequire github.com/gohugoio/hugo v0.165.0\n"

// TestScripts runs testdata/script. Each script starts in a copy of
// testdata/site, which is free of findings, with a go.mod. The commands of their own:
//
//	change FILE OLD NEW     replaces OLD, which stands there once; \n, \t and \x are as in Go
//	write FILE TEXT         writes a whole file
//	finds [-FLAG…] WHAT…    runs check, which finds exactly this, in this order, and writes nothing;
//	                        afterwards every file is again as it was at first
//	exits CODE COMMAND…     runs a command that exits so
//	appears FILE            waits until it is there
//	remember                takes down every file here
//	unchanged [FILE…]       every file, or each of these, is still as remembered, untouched
//
// $SERVER is a site elsewhere: elsewhere says what it answers. It has the port
// $TAKEN; nobody has the ports $FREE and $FREE2. $ESC is what would steer the
// terminal.
//
// WHAT is a finding as check prints it; … stands for any text, what follows
// its end doesn't matter, and the rule is that of the script's name unless it's
// written. "nothing" is no finding.
func TestScripts(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(elsewhere))
	t.Cleanup(server.Close)
	testscript.Run(t, testscript.Params{
		Dir:             "testdata/script",
		ContinueOnError: true,
		Setup: func(e *testscript.Env) error {
			free, other := httptest.NewServer(nil), httptest.NewServer(nil)
			free.Close()
			other.Close()
			e.Vars = append(e.Vars, "GORACE=atexit_sleep_ms=0", "TODAY="+today, "ESC=\x1b", "SERVER="+server.URL, "TAKEN="+port(server), "FREE="+port(free), "FREE2="+port(other))
			e.Values["memory"] = &memory{pristine: e.WorkDir + "-at-first"}
			return errors.Join(
				os.CopyFS(e.WorkDir, os.DirFS("testdata/site")),
				os.WriteFile(filepath.Join(e.WorkDir, "go.mod"), []byte(goMod), 0o644),
				os.CopyFS(e.WorkDir+"-at-first", os.DirFS(e.WorkDir)))
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"change": func(ts *testscript.TestScript, _ bool, args []string) {
				src := ts.ReadFile(arg(ts, args, 0))
				old, to := unquote(ts, arg(ts, args, 1)), unquote(ts, arg(ts, args, 2))
				if n := strings.Count(src, old); n != 1 {
					ts.Fatalf("%q stands %d times in %s", old, n, args[0])
				}
				ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Replace(src, old, to, 1)), 0o644))
			},
			"write": func(ts *testscript.TestScript, _ bool, args []string) {
				name := ts.MkAbs(arg(ts, args, 0))
				ts.Check(os.MkdirAll(filepath.Dir(name), 0o755))
				ts.Check(os.WriteFile(name, []byte(unquote(ts, arg(ts, args, 1))), 0o644))
			},
			"exits": func(ts *testscript.TestScript, _ bool, args []string) {
				want, err := strconv.Atoi(arg(ts, args, 0))
				ts.Check(err)
				if got := run(ts, args[1:]...); got != want {
					ts.Fatalf("exit code %d, not %d", got, want)
				}
			},
			"finds": finds,
			"appears": func(ts *testscript.TestScript, _ bool, args []string) {
				for range 3000 {
					if _, err := os.Stat(ts.MkAbs(arg(ts, args, 0))); err == nil {
						return
					}
					time.Sleep(10 * time.Millisecond)
				}
				ts.Fatalf("%s does not appear", args[0])
			},
			"pristine": func(ts *testscript.TestScript, _ bool, _ []string) { // "finds" goes back to it
				ts.Check(os.RemoveAll(remembered(ts).pristine))
				ts.Check(os.CopyFS(remembered(ts).pristine, os.DirFS(ts.Getenv("WORK"))))
			},
			"remember": func(ts *testscript.TestScript, _ bool, _ []string) { remembered(ts).files = read(ts) },
			"unchanged": func(ts *testscript.TestScript, _ bool, args []string) {
				was, is := remembered(ts).files, read(ts)
				if len(args) == 0 && (len(was) == 0 || !maps.Equal(was, is)) {
					ts.Fatalf("something was changed")
				}
				for _, name := range args {
					if was[name] != is[name] || was[name] == "" {
						ts.Fatalf("%s was changed", name)
					}
				}
			},
		},
	})
}

func port(s *httptest.Server) string { return s.URL[strings.LastIndex(s.URL, ":")+1:] }

var endsWithRule = regexp.MustCompile(`\[[a-z-]{4,}\]$`)

func finds(ts *testscript.TestScript, _ bool, args []string) {
	memory := remembered(ts)
	flags := []string{"--today", today}
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		flags, args = append(flags, args[0]), args[1:]
	}
	if arg(ts, args, 0) == "nothing" {
		args = nil
	}
	before := read(ts)
	code := run(ts, append([]string{"tool", "check"}, flags...)...)
	after := read(ts)
	want := exitClean
	lines := strings.Split(strings.TrimSuffix(ts.ReadFile("stdout"), "\n"), "\n")
	if lines[0] == "" {
		lines = nil
	}
	restore(ts, memory.pristine)
	if !maps.Equal(before, after) {
		ts.Fatalf("check changed the files of the site")
	}
	rule, _ := strings.CutPrefix(strings.TrimPrefix(ts.Name(), "TestScripts/"), "check_")
	for i, a := range args {
		if strings.Contains(a, ": error: ") || slices.Contains(flags, "--strict") {
			want = exitFindings
		}
		if !endsWithRule.MatchString(a) {
			a += "…[" + rule + "]"
		}
		pattern := strings.ReplaceAll(regexp.QuoteMeta(a), "…", ".*")
		if i >= len(lines) {
			ts.Fatalf("not found: %s", a)
		} else if !regexp.MustCompile("^" + pattern + "$").MatchString(lines[i]) {
			ts.Fatalf("found %s\n not: %s", lines[i], a)
		}
	}
	if len(lines) > len(args) {
		ts.Fatalf("found, too: %s", lines[len(args)])
	}
	if code != want {
		ts.Fatalf("exit code %d, not %d", code, want)
	}
}

func arg(ts *testscript.TestScript, args []string, i int) string {
	if i >= len(args) {
		ts.Fatalf("an argument is missing")
	}
	return args[i]
}

func unquote(ts *testscript.TestScript, s string) string {
	out, err := strconv.Unquote(`"` + strings.ReplaceAll(s, `"`, `\"`) + `"`)
	ts.Check(err)
	return out
}

// run runs a command of the script and returns its exit code.
func run(ts *testscript.TestScript, args ...string) int {
	err := ts.Exec(arg(ts, args, 0), args[1:]...)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	ts.Check(err)
	return 0
}

// memory is what a script remembers: a copy of its files at first, and what it took down when it said so.
type memory struct {
	pristine string
	files    map[string]string
}

func remembered(ts *testscript.TestScript) *memory { return ts.Value("memory").(*memory) }

// read takes down every file and folder of the script's, as far as a test could care.
func read(ts *testscript.TestScript) map[string]string {
	root, files := ts.Getenv("WORK"), map[string]string{}
	ts.Check(filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == root {
			return err
		}
		if d.Name() == ".tmp" { // testscript's own
			return fs.SkipDir
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		var src []byte
		if info.Mode().IsRegular() {
			src, err = os.ReadFile(name)
		}
		rel, _ := filepath.Rel(root, name)
		files[filepath.ToSlash(rel)] = fmt.Sprintf("%v %v %s", info.Mode(), info.ModTime(), src)
		return err
	}))
	return files
}

// restore makes the script's files those of a folder.
func restore(ts *testscript.TestScript, from string) {
	root := ts.Getenv("WORK")
	entries, err := os.ReadDir(root)
	ts.Check(err)
	for _, e := range entries {
		if e.Name() != ".tmp" {
			ts.Check(os.RemoveAll(filepath.Join(root, e.Name())))
		}
	}
	ts.Check(os.CopyFS(root, os.DirFS(from)))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// expect reports what is not as it should be.
func expect(t testing.TB, holds bool, format string, args ...any) {
	t.Helper()
	if !holds {
		t.Errorf(format, args...)
	}
}

// elsewhere is a site that this one links to.
func elsewhere(w http.ResponseWriter, r *http.Request) {
	switch what, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/"); what {
	case "here":
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<title>Here</title><h2 id=part>A part</h2>")
	case "moved":
		http.Redirect(w, r, "/here", http.StatusMovedPermanently)
	case "forbidden":
		w.WriteHeader(http.StatusForbidden)
	case "hangs": // and makes a file when it is asked
		_ = os.WriteFile("/"+rest, nil, 0o644)
		<-r.Context().Done()
	default:
		http.NotFound(w, r)
	}
}

// fakeHugo stands in for Hugo where a script needs none of its work: it
// "renders" the folder rendered/ of testdata/site.
func fakeHugo() {
	if os.Args[1] == "version" {
		fmt.Println("hugo v0.165.0-0123456789 linux/amd64 BuildDate=unknown")
		return
	}
	fmt.Fprint(os.Stderr, os.Getenv("FAKE_HUGO"))
	to := os.Args[slices.Index(os.Args, "--destination")+1]
	for _, from := range []string{"static", "rendered"} {
		if err := os.CopyFS(to, os.DirFS(from)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(9)
		}
	}
	if os.Args[1] == "server" {
		fakeServer()
		return
	}
	switch says, _, _ := strings.Cut(os.Getenv("FAKE_HUGO"), " "); says {
	case "ERROR":
		os.Exit(1)
	case "hangs":
		interrupted := make(chan os.Signal, 1)
		signal.Notify(interrupted, os.Interrupt)
		_ = os.WriteFile("hugo-hangs", nil, 0o644)
		<-interrupted
		_ = os.WriteFile("hugo-was-interrupted", nil, 0o644)
	}
}

// fakeServer reports that it's ready, and waits to be ended.
func fakeServer() {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, os.Interrupt)
	fmt.Println("Web Server is available at http://localhost:1/ (bind address 127.0.0.1)")
	_ = os.WriteFile("hugo-serves", nil, 0o644)
	<-ended
	_ = os.WriteFile("hugo-was-ended", []byte(strings.Join(os.Args[1:], " ")), 0o644)
}

// Each rule is shown by a script, and tools/README.md explains it.
func TestEveryRule(t *testing.T) {
	names, err := filepath.Glob("testdata/script/*.txtar")
	texts := map[string]string{}
	for _, name := range append(names, "README.md", "diagnostic/rules.go") {
		src, readErr := os.ReadFile(name)
		err = errors.Join(err, readErr)
		texts[filepath.Ext(name)] += name + "\n" + string(src)
	}
	rules := regexp.MustCompile(`Rule\s+= "([a-z-]+)"`).FindAllStringSubmatch(texts[".go"], -1)
	expect(t, err == nil && len(rules) >= 20, "%v: %q", err, rules)
	for _, m := range rules {
		isShown := regexp.MustCompile(`check_` + m[1] + `\.txtar|\[` + m[1] + `\\?\]`).MatchString(texts[".txtar"])
		expect(t, isShown && strings.Contains(texts[".md"], "`"+m[1]+"`"),
			"no script shows the rule %s, or tools/README.md does not explain it", m[1])
	}
}

var (
	shownCommand = regexp.MustCompile("go run \\./tools ([a-z][^`|>;#\n]*)")
	word         = regexp.MustCompile(`"[^"]*"|[^\s"]+`)
)

// TestDocumentedCommands parses every command line of this tool that a document, a workflow or a setting shows.
func TestDocumentedCommands(t *testing.T) {
	files, err := filepath.Glob("../.github/workflows/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range append(files, "../README.md", "README.md", "../netlify.toml") {
		text, err := os.ReadFile(name)
		must(t, err)
		filledIn := strings.NewReplacer(`\"`, `"`, "NAME", "A. Name", "CREDENTIAL AND ROLE", "Nurse", "ROLE", "Nurse", "$URL", "https://site.org/",
			"$DEPLOY_PRIME_URL", "https://site.org/").Replace(string(text))
		commands := shownCommand.FindAllStringSubmatch(filledIn, -1)
		isManual := name == "../README.md"
		expect(t, !isManual || len(commands) >= 10, "README.md shows only %d commands", len(commands))
		shown := map[string]bool{}
		for _, m := range commands {
			args := word.FindAllString(strings.TrimRight(m[1], "…., "), -1)
			for i := range args {
				args[i] = strings.Trim(args[i], `"`)
			}
			shown[args[0]] = true
			err := parse(args)
			expect(t, err == nil, "%s: go run ./tools %s: %v", name, m[1], err)
		}
		for _, command := range kong.Must(&commandLine{}).Model.Children {
			expect(t, !isManual || shown[command.Name], "README.md does not show the command %s", command.Name)
		}
	}
	for _, args := range [][]string{{"check", "-strict"}, {"build", "--watch"}, {"unsign", "content/causes.md"}} {
		expect(t, parse(args) != nil, "%q is taken for a command line", args)
	}
}

func parse(args []string) error {
	parser := kong.Must(&commandLine{}, kong.Exit(func(int) {}), kong.Writers(io.Discard, io.Discard))
	_, err := parser.Parse(args)
	return err
}

// TestCalendar reads the calendar back with another library.
func TestCalendar(t *testing.T) {
	due := time.Date(2027, 6, 1, 0, 0, 0, 0, time.UTC)
	title := "Hals; Nacken, \\ und Rücken: " + strings.Repeat("é", 100)
	s := &checkedSite{Site: &site.Site{BaseURL: "https://site.example/sub/"}, clock: time.Date(2026, 11, 22, 9, 0, 0, 0, time.FixedZone("", 3600))}
	var out bytes.Buffer
	signed := duePage{Due: "2027-06-01", Reviewed: "2026-06-01", By: "Dr. A, \"B\"; C", Role: "GP\\n", File: "content/a/b.md", title: title, url: "/a/b/"}
	pages := []duePage{signed, {File: "content/unsigned.md"}}
	must(t, writeCalendar(&out, s, pages))
	for line := range strings.Lines(out.String()) {
		expect(t, len(line) <= 75+len("\r\n") && strings.HasSuffix(line, "\r\n"),
			"RFC 5545, 3.1: lines of 75 octets at most, that end in CRLF: %q", line)
	}
	calendar, err := ical.NewDecoder(&out).Decode()
	must(t, err)
	events := calendar.Events()
	if len(events) != 1 {
		t.Fatal(events)
	}
	start, err := events[0].DateTimeStart(time.UTC)
	must(t, err)
	expect(t, start.Equal(due) && events[0].Props.Get("DTSTART").ValueType() == ical.ValueDate, "it starts on %v", start)
	for name, want := range map[string]string{
		"UID": "2027-06-01-https://site.example/sub/a/b/", "SUMMARY": "Review due: " + title, "DTSTAMP": "20261122T080000Z",
		"DESCRIPTION": "https://site.example/sub/a/b/\ncontent/a/b.md\nLast reviewed on 2026-06-01 by Dr. A, \"B\"; C (GP\\n)",
		"URL":         "https://site.example/sub/a/b/"} {
		got := events[0].Props.Get(name).Value
		if name == "SUMMARY" || name == "DESCRIPTION" {
			got, err = events[0].Props.Text(name)
			must(t, err)
		}
		expect(t, got == want, "%s is %q, not %q", name, got, want)
	}
	must(t, ical.NewEncoder(new(bytes.Buffer)).Encode(calendar)) // which validates what RFC 5545 requires
}

// lateSignal is a context that ends when a build has begun to check what was rendered, and has read it.
type lateSignal struct {
	context.Context
	said strings.Builder
}

func (l *lateSignal) Write(p []byte) (int, error) { return l.said.Write(p) }

func (l *lateSignal) Err() error {
	if strings.Contains(l.said.String(), "Checking what was rendered") {
		return context.Canceled
	}
	return nil
}

// A signal that comes while what was rendered is checked stops a build, too. Its day is that of the site's time zone.
func TestLateSignal(t *testing.T) {
	root := t.TempDir()
	must(t, os.CopyFS(root, os.DirFS("testdata/site")))
	must(t, os.WriteFile(filepath.Join(root, "go.mod"), []byte(goMod), 0o644))
	config, err := os.ReadFile(filepath.Join(root, "config.toml"))
	must(t, errors.Join(err, os.WriteFile(filepath.Join(root, "config.toml"), bytes.Replace(config, []byte("UTC"), []byte("Asia/Tokyo"), 1), 0o644)))
	ctx := &lateSignal{Context: t.Context()}
	late := func() time.Time { return time.Date(2026, 11, 21, 23, 30, 0, 0, time.UTC) }
	err = (&buildCommand{}).Run(ctx, &tool{root: root, stdout: ctx, stderr: ctx, now: late})
	_, statErr := os.Stat(filepath.Join(root, "public"))
	expect(t, errors.Is(err, context.Canceled) && errors.Is(statErr, fs.ErrNotExist) &&
		strings.Contains(ctx.said.String(), "pages on 2026-11-22"), "%v %v %s", err, statErr, &ctx.said)
}

// What is wrong in the saved file is shown first, then the errors of other files.
func TestReport(t *testing.T) {
	late := diagnostic.Place{File: "content/b.md", Line: 12, Column: 7}.Errorf(diagnostic.RuleLink, "go\x1bne")
	soon := diagnostic.Place{File: "content/c.md", Line: 3}.Warningf(diagnostic.RuleDueSoon, "soon")
	const lateText = "content/b.md:12:7: error: go\uFFFDne [link]\n"
	const soonText = "content/c.md:3: warning: soon [due-soon]\n"
	for want, saved := range map[string][]string{
		"1 error, 1 warning.\n" + lateText + soonText:                           nil,
		"0 errors, 1 warning. In other files: 1 error.\n" + soonText + lateText: {"content/c.md"},
		"1 error, 0 warnings.\n" + lateText:                                     {"content/b.md"},
		"all clear. In other files: 1 error.\n" + lateText:                      {"content/a.md"},
	} {
		var out strings.Builder
		s := session{tool: &tool{stdout: &out, now: func() time.Time { return time.Date(2026, 1, 5, 9, 30, 12, 0, time.UTC) }}}
		s.report("I\x1bt", saved, []diagnostic.Diagnostic{soon, late})
		expect(t, out.String() == "09:30:12  I\uFFFDt: "+want, "%q:\n%s", saved, &out)
	}
}

// TestOwnWrites: a checklist, which a session writes, is no save.
func TestOwnWrites(t *testing.T) {
	root := t.TempDir()
	must(t, os.CopyFS(root, os.DirFS("testdata/site")))
	const list = "static/checklist.json"
	var out strings.Builder
	s := session{tool: &tool{root: root, stdout: &out, now: time.Now}, today: day{time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)}}
	checks := func(want string, saved ...string) {
		t.Helper()
		out.Reset()
		s.handleSave(t.Context(), saved)
		got := out.String()
		expect(t, strings.Contains(got, want) && (want == "") == (got == ""), "%q: %q, not %q", saved, got, want)
	}
	must(t, os.Remove(filepath.Join(root, list)))
	checks(list+" is up to date again", "content/page.md")
	checks("", list)
	checks("  content/page.md: all clear.", list, "content/page.md")
	checks("  3 pages: all clear.") // the system has lost count

	// With the links, what Hugo has said is told. While there are errors, the links are not checked, and the checklist stays as it is.
	s.saved, s.url, s.options.Destination = nil, "https://site.example/", filepath.Join(root, "rendered")
	s.hugoLog = []diagnostic.Diagnostic{diagnostic.Place{File: "layouts"}.Warningf(diagnostic.RuleHugo, "old")}
	out.Reset()
	s.checkPages(t.Context())
	expect(t, strings.HasSuffix(out.String(), "  Links: 0 errors, 1 warning.\nlayouts: warning: old [hugo]\n"), "%s", &out)
	must(t, os.WriteFile(filepath.Join(root, "content/page.md"), nil, 0o644))
	must(t, os.Remove(filepath.Join(root, list)))
	checks("  content/page.md: 1 error, 0 warnings.", "content/page.md")
	out.Reset()
	s.checkPages(t.Context())
	_, err := os.Stat(filepath.Join(root, list))
	expect(t, out.Len() == 0 && errors.Is(err, fs.ErrNotExist), "%v, %s", err, &out)
}
