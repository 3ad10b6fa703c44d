package site

import (
	"cmp"
	"embed"
	"encoding/json"
	"maps"
	"math"
	"path"
	"regexp"
	"slices"

	"microsite/tools/diagnostic"
)

// schema is the part of JSON Schema that the two files use. A description completes the sentence "KEY must be …".
type schema struct {
	Defs        map[string]schema `json:"$defs"`
	Ref         string            `json:"$ref"` // to one of Defs in config.schema.json, whose description it may replace
	Description string
	Type        string
	Enum        []string
	Pattern     *regexp.Regexp
	Minimum     *float64
	Maximum     *float64
	MinItems    int
	Items       *schema
	Required    []string
	Properties  map[string]schema

	AdditionalProperties *schema // of a table without Properties
}

//go:embed page.schema.json config.schema.json
var schemaFiles embed.FS

var pageSchema, configSchema = readSchema("page.schema.json"), readSchema("config.schema.json")

// readSchema reads an embedded file. A test proves that both are valid.
func readSchema(name string) (s schema) {
	src, _ := schemaFiles.ReadFile(name)
	_ = json.Unmarshal(src, &s)
	return s
}

// IsBaseURL reports whether a site can be published at an address: an absolute http or https URL without query and fragment.
func IsBaseURL(address string) bool {
	return configSchema.Properties["baseURL"].allows(&Node{Kind: Text, Raw: address})
}

// allows reports whether the schema allows a value, without a look at its items.
func (s schema) allows(n *Node) bool {
	switch s.Type {
	case "object":
		return n.Kind == Map
	case "array":
		return n.Kind == List && len(n.Items) >= s.MinItems
	case "string":
		return n.Kind == Text && (s.Pattern == nil || s.Pattern.MatchString(n.Raw)) && !unshowable.MatchString(n.Raw)
	case "boolean":
		return n.Kind == Scalar && (n.Raw == "true" || n.Raw == "false")
	case "integer":
		number, isNumber := n.value().(float64)
		return isNumber && number == math.Trunc(number) &&
			(s.Minimum == nil || number >= *s.Minimum) && (s.Maximum == nil || number <= *s.Maximum)
	}
	return s.Enum == nil || n.Kind == Text && slices.Contains(s.Enum, n.Raw)
}

// validate reports what a schema does not allow in a value and its items. key is the value's own, or that of the list that
// holds it.
func (l *loader) validate(n *Node, key string, s schema, rule diagnostic.Rule) {
	if s.Ref != "" {
		description := s.Description
		s = configSchema.Defs[path.Base(s.Ref)]
		s.Description = cmp.Or(description, s.Description)
	}
	if !s.allows(n) {
		l.fail(n.Place, rule, "%q must be %s, not %s", key, s.Description, n.Describe())
		return
	}
	hasUnknownKey := false
	for _, item := range n.Items {
		property, isKnown := s.Properties[item.Key]
		switch {
		case n.Kind == List && s.Items != nil:
			l.validate(item, key, *s.Items, rule)
		case isKnown:
			l.validate(item, item.Key, property, rule)
		case s.Properties != nil:
			hasUnknownKey = true
			l.fail(item.KeyPlace, rule, "%s", diagnostic.Unknown("key", item.Key, "Known here", slices.Sorted(maps.Keys(s.Properties))))
		case s.AdditionalProperties != nil:
			l.validate(item, item.Key, *s.AdditionalProperties, rule)
		}
	}
	for _, key := range s.Required {
		if n.Get(key) == nil && !hasUnknownKey {
			l.fail(n.Place, rule, "%q is missing: add it, as %s", key, s.Properties[key].Description)
		}
	}
}
