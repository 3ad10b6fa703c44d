package links

import (
	"bytes"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// lexer parts a file into tokens. What is written as most tags are, it reads
// itself, in place and without a copy; anything else it leaves to x/net/html,
// which knows the whole standard but takes ten times as long.
type lexer struct {
	src     []byte // whose names of elements and attributes become lower-case
	at, end int    // of the token in hand
	raw     int    // length of the raw text that comes next
	foreign bool   // XML, SVG or MathML, where no text is raw
	name    string
	attrs   attrs
	names   map[string]string
}

// attrs are a tag's, each once: the first of a doubled one wins, by
// https://html.spec.whatwg.org/multipage/parsing.html#attribute-name-state
type attrs []attr

type attr struct{ key, value []byte }

func (as attrs) get(key string) ([]byte, bool) {
	for _, a := range as {
		if string(a.key) == key {
			return a.value, true
		}
	}
	return nil, false
}

func (as attrs) text(key string) string {
	v, _ := as.get(key)
	return string(v)
}

// rawText are the elements that hold text alone, whatever it looks like; not
// noscript, because what is in it is for readers, too.
var rawText = []string{"iframe", "noembed", "noframes", "plaintext", "script", "style", "textarea", "title", "xmp"}

func (l *lexer) start(src []byte, foreign bool) {
	l.src, l.at, l.end, l.raw, l.foreign = src, 0, 0, 0, foreign
}

// next returns the kind of the next token; html.ErrorToken after the last.
func (l *lexer) next() html.TokenType {
	l.at = l.end
	if l.raw > 0 {
		l.end, l.raw = l.at+l.raw, 0
		return html.TextToken
	}
	switch i := bytes.IndexByte(l.src[l.at:], '<'); {
	case i < 0 && l.at == len(l.src):
		return html.ErrorToken
	case i < 0:
		l.end = len(l.src)
		return html.TextToken
	case i > 0:
		l.end = l.at + i
		return html.TextToken
	}
	l.attrs = l.attrs[:0]
	if kind := l.plain(); kind != html.ErrorToken {
		return kind
	}
	return l.odd()
}

// odd has x/net/html read a token.
func (l *lexer) odd() html.TokenType {
	z := html.NewTokenizer(bytes.NewReader(l.src[l.at:]))
	z.AllowCDATA(l.foreign)
	kind := z.Next()
	l.attrs, l.end = l.attrs[:0], l.at+len(z.Raw())
	switch kind {
	case html.ErrorToken: // a tag without an end is none
		l.end = len(l.src)
	case html.StartTagToken, html.SelfClosingTagToken, html.EndTagToken:
		name, more := z.TagName()
		l.name = l.intern(name)
		for more && kind != html.EndTagToken {
			var a attr
			a.key, a.value, more = z.TagAttr()
			l.attrs = append(l.attrs, a)
		}
		if kind != html.EndTagToken && !l.foreign && slices.Contains(rawText, l.name) && z.Next() == html.TextToken {
			l.raw = len(z.Raw())
		}
	}
	return kind
}

func (l *lexer) intern(name []byte) string {
	v, ok := l.names[string(name)]
	if !ok {
		v = string(name)
		l.names[v] = v
	}
	return v
}

// signs are the bytes that end something.
type signs [256]bool

func endsWith(all string) (s signs) {
	for _, c := range []byte(all) {
		s[c] = true
	}
	return s
}

const space = " \t\n\f\r"

var (
	nameEnd  = endsWith(space + "/>")
	keyEnd   = endsWith(space + "/>=")
	valueEnd = endsWith(space + ">")
)

// byte is the one at i, or 0 after the last.
func (l *lexer) byte(i int) byte {
	if i < len(l.src) {
		return l.src[i]
	}
	return 0
}

func (l *lexer) skipSpace(i int) int {
	for strings.IndexByte(space, l.byte(i)) >= 0 {
		i++
	}
	return i
}

// until is what stands from i to a sign, nothing where none comes.
func (l *lexer) until(i int, end *signs) []byte {
	for j := i; j < len(l.src); j++ {
		if end[l.src[j]] {
			return l.src[i:j]
		}
	}
	return nil
}

func lower(word []byte) []byte {
	for i, c := range word {
		if 'A' <= c && c <= 'Z' {
			word[i] = c | 0x20
		}
	}
	return word
}

// plain reads a tag, if nothing in it is out of the ordinary; otherwise it
// returns html.ErrorToken.
func (l *lexer) plain() html.TokenType {
	i, kind := l.at+1, html.StartTagToken
	if l.byte(i) == '/' {
		i, kind = i+1, html.EndTagToken
	}
	if l.byte(i) == '!' && l.byte(i+1)|0x20 == 'd' {
		if n := bytes.IndexByte(l.src[i:], '>'); n > 0 {
			l.end = i + n + 1
			return html.DoctypeToken
		}
	}
	if c := l.byte(i) | 0x20; c < 'a' || c > 'z' {
		return html.ErrorToken
	}
	name := lower(l.until(i, &nameEnd))
	i += len(name)
	l.name = l.intern(name)
	raw := kind == html.StartTagToken && !l.foreign && slices.Contains(rawText, l.name)
	for i = l.skipSpace(i); l.byte(i) != '>'; i = l.skipSpace(i) {
		if kind == html.StartTagToken && l.byte(i) == '/' && l.byte(i+1) == '>' {
			kind = html.SelfClosingTagToken
			i++
			break
		}
		a := attr{key: lower(l.until(i, &keyEnd))}
		if len(a.key) == 0 {
			return html.ErrorToken
		}
		if i = l.skipSpace(i + len(a.key)); l.byte(i) == '=' {
			i = l.skipSpace(i + 1)
			if quote := l.byte(i); quote == '"' || quote == '\'' {
				end := bytes.IndexByte(l.src[i+1:], quote)
				if end < 0 {
					return html.ErrorToken
				}
				a.value = l.src[i+1 : i+1+end]
				i += end + 2
			} else if a.value = l.until(i, &valueEnd); len(a.value) == 0 {
				return html.ErrorToken
			} else {
				i += len(a.value)
			}
		}
		if _, doubled := l.attrs.get(string(a.key)); !doubled {
			l.attrs = append(l.attrs, a)
		}
	}
	l.end = i + 1
	for _, replaced := range []byte("&\r\x00") {
		if bytes.IndexByte(l.src[l.at:l.end], replaced) >= 0 {
			return html.ErrorToken
		}
	}
	if raw {
		text := l.src[l.end:]
		n := bytes.Index(text, []byte("</"))
		if n < 0 || l.name == "plaintext" || !bytes.HasPrefix(text[n+2:], []byte(l.name+">")) || bytes.Contains(text[:n], []byte("<!--")) {
			return html.ErrorToken
		}
		l.raw = n
	}
	return kind
}

// text is what the text in hand says.
func (l *lexer) text() string {
	s := strings.TrimSpace(string(l.src[l.at:l.end]))
	if inner, ok := strings.CutPrefix(s, "<![CDATA["); ok {
		return strings.TrimSpace(strings.TrimSuffix(inner, "]]>"))
	}
	return html.UnescapeString(s)
}
