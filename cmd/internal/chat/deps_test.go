package chat

import (
	"os/exec"
	"strings"
	"testing"
)

// TestNoTerminal: this is the chat without a terminal, so that it can be tested
// without one and served to a pipe.
func TestNoTerminal(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for path := range strings.FieldsSeq(string(out)) {
		for _, banned := range []string{"charm.land/", "github.com/charmbracelet/", "github.com/spf13/", "golang.org/x/term", "prometheus", "udplab/metrics", "udplab/lossy"} {
			if strings.Contains(path, banned) {
				t.Errorf("chat depends on %s: drawing, flags and metrics are its callers' business, and a bad network is put under it from outside", path)
			}
		}
	}
}
