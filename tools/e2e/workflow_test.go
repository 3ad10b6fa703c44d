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

// project is the folder of this repository.
var project = folder{filepath.Join("..", "..")}

// workflow is what these tests read of a file in .github/workflows.
type workflow struct {
	On          map[string]any
	Permissions map[string]string
	Concurrency struct{ Group string }
	Defaults    struct{ Run struct{ Shell string } }
	Jobs        map[string]struct {
		RunsOn  string `yaml:"runs-on"`
		Timeout int    `yaml:"timeout-minutes"`
		Steps   []struct{ Name, Run string }
	}
}

// readWorkflow returns a workflow and its text.
func readWorkflow(t *testing.T, name string) (w workflow, text string) {
	t.Helper()
	text = project.read(t, ".github/workflows/"+name)
	must(t, yaml.Unmarshal([]byte(text), &w))
	return w, text
}

// commands returns all that a job runs, in order.
func (w workflow) commands(job string) (text string) {
	for _, step := range w.Jobs[job].Steps {
		text += step.Run + "\n"
	}
	return text
}

// TestWorkflows holds workflows to what they need: no rights but reading, an end, and versions that stay as they are until
// somebody moves them. A push runs README's two commands in their order; a pull request is annotated first.
func TestWorkflows(t *testing.T) {
	pinned := regexp.MustCompile(`(?m)uses: actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	runner := regexp.MustCompile(`^ubuntu-\d\d\.\d\d$`)
	for name, events := range map[string][]string{"site.yml": {"push", "pull_request"}, "weekly.yml": {"schedule", "workflow_dispatch"}} {
		w, text := readWorkflow(t, name)
		isStrict := w.Defaults.Run.Shell == "bash" // with pipefail
		if !isStrict || len(w.Permissions) != 1 || w.Permissions["contents"] != "read" || w.Concurrency.Group == "" {
			t.Errorf("%s: %+v", name, w)
		}
		for _, event := range events {
			if _, ok := w.On[event]; !ok {
				t.Errorf("%s does not run on %s", name, event)
			}
		}
		if steps := strings.Count(text, "uses:"); steps == 0 || steps != len(pinned.FindAllString(text, -1)) {
			t.Errorf("%s: an action names no commit with its version", name)
		}
		for job, j := range w.Jobs {
			if j.Timeout <= 0 || j.Timeout > 60 || !runner.MatchString(j.RunsOn) {
				t.Errorf("%s: %s: %+v", name, job, j)
			}
		}
	}
	readme := regexp.MustCompile("(?s)```sh\n(.*?)```").FindStringSubmatch(project.read(t, "README.md"))
	want := "go run ./tools check --format github\n" + regexp.MustCompile(` *#.*`).ReplaceAllString(readme[1], "")
	w, _ := readWorkflow(t, "site.yml")
	if got := strings.TrimLeft(w.commands("test"), "\n"); got != want {
		t.Errorf("site.yml runs\n%s not\n%s", got, want)
	}
	weekly, text := readWorkflow(t, "weekly.yml")
	if !strings.Contains(weekly.commands("links"), "links --external ") || !strings.Contains(text, "HOOK: ${{ secrets.NETLIFY_BUILD_HOOK }}") {
		t.Error("weekly.yml does not ask other sites, or does not read the secret")
	}
}

// bash runs commands as GitHub does, after others, and returns what they print.
func (f folder) bash(commands string, env ...string) (string, error) {
	cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", commands)
	cmd.Dir, cmd.Env = f.root, append(os.Environ(), env...)
	out, err := cmd.Output()
	return string(out), err
}

// TestWeekly runs the weekly look at reviews as GitHub would, on some days: it shows all that is due, keeps it as a calendar, and
// fails when a sign-off is due soon, or past its day or its text. The host is asked to build where its address is known.
func TestWeekly(t *testing.T) {
	f := folder{t.TempDir()}
	must(t, os.CopyFS(f.root, os.DirFS(filepath.Join("..", "testdata", "site"))))
	w, _ := readWorkflow(t, "weekly.yml")
	look := func(day string) (failed, output string) {
		for _, step := range w.Jobs["due"].Steps {
			// In place of "go run ./tools", the built tool on that day.
			stub := `go() { local command=$3; shift 3; "$TOOL" "$command" --today "$DAY" "$@"; }` + "\n"
			out, err := f.bash(stub+step.Run, "TOOL="+site.tool, "DAY="+day, "GITHUB_STEP_SUMMARY=summary-"+day)
			if output += out; err != nil {
				failed += step.Name
			}
		}
		return failed, output
	}
	last := "Fail if a sign-off is broken, changed, overdue or due soon"
	for day, want := range map[string]string{"2026-11-22": "", "2027-05-01": "", "2027-05-02": last, "2027-06-01": last, "2027-06-02": last} {
		failed, output := look(day)
		isWarned := strings.Contains(output, "::warning file=content/signed.md")
		if failed != want || isWarned != (want != "") || !strings.Contains(f.read(t, "summary-"+day), "content/page.md") {
			t.Errorf("%s: %q fails\n%s", day, failed, output)
		}
		if calendar := f.read(t, "reviews.ics"); !strings.Contains(calendar, "DTSTART;VALUE=DATE:20270601") {
			t.Errorf("%s: the calendar is\n%s", day, calendar)
		}
	}
	f.write(t, "content/signed.md", f.read(t, "content/signed.md")+"More words.\n")
	if failed, output := look("2026-11-22"); failed != last {
		t.Errorf("a changed text: %q fails\n%s", failed, output)
	}
	for hook, want := range map[string]string{"": "", "https://host.test/hook": "-fsS -X POST https://host.test/hook\n"} {
		if out, err := f.bash(`curl() { echo "$@"; }`+"\n"+w.commands("rebuild"), "HOOK="+hook); err != nil || out != want {
			t.Errorf("with the hook %q: %v, %s", hook, err, out)
		}
	}
}
