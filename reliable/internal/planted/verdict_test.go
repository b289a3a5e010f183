package main

import (
	"errors"
	"testing"
)

// What go test prints, and what it means.
func TestJudge(t *testing.T) {
	failed := errors.New("exit status 1")
	for _, c := range []struct {
		what, out string
		err       error
		want      outcome
		by        string
	}{
		{"passed", "ok  \tx\t0.1s\n", nil, survived, ""},
		{"no test", "ok  \tx\t0.1s [no tests to run]\n", nil, untested, ""},
		{"failed", "--- FAIL: TestA (0.00s)\n    a_test.go:1: no\nFAIL\n", failed, killed, "TestA"},
		{"failed in a subtest, then another",
			"--- FAIL: TestA (0.00s)\n    --- FAIL: TestA/b (0.00s)\n        --- FAIL: TestA/b/c (0.00s)\n--- FAIL: TestD (0.00s)\n", failed, killed, "TestA/b/c"},
		{"two subtests", "--- FAIL: TestA (0.00s)\n    --- FAIL: TestA/b (0.00s)\n    --- FAIL: TestA/c (0.00s)\n", failed, killed, "TestA/b"},
		{"panic", "--- FAIL: TestA (0.00s)\npanic: index out of range\n", failed, killed, "TestA"},
		{"out of time", "panic: test timed out after 1s\n\trunning tests:\n\t\tTestA (1s)\n\ngoroutine 9", failed, killed, "TestA"},
		{"does not build", "# x\nx.go:1: no\nFAIL\tx [build failed]\nFAIL\n", failed, unbuilt, ""},
		{"killed by the system", "signal: killed\nFAIL\tx\t0.1s\n", failed, broken, ""},
		{"no room", "write /tmp/go-build1: no space left on device\n", failed, broken, ""},
	} {
		if v := judge("x", c.out, c.err); v.outcome != c.want || v.by != c.by {
			t.Errorf("%s: %v by %q, want %v by %q", c.what, v.outcome, v.by, c.want, c.by)
		}
	}
}
