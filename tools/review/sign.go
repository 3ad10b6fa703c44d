package review

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"microsite/tools/diagnostic"
	"microsite/tools/site"
)

// digestVersion is the first line of SignedText, so that a digest of another
// composition never fits.
const digestVersion = "1"

// digestForm matches what Digest returns.
var digestForm = regexp.MustCompile(`^sha256-[A-Za-z0-9+/]{43}=$`)

// SignedText returns exactly what a sign-off of the page covers, as Digest digests it.
func SignedText(p *site.Page) string {
	lines := []string{digestVersion}
	for _, text := range []string{p.Title, p.Description, p.Body} {
		lines = append(lines, site.NormalizeSpace(text))
	}
	return strings.Join(lines, "\n")
}

// Digest returns the SHA-256 of SignedText, which binds a sign-off to the words.
// layouts/_partials/review/digest.html computes the same.
func Digest(p *site.Page) string {
	sum := sha256.Sum256([]byte(SignedText(p)))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// Sign returns the page's file with a sign-off of the text as it stands now, in
// place of an older one. The record's digest is filled in. Findings have to be
// mended first; the error says that the front matter can't be changed safely.
func Sign(s *site.Site, p *site.Page, record Record) ([]byte, []diagnostic.Diagnostic, error) {
	if !p.Medical {
		return nil, []diagnostic.Diagnostic{p.FrontMatter.Get("medical").KeyPlace.Errorf(diagnostic.RuleReview,
			"this page holds no medical text of its own (\"medical: false\"), so there is nothing to sign")}, nil
	}
	record.Digest = Digest(p)
	src, err := p.ReplaceTable(s, "review", recordLines(record, p.IsTOML))
	if err != nil {
		return nil, nil, err
	}
	signed, _ := s.ParsePage(p.File, src) // ReplaceTable has seen that it can be read
	report, findings := judgePage(s, signed, record.Reviewed)
	if report.State == Invalid {
		return nil, findings, nil
	}
	if *report.Record != record || report.State == Changed {
		return nil, nil, fmt.Errorf("%s: the sign-off would not read back as %q, %q and current: "+
			"check name and role for odd characters", p.File, record.By, record.Role)
	}
	return src, nil, nil
}

// Remove returns the page's file without its sign-off.
func Remove(s *site.Site, p *site.Page) ([]byte, error) {
	return p.ReplaceTable(s, "review", nil)
}

// recordLines returns a sign-off as lines of front matter.
func recordLines(record Record, isTOML bool) []string {
	format := "review:\n  by: %s\n  role: %s\n  reviewed: %s\n  due: %s\n  text: %s"
	if isTOML {
		format = "[review]\nby = %s\nrole = %s\nreviewed = %s\ndue = %s\ntext = %s"
	}
	return strings.Split(fmt.Sprintf(format, quote(record.By), quote(record.Role), Day(record.Reviewed), Day(record.Due), quote(record.Digest)), "\n")
}

// quote returns text as a JSON string, which YAML and TOML read back alike.
func quote(text string) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text) // a string can always be encoded
	return string(bytes.TrimSpace(b.Bytes()))
}
