package bench

import (
	"bytes"
	"runtime/pprof"
	"testing"
)

func TestWhatIsAckWork(t *testing.T) {
	const kernel = "syscall.Syscall"
	for _, c := range []struct {
		what string
		s    sample
		want bool
	}{
		{"an ack leaves", sample{end: receivingEnd, stack: []string{kernel, sendsPackets, readsSocket}}, true},
		{"an ack leaves, of a timer", sample{end: receivingEnd, stack: []string{makesPackets}}, true},
		{"data arrives and is noted", sample{end: receivingEnd, stack: []string{notesForAcks + ".received", readsSocket}}, true},
		{"data arrives", sample{end: receivingEnd, stack: []string{kernel, readsSocket}}, false},
		{"an ack is read", sample{end: sendingEnd, stack: []string{kernel, readsSocket}}, true},
		{"an ack sets data free", sample{end: sendingEnd, stack: []string{kernel, sendsPackets, readsSocket}}, false},
		{"the application sends", sample{end: sendingEnd, stack: []string{makesPackets}}, false},
		{"what the data carries is noted", sample{end: sendingEnd, stack: []string{notesForAcks + ".sent", makesPackets, readsSocket}}, false},
		{"the scheduler", sample{stack: []string{"runtime.schedule"}}, false},
	} {
		if got := isAckWork(&c.s); got != c.want {
			t.Errorf("%s: %v, want %v", c.what, got, c.want)
		}
	}
}

func TestWorkAddsUpAndMissesNames(t *testing.T) {
	var w work
	for _, s := range []sample{
		{end: receivingEnd, stack: []string{sendsPackets}, value: 1},
		{end: receivingEnd, stack: []string{readsSocket}, value: 10},
		{end: sendingEnd, stack: []string{readsSocket}, value: 100},
		{stack: []string{"runtime.schedule"}, value: 1000},
	} {
		w.add(&s)
	}
	if w.acks != 101 || w.data != 10 || w.unowned != 1000 {
		t.Errorf("%+v, want 101 for acks, 10 for data, 1000 of neither", w)
	}
	if got := w.unseen(); got != makesPackets {
		t.Errorf("unseen: %q, want %s", got, makesPackets)
	}
	w.add(&sample{end: sendingEnd, stack: []string{makesPackets}, value: 1})
	if got := w.unseen(); got != "" {
		t.Errorf("unseen: %q, want none", got)
	}
}

// blocked is a function to be found in a profile.
func blocked(in chan struct{}, until chan struct{}) {
	close(in)
	<-until
}

// The profile of the goroutines is written like that of the CPU, and says
// exactly what there is.
func TestReadProfile(t *testing.T) {
	in, until, gone := make(chan struct{}), make(chan struct{}), make(chan struct{})
	asEnd(receivingEnd, func() {
		go func() { blocked(in, until); close(gone) }()
	})
	<-in
	var written bytes.Buffer
	err := pprof.Lookup("goroutine").WriteTo(&written, 0)
	close(until)
	<-gone
	if err != nil {
		t.Fatal(err)
	}
	samples, err := readProfile(bytes.NewReader(written.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	found, ours := 0, 0
	for i := range samples {
		s := &samples[i]
		if s.in("udplab/bench.blocked") {
			found++
			if s.end != receivingEnd || s.value != 1 {
				t.Errorf("%+v, want 1 of the end %q", s, receivingEnd)
			}
		}
		if s.in("udplab/bench.TestReadProfile") && s.end == "" {
			ours++
		}
	}
	if found != 1 || ours != 1 {
		t.Errorf("%d and %d samples of the two goroutines, want 1 of each", found, ours)
	}
	if _, err := readProfile(bytes.NewReader(written.Bytes()[:written.Len()/2])); err == nil {
		t.Error("half a profile was read")
	}
}

func TestFieldsOfBrokenMessages(t *testing.T) {
	for what, b := range map[string][]byte{
		"a key without a value":     {0x08},
		"a varint without an end":   {0x08, 0x80},
		"more bytes than there are": {0x12, 2, 0},
		"a group":                   {0x0b, 0},
	} {
		if err := fields(b, func(uint64, uint64, []byte) error { return nil }); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
}
