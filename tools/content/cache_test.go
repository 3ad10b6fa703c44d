package content

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"
)

// TestCache: with a cache, whatever has changed, Load finds what it finds
// without one, and parses no page that is as it was.
func TestCache(t *testing.T) {
	root := t.TempDir()
	long := time.Now().Add(-time.Hour)
	write := func(name, text string) {
		t.Helper()
		name = filepath.Join(root, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	page := func(rest string) string {
		return "---\ntitle: T\ndescription: D\nadapted: 2026-01-01\nmedical: false\n" + rest
	}
	const config = "title = \"T\"\nbaseURL = \"https://site.example/\"\n[params]\ncards = [\"do\"]\n"
	write("config.toml", config)
	write("content/_index.md", page("---\n[One](one.md)\n"))
	write("content/one.md", page("layout: special\n---\n> [!DO] Walk\n"))
	write("content/two.md", page("---\n![Look](figure:lamp \"A lamp\")\n"))
	for _, name := range []string{"_index.md", "one.md", "two.md"} {
		if err := os.Chtimes(filepath.Join(root, "content", name), long, long); err != nil {
			t.Fatal(err)
		}
	}
	var cache Cache
	before := map[string]*Page{}
	for _, step := range []struct {
		name   string
		change func()
		parsed []string // afresh
	}{
		{"the first time", func() {}, []string{"_index.md", "one.md", "two.md"}},
		{"nothing", func() {}, nil},
		{"a drawing that was missing", func() { write("layouts/_partials/figures/lamp.html", "") }, []string{"_index.md", "one.md", "two.md"}},
		{"one page", func() { write("content/two.md", page("---\n<b>Bold</b>\n")) }, []string{"two.md"}},
		{"as long as before, in the same instant", func() {
			name := filepath.Join(root, "content", "two.md")
			info, err := os.Stat(name)
			if err != nil {
				t.Fatal(err)
			}
			write("content/two.md", page("---\n<b>Bolt</b>\n"))
			if err := os.Chtimes(name, info.ModTime(), info.ModTime()); err != nil {
				t.Fatal(err)
			}
		}, []string{"two.md"}},
		{"a layout that was missing", func() { write("layouts/special.html", "") }, nil},
		{"another page can't be read", func() { write("content/two.md", "no front matter") }, nil},
		{"still", func() {}, nil},
		{"a link's target is gone", func() {
			if err := os.Rename(filepath.Join(root, "content/one.md"), filepath.Join(root, "content/uno.md")); err != nil {
				t.Fatal(err)
			}
		}, []string{"uno.md"}},
		{"another page in its place, as old", func() {
			write("content/three.md", page("---\nThree\n"))
			if err := errors.Join(os.Chtimes(filepath.Join(root, "content/three.md"), long, long),
				os.Rename(filepath.Join(root, "content/three.md"), filepath.Join(root, "content/uno.md"))); err != nil {
				t.Fatal(err)
			}
		}, []string{"uno.md"}},
		{"the settings", func() { write("config.toml", config+"[params.links]\n") }, []string{"_index.md", "uno.md"}},
		{"unreadable settings", func() { write("config.toml", "=") }, nil},
	} {
		step.change()
		got, problems, err := cache.Load(root)
		if err != nil {
			t.Fatal(step.name, err)
		}
		_, want, err := Load(root)
		if err != nil || !reflect.DeepEqual(problems, want) {
			t.Errorf("%s: found %v, without a cache %v, %v", step.name, problems, want, err)
		}
		var parsed []string
		for _, p := range got.Pages {
			if before[p.Path] != p {
				parsed = append(parsed, p.Path)
			}
			before[p.Path] = p
		}
		if !reflect.DeepEqual(parsed, step.parsed) {
			t.Errorf("%s: parsed %q, want %q", step.name, parsed, step.parsed)
		}
	}
}

// A file that hasn't been touched for long isn't even opened.
func TestCacheTrustsTime(t *testing.T) {
	root := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		name = filepath.Join(root, name)
		long := time.Now().Add(-time.Hour).Truncate(time.Second)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o644), os.Chtimes(name, long, long)); err != nil {
			t.Fatal(err)
		}
	}
	write("config.toml", "title = \"T\"\nbaseURL = \"https://site.example/\"\n")
	write("content/_index.md", "---\ntitle: First\ndescription: D\n---\n")
	var cache Cache
	if _, _, err := cache.Load(root); err != nil {
		t.Fatal(err)
	}
	// Only reading would find this: all that the system tells is the same.
	write("content/_index.md", "---\ntitle: Third\ndescription: D\n---\n")
	info, err := os.Stat(filepath.Join(root, "content", "_index.md"))
	if err != nil {
		t.Fatal(err)
	}
	cache.pages["content/_index.md"].info = info
	got, _, err := cache.Load(root)
	if err != nil || got.Pages[0].Title != "First" {
		t.Errorf("the file was opened: %q, %v", got.Pages[0].Title, err)
	}
}
