package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// workflow is what these tests read of a file in .github/workflows.
type workflow struct {
	On          map[string]any
	Permissions map[string]string
	Concurrency struct{ Group string }
	Defaults    struct{ Run struct{ Shell string } }
	Jobs        map[string]struct {
		Timeout int `yaml:"timeout-minutes"`
		Steps   []struct{ Name, If, Uses, Run string }
	}
}

func readWorkflow(t *testing.T, name string) (w workflow) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(read(t, filepath.Join("..", "..", ".github", "workflows", name))), &w); err != nil {
		t.Fatal(name, err)
	}
	return w
}

// runs is every command that a workflow runs, in order.
func (w workflow) runs(job string) (out string) {
	for _, step := range w.Jobs[job].Steps {
		out += step.Run + "\n"
	}
	return out
}

// TestWorkflows: they ask for no more than they need, end by themselves, and
// run commands that are there, with flags that these commands take.
func TestWorkflows(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", ".github", "workflows", "*"))
	if err != nil || len(files) != 2 {
		t.Fatal(files, err)
	}
	command := regexp.MustCompile(`go run \./tools ([a-z]+)([^|;\n]*)`)
	script := regexp.MustCompile(`(?m)^\./\S+`)
	for _, file := range files {
		name := filepath.Base(file)
		w := readWorkflow(t, name)
		if len(w.Permissions) != 1 || w.Permissions["contents"] != "read" || w.Concurrency.Group == "" || w.Defaults.Run.Shell != "bash" { // bash: with pipefail
			t.Errorf("%s: %+v", name, w)
		}
		for job, j := range w.Jobs {
			if j.Timeout <= 0 || j.Timeout > 60 || len(j.Steps) == 0 {
				t.Errorf("%s: %s has no limit, or nothing to do", name, job)
			}
			for _, step := range j.Steps {
				if step.Uses != "" && !regexp.MustCompile(`^actions/[a-z-]+@v\d+$`).MatchString(step.Uses) {
					t.Errorf("%s: %s", name, step.Uses)
				}
			}
			for _, m := range command.FindAllStringSubmatch(w.runs(job), -1) {
				help, err := tool(site.root, m[1], "-h")
				if err != nil {
					t.Errorf("%s: there is no command %s: %s", name, m[1], help)
				}
				for word := range strings.FieldsSeq(m[2]) {
					if strings.HasPrefix(word, "-") && !regexp.MustCompile(`(?m)^  `+word+`\b`).MatchString(help) {
						t.Errorf("%s: %s takes no %s", name, m[1], word)
					}
				}
			}
			for _, s := range script.FindAllString(w.runs(job), -1) {
				if info, err := os.Stat(filepath.Join("..", "..", s)); err != nil || info.Mode()&0o111 == 0 {
					t.Errorf("%s: %s can't be run", name, s)
				}
			}
		}
	}

	// README's two commands, in their order; a pull request is annotated first.
	readme := regexp.MustCompile("(?s)```sh\n(.*?)```").FindStringSubmatch(read(t, filepath.Join("..", "..", "README.md")))
	if readme == nil {
		t.Fatal("README shows no command")
	}
	want := "go run ./tools check -format github\n" + regexp.MustCompile(` *#.*`).ReplaceAllString(readme[1], "")
	w := readWorkflow(t, "site.yml")
	if got := strings.TrimLeft(w.runs("test"), "\n"); got != want {
		t.Errorf("site.yml runs\n%s not\n%s", got, want)
	}
	for _, event := range []string{"push", "pull_request"} {
		if _, ok := w.On[event]; !ok {
			t.Errorf("site.yml doesn't run on %s", event)
		}
	}
	weekly := readWorkflow(t, "weekly.yml")
	for _, event := range []string{"schedule", "workflow_dispatch"} {
		if _, ok := weekly.On[event]; !ok {
			t.Errorf("weekly.yml doesn't run on %s", event)
		}
	}
	if !strings.Contains(weekly.runs("links"), "links -external") {
		t.Error("weekly.yml doesn't ask other sites")
	}
}

// TestWeekly runs the weekly look at reviews as GitHub would, on some days: it
// shows all that is due and fails when a sign-off is past its day or its text.
func TestWeekly(t *testing.T) {
	root := t.TempDir()
	if err := os.CopyFS(root, os.DirFS(filepath.Join("..", "testdata", "site"))); err != nil {
		t.Fatal(err)
	}
	run := func(day string) (failed []string, summary, said string) {
		file := filepath.Join(t.TempDir(), "summary")
		for _, step := range readWorkflow(t, "weekly.yml").Jobs["due"].Steps {
			if step.Run == "" {
				continue
			}
			// In place of "go run ./tools", the built tool on that day.
			stub := `go() { local command=$3; shift 3; "$TOOL" "$command" -today "$DAY" "$@"; }` + "\n"
			cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", stub+step.Run)
			cmd.Dir = root
			cmd.Env = append(os.Environ(), "TOOL="+site.tool, "DAY="+day, "GITHUB_STEP_SUMMARY="+file)
			out, err := cmd.Output()
			if said += string(out); err != nil {
				failed = append(failed, step.Name)
			}
		}
		return failed, read(t, file), said
	}
	last := "Fail if a sign-off is overdue, changed or broken"
	for day, want := range map[string]string{"2026-11-22": "", "2027-05-15": "", "2027-06-01": "", "2027-06-02": last} {
		failed, summary, said := run(day)
		if strings.Join(failed, ", ") != want || !strings.Contains(summary, "content/page.md") || strings.Contains(said, "::warning file=content/signed.md") != (day > "2027-05") {
			t.Errorf("%s: %q fails\n%s", day, failed, said)
		}
	}
	name := filepath.Join(root, "content", "signed.md")
	if err := os.WriteFile(name, []byte(read(t, name)+"More words.\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if failed, _, said := run("2026-11-22"); strings.Join(failed, ", ") != last {
		t.Errorf("a changed text: %q fails\n%s", failed, said)
	}
}
