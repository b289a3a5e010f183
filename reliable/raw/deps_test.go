package raw

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestImports: raw is the control group. Were it to share more than the wire
// format with the reliable side, a bug there could hide in both halves of the
// comparison.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{join .Imports "\n"}}`, ".").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	imports := strings.Fields(string(out))
	if !slices.Contains(imports, "udplab/proto") {
		t.Errorf("raw does not import proto: does it still speak the wire format?")
	}
	for _, path := range imports {
		standard := !strings.Contains(strings.Split(path, "/")[0], ".") && !strings.HasPrefix(path, "udplab")
		if !standard && path != "udplab/proto" {
			t.Errorf("raw imports %s: only proto and the standard library are allowed, so that nothing of the reliable side runs in the control group", path)
		}
	}
}
