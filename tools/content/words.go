package content

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	template "text/template/parse"

	"microsite/tools/problem"
)

const (
	wordsDir = "i18n"
	cardWord = "card_" // with a type of card behind it: the key of the word that its cards show
)

// wordForms are what a sentence about a number has in place of one text:
// https://cldr.unicode.org/index/cldr-spec/plural-rules
var wordForms = []string{"zero", "one", "two", "few", "many", "other"}

// asked is what layouts say of the words that they show. It comes from the
// layouts alone, so that no list of keys has to be kept in step with them.
type asked struct {
	keys   map[string]string // that a layout names whole, with the first place of each
	built  []built           // keys that a layout puts together
	quoted map[string]string // every text in quotes of any layout, with a place
	free   bool              // some layout shows a key that comes from elsewhere
	broken bool              // some layout can't be read: Hugo will say so
}

// built is a format of printf. What it leaves open is a word in quotes of some
// layout, or a type of card.
type built struct {
	parts []string // around what is open
	re    *regexp.Regexp
}

var verb = regexp.MustCompile(`%[a-z]`)

// words checks the file of words for the site's language: that it has exactly
// what layouts show. key is Hugo's own name of the language.
func (l *loader) words(key string) error {
	a, err := askedBy(l.site.Root)
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(filepath.Join(l.site.Root, wordsDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	found := map[string]string{} // by language, in small letters
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || passedOver(name) {
			continue
		}
		if tag, ok := strings.CutSuffix(name, ".toml"); ok && isLanguage(tag) {
			found[strings.ToLower(tag)] = wordsDir + "/" + name
		} else {
			l.add(wordsDir+"/"+name, Pos{}, RuleWords, "only files of words belong here, such as en.toml, named by the tag of a language: rename this, or move it out of %s", wordsDir)
		}
	}
	file := cmp.Or(found[strings.ToLower(l.site.Language)], found[strings.ToLower(key)]) // the order is Hugo's
	missing := a.required(l.site.Cards)
	if file == "" {
		if len(missing) > 0 {
			if main, _, _ := strings.Cut(l.site.Language, "-"); !strings.EqualFold(main, key) {
				key = l.site.Language
			}
			l.add(fmt.Sprintf("%s/%s.toml", wordsDir, key), Pos{}, RuleWords, "this file is missing: write it, with every sentence that layouts show")
		}
		return nil
	}
	src, err := os.ReadFile(filepath.Join(l.site.Root, file))
	if err != nil || !l.readable(file, src) || !l.unmarked(file, src) {
		return err
	}
	root, wrong := parseTOML(src)
	if wrong != nil {
		l.add(file, wrong.pos, RuleWords, "%s", wrong.message)
		return nil
	}
	fields{l, file, RuleWords, root}.words(a, missing)
	return nil
}

func (f fields) words(a *asked, missing map[string]string) {
	var unused []*Node
	for _, n := range f.table.Items {
		if _, ok := missing[n.Key]; !ok && !a.shows(n.Key, f.site.Cards) {
			unused = append(unused, n)
		}
		delete(missing, n.Key)
		if n.Kind != Map {
			f.sentence(n.Key)
			continue
		}
		f := f.of(n)
		unknown := false
		for _, form := range n.Items {
			if slices.Contains(wordForms, form.Key) {
				f.sentence(form.Key)
				continue
			}
			f.report(form.KeyPos, "%q would be a form of %q here, and is none.%s Put a sentence of its own above the first line in brackets. Forms: %s",
				form.Key, n.Key, problem.DidYouMean(form.Key, wordForms), strings.Join(wordForms, ", "))
			delete(missing, form.Key)
			unknown = true
		}
		if !unknown && n.Get("other") == nil {
			f.report(n.Pos, `"other" is missing: add it, the sentence about any number`)
		}
	}
	for _, n := range unused {
		if a.broken {
			break
		}
		meant := problem.Nearest(n.Key, slices.Sorted(maps.Keys(missing)))
		delete(missing, meant) // one slip, one problem
		if meant == "" {
			meant = a.meant(n.Key, f.site.Cards, f.table)
		}
		if meant != "" {
			f.report(n.KeyPos, "no layout shows %q. Did you mean %q?", n.Key, meant)
		} else {
			f.report(n.KeyPos, "no layout shows %q: remove it", n.Key)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(missing)) {
		f.report(Pos{1, 1}, "%q is missing, and %s shows it: add it, as in %s = \"Words\"", key, missing[key], key)
	}
}

// sentence reports a text that would show as nothing, or with a gap left open.
func (f fields) sentence(key string) {
	n := f.table.Get(key)
	if n.Kind != Text || strings.TrimSpace(n.Raw) == "" {
		f.text(key, true)
		return
	}
	for rest := n.Raw; rest != ""; {
		before, after, opens := strings.Cut(rest, "{{")
		inside, behind, closes := strings.Cut(after, "}}")
		if strings.Contains(before, "}}") || opens && (!closes || strings.Contains(inside, "{{")) {
			f.report(n.Pos, "a gap that the layout fills stands between {{ and }}, as in {{ .date }}: add what is missing")
			return
		}
		rest = behind
	}
}

// required are the keys that must be there, each with what shows it.
func (a *asked) required(cards []string) map[string]string {
	out := maps.Clone(a.keys)
	for text, where := range a.quoted {
		if a.free && out[text] == "" && slices.ContainsFunc(a.built, func(b built) bool {
			return strings.HasSuffix(b.parts[0], "_") && strings.HasPrefix(text, b.parts[0]) && !verb.MatchString(text)
		}) {
			out[text] = where // named there, and shown elsewhere
		}
	}
	for _, card := range cards {
		if slices.ContainsFunc(a.built, func(b built) bool { return b.parts[0] == cardWord }) {
			out[cardWord+card] = "every card of that type"
		}
	}
	return out
}

// shows says whether a layout may show the words at a key.
func (a *asked) shows(key string, cards []string) bool {
	return a.keys[key] != "" || a.free && a.quoted[key] != "" || slices.ContainsFunc(a.built, func(b built) bool {
		m := b.re.FindStringSubmatch(key)
		return m != nil && !slices.ContainsFunc(m[1:], func(part string) bool { return a.quoted[part] == "" && !slices.Contains(cards, part) })
	})
}

// meant is a key that a layout builds, that isn't there and is nearly this one, or "".
func (a *asked) meant(key string, cards []string, there *Node) string {
	for _, b := range a.built {
		m := b.re.FindStringSubmatch(key)
		if len(m) != 2 {
			continue
		}
		var parts []string
		for part := range a.quoted {
			if len(part) > 2 && there.Get(b.parts[0]+part+b.parts[1]) == nil {
				parts = append(parts, part)
			}
		}
		slices.Sort(parts)
		if part := problem.Nearest(m[1], append(slices.Clone(cards), parts...)); part != "" && there.Get(b.parts[0]+part+b.parts[1]) == nil {
			return b.parts[0] + part + b.parts[1]
		}
	}
	return ""
}

// askedBy reads every layout of a site.
func askedBy(root string) (*asked, error) {
	a := &asked{keys: map[string]string{}, quoted: map[string]string{}}
	err := filepath.WalkDir(filepath.Join(root, "layouts"), func(name string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !d.Type().IsRegular() || path.Ext(name) != ".html" {
			return err
		}
		src, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		a.layout(filepath.ToSlash(rel), string(src))
		return err
	})
	return a, err
}

// layout reads one layout.
func (a *asked) layout(file, text string) {
	if !strings.Contains(text, "{{") {
		return
	}
	tree, trees := template.New(file), map[string]*template.Tree{}
	tree.Mode = template.SkipFuncCheck
	if _, err := tree.Parse(text, "", "", trees); err != nil {
		a.broken = true
		return
	}
	for _, name := range slices.Sorted(maps.Keys(trees)) {
		if t := trees[name]; t.Root != nil {
			a.node(t, t.Root)
		}
	}
}

// node takes down the texts in quotes, the formats and the keys of a node and of all within.
func (a *asked) node(t *template.Tree, n template.Node) {
	branch := func(b *template.BranchNode) {
		a.node(t, b.Pipe)
		a.node(t, b.List)
		if b.ElseList != nil {
			a.node(t, b.ElseList)
		}
	}
	switch n := n.(type) {
	case *template.ListNode:
		for _, n := range n.Nodes {
			a.node(t, n)
		}
	case *template.ActionNode:
		a.node(t, n.Pipe)
	case *template.IfNode:
		branch(&n.BranchNode)
	case *template.RangeNode:
		branch(&n.BranchNode)
	case *template.WithNode:
		branch(&n.BranchNode)
	case *template.TemplateNode:
		if n.Pipe != nil {
			a.node(t, n.Pipe)
		}
	case *template.PipeNode:
		for i, c := range n.Cmds {
			switch {
			case !translates(c):
			case len(c.Args) > 1:
				a.key(t, c.Args[1])
			case i > 0: // "key" | i18n
				a.key(t, n.Cmds[i-1])
			}
			a.node(t, c)
		}
	case *template.CommandNode:
		if format := formatOf(n); format != "" {
			a.format(format)
		}
		for _, n := range n.Args {
			a.node(t, n)
		}
	case *template.ChainNode:
		a.node(t, n.Node)
	case *template.StringNode:
		if a.quoted[n.Text] == "" {
			a.quoted[n.Text] = place(t, n)
		}
	}
}

// translates says whether a command shows the words at a key.
func translates(c *template.CommandNode) bool {
	name := c.Args[0].String()
	return name == "i18n" || name == "T" || name == "lang.Translate"
}

// formatOf is the format of a printf that could put a key together.
func formatOf(c *template.CommandNode) string {
	if len(c.Args) > 1 && c.Args[0].String() == "printf" {
		if s, ok := c.Args[1].(*template.StringNode); ok && verb.FindStringIndex(s.Text) != nil && !strings.HasPrefix(s.Text, "%") {
			return s.Text
		}
	}
	return ""
}

func (a *asked) format(format string) {
	parts := verb.Split(format, -1)
	if slices.ContainsFunc(a.built, func(b built) bool { return slices.Equal(b.parts, parts) }) {
		return
	}
	pattern := ""
	for i, part := range parts {
		if i > 0 {
			pattern += "(.+)"
		}
		pattern += regexp.QuoteMeta(part)
	}
	a.built = append(a.built, built{parts, regexp.MustCompile("^" + pattern + "$")})
}

// place is the file and line of a node.
func place(t *template.Tree, n template.Node) string {
	at, _ := t.ErrorContext(n)
	return at[:strings.LastIndexByte(at, ':')] // without its column, which counts bytes
}

// key takes down what a layout shows: the keys that the node can be.
func (a *asked) key(t *template.Tree, n template.Node) {
	switch n := n.(type) {
	case *template.StringNode:
		if a.keys[n.Text] == "" {
			a.keys[n.Text] = place(t, n)
		}
		return
	case *template.PipeNode:
		if len(n.Cmds) == 1 {
			a.key(t, n.Cmds[0])
			return
		}
	case *template.CommandNode:
		switch {
		case len(n.Args) == 1:
			a.key(t, n.Args[0])
			return
		case n.Args[0].String() == "cond" && len(n.Args) == 4:
			a.key(t, n.Args[2])
			a.key(t, n.Args[3])
			return
		case formatOf(n) != "": // node takes it down
			return
		}
	}
	a.free = true
}
