package arq

import (
	"testing"
	"time"

	"udplab/proto"
)

// A lane that was idle shares from then on; it does not get the turns that it
// did not use, or it would block the others for as long as it was idle.
func TestIdleLanesSaveNoTurns(t *testing.T) {
	p := newPair(t, Config{SendBuffer: 64 << 20, ReceiveWindow: 64 << 20})
	dialer, listener := p.connect()
	var sent [3]int
	p.drop = func(from int, b []byte) bool {
		if from == 0 {
			eachMessage(t, b, func(m *proto.Message) { sent[m.Channel] += len(m.Payload) })
		}
		return false
	}
	until := func(bytes int) {
		p.drain(0)
		p.run(time.Minute, func() bool {
			collect(listener, p.now, 1)
			collect(listener, p.now, 2)
			return sent[1]+sent[2] > bytes
		})
	}
	for range 400 {
		dialer.SendOn(p.now, SendOptions{Channel: 1}, make([]byte, 10_000))
	}
	until(1_000_000)
	for range 100 {
		dialer.SendOn(p.now, SendOptions{Channel: 2}, make([]byte, 10_000))
	}
	sent = [3]int{}
	until(60_000) // what the credit of a new channel covers
	if ratio := float64(sent[1]) / float64(sent[2]); ratio < 0.8 || ratio > 1.25 {
		t.Errorf("%d and %d bytes, a ratio of %.2f, want the same", sent[1], sent[2], ratio)
	}
}
