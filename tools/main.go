// Command tools checks, builds and publishes a patient education site that
// Hugo renders from Markdown. Run it in the site's root folder:
//
//	go run ./tools serve            live preview, and what to mend after each save
//	go run ./tools watch            the latter alone, beside a "hugo server"
//	go run ./tools build            check everything and publish into public/
//	go run ./tools check            check content, dates and sign-offs; change nothing
//	go run ./tools links DIR        check the links of a rendered folder
//	go run ./tools sign FILE…       sign off the text of pages; unsign takes it off
//	go run ./tools due              list what is due, worst first
//
// Problems, which an editor can mend, go to the standard output; progress and
// failures go to the standard error. The exit code is 0 when clean (warnings
// allowed), 1 when there are problems, 2 for wrong usage and 3 when the tool
// could not do its work. README.md is the manual.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"microsite/tools/checklist"
	"microsite/tools/content"
	"microsite/tools/links"
	"microsite/tools/plain"
	"microsite/tools/problem"
	"microsite/tools/publish"
	"microsite/tools/review"
	"microsite/tools/watch"
)

// Exit codes.
const (
	exitClean    = 0
	exitProblems = 1
	exitUsage    = 2
	exitFailed   = 3
)

func main() {
	t := &tool{stdout: os.Stdout, stderr: os.Stderr, now: time.Now}
	os.Exit(t.run(context.Background(), os.Args[1:]))
}

// tool is the world as its commands see it.
type tool struct {
	stdout, stderr io.Writer
	now            func() time.Time

	// flags; see the method of this name
	today, format, base   string
	strict, external      bool
	port                  int
	by, role, due, within string
	show                  bool
}

// command is one word after the tool's name.
type command struct {
	name, args, short, long string
	flags                   []string
	run                     func(t *tool, ctx context.Context, args []string) (int, error)
}

var commands = []command{
	{
		name: "serve", short: "show the site as you write it, and what to mend",
		long: `Starts Hugo's live preview, drafts shown, and prints its address. The page
reloads when you save a file, and what is wrong with it is told here, as watch
does. Ctrl-C ends both.`,
		flags: []string{"port", "today", "strict"}, run: (*tool).serve,
	},
	{
		name: "watch", short: "tell what to mend whenever a file is saved",
		long: `Checks the site now and after each save, keeps static/checklist.json up to
date, and then renders the site, drafts included, into a folder of its own and
checks its links. It runs beside "hugo server". Ctrl-C ends it.`,
		flags: []string{"today", "strict"}, run: (*tool).watch,
	},
	{
		name: "build", short: "check everything and publish into public/",
		long: `Checks the content, renders it with the Hugo that go.mod names, checks the
links of the result, minifies what Hugo copied from static/, and puts it in
place as public/ whole. static/checklist.json is brought up to date. When
anything is wrong, public/ and static/checklist.json stay as they were.`,
		flags: []string{"today", "base", "format", "strict"}, run: (*tool).build,
	},
	{
		name: "check", short: "check content, dates and sign-offs; change nothing",
		long: `Reads config.toml, content/ and static/checklist.json and reports every
problem with its place. It runs no Hugo and writes nothing.`,
		flags: []string{"today", "format", "strict"}, run: (*tool).check,
	},
	{
		name: "links", args: "DIR", short: "check links, fragments and assets of a rendered folder",
		long: `Checks every HTML file below DIR. In a site's root folder, a finding is traced
to the Markdown that it comes from; elsewhere to the rendered file. With
-external, other sites are asked too: politely, so it takes its time.`,
		flags: []string{"base", "external", "format", "strict"}, run: (*tool).links,
	},
	{
		name: "sign", args: "FILE…", short: "sign off the text of pages as a clinician has reviewed it",
		long: `Checks each page and writes a sign-off into its front matter: who reviewed
it, in which role, when, when the next review is due, and a digest of the very
words. Any later change of the words shows on the page until it is signed
again. No other byte of the file changes. With -show, nothing is written: the
words that would be signed go to the standard output, as they are digested.`,
		flags: []string{"by", "role", "due", "today", "show", "format"}, run: (*tool).sign,
	},
	{
		name: "unsign", args: "FILE…", short: "take the sign-off off pages",
		long:  `Removes the review block from the front matter of each page.`,
		flags: nil, run: (*tool).unsign,
	},
	{
		name: "due", short: "list pages and sources by what is due, worst first",
		long: `Lists every page with its state, dates, reviewer and days left, and every
source with its age.`,
		flags: []string{"within", "today", "format"}, run: (*tool).dueCommand,
	},
}

// usageError is a mistake on the command line that only the command itself can see.
type usageError struct{ error }

// run runs one command line and returns its exit code.
func (t *tool) run(ctx context.Context, args []string) int {
	if len(args) == 0 {
		t.help(t.stderr)
		return exitUsage
	}
	if slices.Contains([]string{"-h", "-help", "--help", "help"}, args[0]) {
		t.help(t.stdout)
		return exitClean
	}
	names := make([]string, len(commands))
	for i, c := range commands {
		if names[i] = c.name; c.name == args[0] {
			return t.command(ctx, c, args[1:])
		}
	}
	fmt.Fprintf(t.stderr, "unknown command %q.%s Run with -h for the list.\n", args[0], problem.DidYouMean(args[0], names))
	return exitUsage
}

func (t *tool) help(w io.Writer) {
	fmt.Fprint(w, "Checks, builds and publishes this site. Run it in the site's root folder.\n\nUsage: go run ./tools COMMAND [flags]\n\n")
	for _, c := range commands {
		fmt.Fprintf(w, "  %-8s %s\n", c.name, c.short)
	}
	fmt.Fprint(w, "\n\"go run ./tools COMMAND -h\" explains a command. README.md is the manual.\n")
}

// flags defines every flag of every command; command.flags says whose is which.
func (t *tool) flags() *flag.FlagSet {
	all := flag.NewFlagSet("", flag.ContinueOnError)
	all.StringVar(&t.today, "today", "", "judge dates as on this `day`, YYYY-MM-DD, not today")
	all.StringVar(&t.format, "format", "text", "print problems as `text`, json or github (annotations)")
	all.StringVar(&t.base, "base", "", "`address` that the site is published at, over config.toml's")
	all.BoolVar(&t.strict, "strict", false, "let warnings fail too, and list pages that are not reviewed and sources that are outdated")
	all.BoolVar(&t.external, "external", false, "ask other sites, too, whether what is linked there exists")
	all.IntVar(&t.port, "port", 1313, "`port` of the preview on this computer")
	all.StringVar(&t.by, "by", "", "`name` of the clinician who reviewed the text")
	all.StringVar(&t.role, "role", "", "the clinician's credential and `role`")
	all.StringVar(&t.due, "due", "", "`day` of the next review, YYYY-MM-DD; the site's whole interval from today if not given")
	all.BoolVar(&t.show, "show", false, "print exactly what would be signed, and sign nothing")
	all.StringVar(&t.within, "within", "", "leave out pages that are current for longer than this `time`, such as 90d")
	return all
}

func (t *tool) command(ctx context.Context, c command, args []string) int {
	set, all := flag.NewFlagSet(c.name, flag.ContinueOnError), t.flags()
	set.SetOutput(io.Discard)
	for _, name := range c.flags {
		f := all.Lookup(name)
		set.Var(f.Value, f.Name, f.Usage)
	}
	err := set.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(t.stdout, "%s\n\nUsage: go run ./tools %s\n\n%s\n\n", strings.ToUpper(c.short[:1])+c.short[1:], strings.TrimSpace(c.name+" [flags] "+c.args), c.long)
		set.SetOutput(t.stdout)
		set.PrintDefaults()
		fmt.Fprint(t.stdout, "\nExit codes: 0 clean, 1 problems, 2 wrong usage, 3 could not do its work.\n(\"go run\" makes 1 of every code but 0.)\n")
		return exitClean
	}
	if err == nil {
		err = t.valid(c, set.Args())
	}
	if err != nil {
		return t.usage(c, err)
	}
	code, err := c.run(t, ctx, set.Args())
	switch {
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(t.stderr, "Stopped before the end: nothing was changed.")
		return exitFailed
	case errors.As(err, &usageError{}):
		return t.usage(c, err)
	case err != nil:
		fmt.Fprintf(t.stderr, "%s could not do its work: %v\n", c.name, err)
		return exitFailed
	}
	return code
}

// valid says what is wrong with the values of flags and with how many arguments there are.
func (t *tool) valid(c command, args []string) error {
	if !slices.Contains(problem.Formats, t.format) {
		return fmt.Errorf("unknown -format %q: use one of %s", t.format, strings.Join(problem.Formats, ", "))
	}
	if _, err := t.day(time.UTC); err != nil {
		return err
	}
	if t.base != "" && !content.IsBase(t.base) {
		return fmt.Errorf("-base %q must be a whole address such as https://example.org/", t.base)
	}
	want := len(strings.Fields(c.args))
	many := strings.HasSuffix(c.args, "…")
	late := slices.IndexFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "-") && arg != "-" })
	switch {
	case late > 0:
		return fmt.Errorf("%s stands behind %s: flags come first", args[late], args[late-1])
	case len(args) < want:
		return fmt.Errorf("%s is missing", c.args)
	case len(args) > want && !many:
		return fmt.Errorf("unexpected argument %q", args[want])
	}
	return nil
}

func (t *tool) usage(c command, err error) int {
	fmt.Fprintf(t.stderr, "%s: %v\n\"go run ./tools %s -h\" explains the command.\n", c.name, err, c.name)
	return exitUsage
}

func (t *tool) say(format string, args ...any) { fmt.Fprintf(t.stderr, format+"\n", args...) }

// day is the instant for which dates are judged and pages rendered: now, or
// noon of -today in the site's time zone.
func (t *tool) day(zone *time.Location) (time.Time, error) {
	if t.today == "" {
		return t.now(), nil
	}
	d, err := time.ParseInLocation(time.DateOnly, t.today, zone)
	if err != nil {
		return d, fmt.Errorf("-today %q must be a date, YYYY-MM-DD", t.today)
	}
	return d.Add(12 * time.Hour), nil
}

// verdict prints the problems and turns them into an exit code.
func (t *tool) verdict(problems []problem.Problem) (int, error) {
	problems = problem.Sort(problems)
	if err := problem.Write(t.stdout, t.format, problems); err != nil {
		return exitFailed, err
	}
	if t.bad(problems) {
		return exitProblems, nil
	}
	return exitClean, nil
}

func (t *tool) bad(problems []problem.Problem) bool {
	errs, warnings := problem.Count(problems)
	return errs > 0 || t.strict && warnings > 0
}

// site is what check and build both start from.
type site struct {
	*content.Site
	clock     time.Time // the instant that pages are rendered for
	today     time.Time // its civil day
	reports   []review.Report
	checklist []byte
	problems  []problem.Problem
}

func (t *tool) load() (*site, error) {
	s, err := t.read(&cache{})
	if err == nil {
		t.summary(s)
	}
	return s, err
}

// cache spares a command that reads the site again and again what has not changed.
type cache struct {
	content content.Cache
	plain   plain.Cache
}

// open reads the site in the current folder as it is to be published.
func (t *tool) open(cache *content.Cache) (s *content.Site, problems []problem.Problem, err error) {
	root, err := os.Getwd()
	if err == nil {
		root, err = filepath.EvalSymlinks(root) // as Hugo names it
	}
	if err != nil {
		return nil, nil, err
	}
	if s, problems, err = cache.Load(root); err == nil {
		s.BaseURL = cmp.Or(t.base, s.BaseURL)
	}
	return s, problems, err
}

// read is load without a word.
func (t *tool) read(cache *cache) (*site, error) {
	s := &site{}
	var err error
	if s.Site, s.problems, err = t.open(&cache.content); err != nil {
		return nil, err
	}
	if s.clock, err = t.day(s.Location); err != nil {
		return nil, err
	}
	s.today = review.Today(s.clock, s.Location)
	reports, problems := review.Check(s.Site, s.today, t.strict)
	s.reports, s.problems = reports, append(s.problems, problems...)
	s.problems = append(s.problems, cache.plain.Check(s.Site)...)
	list, problems := checklist.Build(s.Site, reports)
	s.problems = append(s.problems, problems...)
	s.checklist, err = list.Encode()
	return s, err
}

// summary says in one line what whole sites live with.
func (t *tool) summary(s *site) {
	medical, unreviewed, outdated := 0, 0, 0
	for _, r := range s.reports {
		if r.Page.Medical {
			medical++
		}
		if r.Page.Medical && r.Review == nil { // whatever else is wrong with it
			unreviewed++
		}
	}
	for _, source := range s.Sources {
		if review.Outdated(s.Site, source, s.today) {
			outdated++
		}
	}
	t.say("Checked %s on %s: %d of %d with medical text are not reviewed by a clinician; %d of %s outdated.",
		problem.Plural(len(s.Pages), "page"), review.Day(s.today), unreviewed, medical, outdated, problem.Plural(len(s.Sources), "source"))
}

func (t *tool) check(_ context.Context, _ []string) (int, error) {
	s, err := t.load()
	if err != nil {
		return exitFailed, err
	}
	if errs, _ := problem.Count(s.problems); errs == 0 { // else the list is not known
		behind, err := checklist.Behind(s.Root, s.checklist)
		if err != nil {
			return exitFailed, err
		}
		s.problems = append(s.problems, behind...)
	}
	return t.verdict(s.problems)
}

func (t *tool) build(ctx context.Context, _ []string) (int, error) {
	// A signal ends Hugo and cleans up. Commands that leave nothing behind just end.
	ctx, unhook := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	start := time.Now()
	// Hugo is looked for while the content is read.
	hugo := sync.OnceValues(func() (string, error) { return publish.FindHugo(ctx, ".", t.stderr) })
	go hugo()
	defer func() { unhook(); _, _ = hugo() }()
	s, err := t.load()
	if err != nil {
		return exitFailed, err
	}
	s.problems = append(s.problems, reserved(s.BaseURL)...)
	pages, err := t.publish(ctx, s, hugo)
	if err != nil {
		return exitFailed, err
	}
	s.problems = problem.Sort(s.problems)
	code, err := t.verdict(s.problems)
	if code == exitClean {
		t.say("Published %s into public/: %s, %.1f s.", problem.Plural(pages, "page"), problem.Plural(len(s.problems), "problem"), time.Since(start).Seconds())
		return code, err
	}
	stopping, warnings := problem.Count(s.problems)
	if t.strict {
		stopping += warnings
	}
	t.say("Not published, because of %s: what was published before is as it was.", problem.Plural(stopping, "problem"))
	return code, err
}

// publish takes a site from its content to public/, as far as its problems
// allow, and adds those that it finds on the way.
func (t *tool) publish(ctx context.Context, s *site, hugo func() (string, error)) (pages int, err error) {
	if t.bad(s.problems) {
		return 0, nil
	}
	stage, err := publish.Begin(s.Root)
	if err != nil {
		return 0, err
	}
	defer stage.Close()
	program, err := hugo()
	if err != nil {
		return 0, err
	}
	t.say("Rendering with Hugo …")
	found, err := stage.Render(ctx, program, s.clock, s.BaseURL)
	if s.problems = append(s.problems, found...); err != nil || t.bad(s.problems) {
		return 0, err
	}
	if err := stage.Write(strings.TrimPrefix(checklist.File, "static/"), s.checklist); err != nil {
		return 0, err
	}
	found, err = stage.Minify()
	if s.problems = append(s.problems, found...); err != nil {
		return 0, err
	}
	t.say("Checking links …")
	options := linkOptions(s.Site)
	options.Whole = true
	pages, found, err = links.Check(ctx, stage.Dir, options)
	if s.problems = append(s.problems, found...); err != nil || t.bad(s.problems) {
		return 0, err
	}
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	return pages, stage.Commit(checklist.File, s.checklist)
}

var reservedName = regexp.MustCompile(`(^|\.)(example|test|invalid|example\.(com|net|org))$|\.localhost$`)

// reserved warns of a site that nobody can reach: RFC 2606 keeps these names
// for examples. An address on this machine is meant.
func reserved(base string) []problem.Problem {
	u, err := url.Parse(base)
	if err != nil || !reservedName.MatchString(strings.ToLower(u.Hostname())) {
		return nil
	}
	return []problem.Problem{{File: content.ConfigFile, Rule: "base-url", Severity: problem.Warning,
		Message: fmt.Sprintf("%s is no real address, and it stands in links and QR codes: set baseURL to the site's own, or build with -base", base)}}
}

// linkOptions tells the link check where the Markdown's links are written.
func linkOptions(s *content.Site) links.Options {
	o := links.Options{Base: s.BaseURL, Root: s.Root, SourceDir: content.Dir, Sources: map[string][]links.Place{}, IDs: map[string]links.Place{}, Pages: map[string]links.Place{}}
	place := func(file string, at content.Pos) links.Place {
		return links.Place{File: file, Line: at.Line, Column: at.Column}
	}
	for _, p := range s.Pages {
		o.Sources[p.Path] = []links.Place{}
		for _, l := range p.Links {
			o.Sources[p.Path] = append(o.Sources[p.Path], place(p.File, l.Pos))
		}
		for _, id := range p.IDs { // the last of equal ones is too many
			o.IDs[p.Path+"#"+id.Name] = place(p.File, id.Pos)
		}
		if !p.Draft {
			o.Pages[p.URL()] = links.Place{File: p.File}
		}
	}
	for _, i := range s.Ignores {
		o.Ignores = append(o.Ignores, links.Ignore{Page: i.Page, Target: i.Target, Place: place(content.ConfigFile, i.Pos)})
	}
	return o
}

func (t *tool) links(ctx context.Context, args []string) (int, error) {
	dir := args[0]
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return exitFailed, fmt.Errorf("%s is not a folder that can be read", dir)
	}
	options := links.Options{Base: t.base}
	if _, err := os.Stat(content.ConfigFile); !errors.Is(err, fs.ErrNotExist) {
		s, _, err := t.open(&content.Cache{})
		if err != nil {
			return exitFailed, err
		}
		options = linkOptions(s)
	}
	if t.external {
		options.External = &links.External{Progress: t.progress()}
		var unhook context.CancelFunc
		ctx, unhook = signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
		defer unhook()
	}
	pages, problems, err := links.Check(ctx, dir, options)
	if err != nil {
		return exitFailed, err
	}
	if ctx.Err() != nil && options.External != nil && options.External.Progress != nil {
		fmt.Fprintln(t.stderr) // ends the line of the progress
	}
	code, err := t.verdict(problems)
	if ctx.Err() != nil {
		t.say("Stopped before the end: this is what is known so far.")
		return exitFailed, err
	}
	t.say("Checked the links of %s: %s.", problem.Plural(pages, "page"), problem.Plural(len(problems), "problem"))
	return code, err
}

// progress shows how far the questions to other sites have come, on one line
// of a terminal; anywhere else it is silent.
func (t *tool) progress() func(done, all int) {
	if !watch.Terminal(t.stderr) {
		return nil
	}
	return func(done, all int) {
		fmt.Fprintf(t.stderr, "\rAsked for %d of %d addresses of other sites", done, all)
		if done == all {
			fmt.Fprintln(t.stderr)
		}
	}
}
