package main

import (
	"context"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"microsite/tools/checklist"
	"microsite/tools/diagnostic"
	"microsite/tools/hugo"
	"microsite/tools/publish"
	"microsite/tools/site"
	"microsite/tools/watch"
)

// sources are the files and folders that a site is made of.
var sources = append([]string{site.ConfigFile, site.ContentDir, "layouts", "i18n", "static"}, site.OtherConfigFiles...)

type serveCommand struct {
	dayFlag
	strictFlag
	Port uint16 `default:"1313" placeholder:"PORT" help:"Port of the preview on this computer (${default})."`
}

// Run shows the site, drafts included, with Hugo's server, and checks it after each save.
func (c *serveCommand) Run(ctx context.Context, t *tool) error {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", c.Port))
	if err != nil {
		return fmt.Errorf("port %d is taken, perhaps by another preview: end that one, or choose another port with --port", c.Port)
	}
	listener.Close()
	port := listener.Addr().(*net.TCPAddr).Port // any that is free, for --port 0
	return (&session{tool: t, today: c.Today, isStrict: c.Strict, port: port}).run(ctx)
}

// session is an editor's work under way.
type session struct {
	*tool
	today    day
	isStrict bool
	saved    []string          // the files of the last save; nil for all
	lists    map[string][]byte // the checklists as they are to be committed, by file

	// Hugo's server, which renders into options.Destination.
	port     int    // 0: there is no preview
	program  string // where Hugo is
	options  hugo.Options
	url      string                  // that the editor knows; "" when the server has ended by itself
	events   <-chan hugo.Event       // nil: no server is running
	stop     context.CancelFunc      // ends the server
	logged   []diagnostic.Diagnostic // by Hugo, when it rendered last
	checkDue <-chan time.Time        // nil: no new pages are to be checked
}

// run runs until a signal comes, which is no failure.
func (s *session) run(ctx context.Context) (err error) {
	defer func() {
		if ctx.Err() != nil {
			err = nil
		}
	}()
	s.options = hugo.Options{Root: s.root, Destination: filepath.Join(s.root, ".build", "preview")}
	saves, err := watch.Saves(ctx, s.root, sources)
	if err != nil {
		return err
	}
	if err := s.checkContent(nil); err != nil {
		return err
	}
	if s.port != 0 {
		lock, err := publish.Lock(s.root, "serve")
		if err != nil {
			return err
		}
		defer lock.Close()
		if s.program, err = hugo.Find(ctx, s.root, true, s.stderr); err != nil {
			return err
		}
		s.startServer(ctx)
		defer s.stopServer()
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case saved := <-saves:
			s.takeSave(ctx, saved)
		case event := <-s.events:
			s.takeEvent(event)
		case <-s.checkDue:
			s.checkPages(ctx)
		}
	}
}

// takeSave checks what was saved, and starts Hugo's server again where it has ended or would go wrong.
func (s *session) takeSave(ctx context.Context, saved []string) {
	// What this session has written may come in several steps, or together with what an editor saves.
	isAll := saved == nil
	if saved = slices.DeleteFunc(saved, s.isCurrentList); len(saved) == 0 && !isAll {
		return
	}
	if err := s.checkContent(saved); err != nil {
		s.print("%v. The work goes on with the next save.", err)
	}
	if slices.ContainsFunc(saved, s.misleadsServer) {
		s.stopServer()
	}
	if s.port != 0 && s.events == nil {
		s.startServer(ctx)
	}
}

// isCurrentList reports whether a file is a checklist as it is to be committed.
func (s *session) isCurrentList(file string) bool {
	list, isList := s.lists[file]
	if !isList {
		return false
	}
	outdated, err := checklist.Compare(s.root, file, list)
	return err == nil && len(outdated) == 0
}

// checkContent checks all that needs no Hugo, and keeps the checklists up to date.
func (s *session) checkContent(saved []string) error {
	s.saved = saved
	checked, err := s.checkSite(s.today, "", s.isStrict)
	if err != nil {
		return err
	}
	if !s.today.IsZero() { // else Hugo's server goes on to the next day by itself
		s.options.Clock = checked.clock
	}
	subject := strings.Join(saved, ", ")
	if len(saved) == 0 || len(saved) > 3 {
		subject = diagnostic.Plural(len(checked.AllPages()), "page")
	}
	s.report(subject, saved, checked.findings)
	if fails(false, checked.findings) {
		return nil
	}
	s.lists = checked.committedLists
	for _, file := range slices.Sorted(maps.Keys(s.lists)) {
		if s.isCurrentList(file) {
			continue
		}
		if err := publish.ReplaceFile(s.root, file, s.lists[file]); err != nil {
			return err
		}
		s.print("%s is up to date again: commit it with your change.", file)
	}
	return nil
}

// misleadsServer reports whether Hugo's server would go wrong after a save: it keeps the pages of files that are
// gone, does not see a folder that comes back, and does not say when it has copied a static file.
func (s *session) misleadsServer(saved string) bool {
	info, err := os.Stat(filepath.Join(s.root, saved))
	return err != nil || info.IsDir() || strings.HasPrefix(saved, "static/")
}

func (s *session) startServer(ctx context.Context) {
	_ = os.RemoveAll(s.options.Destination) // where that fails, Hugo says so
	ctx, s.stop = context.WithCancel(ctx)
	s.events = hugo.Serve(ctx, s.program, s.port, s.options)
}

// stopServer ends Hugo's server, where one is running, and waits for its end.
func (s *session) stopServer() {
	if s.events == nil {
		return
	}
	s.stop()
	for range s.events {
	}
	s.events, s.checkDue = nil, nil
}

func (s *session) takeEvent(e hugo.Event) {
	s.logged = e.Findings
	if e.Err != nil {
		s.stopServer()
		s.url = ""
		if len(s.logged) > 0 {
			s.report("Rendering", nil, s.logged)
		}
		s.print("The preview has ended (%v). It starts again with the next save.", e.Err)
		return
	}
	// Each page of a preview names this script, which Hugo has in memory.
	_ = os.WriteFile(filepath.Join(s.options.Destination, "livereload.js"), nil, 0o644)
	if s.url != e.URL {
		s.print("Preview: %s   (Ctrl-C ends it)", e.URL)
	}
	s.url = e.URL
	s.checkDue = time.After(150 * time.Millisecond) // Hugo may see a save before this session does
}

// checkPages checks the pages as Hugo rendered them, once the content has no errors.
func (s *session) checkPages(ctx context.Context) {
	checked, err := s.checkSite(s.today, "", s.isStrict) // a save may not have been reported yet
	if err != nil || fails(false, checked.findings) {
		return
	}
	if fails(false, s.logged) { // whatever was saved, pages are missing
		s.report("Rendering", nil, s.logged)
		return
	}
	findings, err := checkRendered(ctx, checked, s.options.Destination, s.url)
	if err != nil {
		s.print("The pages could not be checked: %v", err)
		return
	}
	s.report("Links", s.saved, append(findings, s.logged...))
}

// report lists what a check found in the saved files (nil for all), and then the errors of other files.
func (s *session) report(subject string, saved []string, findings []diagnostic.Diagnostic) {
	var here, elsewhere []diagnostic.Diagnostic
	for _, d := range diagnostic.Sort(findings) {
		if saved == nil || slices.Contains(saved, d.File) {
			here = append(here, d)
		} else if d.Severity == diagnostic.Error {
			elsewhere = append(elsewhere, d)
		}
	}
	text := "all clear."
	if errs, warnings := diagnostic.Count(here); len(here) > 0 {
		text = diagnostic.Plural(errs, "error") + ", " + diagnostic.Plural(warnings, "warning") + "."
	}
	if len(elsewhere) > 0 {
		text += " In other files: " + diagnostic.Plural(len(elsewhere), "error") + "."
	}
	s.print("%s: %s", subject, text)
	listed := append(here, elsewhere...)
	_ = diagnostic.Write(s.stdout, "text", listed[:min(50, len(listed))]) // a broken config.toml can make thousands
}

func (s *session) print(format string, args ...any) {
	text := diagnostic.OneLine(fmt.Sprintf(format, args...))
	fmt.Fprintf(s.stdout, "%s  %s\n", s.now().Format(time.TimeOnly), text)
}
