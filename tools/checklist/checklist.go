// Package checklist gathers the task lists of a site's pages into
// checklist.json, the site's public, versioned data interface. Equal content
// gives equal bytes: no day's state and no build time stands in it.
package checklist

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"microsite/tools/content"
	"microsite/tools/problem"
	"microsite/tools/review"
)

// Version is that of the file's format; see static/checklist.schema.json.
const Version = 1

// File is where the checklist is committed, relative to the site.
const File = "static/checklist.json"

// Rule is the rule of this package, as README lists it.
const Rule = "checklist"

// Checklist is the whole file.
type Checklist struct {
	Version  int    `json:"version"`
	Digest   string `json:"digest"` // of the lists' words: a page that was made from others is old
	Site     string `json:"site"`
	Language string `json:"language"` // BCP 47
	Lists    []List `json:"lists"`
	Pages    []Page `json:"pages"` // those that the lists stand on
}

// List is one card's task items.
type List struct {
	ID    string `json:"id"` // of the page and the title's words
	Level string `json:"level"`
	Title string `json:"title"`
	Page  string `json:"page"` // the path of one of Pages
	Items []Item `json:"items"`
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

// Item is one line to tick.
type Item struct {
	ID   string `json:"id"` // of the page and the item's words
	Text string `json:"text"`
}

// Build gathers the lists in the order of the site's levels, then of its
// pages. Drafts are left out. Two lists or items of a page that could not be
// told apart are problems.
func Build(site *content.Site, reports []review.Report) (*Checklist, []problem.Problem) {
	c := &Checklist{Version: Version, Site: site.Title, Language: site.Language, Lists: []List{}, Pages: []Page{}}
	var problems []problem.Problem
	for _, r := range reports {
		if r.Page.Draft {
			continue
		}
		seen := map[string]bool{}
		id := func(words, what string, pos content.Pos) string {
			id := ID(r.Page.Path, words)
			if seen[id] {
				problems = append(problems, pos.Problem(problem.Error, r.Page.File, Rule,
					"%s stands twice on this page: reword or remove one, because readers tick each by its words", what))
			}
			seen[id] = true
			return id
		}
		for _, card := range r.Page.Cards {
			if len(card.Items) == 0 {
				continue
			}
			list := List{Level: card.Level, Title: card.Title, Page: r.Page.URL()}
			list.ID = id("list\n"+card.Level+"\n"+card.Title, "a list of this level and title", card.Pos)
			for _, item := range card.Items {
				list.Items = append(list.Items, Item{ID: id("item\n"+item.Text, "this item", item.Pos), Text: item.Text})
			}
			c.Lists = append(c.Lists, list)
		}
		if n := len(c.Lists); n > 0 && c.Lists[n-1].Page == r.Page.URL() {
			c.Pages = append(c.Pages, page(r))
		}
	}
	slices.SortStableFunc(c.Lists, func(a, b List) int {
		return cmp.Compare(slices.Index(site.Cards, a.Level), slices.Index(site.Cards, b.Level))
	})
	c.Digest = digest(c.Lists)
	return c, problems
}

// digest tells one wording of the lists from another: SHA-256 of every list's
// page, level, title and items, each on a line, cut to 16 digits.
// layouts/_partials/lists-digest.html computes the same.
func digest(lists []List) string {
	var lines []string
	for _, l := range lists {
		lines = append(lines, strings.Trim(l.Page, "/"), l.Level, content.Squeeze(l.Title))
		for _, item := range l.Items {
			lines = append(lines, item.Text)
		}
	}
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(sum[:8])
}

// ID names words of a page: stable while they stay as they are, whatever
// happens around them.
func ID(pagePath, words string) string {
	sum := sha256.Sum256([]byte(pagePath + "\n" + content.Squeeze(words)))
	return hex.EncodeToString(sum[:6])
}

func page(r review.Report) Page {
	p := Page{Path: r.Page.URL(), Title: r.Page.Title, Adapted: review.Day(r.Adapted), Sources: []Source{}}
	if r.Review != nil {
		p.Reviewed, p.Due = review.Day(r.Review.Reviewed), review.Day(r.Review.Due)
	}
	for _, s := range r.Sources {
		p.Sources = append(p.Sources, Source{Title: s.Title, Publisher: s.Publisher, URL: s.URL, Reviewed: review.Day(s.Reviewed)})
	}
	return p
}

// Encode returns the file's bytes: indented, so that a commit shows what
// changed, and newline-ended.
func (c *Checklist) Encode() ([]byte, error) {
	b, err := json.MarshalIndent(c, "", "  ")
	return append(b, '\n'), err
}

// Behind says how the committed file of the site differs from want: a problem,
// or none. The error says that the file could not be read.
func Behind(root string, want []byte) ([]problem.Problem, error) {
	have, err := os.ReadFile(filepath.Join(root, File))
	state := "is behind the content"
	switch {
	case errors.Is(err, fs.ErrNotExist):
		state = "is missing"
	case err != nil:
		return nil, err
	case bytes.Equal(bytes.ReplaceAll(have, []byte("\r\n"), []byte("\n")), want): // git may have changed line ends
		return nil, nil
	}
	return []problem.Problem{{File: File, Rule: Rule, Severity: problem.Error,
		Message: "the checklist " + state + ": build the site (go run ./tools build), and commit this file with your change"}}, nil
}
