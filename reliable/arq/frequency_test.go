package arq

import (
	"testing"
	"time"

	"udplab/reliable/congestion"
)

// What the peer is told follows the window; on a short path the round trip as
// well, unless something was lost there.
func TestAckThreshold(t *testing.T) {
	const packet = 1000
	for _, c := range []struct {
		what     string
		window   int // packets
		smoothed time.Duration
		lossy    bool
		want     int
	}{
		{"a small window", 40, 50 * ms, false, 2},
		{"a thirty-second of the window", 480, 50 * ms, false, 15},
		{"also of the longest of short round trips", 480, 6400 * time.Microsecond, false, 15},
		{"one ack each 200 us of a round trip of 4 ms", 480, 4 * ms, false, 24},
		{"at least 8 a window", 480, ms, false, 60},
		{"a path that loses", 480, ms, true, 15},
		{"never more than 128", 40_000, 50 * ms, false, 128},
		{"never more than 32 of a path that loses", 40_000, 50 * ms, true, 32},
	} {
		f := frequency{}
		if c.lossy {
			f.lossyUntil = time.Hour + 1
		}
		f.decide(time.Hour, c.window*packet, packet, &rtt{sampled: true, smoothed: c.smoothed}, false)
		if got := f.told(); got != c.want {
			t.Errorf("%s: an ack each %d packets, want %d", c.what, got, c.want)
		}
	}
}

// A loss brings the acks back within a round trip, for a second.
func TestLossMakesAcksMore(t *testing.T) {
	const window = 160 // packets
	p := newPair(t, Config{FixedPacket: 1200, Congestion: func(c congestion.Config) congestion.Controller {
		return congestion.NewFixed(c, window*c.MaxPacket)
	}})
	p.delay = ms / 2
	sender, receiver := p.connect()
	// told is what the peer was told last, after sending as fast as it goes.
	told := func(d time.Duration) int {
		for end := p.now + d; p.now < end; {
			if _, err := sender.Send(p.now, make([]byte, 10*window*1200), false); err != nil {
				t.Fatal(err)
			}
			p.drain(0)
			p.run(time.Second, receiver.Readable)
			receiver.Receive(p.now)
			p.drain(1)
		}
		return sender.frequency.told()
	}
	if got, want := told(20*ms), window/leastAcksPerWindow; got != want {
		t.Errorf("an ack each %d packets of a short path, want %d", got, want)
	}
	dropped := false
	p.drop = func(from int, datagram []byte) bool {
		drop := !dropped && from == 0 && len(datagram) > 1000
		dropped = dropped || drop
		return drop
	}
	if got, want := told(20*ms), window/mostAcksPerWindow; got != want {
		t.Errorf("an ack each %d packets after a loss, want %d", got, want)
	}
	p.now = sender.frequency.lossyUntil // nothing is on its way
	// The pause had a packet wait for its ack, so the round trip looks longer.
	if got, least := told(20*ms), 2*window/mostAcksPerWindow; got < least {
		t.Errorf("an ack each %d packets a second after it, want %d at least", got, least)
	}
}
