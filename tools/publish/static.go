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
			message, isGenerated := "", generated[name] != nil
			isHidden := strings.HasPrefix(d.Name(), ".") && name != "static/.well-known"
			switch {
			case !d.Type().IsRegular() && !d.IsDir():
				message = "this is a link, a pipe or the like, which Hugo can't publish: put the file itself here"
			case folder == staticDir && (isHidden || isBackup(d.Name())):
				message = "this looks like a hidden file or a copy that an editor or git made, and it would be published: delete it, or give it another name"
			case folder == staticDir && !d.IsDir() && !isGenerated:
				if _, err := minifyFile(filepath.Join(root, name)); err != nil {
					reason, _, _ := strings.Cut(err.Error(), "\n")
					message = "this file can't be read as what its name says: " + reason
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

// minifiers are for the files of static/ that are read, by the ending of their name.
var minifiers = map[string]minify.MinifierFunc{
	".css":  css.Minify,
	".html": (&html.Minifier{KeepDocumentTags: true, KeepEndTags: true}).Minify,
	".js":   js.Minify,
	".json": minifyjson.Minify,
	".svg":  svg.Minify,
	".xml":  minifyxml.Minify,
}

// minifyFile returns a file as small as it can be, or an error where it is empty or not what its name says. Of other kinds
// of files, which are not read, it returns nil.
func minifyFile(name string) ([]byte, error) {
	extension := strings.ToLower(path.Ext(name))
	minifier := minifiers[extension]
	if minifier == nil {
		return nil, nil
	}
	src, err := os.ReadFile(name)
	if err == nil && len(bytes.TrimSpace(src)) == 0 {
		err = errors.New("it is empty")
	}
	if err != nil {
		return nil, err
	}
	switch extension { // because minifiers pass over most mistakes
	case ".json":
		err = json.Unmarshal(src, new(json.RawMessage))
	case ".svg", ".xml":
		err = xml.Unmarshal(src, new(struct{}))
	}
	var out bytes.Buffer
	if err == nil {
		err = minifier(minify.New(), &out, bytes.NewReader(src), nil)
	}
	return out.Bytes(), err
}

// WriteStatic puts a file of static/ into the rendered site, over the copy that Hugo made of an older one.
func (s *Stage) WriteStatic(name string, data []byte) error {
	file := filepath.Join(s.Dir, strings.TrimPrefix(name, staticDir))
	return errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, data, 0o644), minifyInPlace(file))
}

// MinifyStatic makes what Hugo copied from static/ as small as what Hugo rendered. CheckFiles has seen that it can be read.
func (s *Stage) MinifyStatic() error {
	return fs.WalkDir(os.DirFS(s.root), staticDir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil // where there is no such folder, nothing was copied
		}
		return minifyInPlace(filepath.Join(s.Dir, strings.TrimPrefix(name, staticDir)))
	})
}

func minifyInPlace(name string) error {
	small, err := minifyFile(name)
	if err == nil && small != nil {
		err = os.WriteFile(name, small, 0o644)
	}
	return err
}
