package udp

import (
	"fmt"
	"sync/atomic"
)

// Offload says how much of the work of many datagrams a socket may leave to the
// system.
type Offload uint8

// The values of Offload.
const (
	OffloadDefault Offload = iota // not said
	OffloadAuto                   // whatever this system can
	OffloadBatch                  // many datagrams a call, each of which the system handles by itself
	OffloadNone                   // one datagram a call
)

var offloadNames = [...]string{"default", "auto", "batch", "none"}

// ParseOffload reads auto, batch or none.
func ParseOffload(text string) (Offload, error) {
	for o := OffloadAuto; o <= OffloadNone; o++ {
		if text == offloadNames[o] {
			return o, nil
		}
	}
	return 0, fmt.Errorf("offload %q: want auto, batch or none", text)
}

// Valid reports whether o is one of the values above.
func (o Offload) Valid() bool { return int(o) < len(offloadNames) }

func (o Offload) String() string {
	if o.Valid() {
		return offloadNames[o]
	}
	return fmt.Sprintf("Offload(%d)", uint8(o))
}

// Rung is how one direction of a socket moves datagrams.
type Rung uint8

// The rungs, from the bottom.
const (
	Portable Rung = iota // package net, one datagram a call
	Single               // sendmsg, recvmsg: one datagram a call
	Batch                // sendmmsg, recvmmsg: many datagrams a call
	Segments             // UDP_SEGMENT, UDP_GRO: many datagrams through the system as one
)

var rungNames = [...]string{"portable", "single", "batch", "segments"}

func (r Rung) String() string { return rungNames[r] }

// Ladder is a snapshot of how a socket moves datagrams.
type Ladder struct {
	Send, Receive           Rung
	Demotions               uint64 // rungs that failed at run time and were left for good
	SendCalls, ReceiveCalls uint64 // of the system that moved at least one datagram
}

// ladder is where a socket stands. It only goes down.
type ladder struct {
	send, receive           atomic.Uint32 // Rung
	demotions               atomic.Uint64
	sendCalls, receiveCalls atomic.Uint64
}

// limit lowers a direction to a rung.
func limit(direction *atomic.Uint32, to Rung) (lowered bool) {
	for {
		now := direction.Load()
		if now <= uint32(to) {
			return false
		}
		if direction.CompareAndSwap(now, uint32(to)) {
			return true
		}
	}
}

// Limit has the socket go no further than that. It is called before the socket
// is first used.
func (s *Socket) Limit(most Offload) {
	to := Segments
	switch most {
	case OffloadBatch:
		to = Batch
	case OffloadNone:
		to = Single
	}
	limit(&s.ladder.send, to)
	limit(&s.ladder.receive, to)
}

// Ladder tells how the socket moves datagrams.
func (s *Socket) Ladder() Ladder {
	l := &s.ladder
	return Ladder{
		Send: Rung(l.send.Load()), Receive: Rung(l.receive.Load()), Demotions: l.demotions.Load(),
		SendCalls: l.sendCalls.Load(), ReceiveCalls: l.receiveCalls.Load(),
	}
}
