package site

import (
	"bytes"
	"cmp"
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

// strangeSpace matches the spaces and zero-width characters that Markdown does not take for a space.
const strangeSpace = `[\x{a0}\x{ad}\x{1680}\x{2000}-\x{200d}\x{202f}\x{205f}\x{3000}\x{feff}]`

var (
	alert = regexp.MustCompile(`^\[!([a-zA-Z]+)\][-+]?`) // as Hugo's blockquote hook reads it
	// comment matches one that ends, and in which neither another comment nor a card starts: these would vanish with it.
	comment    = regexp.MustCompile(`(?s)<!--(?:[^<\[]|<[^!]|\[[^!])*?-->`)
	escape     = regexp.MustCompile(`\\[!-/:-@\[-` + "`" + `{-~]|&[#0-9A-Za-z]+;`)
	linkOrNote = regexp.MustCompile(`\]\(|\]\[|\[\^|://`)
	definition = regexp.MustCompile(`(?m)^[ \t>]*\[([^\]\n!]+)\]:`) // of a footnote, or of the address of links
	firstWord  = regexp.MustCompile(`^["'“‘«\s]*(\PL*)(\pL+)([^\s\pL,'’"”»]?)`)
	reported   = regexp.MustCompile(`(?:\[ ?!|!\[|\(!)$`) // before a word, by the rule markup
	vagueWords = regexp.MustCompile(`(?i)^[^\pL\pN]*(?:(?:click|tap|see|read|learn|haga clic|toque|vea|lea|leer|ver) )?(?:here|this|this page|` +
		`this link|link|more|aquí|esta página|este enlace|enlace|más)?[^\pL\pN]*$|(?:click|tap|clic) (?:here|aquí)`)

	// lostItem matches the start of a line that was meant to be a list item, but that Markdown joins to the line above.
	lostItem = regexp.MustCompile(`^(?:(?:[•‣▪◦●■□○◆➢➤✓✔☐⁃·∙→]|&(?:bull|middot);)[\s\p{Zs}]?|[–—−‐‑](?:[\s\p{Zs}]|\*\*|\pL)|` +
		`(?:[-*+]|\d{1,2}[.)])` + strangeSpace + `|[ \t]*` + strangeSpace + `+(?:(?:[-*+]|\d{1,2}[.)]) |> ?[^\s\[])|` +
		`[-+](?:\*\*|[\[(_“"'¿¡]|\pL)|-\d|\d{1,2}[.)]\pL|\*[^\s*][^*\n]*\n?$|[ \t]*(?:[02-9]|\d\d)[.)] )`)
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
	for _, m := range definition.FindAllStringSubmatchIndex(p.Body, -1) {
		label := p.Body[m[2]:m[3]]
		if rest := strings.ReplaceAll(p.Body, "["+label+"](", ""); strings.Count(strings.ToLower(rest), "["+strings.ToLower(label)+"]") < 2 {
			b.fail(m[2]-1, diagnostic.RuleMarkup, "readers would not see this line, because nothing on this page refers to [%s]: "+
				"write it without brackets, or take it out", label)
		}
	}
	_ = ast.Walk(markdown.Parser().Parse(text.NewReader(b.src)), func(n ast.Node, isEntering bool) (ast.WalkStatus, error) {
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

// checkRow reports cells beyond the columns of the table, which Hugo leaves out.
func (b *body) checkRow(row ast.Node) {
	if cell := row.LastChild().Lines(); cell.Len() > 0 {
		end := cell.At(0).Stop
		rest, _, _ := bytes.Cut(b.src[end:], []byte("\n"))
		if extra := bytes.Trim(rest, "| \t\r"); len(extra) > 0 {
			b.fail(end, diagnostic.RuleMarkup, "readers would not see %q: this row has more cells than the first row of its table", extra)
		}
	}
}

// checkHTML reports HTML other than comments.
func (b *body) checkHTML(n ast.Node, raw []byte) {
	rest := bytes.TrimSpace(comment.ReplaceAll(raw, nil))
	if bytes.HasPrefix(rest, []byte("<!--")) {
		b.fail(n.Pos(), diagnostic.RuleRawHTML, "readers would not see what follows this <!--: "+
			"end the comment with -->, and put neither a card nor another comment into it")
	} else if len(rest) > 0 {
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
		return
	}
	cards, line := b.page.Site.Cards, first.Lines().At(0)
	start := string(line.Value(b.src))
	m := alert.FindStringSubmatch(start)
	if m == nil {
		b.checkQuote(line.Start, start)
		return
	}
	level := strings.ToLower(m[1])
	if !slices.Contains(cards, level) {
		b.fail(line.Start, diagnostic.RuleCard, "%s", diagnostic.Unknown("card type", m[1], "Known types", cards))
	}
	title := cutFirstLine(first, line.Start+len(m[0]))
	if b.words(title)+b.words(first) == "" && n.LastChild() == first || n.Parent().Kind() != ast.KindDocument {
		b.fail(line.Start, diagnostic.RuleCard, "a card has words, and stands in no list and no other card: "+
			"put > before each of its lines, and each empty line between them")
	}
	n.InsertBefore(n, first, title)
	b.page.Cards = append(b.page.Cards, Card{Level: level, Title: b.words(title), Place: b.place(line.Start)})
	b.cardNode = n
}

// checkQuote reports a quote that was meant to be a card, or whose > was meant to show.
func (b *body) checkQuote(offset int, start string) {
	switch m := firstWord.FindStringSubmatch(start); {
	case strings.IndexAny(start, "0123456789") == 0:
		b.fail(offset, diagnostic.RuleCard, "the > in front of this makes a quote of it, and does not show: write it in words, such as \"over\"")
	case m == nil || reported.MatchString(m[1]) || m[1]+m[3] == "" && m[2] != strings.ToUpper(m[2]):
	default:
		word := strings.ToLower(m[2])
		level := cmp.Or(b.page.Site.cardNames[word], word)
		if slices.Contains(b.page.Site.Cards, level) {
			b.fail(offset, diagnostic.RuleCard, "this would show as a plain quote: start a card with > [!%s]", strings.ToUpper(level))
		}
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

// checkLostItems reports lines that were meant to be list items, but silently become part of the line above. addTaskItem
// reports any line below a task item.
func (b *body) checkLostItems(n ast.Node) {
	for i, line := range n.Lines().Sliced(0, n.Lines().Len()) {
		if m := lostItem.Find(line.Value(b.src)); m != nil && (i > 0 || n.Kind() == ast.KindParagraph) && !hasBox(n.Parent()) {
			b.fail(line.Start, diagnostic.RuleTaskItem, "this would not start an item of a list: "+
				"write - and an ordinary space, or - [ ] and a space for a box, instead of %q", m)
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
