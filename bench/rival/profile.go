package main

import (
	"errors"
	"os"
	"runtime"
	"runtime/pprof"
)

// profiled begins to profile into the files that are named. The function it
// returns ends that and writes them.
func profiled(cpu, mem string) (finish func() error, err error) {
	var cpuFile *os.File
	if cpu != "" {
		if cpuFile, err = os.Create(cpu); err != nil {
			return nil, err
		}
		if err := pprof.StartCPUProfile(cpuFile); err != nil {
			return nil, errors.Join(err, cpuFile.Close())
		}
	}
	return func() error {
		var err error
		if cpuFile != nil {
			pprof.StopCPUProfile()
			err = cpuFile.Close()
		}
		if mem == "" {
			return err
		}
		return errors.Join(err, writeAllocations(mem))
	}, nil
}

// writeAllocations writes all allocations since the program began, freed ones
// included.
func writeAllocations(name string) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	runtime.GC() // what was allocated since the last collection is not in the profile yet
	return errors.Join(pprof.Lookup("allocs").WriteTo(file, 0), file.Close())
}
