package rendered

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"microsite/tools/diagnostic"
	"microsite/tools/site"
)

// checkEmergency reports what readers in an emergency would miss in one language: a number to call on any page, the card with
// the signs on the emergency page, and these signs on the reader's checklist.
func (c *checker) checkEmergency(s *site.Site) {
	page, level := s.EmergencyPage(), cmp.Or(s.Cards...)
	var signs []site.Item
	if page != nil {
		for _, card := range page.Cards {
			if card.Level != level {
				continue
			}
			signs = append(signs, card.Items...)
			if len(card.Items) == 0 {
				c.reportEmergency(card.Place,
					"the signs of this card would not be on the checklist: write a box, - [ ], before each, or give it another type")
			}
		}
		if len(signs) == 0 {
			c.reportEmergency(diagnostic.Place{File: page.File},
				"this page has no emergency signs any more: it needs a card > [!%s] with a list of boxes, - [ ]", strings.ToUpper(level))
		}
	}
	if !slices.Contains(s.ChecklistLevels, level) {
		c.reportEmergency(diagnostic.Place{File: site.ConfigFile},
			"the emergency signs are not in the checklist: put %q into the levels of [params.checklist]", level)
	}
	for _, d := range c.documents {
		if d.page == nil || d.page.Site != s {
			continue
		}
		c.checkNumbers(d)
		if d.page.Layout != "checklist" {
			continue
		}
		text := site.NormalizeSpace(string(d.text))
		for _, sign := range signs {
			if !strings.Contains(text, sign.Text) {
				c.reportEmergency(sign.Place, "the published page %s does not show this emergency sign", d.page.URL())
			}
		}
	}
}

// call is a tel: link.
type call struct {
	called string
	shown  []string // the numbers in its words
}

// checkNumbers reports an emergency number that no link of a page shows and calls, and links that show it but call another.
func (c *checker) checkNumbers(d *document) {
	place := diagnostic.Place{File: d.page.File}
	for _, number := range d.page.Site.Emergency {
		want, isThere := phoneDigits(number.Number), false
		for _, link := range d.calls {
			switch isShown := slices.Contains(link.shown, want); {
			case isShown && link.called == want:
				isThere = true
			case isShown && !slices.Contains(link.shown, link.called):
				c.reportEmergency(place, "a link of the published page shows the emergency number %s but calls %q: make them the same",
					number.Number, link.called)
			}
		}
		if !isThere {
			c.reportEmergency(place, "the published page has no link that shows and calls the emergency number %s (%s): "+
				"the layout of this page has to show the emergency box", number.Number, number.Where)
		}
	}
}

func (c *checker) reportEmergency(place diagnostic.Place, format string, args ...any) {
	c.findings = append(c.findings, place.Errorf(diagnostic.RuleEmergency, format, args...))
}

var (
	phonePattern = regexp.MustCompile(`\+?[0-9][0-9 ().\x{a0}-]*`)
	nonDigits    = regexp.MustCompile(`[^0-9+]+`)
)

func phoneDigits(number string) string { return nonDigits.ReplaceAllString(number, "") }
