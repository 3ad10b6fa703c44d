package content

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"microsite/tools/problem"
)

// fields reads typed values out of one table and reports what is amiss there.
type fields struct {
	*loader
	file  string
	rule  string
	table *Node
}

// of is the same for a table within.
func (f fields) of(table *Node) fields {
	f.table = table
	return f
}

// sub returns the table at a key, an empty one where there is none.
func (f fields) sub(key string) fields {
	n := f.table.Get(key)
	if n != nil && n.Kind == Map {
		return f.of(n)
	}
	if n != nil {
		f.want(n, "a table")
	}
	return f.of(&Node{Kind: Map, Pos: f.table.Pos})
}

func (f fields) report(pos Pos, format string, args ...any) {
	f.add(f.file, pos, f.rule, format, args...)
}

func (f fields) want(n *Node, what string) {
	f.report(n.Pos, "%q must be %s, not %s", n.Key, what, describe(n))
}

// known reports keys outside the list, naming the one that was probably meant.
func (f fields) known(keys ...string) {
	for _, n := range f.table.Items {
		if !slices.Contains(keys, n.Key) {
			f.report(n.KeyPos, "%s", problem.Unknown("key", n.Key, "Known here", keys))
		}
	}
}

func describe(n *Node) string {
	switch n.Kind {
	case Null:
		return "empty"
	case List, Map:
		return "a " + n.Kind.String()
	}
	return strconv.Quote(n.Raw)
}

// text reads one line of text; required makes its absence a problem.
func (f fields) text(key string, required bool) string {
	n := f.table.Get(key)
	switch {
	case n == nil:
		if required {
			f.report(f.table.Pos, "%q is missing: add it", key)
		}
		return ""
	case n.Kind == Text && strings.ContainsFunc(strings.TrimSpace(n.Raw), unicode.IsControl):
		f.report(n.Pos, "%q must be one line of plain text", key)
	case n.Kind == Text && strings.TrimSpace(n.Raw) != "":
		return n.Raw
	case n.Kind == Scalar: // 2026 or true: Hugo would make another value of it
		f.report(n.Pos, "%q must be text: put quotes around %s", key, n.Raw)
	case n.Kind == Null:
		f.report(n.Pos, "%q is empty: write its text behind it, in quotes where that starts with #", key)
	case required || n.Kind != Text:
		f.want(n, "text")
	}
	return ""
}

func (f fields) boolean(key string, unset bool) bool {
	n := f.table.Get(key)
	if n == nil {
		return unset
	}
	if n.Kind != Scalar || n.Raw != "true" && n.Raw != "false" {
		f.want(n, "true or false, without quotes")
		return unset
	}
	return n.Raw == "true"
}

func (f fields) number(key string, unset, least int) int {
	n := f.table.Get(key)
	if n == nil {
		return unset
	}
	v, err := strconv.Atoi(n.Raw)
	if n.Kind != Scalar || err != nil || v < least {
		f.want(n, fmt.Sprintf("a whole number of at least %d", least))
		return unset
	}
	return v
}

func (f fields) texts(key string) []*Node {
	n := f.table.Get(key)
	if n == nil {
		return nil
	}
	if n.Kind != List {
		f.want(n, "a list")
		return nil
	}
	for _, item := range n.Items {
		if item.Kind != Text || strings.TrimSpace(item.Raw) == "" {
			f.report(item.Pos, "each entry of %q must be text, not %s", key, describe(item))
			return nil
		}
	}
	return n.Items
}

// tables reads a list of tables; heading is what starts each.
func (f fields) tables(key, heading string) (out []fields) {
	n := f.table.Get(key)
	if n == nil {
		return nil
	}
	if n.Kind != List || slices.ContainsFunc(n.Items, func(item *Node) bool { return item.Kind != Map }) {
		f.want(n, "a list of tables: start each with [["+heading+"]]")
		return nil
	}
	for _, item := range n.Items {
		out = append(out, f.of(item))
	}
	return out
}

// date reads a civil date; it is zero where there is none.
func (f fields) date(key string) (d time.Time) {
	n := f.table.Get(key)
	if n == nil {
		return d
	}
	d, err := ParseDate(n)
	if err != nil {
		f.add(f.file, n.Pos, RuleDate, "%q %v", key, err)
	}
	return d
}
