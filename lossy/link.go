package lossy

import "time"

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
	model    *Model      // its own, with the profile in force
	decides  *Model      // which of model and common does
	common   *Model      // that other links have too; nil = none was given
	own      *Bottleneck // &unlimited until the profile asks for another
	shared   *Bottleneck // nil = none was given
	early    stream      // draws of RED
	order    fifo
	barrier  barrier
	now      time.Duration // the latest time given to Send
	capacity int
	trace    func(now time.Duration, size int, v Verdict)
	script   Script     // decides in the model's place; nil = nobody
	copies   []CopyFate // of the packet in Send
	outside  outside    // of the datagram in Send
	arrived  outside    // of the datagram Receive gave last

	waiting   load      // datagrams in backlogs
	lodging   bool      // what begins to wait now does so in the wire, see lodge
	undecided undecided // the packet of which a copy has left a backlog and another has not

	wire    line[passage] // datagrams that keep their place
	race    *race         // datagrams that may overtake each other (JitterReorder); nil until there is one
	entered uint64        // datagrams that ever went onto the wire or into the race
	passed  uint64        // and that ever came out of it
	latest  time.Duration // due time of the last of them
	newest  uint64        // everything that came out is older than the one of this number

	damaged []byte // payload of a packet in Send, with its damage

	aside   line[displaced] // datagrams that are overtaken, oldest first
	until   uint64          // the latest `until` given to one of them, and
	expires time.Duration   // the latest `expires`

	stats Stats
	drawn *drawn // completes stats.Delays; nil until it has to
}

// NewLink returns the link of one direction of one flow. It panics if the
// profile is not valid. See NewModel for how flows are numbered.
func NewLink(seed, flow uint64, dir Direction, p Profile) *Link {
	l := &Link{model: NewModel(seed, flow, dir, p), barrier: barrier{flow: flow}, own: &unlimited, capacity: DefaultCapacity}
	l.early = newStream(seed, flow, dir, drawEarly)
	l.SetProfile(p)
	return l
}

// SetProfile is SetProfileAt at the latest time that the link was told.
func (l *Link) SetProfile(p Profile) { l.SetProfileAt(0, p) }

// SetProfileAt changes what happens to the packets sent from now on, between two
// packets and with the random streams in place; see Model.SetProfile. A time
// before one that the link was told counts as that.
//
// What waits in the queue is served at the new rate from now on. All else that is
// in flight, and what is being sent, keeps its fate and its time, and as order is
// kept, packets sent after a cut in delay wait for those sent before it. Only those
// sent under JitterReorder overtake, whatever they were sent behind.
//
// So NextTime may be sooner than it was, also of links that share the bottleneck.
func (l *Link) SetProfileAt(now time.Duration, p Profile) {
	l.model.SetProfile(p)
	l.chooseModel(&p)
	l.barrier.set(&p)
	b := l.bottleneck()
	if b != l.own {
		l.lodgeNoMore()
	}
	if b == &unlimited {
		if !p.narrow() {
			return
		}
		b = NewBottleneck()
		l.own = b
	}
	b.set(max(l.now, now), &p)
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
//
// A change of rate moves what waits and has its verdict already. f is then called
// for each such datagram with a Verdict of which Moved says which copy of the packet
// it is, from 1, and Wait by how much longer it waits than it would have, or less if
// negative; it has an Index and nothing more.
func (l *Link) SetTrace(f func(now time.Duration, size int, v Verdict)) { l.trace = f }

// Send puts a datagram on the link. The bytes are copied. A time before that
// of an earlier Send counts as that time.
func (l *Link) Send(now time.Duration, payload []byte) {
	l.now = max(l.now, now)
	l.advance(l.now)
	var v Verdict
	l.decides.decide(&v, len(payload))
	if l.decides != l.model {
		l.takeTurn(&v)
	}
	l.stats.PacketsIn++
	l.stats.BytesIn += uint64(len(payload))
	if v.Index == 0 {
		l.barrier.begin(l.now)
	}
	l.outside.index = uint32(v.Index)
	if l.script != nil {
		if fate, decided := l.script(v.Index, len(payload)); decided {
			fate.Index = v.Index
			l.replay(&fate, payload)
			l.tell(l.now, len(payload), &fate)
			return
		}
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
	v.drop(why)
	v.Rule = uint8(rule)
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
	l.outside.tag, l.outside.mark = tag, mark
	l.Send(now, payload)
	l.outside = outside{}
}

// Tag is the tag of the datagram that Receive gave last, 0 if it had none.
func (l *Link) Tag() uint64 { return l.arrived.tag }

// Mark is the ECN codepoint of the datagram that Receive gave last, NotECT if
// it had none.
func (l *Link) Mark() ECN { return l.arrived.mark }

// Backlog is how long a datagram sent now would wait for its first bit to be
// sent: the standing queue, as time at the link's rate, and before a trace until
// the next chance. It is 0 without one, once nothing is being sent any more.
func (l *Link) Backlog(now time.Duration) time.Duration {
	return l.bottleneck().backlogged(max(l.now, now))
}

// Origin is which packet the datagram is that Receive gave last: its index, and
// which of its copies, from 0.
func (l *Link) Origin() (index uint64, copy int) {
	return l.indexOf(l.arrived.index), int(l.arrived.copy)
}

// indexOf is the index of a packet in flight, by its low bits.
func (l *Link) indexOf(low uint32) uint64 {
	latest := l.model.index
	return latest - uint64(uint32(latest)-low)
}

// advance has the bottlenecks do what they do up to now.
func (l *Link) advance(now time.Duration) {
	if l.own != &unlimited {
		l.own.advance(now)
	}
	if l.shared != nil {
		l.shared.advance(now)
	}
}

func (l *Link) tell(now time.Duration, size int, v *Verdict) {
	if l.trace != nil {
		l.trace(now, size, *v)
	}
}

// charge is the memory held for datagrams.
func (l *Link) charge() int {
	return l.wire.charge() + l.race.charge() + l.aside.charge() + l.waiting.charge()
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

// held is how many datagrams are under way.
func (l *Link) held() int { return l.wire.count + l.race.held() + l.aside.count + l.waiting.packets }

// Stats returns a snapshot of all counts.
func (l *Link) Stats() Stats {
	s := l.stats
	if l.drawn != nil {
		s.Delays = l.drawn.complete(s.Delays)
	}
	s.PacketsInFlight = uint64(l.held())
	s.BytesInFlight = uint64(l.wire.used - l.waiting.lodged + l.race.bytes() + l.aside.used + l.waiting.bytes)
	return s
}
