package rendered

import (
	"cmp"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strings"

	whatwg "github.com/nlnwa/whatwg-url/url"

	"microsite/tools/diagnostic"
)

// target is what an address leads to, without its fragment. If all is empty, it is nothing that can be checked.
type target struct {
	document *document       // of this site
	href     string          // of another site: the whole address
	rule     diagnostic.Rule // that is broken
	message  string          // what to say of the address
}

// link is one address, which may stand in several files.
type link struct {
	value    string // as it is written
	address  string // without its fragment
	fragment string
	use      use
}

// newLink parts an address at its fragment, after what https://url.spec.whatwg.org/#concept-basic-url-parser takes off.
func newLink(value string, use use) *link {
	clean := strings.TrimFunc(lineBreaks.Replace(value), func(r rune) bool { return r <= ' ' })
	address, fragment, _ := strings.Cut(clean, "#")
	return &link{value, address, fragment, use}
}

var lineBreaks = strings.NewReplacer("\t", "", "\n", "", "\r", "")

// checkAddresses checks what a document refers to, all documents having been read.
func (c *checker) checkAddresses(d *document) {
	for _, ref := range d.references {
		t := c.resolve(d, ref)
		to := t.document
		switch {
		case t.rule != "":
			d.add(ref.value, d.placeOf(ref).Errorf(t.rule, "%q %s", ref.value, t.message))
		case t.href != "":
			c.external = append(c.external, externalLink{ref, d, t.href})
		case to == nil:
		case to.isHTML && ref.use&follow != 0 && !to.has(ref.fragment):
			id := fragmentID(ref.fragment)
			d.add(ref.value, d.placeOf(ref).Errorf(diagnostic.RuleFragment,
				"%q leads to a heading that is not there: nothing on %s has the id %q.%s Its headings: %s", ref.value, to.path, id,
				diagnostic.DidYouMean("#"+id, to.headings), cmp.Or(strings.Join(to.headings, ", "), "none")))
		}
		if to != nil && to != d && ref.use&inbound != 0 {
			to.isLinked = true
		}
		d.isRedirect = d.isRedirect || ref.use&redirect != 0 && to != d
	}
}

// resolve returns where a reference leads. Parsing takes long, so a path in which nothing is encoded is looked up as it is.
func (c *checker) resolve(d *document, ref reference) target {
	to := strings.TrimPrefix(ref.address, c.origin)
	if !strings.HasPrefix(to, "/") && !strings.Contains(ref.address, ":") && !strings.Contains(to, "//") {
		isFolder := strings.HasSuffix(to, "/")
		if to = path.Join(path.Dir(d.path+"x"), to); isFolder {
			to += "/"
		}
	}
	switch {
	case ref.address+ref.fragment == "" && ref.use&required != 0:
		return target{rule: diagnostic.RuleBadAddress, message: "is empty: write an address, or remove what needs it"}
	case ref.address == "" && (d.base == "" || ref.use&local != 0):
		return target{document: d}
	case d.base == "" && strings.HasPrefix(to, "/") && !strings.ContainsAny(ref.address, `%?\`):
		if document := c.lookup(to); document != nil {
			return target{document: document}
		}
	}
	if d.baseURL == nil {
		d.baseURL = c.baseOf(d)
	}
	return c.parse(ref.address, d.baseURL)
}

// baseOf follows https://html.spec.whatwg.org/multipage/urls-and-fetching.html#document-base-url
func (c *checker) baseOf(d *document) *whatwg.Url {
	path := url.URL{Path: d.path}
	own, err := whatwg.Parse(c.origin + path.EscapedPath())
	if err != nil { // no path makes an address of a good origin a bad one
		return c.baseURL
	}
	if d.base != "" {
		if base, err := own.Parse(d.base); err == nil {
			return base
		}
	}
	return own
}

// schemes hold what an address must be that leads to no page, and what to say of others.
var schemes = map[string]struct {
	pattern *regexp.Regexp // of the path and query, nil for none
	message string
}{
	// The number is that of https://www.rfc-editor.org/rfc/rfc3966#section-3, with the spaces that telephones let pass.
	"tel": {regexp.MustCompile(`^\s*\+?[0-9*#().\s-]*[0-9*#][0-9*#().\s-]*(?:[;?]|$)`),
		"can't be called: write the number in digits, as in tel:+15551234567"},
	"mailto": {regexp.MustCompile(`^(?:[^\s@,]+@[^\s@,]+,?)+(?:\?|$)|^\?.`),
		"can't be written to: write an email address after mailto:"},
	"javascript": {nil, "runs a script: link to a page"},
	"file":       {nil, "is a file on one computer, which readers don't have: link to a page of the site"},
}

// parse returns where an address leads, by https://url.spec.whatwg.org/
func (c *checker) parse(address string, base *whatwg.Url) target {
	u, err := base.Parse(address + "#") // or a space before the fragment would be lost
	if err != nil {
		return target{rule: diagnostic.RuleBadAddress, message: "is not an address: check it for a slip"}
	}
	path := decode(u.Pathname())
	scheme, isKnown := schemes[u.Scheme()]
	switch {
	case u.Protocol()+"//"+u.Host() == c.origin:
		return c.parsePath(path)
	case u.Scheme() == "http" || u.Scheme() == "https":
		return target{href: u.Href(true)}
	case isKnown && (scheme.pattern == nil || !scheme.pattern.MatchString(path+u.Search())):
		return target{rule: diagnostic.RuleBadAddress, message: scheme.message}
	}
	return target{}
}

// parsePath returns what stands at a path of the site's host. What was probably meant is slow to look up, so it is left out
// after many addresses that lead nowhere.
func (c *checker) parsePath(path string) target {
	const mostSuggestions = 1000
	d, message := c.lookup(path), c.missing[path]
	switch {
	case d != nil:
		return target{document: d}
	case message == "" && !strings.HasPrefix(path, c.subPath+"/"):
		message = fmt.Sprintf("leads out of the site, which is published under %s/", c.subPath)
	case message == "":
		message = fmt.Sprintf("leads nowhere: there is no page or file at %s.", path)
		if len(c.missing) < mostSuggestions {
			message += diagnostic.DidYouMean(path, c.paths)
		}
	}
	c.missing[path] = message
	return target{rule: diagnostic.RuleBrokenLink, message: message}
}

// fragmentID returns the id that a fragment names: https://wicg.github.io/scroll-to-text-fragment/#extracting-the-fragment-directive
func fragmentID(fragment string) string {
	fragment, _, _ = strings.Cut(fragment, ":~:")
	return decode(fragment)
}

// has reports whether a fragment leads somewhere on a page:
// https://html.spec.whatwg.org/multipage/browsing-the-web.html#find-a-potential-indicated-element
func (d *document) has(fragment string) bool {
	id := fragmentID(fragment)
	if id == "" || strings.EqualFold(id, "top") {
		return true
	}
	_, isThere := d.ids[id]
	_, isThereEncoded := d.ids[fragment]
	return isThere || isThereEncoded
}

// decode follows https://url.spec.whatwg.org/#percent-decode, but leaves all as it is where a % is none.
func decode(s string) string {
	decoded, err := url.PathUnescape(s)
	if err != nil {
		return s
	}
	return decoded
}
