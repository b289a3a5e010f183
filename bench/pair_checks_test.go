package bench

import (
	"testing"

	"udplab/reliable/raw"
)

// A few messages through every kind of cell, on real sockets.
func TestEveryModeDelivers(t *testing.T) {
	small, large := size{bytes: 1000}, size{bytes: 100_000}
	for _, c := range []cell{
		{modeRaw, small, loss{"0%", 0}},
		{modeReliable, small, loss{"0%", 0}},
		{modeReliable, large, loss{"5%", 0.05}},
		{modeTCP, large, loss{"0%", 0}},
	} {
		d := &delivery{pair: connect(t, c), size: c.size.bytes, count: 20}
		if err := d.run(); err != nil {
			t.Fatalf("%v: %v", c, err)
		}
		if got := d.received.Load(); got != d.count {
			t.Errorf("%v: %d of %d messages arrived", c, got, d.count)
		}
		payload := d.count * uint64(d.size)
		if d.pair.traffic != nil && (d.sent.bytes <= payload || d.sent.bytes > 2*payload || d.sent.packets < payload/(64<<10)) {
			t.Errorf("%v: %+v on the wire for %d bytes of messages", c, d.sent, payload)
		}
	}
}

// The proxy is seeded, so raw mode loses the same messages each time.
func TestRawLosesWhatTheProxyLoses(t *testing.T) {
	const count, maxDatagram = 1000, 65507
	run := func() uint64 {
		d := &delivery{pair: connectRaw(t, 0.05), size: 64, count: count}
		if err := d.run(); err != nil {
			t.Fatal(err)
		}
		if most := uint64(count * (64 + maxDatagram - raw.MaxMessage)); d.sent.packets != count || d.sent.bytes > most {
			t.Errorf("%+v sent, want %d packets of at most %d bytes: end markers are not part of the result", d.sent, count, most)
		}
		return d.received.Load()
	}
	first, second := run(), run()
	if first != second || first < 920 || first > 980 {
		t.Errorf("%d and %d of %d arrived, want the same number near 950", first, second, count)
	}
}
