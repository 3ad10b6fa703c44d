//go:build !linux && !darwin

package publish

import "errors"

// exchange says that this system can't swap two folders in one step.
func exchange(_, _ string) error { return errors.ErrUnsupported }
