package main

import "testing"

func TestRoff(t *testing.T) {
	in := "a-b\\c\n.TH forged\n'quoted\nplain."
	want := "a\\-b\\ec\n\\&.TH forged\n\\&'quoted\nplain."
	if got := roff(in); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
