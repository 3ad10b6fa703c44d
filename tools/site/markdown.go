package site

import (
	"bytes"
	"html"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"microsite/tools/diagnostic"
)

// markdown parses as Hugo does with the extensions that it turns on by default.
var markdown = goldmark.New(
	goldmark.WithExtensions(extension.GFM, extension.DefinitionList, extension.Footnote),
	goldmark.WithParserOptions(parser.WithHeadingAttribute()),
)

// strangeSpace matches the spaces and zero-width characters that Markdown does not take for a space.
const strangeSpace = `[\x{a0}\x{ad}\x{1680}\x{2000}-\x{200d}\x{202f}\x{205f}\x{3000}\x{feff}]`

var (
	alert      = regexp.MustCompile(`^\[!([a-zA-Z]+)\][-+]?`) // as Hugo's blockquote hook reads it
	comment    = regexp.MustCompile(`(?s)<!--.*?-->`)
	escape     = regexp.MustCompile(`\\[!-/:-@\[-` + "`" + `{-~]|&[#0-9A-Za-z]+;`)
	linkOrNote = regexp.MustCompile(`\]\(|\]\[|\[\^|://`)
	definition = regexp.MustCompile(`(?m)^(?:[ \t>]|(?:[-*+]|\d+[.)])[ \t])*\[([^\]\n]+)\]:`) // of a note, or of a link's address
	extraCell  = regexp.MustCompile(`<!--.*?-->|[|\s]|` + strangeSpace)                       // matches what is none
	reported   = regexp.MustCompile(`(?:\[ ?!|!\[|\(!)$`)                                     // before a word, by the rule markup
	itemNumber = regexp.MustCompile(`(\d+)[.)][ \t]*$`)
	limitStart = regexp.MustCompile(`^[\p{Ll}\p{N}=~+]`) // of a quote such as > 38 degrees
	// The name of a card is a label, and no word of a sentence, between these, or in brackets.
	labelPrefix    = regexp.MustCompile("^[ [(*_{!`]*$")
	labelRest      = regexp.MustCompile("^[\\s)*_}\\]!`]*(?:[:!]|$)")
	closingBracket = regexp.MustCompile(`^\](?:[^(]|$)`)
	vagueWords     = regexp.MustCompile(`(?i)^[^\pL\pN]*(?:(?:click|tap|see|read|learn|haga clic|toque|vea|lea|leer|ver) )?(?:here|this|this page|` +
		`this link|link|more|aquí|esta página|este enlace|enlace|más)?[^\pL\pN]*$|(?:click|tap|clic) (?:here|aquí)`)

	// lostItem matches the start of a line that was meant to be a list item, but that Markdown joins to the line above.
	lostItem = regexp.MustCompile(`^(?:(?:[•‣▪◦●■◆➢➤⁃]|&(?:bull|middot);)[\s\p{Zs}]?|(?:[-*+]|\d{1,2}[.)])` + strangeSpace + `|` +
		strangeSpace + `+(?:(?:[-*+]|\d{1,2}[.)]) |> ?[^\s\[])|[-*+] |[-+](?:\*\*|[\[(_“"'¿¡]))`)
	// likelyItem matches one that may also be prose, unless another line starts so, or the line above ends in a colon or is an item.
	likelyItem = regexp.MustCompile(`^(?:[·∙○□☐✓✔✗✘✅❌→①-⑳][\s\p{Zs}]?|[–—−‐‑‒―](?:[\s\p{Zs}]|\*\*|\pL)|-(?:> |\d|\pL)|\+\pL|` +
		`\*[^\s*][^*\n]*\n?$|\d{1,2}[.)](?:[^\PLªº]| )|\(?(?:\d{1,2}|[a-h])(?:\)|[.ºª]?-|º) ?\pL)`)
	// deepQuote matches a line with more nested quotes than any page needs. The parser takes long for these.
	deepQuote = regexp.MustCompile(`(?m)^(?:[ \t]*>){9}`)
)

// parseBody reads the cards, task items, links and words of a page's body, and reports what a page must not hold.
func (l *loader) parseBody(p *Page) {
	b := &body{
		loader: l, page: p, src: []byte(p.Body), cursor: Cursor{File: p.File, Text: p.Source},
		headingLevel: 1, headings: map[string]bool{},
	}
	if m := deepQuote.FindStringIndex(p.Body); m != nil {
		b.fail(m[0], diagnostic.RuleCard, "too many > start this line: a card has one before each line")
		return
	}
	context := parser.NewContext()
	document := markdown.Parser().Parse(text.NewReader(b.src), parser.WithContext(context))
	b.checkDefinitions(context)
	_ = ast.Walk(document, func(n ast.Node, isEntering bool) (ast.WalkStatus, error) {
		if isEntering {
			b.visit(n)
		}
		return ast.WalkContinue, nil
	})
}

// checkDefinitions reports footnotes and addresses that nothing refers to, because they vanish.
func (b *body) checkDefinitions(context parser.Context) {
	src := comment.ReplaceAllFunc(b.src, func(c []byte) []byte { return bytes.Repeat([]byte(" "), len(c)) })
	normalize := func(s string) string { return strings.ToLower(NormalizeSpace(s)) }
	isKnown := map[string]bool{}
	for _, m := range definition.FindAllSubmatchIndex(src, -1) {
		label := string(src[m[2]:m[3]])
		key := normalize("[" + label + "]")
		uses := strings.Count(normalize(string(src)), key) - strings.Count(normalize(string(src)), key+"(")
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

// body is the state of parseBody.
type body struct {
	loader       *loader
	page         *Page
	src          []byte
	cursor       Cursor
	cardNode     ast.Node // the blockquote of the last card
	hasBareCard  bool     // nothing follows the title of that card
	headingLevel int      // of the last heading, or 1 for the page's title
	headings     map[string]bool
}

func (b *body) place(offset int) diagnostic.Place {
	return b.cursor.Place(b.page.bodyOffset + min(max(offset, 0), len(b.src)))
}

func (b *body) fail(offset int, rule diagnostic.Rule, format string, args ...any) {
	b.loader.fail(b.place(offset), rule, format, args...)
}

func (b *body) visit(n ast.Node) {
	switch n := n.(type) {
	case *ast.Blockquote:
		b.addCard(n)
	case *east.TaskCheckBox:
		b.addTaskItem(n)
	case *ast.HTMLBlock:
		raw := n.Lines().Value(b.src)
		if n.HasClosure() {
			raw = append(raw, n.ClosureLine.Value(b.src)...)
		}
		b.checkHTML(n, raw)
	case *ast.RawHTML:
		b.checkHTML(n, n.Segments.Value(b.src))
	case *ast.Heading:
		b.checkHeading(n)
		b.addBlock(n)
	case *ast.Link:
		b.addLink(n, string(n.Destination), false)
		_, isPicture := n.FirstChild().(*ast.Image)
		if name := b.words(n); !isPicture && vagueWords.MatchString(name) {
			b.fail(n.Pos(), diagnostic.RuleLink, "the words %q do not say where this link leads: "+
				"name what readers find there, as in [causes of pain](causes.md)", name)
		}
	case *ast.Image:
		b.addImage(n)
	case *ast.AutoLink:
		destination := string(n.URL(b.src))
		if n.AutoLinkType == ast.AutoLinkEmail {
			destination = "mailto:" + destination
		}
		b.addLink(n, destination, false)
	case *ast.List:
		if n.IsOrdered() {
			b.checkNumbers(n)
		}
	case *ast.Emphasis, *east.Strikethrough:
		b.checkEmphasis(n)
	case *east.TableRow:
		b.checkRow(n)
	case *ast.Paragraph, *ast.TextBlock, *east.TableCell, *east.DefinitionTerm:
		b.checkLostItems(n)
		b.addBlock(n)
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		b.fail(n.Pos(), diagnostic.RuleCode, "this makes a block of code: "+
			"remove the four spaces at the start, or this line and the one that ends the block")
	}
}

// checkHeading reports a heading of the wrong level, without words, or with the words of another.
func (b *body) checkHeading(n *ast.Heading) {
	name := strings.ToLower(b.words(n))
	isUnderlined := n.Lines().Len() > 0 && n.Lines().At(0).Start == n.Pos()
	_, hasID := n.AttributeString("id")
	if len(n.Attributes()) > 1 || len(n.Attributes()) == 1 && !hasID {
		b.fail(n.Pos(), diagnostic.RuleHeading, "a heading has an id, as in {#heat}, and nothing else in braces")
	}
	if isUnderlined || n.Level == 1 || n.Level > b.headingLevel+1 || n.FirstChild() == nil {
		b.fail(n.Pos(), diagnostic.RuleHeading, "a heading is ## and its words, ### below that, and so on: "+
			"leave out no level, and put an empty line above a row of --- or ===")
	} else if b.headings[name] {
		b.fail(n.Pos(), diagnostic.RuleHeading,
			"this heading stands twice on this page: reword one, because links and readers can't tell them apart")
	}
	b.headingLevel = max(2, min(n.Level, b.headingLevel+1))
	b.headings[name] = true
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
	rest, _, _ := bytes.Cut(b.src[end:], []byte("\n"))
	line := b.src[bytes.LastIndexByte(b.src[:end], '\n')+1 : end+len(rest)]
	if extra := extraCell.ReplaceAll(rest, nil); len(extra) > 0 && row.LastChild().Lines().Len() > 0 {
		b.fail(end, diagnostic.RuleMarkup, "readers would not see %q: this row has more cells than the first row of its table", bytes.Trim(rest, "| \t\r"))
	} else if !bytes.Contains(line, []byte("|")) {
		b.fail(end-len(line)+len(rest), diagnostic.RuleMarkup, "this line would be a row of the table above: put an empty line between them")
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
		b.fail(n.Pos(), diagnostic.RuleRawHTML, "readers would not see %q: put an empty line behind the -->", diagnostic.Excerpt(string(rest)))
	default:
		b.fail(n.Pos(), diagnostic.RuleRawHTML, "HTML is not used in pages: write Markdown instead of %q, "+
			"or put a \\ before the < to show it", diagnostic.Excerpt(string(rest)))
	}
}

func (b *body) addLink(n ast.Node, destination string, isImage bool) {
	b.page.Links = append(b.page.Links, Link{Destination: destination, IsImage: isImage, Place: b.place(n.Pos())})
}

func (b *body) addImage(n *ast.Image) {
	if !strings.HasPrefix(string(n.Destination), "figure:") { // a layout shows drawings, and reports a missing one
		b.addLink(n, string(n.Destination), true)
	}
	if b.words(n) == "" {
		b.fail(n.Pos(), diagnostic.RulePicture, "this picture has no alternative, for readers who can't see it: "+
			"say what it tells them, as in ![What to do](%s)", n.Destination)
	}
	b.addBlock(n)
}

// addCard adds a blockquote to the page's cards, or reports it if it was meant to be a card but is none.
func (b *body) addCard(n *ast.Blockquote) {
	first, ok := n.FirstChild().(*ast.Paragraph)
	if !ok || first.Lines().Len() == 0 {
		if list, isList := n.FirstChild().(*ast.List); !isList || !hasBox(list.FirstChild()) { // addTaskItem reports boxes
			b.checkQuote(n, n.Pos(), "")
		}
		return
	}
	cards, line := b.page.Site.Cards, first.Lines().At(0)
	start := string(line.Value(b.src))
	m := alert.FindStringSubmatch(start)
	if m == nil {
		b.checkQuote(n, line.Start, start)
		return
	}
	level := strings.ToLower(m[1])
	if !slices.Contains(cards, level) {
		b.fail(line.Start, diagnostic.RuleCard, "%s", diagnostic.Unknown("card type", m[1], "Known types", cards))
	}
	title := cutFirstLine(first, line.Start+len(m[0]))
	b.hasBareCard = b.words(first) == "" && n.LastChild() == first
	if b.hasBareCard && b.words(title) == "" || n.Parent().Kind() != ast.KindDocument {
		b.fail(line.Start, diagnostic.RuleCard, "a card has words, and stands in no list and no other card: "+
			"put > before each of its lines, and each empty line between them")
	}
	n.InsertBefore(n, first, title)
	b.page.Cards = append(b.page.Cards, Card{Level: level, Title: b.words(title), Place: b.place(line.Start)})
	b.cardNode = n
}

// checkQuote reports a quote that was meant to be a card or a part of one, or whose > was meant to show. start is its first line.
func (b *body) checkQuote(n *ast.Blockquote, offset int, start string) {
	fail := func(format string, args ...any) { b.fail(offset, diagnostic.RuleCard, format, args...) }
	if n.PreviousSibling() == b.cardNode && b.hasBareCard {
		fail("this is no part of the card above: put > on the empty line between them, or words between them")
		return
	}
	lineStart := bytes.LastIndexByte(b.src[:offset], '\n') + 1
	above := bytes.TrimSpace(b.src[bytes.LastIndexByte(b.src[:max(lineStart-1, 0)], '\n')+1 : lineStart])
	isBelowText := len(above) > 0 && above[len(above)-1] != ':' || n.Parent().Kind() == ast.KindListItem
	if isBelowText && limitStart.MatchString(start) {
		fail("the > in front of this makes a quote of it, and does not show: write it in words, such as \"over\"")
		return
	}
	names := map[string]string{}
	for _, level := range b.page.Site.Cards {
		names[level] = level
	}
	maps.Copy(names, b.page.Site.cardNames)
	longestFirst := slices.SortedFunc(maps.Keys(names), func(x, y string) int { return len(y) - len(x) })
	m := regexp.MustCompile(`^(\PL*)((?i:` + strings.Join(longestFirst, "|") + `))(\PL.*|)\n?$`).FindStringSubmatch(start)
	if m == nil || reported.MatchString(m[1]) {
		return
	}
	isLabel := labelPrefix.MatchString(m[1]) && labelRest.MatchString(m[3]) || strings.HasSuffix(m[1], "[") && closingBracket.MatchString(m[3])
	if isLabel || m[2] == strings.ToUpper(m[2]) {
		fail("this would show as a plain quote: start a card with > [!%s]", strings.ToUpper(names[strings.ToLower(m[2])]))
	}
}

// cutFirstLine removes the first line from a paragraph, and returns the part of it that starts at an offset.
func cutFirstLine(paragraph *ast.Paragraph, offset int) ast.Node {
	line := ast.NewTextBlock()
	for child := paragraph.FirstChild(); child != nil; child = paragraph.FirstChild() {
		line.AppendChild(line, child) // removes it from the paragraph
		if t, isText := child.(*ast.Text); isText {
			t.Segment.Start = min(max(t.Segment.Start, offset), t.Segment.Stop)
			if t.SoftLineBreak() || t.HardLineBreak() {
				break
			}
		}
	}
	return line
}

// hasBox reports whether a list item is a task item.
func hasBox(item ast.Node) bool {
	block := item.FirstChild()
	return block != nil && block.FirstChild() != nil && block.FirstChild().Kind() == east.KindTaskCheckBox
}

// addTaskItem adds a task item to its card, or reports it. Its words are a label on the checklist and on paper, so they
// must be a single line, and the item must be in a card's own list.
func (b *body) addTaskItem(box *east.TaskCheckBox) {
	block := box.Parent()
	item, list := block.Parent(), block.Parent().Parent().(*ast.List)
	previous, next := item.PreviousSibling(), item.NextSibling()
	if list.Parent() != b.cardNode {
		if previous == nil || !hasBox(previous) { // a missing > is reported once
			b.fail(box.Pos(), diagnostic.RuleTaskItem, "a box to tick stands in a card: "+
				"put > before each line, and each empty line, from the card's first line, such as > [!NOTE], on")
		}
		return
	}
	words := b.words(block)
	isLine := words != "" && block.Lines().Len() == 1 && block.NextSibling() == nil && block.Kind() == ast.KindTextBlock &&
		!linkOrNote.Match(block.Lines().Value(b.src))
	isBetweenBoxes := (previous == nil || hasBox(previous)) && (next == nil || hasBox(next))
	if !isLine || !isBetweenBoxes || box.IsChecked || list.IsOrdered() {
		b.fail(box.Pos(), diagnostic.RuleTaskItem, "a box to tick is - [ ] with ordinary spaces and one line of words: "+
			"no tick, number, link, picture or note, no empty line between boxes, and no other line, item or list that has no box")
	}
	card := &b.page.Cards[len(b.page.Cards)-1]
	card.Items = append(card.Items, Item{Text: words, Place: b.place(box.Pos())})
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
		line := string(segment.Value(b.src))
		first, _ := utf8.DecodeRuneInString(line)
		indent := b.src[bytes.LastIndexByte(b.src[:segment.Start], '\n')+1 : segment.Start]
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
			b.fail(segment.Start, diagnostic.RuleTaskItem, "this would join the item above: put an empty line between them, or two spaces in front")
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

// checkNumbers reports an item of an ordered list that would show another number than its line, unless all are the same.
func (b *body) checkNumbers(list *ast.List) {
	isSame := true
	for item, shown := list.FirstChild(), list.Start; item != nil; item, shown = item.NextSibling(), shown+1 {
		if item.FirstChild() == nil || item.FirstChild().Lines().Len() == 0 {
			return
		}
		offset := item.FirstChild().Lines().At(0).Start
		number := itemNumber.FindSubmatchIndex(b.src[bytes.LastIndexByte(b.src[:offset], '\n')+1 : offset])
		if number == nil {
			return
		}
		lineStart := bytes.LastIndexByte(b.src[:offset], '\n') + 1
		written, _ := strconv.Atoi(string(b.src[lineStart+number[2] : lineStart+number[3]]))
		if isSame = isSame && written == list.Start; !isSame && written != shown {
			b.fail(lineStart+number[2], diagnostic.RuleTaskItem, "this would show as %d: count on from the line above, or write - for a list without order", shown)
			return
		}
	}
}

// checkEmphasis reports signs between letters or digits, which do not show: 2*200 mg or 3*100 mg reads 2200 mg or 3100 mg.
func (b *body) checkEmphasis(n ast.Node) {
	if first, isText := n.FirstChild().(*ast.Text); isText {
		before := bytes.TrimRight(b.src[:first.Segment.Start], "*_~")
		if r, _ := utf8.DecodeLastRune(before); unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.fail(len(before), diagnostic.RuleMarkup, "this %q would not show, but change how the words look: put a \\ before it, and before the next",
				b.src[len(before):first.Segment.Start])
		}
	}
}

// addBlock adds the words of a node to the page, if it has any.
func (b *body) addBlock(n ast.Node) {
	if block := b.plainText(n); block.Text != "" {
		block.IsParagraph = n.Kind() == ast.KindParagraph && n.Parent().Kind() != ast.KindListItem
		b.page.Blocks = append(b.page.Blocks, block)
	}
}

// words returns the plain text of a node with single spaces between the words.
func (b *body) words(n ast.Node) string { return NormalizeSpace(b.plainText(n).Text) }

// plainText returns the text of a node as readers see it: without markup, line ends as spaces, escapes and entities
// resolved. It leaves out images inside the node, which have a block of their own.
func (b *body) plainText(n ast.Node) (block Block) {
	var words []byte
	write := func(text string, offset int, isLiteral bool) {
		block.origins = append(block.origins, origin{len(words), offset, isLiteral})
		words = append(words, text...)
	}
	_ = ast.Walk(n, func(child ast.Node, isEntering bool) (ast.WalkStatus, error) {
		if !isEntering {
			return ast.WalkContinue, nil
		}
		switch child := child.(type) {
		case *ast.Image:
			if child != n {
				return ast.WalkSkipChildren, nil
			}
		case *ast.Text:
			source, last, isCode := child.Segment.Value(b.src), 0, child.Parent().Kind() == ast.KindCodeSpan
			var escapes [][]int
			if !isCode && bytes.ContainsAny(source, `\&`) { // the pattern is slow
				escapes = escape.FindAllIndex(source, -1)
			}
			for _, m := range escapes {
				write(string(source[last:m[0]]), child.Segment.Start+last, false)
				write(html.UnescapeString(strings.TrimPrefix(string(source[m[0]:m[1]]), `\`)), child.Segment.Start+m[0], true)
				last = m[1]
			}
			write(string(source[last:]), child.Segment.Start+last, isCode)
			if child.SoftLineBreak() || child.HardLineBreak() {
				write(" ", child.Segment.Stop, false)
			}
		case *ast.AutoLink:
			write(string(child.Label(b.src)), child.Pos(), true)
		}
		return ast.WalkContinue, nil
	})
	block.Text = string(words)
	return block
}
