package arq

import (
	"testing"
	"time"

	"udplab/proto"
	"udplab/reliable/congestion"
)

// shut is a controller whose window the test sets.
type shut struct {
	congestion.Controller
	window int
}

func (s *shut) Window() int { return s.window }

// blocked is a pair whose dialer's window is full of bulk, of which more waits.
func blocked(t *testing.T) (p *pair, dialer *Conn, control *shut) {
	p = newPair(t, Config{SendBuffer: 64 << 20, ReceiveWindow: 64 << 20, Congestion: func(c congestion.Config) congestion.Controller {
		return &shut{congestion.NewFixed(c, 100_000), 100_000}
	}})
	dialer, _ = p.connect()
	control = dialer.congestion.(*shut)
	dialer.SetLane(1, Lane{Priority: 1})
	if _, err := dialer.Send(p.now, make([]byte, 1<<20), false); err != nil {
		t.Fatal(err)
	}
	p.drain(0)
	p.pass(5 * granularity)
	control.window = 50_000 // the controller drains
	p.drain(0)
	if room := dialer.windowRoom(); room > 0 {
		t.Fatalf("%d bytes of room, want a full window", room)
	}
	return p, dialer, control
}

// say sends messages on a channel and returns the packets that left at once and
// the bytes in them.
func say(t *testing.T, p *pair, c *Conn, channel uint8, count, size int) (packets, bytes int) {
	for range count {
		if _, err := c.SendOn(p.now, SendOptions{Channel: channel}, make([]byte, size)); err != nil {
			t.Fatal(err)
		}
		for {
			b, _, ok := c.AppendPacket(p.now, nil)
			if !ok {
				break
			}
			packets, bytes = packets+1, bytes+len(b)
			eachMessage(t, b, func(m *proto.Message) {
				if m.Channel != channel {
					t.Errorf("bytes of channel %d leave with those of %d", m.Channel, channel)
				}
			})
		}
	}
	return packets, bytes
}

// While a less urgent lane waits, a line leaves at once though the window is
// full, alone in its packet. One that is no more urgent waits.
func TestUrgentMessagesDoNotWaitForTheWindow(t *testing.T) {
	p, dialer, _ := blocked(t)
	if packets, _ := say(t, p, dialer, 2, 1, 100); packets != 0 {
		t.Errorf("a line of the bulk's own priority left")
	}
	before := dialer.recovery.inFlight
	packets, bytes := say(t, p, dialer, 1, 1, 100)
	if packets != 1 || dialer.Stats().PacketsAhead != 1 {
		t.Errorf("an urgent line left in %d packets, %d counted, want one", packets, dialer.Stats().PacketsAhead)
	}
	if dialer.recovery.inFlight != before+bytes {
		t.Errorf("%d bytes in flight after %d and %d: what goes ahead is in flight too", dialer.recovery.inFlight, before, bytes)
	}
}

// attentive is a controller that counts what it is told.
type attentive struct {
	congestion.Controller
	acks, quiet int
}

func (q *attentive) Acked(now time.Duration, a congestion.Ack) {
	q.acks++
	if a.Quiet {
		q.quiet++
	}
	q.Controller.Acked(now, a)
}

// The controller is told that urgent messages go beside bulk, from the first on
// and for a while after the last, whether or not they had to go ahead; and the
// pacer then lets single packets go.
func TestTheControllerKnowsOfUrgentMessages(t *testing.T) {
	p := newPair(t, Config{SendBuffer: 64 << 20, ReceiveWindow: 64 << 20, Congestion: func(c congestion.Config) congestion.Controller {
		return &attentive{Controller: congestion.NewFixed(c, 20_000)}
	}})
	dialer, _ := p.connect()
	control := dialer.congestion.(*attentive)
	dialer.SetLane(1, Lane{Priority: 1})
	// exchange sends lines, or bulk, or bulk and a line behind it, waits until all
	// is there, and says what the acks told.
	exchange := func(bulk, line bool) (acks, quiet int) {
		t.Helper()
		before := *control
		if bulk {
			if _, err := dialer.Send(p.now, make([]byte, 200_000), false); err != nil {
				t.Fatal(err)
			}
		}
		if line {
			if _, err := dialer.SendOn(p.now, SendOptions{Channel: 1}, make([]byte, 100)); err != nil {
				t.Fatal(err)
			}
		}
		p.drain(0)
		p.run(10*time.Second, func() bool { return dialer.out.open == 0 })
		return control.acks - before.acks, control.quiet - before.quiet
	}
	for _, c := range []struct {
		name       string
		bulk, line bool
		pause      time.Duration // before
		quiet      bool
	}{
		{"a line alone", false, true, 0, false},
		{"bulk alone", true, false, 0, false},
		{"a line beside bulk", true, true, 0, true},
		{"bulk a little later", true, false, quietFor / 2, true},
		{"bulk long after the last line", true, false, quietFor, false},
	} {
		p.now += c.pause
		acks, quiet := exchange(c.bulk, c.line)
		if want := map[bool]int{true: acks}[c.quiet]; acks == 0 || quiet != want {
			t.Errorf("%s: of %d acks %d say that urgent messages go beside bulk, want %d", c.name, acks, quiet, want)
		}
		if got, want := dialer.packetsInARow(p.now), map[bool]int{true: 1, false: minBurst}[c.quiet]; got != want {
			t.Errorf("%s: %d packets in a row, want %d", c.name, got, want)
		}
	}
}

// No more goes ahead than an eighth of the window, whatever is urgent, until the
// window has had room again.
func TestUrgentMessagesAreBounded(t *testing.T) {
	for _, size := range []int{100, 1000, 5000} {
		p, dialer, control := blocked(t)
		_, bytes := say(t, p, dialer, 1, 100, size)
		if least := control.window/aheadPart - 1500; bytes < least || bytes > control.window/aheadPart {
			t.Errorf("messages of %d bytes: %d bytes went ahead of a window of %d", size, bytes, control.window)
		}
	}
	p, dialer, control := blocked(t)
	control.window = 2 * 1200
	if packets, _ := say(t, p, dialer, 1, 1, 1000); packets != 0 {
		t.Error("a packet went ahead of a window of two packets")
	}
}
