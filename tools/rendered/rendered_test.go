package rendered

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/net/html"

	"microsite/tools/diagnostic"
	"microsite/tools/site"
)

// write makes a folder of files.
func write(t testing.TB, files map[string]string) string {
	t.Helper()
	root, tree := t.TempDir(), fstest.MapFS{}
	for name, text := range files {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	must(t, os.CopyFS(root, tree))
	return root
}

func must(t testing.TB, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// expect reports what is not as it should be.
func expect(t testing.TB, holds bool, format string, args ...any) {
	t.Helper()
	if !holds {
		t.Errorf(format, args...)
	}
}

// check returns the findings of a rendered folder, but for pages that nothing links to, which have a test of their own.
func check(t testing.TB, files map[string]string, o Options) []diagnostic.Diagnostic {
	t.Helper()
	_, problems, err := Check(t.Context(), write(t, files), o)
	must(t, err)
	return slices.DeleteFunc(problems, func(p diagnostic.Diagnostic) bool { return p.Rule == diagnostic.RuleOrphanPage })
}

// places joins where findings stand, and what each quotes.
func places(list []diagnostic.Diagnostic) string {
	var out []string
	for _, d := range list {
		out = append(out, d.File+":"+d.Position()+" "+strings.Split(d.Message, `"`)[1])
	}
	return strings.Join(out, ", ")
}

// markdown is a page of a site whose links stand at line:column.
func markdown(path string, links ...string) *site.Page {
	p := &site.Page{Site: &site.Site{}, Path: path, File: "content/" + path}
	for _, link := range links {
		place := diagnostic.Place{File: p.File}
		fmt.Sscanf(link, "%d:%d", &place.Line, &place.Column)
		p.Links = append(p.Links, site.Link{Place: place})
	}
	return p
}

func siteOf(pages ...*site.Page) *site.Site { return &site.Site{Pages: pages} }

// What an address on a page at https://site.example/sub/a/b/ leads to, by https://url.spec.whatwg.org, the RFCs 3966 and 6068
// and, for fragments, https://html.spec.whatwg.org.
func TestResolution(t *testing.T) {
	site := map[string]string{
		"index.html": "<h1 id=home>x</h1>", "404.html": "", "feed.xml": "", "a/index.html": "<h2 id=there>x</h2>", "a/c/index.html": "", "p/ö x.html": "", "way/index.html": "",
		"a/b/pic.png": "", "a/b/100%.html": "", "a/b/a:b.html": "", "empty/x.txt": "", "a/b/doc.html": "<i id=in-doc>x</i>",
	}
	page := `<!doctype html><h2 id="here">x</h2><i id="ä">x</i><i id="a b">x</i><i id="50%">x</i><a name="old">x</a><a name=named></a><i id="lit%20eral"></i><!-- <i id=comment></i> --><script>"<i id=script>"</script><textarea><i id=text></textarea><div><template shadowrootmode=open><i id=shadow></i></template></div><noscript><i id=noscript></i></noscript><template><i id="hidden">x</i></template>`
	for want, hrefs := range map[diagnostic.Rule][]string{
		"": {
			"", "#", "#top", "#TOP", "#here", "#old", "#%C3%A4", "#ä", "#a%20b", "#50%25", "#:~:text=x", "#here:~:text=x", "?q=1", ".", "./", "..", "../", "../#there", "../../", "../c/",
			"../c/./../c/", "../..", "../../../../../sub/", "pic.png", "./pic.png", "pic.png#any", "doc.html#in-doc", "/sub/", "/sub", "/sub/a/#there", "/sub/a", "/sub/a/index.html",
			"/sub/404.html", "/sub/p/%C3%B6%20x.html", "/sub/p/ö x.html", " /sub/a/ ", "\n/sub/a/\t", "https://site.example/sub/a/#there", "https://site.example:8443/sub/gone/",
			"http://site.example/sub/gone/", "//other.example/gone", "https://other.example/gone#x", "mailto:a@b.example", "tel:+1 911", "data:text/plain,x", "tel:+1-800-555-0100",
			"tel:911;phone-context=+1", "tel:*31#", "mailto:a@b.example?subject=x%20y", "mailto:?subject=x", "mailto:a@b.example?cc=&bcc=,", "mailto:a@b.example,c@d.example",
			"mailto:%C3%A4@b.example", "sms:+15550100", "x-app:open", "C:\\x.pdf", "100%.html", "100%25.html", `..\c\`, `\sub\a\`, "https:../c/", "%2e%2e/c/", ".%2E/c/", "%2E/pic.png",
			"/su\nb/\ta/", "\x01/sub/a/\x1f", "./a:b.html", "a:b.html", "/sub/a/b/a:b.html", "https://site.example./sub/gone/", "https://SİTE.example/", "/sub/a/?x=/../#there", "#%68ere",
			"#lit%20eral", "#h\nere", "#named", "#t%6Fp", "#noscript", "/sub/a/b", "/sub/%61/", "/sub/%2e", "/%73ub/a/",
		},
		diagnostic.RuleFragment: {
			"#Here", "#gone", "#hidden", "?q=1#gone", "doc.html#gone", "https://site.example/sub/?a#there", "/sub/a/#/there", "#here#there", "#%FF", "#comment", "#script", "#text", "#shadow",
		},
		diagnostic.RuleBrokenLink: {
			"../../..", "../../../x", "pic.jpg", "Pic.png", "pic.png/", "/sub/404", "/sub/gone/", "/", "/a/", "/subway/", "/sub//a/", "https://site.example/sub/gone/", "//site.example/sub/gone/",
			"https://site.example/", "HTTPS://site.example/sub/gone/", "https://SITE.example/sub/gone/", "https://site.example:443/sub/gone/", "%zz", "https:///site.example/sub/gone/",
			`\\site.example\sub\gone\`, "https:/sub/gone/", "/sub/a/%2e%2e/%2e%2e/", "h\nttps://site.example/sub/gone/", "1:2.html", "https://ｓｉｔｅ.example/sub/gone/",
			"https://%73ite.example/sub/gone/", "https://user@site.example/sub/gone/", "/sub/A/", "/sub/empty/", "/sub/empty",
		},
		diagnostic.RuleBadAddress: {
			"javascript:void(0)", "JavaScript:x()", " javascript:x()", "tel:", "tel:NUMBER", "TEL:x", "mailto:a%2Cb@c.example", "mailto:", "mailto:a", "mailto:a@", "mailto:a b@c.example",
			"file:///C:/x.pdf", "http://[::1", "https://site.example:port/", "https://", "http://a b.example/", "https://site.example:99999/",
		},
	} {
		for _, href := range hrefs {
			site["a/b/index.html"] = page + `<a href="` + html.EscapeString(href) + `">x</a>`
			problems := check(t, site, Options{BaseURL: "https://site.example/sub/"})
			if want == "" && len(problems) > 0 || want != "" && (len(problems) != 1 || problems[0].Rule != want) {
				t.Errorf("%q: %v, not %q", href, problems, want)
			}
		}
	}
}

// Every element that refers to a file is checked, and none that doesn't; no id stands twice.
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
		`<template><template><a href=x></template><a href=x></template><a href=index.html>`: 0,
		`<a href=x><base href=/deep/>`: 1, `<base target=_top><base href=/><base href=/deep/><a href=index.html>`: 0, `<base href="http://[::1"><a href=index.html>`: 0,
		`<template><base href=/deep/></template><a href=index.html>`: 0, `<base href="https://cdn.example/"><a href=x>`: 0, `<base href=deep/><a href="#x">`: 1, `<base href=deep/><svg><use href="#x" /><g id=x /></svg>`: 0,
		`<frame src=x>`: 1, `<button formaction=x>`: 1, `<input type=submit formaction=x>`: 1, `<ins cite=x>`: 1, `<del cite=x>`: 1, `<body background=x>`: 1, `<iframe src=x><a href=y></iframe>`: 1,
		`<link itemprop=image href=x>`: 1, `<link rel=alternate hreflang=de href=/de/>`: 1, `<link rel=icon href=x>`: 1, `<link rel=preload as=image href=x imagesrcset="y 1x, z 2x">`: 3, `<LINK REL=" Preconnect " HREF=//x>`: 0,
		`<img src="">`: 1, `<script src=""></script>`: 1, `<link rel=stylesheet href="">`: 1, `<a href="">`: 0, `<form action="">`: 0, `<iframe src="">`: 0, `<img data-src=x>`: 0, `<a data-href=x>`: 0, `<a title="<a href=x>">`: 0, `<img srcset="x 1x" data-srcset="y 1x">`: 1,
		`<source src=x srcset="y 100w, z 200w">`: 3, `<img srcset="a(,b 1x, x (1x,2x), y">`: 3, `<img srcset="x, , ,">`: 1, `<img src=x src=index.html srcset="y" srcset="z">`: 2,
		`<svg><a href=x>y</a><a xlink:href=z /></svg>`: 2, `<svg><use xlink:href="#no" /></svg>`: 1, `<svg><use href="#s" /><symbol id=s /></svg>`: 0, `<svg><use href="x.svg#a" /></svg>`: 1,
		`<svg><style/><a href=x></a></svg>`: 1, `<svg><title><a href=x></a></title></svg>`: 1, `<svg><script href=x /></svg><a href=y>`: 2, `<svg><![CDATA[<a href=x>]]></svg>`: 0, `<p><![CDATA[<a href=x>`: 0,
		`<svg><textPath href="#p">x</textPath><mpath href="#p"/><path id=p /></svg>`: 0, `<svg></svg><title><a href=x></title>`: 0, `<svg/><textarea><a href=x></textarea>`: 0, `<math><mi>x</mi></math><xmp><a href=x></xmp>`: 0,
		`<meta http-equiv=refresh content="5">`: 0, `<meta http-equiv=Refresh content="0; url=x">`: 1, `<meta http-equiv=refresh content="0;URL='x'y">`: 1, `<meta http-equiv=refresh content="0,x">`: 1, `<meta http-equiv=refresh content="0 x">`: 1, `<meta http-equiv=refresh content="1.5 ; url = index.html">`: 0,
		`<meta http-equiv=refresh content="; url=x">`: 0, `<meta http-equiv=refresh content="0x; url=x">`: 0, `<meta http-equiv=refresh content='0; url="index.html"x'>`: 0, `<meta http-equiv=default-style content="0; url=x">`: 0, `<meta http-equiv=refresh content="0; url=#no">`: 1,
		`<meta name=og:image content=/x>`: 1, `<meta name=Twitter:Image content=/x>`: 1, `<meta property=og:image:secure_url content=/x>`: 1, `<meta property=og:image content="">`: 1, `<meta property=og:image>`: 0,
		`<style>a{background:url(x)}</style>`: 1, `<style>a{background:url( "x" )} b{c:url('y')}</style>`: 2, `<style>/* url(x) */ a::before{content:"url(x)"}</style>`: 0, `<style>@import "x"; @import url(y) print;</style>`: 2,
		`<style>a{b:url(index\.html)}</style>`: 0, `<style>a{b:url(#clip)} c{d:url()}</style>`: 0, `<style>a{b:url(data:image/png;base64,AA)}</style>`: 0, `<style>@font-face{src:local("x"),url(x.woff2) format("woff2")}</style>`: 1,
		`<p style="background:url(x)">`: 1, `<p style="background:url(&quot;x&quot;)">`: 1, `<p style="color:red">`: 0, `<template><style>a{b:url(x)}</style></template>`: 0, `<svg><style>a{b:url(x)}</style></svg>`: 1, `<style>a{b:url(x)}</style><p>url(y)</p>`: 1, `<STYLE>@charset "x"; a{b:url(  )}</STYLE>`: 0,
		// Ids that stand twice.
		`<i id=a></i><i id=b></i><a name=c></a>`: 0, `<i id=a></i><i id=A></i>`: 0, `<p class=x ID = a><p class=y iD="a">`: 1, `<p class="id=a"><p class="id=a">`: 0, `<i id=a></i><i id=a></i><i id=a></i>`: 1,
		`<i id=a></i><i id=b></i><i id=b></i><i id=a></i>`: 2, `<i id=a></i><template><i id=a></i></template>`: 0, `<a id=a name=a></a>`: 0, `<i id=""></i><i id=""></i>`: 0,
	} {
		problems := check(t, map[string]string{"index.html": element}, Options{})
		expect(t, len(problems) == want, "%s: %v, not %d", element, problems, want)
	}
}

// Style sheets, SVG files and sitemaps refer to others, too.
func TestOtherFiles(t *testing.T) {
	got := places(check(t, map[string]string{
		"index.html": `<link rel=stylesheet href=css/a.css>`, "css/b.png": "", "a/index.html": "", "x.txt": `<a href=no>`,
		"css/a.css":      "a { b: url(b.png) }\n  c { d: url(../gone.png) }",
		"sitemap.xml":    `<urlset xmlns="x"><url><loc> https://site.example/sub/a/ </loc></url><url><loc>https://site.example/sub/b/?x&amp;y</loc></url><url><loc><![CDATA[https://site.example/sub/d/]]></loc></url></urlset>`,
		"de/sitemap.xml": `<sitemapindex><sitemap><loc>/sub/e.xml</loc></sitemap></sitemapindex>`, "feed.xml": `<rss><link>https://site.example/sub/no/</link></rss>`,
		"x.svg": `<svg><a href="no"><title/><style>a{b:url(p.png)}</style><svg></svg><script/><use xlink:href="#m"/><image HREF="q"/><view id="m"/><view id="m"/></a><!-- <a href="n"/> --></svg>`,
	}, Options{BaseURL: "https://site.example/sub/"}))
	want := "css/a.css:1:1 ../gone.png, de/sitemap.xml:1:1 /sub/e.xml, sitemap.xml:1:1 https://site.example/sub/b/?x&y, " +
		"sitemap.xml:1:1 https://site.example/sub/d/, x.svg:1:6 no, x.svg:1:34 p.png, x.svg:1:99 q"
	expect(t, got == want, "\n got %s\nwant %s", got, want)
}

// A page that nothing leads to is a warning. The home page, 404.html and redirections need no link.
func TestOrphans(t *testing.T) {
	files := map[string]string{
		"index.html": `<a href=a/>`, "404.html": "", "de/404.html": "", "a/index.html": `<a href="#x">x</a><i id=x></i><iframe src=../framed.html></iframe><form action=../thanks/></form><a href=../old/>`,
		"b/index.html": `<a href=./>me</a><link rel=canonical href=./><meta property=og:url content=./><meta http-equiv=refresh content="9; url=./">`, "framed.html": "", "thanks/index.html": "", "c.htm": "",
		"old/index.html": `<meta http-equiv=refresh content="0; url=../new/">`, "new/index.html": "", "older/index.html": `<meta http-equiv=refresh content="0; url=../alone/">`, "alone/index.html": "",
		"sitemap.xml": `<urlset><loc>/b/</loc></urlset>`, "style.css": "",
	}
	for want, o := range map[string]Options{
		"alone/index.html b/index.html c.htm new/index.html": {},
		"content/b.md": {Site: siteOf(markdown("_index.md"), markdown("a.md"), markdown("b.md"))},
	} {
		_, problems, err := Check(t.Context(), write(t, files), o)
		must(t, err)
		var got []string
		for _, p := range problems {
			got = append(got, p.File)
			expect(t, p.Rule == diagnostic.RuleOrphanPage && p.Severity == diagnostic.Warning, "%v", p)
		}
		expect(t, strings.Join(got, " ") == want, "%v, not %s", problems, want)
	}
}

// What somebody has a reason for is left out, on that page or in the layouts, and for that target only; a rule without use is said.
func TestIgnores(t *testing.T) {
	rule := func(page, target string, line int) site.Ignore {
		return site.Ignore{Page: page, Target: target, Place: diagnostic.Place{File: "config.toml", Line: line, Column: 1}}
	}
	o := Options{Site: siteOf(markdown("a.md"))}
	o.Site.Ignores = []site.Ignore{
		rule("/", "gone", 1), rule("content/a.md", "lost", 2), rule("index.html", "#no", 3), rule("/a/", "d", 4), rule("config.toml", "/twice/", 5),
		rule("/", "lost/", 6), rule("/b/", "gone", 7), rule("/", "https://elsewhere.example/", 8), rule("/", "http://unknown.invalid/x", 9), rule("config.toml", "lost", 10),
	}
	files := map[string]string{"index.html": `<a href=/twice/></a><a href=gone>x</a><i data-source=a.md><a href=lost>y</a></i><a href="#no">`, "a/index.html": `<a href=/twice/></a><a href=gone>x</a><i id=d></i><i id=d></i>`}
	var got []string
	for _, p := range check(t, files, o) {
		got = append(got, fmt.Sprintf("%s:%d %s", p.File, p.Line, p.Rule))
	}
	want := "a/index.html:1 broken-link, config.toml:6 unused-ignore, config.toml:7 unused-ignore, config.toml:9 unused-ignore, " +
		"config.toml:10 unused-ignore"
	expect(t, strings.Join(got, ", ") == want, "\n got %s\nwant %s", strings.Join(got, ", "), want)
}

// A finding is traced through data-source to the Markdown, where the links of both correspond.
func TestSources(t *testing.T) {
	o := Options{Site: siteOf(markdown("a.md", "7:3", "9:1"), markdown("b.md", "1:1"))}
	for html, want := range map[string]string{
		`<a href=/>0</a><main data-source=a.md><p><a href=x>1</a></p><main></main><img src=y></main><a href=/z>3</a>`:           "content/a.md:7:3 x, content/a.md:9:1 y, index.html:1:92 /z",
		`<i data-source=a.md><a href=x>1</a></i><i data-source=b.md><a href=v>1</a></i><i data-source=a.md><a href=y>2</a></i>`: "content/a.md:7:3 x, content/a.md:9:1 y, content/b.md:1:1 v",
		`<i data-source=a.md><a href=x>1</a><a href=y>2</a><a href=z>3</a></i>`:                                                 "content/a.md: x, content/a.md: y, content/a.md: z",
		`<i data-source=a.md><a href=/>1</a><video src=x></video><a href=/>2</a></i>`:                                           "content/a.md: x",
		`<i data-source=c.md><a href=x>1</a></i>`:                                                                               "index.html:1:21 x",
	} {
		got := places(check(t, map[string]string{"index.html": html}, o))
		expect(t, got == want, "%s:\n got %q\nwant %q", html, got, want)
	}
}

// Text that several pages show is mended in one place, so it is reported once, as its own page shows it.
// Links that Hugo makes for footnotes are not the Markdown's.
func TestShownElsewhere(t *testing.T) {
	files := map[string]string{
		"index.html":     `<a href=z/>x</a><a href=all/>x</a>`,
		"z/index.html":   `<p data-source=z.md><a href="#fn:1" class="footnote-ref">1</a><i id=fn:1></i><a href=/gone/>x</a> <a href="/z/#no">y</a><a href="#fn:1" class="footnote-backref">1</a></p>`,
		"all/index.html": `<p data-source=z.md><a href=/gone/>x</a> <a href="#z__no">y</a></p><p data-source=b.md><a href="#b__lost">z</a></p>`,
		"b/index.html":   "<a href=/b/>", "some/index.html": `<p data-source=b.md><a href="#b__lost">z</a></p><a href=/b/><a href=/some/>`,
	}
	got := places(check(t, files, Options{Site: siteOf(markdown("z.md", "7:1", "8:1"), markdown("b.md", "5:1"))}))
	want := "content/b.md:5:1 #b__lost, content/z.md:7:1 /gone/, content/z.md:8:1 /z/#no"
	expect(t, got == want, "\n got %s\nwant %s", got, want)
}

// What elements hold is read as one text, up to one that breaks the line.
func TestMarkupInHTML(t *testing.T) {
	for html, want := range map[string]string{
		`<p>[words] (<a href="/">https://site.example/a__b</a>)`: "1:4 ] (https://site.example/a__b)", "<p>\n <em>Ä</em> is **<b>x</b> y": "2:6 **x y", `<td>a] </td><td>(b.md)</td>`: "", `<li>[<code>x</code>](y z)`: "1:5 ](y z)",
		`<p>a<br>## b`: "1:4 ## b", `<code>[a](b c)</code><pre>**</pre><script>{{ x }}</script><style>/*[!a*/</style><textarea>**a</textarea><template>[!DO]</template><kbd>[^1]</kbd>`: "",
		`<title>**A | B | C</title><svg><title>[!DO] x</title><text>a<tspan>**</tspan></text></svg>`: "1:8 **A | B | C, 1:39 [!DO] x, 1:60 **", `<nav>a | b | c</nav>`: "", `<p title="[!a]" data-x="**"><!-- ** -->`: "",
		`<p>&lt;!-- a</p>`: "1:4 <!-- a", `<p>&lt;no value&gt;.`: "1:4 <no value>.", `<noscript><p>[a](b c)</p></noscript>`: "1:14 ](b c)", `<i>*</i>*x`: "1:4 **x", `<button>**</button>`: "1:9 **", "<svg><style/><text>[[a]]</text></svg>": "1:20 [[a]]",
	} {
		var got []string
		for _, d := range check(t, map[string]string{"index.html": html}, Options{}) {
			got = append(got, fmt.Sprintf("%d:%d %s", d.Line, d.Column, strings.Split(d.Message, `"`)[1]))
			if d.Rule != diagnostic.RuleMarkup || d.Severity != diagnostic.Error || !strings.Contains(d.Message, " would show as it is written: ") {
				t.Errorf("%s: %v", html, d)
			}
		}
		expect(t, strings.Join(got, ", ") == want, "%s: %q, not %q", html, strings.Join(got, ", "), want)
	}
}

// Markup is traced to the line of the Markdown, unless it shows on purpose.
func TestMarkupInMarkdown(t *testing.T) {
	source := "---\ntitle: A\ndescription: B.\nadapted: 2026-06-01\nsources: []\n---\n\nÄ [one](a b) is here.\n\nÄ [two](a b)\nis *there*, \\*\\*.\n\n- -[ ] *Sit* up\n"
	config, err := os.ReadFile("../testdata/site/config.toml")
	must(t, err)
	s, _, err := site.Load(write(t, map[string]string{"config.toml": string(config), "content/a.md": source}))
	if err != nil || len(s.Pages) != 1 {
		t.Fatal(err, s.Pages)
	}
	page := "<main data-source=a.md><p>Ä [one](a b) is here.<p>Ä [two](a b)\nis <em>there</em>, **.<ul><li>-[ ] <em>Sit</em> up</ul><p>Not there: [[x]]</main>"
	got := places(check(t, map[string]string{"a/index.html": page, "all/index.html": "<div>" + page}, Options{Site: s}))
	want := "content/a.md: [[x]], content/a.md:8:7 ](a b) is here., content/a.md:10:7 ](a b) is there, **., content/a.md:13:3 -[ ] Sit up"
	expect(t, got == want, "%q, not %q", got, want)
}

// Nothing takes more than a moment, however long it is.
func TestLongFiles(t *testing.T) {
	const n = 5_000
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
		_, _, err := Check(t.Context(), write(t, map[string]string{"index.html": page, "a/index.html": "<main data-source=a.md>" + page}), o)
		expect(t, err == nil, "%s: %v", name, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d := &document{isHTML: true}
	newReader(&checker{}).read(ctx, d, []byte(strings.Repeat("<a href=x>", n)))
	expect(t, len(d.references) <= 1000, "%d tags were read after the check was stopped", len(d.references))
}

// FuzzPage: whatever a page holds, checking it ends, without a panic, and every finding has a place in it.
func FuzzPage(f *testing.F) {
	for _, src := range []string{
		"", "<a href=x>", "<a href='#a'><i id=a><i id=a>", "<base href='//[::1'><a href=..>", "<img srcset='a 1x, b,, data:,x 2x'>", "<template><a href=x></template></template>",
		"<i data-source=a.md><i><a href=%zz></i></i></i><a href=javascript:x>", "<noscript><a href=a", "<svg><![CDATA[<a href=x>]]></svg>", "\xff<a href='\x00'>ä\r\n<a href=ö#ü>", "<a/href=//site.example/sub/../x/#:~:text=%>",
		"<style>@import 'x';a{b:url(y)}</style><p style='a:url(\\'>", "<meta http-equiv=refresh content='0;url=x'><svg><use href=#a /><style/>", "<a href='mailto:x@'><a href=tel:>[a](b", "<plaintext><a href=x>", "<a href=\"http://a b/\"><meta property=og:url content='?'>",
	} {
		f.Add([]byte(src))
	}
	root := f.TempDir()
	f.Fuzz(func(t *testing.T, src []byte) {
		must(t, os.WriteFile(filepath.Join(root, "index.html"), src, 0o600))
		_, problems, err := Check(context.Background(), root, Options{BaseURL: "https://site.example/sub/", Site: siteOf(markdown("a.md", "1:1"))})
		must(t, err)
		for _, p := range problems {
			isInside := 0 < p.Line && p.Line <= strings.Count(string(src), "\n")+1 && 0 < p.Column && p.Column <= len(src)+1
			if p.Rule == "" || p.Message == "" || p.File != "content/a.md" && (p.File != "index.html" || !isInside) {
				t.Errorf("%+v", p)
			}
		}
	})
}
