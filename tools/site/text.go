package site

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"microsite/tools/diagnostic"
)

// placeIn turns an offset in the text of a file into a place.
func placeIn(file string, text []byte, offset int) diagnostic.Place {
	before := text[:min(max(offset, 0), len(text))]
	line := before[bytes.LastIndexByte(before, '\n')+1:]
	return diagnostic.Place{File: file, Line: bytes.Count(before, []byte("\n")) + 1, Column: utf8.RuneCount(line) + 1}
}

// NormalizeSpace makes every run of white space one space and trims the ends,
// as the templates' pattern [\s\p{Z}]+ does.
func NormalizeSpace(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return strings.ContainsRune(" \t\n\f\r", r) || r >= utf8.RuneSelf && unicode.Is(unicode.Z, r)
	}), " ")
}

// ReadRegular returns the bytes of a regular file. The error says so where name
// is anything else, such as a named pipe that would never end, or where the
// file is larger than limit bytes (0 is no limit).
func ReadRegular(name string, limit int64) ([]byte, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a regular file: put the file itself there", name)
	case limit > 0 && info.Size() > limit:
		return nil, fmt.Errorf("%s is larger than %d bytes", name, limit)
	}
	return os.ReadFile(name)
}

// leftovers are what pasting, broken conversions and git leave in a text. No
// parser should see those that are errors.
var leftovers = []struct {
	pattern  *regexp.Regexp
	rule     diagnostic.Rule
	severity diagnostic.Severity
	message  string
}{
	{regexp.MustCompile(`[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\x{202a}-\x{202e}\x{2066}-\x{2069}\x{feff}\x{fffd}\p{Co}]|\r(?:[^\n]|\z)`),
		diagnostic.RuleEncoding, diagnostic.Error, "%+q is nothing that readers should get, who see it wrongly or not at all: " +
			"delete it or write it again, and save the file as UTF-8 without BOM, with LF or CRLF line ends"},
	// UTF-8 quotes, dashes and accents that were once read as Windows-1252.
	{regexp.MustCompile(`â€[\x{80}-\x{ff}™œžš“”˜¦¢]|Ã[\x{80}-\x{bf}©¨¼¶¤ŸŒ]`),
		diagnostic.RuleEncoding, diagnostic.Error, "%q is left of a sign that a program misread: write the quote, dash or letter again"},
	// A row of ======= alone may be that of a heading: https://git-scm.com/docs/git-merge#_how_conflicts_are_presented
	{regexp.MustCompile(`(?m)^(?:<{7}|>{7}) [^\s>]`), diagnostic.RuleMergeConflict, diagnostic.Error, "%q: two changes of this text meet here, " +
		"and git could not tell which is right: keep the right lines, and delete those that start with <<<<<<<, ======= and >>>>>>>"},
	{regexp.MustCompile(`[\x{ad}\x{200b}-\x{200f}\x{2060}]`), diagnostic.RuleEncoding, diagnostic.Warning,
		"an invisible character (%+q) stands here, as copying from other programs leaves it: delete it and those like it"},
}

// checkEncoding reports the first of each kind of leftovers in a file. isReadable
// is false where the text is of no use to a parser.
func (l *loader) checkEncoding(file string, text []byte) (isReadable bool) {
	isReadable = true
	for _, kind := range leftovers {
		if m := kind.pattern.FindIndex(text); m != nil {
			d := placeIn(file, text, m[0]).Errorf(kind.rule, kind.message, text[m[0]:m[1]])
			d.Severity = kind.severity
			l.findings = append(l.findings, d)
			isReadable = isReadable && kind.severity == diagnostic.Warning
		}
	}
	return isReadable
}
