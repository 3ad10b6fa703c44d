package site

import (
	"bytes"
	"cmp"
	"embed"
	"errors"

	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"microsite/tools/diagnostic"
)

// The two schemas say which keys may stand in front matter and config.toml and
// of what form. A "description" completes the sentence "KEY must be …"; where a
// key is refused with "not", it completes "KEY is not allowed, because …".
//
//go:embed page.schema.json config.schema.json
var schemaFiles embed.FS

var (
	pageSchema   = sync.OnceValue(func() *jsonschema.Schema { return compileSchema("page.schema.json") })
	configSchema = sync.OnceValue(func() *jsonschema.Schema { return compileSchema("config.schema.json") })
)

// compileSchema reads an embedded schema; a broken one is a mistake of this package.
func compileSchema(name string) *jsonschema.Schema {
	src, err := schemaFiles.ReadFile(name)
	if err != nil {
		panic(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(src))
	if err != nil {
		panic(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	for name, isValid := range formats {
		c.RegisterFormat(&jsonschema.Format{Name: name, Validate: func(v any) error {
			if s, ok := v.(string); ok && !isValid(s) {
				return errors.New("wrong format")
			}
			return nil
		}})
	}
	if err := c.AddResource(name, doc); err != nil {
		panic(err)
	}
	return c.MustCompile(name)
}

// formats are those of the schemas that JSON Schema does not know itself.
var formats = map[string]func(string) bool{
	"base-url": IsBaseURL,
	"time-zone": func(name string) bool {
		_, err := time.LoadLocation(name)
		return err == nil && name != "" && name != "Local" // Local is that of whoever builds
	},
}

// IsBaseURL reports whether a site can be published at an address: an absolute
// http or https URL with nothing after its path.
func IsBaseURL(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil || strings.ContainsAny(address, "?#") {
		return false
	}
	port, err := strconv.Atoi(cmp.Or(u.Port(), "443"))
	return err == nil && 0 < port && port < 1<<16
}

// validate reports what a schema does not allow in a tree, each at its place.
func validate(root *Node, schema *jsonschema.Schema, rule diagnostic.Rule) []diagnostic.Diagnostic {
	v := validator{rule: rule, root: root, schema: schema}
	var invalid *jsonschema.ValidationError
	if err := schema.Validate(root.value()); errors.As(err, &invalid) {
		v.add(invalid)
	}
	return v.findings
}

type validator struct {
	rule     diagnostic.Rule
	root     *Node
	schema   *jsonschema.Schema
	findings []diagnostic.Diagnostic
}

// add turns a validation error, or those that it is made of, into findings.
func (v *validator) add(e *jsonschema.ValidationError) {
	if len(e.Causes) > 0 {
		// Unknown keys come first: a missing key is often one of them, misspelt.
		slices.SortStableFunc(e.Causes, func(a, b *jsonschema.ValidationError) int { return keyOrder(a) - keyOrder(b) })
		for _, cause := range e.Causes {
			v.add(cause)
		}
		return
	}
	n, parent, schema := v.lookUp(e.InstanceLocation)
	switch k := e.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		for _, key := range k.Properties {
			v.unknownKey(n, n.child(key), schema)
		}
	case *kind.Required:
		for _, key := range k.Missing {
			v.missingKey(n, key, schema)
		}
	case *kind.Not:
		v.findings = append(v.findings, n.KeyPlace.Errorf(v.rule, "%q is not allowed, because %s: remove it", n.Key, schema.Description))
	default:
		v.wrongValue(n, parent, schema)
	}
}

func keyOrder(e *jsonschema.ValidationError) int {
	switch e.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		return 0
	case *kind.Required:
		return 1
	}
	return 2
}

// lookUp finds the value at a location, the one that it stands in, and its schema.
func (v *validator) lookUp(location []string) (n, parent *Node, schema *jsonschema.Schema) {
	n, schema = v.root, v.schema
	for _, token := range location {
		parent = n
		if n.Kind == List {
			i, _ := strconv.Atoi(token)
			n, schema = n.Items[i], schema.Items2020
			continue
		}
		n = n.child(token)
		if s := schema.Properties[token]; s != nil {
			schema = s
		} else if s, ok := schema.AdditionalProperties.(*jsonschema.Schema); ok {
			schema = s
		}
	}
	return n, parent, schema
}

// knownKeys lists the keys that may stand in a table.
func knownKeys(s *jsonschema.Schema) (keys []string) {
	for key, property := range s.Properties {
		if property.Not == nil {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

func (v *validator) unknownKey(table, n *Node, schema *jsonschema.Schema) {
	for key, property := range schema.Properties {
		if property.Not != nil && strings.EqualFold(key, n.Key) { // Hugo takes any case of letters
			v.findings = append(v.findings, n.KeyPlace.Errorf(v.rule, "%q is not allowed, because %s: remove it", n.Key, property.Description))
			return
		}
	}
	v.findings = append(v.findings, n.KeyPlace.Errorf(v.rule, "%s", diagnostic.Unknown("key", n.Key, "Known here", knownKeys(schema))))
}

func (v *validator) missingKey(table *Node, key string, schema *jsonschema.Schema) {
	known := knownKeys(schema)
	for _, n := range table.Items {
		if !slices.Contains(known, n.Key) && diagnostic.Nearest(n.Key, known) == key {
			return // it is there, misspelt
		}
	}
	v.findings = append(v.findings, table.Place.Errorf(v.rule, "%q is missing: add it, as %s", key, schema.Properties[key].Description))
}

func (v *validator) wrongValue(n, parent *Node, schema *jsonschema.Schema) {
	want := schema.Description
	wantsText := schema.Types != nil && slices.Contains(schema.Types.ToStrings(), "string")
	switch {
	case parent != nil && parent.Kind == List:
		v.findings = append(v.findings, n.Place.Errorf(v.rule, "each entry of %q must be %s, not %s", parent.Key, want, n.Describe()))
	case n.Kind == Null, n.Kind == Text && wantsText && strings.TrimSpace(n.Raw) == "":
		v.findings = append(v.findings, n.Place.Errorf(v.rule, "%q is empty: write %s, in quotes where it starts with #", n.Key, want))
	case n.Kind == Scalar && wantsText:
		v.findings = append(v.findings, n.Place.Errorf(v.rule, "%q must be text: put quotes around %s", n.Key, n.Raw))
	default:
		v.findings = append(v.findings, n.Place.Errorf(v.rule, "%q must be %s, not %s", n.Key, want, n.Describe()))
	}
}
