package content

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// show takes down that text of the source shows as it stands there: code and
// escaped signs are left out, and so is what Markdown makes something of.
func (b *body) show(n *ast.Text) {
	if n.Parent().Kind() == ast.KindCodeSpan {
		return
	}
	at := n.Segment.Start
	words := b.shown[at:n.Segment.Stop]
	copy(words, b.src[at:])
	for i := bytes.IndexByte(words, '\\'); i >= 0 && i+1 < len(words); {
		words[i], words[i+1] = ' ', ' '
		next := bytes.IndexByte(words[i+2:], '\\')
		if next < 0 {
			break
		}
		i += 2 + next
	}
}

// showAddress is show for an address that stands there bare.
func (b *body) showAddress(n *ast.AutoLink) {
	label := n.Label(b.src)
	for _, at := range []int{n.Pos(), n.Pos() + 1} { // or of the space or bracket before it
		if b.src[n.Pos()] != '<' && bytes.HasPrefix(b.src[min(at, len(b.src)):], label) {
			copy(b.shown[at:], label)
			return
		}
	}
}

const (
	asWritten = "this would show as it is written: "
	address   = `(?:(?:https?:/|mailto:|tel:|www\.|[/#])[^\s()\[\]]*|[^\s()\[\]]+\.md(?:#[^\s()\[\]]*)?)`
	opened    = `\[(?:[^\[\]]|\[[^\[\]]*\])*` // a bracket and what stands in it
	toShow    = "; put a \\ before each sign that is to show"
)

// slips are what was meant to be something and is text. The first group that
// matches is the place, and what %s stands for.
var slips = []struct {
	sign    string // without it no pattern, which is slow, can match
	pattern *regexp.Regexp
	message string
}{
	{"](", regexp.MustCompile(opened + `(\]\()`), "the address of a link stands in parentheses, without spaces, as in [words](causes.md#heat)"},
	{"(", regexp.MustCompile(opened + `(\])[ \x{a0}]+\(` + address + `\)`), "no space stands between the ] and the ( of a link, as in [words](causes.md#heat)"},
	{")[", regexp.MustCompile(`(\)\[)` + address + `\]`), "the words of a link stand in brackets, and its address in parentheses, as in [words](causes.md#heat)"},
	{"][", regexp.MustCompile(`\[[^\[\]^][^\[\]]*(\]\[)[^\[\]^]*\]`), "the address of a link stands behind its words, in parentheses, as in [words](causes.md#heat)" + toShow},
	{"[[", regexp.MustCompile(`(\[\[)[^\[\]]+\]\]`), "a link has its words in brackets, and its address in parentheses, as in [words](causes.md#heat)" + toShow},
	{"[^", regexp.MustCompile(`(\[\^[^\[\]\s]+\])`), "there is no note %[1]s: write one on a line that starts with %[1]s: and a space, or remove this"},
	{"**", regexp.MustCompile(`(?s)(?:\A|[^*])(\*\*\*?)(?:[^*].*?(?:\n[ \t\r]*\n|\z)|\z)`), "strong words have ** on both sides, with no space between, as in **words**" + toShow},
	{"__", regexp.MustCompile(`(?:\A|[^_\pL\pN])(__)[\pL\pN]|[\pL\pN](__)(?:[^_\pL\pN]|\z)`), "strong words have ** on both sides, with no space between, as in **words**" + toShow},
}

// unmade reports text that was meant to be a link, a note or strong.
func (b *body) unmade() {
	for _, slip := range slips {
		if !bytes.Contains(b.shown, []byte(slip.sign)) {
			continue
		}
		for _, m := range slip.pattern.FindAllSubmatchIndex(b.shown, -1) {
			at, end := m[2], m[3]
			if at < 0 {
				at, end = m[4], m[5]
			}
			b.report(at, RuleLink, "%s%s", asWritten, strings.ReplaceAll(slip.message, "%[1]s", string(b.shown[at:end])))
		}
	}
}

// unread are the notes of a text that nothing refers to. goldmark drops them,
// so they are taken down before it does.
type unread struct{}

var unreadKey = parser.NewContextKey()

func (unread) Transform(doc *ast.Document, _ text.Reader, pc parser.Context) {
	var notes []*east.Footnote
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if note, ok := n.(*east.Footnote); ok && entering && note.Index < 0 {
			notes = append(notes, note)
		}
		return ast.WalkContinue, nil
	})
	pc.Set(unreadKey, notes)
}

// vanished reports what would stand nowhere on the page: notes and addresses
// that nothing refers to.
func (b *body) vanished(pc parser.Context) {
	notes, _ := pc.Get(unreadKey).([]*east.Footnote)
	for _, n := range notes {
		b.report(n.Pos(), RuleLost, "this note would not show, because nothing refers to it: write [^%s] behind the words that it is for, or remove it", n.Ref)
	}
	for _, n := range b.defined {
		if !b.used[util.ToLinkReference(n.Label)] && string(n.Destination) != "#" { // [//]: # is a way to write a comment
			b.report(n.Lines().At(0).Start, RuleLost, "this line would not show, and no link refers to it: write [%s] where the link is to be, or remove it", n.Label)
		}
	}
}

// row reports cells that would not show, because the table's head has fewer.
func (b *body) row(n *east.TableRow) {
	last := n.LastChild()
	if last == nil || last.Lines().Len() == 0 {
		return
	}
	end := last.Lines().At(0).Stop
	rest, _, _ := bytes.Cut(b.src[end:], []byte("\n"))
	if words := bytes.TrimLeft(rest, "| \t\r"); len(words) > 0 {
		b.report(end+len(rest)-len(words), RuleLost, "this would not show, because the first row of the table has fewer cells: add one there, or put a \\ before a | that is to show")
	}
}
