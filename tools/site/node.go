package site

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
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
	if n == nil || over == nil || n.Kind != Map || over.Kind != Map {
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

// value returns what a JSON Schema judges.
func (n *Node) value() (v any) {
	list, table := []any{}, map[string]any{}
	for _, item := range n.Items {
		v := item.value()
		list, table[item.Key] = append(list, v), v
	}
	if n.Kind == Scalar {
		v = 0.5 // which no schema allows: JSON does not read 010, which is 8 to Hugo
		_ = json.Unmarshal([]byte(n.Raw), &v)
		return v
	}
	return map[Kind]any{Text: n.Raw, List: list, Map: table}[n.Kind]
}

// readTree reads config.toml, or front matter with the line that opens it. The tree is nil where it can't be read.
func (l *loader) readTree(file string, text []byte, isTOML bool, rule diagnostic.Rule) (root *Node) {
	before := len(l.findings)
	r := &treeReader{file, text, func(place diagnostic.Place, format string, args ...any) { l.fail(place, rule, format, args...) }}
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
	file string
	text []byte
	fail func(place diagnostic.Place, format string, args ...any)
}

// remark matches what YAML takes for a remark, and an editor hardly meant so: readers would miss the rest of the text.
var remark = regexp.MustCompile(`(?m)^(?:title|linkTitle|description):[ \t]+[^"'\s#][^\n]*?[ \t](#)[^\s#]`)

func (r *treeReader) readYAML() *Node {
	if m := remark.FindSubmatchIndex(r.text); m != nil {
		r.fail(placeIn(r.file, r.text, m[2]), "YAML leaves out what follows this #: "+
			"put straight quotes around the whole text, or a space behind the # of a remark")
	}
	var document yaml.Node
	if err := yaml.Unmarshal(r.text, &document); err != nil {
		// The library's own lines are often those where the text around the mistake starts.
		lines := bytes.SplitAfter(r.text, []byte("\n"))
		bad := sort.Search(len(lines)-1, func(i int) bool { return yaml.Unmarshal(bytes.Join(lines[:i+1], nil), &document) != nil })
		r.fail(diagnostic.Place{File: r.file, Line: bad + 1}, "this is not valid YAML: each line is a key, a colon, a space and a value; "+
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
	n := &Node{Kind: cmp.Or(yamlKinds[y.Tag], Scalar), Raw: y.Value, Place: diagnostic.Place{File: r.file, Line: y.Line, Column: y.Column}}
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
	if err := toml.Unmarshal(r.text, new(map[string]any)); err != nil {
		place := diagnostic.Place{File: r.file, Line: 1}
		if e, ok := errors.AsType[*toml.DecodeError](err); ok {
			place.Line, place.Column = e.Position() // in bytes
		}
		r.fail(place, "this is not valid TOML: %s", strings.TrimPrefix(err.Error(), "toml: "))
		return nil
	}
	root := &Node{Kind: Map}
	table := root
	var parser unstable.Parser
	for parser.Reset(r.text); parser.NextExpression(); {
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
		place = placeIn(r.file, r.text, int(key.Node().Raw.Offset))
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
		n.Place = placeIn(r.file, r.text, int(v.Raw.Offset))
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

// The two schemas say which keys may stand in front matter and config.toml and of what form. A "description" completes
// the sentence "KEY must be …".
//
//go:embed page.schema.json config.schema.json
var schemaFiles embed.FS

// schemas compiles both once they are needed, which takes as long as reading a small site. A broken one is a mistake of
// this package.
var schemas = sync.OnceValues(func() (page, config *jsonschema.Schema) {
	const pageFile, configFile = "page.schema.json", "config.schema.json"
	compiler := jsonschema.NewCompiler()
	for _, name := range []string{pageFile, configFile} {
		src, _ := schemaFiles.ReadFile(name)
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(src))
		if err := errors.Join(err, compiler.AddResource(name, doc)); err != nil {
			panic(err)
		}
	}
	return compiler.MustCompile(pageFile), compiler.MustCompile(configFile)
})

// IsBaseURL reports whether a site can be published at an address: an absolute http or https URL with nothing after its
// path.
func IsBaseURL(address string) bool {
	_, config := schemas()
	return config.Properties["baseURL"].Validate(address) == nil
}

// validate reports what a schema does not allow in a tree, each at its place.
func (l *loader) validate(root *Node, schema *jsonschema.Schema, rule diagnostic.Rule) (isValid bool) {
	var report func(e *jsonschema.ValidationError)
	report = func(e *jsonschema.ValidationError) {
		for _, cause := range e.Causes {
			report(cause)
		}
		n, key, schema := lookUp(root, schema, e.InstanceLocation)
		switch k := e.ErrorKind.(type) {
		case *kind.AdditionalProperties:
			for _, key := range k.Properties {
				known := slices.Sorted(maps.Keys(schema.Properties))
				l.fail(n.Get(key).KeyPlace, rule, "%s", diagnostic.Unknown("key", key, "Known here", known))
			}
		case *kind.Required:
			isUnknown := func(n *Node) bool { return schema.Properties[n.Key] == nil } // it is there, misspelt
			for _, key := range k.Missing {
				if !slices.ContainsFunc(n.Items, isUnknown) {
					l.fail(n.Place, rule, "%q is missing: add it, as %s", key, schema.Properties[key].Description)
				}
			}
		default:
			if len(e.Causes) == 0 {
				l.fail(n.Place, rule, "%q must be %s, not %s", key, schema.Description, n.Describe())
			}
		}
	}
	var invalid *jsonschema.ValidationError
	if errors.As(schema.Validate(root.value()), &invalid) {
		report(invalid)
	}
	return invalid == nil
}

// lookUp finds the value at a location, its key or that of the list around it, and its schema.
func lookUp(n *Node, schema *jsonschema.Schema, location []string) (value *Node, key string, of *jsonschema.Schema) {
	for _, token := range location {
		if n.Kind == List {
			i, _ := strconv.Atoi(token)
			n, schema = n.Items[i], schema.Items2020
			continue
		}
		n, key = n.Get(token), token
		if property := schema.Properties[token]; property != nil {
			schema = property
		} else {
			schema, _ = schema.AdditionalProperties.(*jsonschema.Schema)
		}
	}
	if schema.Ref != nil && schema.Description == "" { // it is that of the $ref
		schema = schema.Ref
	}
	return n, key, schema
}
