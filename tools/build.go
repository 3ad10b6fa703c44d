package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
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
	Base baseURL `placeholder:"URL" help:"Publish at this address, in place of config.toml's."`
}

// reservedAddress matches addresses that RFC 2606 reserves for examples and tests, so that no reader can reach them.
// It leaves out plain localhost, which an editor gives on purpose.
var reservedAddress = regexp.MustCompile(`(?i)^https?://(?:[^/]*\.)?(?:example|test|invalid|example\.(?:com|net|org)|[^/.]+\.localhost)(?::\d+)?/`)

// Run checks the content, renders it with the Hugo that go.mod names, checks the rendered site, and moves it to public/.
// If anything fails, public/ and the checklists stay as they were.
func (c *buildCommand) Run(ctx context.Context, t *tool) error {
	start := time.Now()
	s, err := t.checkSite(c.Today, c.Base, c.Strict)
	if err != nil {
		return err
	}
	t.logf("%s", review.Summary(s.Site, s.reports, s.today))
	if reservedAddress.MatchString(s.BaseURL + "/") {
		s.findings = append(s.findings, diagnostic.Place{File: site.ConfigFile}.Warningf(diagnostic.RuleBaseURL,
			"%s is no real address, and it stands in links and QR codes: set baseURL to the site's own, or build with --base", s.BaseURL))
	}
	if !hasFailures(c.Strict, s.findings) {
		if err := t.publish(ctx, s, c.Strict); err != nil {
			return err
		}
	}
	err = t.printFindings(c.Format, c.Strict, s.findings)
	if err == nil {
		t.logf("Published into public/: %s, %.1f s.", diagnostic.Plural(len(s.findings), "finding"), time.Since(start).Seconds())
	} else if errors.Is(err, errFindings) {
		t.logf("Not published: fix the findings above first. public/ is as it was.")
	}
	return err
}

// publish renders a site into public/. It stops when the findings fail the build, and adds its own to them.
func (t *tool) publish(ctx context.Context, s *checkedSite, isStrict bool) error {
	stage, err := publish.Begin(s.Root)
	if err != nil {
		return err
	}
	defer stage.Close()
	program, err := hugo.Find(ctx, s.Root, false, t.stderr)
	if err != nil {
		return err
	}
	// The checklist's page holds the version of the lists, so that its script notices a newer one.
	const settings = ".build/settings.toml"
	if err := publish.ReplaceFile(s.Root, settings, listVersions(s)); err != nil {
		return err
	}
	t.logf("Rendering with Hugo …")
	findings, err := hugo.Render(ctx, program,
		hugo.Options{Root: s.Root, Destination: stage.Dir, BaseURL: s.BaseURL, Clock: s.clock, Settings: settings})
	if s.findings = append(s.findings, findings...); err != nil || hasFailures(isStrict, s.findings) {
		return err
	}
	if err := stage.MinifyStatic(); err != nil {
		return err
	}
	for i, language := range s.All() {
		if err := stage.WriteStatic(checklist.File(language), s.publishedLists[i].Encode()); err != nil {
			return err
		}
	}
	t.logf("Checking what was rendered …")
	findings, err = checkRendered(ctx, s, stage.Dir, s.BaseURL)
	if s.findings = append(s.findings, findings...); err != nil || hasFailures(isStrict, s.findings) {
		return err
	}
	if err := ctx.Err(); err != nil { // Ctrl-C at the last moment still stops it
		return err
	}
	behind, _ := s.compareLists() // Commit fails on what can't be read
	err = stage.Commit(s.committedLists)
	if err == nil && len(behind) > 0 {
		t.logf("The checklist has changed: look at it (git diff static), and commit it with your change.")
	}
	return err
}

// listVersions returns Hugo settings with the version of each language's checklist.
func listVersions(s *checkedSite) (settings []byte) {
	for i, language := range s.All() {
		table := "params.checklist"
		if language.Key != "" {
			table = "languages." + language.Key + "." + table
		}
		settings = fmt.Appendf(settings, "[%s]\ndigest = %q\n", table, s.publishedLists[i].Version)
	}
	return settings
}

// checkRendered checks a folder that holds the whole rendered site.
func checkRendered(ctx context.Context, s *checkedSite, dir, baseURL string) ([]diagnostic.Diagnostic, error) {
	_, findings, err := rendered.Check(ctx, dir, rendered.Options{Site: s.Site, BaseURL: baseURL, Complete: true})
	return findings, err
}
