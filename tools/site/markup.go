package site

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// Markup is a piece of Markdown, HTML or template syntax that readers would see.
type Markup struct {
	Offset int    // in the text
	Text   string // the characters that make it syntax
	Fix    string // what to write instead
	IsPipe bool   // it is a | that may belong to a table
}

const (
	address   = `(?:(?:https?:/|mailto:|tel:|www\.|[/#])[^\s()\[\]]*|[^\s()\[\]]+\.md(?:#[^\s()\[\]]*)?)`
	asIn      = ", as in [words](causes.md#heat)"
	toShow    = "; put a \\ before each sign that is to show"
	fixStrong = "strong words have ** on both sides, with no space between, as in **words**" + toShow
	fixTable  = "a table has a row such as |---|---| below its first row, and an empty line above it" + toShow
)

// markupRules say what to write instead of the group that a pattern matches. The first of the patterns that match counts.
var markupRules = []struct{ pattern, fix string }{
	{`(\*{4,})`, ""}, // a line of asterisks, or a word that is left out, is no mistake
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
	{`(\*\*+)`, fixStrong},
	{`(?:^|[^_\pL\pN])(__)[\pL\pN]|[\pL\pN](__)(?:[^_\pL\pN]|$)`, fixStrong},
	{`(\|)[^|\n]*[\pL\pN][^|\n]*\||[\pL\pN] *(\|) *[\pL\pN][^|\n]*\n[^|\n]*[\pL\pN] *\|`, fixTable},
	{`(\{\{|\{%)(?:[^{}]*\}\})?|(\}\})`, "{{, {% and }} stand for what only templates can hold: remove them"},
	{`(<no value>)`, "a sentence of i18n/ names what its layout does not know: compare its {{ }} with those of another language"},
	{`(<!--|-->)(?:[^<>]*-->)?`, "what readers shall not see stands between <!-- and -->: write both, or remove both"},
	{`\A(={7})\z`, "git left this line: keep the right one of the two texts around it"},
	{`(【)\d+[:†][^【】]*】|(:contentReference\[)`, "a program left this: remove it"},
	{"(```+)", "this makes a block of code, and a page has none: remove it"},
}

// compileMarkupRules returns one pattern of all rules, and the fix of each of its groups. It runs only when it is
// needed, because it takes some milliseconds and most sites have no leftover markup.
var compileMarkupRules = sync.OnceValues(func() (pattern *regexp.Regexp, fixes []string) {
	joined, fixes := "", []string{""} // group 0 is the whole match
	for _, rule := range markupRules {
		joined += "|" + rule.pattern
		for range regexp.MustCompile(rule.pattern).NumSubexp() {
			fixes = append(fixes, rule.fix)
		}
	}
	return regexp.MustCompile(joined[1:]), fixes
})

var shownAddress = regexp.MustCompile(`(?:https?://|www\.)[^\s()\[\]<>]+`)

// MarkupCharacters has one of the characters of each match of markupRules. Hardly any text has one of them.
const MarkupCharacters = "[]*_|{}#`<>!=【"

// FindMarkup returns the leftover markup in a text as readers see it, without what looks like markup in an address. Of the
// signs for strong words and for tables, it returns only the first.
func FindMarkup(text string) (list []Markup) {
	if !strings.ContainsAny(text, MarkupCharacters) {
		return nil
	}
	normal, offsets := normalize(text)
	normal = shownAddress.ReplaceAllStringFunc(normal, strings.NewReplacer("*", "x", "_", "x", "|", "x", "{", "x", "}", "x").Replace)
	isReported := map[string]bool{}
	pattern, fixes := compileMarkupRules()
	for _, m := range pattern.FindAllStringSubmatchIndex(normal, 50) { // more findings on one text help nobody
		group := slices.IndexFunc(m[2:], func(offset int) bool { return offset >= 0 })/2 + 1
		from, to, fix := m[2*group], m[2*group+1], fixes[group]
		if fix != "" && (!isReported[fix] || fix != fixStrong && fix != fixTable) {
			list = append(list, Markup{Offset: offsets[from], Text: text[offsets[from]:offsets[to]],
				Fix: strings.ReplaceAll(fix, "%s", normal[from:to]), IsPipe: fix == fixTable})
		}
		isReported[fix] = true
	}
	return list
}

// normalize returns text with plain spaces and without zero-width characters, and the offset in text of each byte and of the
// end of the result.
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
