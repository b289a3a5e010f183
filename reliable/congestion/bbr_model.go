package congestion

import (
	"math"
	"time"
)

// bbrModel is what BBR believes of the path's rate, and the counts of round
// trips it rests on (draft-ietf-ccwg-bbr section 5.5).
type bbrModel struct {
	cycles         [2]float64 // largest delivery rate of the previous and of this probing cycle
	bwShortterm    float64
	bwLatest       float64
	inflightLatest float64

	inflightShortterm float64
	appLimited        bool

	delivered  uint64 // by the connection so far
	nextRound  uint64
	rounds     uint64
	roundStart bool

	windowFull, windowWasFull bool // the window held the sender back in this round trip, in the one before

	lossRoundDelivered uint64
	lossRoundStart     bool
	lossRoundEnded     bool // a round with losses in it ended and startup did not look yet
	lossInRound        bool
	lostRound          float64
	deliveredRound     float64
	lossEventsRound    int

	full        float64
	fullCount   int
	fullNow     bool
	fullReached bool

	extraSince     time.Duration
	extraDelivered float64
	extras         [bbrExtraAckedRounds]float64 // by round
	extraRound     uint64
}

func (m *bbrModel) init() {
	m.bwShortterm, m.inflightShortterm = math.Inf(1), math.Inf(1)
}

// max is BBR.max_bw.
func (m *bbrModel) max() float64 { return max(m.cycles[0], m.cycles[1]) }

// bw is BBR.bw: the rate the model stands for now.
func (m *bbrModel) bw() float64 { return min(m.max(), m.bwShortterm) }

func (m *bbrModel) startRound() { m.nextRound = m.delivered }

// windowLimited is C.is_cwnd_limited: "True if the connection has fully
// utilized C.cwnd at any point in the last packet-timed round trip". That the
// pacer held the sender back does not count.
func (m *bbrModel) windowLimited() bool { return m.windowFull || m.windowWasFull }

// latest updates the signals of the last round trip (section 5.5.10.3).
func (m *bbrModel) latest(a Ack) {
	m.lossRoundStart = false
	m.delivered = a.Rate.TotalDelivered
	m.deliveredRound += float64(a.Bytes)
	m.bwLatest = max(m.bwLatest, a.Rate.BytesPerSecond)
	m.inflightLatest = max(m.inflightLatest, float64(a.Rate.Delivered))
	if a.Rate.PriorDelivered >= m.lossRoundDelivered {
		m.lossRoundDelivered = a.Rate.TotalDelivered
		m.lossRoundStart = true
		m.lossRoundEnded = true
	}
}

func (m *bbrModel) advanceLatest(a Ack) {
	if m.lossRoundStart {
		m.bwLatest, m.inflightLatest = a.Rate.BytesPerSecond, float64(a.Rate.Delivered)
	}
}

// maxBW feeds the filter of the bandwidth (section 5.5.5).
func (m *bbrModel) maxBW(a Ack) {
	if r := a.Rate.BytesPerSecond; r > 0 && (r >= m.max() || !a.Rate.AppLimited) {
		m.cycles[1] = max(m.cycles[1], r)
	}
}

// advanceFilter begins a cycle of the filter. One without a sample does not
// count: nothing would be left to believe.
func (m *bbrModel) advanceFilter() {
	if m.cycles[1] > 0 {
		m.cycles = [2]float64{m.cycles[1], 0}
	}
}

// lower is the response to a round with losses that was not a probe (section
// 5.5.10.3).
func (m *bbrModel) lower(window float64) {
	if math.IsInf(m.bwShortterm, 1) {
		m.bwShortterm = m.max()
	}
	if math.IsInf(m.inflightShortterm, 1) {
		m.inflightShortterm = window
	}
	m.bwShortterm = max(m.bwLatest, bbrBeta*m.bwShortterm)
	m.inflightShortterm = max(m.inflightLatest, bbrBeta*m.inflightShortterm)
}

func (b *BBR) adaptLowerBounds() {
	if !b.probingForBW() && b.model.lossInRound {
		b.model.lower(b.window)
	}
}

// checkFull looks for a plateau of the delivery rate (section 5.3.1.2).
func (m *bbrModel) checkFull(a Ack) {
	if m.fullNow || !m.roundStart || a.Rate.AppLimited {
		return
	}
	if a.Rate.BytesPerSecond >= m.full*1.25 {
		m.resetFull(a.Rate.BytesPerSecond)
		return
	}
	m.fullCount++
	m.fullNow = m.fullCount >= 3
	m.fullReached = m.fullReached || m.fullNow
}

func (m *bbrModel) resetFull(rate float64) { m.full, m.fullCount, m.fullNow = rate, 0, false }

// aggregation measures how much more acks bring at once than the rate explains
// (section 5.5.9).
func (m *bbrModel) aggregation(now time.Duration, a Ack, window float64) {
	expected := m.bw() * (now - m.extraSince).Seconds()
	if m.extraDelivered <= expected {
		m.extraDelivered, m.extraSince, expected = 0, now, 0
	}
	m.extraDelivered += float64(a.Bytes)
	for ; m.extraRound < m.rounds; m.extraRound++ {
		m.extras[(m.extraRound+1)%bbrExtraAckedRounds] = 0
		if m.rounds-m.extraRound > bbrExtraAckedRounds {
			m.extraRound = m.rounds - bbrExtraAckedRounds - 1
		}
	}
	i := m.rounds % bbrExtraAckedRounds
	m.extras[i] = max(m.extras[i], min(m.extraDelivered-expected, window))
}

// extraAcked is the largest of the last ten rounds, in startup of this one.
func (m *bbrModel) extraAcked() float64 {
	if !m.fullReached {
		return m.extras[m.rounds%bbrExtraAckedRounds]
	}
	most := 0.0
	for _, e := range m.extras {
		most = max(most, e)
	}
	return most
}
