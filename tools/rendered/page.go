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

// reference is a link at one place of a file.
type reference struct {
	*link
	place   diagnostic.Place // of the tag
	source  *site.Page       // the page whose Markdown holds the link, or nil if a layout does
	ordinal int              // the link's number among the links of source in this file, from 1; 0 if no editor wrote it
}

// reader reads one document after the other.
type reader struct {
	checker *checker
	tags    map[string]*tag // by their source, because many tags stand on every page

	*document     // that is being read
	tokens        *html.Tokenizer
	cursor        site.Cursor
	offset        int        // of the current token
	templateDepth int        // number of open templates, which are not shown
	isForeign     bool       // in XML, SVG or MathML, whose elements hold no raw text
	isStyle       bool       // in a style element
	source        *site.Page // the page whose Markdown the current text comes from, or nil
	sourceElement string     // the name of the element that holds this text
	sourceDepth   int        // number of open elements with that name
	href          string     // of the last <a>
	hrefStart     int        // the offset of its words in the document's text

	buffer      []reference // of this document; its memory is used again for the next one
	block       []byte      // text since the start or end of the last element that is not inline
	blockOffset int         // of its first word
	codeDepth   int         // number of open elements that hold code
	hiddenDepth int         // number of open elements whose text isn't shown
}

func newReader(c *checker) *reader { return &reader{checker: c, tags: map[string]*tag{}} }

// read reads a document from its source. If ctx ends, it stops early.
func (r *reader) read(ctx context.Context, d *document, src []byte) {
	d.ids, d.linkCounts, d.calls = map[string]bool{}, map[*site.Page]int{}, nil
	*r = reader{checker: r.checker, tags: r.tags, document: d, tokens: html.NewTokenizer(bytes.NewReader(src)),
		cursor: site.Cursor{File: d.file, Text: src}, isForeign: !d.isHTML, block: r.block[:0], buffer: r.buffer[:0]}
	switch d.extension {
	case ".css":
		r.addLinks(sheetLinks(src), 0)
	case ".xml":
		r.addLinks(sitemapLinks(src), 0)
	default:
		r.readHTML(ctx)
	}
	d.references = slices.Clone(r.buffer)
}

// readHTML reads a page or an SVG file.
func (r *reader) readHTML(ctx context.Context) {
	next := 0 // the offset of the next token
	for count := 1; count%256 != 0 || ctx.Err() == nil; count++ {
		r.tokens.AllowCDATA(r.isForeign)
		kind := r.tokens.Next()
		r.offset, next = next, next+len(r.tokens.Raw())
		switch kind {
		case html.ErrorToken:
			r.endBlock()
			return
		case html.TextToken:
			if r.isStyle {
				r.addLinks(sheetLinks(r.tokens.Raw()), 0)
			} else {
				r.addText(r.tokens.Text())
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			r.startTag(r.currentTag(), kind == html.SelfClosingTagToken)
		case html.EndTagToken:
			r.endTag(r.currentTag())
		}
	}
}

// currentTag returns the current tag, from memory if it has been parsed before.
func (r *reader) currentTag() *tag {
	const maxTags, maxLength = 5000, 500 // what is remembered: tags, and bytes of each
	raw := r.tokens.Raw()
	t := r.tags[string(raw)]
	if t == nil {
		key := string(raw) // Token overwrites raw
		t = parseTag(r.tokens.Token())
		if len(r.tags) == maxTags {
			clear(r.tags)
		}
		if len(key) <= maxLength {
			r.tags[key] = t
		}
	}
	if r.isForeign || t.element == "noscript" { // readers without scripts see what is in noscript
		r.tokens.NextIsNotRawText()
	}
	return t
}

func (r *reader) startTag(t *tag, isSelfClosing bool) {
	hasContent := !isSelfClosing || !r.isForeign // in HTML, the slash means nothing
	switch t.element {
	case "svg", "math":
		r.isForeign = !r.isHTML || !isSelfClosing
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
	case t.element == "base" && r.baseHref == "":
		r.baseHref = t.href
	case t.isCode && hasContent:
		r.addText([]byte(skippedText))
		r.codeDepth++
	case t.isHidden && hasContent:
		r.addText([]byte(skippedText))
		r.hiddenDepth++
		r.isStyle = t.element == "style"
	case r.source != nil && t.element == r.sourceElement && hasContent:
		r.sourceDepth++
	case r.source == nil && source != nil && hasContent:
		r.source, r.sourceElement, r.sourceDepth = source, t.element, 1
	}
	if t.element == "a" {
		r.href, r.hrefStart = t.href, len(r.text)
	}
	r.addID(t)
	ordinal := 0
	if r.source != nil && t.isWritten {
		r.linkCounts[r.source]++
		ordinal = r.linkCounts[r.source]
	}
	r.addLinks(t.links, ordinal)
}

func (r *reader) endTag(t *tag) {
	switch {
	case t.element == "template":
		r.templateDepth = max(r.templateDepth-1, 0)
	case t.element == "svg" || t.element == "math":
		r.isForeign = !r.isHTML
	case t.isCode:
		r.codeDepth = max(r.codeDepth-1, 0)
	case t.isHidden:
		r.hiddenDepth = max(r.hiddenDepth-1, 0)
		r.isStyle = false
	case t.element == "a" && strings.HasPrefix(r.href, "tel:"):
		shown := phonePattern.FindAllString(string(r.text[r.hrefStart:]), -1)
		for i := range shown {
			shown[i] = phoneDigits(shown[i])
		}
		r.calls = append(r.calls, call{phoneDigits(r.href), shown})
	}
	if !t.isInline {
		r.endBlock()
	}
	if r.source != nil && t.element == r.sourceElement {
		if r.sourceDepth--; r.sourceDepth == 0 {
			r.source = nil
		}
	}
}

// addID records what fragments can lead to, and reports an id that is there already.
func (r *reader) addID(t *tag) {
	const maxHeadings = 20 // that a message names
	if t.anchorName != "" {
		r.ids[t.anchorName] = r.ids[t.anchorName] // stays true if it is an id, too
	}
	switch {
	case t.id == "":
		return
	case r.ids[t.id] && r.isHTML:
		place := r.cursor.Place(r.offset)
		if r.source != nil {
			place = diagnostic.Place{File: r.source.File}
		}
		r.report(t.id, place.Errorf(diagnostic.RuleDuplicateID,
			"the id %q stands twice on this page: a link to it reaches only the first; reword one of the headings", t.id))
	case t.isHeading && !strings.HasSuffix(t.id, "_") && len(r.headings) < maxHeadings: // layouts end their own ids with _
		r.headings = append(r.headings, "#"+t.id)
	}
	r.ids[t.id] = true
}

func (r *reader) addLinks(links []*link, ordinal int) {
	for _, l := range links {
		r.buffer = append(r.buffer, reference{l, r.cursor.Place(r.offset), r.source, ordinal})
	}
}
