package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"udplab/reliable"
)

// dialer opens a connection to the listener under test.
type dialer func(context.Context) (*reliable.Conn, error)

// BenchmarkConnects opens connections and ends them, as fast as that goes. One
// op is one connection: dialed, accepted, and ended by the side that dialed. All
// of the handshake is in it, the round trip that proves the address too.
func BenchmarkConnects(b *testing.B) {
	for _, socket := range []string{"own", "shared"} {
		for _, workers := range []int{1, 8} {
			for _, end := range []string{"abort", "close"} {
				b.Run(fmt.Sprintf("socket=%s/workers=%d/end=%s", socket, workers, end), func(b *testing.B) {
					l := mustListen(b, &reliable.Config{Backlog: 1024})
					dial := dialOwn(l)
					if socket == "shared" {
						dial = dialShared(mustListen(b, nil), l)
					}
					stop := acceptAll(b, l)
					defer stop()
					b.ResetTimer()
					m := startMeter()
					connects(b, dial, workers, end == "close")
					b.StopTimer()
					b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "connects/s")
					m.report(b, uint64(b.N), "connect")
				})
			}
		}
	}
}

func connects(b *testing.B, dial dialer, workers int, inPeace bool) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute+time.Duration(b.N)*time.Millisecond)
	defer cancel()
	var left atomic.Int64
	left.Store(int64(b.N))
	var running sync.WaitGroup
	for range workers {
		running.Go(func() {
			for left.Add(-1) >= 0 {
				c, err := dial(ctx)
				if err != nil {
					b.Error(err)
					return
				}
				if inPeace {
					err = c.Close()
				} else {
					err = c.Abort()
				}
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	running.Wait()
}

func mustListen(tb testing.TB, config *reliable.Config) *reliable.Listener {
	tb.Helper()
	l, err := reliable.Listen("udp4", "127.0.0.1:0", config)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { l.Close() })
	return l
}

// dialOwn dials from a socket of the connection's own.
func dialOwn(l *reliable.Listener) dialer {
	addr := l.Addr().String()
	return func(ctx context.Context) (*reliable.Conn, error) { return reliable.Dial(ctx, "udp4", addr, nil) }
}

// dialShared dials from the socket of a listener.
func dialShared(from, l *reliable.Listener) dialer {
	addr := addrPort(l.Addr())
	return func(ctx context.Context) (*reliable.Conn, error) { return from.Dial(ctx, addr) }
}

// acceptAll takes connections and forgets them: whoever dialed ends them.
func acceptAll(tb testing.TB, l *reliable.Listener) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			if _, err := l.Accept(ctx); err != nil {
				if !errors.Is(err, context.Canceled) {
					tb.Error(err)
				}
				return
			}
		}
	}()
	return func() { cancel(); <-ended }
}
