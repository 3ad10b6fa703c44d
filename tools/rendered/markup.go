package rendered

import (
	"bytes"
	"regexp"
	"strings"
	"unicode"

	"microsite/tools/diagnostic"
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
	{`(\[ ?!)\pL[^\[\]\n]*\]?|(!\[)[A-Z]+\]|(\(!)[A-Za-z]+\)`, "a card starts with > [!TYPE] at the start of a line, with an empty line above it"},
	{`(!\[)[^\[\]]*(?:\]\()?`, "a picture has words in brackets and its file in parentheses, without spaces, as in ![words](/picture.jpg)"},
	{`(?m:^)[ \t]*(?:([-*+•–—] *\[[xX ]*\]|\[ *\])|(\[[xX]\])(?: |\pL|(?m:$)))`, "a box to tick is - [ ] with ordinary spaces, then its words"},
	{`(\]\()`, "the address of a link stands in parentheses, without spaces" + asIn},
	{`(\] +\()` + address + `\)`, "no space stands between the ] and the ( of a link" + asIn},
	{`(\)\[)` + address + `\]`, "the words of a link stand in brackets, and its address in parentheses" + asIn},
	{`(\]\[)[^\[\]^]*\]`, "the address of a link stands behind its words, in parentheses" + asIn + toShow},
	{`(\[\[)[^\[\]]+\]\]`, "a link has its words in brackets, and its address in parentheses" + asIn + toShow},
	{`(\[\^[^\[\]\s]+\])`, "there is no note %s: write one on a line that starts with %s: and a space, or remove this"},
	{`(?m:^)[ \t]*(?:(##+)|(# )\S)|\A(#)\p{Lu}`, "a heading is ## at the start of a line, an ordinary space, and its words, with an empty line above it"},
	{`(\{ ?#[^{}\n]*\})`, "the id of a heading is small letters, digits and hyphens, as in {#heat}"},
	{`(\*\*+)`, mendStrong},
	{`(?:^|[^_\pL\pN])(__)[\pL\pN]|[\pL\pN](__)(?:[^_\pL\pN]|$)`, mendStrong},
	{`(\|)[^|\n]*[\pL\pN][^|\n]*\||[\pL\pN] *(\|) *[\pL\pN][^|\n]*\n[^|\n]*[\pL\pN] *\|`, mendTable},
	{`(\{\{|\{%)(?:[^{}]*\}\})?|(\}\})`, "{{, {% and }} stand for what only templates can hold: remove them"},
	{`(<!--|-->)(?:[^<>]*-->)?`, "what readers shall not see stands between <!-- and -->: write both, or remove both"},
	{"(```+)", "this makes a block of code, and a page has none: remove it"},
}

// markupPattern is all rules in one, and markupMends what they say by its groups.
var markupPattern, markupMends = joinMarkupRules()

func joinMarkupRules() (*regexp.Regexp, []string) {
	patterns, mends := []string{}, []string{""} // group 0 is all of it
	for _, rule := range markupRules {
		patterns = append(patterns, rule.pattern)
		for range regexp.MustCompile(rule.pattern).NumSubexp() {
			mends = append(mends, rule.mend)
		}
	}
	return regexp.MustCompile(strings.Join(patterns, "|")), mends
}

// FindMarkup returns the markup in a text as readers see it: no-break spaces are spaces, and what has no width is not there.
func FindMarkup(text string) (list []Markup) {
	normal, offsets := normalize(text)
	for _, m := range matchMarkup(normal) {
		from := offsets[m.Offset]
		list = append(list, Markup{from, text[from:offsets[m.Offset+len(m.Text)]], m.Mend})
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

var shownAddress = regexp.MustCompile(`(?:https?://|www\.)[^\s()\[\]<>]+`)

// mostMarkup is how much markup is reported of a text or page: whoever made more sees why.
const mostMarkup = 50

// matchMarkup returns the markup in a normal text; of strong words and tables, the first. What an address holds is none.
func matchMarkup(text string) (list []Markup) {
	text = shownAddress.ReplaceAllStringFunc(text, strings.NewReplacer("*", "x", "_", "x", "|", "x", "{", "x", "}", "x").Replace)
	isKnown := map[string]bool{}
	for _, m := range markupPattern.FindAllStringSubmatchIndex(text, mostMarkup) {
		group := 1
		for m[2*group] < 0 {
			group++
		}
		sign, mend := strings.Clone(text[m[2*group]:m[2*group+1]]), markupMends[group]
		isLine := strings.HasPrefix(sign, "****") // which stands for a line, or for what is left out
		if !isKnown[mend] && !isLine {
			list = append(list, Markup{m[2*group], sign, strings.ReplaceAll(mend, "%s", sign)})
		}
		isKnown[mend] = isKnown[mend] || !isLine && (mend == mendStrong || mend == mendTable)
	}
	return list
}

// inlineElements break no line. The text of codeElements is code, or isn't shown.
const (
	inlineElements = " a abbr b bdi bdo br cite code data del dfn em font i img input ins kbd label mark q s samp small span strong sub sup time tspan u var wbr "
	codeElements   = " code iframe kbd noembed noframes pre samp script style textarea xmp "
)

// textBlock gathers the text between two elements that break a line.
type textBlock struct {
	text      []byte
	offset    int // of its first word in the file
	codeDepth int // of open elements that are code
	markups   int // reported in the page so far
}

// startText takes in that an element starts, and endText that it ends.
func (r *reader) startText(t *tag, isOpen bool) {
	if !t.isInline {
		r.endBlock()
	}
	if t.element == "br" {
		r.addText([]byte("\n"))
	}
	if t.isCode && isOpen {
		r.addText([]byte("\uFFFC")) // so that what stands around it is not joined
		r.block.codeDepth++
	}
}

func (r *reader) endText(t *tag) {
	if t.isCode {
		r.block.codeDepth = max(r.block.codeDepth-1, 0)
	}
	if !t.isInline {
		r.endBlock()
	}
}

func (r *reader) addText(text []byte) {
	const most = 64 << 10 // bytes of a block; no editor writes more
	b := &r.block
	if len(b.text) == 0 {
		words := bytes.TrimLeft(text, " \t\r\n\f")
		b.offset = r.offset + len(text) - len(words)
		text = words
	}
	if b.codeDepth == 0 && len(b.text) < most {
		b.text = append(b.text, text...)
	}
}

// shownMarkup is markup left in a rendered page.
type shownMarkup struct {
	Markup
	after string // the markup, and what follows it
}

// endBlock reports markup in the text that has been gathered.
func (r *reader) endBlock() {
	b := &r.block
	text := b.text
	b.text = b.text[:0]
	if b.markups >= mostMarkup || !bytes.ContainsAny(text, "[]*_|{}#`<>") && !bytes.Contains(text, []byte("(!")) {
		return // as nearly always
	}
	normal, _ := normalize(string(text))
	for _, m := range matchMarkup(normal) {
		if m.Mend == mendTable && r.source == nil {
			continue // layouts part links with |
		}
		b.markups++
		after := strings.ToValidUTF8(normal[m.Offset:min(m.Offset+80, len(normal))], "")
		ref := r.here(reference{value: diagnostic.Excerpt(strings.ReplaceAll(after, "\uFFFC", ""))})
		ref.offset = b.offset
		r.report(ref, diagnostic.RuleMarkup, "%q would show as it is written: %s", ref.value, m.Mend).markup = &shownMarkup{m, after}
	}
}
