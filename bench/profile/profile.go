// Package profile writes profiles of a whole run into files, for the commands
// that measure: udplab bench table and bench/rival. It is not for programs that
// serve: those have net/http/pprof.
package profile

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
)

// Files are where profiles go; an empty name means none.
type Files struct {
	CPU    string // from Start to finish
	Memory string // all allocations of the program until finish, freed ones included
}

// Start opens the files, so that a name that can't be written is refused before
// the run, and begins to profile. finish ends that and writes them; it is to be
// called once. Only one CPU profile can be on in a program.
func (f Files) Start() (finish func() error, err error) {
	cpu, err := create(f.CPU)
	if err != nil {
		return nil, err
	}
	memory, err := create(f.Memory)
	if err != nil {
		return nil, errors.Join(err, closed(cpu))
	}
	if cpu != nil {
		if err := pprof.StartCPUProfile(cpu); err != nil {
			return nil, errors.Join(fmt.Errorf("CPU profile: %w", err), cpu.Close(), closed(memory))
		}
	}
	return func() error {
		if cpu != nil {
			pprof.StopCPUProfile()
		}
		return errors.Join(closed(cpu), writeAllocations(memory), closed(memory))
	}, nil
}

func create(name string) (*os.File, error) {
	if name == "" {
		return nil, nil
	}
	return os.Create(name)
}

func closed(file *os.File) error {
	if file == nil {
		return nil
	}
	return file.Close()
}

func writeAllocations(file *os.File) error {
	if file == nil {
		return nil
	}
	runtime.GC() // what was allocated since the last collection is not in the profile yet
	return pprof.Lookup("allocs").WriteTo(file, 0)
}
