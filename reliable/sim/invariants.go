package sim

import (
	"time"

	"udplab/proto"
	"udplab/reliable/arq"
)

// watch is what the oracle remembers of one end to judge its packets.
type watch struct {
	seen      numberSet // packet numbers that arrived
	probes    uint64    // probe timeouts seen
	allowance int       // packets that may leave although the window is full
	ahead     uint64    // bytes that did so ahead of less urgent ones
	due       []dueMessage

	fastest      time.Duration // what the fastest packet took to come here, noPacket if none came
	fastestTimed time.Duration // of those that said when they were sent
	timed        int           // how many did
	usual        time.Duration // what its path takes, without loads and faults
}

const noPacket = never

// acksBeside is what the ack and the reports in a packet that goes ahead of the
// window may take besides its message.
const acksBeside = 300

// arrived notes that a data packet is about to be handed to a connection.
func (o *oracle) arrived(e *End, d *proto.Data, sentAt time.Duration) {
	e.watch.seen.add(d.Number)
	took := o.took(e, sentAt)
	frames := d.Frames()
	var f proto.Frame
	for frames.Next(&f) {
		switch f.Type {
		case proto.FramePathResponse:
			e.node.ledger.answered(f.PathToken)
		case proto.FrameSentAt:
			e.watch.fastestTimed = min(e.watch.fastestTimed, took)
			e.watch.timed++
		default: // says nothing to the oracle
		}
	}
}

// took notes how long a packet took to come to a connection.
func (o *oracle) took(e *End, sentAt time.Duration) time.Duration {
	took := o.world.now - sentAt
	e.watch.fastest = min(e.watch.fastest, took)
	profile := o.world.path(e.peer, e.node).link.Profile()
	e.watch.usual = max(e.watch.usual, profile.Delay+profile.Jitter)
	return took
}

// slack is how wrong an end may be about the time that its peer's packets take:
// it knows round trips, not the two ways of them, and compares packets with the
// fastest that said when it was sent. Clocks may drift by 1/4096, and a first
// packet may have been held back like an acknowledgment. More than two usual round
// trips it must not be wrong, but where it stood still, so that all packets of a
// pause seem as late as they were read, or where an end moved and everything is
// measured anew.
func (o *oracle) slack(e, peer *End) time.Duration {
	back := peer.watch.fastest
	if back == noPacket {
		back = 0
	}
	wrong := max(e.watch.fastestTimed-(e.watch.fastest+back)/2, 0)
	slack := min(wrong, 2*(e.watch.usual+peer.watch.usual)) + o.world.now/4096 + 5*time.Millisecond
	if e.watch.timed < 8 {
		slack += 25 * time.Millisecond
	}
	slack += e.node.stood
	if e.moves+peer.moves > 0 {
		slack += e.watch.usual + peer.watch.usual
	}
	return slack
}

// sent checks a packet a connection is about to send to an address; before are
// its counters before it was made.
func (o *oracle) sent(e *End, to int, datagram []byte, before *arq.Stats) {
	if err := proto.Parse(datagram, &o.packet); err != nil {
		o.fail("%v made a packet that is none: %v", e, err)
		return
	}
	c := &e.node.config.Conn
	if limit := max(c.MaxPacket, c.FixedPacket, proto.MinHello); len(datagram) > limit {
		o.fail("%v made a packet of %d bytes, limit %d", e, len(datagram), limit)
	}
	if o.packet.Type != proto.TypeData {
		return
	}
	hasData := false
	frames := o.packet.Data.Frames()
	var f proto.Frame
	for frames.Next(&f) {
		switch f.Type {
		case proto.FrameAck:
			o.acknowledged(e, &f.Ack)
		case proto.FrameMessage, proto.FrameFragment:
			hasData = true
		case proto.FramePathChallenge:
			e.node.ledger.challenged(to, f.PathToken)
		default: // nothing to demand
		}
	}
	if hasData {
		o.windowKept(e, before)
	}
}

// acknowledged demands that only packets are acknowledged that arrived.
func (o *oracle) acknowledged(e *End, a *proto.Ack) {
	top := a.Largest + 1 // one above the range in hand
	for _, r := range a.Ranges[:a.N] {
		top -= r.Gap + r.Count
		if number, some := e.watch.seen.missing(top, r.Count); some {
			o.fail("%v acknowledges packet %d, which never arrived", e, number)
			return
		}
	}
}

// windowKept demands that a packet with data leaves only if it fits into the
// congestion window, or is one of the two probes that a probe timeout allows
// (RFC 9002 section 7.5), or is more urgent than what waits; and that these are
// together no more than an eighth of the window beyond it.
func (o *oracle) windowKept(e *End, before *arq.Stats) {
	now := e.Conn.Stats()
	if now.ProbeTimeouts != e.watch.probes {
		e.watch.probes, e.watch.allowance = now.ProbeTimeouts, 2
	}
	if now.BytesInFlight <= before.CongestionWindow {
		e.watch.ahead = 0
		return
	}
	if now.PacketsAhead > before.PacketsAhead {
		if e.watch.ahead += now.BytesSent - before.BytesSent; e.watch.ahead > uint64(before.CongestionWindow/8)+acksBeside {
			o.fail("%v has %d bytes in flight ahead of a window of %d", e, e.watch.ahead, before.CongestionWindow)
		}
		return
	}
	e.watch.allowance--
	if e.watch.allowance < 0 {
		o.fail("%v has %d bytes in flight, window %d", e, now.BytesInFlight, before.CongestionWindow)
	}
}

// checkStats demands that an end's counters agree with what the world saw.
func (o *oracle) checkStats(e *End) {
	s := e.Conn.Stats()
	switch {
	case s.PacketsReceived != e.packets:
		o.fail("%v counts %d packets received, the world %d", e, s.PacketsReceived, e.packets)
	case s.PacketsSent != e.packetsOut:
		o.fail("%v counts %d packets sent, the world %d", e, s.PacketsSent, e.packetsOut)
	case s.MessagesSent != uint64(len(e.receipts)+e.beside):
		o.fail("%v counts %d messages sent, the world %d", e, s.MessagesSent, len(e.receipts)+e.beside)
	case s.PacketsLostSpurious > s.PacketsLost:
		o.fail("%v counts %d packets falsely declared lost of %d", e, s.PacketsLostSpurious, s.PacketsLost)
	case s.BytesInFlight < 0 || s.SendQueueBytes < 0 || s.ReceiveBytes < 0:
		o.fail("%v: negative gauge: %+v", e, s)
	case e.beside == 0:
		o.checkMessages(e, &s)
	}
}

// checkMessages is checkStats for the messages of an end all of which the oracle
// knows.
func (o *oracle) checkMessages(e *End, s *arq.Stats) {
	switch {
	case s.MessageBytesSent != e.sentBytes:
		o.fail("%v counts %d messages of %d bytes sent, the world %d of %d",
			e, s.MessagesSent, s.MessageBytesSent, len(e.receipts), e.sentBytes)
	case s.MessagesReceived != e.taken || s.MessageBytesReceived != e.takenBytes:
		o.fail("%v counts %d messages of %d bytes received, the world %d of %d",
			e, s.MessagesReceived, s.MessageBytesReceived, e.taken, e.takenBytes)
	case s.MessagesAcked != e.fates[arq.Acked] || s.MessagesSuperseded != e.fates[arq.Superseded] ||
		s.MessagesLost != e.fates[arq.Lost] || s.MessagesSkipped != e.fates[arq.Skipped]:
		o.fail("%v counts %d messages acknowledged, %d superseded, %d lost, %d skipped, and said so of %v",
			e, s.MessagesAcked, s.MessagesSuperseded, s.MessagesLost, s.MessagesSkipped, e.fates)
	case s.SendQueueBytes != e.openBytes:
		o.fail("%v counts %d bytes queued, the world %d", e, s.SendQueueBytes, e.openBytes)
	}
}
