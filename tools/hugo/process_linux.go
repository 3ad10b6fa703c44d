package hugo

import (
	"os/exec"
	"syscall"
)

func init() {
	// Pdeathsig kills Hugo when the tool dies, even by SIGKILL. Setpgid keeps a Ctrl-C from Hugo, so that the tool can
	// interrupt it in order.
	endWithTool = func(cmd *exec.Cmd) {
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	}
}
