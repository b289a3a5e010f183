package bench

import (
	"os/exec"
	"strings"
	"testing"
)

// TestImports: the benchmarks are a user of the public packages. What they
// cannot reach, no user can; and a number that needs a package's insides would
// measure something that nobody gets.
func TestImports(t *testing.T) {
	allowed := map[string]string{
		"udplab/reliable":                         "reliable mode",
		"udplab/reliable/raw":                     "raw mode",
		"udplab/reliable/sim":                     "virtual time",
		"udplab/lossy":                            "the impairments",
		"udplab/lossy/proxy":                      "what loses datagrams on real sockets",
		"github.com/HdrHistogram/hdrhistogram-go": "latency percentiles",
		"golang.org/x/sys/unix":                   "a clock that wakes in time",
		"go.uber.org/goleak":                      "nothing is left running",
	}
	const format = `{{join .Imports "\n"}}{{"\n"}}{{join .TestImports "\n"}}{{"\n"}}{{join .XTestImports "\n"}}`
	out, err := exec.Command("go", "list", "-f", format, ".").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for path := range strings.FieldsSeq(string(out)) {
		outside := strings.Contains(strings.Split(path, "/")[0], ".") || strings.HasPrefix(path, "udplab")
		if outside && allowed[path] == "" {
			t.Errorf("bench imports %s: it measures raw, reliable and TCP through lossy/proxy as any user could, and needs nothing else", path)
		}
	}
}
