package proxy

import (
	"errors"
	"sync"
	"syscall"
	"time"

	"udplab/lossy"
)

// lane is one direction of one flow: a lossy.Link driven in real time. Three
// parties meet in it: the goroutine that reads the socket it is fed from, the
// scheduler, and whoever takes a snapshot.
type lane struct {
	flow      *flow
	direction lossy.Direction
	due       *job // calls drain when the link's next datagram is due

	// mu is held while datagrams are written, which is what keeps the lane's
	// datagrams in order. UDP writes do not wait for the network.
	mu      sync.Mutex
	shares  bool // the link has what lanes share; see lock
	link    *lossy.Link
	applied *Settings     // what the link's profile was taken from
	held    int           // bytes in flight, as entered in proxy.held
	arrived time.Duration // the latest datagram
	tally   tally
	tap     lossy.Tap // nil = nobody
}

func (l *lane) init(f *flow, dir lossy.Direction, s *Settings) {
	l.flow, l.direction = f, dir
	l.link = lossy.NewLink(f.seed, f.key.Number, dir, lossy.Profile{})
	l.link.SetClassifier(f.proxy.cfg.Classify)
	l.apply(s)
	l.observe(&f.proxy.cfg, s)
	if replay := f.proxy.cfg.Replay; replay != nil {
		l.link.SetScript(replay(f.key, dir))
	}
	l.due = newJob(l.drainDue)
}

// observe lets those hear of the lane's datagrams who want to.
func (l *lane) observe(c *Config, s *Settings) {
	if c.Tap != nil {
		from, to := l.flow.client, s.Upstream
		if l.direction == lossy.Down {
			from, to = to, from
		}
		l.tap = c.Tap(l.flow.key, l.direction, from, to)
	}
	var trace func(time.Duration, int, lossy.Verdict)
	if c.Tracer != nil {
		trace = c.Tracer(l.flow.key, l.direction)
	}
	l.link.SetTrace(lossy.WithTap(trace, l.tap))
}

// apply puts settings in force, as of when they were made.
func (l *lane) apply(s *Settings) {
	l.applied = s
	l.link.SetProfileAt(s.since, l.flow.network(s).Profile(l.direction))
	l.link.SetDown(!s.Enabled)
	l.link.BlackoutUntil(s.Dark[l.direction])
}

// keepUp puts the settings of the proxy in force, if they are others.
func (l *lane) keepUp() {
	if s := l.flow.proxy.settings.Load(); s != l.applied {
		l.apply(s)
	}
}

// input takes in what was read now, in one piece, through a mapping of that
// number, and lets out what is due. Each datagram is decided on by itself as of
// when it arrived, and what was due by then goes out before it comes in, however
// many are read at once and however late. They see one state of the settings,
// whole.
func (l *lane) input(now time.Duration, messages []message, mapped uint64, out *burst) {
	l.lock()
	defer l.unlock()
	p := l.flow.proxy
	l.keepUp()
	l.share()
	l.link.SetCapacity(l.held + p.heldLeft())
	read := now
	for _, m := range messages {
		l.arrived = max(l.arrived, read-m.waited)
		now = l.drain(l.arrived, now, out)
		for more := true; more; {
			var d []byte
			d, more = m.next()
			l.tally.received++
			l.tally.receivedBytes += uint64(len(d))
			if l.tap != nil {
				l.tap.Arrived(l.arrived, d, m.mark)
			}
			l.link.SendMarked(l.arrived, d, mapped, m.mark)
			now = l.drain(l.arrived, now, out)
		}
	}
	l.drainAll(now, out)
	l.settle(out)
}

// drainDue is the lane's job in the scheduler. What leaves late keeps its flow
// alive as what comes in does.
func (l *lane) drainDue(now time.Duration, out *burst) {
	l.lock()
	l.keepUp()
	l.drainAll(now, out)
	l.settle(out)
	l.unlock()
	l.flow.proxy.table.sawLife(l.flow, now)
}

// drainAll puts all that is due into the burst, also what becomes due while
// others are sent.
func (l *lane) drainAll(now time.Duration, out *burst) {
	for {
		after := l.drain(now, now, out)
		if after == now {
			return
		}
		now = after
	}
}

// drain puts what was due until a time, which may be over, into the burst, which
// leaves whenever it is full. It returns what time it is then.
func (l *lane) drain(until, now time.Duration, out *burst) time.Duration {
	for {
		due, some := l.link.NextTime()
		if !some || due > until {
			return now
		}
		at := len(out.bytes)
		var came bool
		if out.bytes, came = l.link.Receive(until, out.bytes); !came {
			continue // a queue decided, and nothing is due yet
		}
		way := l.flow.way(l.direction, l.link.Tag(), due)
		if l.tap != nil {
			index, copy := l.link.Origin()
			l.tap.Left(now, index, copy, out.bytes[at:], l.link.Mark(), way == nil)
		}
		if way == nil {
			out.bytes = out.bytes[:at]
			l.tally.dropped[CauseNAT]++
			continue
		}
		if out.count() > 0 && way != out.way {
			last := out.bytes[at:]
			now = max(now, l.flush(out))
			out.bytes = append(out.bytes, last...)
		}
		out.way = way
		if out.added(due, l.link.Mark()) {
			now = max(now, l.flush(out))
		}
	}
}

// settle sends what is left in the burst, and sets the alarm for what is not
// due yet.
func (l *lane) settle(out *burst) {
	if out.count() > 0 {
		l.flush(out)
	}
	due, some := l.link.NextTime()
	if !some {
		l.hold(0)
		return
	}
	l.flow.proxy.scheduler.set(l.due, due)
	s := l.link.Stats()
	l.hold(int(s.BytesInFlight) + int(s.PacketsInFlight)*heldOverhead)
}

// heldOverhead is what a datagram in flight counts beyond its payload. It is
// what lossy.Link.SetCapacity charges.
const heldOverhead = 64

// hold enters the lane's bytes in flight in the sum over all lanes.
func (l *lane) hold(bytes int) {
	if bytes != l.held {
		l.flow.proxy.held.Add(int64(bytes - l.held))
		l.held = bytes
	}
}

// sendAttempts is how often a datagram is given to the kernel that reported on
// something else instead.
const sendAttempts = 3

// flush writes the burst and empties it. It returns when it began.
//
// A connected socket reports on a write that an earlier datagram was refused,
// instead of sending the one given, so that one is given again.
func (l *lane) flush(out *burst) time.Duration {
	now := l.flow.proxy.clock()
	l.flow.proxy.lateness[l.direction].observe(now, out.dues)
	attempts := 0
	for i := 0; i < out.count(); {
		taken, err := out.way.send(out, i)
		for k := i; k < i+taken; k++ {
			l.tally.sentBytes += uint64(out.size(k))
		}
		l.tally.sent += uint64(taken)
		i += taken
		if err == nil {
			attempts = 0
			continue
		}
		attempts++
		refused := isRefused(err)
		if attempts < sendAttempts && (refused || errors.Is(err, syscall.EINTR)) {
			if refused {
				l.tally.refused++
			}
			continue
		}
		gone := 1
		if errors.Is(err, syscall.EAGAIN) {
			gone = out.count() - i // it has waited for room, and need not for each
		}
		l.tally.dropped[sendCause(err)] += uint64(gone)
		i, attempts = i+gone, 0
	}
	out.reset()
	return now
}

// follow has the lane take up settings that may let out sooner what it holds. Under
// the lock, so that no alarm follows that was set without knowing of them.
func (l *lane) follow(s *Settings) {
	l.lock()
	defer l.unlock()
	if _, some := l.link.NextTime(); some && l.applied != s {
		l.flow.proxy.scheduler.set(l.due, s.since)
	}
}

// refused counts a report that a datagram of the lane met nobody.
func (l *lane) refused() {
	l.lock()
	defer l.unlock()
	l.tally.refused++
}

// readFailed counts a failed read of the socket the lane is fed from.
func (l *lane) readFailed() {
	l.lock()
	defer l.unlock()
	l.tally.readErrors++
}

// inFlight says whether the lane holds any datagram.
func (l *lane) inFlight() bool {
	l.lock()
	defer l.unlock()
	_, some := l.link.NextTime()
	return some
}

// addTo adds the lane's counts.
func (l *lane) addTo(s *DirectionStats) {
	l.lock()
	defer l.unlock()
	s.Link.Add(l.link.Stats())
	s.count(&l.tally)
}
