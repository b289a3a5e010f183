package proxy

import (
	"container/heap"
	"sync"
	"time"
)

// job is something to be done at a time: a lane with datagrams due, or the
// sweep of idle flows. It stands in the scheduler at most once.
type job struct {
	run   func(now time.Duration) // called without locks; may set the job anew
	at    time.Duration           // guarded by scheduler.mu, as is index
	index int                     // in the heap, -1 if not in it
}

func newJob(run func(now time.Duration)) *job { return &job{run: run, index: -1} }

// scheduler runs jobs at absolute times from one goroutine. The alarm is
// always set to the time of the earliest job, which is why both change under
// the same lock.
type scheduler struct {
	clock func() time.Duration
	alarm alarm

	mu      sync.Mutex
	jobs    jobHeap
	stopped bool
}

func newScheduler(clock func() time.Duration, a alarm) *scheduler {
	return &scheduler{clock: clock, alarm: a}
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
	if j.index == 0 {
		s.alarm.set(at - s.clock())
	}
}

// loop runs jobs until stop. It is the scheduler goroutine.
func (s *scheduler) loop() {
	for s.alarm.wait() {
		s.runDue()
	}
}

// runDue runs every job whose time has come, and sets the alarm to the first
// that is left.
func (s *scheduler) runDue() {
	for {
		now := s.clock()
		j := s.next(now)
		if j == nil {
			return
		}
		j.run(now)
	}
}

// next takes the earliest job out if it is due at now.
func (s *scheduler) next(now time.Duration) *job {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped || len(s.jobs) == 0 {
		return nil
	}
	if first := s.jobs[0]; first.at > now {
		s.alarm.set(first.at - now)
		return nil
	}
	return heap.Pop(&s.jobs).(*job)
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
