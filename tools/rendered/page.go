package rendered

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"microsite/tools/diagnostic"
	"microsite/tools/site"
)

// reference is a link where it stands in a file.
type reference struct {
	*link
	place   diagnostic.Place // of the tag
	source  *site.Page       // whose text it stands in, nil for that of a layout
	ordinal int              // among the links of that text in this file, from 1; 0 for what no editor wrote
}

// reader reads one file after the other.
type reader struct {
	checker *checker
	tags    map[string]*tag // by their source: a tag that stands on many pages is parsed once
	src     *bytes.Buffer   // of the document in hand

	*document     // in hand
	z             *html.Tokenizer
	cursor        site.Cursor
	offset        int        // of the token in hand
	templateDepth int        // of open templates, which show nothing
	isForeign     bool       // XML, SVG or MathML, where no text is raw
	isStyle       bool       // the text of a style element comes
	source        *site.Page // whose text it is
	element       string     // the name of the element that holds this text
	depth         int        // of open elements with that name
	phone         string     // what the open link calls
	words         int        // the offset of this link's words in the document's text

	buffer      []reference // of this document, in memory that the next one uses again
	block       []byte      // text since an element broke the line
	blockOffset int         // of its first word
	codeDepth   int         // of open elements that are code
	markups     int         // reported so far
}

func newReader(c *checker) *reader {
	return &reader{checker: c, tags: map[string]*tag{}, src: new(bytes.Buffer)}
}

// read takes in what a document holds. Where ctx ends, it stops early.
func (r *reader) read(ctx context.Context, d *document, src []byte) {
	d.ids, d.links, d.phones = map[string]bool{}, map[*site.Page]int{}, map[string]string{}
	*r = reader{checker: r.checker, tags: r.tags, src: r.src, document: d, z: html.NewTokenizer(bytes.NewReader(src)),
		cursor: site.Cursor{File: d.file, Text: src}, isForeign: !d.isHTML, block: r.block[:0], buffer: r.buffer[:0]}
	switch d.kind {
	case ".css":
		r.addLinks(readSheet(src), 0)
	case ".xml":
		r.addLinks(readSitemap(src), 0)
	default:
		r.readHTML(ctx)
	}
	d.references = slices.Clone(r.buffer)
}

// readHTML reads a page, or an SVG file.
func (r *reader) readHTML(ctx context.Context) {
	next := 0 // the offset of the token after the one in hand
	for tokens := 1; tokens%256 != 0 || ctx.Err() == nil; tokens++ {
		r.z.AllowCDATA(r.isForeign)
		kind := r.z.Next()
		r.offset, next = next, next+len(r.z.Raw())
		switch kind {
		case html.ErrorToken:
			r.endBlock()
			return
		case html.TextToken:
			if r.isStyle {
				r.addLinks(readSheet(r.z.Raw()), 0)
			} else {
				r.addText(r.z.Text())
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			r.startTag(r.tag(), kind == html.SelfClosingTagToken)
		case html.EndTagToken:
			r.endTag(r.tag())
		}
	}
}

// tag returns the tag in hand. What is in noscript is for readers, too.
func (r *reader) tag() *tag {
	const most, longest = 5000, 500 // tags to remember; bytes of one
	raw := r.z.Raw()
	t := r.tags[string(raw)]
	if t == nil {
		key := string(raw)
		t = parseTag(r.z.Token())
		if len(r.tags) == most {
			clear(r.tags)
		}
		if len(key) <= longest {
			r.tags[key] = t
		}
	}
	if r.isForeign || t.element == "noscript" {
		r.z.NextIsNotRawText()
	}
	return t
}

func (r *reader) startTag(t *tag, isClosed bool) {
	isOpen := !isClosed || !r.isForeign // in HTML the slash means nothing
	switch t.element {
	case "svg", "math":
		r.isForeign = !r.isHTML || !isClosed
	case "template":
		r.templateDepth++
	}
	if r.templateDepth > 0 {
		return
	}
	if !t.isInline {
		r.endBlock()
	}
	source := r.checker.sources[t.source]
	switch {
	case t.element == "br":
		r.addText([]byte("\n"))
	case t.element == "base" && r.base == "":
		r.base = t.href
	case t.isCode && isOpen:
		r.addText([]byte(hidden))
		r.codeDepth++
		r.isStyle = t.element == "style"
	case r.source != nil && t.element == r.element && isOpen:
		r.depth++
	case r.source == nil && source != nil && isOpen:
		r.source, r.element, r.depth = source, t.element, 1
	}
	if t.element == "a" {
		r.phone, r.words = t.href, len(r.text)
	}
	r.addID(t)
	r.addLinks(t.links, r.ordinal(t))
}

func (r *reader) endTag(t *tag) {
	switch {
	case t.element == "template":
		r.templateDepth = max(r.templateDepth-1, 0)
	case t.element == "svg" || t.element == "math":
		r.isForeign = !r.isHTML
	case t.isCode:
		r.codeDepth = max(r.codeDepth-1, 0)
		r.isStyle = false
	case strings.HasPrefix(r.phone, "tel:") && t.element == "a":
		r.phones[digits(r.phone)] = digits(numberPattern.FindString(string(r.text[r.words:])))
	}
	if !t.isInline {
		r.endBlock()
	}
	if r.source != nil && t.element == r.element {
		if r.depth--; r.depth == 0 {
			r.source = nil
		}
	}
}

func (r *reader) ordinal(t *tag) int {
	if r.source == nil || !t.isWritten {
		return 0
	}
	r.links[r.source]++
	return r.links[r.source]
}

// addID takes in what fragments can lead to.
func (r *reader) addID(t *tag) {
	const mostHeadings = 20 // to name in a message
	if t.anchor != "" {
		r.ids[t.anchor] = r.ids[t.anchor] // false if it is no id
	}
	switch id := t.id; {
	case id == "":
		return
	case r.ids[id] && r.isHTML:
		place := r.cursor.Place(r.offset)
		if r.source != nil {
			place = diagnostic.Place{File: r.source.File}
		}
		r.add(id, place.Errorf(diagnostic.RuleDuplicateID,
			"the id %q stands twice on this page: a link to it reaches only the first; reword one of the headings", id))
	case t.isHeading && !strings.HasSuffix(id, "_") && len(r.headings) < mostHeadings: // with _ it is a layout's own
		r.headings = append(r.headings, "#"+id)
	}
	r.ids[t.id] = true
}

func (r *reader) addLinks(links []*link, ordinal int) {
	for _, l := range links {
		r.buffer = append(r.buffer, reference{l, r.cursor.Place(r.offset), r.source, ordinal})
	}
}
