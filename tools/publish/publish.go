// Package publish stages a rendered site and puts it in place as public/, whole:
// at every instant public/ is the old site or the new one.
package publish

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"microsite/tools/site"
)

const (
	publicDir = "public"
	staticDir = "static"
	buildDir  = ".build" // on the file system of public/, and out of Hugo's and git's sight
)

// Stage is a build under way.
type Stage struct {
	Dir    string // where the site is rendered
	root   string
	public string // what Dir is to become
	aside  string // where the old site is while folders are swapped in steps
	lock   io.Closer
}

// Begin makes an empty staging folder for the site in root, and clears up what
// killed builds left. Call Close in the end.
func Begin(root string) (*Stage, error) {
	lock, err := Lock(root, "build")
	if err != nil {
		return nil, err
	}
	s := &Stage{root: root, public: filepath.Join(root, publicDir), aside: filepath.Join(root, buildDir, publicDir+".old"), lock: lock}
	if err := s.makeDir(); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return s, nil
}

// Lock makes sure that one process at a time does a task on a site: the error says
// so when another does.
func Lock(root, task string) (io.Closer, error) {
	dir := filepath.Join(root, buildDir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	lock := flock.New(filepath.Join(dir, task+".lock"))
	isLocked, err := lock.TryLock()
	if err != nil {
		return nil, err
	}
	if !isLocked {
		return nil, fmt.Errorf("another %s of this site is running: end it, or wait until it has ended", task)
	}
	return lock, nil
}

// makeDir makes a folder with a new name each time, because the Hugo of a killed
// build may still be writing into the old one.
func (s *Stage) makeDir() error {
	if err := undoSwap(s.public, s.aside); err != nil {
		return err
	}
	dir := filepath.Join(s.root, buildDir)
	leftovers, err := fs.Glob(os.DirFS(dir), publicDir+"-*")
	for _, name := range leftovers {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, name)))
	}
	if err != nil {
		return err
	}
	if s.Dir, err = os.MkdirTemp(dir, publicDir+"-*"); err != nil {
		return err
	}
	return os.Chmod(s.Dir, 0o755) // a web server is to read it
}

// Close removes what is left of the staging folder.
func (s *Stage) Close() error {
	return errors.Join(os.RemoveAll(s.Dir), s.lock.Close())
}

// WriteFile puts a generated file into the rendered site, minified, over the copy
// that Hugo made of an older one.
func (s *Stage) WriteFile(name string, data []byte) error {
	small, err := minified(name, data)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(s.Dir, name), small, 0o644)
}

// Commit swaps the staging folder in as public/ and, in the same breath, replaces
// one generated file of the site, unless its bytes are equal. What can fail for
// want of space or rights is done before the swap.
func (s *Stage) Commit(name string, data []byte) error {
	target := filepath.Join(s.root, name)
	old, err := site.ReadRegular(target, 0)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	isSame := err == nil && bytes.Equal(old, data)
	temp := ""
	if !isSame {
		if temp, err = writeTemp(target, data); err != nil {
			return err
		}
		defer os.Remove(temp) // it is gone already when all went well
	}
	if err := swap(s.Dir, s.public, s.aside); err != nil {
		return fmt.Errorf("putting the new %s in place: %w", publicDir, err)
	}
	if isSame {
		return nil
	}
	return os.Rename(temp, target)
}

// ReplaceFile writes a file of the site whole or not at all, with the rights that it had.
func ReplaceFile(root, name string, data []byte) error {
	target := filepath.Join(root, name)
	temp, err := writeTemp(target, data)
	if err != nil {
		return err
	}
	defer os.Remove(temp)
	return os.Rename(temp, target)
}

// writeTemp writes what is to take the place of target into a hidden file beside
// it, which needs no other file system and shows that the folder can be written to.
func writeTemp(target string, data []byte) (name string, err error) {
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(target); err == nil {
		mode = info.Mode().Perm()
	}
	dir := filepath.Dir(target)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	f, err := os.CreateTemp(dir, "."+filepath.Base(target)+"-*")
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}
