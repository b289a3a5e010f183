package congestion

import (
	"math"
	"time"
)

// Constants of RFC 9438 section 4.
const (
	cubicC    = 0.4 // packets per second cubed
	cubicBeta = 0.7
	// cubicAlpha makes W_est as aggressive as a Reno that halves (section 4.3).
	cubicAlpha = 3 * (1 - cubicBeta) / (1 + cubicBeta)
)

// Cubic is CUBIC (RFC 9438) with HyStart++ (RFC 9406) in its initial slow
// start and Proportional Rate Reduction (RFC 9937) in recovery. It takes every
// loss for congestion. The whole response to an episode is undone when each of
// its losses proves spurious (section 4.9). A CE mark is answered like a loss
// that needs no repair (RFC 3168 section 6.1.2).
type Cubic struct {
	config      Config
	window      float64 // bytes
	threshold   float64 // slow start ends here
	smoothedRTT time.Duration
	hystart     hystart
	initial     bool // still in the slow start the connection began with
	loss        episode
	recovering  bool // until an ack of a packet sent since the episode began
	prr         prr
	before      cubicUndo
	curve       cubicCurve
}

// cubicCurve is the growth of congestion avoidance, in packets.
type cubicCurve struct {
	max     float64 // W_max
	k       float64 // seconds until the curve reaches W_max
	at      time.Duration
	started bool
	est     float64 // W_est
	prior   float64 // cwnd_prior
	seenAt  time.Duration
}

// cubicUndo is what the controller was before an episode.
type cubicUndo struct {
	window, threshold float64
	curve             cubicCurve
	initial           bool
}

// NewCubic returns a Cubic at its initial window.
func NewCubic(c Config) *Cubic {
	return &Cubic{config: c, window: float64(c.initialWindow()), threshold: maxWindow, initial: true}
}

// Name implements Controller.
func (c *Cubic) Name() string { return "cubic" }

// Window implements Controller.
func (c *Cubic) Window() int { return min(max(int(c.window), c.config.minimumWindow()), maxWindow) }

func (c *Cubic) slowStart() bool { return c.window < c.threshold && !c.recovering }

// PacingRate implements Controller.
func (c *Cubic) PacingRate() float64 {
	return windowRate(c.Window(), c.smoothedRTT, c.slowStart())
}

// SetMaxPacket implements Resizer.
func (c *Cubic) SetMaxPacket(bytes int) { c.config.MaxPacket = bytes }

// PacketSent implements Controller.
func (c *Cubic) PacketSent(_ time.Duration, s Sent) {
	if c.recovering {
		c.prr.sent(s.Bytes)
	}
}

// Acked implements Controller.
func (c *Cubic) Acked(now time.Duration, a Ack) {
	c.smoothedRTT = a.RTT.Smoothed
	if a.CE > 0 && !c.loss.includes(a.LargestSentAt) {
		c.respond(now, a.PriorInFlight)
		c.loss.confirmed = true
	}
	if c.recovering {
		if c.loss.includes(a.LargestSentAt) {
			c.window = max(c.prr.acked(a, c.packet()), float64(c.config.minimumWindow()))
			return
		}
		c.recovering = false
		c.window = max(c.threshold, float64(c.config.minimumWindow()))
	}
	if !a.WindowLimited {
		// Section 5.8: no growth, and the time does not count either.
		c.curve.at += now - c.curve.seenAt
		c.curve.seenAt = now
		return
	}
	if c.slowStart() {
		c.grow(a)
		c.curve.seenAt = now
		return
	}
	c.avoid(now, a)
}

func (c *Cubic) packet() float64 { return float64(c.config.MaxPacket) }

// grow is slow start: with HyStart++ only the first time (RFC 9406 section
// 4.3: "SHOULD only be used for the initial slow start").
func (c *Cubic) grow(a Ack) {
	grow, done := float64(a.Bytes), false
	if c.initial {
		grow, done = c.hystart.acked(a)
	}
	c.window = min(c.window+grow, maxWindow)
	if done {
		c.threshold, c.initial = c.window, false
	}
}

// avoid is congestion avoidance (sections 4.2 to 4.5).
func (c *Cubic) avoid(now time.Duration, a Ack) {
	v := &c.curve
	window := c.window / c.packet()
	if !v.started {
		v.started, v.at, v.est = true, now, window
		if v.max < window {
			// No congestion yet, or the curve is past its plateau.
			v.max, v.k = window, 0
		} else {
			v.k = math.Cbrt((v.max - window) / cubicC)
		}
	}
	v.seenAt = now
	at := (now - v.at + a.RTT.Smoothed).Seconds() - v.k
	// Section 4.2: the target is at least the window, at most half more.
	target := min(max(cubicC*at*at*at+v.max, window), 1.5*window)
	acked := float64(a.Bytes) / c.packet()
	alpha := cubicAlpha
	if v.est >= v.prior {
		alpha = 1
	}
	v.est += alpha * acked / window
	here := at - a.RTT.Smoothed.Seconds()
	if cubicC*here*here*here+v.max < v.est {
		window = max(window, v.est) // section 4.3: the Reno-friendly region
	} else {
		window += (target - window) / window * acked
	}
	c.window = min(window*c.packet(), maxWindow)
}

// Lost implements Controller.
func (c *Cubic) Lost(now time.Duration, l Loss) {
	if !c.loss.includes(l.LargestSentAt) {
		c.respond(now, l.InFlight+l.Bytes)
	}
	c.loss.doubtful += l.Packets
	c.prr.lost()
	if l.Persistent {
		// RFC 9002 section 7.6.2, and slow start up to the threshold.
		c.window = float64(c.config.minimumWindow())
		c.recovering = false
		c.loss = episode{}
		c.curve.started = false
	}
}

// respond is the reduction (sections 4.6 and 4.7).
func (c *Cubic) respond(now time.Duration, flight int) {
	before := cubicUndo{c.window, c.threshold, c.curve, c.initial}
	if c.recovering {
		before.window = c.threshold // PRR was still on its way there
	}
	c.before = before
	c.loss.begin(now)
	window := before.window / c.packet()
	if window < c.curve.max {
		c.curve.max = window * (1 + cubicBeta) / 2 // fast convergence
	} else {
		c.curve.max = window
	}
	c.curve.prior = window
	c.curve.started = false
	c.initial = false
	c.threshold = max(before.window*cubicBeta, float64(c.config.minimumWindow()))
	c.recovering = true
	c.prr = beginPRR(c.threshold, float64(flight))
}

// Spurious implements Controller.
func (c *Cubic) Spurious(now time.Duration, s Spurious) {
	if !c.loss.spurious(s) {
		return
	}
	u := c.before
	c.window, c.threshold, c.initial = max(c.window, u.window), u.threshold, u.initial
	// The curve goes on from where it was, as if no time had passed since.
	c.curve = u.curve
	c.curve.at += now - c.curve.seenAt
	c.curve.seenAt = now
	c.recovering = false
	c.loss = episode{}
}
