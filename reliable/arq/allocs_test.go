package arq

import (
	"testing"
	"time"

	"udplab/proto"
)

// exchanger returns a function that hands over, at once and without an
// allocation, what one end has to send.
func (p *pair) exchanger() func(from, to *Conn) {
	var buf []byte
	var packet proto.Packet
	return func(from, to *Conn) {
		for {
			b, _, ok := from.AppendPacket(p.now, buf[:0])
			if buf = b; !ok {
				return
			}
			if err := proto.Parse(b, &packet); err != nil {
				p.t.Fatal(err)
			}
			to.Handle(p.now, to.Peer(), &packet, len(b), NotECT)
		}
	}
}

// In the steady state of a transfer nothing is allocated for acknowledgments:
// neither the sender by taking them in, nor the receiver by making them. The
// messages themselves cost a copy on each side.
func TestAcksCostNoAllocations(t *testing.T) {
	p := newPair(t, Config{})
	dialer, listener := p.connect()
	p.quiet()
	exchange := p.exchanger()
	round := func() { // a ping each way and its acknowledgment
		dialer.pingPending, listener.pingPending = true, true
		exchange(dialer, listener)
		p.now += 20 * time.Millisecond
		exchange(listener, dialer)
		p.now += 20 * time.Millisecond
		dialer.HandleTimeout(p.now)
		listener.HandleTimeout(p.now)
		exchange(dialer, listener)
		exchange(listener, dialer)
	}
	for range 100 {
		round()
	}
	acks := dialer.Stats().AcksReceived
	if got := testing.AllocsPerRun(1000, round); got != 0 {
		t.Errorf("%v allocations a round", got)
	}
	if got := dialer.Stats().AcksReceived - acks; got < 1000 {
		t.Errorf("only %d acks in 1000 rounds", got)
	}
}

// A packet of a transfer costs no allocation, neither to send nor to take in or
// acknowledge: a message of 1 MiB, some 900 packets and their acks, costs its
// copy, its reassembly as it grows, and what that takes to be kept track of.
func TestR13_PacketsCostNoAllocations(t *testing.T) {
	p := newPair(t, Config{})
	dialer, listener := p.connect()
	p.quiet()
	exchange := p.exchanger()
	msg := make([]byte, 1<<20)
	transfer := func() {
		if _, err := dialer.Send(p.now, msg, false); err != nil {
			t.Fatal(err)
		}
		for {
			exchange(dialer, listener)
			exchange(listener, dialer)
			if _, ok := listener.Receive(p.now); ok {
				break
			}
			p.now += time.Millisecond
			dialer.HandleTimeout(p.now)
			listener.HandleTimeout(p.now)
		}
	}
	for range 20 {
		transfer()
	}
	before := dialer.Stats().PacketsSent + listener.Stats().PacketsSent
	const runs = 20
	allocations := testing.AllocsPerRun(runs, transfer)
	packets := float64(dialer.Stats().PacketsSent+listener.Stats().PacketsSent-before) / (runs + 1)
	t.Logf("%v allocations for %.0f packets", allocations, packets)
	if allocations > 40 || packets < 800 {
		t.Errorf("%v allocations for %.0f packets", allocations, packets)
	}
}
