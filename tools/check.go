package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"microsite/tools/checklist"
	"microsite/tools/diagnostic"
	"microsite/tools/publish"
	"microsite/tools/readability"
	"microsite/tools/review"
	"microsite/tools/site"
)

type checkCommand struct {
	dayFlag
	formatFlag
	strictFlag
	Watch bool `help:"Check again after each save, until Ctrl-C."`
}

// Run checks the site in the current folder without Hugo, and writes nothing.
func (c *checkCommand) Run(ctx context.Context, t *tool) error {
	if c.Watch {
		return (&session{tool: t, today: c.Today, isStrict: c.Strict}).run(ctx)
	}
	s, err := t.checkSite(c.Today, "", c.Strict)
	if err != nil {
		return err
	}
	t.logf("%s", review.Summary(s.Site, s.reports, s.today))
	if !hasFailures(false, s.findings) {
		findings, err := s.compareLists()
		if err != nil {
			return err
		}
		s.findings = append(s.findings, findings...)
	}
	return t.printFindings(c.Format, c.Strict, s.findings)
}

// checkedSite is a site with the results of checking its content in all languages.
type checkedSite struct {
	*site.Site
	clock          time.Time // the instant that pages are rendered for
	today          time.Time // the civil date of clock in the site's time zone, as midnight UTC
	reports        []review.Report
	committedLists map[string][]byte          // the checklists to commit, by file, with the address in config.toml
	publishedLists []*checklist.Questionnaire // the checklists to publish, in the order of All, with the address of the build
	findings       []diagnostic.Diagnostic
}

// checkSite loads the site in the current folder and runs every check that does not need Hugo; checkRendered runs the
// others. base, if not "", overrides the address in config.toml.
func (t *tool) checkSite(today day, base baseURL, isStrict bool) (*checkedSite, error) {
	// Load checks config.toml, file names, front matter, cards, task items, headings and links in Markdown.
	loaded, findings, err := site.Load(t.root)
	if err != nil {
		return nil, err
	}
	s := &checkedSite{Site: loaded, clock: t.now(), committedLists: map[string][]byte{}, findings: findings}
	if !today.IsZero() {
		s.clock = time.Date(today.Year(), today.Month(), today.Day(), 12, 0, 0, 0, s.Location)
	}
	s.today = review.Today(s.clock, s.Location)
	for _, language := range s.All() {
		reports, reviewFindings := review.Check(language, s.today, isStrict)
		list, listFindings := checklist.Build(language, reports)
		s.committedLists[checklist.File(language)] = list.Encode()
		if base != "" {
			language.BaseURL = string(base)
			list, _ = checklist.Build(language, reports)
		}
		s.publishedLists = append(s.publishedLists, list)
		s.reports = append(s.reports, reports...)
		s.findings = slices.Concat(s.findings, readability.Check(language), reviewFindings, listFindings)
	}
	if len(s.Pages) > 0 { // else it is not known which languages there are
		s.findings = append(s.findings, publish.CheckFiles(t.root, s.committedLists)...)
	}
	return s, nil
}

// compareLists reports committed checklists that are behind the content. Those made from content with errors may be wrong.
func (s *checkedSite) compareLists() (behind []diagnostic.Diagnostic, err error) {
	for file, list := range s.committedLists {
		findings, errCompare := checklist.Compare(s.Root, file, list)
		behind, err = append(behind, findings...), errors.Join(err, errCompare)
	}
	return diagnostic.Sort(behind), err
}

// updateLists writes the committed checklists that are behind the content, unless that has errors, and returns their names.
func (s *checkedSite) updateLists() (updated []string, err error) {
	if hasFailures(false, s.findings) {
		return nil, nil
	}
	behind, err := s.compareLists()
	for _, f := range behind {
		updated = append(updated, f.File)
		err = errors.Join(err, publish.ReplaceFile(s.Root, f.File, s.committedLists[f.File]))
	}
	return updated, err
}
