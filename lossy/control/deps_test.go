package control

import (
	"os/exec"
	"strings"
	"testing"
)

// The API is a part others embed: it may cost them lossy, the standard library
// and golang.org/x, and nothing else.
func TestDependencies(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for path := range strings.FieldsSeq(string(out)) {
		if !strings.HasPrefix(path, "udplab/lossy") && !strings.HasPrefix(path, "golang.org/x/") {
			t.Errorf("control imports %s: it may use udplab/lossy, the standard library and golang.org/x only, so that embedding it stays cheap", path)
		}
	}
}
