package content

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"microsite/tools/problem"
)

// Pos is a place in a file, line and column from 1, column in characters.
type Pos struct{ Line, Column int }

// Problem is one at this place of a file.
func (p Pos) Problem(severity problem.Severity, file, rule, format string, args ...any) problem.Problem {
	return problem.Problem{File: file, Line: p.Line, Column: p.Column, Rule: rule, Severity: severity, Message: fmt.Sprintf(format, args...)}
}

// source is a file's text, which knows where each of its bytes stands.
type source struct {
	text   []byte
	starts []int // of its lines; nil until at is asked
}

var bom = []byte("\uFEFF")

// at turns a byte offset into a place. A byte order mark has no width.
func (s *source) at(offset int) Pos {
	offset = min(max(offset, 0), len(s.text))
	line, first := slices.BinarySearch(s.lines(), offset)
	if first {
		line++
	}
	before := s.text[s.start(line):offset]
	if line == 1 {
		before = bytes.TrimPrefix(before, bom)
	}
	return Pos{line, utf8.RuneCount(before) + 1}
}

// start is where a line starts.
func (s *source) start(line int) int { return s.lines()[line-1] }

func (s *source) lines() []int {
	if s.starts == nil {
		s.starts = []int{0}
		for i, c := range s.text {
			if c == '\n' {
				s.starts = append(s.starts, i+1)
			}
		}
	}
	return s.starts
}

// Squeeze makes every run of white space one space and trims the ends.
func Squeeze(s string) string {
	return strings.TrimSpace(strings.Join(strings.FieldsFunc(s, isWhite), " "))
}

// isWhite says what the templates' [\s\p{Z}] matches.
func isWhite(r rune) bool {
	return r == ' ' || r == '\t' || r == '\n' || r == '\f' || r == '\r' || r >= 0x80 && unicode.Is(unicode.Z, r)
}
