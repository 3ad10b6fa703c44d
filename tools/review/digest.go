package review

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"

	"microsite/tools/readability"
	"microsite/tools/site"
)

// signedItem is one part of what a sign-off covers. A part without a name is not shown to people.
type signedItem struct{ name, text string }

var figureLink = regexp.MustCompile(`figure:([\w.-]+)`)

// signedItems returns all that a sign-off covers, in the order of layouts/_partials/review/digest.html. Like that template,
// it leaves out sources that config.toml does not have, and finds figures however Markdown links to them.
func signedItems(p *site.Page, record Record) []signedItem {
	items := []signedItem{
		{"", "2"}, // the version of this list
		{"Reviewed by", record.By},
		{"Role", record.Role},
		{"Reviewed on", Day(record.Reviewed)},
		{"Next review due on", Day(record.Due)},
		{"Title", p.Title},
		{"Description", p.Description},
		{"Text", p.Body},
	}
	for _, item := range cmp.Or(p.FrontMatter.Get("sources"), &site.Node{}).Items {
		if s := p.Site.Sources[item.Raw]; s != nil {
			items = append(items, signedItem{"Source", strings.Join([]string{s.Key, s.Title, s.Publisher, Day(s.Reviewed)}, "|")})
		}
	}
	for _, number := range p.Site.Emergency {
		items = append(items, signedItem{"Emergency number", number.Number + "|" + number.Where})
	}
	for _, m := range figureLink.FindAllStringSubmatch(p.Body, -1) {
		drawing, _ := p.Site.Figure(m[1]) // the layout that shows a figure reports a missing drawing
		items = append(items, signedItem{"Drawing " + m[1], string(drawing)})
	}
	return items
}

// SignedText returns the exact text whose digest a sign-off holds.
func SignedText(p *site.Page, record Record) string {
	var lines []string
	for _, item := range signedItems(p, record) {
		lines = append(lines, site.NormalizeSpace(item.text))
	}
	return strings.Join(lines, "\n")
}

// ReadableText returns what a sign-off covers for people to read: the page's text with one sentence a line, each drawing
// as its name and digest, and no empty items.
func ReadableText(p *site.Page, record Record) string {
	var out strings.Builder
	for _, item := range signedItems(p, record) {
		text := site.NormalizeSpace(item.text)
		switch {
		case item.name == "Text":
			fmt.Fprintf(&out, "\n%s\n\n", strings.Join(splitSentences(item.text), "\n"))
		case strings.HasPrefix(item.name, "Drawing "):
			fmt.Fprintf(&out, "%s: %s\n", item.name, computeDigest(text))
		case item.name != "" && text != "":
			fmt.Fprintf(&out, "%s: %s\n", item.name, strings.ReplaceAll(text, "|", " | "))
		}
	}
	return out.String()
}

// blockStart matches the start of a line that opens a card, a heading, a list item or a table row.
var blockStart = regexp.MustCompile(`^(?:[-*+>#|]|\d+[.)] )`)

// splitSentences returns the sentences and empty lines of a Markdown text. It joins the lines of a paragraph, because
// readers do not see where they end in the file.
func splitSentences(body string) (sentences []string) {
	var lines []string
	for line := range strings.Lines(strings.TrimSpace(body)) {
		line = site.NormalizeSpace(line)
		last := len(lines) - 1
		if last < 0 || line == "" || lines[last] == "" || lines[last][0] == '#' || blockStart.MatchString(line) {
			lines = append(lines, line)
		} else {
			lines[last] += " " + line
		}
	}
	for _, line := range lines {
		sentences = append(sentences, readability.Sentences(line)...)
	}
	return sentences
}

// Digest returns the digest of SignedText. layouts/_partials/review/digest.html computes the same.
func Digest(p *site.Page, record Record) string { return computeDigest(SignedText(p, record)) }

// TextDigest returns the digest of a page's title, description and body, by which a translation names its original.
// layouts/_partials/translation/outdated.html computes the same.
func TextDigest(p *site.Page) string { return computeDigest(pageText(p)) }

// pageText returns a page's title, description and body, each on one line.
func pageText(p *site.Page) string {
	return site.NormalizeSpace(p.Title) + "\n" + site.NormalizeSpace(p.Description) + "\n" + site.NormalizeSpace(p.Body)
}

// computeDigest returns the SHA-256 of a text in the form of a subresource integrity value.
func computeDigest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
