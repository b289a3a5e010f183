package capture

import (
	"os/exec"
	"strings"
	"testing"
)

// A capture is a file and nothing else: no socket is opened and no program run
// for it, and no command, terminal or metric is known here.
func TestDependencies(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{join .Imports "\n"}}`, ".").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for path := range strings.FieldsSeq(string(out)) {
		known := path == "udplab/lossy" || strings.HasPrefix(path, "github.com/gopacket/gopacket")
		if strings.Contains(path, "/") && (strings.Contains(path, ".") || strings.HasPrefix(path, "udplab/")) && !known {
			t.Errorf("imports %s: only the model and the pcapng writer are needed", path)
		}
		if path == "net" || path == "os" {
			t.Errorf("imports %s: callers open files and sockets", path)
		}
	}
}
