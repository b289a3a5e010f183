package workload

import (
	"context"
	"os"
	"os/exec"
)

// Itself is the command that runs this program once more, with other arguments:
// what is measured in a process of its own needs no second program to be built,
// found and kept in step. It ends with ctx at the latest.
func Itself(ctx context.Context, args ...string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return exec.CommandContext(ctx, self, args...), nil
}
