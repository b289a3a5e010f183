package reliable

import (
	"math"
	"sync"
	"time"

	"udplab/reliable/internal/udp"
)

// deadlines wakes the connections of one socket: one alarm, however many
// connections there are.
//
// A connection that talks has a probe timeout some milliseconds off while
// something is on its way, and an idle timeout a minute off when it is not: twice
// a message its deadline would move past those of all that are idle. So there are
// two heaps. In far each has a time at or before its deadline, which is only
// looked at when it comes; in near are those that are due before that, by their
// deadlines. near is as large as there are connections with something on its way,
// and a deadline that moves away touches nothing else.
type deadlines struct {
	now  func() time.Duration
	fire func(*Conn) // called without the lock

	mu      sync.Mutex
	near    wakeHeap
	far     wakeHeap
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

// never is the deadline of a connection that was woken and has set none yet.
const never = time.Duration(math.MaxInt64)

func newDeadlines(now func() time.Duration, fire func(*Conn), newAlarm func(ring func()) udp.Alarm) *deadlines {
	d := &deadlines{now: now, fire: fire, served: -wakeGap, far: wakeHeap{which: 1}}
	d.alarm = newAlarm(d.expired)
	return d
}

// update sets when c wants to be woken; wanted is false for never.
func (d *deadlines) update(c *Conn, at time.Duration, wanted bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return
	}
	if !wanted {
		d.near.remove(c)
		d.far.remove(c)
		return
	}
	c.wakeAt = at
	switch {
	case !d.far.has(c):
		d.remind(c)
	case at < c.reminder:
		d.near.set(c, at)
	default:
		d.near.remove(c)
		return
	}
	d.arm()
}

// remind puts c into far, by its deadline of now.
func (d *deadlines) remind(c *Conn) {
	c.reminder = c.wakeAt
	d.far.set(c, c.reminder)
}

// arm sets the alarm for the earliest deadline. One that rings too early is
// left alone: it finds nothing to do and is set again. So an acknowledgment
// that moves a deadline away costs nothing here.
func (d *deadlines) arm() {
	if d.closed || d.serving {
		return
	}
	first, _, ok := d.first()
	if !ok {
		return
	}
	at := max(first.at, d.served+wakeGap)
	if d.set && d.armed <= at {
		return
	}
	d.armed, d.set = at, true
	d.alarm.Set(at - d.now())
}

// first is the earliest entry of both heaps, and where it is.
func (d *deadlines) first() (wakeEntry, *wakeHeap, bool) {
	near, isNear := d.near.first()
	far, isFar := d.far.first()
	if isNear && (!isFar || near.at <= far.at) {
		return near, &d.near, true
	}
	return far, &d.far, isFar
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
		first, heap, ok := d.first()
		if d.closed || !ok || first.at > now {
			break
		}
		c := first.conn
		heap.remove(c)
		if first.at < c.wakeAt { // in far: its deadline has moved away since
			if c.wakeAt != never {
				d.remind(c)
			}
			continue
		}
		c.wakeAt = never
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
	d.near.clear()
	d.far.clear()
}
