package lossy

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"time"
)

// A second opinion on the bottleneck: a queue that is a slice of packets, served
// one event after the other, with the algorithms written down as their papers
// have them. It shares no code with the link but the random numbers.

// fate is what becomes of one datagram in the reference.
type fate struct {
	drop   Cause
	marked bool
	out    time.Duration // when its last bit is out, if it was not dropped
}

// load is an arrival on one of several flows, with an ECN codepoint.
type arriving struct {
	arrival
	flow int
	mark ECN
}

type refPacket struct {
	number int
	at     time.Duration
	size   int // with overhead
	mark   ECN
}

type reference struct {
	p     Profile
	bugs  bug
	rate  int64
	queue []refPacket
	fates []fate
	free  time.Duration // when the link is free
	owed  int64         // and how much later, in 1/rate of a nanosecond

	codel   refCodel
	red     refRED
	tokens  *big.Int // billionths of a bit
	bucketT time.Duration

	chance int // of a trace, counted over all rounds
	left   int // bytes of the current chance; it is chance-1
}

// bug makes a reference wrong, so that planted_queue_test.go can show that the
// comparison sees it.
type bug uint8

const (
	noBug         bug = iota
	noReentry         // CoDel begins with a count of one each time it begins to drop
	lateCount         // CoDel counts a drop only if another follows
	noIdleTime        // RED's average stays as it is while the link is free
	countIsStuck      // RED spreads drops as if each were the first since the last
	burstPlusOne      // the bucket takes one more datagram than its depth
	countsSending     // the datagram being sent counts as one that waits
)

func bucket(p Profile) *big.Int {
	return new(big.Int).Mul(big.NewInt(int64(p.Policer.Burst)), big.NewInt(8e9))
}

// retiming is a change of rate or trace on the way.
type retiming struct {
	at      time.Duration
	profile Profile
}

// refer plays a load through the reference.
func refer(p Profile, seed uint64, load []arriving, bugs bug) []fate {
	return referThrough(p, nil, seed, load, bugs)
}

// referThrough is refer with changes, each before the arrivals of its time.
func referThrough(p Profile, changes []retiming, seed uint64, load []arriving, bugs bug) []fate {
	r := &reference{p: p, rate: int64(math.Round(p.Rate)), fates: make([]fate, len(load)), bugs: bugs, tokens: bucket(p)}
	r.red.count = -1
	index := make(map[int]uint64)
	for n, a := range load {
		for ; len(changes) > 0 && changes[0].at <= a.at; changes = changes[1:] {
			r.change(changes[0])
		}
		r.serve(a.at)
		draws := newStream(seed, uint64(a.flow), Up, drawEarly)
		packet := refPacket{n, a.at, a.size + p.Overhead, a.mark}
		r.fates[n].drop = r.arrive(packet, func(probability float64) bool {
			return draws.hits(index[a.flow], probability)
		})
		index[a.flow]++
	}
	for _, c := range changes {
		r.change(c)
	}
	r.serve(never)
	return r.fates
}

// change has the link go on at another rate with what it has not begun. A carrier
// of a trace finishes by the old one what is partly out.
func (r *reference) change(c retiming) {
	r.serve(c.at)
	for ; r.left > 0; r.chance++ {
		at := r.chanceTime(r.chance)
		if r.left -= min(r.left, 1504); r.left == 0 {
			r.fates[r.queue[0].number].out, r.free = at, at
			r.queue = r.queue[1:]
		}
	}
	if len(r.queue) > 0 {
		r.free = max(r.free, c.at)
	}
	r.p, r.rate, r.owed = c.profile, int64(math.Round(c.profile.Rate)), 0
	if trace := r.p.LinkTrace; trace != nil {
		busy := max(r.free, c.at)
		r.chance = int(busy/trace.round()) * len(trace.ms)
		for r.chanceTime(r.chance) <= busy {
			r.chance++
		}
	}
}

// next is the time at which the link can take up the first packet of the queue.
func (r *reference) next() time.Duration {
	if r.p.LinkTrace == nil {
		return max(r.free, r.queue[0].at)
	}
	return r.chanceTime(r.chance)
}

func (r *reference) chanceTime(n int) time.Duration {
	ms := r.p.LinkTrace.ms
	round := time.Duration(ms[len(ms)-1])
	return (time.Duration(n/len(ms))*round + time.Duration(ms[n%len(ms)])) * time.Millisecond
}

// serve lets the link take up packets until now.
func (r *reference) serve(now time.Duration) {
	if r.p.LinkTrace != nil {
		r.serveTrace(now)
		return
	}
	for len(r.queue) > 0 && r.next() <= now {
		start := r.next()
		packet, ok := r.take(start)
		if !ok {
			continue
		}
		if r.rate == 0 {
			r.fates[packet.number].out = start
			continue
		}
		if start > r.free {
			r.owed = 0
		}
		r.owed += int64(packet.size) * 8e9
		r.free = start + time.Duration(r.owed/r.rate)
		r.owed %= r.rate
		r.fates[packet.number].out = r.free
	}
}

// serveTrace replays a trace as mahimahi does: chance by chance.
func (r *reference) serveTrace(now time.Duration) {
	var transit *refPacket // what is left of a packet stays at the front of the queue, with size < 0 as its mark
	for ; r.chanceTime(r.chance) <= now; r.chance++ {
		at := r.chanceTime(r.chance)
		if now == never && len(r.queue) == 0 {
			return
		}
		left := 1504
		for left > 0 && len(r.queue) > 0 {
			if r.left > 0 { // the first packet is partly out
				transit = &r.queue[0]
			} else {
				packet, ok := r.take(at)
				if !ok {
					break
				}
				r.queue = append([]refPacket{packet}, r.queue...)
				transit = &r.queue[0]
				r.left = packet.size
			}
			used := min(left, r.left)
			r.left -= used
			left -= used
			if r.left == 0 {
				r.fates[transit.number].out = at
				r.free = at
				r.queue = r.queue[1:]
			}
		}
	}
}

// waiting is the queue without what is being sent.
func (r *reference) waiting() []refPacket {
	if r.p.LinkTrace != nil && r.left > 0 {
		return r.queue[1:]
	}
	return r.queue
}

// wait is how long a packet that arrives now would wait.
func (r *reference) wait(now time.Duration) time.Duration {
	start, owed := r.free, r.owed
	if start < now {
		start, owed = now, 0
	}
	for _, q := range r.queue {
		owed += int64(q.size) * 8e9
		start += time.Duration(owed / r.rate)
		owed %= r.rate
	}
	return start - now
}

func (r *reference) arrive(packet refPacket, draw func(float64) bool) Cause {
	if rate := r.p.Policer.Rate; rate > 0 {
		passed := big.NewInt(int64(packet.at - r.bucketT))
		r.tokens.Add(r.tokens, passed.Mul(passed, big.NewInt(int64(math.Round(rate)))))
		if full := bucket(r.p); r.tokens.Cmp(full) > 0 {
			r.tokens = full
		}
		r.bucketT = packet.at
		need := big.NewInt(int64(packet.size) * 8e9)
		if have := r.tokens.Cmp(need) >= 0; !have && !(r.bugs == burstPlusOne && r.tokens.Sign() > 0) {
			return CausePolicer
		}
		r.tokens.Sub(r.tokens, need)
	}
	unlimited := r.rate == 0 && r.p.LinkTrace == nil
	if red, ok := r.p.Discipline.(RED); ok && !unlimited {
		if dropped := r.early(red, packet, draw); dropped {
			return CauseAQM
		}
	}
	if r.bugs == countsSending && r.free > packet.at {
		r.queue = slices.Insert(r.queue, 0, refPacket{number: -1})
		defer func() { r.queue = r.queue[1:] }()
	}
	idle := unlimited || r.p.LinkTrace == nil && len(r.queue) == 0 && r.free <= packet.at
	if _, headFirst := r.p.Discipline.(DropHead); headFirst && !idle && r.fitsAlone(packet) {
		for !r.fits(packet) {
			victim := r.waiting()[0]
			r.fates[victim.number].drop = CauseQueue
			i := slices.Index(r.queue, victim)
			r.queue = slices.Delete(r.queue, i, i+1)
		}
	}
	if !idle && !r.fits(packet) {
		r.fates[packet.number].marked = false
		return CauseQueue
	}
	r.queue = append(r.queue, packet)
	return CauseNone
}

func (r *reference) fits(packet refPacket) bool {
	bytes := packet.size
	for _, q := range r.waiting() {
		bytes += q.size
	}
	switch {
	case r.p.QueuePackets > 0:
		return len(r.waiting()) < r.p.QueuePackets
	case r.p.QueueBytes > 0:
		return bytes <= r.p.QueueBytes
	case r.p.Queue > 0:
		return r.wait(packet.at) <= r.p.Queue
	case r.p.LinkTrace != nil:
		return len(r.waiting()) < 1000
	}
	return r.wait(packet.at) <= 100*time.Millisecond
}

func (r *reference) fitsAlone(packet refPacket) bool {
	all := r.queue
	defer func() { r.queue = all }()
	r.queue = all[:len(all)-len(r.waiting())]
	return r.fits(packet)
}

// take takes the packet off the queue that is sent now, if any is left.
func (r *reference) take(now time.Duration) (refPacket, bool) {
	if c, ok := r.p.Discipline.(CoDel); ok {
		return r.codelDeque(c, now)
	}
	return r.pop()
}

func (r *reference) pop() (packet refPacket, ok bool) {
	if len(r.queue) == 0 {
		return packet, false
	}
	packet = r.queue[0]
	r.queue = r.queue[1:]
	return packet, true
}

// refCodel has the names of RFC 8289 section 5.
type refCodel struct {
	firstAboveTime, dropNext time.Duration
	count, lastcount         uint32
	dropping                 bool
}

type dodequeueResult struct {
	p        refPacket
	some     bool
	okToDrop bool
}

func (r *reference) dodequeue(c CoDel, now time.Duration) dodequeueResult {
	v := &r.codel
	var res dodequeueResult
	res.p, res.some = r.pop()
	if !res.some {
		v.firstAboveTime = 0
		return res
	}
	bytes := 0
	for _, q := range r.queue {
		bytes += q.size
	}
	if now-res.p.at < c.Target || bytes <= 1500 {
		v.firstAboveTime = 0
	} else if v.firstAboveTime == 0 {
		v.firstAboveTime = now + c.Interval
	} else if now >= v.firstAboveTime {
		res.okToDrop = true
	}
	return res
}

func controlLaw(t time.Duration, c CoDel, count uint32) time.Duration {
	return t + time.Duration(float64(c.Interval)/math.Sqrt(float64(count)))
}

// codelDeque is deque of RFC 8289 section 5.5, with marking as in Linux.
func (r *reference) codelDeque(c CoDel, now time.Duration) (refPacket, bool) {
	v := &r.codel
	markable := func(p refPacket) bool { return r.p.ECN && p.mark != NotECT }
	res := r.dodequeue(c, now)
	if v.dropping {
		if !res.okToDrop {
			v.dropping = false
		}
		for now >= v.dropNext && v.dropping {
			v.count++
			if markable(res.p) {
				r.fates[res.p.number].marked = true
				v.dropNext = controlLaw(v.dropNext, c, v.count)
				break
			}
			r.fates[res.p.number].drop = CauseAQM
			res = r.dodequeue(c, now)
			if !res.okToDrop {
				v.dropping = false
				if r.bugs == lateCount {
					v.count--
				}
			} else {
				v.dropNext = controlLaw(v.dropNext, c, v.count)
			}
		}
	} else if res.okToDrop {
		if markable(res.p) {
			r.fates[res.p.number].marked = true
		} else {
			r.fates[res.p.number].drop = CauseAQM
			res = r.dodequeue(c, now)
		}
		v.dropping = true
		delta := v.count - v.lastcount
		v.count = 1
		if delta > 1 && now-v.dropNext < 16*c.Interval && r.bugs != noReentry {
			v.count = delta
		}
		v.dropNext = controlLaw(now, c, v.count)
		v.lastcount = v.count
	}
	return res.p, res.some
}

// refRED has the names of figure 2 of Floyd and Jacobson, 1993.
type refRED struct {
	avg   float64
	count int
}

func (r *reference) early(c RED, packet refPacket, draw func(float64) bool) (dropped bool) {
	v := &r.red
	q := 0.0
	for _, w := range r.waiting() {
		if c.Bytes {
			q += float64(w.size)
		} else {
			q++
		}
	}
	rate := r.p.Rate
	if r.p.LinkTrace != nil {
		rate = r.p.LinkTrace.Rate()
	}
	if free := packet.at - r.free; len(r.queue) == 0 && free > 0 && r.bugs != noIdleTime {
		m := math.Floor(float64(free) / math.Floor(8e12/rate))
		v.avg *= math.Pow(1-c.Weight, m)
	} else {
		v.avg = float64((1-c.Weight)*v.avg) + float64(c.Weight*q) // rounded alike, for it may come to rest on Max
	}
	fate := &r.fates[packet.number]
	switch {
	case v.avg >= float64(c.Min) && v.avg < float64(c.Max):
		if v.count++; r.bugs == countIsStuck {
			v.count = 0
		}
		pb := c.Probability * (v.avg - float64(c.Min)) / float64(c.Max-c.Min)
		pa := 1.0
		if float64(v.count)*pb < 1 {
			pa = pb / (1 - float64(v.count)*pb)
		}
		if !draw(pa) {
			return false
		}
		v.count = 0
		fate.marked = r.p.ECN && packet.mark != NotECT
		return !fate.marked
	case v.avg >= float64(c.Max):
		v.count = 0
		return true
	}
	v.count = -1
	return false
}

// patterns are loads of n arrivals on several flows that ask for about the
// capacity of a link: in bursts, evenly and too much, at random, and in waves.
// Every second datagram is ECN-capable.
func patterns(n int, rate float64, flows int) map[string][]arriving {
	r := rand.New(rand.NewPCG(31, 32))
	dress := func(load []arrival) []arriving {
		dressed := make([]arriving, len(load))
		for i, a := range load {
			dressed[i] = arriving{a, r.IntN(flows), ECN(r.IntN(2) * 2)}
		}
		return dressed
	}
	each := func(gap func(i, size int) float64) []arriving {
		load := make([]arrival, n)
		var now float64
		for i := range load {
			size := 40 + r.IntN(1460)
			load[i] = arrival{time.Duration(now), size}
			now += gap(i, size)
		}
		return dress(load)
	}
	transmission := func(size int) float64 { return float64(size) * 8e9 / rate }
	return map[string][]arriving{
		"bursts": dress(bursts(n, rate, 0.95)),
		"even":   each(func(_, size int) float64 { return transmission(size) / 1.1 }),
		"random": each(func(int, int) float64 { return transmission(770) * r.ExpFloat64() }),
		"waves": each(func(i, size int) float64 {
			return transmission(size) / (1 + 0.6*math.Sin(float64(i)/900))
		}),
	}
}

// observed is what a load meets on links that share a bottleneck.
func observed(p Profile, seed uint64, flows int, load []arriving) ([]fate, error) {
	return observedThrough(p, nil, seed, flows, load)
}

// observedThrough is observed with changes, each before the arrivals of its time.
func observedThrough(p Profile, changes []retiming, seed uint64, flows int, load []arriving) ([]fate, error) {
	b := NewBottleneck()
	links := make([]*Link, flows)
	fates := make([]fate, len(load))
	numbers := make([][]int, flows) // of the datagrams by flow and index
	times := make([][]time.Duration, flows)
	for flow := range links {
		l := NewLink(seed, uint64(flow), Up, p)
		l.SetBottleneck(b)
		l.SetTrace(func(_ time.Duration, _ int, v Verdict) {
			n := numbers[flow][v.Index]
			if v.Moved > 0 {
				fates[n].out += v.Wait
				return
			}
			fates[n] = fate{drop: v.Drop, marked: v.Marked}
			if v.Drop == CauseNone {
				fates[n].out = load[n].at + v.Wait
			}
		})
		links[flow] = l
	}
	receive := func(until time.Duration) error {
		for {
			first, at := -1, never
			for flow, l := range links {
				if due, ok := l.NextTime(); ok && due < at {
					first, at = flow, due
				}
			}
			if first < 0 || at > until {
				return nil
			}
			_, ok := links[first].Receive(at, nil)
			if !ok && !p.SharedBottleneck {
				return fmt.Errorf("nothing came out at %v, the time NextTime gave", at)
			}
			if ok {
				times[first] = append(times[first], at)
			}
		}
	}
	// change makes the changes up to a time.
	change := func(until time.Duration) error {
		for ; len(changes) > 0 && changes[0].at <= until; changes = changes[1:] {
			if err := receive(changes[0].at); err != nil {
				return err
			}
			for _, l := range links {
				l.SetProfileAt(changes[0].at, changes[0].profile)
			}
		}
		return nil
	}
	payload := make([]byte, 1<<16)
	for n, a := range load {
		if err := change(a.at); err != nil {
			return nil, err
		}
		if err := receive(a.at); err != nil {
			return nil, err
		}
		numbers[a.flow] = append(numbers[a.flow], n)
		links[a.flow].SendMarked(a.at, payload[:a.size], uint64(n), a.mark)
	}
	if err := change(never); err != nil {
		return nil, err
	}
	if err := receive(never - 1); err != nil {
		return nil, err
	}
	for flow, l := range links {
		var want []time.Duration
		for _, n := range numbers[flow] {
			if fates[n].drop == CauseNone {
				want = append(want, fates[n].out+p.Delay)
			}
		}
		if !slices.Equal(times[flow], want) {
			return nil, fmt.Errorf("flow %d: datagrams come out at other times than their verdicts say", flow)
		}
		if s := l.Stats(); s.Unaccounted() != 0 || s.PacketsInFlight != 0 {
			return nil, fmt.Errorf("flow %d: %d packets unaccounted for, %d in flight", flow, s.Unaccounted(), s.PacketsInFlight)
		}
	}
	return fates, nil
}
