package review

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"microsite/tools/content"
	"microsite/tools/problem"
)

// Sign returns the page's file with a sign-off of the text as it stands now,
// which stands in the place of an older one. Problems are those of Rules that
// stand in its way; the error says that the front matter can't be changed safely.
func Sign(site *content.Site, p *content.Page, by, role string, reviewed, due time.Time) ([]byte, []problem.Problem, error) {
	if !p.Medical {
		return nil, []problem.Problem{p.Front.Get("medical").KeyPos.Problem(problem.Error, p.File, RuleReview,
			"this page holds no medical text of its own (\"medical: false\"), so there is nothing to sign")}, nil
	}
	src, err := p.Replace(site, "review", block(p.FrontTOML, by, role, Day(reviewed), Day(due), p.Digest()))
	if err != nil {
		return nil, nil, err
	}
	signed, _ := site.Parse(p.File, src) // what is wrong with the text was found where it stands now
	c := &checker{site: site, today: reviewed}
	r := c.page(signed)
	problems := slices.DeleteFunc(c.problems, func(found problem.Problem) bool { return found.Severity != problem.Error })
	if len(problems) == 0 && (r.State != Current && r.State != DueSoon || r.Review.By != by || r.Review.Role != role) {
		return nil, nil, fmt.Errorf("%s: the sign-off would not read back as %q, %q and current: check name and role for odd characters", p.File, by, role)
	}
	return src, problems, nil
}

// Unsign returns the page's file without its sign-off.
func Unsign(site *content.Site, p *content.Page) ([]byte, error) {
	return p.Replace(site, "review", nil)
}

func block(inTOML bool, by, role, reviewed, due, text string) []string {
	head, is, indent := "review:", ": ", "  "
	if inTOML {
		head, is, indent = "[review]", " = ", ""
	}
	return []string{head,
		indent + "by" + is + quote(by),
		indent + "role" + is + quote(role),
		indent + "reviewed" + is + reviewed,
		indent + "due" + is + due,
		indent + "text" + is + quote(text),
	}
}

// quote writes text so that YAML and TOML both read it back: both know JSON's strings.
func quote(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string never fails
	return string(bytes.TrimSpace(b.Bytes()))
}
