// Package checklist writes the task lists of a site's pages as checklist.json, the site's public data interface: a
// Questionnaire of HL7 FHIR R4 (https://hl7.org/fhir/R4/questionnaire.html), which health records, portals and apps read.
// The same content always gives the same bytes: the file does not depend on the day or time of the build.
package checklist

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"microsite/tools/diagnostic"
	"microsite/tools/review"
	"microsite/tools/site"
)

// File returns the path of the site's committed checklist, relative to the root folder.
func File(s *site.Site) string { return "static" + s.Prefix + "/checklist.json" }

// supportLink is the standard extension for the address of a page that explains an item:
// https://hl7.org/fhir/R4/extension-questionnaire-supportlink.html
const supportLink = "http://hl7.org/fhir/StructureDefinition/questionnaire-supportLink"

// Questionnaire is the whole file. Dates are YYYY-MM-DD, and absent where they are unknown.
type Questionnaire struct {
	ResourceType    string   `json:"resourceType"`
	Language        string   `json:"language"` // BCP 47
	URL             string   `json:"url"`      // where the file is published
	Version         string   `json:"version"`  // digest of the lists, by which a page shows that it was made from others
	Title           string   `json:"title"`
	Status          string   `json:"status"` // "active" once all pages with lists are signed off, else "draft"
	Experimental    bool     `json:"experimental,omitempty"`
	SubjectType     []string `json:"subjectType"`
	Date            string   `json:"date,omitempty"` // when the words last changed in meaning
	Publisher       string   `json:"publisher"`
	Description     string   `json:"description,omitempty"`
	ApprovalDate    string   `json:"approvalDate,omitempty"`   // the oldest review of the pages
	LastReviewDate  string   `json:"lastReviewDate,omitempty"` // the same
	EffectivePeriod struct {
		End string `json:"end"` // the earliest day on which a review is due
	} `json:"effectivePeriod,omitzero"`
	Lists []Item `json:"item,omitempty"`
}

// Item is a list ("group") or one of its task items ("boolean"). Only lists have an Extension, Code and Items.
type Item struct {
	Extension []Extension `json:"extension,omitempty"` // the list's page
	LinkID    string      `json:"linkId"`              // the same as long as the words are
	Code      []Coding    `json:"code,omitempty"`      // the list's card type
	Text      string      `json:"text,omitempty"`
	Type      string      `json:"type"`
	Items     []Item      `json:"item,omitempty"`
}

// Extension is the address of a page that explains an item.
type Extension struct {
	URL      string `json:"url"`
	ValueURI string `json:"valueUri"`
}

// Coding is a card type, in a code system named after the site's address.
type Coding struct {
	System string `json:"system"`
	Code   string `json:"code"`
}

// Build collects the lists of all published pages, sorted by card type and then as the pages are. It reports lists and
// items that readers and portals could not tell apart.
func Build(s *site.Site, reports []review.Report) (*Questionnaire, []diagnostic.Diagnostic) {
	b := builder{site: s, base: strings.TrimSuffix(s.BaseURL, "/"), pages: map[string]*site.Page{}}
	q := &Questionnaire{
		ResourceType: "Questionnaire", Language: s.Language, URL: b.base + strings.TrimPrefix(File(s), "static"), Title: s.Title,
		Status: "draft", Experimental: true, SubjectType: []string{"Patient"}, Publisher: cmp.Or(s.Clinic.Name, s.Title),
	}
	isSigned := true
	var reviewed, due []string // days of the medical pages with lists
	for _, report := range reports {
		page := report.Page
		if page.Draft {
			continue
		}
		if page.Layout == "checklist" {
			q.Title, q.Description = s.Title+": "+page.Title, page.Description
		}
		lists := b.listsOf(page)
		q.Lists = append(q.Lists, lists...)
		isSigned = isSigned && (len(lists) == 0 || report.IsSigned()) // nobody signs a page without medical text
		if len(lists) > 0 && page.Medical {
			q.Date = max(q.Date, review.Day(report.Adapted))
			reviewed = append(reviewed, review.Day(report.Record.Reviewed))
			due = append(due, review.Day(report.Record.Due))
		}
	}
	if isSigned && len(reviewed) > 0 {
		q.Status, q.Experimental = "active", false
		q.ApprovalDate, q.EffectivePeriod.End = slices.Min(reviewed), slices.Min(due)
		q.LastReviewDate = q.ApprovalDate
	}
	slices.SortStableFunc(q.Lists, func(x, y Item) int {
		return slices.Index(s.Cards, x.Code[0].Code) - slices.Index(s.Cards, y.Code[0].Code)
	})
	var words []string
	for _, list := range q.Lists {
		words = append(words, strings.TrimPrefix(list.Extension[0].ValueURI, b.base), list.Code[0].Code, list.Text)
		for _, item := range list.Items {
			words = append(words, item.Text)
		}
	}
	q.Version = shortHash(8, words...)
	return q, b.findings
}

// builder makes the lists of one site.
type builder struct {
	site     *site.Site
	base     string                // the site's address without its last slash
	pages    map[string]*site.Page // by the words of their lists and items, as readers see them
	findings []diagnostic.Diagnostic
}

// listsOf returns the lists of a page's cards.
func (b *builder) listsOf(page *site.Page) (lists []Item) {
	for _, card := range page.Cards {
		if len(card.Items) == 0 || !slices.Contains(b.site.ChecklistLevels, card.Level) {
			continue
		}
		list := Item{
			Extension: []Extension{{supportLink, b.base + page.URL()}},
			LinkID:    b.linkID(page, "list\n"+card.Level+"\n"+card.Title, card.Place),
			Code:      []Coding{{b.base + "/checklist-level", card.Level}},
			Text:      site.NormalizeSpace(card.Title),
			Type:      "group",
		}
		for _, item := range card.Items {
			list.Items = append(list.Items, Item{LinkID: b.linkID(page, "item\n"+item.Text, item.Place), Text: item.Text, Type: "boolean"})
		}
		lists = append(lists, list)
	}
	return lists
}

// invisible matches zero-width characters, which nobody can tell words apart by.
var invisible = regexp.MustCompile(`\p{Cf}`)

// linkID returns the id of a list or item. It is a hash of the words alone, so that it stays when a page's file is renamed.
func (b *builder) linkID(page *site.Page, words string, place diagnostic.Place) string {
	words = site.NormalizeSpace(words)
	visible := strings.ToLower(invisible.ReplaceAllString(words, ""))
	if other := b.pages[visible]; other != nil {
		b.findings = append(b.findings, place.Errorf(diagnostic.RuleChecklist, "the checklist has a list or box with the same words, "+
			"from %s: reword one, because readers and portals tell them apart by their words", other.File))
	}
	b.pages[visible] = page
	return shortHash(6, words)
}

// shortHash returns the first bytes of the SHA-256 of some lines, in hexadecimal.
func shortHash(length int, lines ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(sum[:length])
}

// Encode returns the bytes of the file, indented so that a commit shows what changed.
func (q *Questionnaire) Encode() []byte {
	src, _ := json.MarshalIndent(q, "", "  ") // never fails on strings, booleans and lists
	return append(src, '\n')
}

// Compare reports a committed file that does not hold the bytes it should. Line ends may differ, because git changes
// them. The error means that the file could not be read.
func Compare(root, file string, want []byte) ([]diagnostic.Diagnostic, error) {
	have, err := site.ReadRegular(filepath.Join(root, file), 0)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if bytes.Equal(bytes.ReplaceAll(have, []byte("\r\n"), []byte("\n")), want) {
		return nil, nil
	}
	return []diagnostic.Diagnostic{diagnostic.Place{File: file}.Errorf(diagnostic.RuleChecklist,
		"the checklist is missing, or behind the content: build the site (go run ./tools build), and commit this file with your change")}, nil
}
