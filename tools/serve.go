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
	"strings"
	"syscall"
	"time"

	"microsite/tools/checklist"
	"microsite/tools/diagnostic"
	"microsite/tools/hugo"
	"microsite/tools/publish"
	"microsite/tools/rendered"
	"microsite/tools/site"
	"microsite/tools/watch"
)

// watched is what a site is made of.
var watched = watch.Options{
	Folders: []string{site.ContentDir, "layouts", "i18n", "static"},
	Files:   append([]string{site.ConfigFile}, site.OtherConfigFiles...),
	Ignore:  []string{checklist.File}, // which a session writes
}

// afterRendering lets a save be told before what was rendered from it: Hugo may be
// the first to see it.
const afterRendering = 100 * time.Millisecond

type serveCommand struct {
	dayFlag
	strictFlag
	Port int `default:"1313" placeholder:"PORT" help:"Port of the preview on this computer (${default})."`
}

// Run shows the site, drafts included, with Hugo's server, and checks it after each save.
func (c *serveCommand) Run(ctx context.Context, t *tool) (int, error) {
	if c.Port < 1 || c.Port > 65535 {
		return exitUsage, usageError{fmt.Errorf("--port %d must be a number from 1 to 65535", c.Port)}
	}
	if err := checkPort(c.Port); err != nil {
		return exitFailed, err
	}
	return t.runSession(ctx, c.Today, c.Strict, c.Port)
}

// watchContent checks the content after each save, without a preview.
func (t *tool) watchContent(ctx context.Context, today string, isStrict bool) (int, error) {
	return t.runSession(ctx, today, isStrict, 0)
}

// session is an editor's work under way.
type session struct {
	*tool
	root, today string
	isStrict    bool
	saved       []string          // the files of the last save; nil at first
	content     diagnostic.Report // of what needs no Hugo
	pages       diagnostic.Report // of what Hugo rendered

	// Hugo's server, and the folder that it renders into.
	hugo, preview string
	port          int                     // 0: there is no preview
	url           string                  // where the editor was told to look; "" once that is no longer so
	events        <-chan hugo.Event       // nil: no server is running
	stop          context.CancelFunc      // ends the server
	logged        []diagnostic.Diagnostic // by Hugo, when it rendered last
	checkDue      <-chan time.Time        // nil: no new pages are to be checked
}

// runSession runs a session until a signal comes, also that of a terminal which is
// closed. Nothing is running any more when it returns.
func (t *tool) runSession(ctx context.Context, today string, isStrict bool, port int) (int, error) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	defer stop()
	root, err := siteRoot()
	if err != nil {
		return exitFailed, err
	}
	report := diagnostic.Report{Out: t.stdout, Now: t.now}
	s := &session{tool: t, root: root, today: today, isStrict: isStrict, content: report, pages: report, port: port}
	err = s.run(ctx)
	if ctx.Err() != nil {
		return exitClean, nil // as asked
	}
	return exitFailed, err
}

func (s *session) run(ctx context.Context) error {
	w, err := watch.New(s.root, watched)
	if err != nil {
		return err
	}
	defer w.Close()
	if err := s.checkContent(nil); err != nil {
		return err
	}
	if s.port == 0 {
		s.content.Say("Watching. Save a file to see what it needs; Ctrl-C ends this.")
	} else {
		lock, err := publish.Lock(s.root, "serve")
		if err != nil {
			return err
		}
		defer lock.Close()
		if s.hugo, err = hugo.FindForPreview(ctx, s.root, s.stderr); err != nil {
			return err
		}
		s.startServer(ctx)
		defer s.stopServer()
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case save, ok := <-w.Saves:
			if !ok {
				return errors.New("the system stopped telling what is saved: start again")
			}
			s.takeSave(ctx, save)
		case event := <-s.events:
			s.takeEvent(event)
		case <-s.checkDue:
			s.checkDue = nil
			s.checkPages(ctx)
		}
	}
}

// takeSave checks what was saved. A server that has ended starts again, as does one
// that would go wrong: Hugo keeps the pages of files that are gone, does not see a
// folder that comes back, and does not say when it has copied a static file.
func (s *session) takeSave(ctx context.Context, save watch.Save) {
	if err := errors.Join(save.Err, s.checkContent(save.Files)); err != nil {
		s.content.Say("%v. The work goes on with the next save.", err)
	}
	if s.port == 0 {
		return
	}
	needsRestart := slices.ContainsFunc(save.Files, func(name string) bool {
		return s.isGone(name) || slices.Contains(watched.Folders, name) || strings.HasPrefix(name, "static/")
	})
	if needsRestart {
		s.stopServer()
	}
	if s.events == nil {
		s.startServer(ctx)
	}
}

func (s *session) isGone(name string) bool {
	_, err := os.Lstat(filepath.Join(s.root, filepath.FromSlash(name)))
	return err != nil
}

// check runs every check that needs no Hugo. hasErrors is true as well where nothing
// could be checked.
func (s *session) check() (checked *checkedSite, hasErrors bool, err error) {
	if checked, err = s.checkSite(s.today, "", s.isStrict); err != nil {
		return nil, true, err
	}
	checked.findings = append(checked.findings, publish.CheckFiles(s.root)...)
	errs, _ := diagnostic.Count(checked.findings)
	return checked, errs > 0, nil
}

// checkContent checks the content, and keeps static/checklist.json up to date. saved
// is nil at first.
func (s *session) checkContent(saved []string) error {
	if slices.ContainsFunc(saved, func(name string) bool { return slices.Contains(watched.Folders, name) }) {
		saved = nil // anything in that folder may be new
	}
	s.saved = saved
	checked, hasErrors, err := s.check()
	if err != nil {
		return err
	}
	subject := diagnostic.Plural(len(checked.Pages), "page")
	if saved != nil {
		names := slices.Clone(saved)
		for i, name := range names {
			if s.isGone(name) {
				names[i] += " (removed)"
			}
		}
		subject = diagnostic.Names(names)
	}
	s.content.Print(subject, saved, checked.findings)
	if hasErrors {
		return nil
	}
	outdated, err := checklist.Compare(s.root, checked.checklist)
	if err == nil && len(outdated) > 0 {
		if err = publish.ReplaceFile(s.root, checklist.File, checked.checklist); err == nil {
			s.content.Say("%s is up to date again: commit it with your change.", checklist.File)
		}
	}
	return err
}

// startServer starts Hugo's server on an empty folder.
func (s *session) startServer(ctx context.Context) {
	s.preview = filepath.Join(s.root, ".build", "preview")
	if err := os.RemoveAll(s.preview); err != nil {
		s.content.Say("The preview of before is still there: %v", err)
	}
	options := hugo.Options{Root: s.root, Destination: s.preview, Drafts: true}
	if s.today != "" { // else the server goes on to the next day by itself
		options.Clock, _ = s.clock(s.today, time.UTC)
	}
	ctx, s.stop = context.WithCancel(ctx)
	s.events = hugo.Serve(ctx, s.hugo, s.port, options)
}

// stopServer ends Hugo's server and waits for its end.
func (s *session) stopServer() {
	if s.events == nil {
		return
	}
	s.stop()
	for range s.events {
	}
	s.events, s.checkDue = nil, nil
}

// takeEvent takes what Hugo's server reports.
func (s *session) takeEvent(e hugo.Event) {
	s.logged = e.Findings
	if e.Err != nil {
		s.stopServer()
		s.url = ""
		if len(s.logged) > 0 {
			s.pages.Print("Rendering", nil, s.logged)
		}
		s.content.Say("The preview has ended (%v). It starts again with the next save.", e.Err)
		return
	}
	// Each page of a preview names this script, which Hugo has in memory.
	_ = os.WriteFile(filepath.Join(s.preview, "livereload.js"), nil, 0o644)
	if s.url != e.URL {
		s.content.Say("Preview: %s   (Ctrl-C ends it)", e.URL)
	}
	s.url, s.checkDue = e.URL, time.After(afterRendering)
}

// checkPages checks the pages as Hugo rendered them, once the content has no errors.
func (s *session) checkPages(ctx context.Context) {
	checked, hasErrors, err := s.check() // a save may not have been told yet
	if err != nil || hasErrors {
		return
	}
	if errs, _ := diagnostic.Count(s.logged); errs > 0 { // whatever was saved, pages are missing
		s.pages.Print("Rendering", nil, s.logged)
		return
	}
	_, findings, err := rendered.Check(ctx, s.preview, rendered.Options{Site: checked.Site, BaseURL: s.url, Complete: true})
	if err != nil {
		s.content.Say("The links could not be checked: %v", err)
		return
	}
	s.pages.Print("Links", s.saved, append(findings, s.logged...))
}

// checkPort says before anything starts when another program has the port.
func checkPort(port int) error {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("port %d is taken, perhaps by another preview. End that one, or choose another port: go run ./tools serve --port %d", port, port%65535+1)
	}
	if err != nil {
		return fmt.Errorf("choose another port: %w", err)
	}
	return listener.Close()
}
