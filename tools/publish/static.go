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

	"microsite/tools/diagnostic"
)

// CheckFiles reports what Hugo would hang at, leave out or publish by mistake in the folders that it reads whole.
// What stands in the generated file does not matter, because it will be written again.
func CheckFiles(root, generated string) (findings []diagnostic.Diagnostic) {
	isBackup := regexp.MustCompile(`~$|^#.*#$|^~\$|(?i)\.(?:bak|old|orig|rej|tmp|sw[a-p])$`).MatchString
	for _, folder := range []string{"layouts", "i18n", "static"} {
		_ = fs.WalkDir(os.DirFS(root), folder, func(name string, d fs.DirEntry, err error) error {
			if err != nil { // it is gone, or Hugo says it better
				return nil
			}
			message := ""
			isHidden := strings.HasPrefix(d.Name(), ".") && name != "static/.well-known"
			switch {
			case !d.Type().IsRegular() && !d.IsDir():
				message = "this is a link, a pipe or the like, which Hugo can't publish: put the file itself here"
			case folder == "static" && (isHidden || isBackup(d.Name())):
				message = "this looks like a hidden file or a copy that an editor or git made, and it would be published: delete it, or give it another name"
			case folder == "static" && !d.IsDir() && name != generated:
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

// checkFormat returns an error where a text file is empty or not what its name says. No other kind of file is read.
func checkFormat(name string) error {
	parse := func([]byte) error { return nil }
	switch strings.ToLower(path.Ext(name)) {
	case ".json":
		parse = func(src []byte) error { return json.Unmarshal(src, new(json.RawMessage)) }
	case ".svg", ".xml":
		parse = func(src []byte) error { return xml.Unmarshal(src, new(struct{})) }
	case ".css", ".js", ".html":
	default:
		return nil
	}
	src, err := os.ReadFile(name)
	if err == nil && len(bytes.TrimSpace(src)) == 0 {
		return errors.New("it is empty")
	}
	return errors.Join(err, parse(src))
}
