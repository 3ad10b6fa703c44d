package site

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"microsite/tools/diagnostic"
)

// TestSchemas has a library of JSON Schema judge what validate judges: settings and front matter that are right, and each
// of their values replaced, removed, or joined by an unknown key.
func TestSchemas(t *testing.T) {
	const pageFile, configFile = "page.schema.json", "config.schema.json"
	compiler := jsonschema.NewCompiler() // for the version that a file names, which is 2020-12
	for _, name := range []string{pageFile, configFile} {
		src, errRead := os.ReadFile(name)
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(src))
		if err := errors.Join(errRead, err, compiler.AddResource(name, doc)); err != nil {
			t.Fatal(err)
		}
		checkKeywords(t, name, doc)
	}
	verdicts := map[bool]int{}
	for _, c := range []struct {
		file string
		own  schema
		text string
	}{
		{configFile, configSchema, "baseURL = 'https://a.org:8080/b/'\ntitle = 'A'\nlanguageCode = 'en'\nenableRobotsTXT = true\n" +
			"[languages.en]\nweight = 1\n[params]\ncards = ['do']\nemergencyPage = '/'\nemergencySigns = ['A']\n" +
			"emergency = [{number = '112', where = 'A'}]\nreview = {intervalMonths = 12, dueSoonDays = 0, errors = ['changed']}\n" +
			"clinic = {name = '', phone = '+1 (2) 3', report = 'a.b+c@d.org'}\ncondition = {icd10CM = 'A00.1', snomedCT = '123456'}\n" +
			"checklist = {levels = ['do']}\nsources = {a = {title = 'A', publisher = 'B', url = 'https://a.org/', reviewed = 2026-01-01}}\n" +
			"links = {ignore = [{page = '/a/', target = 'b', reason = 'c'}]}\nplain = {ease = 80, grade = 6, grades = {a = 5}, words = {a = 'b'}}\n"},
		{pageFile, pageSchema, "---\ntitle: A\nlinkTitle: B\ndescription: C\nweight: 10\nlayout: d\ndraft: true\n" +
			"medical: false\naliases: [/a-b/c/]\nadapted: 2026-01-01\nsources: [a]\ntranslates: sha256-" + strings.Repeat("A", 43) + "=\nreview: {by: A}\n"},
	} {
		l := &loader{}
		root := l.readTree(c.file, []byte(c.text), c.file == configFile, diagnostic.RuleConfig)
		if root == nil {
			t.Fatal(l.findings)
		}
		library := compiler.MustCompile(c.file)
		judge := func(what string) (isValid bool) {
			l.findings = nil
			l.validate(root, "", c.own, diagnostic.RuleConfig)
			isValid = len(l.findings) == 0
			if err := library.Validate(root.value()); (err == nil) != isValid {
				t.Errorf("%s: %s: %v, but the library says %v", c.file, what, l.findings, err)
			}
			verdicts[isValid]++
			return isValid
		}
		if !judge("as it stands") {
			t.Error(l.findings)
		}
		mutate(root, judge)
	}
	if verdicts[true] < 100 || verdicts[false] < 100 {
		t.Errorf("too little was tried: %v", verdicts)
	}
}

// mutate has each value of a tree judged with other values in its place.
func mutate(n *Node, judge func(what string) bool) {
	text := []string{"", "a", "A1", "Two words", " a", "“a”", "a\nb", "/a/", "/a", "en-US", "a@b.org", "+1 23", "J00.1", "123456789",
		"https://a.org/", "https://a.org:99999/", "https://a.org/?b", "overdue"}
	scalar := []string{"true", "0", "1", "1.0", "1e2", "010", "-1", "1.5", "1001", "1000001", "2026-01-01"}
	others := []Node{{Kind: Null}, {Kind: List}, {Kind: Map},
		{Kind: List, Items: []*Node{{Kind: Null}}}, {Kind: Map, Items: []*Node{{Kind: Text, Key: "odd"}}}}
	for _, raw := range text {
		others = append(others, Node{Kind: Text, Raw: raw})
	}
	for _, raw := range scalar {
		others = append(others, Node{Kind: Scalar, Raw: raw})
	}
	for i, item := range n.Items {
		old, items := *item, n.Items
		for _, other := range others {
			other.Key = old.Key
			*item = other
			judge(old.Key + " as " + other.Describe())
		}
		*item = old
		n.Items = slices.Delete(slices.Clone(items), i, i+1)
		judge("without " + item.Key)
		n.Items = append(slices.Clone(items), &Node{Kind: Text, Key: "odd", Raw: "x"})
		judge("with one more beside " + item.Key)
		n.Items = items
		mutate(item, judge)
	}
}

// checkKeywords reports keywords of a schema that validate does not know.
func checkKeywords(t *testing.T, name string, doc any) {
	known := []string{"$schema", "$defs", "$ref", "title", "description", "type", "enum", "pattern", "minimum", "maximum", "minItems",
		"items", "required", "properties", "unevaluatedProperties", "additionalProperties"}
	object, _ := doc.(map[string]any)
	for key, value := range object {
		switch {
		case !slices.Contains(known, key):
			t.Errorf("%s: unknown keyword %q", name, key)
		case key == "properties" || key == "$defs":
			for _, inner := range value.(map[string]any) {
				checkKeywords(t, name, inner)
			}
		case key == "items" || key == "additionalProperties":
			checkKeywords(t, name, value)
		}
	}
	src, _ := json.Marshal(doc)
	if err := json.Unmarshal(src, new(schema)); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	_, hasProperties := object["properties"]
	_, isOpen := object["additionalProperties"]
	if isClosed := object["unevaluatedProperties"] == false; isClosed != hasProperties || isClosed && isOpen {
		t.Errorf("%s: a table has either properties, and no others, or additionalProperties: %s", name, src)
	}
}
