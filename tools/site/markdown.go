package site

import (
	"bytes"
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
	alert      = regexp.MustCompile(`^\[!([a-zA-Z]+)\][-+]?`) // as Hugo's blockquote hook reads it
	escape     = regexp.MustCompile(`\\[!-/:-@\[-` + "`" + `{-~]|&[#0-9A-Za-z]+;`)
	linkOrNote = regexp.MustCompile(`\]\(|\]\[|\[\^|://`)
	vagueWords = regexp.MustCompile(`(?i)^[^\pL\pN]*(?:(?:click|tap|see|read|learn|haga clic|toque|vea|lea|leer|ver) )?(?:here|this|this page|` +
		`this link|link|more|aquí|esta página|este enlace|enlace|más)?[^\pL\pN]*$|(?:click|tap|clic) (?:here|aquí)`)
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
	b.checkLinesBelow()
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
		b.checkList(n)
	case *ast.ListItem:
		b.checkItem(n)
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
	if n.Parent().Kind() != ast.KindDocument {
		b.fail(n.Pos(), diagnostic.RuleHeading, "a heading stands in no card, quote or list: put an empty line without > above it")
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

func (b *body) addLink(n ast.Node, destination string, isImage bool) {
	b.page.Links = append(b.page.Links, Link{Destination: destination, IsImage: isImage, Place: b.place(n.Pos())})
}

func (b *body) addImage(n *ast.Image) {
	name, isDrawing := strings.CutPrefix(string(n.Destination), "figure:")
	if !isDrawing { // a layout shows drawings, and reports a missing one
		b.addLink(n, string(n.Destination), true)
	} else if !fileName.MatchString(name) {
		b.fail(n.Pos(), diagnostic.RulePicture, "%q is no name of a drawing: it has small letters, digits and single hyphens", name)
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
	if english := b.page.Site.cardNames[level]; english != "" && !slices.Contains(cards, level) {
		b.fail(line.Start, diagnostic.RuleCard, "types of cards are the same in all languages: write [!%s]", strings.ToUpper(english))
	} else if !slices.Contains(cards, level) {
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
	if list.Parent() != b.cardNode {
		if previous := item.PreviousSibling(); previous == nil || !hasBox(previous) { // a missing > is reported once
			b.fail(box.Pos(), diagnostic.RuleTaskItem, "a box to tick stands in a card: "+
				"put > before each line, and each empty line, from the card's first line, such as > [!NOTE], on")
		}
		return
	}
	words := b.words(block)
	offset := box.Pos()
	if block.Lines().Len() > 1 {
		offset = block.Lines().At(1).Start // of what became a part of the item
	}
	isOwn := bytes.HasPrefix(bytes.TrimLeft(b.src[b.lineStart(offset):], " \t"), []byte(">")) // else lineBelow matches
	isLine := words != "" && block.Lines().Len() == 1 && block.NextSibling() == nil && block.Kind() == ast.KindTextBlock &&
		!linkOrNote.Match(block.Lines().Value(b.src))
	if isOwn && (!isLine || box.IsChecked || list.IsOrdered()) {
		b.fail(offset, diagnostic.RuleTaskItem, "a box to tick is - [ ] with ordinary spaces and one line of words: "+
			"no tick, number, link, picture or note, no empty line between boxes, and no line below that has no box")
	}
	card := &b.page.Cards[len(b.page.Cards)-1]
	card.Items = append(card.Items, Item{Text: words, Place: b.place(box.Pos())})
}

// addBlock adds the words of a node to the page, if it has any, and reports Markdown that readers would see as written. The
// check of rendered pages applies the same rule.
func (b *body) addBlock(n ast.Node) {
	block := b.plainText(n)
	if block.Text == "" {
		return
	}
	block.IsImage = n.Kind() == ast.KindImage
	block.IsParagraph = n.Kind() == ast.KindParagraph && n.Parent().Kind() != ast.KindListItem
	b.page.Blocks = append(b.page.Blocks, block)
	for _, m := range FindMarkup(block.Text) {
		if place, isLiteral := b.page.BlockPlace(block, m.Offset); !isLiteral {
			b.loader.fail(place, diagnostic.RuleMarkup, "%q would show as it is written: %s", diagnostic.Excerpt(block.Text[m.Offset:]), m.Fix)
		}
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
				offset, character := child.Segment.Start+m[0], html.UnescapeString(strings.TrimPrefix(string(source[m[0]:m[1]]), `\`))
				if unshowable.MatchString(character) {
					b.fail(offset, diagnostic.RuleEncoding, "%q stands for a character that readers don't see: delete it", source[m[0]:m[1]])
				}
				write(character, offset, true)
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
