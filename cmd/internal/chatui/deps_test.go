package chatui

import (
	"os/exec"
	"strings"
	"testing"
)

// TestKnowsNoTransport: the screen shows what a session tells. Were it to look
// at a transport itself, raw mode could end up claiming what it cannot know.
func TestKnowsNoTransport(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{join .Imports "\n"}}`, ".").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for path := range strings.FieldsSeq(string(out)) {
		switch {
		case path == "udplab/cmd/internal/chat", path == "udplab/cmd/internal/terminal":
		case strings.HasPrefix(path, "udplab/"), path == "net", strings.HasPrefix(path, "github.com/spf13/"):
			t.Errorf("chatui imports %s: it sees a conversation through package chat only", path)
		}
	}
}
