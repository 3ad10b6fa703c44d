package rendered

import (
	"bytes"
	"strings"
	"unicode"

	"microsite/tools/diagnostic"
	"microsite/tools/site"
)

// skippedText stands for text that isn't read, so that the words before and after it are not joined.
const skippedText = "\uFFFC"

const (
	// inlineElements do not end a block of text.
	inlineElements = " a abbr b bdi bdo br cite code data del dfn em font i img input ins kbd label mark q s samp small " +
		"span strong sub sup time tspan u var wbr "
	codeElements = " code kbd pre samp "
	// hiddenElements hold what isn't shown, or the number of a footnote.
	hiddenElements = " iframe noembed noframes script style sup textarea xmp "
)

func (r *reader) addText(text []byte) {
	const maxBlock = 64 << 10 // bytes; no editor writes more
	if r.templateDepth > 0 || r.hiddenDepth > 0 {
		return
	}
	if r.checker.options.Complete {
		r.text = append(r.text, text...)
	}
	if r.codeDepth > 0 {
		return
	}
	if len(r.block) == 0 {
		words := bytes.TrimLeft(text, " \t\r\n\f")
		r.blockOffset = r.offset + len(text) - len(words)
		text = words
	}
	if len(r.block) < maxBlock {
		r.block = append(r.block, text...)
	}
}

// endBlock reports leftover markup in the block of text that ends here.
func (r *reader) endBlock() {
	block := r.block
	r.block = r.block[:0]
	if !bytes.ContainsAny(block, site.MarkupCharacters) {
		return
	}
	text := string(block)
	for _, m := range site.FindMarkup(text) {
		shown, _, _ := strings.Cut(text[m.Offset:min(m.Offset+80, len(text))], skippedText)
		shown = strings.ToValidUTF8(shown, "")
		place, isIntended := r.cursor.Place(r.blockOffset), m.IsPipe && r.source == nil // layouts put | between links
		if r.source != nil {
			place, isIntended = findInMarkdown(r.source, strings.ReplaceAll(shown, "\n", " "), m.Text)
		}
		if !isIntended {
			value := diagnostic.Excerpt(shown)
			r.report(value, place.Errorf(diagnostic.RuleMarkup, "%q would show as it is written: %s", value, m.Fix))
		}
	}
}

// checkWords reports words of a page's Markdown that its published page does not show: a sign-off is for what readers see. It
// compares letters and digits alone, because Hugo may set other quotes and dashes.
func (c *checker) checkWords(d *document) {
	letters := func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				return r
			}
			return -1
		}, s)
	}
	text, from := letters(string(d.text)), 0
	for _, block := range d.page.Blocks {
		words := letters(block.Text)
		if at := strings.Index(text[from:], words); at >= 0 {
			from += at // the next words are further on, or else anywhere
		} else if !strings.Contains(text, words) && !block.IsImage {
			place, _ := d.page.BlockPlace(block, 0)
			c.findings = append(c.findings, place.Errorf(diagnostic.RuleMissingPage,
				"the published page does not show %q: mend the layout that leaves it out", diagnostic.Excerpt(block.Text)))
		}
	}
}

// findInMarkdown returns the place of the first of texts that a page's Markdown holds, and whether the editor meant it to show.
func findInMarkdown(p *site.Page, texts ...string) (place diagnostic.Place, isLiteral bool) {
	for _, text := range texts {
		for _, b := range p.Blocks {
			if at := strings.Index(b.Text, text); at >= 0 {
				return p.BlockPlace(b, at)
			}
		}
	}
	return diagnostic.Place{File: p.File}, false
}
