package reliable

import (
	"sync"
	"time"
)

// deadlines wakes the connections of one socket: one heap, one timer, however
// many connections there are.
type deadlines struct {
	now  func() time.Duration
	fire func(*Conn) // called without the lock

	mu     sync.Mutex
	heap   []*Conn // by Conn.wakeAt; Conn.heapIndex is each one's place plus 1
	timer  *time.Timer
	armed  time.Duration // when the timer runs out; meaningful if set
	set    bool
	closed bool
}

func newDeadlines(now func() time.Duration, fire func(*Conn)) *deadlines {
	return &deadlines{now: now, fire: fire}
}

// update sets when c wants to be woken; wanted is false for never.
func (d *deadlines) update(c *Conn, at time.Duration, wanted bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.closed:
	case !wanted:
		d.remove(c)
	case c.heapIndex == 0:
		c.wakeAt = at
		d.heap = append(d.heap, c)
		c.heapIndex = len(d.heap)
		d.up(len(d.heap) - 1)
	case c.wakeAt != at:
		c.wakeAt = at
		d.fix(c.heapIndex - 1)
	default:
		return
	}
	d.arm()
}

// arm sets the timer for the earliest deadline. A timer that runs out too
// early is left alone: it finds nothing to do and is armed again.
func (d *deadlines) arm() {
	if d.closed || len(d.heap) == 0 {
		return
	}
	first := d.heap[0].wakeAt
	if d.set && d.armed <= first {
		return
	}
	d.armed, d.set = first, true
	wait := max(first-d.now(), 0)
	if d.timer == nil {
		d.timer = time.AfterFunc(wait, d.expired)
		return
	}
	d.timer.Reset(wait)
}

// expired wakes every connection whose time has come.
func (d *deadlines) expired() {
	d.mu.Lock()
	d.set = false
	var due []*Conn
	now := d.now()
	for !d.closed && len(d.heap) > 0 && d.heap[0].wakeAt <= now {
		due = append(due, d.heap[0])
		d.remove(d.heap[0])
	}
	d.arm()
	d.mu.Unlock()
	for _, c := range due {
		d.fire(c)
	}
}

func (d *deadlines) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	if d.timer != nil {
		d.timer.Stop()
	}
	for _, c := range d.heap {
		c.heapIndex = 0
	}
	d.heap = nil
}

func (d *deadlines) remove(c *Conn) {
	if c.heapIndex == 0 {
		return
	}
	i, last := c.heapIndex-1, len(d.heap)-1
	d.swap(i, last)
	d.heap[last] = nil
	d.heap = d.heap[:last]
	c.heapIndex = 0
	if i < last {
		d.fix(i)
	}
}

func (d *deadlines) fix(i int) {
	if !d.down(i) {
		d.up(i)
	}
}

func (d *deadlines) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if d.heap[parent].wakeAt <= d.heap[i].wakeAt {
			return
		}
		d.swap(i, parent)
		i = parent
	}
}

func (d *deadlines) down(i int) (moved bool) {
	for {
		child := 2*i + 1
		if child >= len(d.heap) {
			return moved
		}
		if right := child + 1; right < len(d.heap) && d.heap[right].wakeAt < d.heap[child].wakeAt {
			child = right
		}
		if d.heap[i].wakeAt <= d.heap[child].wakeAt {
			return moved
		}
		d.swap(i, child)
		i, moved = child, true
	}
}

func (d *deadlines) swap(i, j int) {
	d.heap[i], d.heap[j] = d.heap[j], d.heap[i]
	d.heap[i].heapIndex, d.heap[j].heapIndex = i+1, j+1
}
