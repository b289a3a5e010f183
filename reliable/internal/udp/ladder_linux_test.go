package udp

import (
	"fmt"
	"testing"
)

// BenchmarkLadder is what the ladder is worth: datagrams over loopback, sent in
// bursts as large as go as one and read as they come, by one goroutine in turns. An op is a datagram, sent and received.
func BenchmarkLadder(b *testing.B) {
	offloads := []Offload{OffloadAuto, OffloadBatch, OffloadNone}
	for _, size := range []int{64, 1452} {
		data := pattern(size * min(MaxSegments, MaxBurst/size))
		for _, sender := range offloads {
			for _, receiver := range offloads {
				name := fmt.Sprintf("size=%dB/send=%v/receive=%v", size, sender, receiver)
				b.Run(name, func(b *testing.B) { benchmarkLadder(b, data, size, sender, receiver) })
			}
		}
	}
}

func benchmarkLadder(b *testing.B, data []byte, size int, sender, receiver Offload) {
	to := limited(loopback(b, "udp4", "127.0.0.1:0"), receiver)
	to.Enlarge(4 << 20)
	from := dialer(b, addrOf(to))
	from.Limit(sender)
	in := to.NewInbox()
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for sent := 0; sent < b.N; {
		n, err := from.WriteBurst(data, size, addrOf(to), ECT0)
		if err != nil {
			b.Fatal(err)
		}
		for got := 0; got < n; {
			if err := in.Receive(); err != nil {
				b.Fatal(err)
			}
			for d, ok := in.Next(); ok; d, ok = in.Next() {
				if len(d.Bytes) != size {
					b.Fatalf("%d bytes", len(d.Bytes))
				}
				got++
			}
		}
		sent += n
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mpkts/s")
	b.ReportMetric(float64(b.N)/float64(to.Ladder().ReceiveCalls), "pkts/receive")
}

// BenchmarkPingPong is the time of a round trip of a lone small datagram
// between two goroutines, which no rung may make longer.
func BenchmarkPingPong(b *testing.B) {
	for _, most := range []Offload{OffloadAuto, OffloadBatch, OffloadNone} {
		b.Run("offload="+most.String(), func(b *testing.B) {
			there := limited(loopback(b, "udp4", "127.0.0.1:0"), most)
			here := dialer(b, addrOf(there))
			here.Limit(most)
			done := make(chan error)
			go func() { done <- echo(there) }()
			in, ping := here.NewInbox(), make([]byte, 64)
			b.ReportAllocs()
			for b.Loop() {
				if err := send(here, ping, addrOf(there), NotECT); err != nil {
					b.Fatal(err)
				}
				if _, err := receive(in); err != nil {
					b.Fatal(err)
				}
			}
			there.Close()
			<-done
		})
	}
}

func echo(s *Socket) error {
	in := s.NewInbox()
	for {
		d, err := receive(in)
		if err != nil {
			return err
		}
		if err := send(s, d.Bytes, d.From, NotECT); err != nil {
			return err
		}
	}
}
