package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestKeepFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"run.jsonl", "other.jsonl"} {
		if err := os.WriteFile(name, []byte("{}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("run.jsonl", "link.jsonl"); err != nil {
		t.Logf("no symbolic links here: %v", err)
		if err := os.Link("run.jsonl", "link.jsonl"); err != nil {
			t.Fatal(err)
		}
	}
	whole, err := filepath.Abs("new.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ log, pcap, replay, want string }{
		{"", "", "", ""},
		{"new.jsonl", "new.pcapng", "run.jsonl", ""},
		{"other.jsonl", "", "run.jsonl", ""},
		{"run.jsonl", "", "run.jsonl", "--log would empty run.jsonl, which --replay reads; give another file to write to"},
		{"./run.jsonl", "", "run.jsonl", "--log would empty ./run.jsonl"},
		{"link.jsonl", "", "run.jsonl", "--log would empty link.jsonl"},
		{"", "run.jsonl", "run.jsonl", "--pcap would empty run.jsonl"},
		{"other.jsonl", "other.jsonl", "", "--log and --pcap are the same file, other.jsonl"},
		{"new.jsonl", whole, "", "--log and --pcap are the same file"},
		{os.DevNull, os.DevNull, "", ""},
		{"-", "", "", "--log -: standard output is for the summary"},
		{"", "-", "", "--pcap -: standard output is for the summary"},
	} {
		err := keepFiles([]namedFile{{"log", c.log}, {"pcap", c.pcap}}, []namedFile{{"replay", c.replay}})
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%v: %v", c, err)
		case c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)):
			t.Errorf("%v: %v, want %s", c, err, c.want)
		}
	}
}
