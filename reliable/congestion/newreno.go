package congestion

import "time"

// lossReduction is kLossReductionFactor of RFC 9002 appendix B.1.
const lossReduction = 0.5

// NewReno is the controller of RFC 9002 section 7: exponential growth until
// the first loss, then one packet more per round trip and half the window at
// each loss event. It takes every loss for congestion, so random loss keeps
// its window small (about 1.2/sqrt(p) packets). The response to an event is
// undone when each of its losses proves spurious.
type NewReno struct {
	config      Config
	window      int
	threshold   int // slow start ends here; maxWindow before the first loss
	loss        episode
	before      struct{ window, threshold int } // before the newest event
	ackedBytes  int                             // counted towards the next packet of congestion avoidance
	smoothedRTT time.Duration
}

// maxWindow bounds the window so that sums of it can't overflow.
const maxWindow = 1 << 30

// NewNewReno returns a NewReno at its initial window.
func NewNewReno(c Config) *NewReno {
	return &NewReno{config: c, window: c.initialWindow(), threshold: maxWindow}
}

// Name implements Controller.
func (n *NewReno) Name() string { return "newreno" }

// Window implements Controller.
func (n *NewReno) Window() int { return n.window }

func (n *NewReno) slowStart() bool { return n.window < n.threshold }

// PacingRate implements Controller.
func (n *NewReno) PacingRate() float64 { return windowRate(n.window, n.smoothedRTT, n.slowStart()) }

// SetMaxPacket implements Resizer.
func (n *NewReno) SetMaxPacket(bytes int) {
	n.config.MaxPacket = bytes
	n.window = max(n.window, n.config.minimumWindow())
}

// PacketSent implements Controller. The window follows acknowledgments only.
func (n *NewReno) PacketSent(time.Duration, Sent) {}

// Acked implements Controller.
func (n *NewReno) Acked(now time.Duration, a Ack) {
	n.smoothedRTT = a.RTT.Smoothed
	if a.CE > 0 && !n.loss.includes(a.LargestSentAt) {
		// RFC 9002 section 7.1: a mark is a signal like a loss.
		n.respond(now)
		n.loss.confirmed = true
	}
	// RFC 9002 section 7.3.2: packets sent before the recovery period do not
	// grow the window; section 7.8: neither does an underused window.
	if n.loss.includes(a.LargestSentAt) || !a.WindowLimited {
		return
	}
	if n.slowStart() {
		n.window = min(n.window+a.Bytes, maxWindow)
		return
	}
	// Section 7.3.3: one packet more for each window acknowledged.
	n.ackedBytes += a.Bytes
	if n.ackedBytes >= n.window {
		n.ackedBytes -= n.window
		n.window = min(n.window+n.config.MaxPacket, maxWindow)
	}
}

// Lost implements Controller: one reduction per round trip of losses.
func (n *NewReno) Lost(now time.Duration, l Loss) {
	if !n.loss.includes(l.LargestSentAt) {
		n.respond(now)
	}
	n.loss.doubtful += l.Packets
	if l.Persistent {
		// Section 7.6.2: "the sender's congestion window MUST be reduced to
		// the minimum congestion window".
		n.window = n.config.minimumWindow()
		n.loss = episode{}
	}
}

func (n *NewReno) respond(now time.Duration) {
	n.before.window, n.before.threshold = n.window, n.threshold
	n.loss.begin(now)
	n.window = max(int(float64(n.window)*lossReduction), n.config.minimumWindow())
	n.threshold = n.window
	n.ackedBytes = 0
}

// Spurious implements Controller. RFC 9002 leaves the window reduced; RFC 9438
// section 4.9 shows how to give it back, and nothing in it is CUBIC's own.
func (n *NewReno) Spurious(_ time.Duration, s Spurious) {
	if n.loss.spurious(s) {
		n.window, n.threshold = max(n.window, n.before.window), n.before.threshold
		n.loss = episode{}
	}
}
