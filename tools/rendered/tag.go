package rendered

import (
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
	link     = follow | inbound
)

// addresses lists, by element, the attributes that hold one, and what for:
// https://html.spec.whatwg.org/multipage/indices.html#attributes-3 and https://www.w3.org/TR/SVG2/linking.html#URLReferenceAttributes
var addresses = map[string]map[string]use{
	"a": {"href": link, "xlink:href": link}, "area": {"href": link}, "iframe": {"src": link}, "frame": {"src": link},
	"form": {"action": inbound}, "button": {"formaction": inbound}, "input": {"formaction": inbound, "src": required},
	"object": {"data": inbound | required}, "embed": {"src": inbound | required}, "link": {"href": required, "imagesrcset": images},
	"img": {"src": required, "srcset": images}, "source": {"src": required, "srcset": images}, "track": {"src": required},
	"audio": {"src": required}, "video": {"src": required, "poster": required}, "body": {"background": 0},
	"blockquote": {"cite": 0}, "q": {"cite": 0}, "ins": {"cite": 0}, "del": {"cite": 0},
	"script": {"src": required, "href": 0, "xlink:href": 0}, "image": {"src": 0, "href": 0, "xlink:href": 0},
	"feimage": {"href": local, "xlink:href": local}, "use": {"href": follow | local, "xlink:href": follow | local},
	"textpath": {"href": follow | local, "xlink:href": follow | local}, "mpath": {"href": follow | local, "xlink:href": follow | local},
}

var (
	// metaAddress matches the names of meta elements whose content is an address: https://ogp.me
	metaAddress = regexp.MustCompile(`(?i)^(?:og:(?:url|(?:image|video|audio)(?::url|:secure_url)?)|` +
		`twitter:image(?::src)?|msapplication-(?:tileimage|config))$`)

	// refresh follows https://html.spec.whatwg.org/multipage/semantics.html#shared-declarative-refresh-steps
	refresh = regexp.MustCompile(`(?s)^\s*(?:[0-9]+[0-9.]*|\.[0-9.]*)(?:\s*[;,]\s*|\s+)(?:(?i:url\s*=\s*)?)(?:"([^"]*).*|'([^']*).*|(.*))$`)

	// imageCandidate follows https://html.spec.whatwg.org/multipage/images.html#parse-a-srcset-attribute, by which an
	// address may hold commas, and so may what stands in parentheses.
	imageCandidate = regexp.MustCompile(`[\s,]*(\S*[^\s,])(?:,+|\s(?:\([^)]*\)?|[^(,])*)?`)
)

// tag is what matters of a tag, wherever it stands.
type tag struct {
	element    string
	isInline   bool // it breaks no line
	isCode     bool // its text is code, or isn't shown
	id         string
	anchor     string  // the name of an <a>
	source     string  // a data-source
	base       *string // the address of a <base>
	isShadow   bool    // a template that is shown
	isHeading  bool
	isLink     bool // a link or picture that an editor may have written; Hugo makes those of footnotes
	references []reference
}

// parseTag parses the tag that a tokenizer has come to. Of doubled attributes the tokenizer keeps the first.
func parseTag(z *html.Tokenizer, attributes map[string]string) *tag {
	name, hasMore := z.TagName()
	word := " " + string(name) + " "
	t := &tag{element: string(name), isInline: strings.Contains(inlineElements, word), isCode: strings.Contains(codeElements, word)}
	clear(attributes)
	for hasMore {
		var key, value []byte
		key, value, hasMore = z.TagAttr()
		attributes[string(key)] = string(value)
	}
	t.id, t.source = attributes["id"], attributes["data-source"]
	_, t.isShadow = attributes["shadowrootmode"]
	t.isHeading = len(t.element) == 2 && t.element[0] == 'h' && t.element != "hr"
	_, hasSource := attributes["data-source"] // an empty one says that a layout made the link, not the text around it
	t.isLink = (t.element == "a" || t.element == "img") && !hasSource && !strings.HasPrefix(attributes["class"], "footnote-")
	if t.element == "a" {
		t.anchor = attributes["name"]
	}
	if href, hasHref := attributes["href"]; hasHref && t.element == "base" {
		t.base = &href
	}
	t.addReferences(attributes)
	return t
}

// addReferences finds what a tag refers to.
func (t *tag) addReferences(attributes map[string]string) {
	if style := attributes["style"]; strings.Contains(style, "(") {
		t.references = readSheet(style)
	}
	kind, rels := strings.ToLower(attributes["type"]), strings.Fields(strings.ToLower(attributes["rel"]))
	namesHost := slices.Contains(rels, "preconnect") || slices.Contains(rels, "dns-prefetch")
	switch {
	case t.element == "meta":
		t.addMeta(attributes)
	case t.element == "link" && (namesHost || len(rels) == 0 && attributes["itemprop"] == ""): // without rel it does nothing
		return
	case t.element == "input" && kind != "image" && kind != "submit":
		return
	}
	_, hasHref := attributes["href"]
	for key, use := range addresses[t.element] {
		switch value, isThere := attributes[key]; {
		case !isThere || hasHref && key == "xlink:href": // https://www.w3.org/TR/SVG2/linking.html#XLinkRefAttrs: href wins
		case use == images:
			for _, m := range imageCandidate.FindAllStringSubmatch(value, -1) {
				t.add(m[1], 0)
			}
		default:
			t.add(value, use)
		}
	}
}

func (t *tag) addMeta(attributes map[string]string) {
	content, isThere := attributes["content"]
	switch m := refresh.FindStringSubmatch(content); {
	case !isThere || content == "none": // as msapplication-config is switched off
	case metaAddress.MatchString(attributes["property"]), metaAddress.MatchString(attributes["name"]):
		t.add(content, required)
	case strings.EqualFold(attributes["http-equiv"], "refresh") && m != nil && m[1]+m[2]+m[3] != "":
		t.add(m[1]+m[2]+m[3], follow|redirect)
	}
}

func (t *tag) add(value string, use use) {
	t.references = append(t.references, newReference(value, use))
}
