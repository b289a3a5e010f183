package lossy

import (
	"math"
	"time"
)

// DefaultCapacity is how many bytes a Link holds unless SetCapacity says
// otherwise. That is 5 Gbit/s with 100 ms of delay.
const DefaultCapacity = 64 << 20

// Link is one direction of one flow in virtual time: a Model, then a Bottleneck
// (policer, queue, transmitter), and a wire with delay. Drive it so:
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
	model    *Model
	own      *Bottleneck // &unlimited until the profile asks for another
	shared   *Bottleneck // nil = none was given
	early    stream      // draws of RED
	order    fifo
	barrier  barrier
	now      time.Duration // the latest time given to Send
	capacity int
	trace    func(now time.Duration, size int, v Verdict)
	outside  outside // of the datagram in Send
	arrived  outside // of the datagram Receive gave last

	waiting   load      // datagrams in backlogs
	undecided undecided // the packet of which a copy has left a backlog and another has not

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
	outside
}

// outside is what is written on the outside of a datagram.
type outside struct {
	tag  uint64
	mark ECN
}

// NewLink returns the link of one direction of one flow. It panics if the
// profile is not valid. See NewModel for how flows are numbered.
func NewLink(seed, flow uint64, dir Direction, p Profile) *Link {
	l := &Link{model: NewModel(seed, flow, dir, p), barrier: barrier{flow: flow}, own: &unlimited, capacity: DefaultCapacity}
	l.early = newStream(seed, flow, dir, drawEarly)
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
	l.barrier.set(&p)
	b := l.bottleneck()
	if b == &unlimited {
		if !p.narrow() {
			return
		}
		b = NewBottleneck()
		l.own = b
	}
	b.set(&p)
}

// SetBottleneck gives the link a bottleneck that other links have too. It is
// used for what is sent while the profile says SharedBottleneck, and takes the
// profile's rules at once. A link can have one in its life; another one panics.
func (l *Link) SetBottleneck(b *Bottleneck) {
	if l.shared != nil && l.shared != b {
		panic("lossy: the link shares another bottleneck already")
	}
	l.shared = b
	l.SetProfile(l.model.profile)
}

// bottleneck is the one that datagrams sent now go through.
func (l *Link) bottleneck() *Bottleneck {
	if l.shared != nil && l.model.profile.SharedBottleneck {
		return l.shared
	}
	return l.own
}

// Profile returns the profile in force.
func (l *Link) Profile() Profile { return l.model.profile }

// SetDown starts or ends a blackout: while down, every packet sent is dropped
// (CauseBlackout). What is in flight still arrives. Dropped packets keep their
// index, so a blackout does not shift the fates of the packets after it.
func (l *Link) SetDown(down bool) {
	l.barrier.down = down
	l.barrier.settle()
}

// BlackoutUntil has nothing pass before that time, as SetDown does; 0 is none. It
// takes the place of an earlier call and leaves Profile.Blackout alone.
func (l *Link) BlackoutUntil(end time.Duration) {
	l.barrier.until = end
	l.barrier.settle()
}

// SetClassifier says what tells the class of a payload, for rules that ask for
// it. It must keep nothing of the payload, and is called within Send. Without
// one no packet has a class.
func (l *Link) SetClassifier(f func(payload []byte) string) { l.barrier.rules.classify = f }

// SetCapacity limits the bytes held at any time, each datagram counted as its
// payload and 64 bytes more. What exceeds it is dropped (CauseOverload). It
// protects the machine; to model a network's buffer use Profile.Queue.
func (l *Link) SetCapacity(bytes int) { l.capacity = bytes }

// SetTrace has f called once with the verdict on every packet, when it is final
// and in the order of those times: within Send, unless the queue decides at its
// head (DropHead, CoDel). There it is final when the last copy of the packet
// begins to be sent or is dropped, and is told by the call of Send or Receive
// that brings the link there, of this link or one that shares its bottleneck. So
// verdicts need not come in the order of Index. Nil ends it. f must not call
// the link.
func (l *Link) SetTrace(f func(now time.Duration, size int, v Verdict)) { l.trace = f }

// Send puts a datagram on the link. The bytes are copied. A time before that
// of an earlier Send counts as that time.
func (l *Link) Send(now time.Duration, payload []byte) {
	l.now = max(l.now, now)
	l.advance(l.now)
	v := l.model.Decide(len(payload))
	l.stats.PacketsIn++
	l.stats.BytesIn += uint64(len(payload))
	if v.Index == 0 {
		l.barrier.begin(l.now)
	}
	final := true
	if l.barrier.idle || !l.stop(&v, payload) {
		final = l.carry(&v, payload)
	}
	if final {
		l.tell(l.now, len(payload), &v)
	}
}

// stop says whether a packet may not even begin its way, and then turns the
// verdict on it.
func (l *Link) stop(v *Verdict, payload []byte) bool {
	why, rule := l.barrier.stops(l.now, v.Index, payload)
	if why == CauseNone {
		return false
	}
	*v = v.dropped(why)
	v.Rule = rule
	l.stats.Dropped[why]++
	return true
}

// SendTagged is Send for a datagram with something written on its outside,
// such as addresses: Tag gives it back where the datagram comes out, on each
// copy and whatever happened to the bytes.
func (l *Link) SendTagged(now time.Duration, payload []byte, tag uint64) {
	l.SendMarked(now, payload, tag, NotECT)
}

// SendMarked is SendTagged for a datagram whose IP header bears an ECN
// codepoint. Mark gives it back, or CE if a queue marked it.
func (l *Link) SendMarked(now time.Duration, payload []byte, tag uint64, mark ECN) {
	l.outside = outside{tag, mark}
	l.Send(now, payload)
	l.outside = outside{}
}

// Tag is the tag of the datagram that Receive gave last, 0 if it had none.
func (l *Link) Tag() uint64 { return l.arrived.tag }

// Mark is the ECN codepoint of the datagram that Receive gave last, NotECT if
// it had none.
func (l *Link) Mark() ECN { return l.arrived.mark }

// Backlog is how long a datagram sent now would wait for its first bit to be
// sent: the standing queue, as time at the link's rate. It is 0 without one.
func (l *Link) Backlog(now time.Duration) time.Duration {
	return l.bottleneck().backlogged(max(l.now, now))
}

// advance has the bottlenecks do what they do up to now.
func (l *Link) advance(now time.Duration) {
	l.own.advance(now)
	if l.shared != nil {
		l.shared.advance(now)
	}
}

func (l *Link) tell(now time.Duration, size int, v *Verdict) {
	if l.trace != nil {
		l.trace(now, size, *v)
	}
}

// carry takes a packet as far as it goes at once: past the bottleneck and onto
// the wire, into the backlog before it, or nowhere. It says whether the verdict
// is final.
func (l *Link) carry(v *Verdict, payload []byte) (final bool) {
	behind := l.model.profile.LossAfterQueue
	if !behind {
		l.observeLoss(v)
	}
	if v.Drop != CauseNone && !behind {
		l.stats.Dropped[v.Drop]++
		return true
	}
	lost := v.Drop != CauseNone // behind the transmitter, if it gets there
	size, copies := len(payload), 1
	if !lost {
		l.observe(v, size)
		if v.Corrupt {
			payload = v.damage(append(l.damaged[:0], payload...))
			l.damaged = payload
		}
		copies = v.Copies
		l.stats.Duplicated += uint64(copies - 1)
	}
	b := l.bottleneck()
	deferred := b.deferred()
	for n := range copies {
		why, marked := l.refuses(b, v, n, payload)
		if behind && n == 0 && !deferred && (why == CauseNone || why == CauseOverload) {
			l.observeLoss(v)
		}
		switch {
		case why != CauseNone:
			l.stats.Dropped[why] += uint64(copies - n)
			if n == 0 {
				*v = v.dropped(why)
				return true
			}
			if deferred {
				l.endEarly(b, v, size)
				return false
			}
			v.Copies = n
			return true
		case deferred:
			w := l.wait(b, v, payload)
			w.sent, w.last, w.late = size, n == copies-1, l.late(n)
			if marked {
				w.outside.mark = l.marked(&w.verdict)
			}
			l.waiting.add(w, 1)
		case lost:
			l.stats.Dropped[v.Drop]++
			v.Wait = b.transmit(l.now, len(payload)+b.overhead) - l.now
		default:
			sent := b.transmit(l.now, len(payload)+b.overhead)
			if n == 0 {
				v.Wait = sent - l.now
				l.count(v)
			}
			o := l.outside
			if marked {
				o.mark = l.marked(v)
			}
			l.enter(v, l.lay(v, sent, l.late(n), l.model.profile.JitterReorder, &l.order), o, payload)
		}
	}
	return !deferred
}

// late is by how much the n-th copy of a packet follows behind the packet.
func (l *Link) late(n int) time.Duration {
	return time.Duration(n) * l.model.profile.DuplicateDelay
}

// refuses says why the n-th copy of a packet cannot be taken in now, if so, or
// whether it is marked.
func (l *Link) refuses(b *Bottleneck, v *Verdict, n int, payload []byte) (why Cause, marked bool) {
	if n > 0 {
		b.advance(l.now) // an idle transmitter has taken up the copy before
	}
	size := len(payload) + b.overhead
	why, marked = b.admit(l.now, size, l.outside.mark, l.early, v.Index^uint64(n)<<48)
	held := l.charge() + entryBytes
	if v.Drop == CauseNone {
		held += len(payload)
	}
	if why == CauseNone && held > l.capacity && (v.Drop == CauseNone || b.deferred()) {
		why = CauseOverload
	}
	return why, marked
}

// marked notes that a datagram is marked, and returns its new codepoint.
func (l *Link) marked(v *Verdict) ECN {
	l.stats.Marked++
	v.Marked = true
	return CE
}

// charge is the memory held for datagrams.
func (l *Link) charge() int {
	return l.wire.charge() + l.race.charge() + l.aside.charge() + l.waiting.charge()
}

// place is when a datagram comes out of the wire, and what it does there.
type place struct {
	due    time.Duration
	racing bool
	aside  bool
}

// lay decides about the place of a datagram whose last bit is out. One that is
// sent at once, and a copy that comes late, race those on the wire: they neither
// wait for others nor hold them up.
func (l *Link) lay(v *Verdict, sent, late time.Duration, racing bool, order *fifo) place {
	p := place{due: sent + v.Delay + late, racing: racing}
	if v.AtOnce || late > 0 {
		p.racing = true
		return p
	}
	if inOrder := order.due(p.due); !racing {
		p.due = inOrder
	}
	p.aside = v.By > 0 || v.Hold > 0
	return p
}

// enter puts a datagram on the wire, or aside if it is displaced.
func (l *Link) enter(v *Verdict, at place, o outside, payload []byte) {
	switch p := (passage{at.due, l.entered, o}); {
	case at.aside:
		l.stepAside(v, at.due, o, payload)
		return
	case at.racing:
		l.race.push(p, payload)
	default:
		l.wire.push(p, payload)
	}
	l.entered++
}

// stepAside has a datagram wait beside the wire until it has been overtaken.
func (l *Link) stepAside(v *Verdict, due time.Duration, o outside, payload []byte) {
	d := displaced{after: l.entered, until: math.MaxUint64, outside: o}
	// Never before an earlier displaced one, whose By, hold or delay may have
	// been larger.
	if v.Hold == 0 {
		l.until = max(l.until, l.entered+uint64(v.By))
		d.until = l.until
	}
	l.expires = max(l.expires, due+v.held())
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

// NextTime returns when the next datagram comes out, unless another is sent
// before. It may lie in the past: then the caller is late by the difference.
// False means the link is empty.
//
// Where the queue decides at its head (DropHead, CoDel), nothing may come out at
// that time in two cases: if all that waits will be lost behind the queue, it is
// when the last of it is; and while datagrams wait in a shared queue, it is the
// time of the next decision there, if that is sooner. Call Receive then as well.
func (l *Link) NextTime() (time.Duration, bool) {
	from, due := l.next()
	some := from != fromNowhere
	if l.waiting.packets > 0 {
		return l.foresee(due, some)
	}
	return due, some
}

// Receive appends the next datagram that is due at or before now to dst. False
// means none is, and dst comes back unchanged. It is the one whose time
// NextTime gave. Whatever waits is decided about up to now.
func (l *Link) Receive(now time.Duration, dst []byte) ([]byte, bool) {
	l.advance(now)
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
		l.arrived = l.aside.first().outside
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
	l.arrived = p.outside
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
	s.PacketsInFlight = uint64(l.wire.count + l.race.count + l.aside.count + l.waiting.packets)
	s.BytesInFlight = uint64(l.wire.used + l.race.used + l.aside.used + l.waiting.bytes)
	return s
}

// observeLoss and observe enter the model's verdict into the tallies that
// compare the rates configured with the rates observed: loss for every packet
// that comes to where it may be lost, the rest for those that are not.
func (l *Link) observeLoss(v *Verdict) {
	if e := l.exposure(); e.exposed {
		l.stats.Tallies[ImpairmentLoss].add(v.Drop == CauseLoss, e.probability, e.inflation)
	}
}

// exposure is what the loss model is expected to do to the packet decided last.
type exposure struct {
	exposed                bool
	probability, inflation float64
}

func (l *Link) exposure() exposure {
	if l.model.losses == nil {
		return exposure{}
	}
	probability, inflation := l.model.losses.odds()
	return exposure{true, probability, inflation}
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
