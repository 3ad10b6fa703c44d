package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestNewPage: a page that Hugo makes from archetypes/ is a draft that lacks
// only what its writer alone knows, and every line in it is sound.
func TestNewPage(t *testing.T) {
	ours := filepath.Join(t.TempDir(), "site")
	if err := copySite(ours, "content", "config.toml", "static"); err != nil {
		t.Fatal(err)
	}
	for _, root := range []string{ours, other(t)} {
		if err := os.CopyFS(filepath.Join(root, "archetypes"), os.DirFS(filepath.Join("..", "..", "archetypes"))); err != nil {
			t.Fatal(err)
		}
		if out, err := hugo(root, "new", "content", "a-new-page.md", "--clock", "2026-11-22T12:00:00Z"); err != nil || strings.Contains(out, "WARN") {
			t.Fatalf("%v\n%s", err, out)
		}
		name := filepath.Join(root, "content", "a-new-page.md")
		made := read(t, name)
		for _, want := range []string{"\ntitle: \"A new page\"\n", "\ndescription: \"\" ", "\ndraft: true ", "\nadapted: 2026-11-22 "} {
			if !strings.Contains(made, want) {
				t.Errorf("%q is missing in\n%s", want, made)
			}
		}
		if !regexp.MustCompile(`\nweight: [1-9]\d+ `).MatchString(made) { // after the others
			t.Errorf("no weight in\n%s", made)
		}
		out, err := tool(root, "check")
		about := regexp.MustCompile(`(?m)^content/a-new-page\.md:.*$`).FindAllString(out, -1)
		if err == nil || len(about) != 2 || !strings.Contains(about[0], `"description" is empty`) || !strings.Contains(about[1], "name where the facts come from") {
			t.Errorf("check should ask for a description and sources, and for nothing else:\n%s", out)
		}

		// Each line that waits for its writer works as it is written.
		key := regexp.MustCompile(`(?m)^#   ([a-z-]+): `).FindStringSubmatch(made)
		if key == nil {
			t.Fatalf("no source is named in\n%s", made)
		}
		for pattern, to := range map[string]string{
			`description: ""`: `description: "One sentence."`, `sources: \[\]`: "sources: [" + key[1] + "]",
			`# (linkTitle: )`: "$1", `# (aliases: )`: "$1", `draft: true.*\n`: "", `(?s)<!--\n|-->\n|\nA link.*?note\.`: "",
		} {
			filled := regexp.MustCompile(pattern).ReplaceAllString(made, to)
			if filled == made {
				t.Errorf("%s is not in\n%s", pattern, made)
			}
			made = filled
		}
		if err := os.WriteFile(name, []byte(made), 0o644); err != nil {
			t.Fatal(err)
		}
		out, _ = tool(root, "check")
		if strings.Contains(out, "a-new-page.md") {
			t.Errorf("a page that is filled in has no problem:\n%s\n%s", made, out)
		}
		if out, err := hugo(root, "--printPathWarnings"); err != nil || strings.Contains(out, "WARN") {
			t.Errorf("%v\n%s", err, out)
		}
		if _, err := os.Stat(filepath.Join(root, "public", "a-new-page", "index.html")); err != nil {
			t.Error(err)
		}
	}
}
