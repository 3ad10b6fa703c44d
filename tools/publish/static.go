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

// CheckFiles reports what Hugo would hang at, leave out or publish by mistake in the folders that it reads whole.
func CheckFiles(root string) (findings []diagnostic.Diagnostic) {
	isBackup := regexp.MustCompile(`~$|^#.*#$|^~\$|(?i)\.(?:bak|old|orig|rej|tmp|sw[a-p])$`).MatchString
	for _, folder := range []string{"layouts", "i18n", staticDir} {
		_ = fs.WalkDir(os.DirFS(root), folder, func(name string, d fs.DirEntry, err error) error {
			if err != nil { // it is gone, or Hugo says it better
				return nil
			}
			message := ""
			isHidden := strings.HasPrefix(d.Name(), ".") && name != staticDir+"/.well-known"
			if !d.Type().IsRegular() && !d.IsDir() {
				message = "this is a link, a pipe or the like, which Hugo can't publish: put the file itself here"
			} else if folder == staticDir && (isHidden || isBackup(d.Name())) {
				message = "this looks like a hidden file or a copy that an editor or git made, and it would be published: delete it, or give it another name"
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

// minifyFile returns a file as small as it can be, or an error where it is not what its name says.
func minifyFile(extension string, src []byte) ([]byte, error) {
	if len(bytes.TrimSpace(src)) == 0 {
		return nil, errors.New("it is empty")
	}
	var err error
	switch extension { // because minifiers pass over most mistakes
	case ".json":
		err = json.Unmarshal(src, new(json.RawMessage))
	case ".svg", ".xml":
		err = xml.Unmarshal(src, new(struct{}))
	}
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = minifiers[extension](minify.New(), &out, bytes.NewReader(src), nil)
	return out.Bytes(), err
}

// MinifyStatic makes what Hugo copied from static/ as small as what Hugo rendered, and puts a generated file there, by
// its name in the site. A file that is not what its name says is a finding. No other kind of file is read.
func (s *Stage) MinifyStatic(generated string, data []byte) (findings []diagnostic.Diagnostic, err error) {
	target := func(name string) string {
		return filepath.Join(s.Dir, filepath.FromSlash(strings.TrimPrefix(name, staticDir+"/")))
	}
	files := []string{generated}
	if err := os.WriteFile(target(generated), data, 0o644); err != nil {
		return nil, err
	}
	_ = fs.WalkDir(os.DirFS(s.root), staticDir, func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && name != generated { // what Hugo could not read, it has reported
			files = append(files, name)
		}
		return nil
	})
	for _, name := range files {
		extension := strings.ToLower(path.Ext(name))
		if minifiers[extension] == nil {
			continue
		}
		src, err := os.ReadFile(target(name))
		if err != nil {
			return nil, err
		}
		small, err := minifyFile(extension, src)
		if err != nil {
			reason, _, _ := strings.Cut(err.Error(), "\n")
			findings = append(findings, diagnostic.Place{File: name}.Errorf(diagnostic.RuleStaticFile, "this file can't be read as what its name says: %s", reason))
		} else if err := os.WriteFile(target(name), small, 0o644); err != nil {
			return nil, err
		}
	}
	return findings, nil
}
