package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-ical"

	"microsite/tools/site"
)

// TestCalendar reads the calendar back with another library.
func TestCalendar(t *testing.T) {
	due := time.Date(2027, 6, 1, 0, 0, 0, 0, time.UTC)
	title := "Hals; Nacken, \\ und Rücken: " + strings.Repeat("é", 100)
	s := &checkedSite{Site: &site.Site{BaseURL: "https://site.example/sub/"}, clock: time.Date(2026, 11, 22, 9, 0, 0, 0, time.FixedZone("", 3600))}
	var out bytes.Buffer
	signed := duePage{Due: "2027-06-01", Reviewed: "2026-06-01", By: "Dr. A, \"B\"; C", Role: "GP\\n", File: "content/a/b.md", title: title, url: "/a/b/"}
	pages := []duePage{signed, {File: "content/unsigned.md"}}
	if err := writeCalendar(&out, s, pages); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		if len(line) > 75+len("\r\n") || !strings.HasSuffix(line, "\r\n") {
			t.Errorf("RFC 5545, 3.1: lines of 75 octets at most, that end in CRLF: %q", line)
		}
	}
	calendar, err := ical.NewDecoder(&out).Decode()
	if err != nil {
		t.Fatal(err)
	}
	events := calendar.Events()
	if len(events) != 1 {
		t.Fatal(events)
	}
	start, err := events[0].DateTimeStart(time.UTC)
	if err != nil || !start.Equal(due) || events[0].Props.Get("DTSTART").ValueType() != ical.ValueDate {
		t.Error(start, err)
	}
	for name, want := range map[string]string{
		"UID": "2027-06-01-https://site.example/sub/a/b/", "SUMMARY": "Review due: " + title, "DTSTAMP": "20261122T080000Z",
		"DESCRIPTION": "https://site.example/sub/a/b/\ncontent/a/b.md\nLast reviewed on 2026-06-01 by Dr. A, \"B\"; C (GP\\n)",
		"URL":         "https://site.example/sub/a/b/"} {
		got := events[0].Props.Get(name).Value
		if name == "SUMMARY" || name == "DESCRIPTION" {
			if got, err = events[0].Props.Text(name); err != nil {
				t.Error(err)
			}
		}
		if got != want {
			t.Errorf("%s is %q, not %q", name, got, want)
		}
	}
	if err := ical.NewEncoder(new(bytes.Buffer)).Encode(calendar); err != nil { // which validates what RFC 5545 requires
		t.Error(err)
	}
}
