// Package publish runs Hugo into a staging folder and puts the result in place
// as public/ whole: at every instant public/ is the old site or the new one.
package publish

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
	"github.com/tdewolff/minify/v2"
	"github.com/tdewolff/minify/v2/css"
	"github.com/tdewolff/minify/v2/html"
	"github.com/tdewolff/minify/v2/js"
	"github.com/tdewolff/minify/v2/json"
	"github.com/tdewolff/minify/v2/svg"
	"github.com/tdewolff/minify/v2/xml"

	"microsite/tools/problem"
)

const (
	public = "public" // what is published
	static = "static" // what Hugo copies as it is
	work   = ".build" // staging, on the same file system as public, out of Hugo's and git's sight
)

// RuleMinify is the rule of Minify, as README lists it.
const RuleMinify = "minify"

// Stage is one build under way.
type Stage struct {
	Dir   string // where the site is rendered
	root  string
	aside string // where the old site waits while folders are swapped in steps
	lock  *flock.Flock

	preview bool
}

// Begin makes an empty staging folder for the site in root. One build runs at
// a time: the error says so when another does. Call Close in the end.
func Begin(root string) (*Stage, error) { return open(root, false) }

// Preview is as Begin, for a site with its drafts that is looked into and
// never put in place. It doesn't hinder a build, nor a build it.
func Preview(root string) (*Stage, error) { return open(root, true) }

func open(root string, preview bool) (*Stage, error) {
	dir, what := filepath.Join(root, work), "build"
	if preview {
		dir, what = filepath.Join(dir, "preview"), "preview"
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	lock := flock.New(filepath.Join(dir, "lock"))
	locked, err := lock.TryLock()
	if err != nil {
		return nil, err
	}
	if !locked {
		return nil, fmt.Errorf("another %s of this site is running: wait until it has ended", what)
	}
	s := &Stage{root: root, lock: lock, preview: preview, aside: filepath.Join(dir, public+".old")}
	if s.Dir, err = fresh(dir, s.aside, filepath.Join(root, public)); err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	return s, nil
}

// fresh makes the staging folder and sweeps up what killed builds left. Its
// name is new each time: a killed build's Hugo may still be writing.
func fresh(dir, aside, public string) (string, error) {
	if err := restore(aside, public); err != nil {
		return "", err
	}
	left, err := fs.Glob(os.DirFS(dir), "public-*")
	for _, name := range left {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, name)))
	}
	if err != nil {
		return "", err
	}
	name, err := os.MkdirTemp(dir, "public-*")
	if err != nil {
		return "", err
	}
	return name, os.Chmod(name, 0o755)
}

// Close removes what is left of the staging folder.
func (s *Stage) Close() error {
	return errors.Join(os.RemoveAll(s.Dir), s.lock.Unlock())
}

// Write puts a generated file into the rendered site, minified, over the copy
// that Hugo made of an older one.
func (s *Stage) Write(name string, data []byte) error {
	small, err := minified(name, data)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(s.Dir, name), small, 0o644)
}

// Minify makes what Hugo copied from static/ as small as what Hugo rendered.
// A file that its minifier can't read is a problem.
func (s *Stage) Minify() (problems []problem.Problem, err error) {
	from := filepath.Join(s.root, static)
	err = filepath.WalkDir(from, func(name string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && name == from {
			return fs.SkipAll
		}
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(from, name)
		if err != nil {
			return err
		}
		copied := filepath.Join(s.Dir, rel)
		src, err := os.ReadFile(copied)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // Hugo leaves some files out, such as .DS_Store
		}
		if err != nil {
			return err
		}
		switch small, err := minified(rel, src); {
		case err != nil:
			problems = append(problems, problem.Problem{File: static + "/" + filepath.ToSlash(rel), Rule: RuleMinify, Severity: problem.Error,
				Message: "this file can't be read as what its name says: " + strings.ReplaceAll(err.Error(), "\n", " ")})
		case !bytes.Equal(small, src):
			return os.WriteFile(copied, small, 0o644)
		}
		return nil
	})
	return problems, err
}

var minifier = func() *minify.M {
	m := minify.New()
	m.AddFunc(".css", css.Minify)
	m.Add(".html", &html.Minifier{KeepDocumentTags: true, KeepEndTags: true})
	m.AddFunc(".js", js.Minify)
	m.AddFunc(".mjs", js.Minify)
	m.AddFunc(".json", json.Minify)
	m.AddFunc(".webmanifest", json.Minify)
	m.AddFunc(".svg", svg.Minify)
	m.AddFunc(".xml", xml.Minify)
	return m
}()

// minified is a file's text, as small as it can be; where its name tells of no
// minifier, as it is.
func minified(name string, src []byte) ([]byte, error) {
	small, err := minifier.Bytes(strings.ToLower(filepath.Ext(name)), src)
	if errors.Is(err, minify.ErrNotExist) {
		return src, nil
	}
	return small, err
}

// Commit swaps the staging folder in as public/ and, in the same breath,
// replaces one generated file of the site, relative to its root, unless its
// bytes are equal. All that can fail for want of space or permission is done
// before the swap.
func (s *Stage) Commit(name string, data []byte) error {
	target := filepath.Join(s.root, name)
	have, err := os.ReadFile(target)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	same := err == nil && string(have) == string(data)
	var fresh string
	if !same {
		if fresh, err = prepare(s.root, target, data); err != nil {
			return err
		}
		defer os.Remove(fresh) // gone already when all went well
		if err := writable(filepath.Dir(target)); err != nil {
			return err
		}
	}
	if err := swap(s.Dir, filepath.Join(s.root, public), s.aside); err != nil {
		return fmt.Errorf("putting the new %s in place: %w", public, err)
	}
	if !same {
		return os.Rename(fresh, target)
	}
	return nil
}

// Replace writes a file of the site, relative to its root, whole or not at
// all, with the rights that it had.
func Replace(root, name string, data []byte) error {
	target := filepath.Join(root, name)
	fresh, err := prepare(root, target, data)
	if err != nil {
		return err
	}
	defer os.Remove(fresh) // gone already when all went well
	return os.Rename(fresh, target)
}

// prepare writes what is to become target where nobody watches, and returns the
// name of that file.
func prepare(root, target string, data []byte) (name string, err error) {
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(target); err == nil {
		mode = info.Mode().Perm()
	}
	dir := filepath.Join(root, work)
	if err := errors.Join(os.MkdirAll(dir, 0o755), os.MkdirAll(filepath.Dir(target), 0o755)); err != nil {
		return "", err
	}
	f, err := os.CreateTemp(dir, filepath.Base(target)+"-*")
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// writable says, before anything is changed, whether a file can be renamed into dir.
func writable(dir string) error {
	f, err := os.CreateTemp(dir, ".tmp-*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// swap puts the folder fresh in the place of the folder old, which need not
// exist; afterwards fresh is what old was, or gone.
func swap(fresh, old, aside string) error {
	info, err := os.Lstat(old)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return os.Rename(fresh, old)
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is not a folder: move it away", old)
	}
	if err := exchange(fresh, old); err == nil || !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return swapInSteps(fresh, old, aside)
}

// swapInSteps is for systems without an atomic exchange: a moment without the
// old folder, and the old one back on failure.
func swapInSteps(fresh, old, aside string) error {
	if err := os.Rename(old, aside); err != nil {
		return err
	}
	if err := os.Rename(fresh, old); err != nil {
		return errors.Join(err, os.Rename(aside, old))
	}
	return os.RemoveAll(aside)
}

// restore undoes half a swap in steps: it puts the old folder back where the
// new one did not arrive.
func restore(kept, old string) error {
	if _, err := os.Lstat(old); errors.Is(err, fs.ErrNotExist) {
		if err := os.Rename(kept, old); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return os.RemoveAll(kept)
}
