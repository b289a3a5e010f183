package reliable

import (
	"encoding/binary"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"udplab/reliable/congestion"
)

// Two ends, eight channels of each mode there is, a sender and a reader for each
// at both ends, settings that change meanwhile, on a bad network: what each mode
// promises holds on each channel, and every reader sees the end.
func TestManyChannelsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 100
		network := bad
		network.Corrupt = 0
		a, b := connected(t, network, &Config{
			SendBuffer: 64 << 10, FirstNumber: 1<<32 - 20,
			Congestion: func(c congestion.Config) congestion.Controller {
				return congestion.NewFixed(c, 128<<10) // deadlines are missed by losses alone
			},
		})
		var work sync.WaitGroup
		for _, ends := range [][2]*Conn{{a, b}, {b, a}} {
			var sending sync.WaitGroup
			for id := range uint8(8) {
				mode := Mode(id % 6)
				sending.Go(func() { sendNumbers(t, ends[0].Channel(id), mode, n) })
				work.Go(func() { readNumbers(t, ends[1].Channel(id), mode, n) })
			}
			work.Go(func() {
				sending.Wait()
				if err := ends[0].CloseWrite(); err != nil && !errors.Is(err, ErrClosed) {
					t.Error(err)
				}
			})
		}
		work.Wait()
	})
}

func sendNumbers(t *testing.T, ch *Channel, mode Mode, n int) {
	for i := range n {
		config := ChannelConfig{Mode: mode, Lifetime: 200 * time.Millisecond, Priority: int8(i % 3), Weight: uint8(i)}
		if err := ch.Configure(config); err != nil {
			t.Error(err)
		}
		msg := binary.BigEndian.AppendUint32(make([]byte, i*30), uint32(i))
		if i%2 == 0 {
			if err := ch.Send(t.Context(), msg); err != nil {
				t.Errorf("channel %d, message %d: %v", ch.ID(), i, err)
				return
			}
		} else {
			for errors.Is(ch.TrySend(msg), ErrWouldBlock) {
				time.Sleep(time.Millisecond) // fake time
			}
		}
		time.Sleep(20 * time.Millisecond) // fake time
	}
}

func readNumbers(t *testing.T, ch *Channel, mode Mode, n int) {
	next, seen, skipped, last := 0, map[int]bool{}, 0, -1
	for {
		m, err := ch.Receive(t.Context())
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Errorf("channel %d: %v", ch.ID(), err)
			return
		}
		i := int(binary.BigEndian.Uint32(m.Data[len(m.Data)-4:]))
		switch {
		case seen[i] || len(m.Data) != 4+i*30:
			t.Errorf("channel %d: message %d again, or not as it was sent", ch.ID(), i)
		case mode == ModeOrdered && i != next:
			t.Errorf("channel %d: message %d, want %d", ch.ID(), i, next)
		case mode != ModeUnordered && mode != ModeUnreliable && i < last:
			t.Errorf("channel %d: message %d after %d", ch.ID(), i, last)
		}
		seen[i], last, next = true, i, i+1
		skipped += m.Skipped
	}
	s := ch.Stats()
	if int(s.MessagesReceived) != len(seen) || s.ReceiveBytes > 256<<10 {
		t.Errorf("channel %d: %d read, %+v", ch.ID(), len(seen), s)
	}
	switch mode {
	case ModeOrdered, ModeUnordered:
		if len(seen) != n {
			t.Errorf("channel %d: %d messages, want all %d", ch.ID(), len(seen), n)
		}
	case ModeLatest:
		if last != n-1 || len(seen)+skipped != n {
			t.Errorf("channel %d ended with message %d, %d read and %d skipped", ch.ID(), last, len(seen), skipped)
		}
	case ModeSequenced, ModeUnreliable, ModeDeadline:
		if len(seen) < n/2 || len(seen)+skipped > n {
			t.Errorf("channel %d: %d read and %d skipped of %d", ch.ID(), len(seen), skipped, n)
		}
	}
}
