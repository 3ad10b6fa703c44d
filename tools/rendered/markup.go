package rendered

import (
	"bytes"
	"regexp"
	"strings"
	"sync"
	"unicode"

	"microsite/tools/diagnostic"
	"microsite/tools/site"
)

// Markup is a sign of Markdown, HTML or templates that is left for readers to see.
type Markup struct {
	Offset int    // in the text
	Text   string // the sign
	Mend   string // what to write instead
}

const (
	address    = `(?:(?:https?:/|mailto:|tel:|www\.|[/#])[^\s()\[\]]*|[^\s()\[\]]+\.md(?:#[^\s()\[\]]*)?)`
	asIn       = ", as in [words](causes.md#heat)"
	toShow     = "; put a \\ before each sign that is to show"
	mendStrong = "strong words have ** on both sides, with no space between, as in **words**" + toShow
	mendTable  = "a table has a row such as |---|---| below its first row, and an empty line above it" + toShow
)

// markupRules say what to write instead of what is found by the groups of a pattern. Where several match, the first does.
var markupRules = []struct{ pattern, mend string }{
	{`(\*{4,})`, ""}, // which stands for a line, or for what is left out
	{`(\[ ?!)\pL[^\[\]\n]*\]?|(!\[)[A-Z]+\]|(\(!)[A-Za-z]+\)`, "a card starts with > [!TYPE] at the start of a line, with an empty line above it"},
	{`(!\[)[^\[\]]*(?:\]\()?`, "a picture has words in brackets and its file in parentheses, without spaces, as in ![words](/picture.jpg)"},
	{`(?m:^)[ \t]*(?:([-*+•–—] *\[[xX ]*\]|\[ *\])|(\[[xX]\])(?: |\pL|(?m:$)))`, "a box to tick is - [ ] with ordinary spaces, then its words"},
	{`(\]\()`, "the address of a link stands in parentheses, without spaces" + asIn},
	{`(\] +\()` + address + `\)`, "no space stands between the ] and the ( of a link" + asIn},
	{`(\)\[)` + address + `\]`, "the words of a link stand in brackets, and its address in parentheses" + asIn},
	{`(\]\[)[^\[\]^]*\]`, "the address of a link stands behind its words, in parentheses" + asIn + toShow},
	{`(\[\[)[^\[\]]+\]\]`, "a link has its words in brackets, and its address in parentheses" + asIn + toShow},
	{`(\[\^[^\[\]\s]+\])`, "there is no note %s: write one on a line that starts with %s: and a space, or remove this"},
	{`(?m:^)[ \t]*(?:(##+)|(# )\S)|\A(#)\p{Lu}`,
		"a heading is ## at the start of a line, an ordinary space, and its words, with an empty line above it"},
	{`(\{ ?#[^{}\n]*\})`, "the id of a heading is small letters, digits and hyphens, as in {#heat}"},
	{`(\*\*+)`, mendStrong},
	{`(?:^|[^_\pL\pN])(__)[\pL\pN]|[\pL\pN](__)(?:[^_\pL\pN]|$)`, mendStrong},
	{`(\|)[^|\n]*[\pL\pN][^|\n]*\||[\pL\pN] *(\|) *[\pL\pN][^|\n]*\n[^|\n]*[\pL\pN] *\|`, mendTable},
	{`(\{\{|\{%)(?:[^{}]*\}\})?|(\}\})`, "{{, {% and }} stand for what only templates can hold: remove them"},
	{`(<!--|-->)(?:[^<>]*-->)?`, "what readers shall not see stands between <!-- and -->: write both, or remove both"},
	{"(```+)", "this makes a block of code, and a page has none: remove it"},
}

// joinMarkupRules returns all rules in one pattern, and what they say by its groups. Most sites don't need it, and it takes
// some milliseconds.
var joinMarkupRules = sync.OnceValues(func() (pattern *regexp.Regexp, mends []string) {
	joined, mends := "", []string{""} // group 0 is all of it
	for _, rule := range markupRules {
		joined += "|" + rule.pattern
		for range regexp.MustCompile(rule.pattern).NumSubexp() {
			mends = append(mends, rule.mend)
		}
	}
	return regexp.MustCompile(joined[1:]), mends
})

var shownAddress = regexp.MustCompile(`(?:https?://|www\.)[^\s()\[\]<>]+`)

// markupSigns are those of which each markup holds one. Nearly no text does.
const markupSigns = "[]*_|{}#`<>!"

// mostMarkup is how much markup is reported of a text or page: whoever made more sees why.
const mostMarkup = 50

// FindMarkup returns the markup in a text as readers see it: no-break spaces are spaces, and what has no width is not there.
// Of strong words and tables, that is the first. What an address holds is none.
func FindMarkup(text string) (list []Markup) {
	if !strings.ContainsAny(text, markupSigns) {
		return nil
	}
	normal, offsets := normalize(text)
	normal = shownAddress.ReplaceAllStringFunc(normal, strings.NewReplacer("*", "x", "_", "x", "|", "x", "{", "x", "}", "x").Replace)
	isKnown := map[string]bool{}
	pattern, mends := joinMarkupRules()
	for _, m := range pattern.FindAllStringSubmatchIndex(normal, mostMarkup) {
		group := 1
		for m[2*group] < 0 {
			group++
		}
		from, to, mend := m[2*group], m[2*group+1], mends[group]
		if mend != "" && (!isKnown[mend] || mend != mendStrong && mend != mendTable) {
			list = append(list, Markup{offsets[from], text[offsets[from]:offsets[to]], strings.ReplaceAll(mend, "%s", normal[from:to])})
		}
		isKnown[mend] = true
	}
	return list
}

// normalize returns a text with plain spaces and without what has no width, and the offset in the text for each of its
// bytes, and for its end.
func normalize(text string) (normal string, offsets []int) {
	var b strings.Builder
	for i, r := range text {
		switch {
		case unicode.Is(unicode.Zs, r):
			b.WriteByte(' ')
		case !unicode.Is(unicode.Cf, r):
			b.WriteRune(r)
		}
		for len(offsets) < b.Len() {
			offsets = append(offsets, i)
		}
	}
	return b.String(), append(offsets, len(text))
}

// hidden stands for code and other text that isn't read, so that what stands around it is not joined.
const hidden = "\uFFFC"

// inlineElements break no line. The text of codeElements is code, or isn't shown.
const (
	inlineElements = " a abbr b bdi bdo br cite code data del dfn em font i img input ins kbd label mark q s samp small " +
		"span strong sub sup time tspan u var wbr "
	codeElements = " code iframe kbd noembed noframes pre samp script style textarea xmp "
)

func (r *reader) addText(text []byte) {
	const most = 64 << 10 // bytes of a block; no editor writes more
	if r.templateDepth > 0 || r.codeDepth > 0 {
		return
	}
	if r.checker.options.Complete {
		r.text = append(r.text, text...)
	}
	if len(r.block) == 0 {
		words := bytes.TrimLeft(text, " \t\r\n\f")
		r.blockOffset = r.offset + len(text) - len(words)
		text = words
	}
	if len(r.block) < most {
		r.block = append(r.block, text...)
	}
}

// endBlock reports markup in the text that has been gathered. Layouts part links with |, which makes no table.
func (r *reader) endBlock() {
	block := r.block
	r.block = r.block[:0]
	if r.markups >= mostMarkup || !bytes.ContainsAny(block, markupSigns) {
		return
	}
	text := string(block)
	for _, m := range FindMarkup(text) {
		shown, _, _ := strings.Cut(text[m.Offset:min(m.Offset+80, len(text))], hidden)
		shown = strings.ToValidUTF8(shown, "")
		place, isMeant := r.cursor.Place(r.blockOffset), m.Mend == mendTable && r.source == nil
		if r.source != nil {
			place, isMeant = findInMarkdown(r.source, strings.ReplaceAll(shown, "\n", " "), m.Text)
		}
		if !isMeant {
			r.markups++
			value := diagnostic.Excerpt(shown)
			r.add(value, place.Errorf(diagnostic.RuleMarkup, "%q would show as it is written: %s", value, m.Mend))
		}
	}
}

// findInMarkdown returns where a page's Markdown holds the first of some texts, and whether it shows on purpose.
func findInMarkdown(p *site.Page, texts ...string) (place diagnostic.Place, isLiteral bool) {
	for _, text := range texts {
		for _, b := range p.Blocks {
			if at := strings.Index(b.Text, text); at >= 0 {
				return p.BlockPlace(b, at)
			}
		}
	}
	return diagnostic.Place{File: p.File}, false
}
