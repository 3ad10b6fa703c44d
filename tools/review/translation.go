package review

import (
	"microsite/tools/diagnostic"
	"microsite/tools/site"
)

// TextDigest returns the digest of a page's title, description and body, to which its translations are bound.
// layouts/_partials/translation/original.html computes the same.
func TextDigest(p *site.Page) string {
	return digestOf(wordsOf(p))
}

func wordsOf(p *site.Page) string {
	return site.NormalizeSpace(p.Title) + "\n" + site.NormalizeSpace(p.Description) + "\n" + site.NormalizeSpace(p.Body)
}

// checkTranslation reports a page of another language than the default one that is not bound to an original, and one
// whose original has changed since.
func checkTranslation(p *site.Page) []diagnostic.Diagnostic {
	place := keyPlace(p, "translates")
	fail := func(format string, args ...any) []diagnostic.Diagnostic {
		return []diagnostic.Diagnostic{place.Errorf(diagnostic.RuleTranslation, format, args...)}
	}
	switch isTranslation := p.Site.Prefix != ""; {
	case !isTranslation && p.FrontMatter.Get("translates") != nil:
		return fail(`this page is in the site's default language and translates none: remove "translates"`)
	case !isTranslation:
		return nil
	case p.Original == nil:
		return fail("there is no %s/%s of which this would be a translation: write it first, or give this file the name of its original", site.ContentDir, p.Path)
	case p.Translates == "":
		return fail(`"translates" is missing: once a translator has compared this page with %s, run: go run ./tools translated %s`, p.Original.File, p.File)
	case p.Translates == TextDigest(p.Original):
		return nil
	}
	for _, other := range p.Original.Site.Pages {
		if p.Translates == TextDigest(other) {
			return fail(`"translates" is the digest of %s, and not of %s: run: go run ./tools translated %s`, other.File, p.Original.File, p.File)
		}
	}
	return []diagnostic.Diagnostic{place.Warningf(diagnostic.RuleOutdatedTranslation, "%s has changed since this was translated from it, and readers are told. "+
		"To see the change, run: go run ./tools translated --changes %[2]s. Follow it here, then run: go run ./tools translated %[2]s", p.Original.File, p.File)}
}
