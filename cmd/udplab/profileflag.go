package main

import (
	"github.com/spf13/cobra"

	"udplab/bench/profile"
)

// profileFlag is --cpuprofile and --memprofile of commands that measure.
type profileFlag struct{ profile.Files }

func (f *profileFlag) addTo(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.CPU, "cpuprofile", "", "write a CPU profile of the run to this file, for go tool pprof")
	cmd.Flags().StringVar(&f.Memory, "memprofile", "", "write a profile of all allocations to this file, for go tool pprof")
}

// start begins to profile.
func (f *profileFlag) start() (finish func() error, err error) {
	if finish, err = f.Files.Start(); err != nil {
		return nil, failure(err, "give --cpuprofile and --memprofile files that can be written")
	}
	return finish, nil
}
