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

type signedItem struct{ name, text string }

// signedItems lists what a sign-off covers: the version of this composition, the record itself, title, description and body,
// each source and emergency number, and each drawing. layouts/_partials/review/digest.html has the same list.
func signedItems(p *site.Page, record Record) []signedItem {
	items := []signedItem{{"", "2"}, {"Reviewed by", record.By}, {"Role", record.Role}, {"Reviewed on", Day(record.Reviewed)},
		{"Next review due on", Day(record.Due)}, {"Title", p.Title}, {"Description", p.Description}, {"Text", p.Body}}
	for _, source := range sourcesOf(p) {
		items = append(items, signedItem{"Source", strings.Join([]string{source.Key, source.Title, source.Publisher, Day(source.Reviewed)}, "|")})
	}
	for _, number := range p.Site.Emergency {
		items = append(items, signedItem{"Emergency number", number.Number + "|" + number.Where})
	}
	for _, name := range FiguresOf(p) {
		drawing, _ := p.Site.Figure(name) // a missing drawing is reported by the layout that shows it
		items = append(items, signedItem{"Drawing " + name, string(drawing)})
	}
	return items
}

// SignedText returns exactly what a sign-off covers, of which the digest is made.
func SignedText(p *site.Page, record Record) string {
	var lines []string
	for _, item := range signedItems(p, record) {
		lines = append(lines, site.NormalizeSpace(item.text))
	}
	return strings.Join(lines, "\n")
}

// ReadableText returns what a sign-off covers for people to read: the text one
// sentence a line, a drawing by its name and digest, and nothing that is empty.
func ReadableText(p *site.Page, record Record) string {
	var out strings.Builder
	for _, item := range signedItems(p, record) {
		text := site.NormalizeSpace(item.text)
		switch {
		case item.name == "Text":
			fmt.Fprintf(&out, "\n%s\n\n", strings.Join(sentencesOf(item.text), "\n"))
		case strings.HasPrefix(item.name, "Drawing "):
			fmt.Fprintf(&out, "%s: %s\n", item.name, digestOf(text))
		case item.name != "" && text != "":
			fmt.Fprintf(&out, "%s: %s\n", item.name, strings.ReplaceAll(text, "|", " | "))
		}
	}
	return out.String()
}

// blockStart matches a line that begins a card, a heading, an item of a list or a row of a table.
var blockStart = regexp.MustCompile(`^(?:[-*+>#|]|\d+[.)] )`)

// sentencesOf returns the sentences of a Markdown text and its empty lines. Where
// else a line ends in the file makes no difference, as it makes none to readers.
func sentencesOf(body string) (sentences []string) {
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

var figureLink = regexp.MustCompile(`figure:([\w.-]+)`)

// FiguresOf returns the names of the drawings in a page's body, in order, however Markdown links to them, as
// layouts/_partials/review/digest.html does.
func FiguresOf(p *site.Page) (names []string) {
	for _, m := range figureLink.FindAllStringSubmatch(p.Body, -1) {
		names = append(names, m[1])
	}
	return names
}

// sourcesOf returns the sources that a page names and config.toml has.
func sourcesOf(p *site.Page) (sources []*site.Source) {
	for _, item := range cmp.Or(p.FrontMatter.Get("sources"), &site.Node{}).Items {
		if source := p.Site.Sources[item.Raw]; source != nil {
			sources = append(sources, source)
		}
	}
	return sources
}

// Digest returns the SHA-256 of SignedText, which binds a sign-off to all that
// it covers. layouts/_partials/review/digest.html computes the same.
func Digest(p *site.Page, record Record) string {
	return digestOf(SignedText(p, record))
}

// TextDigest returns the digest of a page's title, description and body, to which its translations are bound.
// layouts/_partials/translation/newer.html computes the same.
func TextDigest(p *site.Page) string { return digestOf(wordsOf(p)) }

func wordsOf(p *site.Page) string {
	return site.NormalizeSpace(p.Title) + "\n" + site.NormalizeSpace(p.Description) + "\n" + site.NormalizeSpace(p.Body)
}

func digestOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
