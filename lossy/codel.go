package lossy

import (
	"fmt"
	"math"
	"time"
)

// CoDel is Controlled Delay (RFC 8289): it drops at the head of the queue, ever
// more often, while every datagram of the last Interval has waited for Target
// or longer. The queue's limit holds as well; what it stops is dropped on
// arrival.
type CoDel struct {
	Target   time.Duration // RFC 8289 section 4.4: 5 % to 10 % of Interval; 1 ns to MaxDelay
	Interval time.Duration // section 4.3: a round trip of the longest common path; 1 ns to MaxDelay
}

const codelName = "codel"

// The values that RFC 8289 sections 4.3 and 4.4 suggest.
const (
	codelTarget   = 5 * time.Millisecond
	codelInterval = 100 * time.Millisecond
)

func readCoDel(t *terms) Discipline {
	return CoDel{
		Target:   read(t, "target", codelTarget, ParseDuration),
		Interval: read(t, "interval", codelInterval, ParseDuration),
	}
}

// String returns "codel:target=5ms,interval=100ms".
func (c CoDel) String() string {
	return fmt.Sprintf("%s:target=%v,interval=%v", codelName, c.Target, c.Interval)
}

func (c CoDel) validate() error {
	if c.Target <= 0 || c.Target > MaxDelay {
		return fmt.Errorf("codel: target %v: must be above 0 and at most %v", c.Target, MaxDelay)
	}
	if c.Interval <= 0 || c.Interval > MaxDelay {
		return fmt.Errorf("codel: interval %v: must be above 0 and at most %v", c.Interval, MaxDelay)
	}
	return nil
}

// codelMTU is the size in bytes of the packet that may always wait: a queue of
// one costs no throughput to leave alone (RFC 8289 section 5.4, MTU).
const codelMTU = 1500

// codelMemory is for how many intervals a drop rate that controlled the queue
// is remembered (RFC 8289 section 5.5).
const codelMemory = 16

// outcome is what the head of the queue does with a datagram.
type outcome uint8

const (
	waits outcome = iota // its turn has not come
	sends
	marks // sends it, marked CE
	drops
)

// codel is the state of RFC 8289 section 5. There, one call takes datagrams off
// the queue until one may be sent; here, each is decided by a call of its own,
// and phase says how far that routine has come. It never runs out of them: a
// datagram is dropped only if it leaves more than codelMTU bytes behind.
type codel struct {
	CoDel
	firstAbove time.Duration // when it will have been above Target for an Interval, 0 = it is not above
	dropNext   time.Duration // when the next is dropped while dropping
	count      uint32        // drops since dropping began
	lastCount  uint32        // what count began with
	dropping   bool
	phase      phase
}

type phase uint8

const (
	fresh      phase = iota // the transmitter asks anew
	entering                // the first was dropped, and dropping begins
	continuing              // one more was dropped
)

// okToDrop is dodequeue of RFC 8289 section 5.4, for a datagram that waited for
// sojourn and leaves so many bytes behind in the queue.
func (c *codel) okToDrop(now, sojourn time.Duration, bytes int) bool {
	if sojourn < c.Target || bytes <= codelMTU {
		c.firstAbove = 0
		return false
	}
	if c.firstAbove == 0 {
		c.firstAbove = now + c.Interval
		return false
	}
	return now >= c.firstAbove
}

// controlLaw is when the next is dropped after one at t (section 5.5).
func (c *codel) controlLaw(t time.Duration) time.Duration {
	return t + time.Duration(float64(c.Interval)/math.Sqrt(float64(c.count)))
}

// decide is deque of RFC 8289 section 5.5, one datagram at a time. What can be
// marked is marked instead, and sent, as in Linux.
func (c *codel) decide(now, sojourn time.Duration, bytes int, marking bool) outcome {
	ok := c.okToDrop(now, sojourn, bytes)
	switch c.phase {
	case entering:
		c.enter(now)
		return sends
	case continuing:
		c.phase = fresh
		if ok {
			c.dropNext = c.controlLaw(c.dropNext)
		} else {
			c.dropping = false
		}
	default:
		if !c.dropping && ok {
			if marking {
				c.enter(now)
				return marks
			}
			c.phase = entering
			return drops
		}
		c.dropping = c.dropping && ok
	}
	if !c.dropping || now < c.dropNext {
		return sends
	}
	c.count++
	if marking {
		c.dropNext = c.controlLaw(c.dropNext)
		return marks
	}
	c.phase = continuing
	return drops
}

// enter begins the drop state. If the last one ended a short while ago, it
// goes on with the rate at which that one was dropping.
func (c *codel) enter(now time.Duration) {
	c.phase = fresh
	c.dropping = true
	delta := c.count - c.lastCount
	c.count = 1
	if delta > 1 && now-c.dropNext < codelMemory*c.Interval {
		c.count = delta
	}
	c.dropNext = c.controlLaw(now)
	c.lastCount = c.count
}
