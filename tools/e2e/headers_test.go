package e2e

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
)

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
	t.Helper()
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
	if len(policy["style-src"]) < 3 || len(policy["script-src"]) != 2 {
		t.Errorf("the pages hold the styles %q and the scripts %q", policy["style-src"], policy["script-src"])
	}
	for _, p := range append(publishedFiles(t), "/no-such-page/", "/es/no-such-page/") {
		res, err := http.Get(site.server.URL + p)
		must(t, err)
		res.Body.Close()
		got := map[string][]string{}
		for directive := range strings.SplitSeq(res.Header.Get("Content-Security-Policy"), ";") {
			words := strings.Fields(directive)
			if len(words) == 0 || got[words[0]] != nil {
				t.Fatalf("%s: the policy has the part %q", p, directive)
			}
			got[words[0]] = slices.Sorted(slices.Values(words[1:]))
		}
		if !maps.EqualFunc(got, policy, slices.Equal) {
			t.Fatalf("%s: the policy is %v, want %v", p, got, policy)
		}
		permissions := res.Header.Get("Permissions-Policy")
		if n := strings.Count(permissions, "=()"); n < 25 {
			t.Errorf("%s: only %d permissions are refused", p, n)
		}
		for permission := range strings.SplitSeq(permissions, ",") {
			name, who, _ := strings.Cut(strings.TrimSpace(permission), "=")
			if want := map[bool]string{true: "(self)", false: "()"}[name == "clipboard-write"]; who != want {
				t.Errorf("%s: the permission %s is for %q, want %q", p, name, who, want)
			}
		}
		others := map[string]string{}
		for key := range res.Header {
			others[key] = strings.Join(res.Header.Values(key), " and ")
		}
		for _, seen := range []string{"Content-Security-Policy", "Permissions-Policy"} {
			delete(others, seen)
		}
		for _, ofHTTP := range []string{"Content-Length", "Content-Type", "Date", "Accept-Ranges", "Last-Modified"} {
			delete(others, ofHTTP)
		}
		want := maps.Clone(securityHeaders)
		if strings.HasSuffix(p, "/checklist.json") {
			want["Access-Control-Allow-Origin"] = "*"
			if kind := res.Header.Get("Content-Type"); kind != "application/fhir+json" {
				t.Errorf("%s is %s", p, kind)
			}
		}
		if lang := strings.Split(p, "/")[1]; lang != "en" && languages(t)[lang].Locale != "" {
			want["Content-Language"] = languages(t)[lang].Locale
		}
		if !maps.Equal(others, want) {
			t.Errorf("%s has the headers %v, want %v", p, others, want)
		}
	}
	for _, p := range site.pages {
		if regexp.MustCompile(`<script[^>]*src="?(https?:)?//`).MatchString(p.html(t)) {
			t.Errorf("%s takes a script of another site", p.path)
		}
	}
}

// publishedFiles are the paths of all files. (Browsers keep none of them for long, so that nobody reads an old emergency sign.)
func publishedFiles(t *testing.T) (paths []string) {
	t.Helper()
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
	if pinned == nil || c.Build.Environment["HUGO_VERSION"] != pinned[1] {
		t.Errorf("netlify.toml has HUGO_VERSION %q, go.mod has %q: keep the two equal", c.Build.Environment["HUGO_VERSION"], pinned)
	}
	for command, address := range map[string]string{
		c.Build.Command:                     `"$URL"`,
		c.Context["deploy-preview"].Command: `"$DEPLOY_PRIME_URL"`,
		c.Context["branch-deploy"].Command:  `"$DEPLOY_PRIME_URL"`,
	} {
		if c.Build.Publish != "public" || command != "go run ./tools build --base "+address {
			t.Errorf("netlify.toml builds with %q into %q", command, c.Build.Publish)
		}
	}
	for _, h := range c.Headers {
		if h.Values["Content-Security-Policy"] != "" {
			t.Error("netlify.toml holds a content security policy; _headers owns it")
		}
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
		if !isDenied || strings.Contains(out, "secret-of") {
			t.Errorf("Hugo should refuse %s by %s: %v\n%s", layout, name, err, out)
		}
	}
	if isAsked {
		t.Error("Hugo asked another server")
	}
}
