package record

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// unknown stands for what the system does not tell.
const unknown = "unknown"

// Here describes this machine.
func Here() Machine {
	return Machine{
		Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH,
		Kernel: firstLine("/proc/sys/kernel/osrelease"),
		CPU:    cpuModel(), Cores: runtime.NumCPU(),
		Load: load(),
	}
}

func firstLine(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return unknown
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	return string(line)
}

func cpuModel() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return unknown
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return unknown
}

func load() string {
	fields := strings.Fields(firstLine("/proc/loadavg"))
	return strings.Join(fields[:min(3, len(fields))], " ")
}

// BuiltWith lists the modules of this program.
func BuiltWith() []Module {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil
	}
	var modules []Module
	for _, m := range info.Deps {
		version := m.Version
		if m.Replace != nil {
			version = "this checkout"
		}
		modules = append(modules, Module{m.Path, version})
	}
	return modules
}

// Commit names the checkout in the working directory, with + if files of it
// were changed since.
func Commit(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	head, err := exec.CommandContext(ctx, "git", "rev-parse", "--short=12", "HEAD").Output()
	if err != nil {
		return unknown
	}
	commit := strings.TrimSpace(string(head))
	changed, err := exec.CommandContext(ctx, "git", "status", "--porcelain", "--untracked-files=no").Output()
	if err != nil || len(changed) > 0 {
		commit += "+"
	}
	return commit
}
