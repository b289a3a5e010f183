package chat

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"udplab/reliable/raw"
)

// datagramSession is raw and bare-text mode: what is said leaves at once, and
// what becomes of it nobody knows.
type datagramSession struct {
	conn   *raw.Conn
	bare   bool
	events stage
	retire func()

	saying  sync.Mutex // held while a line leaves: lines leave in the order of their IDs
	name    string
	over    bool
	telling sync.WaitGroup // Says that still have to tell
	last    atomic.Uint64  // ID of the newest own line

	received  atomic.Uint64 // lines shown
	malformed atomic.Uint64 // intact packets with no message of a chat in them
	absent    atomic.Bool   // the last news of the peer is that it is not there
	unheard   atomic.Uint64 // lines sent since the last sign of the peer

	cancel  context.CancelFunc
	stopped chan struct{}
	ended   sync.Once
	result  error

	// Owned by the receiving goroutine.
	peer      presence
	streams   map[uint64]*gaps
	answers   int // hellos answered in the second that began at:
	answering time.Time
	otherMode bool // PeerOtherMode was told
}

func openDatagram(cfg Config) (*datagramSession, error) {
	conn, err := raw.New(cfg.Socket, cfg.Peer, nil)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &datagramSession{
		conn:    conn,
		bare:    cfg.Mode == TextMode,
		events:  make(stage, eventBuffer),
		retire:  cfg.Watch.raw(conn.Stats),
		name:    cfg.Name,
		cancel:  cancel,
		stopped: make(chan struct{}),
		streams: map[uint64]*gaps{},
	}
	go s.receive(ctx)
	if !s.bare { // a tutorial chat gets nothing but what people say
		s.control(Hello)
	}
	return s, nil
}

// Say sends a line at once.
func (s *datagramSession) Say(_ context.Context, text string) (uint64, error) {
	if len(text) > MaxText {
		return 0, ErrTooLong
	}
	e, err := s.send(text)
	if err != nil {
		return 0, err
	}
	defer s.telling.Done()
	// Not under the lock: whoever reads the events may be waiting for it.
	s.events.emit(e)
	return e.ID, nil
}

// send sends a line and returns what to tell about it. Unless there is an
// error, the caller owes a telling.Done.
func (s *datagramSession) send(text string) (Event, error) {
	s.saying.Lock()
	defer s.saying.Unlock()
	if s.over {
		return Event{}, ErrClosed
	}
	s.telling.Add(1)
	m := Message{Kind: Text, ID: s.last.Add(1), Name: s.name, Text: text}
	var err error
	if s.bare {
		_, err = s.conn.SendText(text)
	} else {
		_, err = s.conn.Send(m.Encode())
	}
	if err != nil {
		return Event{Kind: Failed, ID: m.ID, Text: text, Reason: reason(err)}, nil
	}
	s.unheard.Add(1)
	return Event{Kind: Sent, ID: m.ID, Text: text}, nil
}

// control sends a hello or a goodbye. That it may not leave or not arrive is
// the nature of this mode.
func (s *datagramSession) control(kind MessageKind) {
	s.saying.Lock()
	defer s.saying.Unlock()
	if s.over && kind != Bye {
		return
	}
	m := Message{Kind: kind, ID: s.last.Load(), Name: s.name}
	_, _ = s.conn.Send(m.Encode())
}

func (s *datagramSession) SetName(name string) {
	s.saying.Lock()
	defer s.saying.Unlock()
	s.name = name
}

func (s *datagramSession) Events() <-chan Event { return s.events }

func (s *datagramSession) LocalAddr() net.Addr { return s.conn.LocalAddr() }

func (s *datagramSession) Counters() Counters {
	c := s.conn.Stats()
	return Counters{
		LinesSent:         s.last.Load(),
		LinesReceived:     s.received.Load(),
		Lost:              c.Lost,
		OutOfOrder:        c.OutOfOrder,
		Duplicate:         c.Duplicate,
		Corrupt:           c.Corrupt,
		Malformed:         c.Malformed + s.malformed.Load(),
		DatagramsSent:     c.Sent + c.TextSent,
		DatagramsReceived: c.Received + c.Text + c.Corrupt + c.Malformed + c.WrongMode,
		BytesSent:         c.BytesSent,
		BytesReceived:     c.BytesReceived,
		Jitter:            c.Jitter,
	}
}

// Close says goodbye and leaves. It does not wait: nothing can be waited for.
func (s *datagramSession) Close(context.Context) error {
	s.ended.Do(func() {
		s.saying.Lock()
		s.over = true
		s.saying.Unlock()
		if !s.bare {
			s.control(Bye)
		}
		s.cancel()
		<-s.stopped
		s.result = s.conn.Close()
		if s.absent.Load() && s.unheard.Load() > 0 {
			s.result = ErrUnreachable
		}
		s.retire()
		s.telling.Wait()
		close(s.events)
	})
	return s.result
}

// receive reads until the session ends, and then what has arrived already.
func (s *datagramSession) receive(ctx context.Context) {
	defer close(s.stopped)
	const most = 10_000 // a peer that never stops must not keep us
	for left := most; left > 0; {
		e, err := s.conn.Receive(ctx)
		if err != nil {
			return
		}
		s.events.emit(s.arrived(e)...)
		if ctx.Err() != nil {
			left--
		}
	}
}

// arrived turns what the socket saw into what to tell.
func (s *datagramSession) arrived(e raw.Event) []Event {
	from := e.From.String()
	var events []Event
	switch e.Kind {
	case raw.Message:
		events = s.message(e)
	case raw.Damaged:
		m, _ := DecodeDamaged(e.Payload)
		events = []Event{{Kind: Damaged, ID: m.ID, Name: m.Name, Text: m.Text}}
	case raw.Text:
		s.heard()
		s.received.Add(1)
		events = append(s.peer.heard("", ""), Event{Kind: BareText, Text: trimLineEnd(string(e.Payload))})
	case raw.PeerAbsent:
		s.absent.Store(true)
		return s.peer.absent("nobody listens at " + s.conn.Peer().String())
	case raw.WrongMode:
		if s.otherMode {
			return nil
		}
		s.otherMode = true
		events = []Event{{Kind: Peer, Peer: PeerOtherMode, Reason: "the peer runs reliable mode"}}
	}
	for i := range events {
		events[i].From = from
	}
	return events
}

// heard notes a sign that the peer is there.
func (s *datagramSession) heard() {
	s.absent.Store(false)
	s.unheard.Store(0)
}

// message handles an intact packet.
func (s *datagramSession) message(e raw.Event) []Event {
	s.heard()
	m, err := Decode(e.Payload)
	if err != nil {
		s.malformed.Add(1)
		return nil
	}
	s.otherMode = false
	g := s.streams[e.Stream]
	if g == nil {
		if len(s.streams) >= 8 { // more than the Conn keeps accounts of
			clear(s.streams)
		}
		g = &gaps{}
		s.streams[e.Stream] = g
	}
	var events []Event
	switch e.Arrival.Kind {
	case raw.First, raw.InOrder, raw.Gap, raw.Jump: // anything else may be older than a goodbye
		events = s.peer.heard(m.Name, strconv.FormatUint(e.Stream, 16))
	}
	events = g.arrived(events, e.Arrival, &m)
	if m.Kind == Text && e.Arrival.Kind != raw.Duplicate {
		s.received.Add(1)
	}
	switch {
	case m.Kind == Bye && e.Arrival.Kind != raw.Duplicate:
		events = append(events, s.peer.left()...)
	case e.Arrival.Kind == raw.First && !s.bare && s.mayAnswer():
		s.control(Hello) // it has just come and may have missed ours
	}
	return events
}

// mayAnswer bounds the answers to hellos: whoever invents streams must not make
// this side a source of traffic.
func (s *datagramSession) mayAnswer() bool {
	const mostASecond = 4
	if now := time.Now(); now.Sub(s.answering) >= time.Second {
		s.answers, s.answering = 0, now
	}
	s.answers++
	return s.answers <= mostASecond
}

// reason words an error for a line of the conversation: without the addresses
// and calls that package net puts before it.
func reason(err error) string {
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		return fmt.Sprint(op.Err)
	}
	return strings.TrimPrefix(err.Error(), "raw: ")
}

// trimLineEnd takes one line end off: netcat sends it, the tutorial chat not.
func trimLineEnd(s string) string {
	return strings.TrimSuffix(strings.TrimSuffix(s, "\n"), "\r")
}
