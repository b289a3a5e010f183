package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"udplab/bench/rival/record"
)

// The whole program once: a record, a page, profiles.
func TestARunWritesWhatItIsAskedFor(t *testing.T) {
	dir := t.TempDir()
	out, page := filepath.Join(dir, "out.json"), filepath.Join(dir, "out.md")
	cpu, mem := filepath.Join(dir, "cpu"), filepath.Join(dir, "mem")
	var stdout, stderr strings.Builder
	code := run(t.Context(), []string{
		"--quick", "--only", "ping-64", "--contenders", "ours,tcp",
		"--out", out, "--markdown", page, "--cpuprofile", cpu, "--memprofile", mem,
	}, &stdout, &stderr)
	if code != exitOK || stdout.Len() != 0 {
		t.Fatalf("exit code %d, stdout %q, stderr:\n%s", code, stdout.String(), stderr.String())
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var r record.Record
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	if r.Schema != record.Schema || !r.Complete || len(r.Cells) != 2 || len(r.Modules) == 0 {
		t.Errorf("record:\n%s", text)
	}
	for _, c := range r.Cells {
		if len(c.Runs) != 1 || c.Medians["p50_us"] <= 0 || len(c.Failures()) > 0 {
			t.Errorf("cell: %+v", c)
		}
	}
	if text, err := os.ReadFile(page); err != nil || !strings.Contains(string(text), "## ping-64\n") {
		t.Errorf("page: %v\n%s", err, text)
	}
	for _, name := range []string{cpu, mem} {
		if info, err := os.Stat(name); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheRecordOnStdout(t *testing.T) {
	var stdout, stderr strings.Builder
	code := run(t.Context(), []string{"--quick", "--only", "ping-64", "--contenders", "tcp", "--out", "-"}, &stdout, &stderr)
	var r record.Record
	if err := json.Unmarshal([]byte(stdout.String()), &r); err != nil || code != exitOK {
		t.Errorf("exit code %d, %v, stdout:\n%s", code, err, stdout.String())
	}
}

func TestRefusals(t *testing.T) {
	for args, want := range map[string]string{
		"--only nothing":      "rival: no workload nothing\n",
		"--contenders enet":   "rival: no contender enet\n",
		"--repetitions 0":     "rival: repetitions 0: at least 1\n",
		"--packet 100":        "rival: packet 100: from 1200 to 1452\n",
		"now":                 "rival: unexpected argument \"now\"\n",
		"idle-side":           "rival: idle-side: idle-side needs a contender and a packet size\n",
		"--cpuprofile no/way": "no such file or directory\n",
	} {
		var stdout, stderr strings.Builder
		code := run(t.Context(), strings.Fields(args), &stdout, &stderr)
		if code == exitOK || !strings.HasSuffix(stderr.String(), want) || stdout.Len() != 0 {
			t.Errorf("%s: exit code %d, stderr %q", args, code, stderr.String())
		}
	}
}

// A signal that came before anything was measured leaves a record that says so.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr strings.Builder
	code := run(ctx, []string{"--quick", "--only", "ping-64"}, &stdout, &stderr)
	if code != exitSignal || !strings.Contains(stdout.String(), "**The run was interrupted.**") {
		t.Errorf("exit code %d, stdout:\n%s", code, stdout.String())
	}
}
