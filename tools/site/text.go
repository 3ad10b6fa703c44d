package site

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"microsite/tools/diagnostic"
)

// textFile is the text of a file, or a part of it, that knows where each of its
// bytes stands.
type textFile struct {
	name       string
	text       []byte
	linesAbove int   // in the file, where text is a part of it
	lineStarts []int // offsets; nil until place is first called
}

const byteOrderMark = "\uFEFF"

// place turns a byte offset into a place. A byte order mark has no width.
func (f *textFile) place(offset int) diagnostic.Place {
	offset = min(max(offset, 0), len(f.text))
	if f.lineStarts == nil {
		f.lineStarts = []int{0}
		for i, c := range f.text {
			if c == '\n' {
				f.lineStarts = append(f.lineStarts, i+1)
			}
		}
	}
	line, isStart := slices.BinarySearch(f.lineStarts, offset)
	if isStart {
		line++
	}
	before := f.text[f.lineStarts[line-1]:offset]
	if line == 1 {
		before = bytes.TrimPrefix(before, []byte(byteOrderMark))
	}
	return diagnostic.Place{File: f.name, Line: f.linesAbove + line, Column: utf8.RuneCount(before) + 1}
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

// mergeMark matches a line that git leaves where two changes meet. A row of
// ======= alone may be that of a heading:
// https://git-scm.com/docs/git-merge#_how_conflicts_are_presented
var mergeMark = regexp.MustCompile(`(?m)^(?:<{7}|>{7}) [^\s>]`)

// mojibake matches UTF-8 quotes, dashes and accents that were once read as Windows-1252.
var mojibake = regexp.MustCompile(`â€[\x{80}-\x{ff}™œžš“”˜¦¢]|Ã[\x{80}-\x{bf}©¨¼¶¤ŸŒ]`)

// checkEncoding reports what no reader should get and no parser should see.
// isReadable is false where the text is of no use to a parser.
func checkEncoding(f *textFile) (findings []diagnostic.Diagnostic, isReadable bool) {
	hiddenAt := -1
	for i := 0; i < len(f.text); {
		r, size := utf8.DecodeRune(f.text[i:])
		message := badCharacter(r, f.text[i:], size)
		if message != "" {
			return []diagnostic.Diagnostic{f.place(i).Errorf(diagnostic.RuleEncoding, "%s", message)}, false
		}
		if hiddenAt < 0 && i > 0 && isInvisible(r) {
			hiddenAt = i
		}
		i += size
	}
	if m := mojibake.FindIndex(f.text); m != nil {
		findings = append(findings, f.place(m[0]).Errorf(diagnostic.RuleEncoding,
			"%q is left of a sign that a program misread: write the quote, dash or letter again", f.text[m[0]:m[1]]))
	}
	if hiddenAt >= 0 {
		r, _ := utf8.DecodeRune(f.text[hiddenAt:])
		findings = append(findings, f.place(hiddenAt).Warningf(diagnostic.RuleEncoding,
			"an invisible character (%U) stands here, as copying from other programs leaves it: delete it and those like it", r))
	}
	if m := mergeMark.FindIndex(f.text); m != nil {
		return append(findings, f.place(m[0]).Errorf(diagnostic.RuleMergeConflict, "two changes of this text meet here, and git could not tell which is right: "+
			"keep the right lines, and delete those that start with <<<<<<<, ======= and >>>>>>>")), false
	}
	return findings, true
}

// badCharacter says what is wrong with a character that starts a text, or "".
func badCharacter(r rune, text []byte, size int) string {
	switch {
	case r == utf8.RuneError && size <= 1:
		return fmt.Sprintf("this is not UTF-8 text (byte 0x%02x): save the file as UTF-8", text[0])
	case r == '\r' && !bytes.HasPrefix(text, []byte("\r\n")):
		return "this line ends as lines did on old Macs: save the file with LF or CRLF line ends"
	case unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t':
		return fmt.Sprintf("this is an invisible control character (0x%02x): delete it", r)
	case diagnostic.IsDirectionControl(r):
		return fmt.Sprintf("an invisible character (%U) turns around what follows it, so that readers may see 501 for 105: delete it", r)
	case r == utf8.RuneError:
		return fmt.Sprintf("a character was lost here (%U stands in its place): write it again", r)
	case unicode.Is(unicode.Co, r):
		return fmt.Sprintf("this sign (%U) shows only with the font that it was copied from: write - and a space for a bullet, or the word", r)
	}
	return ""
}

// isInvisible reports whether a character has neither width nor ink: zero-width
// spaces and joiners, soft hyphens, byte order marks inside a text.
func isInvisible(r rune) bool {
	return r == '\u00ad' || '\u200b' <= r && r <= '\u200f' || r == '\u2060' || r == '\ufeff'
}
