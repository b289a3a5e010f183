package proxy

import (
	"container/heap"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// job is something to be done at a time: a lane with datagrams due, or the
// sweep of idle flows. It stands in the scheduler at most once.
type job struct {
	run   func(now time.Duration, out *burst) // called without locks; may set the job anew
	at    time.Duration                       // guarded by scheduler.mu, as is index
	index int                                 // in the heap, -1 if not in it
}

func newJob(run func(now time.Duration, out *burst)) *job { return &job{run: run, index: -1} }

// scheduler runs jobs at absolute times. The alarm is never set to a later time
// than that of the earliest job, which is why both change under the same lock.
// When a job moves away the alarm stays, and goes off once in vain: setting it
// costs more than that with every batch.
//
// Jobs are run by the scheduler's own goroutine and, when their time has come,
// by those that have just handled what they read: on a machine whose cores are
// all busy the alarm's goroutine may wait for one for milliseconds.
type scheduler struct {
	clock func() time.Duration
	alarm alarm
	first atomic.Int64 // when the earliest job is due, never if there is none

	mu      sync.Mutex
	jobs    jobHeap
	armed   time.Duration // the time that the alarm is for, never if it is not set
	rested  time.Duration // when it may go off again
	early   time.Duration // by how much it is set before its time
	lead    lead
	stopped bool
}

const never = time.Duration(math.MaxInt64)

// alarmRest is the least time between two alarms. At hundreds of thousands of
// datagrams a second there would be one for each, and waking up costs more than
// what there is to do. Who sends less often than this notices nothing.
const alarmRest = 50 * time.Microsecond

func newScheduler(clock func() time.Duration, a alarm) *scheduler {
	s := &scheduler{clock: clock, alarm: a, armed: never}
	s.first.Store(int64(never))
	return s
}

// set has the job run at the given time, instead of any time set before.
func (s *scheduler) set(j *job, at time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped || j.index >= 0 && j.at == at {
		return
	}
	j.at = at
	if j.index < 0 {
		heap.Push(&s.jobs, j)
	} else {
		heap.Fix(&s.jobs, j.index)
	}
	s.arm()
}

// arm sets the alarm to the earliest job. The caller holds s.mu.
func (s *scheduler) arm() {
	at := never
	if len(s.jobs) > 0 {
		at = s.jobs[0].at
	}
	s.first.Store(int64(at))
	if at == never {
		return
	}
	if at = max(at, s.rested); at < s.armed {
		now := s.clock()
		s.armed, s.early = at, 0
		if at > s.rested {
			s.early = s.lead.grant(now)
		}
		s.alarm.set(at - s.early - now)
	}
}

// loop runs jobs until stop. It is the scheduler goroutine.
func (s *scheduler) loop() {
	out := newBurst()
	for s.alarm.wait() {
		until := s.woken()
		for s.clock() < until-atOnce {
			runtime.Gosched() // whoever reads or is about to read has precedence
		}
		for s.clock() < until {
		}
		s.runDue(out)
	}
}

// woken notes that the alarm went off, and returns the time that it was for.
func (s *scheduler) woken() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, at, early := s.clock(), s.armed, s.early
	s.armed, s.rested = never, now+alarmRest
	if at == never || now < at-early {
		return now // somebody was faster, and may have set it anew
	}
	s.lead.observe(now - (at - early))
	until := min(at, now+leadMost)
	s.lead.credit -= max(0, until-now)
	return until
}

// help runs what is due in the goroutine of the caller, who lends a burst.
func (s *scheduler) help(out *burst) {
	if first := s.first.Load(); first != int64(never) && time.Duration(first) <= s.clock() {
		s.runDue(out)
	}
}

// runDue runs every job whose time has come.
func (s *scheduler) runDue(out *burst) {
	for {
		now := s.clock()
		j := s.next(now)
		if j == nil {
			return
		}
		j.run(now, out)
	}
}

// next takes the earliest job out if it is due at now. If not it sees to the
// alarm.
func (s *scheduler) next(now time.Duration) *job {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.armed <= now {
		s.armed = never // it goes off
	}
	if s.stopped || len(s.jobs) == 0 || s.jobs[0].at > now {
		if !s.stopped {
			s.arm()
		}
		return nil
	}
	return heap.Pop(&s.jobs).(*job)
}

// lead is by how much wake-ups are late, usually: the fifteen of sixteen that
// are late by less are waited for, awake, and send on time. How late that
// is depends on the machine: 5 to 120 us. A quarter of the time may be spent so:
// the rest is saved, and alarms that find too little saved go without a lead.
type lead struct {
	time   time.Duration
	credit time.Duration // of being awake
	saved  time.Duration // up to when
}

const (
	leadMost   = 150 * time.Microsecond
	leadStep   = 4 * time.Microsecond
	leadMissed = 16 // one wake-up in so many is later than the lead
	leadShare  = 4  // one part in so many of the time
	leadCredit = time.Millisecond

	// atOnce is how long the loop waits without letting others run: to be let run
	// again takes tens of microseconds, for each Gosched wakes a thread to look for
	// work. Those others have the other cores meanwhile, if there are any.
	atOnce = 50 * time.Microsecond
)

// grant returns the lead if there is credit for it.
func (l *lead) grant(now time.Duration) time.Duration {
	l.credit = min(l.credit+(now-l.saved)/leadShare, leadCredit)
	l.saved = now
	if l.credit < l.time {
		return 0
	}
	return l.time
}

// observe moves towards a lateness that is exceeded one time in leadMissed.
func (l *lead) observe(late time.Duration) {
	if late > l.time {
		l.time = min(l.time+(leadMissed-1)*leadStep/leadMissed, leadMost)
	} else {
		l.time = max(l.time-leadStep/leadMissed, 0)
	}
}

// stop ends loop. Jobs that have not run never will.
func (s *scheduler) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.stopped {
		s.stopped = true
		s.alarm.close()
	}
}

// jobHeap implements heap.Interface: earliest first.
type jobHeap []*job

func (h jobHeap) Len() int           { return len(h) }
func (h jobHeap) Less(i, k int) bool { return h[i].at < h[k].at }

func (h jobHeap) Swap(i, k int) {
	h[i], h[k] = h[k], h[i]
	h[i].index, h[k].index = i, k
}

// Push is called by package heap only.
func (h *jobHeap) Push(x any) {
	j := x.(*job)
	j.index = len(*h)
	*h = append(*h, j)
}

// Pop is called by package heap only.
func (h *jobHeap) Pop() any {
	last := len(*h) - 1
	j := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	j.index = -1
	return j
}
