package e2e

import (
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestObservatory holds the headers to the rules by which Mozilla's HTTP
// Observatory scores a site (version 4 of its algorithm). A rule is named as
// Mozilla names it, and gives what Mozilla calls a pass and its highest bonus
// that needs no cookie, no preload list and no third party. Its redirection
// rule is the host's: Netlify sends every reader to HTTPS. Its bonus for digests
// of scripts isn't sought: a copy on a reader's disk, and a page that was open
// while a newer one was published, would lose their script.
func TestObservatory(t *testing.T) {
	for _, p := range append(slices.Clone(site.pages), "/robots.txt", "/checklist.json") {
		res, err := http.Get(site.server.URL + p)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		html := ""
		if slices.Contains(site.pages, p) {
			html = page(t, site.public, p)
		}
		for _, broken := range observatory(res.Header, html) {
			t.Errorf("%s: %s", p, broken)
		}
	}
}

// observatory names the rules that headers and a page break.
func observatory(h http.Header, html string) (broken []string) {
	rule := func(name string, holds bool) {
		if !holds {
			broken = append(broken, name)
		}
	}
	policies := h.Values("Content-Security-Policy")
	csp, twice := map[string][]string{}, len(policies) != 1
	for directive := range strings.SplitSeq(strings.Join(policies, ";"), ";") {
		if f := strings.Fields(strings.ToLower(directive)); len(f) > 0 {
			twice = twice || csp[f[0]] != nil
			csp[f[0]] = f[1:]
		}
	}
	broad := regexp.MustCompile(`^(\*|https?:|ftp:|data:|'unsafe-.*|https?://\*.*|http://.*)$`)
	for name, sources := range csp {
		for _, s := range sources {
			rule("csp-implemented-with-no-unsafe: "+name+" "+s, !broad.MatchString(s) || name == "img-src" && s == "data:")
		}
	}
	none := []string{"'none'"}
	rule("csp-implemented-but-duplicate-directives", !twice)
	rule("csp-implemented-with-no-unsafe-default-src-none", slices.Equal(csp["default-src"], none))
	for _, name := range []string{"base-uri", "form-action", "frame-ancestors"} {
		rule("policy: "+name+" 'none'", slices.Equal(csp[name], none))
	}
	rule("x-frame-options-implemented-via-csp", csp["frame-ancestors"] != nil)
	rule("x-frame-options-sameorigin-or-deny", h.Get("X-Frame-Options") == "DENY")
	rule("cookies-not-found", len(h.Values("Set-Cookie")) == 0)
	rule("cross-origin-resource-sharing", h.Get("Access-Control-Allow-Credentials") == "" && (h.Get("Access-Control-Allow-Origin") == "" || html == ""))
	rule("referrer-policy-private", slices.Contains([]string{"no-referrer", "same-origin"}, h.Get("Referrer-Policy")))
	age := regexp.MustCompile(`(?i)^max-age=(\d+); includeSubDomains$`).FindStringSubmatch(h.Get("Strict-Transport-Security"))
	seconds := 0
	if age != nil {
		seconds, _ = strconv.Atoi(age[1])
	}
	rule("hsts-implemented-max-age-at-least-six-months", seconds >= 15768000)
	rule("x-content-type-options-nosniff", h.Get("X-Content-Type-Options") == "nosniff")
	rule("corp-implemented-with-same-origin", h.Get("Cross-Origin-Resource-Policy") == "same-origin")
	rule("sri: scripts of this site alone", !regexp.MustCompile(`<script[^>]*src="?(https?:)?//`).MatchString(html))
	return broken
}

// TestObservatoryFinds: each rule notices when its header is wrong.
func TestObservatoryFinds(t *testing.T) {
	res, err := http.Get(site.server.URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	policy := res.Header.Get("Content-Security-Policy")
	for _, fault := range []struct{ header, value, want string }{
		{"Content-Security-Policy", "", "default-src-none"},
		{"Content-Security-Policy", strings.Replace(policy, "default-src 'none'", "default-src 'self'", 1), "default-src-none"},
		{"Content-Security-Policy", strings.Replace(policy, "style-src ", "style-src 'unsafe-inline' ", 1), "style-src 'unsafe-inline'"},
		{"Content-Security-Policy", strings.Replace(policy, "script-src ", "script-src https: ", 1), "script-src https:"},
		{"Content-Security-Policy", strings.Replace(policy, "img-src ", "img-src http://pictures.example ", 1), "img-src http:"},
		{"Content-Security-Policy", policy + "; img-src *", "duplicate"},
		{"Content-Security-Policy", strings.Replace(policy, "frame-ancestors 'none'", "", 1), "via-csp"},
		{"Content-Security-Policy", strings.Replace(policy, "form-action 'none'", "", 1), "form-action"},
		{"Content-Security-Policy", strings.Replace(policy, "base-uri 'none'", "", 1), "base-uri"},
		{"Set-Cookie", "a=b", "cookies"},
		{"Access-Control-Allow-Origin", "*", "sharing"},
		{"Referrer-Policy", "origin", "referrer"},
		{"Strict-Transport-Security", "max-age=3600; includeSubDomains", "hsts"},
		{"X-Content-Type-Options", "", "nosniff"},
		{"X-Frame-Options", "ALLOWALL", "x-frame-options"},
		{"Cross-Origin-Resource-Policy", "cross-origin", "corp"},
	} {
		h := res.Header.Clone()
		h.Set(fault.header, fault.value)
		if found := observatory(h, "<p>"); !slices.ContainsFunc(found, func(f string) bool { return strings.Contains(f, fault.want) }) {
			t.Errorf("%s: %s: found %q", fault.header, fault.value, found)
		}
	}
	if found := observatory(res.Header, `<script src="//scripts.example/x.js"></script>`); len(found) != 1 {
		t.Errorf("a script of another site: found %q", found)
	}
}

// TestPermissions: pages may do nothing beyond what /checklist/ offers, and only on this site.
func TestPermissions(t *testing.T) {
	res, err := http.Get(site.server.URL + "/checklist/")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	for permission := range strings.SplitSeq(res.Header.Get("Permissions-Policy"), ",") {
		name, who, _ := strings.Cut(strings.TrimSpace(permission), "=")
		if want := map[bool]string{true: "(self)", false: "()"}[name == "clipboard-write"]; who != want {
			t.Errorf("the permission %s is for %q, want %q", name, who, want)
		}
	}
}

// TestCache: browsers keep for long only what has a digest in its name, so that nobody reads an old emergency sign.
func TestCache(t *testing.T) {
	digest := regexp.MustCompile(`\.[0-9a-f]{32,}\.`)
	err := filepath.WalkDir(site.public, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(site.public, name)
		res, err := http.Get(site.server.URL + "/" + filepath.ToSlash(rel))
		if err != nil {
			return err
		}
		res.Body.Close()
		if cache := res.Header.Get("Cache-Control"); cache != "public, max-age=0, must-revalidate" && !digest.MatchString(rel) {
			t.Errorf("%s is kept by browsers: Cache-Control is %q", rel, cache)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestHugoIsLockedDown: with this site's config.toml, a layout can't read the
// environment, run a program or fetch anything.
func TestHugoIsLockedDown(t *testing.T) {
	asked := false
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer server.Close()
	t.Setenv("SITE_SECRET", "secret-of-the-machine")
	root := filepath.Join(t.TempDir(), "site")
	if err := copySite(root, "content", "config.toml"); err != nil {
		t.Fatal(err)
	}
	for name, layout := range map[string]string{
		"security.funcs.getenv": `{{ getenv "SITE_SECRET" }}`,
		"security.http.urls":    fmt.Sprintf(`{{ with resources.GetRemote %q }}{{ .Content }}{{ end }}`, server.URL),
		"security.exec.allow":   `{{ with resources.FromString "a.css" "a {}" | css.PostCSS }}{{ .Content }}{{ end }}`,
	} {
		if err := os.WriteFile(filepath.Join(root, "layouts", "404.html"), []byte(`{{ define "main" }}`+layout+`{{ end }}`), 0o644); err != nil {
			t.Fatal(err)
		}
		if out, err := hugo(root); err == nil || !strings.Contains(out, "access denied") || !strings.Contains(out, name) || strings.Contains(out, "secret-of") {
			t.Errorf("Hugo should refuse %s by %s: %v\n%s", layout, name, err, out)
		}
	}
	if asked {
		t.Error("Hugo asked another server")
	}
}

// TestNu runs the Nu HTML checker, which W3C's validator is, on pages with their styles and pictures.
func TestNu(t *testing.T) {
	java, err := exec.LookPath("java")
	if err != nil {
		t.Skip("No Java here, so the Nu HTML checker did not run. html-validate did.")
	}
	jar := filepath.Join("..", "node_modules", "vnu-jar", "build", "dist", "vnu.jar")
	if _, err := os.Stat(jar); err != nil {
		t.Fatalf("vnu-jar is missing: run ./tools/test.sh, which installs it (%v)", err)
	}
	planted := filepath.Join(t.TempDir(), "planted.html")
	if err := os.WriteFile(planted, []byte(`<!DOCTYPE html><html lang=en><title>x</title><style>p{colour:red}</style><svg><nope></nope></svg><article>x</article>`), 0o644); err != nil {
		t.Fatal(err)
	}
	icon := regexp.MustCompile(`href="data:image/svg\+xml;base64,([^"]+)"`).FindStringSubmatch(page(t, site.public, "/"))
	if icon == nil {
		t.Fatal("the home page has no icon of its own")
	}
	svg, err := base64.StdEncoding.DecodeString(icon[1])
	if err != nil {
		t.Fatal(err)
	}
	picture := filepath.Join(t.TempDir(), "icon.svg")
	if err := os.WriteFile(picture, svg, 0o644); err != nil {
		t.Fatal(err)
	}
	files := []string{"-jar", jar, "--also-check-css", "--also-check-svg", "--format", "gnu", planted, picture}
	for _, p := range site.pages {
		if strings.HasSuffix(p, "/") {
			p += "index.html"
		}
		files = append(files, filepath.Join(site.public, filepath.FromSlash(p)))
	}
	out, _ := exec.Command(java, files...).CombinedOutput()
	for _, want := range []string{"colour", "nope", "Article lacks heading"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("a fault was planted, and the checker does not speak of %q", want)
		}
	}
	for line := range strings.Lines(string(out)) {
		if !strings.Contains(line, "planted.html") && strings.TrimSpace(line) != "" {
			t.Error(strings.TrimPrefix(strings.TrimSpace(line), "\"file:"+site.public))
		}
	}
}
