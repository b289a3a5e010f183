package arq

import (
	"testing"
	"time"

	"udplab/proto"
)

// bulk drives two connections in virtual time as a driver with GSO and GRO
// drives them: packets leave and arrive in bursts, one clock reading holds for
// a burst, a connection is drained after each. The path is one of 25 Gbit/s and
// 100 us there and back that loses nothing.
type bulk struct {
	*pair
	pool    *stack // of both ends
	message []byte
	ends    [2]bulkEnd
	packets [burstPackets]proto.Packet // of the burst that arrives
	seen    func(size int)             // told the size of every packet of the sender; may be nil
}

// bulkEnd is one end and the way from it to the other.
type bulkEnd struct {
	conn   *Conn
	flying ring[*wireBurst]
	spare  []*wireBurst
	free   time.Duration // when the link has sent all it was given
}

// wireBurst are packets that travel together, one behind the other.
type wireBurst struct {
	at    time.Duration
	bytes []byte
	sizes []int
}

const (
	burstPackets = 44 // of 1,452 bytes: GSO takes 64 KiB
	burstTime    = 20 * time.Microsecond
	burstDelay   = 50 * time.Microsecond
)

// The parts of the work, each timed by itself.
type bulkPart int

const (
	bulkSend    bulkPart = iota // the sender's SendOn, with the copy of the message
	bulkAppend                  // its AppendPacket, with the copy and the checksum of the packet
	bulkParse                   // the receiver's proto.Parse, with the checksum
	bulkHandle                  // its Handle
	bulkReceive                 // its ReceiveOn
	bulkAck                     // its AppendPacket: acks
	bulkAcked                   // the sender's proto.Parse and Handle of acks
	bulkParts
)

var bulkNames = [bulkParts]string{"send", "append", "parse", "handle", "receive", "ack", "acked"}

// stopwatch adds up the processor's time for each part; nil: nobody wants to
// know.
type stopwatch struct {
	spent [bulkParts]time.Duration
	cost  time.Duration // of two readings, which count for no part
}

func newStopwatch() *stopwatch {
	const times = 1000
	s := &stopwatch{}
	for range times {
		s.time(0, func() {})
	}
	return &stopwatch{cost: s.spent[0] / times}
}

// time runs one part.
func (s *stopwatch) time(p bulkPart, part func()) {
	if s == nil {
		part()
		return
	}
	began := cpuTime()
	part()
	s.spent[p] += cpuTime() - began - s.cost
}

// newBulk connects two ends and sends messages of that size from now on.
func newBulk(t testing.TB, size int) *bulk {
	pool := &stack{}
	p := newPair(t, Config{FixedPacket: 1452, Buffers: pool})
	b := &bulk{pair: p, pool: pool, message: make([]byte, size)}
	b.ends[0].conn, b.ends[1].conn = p.connect()
	p.quiet()
	p.rebase()
	return b
}

// rebase forgets the round trip of the handshake: the path is another.
func (p *pair) rebase() {
	for _, e := range p.ends {
		e.conn.restartPath()
	}
}

// stack lends memory of one size again and again.
type stack struct{ free [][]byte }

func (s *stack) Get(size int) []byte {
	if last := len(s.free) - 1; last >= 0 && size <= cap(s.free[last]) {
		b := s.free[last]
		s.free = s.free[:last]
		return b[:size]
	}
	return make([]byte, size)
}

func (s *stack) Put(b []byte) { s.free = append(s.free, b) }

// transfer lets the application send and read until count messages more have
// been read.
func (b *bulk) transfer(count int, spent *stopwatch) {
	for last := b.now; count > 0; {
		if b.now-last > time.Minute {
			b.t.Fatalf("%d messages did not come within a minute: %s", count, b)
		}
		spent.time(bulkSend, b.send)
		b.drain(0, bulkAppend, spent)
		b.step(spent)
		spent.time(bulkReceive, func() {
			for to := b.ends[1].conn; count > 0 && to.Readable(); count-- {
				last = b.now
				if msg, ok := to.Receive(b.now); ok {
					b.pool.Put(msg)
				}
			}
		})
		b.drain(1, bulkAck, spent)
	}
}

// send fills the send buffer.
func (b *bulk) send() {
	for c := b.ends[0].conn; c.CanSend(); {
		if _, err := c.Send(b.now, b.message, false); err != nil {
			b.t.Fatal(err)
		}
	}
}

// drain has everything leave that may.
func (b *bulk) drain(i int, part bulkPart, spent *stopwatch) {
	for more := true; more; {
		spent.time(part, func() { more = b.burst(i) })
	}
}

// burst has a burst leave and reports whether there may be another.
func (b *bulk) burst(i int) (more bool) {
	e := &b.ends[i]
	var w *wireBurst
	if last := len(e.spare) - 1; last >= 0 {
		w, e.spare = e.spare[last], e.spare[:last]
	} else {
		w = &wireBurst{bytes: make([]byte, 0, burstPackets*1500), sizes: make([]int, 0, burstPackets)}
	}
	w.bytes, w.sizes = w.bytes[:0], w.sizes[:0]
	for len(w.sizes) < burstPackets {
		before := len(w.bytes)
		if w.bytes, _, more = e.conn.AppendPacket(b.now, w.bytes); !more {
			break
		}
		size := len(w.bytes) - before
		w.sizes = append(w.sizes, size)
		if i == 0 && b.seen != nil {
			b.seen(size)
		}
	}
	if len(w.sizes) == 0 {
		e.spare = append(e.spare, w)
		return false
	}
	e.free = max(e.free, b.now) + burstTime*time.Duration(len(w.bytes))/(64<<10)
	w.at = e.free + burstDelay
	e.flying.push(w)
	return more
}

// step goes on to whatever happens next.
func (b *bulk) step(spent *stopwatch) {
	next, who, timer := never, 0, false
	for i := range b.ends {
		e := &b.ends[i]
		if f := &e.flying; f.len() > 0 && (*f.at(f.first())).at < next {
			next, who, timer = (*f.at(f.first())).at, i, false
		}
		if at, ok := e.conn.NextTimeout(); ok && at < next {
			next, who, timer = at, i, true
		}
	}
	b.now = max(b.now, next)
	switch {
	case next == never:
		b.t.Fatalf("nothing happens any more: %s", b)
	case timer:
		b.ends[who].conn.HandleTimeout(b.now)
	default:
		b.arrive(&b.ends[who], b.ends[1-who].conn, who, spent)
	}
}

// arrive hands the next burst of an end to the other.
func (b *bulk) arrive(from *bulkEnd, to *Conn, who int, spent *stopwatch) {
	w := *from.flying.at(from.flying.first())
	from.flying.popFront(1)
	parse, handle := bulkParse, bulkHandle
	if who == 1 {
		parse, handle = bulkAcked, bulkAcked
	}
	spent.time(parse, func() {
		rest := w.bytes
		for i, size := range w.sizes {
			if err := proto.Parse(rest[:size], &b.packets[i]); err != nil {
				b.t.Fatal(err)
			}
			rest = rest[size:]
		}
	})
	spent.time(handle, func() {
		for i, size := range w.sizes {
			to.Handle(b.now, to.Peer(), &b.packets[i], size, NotECT)
		}
	})
	from.spare = append(from.spare, w)
}
