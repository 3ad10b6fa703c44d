package main

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"microsite/tools/site"
)

// dayFlag is for commands that judge dates.
type dayFlag struct {
	Today day `placeholder:"DAY" help:"Judge dates as on this day, YYYY-MM-DD, not today."`
}

// formatFlag is for commands that print findings.
type formatFlag struct {
	Format string `enum:"text,json,github" default:"text" help:"Print findings as ${enum}."`
}

// strictFlag is for commands that warnings can fail.
type strictFlag struct {
	Strict bool `help:"Let warnings fail too, and list pages that are not reviewed and sources that are outdated."`
}

// day is a civil date as midnight UTC, or zero if the flag is left out.
type day struct{ time.Time }

func (d *day) UnmarshalText(text []byte) (err error) {
	if d.Time, err = time.Parse(time.DateOnly, string(text)); err != nil {
		return fmt.Errorf("%q must be a date, YYYY-MM-DD", text)
	}
	return nil
}

// baseURL is the address of a published site, or "" if the flag is left out.
type baseURL string

func (u *baseURL) UnmarshalText(text []byte) error {
	if *u = baseURL(text); !site.IsBaseURL(string(text)) {
		return fmt.Errorf("%q must be a whole address such as https://example.org/", text)
	}
	return nil
}

// days is a number of days, such as 90d.
type days int

func (d *days) UnmarshalText(text []byte) error {
	n, err := strconv.ParseUint(strings.TrimSuffix(string(text), "d"), 10, 16)
	if *d = days(n); err != nil {
		return fmt.Errorf("%q must be a number of days, such as 90d", text)
	}
	return nil
}

// shortLine is a name, role or reason that goes into a sign-off or a commit message.
type shortLine string

// placeholder matches a text without letters, and one with the words that stand for a name or role in the manual.
var placeholder = regexp.MustCompile(`^(?i:name|role|credential and role|todo|\PL*)$|\b(?:NAME|ROLE|TODO)\b`)

func (l *shortLine) UnmarshalText(text []byte) error {
	*l = shortLine(text)
	isUnprintable := func(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsGraphic(r) }
	if len(text) > 200 || strings.ContainsFunc(string(text), isUnprintable) ||
		placeholder.MatchString(site.NormalizeSpace(string(text))) {
		return errors.New("give one short line of words, not a placeholder such as NAME")
	}
	return nil
}
