package main

import (
	"errors"
	"strings"
	"testing"
)

func TestWhatACrashSays(t *testing.T) {
	long := strings.Repeat("x", 3*lineBytes)
	for said, want := range map[string]string{
		"": "crashed (exit status 2)",
		"2026/11/30 small buffer\npanic: reused [recovered]\n\nmain.go:1\npanic: again\n": "crashed (exit status 2): panic: reused [recovered]",
		"runtime: out of memory\nfatal error: no more\n\nexit status 2\n":                 "crashed (exit status 2): fatal error: no more",
		"rival: one-trial: no workload x\n\n":                                             "crashed (exit status 2): rival: one-trial: no workload x",
		"no end of line":                                                                  "crashed (exit status 2): no end of line",
		"panic: " + long:                                                                  "crashed (exit status 2): panic: " + long[:200-len("panic: ")] + "...",
	} {
		for _, piece := range []int{1, 7, 1 << 20} {
			var passed strings.Builder
			h := &hearing{to: &passed}
			for rest := said; rest != ""; {
				n := min(piece, len(rest))
				if got, err := h.Write([]byte(rest[:n])); got != n || err != nil {
					t.Fatalf("wrote %d of %d: %v", got, n, err)
				}
				rest = rest[n:]
			}
			h.end()
			if got := h.crash(errors.New("exit status 2")); got != want {
				t.Errorf("%.40q in pieces of %d: %q, want %q", said, piece, got, want)
			}
			if passed.String() != said {
				t.Errorf("%.40q in pieces of %d was passed on as %.40q", said, piece, passed.String())
			}
		}
	}
}

// Lines of several processes stay whole.
func TestLinesArePassedOnWhole(t *testing.T) {
	var passed strings.Builder
	a := &apart{stderr: &passed}
	one, other := &hearing{to: a}, &hearing{to: a}
	for _, w := range []struct {
		to   *hearing
		text string
	}{{one, "pan"}, {other, "a war"}, {one, "ic: x\n"}, {other, "ning\n"}} {
		_, _ = w.to.Write([]byte(w.text))
	}
	if got := passed.String(); got != "panic: x\na warning\n" {
		t.Errorf("passed on %q", got)
	}
}
