package reliable

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"udplab/proto"
	"udplab/reliable/arq"
	"udplab/reliable/internal/udp"
)

// Conn is a connection: reliable, ordered messages with Send and Receive, and
// a net.Conn, a byte stream over the same messages, with Read and Write. Use
// one pair or the other. Both are channel 0; Channel gives the others, and
// modes that promise less and wait less. All methods are safe for concurrent
// use.
//
// A connection has no goroutine, timer or channel of its own: the socket's
// reader and the callers of its methods drive the state machine in turn.
type Conn struct {
	listener *Listener
	shard    *shard // of the listener

	// Owned by deadlines, under its lock.
	wakeAt    time.Duration
	reminder  time.Duration // when it is looked at again, however wakeAt moves away
	wakePlace [2]int32      // in the two heaps, plus 1; 0 = not there

	mu        sync.Mutex // guards what is below
	machine   *arq.Conn
	peer      netip.AddrPort // where machine.Peer was when the endpoint last heard
	incoming  bool           // the peer opened it and Accept has not been told
	forgotten bool           // the listener does not know it any more
	unsettled bool           // packets were handled, and what follows from them was not done
	reads     bool           // the last settle woke a call that waits for a message
	reading   []byte         // the message that Read is in
	partial   []byte         // rest of it
	main      Channel
	others    []*Channel // by number, nil where nobody asked for it

	receipts, states            waiters
	readDeadline, writeDeadline time.Time // of channel 0
}

// input feeds the state machine and sends, arms and wakes what follows.
func (c *Conn) input(feed func(m *arq.Conn, now time.Duration)) {
	c.mu.Lock()
	now := c.listener.now()
	feed(c.machine, now)
	c.settle(now)
	c.mu.Unlock()
}

// receive takes in a packet of this connection. fresh: the packet made it.
// later asks for settleBatch when the batch is read: it is true for the first
// packet of a batch while messages flow. Any other may open, end or replace
// something, and what follows from it does not wait. c.mu is held.
func (c *Conn) receive(now time.Duration, d *udp.Datagram, p *proto.Packet, fresh bool) (later bool) {
	flows := !c.incoming && c.machine.State() == arq.Open
	if !fresh {
		c.machine.Handle(now, d.From, p, len(d.Bytes), arq.ECN(d.ECN))
	}
	if !flows || c.machine.State() != arq.Open {
		c.settle(now)
		return false
	}
	later = !c.unsettled
	c.unsettled = true
	return later
}

// settleBatch settles what receive left, unless another input did meanwhile. It
// reports whether that woke a call that waits for a message.
func (c *Conn) settleBatch(now time.Duration) (reads bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.unsettled {
		c.settle(now)
		reads = c.reads
	}
	return reads
}

func (c *Conn) timeout() {
	c.input(func(m *arq.Conn, now time.Duration) { m.HandleTimeout(now) })
}

// settle drains the state machine after an input. c.mu is held.
func (c *Conn) settle(now time.Duration) {
	c.unsettled = false
	if c.forgotten {
		return
	}
	out := bursts.Get().(*burst)
	c.drain(now, out)
	if peer := c.machine.Peer(); peer != c.peer {
		c.peer = peer
		c.listener.moved(c)
	}
	state := c.machine.State()
	if c.incoming && state >= arq.Open {
		c.incoming = false
		if !c.listener.config.Rendezvous && !c.listener.announce(c) {
			c.machine.Abort(arq.CodeRefused, "too many connections wait to be accepted")
			c.drain(now, out)
			state = c.machine.State()
		}
	}
	bursts.Put(out)
	if state == arq.Closed {
		c.forgotten = true
		c.listener.forget(c)
		if c.listener.alone {
			c.listener.stop()
		}
		c.wakeWaiters(state)
		return
	}
	c.await(state)
}

// await leaves the machine to whoever comes next: the calls that wait, or the
// time. c.mu is held.
func (c *Conn) await(state arq.State) {
	c.wakeWaiters(state)
	at, wanted := c.machine.NextTimeout()
	c.shard.timing.update(c, at, wanted)
}

// drain sends every packet the machine has.
func (c *Conn) drain(now time.Duration, out *burst) {
	for {
		bytes, to, more := c.machine.AppendPacket(now, out.room())
		if !more {
			break
		}
		out.add(c.shard, bytes, to, udp.ECN(c.machine.ECN()))
	}
	out.flush(c.shard)
}

// wakeWaiters wakes the calls whose condition may have come true.
func (c *Conn) wakeWaiters(state arq.State) {
	over := state >= arq.Draining
	c.reads = c.main.wakeWaiters(over)
	for _, ch := range c.others {
		if ch != nil && ch.wakeWaiters(over) {
			c.reads = true
		}
	}
	c.receipts.wake()
	c.states.wake()
}

// opened waits for the end of the handshake. A connection made for this call is
// given up with it; one that was there and is ending is waited for until it is
// over, so that a next one can take its place.
func (c *Conn) opened(ctx context.Context, made bool) error {
	c.mu.Lock()
	c.settle(c.listener.now())
	err := c.states.wait(ctx, &c.mu, nil, func() bool { return c.machine.State() >= arq.Open })
	if err == nil && c.useless() {
		err = c.machine.Err()
	}
	if err != nil && !made {
		_ = c.states.wait(ctx, &c.mu, nil, func() bool { return c.forgotten })
	}
	c.mu.Unlock()
	if err != nil && made {
		c.abort()
	}
	return err
}

// useless reports whether a connection is ending and has nothing left to read
// for a caller of Dial. c.mu is held.
func (c *Conn) useless() bool {
	err := c.machine.Err()
	return errors.Is(err, arq.ErrClosed) || err != nil && !c.machine.Readable()
}

// Close ends the connection in order: messages already queued are delivered
// and the peer is told. It waits for that at most Config.Linger; what is not
// acknowledged then is given up, and Close says so. Like any net.Conn it ends
// reading as well: what the peer sends meanwhile is acknowledged and found by
// Receive only if it is there already. Two sides that both have last words say
// goodbye in messages first.
func (c *Conn) Close() error { return c.CloseWithError(0, "") }

// CloseWithError is Close with a code and a reason (at most 256 bytes of
// UTF-8) for the peer, which gets them as a *PeerError; code 0 is the end of
// the stream. Codes from 0xff000000 on are the protocol's own.
func (c *Conn) CloseWithError(code uint32, reason string) error {
	c.input(func(m *arq.Conn, now time.Duration) {
		if m.State() == arq.Lingering { // the peer closed first, and has its answer
			m.Abort(code, reason)
			return
		}
		m.Close(now, code, reason)
	})
	ctx, cancel := context.WithTimeout(context.Background(), c.listener.config.linger())
	defer cancel()
	c.mu.Lock()
	err := c.states.wait(ctx, &c.mu, nil, func() bool { return c.machine.State() == arq.Closed })
	unacked := c.machine.Stats().SendQueueBytes
	c.mu.Unlock()
	if err != nil {
		c.abort()
		if unacked > 0 {
			return fmt.Errorf("reliable: close: %d bytes were not acknowledged within %v", unacked, c.listener.config.linger())
		}
	}
	c.awaitSocket()
	return nil
}

// Abort ends the connection at once: what is queued is given up, the peer is
// told with one packet, which may get lost. It never looks like a Close to the
// peer, whose Receive gives a *PeerError with arq.CodeAborted.
func (c *Conn) Abort() error {
	c.abort()
	c.awaitSocket()
	return nil
}

func (c *Conn) abort() {
	c.input(func(m *arq.Conn, _ time.Duration) { m.Abort(arq.CodeAborted, "aborted") })
}

// awaitSocket waits until a socket that existed for this connection only is
// no longer read.
func (c *Conn) awaitSocket() {
	if c.listener.alone {
		c.listener.running.Wait()
	}
}

// Err returns why the connection is over, nil while it is not.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return public(c.machine.Err())
}

// Stats returns a snapshot of the connection's counters and gauges.
func (c *Conn) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.machine.Stats()
}

// EndpointStats returns a snapshot of what the connection's socket saw.
func (c *Conn) EndpointStats() EndpointStats { return c.listener.Stats() }

// LocalAddr is the socket's address.
func (c *Conn) LocalAddr() net.Addr { return c.listener.Addr() }

// RemoteAddr is the peer's address. It changes when the peer moves to another
// network, or a router on the way gives it another port.
func (c *Conn) RemoteAddr() net.Addr {
	c.mu.Lock()
	defer c.mu.Unlock()
	return net.UDPAddrFromAddrPort(c.peer)
}
