package congestion

import "time"

// Fixed is a window that never moves: no congestion control at all. It is
// here to show why that is rude; on a shared bottleneck it drives every
// other flow out and loses its own packets in the queue. It is paced at 1.25
// windows per round trip (RFC 9002 section 7.7), so that its window and not
// its bursts are to blame.
type Fixed struct {
	window      int
	smoothedRTT time.Duration
}

// NewFixed returns a controller with a window of the given bytes, or of two
// packets if that is more.
func NewFixed(c Config, window int) *Fixed {
	return &Fixed{window: min(max(window, c.minimumWindow()), maxWindow)}
}

// Name implements Controller.
func (f *Fixed) Name() string { return "fixed" }

// Window implements Controller.
func (f *Fixed) Window() int { return f.window }

// PacingRate implements Controller.
func (f *Fixed) PacingRate() float64 { return windowRate(f.window, f.smoothedRTT, false) }

// PacketSent implements Controller.
func (f *Fixed) PacketSent(time.Duration, Sent) {}

// Acked implements Controller.
func (f *Fixed) Acked(_ time.Duration, a Ack) { f.smoothedRTT = a.RTT.Smoothed }

// Lost implements Controller.
func (f *Fixed) Lost(time.Duration, Loss) {}

// Spurious implements Controller.
func (f *Fixed) Spurious(time.Duration, Spurious) {}
