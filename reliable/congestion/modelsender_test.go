package congestion

import "time"

// linkSender is one flow of a model link: a sender with arq's window, pacing,
// loss detection and probe timer, and its receiver.
type linkSender struct {
	run  *linkRun
	id   int
	flow linkFlow
	c    Controller

	sampler    Sampler
	packets    []senderPacket
	oldest     int // first packet whose fate is open
	inFlight   int
	largest    int // largest packet acknowledged, +1
	repair     []int
	units      int
	rtt        RTT
	variance   time.Duration
	reorder    time.Duration // how much more than RFC 9002 loss detection waits
	tokens     float64
	filledAt   time.Duration
	wakeAt     time.Duration
	lossAt     time.Duration
	lastSent   time.Duration
	probes     int
	backoff    int
	seen       int // of the receiver's log
	ackedUnits []bool

	// The receiver.
	log        []int32
	ce, ceSeen int
	logCE      []int
	unacked    int
	next       int
	timerAt    time.Duration
	has        []bool

	sentPackets, unitsDelivered int
	result                      flowResult
}

type senderPacket struct {
	at          time.Duration
	unit        int
	snapshot    Snapshot
	windowFull  bool
	acked, lost bool
}

const modelQuantum = 200 * time.Microsecond

// wake does what time demands: declares losses, probes, sends.
func (s *linkSender) wake() {
	now := s.run.now
	if s.lossAt > 0 && now >= s.lossAt {
		s.detectLosses(0)
	}
	if s.lossAt == 0 && s.inFlight > 0 && now >= s.probeAt() {
		s.backoff++
		s.probes = 2
		for i := s.oldest; i < len(s.packets); i++ {
			if p := &s.packets[i]; !p.acked && !p.lost {
				s.repair = append([]int{p.unit}, s.repair...)
				break
			}
		}
	}
	s.send()
}

func (s *linkSender) probeAt() time.Duration {
	timeout := time.Second
	if s.rtt.Smoothed > 0 {
		timeout = s.rtt.Smoothed + max(4*s.variance, time.Millisecond) + 25*time.Millisecond
	}
	return s.lastSent + timeout<<min(s.backoff, 6)
}

// hasData reports whether the application has something to send now.
func (s *linkSender) hasData() bool {
	if s.run.now >= s.flow.end {
		return false
	}
	if s.flow.appRate == 0 {
		return true
	}
	produced := s.flow.appRate / 8 * (s.run.now - s.flow.start).Seconds()
	return float64(s.units*linkPacket) < produced
}

func (s *linkSender) send() {
	now := s.run.now
	rate := s.c.PacingRate()
	if rate > 0 {
		quantum := max(s.burst(), rate*modelQuantum.Seconds())
		s.tokens = min(s.tokens+rate*(now-s.filledAt).Seconds(), 2*quantum)
		if s.filledAt == 0 {
			s.tokens = quantum
		}
		s.filledAt = max(now, 1)
	}
	next := time.Duration(0)
	for {
		for len(s.repair) > 0 && s.repair[0] < len(s.ackedUnits) && s.ackedUnits[s.repair[0]] {
			s.repair = s.repair[1:]
		}
		if len(s.repair) == 0 && !s.hasData() {
			if s.inFlight < s.c.Window() {
				s.sampler.AppLimited(s.inFlight)
			}
			if s.flow.appRate > 0 && now < s.flow.end {
				next = now + time.Duration(linkPacket*8/s.flow.appRate*1e9)
			}
			break
		}
		if s.probes == 0 && s.inFlight+linkPacket > s.c.Window() {
			break
		}
		if rate > 0 && s.tokens <= 0 && s.probes == 0 {
			quantum := max(s.burst(), rate*modelQuantum.Seconds())
			next = now + time.Duration((quantum-s.tokens)/rate*1e9) + 1
			break
		}
		s.sendOne()
	}
	if s.lossAt > 0 && (next == 0 || s.lossAt < next) {
		next = s.lossAt
	}
	if s.inFlight > 0 && s.lossAt == 0 {
		if at := s.probeAt(); next == 0 || at < next {
			next = max(at, now+1)
		}
	}
	if next > 0 && next != s.wakeAt {
		s.wakeAt = next
		s.run.push(linkEvent{at: next, flow: s.id, kind: eventWake})
	}
}

// burst is what leaves in a row at any rate.
func (s *linkSender) burst() float64 {
	if s.flow.quiet {
		return linkPacket
	}
	return 2 * linkPacket
}

func (s *linkSender) sendOne() {
	now := s.run.now
	p := senderPacket{at: now}
	if len(s.repair) > 0 {
		p.unit = s.repair[0]
		s.repair = s.repair[1:]
	} else {
		p.unit = s.units
		s.units++
	}
	p.snapshot = s.sampler.Sent(now, linkPacket, s.inFlight)
	s.inFlight += linkPacket
	p.windowFull = len(s.repair) > 0 || s.hasData()
	s.c.PacketSent(now, Sent{Bytes: linkPacket, InFlight: s.inFlight})
	s.tokens -= linkPacket
	s.probes = max(s.probes-1, 0)
	s.lastSent = now
	s.sentPackets++
	s.packets = append(s.packets, p)
	s.run.transmit(s.id, len(s.packets)-1)
}

// arrived is the receiver: it acknowledges every second packet, and at once
// what comes out of order.
func (s *linkSender) arrived(number int, marked bool) {
	s.log = append(s.log, int32(number))
	if marked {
		s.ce++
	}
	s.logCE = append(s.logCE, s.ce)
	unit := s.packets[number].unit
	for len(s.has) <= unit {
		s.has = append(s.has, false)
	}
	if !s.has[unit] {
		s.has[unit] = true
		s.unitsDelivered++
		s.result.perSec[s.run.now/time.Second]++
	}
	s.unacked++
	ordered := number == s.next
	s.next = max(s.next, number+1)
	if s.unacked >= s.ackEvery() || !ordered {
		s.ackNow()
	} else if s.timerAt == 0 {
		s.timerAt = s.run.now + min(25*time.Millisecond, s.run.link.rtt/4)
		s.run.push(linkEvent{at: s.timerAt, flow: s.id, kind: eventAckTimer})
	}
}

// ackEvery is how many packets an ack waits for: two, or a fraction of the
// window as arq's ack_frequency asks for in bulk.
func (s *linkSender) ackEvery() int {
	if s.run.link.thinned == 0 {
		return 2
	}
	return max(2, s.inFlight/linkPacket/s.run.link.thinned)
}

func (s *linkSender) ackTimer() {
	if s.timerAt == s.run.now {
		s.timerAt = 0
		if s.unacked > 0 {
			s.ackNow()
		}
	}
}

func (s *linkSender) ackNow() {
	s.unacked, s.timerAt = 0, 0
	if !s.run.backward.lose() {
		s.run.push(linkEvent{at: s.run.now + s.run.oneWay(), flow: s.id, kind: eventAck, arg: len(s.log)})
	}
}

// acked takes in an ack that tells of the first upTo arrivals.
func (s *linkSender) acked(upTo int) {
	if upTo <= s.seen {
		return
	}
	now := s.run.now
	a := Ack{PriorInFlight: s.inFlight, Quiet: s.flow.quiet, CE: s.logCE[upTo-1] - s.ceSeen}
	s.ceSeen = s.logCE[upTo-1]
	latest := time.Duration(0)
	var late []int
	for _, n := range s.log[s.seen:upTo] {
		p := &s.packets[n]
		if p.acked {
			continue
		}
		if int(n) >= s.largest {
			s.largest = int(n) + 1
			latest = now - p.at
		}
		p.acked = true
		s.markUnit(p.unit)
		if p.lost {
			late = append(late, int(n))
			continue
		}
		s.inFlight -= linkPacket
		a.Bytes += linkPacket
		a.LargestSentAt = max(a.LargestSentAt, p.at)
		a.WindowLimited = a.WindowLimited || p.windowFull
		s.sampler.Acked(now, p.at, linkPacket, &p.snapshot)
	}
	s.seen = upTo
	s.sampleRTT(latest)
	s.backoff = 0
	for _, n := range late {
		s.result.spurious++
		s.c.Spurious(now, Spurious{Bytes: linkPacket, Packets: 1, SentAt: s.packets[n].at})
	}
	s.detectLosses(latest)
	if a.Bytes > 0 {
		a.InFlight = s.inFlight
		a.RTT = s.rtt
		a.Rate = s.sampler.Sample(s.rtt.Min)
		s.c.Acked(now, a)
	}
	s.send()
}

func (s *linkSender) markUnit(unit int) {
	for len(s.ackedUnits) <= unit {
		s.ackedUnits = append(s.ackedUnits, false)
	}
	s.ackedUnits[unit] = true
}

func (s *linkSender) sampleRTT(latest time.Duration) {
	s.rtt.Latest = latest
	if latest == 0 {
		return
	}
	if s.rtt.Smoothed == 0 {
		s.rtt.Smoothed, s.rtt.Min, s.variance = latest, latest, latest/2
		return
	}
	s.rtt.Min = min(s.rtt.Min, latest)
	s.variance = (3*s.variance + (s.rtt.Smoothed - latest).Abs()) / 4
	s.rtt.Smoothed = (7*s.rtt.Smoothed + latest) / 8
}

// detectLosses is RFC 9002 section 6.1, with a wider window where packets are
// known to overtake each other.
func (s *linkSender) detectLosses(latest time.Duration) {
	now := s.run.now
	threshold := 9*max(s.rtt.Smoothed, latest)/8 + s.reorder
	l := Loss{RTT: s.rtt}
	s.lossAt = 0
	for i := s.oldest; i < s.largest; i++ {
		p := &s.packets[i]
		if p.acked || p.lost {
			if i == s.oldest {
				s.oldest++
			}
			continue
		}
		byCount := s.reorder == 0 && s.largest-1-i >= 3
		if !byCount && now < p.at+threshold {
			s.lossAt = p.at + threshold
			break
		}
		p.lost = true
		s.result.lost++
		s.inFlight -= linkPacket
		s.sampler.Lost(linkPacket)
		l.Rates = append(l.Rates, s.sampler.Fate(&p.snapshot))
		s.repair = append(s.repair, p.unit)
		l.Bytes += linkPacket
		l.Packets++
		l.LargestSentAt = p.at
	}
	if l.Packets > 0 {
		l.InFlight = s.inFlight
		s.c.Lost(now, l)
	}
}
