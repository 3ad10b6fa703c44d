// Package publish stages a rendered site and puts it in place as public/. At every instant that is the old site or the
// new one, or, for a moment on other systems than Linux, not there.
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

const buildDir = ".build" // on the file system of public/, and out of Hugo's and git's sight

// Stage is a build under way.
type Stage struct {
	Dir  string // where the site is rendered
	root string
	lock io.Closer
}

// Begin makes an empty staging folder for the site in root. Call Close in the end.
func Begin(root string) (*Stage, error) {
	lock, err := Lock(root, "build")
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(root, buildDir, "public")
	err = errors.Join(os.RemoveAll(dir), os.RemoveAll(dir+"-old"), os.Mkdir(dir, 0o755))
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return &Stage{Dir: dir, root: root, lock: lock}, nil
}

// Lock makes sure that one process at a time does a task on a site: the error says so when another does.
func Lock(root, task string) (io.Closer, error) {
	dir := filepath.Join(root, buildDir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	lock := flock.New(filepath.Join(dir, task+".lock"))
	isLocked, err := lock.TryLock()
	if err == nil && !isLocked {
		err = fmt.Errorf("another %s of this site is running: end it, or wait until it has ended", task)
	}
	return lock, err
}

// Close removes what is left of the staging folder.
func (s *Stage) Close() error {
	return errors.Join(os.RemoveAll(s.Dir), s.lock.Close())
}

// Commit swaps the staging folder in as public/ and, in the same breath, replaces generated files of the site.
func (s *Stage) Commit(generated map[string][]byte) error {
	commit := func() error { return swap(s.Dir, filepath.Join(s.root, "public")) }
	for name, data := range generated {
		inner := commit
		commit = func() error { return replace(filepath.Join(s.root, name), data, inner) }
	}
	return commit()
}

// ReplaceFile writes a file of the site whole or not at all, unless its bytes are equal. It keeps the file's rights.
func ReplaceFile(root, name string, data []byte) error {
	return replace(filepath.Join(root, name), data, func() error { return nil })
}

// replace calls beforeRename when all that can fail for want of space or rights is done.
func replace(target string, data []byte, beforeRename func() error) error {
	old, err := site.ReadRegular(target, 0)
	if err == nil && bytes.Equal(old, data) {
		return beforeRename()
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = os.MkdirAll(filepath.Dir(target), 0o755)
	}
	if err != nil {
		return err
	}
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(target); err == nil {
		mode = info.Mode().Perm()
	}
	temp, err := os.CreateTemp(filepath.Dir(target), "."+filepath.Base(target)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(data)
	if err := errors.Join(err, temp.Chmod(mode), temp.Sync(), temp.Close()); err != nil {
		return err
	}
	if err := beforeRename(); err != nil {
		return err
	}
	return os.Rename(temp.Name(), target)
}

// exchange swaps two folders in one step, which only Linux can.
var exchange = func(_, _ string) error { return errors.ErrUnsupported }

// swap puts the folder fresh in the place of the folder old, which need not exist.
func swap(fresh, old string) error {
	if info, err := os.Lstat(old); err == nil && !info.IsDir() {
		return fmt.Errorf("%s is not a folder: move it away", old)
	}
	if exchange(fresh, old) == nil {
		return nil
	}
	aside := fresh + "-old" // for a moment there is no old folder
	if err := os.Rename(old, aside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s can't be renamed. Where it is a mount, on another file system than %s, "+
			"or in a lower layer of a container: delete it or unmount it, then build again (%w)", old, buildDir, err)
	}
	if err := os.Rename(fresh, old); err != nil {
		return errors.Join(err, os.Rename(aside, old))
	}
	return os.RemoveAll(aside)
}
