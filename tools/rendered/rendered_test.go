package rendered

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"microsite/tools/diagnostic"
	"microsite/tools/site"
)

// write makes a folder of files.
func write(t testing.TB, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		name = filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// check returns the findings of a rendered folder, but for pages that nothing
// links to, which have a test of their own.
func check(t testing.TB, files map[string]string, o Options) []diagnostic.Diagnostic {
	t.Helper()
	_, problems, err := Check(t.Context(), write(t, files), o)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(problems, func(p diagnostic.Diagnostic) bool { return p.Rule == diagnostic.RuleOrphanPage })
}

// markdown is a page of a site whose links stand at line:column.
func markdown(path string, links ...string) *site.Page {
	p := &site.Page{Path: path, File: "content/" + path}
	for _, link := range links {
		place := diagnostic.Place{File: p.File}
		fmt.Sscanf(link, "%d:%d", &place.Line, &place.Column)
		p.Links = append(p.Links, site.Link{Place: place})
	}
	return p
}

func siteOf(pages ...*site.Page) *site.Site { return &site.Site{Pages: pages} }

// What an address on a page at https://site.example/sub/a/b/ leads to. Each row
// names what it follows: URL is https://url.spec.whatwg.org, RFC is
// https://www.rfc-editor.org/rfc/rfc3986, HTML is https://html.spec.whatwg.org.
func TestResolution(t *testing.T) {
	site := map[string]string{
		"index.html": "<h1 id=home>x</h1>", "404.html": "", "feed.xml": "", "a/index.html": "<h2 id=there>x</h2>", "a/c/index.html": "", "p/ö x.html": "", "way/index.html": "",
		"a/b/pic.png": "", "a/b/100%.html": "", "a/b/a:b.html": "", "empty/x.txt": "", "a/b/doc.html": "<i id=in-doc>x</i>",
	}
	page := `<!doctype html><h2 id="here">x</h2><i id="ä">x</i><i id="a b">x</i><i id="50%">x</i><a name="old">x</a><a name=named></a><i id="lit%20eral"></i><!-- <i id=comment></i> --><script>"<i id=script>"</script><textarea><i id=text></textarea><div><template shadowrootmode=open><i id=shadow></i></template></div><noscript><i id=noscript></i></noscript><template><i id="hidden">x</i></template>`
	const ok = diagnostic.Rule("")
	for _, c := range []struct {
		href string
		want diagnostic.Rule
		why  string
	}{
		{"", ok, "URL: an empty address is the page itself"},
		{"#", ok, "HTML: an empty fragment is the top of the page"},
		{"#top", ok, "HTML: so is top, in any case"}, {"#TOP", ok, "HTML: find a potential indicated element"},
		{"#here", ok, "HTML: an element's id"}, {"#Here", diagnostic.RuleFragment, "HTML: ids have a case"}, {"#gone", diagnostic.RuleFragment, "HTML"},
		{"#old", ok, "HTML: an a element's name"}, {"#hidden", diagnostic.RuleFragment, "HTML: a template's content is no part of the page"},
		{"#%C3%A4", ok, "HTML: a fragment is percent-decoded"}, {"#ä", ok, "HTML: or taken as it is"}, {"#a%20b", ok, "HTML"}, {"#50%25", ok, "HTML"},
		{"#:~:text=x", ok, "https://wicg.github.io/scroll-to-text-fragment/: a text directive is no fragment"}, {"#here:~:text=x", ok, "the same"},
		{"?q=1", ok, "URL: a query is the same page"}, {"?q=1#gone", diagnostic.RuleFragment, "URL"},
		{".", ok, "RFC 5.4.1: this folder"}, {"./", ok, "RFC 5.4.1"}, {"..", ok, "RFC 5.4.1: the folder above"}, {"../", ok, "RFC 5.4.1"},
		{"../#there", ok, "RFC 5.4.1"}, {"../../", ok, "RFC 5.4.1: the site"}, {"../c/", ok, "RFC 5.4.1"}, {"../c/./../c/", ok, "RFC 5.2.4: dot segments"},
		{"../..", ok, "RFC 5.4.1"}, {"../../..", diagnostic.RuleBrokenLink, "RFC 5.4.1: out of the site"}, {"../../../x", diagnostic.RuleBrokenLink, "RFC 5.4.2"}, {"../../../../../sub/", ok, "RFC 5.4.2: above the root is the root"},
		{"pic.png", ok, "a file"}, {"./pic.png", ok, "a file"}, {"pic.png#any", ok, "only HTML has fragments that can be checked"}, {"pic.jpg", diagnostic.RuleBrokenLink, "no file"}, {"Pic.png", diagnostic.RuleBrokenLink, "files have a case"},
		{"pic.png/", diagnostic.RuleBrokenLink, "a file is no folder"}, {"doc.html#in-doc", ok, "another file"}, {"doc.html#gone", diagnostic.RuleFragment, "another file"},
		{"/sub/", ok, "URL: a whole path"}, {"/sub", ok, "a host leads to /sub/"}, {"/sub/a/#there", ok, "a whole path"}, {"/sub/a", ok, "a host leads to /sub/a/"}, {"/sub/a/index.html", ok, "the file itself"},
		{"/sub/404.html", ok, "a file"}, {"/sub/404", diagnostic.RuleBrokenLink, "no folder"}, {"/sub/gone/", diagnostic.RuleBrokenLink, "nothing"}, {"/", diagnostic.RuleBrokenLink, "out of the site"}, {"/a/", diagnostic.RuleBrokenLink, "the sub-path is missing"},
		{"/subway/", diagnostic.RuleBrokenLink, "a path that only starts alike"}, {"/sub//a/", diagnostic.RuleBrokenLink, "URL: an empty segment is one"},
		{"/sub/p/%C3%B6%20x.html", ok, "URL: paths are percent-decoded by the host"}, {"/sub/p/ö x.html", ok, "URL: a browser encodes the rest"}, {" /sub/a/ ", ok, "URL: space around is stripped"},
		{"\n/sub/a/\t", ok, "URL: space around is stripped"},
		{"https://site.example/sub/a/#there", ok, "the site's whole address"}, {"https://site.example/sub/gone/", diagnostic.RuleBrokenLink, "the site's whole address"}, {"//site.example/sub/gone/", diagnostic.RuleBrokenLink, "RFC 4.2: scheme-relative"},
		{"https://site.example/", diagnostic.RuleBrokenLink, "the host is the site's, the path isn't"},
		{"HTTPS://site.example/sub/gone/", diagnostic.RuleBrokenLink, "URL: schemes have no case"}, {"https://SITE.example/sub/gone/", diagnostic.RuleBrokenLink, "URL: hosts have no case"},
		{"https://site.example:443/sub/gone/", diagnostic.RuleBrokenLink, "URL: the default port is none"},
		{"https://site.example:8443/sub/gone/", ok, "another port is another site"}, {"http://site.example/sub/gone/", ok, "another scheme is another site"}, {"//other.example/gone", ok, "elsewhere"}, {"https://other.example/gone#x", ok, "elsewhere"},
		{"mailto:a@b.example", ok, "not a page"}, {"tel:+1 911", ok, "not a page"}, {"data:text/plain,x", ok, "not a file"},
		{"javascript:void(0)", diagnostic.RuleBadAddress, "runs a script"}, {"JavaScript:x()", diagnostic.RuleBadAddress, "URL: schemes have no case"}, {" javascript:x()", diagnostic.RuleBadAddress, "URL: space before is stripped"},
		{"tel:+1-800-555-0100", ok, "RFC 3966 3: visual separators"}, {"tel:911;phone-context=+1", ok, "RFC 3966 3: parameters"}, {"tel:*31#", ok, "RFC 3966 5.1.2"}, {"tel:", diagnostic.RuleBadAddress, "RFC 3966 3: a digit at least"}, {"tel:NUMBER", diagnostic.RuleBadAddress, "RFC 3966 3"}, {"TEL:x", diagnostic.RuleBadAddress, "URL: schemes have no case"},
		{"mailto:a@b.example?subject=x%20y", ok, "RFC 6068 2"}, {"mailto:?subject=x", ok, "RFC 6068 2: to is optional"}, {"mailto:a@b.example?cc=&bcc=,", ok, "RFC 6068 2: hfvalue may be empty"}, {"mailto:a@b.example,c@d.example", ok, "RFC 6068 2: several"}, {"mailto:a%2Cb@c.example", diagnostic.RuleBadAddress, "RFC 6068 2: no quotes around the comma"},
		{"mailto:", diagnostic.RuleBadAddress, "to nobody"}, {"mailto:a", diagnostic.RuleBadAddress, "RFC 5322 3.4.1: no @"}, {"mailto:a@", diagnostic.RuleBadAddress, "RFC 5322 3.4.1"}, {"mailto:a b@c.example", diagnostic.RuleBadAddress, "RFC 5322 3.4.1"}, {"mailto:?to=a", diagnostic.RuleBadAddress, "RFC 6068 5"}, {"mailto:%C3%A4@b.example", ok, "RFC 6532"},
		{"sms:+15550100", ok, "not a page"}, {"x-app:open", ok, "not a page"}, {"file:///C:/x.pdf", diagnostic.RuleBadAddress, "on one computer only"}, {"C:\\x.pdf", ok, "URL: a scheme of one letter, of which nothing is known"},
		{"%zz", diagnostic.RuleBrokenLink, "URL 1.3: a stray % is itself"}, {"100%.html", ok, "URL 1.3: a stray % is itself"}, {"100%25.html", ok, "URL 1.3: percent-decode"}, {"http://[::1", diagnostic.RuleBadAddress, "URL 3.5: IPv6"}, {"https://site.example:port/", diagnostic.RuleBadAddress, "URL 4.4: port state"},
		{"https://", diagnostic.RuleBadAddress, "URL 4.4: host missing"}, {"http://a b.example/", diagnostic.RuleBadAddress, "URL 3.1: forbidden host code point"}, {"https://site.example:99999/", diagnostic.RuleBadAddress, "URL 4.4: port out of range"}, {"https:///site.example/sub/gone/", diagnostic.RuleBrokenLink, "URL 4.4: special authority ignore slashes state"},
		{`..\c\`, ok, "URL 4.4: a backslash is a slash"}, {`\sub\a\`, ok, "URL 4.4"}, {`\\site.example\sub\gone\`, diagnostic.RuleBrokenLink, "URL 4.4: relative slash state"}, {"https:/sub/gone/", diagnostic.RuleBrokenLink, "URL 4.4: special relative or authority state"}, {"https:../c/", ok, "URL 4.4"},
		{"%2e%2e/c/", ok, "URL 4.4: double-dot path segment"}, {".%2E/c/", ok, "URL 4.4"}, {"%2E/pic.png", ok, "URL 4.4: single-dot path segment"}, {"/sub/a/%2e%2e/%2e%2e/", diagnostic.RuleBrokenLink, "URL 4.4: out of the site"},
		{"/su\nb/\ta/", ok, "URL 4.4: tabs and line breaks are removed"}, {"\x01/sub/a/\x1f", ok, "URL 4.4: C0 controls around are stripped"}, {"h\nttps://site.example/sub/gone/", diagnostic.RuleBrokenLink, "URL 4.4"},
		{"./a:b.html", ok, "URL 4.4: a colon after the first slash is a path's"}, {"a:b.html", ok, "URL 4.4: else it ends a scheme"}, {"1:2.html", diagnostic.RuleBrokenLink, "URL 4.4: a scheme starts with a letter"}, {"/sub/a/b/a:b.html", ok, "URL 4.4"},
		{"https://site.example./sub/gone/", ok, "URL 3.5: a dot at the end is another host"}, {"https://SİTE.example/", ok, "URL 3.3: another host"}, {"https://ｓｉｔｅ.example/sub/gone/", diagnostic.RuleBrokenLink, "URL 3.3: full-width letters are ASCII ones"}, {"https://%73ite.example/sub/gone/", diagnostic.RuleBrokenLink, "URL 3.5: hosts are percent-decoded"},
		{"https://user@site.example/sub/gone/", diagnostic.RuleBrokenLink, "URL 4.4: a user is no other host"}, {"https://site.example/sub/?a#there", diagnostic.RuleFragment, "URL: query and fragment"}, {"/sub/a/?x=/../#there", ok, "URL 4.4: no dot segments in a query"}, {"/sub/a/#/there", diagnostic.RuleFragment, "URL"},
		{"#here#there", diagnostic.RuleFragment, "URL 4.4: the first # starts the fragment"}, {"#%68ere", ok, "HTML: a fragment is percent-decoded"}, {"#lit%20eral", ok, "HTML: an id may hold what looks encoded"}, {"#h\nere", ok, "URL 4.4: line breaks are removed"}, {"#%FF", diagnostic.RuleFragment, "HTML: not UTF-8"}, {"#named", ok, "HTML: name of an a element"},
		{"#t%6Fp", ok, "HTML: top is compared after decoding"}, {"#comment", diagnostic.RuleFragment, "HTML: a comment holds no element"}, {"#script", diagnostic.RuleFragment, "HTML: nor does script text"}, {"#text", diagnostic.RuleFragment, "HTML: nor does a textarea"}, {"#shadow", diagnostic.RuleFragment, "HTML: a shadow tree is another tree"}, {"#noscript", ok, "without script it is there"},
		{"/sub/a/b", ok, "a host leads to /sub/a/b/"}, {"/sub/A/", diagnostic.RuleBrokenLink, "folders have a case"}, {"/sub/%61/", ok, "a host decodes paths"}, {"/sub/empty/", diagnostic.RuleBrokenLink, "a folder without index.html"}, {"/sub/empty", diagnostic.RuleBrokenLink, "the same"}, {"/sub/%2e", ok, "URL 4.4"}, {"/%73ub/a/", ok, "a host decodes all of a path"},
	} {
		site["a/b/index.html"] = page + `<a href="` + html.EscapeString(c.href) + `">x</a>`
		problems := check(t, site, Options{BaseURL: "https://site.example/sub/"})
		got := diagnostic.Rule("")
		if len(problems) > 0 {
			got = problems[0].Rule
		}
		if got != c.want || len(problems) > 1 {
			t.Errorf("%q: %v, not %q (%s)", c.href, problems, c.want, c.why)
		}
	}
}

// The same without an address, as for a folder of which nothing is known.
func TestWithoutBase(t *testing.T) {
	for href, want := range map[string]diagnostic.Rule{"/a/": "", "a/": "", "/gone": diagnostic.RuleBrokenLink, "../a/": "", "https://site.example/gone": "", "//site.example/gone": ""} {
		problems := check(t, map[string]string{"index.html": `<a href="` + href + `">`, "a/index.html": ""}, Options{})
		got := diagnostic.Rule("")
		if len(problems) > 0 {
			got = problems[0].Rule
		}
		if got != want {
			t.Errorf("%q: %v, not %q", href, problems, want)
		}
	}
	if problems := check(t, map[string]string{"a%20b/index.html": "<a href=x.html>", "a%20b/x.html": ""}, Options{}); len(problems) > 0 {
		t.Errorf("a folder whose name looks encoded: %v", problems)
	}
}

// Every element that refers to a file is checked, and none that doesn't.
func TestElements(t *testing.T) {
	for element, want := range map[string]int{
		`<a href=x>`: 1, `<area href=x>`: 1, `<link rel=stylesheet href=x>`: 1, `<link rel=canonical href=x>`: 1, `<script src=x></script>`: 1, `<img src=x>`: 1, `<IMG SRC='x'/>`: 1,
		`<img srcset="x 1x, y 2x">`: 2, `<img srcset="x,y">`: 1, `<img srcset=" x , y 100w,z">`: 3, `<img srcset="data:image/png;base64,AAAA 1x, y 2x">`: 1, `<img srcset="x 1x,, y">`: 2, `<img srcset="">`: 0,
		`<picture><source srcset=x></picture>`: 1, `<video src=x poster=y>`: 2, `<audio src=x>`: 1, `<track src=x>`: 1, `<iframe src=x></iframe>`: 1, `<embed src=x>`: 1, `<object data=x>`: 1,
		`<form action=x>`: 1, `<input type=image src=x>`: 1, `<svg><use href=x /><image href=y /></svg>`: 2, `<blockquote cite=x>`: 1, `<q cite=x>`: 1,
		`<meta property=og:image content=/x>`: 1, `<meta property=og:url content=/x>`: 1,
		`<meta property=og:title content=/x>`: 0, `<meta name=description content=/x>`: 0, `<link rel=preconnect href=//x>`: 0, `<link rel="dns-prefetch" href=/x>`: 0,
		`<p href=x src=y>`: 0, `<a name=x>`: 0, `<!-- <a href=x> -->`: 0, `<script>"<a href=x>"</script>`: 0, `<style>/*<a href=x>*/</style>`: 0, `<template><a href=x></a></template>`: 0,
		`<title><a href=x></title>`: 0, `<textarea><a href=x></textarea>`: 0, `<noscript><a href=x>y</a></noscript>`: 1,
		`<a href=x href=index.html>`: 1, `<a href=index.html href=x>`: 0, `<a href="x&amp;y">`: 1, `<base href=/><a href=index.html>`: 0, `<base href=/deep/><a href=index.html>`: 1,
		`<template><template><a href=x></template><a href=x></template><a href=index.html>`: 0, `<template shadowrootmode=open><a href=x></a></template>`: 1,
		`<a href=x><base href=/deep/>`: 1, `<base target=_top><base href=/><base href=/deep/><a href=index.html>`: 0, `<base href="data:x"><a href=index.html>`: 0, `<base href="http://[::1"><a href=index.html>`: 0,
		`<template><base href=/deep/></template><a href=index.html>`: 0, `<base href="https://cdn.example/"><a href=x>`: 0, `<base href=deep/><a href="#x">`: 1, `<base href=deep/><svg><use href="#x" /><g id=x /></svg>`: 0,
		`<frame src=x>`: 1, `<button formaction=x>`: 1, `<input type=submit formaction=x>`: 1, `<input type=text src=x>`: 0, `<ins cite=x>`: 1, `<del cite=x>`: 1, `<body background=x>`: 1, `<iframe src=x><a href=y></iframe>`: 1,
		`<link href=x>`: 0, `<link itemprop=image href=x>`: 1, `<link rel=alternate hreflang=de href=/de/>`: 1, `<link rel=icon href=x>`: 1, `<link rel=preload as=image href=x imagesrcset="y 1x, z 2x">`: 3, `<LINK REL=" Preconnect " HREF=//x>`: 0,
		`<img src="">`: 1, `<script src=""></script>`: 1, `<link rel=stylesheet href="">`: 1, `<a href="">`: 0, `<form action="">`: 0, `<iframe src="">`: 0, `<img data-src=x>`: 0, `<a data-href=x>`: 0, `<a title="<a href=x>">`: 0, `<img srcset="x 1x" data-srcset="y 1x">`: 1,
		`<source src=x srcset="y 100w, z 200w">`: 3, `<img srcset="a(,b 1x, x (1x,2x), y">`: 3, `<img srcset="x, , ,">`: 1, `<img src=x src=index.html srcset="y" srcset="z">`: 2,
		`<svg><a href=x>y</a><a xlink:href=z /></svg>`: 2, `<svg><use xlink:href="#no" /></svg>`: 1, `<svg><use href="#s" /><symbol id=s /></svg>`: 0, `<svg><image xlink:href=x href=index.html /></svg>`: 0, `<svg><use href="x.svg#a" /></svg>`: 1,
		`<svg><style/><a href=x></a></svg>`: 1, `<svg><title><a href=x></a></title></svg>`: 1, `<svg><script href=x /></svg><a href=y>`: 2, `<svg><![CDATA[<a href=x>]]></svg>`: 0, `<p><![CDATA[<a href=x>`: 0, `<svg><foreignObject><textarea><a href=x></textarea></foreignObject></svg>`: 0,
		`<svg><textPath href="#p">x</textPath><mpath href="#p"/><path id=p /></svg>`: 0, `<svg></svg><title><a href=x></title>`: 0, `<svg/><textarea><a href=x></textarea>`: 0, `<math><mi>x</mi></math><xmp><a href=x></xmp>`: 0,
		`<meta http-equiv=refresh content="5">`: 0, `<meta http-equiv=Refresh content="0; url=x">`: 1, `<meta http-equiv=refresh content="0;URL='x'y">`: 1, `<meta http-equiv=refresh content="0,x">`: 1, `<meta http-equiv=refresh content="0 x">`: 1, `<meta http-equiv=refresh content="1.5 ; url = index.html">`: 0,
		`<meta http-equiv=refresh content="; url=x">`: 0, `<meta http-equiv=refresh content="0x; url=x">`: 0, `<meta http-equiv=refresh content='0; url="index.html"x'>`: 0, `<meta http-equiv=default-style content="0; url=x">`: 0, `<meta http-equiv=refresh content="0; url=#no">`: 1,
		`<meta name=og:image content=/x>`: 1, `<meta name=Twitter:Image content=/x>`: 1, `<meta property=og:image:secure_url content=/x>`: 1, `<meta property=og:image content="">`: 1, `<meta property=og:image>`: 0,
		`<style>a{background:url(x)}</style>`: 1, `<style>a{background:URL( "x" )} b{c:url('y')}</style>`: 2, `<style>/* url(x) */ a::before{content:"url(x)"}</style>`: 0, `<style>@import "x"; @import url(y) print;</style>`: 2, `<style>@namespace svg url(x); @namespace "y";</style>`: 0,
		`<style>a{b:image-set("x" 1x, url(y) 2x)}</style>`: 2, `<style>a{b:url(index\.html)}</style>`: 0, `<style>a{b:url(i\6e dex.html)}</style>`: 0, `<style>a{b:url(#clip)} c{d:url()}</style>`: 0, `<style>a{b:url(data:image/png;base64,AA)}</style>`: 0, `<style>@font-face{src:local("x"),url(x.woff2) format("woff2")}</style>`: 1,
		`<meta name=msapplication-config content=x.xml>`: 1,
		`<p style="background:url(x)">`:                  1, `<p style="background:url(&quot;x&quot;)">`: 1, `<p style="color:red">`: 0, `<template><style>a{b:url(x)}</style></template>`: 0, `<svg><style>a{b:url(x)}</style></svg>`: 1, `<style>a{b:url(x)}</style><p>url(y)</p>`: 1, `<STYLE>@charset "x"; a{b:url(  )}</STYLE>`: 0,
	} {
		if problems := check(t, map[string]string{"index.html": element}, Options{}); len(problems) != want {
			t.Errorf("%s: %v, not %d", element, problems, want)
		}
	}
}

// What themes commonly publish is right, by what each row names.
func TestThemes(t *testing.T) {
	for _, c := range []struct{ page, why string }{
		{`<a href="#"></a>`, "https://html.spec.whatwg.org/multipage/browsing-the-web.html#find-a-potential-indicated-element"},
		{`<link rel=preconnect href>`, "https://html.spec.whatwg.org/multipage/links.html#link-type-preconnect: a host, no file"},
		{`<meta property=og:image content="https://cdn.example/x.png"><meta name=twitter:image content="//cdn.example/x.png">`, "another site's"},
		{`<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw="><link rel=icon href="data:,">`, "https://www.rfc-editor.org/rfc/rfc2397"},
		{`<img srcset="data:image/svg+xml;utf8,%3Csvg%3E,#a 1x,data:image/png;base64,AA= 2x">`, "https://html.spec.whatwg.org/multipage/images.html#parse-a-srcset-attribute: a comma without a space ends nothing"},
		{`<a href=index.html download>x</a><a download>x</a><a href="index.html?x#" download=y>x</a>`, "https://html.spec.whatwg.org/multipage/links.html#downloading-resources"},
		{`<iframe srcdoc="<a href=x>"></iframe><iframe src="about:blank"></iframe><iframe></iframe>`, "https://html.spec.whatwg.org/multipage/iframe-embed-object.html#attr-iframe-srcdoc: a document of its own"},
		{`<form></form><form action="#"><button formaction="?x"></button></form><form method=dialog action=""></form>`, "https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#form-submission-algorithm: this page"},
		{`<svg><symbol id=s /></svg><svg><use href="#s" /><use xlink:href="index.html#s" /></svg>`, "https://www.w3.org/TR/SVG2/struct.html#UseElement"},
		{`<style media=print>@import "index.html" print; @import url(data:text/css,) layer(x) supports(display:grid);</style>`, "https://www.w3.org/TR/css-cascade-5/#at-import"},
		{`<style>a{b:url(var(--x));filter:url("#f");src:url("index.html?#iefix") format("x")}</style>`, "https://www.w3.org/TR/css-syntax-3/#consume-url-token: a bad url is none"},
		{`<style>/*# sourceMappingURL=x.css.map */</style><script>//# sourceMappingURL=x.js.map</script>`, "https://www.w3.org/TR/css-syntax-3/#consume-comment; text of a script"},
		{`<meta name=msapplication-config content=none>`, "https://learn.microsoft.com/en-us/previous-versions/windows/internet-explorer/ie-developer/platform-apis/dn255024(v=vs.85): Windows shall not ask for one"},
		{`<!--[if lt IE 9]><script src="x.js"></script><![endif]--><script type="text/template"><a href="{{x}}"></script>`, "https://html.spec.whatwg.org/multipage/parsing.html#comment-start-state"},
		{`<blockquote cite="urn:isbn:0-00-000000-0"></blockquote><a href="whatsapp://send?text=x y"></a><a href="geo:1,2"></a><link rel=alternate href="android-app://x/http/y">`, "https://url.spec.whatwg.org/#concept-basic-url-parser: other schemes"},
		{`<a href="?page=2"></a><video src="index.html#t=1,2"></video>`, "https://www.w3.org/TR/media-frags/"},
	} {
		if problems := check(t, map[string]string{"index.html": c.page}, Options{}); len(problems) > 0 {
			t.Errorf("%s: %v (%s)", c.page, problems, c.why)
		}
	}
}

// Style sheets refer from where they stand; sitemaps by whole addresses.
func TestOtherFiles(t *testing.T) {
	problems := check(t, map[string]string{
		"index.html": `<link rel=stylesheet href=css/a.css>`, "css/b.png": "", "a/index.html": "",
		"css/a.css":      "a { b: url(b.png) }\n  c { d: url(../gone.png) }",
		"sitemap.xml":    `<?xml version="1.0"?><urlset xmlns="x"><url><loc> https://site.example/sub/a/ </loc><lastmod>x</lastmod></url>` + "\n" + `<url><loc>https://site.example/sub/b/?x&amp;y</loc><xhtml:link rel="alternate" hreflang="de" href="https://site.example/sub/c/"/></url><url><loc><![CDATA[https://site.example/sub/d/]]></loc></url></urlset>`,
		"de/sitemap.xml": `<sitemapindex><sitemap><loc>/sub/e.xml</loc></sitemap></sitemapindex>`, "feed.xml": `<rss><loc>https://site.example/sub/no/</loc></rss>`, "x.txt": `<a href=no>`,
		"index.xml":  `<rss><channel><title>A <b> C</title><link>https://site.example/sub/</link><atom:link href="https://site.example/sub/index.xml"/><atom:link href="https://site.example/sub/x/" /><item><link><![CDATA[https://site.example/sub/f/]]></link><guid>https://site.example/sub/g/</guid><guid isPermaLink="false">h</guid><enclosure url="../i.mp3"/></item></channel></rss>`,
		"atom.xml":   `<feed xml:base="https://site.example/sub/a/"><id>x</id><link href="./"/><link href="k/"/><icon>/sub/l.png</icon><link rel="self" href="https://site.example/sub/atom.xml"/><link rel="alternate" href="https://elsewhere.example/"/></feed>`,
		"x.svg":      `<svg><a href="no"><title/><style>a{b:url(p.png)}</style><svg></svg><script/><use xlink:href="#m"/><image HREF="q"/><view id="m"/><view id="m"/></a><!-- <a href="n"/> --></svg>`,
		"robots.txt": "User-agent: *\nSITEMAP : https://site.example/sub/sitemap.xml\r\nSitemap: https://site.example/sub/s.xml\nDisallow: /t/\n", "a/robots.txt": "Sitemap: /u.xml",
	}, Options{BaseURL: "https://site.example/sub/"})
	var got []string
	for _, p := range problems {
		got = append(got, fmt.Sprintf("%s:%d:%d %s", p.File, p.Line, p.Column, strings.Split(p.Message, `"`)[1]))
	}
	want := "atom.xml:1:73 k/, atom.xml:1:96 /sub/l.png, css/a.css:2:10 ../gone.png, de/sitemap.xml:1:29 /sub/e.xml, " +
		"index.xml:1:129 https://site.example/sub/x/, index.xml:1:189 https://site.example/sub/f/, index.xml:1:241 https://site.example/sub/g/, index.xml:1:309 ../i.mp3, robots.txt:3:1 https://site.example/sub/s.xml, " +
		"sitemap.xml:2:11 https://site.example/sub/b/?x&y, sitemap.xml:2:52 https://site.example/sub/c/, sitemap.xml:2:146 https://site.example/sub/d/, x.svg:1:6 no, x.svg:1:38 p.png, x.svg:1:99 q"
	if strings.Join(got, ", ") != want {
		t.Errorf("\n got %s\nwant %s", strings.Join(got, ", "), want)
	}
}

// A page that nothing leads to is a warning. The home page, 404.html and
// redirections need no link; a redirection that is linked leads on.
func TestOrphans(t *testing.T) {
	files := map[string]string{
		"index.html": `<a href=a/>`, "404.html": "", "de/404.html": "", "a/index.html": `<a href="#x">x</a><i id=x></i><iframe src=../framed.html></iframe><form action=../thanks/></form><a href=../old/>`,
		"b/index.html": `<a href=./>me</a><link rel=canonical href=./><meta property=og:url content=./>`, "framed.html": "", "thanks/index.html": "", "c.html": "",
		"old/index.html": `<meta http-equiv=refresh content="0; url=../new/">`, "new/index.html": "", "older/index.html": `<meta http-equiv=refresh content="0; url=../alone/">`, "alone/index.html": "",
		"sitemap.xml": `<urlset><loc>/b/</loc></urlset>`, "style.css": "",
	}
	for want, o := range map[string]Options{
		"alone/index.html b/index.html c.html": {},
		"content/b.md":                         {Site: siteOf(markdown("_index.md"), markdown("a.md"), markdown("b.md"))},
	} {
		_, problems, err := Check(t.Context(), write(t, files), o)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range problems {
			got = append(got, p.File)
			if p.Rule != diagnostic.RuleOrphanPage || p.Severity != diagnostic.Warning {
				t.Errorf("%v", p)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%v, not %s", problems, want)
		}
	}
}

// What somebody has a reason for is left out, on that page and for that target
// only; a rule without use is said.
func TestIgnores(t *testing.T) {
	rule := func(page, target string, line int) site.Ignore {
		return site.Ignore{Page: page, Target: target, Place: diagnostic.Place{File: "config.toml", Line: line, Column: 1}}
	}
	files := map[string]string{"index.html": `<a href=gone>x</a><i data-source=a.md><a href=lost>y</a></i><a href="#no">`, "a/index.html": `<a href=gone>x</a><i id=d></i><i id=d></i>`}
	var got []string
	for _, p := range check(t, files, Options{Site: &site.Site{Ignores: []site.Ignore{
		rule("/", "gone", 1), rule("content/a.md", "lost", 2), rule("index.html", "#no", 3), rule("/a/", "d", 4),
		rule("/", "lost/", 5), rule("/b/", "gone", 6), rule("/", "https://elsewhere.example/", 7), rule("/", "http://unknown.invalid/x", 8),
	}}}) {
		got = append(got, fmt.Sprintf("%s:%d %s", p.File, p.Line, p.Rule))
	}
	if want := "a/index.html:1 broken-link, config.toml:5 unused-ignore, config.toml:6 unused-ignore, config.toml:8 unused-ignore"; strings.Join(got, ", ") != want {
		t.Errorf("\n got %s\nwant %s", strings.Join(got, ", "), want)
	}
}

func TestDuplicateIDs(t *testing.T) {
	for src, want := range map[string]int{
		`<i id=a></i><i id=b></i><a name=c></a>`: 0, `<i id=a></i><i id=A></i>`: 0, `<i id=a></i><i id=a></i>`: 1, `<p class=x ID = a><p class=y iD="a">`: 1, `<p class="id=a"><p class="id=a">`: 0, `<p class="x = y" id='a'><b
id
=
a>`: 1, `<i id=a></i><i id=a></i><i id=a></i>`: 1, `<i id=a></i><i id=b></i><i id=b></i><i id=a></i>`: 2,
		`<i id=a></i><template><i id=a></i></template>`: 0, `<a id=a name=a></a>`: 0, `<i id=""></i><i id=""></i>`: 0,
	} {
		problems := check(t, map[string]string{"index.html": src}, Options{})
		if len(problems) != want || want > 0 && problems[0].Rule != diagnostic.RuleDuplicateID {
			t.Errorf("%s: %v, not %d", src, problems, want)
		}
	}
}

// A finding is traced through data-source to the Markdown, where the links of
// both correspond.
func TestSources(t *testing.T) {
	a := siteOf(markdown("a.md", "7:3", "9:1"))
	for name, c := range map[string]struct {
		html string
		o    Options
		want []string
	}{
		"each in its place": {`<a href=/>0</a><main data-source=a.md><p><a href=x>1</a></p><main></main><img src=y></main><a href=/z>3</a>`, Options{Site: a},
			[]string{"content/a.md:7:3 x", "content/a.md:9:1 y", "index.html:1:92 /z"}},
		"two sources in turns": {`<i data-source=a.md><a href=x>1</a></i><i data-source=b.md><a href=v>1</a></i><i data-source=a.md><a href=y>2</a></i>`,
			Options{Site: siteOf(markdown("a.md", "7:3", "9:1"), markdown("b.md", "1:1"))}, []string{"content/a.md:7:3 x", "content/a.md:9:1 y", "content/b.md:1:1 v"}},
		"more links than are written": {`<i data-source=a.md><a href=x>1</a><a href=y>2</a><a href=z>3</a></i>`, Options{Site: a},
			[]string{"content/a.md:0:0 x", "content/a.md:0:0 y", "content/a.md:0:0 z"}},
		"fewer links than are written": {`<i data-source=a.md><a href=x>1</a></i>`, Options{Site: a}, []string{"content/a.md:0:0 x"}},
		"a file that nobody knows":     {`<i data-source=c.md><a href=x>1</a></i>`, Options{Site: a}, []string{"content/c.md:0:0 x"}},
		"outside a site":               {`<i data-source=a.md><a href=x>1</a></i>`, Options{}, []string{"index.html:1:21 x"}},
		"no link of the text":          {`<i data-source=a.md><a href=/>1</a><video src=x></video><a href=/>2</a></i>`, Options{Site: a}, []string{"content/a.md:0:0 x"}},
	} {
		var got []string
		for _, p := range check(t, map[string]string{"index.html": c.html}, c.o) {
			got = append(got, fmt.Sprintf("%s:%d:%d %s", p.File, p.Line, p.Column, strings.Split(p.Message, `"`)[1]))
		}
		if strings.Join(got, ", ") != strings.Join(c.want, ", ") {
			t.Errorf("%s:\n got %q\nwant %q", name, got, c.want)
		}
	}
}

// Text that several pages show is mended in one place, so it is reported once:
// as its own page shows it, or else as the others do.
func TestShownElsewhere(t *testing.T) {
	o := Options{Site: siteOf(markdown("a.md", "7:1", "8:1"), markdown("b.md", "5:1"))}
	both := func(a, b string) string {
		return `<p data-source=a.md>` + a + `</p><p data-source=b.md>` + b + `</p>`
	}
	files := map[string]string{
		"index.html":   `<a href=a/>x</a><a href=b/>x</a><a href=all/>x</a><a href=some/>x</a>`,
		"a/index.html": `<p data-source=a.md><a href=/gone/>x</a> <a href="/b/#no">y</a><i id=d></i><i id=d></i></p>`, "b/index.html": `<p data-source=b.md><a href=/a/>z</a></p>`,
		"all/index.html":  both(`<a href=/gone/>x</a> <a href="#b__no">y</a><i id=a__d></i><i id=a__d></i>`, `<a href="#a__lost">z</a>`),
		"some/index.html": both(`<a href=/gone/>x</a>`, `<a href="#a__lost">z</a>`),
	}
	var got []string
	for _, p := range check(t, files, o) {
		got = append(got, fmt.Sprintf("%s:%d %s", p.File, p.Line, strings.Split(p.Message, `"`)[1]))
	}
	if want := "content/a.md:0 d, content/a.md:7 /gone/, content/a.md:8 /b/#no, content/b.md:5 #a__lost"; strings.Join(got, ", ") != want {
		t.Errorf("\n got %s\nwant %s", strings.Join(got, ", "), want)
	}
	// Links that Hugo makes for footnotes are not the Markdown's.
	files["a/index.html"] = `<p data-source=a.md><sup><a href="#fn:1" class="footnote-ref">1</a></sup><a href=/b/>x</a> <a href=/gone/>y</a><a href="#fnref:1" class="footnote-backref">up</a><i id=fn:1></i><i id=fnref:1></i></p>`
	delete(files, "all/index.html")
	delete(files, "some/index.html")
	files["index.html"] = ""
	if found := check(t, files, o); len(found) != 1 || found[0].Line != 8 {
		t.Errorf("%v", found)
	}
}

// What one file of the layouts or settings holds is mended there.
func TestLayoutPlace(t *testing.T) {
	root := write(t, map[string]string{
		"config.toml":              "baseURL = \"https://site.example/\"\n[[menus.main]]\n  url = \"/old/\"\n  target = \"/twice/\"\n",
		"layouts/_partials/a.html": "<p>\nä <a href='/one/'>x</a> <a href={{ /two/ }}> <a href=/three>",
		"layouts/b.html":           "<a href=/two/><a href=\"/twice/\"><a href=/only/this/>", "content/c.md": "/three/", "static/d.txt": `"/four/"`,
	})
	for href, want := range map[string]string{
		"/old/": "config.toml:3:10", "/one/": "layouts/_partials/a.html:2:12", "/two/": "index.html:1:1", "/three": "layouts/_partials/a.html:2:54", "/four/": "index.html:1:1", "/only/": "index.html:1:1", "/twice/": "layouts/b.html:1:24",
		"https://site.example/": "index.html:1:1",
	} {
		problems := check(t, map[string]string{"index.html": "<a href=" + href + ">", "p.html": "<a href=" + href + ">"}, Options{Site: &site.Site{Root: root}, BaseURL: "https://site.example/sub/"})
		if len(problems) != 1 || fmt.Sprintf("%s:%d:%d", problems[0].File, problems[0].Line, problems[0].Column) != want || !strings.Contains(problems[0].Message, "on 2 pages") || strings.Contains(problems[0].Message, "look for it") != strings.HasPrefix(want, "index") {
			t.Errorf("%s: %v, not %s", href, problems, want)
		}
	}
}

// What a layout says on many pages is said once; how often doesn't count within a page.
func TestLayout(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"one page":              {map[string]string{"a.html": "<a href=/x>"}, "a.html:1:1: error: \"/x\" leads nowhere: there is no page or file at /x. [broken-link]"},
		"one page, twice":       {map[string]string{"a.html": "<a href=/x><a href=/x>"}, "a.html:1:1: error: \"/x\" leads nowhere: there is no page or file at /x. [broken-link]"},
		"three pages":           {map[string]string{"a.html": "<a href=/x>", "b.html": "\n<a href=/x><a href=/x>", "c.html": "<a href=/x>"}, "it stands on 3 pages"},
		"the same in two ways":  {map[string]string{"a.html": "<a href=/x>", "b.html": "<a href=x>"}, "b.html:1:1: error: \"x\" leads"},
		"two pages, a guess":    {map[string]string{"a.html": "<a href=/causse/>", "b.html": "<a href=/causse/>", "causes/index.html": ""}, "Did you mean \"/causes/\"? It stands on 2 pages"},
		"ids on several pages":  {map[string]string{"a.html": "<i id=a><i id=a>", "b.html": "<i id=a><i id=a>"}, "it stands on 2 pages"},
		"nothing wrong at all ": {map[string]string{"a.html": "<a href=b.html>", "b.html": ""}, ""},
	} {
		var lines []string
		for _, p := range check(t, c.files, Options{}) {
			lines = append(lines, p.String())
		}
		if got := strings.Join(lines, "\n"); !strings.Contains(got, c.want) || c.want == "" && got != "" || strings.HasPrefix(c.want, "a.html") && got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestExpect(t *testing.T) {
	problems := check(t, map[string]string{"index.html": "", "a/index.html": "", "b.html": "", "c": ""}, Options{Site: siteOf(markdown("_index.md"), markdown("a.md"), markdown("b.md"), markdown("c.md")), Complete: true, BaseURL: "https://site.example/sub/"})
	if len(problems) != 2 || problems[0].File != "content/b.md" || problems[1].File != "content/c.md" || problems[0].Rule != diagnostic.RuleMissingPage {
		t.Errorf("%v", problems)
	}
}

// Nothing takes more than a moment, however long it is.
func TestLongFiles(t *testing.T) {
	const n = 50_000
	var attributes, links, ids, markup strings.Builder
	for i := range n {
		fmt.Fprintf(&attributes, " a%d=x href=y%d", i, i)
		fmt.Fprintf(&links, "<a href=x%d><a href='#y%d'>", i, i)
		fmt.Fprintf(&ids, "<h2 id=i%d><i id=same>", i)
		markup.WriteString("[x](y z) ** __a ")
	}
	for name, page := range map[string]string{
		"attributes": "<a" + attributes.String() + ">" + strings.Repeat("<b>", n), "links": links.String(), "ids": ids.String() + links.String(), "markup": markup.String(),
		"blocks": strings.Repeat("<p>[x](y z)", n), "templates": strings.Repeat("<template shadowrootmode=open><b>", n), "sheets": "<style>" + strings.Repeat("a{b:url(x)}", n),
		"quotes": "<style>" + strings.Repeat("url(\"", n), "srcset": "<img srcset='" + strings.Repeat("a,,(", n) + "'>", "comments": strings.Repeat("<!--", n), "open": strings.Repeat("<a ", n),
	} {
		o := Options{Site: siteOf(markdown("a.md"))}
		o.Site.Pages[0].Source = []byte(strings.Repeat("[x](y z) **\n", n/2))
		if _, _, err := Check(t.Context(), write(t, map[string]string{"index.html": page, "a/index.html": "<main data-source=a.md>" + page}), o); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := newReader(&checker{})
	r.src.WriteString(strings.Repeat("<b>", n))
	r.start(&document{isHTML: true})
	if r.readHTML(ctx); r.tokens > 1000 {
		t.Errorf("%d tokens were read after the check was stopped", r.tokens)
	}
}

// FuzzPage: whatever a page holds, checking it ends, without a panic, and
// every finding has a place in it.
func FuzzPage(f *testing.F) {
	for _, src := range []string{
		"", "<a href=x>", "<a href='#a'><i id=a><i id=a>", "<base href='//[::1'><a href=..>", "<img srcset='a 1x, b,, data:,x 2x'>", "<template><a href=x></template></template>",
		"<i data-source=a.md><i><a href=%zz></i></i></i><a href=javascript:x>", "<noscript><a href=a", "<!--<a href=x>--", "<svg><![CDATA[<a href=x>]]></svg>", "\xff<a href='\x00'>ä\r\n<a href=ö#ü>", "<a/href=//site.example/sub/../x/#:~:text=%>",
		"<style>@import 'x';a{b:url(y)}</style><p style='a:url(\\'>", "<meta http-equiv=refresh content='0;url=x'><svg><use href=#a /><style/><foreignobject><svg/>", "<a href='mailto:x@'><a href=tel:><template shadowrootmode><i id=a>", "<plaintext><a href=x>", "<title><a href=x>", "<a href=\"http://a b/\"><meta property=og:url content='?'>",
	} {
		f.Add([]byte(src))
	}
	root := f.TempDir()
	f.Fuzz(func(t *testing.T, src []byte) {
		if err := os.WriteFile(filepath.Join(root, "index.html"), src, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, o := range []Options{{}, {BaseURL: "https://site.example/sub/", Site: siteOf(markdown("a.md", "1:1"))}} {
			_, problems, err := Check(context.Background(), root, o)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range problems {
				if p.Rule == "" || p.Message == "" || p.File != "index.html" && !strings.HasPrefix(p.File, "content") {
					t.Errorf("%+v", p)
				}
				if p.File == "index.html" && (p.Line < 1 || p.Line > strings.Count(string(src), "\n")+1 || p.Column < 1 || p.Column > len(src)+1) {
					t.Errorf("%+v is outside the file", p)
				}
			}
		}
	})
}

// FuzzAddress: where both must agree, which is wherever an address has only
// letters, digits and signs that no standard changes, net/url resolves it to the
// same path and fragment; and a fragment is what the URL library says that it is.
func FuzzAddress(f *testing.F) {
	for _, s := range []string{"", "#", "#a", "?q", "a", "a/", "./", "..", "../", "../../../../x", "/", "/sub", "/sub/a/../b/", "/a//b", "a/./b/../../c?d/../e#f/../g", "/.", "/..a/.b/...", "a;b", "%2e%2e/x", "\\a", "https://site.example/x", "https://site.example//x", "https:x", " x\t"} {
		f.Add(s)
	}
	c, err := newChecker("", Options{BaseURL: "https://site.example/sub/"})
	if err != nil {
		f.Fatal(err)
	}
	d := &document{path: "/sub/a/b/"}
	agreed := regexp.MustCompile(`^[A-Za-z0-9/._~?#=&-]+$`)
	f.Fuzz(func(t *testing.T, s string) {
		s = strings.ToValidUTF8(s, "\uFFFD") // as browsers decode pages
		ref := newReference(s, 0)
		fragment, base := ref.fragment, c.baseOf(d)
		got := c.parse(ref.address, base)
		if u, err := base.Parse(s); err != nil {
			if got.rule != diagnostic.RuleBadAddress {
				t.Errorf("%q: %+v, but %v", s, got, err)
			}
		} else if u.Protocol()+"//"+u.Host() == c.origin && decode(fragment) != decode(u.Fragment()) {
			t.Errorf("%q: %q, but the library says %s", s, fragment, u.Href(false))
		}
		if !agreed.MatchString(s) || strings.Contains(s, "//") { // a host, or an empty part that net/url drops after a dot segment
			return
		}
		u, err := url.Parse("https://site.example" + d.path)
		if err == nil {
			u, err = u.Parse(s)
		}
		if err != nil {
			t.Fatal(err)
		}
		below, isBelow := strings.CutPrefix(u.Path, "/sub/")
		if isBelow != (got.missing != "") || isBelow && got.missing != "/"+below || fragment != u.Fragment {
			t.Errorf("%q: %+v %q, but net/url says %s", s, got, fragment, u)
		}
	})
}
