package hugo

import (
	"os/exec"
	"syscall"
)

// endWithParent has Linux kill a command when the tool dies, even by SIGKILL. In a
// process group of its own, Ctrl-C reaches the tool alone, which ends it in order.
func endWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
