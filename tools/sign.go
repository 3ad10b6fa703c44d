package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

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
	s, pages, err := t.findPages(c.Today, c.Format, c.Files)
	switch {
	case err != nil:
		return err
	case c.Show:
		return c.show(t, s, pages)
	case c.Changes:
		return t.showChanges(ctx, s, pages)
	case c.Remove:
		return c.remove(t, pages)
	}
	return c.sign(t, s, pages)
}

// findPages checks the site and returns the pages that are written in files. Where there are no pages, because
// config.toml can't be made sense of, it prints the findings.
func (t *tool) findPages(today day, format string, files []string) (*checkedSite, []*site.Page, error) {
	s, err := t.checkSite(today, "", false)
	if err == nil && len(s.Pages) == 0 {
		err = cmp.Or(t.printFindings(format, false, s.findings), errFindings)
	}
	if err != nil {
		return nil, nil, err
	}
	byFile := map[string]*site.Page{}
	for _, page := range s.AllPages() {
		byFile[filepath.FromSlash(page.File)] = page
	}
	var pages []*site.Page
	for _, name := range files {
		file := strings.TrimPrefix(filepath.Clean(name), s.Root+string(filepath.Separator))
		if byFile[file] == nil {
			return nil, nil, usageError{fmt.Errorf("%s is not a page of this site that can be read.%s",
				name, diagnostic.DidYouMean(name, slices.Sorted(maps.Keys(byFile))))}
		}
		pages = append(pages, byFile[file])
	}
	return s, pages, nil
}

func (c *signCommand) recordFor(page *site.Page, today time.Time) review.Record {
	record := review.Record{By: string(c.By), Role: string(c.Role), Reviewed: c.Reviewed.Time, Due: c.Due.Time}
	if record.Reviewed.IsZero() {
		record.Reviewed = today
	}
	if record.Due.IsZero() {
		record.Due = review.AddMonths(record.Reviewed, page.Site.IntervalMonths)
	}
	return record
}

// show prints what the flags would sign, or without --by what a page's own sign-off covers.
func (c *signCommand) show(t *tool, s *checkedSite, pages []*site.Page) error {
	textOf := review.ReadableText
	if c.Exact {
		textOf = review.SignedText
	}
	for _, page := range pages {
		record := review.RecordOf(page, s.today)
		if c.By != "" {
			record = c.recordFor(page, s.today)
		}
		if _, err := fmt.Fprint(t.stdout, textOf(page, record)); err != nil {
			return err
		}
	}
	return nil
}

// sign signs all of the pages, or none where one has an error that signing does not mend.
func (c *signCommand) sign(t *tool, s *checkedSite, pages []*site.Page) error {
	mended := append([]diagnostic.Rule{diagnostic.RuleDate, diagnostic.RuleReview}, diagnostic.Raisable...)
	var findings []diagnostic.Diagnostic
	signed := map[*site.Page][]byte{}
	for _, page := range pages {
		for _, f := range s.findings {
			if f.File == page.File && f.Severity == diagnostic.Error && !slices.Contains(mended, f.Rule) {
				findings = append(findings, f)
			}
		}
		src, list, err := review.Sign(page, c.recordFor(page, s.today), s.today)
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
	message := ""
	for _, page := range pages {
		if err := publish.ReplaceFile(s.Root, page.File, signed[page]); err != nil {
			return err
		}
		record := c.recordFor(page, s.today)
		who, reviewed := fmt.Sprintf("by %s (%s)", record.By, record.Role), review.Day(record.Reviewed)
		t.say("Signed %s: %q, %s, reviewed %s, due %s", page.File, page.Title, who, reviewed, review.Day(record.Due))
		message = fmt.Sprintf("Sign off: reviewed %s on %s", who, reviewed)
	}
	t.sayHowToCommit(message)
	return nil
}

// sayHowToCommit suggests a commit of all that a sign-off covers, as a shell takes it.
func (t *tool) sayHowToCommit(message string) {
	t.say("To keep this in git's history, run:\n  git add -- %[1]s %[2]s\n  git commit -m '%[3]s' -- %[1]s %[2]s",
		site.ConfigFile, site.ContentDir, strings.ReplaceAll(message, "'", `'\''`))
}

func (c *signCommand) remove(t *tool, pages []*site.Page) error {
	for _, page := range pages {
		if page.FrontMatter.Get("review") == nil {
			t.say("%s carries no sign-off.", page.File)
			continue
		}
		if err := t.replaceTable(page, "review", nil, "Took the sign-off off "+page.File+"."); err != nil {
			return err
		}
	}
	t.sayHowToCommit("Withdraw the sign-off: " + cmp.Or(string(c.Reason), "no reason given"))
	return nil
}

// replaceTable replaces or removes a table of a page's front matter in its file, and then says so.
func (t *tool) replaceTable(page *site.Page, key string, lines []string, done string) error {
	src, err := page.ReplaceTable(key, lines)
	if err == nil {
		err = publish.ReplaceFile(t.root, page.File, src)
	}
	if err == nil {
		t.say("%s", done)
	}
	return err
}
