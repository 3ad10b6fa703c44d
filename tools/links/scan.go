package links

import (
	"bytes"
	"io"
	"regexp"
	"slices"
	"strings"

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
)

// reference is one address in a file, as it is written.
type reference struct {
	value   string
	offset  int    // of its tag
	source  string // data-source around it
	ordinal int    // among the source's links in this file, from 0; -1 for others
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
	"base": {}, "meta": {}, "template": {}, "script": {"src": required, "href": 0, "xlink:href": 0}, "image": {"src": 0, "href": 0, "xlink:href": 0},
	"use": {"href": follow | local, "xlink:href": follow | local}, "feimage": {"href": local, "xlink:href": local},
	"textpath": {"href": follow | local, "xlink:href": follow | local}, "mpath": {"href": follow | local, "xlink:href": follow | local},
}

// metas are the names of meta elements whose content is an address: https://ogp.me
var metas = []string{"og:url", "og:image", "og:image:url", "og:image:secure_url", "og:video", "og:video:url", "og:video:secure_url", "og:audio", "og:audio:url", "og:audio:secure_url",
	"twitter:image", "twitter:image:src", "msapplication-tileimage", "msapplication-config"}

func newScanner() scanner {
	return scanner{pool: map[string]string{}, names: map[string]string{}, sheets: map[string][]stylesheetURL{}}
}

// attrs are a tag's, in the order in which they are written.
type attrs []attr

type attr struct{ key, value []byte }

// get is an attribute's value; the first of a doubled one wins:
// https://html.spec.whatwg.org/multipage/parsing.html#attribute-name-state
func (as attrs) get(key string) ([]byte, bool) {
	for _, a := range as {
		if string(a.key) == key {
			return a.value, true
		}
	}
	return nil, false
}

func (as attrs) text(key string) string {
	v, _ := as.get(key)
	return string(v)
}

// scanner collects what files refer to; each worker has its own.
type scanner struct {
	attrs  attrs
	refs   []reference                // of the file in hand
	dups   []reference                // ids of it that stand again
	pool   map[string]string          // one copy of each address
	names  map[string]string          // of elements, in small letters
	sheets map[string][]stylesheetURL // of style elements, which pages share
}

func (s *scanner) intern(b []byte) string {
	v, ok := s.pool[string(b)]
	if !ok {
		v = string(b)
		s.pool[v] = v
	}
	return v
}

// name is the lower-case name of a tag, as z.TagName gives it with a copy each time.
func (s *scanner) name(tag []byte) string {
	tag = bytes.TrimPrefix(tag[1:], []byte("/"))
	for i, c := range tag {
		if c == ' ' || c == '>' || c == '/' || '\t' <= c && c <= '\r' {
			tag = tag[:i]
			break
		}
	}
	v, ok := s.names[string(tag)]
	if !ok {
		v = strings.ToLower(string(tag))
		s.names[string(tag)] = v
	}
	return v
}

// telling tells whether a tag may have an id, name, style or data-source: the
// tokenizer copies each attribute twice, and most tags have only classes.
func telling(tag []byte) bool {
	for i, c := range tag {
		if c == '=' {
			if name := bytes.TrimRight(tag[:i], " \t\n\f\r"); name[len(name)-1]|0x20 == 'd' || name[len(name)-1]|0x20 == 'e' {
				return true
			}
		}
	}
	return false
}

// open is what is open around a tag.
type open struct {
	source, element string // the data-source and its element
	depth           int    // of elements of that name
	templates       []bool // whether each is inert: a shadow root's content is shown
	foreign         bool   // SVG or MathML, where no text is raw
	style           bool   // the text of a style element comes
	ordinals        map[string]int
}

// html collects the references and ids of one page.
func (s *scanner) html(d *document, src []byte) {
	z := html.NewTokenizer(bytes.NewReader(src))
	o := open{ordinals: map[string]int{}}
	s.refs, s.dups = s.refs[:0], s.dups[:0]
	for offset := 0; ; {
		kind := z.Next()
		at := offset
		offset += len(z.Raw())
		switch kind {
		case html.ErrorToken:
			if z.Err() == io.EOF {
				d.counts = o.ordinals
				return
			}
		case html.TextToken:
			if o.style {
				for _, u := range s.stylesheet(z.Raw()) {
					s.refs = append(s.refs, reference{value: u.value, offset: at + u.offset, source: o.source, ordinal: -1, use: local})
				}
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name := s.name(z.Raw())
			s.attrs = s.attrs[:0]
			for more := attributes[name] != nil || telling(z.Raw()); more; {
				var a attr
				a.key, a.value, more = z.TagAttr()
				s.attrs = append(s.attrs, a)
			}
			s.tag(d, &o, z, name, kind == html.SelfClosingTagToken, at)
		case html.EndTagToken:
			name := s.name(z.Raw())
			switch name {
			case "template":
				o.templates = o.templates[:max(len(o.templates)-1, 0)]
			case "svg", "math":
				o.foreign = false
			case "foreignobject":
				o.foreign = true
			case "style":
				o.style = false
			}
			if o.source != "" && name == o.element {
				if o.depth--; o.depth == 0 {
					o.source = ""
				}
			}
		}
		z.AllowCDATA(o.foreign)
	}
}

// tag takes in one start tag.
func (s *scanner) tag(d *document, o *open, z *html.Tokenizer, element string, closed bool, at int) {
	switch element {
	case "template":
		if !o.foreign {
			_, shown := s.attrs.get("shadowrootmode")
			o.templates = append(o.templates, !shown)
		}
	case "noscript":
		z.NextIsNotRawText() // what is in it is for readers, too
	case "svg", "math":
		o.foreign = !closed
	case "foreignobject":
		o.foreign = closed && o.foreign
	}
	if o.foreign {
		z.NextIsNotRawText()
	}
	if slices.Contains(o.templates, true) {
		return
	}
	if element == "style" {
		o.style = !closed || !o.foreign
	}
	if v, _ := s.attrs.get("data-source"); len(v) > 0 && o.source == "" {
		if !closed || !o.foreign {
			o.source, o.element, o.depth = s.intern(v), element, 1
		}
	} else if o.source != "" && element == o.element && !(closed && o.foreign) {
		o.depth++
	}
	ref := reference{source: o.source, offset: at, ordinal: -1}
	if len(o.templates) == 0 { // ids of a shadow tree are its own
		if id, _ := s.attrs.get("id"); len(id) > 0 {
			if d.ids[string(id)] == isID {
				ref.value = string(id)
				s.dups = append(s.dups, ref)
			}
			d.ids[string(id)] = isID
		}
		if name, _ := s.attrs.get("name"); element == "a" && len(name) > 0 && d.ids[string(name)] == 0 {
			d.ids[string(name)] = isName
		}
	}
	if element == "base" && !d.hasBase && !o.foreign {
		_, d.hasBase = s.attrs.get("href")
		d.base = s.attrs.text("href")
	}
	if element == "a" || element == "img" {
		if class, _ := s.attrs.get("class"); !bytes.HasPrefix(class, []byte("footnote-")) { // Hugo makes these itself
			ref.ordinal = o.ordinals[o.source]
			o.ordinals[o.source]++
		}
	}
	s.references(element, ref)
}

// references takes in what one element refers to.
func (s *scanner) references(element string, ref reference) {
	add := func(value []byte, u use) {
		ref.value, ref.use = s.intern(value), u
		s.refs = append(s.refs, ref)
	}
	if style, _ := s.attrs.get("style"); bytes.IndexByte(style, '(') >= 0 {
		for _, u := range s.stylesheet(style) {
			add([]byte(u.value), local)
		}
	}
	known := attributes[element]
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
	if known == nil {
		return
	}
	for i, a := range s.attrs {
		u, ok := known[string(a.key)]
		if !ok || slices.ContainsFunc(s.attrs[:i], func(b attr) bool { return string(b.key) == string(a.key) }) {
			continue
		}
		if u == images {
			for _, v := range candidates(string(a.value)) {
				add([]byte(v), 0)
			}
			continue
		}
		if _, newer := s.attrs.get("href"); newer && string(a.key) == "xlink:href" {
			continue // https://www.w3.org/TR/SVG2/linking.html#XLinkRefAttrs: href wins
		}
		add(a.value, u)
	}
}

func (s *scanner) meta(add func([]byte, use)) {
	content, ok := s.attrs.get("content")
	switch {
	case !ok:
	case slices.Contains(metas, strings.ToLower(s.attrs.text("property"))), slices.Contains(metas, strings.ToLower(s.attrs.text("name"))):
		add(content, required)
	case strings.EqualFold(s.attrs.text("http-equiv"), "refresh"):
		if to := refresh(string(content)); to != "" {
			add([]byte(to), follow|redirect)
		}
	}
}

var refreshSyntax = regexp.MustCompile(`^[\t\n\f\r ]*(?:[0-9]+[0-9.]*|\.[0-9.]*)(?:[\t\n\f\r ]*[;,][\t\n\f\r ]*|[\t\n\f\r ]+)(?s:(?i:url[\t\n\f\r ]*=[\t\n\f\r ]*)?(.*))$`)

// refresh follows https://html.spec.whatwg.org/multipage/semantics.html#shared-declarative-refresh-steps
func refresh(content string) string {
	m := refreshSyntax.FindStringSubmatch(content)
	if m == nil {
		return ""
	}
	to := m[1]
	if to != "" && (to[0] == '"' || to[0] == '\'') {
		to, _, _ = strings.Cut(to[1:], to[:1])
	}
	return to
}

// candidates follows https://html.spec.whatwg.org/multipage/images.html#parse-a-srcset-attribute,
// by which an address may hold commas, and so may what stands in parentheses.
func candidates(srcset string) (out []string) {
	const space = " \t\n\f\r"
	for {
		srcset = strings.TrimLeft(srcset, space+",")
		end := strings.IndexAny(srcset+" ", space)
		address := srcset[:end]
		if address == "" {
			return out
		}
		out, srcset = append(out, strings.TrimRight(address, ",")), srcset[end:]
		if strings.HasSuffix(address, ",") {
			continue
		}
		depth := 0 // its width or density
		end = strings.IndexFunc(srcset, func(r rune) bool {
			switch r {
			case '(':
				depth = 1
			case ')':
				depth = 0
			}
			return r == ',' && depth == 0
		})
		if end < 0 {
			return out
		}
		srcset = srcset[end:]
	}
}

type stylesheetURL struct {
	value  string
	offset int
}

// stylesheet returns what CSS refers to: https://www.w3.org/TR/css-values-4/#urls
func (s *scanner) stylesheet(src []byte) (found []stylesheetURL) {
	if found, ok := s.sheets[string(src)]; ok {
		return found
	}
	z := css.NewLexer(parse.NewInputString(string(src)))
	rule, function := "", "" // the at-rule whose address is awaited; url( with something in quotes
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
			value = strings.Trim(text[strings.IndexByte(text, '(')+1:len(strings.TrimSuffix(text, ")"))], " \t\n\f\r")
			if value != "" && (value[0] == '"' || value[0] == '\'') {
				value = strings.Trim(value, value[:1])
			}
		case css.StringToken:
			if rule == "@import" || function == "image-set(" || function == "-webkit-image-set(" {
				value = strings.Trim(text, text[:1])
			}
		}
		if rule == "@namespace" {
			value = "" // a name, not a file
		}
		if value != "" && !strings.HasPrefix(value, "#") { // those mean something in this document
			found = append(found, stylesheetURL{unescapeCSS(value), offset})
		}
		if value != "" && rule == "@import" {
			rule = ""
		}
		offset += len(token)
	}
	s.sheets[string(src)] = found
	return found
}

var escapeCSS = regexp.MustCompile(`(?s)\\(?:([0-9a-fA-F]{1,6})[ \t\n\f\r]?|(\r\n|.))`)

// unescapeCSS follows https://www.w3.org/TR/css-syntax-3/#consume-escaped-code-point
func unescapeCSS(v string) string {
	if !strings.Contains(v, `\`) {
		return v
	}
	return escapeCSS.ReplaceAllStringFunc(v, func(e string) string {
		m := escapeCSS.FindStringSubmatch(e)
		switch {
		case m[1] != "":
			return codePoint(m[1])
		case m[2] == "\n" || m[2] == "\r\n" || m[2] == "\r" || m[2] == "\f":
			return "" // a line that goes on
		}
		return m[2]
	})
}

// sitemap collects the addresses of a sitemap: https://www.sitemaps.org/protocol.html
func (s *scanner) sitemap(d *document, src []byte) {
	s.refs, s.dups = s.refs[:0], s.dups[:0]
	z := html.NewTokenizer(bytes.NewReader(src))
	z.AllowCDATA(true)
	known, loc := false, false
	for offset := 0; ; {
		kind := z.Next()
		at := offset
		offset += len(z.Raw())
		switch kind {
		case html.ErrorToken:
			if z.Err() == io.EOF {
				return
			}
		case html.TextToken:
			if text := strings.TrimSpace(string(z.Text())); loc && text != "" {
				s.refs = append(s.refs, reference{value: s.intern([]byte(text)), offset: at, ordinal: -1, use: required})
			}
		case html.StartTagToken, html.SelfClosingTagToken, html.EndTagToken:
			name, more := z.TagName()
			if !known && string(name) != "urlset" && string(name) != "sitemapindex" {
				return // another kind of file
			}
			known = true
			loc = kind == html.StartTagToken && (string(name) == "loc" || string(name) == "image:loc")
			for more && string(name) == "xhtml:link" {
				var key, value []byte
				if key, value, more = z.TagAttr(); string(key) == "href" {
					s.refs = append(s.refs, reference{value: s.intern(value), offset: at, ordinal: -1, use: required})
				}
			}
		}
	}
}
