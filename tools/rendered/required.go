package rendered

import (
	"bytes"
	"errors"
	"html"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"microsite/tools/diagnostic"
	"microsite/tools/site"
)

// CheckRequired reports what readers in an emergency would miss in a rendered site: a number to call on any page, the
// emergency page's card with its signs, and these signs on the reader's checklist. checklistItems are those of
// checklist.json. The error says that a page could not be read.
func CheckRequired(dir string, s *site.Site, checklistItems []string) (findings []diagnostic.Diagnostic, err error) {
	signs := emergencySigns(s)
	page := s.EmergencyPage()
	if len(signs) == 0 && page != nil {
		findings = append(findings, diagnostic.Place{File: page.File}.Errorf(diagnostic.RuleEmergency,
			"this page has no emergency signs any more: it needs a card > [!%s] with a list of boxes, - [ ]", strings.ToUpper(s.Cards[0])))
	}
	for _, sign := range signs {
		if !slices.Contains(checklistItems, sign.Text) {
			findings = append(findings, sign.Place.Errorf(diagnostic.RuleEmergency,
				"this emergency sign is not in the checklist: put %q into the levels of [params.checklist] in config.toml", s.Cards[0]))
		}
	}
	for _, p := range s.Pages {
		src, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(p.URL()), "index.html"))
		if errors.Is(err, fs.ErrNotExist) { // Check reports it; drafts aren't published
			continue
		}
		if err != nil {
			return nil, err
		}
		findings = append(findings, missingNumbers(s, p, src)...)
		layout := p.FrontMatter.Get("layout")
		if p == page || layout != nil && layout.Raw == "checklist" {
			findings = append(findings, missingSigns(p, src, signs)...)
		}
	}
	return findings, nil
}

// emergencySigns returns the items of the most urgent cards of the emergency page.
func emergencySigns(s *site.Site) (signs []site.Item) {
	p := s.EmergencyPage()
	if p == nil || len(s.Cards) == 0 {
		return nil
	}
	for _, card := range p.Cards {
		if card.Level == s.Cards[0] {
			signs = append(signs, card.Items...)
		}
	}
	return signs
}

// missingNumbers reports emergency numbers that a page does not show as a link that calls the very number.
func missingNumbers(s *site.Site, p *site.Page, src []byte) (findings []diagnostic.Diagnostic) {
	links := phoneLinks(src)
	for _, number := range s.Emergency {
		want := digits(number.Number)
		words, isLinked := links[want]
		place := diagnostic.Place{File: p.File}
		switch {
		case !isLinked:
			findings = append(findings, place.Errorf(diagnostic.RuleEmergency,
				"the published page has no link that calls the emergency number %s (%s): the layout of this page has to show the emergency box", number.Number, number.Where))
		case words != want:
			findings = append(findings, place.Errorf(diagnostic.RuleEmergency,
				"the published page shows %q where its link calls the emergency number %s: the layout has to show the same number", words, number.Number))
		}
	}
	return findings
}

// missingSigns reports emergency signs that a published page does not show.
func missingSigns(p *site.Page, src []byte, signs []site.Item) (findings []diagnostic.Diagnostic) {
	text := plainText(src)
	for _, sign := range signs {
		if !strings.Contains(text, sign.Text) {
			findings = append(findings, sign.Place.Errorf(diagnostic.RuleEmergency, "the published page %s does not show this emergency sign", p.URL()))
		}
	}
	return findings
}

// phoneLinks returns the numbers that a page's tel: links call, each with the number in its words.
func phoneLinks(src []byte) map[string]string {
	links := map[string]string{}
	for {
		_, rest, isFound := bytes.Cut(src, []byte("tel:"))
		if !isFound {
			return links
		}
		const most = 500 // bytes of a link and its words
		number, after, _ := bytes.Cut(rest[:min(most, len(rest))], []byte(">"))
		words, _, _ := bytes.Cut(after, []byte("</a>"))
		links[digits(strings.TrimRight(string(number), `"' `))] = digits(firstNumber.FindString(plainText(words)))
		src = rest
	}
}

var (
	firstNumber = regexp.MustCompile(`\+?[0-9][0-9 ]*`)
	anyTag      = regexp.MustCompile(`<[^>]*>`)
)

// plainText returns the words of HTML, every run of white space made one space.
func plainText(src []byte) string {
	return site.NormalizeSpace(html.UnescapeString(string(anyTag.ReplaceAll(src, nil))))
}

func digits(number string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r == '+' {
			return r
		}
		return -1
	}, number)
}
