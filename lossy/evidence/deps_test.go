package evidence

import (
	"os/exec"
	"strings"
	"testing"
)

// A replay is a pure model like the one whose place it takes: no clock, socket,
// file or other package may change what it says.
func TestImportsOnlyTheModel(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{join .Imports "\n"}}`, ".").Output()
	if err != nil {
		t.Skipf("no go command to ask: %v", err)
	}
	forbidden := map[string]string{
		"net": "addresses are not in a log", "os": "callers open files", "os/exec": "callers run programs",
		"context": "nothing here waits", "math/rand/v2": "a record leaves nothing to chance", "math/rand": "a record leaves nothing to chance",
	}
	for _, path := range strings.Fields(string(out)) {
		if why, bad := forbidden[path]; bad {
			t.Errorf("imports %s: %s", path, why)
		}
		if strings.Contains(path, ".") || strings.HasPrefix(path, "udplab/") && path != "udplab/lossy" {
			t.Errorf("imports %s; evidence may use the standard library and lossy only", path)
		}
	}
}
