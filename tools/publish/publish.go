// Package publish replaces public/ with a newly rendered site. At any moment, public/ is the old site or the new one. On other
// systems than Linux, it is missing for an instant.
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

const buildDir = ".build" // on the same file system as public/, and ignored by Hugo and git

// Stage is a build in progress.
type Stage struct {
	Dir  string // the staging folder, where the site is rendered
	root string
	lock io.Closer
}

// Begin locks the site in root against other builds, and makes an empty staging folder. The caller must call Close.
func Begin(root string) (*Stage, error) {
	lock, err := Lock(root, "build")
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(root, buildDir, "public")
	if err := errors.Join(os.RemoveAll(dir), os.RemoveAll(dir+"-old"), os.Mkdir(dir, 0o755)); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return &Stage{Dir: dir, root: root, lock: lock}, nil
}

// Lock prevents other processes from doing the same task on a site. If one does it already, the error says so.
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

// Close removes the staging folder, and lets other builds begin.
func (s *Stage) Close() error {
	return errors.Join(os.RemoveAll(s.Dir), s.lock.Close())
}

// Commit replaces public/ with the staging folder and writes generated files of the site, all together or, on failure, none.
func (s *Stage) Commit(generated map[string][]byte) error {
	commit := func() error { return swap(s.Dir, filepath.Join(s.root, "public")) }
	for name, data := range generated {
		next := commit
		commit = func() error { return replace(filepath.Join(s.root, name), data, next) }
	}
	return commit()
}

// ReplaceFile writes a file of the site completely or not at all, with the old permissions, unless the bytes are the same.
func ReplaceFile(root, name string, data []byte) error {
	return replace(filepath.Join(root, name), data, func() error { return nil })
}

// replace replaces a file. It calls beforeRename after all steps that can fail for lack of space or permissions.
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
	permissions := fs.FileMode(0o644)
	if info, err := os.Stat(target); err == nil {
		permissions = info.Mode().Perm()
	}
	temp, err := os.CreateTemp(filepath.Dir(target), "."+filepath.Base(target)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(data)
	if err := errors.Join(err, temp.Chmod(permissions), temp.Sync(), temp.Close()); err != nil {
		return err
	}
	if err := beforeRename(); err != nil {
		return err
	}
	return os.Rename(temp.Name(), target)
}

// exchange swaps two folders in one step. Only Linux can do that: see exchange_linux.go.
var exchange = func(_, _ string) error { return errors.ErrUnsupported }

// swap moves the folder fresh to the path old. If there is a folder at old, it ends up at fresh or is removed.
func swap(fresh, old string) error {
	if info, err := os.Lstat(old); err == nil && !info.IsDir() {
		return fmt.Errorf("%s is not a folder: move it away", old)
	}
	if exchange(fresh, old) == nil {
		return nil
	}
	backup := fresh + "-old"
	if err := os.Rename(old, backup); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s can't be renamed. Where it is a mount, on another file system than %s, "+
			"or in a lower layer of a container: delete it or unmount it, then build again (%w)", old, buildDir, err)
	}
	if err := os.Rename(fresh, old); err != nil {
		return errors.Join(err, os.Rename(backup, old))
	}
	return os.RemoveAll(backup)
}
