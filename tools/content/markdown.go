package content

import (
	"bufio"
	"bytes"
	"fmt"
	"html"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	ghtml "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"microsite/tools/problem"
)

// markdown parses as Hugo does with the extensions that it turns on by default.
var markdown = goldmark.New(
	goldmark.WithExtensions(extension.GFM, extension.DefinitionList, extension.Footnote),
	goldmark.WithParserOptions(parser.WithHeadingAttribute(), parser.WithASTTransformers(util.Prioritized(unread{}, 0))),
)

var (
	alert   = regexp.MustCompile(`^\[!([a-zA-Z]+)\]([-+]?)`) // as Hugo's blockquote hook reads it
	nearly  = regexp.MustCompile(`^\\?\[ ?!|^\[[A-Z]+\](?:[^(\[:]|$)`)
	inside  = regexp.MustCompile(`^\[![A-Za-z]+\]`)
	noBox   = regexp.MustCompile(`^(?:[-*+•–—][\s\x{a0}]*\[[ xX\x{a0}]?\]|\[[ \x{a0}]*\](?:\s|$))`)
	comment = regexp.MustCompile(`(?s)<!--.*?-->`)
	braces  = regexp.MustCompile(`(?:^|[^\\])(\{[^{}]*\})\s*$`)
	escape  = regexp.MustCompile(`\\.|&[#0-9A-Za-z]+;`)
)

// body finds cards, task items and links, and reports what content may not hold.
func (l *loader) body(p *Page) {
	b := &body{loader: l, page: p, src: []byte(p.Body), level: 1, used: map[string]bool{}} // level 1 is the title's
	b.shown = bytes.Repeat([]byte(" "), len(b.src))
	for i, c := range b.src {
		if c == '\n' {
			b.shown[i] = c
		}
	}
	pc := parser.NewContext()
	doc := markdown.Parser().Parse(text.NewReader(b.src), parser.WithContext(pc))
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			b.node(n)
		}
		return ast.WalkContinue, nil
	})
	b.unmade()
	b.vanished(pc)
}

type body struct {
	*loader
	page *Page
	src  []byte
	card *Card // the last one entered
	in   ast.Node
	lost ast.Node // the last list of boxes that has no card

	level int // of the last heading

	shown   []byte // the source's text that shows as it stands there, in its place; spaces for all else
	defined []*ast.LinkReferenceDefinition
	used    map[string]bool // the labels of those that links refer to
}

func (b *body) pos(offset int) Pos { return b.page.source.at(b.page.bodyOffset + offset) }

func (b *body) report(offset int, rule, format string, args ...any) {
	b.add(b.page.File, b.pos(offset), rule, format, args...)
}

func (b *body) node(n ast.Node) {
	switch n := n.(type) {
	case *ast.Blockquote:
		b.blockquote(n)
	case *east.TaskCheckBox:
		b.task(n)
	case *ast.HTMLBlock:
		raw := string(n.Lines().Value(b.src))
		if n.HasClosure() {
			raw += string(n.ClosureLine.Value(b.src))
		}
		b.html(n.Pos(), raw)
	case *ast.RawHTML:
		b.html(n.Pos(), string(n.Segments.Value(b.src)))
	case *ast.Heading:
		if id, ok := n.AttributeString("id"); ok {
			b.page.IDs = append(b.page.IDs, ID{Name: fmt.Sprintf("%s", id), Pos: b.pos(n.Pos())})
		}
		b.heading(n)
		b.prose(n, false)
	case *ast.Link:
		b.link(n, string(n.Destination), false)
		b.refers(n.Reference)
		if words, _ := b.text(n); Squeeze(words.Text) == "" && (n.FirstChild() == nil || n.FirstChild().Kind() != ast.KindImage) {
			b.report(n.Pos(), RuleLink, "this link has no words: write them between its brackets, as in [words](causes.md)")
		}
	case *east.TableCell, *east.DefinitionTerm:
		b.prose(n, false)
	case *ast.Paragraph, *ast.TextBlock:
		b.lookalikes(n)
		b.prose(n, n.Kind() == ast.KindParagraph && n.Parent().Kind() != ast.KindListItem)
	case *ast.CodeBlock:
		b.report(n.Lines().At(0).Start, RuleCode, "four spaces at the start make this a block of code: remove them")
	case *ast.FencedCodeBlock:
		b.fence(n)
	case *ast.Image:
		if name, ok := strings.CutPrefix(string(n.Destination), "figure:"); ok {
			b.figure(n, name)
		} else {
			b.link(n, string(n.Destination), true)
		}
		b.refers(n.Reference)
		b.prose(n, false)
	case *ast.AutoLink:
		b.showAddress(n)
		destination := string(n.URL(b.src))
		if n.AutoLinkType == ast.AutoLinkEmail {
			destination = "mailto:" + destination
		}
		b.link(n, destination, false)
	case *ast.Text:
		b.show(n)
	case *east.TableRow:
		b.row(n)
	case *ast.LinkReferenceDefinition:
		b.defined = append(b.defined, n)
	}
}

// heading reports one that readers would not see as what it was meant to be.
// A line that was meant to be a heading and is none is one of the lookalikes.
func (b *body) heading(n *ast.Heading) {
	at, level := n.Pos(), n.Level
	report := func(format string, args ...any) { b.report(at, RuleHeading, format, args...) }
	line := text.NewSegment(at, at)
	if n.Lines().Len() > 0 {
		line = n.Lines().At(0)
	}
	words, _ := b.text(n)
	switch {
	case line.Start > at || n.Lines().Len() == 0: // it starts with #
	case level == 1:
		report("the = signs on the line below make a heading of this: write ## before the words in their place")
		level = 2
	default:
		report("the hyphens on the line below make a heading of this: write ## before the words in their place, or put an empty line above them")
		b.level = level
	}
	switch {
	case level == 1:
		report("this level is the page's title: write ##, and ### below it")
		level = 2
	case Squeeze(words.Text) == "" && n.FirstChild() == nil:
		report("this heading has no words: write them behind the %s and a space, or remove it", strings.Repeat("#", level))
	case level > b.level+1:
		next := strings.Repeat("#", b.level+1)
		report("the heading that comes next in order is %s: write %s and not %s", next, next, strings.Repeat("#", level))
		level = b.level
	}
	b.level = level
	if v := line.Value(b.src); bytes.Contains(v, []byte("}")) {
		if m := braces.FindSubmatchIndex(v); m != nil {
			b.report(line.Start+m[2], RuleHeading, "this would show as it is written: the id of a heading is small letters, digits and hyphens, as in {#heat}")
		}
	}
}

func (b *body) html(offset int, raw string) {
	if rest := strings.TrimSpace(comment.ReplaceAllString(raw, "")); rest != "" {
		first, _, _ := strings.Cut(rest, "\n")
		b.report(offset, RuleRawHTML, "HTML is not used in pages: write Markdown instead of %q, or put a \\ before the < to show it", problem.Start(first))
	}
}

// fence reports a fenced block of code; an unclosed one swallows the rest of the page.
func (b *body) fence(n *ast.FencedCodeBlock) {
	start := n.Pos()
	mark := string(b.src[start:min(start+3, len(b.src))])
	end := start
	if last := n.Lines().Len() - 1; last >= 0 {
		end = n.Lines().At(last).Start
	}
	_, rest, _ := bytes.Cut(b.src[end:], []byte("\n")) // the line that may close it, behind any > of a card
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	if strings.HasPrefix(strings.TrimLeft(string(line), "> \t"), mark) {
		b.report(start, RuleCode, "this makes a block of code of all that follows, up to the %s in line %d: remove both", mark, b.pos(len(b.src)-len(rest)).Line)
		return
	}
	b.report(start, RuleCode, "this %s makes a block of code of all that follows: remove it", mark)
}

func (b *body) link(n ast.Node, destination string, image bool) {
	b.page.Links = append(b.page.Links, Link{Destination: destination, Image: image, Pos: b.pos(n.Pos())})
}

func (b *body) refers(to *ast.ReferenceLink) {
	if to != nil {
		b.used[util.ToLinkReference(to.Value)] = true
	}
}

// figure checks a drawing: layouts inline it, so no link comes of it.
func (b *body) figure(n *ast.Image, name string) {
	report := func(format string, args ...any) { b.report(n.Pos(), RuleFigure, format, args...) }
	if !slices.Contains(b.site.figures, name) {
		report("%s", problem.Unknown("figure", name, "Known figures", b.site.figures))
	}
	if words, _ := b.text(n); Squeeze(words.Text) == "" {
		report("this figure has no alternative, for readers who can't see it: say what to do, as in ![what to do](figure:%s \"A caption\")", name)
	}
	if Squeeze(string(n.Title)) == "" {
		report("this figure has no caption: write one behind its name, as in ![what to do](figure:%s \"A caption\")", name)
	}
	if p, ok := n.Parent().(*ast.Paragraph); !ok || p.ChildCount() > 1 {
		report("a figure stands on a line of its own: put an empty line above and below it")
	}
}

func (b *body) blockquote(n *ast.Blockquote) {
	first, ok := n.FirstChild().(*ast.Paragraph)
	if !ok || first.Lines().Len() == 0 {
		return
	}
	line := first.Lines().At(0)
	head := string(line.Value(b.src))
	m := alert.FindStringSubmatch(head)
	if m == nil || strings.HasPrefix(head[len(m[0]):], "(") { // a link to Hugo
		if nearly.MatchString(head) {
			b.report(line.Start, RuleCard, "this would show as a plain quote: start a card with > [!TYPE], where TYPE is one of %s",
				strings.Join(b.site.Cards, ", "))
		}
		return
	}
	level := strings.ToLower(m[1])
	if !slices.Contains(b.site.Cards, level) {
		b.report(line.Start, RuleCard, "%s", problem.Unknown("card type", m[1], "Known types", b.site.Cards))
	}
	if m[2] != "" {
		b.report(line.Start, RuleCard, "remove the %s after [!%s]: cards do not fold", m[2], m[1])
	}
	if n.Parent().Kind() != ast.KindDocument {
		b.report(line.Start, RuleCard, "a card stands on its own: not inside a list or another card")
	}
	words, end := b.text(first)
	title := strings.TrimSpace(alert.ReplaceAllString(words.Text[:end], ""))
	b.page.Cards = append(b.page.Cards, Card{Level: level, Title: title, Pos: b.pos(line.Start)})
	b.card, b.in = &b.page.Cards[len(b.page.Cards)-1], n
}

// lookalikes reports lines that were meant to be cards or boxes to tick and
// would show as they are written.
func (b *body) lookalikes(n ast.Node) {
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		if _, box := n.FirstChild().(*east.TaskCheckBox); box && i == 0 {
			continue
		}
		_, quote := n.Parent().(*ast.Blockquote)
		if inside.Match(line.Value(b.src)) && !(quote && i == 0 && n.PreviousSibling() == nil) {
			b.report(line.Start, RuleCard, "a card starts with this on the first line of its quote: put > before it and an empty line above it")
		}
		if noHeading(line.Value(b.src), i == 0) {
			b.report(line.Start, RuleHeading, "this would show as it is written: a heading is ## at the start of a line, a space, and its words, with an empty line above it")
		}
		if noBox.Match(line.Value(b.src)) {
			b.report(line.Start, RuleTask, "this would show as it is written: a box to tick is - [ ] with both spaces, then its words")
		}
	}
}

// noHeading says whether a line of text was meant to be a heading. One # may well
// be a number's, as in #1.
func noHeading(line []byte, first bool) bool {
	rest, found := bytes.CutPrefix(line, []byte("#"))
	r, _ := utf8.DecodeRune(rest)
	return found && (r == '#' || r == '\u00a0' || first && unicode.IsUpper(r))
}

func lookalike(line []byte) bool {
	return inside.Match(line) || noBox.Match(line) || noHeading(line, false)
}

func (b *body) task(n *east.TaskCheckBox) {
	block := n.Parent()
	item := block.Parent()
	list := item.Parent()
	at := n.Pos()
	switch {
	case b.in == nil || list.Parent() != b.in:
		if b.lost != list { // one lost > is one slip, however long the list
			b.lost = list
			b.report(at, RuleTask, "a box to tick stands in a card: put > before each line of its list, from the card's first line, such as > [!%s], on",
				strings.ToUpper(first(b.site.Cards, "do")))
		}
		return
	case list.(*ast.List).IsOrdered():
		b.report(at, RuleTask, "start each box to tick with - and not with a number")
	case n.IsChecked:
		b.report(at, RuleTask, "the reader ticks the box: write - [ ] and not - [x]")
	case block.Kind() != ast.KindTextBlock:
		b.report(at, RuleTask, "remove the blank lines between the items of this list")
	case block.NextSibling() != nil:
		b.report(at, RuleTask, "a task item is one sentence: move the list or paragraph inside it out of it")
	case block.Lines().Len() > 1:
		if next := block.Lines().At(1); !lookalike(next.Value(b.src)) { // else said already
			b.report(next.Start, RuleTask, "this would join the words of the box above, which stand on one line: start another box with - [ ], or put a line > above text that is not part of it")
		}
	}
	for other := list.FirstChild(); other != nil && item.PreviousSibling() == nil; other = other.NextSibling() {
		if first := other.FirstChild(); first == nil || first.FirstChild() == nil || first.FirstChild().Kind() != east.KindTaskCheckBox {
			b.report(other.Pos(), RuleTask, "every line of a list of boxes has a box: write - [ ], or make two lists")
		}
	}
	_ = ast.Walk(block, func(inner ast.Node, entering bool) (ast.WalkStatus, error) {
		if k := inner.Kind(); entering && (k == ast.KindLink || k == ast.KindAutoLink || k == ast.KindImage) {
			b.report(inner.Pos(), RuleTask, "a task item holds no link or picture, because the whole line is the label of its box: put it above or below the list")
		}
		return ast.WalkContinue, nil
	})
	words, _ := b.text(block)
	text := Squeeze(words.Text)
	if text == "" {
		b.report(at, RuleTask, "this task item has no words")
		return
	}
	b.card.Items = append(b.card.Items, Item{Text: text, Pos: b.pos(at)})
}

func first(list []string, unset string) string {
	if len(list) > 0 {
		return list[0]
	}
	return unset
}

// prose takes down the words of a block. The first line of a card, its title,
// makes a block of its own.
func (b *body) prose(n ast.Node, paragraph bool) {
	all, end := b.text(n)
	if _, quote := n.Parent().(*ast.Blockquote); quote && n.PreviousSibling() == nil && n.Lines().Len() > 0 {
		if line := n.Lines().At(0); inside.Match(line.Value(b.src)) {
			head := len(alert.FindString(all.Text))
			b.page.add(Block{Text: strings.Repeat(" ", head) + all.Text[head:end], runs: all.runs})
			all.Text = strings.Repeat(" ", end) + all.Text[end:]
		}
	}
	all.Paragraph = paragraph
	b.page.add(all)
}

func (p *Page) add(b Block) {
	if strings.TrimSpace(b.Text) != "" {
		p.Blocks = append(p.Blocks, b)
	}
}

// text is the plain text of a node's inline children, line ends as spaces, and
// where its first line ends. The words of a picture inside are a block of their own.
func (b *body) text(n ast.Node) (out Block, firstLine int) {
	var words strings.Builder
	write := func(plain []byte, at int) {
		out.runs = append(out.runs, run{words.Len(), at})
		words.Write(plain)
	}
	firstLine = -1
	_ = ast.Walk(n, func(inner ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch inner := inner.(type) {
		case *ast.Image:
			if inner != n {
				return ast.WalkSkipChildren, nil
			}
		case *ast.Text:
			at, v := inner.Segment.Start, inner.Segment.Value(b.src)
			last := 0
			if !inner.IsRaw() && bytes.ContainsAny(v, `\&`) {
				for _, m := range escape.FindAllIndex(v, -1) {
					write(v[last:m[0]], at+last)
					write(unescape(v[m[0]:m[1]]), at+m[0])
					last = m[1]
				}
			}
			write(v[last:], at+last)
			if inner.SoftLineBreak() || inner.HardLineBreak() {
				if firstLine < 0 {
					firstLine = words.Len()
				}
				words.WriteByte(' ')
			}
		case *ast.AutoLink:
			write(inner.Label(b.src), inner.Pos())
		}
		return ast.WalkContinue, nil
	})
	out.Text = words.String()
	if firstLine < 0 {
		firstLine = len(out.Text)
	}
	return out, firstLine
}

// unescape resolves backslashes and entities as rendering does, in one pass.
func unescape(v []byte) []byte {
	var b bytes.Buffer
	w := bufio.NewWriter(&b)
	ghtml.DefaultWriter.Write(w, v)
	_ = w.Flush() // a buffer takes everything
	return []byte(html.UnescapeString(b.String()))
}

// links checks what is written; what it leads to is checked on the rendered site.
func (l *loader) links(p *Page) {
	for _, link := range p.Links {
		report := func(format string, args ...any) { l.add(p.File, link.Pos, RuleLink, format, args...) }
		u, err := url.Parse(link.Destination)
		if err != nil {
			report("%q is not an address: check it for a slip", link.Destination)
			continue
		}
		switch {
		case u.Scheme == "http" || u.Scheme == "https":
			if u.Host == "" {
				report("%q names no site: write the whole address", link.Destination)
			}
		case u.Scheme == "mailto" || u.Scheme == "tel":
		case u.Scheme != "":
			report("%q: only https, http, mailto and tel addresses and files of this site can be linked", link.Destination)
		case u.Host != "":
			report("%q: start the address with https:", link.Destination)
		case u.Path == "":
			if u.Fragment == "" {
				report("this link leads nowhere: name a file such as causes.md, or a heading such as #heat")
			}
		case strings.HasPrefix(u.Path, "www."):
			report("%q: start the address with https://", link.Destination)
		default:
			l.fileLink(p, u.Path, report)
		}
	}
}

func (l *loader) fileLink(p *Page, to string, report func(string, ...any)) {
	file := path.Join(path.Dir(p.Path), to)
	if strings.HasPrefix(to, "/") {
		file = strings.TrimPrefix(path.Clean(to), "/")
	}
	target := l.site.Page(file)
	switch {
	case target != nil && target.Draft && !p.Draft:
		report("%s is a draft, which is not published: remove the link, or publish the page first", target.File)
	case target != nil:
	case filepath.IsLocal(file) && exists(filepath.Join(l.site.Root, Dir, file)): // or a page with a problem of its own
	case path.Ext(file) != ".md" && strings.HasPrefix(to, "/") && exists(filepath.Join(l.site.Root, "static", file)):
	default:
		folder, from := path.Dir(p.Path), Dir // where the link looks
		if !strings.HasPrefix(to, "/") {
			from = path.Join(Dir, folder)
		}
		names, pages := []string{}, map[string]string{}
		for _, q := range l.site.Pages {
			stem := strings.TrimSuffix(q.Path, ".md")
			for _, name := range []string{stem, path.Base(strings.TrimSuffix(stem, "/_index"))} { // by its path, or by its name alone
				if pages[name] == "" {
					names, pages[name] = append(names, name), relative(folder, q.Path)
				}
			}
		}
		stem := strings.TrimSuffix(file, ".md")
		near := pages[stem]
		if near == "" {
			near = pages[problem.Nearest(path.Base(stem), names)]
		}
		if near != "" {
			report("there is no file %q in %s. Did you mean %q? Link to the file, as in [words](%s)", to, from, near, near)
			return
		}
		report("there is no file %q in %s: link to one of its files, as in [words](%s)", to, from, pages[first(names, "")])
	}
}

// relative is the path of a file as a page in the folder links to it.
func relative(folder, file string) string {
	to, err := filepath.Rel(filepath.FromSlash(folder), filepath.FromSlash(file))
	if err != nil { // both are relative to content/
		return file
	}
	return filepath.ToSlash(to)
}

func exists(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}
