package links

import (
	"fmt"
	"net/mail"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	whatwg "github.com/nlnwa/whatwg-url/url"
)

// part parts an address at its fragment, after what
// https://url.spec.whatwg.org/#concept-basic-url-parser takes off first.
func part(address string) (rest, fragment string) {
	if blank.in(address) < len(address) {
		address = ignored.Replace(strings.TrimFunc(address, func(r rune) bool { return r <= ' ' }))
	}
	rest, fragment, _ = strings.Cut(address, "#")
	return rest, fragment
}

var (
	blank   = newSigns(func(c byte) bool { return c <= ' ' })
	ignored = strings.NewReplacer("\t", "", "\n", "", "\r", "")
)

// target is what an address leads to, without its fragment.
type target struct {
	path    string    // on this site: percent-decoded, with the site's own sub-path
	doc     *document // there
	href    string    // of another site: the whole address
	host    string    // there
	rule    string    // what is wrong
	message string
	missing string // the path, below the site's own, at which there is nothing
}

// resolver finds out where addresses lead; each worker has its own.
type resolver struct {
	*checker
	doc   *document
	base  *whatwg.Url        // of doc; nil until it is needed
	known map[string]*target // by the base, where it matters, and the address
}

func newResolver(c *checker) resolver { return resolver{checker: c, known: map[string]*target{}} }

// resolve returns where an address without its fragment leads from the page in hand.
func (r *resolver) resolve(address string) *target {
	if !r.doc.hasBase {
		own := address
		if path, ok := strings.CutPrefix(own, r.origin); ok && strings.HasPrefix(path, "/") {
			own = path
		}
		if own == "" {
			return &r.doc.target
		} else if path, ok := plain(r.doc.path, own); ok {
			return r.own(path)
		}
	}
	key := address
	if !absolute.MatchString(address) && (r.doc.hasBase || address[0] != '/') {
		key = r.baseURL().Href(false) + " " + address
	}
	t := r.known[key]
	if t == nil {
		t = r.parse(address)
		r.known[strings.Clone(key)] = t // or the whole file would be kept
	}
	return t
}

// absolute addresses don't need a base; one such as https:x does.
var absolute = regexp.MustCompile(`^(?:[a-zA-Z][a-zA-Z0-9+.-]*://|(?i:data|mailto|tel):)`)

// plain resolves an address that holds nothing but what both net/url and
// browsers read alike: https://www.rfc-editor.org/rfc/rfc3986#section-5.2.4
func plain(page, address string) (string, bool) {
	if odd.in(address) < len(address) || strings.Contains(address, "//") {
		return "", false
	}
	if address[0] != '/' {
		address = page[:strings.LastIndexByte(page, '/')+1] + address
	}
	if !strings.Contains(address, "/.") {
		return address, true
	}
	if strings.HasSuffix(address, "/.") || strings.HasSuffix(address, "/..") {
		address += "/"
	}
	return strings.TrimSuffix(path.Clean(address+"x"), "x"), true // the x, for Clean takes off a last slash
}

var odd = newSigns(func(c byte) bool { return !('a' <= c|0x20 && c|0x20 <= 'z' || '-' <= c && c <= '9' || c == '_') })

// parse has the library read an address.
func (r *resolver) parse(address string) *target {
	u, err := r.baseURL().Parse(address + "#") // or a space before the fragment would be lost
	if err != nil {
		return &target{rule: RuleAddress, message: "is not an address: check it for a slip"}
	}
	switch u.Scheme() {
	case "http", "https":
		if u.Protocol()+"//"+u.Host() == r.origin {
			return r.own(decode(u.Pathname()))
		}
		return &target{href: u.Href(true), host: u.Host()}
	case "javascript":
		return &target{rule: RuleAddress, message: "runs a script: link to a page"}
	case "file":
		return &target{rule: RuleAddress, message: "is a file on one computer, which readers don't have: link to a page of the site"}
	case "tel":
		return telephone(u)
	case "mailto":
		return mailbox(u)
	}
	return &target{}
}

// own returns what stands at a path of the site's host.
func (c *checker) own(path string) *target {
	if d := c.lookup(path); d != nil {
		return &d.target
	}
	if path != c.root && !strings.HasPrefix(path, c.root+"/") {
		return &target{path: path, rule: RuleLink, message: fmt.Sprintf("leads out of the site, which is published under %s/", c.root)}
	}
	return &target{path: path, rule: RuleLink, message: fmt.Sprintf("leads nowhere: there is no page or file at %s.", path), missing: strings.TrimPrefix(path, c.root)}
}

// baseURL follows https://html.spec.whatwg.org/multipage/urls-and-fetching.html#document-base-url
func (r *resolver) baseURL() *whatwg.Url {
	if r.base == nil {
		u := url.URL{Path: r.doc.path}
		r.base, _ = whatwg.Parse(r.origin + u.EscapedPath())
		if r.base == nil { // no path makes an address of a good origin a bad one
			r.base = r.home
		}
		if r.doc.hasBase {
			if b, err := r.base.Parse(r.doc.base); err == nil && b.Scheme() != "data" && b.Scheme() != "javascript" {
				r.base = b
			}
		}
	}
	return r.base
}

// lookup finds the file that a static host serves for a path, or nil: a folder
// is served by its index.html, with or without a slash at the end; a file has
// none. Case matters.
func (c *checker) lookup(path string) *document {
	if d := c.files[indexless(path)]; d != nil {
		return d
	}
	return c.files[path+"/"]
}

// has tells whether a fragment leads somewhere on a page:
// https://html.spec.whatwg.org/multipage/browsing-the-web.html#find-a-potential-indicated-element
// and https://wicg.github.io/scroll-to-text-fragment/#extracting-the-fragment-directive
func (d *document) has(fragment string) bool {
	fragment, _, _ = strings.Cut(fragment, ":~:")
	if fragment == "" || d.holds(fragment) {
		return true
	}
	decoded := decode(fragment)
	if d.holds(decoded) || strings.EqualFold(decoded, "top") {
		return true
	}
	u, err := whatwg.Parse("x:#" + fragment) // which encodes it
	return err == nil && d.holds(u.Fragment())
}

func (d *document) holds(id string) bool {
	_, ok := slices.BinarySearch(d.ids, id)
	return ok
}

// decode follows https://url.spec.whatwg.org/#percent-decode: what isn't
// encoded stays as it is. The replacement of other than UTF-8 is HTML's.
func decode(s string) string {
	if !strings.Contains(s, "%") { // as most
		return s
	}
	return strings.ToValidUTF8(encoded.ReplaceAllStringFunc(s, func(e string) string {
		b, _ := strconv.ParseUint(e[1:], 16, 8)
		return string([]byte{byte(b)})
	}), "\uFFFD")
}

var encoded = regexp.MustCompile(`%[0-9a-fA-F]{2}`)

var number = regexp.MustCompile(`^\+?[0-9*#().\s-]*[0-9*#][0-9*#().\s-]*$`)

// telephone follows https://www.rfc-editor.org/rfc/rfc3966#section-3, and lets
// pass the spaces that telephones do.
func telephone(u *whatwg.Url) *target {
	digits, _, _ := strings.Cut(decode(u.Pathname()), ";")
	if number.MatchString(strings.TrimSpace(digits)) {
		return &target{}
	}
	return &target{rule: RuleAddress, message: "can't be called: write the number in digits, as in tel:+15551234567"}
}

// mailbox follows https://www.rfc-editor.org/rfc/rfc6068#section-2.
func mailbox(u *whatwg.Url) *target {
	list := func(s string) []string { return strings.FieldsFunc(s, func(r rune) bool { return r == ',' }) } // one in an address is encoded
	to := list(u.Pathname())
	for _, field := range strings.Split(u.Query(), "&") {
		name, value, _ := strings.Cut(field, "=")
		if name = strings.ToLower(name); name == "to" || name == "cc" || name == "bcc" {
			to = append(to, list(value)...)
		}
	}
	if len(to) == 0 && u.Query() == "" {
		return &target{rule: RuleAddress, message: "names nobody: write an email address after mailto:"}
	}
	for _, address := range to {
		if _, err := mail.ParseAddress(decode(address)); err != nil {
			return &target{rule: RuleAddress, message: fmt.Sprintf("can't be written to: %q is not an email address", decode(address))}
		}
	}
	return &target{}
}
