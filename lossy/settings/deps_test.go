package settings

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// Scenarios run in virtual time on this package, so it may not know sockets,
// clocks or HTTP.
func TestDependencies(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{join .Imports "\n"}}`, ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	allowed := []string{"bytes", "encoding/json", "errors", "fmt", "io", "math", "strconv", "strings", "slices", "maps", "time", "udplab/lossy", "udplab/lossy/spelling"}
	for path := range strings.FieldsSeq(string(out)) {
		if !slices.Contains(allowed, path) {
			t.Errorf("settings imports %s: it may use only %v", path, allowed)
		}
	}
}
