package chat

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"udplab/lossy"
	"udplab/reliable"
)

// inbox is a connection made by hand: the test puts messages into its buffer,
// which is when a real one acknowledges them, and its reader may be slow, as a
// goroutine is that does not get to run.
type inbox struct {
	buffer chan []byte // never full
	slow   func()      // called by the reader before it looks; may block
	over   chan struct{}
}

func newInbox(slow func()) *inbox {
	return &inbox{buffer: make(chan []byte, 1000), slow: slow, over: make(chan struct{})}
}

func (b *inbox) put(m Message) { b.buffer <- m.Encode() }

func (b *inbox) Receive(ctx context.Context) ([]byte, error) {
	b.slow()
	select { // what is ready is returned, whatever became of the context
	case m := <-b.buffer:
		return m, nil
	default:
	}
	select {
	case m := <-b.buffer:
		return m, nil
	case <-b.over:
		return nil, io.EOF
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (b *inbox) Receipt(ctx context.Context) (reliable.Receipt, error) {
	select {
	case <-b.over:
		return reliable.Receipt{}, io.EOF
	case <-ctx.Done():
		return reliable.Receipt{}, ctx.Err()
	}
}

func (*inbox) SendTracked(context.Context, []byte) (uint64, error) { return 0, nil }
func (*inbox) CloseWithError(uint32, string) error                 { return nil }
func (*inbox) Abort() error                                        { return nil }
func (*inbox) RemoteAddr() net.Addr                                { return net.UDPAddrFromAddrPort(homeAddr) }
func (*inbox) Stats() reliable.Stats                               { return reliable.Stats{} }

// inboxes is an endpoint to which the test brings connections.
type inboxes chan connection

func (e inboxes) Accept(ctx context.Context) (connection, error) {
	select {
	case c := <-e:
		return c, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (inboxes) Dial(ctx context.Context, _ netip.AddrPort) (connection, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (inboxes) Addr() net.Addr                { return net.UDPAddrFromAddrPort(awayAddr) }
func (inboxes) Close() error                  { return nil }
func (inboxes) Stats() reliable.EndpointStats { return reliable.EndpointStats{} }

// reading opens a session that reads inboxes, and returns it and what ends it.
func reading(t *testing.T, e inboxes) (l *listener, end func(...*inbox)) {
	socket, err := lossy.NewNetwork(lossy.Config{}).Listen(awayAddr)
	if err != nil {
		t.Fatal(err)
	}
	s := newReliableSession(Config{Mode: ReliableMode, Name: "bob", Socket: socket}, e)
	l = &listener{Session: s, t: t, done: make(chan struct{})}
	go func() {
		defer close(l.done)
		for e := range s.Events() {
			l.mu.Lock()
			l.events = append(l.events, e)
			l.mu.Unlock()
		}
	}()
	return l, func(open ...*inbox) {
		for _, b := range open {
			close(b.over)
		}
		if err := l.close(time.Second); err != nil {
			t.Error(err)
		}
	}
}

func hello(run string) Message { return Message{Kind: Hello, Name: "ann", Text: run} }

func line(id int) Message {
	return Message{Kind: Text, Name: "ann", ID: uint64(id), Text: strconv.Itoa(id)}
}

func immediately() {}

// The peer's lines 1 and 2 were acknowledged on one connection, so it sends 3 on
// the next. The goroutine that reads the first does not get to run before the
// other one has read 3; still 2 is shown before it. This is what TestSwarm met
// once on a busy machine.
func TestLineWaitsForAnOlderOneInAnotherBuffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{}, 100)
		e := make(inboxes)
		l, end := reading(t, e)
		first, second := newInbox(func() { <-gate }), newInbox(immediately)
		e <- first
		first.put(hello("run"))
		first.put(line(1))
		gate <- struct{}{} // to read the hello
		gate <- struct{}{} // and line 1
		synctest.Wait()
		first.put(line(2))
		e <- second
		second.put(hello("run"))
		second.put(line(3))
		second.put(line(4))
		synctest.Wait()
		if got, want := fmt.Sprint(l.texts(Received)), "[1]"; got != want {
			t.Errorf("with 2 in the buffer of the first connection, %s is shown, want %s", got, want)
		}
		gate <- struct{}{}
		synctest.Wait()
		if got, want := fmt.Sprint(l.texts(Received)), "[1 2 3 4]"; got != want {
			t.Errorf("when the first connection was read, %s is shown, want %s", got, want)
		}
		close(gate)
		end(first, second)
	})
}

// Lines that are not there delay nothing for long: a run that comes into the
// middle of a conversation begins with any ID, and a peer may have lost some.
func TestLineWaitsForNothingThatIsNotThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := make(inboxes)
		l, end := reading(t, e)
		first, second, mute := newInbox(immediately), newInbox(immediately), newInbox(immediately)
		e <- first
		first.put(hello("run"))
		first.put(line(7))
		e <- mute // somebody connects and says nothing
		e <- second
		second.put(hello("run"))
		second.put(line(9))
		second.put(line(9))
		second.put(line(12))
		synctest.Wait()
		if got, want := fmt.Sprint(l.texts(Received)), "[7 9 12]"; got != want {
			t.Errorf("%s is shown, want %s", got, want)
		}
		end(first, second, mute)
	})
}

// A connection that ends empties its buffer first, and its end does not
// overtake a line that waits.
func TestLineWaitsForTheEndOfAnotherConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		e := make(inboxes)
		l, end := reading(t, e)
		first, second := newInbox(immediately), newInbox(immediately)
		e <- first
		first.put(hello("run"))
		first.put(line(1))
		synctest.Wait()
		first.slow = func() { <-gate } // its reader is in Receive already, and slow from the next on
		first.put(line(2))
		synctest.Wait()
		first.put(line(3))
		e <- second
		second.put(hello("run"))
		second.put(line(5)) // 4 was lost with a connection of before
		close(second.over)
		synctest.Wait()
		close(first.over)
		synctest.Wait()
		if got, want := fmt.Sprint(l.texts(Received)), "[1 2]"; got != want {
			t.Errorf("with 3 in the buffer, %s is shown, want %s", got, want)
		}
		close(gate)
		synctest.Wait()
		if got, want := fmt.Sprint(l.texts(Received)), "[1 2 3 5]"; got != want {
			t.Errorf("at the end %s is shown, want %s", got, want)
		}
		end()
	})
}

// A peer that keeps to no order on two connections without end must not fill the
// memory of this side.
func TestWaitingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{}, 10)
		e := make(inboxes)
		l, end := reading(t, e)
		first, second := newInbox(func() { <-gate }), newInbox(immediately)
		e <- first
		first.put(hello("run"))
		gate <- struct{}{}
		synctest.Wait()
		e <- second
		second.put(hello("run"))
		for i := range maxWaiting + 10 {
			second.put(line(2 * (i + 1)))
			if i%500 == 0 {
				synctest.Wait()
			}
		}
		synctest.Wait()
		if got := len(l.texts(Received)); got == 0 {
			t.Errorf("%d lines wait for a connection that says nothing", maxWaiting+10)
		}
		close(gate)
		end(first, second)
	})
}

// For many seeds: a peer sends lines over three connections in turn, each only
// when all before it lie in a buffer, and the readers are slow at random. What
// is shown is all lines, in order.
func TestLinesOverManyConnectionsKeepTheirOrder(t *testing.T) {
	for seed := range uint64(100) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 2))
			e := make(inboxes)
			l, end := reading(t, e)
			var boxes []*inbox
			for k := range 3 {
				sleeps := rand.New(rand.NewPCG(seed, uint64(3+k)))
				b := newInbox(func() { time.Sleep(time.Duration(sleeps.IntN(4)) * time.Millisecond) })
				boxes = append(boxes, b)
				e <- b
				b.put(hello("run"))
			}
			time.Sleep(time.Second)
			var want []string
			id := 0
			for range 200 {
				if id++; random.IntN(20) == 0 {
					id += random.IntN(3) // lost, or for another run
				}
				b := boxes[random.IntN(3)]
				b.put(line(id))
				if random.IntN(10) == 0 { // again: its acknowledgment was lost
					boxes[random.IntN(3)].put(line(id))
				}
				want = append(want, strconv.Itoa(id))
				time.Sleep(time.Duration(random.IntN(2)) * time.Millisecond)
			}
			time.Sleep(2 * time.Second)
			if got := l.texts(Received); !slices.Equal(got, want) {
				t.Errorf("seed %d: shown\n%v\nwant\n%v", seed, got, want)
			}
			end(boxes...)
		})
		if t.Failed() {
			return
		}
	}
}
