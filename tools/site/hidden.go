package site

import (
	"bytes"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"microsite/tools/diagnostic"
)

// This file reports what Markdown hides from readers, or changes, without a word.

// strangeSpace matches the spaces and zero-width characters that Markdown does not take for a space.
const strangeSpace = `[\x{a0}\x{ad}\x{1680}\x{2000}-\x{200d}\x{202f}\x{205f}\x{3000}\x{feff}]`

var (
	comment     = regexp.MustCompile(`(?s)<!--.*?-->`)
	definition  = regexp.MustCompile(`(?m)^(?:[ \t>]|(?:[-*+]|\d+[.)])[ \t])*\[([^\]\n]+)\]:`) // of a footnote, or of a link's address
	notInCell   = regexp.MustCompile(`<!--.*?-->|[|\s]|` + strangeSpace)
	itemNumber  = regexp.MustCompile(`^\d+`)
	sentenceEnd = regexp.MustCompile(`[.!?:][*_)"'”’]*\n$`)

	// comparison matches the start of a text whose > was probably meant to show, as in "> 38 degrees".
	comparison = regexp.MustCompile(`^[\p{Ll}\p{N}=~+]`)
	// lineBelow matches a line without > right below one with a >, unless it starts with a box, which addTaskItem reports.
	lineBelow = regexp.MustCompile(`(?m)^[ \t]*>.*\n[ \t]*((?:[^\s>-]|-[^ ]|- [^\[]).*)`)

	// lostItem matches the start of a line that was meant to be a list item, but that Markdown joins to the line above.
	lostItem = regexp.MustCompile(`^(?:(?:[•‣▪◦●■◆➢➤⁃]|&(?:bull|middot);)[\s\p{Zs}]?|(?:[-*+]|\d{1,2}[.)])` + strangeSpace + `|` +
		strangeSpace + `+(?:(?:[-*+]|\d{1,2}[.)]) |> ?[^\s\[])|[-*+] |[-+](?:\*\*|[\[(_“"'¿¡]))`)
	// likelyItem matches such a start that may also be prose. It counts if two lines start so, or if the line above is an item
	// or ends in a colon.
	likelyItem = regexp.MustCompile(`^(?:[·∙○□☐✓✔✗✘✅❌→①-⑳][\s\p{Zs}]?|[–—−‐‑‒―](?:[\s\p{Zs}]|\*\*|\pL)|-(?:> |\d|\pL)|\+\pL|` +
		`\*[^\s*][^*\n]*\n?$|\d{1,2}[.)](?:[^\PLªº]| )|\(?(?:\d{1,2}|[a-h])(?:\)|[.ºª]?-|º) ?\pL)`)
)

// lineStart returns the offset at which the line of an offset starts.
func (b *body) lineStart(offset int) int { return bytes.LastIndexByte(b.src[:offset], '\n') + 1 }

// checkLinesBelow reports lines that would join the card above, or leave it, because they have no >.
func (b *body) checkLinesBelow() {
	for _, m := range lineBelow.FindAllSubmatchIndex(b.src, -1) {
		b.fail(m[2], diagnostic.RuleCard, "this is directly below a card or quote: put > in front of it, or an empty line above")
	}
}

// checkDefinitions reports footnotes and addresses that nothing refers to, because they vanish.
func (b *body) checkDefinitions(context parser.Context) {
	src := comment.ReplaceAllFunc(b.src, func(c []byte) []byte { return bytes.Repeat([]byte(" "), len(c)) })
	normalize := func(s string) string { return strings.ToLower(NormalizeSpace(s)) }
	words := normalize(string(src))
	isKnown := map[string]bool{}
	for _, m := range definition.FindAllSubmatchIndex(src, -1) {
		label := string(src[m[2]:m[3]])
		key := normalize("[" + label + "]")
		uses := strings.Count(words, key) - strings.Count(words, key+"(")
		_, isAddress := context.Reference(util.ToLinkReference([]byte(label)))
		switch {
		case strings.HasPrefix(label, "!"):
			b.fail(m[2]-1, diagnostic.RuleCard, "a card has no colon behind its type: write > [%s] and its title", label)
		case (isAddress || label[0] == '^') && (uses < 2 || isKnown[key]):
			b.fail(m[2]-1, diagnostic.RuleMarkup, "readers would not see this line, because nothing on this page refers to [%s], "+
				"or because it stands twice: write it without brackets, or take it out", label)
		}
		isKnown[key] = true
	}
}

// checkRow reports cells beyond the columns of the table, which Hugo leaves out, and a line that became a row.
func (b *body) checkRow(row ast.Node) {
	cell := row.LastChild().Lines()
	if cell.Len() == 0 {
		cell = row.FirstChild().Lines()
	}
	if cell.Len() == 0 {
		return
	}
	end := cell.At(0).Stop
	start := b.lineStart(end)
	rest, _, _ := bytes.Cut(b.src[end:], []byte("\n"))
	if len(notInCell.ReplaceAll(rest, nil)) > 0 && row.LastChild().Lines().Len() > 0 {
		b.fail(end, diagnostic.RuleMarkup, "readers would not see %q: "+
			"this row has more cells than the first row of its table", bytes.Trim(rest, "| \t\r"))
	} else if !bytes.Contains(b.src[start:end+len(rest)], []byte("|")) {
		b.fail(start, diagnostic.RuleMarkup, "this line would be a row of the table above: put an empty line between them")
	}
}

// checkHTML reports HTML other than comments, and comments without an end, which may reach to that of the next.
func (b *body) checkHTML(n ast.Node, raw []byte) {
	rest := bytes.TrimSpace(comment.ReplaceAllFunc(raw, func(c []byte) []byte {
		if bytes.LastIndex(c, []byte("<!--")) == 0 {
			return nil
		}
		return c
	}))
	switch {
	case len(rest) == 0:
	case bytes.HasPrefix(rest, []byte("<!--")):
		b.fail(n.Pos(), diagnostic.RuleRawHTML, "readers would not see what follows this <!--: "+
			"end the comment with -->, and put no other comment into it")
	case !bytes.Contains(rest, []byte("<")):
		b.fail(n.Pos(), diagnostic.RuleRawHTML, "readers would not see %q: put an empty line behind the -->",
			diagnostic.Excerpt(string(rest)))
	default:
		b.fail(n.Pos(), diagnostic.RuleRawHTML, "HTML is not used in pages: write Markdown instead of %q, "+
			"or put a \\ before the < to show it", diagnostic.Excerpt(string(rest)))
	}
}

// checkQuote reports a quote that was meant to be a card or a part of one, or whose > was meant to show. words are its first line.
func (b *body) checkQuote(n *ast.Blockquote, offset int, words string) {
	fail := func(format string, args ...any) { b.fail(offset, diagnostic.RuleCard, format, args...) }
	if n.PreviousSibling() == b.cardNode && b.hasBareCard {
		fail("this is no part of the card above: put > on the empty line between them, or words between them")
		return
	}
	if kind := n.Parent().Kind(); kind == ast.KindBlockquote || n.FirstChild() != nil && n.FirstChild().Kind() == ast.KindList {
		fail("a quote starts with words and holds no other quote, and a card has one > before each of its lines, each empty line " +
			"in it, and its first line, such as > [!NOTE]")
		return
	}
	start := b.lineStart(max(offset, 0))
	above := bytes.TrimSpace(b.src[b.lineStart(max(start-1, 0)):start])
	isBelowText := len(above) > 0 && above[len(above)-1] != ':' || n.Parent().Kind() == ast.KindListItem
	if isBelowText && comparison.MatchString(words) {
		fail("the > in front of this makes a quote of it, and does not show: write it in words, such as \"over\"")
		return
	}
	names := slices.SortedFunc(maps.Keys(b.page.Site.cardNames), func(x, y string) int { return len(y) - len(x) }) // the longest first
	for i, name := range names {
		names[i] = regexp.QuoteMeta(name)
	}
	// A card's name is a label, and not a word of a sentence, in capitals, in brackets, or before a colon or the end of the line.
	name := strings.Join(names, "|")
	label := regexp.MustCompile(`^(?:\PL*(` + strings.ToUpper(name) + `)(?:\PL|$)|\PL*\[((?i:` + name + `))\](?:[^(]|$)|` +
		"[ [(*_{!`]*((?i:" + name + "))[\\s)*_}\\]!`]*(?:[:!]|$))")
	m := label.FindStringSubmatch(words)
	if m != nil && len(FindMarkup(b.words(n.FirstChild()))) == 0 { // which addBlock reports
		level := b.page.Site.cardNames[strings.ToLower(m[1]+m[2]+m[3])]
		fail("this would show as a plain quote: start a card with > [!%s]", strings.ToUpper(level))
	}
}

// checkLostItems reports lines that were meant to be list items, but silently become part of the line above, and lines that
// become part of an item. addTaskItem reports any line below a task item.
func (b *body) checkLostItems(n ast.Node) {
	if hasBox(n.Parent()) {
		return
	}
	isInItem := n.Parent().Kind() == ast.KindListItem
	var likely []text.Segment
	above := ""
	for i, segment := range n.Lines().Sliced(0, n.Lines().Len()) {
		line := strings.Replace(string(segment.Value(b.src)), "\r\n", "\n", 1)
		first, _ := utf8.DecodeRuneInString(strings.TrimLeft(line, "*_[(“\"'¿¡"))
		indent := b.src[b.lineStart(segment.Start):segment.Start]
		isLazy := i > 0 && isInItem && !bytes.HasSuffix(indent, []byte("  ")) && !bytes.HasSuffix(indent, []byte("\t"))
		switch {
		case strings.HasSuffix(above, "  \n") || strings.HasSuffix(above, "\\\n"): // it starts a line for readers, too
		case lostItem.MatchString(line) && (i > 0 || n.Kind() == ast.KindParagraph):
			b.failItem(segment.Start, lostItem.FindString(line))
		case likelyItem.MatchString(line) && (isInItem && i > 0 || strings.HasSuffix(above, ":\n")):
			b.failItem(segment.Start, likelyItem.FindString(line))
		case likelyItem.MatchString(line):
			likely = append(likely, segment)
		case isLazy && unicode.IsUpper(first):
			d := b.place(segment.Start).Errorf(diagnostic.RuleTaskItem,
				"this would join the item above: put an empty line between them, or two spaces in front")
			if !sentenceEnd.MatchString(above) { // it may be a name
				d.Severity = diagnostic.Warning
			}
			b.loader.findings = append(b.loader.findings, d)
		}
		above = line
	}
	if len(likely) > 1 {
		for _, segment := range likely {
			b.failItem(segment.Start, likelyItem.FindString(string(segment.Value(b.src))))
		}
	}
}

func (b *body) failItem(offset int, start string) {
	b.fail(offset, diagnostic.RuleTaskItem, "this would not start an item of a list: "+
		"write - and an ordinary space, or - [ ] and a space for a box, instead of %q", start)
}

// checkItem reports an item without a box beside one with a box, in the same list of a card or in one directly above or below.
func (b *body) checkItem(item *ast.ListItem) {
	list := item.Parent()
	isReported := item.FirstChild() != nil && len(FindMarkup(b.words(item.FirstChild()))) > 0
	if hasBox(item) || list.Parent() != b.cardNode || isReported {
		return
	}
	isAdjacent := func(above, below ast.Node) bool {
		return above != nil && below != nil && above.Kind() == ast.KindList && below.Kind() == ast.KindList &&
			!below.HasBlankPreviousLines()
	}
	previous, next := item.PreviousSibling(), item.NextSibling()
	if above := list.PreviousSibling(); previous == nil && isAdjacent(above, list) {
		previous = above.LastChild()
	}
	if below := list.NextSibling(); next == nil && isAdjacent(list, below) {
		next = below.FirstChild()
	}
	if previous != nil && hasBox(previous) || next != nil && hasBox(next) {
		b.fail(item.Pos(), diagnostic.RuleTaskItem,
			"this item has no box, so it would not be on the checklist: write - [ ] before its words")
	}
}

// checkList reports an item of an ordered list that would show another number than its line has, unless all of the list's lines
// have the same.
func (b *body) checkList(list *ast.List) {
	if !list.IsOrdered() {
		return
	}
	isSame := true
	for item, shown := list.FirstChild(), list.Start; item != nil; item, shown = item.NextSibling(), shown+1 {
		written, _ := strconv.Atoi(string(itemNumber.Find(b.src[item.Pos():])))
		if isSame = isSame && written == list.Start; !isSame && written != shown {
			b.fail(item.Pos(), diagnostic.RuleTaskItem,
				"this would show as %d: count on from the line above, or write - for a list without order", shown)
			return
		}
	}
}

// checkEmphasis reports signs between letters or digits, which do not show: 2*200 mg or 3*100 mg reads 2200 mg or 3100 mg. It also
// reports single tildes, which strike out what was meant to be "about": ~20~.
func (b *body) checkEmphasis(n ast.Node) {
	if n.Kind() == east.KindStrikethrough && !bytes.HasPrefix(b.src[max(n.Pos(), 0):], []byte("~~")) {
		b.fail(n.Pos(), diagnostic.RuleMarkup, "this would be struck out: write \\~, or words such as \"about\"")
		return
	}
	if first, isText := n.FirstChild().(*ast.Text); isText {
		before := bytes.TrimRight(b.src[:first.Segment.Start], "*_~")
		if r, _ := utf8.DecodeLastRune(before); unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.fail(len(before), diagnostic.RuleMarkup, "this %q would not show, but change how the words look: "+
				"put a \\ before it, and before the next", b.src[len(before):first.Segment.Start])
		}
	}
}
