package chat

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// Mode is the transport of a session.
type Mode uint8

// The modes.
const (
	RawMode      Mode = iota + 1 // sequenced datagrams, nothing repaired
	TextMode                     // bare text, for the tutorial chat
	ReliableMode                 // every line once, in order
)

// Config says how to open a [Session].
type Config struct {
	Mode Mode
	Name string // of this side, at most MaxName bytes
	// Socket is bound to the own address. The session takes it over.
	Socket net.PacketConn
	// Peer is where to send to. In reliable mode it may be zero: then the
	// session waits for somebody to come.
	Peer netip.AddrPort
	// Watch, if set, is told of the counters to publish.
	Watch Watch
}

// Errors of Say.
var (
	ErrClosed  = errors.New("chat: the session is over")
	ErrTooLong = fmt.Errorf("chat: a line has at most %d bytes", MaxText)
	ErrFull    = fmt.Errorf("chat: %d lines are waiting for the peer", MaxQueued)
)

// ErrUnreachable is returned by Close if the system reported that nobody
// listens at the peer's address, and nothing was heard from there since the
// last line.
var ErrUnreachable = errors.New("chat: nobody answers at the peer's address")

// UndeliveredError is returned by Close if lines were said that the peer did
// not acknowledge.
type UndeliveredError struct {
	Lines    int
	EverMet  bool  // the peer was there at some time
	Deadline error // why Close did not wait longer
}

// Error says how many.
func (e *UndeliveredError) Error() string {
	if e.Lines == 1 {
		return "chat: 1 line was not delivered"
	}
	return fmt.Sprintf("chat: %d lines were not delivered", e.Lines)
}

// Unwrap is the reason for not waiting longer.
func (e *UndeliveredError) Unwrap() error { return e.Deadline }

// Session is a conversation with one peer. Its methods are safe for concurrent
// use. The caller must read Events until it is closed, on another goroutine
// than it calls Say and Close from: they report through it.
type Session interface {
	// Say sends a line, or queues it until the peer is there, and returns its
	// ID. It waits while the queue is full, until ctx is done: then ErrFull.
	// Other errors: ErrTooLong, ErrClosed. What the network does is no error of
	// Say but an event.
	Say(ctx context.Context, text string) (id uint64, err error)
	// SetName changes the own name, from the next line on.
	SetName(name string)
	// Events tells what happens, in order. It is closed at the end of Close.
	Events() <-chan Event
	// Counters is a snapshot.
	Counters() Counters
	// LocalAddr is the address the session listens on.
	LocalAddr() net.Addr
	// Close takes no more lines, waits in reliable mode until the peer has what
	// was said or ctx is done, says goodbye and closes the socket. Lines that
	// stay behind become Failed events, and an UndeliveredError.
	Close(ctx context.Context) error
}

// Open starts a session.
func Open(cfg Config) (Session, error) {
	switch cfg.Mode {
	case RawMode, TextMode:
		return openDatagram(cfg)
	case ReliableMode:
		return openReliable(cfg)
	}
	return nil, fmt.Errorf("chat: unknown mode %d", cfg.Mode)
}

// eventBuffer lets a burst pass without making the network wait for the
// terminal.
const eventBuffer = 256

// stage is where a session's events go out.
type stage chan Event

func (s stage) emit(events ...Event) {
	now := time.Now()
	for _, e := range events {
		e.At = now
		s <- e
	}
}
