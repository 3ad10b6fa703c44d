package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"microsite/tools/checklist"
	"microsite/tools/content"
	"microsite/tools/links"
	"microsite/tools/problem"
	"microsite/tools/publish"
	"microsite/tools/watch"
)

// watched is what a site is made of.
var watched = watch.Options{
	Folders: []string{content.Dir, "layouts", "i18n", "static"},
	Files:   []string{content.ConfigFile, "hugo.toml", "hugo.yaml", "hugo.yml", "hugo.json", "config.yaml", "config.yml", "config.json", "config"},
	Ignore:  []string{checklist.File}, // its own
}

// session is an editor's work under way. All of it but the rendering happens
// on one goroutine, which alone writes to the terminal.
type session struct {
	*tool
	root   string
	cache  cache
	report *watch.Report
	hugo   string

	site  *site    // as last read; nil while it can't be rendered
	saved []string // with the last save; nil at first
	why   string   // what was said last of why it can't be rendered

	rendering chan rendering // nil when none is under way
	cancel    context.CancelFunc
	stale     bool // something was saved since it began

	found  []problem.Problem // by the last rendering
	said   []problem.Problem // by Hugo's server of the last save
	saidAt time.Time
	later  <-chan time.Time  // when that is told, unless a rendering says it before
	told   []problem.Problem // of both

	server    <-chan publish.Event // nil when none is running
	stop      context.CancelFunc
	url       string
	started   time.Time
	deaths    int              // in a row
	again     <-chan time.Time // when it starts again
	restart   bool             // it was stopped to start afresh
	unstarted bool             // the site keeps it from starting
}

// rendering is what came of one.
type rendering struct {
	problems []problem.Problem
	err      error
}

func (t *tool) watch(ctx context.Context, _ []string) (int, error) { return t.edit(ctx, false) }

func (t *tool) serve(ctx context.Context, _ []string) (int, error) {
	if t.port < 1 || t.port > 65535 {
		return exitUsage, usageError{fmt.Errorf("-port %d must be a number from 1 to 65535", t.port)}
	}
	if err := free(t.port); err != nil {
		return exitFailed, err
	}
	return t.edit(ctx, true)
}

// free says whether a port can be had, before anything starts.
func free(port int) error {
	other := port%65535 + 1
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
	case err != nil:
		return fmt.Errorf("port %d can't be used: %w. Choose another: go run ./tools serve -port 1314", port, err)
	default:
		l.Close()
		// A browser may come to somebody else, who listens where Hugo doesn't.
		conn, err := net.DialTimeout("tcp", net.JoinHostPort("::1", strconv.Itoa(port)), time.Second)
		if err != nil {
			return nil
		}
		conn.Close()
	}
	return fmt.Errorf("port %d is taken, perhaps by another preview. End that one, or choose another port: go run ./tools serve -port %d", port, other)
}

func (t *tool) edit(ctx context.Context, preview bool) (int, error) {
	// SIGHUP is a terminal that closes, SIGPIPE a reader that went away: Hugo must not outlive either.
	ctx, unhook := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE, syscall.SIGQUIT)
	defer unhook()
	err := t.session(ctx, preview)
	if ctx.Err() != nil {
		return exitClean, nil // as asked
	}
	return exitFailed, err
}

// session runs until ctx ends or something fails that no save can mend. When
// it returns, nothing runs any more.
func (t *tool) session(ctx context.Context, preview bool) error {
	s, err := t.newSession()
	if err != nil {
		return err
	}
	if _, err := t.read(&s.cache); err != nil {
		return err // this is no site
	}
	ctx, end := context.WithCancel(ctx)
	defer s.wait()
	defer end()
	w, err := watch.New(s.root, watched)
	if err != nil {
		return err
	}
	defer w.Close()
	s.check(nil)
	if s.hugo, err = publish.FindHugo(ctx, s.root, t.stderr); err != nil {
		return err
	}
	s.render(ctx)
	if preview {
		s.start(ctx)
	} else {
		s.report.Say("Watching. Save a file to see what it needs; Ctrl-C ends this.")
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case save, ok := <-w.Saves:
			if !ok {
				return errors.New("the system stopped telling what is saved: start again")
			}
			if save.Err != nil {
				t.say("%v", save.Err)
			}
			s.check(save.Files)
			s.render(ctx)
			if preview {
				s.refresh(ctx, save.Files)
			}
		case r := <-s.rendering:
			s.rendered(ctx, r)
		case e, ok := <-s.server:
			if err := s.heard(ctx, e, ok); err != nil {
				return err
			}
		case <-s.later:
			if s.later = nil; s.site != nil && s.rendering == nil && !slices.Equal(s.all(), s.told) {
				s.tell()
			}
		case <-s.again:
			s.again = nil
			s.start(ctx)
		}
	}
}

func (t *tool) newSession() (*session, error) {
	root, err := filepath.Abs(t.dir)
	if err == nil {
		root, err = filepath.EvalSymlinks(root)
	}
	report := &watch.Report{Out: t.stdout, Now: t.now}
	if f, ok := t.stdout.(*os.File); ok {
		report.Style.Color = watch.Colored(f)
	}
	return &session{tool: t, root: root, report: report}, err
}

// meanwhile is the most by which Hugo's server can know of a save earlier.
const meanwhile = 500 * time.Millisecond

// check tells what is wrong with the content after a save; nil is the first look.
func (s *session) check(saved []string) {
	if slices.ContainsFunc(saved, func(name string) bool { return slices.Contains(watched.Folders, name) }) {
		saved = nil // a whole folder came or went
	}
	s.site, s.saved, s.later = nil, saved, nil
	if time.Since(s.saidAt) > meanwhile {
		s.said = nil
	}
	site, err := s.read(&s.cache)
	if err != nil {
		if _, gone := os.Stat(filepath.Join(s.root, content.Dir)); gone != nil {
			err = fmt.Errorf("the folder %s is gone: bring it back, and the work goes on", content.Dir)
		} else if errors.Is(err, os.ErrNotExist) {
			return // a file went away while the folder was read: its own event comes next
		}
		why := err.Error() + "."
		s.pause(strings.ToUpper(why[:1]) + why[1:])
		return
	}
	subject := problem.Plural(len(site.Pages), "page")
	if saved != nil {
		names := slices.Clone(saved)
		for i, name := range names {
			if _, err := os.Lstat(filepath.Join(s.root, filepath.FromSlash(name))); err != nil {
				names[i] += " (removed)"
			}
		}
		subject = watch.Names(names)
	}
	s.report.Found("content", subject, saved, site.problems)
	if errs, _ := problem.Count(site.problems); errs > 0 {
		s.pause("Links are checked when there are no errors left.")
		return
	}
	s.site, s.why = site, ""
	behind, err := checklist.Behind(s.root, site.checklist)
	if err == nil && len(behind) > 0 {
		if err = publish.Update(s.root, checklist.File, site.checklist); err == nil {
			s.report.Say("%s is up to date again: commit it with your change.", checklist.File)
		}
	}
	if err != nil {
		s.report.Say("%s can't be brought up to date: %v", checklist.File, err)
	}
}

// pause says once why the site isn't rendered.
func (s *session) pause(why string) {
	if s.why != why {
		s.report.Say("%s", why)
	}
	s.why = why
}

// render starts rendering the site as it was last read; one at a time.
func (s *session) render(ctx context.Context) {
	if s.rendering != nil {
		s.cancel()
		s.stale = true
		return
	}
	if s.site == nil {
		return
	}
	done, site := make(chan rendering, 1), s.site
	ctx, s.cancel = context.WithCancel(ctx)
	s.rendering = done
	go func() {
		var r rendering
		r.problems, r.err = s.look(ctx, site)
		done <- r
	}()
}

// look renders the site, drafts included, into a folder of its own and looks
// for what only the rendered pages show.
func (s *session) look(ctx context.Context, site *site) ([]problem.Problem, error) {
	stage, err := publish.Preview(s.root)
	if err != nil {
		return nil, err
	}
	defer stage.Close()
	found, err := stage.Render(ctx, s.hugo, site.clock, "", s.stderr)
	if errs, _ := problem.Count(found); err != nil || errs > 0 {
		return found, err
	}
	options := site.linkOptions(site.BaseURL)
	options.Whole = true
	_, broken, err := links.Check(ctx, stage.Dir, options)
	return append(found, broken...), err
}

func (s *session) rendered(ctx context.Context, r rendering) {
	s.rendering = nil
	s.cancel()
	switch {
	case s.stale:
		s.stale = false
		s.render(ctx)
	case r.err != nil:
		s.report.Say("The links could not be checked: %v", r.err)
	default:
		s.found = r.problems
		s.tell()
	}
}

// all is what the rendering found and, where it found nothing amiss with
// Hugo, what Hugo's server did: a template may know that it's a preview.
func (s *session) all() []problem.Problem {
	if slices.ContainsFunc(s.found, byHugo) {
		return s.found
	}
	return append(slices.Clone(s.found), s.said...)
}

func byHugo(p problem.Problem) bool {
	return p.Rule == publish.RuleHugo && p.Severity == problem.Error
}

func (s *session) tell() {
	s.told = s.all()
	if slices.ContainsFunc(s.told, byHugo) { // whatever was saved, there is no page to see
		s.report.Found("links", "Rendering", nil, s.told)
		return
	}
	s.report.Found("links", "Links", s.saved, s.told)
}

// start runs Hugo's server.
func (s *session) start(ctx context.Context) {
	ctx, s.stop = context.WithCancel(ctx)
	var clock time.Time // without -today, Hugo's server goes on to the next day by itself
	if s.today != "" {
		clock, _ = s.day(time.UTC) // it was parsed before
	}
	s.server, s.started = publish.Serve(ctx, s.root, s.hugo, s.port, clock), time.Now()
}

// refresh starts a server that waits for a save, and starts afresh one that
// has lost a folder from sight: Hugo doesn't see it come back.
func (s *session) refresh(ctx context.Context, saved []string) {
	if s.server == nil && s.again == nil {
		s.start(ctx)
		return
	}
	back := slices.ContainsFunc(saved, func(name string) bool {
		info, err := os.Stat(filepath.Join(s.root, name))
		return slices.Contains(watched.Folders, name) && err == nil && info.IsDir()
	})
	if back && s.server != nil && !s.restart {
		s.restart = true
		s.stop()
	}
}

const (
	atOnce  = 10 * time.Second // a server that lives longer has not died at once
	lives   = 5
	backoff = 250 * time.Millisecond
)

// heard takes an event of Hugo's server. The error says that there is no use
// in starting it again.
func (s *session) heard(ctx context.Context, e publish.Event, ok bool) error {
	switch {
	case !ok:
		s.server = nil
		s.stop()
		if s.restart {
			s.restart = false
			s.start(ctx)
		}
	case e.URL != "" && e.URL == s.url:
		s.unstarted = false
		s.report.Say("The preview is back.") // the browser finds it by itself
	case e.URL != "":
		s.unstarted, s.url = false, e.URL
		s.report.Say("Preview: %s   (Ctrl-C ends it)", e.URL)
	case e.Rendered || e.Site:
		s.said, s.saidAt, s.later = e.Problems, time.Now(), time.After(meanwhile)
		if e.Site && !s.unstarted {
			s.unstarted = true
			s.report.Say("The preview starts when these errors are mended.")
		}
	case e.Err != nil && !s.restart:
		if time.Since(s.started) > atOnce {
			s.deaths = 0
		}
		if s.deaths++; s.deaths == lives {
			return fmt.Errorf("Hugo's server has ended %d times in a row: %w", s.deaths, e.Err)
		}
		s.report.Say("The preview has stopped (%v). Starting it again …", e.Err)
		s.again = time.After(backoff << (s.deaths - 1))
	}
	return nil
}

// wait waits until all that ctx has ended has come to its end.
func (s *session) wait() {
	if s.rendering != nil {
		<-s.rendering
	}
	if s.server != nil {
		for range s.server {
		}
	}
}
