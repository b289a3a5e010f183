package arq

import (
	"testing"
	"time"
)

// Copies of small messages leave as often as the loss asks for, one in a
// hundred about one for each, and not at all where nothing is lost or where
// they are switched off.
func TestCopiesFollowTheLoss(t *testing.T) {
	for _, c := range []struct {
		what        string
		config      Config
		losing      int // one packet of so many; 0: none
		least, most float64
	}{
		{"1 % loss", Config{}, 100, 0.5, 1.3},
		{"no loss", Config{}, 0, 0, 0},
		{"switched off", Config{Redundancy: RedundancyOff}, 100, 0, 0},
	} {
		p := newPair(t, c.config)
		dialer, listener := p.connect()
		p.quiet()
		const messages = 2000
		left, got := 0, 0
		p.drop = func(from int, _ []byte) bool {
			if from == 0 {
				left++
			}
			return from == 0 && c.losing > 0 && left%c.losing == 0
		}
		for i := range messages {
			dialer.Send(p.now, message(i, 100), false)
			p.drain(0)
			p.pass(16 * ms)
			got += len(collect(listener, p.now, 0))
		}
		p.pass(time.Second)
		got += len(collect(listener, p.now, 0))
		copies := float64(dialer.Stats().Repeats) / messages
		if got != messages || copies < c.least || copies > c.most {
			t.Errorf("%s: %d of %d messages, %.2f copies of each, want %.1f to %.1f", c.what, got, messages, copies, c.least, c.most)
		}
	}
}
