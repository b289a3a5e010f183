package congestion

import "time"

// Fixed is a window that never moves: no congestion control at all. It is
// here to show why that is rude; on a shared bottleneck it drives every
// other flow out and loses its own packets in the queue.
type Fixed struct{ window int }

// NewFixed returns a controller with a window of the given bytes, or of two
// packets if that is more.
func NewFixed(c Config, window int) *Fixed {
	return &Fixed{window: min(max(window, c.minimumWindow()), maxWindow)}
}

// Name implements Controller.
func (f *Fixed) Name() string { return "fixed" }

// Window implements Controller.
func (f *Fixed) Window() int { return f.window }

// PacingRate implements Controller: it is not known, ever.
func (f *Fixed) PacingRate() float64 { return 0 }

// PacketSent implements Controller.
func (f *Fixed) PacketSent(time.Duration, Sent) {}

// Acked implements Controller.
func (f *Fixed) Acked(time.Duration, Ack) {}

// Lost implements Controller.
func (f *Fixed) Lost(time.Duration, Loss) {}

// Spurious implements Controller.
func (f *Fixed) Spurious(time.Duration, Spurious) {}
