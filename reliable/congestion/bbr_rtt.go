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

	// What is delivered from limitedFrom to limitedTo comes with samples that
	// this state bounded, not the path.
	limitedFrom, limitedTo uint64

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

// sentInProbeRTT reports whether a sample is of a packet that left while probe
// rtt held the sender back, or before what it had in flight was delivered. In
// the draft the sampler marks these as limited by the application.
func (m *bbrMinRTT) sentInProbeRTT(r Rate) bool {
	return r.PriorDelivered >= m.limitedFrom && r.PriorDelivered <= m.limitedTo && m.limitedTo > 0
}

func (b *BBR) checkProbeRTT(now time.Duration, a Ack) {
	m := &b.minRTT
	if b.state != bbrProbeRTT && m.expired && !m.idleRestart {
		b.saveWindow()
		b.state = bbrProbeRTT
		m.doneAt = 0
		m.limitedFrom = b.model.delivered
		b.probe.phase = bbrAcksStopping
		b.model.startRound()
	}
	if b.state == bbrProbeRTT {
		b.handleProbeRTT(now, a)
	}
	m.idleRestart = false
}

func (b *BBR) handleProbeRTT(now time.Duration, a Ack) {
	m := &b.minRTT
	m.limitedTo = b.model.delivered + uint64(a.InFlight)
	switch {
	case m.doneAt == 0 && float64(a.InFlight) <= b.probeRTTWindow():
		m.doneAt = now + bbrProbeRTTDuration
		m.roundDone = false
		b.model.startRound()
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
	b.startDown(now)
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
	episode           episode
	bwShortterm       float64
	inflightShortterm float64
	inflightLongterm  float64
	state             bbrState
	leftState         bool // the losses made BBR leave state
}

func (b *BBR) saveUponLoss() {
	b.saveWindow()
	b.undo = bbrUndo{
		episode:     b.undo.episode,
		bwShortterm: b.model.bwShortterm, inflightShortterm: b.model.inflightShortterm,
		inflightLongterm: b.probe.inflightLongterm,
	}
}

// Spurious implements Controller: when all losses of an episode were none,
// what they did is undone.
func (b *BBR) Spurious(_ time.Duration, s Spurious) {
	u := &b.undo
	if !u.episode.spurious(s) {
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
			b.startRefill()
		}
	}
	u.leftState = false
}
