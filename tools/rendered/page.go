package rendered

import (
	"bytes"
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	whatwg "github.com/nlnwa/whatwg-url/url"
	"golang.org/x/net/html"

	"microsite/tools/diagnostic"
)

// reference is one address or id in a file, as it is written.
type reference struct {
	value    string // as it is written
	address  string // without its fragment
	fragment string
	use      use
	target   *target // what the address leads to
	document *document
	offset   int // of the tag
	place    diagnostic.Place
	source   string // the data-source around it
	ordinal  int    // among the links of that source in this file, from 1; 0 for others
}

// reader reads files, one after the other. What stands on many pages, it parses once.
type reader struct {
	page
	checker    *checker
	tags       map[string]*tag        // by their source
	sheets     map[string][]reference // by their source
	attributes map[string]string      // of the tag in hand
	src        bytes.Buffer
	references []reference // in the file in hand
	findings   []finding
	pending    [][]reference // what can't be checked before all files have been read
}

// page is the state of reading one file.
type page struct {
	document *document
	base     *whatwg.Url // nil until it is needed
	located  reference   // the last whose place was asked for

	z            *html.Tokenizer
	tokens       int    // so far
	offset, next int    // of the token in hand, and of the one after it
	templates    []bool // the open ones, and whether each is a shadow root, which is shown
	inert        int    // those that are not
	isForeign    bool   // XML, SVG or MathML, where no text is raw
	isStyle      bool   // the text of a style element comes
	source       *tag   // the one with a data-source that is open, nil for none
	depth        int    // of open elements with that name
	block        textBlock
}

// formats read files by their name's ending; robots.txt has its own.
var formats = map[string]func(*reader, context.Context){
	".html": (*reader).readHTML, ".htm": (*reader).readHTML, ".xhtml": (*reader).readHTML, ".svg": (*reader).readHTML,
	".css": (*reader).readCSS, ".xml": (*reader).readXML,
}

// readSome reads the documents that next counts, and checks what can be checked before the others are read.
func (c *checker) readSome(ctx context.Context, next *atomic.Int64) error {
	r := newReader(c)
	for n := next.Add(1); n <= int64(len(c.documents)); n = next.Add(1) {
		if err := r.read(ctx, c.documents[n-1]); err != nil {
			return err
		}
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.findings, c.pending = append(c.findings, r.findings...), append(c.pending, r.pending...)
	return nil
}

func (r *reader) read(ctx context.Context, d *document) error {
	file, err := os.Open(filepath.Join(r.checker.dir, filepath.FromSlash(d.file))) // list has seen that it is a regular one
	if err != nil {
		return err
	}
	defer file.Close()
	r.src.Reset()
	if _, err := r.src.ReadFrom(file); err != nil {
		return err
	}
	r.start(d)
	d.read(r, ctx)
	pending := r.references[:0]
	for _, ref := range r.references {
		if r.check(&ref) {
			pending = append(pending, ref)
		}
	}
	r.pending = append(r.pending, slices.Clone(pending))
	return ctx.Err()
}

func newReader(c *checker) *reader {
	return &reader{checker: c, tags: map[string]*tag{}, sheets: map[string][]reference{}, attributes: map[string]string{}}
}

// start makes r ready for the file that is in src.
func (r *reader) start(d *document) {
	d.ids, d.links, r.references = map[string]bool{}, map[string]int{}, r.references[:0]
	r.page = page{document: d, located: reference{offset: math.MaxInt}, z: html.NewTokenizer(bytes.NewReader(r.src.Bytes())),
		isForeign: !d.isHTML, block: textBlock{text: r.block.text[:0]}}
}

// token reads the next token, up to the end of the file or of ctx.
func (r *reader) token(ctx context.Context) html.TokenType {
	if r.tokens++; r.tokens%256 == 0 && ctx.Err() != nil {
		return html.ErrorToken
	}
	r.z.AllowCDATA(r.isForeign)
	kind := r.z.Next()
	r.offset, r.next = r.next, r.next+len(r.z.Raw())
	return kind
}

// tag returns the tag in hand. What is in noscript is for readers, too.
func (r *reader) tag() *tag {
	const most, longest = 5000, 1000 // tags to remember; bytes of one
	raw := r.z.Raw()
	t := r.tags[string(raw)]
	if t == nil {
		key := string(raw[:min(len(raw), longest)])
		t = parseTag(r.z, r.attributes)
		for i, ref := range t.references {
			t.references[i].target = r.checker.sharedTarget(ref.address)
		}
		if len(r.tags) == most {
			clear(r.tags)
		}
		if len(key) < longest {
			r.tags[key] = t
		}
	}
	if r.isForeign || t.element == "noscript" {
		r.z.NextIsNotRawText()
	}
	return t
}

// readHTML reads a page, or an SVG file.
func (r *reader) readHTML(ctx context.Context) {
	for {
		switch kind := r.token(ctx); kind {
		case html.ErrorToken:
			r.endBlock()
			return
		case html.TextToken:
			if r.isStyle {
				r.addSheet(r.z.Raw())
			} else if r.inert == 0 {
				r.addText(r.z.Text())
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			r.startTag(r.tag(), kind == html.SelfClosingTagToken)
		case html.EndTagToken:
			r.endTag(r.tag())
		}
	}
}

func (r *reader) startTag(t *tag, isClosed bool) {
	switch t.element {
	case "template":
		if !r.isForeign {
			r.templates = append(r.templates, t.isShadow)
		}
		if !r.isForeign && !t.isShadow {
			r.inert++
		}
	case "svg", "math":
		r.isForeign = !r.document.isHTML || !isClosed
	case "foreignobject":
		r.isForeign = !r.document.isHTML || r.isForeign && isClosed
	}
	if r.inert > 0 {
		return
	}
	isOpen := !isClosed || !r.isForeign // in HTML the slash means nothing
	r.startText(t, isOpen)
	switch {
	case t.base != nil && r.document.base == nil && !r.isForeign:
		r.document.base = t.base
	case !isOpen:
	case t.element == "style":
		r.isStyle = true
	case r.source != nil && t.element == r.source.element:
		r.depth++
	case r.source == nil && t.source != "":
		r.endBlock()
		r.source, r.depth = t, 1
	}
	r.addNames(t)
	ordinal := 0
	if r.source != nil && t.isLink {
		r.document.links[r.source.source]++
		ordinal = r.document.links[r.source.source]
	}
	for _, ref := range t.references {
		ref.ordinal = ordinal
		r.add(ref)
	}
}

func (r *reader) endTag(t *tag) {
	switch t.element {
	case "template":
		if last := len(r.templates) - 1; last >= 0 {
			if !r.templates[last] {
				r.inert--
			}
			r.templates = r.templates[:last]
		}
	case "svg", "math":
		r.isForeign = !r.document.isHTML
	case "foreignobject":
		r.isForeign = true
	case "style":
		r.isStyle = false
	}
	r.endText(t)
	if r.source == nil || t.element != r.source.element {
		return
	}
	if r.depth--; r.depth == 0 {
		r.endBlock()
		r.source = nil
	}
}

// addNames takes in what fragments can lead to. What a shadow tree holds is its own.
func (r *reader) addNames(t *tag) {
	d := r.document
	if len(r.templates) > 0 {
		return
	}
	if d.ids[t.id] && d.isHTML {
		r.report(r.here(reference{value: t.id}), diagnostic.RuleDuplicateID,
			"the id %q stands twice on this page: a link to it reaches only the first; reword one of the headings", t.id)
	}
	if t.isHeading && t.id != "" && !d.ids[t.id] && !strings.HasSuffix(t.id, "_") { // with _ it is a layout's own
		d.headings = append(d.headings, t.id)
	}
	if t.id != "" {
		d.ids[t.id] = true
	}
	if t.anchor != "" {
		d.ids[t.anchor] = d.ids[t.anchor] // false if it is no id
	}
}

func (r *reader) add(ref reference) { r.references = append(r.references, r.here(ref)) }

// here returns a reference with what is known of its place.
func (r *reader) here(ref reference) reference {
	ref.document, ref.offset = r.document, r.offset
	if r.source != nil {
		ref.source = r.source.source
	}
	return ref
}

// report adds a finding. Most places follow one another, so that each line is counted once.
func (r *reader) report(ref reference, rule diagnostic.Rule, format string, args ...any) *finding {
	r.locate(&ref)
	r.findings = append(r.findings, finding{reference: ref, diagnostic: ref.place.Errorf(rule, format, args...)})
	return &r.findings[len(r.findings)-1]
}

func (r *reader) locate(ref *reference) {
	last := &r.located
	if ref.offset < last.offset {
		*last = reference{place: diagnostic.Place{File: r.document.file, Line: 1, Column: 1}}
	}
	last.place = advance(last.place, r.src.Bytes()[last.offset:ref.offset])
	last.offset, ref.place = ref.offset, last.place
}

// advance returns the place behind a text that starts at p.
func advance(p diagnostic.Place, text []byte) diagnostic.Place {
	if last := bytes.LastIndexByte(text, '\n'); last >= 0 {
		p.Line += bytes.Count(text, []byte("\n"))
		p.Column = 1
		text = text[last+1:]
	}
	p.Column += utf8.RuneCount(text)
	return p
}
