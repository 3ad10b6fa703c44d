// Package checklist gathers the task lists of a site's pages into
// checklist.json, the site's public, versioned data interface. Equal content
// gives equal bytes: no day's state and no build time stands in it.
package checklist

import (
	"bytes"
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

// File is where the checklist is committed, relative to the site.
const File = "static/checklist.json"

// Checklist is the whole file.
type Checklist struct {
	Version  int    `json:"version"` // of this format; see static/checklist.schema.json
	Digest   string `json:"digest"`  // tells one wording of the lists from another: a page that was made from others is old
	Site     string `json:"site"`
	Language string `json:"language"` // BCP 47
	Lists    []List `json:"lists"`
	Pages    []Page `json:"pages"` // those that the lists stand on
}

// List is one card's task items. An id is that of the page and the words.
type List struct {
	ID    string `json:"id"`
	Level string `json:"level"`
	Title string `json:"title"`
	Page  string `json:"page"` // the path of one of Pages
	Items []Item `json:"items"`
}

// Item is one line to tick.
type Item struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

// Page is a page with lists, and what its review rests on. Dates are civil,
// YYYY-MM-DD; those that aren't known are absent.
type Page struct {
	Path     string   `json:"path"` // relative to the site: /causes/
	Title    string   `json:"title"`
	Adapted  string   `json:"adapted,omitempty"`
	Reviewed string   `json:"reviewed,omitempty"`
	Due      string   `json:"due,omitempty"`
	Sources  []Source `json:"sources"`
}

// Source is one source of a page.
type Source struct {
	Title     string `json:"title"`
	Publisher string `json:"publisher"`
	URL       string `json:"url,omitempty"`
	Reviewed  string `json:"reviewed,omitempty"`
}

// Build gathers the lists in the order of the site's levels, then of its pages.
// Drafts are left out. Two lists or items of a page that readers could not tell
// apart are findings.
func Build(s *site.Site, reports []review.Report) (*Checklist, []diagnostic.Diagnostic) {
	c := &Checklist{Version: 1, Site: s.Title, Language: s.Language, Lists: []List{}, Pages: []Page{}}
	var findings []diagnostic.Diagnostic
	for _, report := range reports {
		if report.Page.Draft {
			continue
		}
		lists, repeated := listsOf(report.Page, s.ChecklistLevels)
		if findings = append(findings, repeated...); len(lists) == 0 {
			continue
		}
		page := Page{report.Page.URL(), report.Page.Title, review.Day(report.Adapted),
			review.Day(report.Record.Reviewed), review.Day(report.Record.Due), []Source{}}
		for _, s := range report.Sources {
			page.Sources = append(page.Sources, Source{s.Title, s.Publisher, s.URL, review.Day(s.Reviewed)})
		}
		c.Lists = append(c.Lists, lists...)
		c.Pages = append(c.Pages, page)
	}
	slices.SortStableFunc(c.Lists, func(a, b List) int {
		return slices.Index(s.Cards, a.Level) - slices.Index(s.Cards, b.Level)
	})
	var words []string // layouts/_partials/lists-digest.html computes the same
	for _, list := range c.Lists {
		words = append(words, strings.Trim(list.Page, "/"), list.Level, site.NormalizeSpace(list.Title))
		for _, item := range list.Items {
			words = append(words, item.Text)
		}
	}
	c.Digest = shortHash(8, words...)
	return c, findings
}

func listsOf(page *site.Page, levels []string) (lists []List, findings []diagnostic.Diagnostic) {
	seen := map[string]bool{}
	invisible := regexp.MustCompile(`\p{Cf}`) // by which nobody can tell words apart
	newID := func(words, what string, place diagnostic.Place) string {
		look := site.NormalizeSpace(strings.ToLower(invisible.ReplaceAllString(words, "")))
		if seen[look] {
			findings = append(findings, place.Errorf(diagnostic.RuleChecklist,
				"%s stands twice on this page: reword or remove one, because readers tick each by its words", what))
		}
		seen[look] = true
		return shortHash(6, page.Path, site.NormalizeSpace(words)) // stays while the words stay
	}
	for _, card := range page.Cards {
		if len(card.Items) == 0 || !slices.Contains(levels, card.Level) {
			continue
		}
		id := newID("list\n"+card.Level+"\n"+card.Title, "a list of this level and title", card.Place)
		list := List{ID: id, Level: card.Level, Title: card.Title, Page: page.URL()}
		for _, item := range card.Items {
			list.Items = append(list.Items, Item{newID("item\n"+item.Text, "this item", item.Place), item.Text})
		}
		lists = append(lists, list)
	}
	return lists, findings
}

// shortHash returns the first bytes of the SHA-256 of some lines, in hexadecimal.
func shortHash(length int, lines ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(sum[:length])
}

// Items returns the texts of all lines to tick.
func (c *Checklist) Items() (texts []string) {
	for _, list := range c.Lists {
		for _, item := range list.Items {
			texts = append(texts, item.Text)
		}
	}
	return texts
}

// Encode returns the file's bytes, indented, so that a commit shows what changed.
func (c *Checklist) Encode() ([]byte, error) {
	b, err := json.MarshalIndent(c, "", "  ")
	return append(b, '\n'), err
}

// Compare returns a finding where the site's committed file is not as wanted.
// The error says that the file could not be read. Line ends may differ: git changes them.
func Compare(root string, want []byte) ([]diagnostic.Diagnostic, error) {
	have, err := site.ReadRegular(filepath.Join(root, File), 0)
	state := "is behind the content"
	switch {
	case errors.Is(err, fs.ErrNotExist):
		state = "is missing"
	case err != nil:
		return nil, err
	case bytes.Equal(bytes.ReplaceAll(have, []byte("\r\n"), []byte("\n")), want):
		return nil, nil
	}
	return []diagnostic.Diagnostic{diagnostic.Place{File: File}.Errorf(diagnostic.RuleChecklist,
		"the checklist %s: build the site (go run ./tools build), and commit this file with your change", state)}, nil
}
