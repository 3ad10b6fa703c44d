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

// WriteJSON puts a JSON file of static/ into the rendered site, without spaces, over the copy that Hugo made of an older one.
func (s *Stage) WriteJSON(name string, data []byte) error {
	var small bytes.Buffer
	file := filepath.Join(s.Dir, strings.TrimPrefix(name, staticDir))
	return errors.Join(json.Compact(&small, data), os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, small.Bytes(), 0o644))
}
