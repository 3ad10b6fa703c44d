package content

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"html"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	ghtml "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"

	"microsite/tools/problem"
)

// markdown parses as Hugo does with the extensions that it turns on by default.
var markdown = goldmark.New(
	goldmark.WithExtensions(extension.GFM, extension.DefinitionList, extension.Footnote),
	goldmark.WithParserOptions(parser.WithHeadingAttribute()),
)

var (
	alert   = regexp.MustCompile(`^\[!([a-zA-Z]+)\]([-+]?)`) // as Hugo's blockquote hook reads it
	nearly  = regexp.MustCompile(`^\\?\[ ?!|^\[[A-Z]+\](?:[^(\[:]|$)`)
	inside  = regexp.MustCompile(`^\[![A-Za-z]+\]`)
	noBox   = regexp.MustCompile(`^(?:[-*+]\[[ xX]?\]|\[ *\](?:\s|$))`)
	comment = regexp.MustCompile(`(?s)<!--.*?-->`)
	escape  = regexp.MustCompile(`\\.|&[#0-9A-Za-z]+;`)
)

// body finds cards, task items and links, and reports what content may not hold.
func (l *loader) body(p *Page) {
	b := &body{loader: l, page: p, src: []byte(p.Body)}
	doc := markdown.Parser().Parse(text.NewReader(b.src))
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			b.node(n)
		}
		return ast.WalkContinue, nil
	})
}

type body struct {
	*loader
	page *Page
	src  []byte
	card *Card // the last one entered
	in   ast.Node

	lines []int // where each line of src starts
	first int   // the file's line that src starts on
}

func (b *body) pos(offset int) Pos {
	if b.lines == nil {
		b.lines = append(b.lines, 0)
		for i, c := range b.src {
			if c == '\n' {
				b.lines = append(b.lines, i+1)
			}
		}
		b.first = posAt(b.page.source, b.page.bodyOffset).Line
	}
	line, found := slices.BinarySearch(b.lines, offset)
	if !found {
		line--
	}
	return Pos{b.first + line, utf8.RuneCount(b.src[b.lines[line]:offset]) + 1}
}

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
		b.prose(n, false)
	case *ast.Link:
		b.link(n, string(n.Destination), false)
	case *east.TableCell, *east.DefinitionTerm:
		b.prose(n, false)
	case *ast.Paragraph, *ast.TextBlock:
		b.lookalikes(n)
		b.prose(n, n.Kind() == ast.KindParagraph && n.Parent().Kind() != ast.KindListItem)
	case *ast.CodeBlock:
		b.report(n.Lines().At(0).Start, RuleCode, "four spaces at the start make this a block of code: remove them")
	case *ast.Image:
		if name, ok := strings.CutPrefix(string(n.Destination), "figure:"); ok {
			b.figure(n, name)
		} else {
			b.link(n, string(n.Destination), true)
		}
		b.prose(n, false)
	case *ast.AutoLink:
		destination := string(n.URL(b.src))
		if n.AutoLinkType == ast.AutoLinkEmail {
			destination = "mailto:" + destination
		}
		b.link(n, destination, false)
	}
}

func (b *body) html(offset int, raw string) {
	if rest := strings.TrimSpace(comment.ReplaceAllString(raw, "")); rest != "" {
		first, _, _ := strings.Cut(rest, "\n")
		if r := []rune(first); len(r) > 40 {
			first = string(r[:40]) + "…"
		}
		b.report(offset, RuleRawHTML, "HTML is not used in pages: write Markdown instead of %q, or put a \\ before the < to show it", first)
	}
}

func (b *body) link(n ast.Node, destination string, image bool) {
	b.page.Links = append(b.page.Links, Link{Destination: destination, Image: image, Pos: b.pos(n.Pos())})
}

// figures are the names of the drawings that the layouts hold.
func figures(root string) (names []string) {
	files, _ := filepath.Glob(filepath.Join(root, "layouts", "_partials", "figures", "*.html")) // the pattern is sound
	for _, file := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(file), ".html"))
	}
	return names
}

// figure checks a drawing: layouts inline it, so no link comes of it.
func (b *body) figure(n *ast.Image, name string) {
	report := func(format string, args ...any) { b.report(n.Pos(), RuleFigure, format, args...) }
	if known := b.site.figures; !slices.Contains(known, name) {
		report("unknown figure %q.%s Known figures: %s", name, problem.DidYouMean(name, known), cmp.Or(strings.Join(known, ", "), "(none)"))
	}
	if Squeeze(b.text(n, false)) == "" {
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
			b.report(line.Start, RuleCard, "this would show as a plain quote: start a card with > [!TYPE], where TYPE is one of %s", strings.Join(b.site.Cards, ", "))
		}
		return
	}
	level := strings.ToLower(m[1])
	if !slices.Contains(b.site.Cards, level) {
		b.report(line.Start, RuleCard, "unknown card type %q.%s Known types: %s", m[1], problem.DidYouMean(level, b.site.Cards), strings.Join(b.site.Cards, ", "))
	}
	if m[2] != "" {
		b.report(line.Start, RuleCard, "remove the %s after [!%s]: cards do not fold", m[2], m[1])
	}
	if n.Parent().Kind() != ast.KindDocument {
		b.report(line.Start, RuleCard, "a card stands on its own: not inside a list or another card")
	}
	title := strings.TrimSpace(alert.ReplaceAllString(b.text(first, true), ""))
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
		if noBox.Match(line.Value(b.src)) {
			b.report(line.Start, RuleTask, "this would show as it is written: a box to tick is - [ ] with both spaces, then its words")
		}
	}
}

func (b *body) task(n *east.TaskCheckBox) {
	block := n.Parent()
	item := block.Parent()
	list := item.Parent()
	at := n.Pos()
	switch {
	case b.in == nil || list.Parent() != b.in:
		b.report(at, RuleTask, "a task item needs a card right around its list: start the list with a line such as > [!%s] and put > before each item", strings.ToUpper(first(b.site.Cards, "do")))
		return
	case list.(*ast.List).IsOrdered():
		b.report(at, RuleTask, "start each box to tick with - and not with a number")
	case n.IsChecked:
		b.report(at, RuleTask, "the reader ticks the box: write - [ ] and not - [x]")
	case block.Kind() != ast.KindTextBlock:
		b.report(at, RuleTask, "remove the blank lines between the items of this list")
	case block.NextSibling() != nil:
		b.report(at, RuleTask, "a task item is one sentence: move the list or paragraph inside it out of it")
	}
	for other := list.FirstChild(); other != nil && item.PreviousSibling() == nil; other = other.NextSibling() {
		if first := other.FirstChild(); first == nil || first.FirstChild() == nil || first.FirstChild().Kind() != east.KindTaskCheckBox {
			b.report(other.Pos(), RuleTask, "every line of a list of boxes has a box: write - [ ], or make two lists")
		}
	}
	text := Squeeze(b.text(block, false))
	if text == "" {
		b.report(at, RuleTask, "this task item has no words")
		return
	}
	_ = ast.Walk(block, func(inner ast.Node, entering bool) (ast.WalkStatus, error) {
		if k := inner.Kind(); entering && (k == ast.KindLink || k == ast.KindAutoLink || k == ast.KindImage) {
			b.report(inner.Pos(), RuleTask, "a task item holds no link or picture, because the whole line is the label of its box: put it above or below the list")
		}
		return ast.WalkContinue, nil
	})
	b.card.Items = append(b.card.Items, Item{Text: text, Pos: b.pos(at)})
}

func first(list []string, unset string) string {
	if len(list) > 0 {
		return list[0]
	}
	return unset
}

// text is the plain text of a node's inline children, of the first line only if so asked.
func (b *body) text(n ast.Node, firstLine bool) string {
	var out strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Text:
			v := n.Segment.Value(b.src)
			if !n.IsRaw() {
				v = unescape(v)
			}
			out.Write(v)
			if n.SoftLineBreak() || n.HardLineBreak() {
				if firstLine {
					return ast.WalkStop, nil
				}
				out.WriteByte(' ')
			}
		case *ast.String:
			out.Write(n.Value)
		case *ast.AutoLink:
			out.Write(n.Label(b.src))
		}
		return ast.WalkContinue, nil
	})
	return out.String()
}

// prose takes down the words of a block. The first line of a card, its title,
// makes a block of its own.
func (b *body) prose(n ast.Node, paragraph bool) {
	title := false
	if _, quote := n.Parent().(*ast.Blockquote); quote && n.PreviousSibling() == nil && n.Lines().Len() > 0 {
		line := n.Lines().At(0)
		title = inside.Match(line.Value(b.src))
	}
	out := Block{Paragraph: paragraph && !title}
	var words strings.Builder
	flush := func() {
		out.Text = words.String()
		if title {
			head := len(alert.FindString(out.Text))
			out.Text = strings.Repeat(" ", head) + out.Text[head:]
		}
		if strings.TrimSpace(out.Text) != "" {
			b.page.Blocks = append(b.page.Blocks, out)
		}
		words.Reset()
		out, title = Block{Paragraph: paragraph}, false
	}
	_ = ast.Walk(n, func(inner ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch inner := inner.(type) {
		case *ast.Image: // its words are a block of their own
			if inner != n {
				return ast.WalkSkipChildren, nil
			}
		case *ast.Text:
			at, v := inner.Segment.Start, inner.Segment.Value(b.src)
			write := func(plain []byte, written int) {
				out.runs = append(out.runs, run{words.Len(), at})
				words.Write(plain)
				at += written
			}
			last := 0
			if !inner.IsRaw() && bytes.ContainsAny(v, `\&`) {
				for _, m := range escape.FindAllIndex(v, -1) {
					write(v[last:m[0]], m[0]-last)
					write(unescape(v[m[0]:m[1]]), m[1]-m[0])
					last = m[1]
				}
			}
			write(v[last:], len(v)-last)
			if inner.SoftLineBreak() || inner.HardLineBreak() {
				if title {
					flush()
				} else {
					words.WriteByte(' ')
				}
			}
		case *ast.AutoLink:
			out.runs = append(out.runs, run{words.Len(), inner.Pos()})
			words.Write(inner.Label(b.src))
		}
		return ast.WalkContinue, nil
	})
	flush()
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
	inside := filepath.IsLocal(filepath.FromSlash(file)) // no link climbs out of content/
	target := l.site.Page(file)
	switch {
	case target != nil && target.Draft && !p.Draft:
		report("%s is a draft, which is not published: remove the link, or publish the page first", target.File)
	case target != nil:
	case path.Ext(file) == ".md" && exists(filepath.Join(l.site.Root, Dir, filepath.FromSlash(file))): // it has a problem of its own
	case path.Ext(file) != ".md" && strings.HasPrefix(to, "/") && exists(filepath.Join(l.site.Root, "static", filepath.FromSlash(file))):
	case inside && path.Ext(file) != ".md" && exists(filepath.Join(l.site.Root, Dir, filepath.FromSlash(file))):
	default:
		var files []string
		for _, q := range l.site.Pages {
			files = append(files, q.Path)
		}
		name := strings.TrimSuffix(path.Base(file), ".md") + ".md"
		if n := problem.Nearest(name, files); n != "" {
			report("there is no file %q in %s. Did you mean %q? Link to the file, as in [words](%s)", to, Dir, n, n)
			return
		}
		report("there is no file %q in %s: link to one of its files, as in [words](%s)", to, Dir, first(files, "page.md"))
	}
}

func exists(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}
