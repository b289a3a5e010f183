package proxy

import (
	"net/netip"
	"sync"
	"testing"
	"time"

	"udplab/lossy"
)

// answers is a sink that passes on that something came.
type answers chan string

func (a answers) arrive(messages []message, _ *burst) {
	for _, m := range messages {
		a <- string(m.bytes)
	}
}

func (answers) readFailed(error) {}

// A lone socket is read without asking which of them is ready. However sockets
// come and go beside it, and while they are at it, what comes to each is read.
func TestSocketsComeAndGo(t *testing.T) {
	sys, err := newBatching()
	if err != nil {
		t.Fatal(err)
	}
	defer sys.close()
	service := fastEcho(t)
	alone := openAnswered(t, sys, service)
	alone.exchange(t, "first")
	if sys.only.Load() == nil {
		t.Error("a lone socket is not known to be alone")
	}
	for range 300 {
		var beside sync.WaitGroup
		for range 3 {
			beside.Go(func() {
				o := openAnswered(t, sys, service)
				o.exchange(t, "beside")
				o.close()
			})
		}
		for range 5 {
			alone.exchange(t, "all the while")
		}
		beside.Wait()
		alone.exchange(t, "alone")
	}
	if sys.only.Load() != alone.back {
		t.Error("the one that is left is not known to be alone")
	}
	alone.close()
	if sys.only.Load() != nil {
		t.Error("a closed socket is still known as the only one")
	}
}

type answered struct {
	back
	answers
	out *burst
}

func openAnswered(t *testing.T, sys system, service netip.AddrPort) *answered {
	a := &answered{answers: make(answers, 1), out: newBurst()}
	var err error
	if a.back, err = sys.dial(service, DefaultBuffer, a.answers); err != nil {
		t.Fatal(err)
	}
	return a
}

func (a *answered) exchange(t *testing.T, text string) {
	a.out.bytes = append(a.out.bytes, text...)
	a.out.added(0, lossy.NotECT)
	sendAll(a.back, a.out)
	select {
	case got := <-a.answers:
		if got != text {
			t.Errorf("the answer is %q, want %q", got, text)
		}
	case <-time.After(patience):
		t.Errorf("%q was not answered", text)
	}
}
