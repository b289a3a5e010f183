package congestion

import "math"

// prr is Proportional Rate Reduction (RFC 9937): while an episode lasts, what
// leaves follows what is delivered, so that the window comes down to its new
// size evenly, without a pause and without a burst.
type prr struct {
	threshold float64 // ssthresh: where the window goes
	flight    float64 // RecoverFS: what was in flight when recovery began
	delivered float64 // since
	out       float64 // sent since
	losing    bool    // losses came since the last ack
}

func beginPRR(threshold, flight float64) prr {
	return prr{threshold: threshold, flight: max(flight, 1)}
}

func (p *prr) sent(bytes int) { p.out += float64(bytes) }
func (p *prr) lost()          { p.losing = true }

// acked returns the window after an ack (section 6.2).
func (p *prr) acked(a Ack, packet float64) float64 {
	p.delivered += float64(a.Bytes)
	pipe := float64(a.InFlight)
	var send float64
	if pipe > p.threshold {
		send = math.Ceil(p.delivered*p.threshold/p.flight) - p.out
	} else {
		// "SafeACK": new data arrived and no further loss was found.
		send = max(p.delivered-p.out, float64(a.Bytes))
		if !p.losing {
			send += packet
		}
		send = min(send, p.threshold-pipe)
	}
	p.losing = false
	// "Force a fast retransmit upon entering recovery".
	if p.out == 0 {
		send = max(send, packet)
	}
	return pipe + max(send, 0)
}
