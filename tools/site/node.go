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

// Kind is the shape of a Node, as messages name it.
type Kind string

// The kinds of a Node. A Scalar is a single value that was not written as text: a number, true or false, in TOML a
// date.
const (
	Scalar Kind = "a value"
	Text   Kind = "a text"
	Null   Kind = "empty"
	List   Kind = "a list"
	Map    Kind = "a table"
)

// Node is one value of front matter or config.toml as it stands in the file, before YAML or TOML make a date, number or
// truth value of it.
type Node struct {
	Kind     Kind
	Raw      string           // of a single value: what is written, without its quotes
	Key      string           // in a Map
	KeyPlace diagnostic.Place // in a Map
	Place    diagnostic.Place // of the value; a list of TOML has that of its key
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

// merged returns a table with the values of another over its own.
func (n *Node) merged(over *Node) *Node {
	if over == nil || n.Kind != Map || over.Kind != Map {
		return cmp.Or(over, n)
	}
	out := *n
	out.Items = nil
	for _, item := range n.Items {
		out.Items = append(out.Items, item.merged(over.Get(item.Key)))
	}
	for _, item := range over.Items {
		if n.Get(item.Key) == nil {
			out.Items = append(out.Items, item)
		}
	}
	return &out
}

// Describe returns what a value is, for messages.
func (n *Node) Describe() string {
	if n.Kind == Text || n.Kind == Scalar {
		return strconv.Quote(n.Raw)
	}
	return string(n.Kind)
}

// ParseDate returns the civil date that a node holds, as midnight UTC. It judges the raw text, because YAML and TOML
// make other days of some. The error completes a sentence that starts with the key: what is wrong and what to write.
func ParseDate(n *Node) (time.Time, error) {
	date, err := time.Parse(time.DateOnly, n.Raw)
	if err != nil || date.Year() < 1900 || n.Kind != Scalar && n.Kind != Text {
		return time.Time{}, fmt.Errorf("is %s: write a day since 1900 as YYYY-MM-DD, such as 2026-01-05, and nothing else", n.Describe())
	}
	return date, nil
}

// decode fills a struct from a tree, but for values of the wrong type, which the schemas report.
func (n *Node) decode(to any) {
	if n != nil {
		src, _ := json.Marshal(n.value())
		_ = json.Unmarshal(src, to)
	}
}

// value returns what JSON makes of a tree.
func (n *Node) value() (v any) {
	switch n.Kind {
	case Text:
		return n.Raw
	case Scalar:
		v = 0.5 // which no schema allows: JSON does not read 010, which is 8 to Hugo
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

// readTree reads config.toml, or front matter with the line that opens it. The tree is nil where it can't be read.
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

// remark matches what YAML takes for a remark, and an editor hardly meant so: readers would miss the rest of the text.
var remark = regexp.MustCompile(`(?m)^(?:title|linkTitle|description):[ \t]+[^"'\s#][^\n]*?[ \t](#)[^\s#]`)

func (r *treeReader) readYAML() *Node {
	if m := remark.FindSubmatchIndex(r.Text); m != nil {
		r.fail(r.Place(m[2]), "YAML leaves out what follows this #: "+
			"put straight quotes around the whole text, or a space behind the # of a remark")
	}
	var document yaml.Node
	if err := yaml.Unmarshal(r.Text, &document); err != nil {
		// The library's own lines are often those where the text around the mistake starts.
		lines := bytes.SplitAfter(r.Text, []byte("\n"))
		bad := sort.Search(len(lines)-1, func(i int) bool { return yaml.Unmarshal(bytes.Join(lines[:i+1], nil), &document) != nil })
		r.fail(diagnostic.Place{File: r.File, Line: bad + 1}, "this is not valid YAML: each line is a key, a colon, a space and a value; "+
			`it starts with no tab, and straight quotes, " or ', open and close a value that holds a colon or starts with a sign`)
		return nil
	}
	root := r.yamlNode(document.Content[0]) // the line --- makes a document
	if root.Kind != Map {
		r.fail(root.Place, `front matter is lines of "key: value", such as "title: About us"`)
	}
	return root
}

// yamlKinds has the tags that the library gives to values, but for those of a Scalar.
var yamlKinds = map[string]Kind{"!!str": Text, "!!timestamp": Text, "!!null": Null, "!!seq": List, "!!map": Map}

// yamlNode turns a node of the library into one of ours. What makes a value mean something else than what is written
// there is refused.
func (r *treeReader) yamlNode(y *yaml.Node) *Node {
	n := &Node{Kind: cmp.Or(yamlKinds[y.Tag], Scalar), Raw: y.Value, Place: diagnostic.Place{File: r.File, Line: y.Line, Column: y.Column}}
	if y.Kind == yaml.AliasNode || y.Anchor != "" || y.Style&yaml.TaggedStyle != 0 || y.Tag == "!!merge" {
		r.fail(n.Place, "this YAML is more than front matter needs: put straight quotes around a value that starts with &, * or !, and leave out <<")
	}
	for i, content := range y.Content {
		item := r.yamlNode(content)
		if y.Kind == yaml.SequenceNode {
			n.Items = append(n.Items, item)
		} else if i%2 == 1 {
			key := r.yamlNode(y.Content[i-1])
			if len(key.Items) > 0 || n.Get(key.Raw) != nil {
				r.fail(key.Place, "the key %q stands twice, or is no word: keep one", key.Raw)
			}
			item.Key, item.KeyPlace = key.Raw, key.Place
			n.Items = append(n.Items, item)
		}
	}
	return n
}

// readTOML gathers the flat expressions of go-toml's parser into a tree, once toml.Unmarshal has seen that keys neither
// clash nor repeat.
func (r *treeReader) readTOML() *Node {
	if err := toml.Unmarshal(r.Text, new(map[string]any)); err != nil {
		place := diagnostic.Place{File: r.File, Line: 1}
		if e, ok := errors.AsType[*toml.DecodeError](err); ok {
			line, column := e.Position() // in bytes
			before := bytes.Join(bytes.SplitAfter(r.Text, []byte("\n"))[:line-1], nil)
			place = r.Place(min(len(before)+column-1, len(r.Text)))
		}
		r.fail(place, "this is not valid TOML: %s", strings.TrimPrefix(err.Error(), "toml: "))
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

// open returns the node at a key below n, making what is missing. A line such as [[params.emergency]] adds a table to a
// list.
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

// tomlKinds has the kinds of the library's values, but for those of a Scalar.
var tomlKinds = map[unstable.Kind]Kind{unstable.String: Text, unstable.Array: List, unstable.InlineTable: Map}

// fill turns a value of the library into ours. A list has no place of its own.
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
