package sim

import (
	"errors"
	"testing"
	"time"

	"udplab/lossy"
	"udplab/proto"
	"udplab/reliable/arq"
)

// The window is full and the reader stands still; then credit is given, and
// whatever subset of the next six datagrams each way is lost, the rest
// arrives. A sender that waits says so no more often than its idle timeout
// demands, and never sends crumbs.
func TestA13_ZeroWindow(t *testing.T) {
	t.Parallel()
	for lost := range 1 << 12 {
		w := NewWorld(1)
		config := arq.EndpointConfig{Listen: true, Conn: arq.Config{ReceiveWindow: 4096, FirstNumber: 1<<32 - 4}}
		na, nb := w.AddNode("a", config), w.AddNode("b", config)
		nb.ManualRead = true
		w.Path(na, nb).SetProfile(wire)
		w.Path(nb, na).SetProfile(wire)
		a := na.Dial(nb)
		a.Queue(1000, 1000, 1000, 1000, 1000, 1000, 500)
		w.Run(3 * time.Second)
		b := nb.Ends()[0]
		waiting := a.packetsOut
		w.Run(50 * time.Second)
		if said := a.packetsOut - waiting; said > 4 {
			t.Fatalf("%d packets in 50 s of waiting for credit", said)
		}
		for i, path := range [][2]*Node{{na, nb}, {nb, na}} {
			fates := make([]Fate, 6)
			for k := range fates {
				fates[k].Kind = FateKind(lost >> (6*i + k) & 1)
			}
			path[0].SetFates(path[1], fates...)
		}
		for range 20 {
			b.Read(1)
			w.Run(time.Second)
		}
		if b.Delivered() != 7 || a.lastAcked != 7 {
			t.Errorf("lost %012b: %d messages read, %d acknowledged, want 7", lost, b.Delivered(), a.lastAcked)
		}
		w.Settled()
		if err := w.Err(); err != nil {
			t.Errorf("lost %012b: %v", lost, err)
		}
		if t.Failed() || testing.Short() && lost > 1<<8 || raceEnabled && lost > 1<<8 {
			return
		}
	}
}

// A peer that lives and never reads costs memory for two minutes, not for ever
// (RFC 6429): then the connection ends, the sender has its messages back as
// failed, and the peer is told. One that reads now and then is waited for, and
// without the timeout any is.
func TestA13_WhoReadsNothingIsGivenUp(t *testing.T) {
	for _, c := range []struct {
		name    string
		timeout time.Duration
		every   time.Duration // how often the peer reads, 0 = never
		ends    bool
	}{
		{"never", 0, 0, true},
		{"every 100 s", 0, 100 * time.Second, false},
		{"never, and no limit", -1, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, na, nb := pairWorld(1, arq.Config{ReceiveWindow: 4096, StallTimeout: c.timeout})
			nb.ManualRead = true
			a := na.Dial(nb)
			for range 30 {
				a.Queue(1000)
			}
			w.Run(time.Second) // the window is full
			b := nb.Ends()[0]
			if c.every > 0 {
				for i := range 10 {
					w.At(w.now+time.Duration(i)*c.every, func() { b.Read(2) })
				}
			}
			ended := w.RunUntil(121*time.Second, func() bool { return a.state == arq.Closed })
			if ended != c.ends {
				t.Fatalf("%v after %v: %v", a, w.now, a.Conn.Err())
			}
			if !c.ends {
				if w.Run(14 * time.Minute); a.state != arq.Open {
					t.Errorf("%v: %v", a, a.Conn.Err())
				}
				return
			}
			if !errors.Is(a.Conn.Err(), arq.ErrStalled) || w.now < 120*time.Second {
				t.Errorf("ended at %v with %v", w.now, a.Conn.Err())
			}
			if s := a.Conn.Stats(); s.SendQueueBytes != 0 || a.receipts[len(a.receipts)-1] != arq.Failed {
				t.Errorf("%d bytes are kept, the last message is %v", s.SendQueueBytes, a.receipts[len(a.receipts)-1])
			}
			w.Run(time.Minute)
			var told *arq.PeerError
			if !errors.As(b.Conn.Err(), &told) || told.Code != arq.CodeAborted {
				t.Errorf("the peer says %v", b.Conn.Err())
			}
			b.Read(20)
			w.Settled()
			if err := w.Err(); err != nil {
				t.Error(err)
			}
		})
	}
}

// Every size at which something changes, up to the largest message there is,
// arrives to the byte; one byte more is refused at once and nothing is sent.
func TestA28_MessageSizes(t *testing.T) {
	t.Parallel()
	for _, maxPacket := range []int{1200, 1452, 9000} {
		w, na, nb := pairWorld(1, arq.Config{MaxPacket: maxPacket, SendBuffer: 64 << 20, ReceiveWindow: 1 << 20})
		for _, l := range []*lossy.Link{w.Path(na, nb), w.Path(nb, na)} {
			l.SetProfile(lossy.Profile{Delay: 20 * time.Millisecond, Loss: 0.02})
		}
		sizes := []int{0, 1, 2, 255, 256, 65_535, 65_536}
		if maxPacket == 1452 || !raceEnabled {
			sizes = append(sizes, 1<<20-1, 1<<20, 1<<20+1)
		}
		for size := maxPacket - 60; size <= maxPacket+5; size++ {
			sizes = append(sizes, size)
		}
		if maxPacket == 1452 && !testing.Short() && !raceEnabled {
			sizes = append(sizes, proto.MaxMessage)
		}
		e := na.Dial(nb)
		if _, ok := transfer(w, e, 30*time.Minute, sizes...); !ok {
			t.Errorf("packets of %d: %d of %d messages acknowledged", maxPacket, e.lastAcked, len(sizes))
		}
		w.Settled()
		if err := w.Err(); err != nil {
			t.Errorf("packets of %d: %v", maxPacket, err)
		}
		w.Run(time.Second) // the last ack may wait
		before := w.datagrams
		if _, err := e.Conn.Send(w.now, make([]byte, proto.MaxMessage+1), true); !errors.Is(err, arq.ErrTooLarge) {
			t.Errorf("a byte too many: %v, want %v", err, arq.ErrTooLarge)
		}
		e.settle()
		w.Run(time.Second)
		if w.datagrams != before {
			t.Errorf("%d datagrams for a message that was refused", w.datagrams-before)
		}
	}
}
