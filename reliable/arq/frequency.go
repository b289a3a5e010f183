package arq

import (
	"time"

	"udplab/proto"
)

// frequency is what this side, as the sender of data, lets the peer save in
// acknowledgments (draft-ietf-quic-ack-frequency): many packets in flight need
// few acks each to keep the window moving, and every ack costs the peer a
// packet and us its processing.
type frequency struct {
	seq       uint32 // of the newest ack_frequency frame; 0 = none was sent
	threshold int    // packets per ack the peer was told; 0 = its default
	maxDelay  time.Duration
	pending   bool          // the frame has to be sent
	decidedAt time.Duration // when threshold was last looked at
}

const (
	// acksPerWindow is how many acks a window of packets is worth: so many that a
	// burst of lost ones does not silence the path for a round trip, and enough for
	// rate samples and for a window that grows smoothly.
	acksPerWindow = 32
	// maxAckThreshold bounds a burst that one ack may set free.
	maxAckThreshold = 32
	// defaultAckThreshold is what a peer does that was told nothing: "an
	// endpoint [...] SHOULD send an ACK frame after receiving at least two
	// ack-eliciting packets" (RFC 9000 section 13.2.2).
	defaultAckThreshold = 2
)

// told is the threshold in force at the peer.
func (f *frequency) told() int { return max(f.threshold, defaultAckThreshold) }

// decide looks, at most once per round trip, at whether the window has changed
// so much that the peer should be told another threshold. Once, it is told in
// any case if report has to be asked for.
func (f *frequency) decide(now time.Duration, window, maxPacket int, path *rtt, report bool) {
	if !path.sampled || now < f.decidedAt+path.smoothed {
		return
	}
	f.decidedAt = now
	want := min(max(window/maxPacket/acksPerWindow, defaultAckThreshold), maxAckThreshold)
	if told := f.told(); want < 2*told && told < 2*want && (f.seq > 0 || !report) {
		return
	}
	f.seq++
	f.threshold = want
	f.maxDelay = path.ackDelay()
	f.pending = true
}

// frame is what the peer is to be told.
func (f *frequency) frame(report bool) proto.AckFrequency {
	return proto.AckFrequency{
		Seq: f.seq, Threshold: uint16(f.threshold), MaxDelay: f.maxDelay, ReportReceivedAt: report,
	}
}

// lost notes that the packet with the frame of that number was lost.
func (f *frequency) lost(seq uint32) {
	if seq != 0 && seq == f.seq {
		f.pending = true
	}
}
