package congestion

import "time"

// bbrMinRTT estimates the round trip without a queue and schedules the drains
// that make it visible (draft-ietf-ccwg-bbr section 5.3.4).
type bbrMinRTT struct {
	rtt     time.Duration // BBR.min_rtt; 0 = no sample yet
	at      time.Duration
	probe   time.Duration // BBR.probe_rtt_min_delay
	probeAt time.Duration
	expired bool

	doneAt      time.Duration // 0 = not yet low enough
	roundDone   bool
	idleRestart bool
}

func (b *BBR) updateMinRTT(now time.Duration, a Ack) {
	m := &b.minRTT
	m.expired = now > m.probeAt+bbrProbeRTTInterval && m.probe > 0
	if rtt := a.RTT.Latest; rtt > 0 && (rtt < m.probe || m.probe == 0 || m.expired) {
		m.probe, m.probeAt = rtt, now
	}
	if m.probe > 0 && (m.probe < m.rtt || m.rtt == 0 || now > m.at+bbrMinRTTFilter) {
		m.rtt, m.at = m.probe, m.probeAt
	}
}

func (b *BBR) checkProbeRTT(now time.Duration, a Ack) {
	m := &b.minRTT
	if b.state != bbrProbeRTT && m.expired && !m.idleRestart {
		b.saveWindow()
		b.state = bbrProbeRTT
		m.doneAt = 0
		b.probe.phase = bbrAcksStopping
		b.model.startRound(a)
	}
	if b.state == bbrProbeRTT {
		b.handleProbeRTT(now, a)
	}
	m.idleRestart = false
}

func (b *BBR) handleProbeRTT(now time.Duration, a Ack) {
	m := &b.minRTT
	switch {
	case m.doneAt == 0 && float64(a.InFlight) <= b.probeRTTWindow():
		m.doneAt = now + bbrProbeRTTDuration
		m.roundDone = false
		b.model.startRound(a)
	case m.doneAt != 0:
		m.roundDone = m.roundDone || b.model.roundStart
		if m.roundDone {
			b.probeRTTDone(now)
		}
	}
}

func (b *BBR) probeRTTDone(now time.Duration) {
	m := &b.minRTT
	if m.doneAt == 0 || now <= m.doneAt {
		return
	}
	m.probeAt = now // schedule the next
	b.window = max(b.window, b.prior)
	b.model.init()
	if !b.model.fullReached {
		b.state = bbrStartup
		return
	}
	// The window is below the product already: straight on to cruise.
	round := b.model.nextRound
	b.startDown(now, Ack{})
	b.model.nextRound = round
	b.state = bbrCruise
}

func (b *BBR) probeRTTWindow() float64 { return max(b.bdp(bbrProbeRTTWindowGain), b.minWindow()) }

func (b *BBR) saveWindow() {
	if b.model.lossInRound || b.state == bbrProbeRTT {
		b.prior = max(b.prior, b.window)
		return
	}
	b.prior = b.window
}

// bbrUndo is what BBR was before losses that may prove spurious (section
// 5.5.11).
type bbrUndo struct {
	outstanding       int // packets declared lost in this episode and not yet seen
	bwShortterm       float64
	inflightShortterm float64
	inflightLongterm  float64
	state             bbrState
	leftState         bool // the losses made BBR leave state
}

func (b *BBR) saveUponLoss() {
	b.saveWindow()
	b.undo = bbrUndo{
		outstanding: b.undo.outstanding,
		bwShortterm: b.model.bwShortterm, inflightShortterm: b.model.inflightShortterm,
		inflightLongterm: b.probe.inflightLongterm,
	}
}

// Spurious implements Controller: when all losses of an episode were none,
// what they did is undone.
func (b *BBR) Spurious(_ time.Duration, s Spurious) {
	u := &b.undo
	u.outstanding = max(u.outstanding-s.Packets, 0)
	if u.outstanding > 0 {
		return
	}
	b.window = max(b.window, b.prior)
	b.model.lossInRound = false
	b.model.resetFull(0)
	b.model.bwShortterm = max(b.model.bwShortterm, u.bwShortterm)
	b.model.inflightShortterm = max(b.model.inflightShortterm, u.inflightShortterm)
	b.probe.inflightLongterm = max(b.probe.inflightLongterm, u.inflightLongterm)
	if u.leftState && b.state != bbrProbeRTT {
		switch u.state {
		case bbrStartup:
			b.model.fullReached = false
			b.state = bbrStartup
		case bbrUp:
			b.startRefill(Ack{Rate: Rate{TotalDelivered: b.model.nextRound}})
		}
	}
	u.leftState = false
}
