package hugo

import (
	"os/exec"
	"syscall"
)

func init() {
	// Pdeathsig kills Hugo when the tool dies, even by SIGKILL. Setpgid makes a Ctrl-C reach the tool alone, which then
	// interrupts Hugo and waits for it.
	endWithTool = func(cmd *exec.Cmd) {
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	}
}
