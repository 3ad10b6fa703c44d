package site

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// ReplaceTable returns the page's file with the lines of one top-level table of
// its front matter replaced, or removed where lines is nil. A new table goes to
// the end of the front matter. No other byte changes; where that can't be
// promised, the error says what to do by hand.
func (p *Page) ReplaceTable(s *Site, key string, lines []string) ([]byte, error) {
	front := bytes.SplitAfter(p.Source[:p.bodyOffset], []byte("\n"))
	end := len(front) - 1 // the closing line
	if len(front[end]) == 0 {
		end--
	}
	from, to := end, end
	if old := p.FrontMatter.Get(key); old != nil {
		from, to = p.lineRange(old, front, end)
	}
	newline, indent := "\n", ""
	if bytes.HasSuffix(front[0], []byte("\r\n")) {
		newline = "\r\n"
	}
	if !p.IsTOML && len(p.FrontMatter.Items) > 0 {
		indent = strings.Repeat(" ", p.FrontMatter.Items[0].KeyPlace.Column-1)
	}
	out := bytes.Join(front[:from], nil)
	for _, line := range lines {
		out = append(out, indent+line+newline...)
	}
	out = append(out, bytes.Join(front[to:], nil)...)
	out = append(out, p.Source[p.bodyOffset:]...)

	again, _ := s.ParsePage(p.File, out)
	if again == nil || again.Body != p.Body || !equalBut(key, p.FrontMatter, again.FrontMatter) || (again.FrontMatter.Get(key) == nil) != (lines == nil) {
		return nil, fmt.Errorf("%s: the front matter is written in a way that can't be changed without touching the rest: "+
			"take out %q by hand, write each other key on a line of its own, and try again", p.File, key)
	}
	return out, nil
}

// lineRange returns the lines that a table takes up. Blank lines and remarks at
// the margin belong to what follows.
func (p *Page) lineRange(table *Node, lines [][]byte, end int) (from, to int) {
	from, to = table.KeyPlace.Line-1, end
	for _, n := range p.FrontMatter.Items {
		if line := n.KeyPlace.Line - 1; line > from {
			to = min(to, line)
		}
	}
	for to > from+1 && (len(bytes.TrimSpace(lines[to-1])) == 0 || lines[to-1][0] == '#') {
		to--
	}
	return from, to
}

// equalBut reports whether two tables are equal but for a key.
func equalBut(key string, a, b *Node) bool {
	others := func(n *Node) []*Node {
		return slices.DeleteFunc(slices.Clone(n.Items), func(item *Node) bool { return item.Key == key })
	}
	return slices.EqualFunc(others(a), others(b), equal)
}

func equal(a, b *Node) bool {
	return a.Kind == b.Kind && a.Key == b.Key && a.Raw == b.Raw && slices.EqualFunc(a.Items, b.Items, equal)
}
