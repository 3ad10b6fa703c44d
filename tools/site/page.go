package site

import (
	"bytes"
	"path"
	"strings"

	"microsite/tools/diagnostic"
)

// Page is one content file.
type Page struct {
	File        string // relative to the site: content/causes.md
	Path        string // relative to content/: causes.md
	Title       string
	Description string
	Weight      int
	Draft       bool
	Medical     bool   // holds medical text of its own
	FrontMatter *Node  // as written, with its places in the file
	IsTOML      bool   // it stands between +++ lines, not --- lines
	Source      []byte // the whole file
	Body        string // what follows the front matter
	Cards       []Card
	Links       []Link
	Blocks      []Block // the words of the body, in order
	HeadingIDs  []HeadingID

	file       *textFile
	bodyOffset int // in Source
}

// Card is a Hugo blockquote alert: > [!LEVEL] Title
type Card struct {
	Level string // one of Site.Cards
	Title string // plain text, "" where none is written
	Place diagnostic.Place
	Items []Item
}

// Item is one task item of a card.
type Item struct {
	Text  string // plain text
	Place diagnostic.Place
}

// Link is a link or an image in the body.
type Link struct {
	Destination string // as written
	IsImage     bool
	Place       diagnostic.Place
}

// HeadingID is one that a heading is given, as in {#heat}.
type HeadingID struct {
	Name  string
	Place diagnostic.Place // of the heading
}

// Block is text that stands on its own: a paragraph, a heading, a card's title,
// an item of a list, a cell of a table or the words of a picture.
type Block struct {
	Text        string // plain text, line ends as spaces
	IsParagraph bool   // running text, and not the words of an item

	stretches []stretch
}

// stretch is where a part of a block's text starts in it, and in the page's body.
type stretch struct {
	text, body int
	isLiteral  bool // code, an address or an escaped sign, which shows as its writer meant it
}

// stretchAt returns the stretch that holds an offset into the text.
func (b Block) stretchAt(offset int) (found stretch) {
	for _, s := range b.stretches {
		if s.text <= offset {
			found = s
		}
	}
	return found
}

// IsLiteral reports whether a sign was written as code, in an address or with a \ before it.
func (b Block) IsLiteral(offset int) bool { return b.stretchAt(offset).isLiteral }

// BlockPlace returns the place in the file of an offset into a block's text.
func (p *Page) BlockPlace(b Block, offset int) diagnostic.Place {
	s := b.stretchAt(offset)
	return p.bodyPlace(s.body + offset - s.text)
}

func (p *Page) bodyPlace(offset int) diagnostic.Place { return p.file.place(p.bodyOffset + offset) }

// URL returns where Hugo publishes the page, relative to the site. File names
// and front matter that would make Hugo choose another are refused, and the
// check of the rendered site proves that the page is there.
func (p *Page) URL() string {
	dir, name := path.Split(p.Path)
	name = strings.TrimSuffix(name, ".md")
	if name == "_index" || name == "index" {
		return "/" + dir
	}
	return "/" + dir + name + "/"
}

const (
	maxPage        = 1 << 20  // bytes
	maxFrontMatter = 16 << 10 // bytes: far more than is needed; it bounds what a hostile file makes a YAML parser do
)

// ParsePage reads one content file of the site from src. Findings are those of
// the file itself; the page is nil where one makes it unreadable.
func (s *Site) ParsePage(file string, src []byte) (*Page, []diagnostic.Diagnostic) {
	l := &loader{site: s}
	p := l.parsePage(file, src)
	return p, l.findings
}

func (l *loader) parsePage(file string, src []byte) *Page {
	p := &Page{File: file, Path: strings.TrimPrefix(file, ContentDir+"/"), Source: src, file: &textFile{name: file, text: src}}
	findings, isReadable := checkEncoding(p.file)
	l.add(findings...)
	if !isReadable {
		return nil
	}
	source := l.splitFrontMatter(p)
	if source == nil {
		return nil
	}
	root, syntax := parseFrontMatter(p, source)
	if syntax != nil {
		l.add(syntax.place.Errorf(diagnostic.RuleFrontMatter, "%s", syntax.message))
		return nil
	}
	if root.Kind != Map {
		l.add(source.place(0).Errorf(diagnostic.RuleFrontMatter, "front matter is lines of \"key: value\", such as \"title: About us\""))
		return nil
	}
	root.Place = diagnostic.Place{File: file, Line: 1, Column: 1}
	root.KeyPlace = root.Place
	l.add(validate(root, pageSchema(), diagnostic.RuleFrontMatter)...)
	p.FrontMatter = root
	front := struct {
		Title, Description string
		Weight             int
		Draft, Medical     bool
	}{Medical: true}
	root.decode(&front)
	p.Title, p.Description, p.Weight, p.Draft, p.Medical = front.Title, front.Description, front.Weight, front.Draft, front.Medical
	l.parseBody(p)
	return p
}

func parseFrontMatter(p *Page, front *textFile) (*Node, *syntaxError) {
	front.text = bytes.ReplaceAll(front.text, []byte("\r\n"), []byte("\n")) // places count lines and characters
	if p.IsTOML {
		return parseTOML(front)
	}
	return parseYAML(front)
}

// splitFrontMatter finds the front matter, and sets the page's body. Hugo takes
// any line that starts with the delimiter for its end; a longer one is a slip
// that moves text.
func (l *loader) splitFrontMatter(p *Page) *textFile {
	fail := func(offset int, format string, args ...any) *textFile {
		l.add(p.file.place(offset).Errorf(diagnostic.RuleFrontMatter, format, args...))
		return nil
	}
	offset := 0
	if bytes.HasPrefix(p.Source, []byte(byteOrderMark)) {
		offset = len(byteOrderMark)
	}
	delimiter := string(p.Source[offset:min(offset+3, len(p.Source))])
	if delimiter != "---" && delimiter != "+++" {
		return fail(0, "the front matter is missing: start the file with a line --- (three hyphens), then title, description and so on, then another line ---")
	}
	p.IsTOML = delimiter == "+++"
	start := 0
	for line := range bytes.Lines(p.Source[offset:]) {
		isDelimiter := bytes.HasPrefix(line, []byte(delimiter))
		switch {
		case isDelimiter && string(bytes.TrimRight(line, " \t\r\n")) != delimiter:
			return fail(offset, "this line must be %s and nothing else", delimiter)
		case isDelimiter && start > 0 && offset-start > maxFrontMatter:
			return fail(0, "the front matter is longer than %d bytes: the text of the page goes below it", maxFrontMatter)
		case isDelimiter && start > 0:
			p.bodyOffset = offset + len(line)
			p.Body = string(p.Source[p.bodyOffset:])
			return &textFile{name: p.File, text: p.Source[start:offset], linesAbove: 1}
		}
		offset += len(line)
		if start == 0 {
			start = offset
		}
	}
	return fail(0, "the front matter has no end: put a line %s after its last line", delimiter)
}
