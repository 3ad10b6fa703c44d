package site

import (
	"bytes"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"

	"microsite/tools/diagnostic"
)

// markdown parses as Hugo does with the extensions that it turns on by default.
var markdown = goldmark.New(
	goldmark.WithExtensions(extension.GFM, extension.DefinitionList, extension.Footnote),
	goldmark.WithParserOptions(parser.WithHeadingAttribute()),
)

var (
	alert     = regexp.MustCompile(`^\[!([a-zA-Z]+)\]([-+]?)`) // as Hugo's blockquote hook reads it
	comment   = regexp.MustCompile(`(?s)<!--.*?-->`)
	escape    = regexp.MustCompile(`\\[!-/:-@\[-` + "`" + `{-~]|&[#0-9A-Za-z]+;`)
	firstWord = regexp.MustCompile(`^([^\pL]*)(\pL+)`)

	// meltedItem matches the start of a line that was meant to be an item of a
	// list and joins the line above instead.
	meltedItem = regexp.MustCompile(`^(?:[•‣▪◦●][\s\x{a0}]?|[–—][\s\x{a0}]|[-*+][\x{a0}\x{202f}\x{200b}-\x{200d}\x{feff}\x{ad}]|[-+](?:\*\*|\[|\pL))`)
	// deepQuote matches a line that opens more quotes than any page needs; each
	// costs the parser as much time as the line is long.
	deepQuote = regexp.MustCompile(`(?m)^(?:[ \t]*>){9}`)
)

// parseBody finds cards, task items, links and words, and reports what content
// may not hold.
func (l *loader) parseBody(p *Page) {
	if at := strings.Index(p.Body, "{{<"); at >= 0 || strings.Contains(p.Body, "{{%") {
		at = max(at, strings.Index(p.Body, "{{%"))
		l.add(p.bodyPlace(at).Errorf(diagnostic.RuleShortcode, "shortcodes ({{< … >}} and {{%% … %%}}) are not used here: write plain Markdown"))
	}
	if m := deepQuote.FindStringIndex(p.Body); m != nil {
		l.add(p.bodyPlace(m[0]).Errorf(diagnostic.RuleCard, "too many > start this line: a card has one before each line"))
		return
	}
	if at := longParagraph(p.Body); at >= 0 {
		l.add(p.bodyPlace(at).Errorf(diagnostic.RuleFileName, "a paragraph or list longer than %d bytes starts here: put an empty line between paragraphs, or make several pages of it", maxParagraph))
		return
	}
	b := &body{loader: l, page: p, src: []byte(p.Body), headingLevel: 1, headings: map[string]bool{}}
	doc := markdown.Parser().Parse(text.NewReader(b.src))
	_ = ast.Walk(doc, func(n ast.Node, isEntering bool) (ast.WalkStatus, error) {
		if isEntering {
			b.visit(n)
		}
		return ast.WalkContinue, nil
	})
}

// maxParagraph bounds the text between two empty lines, in bytes: parsing takes
// time by the square of it.
const maxParagraph = 16 << 10

// longParagraph returns where text without an empty line starts that is longer
// than maxParagraph, or -1.
func longParagraph(body string) int {
	start, offset := 0, 0
	for line := range strings.Lines(body) {
		offset += len(line)
		if strings.TrimSpace(line) == "" {
			start = offset
		}
		if offset-start > maxParagraph {
			return start
		}
	}
	return -1
}

// body walks through the text of one page.
type body struct {
	*loader
	page *Page
	src  []byte

	card         *Card    // the last one that was entered
	cardNode     ast.Node // its blockquote
	strayList    ast.Node // the last list of boxes outside a card
	headingLevel int      // of the last heading; the title has 1
	headings     map[string]bool
}

func (b *body) fail(offset int, rule diagnostic.Rule, format string, args ...any) {
	b.add(b.page.bodyPlace(offset).Errorf(rule, format, args...))
}

func (b *body) visit(n ast.Node) {
	switch n := n.(type) {
	case *ast.Blockquote:
		b.blockquote(n)
	case *east.TaskCheckBox:
		b.taskItem(n)
	case *ast.HTMLBlock:
		raw := string(n.Lines().Value(b.src))
		if n.HasClosure() {
			raw += string(n.ClosureLine.Value(b.src))
		}
		b.rawHTML(n.Pos(), raw)
	case *ast.RawHTML:
		b.rawHTML(n.Pos(), string(n.Segments.Value(b.src)))
	case *ast.Heading:
		b.heading(n)
		b.addWords(n, false)
	case *ast.Link:
		b.link(n)
	case *ast.Image:
		b.image(n)
	case *ast.AutoLink:
		destination := string(n.URL(b.src))
		if n.AutoLinkType == ast.AutoLinkEmail {
			destination = "mailto:" + destination
		}
		b.addLink(n, destination, false)
	case *ast.Paragraph, *ast.TextBlock:
		b.meltedItems(n)
		b.addWords(n, n.Kind() == ast.KindParagraph && n.Parent().Kind() != ast.KindListItem)
	case *east.TableCell, *east.DefinitionTerm:
		b.addWords(n, false)
	case *east.TableRow:
		b.tableRow(n)
	case *ast.CodeBlock:
		b.fail(n.Lines().At(0).Start, diagnostic.RuleCode, "four spaces at the start make this a block of code: remove them")
	case *ast.FencedCodeBlock:
		b.fail(n.Pos(), diagnostic.RuleCode, "this makes a block of code of all that follows: remove it, and the line that ends the block")
	}
}

// heading reports one that readers would not see as what it was meant to be.
func (b *body) heading(n *ast.Heading) {
	if id, ok := n.AttributeString("id"); ok {
		b.page.HeadingIDs = append(b.page.HeadingIDs, HeadingID{Name: fmt.Sprintf("%s", id), Place: b.page.bodyPlace(n.Pos())})
	}
	fail := func(format string, args ...any) { b.fail(n.Pos(), diagnostic.RuleHeading, format, args...) }
	words, _ := b.plainText(n)
	name := strings.ToLower(NormalizeSpace(words.Text))
	level := n.Level
	isUnderlined := n.Lines().Len() > 0 && n.Lines().At(0).Start == n.Pos()
	switch {
	case isUnderlined:
		fail("the line below makes a heading of this: write ## before the words in its place, or put an empty line between them")
		level = 2
	case level == 1:
		fail("this level is the page's title: write ##, and ### below it")
		level = 2
	case name == "" && n.FirstChild() == nil:
		fail("this heading has no words: write them behind the %s and a space, or remove it", strings.Repeat("#", level))
	case level > b.headingLevel+1:
		next := strings.Repeat("#", b.headingLevel+1)
		fail("the heading that comes next in order is %s: write %s and not %s", next, next, strings.Repeat("#", level))
		level = b.headingLevel
	case b.headings[name]:
		fail("this heading stands twice on this page: reword one, because links and readers can't tell them apart")
	}
	b.headingLevel = level
	b.headings[name] = true
}

func (b *body) rawHTML(offset int, raw string) {
	if rest := strings.TrimSpace(comment.ReplaceAllString(raw, "")); rest != "" {
		first, _, _ := strings.Cut(rest, "\n")
		b.fail(offset, diagnostic.RuleRawHTML, "HTML is not used in pages: write Markdown instead of %q, or put a \\ before the < to show it", diagnostic.Excerpt(first))
	}
}

func (b *body) addLink(n ast.Node, destination string, isImage bool) {
	b.page.Links = append(b.page.Links, Link{Destination: destination, IsImage: isImage, Place: b.page.bodyPlace(n.Pos())})
}

func (b *body) link(n *ast.Link) {
	b.addLink(n, string(n.Destination), false)
	words, _ := b.plainText(n)
	switch name := NormalizeSpace(words.Text); {
	case name == "" && (n.FirstChild() == nil || n.FirstChild().Kind() != ast.KindImage):
		b.fail(n.Pos(), diagnostic.RuleLink, "this link has no words: write them between its brackets, as in [words](causes.md)")
	case vagueWords.MatchString(name):
		b.fail(n.Pos(), diagnostic.RuleLink, "%q does not say where the link leads: name what readers find there", name)
	}
}

func (b *body) image(n *ast.Image) {
	if !strings.HasPrefix(string(n.Destination), "figure:") { // a layout shows the drawing itself, and reports one that isn't there
		b.addLink(n, string(n.Destination), true)
	}
	if words, _ := b.plainText(n); NormalizeSpace(words.Text) == "" {
		b.fail(n.Pos(), diagnostic.RulePicture, "this picture has no alternative, for readers who can't see it: say what it tells them, as in ![What to do](%s)", n.Destination)
	}
	b.addWords(n, false)
}

// blockquote takes down a card, and reports a quote that was meant to be one.
func (b *body) blockquote(n *ast.Blockquote) {
	first, ok := n.FirstChild().(*ast.Paragraph)
	if !ok || first.Lines().Len() == 0 {
		return
	}
	line := first.Lines().At(0)
	fail := func(format string, args ...any) { b.fail(line.Start, diagnostic.RuleCard, format, args...) }
	start := string(line.Value(b.src))
	m := alert.FindStringSubmatch(start)
	if m == nil || strings.HasPrefix(start[len(m[0]):], "(") { // a link to Hugo
		if w := firstWord.FindStringSubmatch(start); w != nil && slices.Contains(b.site.Cards, strings.ToLower(w[2])) &&
			(w[1] != "" || w[2] == strings.ToUpper(w[2])) && !strings.Contains(w[1], "!") { // the rule of leftover markup reports [!
			fail("this would show as a plain quote: start a card with > [!%s]", strings.ToUpper(w[2]))
		}
		return
	}
	level := strings.ToLower(m[1])
	if !slices.Contains(b.site.Cards, level) {
		fail("%s", diagnostic.Unknown("card type", m[1], "Known types", b.site.Cards))
	}
	if m[2] != "" {
		fail("remove the %s after [!%s]: cards do not fold", m[2], m[1])
	}
	if n.Parent().Kind() != ast.KindDocument {
		fail("a card stands on its own: not inside a list or another card")
	}
	words, end := b.plainText(first)
	title := strings.TrimSpace(alert.ReplaceAllString(words.Text[:end], ""))
	b.page.Cards = append(b.page.Cards, Card{Level: level, Title: title, Place: b.page.bodyPlace(line.Start)})
	b.card, b.cardNode = &b.page.Cards[len(b.page.Cards)-1], n
}

// meltedItems reports lines that were meant to be items of a list and silently
// become part of the line above.
func (b *body) meltedItems(n ast.Node) {
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		if m := meltedItem.Find(line.Value(b.src)); m != nil && (i > 0 || n.Kind() == ast.KindParagraph) {
			b.fail(line.Start, diagnostic.RuleTaskItem, "this would not start an item of a list: write - and an ordinary space, or - [ ] and a space for a box, instead of %q", m)
		}
	}
}

// taskItem takes down a box to tick, and reports one that isn't a line of a card's own list.
func (b *body) taskItem(n *east.TaskCheckBox) {
	block := n.Parent()
	item := block.Parent()
	list := item.Parent()
	if b.cardNode == nil || list.Parent() != b.cardNode {
		b.strayItem(n, list)
		return
	}
	fail := func(format string, args ...any) { b.fail(n.Pos(), diagnostic.RuleTaskItem, format, args...) }
	switch {
	case list.(*ast.List).IsOrdered():
		fail("start each box to tick with - and not with a number")
	case n.IsChecked:
		fail("the reader ticks the box: write - [ ] and not - [x]")
	case block.Kind() != ast.KindTextBlock:
		fail("remove the blank lines between the items of this list")
	case block.NextSibling() != nil:
		fail("a task item is one sentence: move the list or paragraph inside it out of it")
	case block.Lines().Len() > 1:
		if next := block.Lines().At(1); !meltedItem.Match(next.Value(b.src)) { // else meltedItems reports it
			b.fail(next.Start, diagnostic.RuleTaskItem, "this would join the words of the box above, which stand on one line: "+
				"start another box with - [ ], or put a line > above text that is not part of it")
		}
	}
	if item.PreviousSibling() == nil {
		b.itemsWithoutBox(list)
	}
	_ = ast.Walk(block, func(part ast.Node, isEntering bool) (ast.WalkStatus, error) {
		switch k := part.Kind(); {
		case !isEntering:
		case k == ast.KindLink || k == ast.KindAutoLink || k == ast.KindImage:
			b.fail(part.Pos(), diagnostic.RuleTaskItem, "a task item holds no link or picture, because the whole line is the label of its box: put it above or below the list")
		case k == east.KindFootnoteLink:
			fail("a task item holds no note, because the whole line is the label of its box: put it above or below the list")
		}
		return ast.WalkContinue, nil
	})
	words, _ := b.plainText(block)
	if name := NormalizeSpace(words.Text); name != "" {
		b.card.Items = append(b.card.Items, Item{Text: name, Place: b.page.bodyPlace(n.Pos())})
	} else {
		fail("this task item has no words")
	}
}

// strayItem reports a box outside a card, once for its list: one lost > is one slip.
func (b *body) strayItem(n ast.Node, list ast.Node) {
	if b.strayList == list {
		return
	}
	b.strayList = list
	if quote := list.Parent(); b.cardNode != nil && quote.Kind() == ast.KindBlockquote && quote.PreviousSibling() == b.cardNode {
		b.fail(n.Pos(), diagnostic.RuleTaskItem, "the empty line above ends the card, so this box is in none: write > on that line")
		return
	}
	b.fail(n.Pos(), diagnostic.RuleTaskItem, "a box to tick stands in a card: put > before each line of its list, from the card's first line, such as > [!%s], on",
		strings.ToUpper(b.site.Cards[0]))
}

// itemsWithoutBox reports lines of a list of boxes that have none.
func (b *body) itemsWithoutBox(list ast.Node) {
	for item := list.FirstChild(); item != nil; item = item.NextSibling() {
		if block := item.FirstChild(); block == nil || block.FirstChild() == nil || block.FirstChild().Kind() != east.KindTaskCheckBox {
			b.fail(item.Pos(), diagnostic.RuleTaskItem, "every line of a list of boxes has a box: write - [ ] and a space, or make two lists")
		}
	}
}

// tableRow reports cells that would not show, because the table's head has fewer.
func (b *body) tableRow(n *east.TableRow) {
	last := n.LastChild()
	if last == nil || last.Lines().Len() == 0 {
		return
	}
	end := last.Lines().At(0).Stop
	rest, _, _ := bytes.Cut(b.src[end:], []byte("\n"))
	if words := bytes.TrimLeft(rest, "| \t\r"); len(words) > 0 {
		b.fail(end+len(rest)-len(words), diagnostic.RuleLostText,
			"this would not show, because the first row of the table has fewer cells: add one there, or put a \\ before a | that is to show")
	}
}

// addWords takes down the words of a block. The first line of a card, its title,
// is a block of its own.
func (b *body) addWords(n ast.Node, isParagraph bool) {
	block, end := b.plainText(n)
	if _, isQuote := n.Parent().(*ast.Blockquote); isQuote && n.PreviousSibling() == nil {
		if sign := len(alert.Find(n.Lines().Value(b.src))); sign > 0 { // it has no escapes, so it is as long in block.Text
			title := block
			title.Text = strings.Repeat(" ", sign) + block.Text[sign:end]
			b.addBlock(title)
			block.Text = strings.Repeat(" ", end) + block.Text[end:]
		}
	}
	block.IsParagraph = isParagraph
	b.addBlock(block)
}

func (b *body) addBlock(block Block) {
	if strings.TrimSpace(block.Text) != "" {
		b.page.Blocks = append(b.page.Blocks, block)
	}
}

// plainText returns the words of a node as readers see them, line ends as spaces,
// and where the first line ends. The words of a picture inside are a block of
// their own.
func (b *body) plainText(n ast.Node) (block Block, firstLineEnd int) {
	var words strings.Builder
	write := func(plain string, offset int, isLiteral bool) {
		block.stretches = append(block.stretches, stretch{words.Len(), offset, isLiteral})
		words.WriteString(plain)
	}
	firstLineEnd = -1
	_ = ast.Walk(n, func(part ast.Node, isEntering bool) (ast.WalkStatus, error) {
		if !isEntering {
			return ast.WalkContinue, nil
		}
		switch part := part.(type) {
		case *ast.Image:
			if part != n {
				return ast.WalkSkipChildren, nil
			}
		case *ast.Text:
			b.writeText(part, write)
			if part.SoftLineBreak() || part.HardLineBreak() {
				if firstLineEnd < 0 {
					firstLineEnd = words.Len()
				}
				words.WriteByte(' ')
			}
		case *ast.AutoLink:
			write(string(part.Label(b.src)), part.Pos(), true)
		}
		return ast.WalkContinue, nil
	})
	block.Text = words.String()
	if firstLineEnd < 0 {
		firstLineEnd = len(block.Text)
	}
	return block, firstLineEnd
}

// writeText writes the words of a text node, with escapes and entities resolved.
func (b *body) writeText(n *ast.Text, write func(plain string, offset int, isLiteral bool)) {
	offset, value := n.Segment.Start, n.Segment.Value(b.src)
	isCode := n.Parent().Kind() == ast.KindCodeSpan
	last := 0
	if !isCode && bytes.ContainsAny(value, `\&`) {
		for _, m := range escape.FindAllIndex(value, -1) {
			write(string(value[last:m[0]]), offset+last, false)
			write(html.UnescapeString(strings.TrimPrefix(string(value[m[0]:m[1]]), `\`)), offset+m[0], true)
			last = m[1]
		}
	}
	write(string(value[last:]), offset+last, isCode)
}
