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
	Role     shortLine `and:"person" placeholder:"ROLE" help:"The clinician's credential and role."`
	Reviewed day       `placeholder:"DAY" help:"Day of the review, YYYY-MM-DD. Without it, today."`
	Due      day       `placeholder:"DAY" help:"Day of the next review, YYYY-MM-DD. Without it, the site's whole interval from the review."`
	Show     bool      `xor:"action" help:"Print what would be signed, one sentence a line, and sign nothing."`
	Exact    bool      `help:"With --show: print exactly what the digest is made of."`
	Changes  bool      `xor:"action" help:"Show what is no longer as it was signed, from git's history."`
	Remove   bool      `xor:"action" help:"Remove the sign-off from the pages."`
	Reason   shortLine `placeholder:"TEXT" help:"With --remove: why, for git's history."`
	Files    []string  `arg:"" name:"FILE" help:"Pages, such as content/causes.md."`
}

// Validate reports flags that make no sense together. Kong calls it.
func (c *signCommand) Validate() error {
	switch {
	case c.Exact && (!c.Show || len(c.Files) > 1), c.Reason != "" && !c.Remove:
		return errors.New("--exact needs --show and one page, and --reason needs --remove")
	case c.By == "" && !c.Show && !c.Changes && !c.Remove:
		return errors.New("who has reviewed it? Give --by and --role")
	}
	return nil
}

// Run signs pages, removes sign-offs, or shows what would be signed or what has changed since.
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

// findPages checks the site and returns the pages of these files. If the site has no pages, because config.toml has an
// error, it prints the findings.
func (t *tool) findPages(today day, format string, files []string) (*checkedSite, []*site.Page, error) {
	s, err := t.checkSite(today, "", false)
	if err == nil && len(s.Pages) == 0 {
		err = t.printFindings(format, false, s.findings)
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
			if s.HasFile(filepath.ToSlash(file)) {
				return nil, nil, fmt.Errorf("%s can't be read as a page of this site: run check", name)
			}
			return nil, nil, usageError{fmt.Errorf("%s is not a page of this site.%s",
				name, diagnostic.DidYouMean(name, slices.Sorted(maps.Keys(byFile))))}
		}
		pages = append(pages, byFile[file])
	}
	return s, pages, nil
}

// record returns the sign-off that the flags make for a page, without its digest.
func (c *signCommand) record(page *site.Page, today time.Time) review.Record {
	reviewed := cmp.Or(c.Reviewed.Time, today)
	due := cmp.Or(c.Due.Time, review.AddMonths(reviewed, page.Site.IntervalMonths))
	return review.Record{By: string(c.By), Role: string(c.Role), Reviewed: reviewed, Due: due}
}

// show prints what a sign-off with these flags would cover, or without --by what the pages' own sign-offs cover.
func (c *signCommand) show(t *tool, s *checkedSite, pages []*site.Page) error {
	format := review.ReadableText
	if c.Exact {
		format = review.SignedText
	}
	for _, page := range pages {
		record := review.CheckPage(page, s.today).Record
		if c.By != "" {
			record = c.record(page, s.today)
		}
		if _, err := fmt.Fprint(t.stdout, format(page, record)); err != nil {
			return err
		}
	}
	return nil
}

// sign signs all pages, or none if one has an error that signing can't mend.
func (c *signCommand) sign(t *tool, s *checkedSite, pages []*site.Page) error {
	// A new sign-off replaces the old one and its errors. Sign reports those that remain.
	ignored := append([]diagnostic.Rule{diagnostic.RuleDate, diagnostic.RuleReview}, diagnostic.Raisable...)
	var findings []diagnostic.Diagnostic
	var signed [][]byte
	for _, page := range pages {
		for _, f := range s.findings {
			if f.File == page.File && f.Severity == diagnostic.Error && !slices.Contains(ignored, f.Rule) {
				findings = append(findings, f)
			}
		}
		src, signFindings, err := review.Sign(page, c.record(page, s.today), s.today)
		if err != nil {
			return err
		}
		findings = append(findings, signFindings...)
		signed = append(signed, src)
	}
	if len(findings) > 0 {
		t.logf("Nothing was signed: fix these findings first.")
		return t.printFindings(c.Format, false, findings)
	}
	reviewed := review.Day(cmp.Or(c.Reviewed.Time, s.today))
	for i, page := range pages {
		if err := publish.ReplaceFile(s.Root, page.File, signed[i]); err != nil {
			return err
		}
		due := review.Day(c.record(page, s.today).Due)
		t.logf("Signed %s: %q, by %s (%s), reviewed %s, due %s", page.File, page.Title, c.By, c.Role, reviewed, due)
	}
	return t.finish(c.Today, fmt.Sprintf("Sign off: reviewed by %s (%s) on %s", c.By, c.Role, reviewed))
}

// finish updates the checklists, which say whether their lists are signed, and prints shell commands that commit them with
// all that a sign-off covers.
func (t *tool) finish(today day, message string) error {
	s, err := t.checkSite(today, "", false)
	if err == nil {
		_, err = s.updateLists()
	}
	t.logf("To keep this in git's history, run:\n  git add -- %[1]s\n  git commit -m '%[2]s' -- %[1]s",
		site.ConfigFile+" "+site.ContentDir+" static", strings.ReplaceAll(message, "'", `'\''`))
	return err
}

// remove removes the sign-offs of pages.
func (c *signCommand) remove(t *tool, pages []*site.Page) error {
	isSigned := func(page *site.Page) bool { return page.FrontMatter.Get("review") != nil }
	for _, page := range pages {
		if !isSigned(page) {
			t.logf("%s has no sign-off.", page.File)
			continue
		}
		if err := t.replaceTable(page, "review", nil, "Removed the sign-off from "+page.File+"."); err != nil {
			return err
		}
	}
	if !slices.ContainsFunc(pages, isSigned) {
		return nil
	}
	return t.finish(c.Today, "Withdraw the sign-off: "+cmp.Or(string(c.Reason), "no reason given"))
}

// replaceTable replaces a top-level key of a page's front matter, or removes it if lines is nil, and prints message.
func (t *tool) replaceTable(page *site.Page, key string, lines []string, message string) error {
	src, err := page.ReplaceTable(key, lines)
	if err == nil {
		err = publish.ReplaceFile(t.root, page.File, src)
	}
	if err == nil {
		t.logf("%s", message)
	}
	return err
}
