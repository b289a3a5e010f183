package chat

import (
	"context"
	"sync"

	"udplab/reliable/raw"
)

// A line must not be shown before an older one of the same run of the peer. On
// one connection it cannot be. Over two it could: the peer gives a line to the
// second when all older ones are acknowledged on the first, but acknowledged
// means that they lie in a buffer here, not that they were read. Which of the
// two goroutines that read gets to run first is up to the scheduler.
//
// So a line that is not the next one waits, and what comes behind it on its
// link too, until each other link that may have older ones has told everything
// it had and said that it is empty. What the line has to wait for lay in a
// buffer before the line came, so by then it is here: shown, or waiting itself
// with a smaller ID, which goes first.
//
// Nearly always there is one link, or the line is the next, and nothing waits.

// maxWaiting is how much may wait on a link. A peer that follows the rules has
// no more lines than MaxQueued under way, on one link; for another that sends
// on several without end, order is not kept.
const maxWaiting = 2 * MaxQueued

// queue is what of a link waits. Owned by the conversation.
type queue struct {
	waiting []input
	id      uint64         // of the line at its head
	until   map[*link]uint // the look at another link that the head waits for
	over    bool           // everything was told, the end included

	asked, looking, empty uint // looks at this link: wanted, under way, answered
}

// looking lets a conversation interrupt a link's reader: what is ready is still
// read, and what is not shows that the link is empty.
type looking struct {
	mu   sync.Mutex
	now  bool
	stop context.CancelFunc // of the read under way, or of the next
	ctx  context.Context
}

// begin returns the context of a read, which is dead if a look is under way.
func (l *looking) begin(parent context.Context) context.Context {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx == nil {
		l.ctx, l.stop = context.WithCancel(parent)
	}
	if l.now {
		l.stop()
	}
	return l.ctx
}

// interrupt begins a look.
func (l *looking) interrupt() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now = true
	if l.stop != nil {
		l.stop()
	}
}

// done ends it. The reader calls it, before it tells that the link is empty.
func (l *looking) done() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now, l.ctx, l.stop = false, nil, nil
}

// shown is which lines of a run of the peer were shown.
type shown struct {
	ids  raw.Account
	last uint64 // the largest
}

// first notes a line and reports whether it was not shown before.
func (s *shown) first(id uint64) bool {
	switch s.ids.Receive(0, uint32(id), 0).Kind {
	case raw.Duplicate, raw.OutOfWindow:
		return false
	}
	s.last = max(s.last, id)
	return true
}

// forgetRuns forgets what was shown of the runs that have no link any more.
func (c *conversation) forgetRuns() {
	has := map[string]bool{}
	for l := range c.links {
		has[l.run] = true
	}
	for run := range c.shown {
		if !has[run] {
			delete(c.shown, run)
		}
	}
}

// arrived takes a message of a link, or its end, behind what waits there.
func (c *conversation) arrived(in input) {
	q := &in.link.queue
	if len(q.waiting) > 0 || !c.taken(in) {
		q.waiting = append(q.waiting, in)
	}
	if len(q.waiting) > maxWaiting {
		clear(q.until)
	}
	c.release()
}

// taken takes a message or an end, unless it is a line that has to wait.
func (c *conversation) taken(in input) bool {
	if in.ended {
		c.linkEnded(in.link, in.err)
		return true
	}
	return c.incoming(in.link, in.message)
}

// emptied takes the answer to a look.
func (c *conversation) emptied(l *link) {
	q := &l.queue
	q.empty, q.looking = q.looking, 0
	if q.asked > q.empty {
		c.lookAt(l)
	}
	c.release()
}

// lookAt begins a look at a link, if none is under way.
func (c *conversation) lookAt(l *link) {
	if l.queue.looking == 0 {
		l.queue.looking = l.queue.asked
		l.look.interrupt()
	}
}

// release takes what need not wait any more.
func (c *conversation) release() {
	for again := true; again; {
		again = false
		for l := range c.links {
			for q := &l.queue; len(q.waiting) > 0 && c.taken(q.waiting[0]); {
				q.waiting, q.until = q.waiting[1:], nil
				again = true
			}
		}
	}
}

// turn reports whether a line may be shown now: it is the next, or was shown
// already, or nothing older can come any more. Otherwise it is the head of its
// link's queue from now on.
func (c *conversation) turn(l *link, id uint64) bool {
	q := &l.queue
	if id <= c.shown[l.run].last+1 {
		return true
	}
	if q.until == nil {
		q.id, q.until = id, map[*link]uint{}
		for other := range c.links {
			if other != l && other.mayBring(l.run) {
				other.queue.asked++
				q.until[other] = other.queue.asked
				c.lookAt(other)
			}
		}
	}
	for other, look := range q.until {
		if c.links[other] && other.mayBring(l.run) && other.queue.empty < look {
			return false
		}
	}
	for other := range c.links {
		if o := &other.queue; other != l && other.run == l.run && len(o.waiting) > 0 && o.id < id {
			return false
		}
	}
	return true
}

// mayBring reports whether lines of a run of the peer may still be told of l.
// Before its hello nobody knows.
func (l *link) mayBring(run string) bool { return !l.queue.over && (l.run == "" || l.run == run) }
