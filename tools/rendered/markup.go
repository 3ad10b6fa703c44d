package rendered

import (
	"bytes"
	"regexp"
	"slices"
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

// markupRules are tried where a text holds their sign, because patterns are slow.
// The first group that matches is the markup. "Once" is in a text.
var markupRules = []struct {
	sign    string
	pattern *regexp.Regexp
	isOnce  bool
	mend    string
}{
	{"!", regexp.MustCompile(`(\[ ?!)\pL[^\[\]\n]*\]?|(!\[)[A-Z]+\]|(\(!)[A-Za-z]+\)`), false,
		"a card starts with > [!TYPE] at the start of a line, with an empty line above it"},
	{"![", regexp.MustCompile(`(!\[)[^\[\]]*(?:\]\()?`), false,
		"a picture has words in brackets and its file in parentheses, without spaces, as in ![words](/picture.jpg)"},
	{"](", regexp.MustCompile(`(\]\()`), false, "the address of a link stands in parentheses, without spaces" + asIn},
	{"] ", regexp.MustCompile(`(\] +\()` + address + `\)`), false, "no space stands between the ] and the ( of a link" + asIn},
	{")[", regexp.MustCompile(`(\)\[)` + address + `\]`), false,
		"the words of a link stand in brackets, and its address in parentheses" + asIn},
	{"][", regexp.MustCompile(`(\]\[)[^\[\]^]*\]`), false,
		"the address of a link stands behind its words, in parentheses" + asIn + toShow},
	{"[[", regexp.MustCompile(`(\[\[)[^\[\]]+\]\]`), false,
		"a link has its words in brackets, and its address in parentheses" + asIn + toShow},
	{"[^", regexp.MustCompile(`(\[\^[^\[\]\s]+\])`), false,
		"there is no note %s: write one on a line that starts with %s: and a space, or remove this"},
	{"**", regexp.MustCompile(`(?:^|[^*])(\*\*\*?)(?:[^*]|$)`), true, mendStrong},
	{"__", regexp.MustCompile(`(?:^|[^_\pL\pN])(__)[\pL\pN]|[\pL\pN](__)(?:[^_\pL\pN]|$)`), true, mendStrong},
	{"[", regexp.MustCompile(`(?m)^[ \t]*(?:([-*+•–—] *\[[xX ]*\]|\[ *\])|(\[[xX]\])(?: |\pL|$))`), false,
		"a box to tick is - [ ] with both spaces, then its words"},
	{"#", regexp.MustCompile(`(?m)^[ \t]*(##+|# )\S|\A\s*(#)\p{Lu}`), false,
		"a heading is ## at the start of a line, a space, and its words, with an empty line above it"},
	{"#", regexp.MustCompile(`(\{ ?#[^{}\n]*\})`), false,
		"the id of a heading is small letters, digits and hyphens, as in {#heat}"},
	{"|", regexp.MustCompile(`(\|)[^|\n]*[\pL\pN][^|\n]*\||[\pL\pN] *(\|) *[\pL\pN][^|\n]*\n[^|\n]*[\pL\pN] *\|`), true, mendTable},
	{"{", regexp.MustCompile(`(\{\{|\{%)(?:[^{}]*\}\})?`), false, "{{ and {% start what only templates can hold: remove it"},
	{"}}", regexp.MustCompile(`(\}\})`), false, "}} ends what only templates can hold: remove it"},
	{"--", regexp.MustCompile(`(<!--|-->)(?:[^<>]*-->)?`), false,
		"what readers shall not see stands between <!-- and -->: write both, or remove both"},
	{"```", regexp.MustCompile("(```+)"), false, "this makes a block of code, and a page has none: remove it"},
}

// FindMarkup returns the markup in a text as readers see it: no-break spaces
// are spaces, and what has no width is not there.
func FindMarkup(text string) (list []Markup) {
	if !mayHoldMarkup([]byte(text)) {
		return nil
	}
	normal, offsets := normalize(text)
	for _, m := range matchMarkup(normal) {
		from := offsets[m.Offset]
		list = append(list, Markup{from, text[from:offsets[m.Offset+len(m.Text)]], m.Mend})
	}
	return list
}

// mayHoldMarkup is quick, because nearly no text does.
func mayHoldMarkup(text []byte) bool {
	return bytes.ContainsAny(text, "[]*_|{}#`<>") || bytes.Contains(text, []byte("(!"))
}

// normalize returns a text with plain spaces and without what has no width, and
// for each of its bytes, and its end, the offset in the text.
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

// matchMarkup returns the markup in a normal text, each byte of it once. What
// the address of a site holds is none.
func matchMarkup(text string) (list []Markup) {
	text = shownAddress.ReplaceAllStringFunc(text, strings.NewReplacer("*", "x", "_", "x", "|", "x", "{", "x", "}", "x").Replace)
	type match struct {
		markup Markup
		end    int // of what the pattern matches
	}
	var matches []match
	for _, rule := range markupRules {
		limit := map[bool]int{true: 1, false: -1}[rule.isOnce]
		if !strings.Contains(text, rule.sign) {
			continue
		}
		for _, m := range rule.pattern.FindAllStringSubmatchIndex(text, limit) {
			group := 2
			for m[group] < 0 {
				group += 2
			}
			sign := strings.Clone(text[m[group]:m[group+1]])
			matches = append(matches, match{Markup{m[group], sign, strings.ReplaceAll(rule.mend, "%s", sign)}, m[1]})
		}
	}
	slices.SortStableFunc(matches, func(a, b match) int { return a.markup.Offset - b.markup.Offset })
	end := 0
	for _, m := range matches {
		if m.markup.Offset >= end {
			list, end = append(list, m.markup), m.end
		}
	}
	return list
}

// textBlock gathers the text of a page between two elements that break a line.
type textBlock struct {
	text      []byte
	place     diagnostic.Place // of its first word
	codeDepth int              // of open elements whose text is code, or isn't shown
}

var (
	inlineElements = newSet("a abbr b bdi bdo br cite code data del dfn em font i img input ins kbd label mark q s samp small span strong " +
		"sub sup time tspan u var wbr")
	codeElements = newSet("code iframe kbd noembed noframes pre samp script style textarea xmp")
)

// startText takes in that an element starts.
func (p *page) startText(element string, isOpen bool) {
	if inlineElements[element] == "" {
		p.endBlock()
	}
	if element == "br" {
		p.addText([]byte("\n"))
	}
	if isOpen && codeElements[element] != "" {
		p.addText([]byte("\uFFFC")) // so that what stands around it is not joined
		p.block.codeDepth++
	}
}

func (p *page) endText(element string) {
	if codeElements[element] != "" {
		p.block.codeDepth = max(p.block.codeDepth-1, 0)
	}
	if inlineElements[element] == "" {
		p.endBlock()
	}
}

func (p *page) addText(text []byte) {
	const most = 64 << 10 // bytes of a block; no editor writes more
	b := &p.block
	if len(b.text) == 0 {
		words := bytes.TrimLeft(text, " \t\r\n\f")
		b.place = advance(p.place, text[:len(text)-len(words)])
		text = words
	}
	if b.codeDepth == 0 && len(b.text) < most {
		b.text = append(b.text, text...)
	}
}

// endBlock reports markup in the text that has been gathered.
func (p *page) endBlock() {
	const most = 50 // findings in a page; whoever made more sees why
	b := &p.block
	if mayHoldMarkup(b.text) {
		text, _ := normalize(string(b.text))
		for _, m := range matchMarkup(text) {
			if m.Mend == mendTable && p.source == "" || p.markups == most {
				continue // layouts part links with |
			}
			p.markups++
			after := strings.ToValidUTF8(text[m.Offset:min(m.Offset+80, len(text))], "")
			r := p.reference(diagnostic.Excerpt(after))
			r.place = b.place
			p.report(r, diagnostic.RuleMarkup, "%q would show as it is written: %s", r.value, m.Mend)
			p.findings[len(p.findings)-1].markup = &shownMarkup{m, after}
		}
	}
	b.text = b.text[:0]
}

// shownMarkup is markup left in a rendered page.
type shownMarkup struct {
	Markup
	after string // the markup, and the words that follow it
}
