package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"microsite/tools/checklist"
	"microsite/tools/diagnostic"
	"microsite/tools/hugo"
	"microsite/tools/publish"
	"microsite/tools/rendered"
	"microsite/tools/review"
	"microsite/tools/site"
)

type buildCommand struct {
	dayFlag
	formatFlag
	strictFlag
	Base string `placeholder:"URL" help:"Publish at this address, in place of config.toml's."`
}

// Run checks the content, renders it with the Hugo that go.mod names, checks what
// was rendered, minifies what Hugo copied from static/, and puts it in place as
// public/. When anything is wrong, public/ and checklist.json stay as they were.
func (c *buildCommand) Run(ctx context.Context, t *tool) (int, error) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	start := time.Now()
	s, err := t.checkSite(c.Today, c.Base, c.Strict)
	if err != nil {
		return exitFailed, err
	}
	t.say("%s", review.Summary(s.Site, s.reports, s.today))
	s.findings = append(s.findings, reservedAddress(s.BaseURL)...)
	pages, err := t.publish(ctx, s, c.Strict)
	if err != nil {
		return exitFailed, err
	}
	s.findings = diagnostic.Sort(s.findings)
	code, err := t.printFindings(c.Format, c.Strict, s.findings)
	if code == exitClean {
		t.say("Published %s into public/: %s, %.1f s.", diagnostic.Plural(pages, "page"), diagnostic.Plural(len(s.findings), "finding"), time.Since(start).Seconds())
		return code, err
	}
	stopping, warnings := diagnostic.Count(s.findings)
	if c.Strict {
		stopping += warnings
	}
	t.say("Not published, because of %s: what was published before is as it was.", diagnostic.Plural(stopping, "finding"))
	return code, err
}

// publish takes a site from its content to public/, as far as its findings
// allow, and adds those of its own. It returns how many pages there are.
func (t *tool) publish(ctx context.Context, s *checkedSite, isStrict bool) (pages int, err error) {
	if fails(isStrict, s.findings) {
		return 0, nil
	}
	stage, err := publish.Begin(s.Root)
	if err != nil {
		return 0, err
	}
	defer stage.Close()
	program, err := hugo.Find(ctx, s.Root, t.stderr)
	if err != nil {
		return 0, err
	}
	// The checklist's page carries the digest of the lists, by which its script sees that there is a newer version.
	const settings = ".build/settings.toml"
	if err := publish.ReplaceFile(s.Root, settings, fmt.Appendf(nil, "[params.checklist]\ndigest = %q\n", s.list.Version)); err != nil {
		return 0, err
	}
	t.say("Rendering with Hugo …")
	findings, err := hugo.Render(ctx, program, hugo.Options{
		Root: s.Root, Destination: stage.Dir, BaseURL: s.BaseURL, Clock: s.clock, Settings: settings,
	})
	if s.findings = append(s.findings, findings...); err != nil || fails(isStrict, s.findings) {
		return 0, err
	}
	published, _ := checklist.Build(s.Site, s.reports) // with the address that the site is built for
	list, err := published.Encode()
	if err == nil {
		err = stage.WriteFile(strings.TrimPrefix(checklist.File, "static/"), list)
	}
	if err != nil {
		return 0, err
	}
	findings, err = stage.MinifyStatic()
	if s.findings = append(s.findings, findings...); err != nil {
		return 0, err
	}
	t.say("Checking links …")
	pages, findings, err = rendered.Check(ctx, stage.Dir, rendered.Options{
		Site: s.Site, BaseURL: s.BaseURL, Complete: true, Emergency: true, Checklist: s.list.Texts(),
	})
	if s.findings = append(s.findings, findings...); err != nil || fails(isStrict, s.findings) {
		return 0, err
	}
	if ctx.Err() != nil { // Ctrl-C at the last moment still stops it
		return 0, ctx.Err()
	}
	return pages, stage.Commit(checklist.File, s.checklist)
}

type linksCommand struct {
	formatFlag
	strictFlag
	Base     string `placeholder:"URL" help:"The address that the folder is published at."`
	External bool   `help:"Ask other sites, too, whether what is linked there exists."`
	Dir      string `arg:"" help:"A rendered folder."`
}

// Run checks every HTML file, style sheet and sitemap below a folder. In a
// site's root folder, a finding is traced to the Markdown that it comes from.
func (c *linksCommand) Run(ctx context.Context, t *tool) (int, error) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	if info, err := os.Stat(c.Dir); err != nil || !info.IsDir() {
		return exitFailed, fmt.Errorf("%s is not a folder that can be read", c.Dir)
	}
	if c.Base != "" && !site.IsBaseURL(c.Base) {
		return exitFailed, usageError{fmt.Errorf("--base %q must be a whole address such as https://example.org/", c.Base)}
	}
	options := rendered.Options{BaseURL: c.Base}
	if _, err := os.Stat(site.ConfigFile); err == nil {
		root, err := siteRoot()
		if err != nil {
			return exitFailed, err
		}
		if options.Site, _, err = site.Load(root); err != nil {
			return exitFailed, err
		}
		if c.Base == "" {
			options.BaseURL = options.Site.BaseURL
		}
	}
	if c.External {
		options.External = &rendered.External{Progress: t.externalProgress()}
	}
	pages, findings, err := rendered.Check(ctx, c.Dir, options)
	isStopped := ctx.Err() != nil
	if err != nil && !(isStopped && errors.Is(err, ctx.Err())) {
		return exitFailed, err
	}
	code, err := t.printFindings(c.Format, c.Strict, findings)
	if isStopped {
		t.say("Stopped before the end: this is what is known so far.")
		return exitFailed, err
	}
	t.say("Checked the links of %s: %s.", diagnostic.Plural(pages, "page"), diagnostic.Plural(len(findings), "finding"))
	return code, err
}

// externalProgress shows how far the questions to other sites have come, on one
// line of a terminal; anywhere else it is silent.
func (t *tool) externalProgress() func(done, all int) {
	if !diagnostic.IsTerminal(t.stderr) {
		return nil
	}
	return func(done, all int) {
		fmt.Fprintf(t.stderr, "\rAsked for %d of %d addresses of other sites", done, all)
		if done == all {
			fmt.Fprintln(t.stderr)
		}
	}
}
