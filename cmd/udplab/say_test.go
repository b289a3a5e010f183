package main

import (
	"bytes"
	"testing"
	"time"
)

// testDeps is a process made of buffers; terminal says whether its streams
// claim to be one.
func testDeps(terminal bool, columns int, env map[string]string) (d deps, stdout, stderr *bytes.Buffer) {
	stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
	return deps{
		stdin:      new(bytes.Buffer),
		stdout:     stdout,
		stderr:     stderr,
		isTerminal: func(any) bool { return terminal },
		columns:    func() int { return columns },
		lookupEnv:  func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		now:        func() time.Time { return time.Unix(0, 0) },
	}, stdout, stderr
}

func TestDataAndPeopleUseDifferentStreams(t *testing.T) {
	d, stdout, stderr := testDeps(false, 80, nil)
	s := newSay(d)
	s.data("a=%d", 1)
	s.note("listening")
	s.warn("slow")
	s.progress("50%%")
	if err := s.object(map[string]int{"n": 1}); err != nil {
		t.Fatal(err)
	}
	if err := s.event(map[string]int{"n": 2}); err != nil {
		t.Fatal(err)
	}
	if got, want := stdout.String(), "a=1\n{\n  \"n\": 1\n}\n{\"n\":2}\n"; got != want {
		t.Errorf("stdout %q, want %q", got, want)
	}
	if got, want := stderr.String(), "listening\nwarning: slow\n"; got != want {
		t.Errorf("stderr %q, want %q: a pipe gets no live line", got, want)
	}
}

func TestLiveLine(t *testing.T) {
	d, stdout, stderr := testDeps(true, 10, nil)
	s := newSay(d)
	s.progress("%s", "in 12345 out 12345")
	s.progress("in 2")
	s.note("note")
	s.note("again")
	want := "\r\x1b[Kin 12345…\r\x1b[Kin 2\r\x1b[Knote\nagain\n"
	if got := stderr.String(); got != want {
		t.Errorf("stderr %q, want %q: cut to nine columns, erased before the next line", got, want)
	}
	if stdout.Len() > 0 {
		t.Errorf("stdout %q, want nothing", stdout)
	}
}

func TestDumbTerminalHasNoLiveLine(t *testing.T) {
	d, _, stderr := testDeps(true, 80, map[string]string{"TERM": "dumb"})
	newSay(d).progress("in 2")
	if stderr.Len() > 0 {
		t.Errorf("stderr %q, want nothing", stderr)
	}
}
