package congestion

import (
	"math"
	"time"
)

// bbrPhase says what the acks coming in tell about a probe.
type bbrPhase uint8

const (
	bbrAcksInit bbrPhase = iota
	bbrAcksRefilling
	bbrAcksStarting
	bbrAcksFeedback
	bbrAcksStopping
)

// bbrProbe is the state of probing for bandwidth (draft-ietf-ccwg-bbr section
// 5.3.3).
type bbrProbe struct {
	inflightLongterm float64
	sample           bool // acks and losses now are of packets sent while probing
	phase            bbrPhase
	tooHigh          bool // the last probe lost too much
	precautionary    bool
	upRounds         int
	upAcked          float64
	perIncrement     float64
	roundsSinceUp    uint64
	wait             time.Duration
	cycleAt          time.Duration
	drainStart       uint64
}

func (b *BBR) startDown(now time.Duration) {
	p := &b.probe
	b.model.lossInRound, b.model.bwLatest, b.model.inflightLatest = false, 0, 0
	p.perIncrement = math.Inf(1)
	// PickProbeWait: 2 to 3 s, and a round trip more or less.
	p.roundsSinceUp = uint64(2 * b.draw())
	p.wait = 2*time.Second + time.Duration(b.draw()*float64(time.Second))
	p.cycleAt = now
	p.phase = bbrAcksStopping
	b.model.startRound()
	b.state = bbrDown
}

func (b *BBR) startRefill() {
	p := &b.probe
	b.model.init()
	p.upRounds, p.upAcked = 0, 0
	p.precautionary = false
	p.phase = bbrAcksRefilling
	b.model.startRound()
	b.state = bbrRefill
}

func (b *BBR) startUp(a Ack) {
	b.probe.phase = bbrAcksStarting
	b.model.startRound()
	b.model.resetFull(a.Rate.BytesPerSecond)
	b.state = bbrUp
	b.raiseSlope()
}

// updateProbeBW is the core of the machine (section 5.3.3.9).
func (b *BBR) updateProbeBW(now time.Duration, a Ack) {
	if !b.model.fullReached || b.adaptLongTerm(a) {
		return
	}
	switch b.state {
	case bbrDown:
		if !b.timeToProbe(now) && b.timeToCruise(a) {
			b.state = bbrCruise
		}
	case bbrCruise:
		b.timeToProbe(now)
	case bbrRefill:
		if b.model.roundStart {
			b.probe.sample = true
			b.startUp(a)
		}
	case bbrUp:
		if b.timeToGoDown(a) {
			b.probe.tooHigh = false
			b.startDown(now)
		}
	case bbrStartup, bbrDrain, bbrProbeRTT:
	default:
		panic("BUG: bbr state")
	}
}

func (b *BBR) timeToProbe(now time.Duration) bool {
	renoRounds := min(b.bdp(1), b.window) / b.packet()
	if now <= b.probe.cycleAt+b.probe.wait && float64(b.probe.roundsSinceUp) < min(renoRounds, 63) {
		return false
	}
	b.startRefill()
	return true
}

func (b *BBR) timeToCruise(a Ack) bool {
	inFlight := float64(a.InFlight)
	return inFlight <= b.withHeadroom() && inFlight <= b.quantized(b.model.max()*b.minRTT.rtt.Seconds())
}

func (b *BBR) timeToGoDown(a Ack) bool {
	p := &b.probe
	if p.tooHigh && float64(a.InFlight) >= p.inflightLongterm {
		p.precautionary = true
		return true
	}
	if b.model.windowLimited() && b.window >= p.inflightLongterm {
		b.model.resetFull(a.Rate.BytesPerSecond) // the bound, not the path, limits the rate
		return false
	}
	return b.model.fullNow
}

// adaptLongTerm moves the long-term bound with what the probe showed. It
// reports whether it decided the next state.
func (b *BBR) adaptLongTerm(a Ack) bool {
	p := &b.probe
	if p.phase == bbrAcksStarting && b.model.roundStart {
		p.phase = bbrAcksFeedback
	}
	if p.phase == bbrAcksStopping && b.model.roundStart {
		p.sample = false
		p.phase = bbrAcksInit
		if b.inProbeBW() && !a.Rate.AppLimited {
			b.model.advanceFilter()
		}
		if b.inProbeBW() && p.precautionary && !p.tooHigh {
			b.startRefill()
			return true
		}
	}
	tx := float64(a.Rate.TxInFlight)
	if float64(a.Rate.Lost) > tx*bbrLossThreshold || math.IsInf(p.inflightLongterm, 1) {
		return false
	}
	p.inflightLongterm = max(p.inflightLongterm, tx)
	if b.state == bbrUp {
		b.probeUpward(a)
	}
	return false
}

func (b *BBR) raiseSlope() {
	growth := float64(uint64(1) << b.probe.upRounds)
	b.probe.upRounds = min(b.probe.upRounds+1, 30)
	b.probe.perIncrement = max(b.window/growth, b.packet())
}

func (b *BBR) probeUpward(a Ack) {
	p := &b.probe
	if !b.model.windowLimited() || b.window < p.inflightLongterm {
		return
	}
	p.upAcked += float64(a.Bytes)
	if p.upAcked >= p.perIncrement {
		steps := math.Floor(p.upAcked / p.perIncrement)
		p.upAcked -= steps * p.perIncrement
		p.inflightLongterm += steps * b.packet()
	}
	if b.model.roundStart {
		b.raiseSlope()
	}
}
