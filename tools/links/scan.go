package links

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unique"

	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/css"
	"golang.org/x/net/html"
)

// use is what an element does with an address.
type use int

const (
	follow   use = 1 << iota // it leads a reader there, so a fragment matters
	inbound                  // it makes the target a page that is linked to
	redirect                 // it leads every reader there at once
	local                    // a fragment alone means this very document, whatever <base> says
	required                 // an empty address is none
	images                   // it holds several: srcset
	anchor                   // it is an a element's name, not an address
)

// reference is one address or id in a file, as it is written.
type reference struct {
	value   string
	offset  int    // of its tag
	source  string // data-source around it
	ordinal int    // among the source's links in this file, from 1; 0 for others
	use     use
}

// link is what leads a reader to another page.
const link = follow | inbound

// attributes lists, by element, those that hold one address and what for:
// https://html.spec.whatwg.org/multipage/indices.html#attributes-3 and
// https://www.w3.org/TR/SVG2/linking.html#URLReferenceAttributes
var attributes = map[string]map[string]use{
	"a": {"href": link, "xlink:href": link}, "area": {"href": link}, "form": {"action": inbound}, "button": {"formaction": inbound},
	"input": {"formaction": inbound, "src": required}, "iframe": {"src": link}, "frame": {"src": link}, "object": {"data": inbound | required}, "embed": {"src": inbound | required},
	"link": {"href": required, "imagesrcset": images}, "img": {"src": required, "srcset": images}, "source": {"src": required, "srcset": images}, "track": {"src": required}, "audio": {"src": required},
	"video": {"src": required, "poster": required}, "body": {"background": 0}, "blockquote": {"cite": 0}, "q": {"cite": 0}, "ins": {"cite": 0}, "del": {"cite": 0},
	"script": {"src": required, "href": 0, "xlink:href": 0}, "image": {"src": 0, "href": 0, "xlink:href": 0},
	"use": {"href": follow | local, "xlink:href": follow | local}, "feimage": {"href": local, "xlink:href": local},
	"textpath": {"href": follow | local, "xlink:href": follow | local}, "mpath": {"href": follow | local, "xlink:href": follow | local},
}

// metas are the names of meta elements whose content is an address: https://ogp.me
var metas = []string{"og:url", "og:image", "og:image:url", "og:image:secure_url", "og:video", "og:video:url", "og:video:secure_url", "og:audio", "og:audio:url", "og:audio:secure_url",
	"twitter:image", "twitter:image:src", "msapplication-tileimage", "msapplication-config"}

// scanner collects what files refer to; each worker has its own.
type scanner struct {
	lexer
	refs, ids []reference            // of the file in hand
	sheets    map[string][]reference // of style elements, which pages share
}

// reader collects what one file refers to.
type reader func(s *scanner, d *document, src string)

// readers are those of files by their name's ending; robots.txt has its own.
var readers = map[string]reader{
	".html": (*scanner).html, ".htm": (*scanner).html, ".xhtml": (*scanner).html, ".svg": (*scanner).html, ".css": (*scanner).css, ".xml": (*scanner).xml,
}

func newScanner() scanner { return scanner{sheets: map[string][]reference{}} }

// names sorts the ids of the file in hand. Those that stand again lead nowhere.
func (s *scanner) names() (names []string, again []reference) {
	slices.SortStableFunc(s.ids, func(a, b reference) int {
		return cmp.Or(strings.Compare(a.value, b.value), cmp.Compare(a.use, b.use))
	})
	names = make([]string, 0, len(s.ids))
	for i, id := range s.ids {
		if i == 0 || id.value != s.ids[i-1].value {
			names = append(names, strings.Clone(id.value))
		} else if id.use != anchor {
			again = append(again, id)
		}
	}
	return names, again
}

// open is what is open around a tag.
type open struct {
	source, element string // the data-source and its element
	depth           int    // of elements of that name
	templates       []bool // whether each is inert: a shadow root's content is shown
	style           bool   // the text of a style element comes
}

// html collects the references and ids of one page, or of an SVG file.
func (s *scanner) html(d *document, src string) {
	s.start(src, !d.html)
	o := open{}
	for {
		switch kind := s.next(); kind {
		case html.ErrorToken:
			return
		case html.TextToken:
			if o.style {
				for _, r := range s.stylesheet(s.src[s.at:s.end]) {
					r.offset, r.source = s.at+r.offset, o.source
					s.refs = append(s.refs, r)
				}
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			s.tag(d, &o, kind == html.SelfClosingTagToken)
		case html.EndTagToken:
			switch s.name {
			case "template":
				o.templates = o.templates[:max(len(o.templates)-1, 0)]
			case "svg", "math":
				s.foreign = !d.html
			case "foreignobject":
				s.foreign = true
			case "style":
				o.style = false
			}
			if o.source != "" && s.name == o.element {
				if o.depth--; o.depth == 0 {
					o.source = ""
				}
			}
		}
	}
}

// tag takes in one start tag.
func (s *scanner) tag(d *document, o *open, closed bool) {
	element := s.name
	switch element {
	case "template":
		if !s.foreign {
			_, shown := s.attrs.get("shadowrootmode")
			o.templates = append(o.templates, !shown)
		}
	case "svg", "math":
		s.foreign = !closed || !d.html
	case "foreignobject":
		s.foreign = closed && s.foreign || !d.html
	}
	if slices.Contains(o.templates, true) {
		return
	}
	closed = closed && s.foreign // else the slash means nothing
	if element == "style" {
		o.style = !closed
	}
	if v := s.attrs.text("data-source"); v != "" && o.source == "" {
		if !closed {
			o.source, o.element, o.depth = unique.Make(v).Value(), element, 1
		}
	} else if o.source != "" && element == o.element && !closed {
		o.depth++
	}
	ref := reference{source: o.source, offset: s.at}
	if len(o.templates) == 0 { // ids of a shadow tree are its own
		if ref.value = s.attrs.text("id"); ref.value != "" {
			s.ids = append(s.ids, ref)
		}
		if ref.value = s.attrs.text("name"); element == "a" && ref.value != "" {
			ref.use = anchor
			s.ids = append(s.ids, ref)
		}
	}
	if element == "base" && !d.hasBase && !s.foreign {
		d.base, d.hasBase = s.attrs.get("href")
		d.base = strings.Clone(d.base)
	}
	if o.source != "" && (element == "a" || element == "img") {
		if !strings.HasPrefix(s.attrs.text("class"), "footnote-") { // Hugo makes these itself
			if d.counts == nil {
				d.counts = map[string]int{}
			}
			d.counts[o.source]++
			ref.ordinal = d.counts[o.source]
		}
	}
	s.references(element, ref)
}

// references takes in what one element refers to.
func (s *scanner) references(element string, ref reference) {
	add := func(value string, u use) {
		ref.value, ref.use = value, u
		s.refs = append(s.refs, ref)
	}
	if style := s.attrs.text("style"); strings.Contains(style, "(") {
		for _, r := range s.stylesheet(style) {
			add(r.value, r.use)
		}
	}
	known := attributes[element]
	_, newer := s.attrs.get("href")
	switch element {
	case "meta":
		s.meta(add)
	case "link":
		rels := strings.Fields(strings.ToLower(s.attrs.text("rel")))
		if len(rels) == 0 && s.attrs.text("itemprop") == "" || slices.Contains(rels, "preconnect") || slices.Contains(rels, "dns-prefetch") {
			return // without rel it does nothing; these two name a host, not a file
		}
	case "input":
		if kind := strings.ToLower(s.attrs.text("type")); kind != "image" && kind != "submit" {
			return
		}
	}
	for _, a := range s.attrs {
		u, ok := known[a.Key]
		switch {
		case !ok || newer && a.Key == "xlink:href": // https://www.w3.org/TR/SVG2/linking.html#XLinkRefAttrs: href wins
		case u == images:
			for _, m := range candidate.FindAllStringSubmatch(a.Val, -1) {
				add(m[1], 0)
			}
		default:
			add(a.Val, u)
		}
	}
}

func (s *scanner) meta(add func(string, use)) {
	content, ok := s.attrs.get("content")
	switch {
	case !ok || content == "none": // as msapplication-config is switched off
	case slices.Contains(metas, strings.ToLower(s.attrs.text("property"))), slices.Contains(metas, strings.ToLower(s.attrs.text("name"))):
		add(content, required)
	case strings.EqualFold(s.attrs.text("http-equiv"), "refresh"):
		if m := refresh.FindStringSubmatch(content); m != nil && m[1]+m[2]+m[3] != "" {
			add(m[1]+m[2]+m[3], follow|redirect)
		}
	}
}

// refresh follows https://html.spec.whatwg.org/multipage/semantics.html#shared-declarative-refresh-steps
var refresh = regexp.MustCompile(`(?s)^\s*(?:[0-9]+[0-9.]*|\.[0-9.]*)(?:\s*[;,]\s*|\s+)(?:(?i:url\s*=\s*)?)(?:"([^"]*).*|'([^']*).*|(.*))$`)

// candidate follows https://html.spec.whatwg.org/multipage/images.html#parse-a-srcset-attribute,
// by which an address may hold commas, and so may what stands in parentheses.
var candidate = regexp.MustCompile(`[\s,]*(\S*[^\s,])(?:,+|\s(?:\([^)]*\)?|[^(,])*)?`)

// css collects the references of a style sheet.
func (s *scanner) css(_ *document, src string) { s.refs = append(s.refs, s.stylesheet(src)...) }

// stylesheet returns what CSS refers to: https://www.w3.org/TR/css-values-4/#urls
func (s *scanner) stylesheet(src string) (found []reference) {
	if found, ok := s.sheets[src]; ok {
		return found
	}
	src = strings.Clone(src) // which the file in hand goes with
	z := css.NewLexer(parse.NewInputString(src))
	rule, function := "", "" // the at-rule whose address is awaited; the function around a string
	offset := 0
	for {
		kind, token := z.Next()
		if kind == css.ErrorToken {
			break
		}
		text, value := string(token), ""
		switch kind {
		case css.AtKeywordToken:
			rule = strings.ToLower(text)
		case css.SemicolonToken, css.LeftBraceToken:
			rule = ""
		case css.FunctionToken:
			function = strings.ToLower(text)
		case css.RightParenthesisToken:
			function = ""
		case css.URLToken:
			if rule != "@namespace" { // whose address is a name
				value = strings.Trim(text[strings.IndexByte(text, '(')+1:len(strings.TrimSuffix(text, ")"))], space)
			}
		case css.StringToken:
			if rule == "@import" || function == "image-set(" || function == "-webkit-image-set(" {
				value = text
			}
		}
		if value != "" && (value[0] == '"' || value[0] == '\'') {
			value = strings.Trim(value, value[:1])
		}
		if value != "" {
			rule = ""
			found = append(found, reference{value: unescapeCSS(value), offset: offset, use: local})
		}
		offset += len(token)
	}
	s.sheets[src] = found
	return found
}

var escapeCSS = regexp.MustCompile(`(?s)\\(?:([0-9a-fA-F]{1,6})[ \t\n\f\r]?|(\r\n|.))`)

// unescapeCSS follows https://www.w3.org/TR/css-syntax-3/#consume-escaped-code-point
func unescapeCSS(v string) string {
	return escapeCSS.ReplaceAllStringFunc(v, func(e string) string {
		m := escapeCSS.FindStringSubmatch(e)
		switch {
		case m[1] != "":
			n, _ := strconv.ParseInt(m[1], 16, 32)
			return strings.ReplaceAll(string(rune(n)), "\x00", "\uFFFD")
		case m[2] == "\n" || m[2] == "\r\n" || m[2] == "\r" || m[2] == "\f":
			return "" // a line that goes on
		}
		return m[2]
	})
}

// addressed lists, by the root of an XML file, the elements that hold an
// address and in which attribute, "" for their text: https://www.sitemaps.org/protocol.html,
// https://www.rssboard.org/rss-specification and https://www.rfc-editor.org/rfc/rfc4287
var addressed = map[string]map[string]string{
	"urlset": {"loc": "", "image:loc": "", "xhtml:link": "href"}, "sitemapindex": {"loc": ""},
	"rss": {"link": "", "guid": "", "url": "", "comments": "", "atom:link": "href", "enclosure": "url"}, "feed": {"link": "href", "icon": "", "logo": ""},
}

// xml collects the addresses of a sitemap or feed.
func (s *scanner) xml(d *document, src string) {
	s.start(src, true)
	var elements map[string]string
	text := false // what comes is an address
	add := func(v string) {
		s.refs = append(s.refs, reference{value: v, offset: s.at, use: follow | required})
	}
	for kind := s.next(); kind != html.ErrorToken; kind = s.next() {
		switch v := s.text(); {
		case kind == html.TextToken && text && v != "":
			add(v)
		case kind == html.EndTagToken:
			text = false
		case kind == html.StartTagToken || kind == html.SelfClosingTagToken:
			if elements == nil {
				if elements = addressed[s.name]; elements == nil {
					return // another kind of file
				}
				d.base, d.hasBase = s.attrs.get("xml:base")
				d.base = strings.Clone(d.base)
			}
			key, ok := elements[s.name]
			text = ok && key == "" && kind == html.StartTagToken && s.attrs.text("ispermalink") != "false"
			if to, has := s.attrs.get(key); has {
				add(to)
			}
		}
	}
}

// robots collects the sitemaps that robots.txt names: https://www.sitemaps.org/protocol.html#submit_robots
func (s *scanner) robots(_ *document, src string) {
	at := 0
	for line := range strings.Lines(src) {
		if name, value, _ := strings.Cut(line, ":"); strings.EqualFold(strings.TrimSpace(name), "sitemap") {
			s.refs = append(s.refs, reference{value: strings.TrimSpace(value), offset: at, use: required})
		}
		at += len(line)
	}
}
