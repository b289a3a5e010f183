package metrics

import (
	"os/exec"
	"strings"
	"testing"
)

// TestImports: metrics is the one place where counters meet Prometheus, so that
// nothing that moves datagrams has to know it.
func TestImports(t *testing.T) {
	allowed := map[string]string{
		"udplab/reliable":                                "the snapshots of reliable mode",
		"udplab/reliable/raw":                            "the snapshots of raw mode",
		"udplab/lossy":                                   "causes and directions of the proxy",
		"udplab/lossy/proxy":                             "the snapshots of the proxy",
		"udplab/lossy/control/access":                    "who may ask, the same rules as for the API",
		"github.com/prometheus/client_golang/prometheus": "what this package is for",
		"github.com/prometheus/client_golang/prometheus/collectors": "Go runtime and process",
		"github.com/prometheus/client_golang/prometheus/promhttp":   "/metrics",
		"golang.org/x/net/netutil":                                  "the limit on connections",
	}
	for _, path := range list(t, `{{join .Imports "\n"}}`, ".") {
		outside := strings.Contains(strings.Split(path, "/")[0], ".") || strings.HasPrefix(path, "udplab")
		if outside && allowed[path] == "" {
			t.Errorf("metrics imports %s: it only turns snapshots into series; what else it needs is the business of cmd", path)
		}
	}
}

// The other direction: a library that links Prometheus because a package below
// does would cost its users megabytes and a global registry.
func TestOnlyMetricsImportsPrometheus(t *testing.T) {
	for _, path := range list(t, `{{join .Deps "\n"}}`, "udplab/reliable", "udplab/reliable/raw", "udplab/lossy", "udplab/lossy/proxy") {
		if strings.HasPrefix(path, "github.com/prometheus/") {
			t.Errorf("a package that moves datagrams depends on %s: counters stay plain fields, metrics adapts them", path)
		}
	}
}

func list(t *testing.T, format string, packages ...string) []string {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list", "-f", format}, packages...)...).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	return strings.Fields(string(out))
}
