package rendered

import (
	"context"
	"fmt"
	"net/mail"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"

	whatwg "github.com/nlnwa/whatwg-url/url"

	"microsite/tools/diagnostic"
)

// target is what an address leads to, without its fragment. If all is empty, it
// is nothing that can be checked.
type target struct {
	document *document       // of this site
	href     string          // of another site: the whole address
	rule     diagnostic.Rule // that is broken, and what to say of the address
	message  string
	missing  string // the path at which there is nothing, without the site's sub-path
}

// read reads one file, and checks all that can be checked before the others are read.
func (c *checker) read(ctx context.Context, d *document) error {
	src, err := os.ReadFile(c.onDisk(d.file)) // list has seen that it is a regular file
	if err != nil {
		return err
	}
	p := newPage(c, d, src)
	d.read(p, ctx)
	var fragments, external []reference
	for _, r := range p.references {
		r.target = p.resolve(r)
		to := r.target.document
		switch {
		case r.target.rule != "":
			p.report(r, r.target.rule, "%q %s", r.value, r.target.message)
		case r.target.href != "":
			external = append(external, r)
		case to == nil || !to.isHTML || r.use&follow == 0 || !strings.Contains(r.value, "#"):
		case to == d:
			p.findings = append(p.findings, r.checkFragment()...)
		default:
			fragments = append(fragments, r)
		}
		if to == nil || to == d {
			continue
		}
		if r.use&inbound != 0 {
			to.isLinked.Store(true)
		}
		if r.use&redirect != 0 {
			d.redirect = to
		}
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.findings = append(c.findings, p.findings...)
	c.fragments, c.external = append(c.fragments, fragments), append(c.external, external...)
	return ctx.Err()
}

// checkFragment returns a finding if a fragment leads nowhere on its page.
func (r reference) checkFragment() []finding {
	d := r.target.document
	_, fragment := splitFragment(r.value)
	if d.has(fragment) {
		return nil
	}
	name, _, _ := strings.Cut(decode(fragment), ":~:")
	return []finding{{reference: r, diagnostic: r.place.Errorf(diagnostic.RuleFragment,
		"%q leads to a heading that is not there: nothing on %s has the id %q.", r.value, d.path, name)}}
}

// has reports whether a fragment leads somewhere on a page:
// https://html.spec.whatwg.org/multipage/browsing-the-web.html#find-a-potential-indicated-element
// and https://wicg.github.io/scroll-to-text-fragment/#extracting-the-fragment-directive
func (d *document) has(fragment string) bool {
	fragment, _, _ = strings.Cut(fragment, ":~:")
	decoded := decode(fragment)
	if fragment == "" || d.names[fragment] > 0 || d.names[decoded] > 0 || strings.EqualFold(decoded, "top") {
		return true
	}
	u, err := whatwg.Parse("x:#" + fragment) // which encodes it
	return err == nil && d.names[u.Fragment()] > 0
}

// splitFragment parts an address at its fragment, after what
// https://url.spec.whatwg.org/#concept-basic-url-parser takes off first.
func splitFragment(address string) (rest, fragment string) {
	isBlank := func(r rune) bool { return r <= ' ' }
	if strings.ContainsFunc(address, isBlank) {
		address = lineBreaks.Replace(strings.TrimFunc(address, isBlank))
	}
	rest, fragment, _ = strings.Cut(address, "#")
	return rest, fragment
}

var lineBreaks = strings.NewReplacer("\t", "", "\n", "", "\r", "")

// shared matches addresses that lead to the same place from every page without a <base>.
var shared = regexp.MustCompile(`^(?:/|https?://|data:|mailto:|tel:)`)

// resolve returns where a reference leads. Parsing takes long, and most addresses stand on many pages.
func (p *page) resolve(r reference) *target {
	d, c := p.document, p.checker
	address, _ := splitFragment(r.value)
	if address == "" && (!d.hasBase || r.use&local != 0) {
		return d.self
	}
	if known, ok := c.targets.Load(address); ok && !d.hasBase {
		return known.(*target)
	}
	t := c.parse(address, p.baseURL())
	if !d.hasBase && shared.MatchString(address) {
		c.targets.Store(address, t)
	}
	return t
}

// baseURL follows https://html.spec.whatwg.org/multipage/urls-and-fetching.html#document-base-url
func (p *page) baseURL() *whatwg.Url {
	if p.base != nil {
		return p.base
	}
	own := url.URL{Path: p.document.path}
	p.base, _ = whatwg.Parse(p.checker.origin + own.EscapedPath())
	if p.base == nil { // no path makes an address of a good origin a bad one
		p.base = p.checker.baseURL
	}
	if p.document.hasBase {
		b, err := p.base.Parse(p.document.base)
		if err == nil && b.Scheme() != "data" && b.Scheme() != "javascript" {
			p.base = b
		}
	}
	return p.base
}

// parse returns where an address leads, by https://url.spec.whatwg.org/
func (c *checker) parse(address string, base *whatwg.Url) *target {
	u, err := base.Parse(address + "#") // or a space before the fragment would be lost
	if err != nil {
		return badAddress("is not an address: check it for a slip")
	}
	switch u.Scheme() {
	case "http", "https":
		if u.Protocol()+"//"+u.Host() != c.origin {
			return &target{href: u.Href(true)}
		}
		return c.parsePath(decode(u.Pathname()))
	case "javascript":
		return badAddress("runs a script: link to a page")
	case "file":
		return badAddress("is a file on one computer, which readers don't have: link to a page of the site")
	case "tel":
		return parsePhone(u)
	case "mailto":
		return parseMail(u)
	}
	return &target{}
}

func badAddress(format string, args ...any) *target {
	return &target{rule: diagnostic.RuleBadAddress, message: fmt.Sprintf(format, args...)}
}

// parsePath returns what stands at a path of the site's host.
func (c *checker) parsePath(path string) *target {
	below, isBelow := strings.CutPrefix(path, c.subPath+"/")
	switch d := c.lookup(path); {
	case d != nil:
		return d.self
	case isBelow:
		return &target{rule: diagnostic.RuleBrokenLink, missing: "/" + below, message: fmt.Sprintf("leads nowhere: there is no page or file at %s.", path)}
	}
	return &target{rule: diagnostic.RuleBrokenLink, message: fmt.Sprintf("leads out of the site, which is published under %s/", c.subPath)}
}

// lookup returns the file that a static host serves for a path, or nil: a folder is
// served by its index.html, with or without a slash at the end. Case matters.
func (c *checker) lookup(path string) *document {
	if d := c.files[withoutIndex(path)]; d != nil {
		return d
	}
	return c.files[path+"/"]
}

var encoded = regexp.MustCompile(`%[0-9a-fA-F]{2}`)

// decode follows https://url.spec.whatwg.org/#percent-decode: what isn't
// encoded stays as it is. The replacement of other than UTF-8 is HTML's.
func decode(s string) string {
	if !strings.Contains(s, "%") { // as most
		return s
	}
	return strings.ToValidUTF8(encoded.ReplaceAllStringFunc(s, func(code string) string {
		b, _ := strconv.ParseUint(code[1:], 16, 8)
		return string([]byte{byte(b)})
	}), "\uFFFD")
}

var phone = regexp.MustCompile(`^\s*\+?[0-9*#().\s-]*[0-9*#][0-9*#().\s-]*$`)

// parsePhone follows https://www.rfc-editor.org/rfc/rfc3966#section-3, and lets
// pass the spaces that telephones do.
func parsePhone(u *whatwg.Url) *target {
	digits, _, _ := strings.Cut(decode(u.Pathname()), ";")
	if !phone.MatchString(digits) {
		return badAddress("can't be called: write the number in digits, as in tel:+15551234567")
	}
	return &target{}
}

// parseMail follows https://www.rfc-editor.org/rfc/rfc6068#section-2.
func parseMail(u *whatwg.Url) *target {
	to := u.Pathname()
	for field := range strings.SplitSeq(u.Query(), "&") {
		name, value, _ := strings.Cut(field, "=")
		if name = strings.ToLower(name); name == "to" || name == "cc" || name == "bcc" {
			to += "," + value
		}
	}
	if to+u.Query() == "" {
		return badAddress("names nobody: write an email address after mailto:")
	}
	for address := range strings.SplitSeq(to, ",") { // a comma in an address is encoded
		if _, err := mail.ParseAddress(decode(address)); err != nil && address != "" {
			return badAddress("can't be written to: %q is not an email address", decode(address))
		}
	}
	return &target{}
}
