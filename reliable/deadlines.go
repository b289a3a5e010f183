package reliable

import (
	"sync"
	"time"

	"udplab/reliable/internal/udp"
)

// deadlines wakes the connections of one socket: one heap, one alarm, however
// many connections there are.
type deadlines struct {
	now  func() time.Duration
	fire func(*Conn) // called without the lock

	mu      sync.Mutex
	heap    []*Conn // by Conn.wakeAt; Conn.heapIndex is each one's place plus 1
	alarm   udp.Alarm
	armed   time.Duration // when the alarm rings; meaningful if set
	set     bool
	serving bool          // connections are being woken; the alarm is set after the last
	served  time.Duration // when connections were last woken
	closed  bool
}

// wakeGap is the least time between two wake-ups. What becomes due in between
// is served together, so that a thousand connections that pace cost no more
// wake-ups than one. It is half of the finest pacing quantum.
const wakeGap = 100 * time.Microsecond

func newDeadlines(now func() time.Duration, fire func(*Conn), newAlarm func(ring func()) udp.Alarm) *deadlines {
	d := &deadlines{now: now, fire: fire, served: -wakeGap}
	d.alarm = newAlarm(d.expired)
	return d
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

// arm sets the alarm for the earliest deadline. One that rings too early is
// left alone: it finds nothing to do and is set again. So an acknowledgment
// that moves a deadline away costs nothing here.
func (d *deadlines) arm() {
	if d.closed || d.serving || len(d.heap) == 0 {
		return
	}
	at := max(d.heap[0].wakeAt, d.served+wakeGap)
	if d.set && d.armed <= at {
		return
	}
	d.armed, d.set = at, true
	d.alarm.Set(at - d.now())
}

// expired wakes every connection whose time has come, those included whose
// time comes meanwhile, and sets the alarm once for what is left.
func (d *deadlines) expired() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.set = false
	if d.serving { // a ring that was on its way when the alarm was set anew
		return
	}
	d.serving = true
	for {
		now := d.now()
		if d.closed || len(d.heap) == 0 || d.heap[0].wakeAt > now {
			break
		}
		c := d.heap[0]
		d.remove(c)
		d.served = now
		d.mu.Unlock()
		d.fire(c)
		d.mu.Lock()
	}
	d.serving = false
	d.arm()
}

func (d *deadlines) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return
	}
	d.closed = true
	d.alarm.Close()
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
