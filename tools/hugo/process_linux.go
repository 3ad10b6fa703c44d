package hugo

import (
	"os/exec"
	"syscall"
)

func init() {
	// Hugo is killed when the tool dies, even by SIGKILL. In a process group of its own, Ctrl-C reaches the tool
	// alone, which ends it in order.
	endWithTool = func(cmd *exec.Cmd) {
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	}
}
