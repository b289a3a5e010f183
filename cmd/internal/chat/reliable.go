package chat

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
)

// reliableSession is reliable mode: every line once and in order, for as long
// as it takes, over one connection after the other if need be.
//
// One goroutine, the conversation, owns everything that is decided (see
// conversation.go). Goroutines that wait, for the peer, for connections and for
// the caller, only tell it what happened.
type reliableSession struct {
	endpoint endpoint
	socket   net.PacketConn
	target   netip.AddrPort // zero = wait for somebody
	run      string         // names this run to the peer
	watch    Watch
	events   stage

	base     context.Context // ends with the session
	stop     context.CancelFunc
	routines sync.WaitGroup
	inputs   chan input
	says     chan said
	room     chan struct{} // one element for each own line not delivered
	leave    chan context.Context
	ended    chan struct{}
	closing  sync.Once
	result   error // set before ended is closed

	name  atomic.Pointer[string]
	tally tally
}

// said is a line on its way to the conversation.
type said struct {
	text string
	id   chan<- uint64 // capacity 1
}

func newReliableSession(cfg Config, e endpoint) *reliableSession {
	base, stop := context.WithCancel(context.Background())
	s := &reliableSession{
		endpoint: e,
		socket:   cfg.Socket,
		target:   cfg.Peer,
		run:      rand.Text(),
		watch:    cfg.Watch,
		events:   make(stage, eventBuffer),
		base:     base,
		stop:     stop,
		inputs:   make(chan input),
		says:     make(chan said),
		room:     make(chan struct{}, MaxQueued),
		leave:    make(chan context.Context, 1),
		ended:    make(chan struct{}),
	}
	s.name.Store(&cfg.Name)
	s.tally.live = map[*link]bool{}
	go newConversation(s).loop()
	return s
}

// Say queues a line.
func (s *reliableSession) Say(ctx context.Context, text string) (uint64, error) {
	if len(text) > MaxText {
		return 0, ErrTooLong
	}
	select {
	case s.room <- struct{}{}:
	default:
		select {
		case s.room <- struct{}{}:
		case <-ctx.Done():
			return 0, ErrFull
		case <-s.ended:
			return 0, ErrClosed
		}
	}
	id := make(chan uint64, 1)
	select {
	case s.says <- said{text, id}:
		if id, ok := <-id; ok {
			return id, nil
		}
		return 0, ErrClosed
	case <-s.ended:
		return 0, ErrClosed
	}
}

func (s *reliableSession) SetName(name string) { s.name.Store(&name) }

func (s *reliableSession) Events() <-chan Event { return s.events }

func (s *reliableSession) LocalAddr() net.Addr { return s.endpoint.Addr() }

func (s *reliableSession) Counters() Counters {
	c := s.tally.counters()
	e := s.endpoint.Stats()
	c.Corrupt += e.ChecksumErrors
	c.Malformed += e.Malformed + e.NotPackets
	c.DatagramsSent, c.BytesSent = e.DatagramsSent, e.BytesSent
	c.DatagramsReceived, c.BytesReceived = e.DatagramsReceived, e.BytesReceived
	return c
}

// Close waits for the acknowledgments of what was said, at most until ctx is
// done, and says goodbye.
func (s *reliableSession) Close(ctx context.Context) error {
	s.closing.Do(func() { s.leave <- ctx })
	<-s.ended
	return s.result
}

// tell brings an input to the conversation.
func (s *reliableSession) tell(in input) {
	select {
	case s.inputs <- in:
	case <-s.base.Done():
	}
}

// endReason words why a connection ended.
func endReason(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "it opened a connection and said nothing"
	}
	return strings.TrimPrefix(err.Error(), "reliable: ")
}
