package sim

import (
	"testing"
	"time"

	"udplab/lossy"
	"udplab/reliable/arq"
	"udplab/reliable/congestion"
)

// BenchmarkBulk is a second of bulk data over 50 Mbit/s with 1 % loss, with
// the oracle watching: what a row of the engine's table is made of, fifteen
// times. The window is fixed a little above the path's 312 kB, so that the
// figure is about the simulator and does not move with a controller.
func BenchmarkBulk(b *testing.B) {
	config := arq.EndpointConfig{Listen: true, Conn: arq.Config{
		MaxPacket: 1452, SendBuffer: 4 << 20, ReceiveWindow: 4 << 20,
		Congestion: func(c congestion.Config) congestion.Controller { return congestion.NewFixed(c, 400<<10) },
	}}
	var steps, datagrams uint64
	b.ReportAllocs()
	for b.Loop() {
		w := NewWorld(1)
		sender, receiver := w.AddNode("a", config), w.AddNode("b", config)
		w.Path(sender, receiver).SetProfile(lossy.Profile{
			Loss: 0.01, Delay: 25 * time.Millisecond, Rate: 50e6, Queue: 50 * time.Millisecond, LossAfterQueue: true,
		})
		w.Path(receiver, sender).SetProfile(lossy.Profile{Loss: 0.01, Delay: 25 * time.Millisecond})
		e := sender.Dial(receiver)
		for range 120 {
			e.Queue(64 << 10)
		}
		w.Run(time.Second)
		if err := w.Err(); err != nil {
			b.Fatal(err)
		}
		steps += w.Steps()
		datagrams += w.datagrams
	}
	b.ReportMetric(float64(steps)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(datagrams)/b.Elapsed().Seconds(), "datagrams/s")
}
