package congestion

import "time"

// Rate is a delivery-rate sample (draft-ietf-ccwg-bbr section 4.1): how fast
// the path delivered between the sending of a packet and the news of its fate.
// Rounds are counted by it: a round trip has passed when a packet is
// acknowledged that left after everything delivered at the round's start.
type Rate struct {
	// BytesPerSecond is the sample itself; 0 if the ack gave none, because
	// the interval was shorter than the path's minimum round trip.
	BytesPerSecond float64
	// Delivered is how many bytes were delivered over Interval.
	Delivered int
	Interval  time.Duration
	// AppLimited tells that the application, not the path, bounded the sample.
	AppLimited bool
	// PriorDelivered is how many bytes the connection had delivered when the
	// packet left, TotalDelivered how many it has now.
	PriorDelivered, TotalDelivered uint64
	// TxInFlight is how many bytes were in flight right after the packet left,
	// itself included; Lost is how many were declared lost since.
	TxInFlight int
	Lost       int
}

// Snapshot is what a Sampler has to remember of each packet in flight.
type Snapshot struct {
	delivered   uint64
	deliveredAt time.Duration
	firstSentAt time.Duration
	lost        uint64
	inFlight    int
	appLimited  bool
}

// Sampler measures the delivery rate of one path. Its zero value is ready.
type Sampler struct {
	delivered   uint64        // bytes acknowledged
	deliveredAt time.Duration // when the last of them were
	firstSentAt time.Duration // when the packet was sent that the last sample was about
	lost        uint64        // bytes declared lost
	limitedTo   uint64        // samples are limited by the application until this much is delivered; 0 = they are not

	newest   Snapshot // of the newest packet of the ack in hand
	newestAt time.Duration
	sampling bool
}

// Sent takes a snapshot for a packet that leaves; inFlight is without it.
func (s *Sampler) Sent(now time.Duration, bytes, inFlight int) Snapshot {
	if inFlight == 0 {
		s.firstSentAt, s.deliveredAt = now, now
	}
	return Snapshot{
		delivered: s.delivered, deliveredAt: s.deliveredAt, firstSentAt: s.firstSentAt,
		lost: s.lost, inFlight: inFlight + bytes, appLimited: s.limitedTo > 0,
	}
}

// AppLimited tells that the application has nothing more to send although the
// window and the pacer would let it: what the path could carry is not known
// until what is in flight now is delivered.
func (s *Sampler) AppLimited(inFlight int) { s.limitedTo = max(s.delivered+uint64(inFlight), 1) }

// Acked adds a packet to the ack in hand.
func (s *Sampler) Acked(now, sentAt time.Duration, bytes int, p *Snapshot) {
	s.delivered += uint64(bytes)
	s.deliveredAt = now
	// The newest packet gives the sample; of those sent at one time, the one
	// after which the most was delivered.
	if !s.sampling || sentAt > s.newestAt || sentAt == s.newestAt && p.delivered >= s.newest.delivered {
		s.sampling, s.newest, s.newestAt = true, *p, sentAt
		s.firstSentAt = sentAt
	}
}

// Lost counts bytes declared lost.
func (s *Sampler) Lost(bytes int) { s.lost += uint64(bytes) }

// Fate is what the numbers say about a packet that was lost: no rate, but how
// much was in flight and what was lost and delivered since it left.
func (s *Sampler) Fate(p *Snapshot) Rate {
	return Rate{
		Delivered: int(s.delivered - p.delivered), AppLimited: p.appLimited,
		PriorDelivered: p.delivered, TotalDelivered: s.delivered,
		TxInFlight: p.inFlight, Lost: int(s.lost - p.lost),
	}
}

// Sample ends the ack in hand and returns its rate. minRTT is the path's
// minimum round trip.
func (s *Sampler) Sample(minRTT time.Duration) Rate {
	if s.limitedTo > 0 && s.delivered > s.limitedTo {
		s.limitedTo = 0
	}
	if !s.sampling {
		return Rate{TotalDelivered: s.delivered, PriorDelivered: s.delivered}
	}
	s.sampling = false
	r := s.Fate(&s.newest)
	// "The delivery rate sample is the minimum of the send rate and the ack
	// rate": acks that come compressed must not make the path look faster.
	r.Interval = max(s.newestAt-s.newest.firstSentAt, s.deliveredAt-s.newest.deliveredAt)
	if r.Interval >= minRTT && r.Interval > 0 {
		r.BytesPerSecond = float64(r.Delivered) / r.Interval.Seconds()
	}
	return r
}
