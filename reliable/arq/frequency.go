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
	seq        uint32 // of the newest ack_frequency frame; 0 = none was sent
	threshold  int    // packets per ack the peer was told; 0 = its default
	maxDelay   time.Duration
	pending    bool          // the frame has to be sent
	decidedAt  time.Duration // when threshold was last looked at
	lossyUntil time.Duration // until when the path counts as one that loses
}

const (
	// mostAcksPerWindow is how many acks a window of packets is worth: so many that
	// a burst of lost ones does not silence the path for a round trip, and enough
	// for rate samples and for a window that grows smoothly.
	mostAcksPerWindow = 32
	// ackSpacing is how close together acks are worth their cost: about a pacing
	// quantum, since what they set free leaves in quanta. Only within a machine or
	// a room is a round trip too short for mostAcksPerWindow of it.
	ackSpacing = 200 * time.Microsecond
	// leastAcksPerWindow is what is left of them there, as long as nothing is lost.
	leastAcksPerWindow = 8
	// lossMemory is how long after a loss acks are as many as they may be.
	lossMemory = time.Second
	// maxAckThreshold bounds what one lost ack takes with it, and
	// maxAckThresholdUnlost what one ack may set free where nothing is lost.
	maxAckThreshold       = 32
	maxAckThresholdUnlost = 128
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
	acks, most := mostAcksPerWindow, maxAckThreshold
	if now >= f.lossyUntil {
		acks, most = clamp(int(path.smoothed/ackSpacing), leastAcksPerWindow, mostAcksPerWindow), maxAckThresholdUnlost
	}
	want := clamp(window/maxPacket/acks, defaultAckThreshold, most)
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
