package rendered

import (
	"context"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

// readCSS reads a style sheet.
func (p *page) readCSS(context.Context) {
	p.place = p.next
	p.addSheet(p.src)
}

// addSheet takes in what the CSS at the place in hand refers to.
func (p *page) addSheet(src []byte) {
	offset, r := 0, p.reference("")
	for _, url := range p.checker.sheet(string(src)) {
		r.place = advance(r.place, src[offset:url.offset])
		offset = url.offset
		p.add(r, url.value, local)
	}
}

// sheetURL is an address in a style sheet.
type sheetURL struct {
	value  string
	offset int
}

// cssToken matches, by https://www.w3.org/TR/css-syntax-3/, a comment, url() with
// what it holds, a string, what makes an address of a string, or what ends that.
var cssToken = regexp.MustCompile(`(?is)/\*.*?(?:\*/|\z)|\burl\(\s*("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|(?:\\.|[^"'()\\\s])*)\s*\)|` +
	`("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|(@import|@namespace|(?:-webkit-)?image-set\()|([;{)])`)

// sheet returns what CSS refers to: https://www.w3.org/TR/css-values-4/#urls
func (c *checker) sheet(src string) (urls []sheetURL) {
	if known, ok := c.sheets.Load(src); ok {
		return known.([]sheetURL)
	}
	rule := "" // before the address that it awaits
	for _, m := range cssToken.FindAllStringSubmatchIndex(src, -1) {
		group := func(n int) string { return src[max(m[2*n], 0):max(m[2*n+1], 0)] }
		value := group(1)
		switch {
		case group(3) != "":
			rule = strings.ToLower(group(3))
		case group(4) != "":
			rule = ""
		case rule == "@namespace": // whose address is a name
			value = ""
		case rule != "":
			value += group(2)
		}
		if value = strings.Trim(value, `"'`); value != "" {
			urls = append(urls, sheetURL{unescapeCSS(value), m[0]})
		}
	}
	c.sheets.Store(src, urls)
	return urls
}

var escapeCSS = regexp.MustCompile(`(?s)\\(?:([0-9a-fA-F]{1,6})[ \t\n\f\r]?|\r?\n|(.))`)

// unescapeCSS follows https://www.w3.org/TR/css-syntax-3/#consume-escaped-code-point
func unescapeCSS(value string) string {
	return escapeCSS.ReplaceAllStringFunc(value, func(escape string) string {
		m := escapeCSS.FindStringSubmatch(escape)
		if n, err := strconv.ParseInt(m[1], 16, 32); err == nil {
			return strings.ReplaceAll(string(rune(n)), "\x00", "\uFFFD")
		}
		return m[2]
	})
}

// xmlAddresses lists, by the root of an XML file, the elements that hold an
// address and in which attribute, "" for their text: https://www.sitemaps.org/protocol.html,
// https://www.rssboard.org/rss-specification and https://www.rfc-editor.org/rfc/rfc4287
var xmlAddresses = map[string]map[string]string{
	"urlset":       {"loc": "", "image:loc": "", "xhtml:link": "href"},
	"sitemapindex": {"loc": ""},
	"rss":          {"link": "", "guid": "", "url": "", "comments": "", "atom:link": "href", "enclosure": "url"},
	"feed":         {"link": "href", "icon": "", "logo": ""},
}

// readXML reads a sitemap or feed.
func (p *page) readXML(ctx context.Context) {
	var elements map[string]string // nil before the root
	isAddress := false             // the text that comes is one
	for kind := p.token(ctx); kind != html.ErrorToken; kind = p.token(ctx) {
		value := strings.TrimSpace(string(p.z.Text()))
		switch kind {
		case html.TextToken:
			if isAddress && value != "" {
				p.add(p.reference(""), value, follow|required)
			}
		case html.EndTagToken:
			isAddress = false
		case html.StartTagToken, html.SelfClosingTagToken:
			name := p.tag()
			if elements == nil {
				if elements = xmlAddresses[name]; elements == nil {
					return // another kind of file
				}
				p.document.base, p.document.hasBase = p.attribute("xml:base")
			}
			key, isKnown := elements[name]
			isAddress = isKnown && key == "" && kind == html.StartTagToken && p.value("ispermalink") != "false"
			if value, isThere := p.attribute(key); isThere {
				p.add(p.reference(""), value, follow|required)
			}
		}
	}
}

// readRobots reads the sitemaps that robots.txt names: https://www.sitemaps.org/protocol.html#submit_robots
func (p *page) readRobots(context.Context) {
	for line := range strings.Lines(string(p.src)) {
		p.place, p.next = p.next, advance(p.next, []byte(line))
		name, value, _ := strings.Cut(line, ":")
		if strings.EqualFold(strings.TrimSpace(name), "sitemap") {
			p.add(p.reference(""), strings.Clone(strings.TrimSpace(value)), required)
		}
	}
}
