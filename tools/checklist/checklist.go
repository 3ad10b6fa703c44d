// Package checklist gathers the task lists of a site's pages into checklist.json, the site's public data interface: a
// Questionnaire of HL7 FHIR R4, which health records, portals and apps read (https://hl7.org/fhir/R4/questionnaire.html).
// Equal content gives equal bytes: no day's state and no build time stands in it.
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

// File returns where the checklist of a site in its language is committed, relative to the root folder.
func File(s *site.Site) string { return "static" + s.Prefix + "/checklist.json" }

// supportLink is the standard extension for an address that explains an item:
// https://hl7.org/fhir/R4/extension-questionnaire-supportlink.html
const supportLink = "http://hl7.org/fhir/StructureDefinition/questionnaire-supportLink"

// Questionnaire is the whole file. Dates are civil, YYYY-MM-DD; those that aren't known are absent.
type Questionnaire struct {
	ResourceType    string   `json:"resourceType"`
	Language        string   `json:"language"` // BCP 47
	URL             string   `json:"url"`      // where the file is published
	Version         string   `json:"version"`  // of the lists' words: a page that was made from others is old
	Title           string   `json:"title"`
	Status          string   `json:"status"` // "active" once all pages of the lists are signed off
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

// Item is a list ("group") or one of its lines to tick ("boolean").
type Item struct {
	Extension []Extension `json:"extension,omitempty"` // of a list: its page
	LinkID    string      `json:"linkId"`              // stays while the words stay
	Code      []Coding    `json:"code,omitempty"`      // of a list: its level
	Text      string      `json:"text,omitempty"`
	Type      string      `json:"type"`
	Items     []Item      `json:"item,omitempty"`

	page string // of a list: its path on the site
}

// Extension is an address that explains an item.
type Extension struct {
	URL      string `json:"url"`
	ValueURI string `json:"valueUri"`
}

// Coding is a word of a closed list. The system is the site's address and checklist-level, the code a type of card.
type Coding struct {
	System string `json:"system"`
	Code   string `json:"code"`
}

// Build gathers the lists in the order of the site's levels, then of its pages. Drafts are left out. Two lists or lines
// that readers and portals could not tell apart are findings.
func Build(s *site.Site, reports []review.Report) (*Questionnaire, []diagnostic.Diagnostic) {
	base := strings.TrimSuffix(s.BaseURL, "/")
	q := &Questionnaire{ResourceType: "Questionnaire", Language: s.Language, URL: base + strings.TrimPrefix(File(s), "static"), Title: s.Title,
		Status: "draft", Experimental: true, SubjectType: []string{"Patient"}, Publisher: cmp.Or(s.Clinic.Name, s.Title)}
	b := builder{levels: s.ChecklistLevels, base: base, ids: map[string]*site.Page{}}
	var adapted, reviewed, due []string // days of the pages of the lists
	for _, report := range reports {
		page := report.Page
		if page.Draft {
			continue
		}
		if page.Layout == "checklist" {
			q.Title, q.Description = s.Title+": "+page.Title, page.Description
		}
		if hasLists := b.addLists(page); !hasLists || !page.Medical {
			continue
		}
		adapted = append(adapted, review.Day(report.Adapted))
		if report.IsSigned() {
			reviewed = append(reviewed, review.Day(report.Record.Reviewed))
			due = append(due, review.Day(report.Record.Due))
		}
	}
	if len(adapted) > 0 {
		q.Date = slices.Max(adapted)
	}
	if len(reviewed) > 0 && len(reviewed) == len(adapted) {
		q.Status, q.Experimental = "active", false
		q.ApprovalDate, q.EffectivePeriod.End = slices.Min(reviewed), slices.Min(due)
		q.LastReviewDate = q.ApprovalDate
	}
	slices.SortStableFunc(b.lists, func(x, y Item) int {
		return slices.Index(s.Cards, x.Code[0].Code) - slices.Index(s.Cards, y.Code[0].Code)
	})
	q.Lists, q.Version = b.lists, version(b.lists)
	return q, b.findings
}

// builder gathers lists, and knows which words have an id already.
type builder struct {
	levels   []string
	base     string
	lists    []Item
	ids      map[string]*site.Page
	findings []diagnostic.Diagnostic
}

// addLists adds the lists of a page, and reports whether it has any.
func (b *builder) addLists(page *site.Page) (hasLists bool) {
	for _, card := range page.Cards {
		if len(card.Items) == 0 || !slices.Contains(b.levels, card.Level) {
			continue
		}
		list := Item{
			Extension: []Extension{{supportLink, b.base + page.URL()}},
			LinkID:    b.newID(page, "list\n"+card.Level+"\n"+card.Title, card.Place),
			Code:      []Coding{{b.base + "/checklist-level", card.Level}},
			Text:      site.NormalizeSpace(card.Title),
			Type:      "group",
			page:      page.URL(),
		}
		for _, item := range card.Items {
			list.Items = append(list.Items, Item{LinkID: b.newID(page, "item\n"+item.Text, item.Place), Text: item.Text, Type: "boolean"})
		}
		b.lists, hasLists = append(b.lists, list), true
	}
	return hasLists
}

// invisible matches zero-width signs, by which nobody can tell words apart.
var invisible = regexp.MustCompile(`\p{Cf}`)

// newID returns the id of a list or line. It is made of the words alone, so that it stays when a page's file is renamed.
func (b *builder) newID(page *site.Page, words string, place diagnostic.Place) string {
	words = site.NormalizeSpace(words)
	look := strings.ToLower(invisible.ReplaceAllString(words, ""))
	if other := b.ids[look]; other != nil {
		b.findings = append(b.findings, place.Errorf(diagnostic.RuleChecklist,
			"the checklist has a list or line of the same words, from %s: reword one, because readers and portals know each by its words", other.File))
	}
	b.ids[look] = page
	return shortHash(6, words)
}

// version tells one wording of the lists from another.
func version(lists []Item) string {
	var words []string
	for _, list := range lists {
		words = append(words, list.page, list.Code[0].Code, list.Text)
		for _, item := range list.Items {
			words = append(words, item.Text)
		}
	}
	return shortHash(8, words...)
}

// shortHash returns the first bytes of the SHA-256 of some lines, in hexadecimal.
func shortHash(length int, lines ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(sum[:length])
}

// Texts returns all lines to tick.
func (q *Questionnaire) Texts() (texts []string) {
	for _, list := range q.Lists {
		for _, item := range list.Items {
			texts = append(texts, item.Text)
		}
	}
	return texts
}

// Encode returns the file's bytes, indented, so that a commit shows what changed.
func (q *Questionnaire) Encode() []byte {
	src, _ := json.MarshalIndent(q, "", "  ") // strings and lists of them can always be encoded
	return append(src, '\n')
}

// Compare returns a finding where a committed file is not as wanted. The error says that the file could not be
// read. Line ends may differ: git changes them.
func Compare(root, file string, want []byte) ([]diagnostic.Diagnostic, error) {
	have, err := site.ReadRegular(filepath.Join(root, file), 0)
	state := "is behind the content"
	switch {
	case errors.Is(err, fs.ErrNotExist):
		state = "is missing"
	case err != nil:
		return nil, err
	case bytes.Equal(bytes.ReplaceAll(have, []byte("\r\n"), []byte("\n")), want):
		return nil, nil
	}
	return []diagnostic.Diagnostic{diagnostic.Place{File: file}.Errorf(diagnostic.RuleChecklist,
		"the checklist %s: build the site (go run ./tools build), and commit this file with your change", state)}, nil
}
