package content

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// Replace returns the page's file with the lines of one top-level table of its
// front matter replaced, or removed where block is nil. A new table goes to the
// end of the front matter. No other byte changes; where that can't be
// promised, the error says what to do by hand.
func (p *Page) Replace(s *Site, key string, block []string) ([]byte, error) {
	lines := bytes.SplitAfter(p.source.text[:p.bodyOffset], []byte("\n"))
	end := len(lines) - 1 // the closing line
	for end > 0 && len(bytes.TrimSpace(lines[end])) == 0 {
		end--
	}
	from, to := end, end
	if old := p.Front.Get(key); old != nil {
		from, to = p.span(old, lines, end)
	}
	newline, indent := "\n", ""
	if bytes.HasSuffix(lines[0], []byte("\r\n")) {
		newline = "\r\n"
	}
	if !p.FrontTOML && len(p.Front.Items) > 0 {
		indent = strings.Repeat(" ", p.Front.Items[0].KeyPos.Column-1)
	}
	var out []byte
	out = append(out, bytes.Join(lines[:from], nil)...)
	for _, line := range block {
		out = append(out, indent+line+newline...)
	}
	out = append(out, bytes.Join(lines[to:], nil)...)
	out = append(out, p.source.text[p.bodyOffset:]...)

	again, _ := s.Parse(p.File, out)
	if again == nil || again.Body != p.Body || !sameBut(key, p.Front, again.Front) || (again.Front.Get(key) == nil) != (block == nil) {
		return nil, fmt.Errorf("%s: the front matter is written in a way that can't be changed without touching the rest: take out %q by hand, write each other key on a line of its own, and try again", p.File, key)
	}
	return out, nil
}

// span is the range of lines that a table takes up.
func (p *Page) span(old *Node, lines [][]byte, end int) (from, to int) {
	from, to = old.KeyPos.Line-1, end
	for _, n := range p.Front.Items {
		if line := n.KeyPos.Line - 1; line > from {
			to = min(to, line)
		}
	}
	for to > from+1 { // blank lines and comments at the margin belong to what follows
		line := bytes.TrimRight(lines[to-1], "\r\n")
		margin := len(line) > 0 && line[0] == '#'
		if len(bytes.TrimSpace(line)) > 0 && !margin {
			break
		}
		to--
	}
	return from, to
}

func sameBut(key string, a, b *Node) bool {
	rest := func(n *Node) []*Node {
		return slices.DeleteFunc(slices.Clone(n.Items), func(item *Node) bool { return item.Key == key })
	}
	return slices.EqualFunc(rest(a), rest(b), same)
}

func same(a, b *Node) bool {
	return a.Kind == b.Kind && a.Key == b.Key && a.Raw == b.Raw && slices.EqualFunc(a.Items, b.Items, same)
}
