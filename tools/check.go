package main

import (
	"context"
	"slices"
	"time"

	"microsite/tools/checklist"
	"microsite/tools/diagnostic"
	"microsite/tools/publish"
	"microsite/tools/readability"
	"microsite/tools/rendered"
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
	t.say("%s", review.Summary(s.Site, s.reports, s.today))
	if fails(false, s.findings) { // then what the checklists should hold is not known
		return t.printFindings(c.Format, c.Strict, s.findings)
	}
	for file, want := range s.committedLists {
		findings, err := checklist.Compare(s.Root, file, want)
		if err != nil {
			return err
		}
		s.findings = append(s.findings, findings...)
	}
	return t.printFindings(c.Format, c.Strict, s.findings)
}

// checkedSite is a site with what the checks of its content found, in all languages.
type checkedSite struct {
	*site.Site
	clock          time.Time // the instant that pages are rendered for
	today          time.Time // its civil day in the site's time zone, midnight UTC
	reports        []review.Report
	committedLists map[string][]byte          // the checklists with config.toml's address, by file
	publishedLists []*checklist.Questionnaire // with the address that the site is built for, in the order of All
	findings       []diagnostic.Diagnostic
}

// checkSite reads the site in the current folder and runs every check that needs no Hugo. build.go has those of the rendered
// site. base, where it isn't "", overrides the address in config.toml.
func (t *tool) checkSite(today day, base baseURL, isStrict bool) (*checkedSite, error) {
	// config.toml, file names, front matter, cards, boxes, headings, links as written.
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
		reports, ofReview := review.Check(language, s.today, isStrict)
		list, ofChecklist := checklist.Build(language, reports)
		s.committedLists[checklist.File(language)] = list.Encode()
		if base != "" {
			language.BaseURL = string(base)
			list, _ = checklist.Build(language, reports)
		}
		s.publishedLists = append(s.publishedLists, list)
		s.reports = append(s.reports, reports...)
		s.findings = slices.Concat(s.findings, leftoverMarkup(language), readability.Check(language), ofReview, ofChecklist)
	}
	s.findings = append(s.findings, publish.CheckFiles(t.root, s.committedLists)...)
	return s, nil
}

// leftoverMarkup reports Markdown that readers would see. The same rule is applied to the rendered pages.
func leftoverMarkup(s *site.Site) (findings []diagnostic.Diagnostic) {
	for _, p := range s.Pages {
		for _, b := range p.Blocks {
			for _, m := range rendered.FindMarkup(b.Text) {
				if place, isLiteral := p.BlockPlace(b, m.Offset); !isLiteral {
					findings = append(findings, place.Errorf(diagnostic.RuleMarkup,
						"%q would show as it is written: %s", diagnostic.Excerpt(b.Text[m.Offset:]), m.Fix))
				}
			}
		}
	}
	return findings
}
