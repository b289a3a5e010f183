package reliable

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"udplab/lossy"
	"udplab/reliable/congestion"
)

// connected opens a connection over an in-memory network that treats both
// directions alike.
func connected(t *testing.T, profile lossy.Profile, config *Config) (dialed, accepted *Conn) {
	t.Helper()
	a, b := peers(t, lossy.NewNetwork(lossy.Config{Seed: 1, Up: profile, Down: profile}), config)
	dialed, err := a.Dial(t.Context(), addrOf(b))
	if err != nil {
		t.Fatal(err)
	}
	accepted, err = b.Accept(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return dialed, accepted
}

var calm = lossy.Profile{Delay: 20 * time.Millisecond}

// A channel that the peer does not read stops its own sender and nobody else's,
// and a reader is woken by the messages of its channel.
func TestAStalledChannelStopsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connected(t, calm, &Config{SendBuffer: 256 << 10})
		stalled := make(chan error)
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			for {
				if err := a.Channel(7).Send(ctx, make([]byte, 10_000)); err != nil {
					stalled <- err
					return
				}
			}
		}()
		other := make(chan string)
		go func() {
			m, err := b.Channel(5).Receive(t.Context())
			other <- fmt.Sprint(string(m.Data), err)
		}()
		time.Sleep(time.Minute) // fake time: channel 7 has come to its end
		synctest.Wait()
		for i := range 1000 {
			want := bytes.Repeat([]byte{byte(i)}, 1000)
			if err := a.Channel(3).Send(t.Context(), want); err != nil {
				t.Fatal(err)
			}
			if m, err := b.Channel(3).Receive(t.Context()); err != nil || !bytes.Equal(m.Data, want) {
				t.Fatalf("message %d: %d bytes, %v", i, len(m.Data), err)
			}
		}
		select {
		case got := <-other:
			t.Errorf("a reader of channel 5 got %q from channel 3", got)
		case err := <-stalled:
			t.Errorf("channel 7 did not stall: %v", err)
		default:
		}
		if err := a.Channel(5).Send(t.Context(), []byte("five")); err != nil {
			t.Fatal(err)
		}
		if got, want := <-other, "five<nil>"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		cancel()
		if err := <-stalled; !errors.Is(err, context.Canceled) {
			t.Errorf("the stalled Send: %v, want the context's error", err)
		}
		if held := b.Stats().ReceiveBytes; held > 64<<10 {
			t.Errorf("%d bytes are held for a channel nobody reads, want 64 KiB at most", held)
		}
	})
}

// TrySend says that the buffer is full instead of waiting, a value of which the
// newest counts is never refused, and there is room again once messages arrive.
func TestTrySendNeverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connected(t, calm, &Config{SendBuffer: 100 * 132, Redundancy: RedundancyOff})
		ch := a.Channel(1)
		if err := ch.Configure(ChannelConfig{Mode: ModeUnordered}); err != nil {
			t.Fatal(err)
		}
		sent := 0
		for ch.TrySend(make([]byte, 100)) == nil {
			sent++
		}
		if err := ch.TrySend(nil); !errors.Is(err, ErrWouldBlock) || sent != 100 {
			t.Errorf("%d messages, then %v; want 100 and ErrWouldBlock", sent, err)
		}
		if _, err := ch.TrySendWith([]byte("newest"), SendOptions{Mode: ModeLatest}); err != nil {
			t.Errorf("a newer value: %v", err)
		}
		for range sent + 1 {
			if _, err := b.Channel(1).Receive(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Second) // fake time: the acknowledgment is there
		if err := ch.TrySend(nil); err != nil {
			t.Errorf("after everything arrived: %v", err)
		}
		a.Abort()
		if err := ch.TrySend(nil); !errors.Is(err, ErrClosed) {
			t.Errorf("after the end: %v, want ErrClosed", err)
		}
	})
}

// Each mode's sender is told the fate that the receiver sees: on a network that
// loses a tenth, all are delivered or given up, and the sum is what was sent.
func TestBothSidesAgreeAboutEveryMode(t *testing.T) {
	for mode := ModeOrdered; mode <= ModeDeadline; mode++ {
		t.Run(mode.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const n = 500
				a, b := connected(t, lossy.Profile{Loss: 0.1, Delay: 20 * time.Millisecond}, nil)
				delivered := map[uint64]bool{}
				done := make(chan error)
				skipped := 0
				go func() {
					for {
						m, err := b.Channel(9).Receive(t.Context())
						if err != nil {
							done <- err
							return
						}
						if delivered[m.Seq] || m.Mode != mode {
							t.Errorf("message %d a second time, or of %v", m.Seq, m.Mode)
						}
						delivered[m.Seq] = true
						skipped += m.Skipped
					}
				}()
				fates := map[ReceiptState]int{}
				told := make(chan struct{})
				var acked []uint64
				go func() {
					for settled := 0; settled < n; {
						r, err := a.Receipt(t.Context())
						if err != nil {
							t.Error(err)
							break
						}
						if r.State == Acked {
							acked = append(acked, r.Seq)
						}
						if r.State != Sent {
							fates[r.State]++
							settled++
						}
					}
					close(told)
				}()
				options := SendOptions{Mode: mode, Lifetime: 50 * time.Millisecond, Tracked: true}
				for range n {
					if _, err := a.Channel(9).SendWith(t.Context(), make([]byte, 600), options); err != nil {
						t.Fatal(err)
					}
					time.Sleep(5 * time.Millisecond)
				}
				<-told
				if err := a.CloseWrite(); err != nil {
					t.Fatal(err)
				}
				if err := <-done; err != io.EOF {
					t.Errorf("after the last message: %v, want io.EOF", err)
				}
				unseen := 0
				for _, seq := range acked {
					if !delivered[seq] {
						unseen++
					}
				}
				t.Logf("%d delivered, %d skipped; sender: %v", len(delivered), skipped, fates)
				switch mode {
				case ModeOrdered, ModeUnordered:
					if len(delivered) != n || fates[Acked] != n || skipped != 0 {
						t.Error("not all were delivered")
					}
				case ModeLatest:
					if fates[Acked]+fates[Superseded] != n || len(delivered)+skipped != n {
						t.Error("neither acked nor superseded")
					}
				case ModeSequenced, ModeUnreliable:
					if unseen != 0 || fates[Acked]+fates[Lost] != n || fates[Lost] < n/20 || fates[Lost] > n/5 {
						t.Errorf("%d acked and not delivered", unseen)
					}
				case ModeDeadline:
					if unseen != 0 || len(delivered) != fates[Acked] || fates[Acked]+fates[Skipped] != n || fates[Skipped] == 0 {
						t.Errorf("%d acked and not delivered", unseen)
					}
				}
				a.Close()
			})
		})
	}
}

// The lifetime of a message begins when Send is called, not when there was room.
func TestLifetimeBeginsWithTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connected(t, calm, &Config{SendBuffer: 1000, ReceiveWindow: 4096})
		ch, there := a.Channel(2), b.Channel(2)
		for range 2 { // the second waits for credit, and fills the send buffer
			if err := ch.Send(t.Context(), make([]byte, 4000)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second) // fake time
		}
		go func() {
			time.Sleep(10 * time.Second) // fake time
			for range 2 {
				if _, err := there.Receive(t.Context()); err != nil {
					t.Error(err)
				}
			}
		}()
		options := SendOptions{Mode: ModeDeadline, Lifetime: 5 * time.Second, Tracked: true}
		var seq uint64
		for _, msg := range []string{"waits too long", "in time"} {
			var err error
			if seq, err = ch.SendWith(t.Context(), []byte(msg), options); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		m, err := there.Receive(t.Context())
		if err != nil || m.Seq != seq || m.Skipped != 1 || string(m.Data) != "in time" {
			t.Errorf("got %q, %d, %d skipped, %v, want the second with one skipped", m.Data, m.Seq, m.Skipped, err)
		}
		for _, want := range []ReceiptState{Skipped, Sent, Acked} {
			if r, err := a.Receipt(t.Context()); err != nil || r.State != want {
				t.Errorf("receipt %v, %v, want %v", r, err, want)
			}
		}
	})
}

func TestConfigureRefusesWhatCannotBeSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connected(t, calm, nil)
		ch := a.Channel(1)
		for _, o := range []SendOptions{{Mode: ModeDeadline}, {Mode: ModeDeadline, Lifetime: -1}, {Mode: ModeDeadline + 1}} {
			_, err := ch.SendWith(t.Context(), nil, o)
			_, tried := ch.TrySendWith(nil, o)
			if configured := ch.Configure(ChannelConfig{Mode: o.Mode, Lifetime: o.Lifetime}); err == nil || tried == nil || configured == nil {
				t.Errorf("%+v was accepted: %v, %v, %v", o, err, tried, configured)
			}
		}
		if got := a.Stats().MessagesSent; got != 0 {
			t.Errorf("%d messages were sent", got)
		}
		if again := a.Channel(1); again != ch || again.ID() != 1 || a.Channel(0).ID() != 0 {
			t.Error("a channel is not the same each time")
		}
		a.Channel(0).Send(t.Context(), []byte("zero"))
		if got, err := b.Receive(t.Context()); string(got) != "zero" || err != nil {
			t.Errorf("got %q, %v: channel 0 is not that of Conn.Receive", got, err)
		}
	})
}

func TestAppendReceiveKeepsWhatIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := connected(t, calm, nil)
		a.Channel(1).Send(t.Context(), []byte("two"))
		m, err := b.Channel(1).AppendReceive(t.Context(), []byte("one "))
		if err != nil || string(m.Data) != "one two" {
			t.Errorf("got %q, %v", m.Data, err)
		}
		a.Close()
		if m, err = b.Channel(1).AppendReceive(t.Context(), m.Data); err != io.EOF || string(m.Data) != "one two" {
			t.Errorf("after the end: %q, %v, want what was there and io.EOF", m.Data, err)
		}
	})
}

// While a message of 10 MB goes over a link of 20 Mbit/s on a channel of low
// priority, lines on another wait for no more than the packet that is leaving
// and a millisecond.
func TestBulkOfLowPriorityDelaysNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := lossy.Profile{Delay: 25 * time.Millisecond, Rate: 20e6, Queue: 50 * time.Millisecond}
		a, b := connected(t, slow, &Config{MaxPacket: 1200, Congestion: func(c congestion.Config) congestion.Controller {
			return congestion.NewFixed(c, 90_000) // less than the path holds: no queue stands there
		}})
		const file, chat = 1, 2
		if err := a.Channel(file).Configure(ChannelConfig{Priority: -1}); err != nil {
			t.Fatal(err)
		}
		// lines sends lines and returns how long the slowest was on its way.
		lines := func(n int) (slowest time.Duration) {
			for range n {
				at := time.Now()
				if err := a.Channel(chat).Send(t.Context(), []byte("line")); err != nil {
					t.Fatal(err)
				}
				if _, err := b.Channel(chat).Receive(t.Context()); err != nil {
					t.Fatal(err)
				}
				slowest = max(slowest, time.Since(at))
				time.Sleep(100 * time.Millisecond)
			}
			return slowest
		}
		alone := lines(20)
		want := bytes.Repeat([]byte("0123456789"), 1e6)
		got := make(chan []byte)
		go func() {
			m, err := b.Channel(file).Receive(t.Context())
			if err != nil {
				t.Error(err)
			}
			got <- m.Data
		}()
		if err := a.Channel(file).Send(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		lines(1) // meets the first burst in the queue of the link
		beside := lines(20)
		if !bytes.Equal(<-got, want) {
			t.Error("the file is not what was sent")
		}
		if packet := 1200 * 8 * time.Second / 20e6; beside > alone+packet+time.Millisecond {
			t.Errorf("the slowest line took %v beside a file, %v alone", beside, alone)
		}
	})
}
