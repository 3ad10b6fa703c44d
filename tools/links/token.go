package links

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// lexer parts a file into tokens. What is written as most tags are, it reads
// itself, in place and without a copy; anything else it leaves to x/net/html,
// which knows the whole standard but takes ten times as long.
type lexer struct {
	src     string
	at, end int  // of the token in hand
	raw     int  // length of the raw text that comes next
	foreign bool // XML, SVG or MathML, where no text is raw
	name    string
	attrs   attrs
}

// attrs are a tag's, each once: the first of a doubled one wins, by
// https://html.spec.whatwg.org/multipage/parsing.html#attribute-name-state
type attrs []html.Attribute

func (as attrs) get(key string) (value string, ok bool) {
	for i := range as { // without a copy
		if as[i].Key == key {
			return as[i].Val, true
		}
	}
	return "", false
}

func (as attrs) text(key string) string {
	v, _ := as.get(key)
	return v
}

// rawText are the elements that hold text alone, whatever it looks like; not
// noscript, because what is in it is for readers, too.
var rawText = []string{"iframe", "noembed", "noframes", "plaintext", "script", "style", "textarea", "title", "xmp"}

func (l *lexer) start(src string, foreign bool) {
	*l = lexer{src: src, foreign: foreign, attrs: l.attrs}
}

// next returns the kind of the next token; html.ErrorToken after the last.
func (l *lexer) next() html.TokenType {
	l.at = l.end
	if l.raw > 0 {
		l.end, l.raw = l.at+l.raw, 0
		return html.TextToken
	}
	switch i := strings.IndexByte(l.src[l.at:], '<'); {
	case l.at == len(l.src):
		return html.ErrorToken
	case i < 0:
		l.end = len(l.src)
		return html.TextToken
	case i > 0:
		l.end = l.at + i
		return html.TextToken
	}
	if kind := l.plain(); kind != html.ErrorToken {
		return kind
	}
	return l.odd()
}

// odd has x/net/html read a token.
func (l *lexer) odd() html.TokenType {
	z := html.NewTokenizer(strings.NewReader(l.src[l.at:]))
	z.AllowCDATA(l.foreign)
	kind := z.Next()
	l.end = l.at + len(z.Raw())
	token := z.Token()
	l.name, l.attrs = token.Data, token.Attr
	if kind == html.ErrorToken { // a tag without an end is none
		l.end = len(l.src)
	} else if l.rawNext(kind) && z.Next() == html.TextToken {
		l.raw = len(z.Raw())
	}
	return kind
}

// rawNext tells whether the text after the tag in hand is raw.
func (l *lexer) rawNext(kind html.TokenType) bool {
	return (kind == html.StartTagToken || kind == html.SelfClosingTagToken) && !l.foreign && slices.Contains(rawText, l.name)
}

// signs are bytes that end something.
type signs [256]bool

func newSigns(isOne func(c byte) bool) (s signs) {
	for c := range s {
		s[c] = isOne(byte(c))
	}
	return s
}

func oneOf(all string) signs {
	return newSigns(func(c byte) bool { return strings.IndexByte(all, c) >= 0 })
}

// in is where the first of the signs stands, or the length of a text without any.
func (s *signs) in(text string) int {
	for i := 0; i < len(text); i++ {
		if s[text[i]] {
			return i
		}
	}
	return len(text)
}

const space = " \t\n\f\r"

var (
	nameEnd  = oneOf(space + "/>")
	keyEnd   = oneOf(space + "/>=")
	valueEnd = oneOf(space + ">")
	spaceEnd = newSigns(func(c byte) bool { return strings.IndexByte(space, c) < 0 })
	upper    = newSigns(func(c byte) bool { return 'A' <= c && c <= 'Z' })
)

// until takes what stands before one of the signs, or the end.
func (l *lexer) until(s *signs) string {
	from := l.end
	l.end += s.in(l.src[from:])
	return l.src[from:l.end]
}

// take takes one sign, if it comes next.
func (l *lexer) take(sign byte) bool {
	if l.end == len(l.src) || l.src[l.end] != sign {
		return false
	}
	l.end++
	return true
}

// lower makes a name of HTML lower-case, which most are.
func lower(name string) string {
	if upper.in(name) == len(name) {
		return name
	}
	b := []byte(name)
	for i := range b {
		if upper[b[i]] {
			b[i] |= 0x20
		}
	}
	return string(b)
}

// plain reads a tag, if nothing in it is out of the ordinary; otherwise it
// returns html.ErrorToken.
func (l *lexer) plain() html.TokenType {
	l.attrs, l.end = l.attrs[:0], l.at+1
	kind := html.StartTagToken
	if l.take('/') {
		kind = html.EndTagToken
	}
	if l.name = lower(l.until(&nameEnd)); l.name == "" || l.name[0] < 'a' || l.name[0] > 'z' {
		return html.ErrorToken
	}
	for l.until(&spaceEnd); !l.take('>'); l.until(&spaceEnd) {
		if kind == html.StartTagToken && strings.HasPrefix(l.src[l.end:], "/>") {
			kind = html.SelfClosingTagToken
			l.end++
			continue
		}
		a := html.Attribute{Key: lower(l.until(&keyEnd))}
		if a.Key == "" {
			return html.ErrorToken
		}
		if l.until(&spaceEnd); l.take('=') {
			l.until(&spaceEnd)
			quote := l.src[l.end:min(l.end+1, len(l.src))]
			if quote == `"` || quote == "'" {
				var closed bool
				if a.Val, _, closed = strings.Cut(l.src[l.end+1:], quote); !closed {
					return html.ErrorToken
				}
				l.end += len(a.Val) + 2
			} else if a.Val = l.until(&valueEnd); a.Val == "" {
				return html.ErrorToken
			}
		}
		if _, doubled := l.attrs.get(a.Key); !doubled {
			l.attrs = append(l.attrs, a)
		}
	}
	for _, replaced := range []byte("&\r\x00") {
		if strings.IndexByte(l.src[l.at:l.end], replaced) >= 0 {
			return html.ErrorToken
		}
	}
	if l.rawNext(kind) {
		text, after, _ := strings.Cut(l.src[l.end:], "</")
		if l.name == "plaintext" || !strings.HasPrefix(after, l.name+">") || strings.Contains(text, "<!--") {
			return html.ErrorToken
		}
		l.raw = len(text)
	}
	return kind
}

// text is what the text in hand says.
func (l *lexer) text() string {
	s := strings.TrimSpace(l.src[l.at:l.end])
	if inner, ok := strings.CutPrefix(s, "<![CDATA["); ok {
		return strings.TrimSpace(strings.TrimSuffix(inner, "]]>"))
	}
	return html.UnescapeString(s)
}
