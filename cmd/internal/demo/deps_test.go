package demo

import (
	"os/exec"
	"strings"
	"testing"
)

// TestKnowsNoTerminal: what a run measures and what a terminal shows are judged
// and tested apart, so the demonstration must not draw, read flags or catch
// signals.
func TestKnowsNoTerminal(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{join .Imports "\n"}}`, ".").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for path := range strings.FieldsSeq(string(out)) {
		for _, forbidden := range []string{"os", "os/signal", "golang.org/x/term", "github.com/spf13/", "charm.land/", "udplab/cmd/"} {
			if path == forbidden || strings.HasSuffix(forbidden, "/") && strings.HasPrefix(path, forbidden) {
				t.Errorf("demo imports %s: showing the run is the business of cmd/udplab/demo.go", path)
			}
		}
	}
}
