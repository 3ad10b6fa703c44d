package main

import (
	"context"
	"fmt"

	"microsite/tools/publish"
	"microsite/tools/review"
	"microsite/tools/site"
)

type translatedCommand struct {
	dayFlag
	formatFlag
	Changes bool     `help:"Show what changed in the originals since, from git's history, and write nothing."`
	Files   []string `arg:"" name:"FILE" help:"Translations, such as content/es/causes.md."`
}

// Run binds translations to the text of their originals as it stands now, or shows what has changed in that.
func (c *translatedCommand) Run(ctx context.Context, t *tool) error {
	s, err := t.checkSite(c.Today, "", false)
	if err != nil {
		return err
	}
	if len(s.Pages) == 0 { // config.toml can't be made sense of
		return t.printFindings(c.Format, false, s.findings)
	}
	for _, name := range c.Files {
		page, err := findPage(s.Site, name)
		if err == nil && page.Original == nil {
			err = fmt.Errorf("%s is no translation of a page in %s/", page.File, site.ContentDir)
		}
		if err != nil {
			return usageError{err}
		}
		if c.Changes {
			err = t.showOriginalChanges(ctx, page)
		} else {
			err = t.bindTranslation(page)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// bindTranslation writes the digest of the original into a translation's front matter.
func (t *tool) bindTranslation(page *site.Page) error {
	format := "translates: %s"
	if page.IsTOML {
		format = "translates = %q"
	}
	src, err := page.ReplaceTable("translates", []string{fmt.Sprintf(format, review.TextDigest(page.Original))})
	if err == nil {
		err = publish.ReplaceFile(t.root, page.File, src)
	}
	if err == nil {
		t.say("%s translates %s as it stands now.", page.File, page.Original.File)
	}
	return err
}

// showOriginalChanges prints what of the original is not as it was translated.
func (t *tool) showOriginalChanges(ctx context.Context, page *site.Page) error {
	original := page.Original
	if page.Translates == review.TextDigest(original) {
		t.say("%s: nothing has changed since it was translated.", original.File)
		return nil
	}
	return t.showDifference(ctx, original, review.Record{}, "translated", func(old *site.Page) (review.Record, bool) {
		return review.Record{}, page.Translates == review.TextDigest(old)
	})
}
