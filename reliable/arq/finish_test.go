package arq

import (
	"fmt"
	"testing"
	"time"

	"udplab/proto"
)

// A channel has ended when the peer finished and its own messages were taken,
// whatever waits on the others.
func TestFinishIsSeenPerChannel(t *testing.T) {
	p := newPair(t, Config{})
	dialer, listener := p.connect()
	p.quiet()
	dropMessages(t, p, 0, "two")
	dialer.SendOn(p.now, SendOptions{}, []byte("zero"))
	p.drain(0)
	dialer.SendOn(p.now, SendOptions{Channel: 2, Mode: proto.ModeUnordered}, []byte("two"))
	dialer.Finish(p.now)
	p.drain(0)
	p.run(time.Minute, func() bool { return listener.PeerFinishedOn(1) })
	if listener.PeerFinishedOn(0) || listener.PeerFinishedOn(2) {
		t.Error("a channel with unread messages has ended")
	}
	for _, channel := range []uint8{2, 0} {
		if got := fmt.Sprint(texts(collect(listener, p.now, channel))); !listener.PeerFinishedOn(channel) {
			t.Errorf("channel %d has not ended after %s", channel, got)
		}
	}
}

// A sender has not finished while the receiver may wait for a message that was
// given up: what is behind it is not forgotten.
func TestFinishDoesNotForgetWhatWaits(t *testing.T) {
	p := newPair(t, Config{})
	dialer, listener := p.connect()
	p.quiet()
	p.drop = func(from int, b []byte) bool {
		return from == 0 && contains(frameTypes(t, b), proto.FrameSkip)
	}
	options := SendOptions{Channel: 4, Mode: proto.ModeDeadline, Lifetime: 1}
	dialer.SendOn(p.now, options, []byte("too late"))
	p.drain(0)
	options.Lifetime = 100 * time.Millisecond
	dialer.SendOn(p.now, options, []byte("in time"))
	p.drain(0)
	dialer.Finish(p.now)
	p.drain(0)
	p.pass(time.Second)
	if listener.finish.peer || listener.PeerFinishedOn(4) {
		t.Fatal("finished while a skip is on its way")
	}
	p.drop = nil
	p.run(time.Minute, func() bool { return listener.finish.peer })
	if got := fmt.Sprint(texts(collect(listener, p.now, 4))); got != "[in time]" || !listener.PeerFinishedOn(4) {
		t.Errorf("got %s, ended %v", got, listener.PeerFinishedOn(4))
	}
}
