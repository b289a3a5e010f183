package apiclient

import (
	"os/exec"
	"strings"
	"testing"
)

// TestKnowsHTTPOnly: how to ask is apart from what is asked and how it is shown, so
// that a server of another version can be asked, too.
func TestKnowsHTTPOnly(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{join .Imports "\n"}}`, ".").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for path := range strings.FieldsSeq(string(out)) {
		if strings.Contains(path, "udplab") || strings.Contains(path, ".") || path == "os" {
			t.Errorf("apiclient imports %s: it may use the standard library only, and neither files nor the environment", path)
		}
	}
}
