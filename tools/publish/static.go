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
	"strings"

	"github.com/tdewolff/minify/v2"
	"github.com/tdewolff/minify/v2/css"
	"github.com/tdewolff/minify/v2/html"
	"github.com/tdewolff/minify/v2/js"
	minifyjson "github.com/tdewolff/minify/v2/json"
	"github.com/tdewolff/minify/v2/svg"
	minifyxml "github.com/tdewolff/minify/v2/xml"

	"microsite/tools/diagnostic"
	"microsite/tools/site"
)

const staticDir = "static"

// CheckFiles reports files that would make Hugo hang, or that it would leave out or publish by mistake. The content of
// generated files is not checked, because they will be written again.
func CheckFiles(root string, generated map[string][]byte) (findings []diagnostic.Diagnostic) {
	isBackup := regexp.MustCompile(`~$|^#.*#$|^~\$|(?i)\.(?:bak|old|orig|rej|tmp|sw[a-p])$`).MatchString
	for _, folder := range []string{"layouts", "i18n", site.FiguresDir, staticDir} {
		_ = fs.WalkDir(os.DirFS(root), folder, func(name string, d fs.DirEntry, err error) error {
			if err != nil { // the folder is optional, and Hugo reports what it can't read
				return nil
			}
			message := ""
			isHidden := strings.HasPrefix(d.Name(), ".") && name != "static/.well-known"
			switch {
			case !d.Type().IsRegular() && !d.IsDir():
				message = "this is a link, a pipe or the like, which Hugo can't publish: put the file itself here"
			case folder == staticDir && (isHidden || isBackup(d.Name())):
				message = "this looks like a hidden file or a copy that an editor or git made, and it would be published: " +
					"delete it, or give it another name"
			case generated[name] != nil:
			case folder == staticDir && d.Name() == "checklist.json":
				message = "config.toml has no language that this checklist is for, and it would be published: " +
					"delete the file, or give it another name"
			case !d.IsDir() && (folder == staticDir || folder == site.FiguresDir):
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

// formats holds, by extension, the minifiers of files that browsers load.
var formats = map[string]minify.MinifierFunc{
	".css": css.Minify, ".html": (&html.Minifier{KeepDocumentTags: true, KeepEndTags: true}).Minify, ".js": js.Minify,
	".json": minifyjson.Minify, ".svg": svg.Minify, ".xml": minifyxml.Minify,
}

// checkFormat returns an error if a file of one of the formats is empty or can't be parsed.
func checkFormat(name string) error {
	extension := strings.ToLower(path.Ext(name))
	if formats[extension] == nil {
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

// WriteStatic writes a file of static/ into the staging folder, where Hugo may have copied an older one to.
func (s *Stage) WriteStatic(name string, data []byte) error {
	file := filepath.Join(s.Dir, strings.TrimPrefix(name, staticDir))
	return errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, data, 0o644), minifyFile(file))
}

// MinifyStatic minifies the files that Hugo copied from static/, as Hugo does with those that it renders.
func (s *Stage) MinifyStatic() error {
	return fs.WalkDir(os.DirFS(s.root), staticDir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil // a site need not have static files
		}
		return minifyFile(filepath.Join(s.Dir, strings.TrimPrefix(name, staticDir)))
	})
}

// minifyFile minifies a file, unless it is of another format or can't be parsed.
func minifyFile(name string) error {
	minifier := formats[strings.ToLower(path.Ext(name))]
	if minifier == nil {
		return nil
	}
	src, err := os.ReadFile(name)
	var minified bytes.Buffer
	if err == nil && minifier(minify.New(), &minified, bytes.NewReader(src), nil) == nil {
		err = os.WriteFile(name, minified.Bytes(), 0o644)
	}
	return err
}
