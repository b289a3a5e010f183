package table

import (
	"os/exec"
	"strings"
	"testing"
)

// TestImports: the table measures what a user gets. In the simulator it needs
// the machine's configuration and the packets it sends, over sockets the public packages, and of both
// the controllers to choose from; nothing else.
func TestImports(t *testing.T) {
	allowed := map[string]string{
		"udplab/reliable":            "connections over sockets",
		"udplab/proto":               "which packet carries a message",
		"udplab/reliable/arq":        "configuration and state of simulated connections",
		"udplab/reliable/sim":        "virtual time",
		"udplab/reliable/congestion": "the controllers by name",
		"udplab/lossy":               "the networks",
		"udplab/lossy/proxy":         "the networks, on real sockets",
		"go.uber.org/goleak":         "nothing is left running",

		"github.com/HdrHistogram/hdrhistogram-go": "latency percentiles",
	}
	const format = `{{join .Imports "\n"}}{{"\n"}}{{join .TestImports "\n"}}`
	out, err := exec.Command("go", "list", "-f", format, ".").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for path := range strings.FieldsSeq(string(out)) {
		outside := strings.Contains(strings.Split(path, "/")[0], ".") || strings.HasPrefix(path, "udplab")
		if outside && allowed[path] == "" {
			t.Errorf("bench/table imports %s: it measures what any user of the public packages gets", path)
		}
	}
}
