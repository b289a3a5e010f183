package yamlfile

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// YAML becomes JSON here, and nobody else of the tree has to know YAML.
func TestOnlyImporterOfYAML(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "udplab/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		if !slices.Contains(words[1:], "go.yaml.in/yaml/v4") {
			continue
		}
		found = true
		if words[0] != "udplab/cmd/internal/yamlfile" {
			t.Errorf("%s imports YAML: it may read JSON only", words[0])
		}
	}
	if !found {
		t.Error("nobody imports YAML: is the path right?")
	}
}
