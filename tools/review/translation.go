package review

import (
	"microsite/tools/diagnostic"
	"microsite/tools/site"
)

// checkTranslations reports translations that name no original, or whose original has changed since. Pages in the site's
// default language must not name one.
func checkTranslations(s *site.Site) (findings []diagnostic.Diagnostic) {
	for _, p := range s.Pages {
		place := keyPlace(p, "translates")
		fail := func(format string, args ...any) {
			findings = append(findings, place.Errorf(diagnostic.RuleTranslation, format, args...))
		}
		isDefault := s.Prefix == ""
		switch {
		case isDefault && p.FrontMatter.Get("translates") != nil:
			fail(`this page is in the site's default language and translates none: remove "translates"`)
		case isDefault:
		case p.Original == nil && s.HasFile(site.ContentDir+"/"+p.Path): // and can't be read, which is reported there
		case p.Original == nil:
			fail("there is no %s/%s of which this would be a translation: write it first, or give this file the name of its original",
				site.ContentDir, p.Path)
		case p.Original.Draft && !p.Draft:
			fail("%s is a draft, and without it readers are not told that this is its translation: publish it, or make this a draft, too",
				p.Original.File)
		case p.Translates == "":
			fail(`"translates" is missing: once a translator has compared this page with %s, run: go run ./tools translated %s`,
				p.Original.File, p.File)
		case p.Translates != TextDigest(p.Original):
			findings = append(findings, place.Warningf(diagnostic.RuleOutdatedTranslation,
				"%s has changed since this was translated from it, and readers are told. To see the change, run: "+
					"go run ./tools translated --changes %[2]s. Follow it here, then run: go run ./tools translated %[2]s", p.Original.File, p.File))
		}
	}
	return findings
}
