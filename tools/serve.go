package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
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
	Files:   append([]string{content.ConfigFile}, content.OtherConfigs...),
	Ignore:  []string{checklist.File}, // its own
}

// session is an editor's work under way. A rendering and Hugo's server run
// beside it; all else happens on one goroutine, which alone writes to the terminal.
type session struct {
	*tool
	root   string
	hugo   string
	cache  cache
	report *watch.Report

	site  *site    // as last read; nil while it can't be rendered
	saved []string // with the last save; nil at first
	why   string   // what was said last of why it can't be rendered

	rendering rendering
	preview   preview

	found  []problem.Problem // by the last rendering
	said   []problem.Problem // by Hugo's server of the last save
	saidAt time.Time
	later  <-chan time.Time  // when that is told, unless a rendering says it before
	told   []problem.Problem // of both
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

func (t *tool) edit(ctx context.Context, shown bool) (int, error) {
	// SIGHUP is a terminal that closes, SIGPIPE a reader that went away: Hugo must not outlive either.
	ctx, unhook := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE, syscall.SIGQUIT)
	defer unhook()
	err := t.session(ctx, shown)
	if ctx.Err() != nil {
		return exitClean, nil // as asked
	}
	return exitFailed, err
}

// session runs until ctx ends or something fails that no save can mend. When
// it returns, nothing runs any more. The site is shown by Hugo's server, if wanted.
func (t *tool) session(ctx context.Context, shown bool) error {
	s, err := t.newSession()
	if err != nil {
		return err
	}
	w, err := watch.New(s.root, watched)
	if err != nil {
		return err
	}
	defer w.Close()
	s.check(nil)
	if s.hugo, err = publish.FindHugo(ctx, s.root, t.stderr); err != nil {
		return err
	}
	ctx, end := context.WithCancel(ctx)
	defer s.rendering.wait()
	defer s.preview.wait()
	defer end() // before it waits
	s.render(ctx)
	if shown {
		s.preview.session = s
		s.preview.start(ctx)
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
			if shown {
				s.preview.saved(ctx, save.Files)
			}
		case r := <-s.rendering.done:
			s.rendered(ctx, r)
		case e, ok := <-s.preview.events:
			if e.Rendered || e.Site {
				s.said, s.saidAt, s.later = e.Problems, time.Now(), time.After(meanwhile)
			}
			if err := s.preview.heard(ctx, e, ok); err != nil {
				return err
			}
		case <-s.later:
			if s.later = nil; s.site != nil && s.rendering.done == nil && !slices.Equal(s.all(), s.told) {
				s.tell()
			}
		case <-s.preview.again:
			s.preview.start(ctx)
		}
	}
}

// newSession begins the work on a site; the error says that there is none.
func (t *tool) newSession() (*session, error) {
	report := &watch.Report{Out: t.stdout, Color: watch.Colored(t.stdout), Now: t.now}
	s := &session{tool: t, report: report}
	site, err := t.read(&s.cache)
	if err != nil {
		return nil, err
	}
	s.root = site.Root
	return s, nil
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
		subject = s.names(saved)
	}
	s.report.Found("content", subject, saved, site.problems)
	if errs, _ := problem.Count(site.problems); errs > 0 {
		s.pause("Links are checked when there are no errors left.")
		return
	}
	s.site, s.why = site, ""
	s.keepChecklist()
}

// names lists the files of a save for the terminal.
func (s *session) names(saved []string) string {
	names := slices.Clone(saved)
	for i, name := range names {
		if _, err := os.Lstat(filepath.Join(s.root, name)); err != nil {
			names[i] += " (removed)"
		}
	}
	return watch.Names(names)
}

// keepChecklist brings static/checklist.json up to date with the site.
func (s *session) keepChecklist() {
	behind, err := checklist.Behind(s.root, s.site.checklist)
	if err == nil && len(behind) > 0 {
		if err = publish.Replace(s.root, checklist.File, s.site.checklist); err == nil {
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

// rendering is the site being rendered, beside the session; one at a time.
type rendering struct {
	done   chan rendered // nil when none is under way
	cancel context.CancelFunc
	stale  bool // something was saved since it began
}

// rendered is what came of a rendering.
type rendered struct {
	problems []problem.Problem
	err      error
}

func (r *rendering) wait() {
	if r.done != nil {
		<-r.done
	}
}

// render starts rendering the site as it was last read; one that is under way
// is broken off, and the next starts when it has ended.
func (s *session) render(ctx context.Context) {
	if s.rendering.done != nil {
		s.rendering.cancel()
		s.rendering.stale = true
		return
	}
	if s.site == nil {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	done, site := make(chan rendered, 1), s.site
	s.rendering = rendering{done: done, cancel: cancel}
	go func() {
		problems, err := s.look(ctx, site)
		done <- rendered{problems, err}
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
	found, err := stage.Render(ctx, s.hugo, site.clock, site.BaseURL)
	if errs, _ := problem.Count(found); err != nil || errs > 0 {
		return found, err
	}
	options := linkOptions(site.Site)
	options.Whole = true
	_, broken, err := links.Check(ctx, stage.Dir, options)
	return append(found, broken...), err
}

func (s *session) rendered(ctx context.Context, r rendered) {
	s.rendering.cancel()
	stale := s.rendering.stale
	s.rendering = rendering{}
	switch {
	case stale:
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
