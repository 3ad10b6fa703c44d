package main

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
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
func (c *checkCommand) Run(ctx context.Context, t *tool) (int, error) {
	if c.Watch {
		return t.watchContent(ctx, c.Today, c.Strict)
	}
	s, err := t.checkSite(c.Today, "", c.Strict)
	if err != nil {
		return exitFailed, err
	}
	t.say("%s", review.Summary(s.Site, s.reports, s.today))
	if errs, _ := diagnostic.Count(s.findings); errs == 0 { // else what the list should hold is not known
		findings, err := checklist.Compare(s.Root, s.checklist)
		if err != nil {
			return exitFailed, err
		}
		s.findings = append(s.findings, findings...)
	}
	return t.printFindings(c.Format, c.Strict, s.findings)
}

// checkedSite is a site with what the checks of its content found.
type checkedSite struct {
	*site.Site
	clock     time.Time // the instant that pages are rendered for
	today     time.Time // its civil day in the site's time zone, midnight UTC
	reports   []review.Report
	list      *checklist.Questionnaire
	checklist []byte // list as checklist.json is to be
	findings  []diagnostic.Diagnostic
}

// checkSite reads the site in the current folder and runs every check that needs
// no Hugo. build.go has those of the rendered site. baseURL, where it isn't "",
// overrides that of config.toml.
func (t *tool) checkSite(today, baseURL string, isStrict bool) (*checkedSite, error) {
	root, err := siteRoot()
	if err != nil {
		return nil, err
	}
	if baseURL != "" && !site.IsBaseURL(baseURL) {
		return nil, usageError{fmt.Errorf("--base %q must be a whole address such as https://example.org/", baseURL)}
	}
	s := &checkedSite{}
	// config.toml, file names, front matter, cards, boxes, headings, links as written.
	if s.Site, s.findings, err = site.Load(root); err != nil {
		return nil, err
	}
	if s.clock, err = t.clock(today, s.Location); err != nil {
		return nil, err
	}
	s.today = review.Today(s.clock, s.Location)
	s.findings = append(s.findings, publish.CheckFiles(root)...)
	s.findings = append(s.findings, leftoverMarkup(s.Site)...)
	s.findings = append(s.findings, readability.Check(s.Site)...)
	reports, findings := review.Check(s.Site, s.today, isStrict)
	s.reports, s.findings = reports, append(s.findings, findings...)
	s.list, findings = checklist.Build(s.Site, reports)
	s.findings = append(s.findings, findings...)
	s.checklist, err = s.list.Encode() // with config.toml's address, because this is committed
	s.BaseURL = cmp.Or(baseURL, s.BaseURL)
	return s, err
}

// siteRoot returns the current folder as Hugo names it.
func siteRoot() (string, error) {
	root, err := os.Getwd()
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(root)
}

// leftoverMarkup reports Markdown that readers would see, because it is not what
// its writer meant it to be. The same rule is applied to the rendered pages.
func leftoverMarkup(s *site.Site) (findings []diagnostic.Diagnostic) {
	for _, p := range s.Pages {
		for _, b := range p.Blocks {
			for _, m := range rendered.FindMarkup(b.Text) {
				if !b.IsLiteral(m.Offset) {
					findings = append(findings, p.BlockPlace(b, m.Offset).Errorf(diagnostic.RuleMarkup,
						"%q would show as it is written: %s", diagnostic.Excerpt(b.Text[m.Offset:]), m.Mend))
				}
			}
		}
	}
	return findings
}

var reservedName = regexp.MustCompile(`(^|\.)(example|test|invalid|example\.(com|net|org))$|\.localhost$`)

// reservedAddress warns of a site that nobody can reach: RFC 2606 keeps these
// names for examples. An address on this machine is meant.
func reservedAddress(baseURL string) []diagnostic.Diagnostic {
	u, err := url.Parse(baseURL)
	if err != nil || !reservedName.MatchString(strings.ToLower(u.Hostname())) {
		return nil
	}
	return []diagnostic.Diagnostic{diagnostic.Place{File: site.ConfigFile}.Warningf(diagnostic.RuleBaseURL,
		"%s is no real address, and it stands in links and QR codes: set baseURL to the site's own, or build with --base", baseURL)}
}
