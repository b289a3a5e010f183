package netem

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// Reading and explaining a line must be possible in virtual time and on any
// machine, so the package may not know sockets, clocks or files.
func TestDependencies(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{join .Imports "\n"}}`, ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	allowed := []string{"errors", "fmt", "math", "slices", "strconv", "strings", "time", "udplab/lossy", "udplab/lossy/settings", "udplab/lossy/spelling"}
	for path := range strings.FieldsSeq(string(out)) {
		if !slices.Contains(allowed, path) {
			t.Errorf("netem imports %s: it may use only %v", path, allowed)
		}
	}
}
