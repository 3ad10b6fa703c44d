package content

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	yamlparser "github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// Pos is a place in a file, line and column from 1, column in characters.
type Pos struct{ Line, Column int }

// Kind is the shape of a Node.
type Kind int

// The kinds of a Node. A Scalar is any single value: text, number, date, true or false.
const (
	Scalar Kind = iota
	Text        // a Scalar that was written as text
	Null        // nothing was written
	List
	Map
)

func (k Kind) String() string {
	return [...]string{"value", "text", "nothing", "list", "table"}[k]
}

// Node is one value of front matter or config.toml as it stands in the file,
// before YAML or TOML make a date, number or truth value of it. Both read
// through the libraries that Hugo itself uses.
type Node struct {
	Kind   Kind
	Raw    string // of a scalar: what is written, without its quotes
	Key    string // in a Map
	KeyPos Pos    // of the key, or of the value in a List
	Pos    Pos    // of the value
	Items  []*Node
}

// Get returns the value at a path of keys, or nil.
func (n *Node) Get(path ...string) *Node {
	for _, key := range path {
		if n == nil || n.Kind != Map {
			return nil
		}
		var found *Node
		for _, item := range n.Items {
			if item.Key == key {
				found = item
				break
			}
		}
		n = found
	}
	return n
}

// Holds says whether a line is one of the node's, from its key to its last value.
func (n *Node) Holds(line int) bool {
	last := n.Pos.Line
	for _, item := range n.Items {
		last = max(last, item.KeyPos.Line, item.Pos.Line)
	}
	return n.KeyPos.Line <= line && line <= last
}

// syntaxError is a parser's complaint with its place.
type syntaxError struct {
	pos     Pos
	message string
}

func (e *syntaxError) Error() string { return e.message }

func errorAt(pos Pos, format string, args ...any) error {
	return &syntaxError{pos, fmt.Sprintf(format, args...)}
}

// parseYAML reads front matter. Aliases, tags and merge keys are refused:
// they make a value mean something else than what is written there.
func parseYAML(src []byte) (*Node, error) {
	file, err := yamlparser.ParseBytes(src, 0)
	if err != nil {
		var ye yaml.Error
		if errors.As(err, &ye) {
			if m := twice.FindStringSubmatch(ye.GetMessage()); m != nil {
				return nil, errorAt(yamlPos(ye.GetToken()), "this is not valid YAML: %s stands twice: keep one", m[1])
			}
			hint := ""
			if strings.Contains(ye.GetMessage(), "mapping value is not allowed") {
				hint = "; put quotes around a value that holds a colon"
			}
			return nil, errorAt(yamlPos(ye.GetToken()), "this is not valid YAML: %s%s", ye.GetMessage(), hint)
		}
		return nil, errorAt(Pos{1, 1}, "this is not valid YAML: %v", err)
	}
	if len(file.Docs) == 0 || len(file.Docs) == 1 && file.Docs[0].Body == nil {
		return &Node{Kind: Map, Pos: Pos{1, 1}}, nil
	}
	if len(file.Docs) > 1 {
		return nil, errorAt(yamlPos(file.Docs[1].GetToken()), "this is not valid front matter: it holds a second YAML document")
	}
	return yamlNode(file.Docs[0].Body)
}

func yamlPos(t *token.Token) Pos {
	if t == nil || t.Position == nil {
		return Pos{1, 1}
	}
	return Pos{t.Position.Line, max(t.Position.Column, 1)}
}

func yamlNode(n ast.Node) (*Node, error) {
	out := &Node{Pos: yamlPos(n.GetToken())}
	switch n := n.(type) {
	case *ast.MappingNode:
		out.Kind = Map
		for _, v := range n.Values {
			if err := out.addYAML(v); err != nil {
				return nil, err
			}
		}
	case *ast.MappingValueNode:
		out.Kind = Map
		if err := out.addYAML(n); err != nil {
			return nil, err
		}
	case *ast.SequenceNode:
		out.Kind = List
		for _, v := range n.Values {
			item, err := yamlNode(v)
			if err != nil {
				return nil, err
			}
			if prev := v.GetToken().Prev; item.Kind == Null && prev != nil {
				item.Pos = yamlPos(prev) // goccy gives nothing a place behind the line
			}
			item.KeyPos = item.Pos
			out.Items = append(out.Items, item)
		}
	case *ast.StringNode:
		out.Kind, out.Raw = Text, n.Value
	case *ast.LiteralNode:
		out.Kind, out.Raw = Text, n.Value.Value
	case *ast.NullNode:
		out.Kind = Null
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		out.Kind, out.Raw = Scalar, n.GetToken().Value
	default: // aliases, anchors, tags
		return nil, errorAt(out.Pos, "this YAML is more than front matter needs: write the value itself, without &, *, ! or <<")
	}
	return out, nil
}

func (n *Node) addYAML(v *ast.MappingValueNode) error {
	key, ok := v.Key.(ast.ScalarNode)
	if !ok || v.Key.IsMergeKey() {
		return errorAt(yamlPos(v.Key.GetToken()), "this is not a plain key: write one word, a colon and the value")
	}
	item, err := yamlNode(v.Value)
	if err != nil {
		return err
	}
	item.Key, item.KeyPos = key.GetToken().Value, yamlPos(key.GetToken())
	if item.Kind == Null {
		item.Pos = item.KeyPos
	}
	if item.Kind == Map { // goccy gives a block mapping the place of its first colon
		if len(item.Items) > 0 {
			item.Pos = item.Items[0].KeyPos
		}
	}
	n.Items = append(n.Items, item)
	return nil
}

// parseTOML reads config.toml or front matter between +++ lines.
func parseTOML(src []byte) (*Node, error) {
	var all map[string]any
	if err := toml.Unmarshal(src, &all); err != nil {
		var de *toml.DecodeError
		if errors.As(err, &de) {
			line, column := de.Position() // column in bytes
			start := 0
			for range line - 1 {
				start += bytes.IndexByte(src[start:], '\n') + 1
			}
			return nil, errorAt(posAt(src, start+column-1), "this is not valid TOML: %s", strings.TrimPrefix(de.Error(), "toml: "))
		}
		return nil, errorAt(Pos{1, 1}, "this is not valid TOML: %v", err)
	}
	t := &tomlTree{src: src, root: &Node{Kind: Map, Pos: Pos{1, 1}}}
	table := t.root
	t.parser.Reset(src)
	for t.parser.NextExpression() {
		e := t.parser.Expression()
		switch e.Kind {
		case unstable.Table:
			table = t.open(t.root, e.Key())
		case unstable.ArrayTable:
			list := t.open(t.root, e.Key())
			list.Kind = List
			var at Pos // of the last word of this very header
			for key := e.Key(); key.Next(); {
				at = t.pos(key.Node().Raw.Offset)
			}
			table = &Node{Kind: Map, Pos: at, KeyPos: at}
			list.Items = append(list.Items, table)
		case unstable.KeyValue:
			t.add(table, e)
		}
	}
	if err := t.parser.Error(); err != nil {
		return nil, errorAt(Pos{1, 1}, "this is not valid TOML: %v", err)
	}
	return t.root, nil
}

// tomlTree gathers the flat expressions of go-toml's parser into a tree.
// toml.Unmarshal has accepted the source before: keys neither clash nor repeat.
type tomlTree struct {
	src    []byte
	parser unstable.Parser
	root   *Node
}

// open returns the node at the key below n, making what is missing.
func (t *tomlTree) open(n *Node, key unstable.Iterator) *Node {
	for key.Next() {
		part := key.Node()
		if n.Kind == List && len(n.Items) > 0 {
			n = n.Items[len(n.Items)-1]
		}
		next := n.Get(string(part.Data))
		if next == nil {
			pos := t.pos(part.Raw.Offset)
			next = &Node{Kind: Map, Key: string(part.Data), KeyPos: pos, Pos: pos}
			n.Items = append(n.Items, next)
		}
		n = next
	}
	return n
}

func (t *tomlTree) add(table *Node, kv *unstable.Node) {
	n := t.open(table, kv.Key())
	at := 0 // of the value: go-toml gives a list no place
	for key := kv.Key(); key.Next(); {
		at = int(key.Node().Raw.Offset + key.Node().Raw.Length)
	}
	at += bytes.IndexByte(t.src[at:], '=') + 1
	n.Pos = t.pos(uint32(len(t.src) - len(bytes.TrimLeft(t.src[at:], " \t"))))
	t.fill(n, kv.Value())
}

func (t *tomlTree) fill(n *Node, v *unstable.Node) {
	if v.Raw.Length > 0 {
		n.Pos = t.pos(v.Raw.Offset)
	}
	switch v.Kind {
	case unstable.String:
		n.Kind, n.Raw = Text, string(v.Data)
	case unstable.Array:
		n.Kind = List
		for it := v.Children(); it.Next(); {
			item := &Node{Pos: n.Pos}
			t.fill(item, it.Node())
			item.KeyPos = item.Pos
			n.Items = append(n.Items, item)
		}
	case unstable.InlineTable:
		n.Kind = Map
		for it := v.Children(); it.Next(); {
			t.add(n, it.Node())
		}
	default:
		n.Kind, n.Raw = Scalar, string(v.Data)
	}
}

func (t *tomlTree) pos(offset uint32) Pos { return posAt(t.src, int(offset)) }

// posAt turns a byte offset into a place. A byte order mark has no width.
func posAt(src []byte, offset int) Pos {
	offset = min(max(offset, 0), len(src))
	before := src[:offset]
	start := bytes.LastIndexByte(before, '\n') + 1
	line := before[start:]
	if start == 0 {
		line = bytes.TrimPrefix(line, bom)
	}
	return Pos{bytes.Count(before, []byte("\n")) + 1, utf8.RuneCount(line) + 1}
}

var (
	twice      = regexp.MustCompile(`^mapping key (".*") already defined at`)
	bom        = []byte("\uFEFF")
	whiteSpace = regexp.MustCompile(`[\s\p{Z}]+`)
)

// Squeeze makes every run of white space one space and trims the ends.
func Squeeze(s string) string {
	return strings.TrimSpace(whiteSpace.ReplaceAllString(s, " "))
}
