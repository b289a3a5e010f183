package presets

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// Presets are data: they may not know sockets, clocks or HTTP.
func TestDependencies(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{join .Imports "\n"}}`, ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	allowed := []string{"encoding/json", "errors", "fmt", "strconv", "strings", "slices", "maps", "time", "udplab/lossy", "udplab/lossy/settings", "udplab/lossy/scenario", "udplab/lossy/spelling"}
	for path := range strings.FieldsSeq(string(out)) {
		if !slices.Contains(allowed, path) {
			t.Errorf("presets imports %s: it may use only %v", path, allowed)
		}
	}
}
