package arq

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"udplab/proto"
)

// What the channels count adds up to what the connection counts, and the gauges
// are right while messages wait at both ends and when none does.
func TestChannelsAddUpToTheConnection(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	p := newPair(t, Config{ReceiveWindow: 8192, FixedPacket: 1200})
	dialer, listener := p.connect()
	p.drop = func(int, []byte) bool { return random.IntN(10) == 0 }
	for range 2000 {
		options := SendOptions{
			Channel: uint8(random.IntN(5)), Mode: proto.Mode(random.IntN(6)), Lifetime: 60 * time.Millisecond,
		}
		if dialer.CanSendOn(options.Channel, options.Mode) {
			dialer.SendOn(p.now, options, make([]byte, random.IntN(500))) // never in parts
		}
		p.drain(0)
		p.pass(2 * time.Millisecond)
		collect(listener, p.now, uint8(random.IntN(4))) // nobody reads channel 4
	}
	for _, end := range []*Conn{dialer, listener} {
		whole := reflect.ValueOf(end.Stats())
		sums := map[string]int64{}
		for channel := range 256 {
			v := reflect.ValueOf(end.ChannelStats(uint8(channel)))
			for i := range v.NumField() {
				if f := v.Field(i); f.CanInt() {
					sums[v.Type().Field(i).Name] += f.Int()
				} else {
					sums[v.Type().Field(i).Name] += int64(f.Uint())
				}
			}
		}
		delete(sums, "CreditLeft")
		for name, sum := range sums {
			want := whole.FieldByName(name)
			if want.CanInt() && want.Int() != sum || want.CanUint() && int64(want.Uint()) != sum {
				t.Errorf("%s: the channels count %d, the connection %v", name, sum, want)
			}
		}
	}
	// All that mode ordered and unordered may send on channel 4 is there.
	d, l := dialer.ChannelStats(4), listener.ChannelStats(4)
	if d.CreditLeft > 600 || d.SendQueueBytes == 0 || l.ReceiveBytes == 0 || l.MessagesReceived != 0 {
		t.Errorf("a channel nobody reads: %+v, and its reader %+v", d, l)
	}
	if open := d.MessagesSent - d.MessagesAcked - d.MessagesSuperseded - d.MessagesLost - d.MessagesSkipped; open == 0 {
		t.Error("nothing waits on a channel nobody reads")
	}
	p.drop = nil
	p.run(time.Hour, func() bool {
		for channel := range uint8(5) {
			collect(listener, p.now, channel)
		}
		p.drain(1)
		return dialer.out.open == 0
	})
	for channel := range uint8(5) {
		if s, r := dialer.ChannelStats(channel), listener.ChannelStats(channel); s.SendQueueBytes != 0 || r.ReceiveBytes != 0 {
			t.Errorf("channel %d in the end: %+v, %+v", channel, s, r)
		}
	}
	if s := dialer.ChannelStats(200); s != (ChannelStats{CreditLeft: 8192}) {
		t.Errorf("a channel nobody used: %+v", s)
	}
}

func TestChannelStatsAllocateNothing(t *testing.T) {
	p := newPair(t, Config{})
	dialer, _ := p.connect()
	dialer.SendOn(p.now, SendOptions{Channel: 3}, make([]byte, 100))
	var s ChannelStats
	if n := testing.AllocsPerRun(100, func() { s = dialer.ChannelStats(3); _ = dialer.ChannelStats(9) }); n != 0 {
		t.Errorf("%v allocations for %+v", n, s)
	}
}
