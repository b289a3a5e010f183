package congestion

import "time"

// lossReduction is kLossReductionFactor of RFC 9002 appendix B.1.
const lossReduction = 0.5

// NewReno is the controller of RFC 9002 section 7: exponential growth until
// the first loss, then one packet more per round trip and half the window at
// each loss event. It takes every loss for congestion, so random loss keeps
// its window small (about 1.2/sqrt(p) packets).
type NewReno struct {
	config        Config
	window        int
	threshold     int // slow start ends here; maxWindow before the first loss
	recoverySince time.Duration
	inRecovery    bool // recoverySince is meaningful: a loss happened
	ackedBytes    int  // counted towards the next packet of congestion avoidance
	smoothedRTT   time.Duration
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

// PacketSent implements Controller. The window follows acknowledgments only.
func (n *NewReno) PacketSent(time.Duration, Sent) {}

// Acked implements Controller.
func (n *NewReno) Acked(now time.Duration, a Ack) {
	n.smoothedRTT = a.RTT.Smoothed
	// RFC 9002 section 7.1: "an increase in this count [...] SHOULD be
	// considered a congestion signal", as a loss is.
	if a.CE > 0 {
		n.congested(now, a.LargestSentAt)
	}
	// RFC 9002 section 7.3.2: packets sent before the recovery period do not
	// grow the window; section 7.8: neither does an underused window.
	if n.sentInRecovery(a.LargestSentAt) || !a.WindowLimited {
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
	n.congested(now, l.LargestSentAt)
	if l.Persistent {
		// Section 7.6.2: "the sender's congestion window MUST be reduced to
		// the minimum congestion window".
		n.window = n.config.minimumWindow()
		n.inRecovery = false
	}
}

// congested answers a signal about packets of which the newest left at sentAt.
func (n *NewReno) congested(now, sentAt time.Duration) {
	if n.sentInRecovery(sentAt) {
		return
	}
	n.recoverySince, n.inRecovery = now, true
	n.window = max(int(float64(n.window)*lossReduction), n.config.minimumWindow())
	n.threshold = n.window
	n.ackedBytes = 0
}

// SetMaxPacket implements Resizer.
func (n *NewReno) SetMaxPacket(bytes int) {
	n.config.MaxPacket = bytes
	n.window = max(n.window, n.config.minimumWindow())
}

// Spurious implements Controller. RFC 9002 leaves the window reduced.
func (n *NewReno) Spurious(time.Duration, Spurious) {}

func (n *NewReno) sentInRecovery(sentAt time.Duration) bool {
	return n.inRecovery && sentAt <= n.recoverySince
}
