package review

import (
	"strings"
	"testing"
)

// TestCoverage changes, one at a time, what a signed page rests on and what it does not.
func TestCoverage(t *testing.T) {
	const configFile, page, drawing = "config.toml", "content/_index.md", "content/figures/heat.svg"
	files := map[string]string{
		configFile: strings.Replace(config, "emergency = [", "emergency = [{number = \"911\", where = \"There\"}, ", 1),
		page: "---\ntitle: The title\ndescription: What it is.\nadapted: 2026-01-05\nsources: [old, undated]\n---\n" +
			"Words to sign.\n\n![Heat]( <figure:heat> )\n",
		drawing: "<svg><path d=\"M1 2\"/></svg>",
	}
	s := loadFiles(t, files)
	record := Record{By: "A. Person", Role: "Nurse", Reviewed: date(t, "2026-02-01"), Due: date(t, "2027-02-01")}
	src, findings, err := Sign(s.Pages[0], record, date(t, "2026-03-01"))
	if err != nil || len(findings) > 0 {
		t.Fatal(err, findings)
	}
	files[page] = string(src)
	for _, c := range []struct {
		file, old, new string
		want           State
	}{
		{page, "A. Person", "A. Other", Changed},
		{page, "Nurse", "Doctor", Changed},
		{page, "due: 2027-02-01", "due: 2027-02-02", Changed},
		{page, "The title", "A title", Changed},
		{page, "What it is", "What it was", Changed},
		{page, "to sign", "to change", Changed},
		{page, "[old, undated]", "[undated, old]", Changed},
		{configFile, "Undated", "Not dated", Changed},
		{configFile, "2022-11-22", "2022-11-23", Changed},
		{configFile, "112", "113", Changed},
		{configFile, "{number = \"911\", where = \"There\"}, {number = \"112\", where = \"Here\"}",
			"{number = \"112\", where = \"Here\"}, {number = \"911\", where = \"There\"}", Changed},
		{drawing, "M1 2", "M1 3", Changed},
		{page, "figure:heat", "figure:cold", Changed},

		{page, "Words to sign.\n\n", "\r\nWords\u00a0 to\n\tsign. ", Current},
		{page, "title: The title", "title: The  title", Current},
		{drawing, "<svg><path ", "<svg><path\n  ", Current},
		{page, "adapted: 2026-01-05", "adapted: 2026-01-06\nweight: 7", Current},
		{configFile, "title = \"T\"", "title = \"Another site\"", Current},
	} {
		changed := map[string]string{}
		for name, text := range files {
			if name == c.file {
				text = strings.Replace(text, c.old, c.new, 1)
				if text == files[name] {
					t.Fatalf("%q is not in %s", c.old, name)
				}
			}
			changed[name] = text
		}
		reports, findings := Check(loadFiles(t, changed), date(t, "2026-03-01"), false)
		if reports[0].State != c.want {
			t.Errorf("%q for %q: %q, not %q: %v", c.new, c.old, reports[0].State, c.want, findings)
		}
	}
	delete(files, drawing)
	if reports, _ := Check(loadFiles(t, files), date(t, "2026-03-01"), false); reports[0].State != Changed {
		t.Errorf("a drawing that is gone: %q", reports[0].State)
	}
}

// TestReadableText: a sentence a line, wherever lines end in the file.
func TestReadableText(t *testing.T) {
	s := load(t, "---\ntitle: T\ndescription: D\nadapted: 2026-01-05\nsources: [old]\n---\n"+
		"## Head\nOne\nsentence. Two by Dr. No! (3.)\n\n> [!DO] Card. Go\n> - [ ] Item\n\n12. Twelve\n  goes on\n***\n")
	const want = `Title: T
Description: D

## Head
One sentence.
Two by Dr. No!
(3.)

> [!DO] Card.
Go
> - [ ] Item

12. Twelve goes on
***

Source: old | Old | P | 2022-11-22
Emergency number: 112 | Here
`
	if got := ReadableText(s.Pages[0], Record{}); got != want {
		t.Errorf("got:\n%s", got)
	}
}
