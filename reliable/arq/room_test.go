package arq

import (
	"testing"
	"time"

	"udplab/proto"
)

// fill sends messages on a channel until its buffer is full, and returns how
// many it took.
func fill(t *testing.T, c *Conn, p *pair, channel uint8, mode proto.Mode, size int) (n int) {
	t.Helper()
	for ; c.CanSendOn(channel, mode); n++ {
		if n > 100_000 {
			t.Fatalf("channel %d takes messages of %d bytes without end", channel, size)
		}
		if _, err := c.SendOn(p.now, SendOptions{Channel: channel, Mode: mode}, make([]byte, size)); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// Channels whose messages the peer does not read fill their own buffers, the
// first two all there is for it; every other one still has some to itself, and
// what was filled is there again once the messages are acknowledged.
func TestStalledChannelsLeaveRoomForOthers(t *testing.T) {
	const buffer, size = 64 << 10, 1024 - messageCost
	p := newPair(t, Config{SendBuffer: buffer, ReceiveWindow: 4096})
	dialer, listener := p.connect()
	p.drop = func(int, []byte) bool { return true } // nothing gets through
	for _, channel := range []uint8{9, 10} {
		if n := fill(t, dialer, p, channel, proto.ModeUnordered, size); n != 64 {
			t.Errorf("channel %d took %d messages, want the whole buffer: 64", channel, n)
		}
	}
	for channel := range uint8(9) {
		if n := fill(t, dialer, p, channel, proto.ModeOrdered, size); n != 64/ownRoom {
			t.Errorf("channel %d took %d messages, want its own part of the buffer", channel, n)
		}
	}
	p.drop = nil
	p.drain(0)
	p.run(time.Hour, func() bool {
		for channel := range uint8(11) {
			collect(listener, p.now, channel)
		}
		p.drain(1)
		return dialer.out.open == 0
	})
	if dialer.out.room != 0 || dialer.out.channels[9].room != 0 {
		t.Errorf("%d bytes are taken up by nothing", dialer.out.room)
	}
	if n := fill(t, dialer, p, 9, proto.ModeOrdered, size); n != 64 {
		t.Errorf("%d messages after the stall, want 64", n)
	}
}

// Messages without a byte take up room, too.
func TestEmptyMessagesAreBounded(t *testing.T) {
	p := newPair(t, Config{SendBuffer: 64 << 10})
	dialer, _ := p.connect()
	if n := fill(t, dialer, p, 3, proto.ModeOrdered, 0); n != 64<<10/messageCost {
		t.Errorf("%d empty messages", n)
	}
}

// The newest value takes the place of the one before it, however full the
// buffer is.
func TestLatestAlwaysHasRoom(t *testing.T) {
	p := newPair(t, Config{SendBuffer: 4096})
	dialer, _ := p.connect()
	p.drop = func(int, []byte) bool { return true }
	fill(t, dialer, p, 0, proto.ModeOrdered, 100)
	for range 1000 {
		if !dialer.CanSendOn(0, proto.ModeLatest) {
			t.Fatal("no room for a newer value")
		}
		dialer.SendOn(p.now, SendOptions{Mode: proto.ModeLatest}, make([]byte, 1000))
	}
	if most := 4096 + messageCost + 100 + messageCost + 1000; dialer.out.room > most {
		t.Errorf("%d bytes wait, want no more than %d", dialer.out.room, most)
	}
	dialer.Abort(0, "")
	if dialer.out.room != 0 || dialer.out.channels[0].room != 0 {
		t.Errorf("%d bytes wait after the end", dialer.out.room)
	}
}
