package lossy

import (
	"math"
	"time"
)

// DefaultCapacity is how many bytes a Link holds unless SetCapacity says
// otherwise. That is 5 Gbit/s with 100 ms of delay.
const DefaultCapacity = 64 << 20

// Link is one direction of one flow in virtual time: a Model, then a drop-tail
// queue, a transmitter of limited rate, and a wire with delay. Drive it so:
//
//	link.Send(now, datagram)              // whenever one arrives
//	due, ok := link.NextTime()            // sleep until then, or until the next Send
//	for {
//		out, ok = link.Receive(now, buf[:0])   // until it says false
//	}
//
// Times are monotonic, since an epoch the caller chooses. A Link is not for
// concurrent use and never blocks. It allocates only while its load grows.
type Link struct {
	model       *Model
	queue       queue
	transmitter transmitter
	order       fifo
	down        bool
	now         time.Duration // the latest time given to Send
	capacity    int
	trace       func(now time.Duration, size int, v Verdict)
	tag         uint64 // of the datagram in Send
	arrived     uint64 // tag of the datagram Receive gave last

	wire    line[passage] // datagrams that keep their place
	race    race          // datagrams that may overtake each other (JitterReorder)
	entered uint64        // datagrams that ever went onto the wire or into the race
	passed  uint64        // and that ever came out of it
	latest  time.Duration // due time of the last of them
	newest  uint64        // everything that came out is older than the one of this number

	damaged []byte // payload of a packet in Send, with its damage

	aside   line[displaced] // datagrams that are overtaken, oldest first
	until   uint64          // the latest `until` given to one of them, and
	expires time.Duration   // the latest `expires`

	stats Stats
}

// passage is one datagram on the wire.
type passage struct {
	due    time.Duration
	number uint64 // how many went onto the wire before it
	tag    uint64
}

// NewLink returns the link of one direction of one flow. It panics if the
// profile is not valid. See NewModel for how flows are numbered.
func NewLink(seed, flow uint64, dir Direction, p Profile) *Link {
	l := &Link{model: NewModel(seed, flow, dir, p), capacity: DefaultCapacity}
	l.SetProfile(p)
	return l
}

// SetProfile changes what happens to the packets sent from now on, between two
// packets and with the random streams in place; see Model.SetProfile. What is
// in flight keeps its fate and its time, and as order is kept, packets sent
// after a cut in delay wait for those sent before it. Only those sent under
// JitterReorder overtake, whatever they were sent behind.
func (l *Link) SetProfile(p Profile) {
	l.model.SetProfile(p)
	l.queue.limit = p.queue()
	l.transmitter.set(p.rate())
}

// Profile returns the profile in force.
func (l *Link) Profile() Profile { return l.model.profile }

// SetDown starts or ends a blackout: while down, every packet sent is dropped
// (CauseBlackout). What is in flight still arrives. Dropped packets keep their
// index, so a blackout does not shift the fates of the packets after it.
func (l *Link) SetDown(down bool) { l.down = down }

// SetCapacity limits the bytes held at any time, each datagram counted as its
// payload and 64 bytes more. What exceeds it is dropped (CauseOverload). It
// protects the machine; to model a network's buffer use Profile.Queue.
func (l *Link) SetCapacity(bytes int) { l.capacity = bytes }

// SetTrace has f called with every verdict, within Send. Nil ends it. f must
// not call the link.
func (l *Link) SetTrace(f func(now time.Duration, size int, v Verdict)) { l.trace = f }

// Send puts a datagram on the link. The bytes are copied. A time before that
// of an earlier Send counts as that time.
func (l *Link) Send(now time.Duration, payload []byte) {
	l.now = max(l.now, now)
	v := l.model.Decide(len(payload))
	l.stats.PacketsIn++
	l.stats.BytesIn += uint64(len(payload))
	if l.down {
		v = v.dropped(CauseBlackout)
		l.stats.Dropped[CauseBlackout]++
	} else if l.model.profile.LossAfterQueue {
		v = l.carryThenLose(v, payload)
	} else {
		l.observeLoss(&v)
		v = l.carry(v, payload)
	}
	if l.trace != nil {
		l.trace(l.now, len(payload), v)
	}
}

// SendTagged is Send for a datagram with something written on its outside,
// such as addresses: Tag gives it back where the datagram comes out, on each
// copy and whatever happened to the bytes.
func (l *Link) SendTagged(now time.Duration, payload []byte, tag uint64) {
	l.tag = tag
	l.Send(now, payload)
	l.tag = 0
}

// Tag is the tag of the datagram that Receive gave last, 0 if it had none.
func (l *Link) Tag() uint64 { return l.arrived }

// Backlog is how long a datagram sent now would wait for its first bit to be
// sent: the standing queue, as time at the link's rate. It is 0 without one.
func (l *Link) Backlog(now time.Duration) time.Duration {
	return l.transmitter.backlog(max(l.now, now))
}

// carryThenLose is carry with the loss behind the transmitter: what the queue
// does not let in never gets as far, and what is lost has used its time.
func (l *Link) carryThenLose(v Verdict, payload []byte) Verdict {
	admitted := l.queue.admits(l.transmitter.backlog(l.now))
	if admitted {
		l.observeLoss(&v)
	}
	if v.Drop == CauseNone {
		return l.carry(v, payload)
	}
	if !admitted {
		v = v.dropped(CauseQueue)
	} else {
		v.Wait = l.transmitter.transmit(l.now, len(payload)) - l.now
	}
	l.stats.Dropped[v.Drop]++
	return v
}

// carry takes a packet past the queue, the transmitter and the wire, or drops
// it, and returns the final verdict.
func (l *Link) carry(v Verdict, payload []byte) Verdict {
	if v.Drop != CauseNone {
		l.stats.Dropped[v.Drop]++
		return v
	}
	l.observe(&v, len(payload))
	if v.Corrupt {
		payload = v.damage(append(l.damaged[:0], payload...))
		l.damaged = payload
	}
	copies := v.Copies
	l.stats.Duplicated += uint64(copies - 1)
	for n := range copies {
		why := l.refuses(len(payload))
		if why != CauseNone {
			l.stats.Dropped[why] += uint64(copies - n)
			if n == 0 {
				return v.dropped(why)
			}
			v.Copies = n
			return v
		}
		sent := l.transmitter.transmit(l.now, len(payload))
		if n == 0 {
			v.Wait = sent - l.now
			l.count(&v)
		}
		l.enter(&v, sent, l.late(n), payload)
	}
	return v
}

// late is by how much the n-th copy of a packet follows behind the packet.
func (l *Link) late(n int) time.Duration {
	return time.Duration(n) * l.model.profile.DuplicateDelay
}

// refuses says why a datagram of that size cannot be taken in now, if so.
func (l *Link) refuses(size int) Cause {
	if !l.queue.admits(l.transmitter.backlog(l.now)) {
		return CauseQueue
	}
	if l.charge()+size+entryBytes > l.capacity {
		return CauseOverload
	}
	return CauseNone
}

// charge is the memory held for datagrams.
func (l *Link) charge() int { return l.wire.charge() + l.race.charge() + l.aside.charge() }

// enter puts a datagram on the wire, or aside if it is displaced. One that is
// sent at once, and a copy that comes late, race those on the wire: they neither
// wait for others nor hold them up.
func (l *Link) enter(v *Verdict, sent, late time.Duration, payload []byte) {
	due := sent + v.Delay + late
	alone := v.AtOnce || late > 0
	racing := alone || l.model.profile.JitterReorder
	if !alone {
		if inOrder := l.order.due(due); !racing {
			due = inOrder
		}
	}
	switch p := (passage{due, l.entered, l.tag}); {
	case !alone && (v.By > 0 || v.Hold > 0):
		l.stepAside(v, due, payload)
		return
	case racing:
		l.race.push(p, payload)
	default:
		l.wire.push(p, payload)
	}
	l.entered++
}

// stepAside has a datagram wait beside the wire until it has been overtaken.
func (l *Link) stepAside(v *Verdict, due time.Duration, payload []byte) {
	d := displaced{after: l.entered, tag: l.tag}
	// Never before an earlier displaced one, whose By, hold or delay may have
	// been larger.
	if v.Hold > 0 {
		l.expires = max(l.expires, due+v.Hold)
		d.until = math.MaxUint64
	} else {
		l.until = max(l.until, l.entered+uint64(v.By))
		l.expires = max(l.expires, due+ReorderHold)
		d.until = l.until
	}
	d.expires = l.expires
	l.aside.push(d, payload)
}

// source says where the next datagram comes from.
type source uint8

const (
	fromNowhere source = iota // the link is empty
	fromWire
	fromRace
	fromAside
)

func (l *Link) next() (from source, due time.Duration) {
	if !l.wire.empty() {
		from, due = fromWire, l.wire.first().due
	}
	if !l.race.empty() && (from == fromNowhere || l.race.label().before(l.wire.first())) {
		from, due = fromRace, l.race.label().due
	}
	if l.aside.empty() {
		return from, due
	}
	d := l.aside.first()
	if l.passed >= d.until {
		// The last of those that overtake it has just come out; it follows.
		return fromAside, l.latest
	}
	if from == fromNowhere || d.expires <= due {
		return fromAside, d.expires
	}
	return from, due
}

func (p *passage) before(q *passage) bool {
	return p.due < q.due || p.due == q.due && p.number < q.number
}

// NextTime returns when the next datagram comes out. It may lie in the past:
// then the caller is late by the difference. False means the link is empty.
func (l *Link) NextTime() (time.Duration, bool) {
	from, due := l.next()
	return due, from != fromNowhere
}

// Receive appends the next datagram that is due at or before now to dst. False
// means none is, and dst comes back unchanged. It is the one whose time
// NextTime gave.
func (l *Link) Receive(now time.Duration, dst []byte) ([]byte, bool) {
	from, due := l.next()
	if from == fromNowhere || due > now {
		return dst, false
	}
	size := len(dst)
	switch from {
	case fromWire:
		l.pass(l.wire.first())
		dst = append(dst, l.wire.payload()...)
		l.wire.drop()
	case fromRace:
		l.pass(l.race.label())
		dst = append(dst, l.race.payload()...)
		l.race.drop()
	case fromAside:
		l.latest = due // one that follows by number cannot come before one held by time
		l.overtaken(l.aside.first().after)
		l.arrived = l.aside.first().tag
		dst = append(dst, l.aside.payload()...)
		l.aside.drop()
	default:
		panic("BUG: a datagram from nowhere")
	}
	l.stats.PacketsOut++
	l.stats.BytesOut += uint64(len(dst) - size)
	return dst, true
}

// pass notes that a datagram of the wire comes out.
func (l *Link) pass(p *passage) {
	l.passed++
	l.latest = p.due
	l.arrived = p.tag
	l.overtaken(p.number)
	l.newest = max(l.newest, p.number+1)
}

// overtaken notes that a datagram comes out that was sent when `before` had
// gone onto the wire, and counts it if one sent later has come out already.
func (l *Link) overtaken(before uint64) {
	if l.newest > before {
		l.stats.Reordered++
	}
	l.newest = max(l.newest, before)
}

// Stats returns a snapshot of all counts.
func (l *Link) Stats() Stats {
	s := l.stats
	s.PacketsInFlight = uint64(l.wire.count + l.race.count + l.aside.count)
	s.BytesInFlight = uint64(l.wire.used + l.race.used + l.aside.used)
	return s
}

// observeLoss and observe enter the model's verdict into the tallies that
// compare the rates configured with the rates observed: loss for every packet
// that comes to where it may be lost, the rest for those that are not.
func (l *Link) observeLoss(v *Verdict) {
	if l.model.losses == nil {
		return
	}
	probability, inflation := l.model.losses.odds()
	l.stats.Tallies[ImpairmentLoss].add(v.Drop == CauseLoss, probability, inflation)
}

func (l *Link) observe(v *Verdict, size int) {
	p := &l.model.profile
	if p.Duplicate > 0 {
		l.stats.Tallies[ImpairmentDuplicate].add(v.Copies > 1, p.Duplicate, 1)
	}
	if p.Corrupt > 0 && p.CorruptHow.touches(size) {
		l.stats.Tallies[ImpairmentCorrupt].add(v.Corrupt, p.Corrupt, 1)
	}
	if p.Reorder > 0 {
		l.observeReorder(v)
	}
}

// observeReorder judges netem's gap by its share in the long run, and as if
// its packets were independent: they are more regular, so the interval is wider
// than it need be.
func (l *Link) observeReorder(v *Verdict) {
	p := &l.model.profile
	share := p.Reorder
	if p.ReorderGap > 0 {
		share = p.gapShare()
	}
	l.stats.Tallies[ImpairmentReorder].add(v.By > 0 || v.Hold > 0 || v.AtOnce, share, 1)
}

// count enters what happens to a packet that is taken in.
func (l *Link) count(v *Verdict) {
	if v.Corrupt {
		l.stats.Corrupted++
	}
	if v.By > 0 || v.Hold > 0 || v.AtOnce {
		l.stats.Displaced++
	}
}
