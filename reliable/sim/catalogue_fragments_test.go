package sim

import (
	"errors"
	"testing"
	"time"

	"udplab/proto"
	"udplab/reliable/arq"
)

// One fragment each of as many messages as a peer can begin, on every lane there
// is, each said to have 64 MiB; then fragments that overlap; then totals that
// disagree. Memory follows what was received and what credit allows, not what is
// declared, and a contradiction ends the connection.
func TestR4_FragmentBombs(t *testing.T) {
	const window, messages = 1 << 20, 12
	channels := 256
	if raceEnabled {
		channels = 32 // the time is that of packets times lanes
	}
	w, a, b := openPair(t, arq.Config{ReceiveWindow: window})
	w.Path(b.node, a.node).SetDown(true) // a must not hear that what it never sent is acknowledged
	f := w.forger(a.node, b)
	fragment := func(m proto.Message, bytes int) {
		m.Payload = make([]byte, bytes)
		f.send(func(b *proto.DataBuilder) {
			b.AddSentAt(uint32(w.now / time.Microsecond))
			b.AddMessage(&m)
		})
		w.Run(time.Millisecond / 10)
	}
	first := uint32(0)
	sent := 0
	bomb := func() {
		for seq := range uint32(messages) {
			for channel := range channels {
				for mode := proto.ModeUnordered; mode <= proto.ModeDeadline; mode++ {
					m := proto.Message{
						Channel: uint8(channel), Mode: mode, Seq: first + seq, Size: proto.MaxMessage, Offset: 1000 * seq, Left: time.Hour,
					}
					fragment(m, 50)
					fragment(m, 80) // overlaps
					sent += 80
				}
			}
		}
	}
	grown := heapOf(func() {
		bomb()
		w.Run(30 * time.Millisecond)
	})
	s := b.Conn.Stats()
	t.Logf("%d bytes sent in %d packets, %d held, heap grown by %d", sent, f.number, s.ReceiveBytes, grown)
	if s.ReceiveBytes > sent || b.Conn.State() != arq.Open {
		t.Errorf("%v: %d bytes held of %d sent", b, s.ReceiveBytes, sent)
	}
	// A message in parts costs 500 bytes and less besides its own, lanes included,
	// and a connection that receives something.
	if most := int64(messages*channels*5*600 + 128<<10); grown > most {
		t.Errorf("%d bytes more in use, want at most %d", grown, most)
	}
	fragment(proto.Message{Channel: 3, Mode: proto.ModeUnordered, Seq: first, Size: proto.MaxMessage - 1, Offset: 5000}, 80)
	w.Run(30 * time.Millisecond)
	var violation *arq.ProtocolError
	if b.Conn.State() != arq.Closed || !errors.As(b.Conn.Err(), &violation) || violation.Code != arq.CodeViolation {
		t.Errorf("%v, %v: totals that disagree end the connection", b, b.Conn.Err())
	}
}

// made are Buffers that keep no books, which would count as memory in use. None
// is smaller than those of package reliable.
type made struct{}

func (made) Get(size int) []byte { return make([]byte, size, max(size, 64)) }
func (made) Put([]byte)          {}

// Every second byte of a message, one by one: the holes cost more than the bytes
// between them, so they are few: a message may have 4096, far more than an honest
// sender leaves in a round trip, and one more ends the connection.
func TestR5_OneByteChunksWithGaps(t *testing.T) {
	w, a, b := openPair(t, arq.Config{Buffers: made{}})
	w.Path(b.node, a.node).SetDown(true) // a must not hear that what it never sent is acknowledged
	f := w.forger(a.node, b)
	holes := 0
	grown := heapOf(func() {
		for offset := uint32(1); holes < 4096; offset += 2 {
			f.send(func(b *proto.DataBuilder) {
				b.AddMessage(&proto.Message{Channel: 1, Size: 1 << 20, Offset: offset, Payload: []byte{1}})
			})
			w.Run(time.Millisecond / 10)
			holes++
		}
		w.Run(30 * time.Millisecond)
	})
	t.Logf("%d holes, heap grown by %d", holes, grown)
	if b.Conn.State() != arq.Open || grown > 1<<20 {
		t.Errorf("%v: %d bytes more in use after %d holes", b, grown, holes)
	}
	f.send(func(b *proto.DataBuilder) {
		b.AddMessage(&proto.Message{Channel: 1, Size: 1 << 20, Offset: 20_001, Payload: []byte{1}})
	})
	w.Run(30 * time.Millisecond)
	var violation *arq.ProtocolError
	if b.Conn.State() != arq.Closed || !errors.As(b.Conn.Err(), &violation) || violation.Code != arq.CodeViolation {
		t.Errorf("%v, %v: a hole too many ends the connection", b, b.Conn.Err())
	}
}
