package reliable

import (
	"os"
	"strings"
	"testing"
)

// The code that README.md shows for channels is code that is compiled and run.
func TestReadmeShowsTheExample(t *testing.T) {
	read := func(name string) string {
		t.Helper()
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return strings.ReplaceAll(string(b), "\r\n", "\n")
	}
	_, section, found := strings.Cut(read("../README.md"), "### Send it the way it needs\n")
	_, section, _ = strings.Cut(section, "```go\n")
	code, _, complete := strings.Cut(section, "```\n")
	if !found || !complete {
		t.Fatal("README.md has no section with code about the ways to send")
	}
	example := strings.ReplaceAll(read("example_modes_test.go"), "\n\t", "\n")
	if !strings.Contains(example, code) {
		t.Errorf("ExampleConn_Channel does not have this code of README.md:\n%s", code)
	}
}
