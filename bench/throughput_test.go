package bench

import "testing"

// BenchmarkThroughput sends messages as fast as they go. One op is one message.
func BenchmarkThroughput(b *testing.B) {
	forEach(b, func(b *testing.B, c cell) {
		p := connect(b, c)
		d := &delivery{pair: p, size: c.size.bytes, count: uint64(b.N)}
		b.SetBytes(int64(c.size.bytes))
		b.ResetTimer()
		err := d.run()
		b.StopTimer()
		if err != nil {
			b.Fatal(err)
		}
		report(b, d)
	})
}

// report adds what the testing package cannot know. Bytes of messages that did
// not arrive are no throughput, so they are taken out of its MB/s.
func report(b *testing.B, d *delivery) {
	received := d.received.Load()
	seconds := b.Elapsed().Seconds()
	payload := float64(received) * float64(d.size)
	if d.pair.mayLose {
		b.ReportMetric(payload/1e6/seconds, "MB/s")
		reportDelivered(b, d)
	}
	if d.pair.traffic != nil {
		b.ReportMetric(float64(d.sent.packets)/seconds, "pkts/s")
		if received > 0 {
			b.ReportMetric(float64(d.sent.bytes)/payload, "wire/payload")
		}
	}
}

func reportDelivered(b *testing.B, d *delivery) {
	b.ReportMetric(100*float64(d.received.Load())/float64(d.count), "delivered/%")
}
