//go:build !linux

package publish

import "errors"

// exchangeDirs is not what this system can do.
func exchangeDirs(_, _ string) error { return errors.ErrUnsupported }
