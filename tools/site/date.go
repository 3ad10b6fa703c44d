package site

import (
	"fmt"
	"regexp"
	"time"
)

var (
	civilDate    = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)
	dateTime     = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}[Tt ]`)
	unpaddedDate = regexp.MustCompile(`^\d{4}-\d{1,2}-\d{1,2}$`)
	slashedDate  = regexp.MustCompile(`^\d{1,4}[/.]\d{1,2}[/.]\d{1,4}$`)
)

// dateForm is how messages show what a date looks like.
const dateForm = "YYYY-MM-DD, such as 2026-01-05"

// ParseDate returns the civil date that a node holds, as midnight UTC. It judges
// the raw text, because YAML and TOML make other days of some. The error
// completes a sentence that starts with the key: what is wrong and what to write.
func ParseDate(n *Node) (time.Time, error) {
	if n.Kind != Scalar && n.Kind != Text {
		return time.Time{}, fmt.Errorf("is %s: write a date as %s", n.Describe(), dateForm)
	}
	raw := n.Raw
	switch {
	case civilDate.MatchString(raw):
		d, err := time.Parse(time.DateOnly, raw)
		if err != nil {
			return time.Time{}, fmt.Errorf("is %s, and the calendar has no such day: write a real date as %s", raw, dateForm)
		}
		if d.Year() < 1900 {
			return time.Time{}, fmt.Errorf("is %s, and dates before 1900 are slips here: check the year", raw)
		}
		return d, nil
	case dateTime.MatchString(raw):
		return time.Time{}, fmt.Errorf("is %q: write the day alone, without a time or zone: %s", raw, raw[:10])
	case unpaddedDate.MatchString(raw):
		return time.Time{}, fmt.Errorf("is %q: write month and day with two digits, %s", raw, dateForm)
	case slashedDate.MatchString(raw):
		return time.Time{}, fmt.Errorf("is %q: it could be read as day or month first, so write it as %s", raw, dateForm)
	}
	return time.Time{}, fmt.Errorf("is %q: write a date as %s", raw, dateForm)
}
