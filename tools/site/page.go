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
	Medical     bool    // whether it holds medical text of its own
	Translates  string  // the digest of the original text that this page translates, or ""
	Site        *Site   `json:"-"`
	Original    *Page   `json:"-"` // the page in the default language that this page translates, or nil
	File        string  `json:"-"` // relative to the site's root folder: content/es/causes.md
	Path        string  `json:"-"` // relative to the folder of its language: causes.md
	FrontMatter *Node   `json:"-"` // with its places in the file
	IsTOML      bool    `json:"-"` // whether the front matter is between +++ lines, not --- lines
	Source      []byte  `json:"-"` // the whole file
	Body        string  `json:"-"` // what follows the front matter
	Cards       []Card  `json:"-"`
	Links       []Link  `json:"-"`
	Blocks      []Block `json:"-"` // the words of the body, in order

	HasUnknownKey bool `json:"-"` // in its front matter: perhaps a required key with a slip

	bodyOffset int // of Body in Source
}

// Card is a Hugo blockquote alert: > [!LEVEL] Title
type Card struct {
	Level string // one of Site.Cards
	Title string // plain text, or ""
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
	Destination string // as in the file
	IsImage     bool
	Place       diagnostic.Place
}

// Block is the text of a paragraph, a heading, a card's title, a list item, a table cell or an image.
type Block struct {
	Text        string // plain text, line ends as spaces
	IsParagraph bool   // whether it is a paragraph outside a list item
	IsImage     bool   // whether it is the alternative of an image

	origins []origin // sorted, covering the whole text
}

// origin is where a part of a block's text, up to the next origin, was written in the page's body.
type origin struct {
	start, offset int  // in the text, and in the body
	isLiteral     bool // whether it is code, an address or an escaped character, and so meant to show as it is
}

// BlockPlace returns the place in the file of an offset in a block's text, and whether the text there is code, an address
// or an escaped character.
func (p *Page) BlockPlace(b Block, offset int) (place diagnostic.Place, isLiteral bool) {
	next := sort.Search(len(b.origins), func(i int) bool { return b.origins[i].start > offset })
	from := b.origins[next-1]
	cursor := Cursor{File: p.File, Text: p.Source} // not shared, because rendered pages are checked in parallel
	return cursor.Place(p.bodyOffset + from.offset + offset - from.start), from.isLiteral
}

// URL returns the address at which Hugo publishes the page, relative to the site's. The checks of file names and front matter
// report whatever would make Hugo choose another, and the check of the rendered site finds a page that is missing there.
func (p *Page) URL() string {
	name := strings.TrimSuffix(p.Path, ".md")
	if base := path.Base(name); base == "_index" || base == "index" {
		return p.Site.Prefix + "/" + strings.TrimSuffix(name, base)
	}
	return p.Site.Prefix + "/" + name + "/"
}

// maxPage is the size limit of a page in bytes: five times the longest page, because the time to parse a page grows with the
// square of its size, or faster.
const maxPage = 32 << 10

// frontMatter matches the front matter with the lines around it. Hugo also accepts a longer last line, such as ----, but
// then the YAML or TOML parser fails on it.
var frontMatter = regexp.MustCompile(`\A(?:(---[ \t]*\r?\n(?:[^\n]*\n)*?)---|` +
	`(\+\+\+[ \t]*\r?\n(?:[^\n]*\n)*?)\+\+\+)[ \t]*\r?(?:\n|\z)`)

// ParsePage reads one content file of the site from src, and reports what is wrong in the file itself. The page is nil if
// the file can't be read as a page.
func (s *Site) ParsePage(file string, src []byte) (*Page, []diagnostic.Diagnostic) {
	l := &loader{}
	if !l.checkEncoding(file, src) {
		return nil, l.findings
	}
	m := frontMatter.FindSubmatch(src)
	if m == nil {
		l.fail(diagnostic.Place{File: file, Line: 1, Column: 1}, diagnostic.RuleFrontMatter,
			"the front matter is missing, or has no end: start the file with a line --- (three hyphens), "+
				"then title, description and so on, then another line ---")
		return nil, l.findings
	}
	p := &Page{Site: s, File: file, Path: strings.TrimPrefix(file, s.Folder+"/"), Medical: true,
		Source: src, Body: string(src[len(m[0]):]), bodyOffset: len(m[0]), IsTOML: m[1] == nil}
	front := bytes.ReplaceAll(slices.Concat(m[1], m[2]), []byte("\r\n"), []byte("\n")) // keeps lines and columns
	if p.IsTOML {
		copy(front, "###") // turns the first line into a comment
	}
	p.FrontMatter = l.readTree(file, front, p.IsTOML, diagnostic.RuleFrontMatter)
	if p.FrontMatter == nil {
		return nil, l.findings
	}
	l.validate(p.FrontMatter, "", pageSchema, diagnostic.RuleFrontMatter)
	p.HasUnknownKey = slices.ContainsFunc(p.FrontMatter.Items, func(n *Node) bool {
		_, isKnown := pageSchema.Properties[n.Key]
		return !isKnown
	})
	p.FrontMatter.decode(p)
	l.parseBody(p)
	return p, l.findings
}

// ReplaceTable returns the page's file with the lines of one top-level key of its front matter replaced, or removed if
// lines is nil. A new key goes to the end of the front matter. No other byte changes; if that is impossible, the error
// says what to do by hand.
func (p *Page) ReplaceTable(key string, lines []string) ([]byte, error) {
	pattern := "(?m)^" + key + ":.*\n(?:[ \t]+\\S.*\n)*"
	if p.IsTOML && len(lines) == 1 {
		pattern = "(?m)^" + key + "[ \t]*=.*\n"
	} else if p.IsTOML {
		pattern = "(?m)^\\[" + key + "\\].*\n(?:[^\\s#\\[].*\n)*"
	}
	front := p.Source[:p.bodyOffset]
	end := bytes.LastIndexByte(bytes.TrimRight(front, "\n"), '\n') + 1 // where the closing line starts
	at := regexp.MustCompile(pattern).FindIndex(front[:end])
	if at == nil {
		at = []int{end, end}
	}
	newline := string(front[bytes.IndexAny(front, "\r\n") : bytes.IndexByte(front, '\n')+1])
	out := slices.Clone(front[:at[0]])
	for _, line := range lines {
		out = append(out, line+newline...)
	}
	out = append(out, p.Source[at[1]:]...)

	read, _ := p.Site.ParsePage(p.File, out)
	if read != nil && equalExcept(key, p.FrontMatter, read.FrontMatter) {
		value, line := read.FrontMatter.Get(key), bytes.Count(out[:at[0]], []byte("\n"))+1
		if value == nil && lines == nil || value != nil && lines != nil && value.KeyPlace.Line == line {
			return out, nil
		}
	}
	return nil, fmt.Errorf("%s: the front matter is written in a way that can't be changed without touching the rest: "+
		"take out %q by hand, write each other key on a line of its own, and try again", p.File, key)
}

// equalExcept reports whether two tables hold the same values under all keys but one.
func equalExcept(key string, a, b *Node) bool {
	v, w := a.value().(map[string]any), b.value().(map[string]any)
	delete(v, key)
	delete(w, key)
	return reflect.DeepEqual(v, w)
}

// Cursor finds places in the text of a file. It counts lines from its last place on, because a text may hold thousands of
// links.
type Cursor struct {
	File string
	Text []byte

	offset, line, column int // of the last place, counted from 0
}

// Place returns the line and column of an offset.
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

// NormalizeSpace replaces each run of white space by one space and trims the ends, as the templates do with [\s\p{Z}]+.
func NormalizeSpace(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return r == ' ' || '\t' <= r && r <= '\r' && r != '\v' || r >= utf8.RuneSelf && unicode.Is(unicode.Z, r)
	}), " ")
}

// ReadRegular reads a regular file of at most limit bytes; 0 is no limit. Reading a named pipe might never end.
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

// unshowable matches control characters, marks that turn the direction of a text, and characters that no font has.
var unshowable = regexp.MustCompile(`[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f` +
	`\x{61c}\x{2028}-\x{202e}\x{2066}-\x{2069}\x{feff}\x{fffc}\x{fffd}\p{Co}\x{e0000}-\x{e007f}]|\r(?:[^\n]|\z)`)

// leftovers match what pasting, wrong conversions and git leave in a text. Parsers must not see those that are errors.
var leftovers = []struct {
	pattern  *regexp.Regexp
	rule     diagnostic.Rule
	severity diagnostic.Severity
	message  string
}{
	{unshowable, diagnostic.RuleEncoding, diagnostic.Error,
		"%+q is a character that readers see wrongly or not at all: " +
			"delete it or write it again, and save the file as UTF-8 without BOM, with LF or CRLF line ends"},
	// UTF-8 that was read as Windows-1252: quotes, dashes, letters with accents, arrows, emoji.
	{regexp.MustCompile(`[ÂÃ][\x{80}-\x{bf}€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|â[€†‰].?|ï¿.|ðŸ..`), diagnostic.RuleEncoding, diagnostic.Error,
		"%q is left of a character that a program misread: write the quote, dash or letter again"},
	// The line ======= of a conflict is not matched, because it may belong to a heading:
	// https://git-scm.com/docs/git-merge#_how_conflicts_are_presented
	{regexp.MustCompile(`(?m)^(?:<{7}|>{7}|\|{7}) [^\s>]`), diagnostic.RuleMergeConflict, diagnostic.Error,
		"%q: two changes of this text meet here, and git could not tell which is right: " +
			"keep the right lines, and delete those that start with <<<<<<<, ======= and >>>>>>>"},
	{regexp.MustCompile(`[\x{ad}\x{200b}-\x{200f}\x{2060}]`), diagnostic.RuleEncoding, diagnostic.Warning,
		"an invisible character (%+q) stands here, as copying from other programs leaves it: delete it and those like it"},
}

// checkEncoding reports the first match of each of the leftovers, and whether a parser can read the text.
func (l *loader) checkEncoding(file string, text []byte) (isReadable bool) {
	// The patterns are slow, and nearly no text needs them.
	isSuspect := func(r rune) bool {
		return r < ' ' && r != '\n' || r > '~' && (unicode.Is(unicode.C, r) || strings.ContainsRune("âÂÃïð\u2028\u2029\uFFFC\uFFFD", r))
	}
	hasConflict := bytes.Contains(text, []byte("<<<<<<<")) || bytes.Contains(text, []byte(">>>>>>>")) || bytes.Contains(text, []byte("|||||||"))
	if !hasConflict && !bytes.ContainsFunc(text, isSuspect) {
		return true
	}
	isReadable = true
	cursor := Cursor{File: file, Text: text}
	for _, leftover := range leftovers {
		if m := leftover.pattern.FindIndex(text); m != nil {
			d := cursor.Place(m[0]).Errorf(leftover.rule, leftover.message, text[m[0]:m[1]])
			d.Severity = leftover.severity
			l.findings = append(l.findings, d)
			isReadable = isReadable && leftover.severity == diagnostic.Warning
		}
	}
	return isReadable
}
