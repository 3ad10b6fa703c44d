package publish

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
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

var (
	backupName = regexp.MustCompile(`~$|^#.*#$|^~\$|(?i)\.(?:bak|old|orig|rej|tmp|sw[a-p])$`)
	// systemName matches files that systems put into every folder. They are not published.
	systemName = regexp.MustCompile(`^(?:\.DS_Store|Thumbs\.db|desktop\.ini)$`)
)

// CheckFiles reports what Hugo would hang at, leave out or publish by mistake in
// the folders that it reads whole.
func CheckFiles(root string) (findings []diagnostic.Diagnostic) {
	for _, folder := range []string{"layouts", "i18n", staticDir} {
		// An error is that of a file which is gone again, or Hugo says it better.
		_ = fs.WalkDir(os.DirFS(root), folder, func(name string, d fs.DirEntry, err error) error {
			if err != nil || name == folder {
				return nil
			}
			if message := wrongFile(name, d); message != "" {
				findings = append(findings, diagnostic.Place{File: name}.Errorf(diagnostic.RuleStaticFile, "%s", message))
				if d.IsDir() {
					return fs.SkipDir
				}
			}
			return nil
		})
	}
	return findings
}

// wrongFile says what is wrong with a file or folder, or "".
func wrongFile(name string, d fs.DirEntry) string {
	base := d.Name()
	switch {
	case !d.Type().IsRegular() && !d.IsDir():
		return "this is no ordinary file (" + d.Type().String() + "): Hugo leaves out links and waits for pipes without an end. Put the file itself here"
	case !strings.HasPrefix(name, staticDir+"/") || systemName.MatchString(base):
		return ""
	case backupName.MatchString(base):
		return "this looks like a copy that an editor or git made, and it would be published: delete it, or give it another name"
	case strings.HasPrefix(base, ".") && name != staticDir+"/.well-known":
		return "a name with a dot in front means a hidden file, and it would be published: move it out of " + staticDir + "/. Only .well-known may be there"
	}
	return ""
}

// kinds are the files of static/ that are read, by the ending of their name. What
// Go's library knows is checked by it, because minifiers pass over most mistakes.
var kinds = map[string]struct {
	minify minify.MinifierFunc
	check  func(src []byte) error
}{
	".css":         {css.Minify, nil},
	".html":        {(&html.Minifier{KeepDocumentTags: true, KeepEndTags: true}).Minify, nil},
	".js":          {js.Minify, nil},
	".mjs":         {js.Minify, nil},
	".json":        {minifyjson.Minify, checkJSON},
	".webmanifest": {minifyjson.Minify, checkJSON},
	".svg":         {svg.Minify, checkXML},
	".xml":         {minifyxml.Minify, checkXML},
}

// minified returns a file as small as it can be. The error says why it is not
// what its name says.
func minified(name string, src []byte) ([]byte, error) {
	kind, isKnown := kinds[strings.ToLower(path.Ext(name))]
	if !isKnown {
		return src, nil
	}
	if len(bytes.TrimSpace(src)) == 0 {
		return nil, errors.New("it is empty")
	}
	if kind.check != nil {
		if err := kind.check(src); err != nil {
			return nil, err
		}
	}
	var out bytes.Buffer
	err := kind.minify(minify.New(), &out, bytes.NewReader(src), nil)
	return out.Bytes(), err
}

func checkJSON(src []byte) error {
	err := json.Unmarshal(src, new(json.RawMessage))
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("line %d: %w", 1+bytes.Count(src[:syntax.Offset], []byte("\n")), err)
	}
	return err
}

var entity = regexp.MustCompile(`<!ENTITY\s+([\w.-]+)\s`)

func checkXML(src []byte) error {
	decoder := xml.NewDecoder(bytes.NewReader(src))
	decoder.Entity = map[string]string{} // drawing programs declare some of their own
	for _, m := range entity.FindAllSubmatch(src, -1) {
		decoder.Entity[string(m[1])] = ""
	}
	return decoder.Decode(new(struct{}))
}

// MinifyStatic makes what Hugo copied from static/ as small as what Hugo rendered.
// A file that is not what its name says is a finding. No other kind of file is read.
func (s *Stage) MinifyStatic() (findings []diagnostic.Diagnostic, err error) {
	err = fs.WalkDir(os.DirFS(s.root), staticDir, func(name string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // as where there is no static/
		case err != nil || !d.Type().IsRegular():
			return err
		}
		copied := filepath.Join(s.Dir, filepath.FromSlash(strings.TrimPrefix(name, staticDir+"/")))
		if systemName.MatchString(d.Name()) {
			return os.RemoveAll(copied)
		}
		if _, isKnown := kinds[strings.ToLower(path.Ext(name))]; !isKnown {
			return nil
		}
		src, err := os.ReadFile(copied)
		if err != nil {
			return err
		}
		small, err := minified(name, src)
		if err != nil {
			reason, _, _ := strings.Cut(err.Error(), "\n")
			findings = append(findings, diagnostic.Place{File: name}.Errorf(diagnostic.RuleStaticFile,
				"this file can't be read as what its name says: %s", reason))
			return nil
		}
		return os.WriteFile(copied, small, 0o644)
	})
	return findings, err
}
