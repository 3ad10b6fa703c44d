package main

import (
	"context"
	"fmt"

	"microsite/tools/review"
	"microsite/tools/site"
)

type translatedCommand struct {
	dayFlag
	formatFlag
	Changes bool     `help:"Show what changed in the originals since, from git's history, and write nothing."`
	Files   []string `arg:"" name:"FILE" help:"Translations, such as content/es/causes.md."`
}

// Run binds translations to the present text of their originals, or shows what changed in it since it was translated.
func (c *translatedCommand) Run(ctx context.Context, t *tool) error {
	s, pages, err := t.findPages(c.Today, c.Format, c.Files)
	if err != nil {
		return err
	}
	for _, page := range pages {
		if page.Original == nil {
			return usageError{fmt.Errorf("%s is no translation of a page in %s/", page.File, site.ContentDir)}
		}
	}
	for _, page := range pages {
		switch digest := review.TextDigest(page.Original); {
		case !c.Changes:
			format := "translates: %s"
			if page.IsTOML {
				format = "translates = %q"
			}
			message := page.File + " translates " + page.Original.File + " as it stands now."
			err = t.replaceTable(page, "translates", []string{fmt.Sprintf(format, digest)}, message)
		case page.Translates == "":
			err = fmt.Errorf("%s does not say which text it translates, so there is nothing to compare with: run check", page.File)
		case page.Translates == digest:
			t.logf("%s: nothing has changed since it was translated.", page.Original.File)
		default:
			isTranslated := func(old *site.Page, _ review.Record) bool { return review.TextDigest(old) == page.Translates }
			err = t.showDifference(ctx, s, page.Original, review.Record{}, "translated", isTranslated)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
