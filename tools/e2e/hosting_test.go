package e2e

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
	"go.yaml.in/yaml/v3"
)

// netlify serves a folder as Netlify does, with its headers.
type netlify struct {
	root      string
	headers   []header
	redirects []redirect
}

// header is one rule of netlify.toml or _headers, for a path with * for the rest.
type header struct {
	For    string
	Values map[string]string
}

// redirect is a page that is served where there is none.
type redirect struct {
	From, To string
	Status   int
}

type netlifyConfig struct {
	Build struct {
		Command, Publish string
		Environment      map[string]string
	}
	Context   map[string]struct{ Command string }
	Headers   []header
	Redirects []redirect
}

func (n *netlify) readConfig(name string) error {
	var c netlifyConfig
	src, err := os.ReadFile(name)
	if err == nil {
		err = toml.Unmarshal(src, &c)
	}
	n.headers, n.redirects = c.Headers, c.Redirects
	for _, r := range c.Redirects {
		if r.Status != http.StatusNotFound {
			err = errors.Join(err, fmt.Errorf("%s: this server does not know redirects such as %+v", name, r))
		}
	}
	return err
}

// readPublished adds what _headers says: https://docs.netlify.com/manage/routing/headers/
func (n *netlify) readPublished() error {
	src, err := os.ReadFile(filepath.Join(n.root, "_headers"))
	for line := range strings.Lines(string(src)) {
		key, value, isPair := strings.Cut(strings.TrimSpace(line), ":")
		switch {
		case strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "/"):
			n.headers = append(n.headers, header{strings.TrimSpace(line), map[string]string{}})
		case isPair && len(n.headers) > 0:
			n.headers[len(n.headers)-1].Values[key] = strings.TrimSpace(value)
		default:
			return fmt.Errorf("_headers: can't read %q", line)
		}
	}
	return err
}

func matches(pattern, p string) bool {
	if prefix, isWild := strings.CutSuffix(pattern, "*"); isWild {
		return strings.HasPrefix(p, prefix)
	}
	return pattern == p
}

func (n *netlify) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for _, h := range n.headers {
		if matches(h.For, r.URL.Path) {
			for key, value := range h.Values {
				w.Header().Set(key, value)
			}
		}
	}
	if _, err := os.Stat(filepath.Join(n.root, filepath.FromSlash(r.URL.Path))); err == nil && r.URL.Path != "/_headers" {
		http.FileServer(http.Dir(n.root)).ServeHTTP(w, r)
		return
	}
	p := "/404.html"
	if at := slices.IndexFunc(n.redirects, func(to redirect) bool { return matches(to.From, r.URL.Path) }); at >= 0 {
		p = n.redirects[at].To
	}
	src, _ := os.ReadFile(filepath.Join(n.root, filepath.FromSlash(p)))
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	w.WriteHeader(http.StatusNotFound)
	_, _ = w.Write(src)
}

// securityHeaders are all that a page is served with beside its policy, whole. With that policy they pass all of Mozilla
// Observatory's rules (version 4 of its algorithm), with the bonuses that need no cookie, no preload list and no third party. A
// bonus for digests of scripts isn't sought: a copy on a reader's disk, and a page that was open while a newer one was published,
// would lose their script.
var securityHeaders = map[string]string{
	"Strict-Transport-Security":    "max-age=63072000; includeSubDomains",
	"X-Content-Type-Options":       "nosniff",
	"X-Frame-Options":              "DENY",
	"Referrer-Policy":              "no-referrer",
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Embedder-Policy": "require-corp",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Cache-Control":                "public, max-age=0, must-revalidate",
}

// inline returns the hashes of what all pages hold in a tag.
func inline(t *testing.T, tag string) (hashes []string) {
	pattern := regexp.MustCompile(`(?s)<` + tag + `>(.*?)</` + tag + `>`)
	for _, p := range site.pages {
		for _, m := range pattern.FindAllStringSubmatch(p.html(t), -1) {
			sum := sha256.Sum256([]byte(m[1]))
			hashes = append(hashes, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")
		}
	}
	slices.Sort(hashes)
	return slices.Compact(hashes)
}

// TestHeaders compares all headers of every page and file: the whole content security policy with what pages hold inline, and
// the others with those above. Pages may do nothing beyond what the checklist offers.
func TestHeaders(t *testing.T) {
	policy := map[string][]string{
		"default-src": {"'none'"}, "style-src": inline(t, "style"), "script-src": append([]string{"'self'"}, inline(t, "script")...),
		"img-src": {"'self'", "data:"}, "connect-src": {"'self'"}, "require-trusted-types-for": {"'script'"}, "trusted-types": {"'none'"},
		"base-uri": {"'none'"}, "form-action": {"'none'"}, "frame-ancestors": {"'none'"},
	}
	expect(t, len(policy["style-src"]) >= 3 && len(policy["script-src"]) == 2,
		"the pages hold the styles %q and the scripts %q", policy["style-src"], policy["script-src"])
	for _, p := range append(publishedFiles(t), "/no-such-page/", "/es/no-such-page/") {
		res, err := http.Get(site.server.URL + p)
		must(t, err)
		res.Body.Close()
		got := map[string][]string{}
		for directive := range strings.SplitSeq(res.Header.Get("Content-Security-Policy"), ";") {
			words := strings.Fields(directive)
			require(t, len(words) != 0 && got[words[0]] == nil, "%s: the policy has the part %q", p, directive)
			got[words[0]] = slices.Sorted(slices.Values(words[1:]))
		}
		require(t, maps.EqualFunc(got, policy, slices.Equal), "%s: the policy is %v, want %v", p, got, policy)
		permissions := res.Header.Get("Permissions-Policy")
		n := strings.Count(permissions, "=()")
		expect(t, n >= 25, "%s: only %d permissions are refused", p, n)
		for permission := range strings.SplitSeq(permissions, ",") {
			name, who, _ := strings.Cut(strings.TrimSpace(permission), "=")
			want := map[bool]string{true: "(self)", false: "()"}[name == "clipboard-write"]
			expect(t, who == want, "%s: the permission %s is for %q, want %q", p, name, who, want)
		}
		others := map[string]string{}
		for key := range res.Header {
			others[key] = strings.Join(res.Header.Values(key), " and ")
		}
		const known = "Content-Security-Policy Permissions-Policy Content-Length Content-Type Date Accept-Ranges Last-Modified"
		for name := range strings.FieldsSeq(known) {
			delete(others, name)
		}
		want := maps.Clone(securityHeaders)
		if strings.HasSuffix(p, "/checklist.json") {
			want["Access-Control-Allow-Origin"] = "*"
			expect(t, res.Header.Get("Content-Type") == "application/fhir+json", "%s is %s", p, res.Header.Get("Content-Type"))
		}
		if lang := strings.Split(p, "/")[1]; lang != "en" && languages(t)[lang].Locale != "" {
			want["Content-Language"] = languages(t)[lang].Locale
		}
		expect(t, maps.Equal(others, want), "%s has the headers %v, want %v", p, others, want)
	}
}

// publishedFiles are the paths of all files. (Browsers keep none of them for long, so that nobody reads an old emergency sign.)
func publishedFiles(t *testing.T) (paths []string) {
	must(t, filepath.WalkDir(site.public, func(name string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(site.public, name)
		if err == nil && !d.IsDir() {
			paths = append(paths, "/"+strings.TrimSuffix(filepath.ToSlash(rel), "index.html"))
		}
		return err
	}))
	return paths
}

// TestNetlify: the host builds with the pinned Hugo, for its own address.
func TestNetlify(t *testing.T) {
	var c netlifyConfig
	must(t, toml.Unmarshal([]byte(site.read(t, "netlify.toml")), &c))
	pinned := regexp.MustCompile(`github.com/gohugoio/hugo v(\S+)`).FindStringSubmatch(site.read(t, "go.mod"))
	expect(t, pinned != nil && c.Build.Environment["HUGO_VERSION"] == pinned[1],
		"netlify.toml has HUGO_VERSION %q, go.mod has %q: keep the two equal", c.Build.Environment["HUGO_VERSION"], pinned)
	for command, address := range map[string]string{
		c.Build.Command:                     `"$URL"`,
		c.Context["deploy-preview"].Command: `"$DEPLOY_PRIME_URL"`,
		c.Context["branch-deploy"].Command:  `"$DEPLOY_PRIME_URL"`,
	} {
		expect(t, c.Build.Publish == "public" && command == "go run ./tools build --base "+address,
			"netlify.toml builds with %q into %q", command, c.Build.Publish)
	}
	for _, h := range c.Headers {
		expect(t, h.Values["Content-Security-Policy"] == "", "netlify.toml holds a content security policy; _headers owns it")
	}
}

// TestHugoIsLockedDown: with this site's config.toml, a layout can't read the environment, run a program or fetch anything.
func TestHugoIsLockedDown(t *testing.T) {
	isAsked := false
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { isAsked = true }))
	defer server.Close()
	t.Setenv("SITE_SECRET", "secret-of-the-machine")
	f := ours(t)
	for name, layout := range map[string]string{
		"security.funcs.getenv": `{{ getenv "SITE_SECRET" }}`,
		"security.http.urls":    fmt.Sprintf(`{{ with resources.GetRemote %q }}{{ .Content }}{{ end }}`, server.URL),
		"security.exec.allow":   `{{ with resources.FromString "a.css" "a {}" | css.PostCSS }}{{ .Content }}{{ end }}`,
	} {
		f.write(t, "layouts/404.html", `{{ define "main" }}`+layout+`{{ end }}`)
		out, err := f.bare()
		isDenied := err != nil && strings.Contains(out, "access denied") && strings.Contains(out, name)
		expect(t, isDenied && !strings.Contains(out, "secret-of"), "Hugo should refuse %s by %s: %v\n%s", layout, name, err, out)
	}
	expect(t, !isAsked, "Hugo asked another server")
}

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
		expect(t, isStrict && len(w.Permissions) == 1 && w.Permissions["contents"] == "read" && w.Concurrency.Group != "",
			"%s: %+v", name, w)
		for _, event := range events {
			_, isThere := w.On[event]
			expect(t, isThere, "%s does not run on %s", name, event)
		}
		steps := strings.Count(text, "uses:")
		expect(t, steps != 0 && steps == len(pinned.FindAllString(text, -1)), "%s: an action names no commit with its version", name)
		for job, j := range w.Jobs {
			expect(t, j.Timeout > 0 && j.Timeout <= 60 && runner.MatchString(j.RunsOn), "%s: %s: %+v", name, job, j)
		}
	}
	readme := regexp.MustCompile("(?s)```sh\n(.*?)```").FindStringSubmatch(project.read(t, "README.md"))
	want := "go run ./tools check --format github\n" + regexp.MustCompile(` *#.*`).ReplaceAllString(readme[1], "")
	w, _ := readWorkflow(t, "site.yml")
	got := strings.TrimLeft(w.commands("test"), "\n")
	expect(t, got == want, "site.yml runs\n%s not\n%s", got, want)
	weekly, text := readWorkflow(t, "weekly.yml")
	expect(t, strings.Contains(weekly.commands("links"), "links --external "), "weekly.yml does not ask other sites")
	expect(t, strings.Contains(text, "HOOK: ${{ secrets.NETLIFY_BUILD_HOOK }}"), "weekly.yml does not read the secret")
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
		expect(t, failed == want && isWarned == (want != "") && strings.Contains(f.read(t, "summary-"+day), "content/page.md"),
			"%s: %q fails\n%s", day, failed, output)
		calendar := f.read(t, "reviews.ics")
		expect(t, strings.Contains(calendar, "DTSTART;VALUE=DATE:20270601"), "%s: the calendar is\n%s", day, calendar)
	}
	f.write(t, "content/signed.md", f.read(t, "content/signed.md")+"More words.\n")
	failed, output := look("2026-11-22")
	expect(t, failed == last, "a changed text: %q fails\n%s", failed, output)
	for hook, want := range map[string]string{"": "", "https://host.test/hook": "-fsS -X POST https://host.test/hook\n"} {
		out, err := f.bash(`curl() { echo "$@"; }`+"\n"+w.commands("rebuild"), "HOOK="+hook)
		expect(t, err == nil && out == want, "with the hook %q: %v, %s", hook, err, out)
	}
}
