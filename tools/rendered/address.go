package rendered

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	whatwg "github.com/nlnwa/whatwg-url/url"

	"microsite/tools/diagnostic"
)

// target is what an address without its fragment leads to. The zero value is something that can't be checked.
type target struct {
	document *document       // a file of this site, or a page of another site that was read
	href     string          // the whole address, if it leads to another site
	rule     diagnostic.Rule // the rule that the address breaks, or ""
	message  string          // what is wrong with the address
}

// link is an address in a tag or style sheet. Several files may share it.
type link struct {
	value    string // as written
	address  string // without its fragment
	fragment string
	flags    linkFlags
}

// newLink splits an address into its parts, without the characters that browsers strip from it:
// https://url.spec.whatwg.org/#concept-basic-url-parser
func newLink(value string, flags linkFlags) *link {
	clean := strings.TrimFunc(lineBreaks.Replace(value), func(r rune) bool { return r <= ' ' })
	address, fragment, _ := strings.Cut(clean, "#")
	return &link{value, address, fragment, flags}
}

var lineBreaks = strings.NewReplacer("\t", "", "\n", "", "\r", "")

// checkAddresses checks the references of a document. All documents must have been read.
func (c *checker) checkAddresses(d *document) {
	for _, ref := range d.references {
		t := c.resolve(d, ref)
		to := t.document
		switch {
		case t.rule != "":
			d.reportLink(ref, t.rule, t.message)
		case t.href != "":
			c.external = append(c.external, externalLink{ref, d, t.href})
		case to == nil:
		case to.isHTML && ref.flags&checkFragment != 0 && !to.hasFragment(ref.fragment):
			id := fragmentID(ref.fragment)
			d.reportLink(ref, diagnostic.RuleFragment, fmt.Sprintf(
				"leads to a heading that is not there: nothing on %s has the id %q.%s Its headings: %s", to.path, id,
				diagnostic.DidYouMean("#"+id, to.headings), cmp.Or(strings.Join(to.headings, ", "), "none")))
		}
		if to != nil && to != d && ref.flags&reachesPage != 0 {
			to.isLinked = true
		}
		d.isRedirect = d.isRedirect || ref.flags&redirects != 0 && to != d
	}
}

// resolve returns what a reference leads to. Parsing an address is slow, so absolute paths are looked up without it.
func (c *checker) resolve(d *document, ref reference) target {
	switch to := strings.TrimPrefix(ref.address, c.origin); {
	case ref.address+ref.fragment == "" && ref.flags&required != 0:
		return target{rule: diagnostic.RuleBadAddress, message: "is empty: write an address, or remove what needs it"}
	case ref.address == "" && (d.baseHref == "" || ref.flags&ignoresBase != 0):
		return target{document: d}
	case d.baseHref == "" && strings.HasPrefix(to, "/") && !strings.ContainsAny(ref.address, `%?\`):
		if document := c.lookup(to); document != nil {
			return target{document: document}
		}
	}
	if d.baseURL == nil {
		d.baseURL = c.documentBase(d)
	}
	return c.resolveURL(ref.address, d.baseURL)
}

// documentBase returns the URL that the addresses of a document are relative to:
// https://html.spec.whatwg.org/multipage/urls-and-fetching.html#document-base-url
func (c *checker) documentBase(d *document) *whatwg.Url {
	path := url.URL{Path: d.path}
	own, err := whatwg.Parse(c.origin + path.EscapedPath())
	if err != nil { // never: the origin has been parsed, and the path is escaped
		return c.baseURL
	}
	if base, err := own.Parse(d.baseHref); err == nil {
		return base
	}
	return own
}

// schemes lists the schemes whose addresses lead to no page but can be checked.
var schemes = map[string]struct {
	pattern *regexp.Regexp // what path and query must match; nil if the scheme is never right
	message string         // what is wrong with an address that does not match
}{
	// The number is that of https://www.rfc-editor.org/rfc/rfc3966#section-3, with the spaces that telephones ignore.
	"tel": {regexp.MustCompile(`^\s*\+?[0-9*#().\s-]*[0-9*#][0-9*#().\s-]*(?:[;?]|$)`),
		"can't be called: write the number in digits, as in tel:+15551234567"},
	"mailto": {regexp.MustCompile(`^(?:[^\s@,]+@[^\s@,]+,?)+(?:\?|$)|^\?.`),
		"can't be written to: write an email address after mailto:"},
	"javascript": {nil, "runs a script: link to a page"},
	"file":       {nil, "is a file on one computer, which readers don't have: link to a page of the site"},
}

// resolveURL returns what an address leads to by https://url.spec.whatwg.org/
func (c *checker) resolveURL(address string, base *whatwg.Url) target {
	u, err := base.Parse(address + "#") // without the #, the parser would strip a space before the fragment
	if err != nil {
		return target{rule: diagnostic.RuleBadAddress, message: "is not an address: check it for a slip"}
	}
	path := decode(u.Pathname())
	scheme, isKnown := schemes[u.Scheme()]
	switch {
	case u.Protocol()+"//"+u.Host() == c.origin:
		return c.resolvePath(path)
	case u.Scheme() == "http" || u.Scheme() == "https":
		return target{href: u.Href(true)}
	case isKnown && (scheme.pattern == nil || !scheme.pattern.MatchString(path+u.Search())):
		return target{rule: diagnostic.RuleBadAddress, message: scheme.message}
	}
	return target{}
}

// resolvePath returns what the site's host serves at a path.
func (c *checker) resolvePath(path string) target {
	const maxSuggestions = 1000 // finding a similar path is slow
	d, message := c.lookup(path), c.brokenPaths[path]
	switch {
	case d != nil:
		return target{document: d}
	case message == "" && !strings.HasPrefix(path, c.subPath+"/"):
		message = fmt.Sprintf("leads out of the site, which is published under %s/", c.subPath)
	case message == "":
		message = fmt.Sprintf("leads nowhere: there is no page or file at %s.", path)
		if len(c.brokenPaths) < maxSuggestions {
			message += diagnostic.DidYouMean(path, c.paths)
		}
	}
	c.brokenPaths[path] = message
	return target{rule: diagnostic.RuleBrokenLink, message: message}
}

// fragmentID returns the id that a fragment names: https://wicg.github.io/scroll-to-text-fragment/#extracting-the-fragment-directive
func fragmentID(fragment string) string {
	fragment, _, _ = strings.Cut(fragment, ":~:")
	return decode(fragment)
}

// hasFragment reports whether a fragment leads to a part of the document:
// https://html.spec.whatwg.org/multipage/browsing-the-web.html#find-a-potential-indicated-element
func (d *document) hasFragment(fragment string) bool {
	if _, isRawID := d.ids[fragment]; isRawID {
		return true
	}
	id := fragmentID(fragment)
	_, isID := d.ids[id]
	return isID || id == "" || strings.EqualFold(id, "top")
}

// decode percent-decodes s, or returns it unchanged if one of its % starts no escape sequence.
func decode(s string) string {
	decoded, err := url.PathUnescape(s)
	if err != nil {
		return s
	}
	return decoded
}
