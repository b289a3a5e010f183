package proxy

import (
	"os/exec"
	"strings"
	"testing"
)

// The proxy is a part others embed: it may cost them lossy, the standard
// library and golang.org/x/sys, and nothing else. Flags, HTTP and Prometheus
// are for those who use it.
func TestDependencies(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	// What says in words what changes when is as pure as the model.
	pure := map[string]bool{"udplab/lossy/settings": true, "udplab/lossy/scenario": true, "udplab/lossy/spelling": true}
	for path := range strings.FieldsSeq(string(out)) {
		switch {
		case path == "udplab/lossy", path == "udplab/lossy/proxy", pure[path], strings.HasPrefix(path, "golang.org/x/sys/"):
		default:
			t.Errorf("proxy imports %s: it may use udplab/lossy with settings and scenario, the standard library and golang.org/x/sys only, so that embedding it stays cheap", path)
		}
	}
	direct, err := exec.Command("go", "list", "-f", `{{join .Imports "\n"}}`, ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for path := range strings.FieldsSeq(string(direct)) {
		if path == "net/http" || path == "os/signal" {
			t.Errorf("proxy imports %s: the API and the process belong to its users", path)
		}
	}
}
