package play

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// It plays on what is in memory: no socket, no HTTP, nothing to install.
func TestDependencies(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{join .Imports "\n"}}`, ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	allowed := []string{"context", "time", "udplab/lossy", "udplab/lossy/scenario"}
	for path := range strings.FieldsSeq(string(out)) {
		if !slices.Contains(allowed, path) {
			t.Errorf("play imports %s: it may use only %v", path, allowed)
		}
	}
}
