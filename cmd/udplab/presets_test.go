package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"udplab/cmd/internal/terminal"
	"udplab/lossy/presets"
)

// On a terminal the table is aligned, and cut to its width.
func TestPresetsOnATerminal(t *testing.T) {
	var out, errs bytes.Buffer
	d := systemDeps()
	d.stdout, d.stderr = &out, &errs
	d.isTerminal = func(any) bool { return true }
	d.columns = func() int { return 70 }
	d.lookupEnv = func(string) (string, bool) { return "", false }
	d.signals = nil
	if code := run(context.Background(), []string{"proxy", "presets"}, d); code != 0 {
		t.Fatalf("code %d, %s", code, &errs)
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != len(presets.All())+1 || !strings.Contains(lines[0], "Confidence") {
		t.Errorf("%d lines, the first %q", len(lines), lines[0])
	}
	column := strings.Index(lines[1], "engineering choice")
	for _, line := range lines[1:] {
		if terminal.Width(line) > 70 || line[column-1] != ' ' || line[column] == ' ' {
			t.Errorf("%q is not aligned within 70 columns", line)
		}
	}
}
