package publish

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

var exchange = exchangeDirs // tests let it fail

// swap puts the folder fresh in the place of the folder old, which need not exist.
// Afterwards fresh is what old was, or gone. Where the system can't do that in one
// step, the old folder waits aside.
func swap(fresh, old, aside string) error {
	info, err := os.Lstat(old)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = os.Rename(fresh, old)
	case err == nil && !info.IsDir():
		return fmt.Errorf("%s is not a folder: move it away", old)
	case err == nil:
		err = exchange(fresh, old)
	}
	if errors.Is(err, errors.ErrUnsupported) {
		err = swapInSteps(fresh, old, aside)
	}
	if errors.Is(err, syscall.EXDEV) || errors.Is(err, syscall.EBUSY) {
		return fmt.Errorf("%s can't be renamed, because it is a mount, on another file system than %s, "+
			"or in a lower layer of a container: delete it or unmount it, then build again (%w)", old, buildDir, err)
	}
	return err
}

// swapInSteps leaves a moment without the old folder, and brings it back on failure.
// As long as aside exists, the swap is not done.
func swapInSteps(fresh, old, aside string) error {
	if err := os.Rename(old, aside); err != nil {
		return err
	}
	if err := os.Rename(fresh, old); err != nil {
		return errors.Join(err, undoSwap(old, aside))
	}
	return os.Rename(aside, fresh)
}

// undoSwap puts the old folder back where a swap in steps was not done.
func undoSwap(old, aside string) error {
	if _, err := os.Lstat(aside); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return errors.Join(os.RemoveAll(old), os.Rename(aside, old))
}
