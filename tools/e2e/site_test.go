// Package e2e tests the site as readers get it: built by the tool, served with
// the headers of netlify.toml and _headers, opened in a real Chromium, printed.
// tools/test.sh installs what these tests need.
package e2e

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
)

// site is the one that every test of this package looks at.
var site struct {
	root   string // a copy of the project's site folders
	public string
	tool   string // the built tool
	server *httptest.Server
	pages  []string // paths of all pages, the 404 page included
}

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "site-*")
	if err == nil {
		err = start(dir)
	}
	code := 1
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	} else {
		code = m.Run()
		site.server.Close()
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

func start(dir string) error {
	site.root, site.tool = filepath.Join(dir, "site"), filepath.Join(dir, "tool")
	if out, err := exec.Command("go", "build", "-o", site.tool, "..").CombinedOutput(); err != nil {
		return fmt.Errorf("building the tool: %w\n%s", err, out)
	}
	if err := copySite(site.root, "content", "config.toml", "static"); err != nil {
		return err
	}
	site.public = filepath.Join(site.root, "public")
	var err error
	handler := &netlify{root: site.public}
	if handler.headers, err = netlifyHeaders(filepath.Join(site.root, "netlify.toml")); err != nil {
		return err
	}
	site.server = httptest.NewServer(handler)
	if out, err := tool(site.root, "build", "--base", site.server.URL+"/"); err != nil {
		return fmt.Errorf("building the site: %w\n%s", err, out)
	}
	own, err := publishedHeaders(filepath.Join(site.public, "_headers"))
	if err != nil {
		return err
	}
	handler.headers = append(handler.headers, own...)
	return filepath.WalkDir(site.public, func(name string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(name, ".html") {
			rel, _ := filepath.Rel(site.public, name)
			site.pages = append(site.pages, "/"+strings.TrimSuffix(filepath.ToSlash(rel), "index.html"))
		}
		return err
	})
}

// copySite copies what every site shares, and the named parts of this one.
func copySite(to string, parts ...string) error {
	for _, part := range append([]string{"layouts", "i18n", "netlify.toml", "go.mod", "go.sum"}, parts...) {
		from := filepath.Join("..", "..", part)
		info, err := os.Stat(from)
		if err != nil {
			return err
		}
		if info.IsDir() {
			err = os.CopyFS(filepath.Join(to, part), os.DirFS(from))
		} else {
			var src []byte
			if src, err = os.ReadFile(from); err == nil {
				err = os.WriteFile(filepath.Join(to, part), src, 0o644)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// tool runs the built tool and returns all that it says.
func tool(dir string, args ...string) (string, error) {
	cmd := exec.Command(site.tool, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func read(t testing.TB, name string) string {
	t.Helper()
	src, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

// page returns the HTML published at a path such as /causes/.
func page(t testing.TB, public, p string) string {
	t.Helper()
	if strings.HasSuffix(p, "/") {
		p += "index.html"
	}
	return read(t, filepath.Join(public, filepath.FromSlash(p)))
}

// header is one rule of netlify.toml or _headers.
type header struct {
	path   string // a path, with * for the rest
	values map[string]string
}

func (h header) matches(p string) bool {
	if prefix, wild := strings.CutSuffix(h.path, "*"); wild {
		return strings.HasPrefix(p, prefix)
	}
	return h.path == p
}

type netlifyConfig struct {
	Build struct {
		Command, Publish string
		Environment      map[string]string
	}
	Context map[string]struct{ Command string }
	Headers []struct {
		For    string
		Values map[string]string
	}
	Redirects []map[string]any
}

func readNetlify(name string) (c netlifyConfig, err error) {
	src, err := os.ReadFile(name)
	if err == nil {
		err = toml.Unmarshal(src, &c)
	}
	return c, err
}

func netlifyHeaders(name string) (out []header, err error) {
	c, err := readNetlify(name)
	if len(c.Redirects) > 0 {
		return nil, fmt.Errorf("%s has redirects, which this server does not know yet", name)
	}
	for _, h := range c.Headers {
		out = append(out, header{h.For, h.Values})
	}
	return out, err
}

// publishedHeaders reads https://docs.netlify.com/manage/routing/headers/
func publishedHeaders(name string) (out []header, err error) {
	src, err := os.ReadFile(name)
	for line := range strings.Lines(string(src)) {
		key, value, pair := strings.Cut(strings.TrimSpace(line), ":")
		switch {
		case strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "/"):
			out = append(out, header{strings.TrimSpace(line), map[string]string{}})
		case pair && len(out) > 0:
			out[len(out)-1].values[key] = strings.TrimSpace(value)
		default:
			return nil, fmt.Errorf("%s: can't read %q", name, line)
		}
	}
	return out, err
}

// netlify serves a folder as Netlify does, with its headers.
type netlify struct {
	root    string
	headers []header
}

func (n *netlify) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p := path.Clean(r.URL.Path)
	for _, h := range n.headers {
		if h.matches(r.URL.Path) {
			for key, value := range h.values {
				w.Header().Set(key, value)
			}
		}
	}
	name, code := filepath.Join(n.root, filepath.FromSlash(p)), http.StatusOK
	info, err := os.Stat(name)
	switch {
	case err == nil && info.IsDir() && !strings.HasSuffix(r.URL.Path, "/"):
		http.Redirect(w, r, r.URL.Path+"/", http.StatusMovedPermanently)
		return
	case err == nil && info.IsDir():
		name = filepath.Join(name, "index.html")
	case err != nil || p == "/_headers":
		name, code = filepath.Join(n.root, "404.html"), http.StatusNotFound
	}
	src, err := os.ReadFile(name)
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	types := map[string]string{".html": "text/html; charset=UTF-8", ".json": "application/json", ".xml": "application/xml", ".txt": "text/plain; charset=UTF-8", ".js": "text/javascript; charset=UTF-8", ".svg": "image/svg+xml"}
	w.Header().Set("Content-Type", types[filepath.Ext(name)])
	w.WriteHeader(code)
	_, _ = w.Write(src)
}

// medical are the pages that hold the text itself, in reading order.
var medical = []string{"/emergency-signs/", "/overview/", "/causes/", "/treatment/", "/prevention/"}

func TestPagesArePublished(t *testing.T) {
	want := append([]string{"/", "/about/", "/checklist/", "/handout/", "/404.html"}, medical...)
	got := slices.Clone(site.pages)
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("published %v, want %v", got, want)
	}
	for _, file := range []string{"_headers", "robots.txt", "sitemap.xml", "checklist.json"} {
		if read(t, filepath.Join(site.public, file)) == "" {
			t.Errorf("%s is empty", file)
		}
	}
	if s := read(t, filepath.Join(site.public, "sitemap.xml")); strings.Contains(s, "404") || strings.Count(s, "<loc>") != len(want)-1 {
		t.Errorf("sitemap.xml should list each page once, and not the 404 page:\n%s", s)
	}
}

// TestProvenance holds every page to what is true of this text: nobody has
// reviewed it, and its source is old.
func TestProvenance(t *testing.T) {
	for _, p := range append([]string{"/about/", "/checklist/", "/handout/", "/"}, medical...) {
		html := page(t, site.public, p)
		for _, want := range []string{"No clinician has reviewed", "Cleveland Clinic", "November 22, 2022", "years ago, so it may be out of date", "adapted from"} {
			if !strings.Contains(html, want) {
				t.Errorf("%s does not say %q", p, want)
			}
		}
	}
	for _, p := range site.pages {
		for _, claim := range []string{"reviewedBy", "lastReviewed"} {
			if strings.Contains(page(t, site.public, p), claim) {
				t.Errorf("%s claims %s, and nobody has reviewed it", p, claim)
			}
		}
	}
}

func TestNetlify(t *testing.T) {
	c, err := readNetlify(filepath.Join(site.root, "netlify.toml"))
	if err != nil {
		t.Fatal(err)
	}
	var pinned string
	for line := range strings.Lines(read(t, filepath.Join(site.root, "go.mod"))) {
		if f := strings.Fields(line); len(f) >= 2 && f[0] == "github.com/gohugoio/hugo" {
			pinned = strings.TrimPrefix(f[1], "v")
		}
	}
	if got := c.Build.Environment["HUGO_VERSION"]; got != pinned || pinned == "" {
		t.Errorf("netlify.toml has HUGO_VERSION %q, go.mod has %q: keep the two equal", got, pinned)
	}
	if c.Build.Publish != "public" || !strings.Contains(c.Build.Command, "go run ./tools build") {
		t.Errorf("netlify.toml builds with %q into %q", c.Build.Command, c.Build.Publish)
	}
	if !strings.Contains(c.Build.Command, "$URL") {
		t.Errorf("the production build does not pass the site's own address: %q", c.Build.Command)
	}
	for _, context := range []string{"deploy-preview", "branch-deploy"} {
		if !strings.Contains(c.Context[context].Command, "$DEPLOY_PRIME_URL") {
			t.Errorf("%s does not build with its own address: %q", context, c.Context[context].Command)
		}
	}
	for _, h := range c.Headers {
		if h.Values["Content-Security-Policy"] != "" {
			t.Error("netlify.toml holds a content security policy; _headers owns it")
		}
	}
}

func TestSecurityHeaders(t *testing.T) {
	for _, p := range append(slices.Clone(site.pages), "/checklist.json", "/no-such-page/") {
		res, err := http.Get(site.server.URL + p)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		for key, want := range map[string]string{
			"Content-Security-Policy":      "default-src 'none'",
			"Strict-Transport-Security":    "max-age=",
			"X-Content-Type-Options":       "nosniff",
			"X-Frame-Options":              "DENY",
			"Referrer-Policy":              "no-referrer",
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Cross-Origin-Embedder-Policy": "require-corp",
			"Cross-Origin-Resource-Policy": "same-origin",
			"Permissions-Policy":           "geolocation=()",
		} {
			if got := res.Header.Get(key); !strings.Contains(got, want) {
				t.Errorf("%s: %s is %q, want %q in it", p, key, got, want)
			}
		}
		if strings.Contains(res.Header.Get("Content-Security-Policy"), "unsafe") {
			t.Errorf("%s: the policy allows something unsafe", p)
		}
	}
}
