package sim

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what happens into the stories instead of comparing")

// TestStories runs every story in testdata and compares what happens with what
// is written there, to the letter. A change of behaviour is reviewed as the
// diff that -update makes.
func TestStories(t *testing.T) {
	names, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(names) < 15 {
		t.Fatalf("%d stories, %v", len(names), err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got, err := retell(string(want), NewScript())
			if err != nil {
				t.Fatal(err)
			}
			if got == string(want) {
				return
			}
			if *update {
				if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			t.Errorf("%s goes another way now:\n%s", name, firstDifference(string(want), got))
		})
	}
}

// retell runs a story and returns it with what happens now. A story is blocks
// of commands, each ended by "----", what happens, and an empty line.
// Lines that begin with # are for the reader. The error is what went wrong,
// and is told as the last thing that happens.
func retell(story string, script *Script) (told string, err error) {
	var out strings.Builder
	reaction := strings.Builder{}
	inReaction := false
	for line := range strings.Lines(story) {
		text := strings.TrimSuffix(line, "\n")
		switch {
		case inReaction:
			if text == "" {
				inReaction = false
				out.WriteString("\n")
			}
		case text == "----":
			inReaction = true
			out.WriteString("----\n" + reaction.String())
			reaction.Reset()
		case text == "" || text[0] == '#':
			out.WriteString(line)
		default:
			out.WriteString(line)
			var happened string
			happened, err = script.Execute(text)
			reaction.WriteString(happened)
			if err != nil {
				fmt.Fprintf(&out, "----\n%swrong: %v\n\n", reaction.String(), err)
				return out.String(), err
			}
		}
	}
	return out.String(), nil
}

// firstDifference shows the first lines that differ.
func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			return "want " + w[i] + "\ngot  " + g[i]
		}
	}
	return "one is longer than the other"
}

func TestScriptRefusesNonsense(t *testing.T) {
	for line, want := range map[string]string{
		"":                   "empty command",
		"jump a":             "unknown command",
		"dial a":             "usage",
		"dial a nobody":      "no node",
		"send b 1":           "no connection",
		"node c colour=red":  "unknown option",
		"link a b colour=1":  "unknown option",
		"fates a b vanish":   "unknown fate",
		"fates a b delay=x":  "invalid duration",
		"fates a b drop*0":   "not a count",
		"fates a b drop+x=1": "unknown fate",
		"node c seed=x":      "expected integer",
		"send a/2 1":         "no connection",
		"send a/x 1":         "no connection",
		"run a":              "invalid duration",
		"read b x":           "no connection",
		"send a x":           "invalid syntax",
		"close a x y":        "invalid syntax",
		"hello a b version=": "invalid syntax",
	} {
		s := NewScript()
		for _, setup := range []string{"node a", "node b", "dial a b"} {
			if _, err := s.Execute(setup); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.Execute(line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want something about %q", line, err, want)
		}
	}
}
