package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"microsite/tools/diagnostic"
	"microsite/tools/rendered"
	"microsite/tools/site"
)

type linksCommand struct {
	formatFlag
	strictFlag
	Base     baseURL `placeholder:"URL" help:"The address that the folder is published at."`
	External bool    `help:"Ask other sites, too, whether what is linked there exists."`
	Dir      string  `arg:"" help:"A rendered folder."`
}

// Run checks the links of a rendered folder. If the current folder is a site, it reports findings at the place of the
// Markdown that they come from.
func (c *linksCommand) Run(ctx context.Context, t *tool) error {
	if info, err := os.Stat(c.Dir); err != nil || !info.IsDir() {
		return fmt.Errorf("%s is not a folder that can be read", c.Dir)
	}
	options := rendered.Options{BaseURL: string(c.Base)}
	if _, err := os.Stat(site.ConfigFile); err == nil {
		if options.Site, _, err = site.Load(t.root); err != nil {
			return err
		}
	}
	if c.External {
		options.External = &rendered.External{Progress: func(done, all int) {
			if done%20 == 0 || done == all {
				t.logf("Asked for %d of %d addresses of other sites …", done, all)
			}
		}}
	}
	pages, findings, err := rendered.Check(ctx, c.Dir, options)
	if err != nil {
		return err
	}
	isStopped := ctx.Err() != nil // while it asked other sites
	err = t.printFindings(c.Format, c.Strict, findings)
	if isStopped {
		return errors.New("stopped early: the findings are incomplete")
	}
	t.logf("Checked the links of %s: %s.", diagnostic.Plural(pages, "page"), diagnostic.Plural(len(findings), "finding"))
	return err
}
