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
	By       string   `placeholder:"NAME" help:"Name of the clinician who reviewed the text."`
	Role     string   `help:"The clinician's credential and role."`
	Reviewed string   `placeholder:"DAY" help:"Day of the review, YYYY-MM-DD. Without it, today."`
	Due      string   `placeholder:"DAY" help:"Day of the next review, YYYY-MM-DD. Without it, the site's whole interval from the review."`
	Show     bool     `xor:"action" help:"Print what would be signed, one sentence a line, and sign nothing."`
	Exact    bool     `help:"With --show: print exactly what the digest is made of."`
	Changes  bool     `xor:"action" help:"Show what is no longer as it was signed, from git's history."`
	Remove   bool     `xor:"action" help:"Take the sign-off off the pages."`
	Reason   string   `placeholder:"TEXT" help:"With --remove: why, for git's history."`
	Files    []string `arg:"" name:"FILE" help:"Pages, such as content/causes.md."`
}

// Run signs pages off, shows what would be signed or has changed, or takes sign-offs off.
func (c *signCommand) Run(ctx context.Context, t *tool) (int, error) {
	if err := c.checkFlags(); err != nil {
		return exitUsage, usageError{err}
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
	record, err := c.record(s)
	switch {
	case err != nil:
		return exitUsage, usageError{err}
	case c.Show:
		return c.show(t, s, pages[0], record)
	case c.Changes:
		return t.showChanges(ctx, s, pages)
	case c.Remove:
		return exitClean, t.removeSignOffs(s.Site, pages, c.Reason)
	}
	return c.sign(t, s, pages, record)
}

// checkFlags reports flags that make no sense, alone or together.
func (c *signCommand) checkFlags() error {
	isSigning := !c.Show && !c.Changes && !c.Remove
	switch {
	case c.Show && len(c.Files) > 1:
		return errors.New("--show takes one FILE")
	case c.Exact && !c.Show:
		return errors.New("--exact goes with --show")
	case c.Reason != "" && !c.Remove:
		return errors.New("--reason goes with --remove")
	case !isShortLine(c.Reason):
		return errors.New("--reason must be one short line")
	case isSigning || c.By != "" || c.Role != "":
		return cmp.Or(checkPerson("by", c.By), checkPerson("role", c.Role))
	}
	return nil
}

// record returns the sign-off that the flags ask for, without its digest.
func (c *signCommand) record(s *checkedSite) (review.Record, error) {
	reviewed, err := parseDay("reviewed", c.Reviewed, s.today)
	if err != nil {
		return review.Record{}, err
	}
	if reviewed.After(s.today) {
		return review.Record{}, fmt.Errorf("--reviewed %s is after today, %s", c.Reviewed, review.Day(s.today))
	}
	due, err := parseDay("due", c.Due, review.AddMonths(reviewed, s.IntervalMonths))
	return review.Record{By: c.By, Role: c.Role, Reviewed: reviewed, Due: due}, err
}

// parseDay reads the civil date of a flag that may be left out.
func parseDay(flag, value string, otherwise time.Time) (time.Time, error) {
	if value == "" {
		return otherwise, nil
	}
	day, err := time.Parse(time.DateOnly, value)
	if err != nil {
		return day, fmt.Errorf("--%s %q must be a date, YYYY-MM-DD", flag, value)
	}
	return day, nil
}

// show prints what the flags would sign, or without --by what a page's own sign-off covers.
func (c *signCommand) show(t *tool, s *checkedSite, page *site.Page, record review.Record) (int, error) {
	if c.By == "" {
		record = review.RecordOf(s.Site, page, s.today)
	}
	text := review.ReadableText(s.Site, page, record)
	if c.Exact {
		if record.By == "" {
			return exitUsage, usageError{fmt.Errorf("--exact needs --by and --role, because a sign-off covers them, and %s has none", page.File)}
		}
		text = review.SignedText(s.Site, page, record)
	}
	_, err := fmt.Fprint(t.stdout, text)
	return exitClean, err
}

// placeholders stand in the manual where a name and a role belong.
var placeholders = []string{"", "NAME", "ROLE", "CREDENTIAL AND ROLE", "TODO"}

// checkPerson refuses a name or role that would not stand on one line of print.
func checkPerson(flag, value string) error {
	if slices.Contains(placeholders, strings.ToUpper(site.NormalizeSpace(value))) {
		return fmt.Errorf("--%s is missing: give it as --%s \"…\"", flag, flag)
	}
	if !isShortLine(value) {
		return fmt.Errorf("--%s must be one short line", flag)
	}
	return nil
}

func isShortLine(text string) bool {
	isUnprintable := func(r rune) bool { return r == utf8.RuneError || !unicode.IsGraphic(r) }
	return !strings.ContainsFunc(text, isUnprintable) && len(text) <= 200
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
		src, list, err := review.Sign(s.Site, page, record, s.today)
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
	covered := []string{site.ConfigFile}
	for _, page := range pages {
		covered = append(covered, page.File)
		if len(review.FiguresOf(page)) > 0 {
			covered = append(covered, site.FiguresDir)
		}
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
	t.sayHowToCommit(fmt.Sprintf("Sign off: reviewed by %s (%s) on %s", record.By, record.Role, review.Day(record.Reviewed)), covered)
	return exitClean, nil
}

// sayHowToCommit suggests a commit, as a shell takes it. File names of a site need no quotes.
func (t *tool) sayHowToCommit(message string, files []string) {
	list := strings.Join(slices.Compact(slices.Sorted(slices.Values(files))), " ")
	quoted := "'" + strings.ReplaceAll(message, "'", `'\''`) + "'"
	t.say("To keep this in git's history, run:\n  git add -- %s\n  git commit -m %s -- %s", list, quoted, list)
}

func (t *tool) removeSignOffs(s *site.Site, pages []*site.Page, reason string) error {
	var removed []string
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
		removed = append(removed, page.File)
	}
	if len(removed) > 0 {
		t.sayHowToCommit(strings.TrimSuffix("Withdraw the sign-off: "+reason, ": "), removed)
	}
	return nil
}
