package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

var (
	shownCommand = regexp.MustCompile("go run \\./tools ([a-z][^`|>;#\n]*)")
	word         = regexp.MustCompile(`"[^"]*"|[^\s"]+`)
)

// TestDocumentedCommands parses every command line of this tool that a document, a
// workflow or a setting shows.
func TestDocumentedCommands(t *testing.T) {
	files, err := filepath.Glob("../.github/workflows/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range append(files, "../README.md", "README.md", "../netlify.toml") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		filledIn := strings.NewReplacer(`\"`, `"`, "NAME", "A. Name", "CREDENTIAL AND ROLE", "Nurse", "ROLE", "Nurse", "$URL", "https://site.org/",
			"$DEPLOY_PRIME_URL", "https://site.org/").Replace(string(text))
		commands := shownCommand.FindAllStringSubmatch(filledIn, -1)
		isManual := name == "../README.md"
		if isManual && len(commands) < 10 {
			t.Errorf("README.md shows only %d commands", len(commands))
		}
		shown := map[string]bool{}
		for _, m := range commands {
			args := word.FindAllString(strings.TrimRight(m[1], "…., "), -1)
			for i := range args {
				args[i] = strings.Trim(args[i], `"`)
			}
			shown[args[0]] = true
			if err := parse(args); err != nil {
				t.Errorf("%s: go run ./tools %s: %v", name, m[1], err)
			}
		}
		for _, command := range kong.Must(&commandLine{}).Model.Children {
			if isManual && !shown[command.Name] {
				t.Errorf("README.md does not show the command %s", command.Name)
			}
		}
	}
	for _, args := range [][]string{{"check", "-strict"}, {"build", "--watch"}, {"unsign", "content/causes.md"}} {
		if parse(args) == nil {
			t.Errorf("%q is taken for a command line", args)
		}
	}
}

func parse(args []string) error {
	parser := kong.Must(&commandLine{}, kong.Exit(func(int) {}), kong.Writers(io.Discard, io.Discard))
	_, err := parser.Parse(args)
	return err
}
