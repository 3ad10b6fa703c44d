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

var backupName = regexp.MustCompile(`~$|^#.*#$|^~\$|(?i)\.(?:bak|old|orig|rej|tmp|sw[a-p])$`)

// CheckFiles reports what Hugo would hang at, leave out or publish by mistake in the folders that it reads whole.
func CheckFiles(root string) (findings []diagnostic.Diagnostic) {
	for _, folder := range []string{"layouts", "i18n", staticDir} {
		_ = fs.WalkDir(os.DirFS(root), folder, func(name string, d fs.DirEntry, err error) error {
			if err != nil { // it is gone, or Hugo says it better
				return nil
			}
			if message := wrongFile(name, d); message != "" {
				findings = append(findings, diagnostic.Place{File: name}.Errorf(diagnostic.RuleStaticFile, "%s", message))
			}
			return nil
		})
	}
	return findings
}

// wrongFile says what is wrong with a file or folder, or "".
func wrongFile(name string, d fs.DirEntry) string {
	switch base := d.Name(); {
	case !d.Type().IsRegular() && !d.IsDir():
		return "this is a link, a pipe or the like: Hugo leaves out the one and waits for the other without an end. Put the file itself here"
	case !strings.HasPrefix(name, staticDir+"/"):
		return ""
	case backupName.MatchString(base):
		return "this looks like a copy that an editor or git made, and it would be published: delete it, or give it another name"
	case strings.HasPrefix(base, ".") && name != staticDir+"/.well-known":
		return "a dot in front of a name hides the file, and yet it would be published: delete it, or move it out of static/, where only .well-known may be"
	}
	return ""
}

// minifiers are for the files of static/ that are read, by the ending of their name.
var minifiers = map[string]minify.MinifierFunc{
	".css":         css.Minify,
	".html":        (&html.Minifier{KeepDocumentTags: true, KeepEndTags: true}).Minify,
	".js":          js.Minify,
	".mjs":         js.Minify,
	".json":        minifyjson.Minify,
	".webmanifest": minifyjson.Minify,
	".svg":         svg.Minify,
	".xml":         minifyxml.Minify,
}

// minifyFile returns a file as small as it can be, or an error where it is not what its name says.
func minifyFile(name string, src []byte) ([]byte, error) {
	extension := strings.ToLower(path.Ext(name))
	minifier := minifiers[extension]
	if minifier == nil {
		return src, nil
	}
	if len(bytes.TrimSpace(src)) == 0 {
		return nil, errors.New("it is empty")
	}
	var err error
	switch extension { // because minifiers pass over most mistakes
	case ".json", ".webmanifest":
		err = json.Unmarshal(src, new(json.RawMessage))
	case ".svg", ".xml":
		err = xml.Unmarshal(src, new(struct{}))
	}
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = minifier(minify.New(), &out, bytes.NewReader(src), nil)
	return out.Bytes(), err
}

// MinifyStatic makes what Hugo copied from static/ as small as what Hugo rendered. A file that is not what its
// name says is a finding. No other kind of file is read.
func (s *Stage) MinifyStatic() (findings []diagnostic.Diagnostic, err error) {
	err = fs.WalkDir(os.DirFS(s.root), staticDir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || minifiers[strings.ToLower(path.Ext(name))] == nil {
			return nil // what Hugo could not read, it has reported
		}
		copied := filepath.Join(s.Dir, filepath.FromSlash(strings.TrimPrefix(name, staticDir+"/")))
		src, err := os.ReadFile(copied)
		if err != nil {
			return err
		}
		small, err := minifyFile(name, src)
		if err == nil {
			return os.WriteFile(copied, small, 0o644)
		}
		reason, _, _ := strings.Cut(err.Error(), "\n")
		findings = append(findings, diagnostic.Place{File: name}.Errorf(diagnostic.RuleStaticFile,
			"this file can't be read as what its name says: %s", reason))
		return nil
	})
	return findings, err
}
