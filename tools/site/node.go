package site

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
	"go.yaml.in/yaml/v3"

	"microsite/tools/diagnostic"
)

// Kind is the kind of a Node, as messages name it.
type Kind string

// The kinds of a Node. A Scalar is a single value other than a text: a number, a boolean or, in TOML, a date.
const (
	Scalar Kind = "a value"
	Text   Kind = "a text"
	Null   Kind = "empty"
	List   Kind = "a list"
	Map    Kind = "a table"
)

// Node is one value of front matter or config.toml, before YAML or TOML convert it to a date, number or boolean.
type Node struct {
	Kind     Kind
	Raw      string           // a single value as written, without its quotes
	Key      string           // in a Map
	KeyPlace diagnostic.Place // in a Map
	Place    diagnostic.Place // of the value, or of the key of a TOML list
	Items    []*Node
}

// Get returns the value at a path of keys, or nil.
func (n *Node) Get(path ...string) *Node {
	for _, key := range path {
		if n == nil {
			return nil
		}
		i := slices.IndexFunc(n.Items, func(item *Node) bool { return item.Key == key })
		if i < 0 {
			return nil
		}
		n = n.Items[i]
	}
	return n
}

// merge returns a table with the values of over in place of its own.
func (n *Node) merge(over *Node) *Node {
	if over == nil || n.Kind != Map || over.Kind != Map {
		return cmp.Or(over, n)
	}
	out := *n
	out.Items = nil
	for _, item := range n.Items {
		out.Items = append(out.Items, item.merge(over.Get(item.Key)))
	}
	for _, item := range over.Items {
		if n.Get(item.Key) == nil {
			out.Items = append(out.Items, item)
		}
	}
	return &out
}

// Describe returns the value, or its kind, for messages.
func (n *Node) Describe() string {
	if n.Kind == Text || n.Kind == Scalar {
		return strconv.Quote(n.Raw)
	}
	if n.Kind == List && n.Items == nil {
		return "an empty list"
	}
	return string(n.Kind)
}

// ParseDate returns the date in a node as midnight UTC. It reads the raw text, because YAML and TOML turn some wrong dates
// into others. The error says what is wrong and what to write, in a sentence that starts with the key.
func ParseDate(n *Node) (time.Time, error) {
	date, err := time.Parse(time.DateOnly, n.Raw)
	if err != nil || date.Year() < 1900 || n.Kind != Scalar && n.Kind != Text {
		return time.Time{}, fmt.Errorf("is %s: write a day since 1900 as YYYY-MM-DD, such as 2026-01-05, and nothing else",
			n.Describe())
	}
	return date, nil
}

// decode fills a struct from the tree. It skips values of the wrong type, which the schemas report.
func (n *Node) decode(to any) {
	if n != nil {
		src, _ := json.Marshal(n.value())
		_ = json.Unmarshal(src, to)
	}
}

// value returns the tree as encoding/json would decode it.
func (n *Node) value() (v any) {
	switch n.Kind {
	case Text:
		return n.Raw
	case Scalar:
		v = 0.5 // a number that no schema allows, for what is no JSON, such as 010
		_ = json.Unmarshal([]byte(n.Raw), &v)
	case List:
		list := make([]any, len(n.Items))
		for i, item := range n.Items {
			list[i] = item.value()
		}
		return list
	case Map:
		table := make(map[string]any, len(n.Items))
		for _, item := range n.Items {
			table[item.Key] = item.value()
		}
		return table
	}
	return v
}

// readTree reads config.toml, or front matter with the line before it. It returns nil if it reports anything.
func (l *loader) readTree(file string, text []byte, isTOML bool, rule diagnostic.Rule) (root *Node) {
	before := len(l.findings)
	fail := func(place diagnostic.Place, format string, args ...any) { l.fail(place, rule, format, args...) }
	r := &treeReader{Cursor{File: file, Text: text}, fail}
	if isTOML {
		root = r.readTOML()
	} else {
		root = r.readYAML()
	}
	if len(l.findings) > before {
		return nil
	}
	root.Place = diagnostic.Place{File: file, Line: 1, Column: 1}
	root.KeyPlace = root.Place
	return root
}

type treeReader struct {
	Cursor
	fail func(place diagnostic.Place, format string, args ...any)
}

// yamlComment matches a # in a text that its writer hardly meant to start a comment, which would cut off the rest.
var yamlComment = regexp.MustCompile(`(?m)^(?:title|linkTitle|description):[ \t]+[^"'\s#][^\n]*?[ \t](#)[^\s#]`)

func (r *treeReader) readYAML() *Node {
	if m := yamlComment.FindSubmatchIndex(r.Text); m != nil {
		r.fail(r.Place(m[2]), "YAML leaves out what follows this #: "+
			"put straight quotes around the whole text, or a space after the # of a comment")
	}
	var document yaml.Node
	if err := yaml.Unmarshal(r.Text, &document); err != nil {
		// The line in the error is often an earlier one, so look for the first line with which the text is invalid.
		lines := bytes.SplitAfter(r.Text, []byte("\n"))
		bad := sort.Search(len(lines)-1, func(i int) bool { return yaml.Unmarshal(bytes.Join(lines[:i+1], nil), &document) != nil })
		r.fail(diagnostic.Place{File: r.File, Line: bad + 1}, "this is not valid YAML: "+
			"each line is a key, a colon, a space and a value; it starts with no tab, and "+
			`straight quotes, " or ', open and close a value that holds a colon or starts with a sign`)
		return nil
	}
	root := r.yamlNode(document.Content[0]) // never empty, because the text has a line ---
	if root.Kind != Map {
		r.fail(root.Place, `front matter is lines of "key: value", such as "title: About us"`)
	}
	return root
}

// yamlKinds maps the tags of YAML values to their kinds. All other tags are a Scalar.
var yamlKinds = map[string]Kind{"!!str": Text, "!!timestamp": Text, "!!null": Null, "!!seq": List, "!!map": Map}

// yamlNode converts a node of the YAML library. It reports anchors, aliases, tags and merge keys, with which a value
// would mean something else than its own text.
func (r *treeReader) yamlNode(y *yaml.Node) *Node {
	place := diagnostic.Place{File: r.File, Line: y.Line, Column: y.Column}
	n := &Node{Kind: cmp.Or(yamlKinds[y.Tag], Scalar), Raw: y.Value, Place: place}
	if y.Kind == yaml.AliasNode || y.Anchor != "" || y.Style&yaml.TaggedStyle != 0 || y.Tag == "!!merge" {
		r.fail(place, "this YAML is more than front matter needs: "+
			"put straight quotes around a value that starts with &, * or !, and leave out <<")
	}
	for i, content := range y.Content {
		item := r.yamlNode(content)
		if y.Kind == yaml.SequenceNode {
			n.Items = append(n.Items, item)
		} else if i%2 == 1 {
			key := r.yamlNode(y.Content[i-1])
			if len(key.Items) > 0 || n.Get(key.Raw) != nil {
				r.fail(key.Place, "the key %q is repeated, or is not a plain word: keep one", key.Raw)
			}
			item.Key, item.KeyPlace = key.Raw, key.Place
			n.Items = append(n.Items, item)
		}
	}
	return n
}

// readTOML builds a tree from the flat list of expressions that go-toml's parser returns, after toml.Unmarshal has proved
// that no key is repeated or used as both a table and a value.
func (r *treeReader) readTOML() *Node {
	if err := toml.Unmarshal(r.Text, new(map[string]any)); err != nil {
		place := diagnostic.Place{File: r.File, Line: 1}
		if e, ok := errors.AsType[*toml.DecodeError](err); ok {
			line, column := e.Position() // in bytes
			before := bytes.Join(bytes.SplitAfter(r.Text, []byte("\n"))[:line-1], nil)
			place = r.Place(min(len(before)+column-1, len(r.Text)))
		}
		r.fail(place, "this is not valid TOML: %s (a text stands between straight quotes)", strings.TrimPrefix(err.Error(), "toml: "))
		return nil
	}
	root := &Node{Kind: Map}
	table := root
	var parser unstable.Parser
	for parser.Reset(r.Text); parser.NextExpression(); {
		if e := parser.Expression(); e.Kind == unstable.KeyValue {
			r.fill(r.open(table, e), e.Value())
		} else {
			table = r.open(root, e)
		}
	}
	return root
}

// open returns the node at the key of an expression below n, and adds it if it is missing. A key in double brackets, such
// as [[params.emergency]], adds a table to a list.
func (r *treeReader) open(n *Node, e *unstable.Node) *Node {
	var place diagnostic.Place
	for key := e.Key(); key.Next(); {
		if n.Kind == List {
			n = n.Items[len(n.Items)-1]
		}
		word := string(key.Node().Data)
		place = r.Place(int(key.Node().Raw.Offset))
		if n.Get(word) == nil {
			n.Items = append(n.Items, &Node{Kind: Map, Key: word, KeyPlace: place, Place: place})
		}
		n = n.Get(word)
	}
	if e.Kind == unstable.ArrayTable {
		item := &Node{Kind: Map, Place: place}
		n.Kind, n.Items = List, append(n.Items, item)
		return item
	}
	return n
}

// tomlKinds maps the TOML library's kinds of values to ours. All others are a Scalar.
var tomlKinds = map[unstable.Kind]Kind{unstable.String: Text, unstable.Array: List, unstable.InlineTable: Map}

// fill sets a node to a value of the TOML library, which gives lists no place.
func (r *treeReader) fill(n *Node, v *unstable.Node) {
	n.Kind, n.Raw = cmp.Or(tomlKinds[v.Kind], Scalar), string(v.Data)
	if v.Raw.Length > 0 {
		n.Place = r.Place(int(v.Raw.Offset))
	}
	for it := v.Children(); it.Next(); {
		if e := it.Node(); n.Kind == Map {
			r.fill(r.open(n, e), e.Value())
		} else {
			item := &Node{Place: n.Place}
			r.fill(item, e)
			n.Items = append(n.Items, item)
		}
	}
}
