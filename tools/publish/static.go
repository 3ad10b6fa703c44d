package publish

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/tdewolff/minify/v2"
	"github.com/tdewolff/minify/v2/css"
	"github.com/tdewolff/minify/v2/html"
	"github.com/tdewolff/minify/v2/js"
	minifyjson "github.com/tdewolff/minify/v2/json"
	"github.com/tdewolff/minify/v2/svg"
	minifyxml "github.com/tdewolff/minify/v2/xml"

	"microsite/tools/diagnostic"
)

const staticDir = "static"

// CheckFiles reports what Hugo would hang at, leave out or publish by mistake in the folders that it reads whole.
// What stands in a generated file does not matter, because it will be written again.
func CheckFiles(root string, generated map[string][]byte) (findings []diagnostic.Diagnostic) {
	isBackup := regexp.MustCompile(`~$|^#.*#$|^~\$|(?i)\.(?:bak|old|orig|rej|tmp|sw[a-p])$`).MatchString
	for _, folder := range []string{"layouts", "i18n", staticDir} {
		_ = fs.WalkDir(os.DirFS(root), folder, func(name string, d fs.DirEntry, err error) error {
			if err != nil { // it is gone, or Hugo says it better
				return nil
			}
			message := ""
			isHidden := strings.HasPrefix(d.Name(), ".") && name != "static/.well-known"
			switch {
			case !d.Type().IsRegular() && !d.IsDir():
				message = "this is a link, a pipe or the like, which Hugo can't publish: put the file itself here"
			case folder == staticDir && (isHidden || isBackup(d.Name())):
				message = "this looks like a hidden file or a copy that an editor or git made, and it would be published: delete it, or give it another name"
			case folder == staticDir && d.Name() == "checklist.json" && generated[name] == nil:
				message = "config.toml has no language that this checklist is for, and it would be published: delete the file, or give it another name"
			case folder == staticDir && !d.IsDir() && generated[name] == nil:
				if err := checkFormat(filepath.Join(root, name)); err != nil {
					message = "this file can't be read as what its name says: " + err.Error()
				}
			}
			if message != "" {
				findings = append(findings, diagnostic.Place{File: name}.Errorf(diagnostic.RuleStaticFile, "%s", message))
			}
			return nil
		})
	}
	return findings
}

// checkFormat returns an error where a file is empty or not what its name says. Files of other kinds, such as films, are
// not read.
func checkFormat(name string) error {
	extension := strings.ToLower(path.Ext(name))
	if !slices.Contains([]string{".css", ".html", ".js", ".json", ".svg", ".xml"}, extension) {
		return nil
	}
	src, err := os.ReadFile(name)
	switch {
	case err != nil:
		return err
	case len(bytes.TrimSpace(src)) == 0:
		return errors.New("it is empty")
	case extension == ".json":
		return json.Unmarshal(src, new(json.RawMessage))
	case extension == ".svg" || extension == ".xml":
		return xml.Unmarshal(src, new(struct{}))
	}
	return nil
}

// minifiers are for what of static/ a reader's browser loads, by the ending of the file's name.
var minifiers = map[string]minify.MinifierFunc{
	".css": css.Minify, ".html": (&html.Minifier{KeepDocumentTags: true, KeepEndTags: true}).Minify, ".js": js.Minify,
	".json": minifyjson.Minify, ".svg": svg.Minify, ".xml": minifyxml.Minify,
}

// WriteStatic puts a file of static/ into the rendered site, over the copy that Hugo made of an older one.
func (s *Stage) WriteStatic(name string, data []byte) error {
	file := filepath.Join(s.Dir, strings.TrimPrefix(name, staticDir))
	return errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, data, 0o644), minifyFile(file))
}

// MinifyStatic makes what Hugo copied from static/ as small as what Hugo rendered.
func (s *Stage) MinifyStatic() error {
	return fs.WalkDir(os.DirFS(s.root), staticDir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil // where there is no such folder, nothing was copied
		}
		return minifyFile(filepath.Join(s.Dir, strings.TrimPrefix(name, staticDir)))
	})
}

// minifyFile leaves a file as it is where there is no minifier for it, or that can't make sense of it.
func minifyFile(name string) error {
	minifier := minifiers[strings.ToLower(path.Ext(name))]
	if minifier == nil {
		return nil
	}
	src, err := os.ReadFile(name)
	var small bytes.Buffer
	if err == nil && minifier(minify.New(), &small, bytes.NewReader(src), nil) == nil {
		err = os.WriteFile(name, small.Bytes(), 0o644)
	}
	return err
}
