package rendered

import (
	"bytes"
	"context"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	whatwg "github.com/nlnwa/whatwg-url/url"
	"golang.org/x/net/html"

	"microsite/tools/diagnostic"
)

// use says what an element does with an address.
type use int

const (
	follow   use = 1 << iota // it leads a reader there, so a fragment matters
	inbound                  // it makes the target a page that is linked to
	redirect                 // it leads every reader there at once
	local                    // a fragment alone means this very document, whatever <base> says
	required                 // an empty address is none
	images                   // it holds several: srcset

	link = follow | inbound
)

// addresses lists, by element, the attributes that hold one, and what for:
// https://html.spec.whatwg.org/multipage/indices.html#attributes-3 and
// https://www.w3.org/TR/SVG2/linking.html#URLReferenceAttributes
var addresses = map[string]map[string]use{
	"a": {"href": link, "xlink:href": link}, "area": {"href": link}, "iframe": {"src": link}, "frame": {"src": link},
	"form": {"action": inbound}, "button": {"formaction": inbound}, "input": {"formaction": inbound, "src": required},
	"object": {"data": inbound | required}, "embed": {"src": inbound | required},
	"link": {"href": required, "imagesrcset": images}, "img": {"src": required, "srcset": images},
	"source": {"src": required, "srcset": images}, "track": {"src": required}, "audio": {"src": required},
	"video": {"src": required, "poster": required}, "body": {"background": 0},
	"blockquote": {"cite": 0}, "q": {"cite": 0}, "ins": {"cite": 0}, "del": {"cite": 0},
	"script": {"src": required, "href": 0, "xlink:href": 0}, "image": {"src": 0, "href": 0, "xlink:href": 0},
	"feimage": {"href": local, "xlink:href": local}, "use": {"href": follow | local, "xlink:href": follow | local},
	"textpath": {"href": follow | local, "xlink:href": follow | local},
	"mpath":    {"href": follow | local, "xlink:href": follow | local},
}

var (
	// metas are the names of meta elements whose content is an address: https://ogp.me
	metas = strings.Fields("og:url og:image og:image:url og:image:secure_url og:video og:video:url og:video:secure_url og:audio " +
		"og:audio:url og:audio:secure_url twitter:image twitter:image:src msapplication-tileimage msapplication-config")
	attributeNames = newSet("id name class style rel type property content http-equiv itemprop data-source shadowrootmode href " +
		"xlink:href src srcset imagesrcset action formaction data poster background cite xml:base ispermalink url")
)

// newSet returns a set of words, each mapped to itself.
func newSet(words string) map[string]string {
	set := map[string]string{}
	for _, word := range strings.Fields(words) {
		set[word] = word
	}
	return set
}

// reference is one address or id in a file, as it is written.
type reference struct {
	document *document
	offset   int // of its tag
	place    diagnostic.Place
	value    string
	use      use
	target   *target // what the address leads to
	source   string  // the data-source around it
	ordinal  int     // among the links of that source in this file, from 1; 0 for others
}

// reader reads files, one after the other, and gathers what is found in them.
type reader struct {
	checker   *checker
	targets   map[string]*target    // of addresses that stand on many pages
	sheets    map[string][]sheetURL // by the text of a style sheet, because pages share it
	findings  []finding
	fragments []reference // of other pages, to check when all files have been read
	external  []reference // to other sites

	// Of the file in hand:
	buffer     bytes.Buffer
	document   *document
	base       *whatwg.Url // nil until it is needed
	references []reference
	counted    reference // whose place was found last, by counting lines
	z          *html.Tokenizer
	tokens     int
	offset     int // of the token in hand
	next       int // of the one after it
	attributes []html.Attribute
	open       openElements
	block      textBlock
}

// openElements are those around the token in hand, as far as they matter.
type openElements struct {
	source    string // a data-source
	element   string // which has it
	depth     int    // of elements of that name
	templates []bool // whether each is inert: a shadow root is shown
	isForeign bool   // XML, SVG or MathML, where no text is raw
	isStyle   bool   // the text of a style element comes
}

// formats read files by their name's ending; robots.txt has its own.
var formats = map[string]func(*reader, context.Context){
	".html": (*reader).readHTML, ".htm": (*reader).readHTML, ".xhtml": (*reader).readHTML, ".svg": (*reader).readHTML,
	".css": (*reader).readCSS, ".xml": (*reader).readXML,
}

func newReader(c *checker) *reader {
	return &reader{checker: c, targets: map[string]*target{}, sheets: map[string][]sheetURL{}}
}

// start makes r ready to read the file that is in its buffer.
func (r *reader) start(d *document) {
	d.names, d.linkCounts = map[string]nameKind{}, map[string]int{}
	r.document, r.base, r.references, r.counted = d, nil, r.references[:0], reference{place: diagnostic.Place{File: d.file, Line: 1, Column: 1}}
	r.z, r.tokens, r.offset, r.next = html.NewTokenizer(bytes.NewReader(r.buffer.Bytes())), 0, 0, 0
	r.open, r.block = openElements{isForeign: !d.isHTML}, textBlock{text: r.block.text[:0]}
}

// token reads the next token, up to the end of the file or of ctx.
func (r *reader) token(ctx context.Context) html.TokenType {
	if r.tokens++; r.tokens%256 == 0 && ctx.Err() != nil {
		return html.ErrorToken
	}
	r.z.AllowCDATA(r.open.isForeign)
	kind := r.z.Next()
	r.offset, r.next = r.next, r.next+len(r.z.Raw())
	return kind
}

// tag reads the name and attributes of a start tag. Of doubled attributes the
// tokenizer keeps the first. What is in noscript is for readers, too.
func (r *reader) tag() string {
	name, hasMore := r.z.TagName()
	r.attributes = r.attributes[:0]
	for hasMore {
		var key, value []byte
		key, value, hasMore = r.z.TagAttr()
		if known := attributeNames[string(key)]; known != "" {
			r.attributes = append(r.attributes, html.Attribute{Key: known, Val: string(value)})
		}
	}
	if r.open.isForeign || string(name) == "noscript" {
		r.z.NextIsNotRawText()
	}
	return string(name)
}

// attribute returns the value of an attribute of the tag in hand.
func (r *reader) attribute(key string) (value string, isThere bool) {
	for i := range r.attributes {
		if r.attributes[i].Key == key {
			return r.attributes[i].Val, true
		}
	}
	return "", false
}

func (r *reader) value(key string) string {
	v, _ := r.attribute(key)
	return v
}

// readHTML reads a page, or an SVG file.
func (r *reader) readHTML(ctx context.Context) {
	for {
		switch kind := r.token(ctx); kind {
		case html.ErrorToken:
			r.endBlock()
			return
		case html.TextToken:
			if r.open.isStyle {
				r.addSheet(r.z.Raw())
			} else if !slices.Contains(r.open.templates, true) {
				r.addText(r.z.Text())
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			r.startTag(r.tag(), kind == html.SelfClosingTagToken)
		case html.EndTagToken:
			name, _ := r.z.TagName()
			r.endTag(string(name))
		}
	}
}

func (r *reader) startTag(name string, isClosed bool) {
	switch name {
	case "template":
		if !r.open.isForeign {
			_, isShown := r.attribute("shadowrootmode")
			r.open.templates = append(r.open.templates, !isShown)
		}
	case "svg", "math":
		r.open.isForeign = !isClosed || !r.document.isHTML
	case "foreignobject":
		r.open.isForeign = isClosed && r.open.isForeign || !r.document.isHTML
	}
	if slices.Contains(r.open.templates, true) {
		return
	}
	isOpen := !isClosed || !r.open.isForeign // in HTML the slash means nothing
	r.startText(name, isOpen)
	r.open.isStyle = r.open.isStyle || name == "style" && isOpen
	if source := r.value("data-source"); r.open.source == "" && source != "" && isOpen {
		r.endBlock()
		r.open.source, r.open.element, r.open.depth = source, strings.Clone(name), 1
	} else if r.open.source != "" && name == r.open.element && isOpen {
		r.open.depth++
	}
	if name == "base" && !r.document.hasBase && !r.open.isForeign {
		r.document.base, r.document.hasBase = r.attribute("href")
	}
	r.addIDs(name)
	r.addReferences(name)
}

func (r *reader) endTag(name string) {
	switch name {
	case "template":
		r.open.templates = r.open.templates[:max(len(r.open.templates)-1, 0)]
	case "svg", "math":
		r.open.isForeign = !r.document.isHTML
	case "foreignobject":
		r.open.isForeign = true
	case "style":
		r.open.isStyle = false
	}
	r.endText(name)
	if r.open.source == "" || name != r.open.element {
		return
	}
	if r.open.depth--; r.open.depth == 0 {
		r.endBlock()
		r.open.source = ""
	}
}

// addIDs takes in the id of an element, and the name of an <a>, which leads
// there but is no id. Those of a shadow tree are its own.
func (r *reader) addIDs(name string) {
	d, id, anchor := r.document, r.value("id"), r.value("name")
	if len(r.open.templates) > 0 {
		return
	}
	if id != "" {
		if d.names[id] == isID && d.isHTML {
			r.report(r.reference(id), diagnostic.RuleDuplicateID,
				"the id %q stands twice on this page: a link to it reaches only the first; reword one of the headings", id)
		}
		d.names[id] = isID
		if len(name) == 2 && name[0] == 'h' && '1' <= name[1] && name[1] <= '6' {
			d.headings = append(d.headings, id)
		}
	}
	if name == "a" && anchor != "" && d.names[anchor] == 0 {
		d.names[anchor] = isAnchor
	}
}

func (r *reader) reference(value string) reference {
	return reference{document: r.document, place: r.place, value: value, source: r.open.source}
}

func (r *reader) report(ref reference, rule diagnostic.Rule, format string, args ...any) {
	r.findings = append(r.findings, finding{diagnostic: ref.place.Errorf(rule, format, args...), reference: ref})
}

// addReferences takes in what one element refers to.
func (r *reader) addReferences(name string) {
	ref := r.reference("")
	if r.open.source != "" && (name == "a" || name == "img") && !strings.HasPrefix(r.value("class"), "footnote-") { // Hugo makes these itself
		r.document.linkCounts[r.open.source]++
		ref.ordinal = r.document.linkCounts[r.open.source]
	}
	if style := r.value("style"); strings.Contains(style, "(") {
		for _, url := range r.checker.sheet(style) {
			r.add(ref, url.value, local)
		}
	}
	switch kind := strings.ToLower(r.value("type")); name {
	case "meta":
		r.addMeta(ref)
	case "link":
		rels := strings.Fields(strings.ToLower(r.value("rel")))
		if len(rels) == 0 && r.value("itemprop") == "" || slices.Contains(rels, "preconnect") || slices.Contains(rels, "dns-prefetch") {
			return // without rel it does nothing; these two name a host, not a file
		}
	case "input":
		if kind != "image" && kind != "submit" {
			return
		}
	}
	known := addresses[name]
	_, hasHref := r.attribute("href")
	for _, a := range r.attributes {
		switch use, isAddress := known[a.Key]; {
		case !isAddress || hasHref && a.Key == "xlink:href": // https://www.w3.org/TR/SVG2/linking.html#XLinkRefAttrs: href wins
		case use == images:
			for _, m := range candidate.FindAllStringSubmatch(a.Val, -1) {
				r.add(ref, m[1], 0)
			}
		default:
			r.add(ref, a.Val, use)
		}
	}
}

func (r *reader) add(ref reference, value string, use use) {
	ref.value, ref.use = value, use
	if address, fragment := splitFragment(value); address == "" && fragment == "" && use&required != 0 {
		r.report(ref, diagnostic.RuleBadAddress, "an address is missing here: write one, or remove what needs it")
		return
	}
	r.references = append(r.references, ref)
}

// candidate follows https://html.spec.whatwg.org/multipage/images.html#parse-a-srcset-attribute,
// by which an address may hold commas, and so may what stands in parentheses.
var candidate = regexp.MustCompile(`[\s,]*(\S*[^\s,])(?:,+|\s(?:\([^)]*\)?|[^(,])*)?`)

// refresh follows https://html.spec.whatwg.org/multipage/semantics.html#shared-declarative-refresh-steps
var refresh = regexp.MustCompile(`(?s)^\s*(?:[0-9]+[0-9.]*|\.[0-9.]*)(?:\s*[;,]\s*|\s+)(?:(?i:url\s*=\s*)?)` +
	`(?:"([^"]*).*|'([^']*).*|(.*))$`)

func (r *reader) addMeta(ref reference) {
	content, isThere := r.attribute("content")
	isAddress := metas[strings.ToLower(r.value("property"))]+metas[strings.ToLower(r.value("name"))] != ""
	switch {
	case !isThere || content == "none": // as msapplication-config is switched off
	case isAddress:
		r.add(ref, content, required)
	case strings.EqualFold(r.value("http-equiv"), "refresh"):
		if m := refresh.FindStringSubmatch(content); m != nil && m[1]+m[2]+m[3] != "" {
			r.add(ref, m[1]+m[2]+m[3], follow|redirect)
		}
	}
}
