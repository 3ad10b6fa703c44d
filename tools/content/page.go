// Package content reads a site's configuration and Markdown files, strictly
// and with the place of everything in them, so that each problem can be
// reported where it is written.
package content

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gohugoio/hugo/parser/pageparser"

	"microsite/tools/problem"
)

// Page is one content file.
type Page struct {
	File        string // relative to the site: content/causes.md
	Path        string // relative to content/: causes.md
	Title       string
	Description string
	Weight      int
	Draft       bool
	Medical     bool  // holds medical text of its own
	Front       *Node // the front matter as written, with its places in the file
	FrontTOML   bool  // between +++ lines, not --- lines
	Body        string
	Cards       []Card
	Links       []Link
	Blocks      []Block // the words of the body, in order
	IDs         []ID

	layout     string
	source     *source
	bodyOffset int
}

// Card is a Hugo blockquote alert: > [!LEVEL] Title
type Card struct {
	Level string // one of Site.Cards
	Title string // plain text, "" where none is written
	Pos   Pos
	Items []Item // its task items
}

// Item is one task item of a card.
type Item struct {
	Text string // plain text
	Pos  Pos
}

// Link is a link or an image in the body.
type Link struct {
	Destination string // as written
	Image       bool
	Pos         Pos
}

// Block is text that stands on its own: a paragraph, a heading, a card's title,
// an item of a list, a cell of a table or the words of a picture.
type Block struct {
	Text      string // plain text, line ends as spaces
	Paragraph bool   // running text, and not the words of an item

	runs []run
}

// run is where a stretch of a block's text starts, and where it is written.
type run struct{ text, body int }

// Pos is the place in the file of an offset into a block's text.
func (p *Page) Pos(b Block, offset int) Pos {
	at := 0
	for _, r := range b.runs {
		if r.text <= offset {
			at = r.body + offset - r.text
		}
	}
	return p.source.at(p.bodyOffset + at)
}

// ID is one that a heading is given, as in {#heat}.
type ID struct {
	Name string
	Pos  Pos // of the heading
}

// URL is where Hugo publishes the page, relative to the site. File names and
// front matter that would make Hugo choose another are refused, and the link
// check proves on the rendered site that the page is there.
func (p *Page) URL() string {
	dir, name := path.Split(p.Path)
	name = strings.TrimSuffix(name, ".md")
	if name == "_index" || name == "index" {
		return "/" + dir
	}
	return "/" + dir + name + "/"
}

// Digest binds a sign-off to the words: the SHA-256 of this scheme's version,
// the title, the description and the raw body, squeezed, joined by newlines.
// layouts/_partials/review/digest.html computes the same.
func (p *Page) Digest() string {
	sum := sha256.Sum256([]byte(p.SignedText()))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// SignedText is exactly what Digest digests.
func (p *Page) SignedText() string {
	return strings.Join([]string{"1", Squeeze(p.Title), Squeeze(p.Description), Squeeze(p.Body)}, "\n")
}

// keys is the closed list of front matter.
var keys = []string{"title", "linkTitle", "description", "weight", "layout", "draft", "aliases", "adapted", "sources", "medical", "review"}

// refused explains keys that Hugo knows, in any case of letters, and this site
// does not allow.
var refused = map[string]string{
	"url": "it would move the page", "slug": "it would move the page", "type": "it would change the page's layout",
	"outputs": "it would change what is published", "cascade": "it would change other pages", "build": "it would hide the page",
	"expirydate": "a safety page must not vanish by itself", "publishdate": "a safety page must not vanish by itself",
	"date": "the day of the text is \"adapted\"", "lastmod": "the day of the text is \"adapted\"",
}

// maxFront is far more than front matter needs; it bounds what a hostile file
// can make a YAML parser do.
const maxFront = 16 << 10

// Parse reads one content file of the site from src. Problems are those of the
// file itself; the page is nil where one makes it unreadable.
func (s *Site) Parse(file string, src []byte) (*Page, []problem.Problem) {
	l := &loader{site: s}
	p := l.page(file, src)
	return p, l.problems
}

func (l *loader) page(file string, src []byte) *Page {
	if !l.readable(file, src) {
		return nil
	}
	p := &Page{File: file, Path: strings.TrimPrefix(file, Dir+"/"), source: &source{text: src}}
	front, line := l.split(p)
	if front == nil {
		return nil
	}
	if len(front) > maxFront {
		l.add(file, Pos{1, 1}, RuleFrontMatter, "the front matter is longer than %d bytes: the text of the page goes below it", maxFront)
		return nil
	}
	parse := parseYAML
	if p.FrontTOML {
		parse = parseTOML
	}
	root, wrong := parse(bytes.ReplaceAll(front, []byte("\r\n"), []byte("\n")))
	if wrong != nil {
		l.add(file, Pos{wrong.pos.Line + line, wrong.pos.Column}, RuleFrontMatter, "%s", wrong.message)
		return nil
	}
	if root.Kind != Map {
		l.add(file, Pos{line + 1, 1}, RuleFrontMatter, "front matter is lines of \"key: value\", such as \"title: About us\"")
		return nil
	}
	root.shift(line)
	root.Pos, root.KeyPos = Pos{1, 1}, Pos{1, 1}
	p.Front = root

	f := fields{l, file, RuleFrontMatter, root}
	f.allowed()
	p.Title = f.text("title", true)
	p.Description = f.text("description", true)
	f.text("linkTitle", false)
	p.layout = f.text("layout", false)
	p.Weight = f.number("weight", 0, 1)
	p.Draft = f.boolean("draft", false)
	p.Medical = f.boolean("medical", true)
	l.body(p)
	return p
}

// allowed is known, with the reason where Hugo has such a key.
func (f fields) allowed() {
	rest := &Node{Kind: Map}
	for _, n := range f.table.Items {
		if why := refused[strings.ToLower(n.Key)]; why != "" {
			f.report(n.KeyPos, "%q is not allowed, because %s: remove it", n.Key, why)
		} else {
			rest.Items = append(rest.Items, n)
		}
	}
	f.of(rest).known(keys...)
}

var alias = regexp.MustCompile(`^/([a-z0-9]+(-[a-z0-9]+)*/)+$`)

// aliases reports old addresses that would take the place of a page, or of one
// another; taken are those of the pages before.
func (l *loader) aliases(p *Page, taken map[string]*Page) {
	f := fields{l, p.File, RuleFrontMatter, p.Front}
	for _, n := range f.texts("aliases") {
		if !alias.MatchString(n.Raw) {
			f.report(n.Pos, "an alias is an old address of this page, such as /old-name/, not %q", n.Raw)
		}
		if other := l.site.byURL[n.Raw]; other != nil {
			f.report(n.Pos, "%s is the address of %s: remove this alias", n.Raw, other.File)
		}
		if other := taken[n.Raw]; other != nil {
			f.report(n.Pos, "%s leads to %s already: keep one", n.Raw, other.File)
		}
		taken[n.Raw] = p
	}
}

// layout reports a layout that isn't there: Hugo would take another one without a word.
func (l *loader) layout(p *Page, known []string) {
	if p.layout != "" && !slices.Contains(known, p.layout) {
		l.add(p.File, p.Front.Get("layout").Pos, RuleFrontMatter, "there is no layouts/%s.html.%s Remove \"layout\", or name one of: %s",
			p.layout, problem.DidYouMean(p.layout, known), cmp.Or(strings.Join(known, ", "), "(none)"))
	}
}

func (n *Node) shift(lines int) {
	n.Pos.Line += lines
	n.KeyPos.Line += lines
	for _, item := range n.Items {
		item.shift(lines)
	}
}

// split finds front matter and body with Hugo's own lexer. line is how many
// lines stand above the front matter, which is nil where a problem was reported.
func (l *loader) split(p *Page) (front []byte, line int) {
	fail := func(pos Pos, rule, format string, args ...any) ([]byte, int) {
		l.add(p.File, pos, rule, format, args...)
		return nil, 0
	}
	src, delim := p.source.text, "---"
	items, err := pageparser.ParseBytes(src, pageparser.Config{})
	for _, item := range items {
		switch {
		case item.IsError():
			err = errors.Join(err, item.Err)
		case item.IsFrontMatter() && front == nil:
			switch item.Type {
			case pageparser.TypeFrontMatterYAML:
			case pageparser.TypeFrontMatterTOML:
				p.FrontTOML, delim = true, "+++"
			default:
				return fail(Pos{1, 1}, RuleFrontMatter, "write the front matter in YAML, between two lines ---, or in TOML, between two lines +++")
			}
			p.bodyOffset = item.Pos() + len(item.Val(src))
			front = src[item.Pos():p.bodyOffset]
			line = p.source.at(item.Pos()).Line - 1
		case item.IsLeftShortcodeDelim() && front != nil:
			return fail(p.source.at(item.Pos()), RuleShortcode, "shortcodes ({{< … >}} and {{%% … %%}}) are not used here: write plain Markdown")
		}
	}
	if front == nil {
		for _, d := range []string{"---", "+++"} {
			if bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(src, bom), " \t\r\n"), []byte(d)) {
				return fail(Pos{1, 1}, RuleFrontMatter, "the front matter has no end: put a line %s after its last line", d)
			}
		}
		return fail(Pos{1, 1}, RuleFrontMatter,
			"the front matter is missing: start the file with a line --- (three hyphens), then title, description and so on, then another line ---")
	}
	if err != nil {
		return fail(Pos{1, 1}, RuleShortcode, "shortcodes are not used here: %v", err)
	}
	// Hugo takes any line that starts with the delimiter; a longer one is a slip that moves text.
	isDelim := func(line []byte) bool { return strings.TrimRight(string(line), " \t\r\n") == delim }
	first, _, _ := bytes.Cut(bytes.TrimPrefix(src, bom), []byte("\n"))
	if !isDelim(first) {
		return fail(Pos{1, 1}, RuleFrontMatter, "the first line must be %s and nothing else", delim)
	}
	last, _, _ := bytes.Cut(src[p.bodyOffset:], []byte("\n"))
	if !isDelim(last) {
		return fail(p.source.at(p.bodyOffset), RuleFrontMatter, "the line that ends the front matter must be %s and nothing else", delim)
	}
	p.bodyOffset = min(p.bodyOffset+len(last)+1, len(src))
	p.Body = string(src[p.bodyOffset:])
	return front, line
}

var (
	civil     = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)
	dateTime  = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}[Tt ]`)
	unpadded  = regexp.MustCompile(`^\d{4}-\d{1,2}-\d{1,2}$`)
	slashed   = regexp.MustCompile(`^\d{1,4}[/.]\d{1,2}[/.]\d{1,4}$`)
	dayFormat = "YYYY-MM-DD, such as 2026-01-05"
)

// ParseDate reads a civil date from a node, as midnight UTC. The error says
// what is wrong with the raw text and what to write.
func ParseDate(n *Node) (time.Time, error) {
	var zero time.Time
	if n.Kind != Scalar && n.Kind != Text {
		return zero, fmt.Errorf("is %s: write a date as %s", describe(n), dayFormat)
	}
	raw := n.Raw
	switch {
	case civil.MatchString(raw):
		d, err := time.Parse(time.DateOnly, raw)
		if err != nil {
			return zero, fmt.Errorf("is %s, and the calendar has no such day: write a real date as %s", raw, dayFormat)
		}
		if d.Year() < 1900 {
			return zero, fmt.Errorf("is %s, and dates before 1900 are slips here: check the year", raw)
		}
		return d, nil
	case dateTime.MatchString(raw):
		return zero, fmt.Errorf("is %q: write the day alone, without a time or zone: %s", raw, raw[:10])
	case unpadded.MatchString(raw):
		return zero, fmt.Errorf("is %q: write month and day with two digits, %s", raw, dayFormat)
	case slashed.MatchString(raw):
		return zero, fmt.Errorf("is %q: it could be read as day or month first, so write it as %s", raw, dayFormat)
	}
	return zero, fmt.Errorf("is %q: write a date as %s", raw, dayFormat)
}
