package content

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	yamlparser "github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

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

// syntaxError is what a parser can't read, and where.
type syntaxError struct {
	pos     Pos
	message string
}

func errorAt(pos Pos, format string, args ...any) *syntaxError {
	return &syntaxError{pos, fmt.Sprintf(format, args...)}
}

// hint says in an editor's words what one of a parser's messages is about.
type hint struct{ about, say string }

// plainly is a parser's message, or the hint that takes its place.
func plainly(message string, hints []hint) string {
	for _, h := range hints {
		if strings.Contains(message, h.about) {
			return h.say
		}
	}
	return message
}

var yamlHints = []hint{
	{"already defined", "this key stands twice: keep one"},
	{"that cannot start any token", "a tab stands here: write spaces in its place"},
	{"unexpected key name", "each line is a key, a colon, a space and a value, such as \"title: About us\""},
	{"non-map value is specified", "each line is a key, a colon, a space and a value, such as \"title: About us\""},
	{"mapping value is not allowed", "put straight quotes around a value that holds a colon, and start each key at the left margin"},
	{"find end character of double-quoted", "the text that starts here has no end: close it with the same straight sign, \""},
	{"find end character of single-quoted", "the text that starts here has no end: close it with the same straight sign, or put \" around text that holds a '"},
	{"sequence end token", "the list that starts here has no end: close it with ]"},
	{"unknown escape character", "a \\ in double quotes changes what follows it: write \\\\, or put ' around the text"},
	{"tab character", "a tab stands here: write spaces in its place"},
	{"block sequence entries", "put straight quotes around a value that starts with -"},
	{"reserved character", "put straight quotes around a value that starts with this sign"},
	{"unexpected directive", "put straight quotes around a value that starts with this sign"},
	{"value is not allowed in this context", "put straight quotes around a value that starts with a bracket or a sign such as *"},
}

var tomlHints = []hint{
	{"already defined", "this key stands twice: keep one"},
	{"at start of value", "put straight quotes around text, as in \"words\""},
	{"basic strings cannot have new lines", "the text of this line has no end: close it with a straight \""},
	{"literal strings cannot have new lines", "the text of this line has no end: close it with a straight '"},
	{"expected newline but got", "the value ends before this: put straight quotes around text, write a date as 2026-01-05, and one setting a line"},
	{"expected '=' after key", "between a key and its value stands ="},
}

// slip is a mistake that shows in the text itself, where its pattern's group stands.
type slip struct {
	pattern *regexp.Regexp
	say     string
}

// yamlSlips are looked for where the parser fails.
var yamlSlips = []slip{
	{regexp.MustCompile(`(?m)^ +((?:` + strings.Join(keys, "|") + `)):(?: |$)`), "remove the spaces before this key: each starts at the left margin"},
	{regexp.MustCompile(`(?m)^ *[A-Za-z]+:(\x{A0})`), "the space behind the colon is a no-break space: type an ordinary one in its place"},
	{regexp.MustCompile(`(?m)^ *[A-Za-z]+: +'(?:[^'\n]|'')*(')[ \t]*[^\s#']`), "the text ends at this ': put straight \" around text that holds a '"},
	{regexp.MustCompile(`(?m)^ *[A-Za-z]+: +"(?:[^"\\\n]|\\.)*(")[ \t]*[^\s#]`), "the text ends at this \": put straight \" around all of it, and write “ ” inside"},
}

// yamlRemark matches what YAML takes for a remark and an editor hardly meant so.
var yamlRemark = regexp.MustCompile(`(?m)^(?:title|linkTitle|description): +[^"'\s#][^\n]*?[ \t](#)[^\s#]`)

// parseYAML reads front matter. Aliases, tags and merge keys are refused:
// they make a value mean something else than what is written there.
func parseYAML(src []byte) (*Node, *syntaxError) {
	file, err := yamlparser.ParseBytes(src, 0)
	if err != nil {
		at, message := Pos{1, 1}, err.Error()
		var ye yaml.Error
		if errors.As(err, &ye) {
			at, message = yamlPos(ye.GetToken()), plainly(ye.GetMessage(), yamlHints)
		}
		for _, slip := range yamlSlips { // the parser stumbles before or behind them
			if m := slip.pattern.FindSubmatchIndex(src); m != nil {
				at, message = (&source{text: src}).at(m[2]), slip.say
				break
			}
		}
		return nil, errorAt(at, "this is not valid YAML: %s", message)
	}
	if m := yamlRemark.FindSubmatchIndex(src); m != nil {
		return nil, errorAt((&source{text: src}).at(m[2]), "YAML leaves out what follows this #: put straight quotes around the whole text, or a space behind the # of a remark")
	}
	if len(file.Docs) > 1 {
		return nil, errorAt(yamlPos(file.Docs[1].GetToken()), "this is not valid front matter: it holds a second YAML document")
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return &Node{Kind: Map, Pos: Pos{1, 1}}, nil
	}
	return yamlNode(file.Docs[0].Body)
}

func yamlPos(t *token.Token) Pos {
	if t == nil || t.Position == nil {
		return Pos{1, 1}
	}
	return Pos{t.Position.Line, max(t.Position.Column, 1)}
}

func yamlNode(n ast.Node) (*Node, *syntaxError) {
	out := &Node{Pos: yamlPos(n.GetToken())}
	switch n := n.(type) {
	case *ast.MappingNode:
		out.Kind = Map
		for _, v := range n.Values {
			if err := out.addYAML(v); err != nil {
				return nil, err
			}
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
		return nil, errorAt(out.Pos, "this YAML is more than front matter needs: put straight quotes around a value that starts with &, * or !, and leave out <<")
	}
	return out, nil
}

func (n *Node) addYAML(v *ast.MappingValueNode) *syntaxError {
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
	if item.Kind == Map && len(item.Items) > 0 { // goccy gives a block mapping the place of its first colon
		item.Pos = item.Items[0].KeyPos
	}
	n.Items = append(n.Items, item)
	return nil
}

// parseTOML reads config.toml or front matter between +++ lines.
func parseTOML(text []byte) (*Node, *syntaxError) {
	src := &source{text: text}
	var all map[string]any
	if err := toml.Unmarshal(text, &all); err != nil {
		at, message := Pos{1, 1}, strings.TrimPrefix(err.Error(), "toml: ")
		var de *toml.DecodeError
		if errors.As(err, &de) {
			line, column := de.Position() // column in bytes
			at = src.at(src.start(line) + column - 1)
		}
		return nil, errorAt(at, "this is not valid TOML: %s", plainly(message, tomlHints))
	}
	t := &tomlTree{source: src, root: &Node{Kind: Map, Pos: Pos{1, 1}}}
	table := t.root
	t.parser.Reset(text)
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
				at = t.at(int(key.Node().Raw.Offset))
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
	*source
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
			pos := t.at(int(part.Raw.Offset))
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
	at += bytes.IndexByte(t.text[at:], '=') + 1
	n.Pos = t.at(len(t.text) - len(bytes.TrimLeft(t.text[at:], " \t")))
	t.fill(n, kv.Value())
}

func (t *tomlTree) fill(n *Node, v *unstable.Node) {
	if v.Raw.Length > 0 {
		n.Pos = t.at(int(v.Raw.Offset))
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
