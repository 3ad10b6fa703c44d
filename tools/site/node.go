package site

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	yamlparser "github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"microsite/tools/diagnostic"
)

// Kind is the shape of a Node.
type Kind int

// The kinds of a Node. A Scalar is a single value that was not written as text:
// a number, a date, true or false.
const (
	Scalar Kind = iota
	Text
	Null // nothing was written
	List
	Map
)

// Node is one value of front matter or config.toml as it stands in the file,
// before YAML or TOML make a date, number or truth value of it. Both are read
// through the libraries that Hugo itself uses.
type Node struct {
	Kind     Kind
	Raw      string           // of a single value: what is written, without its quotes
	Key      string           // in a Map
	KeyPlace diagnostic.Place // of the key, or of the value in a List
	Place    diagnostic.Place // of the value
	Items    []*Node
}

// Get returns the value at a path of keys, or nil.
func (n *Node) Get(path ...string) *Node {
	for _, key := range path {
		if n == nil || n.Kind != Map {
			return nil
		}
		n = n.child(key)
	}
	return n
}

func (n *Node) child(key string) *Node {
	for _, item := range n.Items {
		if item.Key == key {
			return item
		}
	}
	return nil
}

// Describe returns what a value is, for messages: empty, a list, a table or the
// text itself in quotes.
func (n *Node) Describe() string {
	switch n.Kind {
	case Null:
		return "empty"
	case List:
		return "a list"
	case Map:
		return "a table"
	}
	return strconv.Quote(n.Raw)
}

// decode fills a struct with what a tree holds. Values of the wrong type, which
// the schemas report, are left out.
func (n *Node) decode(to any) {
	src, err := json.Marshal(n.value())
	if err == nil {
		_ = json.Unmarshal(src, to)
	}
}

// wholeNumber matches numbers that YAML, TOML and JSON all read alike: 010 is 8 to Hugo.
var wholeNumber = regexp.MustCompile(`^-?(?:0|[1-9][0-9]*)$`)

// value returns what a JSON Schema judges. A single value that is neither text,
// a truth value nor a plain whole number is a broken number, which no schema allows.
func (n *Node) value() any {
	switch {
	case n.Kind == Null:
		return nil
	case n.Kind == Text:
		return n.Raw
	case n.Kind == List:
		list := []any{}
		for _, item := range n.Items {
			list = append(list, item.value())
		}
		return list
	case n.Kind == Map:
		table := map[string]any{}
		for _, item := range n.Items {
			table[item.Key] = item.value()
		}
		return table
	case n.Raw == "true" || n.Raw == "false":
		return n.Raw == "true"
	case wholeNumber.MatchString(n.Raw):
		return json.Number(n.Raw)
	}
	return 0.5
}

// syntaxError is what a parser can't read, and where.
type syntaxError struct {
	place   diagnostic.Place
	message string
}

func (e *syntaxError) Error() string { return e.message }

// yamlHints say in an editor's words what the parser's commonest messages are about.
var yamlHints = []struct{ about, hint string }{
	{"already defined", "this key stands twice: keep one"},
	{"tab character", "a tab stands here: write spaces in its place"},
	{"start any token", "a tab stands here: write spaces in its place"},
	{"value is not allowed", "put straight quotes around a value that holds a colon or starts with a sign, and start each key at the left margin"},
	{"find end character", "the text that starts here has no end: close it with the same straight sign, \" or '"},
	{"non-map value", "each line is a key, a colon, a space and a value, such as \"title: About us\""},
}

// yamlRemark matches what YAML takes for a remark and an editor hardly meant so:
// the rest of the text would be lost without a word.
var yamlRemark = regexp.MustCompile(`(?m)^(?:title|linkTitle|description): +[^"'\s#][^\n]*?[ \t](#)[^\s#]`)

// parseYAML reads front matter. Aliases, anchors, tags and merge keys are
// refused: they make a value mean something else than what is written there.
func parseYAML(f *textFile) (*Node, *syntaxError) {
	p := yamlReader{f}
	file, err := yamlparser.ParseBytes(f.text, 0)
	if err != nil {
		place, message := f.place(0), err.Error()
		var ye yaml.Error
		if errors.As(err, &ye) {
			place, message = p.place(ye.GetToken()), ye.GetMessage()
		}
		for _, h := range yamlHints {
			if strings.Contains(message, h.about) {
				message = h.hint
				break
			}
		}
		return nil, &syntaxError{place, "this is not valid YAML: " + message}
	}
	if m := yamlRemark.FindSubmatchIndex(f.text); m != nil {
		return nil, &syntaxError{f.place(m[2]), "YAML leaves out what follows this #: put straight quotes around the whole text, or a space behind the # of a remark"}
	}
	if len(file.Docs) > 1 {
		return nil, &syntaxError{p.place(file.Docs[1].GetToken()), "this is not valid front matter: it holds a second YAML document"}
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return &Node{Kind: Map, Place: f.place(0)}, nil
	}
	return p.node(file.Docs[0].Body)
}

// yamlReader turns goccy's nodes into Nodes.
type yamlReader struct{ file *textFile }

func (p yamlReader) place(t *token.Token) diagnostic.Place {
	if t == nil || t.Position == nil {
		return p.file.place(0)
	}
	return diagnostic.Place{File: p.file.name, Line: t.Position.Line + p.file.linesAbove, Column: max(t.Position.Column, 1)}
}

func (p yamlReader) node(n ast.Node) (*Node, *syntaxError) {
	out := &Node{Place: p.place(n.GetToken())}
	switch n := n.(type) {
	case ast.MapNode: // one or several keys
		out.Kind = Map
		for entries := n.MapRange(); entries.Next(); {
			if err := p.addTo(out, entries.KeyValue()); err != nil {
				return nil, err
			}
		}
	case *ast.SequenceNode:
		out.Kind = List
		for _, v := range n.Values {
			item, err := p.node(v)
			if err != nil {
				return nil, err
			}
			item.KeyPlace = item.Place
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
		return nil, &syntaxError{out.Place, "this YAML is more than front matter needs: put straight quotes around a value that starts with &, * or !, and leave out <<"}
	}
	return out, nil
}

func (p yamlReader) addTo(table *Node, v *ast.MappingValueNode) *syntaxError {
	key, ok := v.Key.(ast.ScalarNode)
	if !ok || v.Key.IsMergeKey() {
		return &syntaxError{p.place(v.Key.GetToken()), "this is not a plain key: write one word, a colon and the value"}
	}
	item, err := p.node(v.Value)
	if err != nil {
		return err
	}
	item.Key, item.KeyPlace = key.GetToken().Value, p.place(key.GetToken())
	if item.Kind == Null {
		item.Place = item.KeyPlace
	}
	if item.Kind == Map && len(item.Items) > 0 { // goccy gives a block mapping the place of its first colon
		item.Place = item.Items[0].KeyPlace
	}
	table.Items = append(table.Items, item)
	return nil
}

// parseTOML reads config.toml, or front matter between +++ lines.
func parseTOML(f *textFile) (*Node, *syntaxError) {
	var table map[string]any
	if err := toml.Unmarshal(f.text, &table); err != nil {
		place, message := f.place(0), strings.TrimPrefix(err.Error(), "toml: ")
		if decodeError, ok := errors.AsType[*toml.DecodeError](err); ok {
			line, column := decodeError.Position() // column in bytes
			place = f.place(f.lineStarts[line-1] + column - 1)
		}
		if strings.Contains(message, "already defined") {
			message = "this key stands twice: keep one"
		}
		return nil, &syntaxError{place, "this is not valid TOML: " + message}
	}
	r := tomlReader{f}
	root := &Node{Kind: Map, Place: f.place(0)}
	current := root
	var parser unstable.Parser
	for parser.Reset(f.text); parser.NextExpression(); {
		switch e := parser.Expression(); e.Kind {
		case unstable.Table:
			current = r.open(root, e.Key())
		case unstable.ArrayTable:
			list := r.open(root, e.Key())
			list.Kind = List
			current = &Node{Kind: Map, Place: r.lastKey(e), KeyPlace: r.lastKey(e)}
			list.Items = append(list.Items, current)
		case unstable.KeyValue:
			r.add(current, e)
		}
	}
	return root, nil
}

// tomlReader gathers the flat expressions of go-toml's parser into a tree.
// toml.Unmarshal has accepted the text before: keys neither clash nor repeat.
type tomlReader struct{ file *textFile }

// open returns the node at a key below n, making what is missing.
func (r tomlReader) open(n *Node, key unstable.Iterator) *Node {
	for key.Next() {
		part := key.Node()
		if n.Kind == List && len(n.Items) > 0 {
			n = n.Items[len(n.Items)-1]
		}
		next := n.child(string(part.Data))
		if next == nil {
			place := r.file.place(int(part.Raw.Offset))
			next = &Node{Kind: Map, Key: string(part.Data), KeyPlace: place, Place: place}
			n.Items = append(n.Items, next)
		}
		n = next
	}
	return n
}

// lastKey returns the place of the last word of a key.
func (r tomlReader) lastKey(e *unstable.Node) (place diagnostic.Place) {
	for key := e.Key(); key.Next(); {
		place = r.file.place(int(key.Node().Raw.Offset))
	}
	return place
}

// add adds a line such as title = "About us". go-toml gives a list no place, so
// that is where something stands behind the =.
func (r tomlReader) add(table *Node, e *unstable.Node) {
	n := r.open(table, e.Key())
	end := 0
	for key := e.Key(); key.Next(); {
		end = int(key.Node().Raw.Offset + key.Node().Raw.Length)
	}
	text := r.file.text
	end += bytes.IndexByte(text[end:], '=') + 1
	n.Place = r.file.place(len(text) - len(bytes.TrimLeft(text[end:], " \t")))
	r.fill(n, e.Value())
}

func (r tomlReader) fill(n *Node, v *unstable.Node) {
	if v.Raw.Length > 0 {
		n.Place = r.file.place(int(v.Raw.Offset))
	}
	switch v.Kind {
	case unstable.String:
		n.Kind, n.Raw = Text, string(v.Data)
	case unstable.Array:
		n.Kind = List
		for it := v.Children(); it.Next(); {
			item := &Node{Place: n.Place}
			r.fill(item, it.Node())
			item.KeyPlace = item.Place
			n.Items = append(n.Items, item)
		}
	case unstable.InlineTable:
		n.Kind = Map
		for it := v.Children(); it.Next(); {
			r.add(n, it.Node())
		}
	default:
		n.Kind, n.Raw = Scalar, string(v.Data)
	}
}
