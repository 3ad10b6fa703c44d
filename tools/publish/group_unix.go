//go:build unix

package publish

import (
	"os/exec"
	"syscall"
)

// group makes cmd, and all that it starts, end as one. A signal that is meant
// for the tool then doesn't reach it unasked.
func group(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
}

// sweep ends what a command has left behind.
func sweep(cmd *exec.Cmd) {
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // it fails when nobody is left
	}
}
