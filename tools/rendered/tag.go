package rendered

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// linkFlags say what browsers do with an address. Without a flag, they only load the file.
type linkFlags int

const (
	checkFragment linkFlags = 1 << iota // they look for the fragment in the file
	reachesPage                         // they show the page, so that a page with such a link is no orphan
	redirects                           // they show the page at once
	ignoresBase                         // a fragment alone means this document, whatever <base> says
	required                            // an empty address is a mistake
	srcset                              // the value holds several addresses
	navigates     = checkFragment | reachesPage
)

// addressAttributes lists, by element, the attributes that hold an address:
// https://html.spec.whatwg.org/multipage/indices.html#attributes-3 and https://www.w3.org/TR/SVG2/linking.html#URLReferenceAttributes
var addressAttributes = map[string]map[string]linkFlags{
	"a": {"href": navigates, "xlink:href": navigates}, "area": {"href": navigates},
	"iframe": {"src": navigates}, "frame": {"src": navigates},
	"form": {"action": reachesPage}, "button": {"formaction": reachesPage},
	"input":  {"formaction": reachesPage, "src": required},
	"object": {"data": reachesPage | required}, "embed": {"src": reachesPage | required},
	"link": {"href": required, "imagesrcset": srcset}, "img": {"src": required, "srcset": srcset},
	"source": {"src": required, "srcset": srcset}, "track": {"src": required},
	"audio": {"src": required}, "video": {"src": required, "poster": required},
	"body": {"background": 0}, "meta": {"content": 0},
	"blockquote": {"cite": 0}, "q": {"cite": 0}, "ins": {"cite": 0}, "del": {"cite": 0},
	"script": {"src": required, "href": 0, "xlink:href": 0}, "image": {"src": 0, "href": 0, "xlink:href": 0},
	"feimage":  {"href": ignoresBase, "xlink:href": ignoresBase},
	"use":      {"href": checkFragment | ignoresBase, "xlink:href": checkFragment | ignoresBase},
	"textpath": {"href": checkFragment | ignoresBase, "xlink:href": checkFragment | ignoresBase},
	"mpath":    {"href": checkFragment | ignoresBase, "xlink:href": checkFragment | ignoresBase},
}

var (
	// metaAddress matches the names of meta elements whose content is an address: https://ogp.me
	metaAddress = regexp.MustCompile(`(?i)^(?:og:(?:url|(?:image|video|audio)(?::url|:secure_url)?)|` +
		`twitter:image(?::src)?|msapplication-tileimage)$`)

	// refresh matches the content of <meta http-equiv=refresh>:
	// https://html.spec.whatwg.org/multipage/semantics.html#shared-declarative-refresh-steps
	refresh = regexp.MustCompile(`(?is)^\s*[0-9.]+\s*[;,\s]\s*(?:url\s*=\s*)?["']?([^"']*)`)

	// hostRel matches the rel of a <link> to a host rather than a file.
	hostRel = regexp.MustCompile(`(?i)\b(?:preconnect|dns-prefetch)\b`)

	// srcsetAddress matches an address in a srcset and its descriptor. Both can hold commas, the latter in parentheses:
	// https://html.spec.whatwg.org/multipage/images.html#parse-a-srcset-attribute
	srcsetAddress = regexp.MustCompile(`[\s,]*(\S*[^\s,])(?:,+|\s(?:\([^)]*\)?|[^(,])*)?`)

	// sheetAddress matches an address in a style sheet. It also matches comments and strings, to skip what they hold.
	sheetAddress = regexp.MustCompile(`(?is)/\*.*?(?:\*/|\z)|\burl\(\s*(?:"([^"\n]*)"|'([^'\n]*)'|([^"'()\\\s]+))\s*\)|` +
		`@import\s+["']([^"'\n]*)["']|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'`)

	// sitemapAddress matches an address in a sitemap: https://www.sitemaps.org/protocol.html
	sitemapAddress = regexp.MustCompile(`(?:<loc>\s*(?:<!\[CDATA\[)?|<xhtml:link\s[^>]*href=")([^<\]"]*)`)
)

// tag is what the checks need of a start or end tag. It does not depend on where the tag stands.
type tag struct {
	element    string
	id         string
	href       string
	anchorName string // the name of an <a>, to which fragments can lead
	source     string // the Markdown file that the element's content was rendered from
	links      []*link
	isInline   bool // it does not end a block of text
	isCode     bool // its text shows as it is written
	isHidden   bool // its text isn't shown
	isHeading  bool
	isWritten  bool // it is a link or picture that an editor may have written
}

// parseTag returns what the checks need of a tag. Editors don't write the links of footnotes, which Hugo makes, nor those
// that a layout puts into a text, which have an empty data-source.
func parseTag(token html.Token) *tag {
	attributes := map[string]string{}
	for _, a := range slices.Backward(token.Attr) { // the first of two with the same name counts
		attributes[a.Key] = a.Val
	}
	isIn := func(list string) bool { return strings.Contains(list, " "+token.Data+" ") }
	source, isMarked := attributes["data-source"]
	isLinkOrPicture := token.Data == "a" || token.Data == "img"
	t := &tag{
		element: token.Data, id: attributes["id"], href: attributes["href"], source: source,
		links: sheetLinks([]byte(attributes["style"])), isInline: isIn(inlineElements), isCode: isIn(codeElements), isHidden: isIn(hiddenElements),
		isHeading: isIn(" h1 h2 h3 h4 h5 h6 "),
		isWritten: isLinkOrPicture && !isMarked && !strings.HasPrefix(attributes["class"], "footnote-"),
	}
	if t.element == "a" {
		t.anchorName = attributes["name"]
	}
	add := func(value string, flags linkFlags) { t.links = append(t.links, newLink(value, flags)) }
	for _, a := range token.Attr {
		value := attributes[a.Key]
		flags, isAddress := addressAttributes[t.element][a.Key]
		switch {
		case !isAddress || t.element == "link" && hostRel.MatchString(attributes["rel"]):
		case t.element == "meta":
			if metaAddress.MatchString(attributes["property"] + attributes["name"]) {
				add(value, required)
			}
			m := refresh.FindStringSubmatch(value)
			if m != nil && m[1] != "" && strings.EqualFold(attributes["http-equiv"], "refresh") {
				add(m[1], checkFragment|redirects)
			}
		case flags == srcset:
			for _, m := range srcsetAddress.FindAllStringSubmatch(value, -1) {
				add(m[1], 0)
			}
		default:
			add(value, flags)
		}
	}
	return t
}

// sheetLinks returns the links in CSS.
func sheetLinks(src []byte) (links []*link) {
	if !bytes.Contains(src, []byte("url(")) && !bytes.Contains(src, []byte("@import")) {
		return nil // most CSS has no links, and the pattern is slow
	}
	for _, m := range sheetAddress.FindAllSubmatch(src, -1) {
		if address := slices.Concat(m[1:]...); len(address) > 0 {
			links = append(links, newLink(string(address), ignoresBase))
		}
	}
	return links
}

// sitemapLinks returns the links in a sitemap.
func sitemapLinks(src []byte) (links []*link) {
	for _, m := range sitemapAddress.FindAllSubmatch(src, -1) {
		links = append(links, newLink(strings.TrimSpace(html.UnescapeString(string(m[1]))), checkFragment|required))
	}
	return links
}
