package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"microsite/tools/diagnostic"
	"microsite/tools/hugo"
	"microsite/tools/publish"
	"microsite/tools/site"
	"microsite/tools/watch"
)

// sources are the files and folders that make up a site.
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
	port := listener.Addr().(*net.TCPAddr).Port // a free one for --port 0
	return (&session{tool: t, today: c.Today, isStrict: c.Strict, port: port}).run(ctx)
}

// session checks a site after each save and, with a port, shows it in a preview.
type session struct {
	*tool
	today     day
	isStrict  bool
	saved     []string // the files of the last save; nil for all
	hasErrors bool     // after the last save

	// The preview: Hugo's server, which renders into options.Destination.
	port       int    // 0: no preview
	program    string // path of Hugo
	options    hugo.Options
	url        string                  // the last address printed; "" after the server has ended by itself
	events     <-chan hugo.Event       // nil: no server is running
	stop       context.CancelFunc      // ends the server
	hugoLog    []diagnostic.Diagnostic // from Hugo's last rendering
	pagesReady <-chan time.Time        // when to check the rendered pages; nil: they have been checked
}

// run runs until ctx ends, which is not an error.
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
			s.handleSave(ctx, saved)
		case event := <-s.events:
			s.handleEvent(ctx, event)
		case <-s.pagesReady:
			s.checkPages(ctx)
		}
	}
}

// handleSave checks the saved files, and restarts Hugo's server if it has ended or would serve wrong pages.
func (s *session) handleSave(ctx context.Context, saved []string) {
	// checkContent writes the checklists.
	saved = slices.DeleteFunc(saved, func(file string) bool { return path.Base(file) == "checklist.json" })
	if saved != nil && len(saved) == 0 { // nil means all files
		return
	}
	if err := s.checkContent(saved); err != nil {
		s.printf("%v. The next save is checked again.", err)
	}
	if slices.ContainsFunc(saved, s.needsRestart) {
		s.stopServer()
	}
	if s.port != 0 && s.events == nil {
		s.startServer(ctx)
	}
}

// checkContent checks everything that does not need Hugo, and updates the checklists if there are no errors.
func (s *session) checkContent(saved []string) error {
	s.saved = saved
	checked, err := s.checkSite(s.today, "", s.isStrict)
	if err != nil {
		return err
	}
	if !s.today.IsZero() { // without --today, Hugo's server follows the calendar
		s.options.Clock = checked.clock
	}
	subject := strings.Join(saved, ", ")
	if len(saved) == 0 || len(saved) > 3 {
		subject = diagnostic.Plural(len(checked.AllPages()), "page")
	}
	s.report(subject, saved, checked.findings)
	if s.hasErrors = hasFailures(false, checked.findings); s.hasErrors {
		return nil
	}
	updated, err := checked.updateLists()
	for _, file := range updated {
		s.printf("%s is up to date again: commit it with your change.", file)
	}
	return err
}

// needsRestart reports whether Hugo's server would go wrong after a save: it keeps the pages of deleted files, does not
// notice a restored folder, keeps the state of pages whose drawing has changed, and does not report that it has copied a static
// file.
func (s *session) needsRestart(saved string) bool {
	info, err := os.Stat(filepath.Join(s.root, saved))
	return err != nil || info.IsDir() || strings.HasPrefix(saved, "static/") || strings.HasPrefix(saved, site.FiguresDir+"/")
}

func (s *session) startServer(ctx context.Context) {
	_ = os.RemoveAll(s.options.Destination) // if this fails, Hugo reports why
	ctx, s.stop = context.WithCancel(ctx)
	s.events = hugo.Serve(ctx, s.program, s.port, s.options)
}

// stopServer ends Hugo's server, if one is running, and waits until it has ended.
func (s *session) stopServer() {
	if s.events == nil {
		return
	}
	s.stop()
	for range s.events {
	}
	s.events, s.pagesReady = nil, nil
}

// handleEvent prints that Hugo's server has started or ended, and schedules a check of the pages that it rendered.
func (s *session) handleEvent(ctx context.Context, e hugo.Event) {
	s.hugoLog = e.Findings
	if e.Err != nil {
		wasRunning := s.url != ""
		s.stopServer()
		s.url = ""
		if wasRunning && slices.Contains(s.saved, site.ConfigFile) && !s.hasErrors {
			s.startServer(ctx) // Hugo may end after a mistake in config.toml that has been mended since
			return
		}
		if len(s.hugoLog) > 0 {
			s.report("Rendering", nil, s.hugoLog)
		}
		s.printf("The preview has ended (%v). It starts again with the next save.", e.Err)
		return
	}
	// Every page of a preview links to this script, which Hugo serves from memory.
	_ = os.WriteFile(filepath.Join(s.options.Destination, "livereload.js"), nil, 0o644)
	if s.url != e.URL {
		s.printf("Preview: %s   (Ctrl-C ends it)", e.URL)
	}
	s.url = e.URL
	s.pagesReady = time.After(150 * time.Millisecond) // Hugo may notice a save before this session does
}

// checkPages checks the pages that Hugo rendered, unless the content has errors.
func (s *session) checkPages(ctx context.Context) {
	checked, err := s.checkSite(s.today, "", s.isStrict) // there may be a save that has not been reported yet
	if err != nil || hasFailures(false, checked.findings) {
		return
	}
	if hasFailures(false, s.hugoLog) { // pages are missing, so broken links prove nothing
		s.report("Rendering", nil, s.hugoLog)
		return
	}
	findings, err := checkRendered(ctx, checked, s.options.Destination, s.url)
	if err != nil {
		s.printf("The pages could not be checked: %v", err)
		return
	}
	// A save may have come after the rendering, so what is missing is left to the build.
	isMissing := func(f diagnostic.Diagnostic) bool { return f.Rule == diagnostic.RuleMissingPage }
	s.report("Links", s.saved, append(slices.DeleteFunc(findings, isMissing), s.hugoLog...))
}

// report prints all findings in the saved files (nil for all files), then the errors in other files.
func (s *session) report(subject string, saved []string, findings []diagnostic.Diagnostic) {
	var inSaved, elsewhere []diagnostic.Diagnostic
	for _, d := range diagnostic.Sort(findings) {
		if saved == nil || slices.Contains(saved, d.File) {
			inSaved = append(inSaved, d)
		} else if d.Severity == diagnostic.Error {
			elsewhere = append(elsewhere, d)
		}
	}
	summary := "all clear."
	if errs, warnings := diagnostic.Count(inSaved); len(inSaved) > 0 {
		summary = diagnostic.Plural(errs, "error") + ", " + diagnostic.Plural(warnings, "warning") + "."
	}
	if len(elsewhere) > 0 {
		summary += " In other files: " + diagnostic.Plural(len(elsewhere), "error") + "."
	}
	s.printf("%s: %s", subject, summary)
	all := append(inSaved, elsewhere...)
	_ = diagnostic.Write(s.stdout, "text", all[:min(50, len(all))]) // a broken config.toml can cause thousands
}

// printf prints a line with the time.
func (s *session) printf(format string, args ...any) {
	text := diagnostic.OneLine(fmt.Sprintf(format, args...))
	fmt.Fprintf(s.stdout, "%s  %s\n", s.now().Format(time.TimeOnly), text)
}
