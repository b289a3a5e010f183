package reliable

import (
	"context"
	"runtime"
	"testing"
	"time"
)

// What a socket has queued is handled before anything is sent for it: thirty-two
// packets get one acknowledgment, and not one for every second packet. Whoever
// waits for them is woken once all are there.
func TestABatchIsAcknowledgedOnce(t *testing.T) {
	a, b := connect(t, nil)
	ctx := context.Background()
	exchange := func(n int) {
		t.Helper()
		for range n {
			if _, err := b.Receive(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := a.Send(ctx, []byte("the handshake is over")); err != nil {
		t.Fatal(err)
	}
	exchange(1)
	settled(t, a)
	before := b.Stats().AcksSent

	const packets = 32
	b.mu.Lock() // the reader stops at the first packet
	sent := a.Stats().PacketsSent
	for range packets {
		if err := a.Send(ctx, make([]byte, 1000)); err != nil {
			t.Fatal(err)
		}
	}
	for end := time.Now().Add(20 * time.Second); a.Stats().PacketsSent-sent < packets; runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatal("the packets were not sent")
		}
	}
	b.mu.Unlock()
	exchange(packets)
	settled(t, a)
	// One for the batch, or two with the packet that woke the reader. A sender
	// that waits long, on a machine that does much else, repeats its last packet
	// now and then until it hears of it.
	if acks := b.Stats().AcksSent - before; acks < 1 || acks > packets/4 {
		t.Errorf("%d acknowledgments of %d packets that were there at once, want 1", acks, packets)
	}
}

// settled waits until everything c sent was acknowledged.
func settled(t *testing.T, c *Conn) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); c.Stats().BytesInFlight > 0; runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatal("nothing was acknowledged")
		}
	}
}
