package review

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"

	"microsite/tools/readability"
	"microsite/tools/site"
)

// part is one thing that a sign-off covers.
type part struct{ name, text string }

// partsOf lists what a sign-off covers: the version of this composition, the
// record itself, title, description and body, each source and emergency number,
// and each drawing. layouts/_partials/review/digest.html has the same list.
func partsOf(p *site.Page, record Record) []part {
	parts := []part{{"", "2"}, {"Reviewed by", record.By}, {"Role", record.Role}, {"Reviewed on", Day(record.Reviewed)},
		{"Next review due on", Day(record.Due)}, {"Title", p.Title}, {"Description", p.Description}, {"Text", p.Body}}
	for _, source := range sourcesOf(p) {
		parts = append(parts, part{"Source", strings.Join([]string{source.Key, source.Title, source.Publisher, Day(source.Reviewed)}, "|")})
	}
	for _, number := range p.Site.Emergency {
		parts = append(parts, part{"Emergency number", number.Number + "|" + number.Where})
	}
	for _, name := range FiguresOf(p) {
		drawing, _ := p.Site.Figure(name) // a missing drawing is reported by the layout that shows it
		parts = append(parts, part{"Drawing " + name, string(drawing)})
	}
	return parts
}

// SignedText returns exactly what a sign-off covers, of which the digest is made.
func SignedText(p *site.Page, record Record) string {
	var lines []string
	for _, part := range partsOf(p, record) {
		lines = append(lines, site.NormalizeSpace(part.text))
	}
	return strings.Join(lines, "\n")
}

// ReadableText returns what a sign-off covers for people to read: the text one
// sentence a line, a drawing by its name and digest, and nothing that is empty.
func ReadableText(p *site.Page, record Record) string {
	var out strings.Builder
	for _, part := range partsOf(p, record) {
		text := site.NormalizeSpace(part.text)
		switch {
		case part.name == "Text":
			fmt.Fprintf(&out, "\n%s\n\n", strings.Join(sentencesOf(part.text), "\n"))
		case strings.HasPrefix(part.name, "Drawing "):
			fmt.Fprintf(&out, "%s: %s\n", part.name, digestOf(text))
		case part.name != "" && text != "":
			fmt.Fprintf(&out, "%s: %s\n", part.name, strings.ReplaceAll(text, "|", " | "))
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

// FiguresOf returns the names of the drawings in a page's body, in order, however Markdown links to them, as
// layouts/_partials/review/digest.html does.
func FiguresOf(p *site.Page) (names []string) {
	for _, m := range regexp.MustCompile(`figure:([\w.-]+)`).FindAllStringSubmatch(p.Body, -1) {
		names = append(names, m[1])
	}
	return names
}

// sourcesOf returns the sources that a page names and config.toml has.
func sourcesOf(p *site.Page) (sources []*site.Source) {
	if list := p.FrontMatter.Get("sources"); list != nil {
		for _, item := range list.Items {
			if source := p.Site.Sources[item.Raw]; source != nil {
				sources = append(sources, source)
			}
		}
	}
	return sources
}

// Digest returns the SHA-256 of SignedText, which binds a sign-off to all that
// it covers. layouts/_partials/review/digest.html computes the same.
func Digest(p *site.Page, record Record) string {
	return digestOf(SignedText(p, record))
}

// isOldDigest reports whether a digest is of the first composition, which covered words alone.
func isOldDigest(p *site.Page, digest string) bool {
	return digest == digestOf("1\n"+wordsOf(p))
}

func digestOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
