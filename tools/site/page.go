package site

import (
	"bytes"
	"fmt"
	"os"
	"path"
	"reflect"
	"regexp"
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"microsite/tools/diagnostic"
)

// Page is one content file.
type Page struct {
	Title       string
	Description string
	Layout      string
	Weight      int
	Draft       bool
	Medical     bool    // holds medical text of its own
	Translates  string  // the digest of the text that this is a translation of, or ""
	Site        *Site   `json:"-"`
	Original    *Page   `json:"-"` // of which this is a translation, or nil
	File        string  `json:"-"` // relative to the site's root folder: content/es/causes.md
	Path        string  `json:"-"` // relative to the folder of its language: causes.md
	FrontMatter *Node   `json:"-"` // as written, with its places in the file
	IsTOML      bool    `json:"-"` // it stands between +++ lines, not --- lines
	Source      []byte  `json:"-"` // the whole file
	Body        string  `json:"-"` // what follows the front matter
	Cards       []Card  `json:"-"`
	Links       []Link  `json:"-"`
	Blocks      []Block `json:"-"` // the words of the body, in order

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

// Block is text that stands on its own: a paragraph, a heading, a card's title, an item of a list, a cell of a table or
// the words of a picture.
type Block struct {
	Text        string // plain text, line ends as spaces
	IsParagraph bool   // running text, and not the words of an item

	origins []origin // in order, of the whole text
}

// origin is where a stretch of plain text, up to the next one, comes from in the page's body.
type origin struct {
	start, offset int  // in the text; in the body
	isLiteral     bool // code, an address or an escaped sign, which shows as its writer meant it
}

// BlockPlace returns the place in the file of an offset into a block's text, and whether what stands there was written as
// code, in an address or with a \ before it.
func (p *Page) BlockPlace(b Block, offset int) (place diagnostic.Place, isLiteral bool) {
	next := sort.Search(len(b.origins), func(i int) bool { return b.origins[i].start > offset })
	from := b.origins[next-1]
	cursor := Cursor{File: p.File, Text: p.Source} // of its own, because several documents are read at a time
	return cursor.Place(p.bodyOffset + from.offset + offset - from.start), from.isLiteral
}

// URL returns where Hugo publishes the page, relative to the site's address. File names and front matter that would make Hugo
// choose another are refused, and the check of the rendered site proves that the page is there.
func (p *Page) URL() string {
	name := strings.TrimSuffix(p.Path, ".md")
	if base := path.Base(name); base == "_index" || base == "index" {
		return p.Site.Prefix + "/" + strings.TrimSuffix(name, base)
	}
	return p.Site.Prefix + "/" + name + "/"
}

// maxPage, in bytes, is five times the longest page: parsing takes time by its square, or worse.
const maxPage = 32 << 10

// frontMatter matches it and the lines around it. Hugo takes a longer line for its end, too, but no parser takes that
// line for YAML or TOML.
var frontMatter = regexp.MustCompile(`\A(?:(---[ \t]*\r?\n(?:[^\n]*\n)*?)---|(\+\+\+[ \t]*\r?\n(?:[^\n]*\n)*?)\+\+\+)[ \t]*\r?(?:\n|\z)`)

// ParsePage reads one content file of the site from src. Findings are those of the file itself; the page is nil where
// one makes it unreadable.
func (s *Site) ParsePage(file string, src []byte) (*Page, []diagnostic.Diagnostic) {
	l := &loader{}
	p := &Page{Site: s, File: file, Path: strings.TrimPrefix(file, s.Folder+"/"), Source: src}
	if !l.checkEncoding(file, src) {
		return nil, l.findings
	}
	m := frontMatter.FindSubmatch(src)
	if m == nil {
		l.fail(diagnostic.Place{File: file, Line: 1, Column: 1}, diagnostic.RuleFrontMatter, "the front matter is missing, or has no end: "+
			"start the file with a line --- (three hyphens), then title, description and so on, then another line ---")
		return nil, l.findings
	}
	p.IsTOML, p.bodyOffset, p.Body = m[1] == nil, len(m[0]), string(src[len(m[0]):])
	front := bytes.ReplaceAll(slices.Concat(m[1], m[2]), []byte("\r\n"), []byte("\n")) // places count lines and characters
	if p.IsTOML {
		copy(front, "###") // which makes a remark of the first line
	}
	root := l.readTree(file, front, p.IsTOML, diagnostic.RuleFrontMatter)
	if root == nil {
		return nil, l.findings
	}
	l.validate(root, "", pageSchema, diagnostic.RuleFrontMatter)
	p.FrontMatter, p.Medical = root, true
	root.decode(p)
	l.parseBody(p)
	return p, l.findings
}

// ReplaceTable returns the page's file with the lines of one top-level table of its front matter replaced, or removed
// where lines is nil. A new table goes to the end of the front matter. No other byte changes; where that can't be
// promised, the error says what to do by hand.
func (p *Page) ReplaceTable(key string, lines []string) ([]byte, error) {
	table := "(?m)^" + key + ":.*\n(?:[ \t]+\\S.*\n)*"
	if p.IsTOML && len(lines) == 1 {
		table = "(?m)^" + key + "[ \t]*=.*\n"
	} else if p.IsTOML {
		table = "(?m)^\\[" + key + "\\].*\n(?:[^\\s#\\[].*\n)*"
	}
	front := p.Source[:p.bodyOffset]
	end := bytes.LastIndexByte(bytes.TrimRight(front, "\n"), '\n') + 1 // where the closing line starts
	at := regexp.MustCompile(table).FindIndex(front[:end])
	if at == nil {
		at = []int{end, end}
	}
	newline := string(front[bytes.IndexAny(front, "\r\n") : bytes.IndexByte(front, '\n')+1])
	out := slices.Clone(front[:at[0]])
	for _, line := range lines {
		out = append(out, line+newline...)
	}
	out = append(out, p.Source[at[1]:]...)

	again, _ := p.Site.ParsePage(p.File, out)
	isDone := again != nil && equalBut(key, p.FrontMatter, again.FrontMatter)
	if isDone {
		value, line := again.FrontMatter.Get(key), bytes.Count(out[:at[0]], []byte("\n"))+1
		isDone = (value == nil) == (lines == nil) && (value == nil || value.KeyPlace.Line == line) // and not an older one elsewhere
	}
	if !isDone {
		return nil, fmt.Errorf("%s: the front matter is written in a way that can't be changed without touching the rest: "+
			"take out %q by hand, write each other key on a line of its own, and try again", p.File, key)
	}
	return out, nil
}

// equalBut reports whether two tables hold the same values but for a key.
func equalBut(key string, a, b *Node) bool {
	v, w := a.value().(map[string]any), b.value().(map[string]any)
	delete(v, key)
	delete(w, key)
	return reflect.DeepEqual(v, w)
}

// Cursor finds places in the text of a file. It goes on from the last one, because a text may hold thousands of links.
type Cursor struct {
	File string
	Text []byte

	offset, line, column int // of the last place, from 0
}

// Place returns the place of an offset.
func (c *Cursor) Place(offset int) diagnostic.Place {
	if offset < c.offset {
		c.offset, c.line, c.column = 0, 0, 0
	}
	text := c.Text[c.offset:offset]
	if last := bytes.LastIndexByte(text, '\n'); last >= 0 {
		c.line += bytes.Count(text, []byte("\n"))
		c.column = 0
		text = text[last+1:]
	}
	c.offset, c.column = offset, c.column+utf8.RuneCount(text)
	return diagnostic.Place{File: c.File, Line: c.line + 1, Column: c.column + 1}
}

// NormalizeSpace makes every run of white space one space and trims the ends, as the templates' pattern [\s\p{Z}]+
// does.
func NormalizeSpace(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return r == ' ' || '\t' <= r && r <= '\r' && r != '\v' || r >= utf8.RuneSelf && unicode.Is(unicode.Z, r)
	}), " ")
}

// ReadRegular returns the bytes of a regular file of at most limit bytes (0 is no limit). A named pipe would never end.
func ReadRegular(name string, limit int64) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || limit > 0 && info.Size() > limit {
		return nil, fmt.Errorf("%s is not a regular file, or larger than any that is needed: put the file itself there", name)
	}
	return os.ReadFile(name)
}

// leftovers are what pasting, broken conversions and git leave in a text. No parser should see those that are errors.
var leftovers = []struct {
	pattern  *regexp.Regexp
	rule     diagnostic.Rule
	severity diagnostic.Severity
	message  string
}{
	{regexp.MustCompile(`[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\x{202a}-\x{202e}\x{2066}-\x{2069}\x{feff}\x{fffd}\p{Co}]|\r(?:[^\n]|\z)`),
		diagnostic.RuleEncoding, diagnostic.Error, "%+q is nothing that readers should get, who see it wrongly or not at all: " +
			"delete it or write it again, and save the file as UTF-8 without BOM, with LF or CRLF line ends"},
	// UTF-8 quotes, dashes and accents that were once read as Windows-1252.
	{regexp.MustCompile(`â€[\x{80}-\x{ff}™œžš“”˜¦¢]|Ã[\x{80}-\x{bf}©¨¼¶¤ŸŒ]`),
		diagnostic.RuleEncoding, diagnostic.Error, "%q is left of a sign that a program misread: write the quote, dash or letter again"},
	// A row of ======= alone may be that of a heading: https://git-scm.com/docs/git-merge#_how_conflicts_are_presented
	{regexp.MustCompile(`(?m)^(?:<{7}|>{7}) [^\s>]`), diagnostic.RuleMergeConflict, diagnostic.Error, "%q: two changes of this text meet here, " +
		"and git could not tell which is right: keep the right lines, and delete those that start with <<<<<<<, ======= and >>>>>>>"},
	{regexp.MustCompile(`[\x{ad}\x{200b}-\x{200f}\x{2060}]`), diagnostic.RuleEncoding, diagnostic.Warning,
		"an invisible character (%+q) stands here, as copying from other programs leaves it: delete it and those like it"},
}

// checkEncoding reports the first of each kind of leftovers in a file. isReadable is false where the text is of no use
// to a parser.
func (l *loader) checkEncoding(file string, text []byte) (isReadable bool) {
	// Nearly no text holds any, and the patterns are slow.
	isSuspect := func(r rune) bool {
		return r < ' ' && r != '\n' || r > '~' && (unicode.Is(unicode.C, r) || strings.ContainsRune("âÃ\uFFFD", r))
	}
	isMerged := !bytes.Contains(text, []byte("<<<<<<<")) && !bytes.Contains(text, []byte(">>>>>>>"))
	if isMerged && !bytes.ContainsFunc(text, isSuspect) {
		return true
	}
	isReadable = true
	cursor := Cursor{File: file, Text: text}
	for _, kind := range leftovers {
		if m := kind.pattern.FindIndex(text); m != nil {
			d := cursor.Place(m[0]).Errorf(kind.rule, kind.message, text[m[0]:m[1]])
			d.Severity = kind.severity
			l.findings = append(l.findings, d)
			isReadable = isReadable && kind.severity == diagnostic.Warning
		}
	}
	return isReadable
}
