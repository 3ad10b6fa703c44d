package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"microsite/tools/diagnostic"
	"microsite/tools/publish"
	"microsite/tools/review"
	"microsite/tools/site"
)

type signCommand struct {
	dayFlag
	formatFlag
	By       shortLine `and:"person" placeholder:"NAME" help:"Name of the clinician who reviewed the text."`
	Role     shortLine `and:"person" help:"The clinician's credential and role."`
	Reviewed day       `placeholder:"DAY" help:"Day of the review, YYYY-MM-DD. Without it, today."`
	Due      day       `placeholder:"DAY" help:"Day of the next review, YYYY-MM-DD. Without it, the site's whole interval from the review."`
	Show     bool      `xor:"action" help:"Print what would be signed, one sentence a line, and sign nothing."`
	Exact    bool      `help:"With --show: print exactly what the digest is made of."`
	Changes  bool      `xor:"action" help:"Show what is no longer as it was signed, from git's history."`
	Remove   bool      `xor:"action" help:"Take the sign-off off the pages."`
	Reason   shortLine `placeholder:"TEXT" help:"With --remove: why, for git's history."`
	Files    []string  `arg:"" name:"FILE" help:"Pages, such as content/causes.md."`
}

// Validate reports flags that make no sense together. The command line's parser calls it.
func (c *signCommand) Validate() error {
	switch {
	case c.Exact && !c.Show, c.Reason != "" && !c.Remove:
		return errors.New("--exact goes with --show, and --reason with --remove")
	case c.By == "" && !c.Show && !c.Changes && !c.Remove:
		return errors.New("who has reviewed it? Give --by and --role")
	}
	return nil
}

// Run signs pages off, shows what would be signed or has changed, or takes sign-offs off.
func (c *signCommand) Run(ctx context.Context, t *tool) error {
	s, err := t.checkSite(c.Today, "", false)
	if err != nil {
		return err
	}
	if len(s.Pages) == 0 { // config.toml can't be made sense of
		return t.printFindings(c.Format, false, s.findings)
	}
	var pages []*site.Page
	for _, name := range c.Files {
		page, err := findPage(s.Site, name)
		if err != nil {
			return usageError{err}
		}
		pages = append(pages, page)
	}
	record := review.Record{By: string(c.By), Role: string(c.Role), Reviewed: c.Reviewed.Time, Due: c.Due.Time}
	if record.Reviewed.IsZero() {
		record.Reviewed = s.today
	}
	if record.Due.IsZero() {
		record.Due = review.AddMonths(record.Reviewed, s.IntervalMonths)
	}
	switch {
	case c.Show:
		return c.show(t, s, pages, record)
	case c.Changes:
		return t.showChanges(ctx, s, pages)
	case c.Remove:
		return t.removeSignOffs(s.Site, pages, string(c.Reason))
	}
	return c.sign(t, s, pages, record)
}

// findPage returns the page that is written in a file.
func findPage(s *site.Site, name string) (*site.Page, error) {
	var known []string
	for _, page := range s.AllPages() {
		file := filepath.FromSlash(page.File)
		if clean := filepath.Clean(name); clean == file || clean == filepath.Join(s.Root, file) {
			return page, nil
		}
		known = append(known, page.File)
	}
	return nil, fmt.Errorf("%s is not a page of this site that can be read.%s", name, diagnostic.DidYouMean(name, known))
}

// show prints what the flags would sign, or without --by what a page's own sign-off covers.
func (c *signCommand) show(t *tool, s *checkedSite, pages []*site.Page, record review.Record) error {
	for _, page := range pages {
		if c.By == "" {
			record = review.RecordOf(page, s.today)
		}
		text := review.ReadableText(page, record)
		if c.Exact {
			text = review.SignedText(page, record)
		}
		if _, err := fmt.Fprint(t.stdout, text); err != nil {
			return err
		}
	}
	return nil
}

// sign signs all of the pages, or none where one has an error that signing does not mend.
func (c *signCommand) sign(t *tool, s *checkedSite, pages []*site.Page, record review.Record) error {
	mended := append([]diagnostic.Rule{diagnostic.RuleDate, diagnostic.RuleReview, diagnostic.RuleSources}, diagnostic.Raisable...)
	var findings []diagnostic.Diagnostic
	signed := map[*site.Page][]byte{}
	for _, page := range pages {
		for _, f := range s.findings {
			if f.File == page.File && f.Severity == diagnostic.Error && !slices.Contains(mended, f.Rule) {
				findings = append(findings, f)
			}
		}
		src, list, err := review.Sign(page, record, s.today)
		if err != nil {
			return err
		}
		findings = append(findings, list...)
		signed[page] = src
	}
	if len(findings) > 0 {
		t.say("Nothing was signed: mend this first.")
		return t.printFindings(c.Format, false, findings)
	}
	for _, page := range pages {
		if err := publish.ReplaceFile(s.Root, page.File, signed[page]); err != nil {
			return err
		}
		t.say("Signed %s: %q, by %s (%s), reviewed %s, due %s", page.File, page.Title, record.By, record.Role,
			review.Day(record.Reviewed), review.Day(record.Due))
	}
	t.sayHowToCommit(fmt.Sprintf("Sign off: reviewed by %s (%s) on %s", record.By, record.Role, review.Day(record.Reviewed)))
	return nil
}

// sayHowToCommit suggests a commit of all that a sign-off covers, as a shell takes it.
func (t *tool) sayHowToCommit(message string) {
	t.say("To keep this in git's history, run:\n  git add -- %[1]s %[2]s\n  git commit -m '%[3]s' -- %[1]s %[2]s",
		site.ConfigFile, site.ContentDir, strings.ReplaceAll(message, "'", `'\''`))
}

func (t *tool) removeSignOffs(s *site.Site, pages []*site.Page, reason string) error {
	for _, page := range pages {
		if page.FrontMatter.Get("review") == nil {
			t.say("%s carries no sign-off.", page.File)
			continue
		}
		src, err := page.ReplaceTable("review", nil)
		if err == nil {
			err = publish.ReplaceFile(s.Root, page.File, src)
		}
		if err != nil {
			return err
		}
		t.say("Took the sign-off off %s.", page.File)
	}
	t.sayHowToCommit("Withdraw the sign-off: " + cmp.Or(reason, "no reason given"))
	return nil
}
