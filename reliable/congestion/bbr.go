package congestion

import (
	"math"
	"time"
)

// Constants of draft-ietf-ccwg-bbr section 2.4 to 2.13, but for the headroom.
const (
	bbrStartupPacingGain  = 2.77
	bbrDrainPacingGain    = 0.5
	bbrDefaultWindowGain  = 2
	bbrUpWindowGain       = 2.25
	bbrLossThreshold      = 0.02
	bbrBeta               = 0.7
	bbrHeadroom           = 0.25 // the draft has 0.15
	bbrMinPipePackets     = 4
	bbrExtraAckedRounds   = 10
	bbrMinRTTFilter       = 10 * time.Second
	bbrProbeRTTInterval   = 5 * time.Second
	bbrProbeRTTDuration   = 200 * time.Millisecond
	bbrProbeRTTWindowGain = 0.5
	bbrPacingMargin       = 0.99
	bbrStartupLossEvents  = 6
)

// bbrState is a state of the machine (section 5.1).
type bbrState uint8

const (
	bbrStartup bbrState = iota
	bbrDrain
	bbrDown
	bbrCruise
	bbrRefill
	bbrUp
	bbrProbeRTT
)

func (s bbrState) String() string {
	return [...]string{"startup", "drain", "down", "cruise", "refill", "up", "probe rtt"}[s]
}

// BBR is version 3 of Bottleneck Bandwidth and Round-trip propagation time
// (draft-ietf-ccwg-bbr of 2026-08-03): it paces at the largest delivery rate
// of its last two probing cycles and bounds what is in flight by the product
// with the smallest round trip. Random loss up to 2 % costs it little; beyond
// that its probes take loss for overflow.
//
//	startup -> drain -> down -> cruise -> refill -> up -> down ...
//	any of them -> probe rtt -> cruise (startup while the pipe was never full)
//
// Where the draft draws random numbers to keep flows from probing in step,
// this draws from a fixed sequence seeded by Config.Seed: the same calls give
// the same window. The send quantum is the pacer's. ECN is not in the draft: a
// mark counts as the loss of a packet that needs no repair. The headroom is
// wider than the draft's, so that flows come to equal shares sooner (DESIGN.md).
type BBR struct {
	config Config
	state  bbrState
	window float64
	pacing float64 // bytes per second; 0 before the first round trip is known
	prior  float64 // the window before loss recovery or probe rtt
	random uint64

	model  bbrModel
	probe  bbrProbe
	minRTT bbrMinRTT
	undo   bbrUndo
}

// NewBBR returns a BBR in startup.
func NewBBR(c Config) *BBR {
	b := &BBR{config: c, window: float64(c.initialWindow()), random: c.Seed}
	b.model.init()
	b.probe.inflightLongterm = math.Inf(1)
	b.probe.perIncrement = math.Inf(1)
	return b
}

// Name implements Controller.
func (b *BBR) Name() string { return "bbr" }

// Window implements Controller.
func (b *BBR) Window() int { return min(max(int(b.window), b.config.minimumWindow()), maxWindow) }

// PacingRate implements Controller.
func (b *BBR) PacingRate() float64 { return b.pacing }

// SetMaxPacket implements Resizer.
func (b *BBR) SetMaxPacket(bytes int) { b.config.MaxPacket = bytes }

func (b *BBR) packet() float64    { return float64(b.config.MaxPacket) }
func (b *BBR) minWindow() float64 { return bbrMinPipePackets * b.packet() }
func (b *BBR) inProbeBW() bool    { return b.state >= bbrDown && b.state <= bbrUp }
func (b *BBR) probingForBW() bool {
	return b.state == bbrStartup || b.state == bbrRefill || b.state == bbrUp
}
func (b *BBR) bdp(g float64) float64 {
	if b.minRTT.rtt == 0 {
		return float64(b.config.initialWindow())
	}
	return g * b.model.bw() * b.minRTT.rtt.Seconds()
}

// PacketSent implements Controller: it handles the restart from idle (section
// 5.4.1).
func (b *BBR) PacketSent(now time.Duration, s Sent) {
	m := &b.model
	m.windowFull = m.windowFull || s.InFlight+b.config.MaxPacket > b.Window()
	if s.InFlight > s.Bytes || !m.appLimited {
		return
	}
	b.minRTT.idleRestart = true
	m.extraSince, m.extraDelivered = now, 0
	if b.inProbeBW() {
		b.setPacing(1)
	} else if b.state == bbrProbeRTT {
		b.probeRTTDone(now)
	}
}

// Acked implements Controller (section 5.2.3).
func (b *BBR) Acked(now time.Duration, a Ack) {
	if a.CE > 0 {
		b.noteLoss(a.CE*b.config.MaxPacket, a.Rate.TotalDelivered)
		b.lostPacket(now, a.Rate)
	}
	m := &b.model
	a.Rate.AppLimited = a.Rate.AppLimited || b.minRTT.sentInProbeRTT(a.Rate)
	m.appLimited = a.Rate.AppLimited
	m.latest(a)
	b.updateRound(a)
	m.maxBW(a)
	if m.lossRoundStart {
		b.adaptLowerBounds()
		m.lossInRound = false
	}
	m.aggregation(now, a, b.window)
	m.checkFull(a)
	b.checkStartup(a)
	if b.state == bbrDrain && (float64(a.InFlight) <= b.inflight(1) || m.rounds > b.probe.drainStart+3) {
		b.startDown(now)
	}
	b.updateProbeBW(now, a)
	b.updateMinRTT(now, a)
	b.checkProbeRTT(now, a)
	m.advanceLatest(a)
	b.setPacingFor(a)
	b.setWindow(a)
}

// updateRound counts round trips (section 5.5.1).
func (b *BBR) updateRound(a Ack) {
	m := &b.model
	m.roundStart = a.Rate.PriorDelivered >= m.nextRound
	if m.roundStart {
		m.startRound()
		m.rounds++
		b.probe.roundsSinceUp++
		m.windowWasFull, m.windowFull = m.windowFull, false
	}
}

// checkStartup leaves startup when the pipe is full, by rate or by loss
// (sections 5.3.1.2 and 5.3.1.3).
func (b *BBR) checkStartup(a Ack) {
	m := &b.model
	if b.state != bbrStartup {
		return
	}
	if m.lossRoundEnded && !m.fullReached && m.lossEventsRound >= bbrStartupLossEvents &&
		m.lostRound > bbrLossThreshold*(m.lostRound+m.deliveredRound) {
		b.undo.state, b.undo.leftState = bbrStartup, true
		m.fullReached = true
		b.probe.inflightLongterm = max(b.bdp(1), m.inflightLatest)
	}
	if m.lossRoundEnded {
		m.lossEventsRound, m.lostRound, m.deliveredRound, m.lossRoundEnded = 0, 0, 0, false
	}
	if m.fullReached {
		b.state = bbrDrain
		b.probe.drainStart = m.rounds
	}
}

// Lost implements Controller (section 5.5.10).
func (b *BBR) Lost(now time.Duration, l Loss) {
	u := &b.undo.episode
	if !u.includes(l.LargestSentAt) {
		u.begin(now)
	}
	u.doubtful += l.Packets
	b.noteLoss(l.Bytes, l.Rates[0].TotalDelivered)
	for _, r := range l.Rates {
		b.lostPacket(now, r)
	}
	if l.Persistent {
		// Section 5.6.4.4, on a retransmission timeout: one packet.
		b.window = float64(l.InFlight) + b.packet()
	}
}

func (b *BBR) noteLoss(bytes int, delivered uint64) {
	m := &b.model
	m.delivered = delivered
	if !m.lossInRound {
		m.lossRoundDelivered = delivered
		b.saveUponLoss()
	}
	m.lossInRound = true
	m.lostRound += float64(bytes)
	m.lossEventsRound++
}

// lostPacket looks whether the loss rate of a probe exceeds the threshold with
// this packet.
func (b *BBR) lostPacket(now time.Duration, r Rate) {
	if !b.probe.sample {
		return // not a packet sent while probing for bandwidth
	}
	tx, lost := float64(r.TxInFlight), float64(r.Lost)
	if lost <= tx*bbrLossThreshold {
		return
	}
	// "At what prefix of packet P did losses exceed BBR.LossThresh?" At none of
	// it, if those before it did.
	size := b.packet()
	before := tx - size
	prefix := max((bbrLossThreshold*before-(lost-size))/(1-bbrLossThreshold), 0)
	b.inflightTooHigh(now, r, before+prefix)
}

func (b *BBR) inflightTooHigh(now time.Duration, r Rate, tx float64) {
	p := &b.probe
	p.tooHigh = true
	p.sample = false // only react once per probe
	if !r.AppLimited {
		p.inflightLongterm = max(tx, min(b.bdp(1), b.window)*bbrBeta)
	}
	if b.state == bbrUp {
		b.undo.state, b.undo.leftState = bbrUp, true
		b.startDown(now)
	}
}

// setPacingFor sets the rate for the state (section 5.6.2).
func (b *BBR) setPacingFor(a Ack) {
	if b.pacing == 0 {
		if a.RTT.Smoothed == 0 {
			return
		}
		b.pacing = bbrStartupPacingGain * float64(b.config.initialWindow()) / a.RTT.Smoothed.Seconds()
	}
	switch b.state {
	case bbrStartup:
		b.setPacing(bbrStartupPacingGain)
	case bbrDrain:
		b.setPacing(bbrDrainPacingGain)
	case bbrDown:
		b.setPacing(0.9)
	case bbrUp:
		b.setPacing(1.25)
	case bbrCruise, bbrRefill, bbrProbeRTT:
		b.setPacing(1)
	default:
		panic("BUG: bbr state")
	}
}

func (b *BBR) setPacing(gain float64) {
	rate := gain * b.model.bw() * bbrPacingMargin
	if rate > 0 && (b.model.fullReached || rate > b.pacing) {
		b.pacing = rate
	}
}

// inflight is what should be in flight for a gain (section 5.6.4.2).
func (b *BBR) inflight(gain float64) float64 { return b.quantized(b.bdp(gain)) }

func (b *BBR) quantized(bytes float64) float64 {
	// The receiver may thin its acks: extra acked covers what they bring.
	bytes = max(bytes, 2*b.packet(), b.minWindow())
	if b.state == bbrUp {
		bytes += 2 * b.packet()
	}
	return bytes
}

// setWindow moves the window towards what the model allows (sections 5.6.4.6
// and 5.6.4.7).
func (b *BBR) setWindow(a Ack) {
	gain := float64(bbrDefaultWindowGain)
	switch b.state {
	case bbrUp:
		gain = bbrUpWindowGain
	case bbrProbeRTT:
		gain = bbrProbeRTTWindowGain
	}
	most := b.quantized(b.bdp(gain) + b.model.extraAcked())
	acked := float64(a.Bytes)
	if b.model.fullReached {
		b.window = min(b.window+acked, most)
	} else if b.window < most || a.Rate.TotalDelivered < uint64(b.config.initialWindow()) {
		b.window += acked
	}
	b.window = max(b.window, b.minWindow())
	bound := math.Inf(1)
	switch b.state {
	case bbrDown, bbrRefill, bbrUp:
		bound = b.probe.inflightLongterm
	case bbrCruise:
		bound = b.withHeadroom()
	case bbrProbeRTT:
		b.window = min(b.window, b.probeRTTWindow())
		bound = b.withHeadroom()
	}
	bound = max(min(bound, b.model.inflightShortterm), b.minWindow())
	b.window = min(b.window, bound, maxWindow)
}

func (b *BBR) withHeadroom() float64 {
	long := b.probe.inflightLongterm
	if math.IsInf(long, 1) {
		return long
	}
	return max(long-max(b.packet(), bbrHeadroom*long), b.minWindow())
}

// draw returns the next of the sequence of numbers in [0, 1) (splitmix64).
func (b *BBR) draw() float64 {
	b.random += 0x9e3779b97f4a7c15
	z := b.random
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	z ^= z >> 31
	return float64(z>>11) / (1 << 53)
}
