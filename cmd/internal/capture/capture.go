package capture

import (
	"fmt"
	"io"
	"net/netip"
	"sync"
	"time"

	"udplab/lossy"
)

// DefaultBuffer is how many bytes wait to be written at most, and besides how
// many wait for their fate.
const DefaultBuffer = 16 << 20

// Options say how a network is captured. The zero value captures everything.
type Options struct {
	// Comment describes the network in the head of the file.
	Comment string
	// Limit is the size of the largest file, in bytes, 0 = any. It ends with the
	// last packet that fits.
	Limit int64
	// SnapLen is how many bytes of a payload are kept, 0 = all.
	SnapLen int
	// Buffer bounds what waits, in bytes, 0 = DefaultBuffer.
	Buffer int
	// Now is the wall clock, nil = time.Now.
	Now func() time.Time
}

// Stats is what a Capture has taken in.
type Stats struct {
	Packets uint64 // in the file, or on their way into it
	LeftOut uint64 // not in it, because the disk could not keep up or failed
	Beyond  uint64 // not in it, because it was full
}

// Capture writes a pcapng file. Make one with New; it must be closed. Safe for
// concurrent use.
type Capture struct {
	options Options
	written chan struct{} // closed when the writing has ended

	mu      sync.Mutex
	filled  sync.Cond // packets wait, or the capture is closing
	waiting batch
	held    int // bytes of packets whose fate is not known
	open    map[*lane]struct{}
	closing bool
	full    bool
	err     error // of the writer
	stats   Stats
}

// batch is packets that wait to be written, with their payloads behind each other.
type batch struct {
	packets []packet
	bytes   []byte
}

// packet is one line of the capture.
type packet struct {
	at       time.Time
	lane     *lane
	out      bool
	index    uint64
	copy     int
	size     int // of the payload in the batch
	mark     lossy.ECN
	verdict  lossy.Verdict
	known    bool          // the verdict is
	original int           // size of the payload that came
	took     time.Duration // since it came, of one that left
	astray   bool
}

// packetBytes is what a packet counts beyond its payload.
const packetBytes = 256

// New begins a file. It does not close out.
func New(out io.Writer, o Options) (*Capture, error) {
	if o.Buffer == 0 {
		o.Buffer = DefaultBuffer
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	w, err := newWriter(out, &o)
	if err != nil {
		return nil, err
	}
	c := &Capture{options: o, written: make(chan struct{}), open: make(map[*lane]struct{})}
	c.filled.L = &c.mu
	go c.write(w)
	return c, nil
}

// Tapper has the capture see the datagrams of a network. A name tells several
// apart and may be empty.
func (c *Capture) Tapper(name string) lossy.Tapper {
	return func(flow lossy.FlowKey, d lossy.Direction, from, to netip.AddrPort) lossy.Tap {
		label := fmt.Sprintf("flow %v", flow)
		if name != "" {
			label += ", proxy " + name
		}
		return &lane{capture: c, label: label, dir: d, from: from, to: to, leaving: make(map[uint64]leaving)}
	}
}

// add takes a packet in, if there is room. The caller holds c.mu.
func (c *Capture) add(p packet, payload []byte) {
	switch w := &c.waiting; {
	case c.full:
		c.stats.Beyond++
	case c.closing, c.err != nil, len(w.bytes)+packetBytes*len(w.packets)+len(payload)+packetBytes > c.options.Buffer:
		c.stats.LeftOut++
	default:
		if len(w.packets) == 0 {
			c.filled.Signal()
		}
		p.size = len(payload)
		w.packets = append(w.packets, p)
		w.bytes = append(w.bytes, payload...)
		c.stats.Packets++
	}
}

// write hands what waits to the writer, until the capture is closed.
func (c *Capture) write(w *writer) {
	defer close(c.written)
	var b batch
	for {
		b = c.take(b)
		if len(b.packets) == 0 {
			c.end(w.flush())
			return
		}
		payload := b.bytes
		for i := range b.packets {
			p := &b.packets[i]
			fits, err := w.write(p, payload[:p.size])
			payload = payload[p.size:]
			if !fits || err != nil {
				c.stop(len(b.packets)-i, !fits && err == nil, err)
				break
			}
		}
		if err := w.flush(); err != nil { // so that a reader sees what there is
			c.stop(0, false, err)
		}
	}
}

// take waits for packets and returns them, in exchange for an empty batch. None
// means that there will be no more.
func (c *Capture) take(empty batch) batch {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.waiting.packets) == 0 && !c.closing {
		c.filled.Wait()
	}
	b := c.waiting
	clear(empty.packets)
	c.waiting = batch{empty.packets[:0], empty.bytes[:0]}
	return b
}

// stop takes nothing in any more: the file is full, or cannot be written.
func (c *Capture) stop(unwritten int, full bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	unwritten += len(c.waiting.packets)
	c.waiting.packets, c.waiting.bytes = c.waiting.packets[:0], c.waiting.bytes[:0]
	c.stats.Packets -= uint64(unwritten)
	if full {
		c.full = true
		c.stats.Beyond += uint64(unwritten)
		return
	}
	c.err = err
	c.stats.LeftOut += uint64(unwritten)
}

func (c *Capture) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
	}
}

// Stats returns what the capture has taken in so far.
func (c *Capture) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stats
}

// Err returns the writer's error so far, if it had one: nothing is written any more
// then.
func (c *Capture) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Close writes what waits, also for its fate, and returns the writer's error, if
// it had one. What comes later is left out. Closing again does nothing more.
func (c *Capture) Close() error {
	c.mu.Lock()
	for l := range c.open {
		l.giveUp()
	}
	c.closing = true
	c.filled.Signal()
	c.mu.Unlock()
	<-c.written
	return c.err
}
