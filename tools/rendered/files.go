package rendered

import (
	"bytes"
	"context"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

// feeds match, by the root of an XML file, the addresses in it: https://www.sitemaps.org/protocol.html,
// https://www.rssboard.org/rss-specification and https://www.rfc-editor.org/rfc/rfc4287
var feeds = map[string]*regexp.Regexp{
	"urlset":       feedPattern("(?:image:)?loc", "xhtml:link"),
	"sitemapindex": feedPattern("loc", "xhtml:link"),
	"rss":          feedPattern(`link|guid(?:\s+isPermaLink="true")?|url|comments`, "atom:link|enclosure"),
	"feed":         feedPattern("icon|logo", "link"),
}

// feedPattern matches elements whose text is an address, and those whose href or url is.
func feedPattern(texts, others string) *regexp.Regexp {
	return regexp.MustCompile(`<(?:` + texts + `)>(\s*(?:<!\[CDATA\[)?[^<\]]*)|<(?:` + others + `)\s(?:[^>]*\s)?(?:href|url)=["']([^"']*)`)
}

var (
	feedRoot    = regexp.MustCompile(`<([a-z]+)\b(?:[^>]*\sxml:base=["']([^"']*))?`)
	sitemapLine = regexp.MustCompile(`(?mi)^[ \t]*sitemap[ \t]*:(.*)$`)
)

// readXML reads a sitemap or feed.
func (r *reader) readXML(context.Context) {
	src := r.src.Bytes()
	root := feedRoot.FindSubmatch(src)
	if root == nil || feeds[string(root[1])] == nil {
		return // another kind of file
	}
	if base := string(root[2]); root[2] != nil {
		r.document.base = &base
	}
	for _, m := range feeds[string(root[1])].FindAllSubmatchIndex(src, -1) {
		from, to := m[2], m[3]
		if r.offset = from; from < 0 {
			r.offset, from, to = m[0], m[4], m[5]
		}
		value := html.UnescapeString(string(bytes.Replace(src[from:to], []byte("<![CDATA["), nil, 1)))
		if value = strings.TrimSpace(value); value != "" || m[2] < 0 {
			r.add(newReference(value, follow|required))
		}
	}
}

// readRobots reads the sitemaps that robots.txt names: https://www.sitemaps.org/protocol.html#submit_robots
func (r *reader) readRobots(context.Context) {
	for _, m := range sitemapLine.FindAllSubmatchIndex(r.src.Bytes(), -1) {
		r.offset = m[0]
		r.add(newReference(strings.TrimSpace(string(r.src.Bytes()[m[2]:m[3]])), required))
	}
}

// readCSS reads a style sheet.
func (r *reader) readCSS(context.Context) { r.addSheet(r.src.Bytes()) }

// addSheet takes in what the style sheet at the offset in hand refers to.
func (r *reader) addSheet(src []byte) {
	start := r.offset
	references, isKnown := r.sheets[string(src)]
	if !isKnown {
		references = readSheet(string(src))
		r.sheets[string(src)] = references
	}
	for _, ref := range references {
		r.offset = start + ref.offset
		r.add(ref)
	}
}

// cssToken matches, by https://www.w3.org/TR/css-syntax-3/, a comment, url() with what it holds, a string, what
// makes an address of a string, and what ends that.
var cssToken = regexp.MustCompile(`(?is)/\*.*?(?:\*/|\z)|\burl\(\s*("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|(?:\\[0-9a-f]{1,6}\s?|\\.|[^"'()\\\s])*)\s*\)|` +
	`("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|(@import|@namespace|(?:-webkit-)?image-set\()|([;{)])`)

// readSheet returns what CSS refers to, with offsets: https://www.w3.org/TR/css-values-4/#urls
func readSheet(src string) (references []reference) {
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
			ref := newReference(strings.Clone(unescapeCSS(value)), local)
			ref.offset = m[0]
			references = append(references, ref)
		}
	}
	return references
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
