package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"microsite/tools/content"
	"microsite/tools/problem"
	"microsite/tools/publish"
	"microsite/tools/review"
)

// named loads the site and finds the pages of the files named on the command
// line. There are none where config.toml can't be read.
func (t *tool) named(files []string) (s *site, pages []*content.Page, err error) {
	if s, err = t.load(); err != nil || len(s.Pages) == 0 {
		return s, nil, err
	}
	for _, name := range files {
		page := s.written(name)
		if page == nil {
			var known []string
			for _, p := range s.Pages {
				known = append(known, p.File)
			}
			return nil, nil, usageError{fmt.Errorf("%s is not a page of this site that can be read.%s", name, problem.DidYouMean(name, known))}
		}
		if !slices.Contains(pages, page) {
			pages = append(pages, page)
		}
	}
	return s, pages, nil
}

// written returns the page that is written in a file, however the file is named.
func (s *site) written(name string) *content.Page {
	info, err := os.Stat(name)
	if err != nil {
		return nil
	}
	for _, p := range s.Pages {
		if own, err := os.Stat(filepath.Join(s.Root, p.File)); err == nil && os.SameFile(info, own) {
			return p
		}
	}
	return nil
}

// placeholders are README's, and what stands for "later".
var placeholders = []string{"", "NAME", "CREDENTIAL AND ROLE", "TODO"}

// person refuses what would not stand on one line of print.
func person(flag, value string) error {
	if slices.Contains(placeholders, strings.ToUpper(strings.TrimSpace(value))) {
		return fmt.Errorf("-%s is missing: give it as -%s \"…\"", flag, flag)
	}
	unprinted := func(r rune) bool { return r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }
	if strings.ContainsFunc(value, unprinted) || len(value) > 200 {
		return fmt.Errorf("-%s must be one short line", flag)
	}
	return nil
}

func (t *tool) sign(_ context.Context, files []string) (int, error) {
	s, pages, err := t.named(files)
	if err != nil {
		return exitFailed, err
	}
	if len(pages) == 0 {
		return t.verdict(s.problems)
	}
	if t.show && len(pages) > 1 {
		return exitFailed, usageError{errors.New("-show takes one file")}
	}
	if t.show {
		_, err := fmt.Fprint(t.stdout, pages[0].SignedText())
		return exitClean, err
	}
	if err := cmp.Or(person("by", t.by), person("role", t.role)); err != nil {
		return exitFailed, usageError{err}
	}
	due := review.AddMonths(s.today, s.Interval)
	if t.due != "" {
		if due, err = time.Parse(time.DateOnly, t.due); err != nil {
			return exitFailed, usageError{fmt.Errorf("-due %q must be a date, YYYY-MM-DD", t.due)}
		}
	}
	var problems []problem.Problem
	for _, found := range s.problems { // what signing would not mend
		named := slices.ContainsFunc(pages, func(p *content.Page) bool { return p.File == found.File })
		if named && found.Severity == problem.Error && !slices.Contains(review.Rules, found.Rule) {
			problems = append(problems, found)
		}
	}
	signed := map[*content.Page][]byte{}
	for _, p := range pages {
		src, found, err := review.Sign(s.Site, p, t.by, t.role, s.today, due)
		if err != nil {
			return exitFailed, err
		}
		problems, signed[p] = append(problems, found...), src
	}
	if len(problems) > 0 {
		t.say("Nothing was signed: mend this first.")
		return t.verdict(problems)
	}
	for _, p := range pages {
		if err := publish.Replace(s.Root, p.File, signed[p]); err != nil {
			return exitFailed, err
		}
		if old := p.Front.Get("review", "by"); old != nil {
			t.say("The sign-off by %s on %s is replaced.", old.Raw, p.File)
		}
		t.say("Signed %s: %q, %s, by %s (%s), reviewed %s, due %s\n  %s", p.File, p.Title,
			problem.Plural(len(strings.Fields(p.Body)), "word"), t.by, t.role, review.Day(s.today), review.Day(due), p.Digest())
	}
	return exitClean, nil
}

func (t *tool) unsign(_ context.Context, files []string) (int, error) {
	s, pages, err := t.named(files)
	if err != nil {
		return exitFailed, err
	}
	if len(pages) == 0 {
		return t.verdict(s.problems)
	}
	for _, p := range pages {
		if p.Front.Get("review") == nil {
			t.say("%s carries no sign-off.", p.File)
			continue
		}
		src, err := review.Unsign(s.Site, p)
		if err != nil {
			return exitFailed, err
		}
		if err := publish.Replace(s.Root, p.File, src); err != nil {
			return exitFailed, err
		}
		t.say("Took the sign-off off %s.", p.File)
	}
	return exitClean, nil
}
