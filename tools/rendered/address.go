package rendered

import (
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"strconv"
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
	missing  string          // the path at which there is nothing, without the site's sub-path
}

// newReference parts an address at its fragment, after what https://url.spec.whatwg.org/#concept-basic-url-parser takes off.
func newReference(value string, use use) reference {
	isBlank := func(r rune) bool { return r <= ' ' }
	address := value
	if strings.ContainsFunc(value, isBlank) {
		address = strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(strings.TrimFunc(value, isBlank))
	}
	address, fragment, _ := strings.Cut(address, "#")
	return reference{value: value, address: address, fragment: fragment, use: use}
}

// check checks one address, and reports whether more is to be checked when all files have been read.
func (r *reader) check(ref *reference) (isPending bool) {
	if ref.address+ref.fragment == "" && ref.use&required != 0 {
		r.report(*ref, diagnostic.RuleBadAddress, "an address is missing here: write one, or remove what needs it")
		return false
	}
	if ref.target == nil || r.document.base != nil {
		ref.target = r.resolve(*ref)
	}
	t, to := ref.target, ref.target.document
	if t.rule != "" {
		r.report(*ref, t.rule, "%q %s", ref.value, t.message)
	}
	isOther := to != nil && to != r.document
	if isOther && ref.use&inbound != 0 && !to.isLinked.Load() {
		to.isLinked.Store(true)
	}
	if isOther && ref.use&redirect != 0 {
		r.document.redirect = to
	}
	hasFragment := to != nil && to.isHTML && ref.fragment != "" && ref.use&follow != 0
	isPending = hasFragment && (isOther || !to.has(*ref)) || t.href != "" && r.checker.options.External != nil
	if isPending {
		r.locate(ref)
	}
	return isPending
}

// checkPending checks the fragments of pages, and returns the links to other sites.
func (c *checker) checkPending() (external []reference) {
	for _, list := range c.pending {
		for _, ref := range list {
			to := ref.target.document
			if to == nil {
				external = append(external, ref)
			} else if !to.has(ref) {
				c.findings = append(c.findings, finding{reference: ref, diagnostic: ref.place.Errorf(diagnostic.RuleFragment,
					"%q leads to a heading that is not there: nothing on %s has the id %q.", ref.value, to.path, ref.id())})
			}
		}
	}
	return external
}

// id returns the id that the fragment names: https://wicg.github.io/scroll-to-text-fragment/#extracting-the-fragment-directive
func (ref reference) id() string {
	fragment, _, _ := strings.Cut(ref.fragment, ":~:")
	return decode(fragment)
}

// has reports whether the fragment of a reference leads somewhere on a page:
// https://html.spec.whatwg.org/multipage/browsing-the-web.html#find-a-potential-indicated-element
func (d *document) has(ref reference) bool {
	id := ref.id()
	_, isThere := d.ids[id]
	_, isThereEncoded := d.ids[ref.fragment]
	return isThere || isThereEncoded || id == "" || strings.EqualFold(id, "top")
}

// shared matches addresses that lead to one place from every page without a <base>.
var shared = regexp.MustCompile(`^(?:/|https?://|data:|mailto:|tel:)`)

// sharedTarget returns where an address leads that is shared, else nil. Parsing takes long, so clean paths are not parsed.
func (c *checker) sharedTarget(address string) *target {
	if path := strings.TrimPrefix(address, c.origin); isClean(path) {
		return c.parsePath(path)
	}
	if shared.MatchString(address) {
		return c.parse(address, c.baseURL)
	}
	return nil
}

// isClean reports whether an address is a path in which nothing is encoded, and no part is empty or starts with a dot.
func isClean(address string) bool {
	last := byte(0)
	for i := range len(address) {
		c := address[i]
		isWord := 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_'
		if !isWord && (c != '/' && c != '.' || last == '/') {
			return false
		}
		last = c
	}
	return strings.HasPrefix(address, "/")
}

// resolve returns where a reference leads from the page in hand.
func (r *reader) resolve(ref reference) *target {
	d := r.document
	if ref.address == "" && (d.base == nil || ref.use&local != 0) {
		return d.target
	}
	if r.base == nil {
		r.base = r.checker.baseOf(d)
	}
	return r.checker.parse(ref.address, r.base)
}

// baseOf follows https://html.spec.whatwg.org/multipage/urls-and-fetching.html#document-base-url
func (c *checker) baseOf(d *document) *whatwg.Url {
	path := url.URL{Path: d.path}
	own, err := whatwg.Parse(c.origin + path.EscapedPath())
	if err != nil { // no path makes an address of a good origin a bad one
		return c.baseURL
	}
	if d.base != nil {
		base, err := own.Parse(*d.base)
		if err == nil && base.Scheme() != "data" && base.Scheme() != "javascript" {
			return base
		}
	}
	return own
}

// parse returns where an address leads, by https://url.spec.whatwg.org/
func (c *checker) parse(address string, base *whatwg.Url) *target {
	if base == c.baseURL { // all readers share it, and the library writes into the base that it parses by
		c.baseMutex.Lock()
		defer c.baseMutex.Unlock()
	}
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
		return d.target
	case isBelow:
		message := fmt.Sprintf("leads nowhere: there is no page or file at %s.", path)
		return &target{rule: diagnostic.RuleBrokenLink, missing: "/" + below, message: message}
	}
	message := fmt.Sprintf("leads out of the site, which is published under %s/", c.subPath)
	return &target{rule: diagnostic.RuleBrokenLink, message: message}
}

// lookup returns the file that a static host serves for a path, or nil: for a folder, its index.html. Case matters.
func (c *checker) lookup(path string) *document {
	if d := c.files[withoutIndex(path)]; d != nil {
		return d
	}
	return c.files[path+"/"]
}

var encoded = regexp.MustCompile(`%[0-9a-fA-F]{2}`)

// decode follows https://url.spec.whatwg.org/#percent-decode: what isn't encoded stays as it is.
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

// parsePhone follows https://www.rfc-editor.org/rfc/rfc3966#section-3, and lets pass the spaces that telephones do.
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
