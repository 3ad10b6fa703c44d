package rendered

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
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
	visit    = follow | inbound
)

// addresses lists, by element, the attributes that hold one, and what for:
// https://html.spec.whatwg.org/multipage/indices.html#attributes-3 and https://www.w3.org/TR/SVG2/linking.html#URLReferenceAttributes
var addresses = map[string][]struct {
	attribute string
	use       use
}{
	"a": {{"href", visit}, {"xlink:href", visit}}, "area": {{"href", visit}}, "iframe": {{"src", visit}}, "frame": {{"src", visit}},
	"form": {{"action", inbound}}, "button": {{"formaction", inbound}}, "input": {{"formaction", inbound}, {"src", required}},
	"object": {{"data", inbound | required}}, "embed": {{"src", inbound | required}},
	"link": {{"href", required}, {"imagesrcset", images}},
	"img":  {{"src", required}, {"srcset", images}}, "source": {{"src", required}, {"srcset", images}}, "track": {{"src", required}},
	"audio": {{"src", required}}, "video": {{"src", required}, {"poster", required}}, "body": {{"background", 0}}, "meta": {{"content", 0}},
	"blockquote": {{"cite", 0}}, "q": {{"cite", 0}}, "ins": {{"cite", 0}}, "del": {{"cite", 0}},
	"script": {{"src", required}, {"href", 0}, {"xlink:href", 0}}, "image": {{"src", 0}, {"href", 0}, {"xlink:href", 0}},
	"feimage": {{"href", local}, {"xlink:href", local}}, "use": {{"href", follow | local}, {"xlink:href", follow | local}},
	"textpath": {{"href", follow | local}, {"xlink:href", follow | local}}, "mpath": {{"href", follow | local}, {"xlink:href", follow | local}},
}

var (
	// metaAddress matches the names of meta elements whose content is an address: https://ogp.me
	metaAddress = regexp.MustCompile(`(?i)^(?:og:(?:url|(?:image|video|audio)(?::url|:secure_url)?)|` +
		`twitter:image(?::src)?|msapplication-tileimage)$`)

	// refresh follows https://html.spec.whatwg.org/multipage/semantics.html#shared-declarative-refresh-steps
	refresh = regexp.MustCompile(`(?is)^\s*[0-9.]+\s*[;,\s]\s*(?:url\s*=\s*)?["']?([^"']*)`)

	namesHost = regexp.MustCompile(`(?i)\b(?:preconnect|dns-prefetch)\b`) // and no file

	// imageCandidate follows https://html.spec.whatwg.org/multipage/images.html#parse-a-srcset-attribute, by which an
	// address may hold commas, and so may what stands in parentheses.
	imageCandidate = regexp.MustCompile(`[\s,]*(\S*[^\s,])(?:,+|\s(?:\([^)]*\)?|[^(,])*)?`)

	// sheetAddress matches what a style sheet refers to, and comments and strings, which refer to nothing.
	sheetAddress = regexp.MustCompile(`(?is)/\*.*?(?:\*/|\z)|\burl\(\s*(?:"([^"\n]*)"|'([^'\n]*)'|([^"'()\\\s]+))\s*\)|` +
		`@import\s+["']([^"'\n]*)["']|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'`)

	// location matches an address in a sitemap: https://www.sitemaps.org/protocol.html
	location = regexp.MustCompile(`(?:<loc>\s*(?:<!\[CDATA\[)?|<xhtml:link\s[^>]*href=")([^<\]"]*)`)
)

// tag is what matters of a tag, wherever it stands.
type tag struct {
	element   string
	id        string
	href      string
	anchor    string // the name of an <a>, to which fragments can lead
	source    string // the Markdown file of which all inside is made
	links     []*link
	isInline  bool // it breaks no line
	isCode    bool // its text is code, or isn't shown
	isHeading bool
	isWritten bool // a link or picture that an editor may have written
}

// attribute returns the value of a tag's attribute, "" where there is none.
func attribute(token html.Token, key string) (value string, isThere bool) {
	i := slices.IndexFunc(token.Attr, func(a html.Attribute) bool { return a.Key == key })
	if i < 0 {
		return "", false
	}
	return token.Attr[i].Val, true
}

// parseTag finds what matters of a tag. An editor has written neither the links that Hugo makes of footnotes, nor those
// that a layout puts into a text, which have an empty data-source.
func parseTag(token html.Token) *tag {
	get := func(key string) (value string) {
		value, _ = attribute(token, key)
		return value
	}
	isIn := func(list string) bool { return strings.Contains(list, " "+token.Data+" ") }
	t := &tag{element: token.Data, id: get("id"), href: get("href"), links: readSheet([]byte(get("style"))),
		isInline: isIn(inlineElements), isCode: isIn(codeElements), isHeading: isIn(" h1 h2 h3 h4 h5 h6 ")}
	source, isMarked := attribute(token, "data-source")
	t.source = source
	t.isWritten = (t.element == "a" || t.element == "img") && !isMarked && !strings.HasPrefix(get("class"), "footnote-")
	switch {
	case t.element == "a":
		t.anchor = get("name")
	case t.element == "link" && namesHost.MatchString(get("rel")):
		return t
	}
	for _, a := range addresses[t.element] {
		value, isThere := attribute(token, a.attribute)
		switch {
		case !isThere:
		case t.element == "meta":
			t.addMeta(value, get("property")+get("name"), get("http-equiv"))
		case a.use == images:
			for _, m := range imageCandidate.FindAllStringSubmatch(value, -1) {
				t.links = append(t.links, newLink(m[1], 0))
			}
		default:
			t.links = append(t.links, newLink(value, a.use))
		}
	}
	return t
}

func (t *tag) addMeta(content, name, directive string) {
	if metaAddress.MatchString(name) {
		t.links = append(t.links, newLink(content, required))
	}
	m := refresh.FindStringSubmatch(content)
	if strings.EqualFold(directive, "refresh") && m != nil && m[1] != "" {
		t.links = append(t.links, newLink(m[1], follow|redirect))
	}
}

// readSheet returns what CSS refers to.
func readSheet(src []byte) (links []*link) {
	if !bytes.Contains(src, []byte("url(")) && !bytes.Contains(src, []byte("@import")) {
		return nil // as most, and the pattern is slow
	}
	for _, m := range sheetAddress.FindAllSubmatch(src, -1) {
		if address := slices.Concat(m[1:]...); len(address) > 0 {
			links = append(links, newLink(string(address), local))
		}
	}
	return links
}

func readSitemap(src []byte) (links []*link) {
	for _, m := range location.FindAllSubmatch(src, -1) {
		links = append(links, newLink(strings.TrimSpace(html.UnescapeString(string(m[1]))), follow|required))
	}
	return links
}
