package contender

import (
	"context"
	"crypto/sha256"
	"hash"
	"math/rand/v2"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, leakOptions...)
}

// leakOptions are for what lives as long as the program in the rivals: kcp-go's
// timers and workers, which are the package's and not a connection's.
var leakOptions = []goleak.Option{
	goleak.IgnoreAnyFunction("github.com/xtaci/kcp-go/v5.(*TimedSched).run"),
	goleak.IgnoreAnyFunction("github.com/xtaci/kcp-go/v5.postProcessWorker"),
	goleak.IgnoreAnyFunction("github.com/xtaci/kcp-go/v5.(*TimedSched).prepend"),
}

// patience is how long a test waits for what must come.
const patience = 60 * time.Second

// TestDataArrivesIntact sends a megabyte of noise both ways over two
// connections of each contender and compares hashes: a contender that measures
// well because bytes are lost or doubled is none.
func TestDataArrivesIntact(t *testing.T) {
	for _, c := range All() {
		t.Run(c.Name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			circuit, err := Connect(ctx, c, Options{Packet: 1452}, 2, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer circuit.Close()
			defer context.AfterFunc(ctx, circuit.Close)()
			for i, pair := range circuit.Pairs {
				transfer(t, pair.Client, pair.Server, uint64(i))
				transfer(t, pair.Server, pair.Client, uint64(i)+100)
			}
		})
	}
}

// transfer moves noise of a seed one way in messages that no packet size
// divides, and compares what came.
func transfer(t *testing.T, from, to Pipe, seed uint64) {
	t.Helper()
	const messages, size = 16, 64<<10 - 1
	sent := make(chan hash.Hash, 1)
	go func() {
		noise, h := rand.NewChaCha8([32]byte{byte(seed)}), sha256.New()
		defer func() { sent <- h }()
		msg := make([]byte, size)
		for range messages {
			_, _ = noise.Read(msg)
			h.Write(msg)
			if err := from.Send(msg); err != nil {
				t.Errorf("send: %v", err)
				return
			}
		}
	}()
	got := sha256.New()
	buf := make([]byte, 64<<10)
	for left := messages * size; left > 0; {
		n, err := to.Receive(buf)
		if err != nil {
			t.Fatalf("receive, %d bytes to come: %v", left, err)
		}
		if n > left {
			t.Fatalf("%d bytes too many", n-left)
		}
		got.Write(buf[:n])
		left -= n
	}
	if want := (<-sent).Sum(nil); string(got.Sum(nil)) != string(want) {
		t.Error("what arrived is not what was sent")
	}
}

// TestCloseEndsWhatWaits holds every contender to the promise of Pipe: a
// receiver that waits ends with an error when its end is closed.
func TestCloseEndsWhatWaits(t *testing.T) {
	for _, c := range All() {
		t.Run(c.Name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			circuit, err := Connect(ctx, c, Options{Packet: 1452}, 1, nil)
			if err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 2)
			for _, p := range []Pipe{circuit.Pairs[0].Client, circuit.Pairs[0].Server} {
				go func() {
					_, err := p.Receive(make([]byte, 100))
					ended <- err
				}()
			}
			circuit.Close()
			circuit.Close()
			for range 2 {
				if err := <-ended; err == nil {
					t.Error("a receiver ended without an error")
				}
			}
		})
	}
}
