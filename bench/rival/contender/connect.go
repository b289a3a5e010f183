package contender

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
)

// Pair is both ends of a connection in this process.
type Pair struct{ Client, Server Pipe }

// Circuit is connections of one contender in this process, and what they stand
// on.
type Circuit struct {
	Pairs []Pair

	mu      sync.Mutex
	closers []func() error
	closed  bool
}

// Connect makes n connections, each with a dialer of its own. via, if not nil,
// is told where a listener is and says where to dial instead.
func Connect(ctx context.Context, c Contender, o Options, n int, via func(netip.AddrPort) (netip.AddrPort, error)) (_ *Circuit, err error) {
	circuit := &Circuit{}
	defer func() {
		if err != nil {
			circuit.Close()
			err = fmt.Errorf("%s: %w", c.Name, err)
		}
	}()
	var l Listener
	for range n {
		if l == nil || c.Raw {
			if l, err = c.Listen(o); err != nil {
				return nil, err
			}
			circuit.later(l.Close)
		}
		to := l.Addr()
		if via != nil {
			if to, err = via(to); err != nil {
				return nil, err
			}
		}
		if err := circuit.join(ctx, c, o, l, to); err != nil {
			return nil, err
		}
	}
	return circuit, nil
}

// join makes one connection, and a message there and back over it: only then is
// it open at both ends with every contender.
func (k *Circuit) join(ctx context.Context, c Contender, o Options, l Listener, to netip.AddrPort) error {
	d, err := c.NewDialer(o)
	if err != nil {
		return err
	}
	k.later(d.Close)
	client, err := d.Dial(ctx, to)
	if err != nil {
		return fmt.Errorf("dial: %w", err)
	}
	k.later(client.Close)
	defer context.AfterFunc(ctx, k.Close)()
	if err := client.Send([]byte(greeting)); err != nil {
		return fmt.Errorf("greet: %w", err)
	}
	server, err := l.Accept(ctx)
	if err != nil {
		return fmt.Errorf("accept: %w", err)
	}
	k.later(server.Close)
	if err := Fill(server, make([]byte, len(greeting))); err != nil {
		return fmt.Errorf("greeting: %w", err)
	}
	if err := server.Send([]byte(greeting)); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	if err := Fill(client, make([]byte, len(greeting))); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	k.Pairs = append(k.Pairs, Pair{client, server})
	return nil
}

// greeting is the first message each way.
const greeting = "hello"

// later has something closed with the circuit: at once, if that is over.
func (k *Circuit) later(f func() error) {
	k.mu.Lock()
	if !k.closed {
		k.closers = append(k.closers, f)
		f = nil
	}
	k.mu.Unlock()
	if f != nil {
		_ = f()
	}
}

// Close ends everything, connections before the sockets they are on. It may be
// called more than once, from any goroutine.
func (k *Circuit) Close() {
	k.mu.Lock()
	closers := k.closers
	k.closers, k.closed = nil, true
	k.mu.Unlock()
	for _, f := range slices.Backward(closers) {
		_ = f()
	}
}

// Fill receives until buf is full: a message of its size, or as many bytes of a
// stream.
func Fill(p Pipe, buf []byte) error {
	for len(buf) > 0 {
		n, err := p.Receive(buf)
		if err != nil {
			return err
		}
		if n == 0 {
			return errors.New("an empty message")
		}
		buf = buf[n:]
	}
	return nil
}
