package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"microsite/tools/diagnostic"
	"microsite/tools/publish"
	"microsite/tools/review"
	"microsite/tools/site"
)

type signCommand struct {
	dayFlag
	formatFlag
	By     string   `placeholder:"NAME" help:"Name of the clinician who reviewed the text."`
	Role   string   `help:"The clinician's credential and role."`
	Due    string   `placeholder:"DAY" help:"Day of the next review, YYYY-MM-DD. Without it, the site's whole interval from today."`
	Show   bool     `xor:"action" help:"Print exactly what would be signed, and sign nothing."`
	Remove bool     `xor:"action" help:"Take the sign-off off the pages."`
	Files  []string `arg:"" name:"FILE" help:"Pages, such as content/causes.md."`
}

// Run signs pages off, or shows what would be signed, or takes sign-offs off.
func (c *signCommand) Run(_ context.Context, t *tool) (int, error) {
	isSigning := !c.Show && !c.Remove
	due, dueErr := time.Parse(time.DateOnly, c.Due)
	personErr := cmp.Or(checkPerson("by", c.By), checkPerson("role", c.Role))
	switch {
	case c.Show && len(c.Files) > 1:
		return exitUsage, usageError{errors.New("--show takes one FILE")}
	case isSigning && personErr != nil:
		return exitUsage, usageError{personErr}
	case isSigning && c.Due != "" && dueErr != nil:
		return exitUsage, usageError{fmt.Errorf("--due %q must be a date, YYYY-MM-DD", c.Due)}
	}
	s, err := t.checkSite(c.Today, "", false)
	if err != nil {
		return exitFailed, err
	}
	if len(s.Pages) == 0 { // config.toml can't be made sense of
		return t.printFindings(c.Format, false, s.findings)
	}
	var pages []*site.Page
	for _, name := range c.Files {
		page, err := findPage(s.Site, name)
		if err != nil {
			return exitUsage, usageError{err}
		}
		pages = append(pages, page)
	}
	if c.Due == "" {
		due = review.AddMonths(s.today, s.IntervalMonths)
	}
	record := review.Record{By: c.By, Role: c.Role, Reviewed: s.today, Due: due}
	switch {
	case c.Show:
		_, err := fmt.Fprint(t.stdout, review.SignedText(s.Site, pages[0], record))
		return exitClean, err
	case c.Remove:
		return exitClean, t.removeSignOffs(s.Site, pages)
	}
	return c.sign(t, s, pages, record)
}

// placeholders stand in the manual where a name and a role belong.
var placeholders = []string{"", "NAME", "ROLE", "CREDENTIAL AND ROLE", "TODO"}

// checkPerson refuses a name or role that would not stand on one line of print.
func checkPerson(flag, value string) error {
	if slices.Contains(placeholders, strings.ToUpper(site.NormalizeSpace(value))) {
		return fmt.Errorf("--%s is missing: give it as --%s \"…\"", flag, flag)
	}
	isUnprintable := func(r rune) bool { return r == utf8.RuneError || !unicode.IsGraphic(r) }
	if strings.ContainsFunc(value, isUnprintable) || len(value) > 200 {
		return fmt.Errorf("--%s must be one short line", flag)
	}
	return nil
}

// findPage returns the page that is written in a file.
func findPage(s *site.Site, name string) (*site.Page, error) {
	var known []string
	for _, page := range s.Pages {
		file := filepath.FromSlash(page.File)
		if clean := filepath.Clean(name); clean == file || clean == filepath.Join(s.Root, file) {
			return page, nil
		}
		known = append(known, page.File)
	}
	return nil, fmt.Errorf("%s is not a page of this site that can be read.%s", name, diagnostic.DidYouMean(name, known))
}

// sign signs all of the pages, or none where one has an error that signing does not mend.
func (c *signCommand) sign(t *tool, s *checkedSite, pages []*site.Page, record review.Record) (int, error) {
	mended := append([]diagnostic.Rule{diagnostic.RuleDate, diagnostic.RuleReview, diagnostic.RuleSources}, diagnostic.Raisable...)
	var findings []diagnostic.Diagnostic
	signed := map[*site.Page][]byte{}
	for _, page := range pages {
		for _, f := range s.findings {
			if f.File == page.File && f.Severity == diagnostic.Error && !slices.Contains(mended, f.Rule) {
				findings = append(findings, f)
			}
		}
		src, list, err := review.Sign(s.Site, page, record)
		if err != nil {
			return exitFailed, err
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
			return exitFailed, err
		}
		if old := page.FrontMatter.Get("review", "by"); old != nil {
			t.say("The sign-off by %s on %s is replaced.", diagnostic.OneLine(old.Raw), page.File)
		}
		t.say("Signed %s: %q, %s, by %s (%s), reviewed %s, due %s\n  %s", page.File, page.Title,
			diagnostic.Plural(len(strings.Fields(page.Body)), "word"), record.By, record.Role,
			review.Day(record.Reviewed), review.Day(record.Due), review.Digest(s.Site, page, record))
	}
	return exitClean, nil
}

func (t *tool) removeSignOffs(s *site.Site, pages []*site.Page) error {
	for _, page := range pages {
		if page.FrontMatter.Get("review") == nil {
			t.say("%s carries no sign-off.", page.File)
			continue
		}
		src, err := page.ReplaceTable(s, "review", nil)
		if err == nil {
			err = publish.ReplaceFile(s.Root, page.File, src)
		}
		if err != nil {
			return err
		}
		t.say("Took the sign-off off %s.", page.File)
	}
	return nil
}
