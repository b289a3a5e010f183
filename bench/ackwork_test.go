package bench

import (
	"bytes"
	"fmt"
	"runtime/pprof"
	"testing"
	"time"

	"udplab/reliable"
)

// BenchmarkAckWork sends messages of 64 KiB as fast as they go, and says which
// share of the CPU of both ends acknowledgments take (METHOD.md, Ack work).
func BenchmarkAckWork(b *testing.B) {
	for _, packet := range []int{1200, 1452} {
		b.Run(fmt.Sprintf("mode=reliable/size=64KiB/packet=%dB", packet), func(b *testing.B) {
			d := &delivery{
				pair:  connectReliable(b, &reliable.Config{MaxPacket: packet}, 0),
				size:  64 << 10,
				count: uint64(b.N),
			}
			var cpu bytes.Buffer
			if err := pprof.StartCPUProfile(&cpu); err != nil {
				b.Skip(err) // go test -cpuprofile
			}
			b.SetBytes(int64(d.size))
			b.ResetTimer()
			err := d.run()
			b.StopTimer()
			pprof.StopCPUProfile()
			if err != nil {
				b.Fatal(err)
			}
			samples, err := readProfile(&cpu)
			if err != nil {
				b.Fatal(err)
			}
			reportAckWork(b, d, samples)
		})
	}
}

// enoughCPU is how much work has to be seen, 100 times a second, before a share
// of it means anything.
const enoughCPU = time.Second

func reportAckWork(b *testing.B, d *delivery, samples []sample) {
	b.ReportMetric(float64(d.sent.packets)/float64(d.sent.replies), "pkts/ack")
	var w work
	for i := range samples {
		w.add(&samples[i])
	}
	total := w.acks + w.data
	if time.Duration(total) < enoughCPU {
		return
	}
	if missing := w.unseen(); missing != "" {
		b.Fatalf("%s never ran: what is ack work cannot be told", missing)
	}
	b.ReportMetric(100*float64(w.acks)/float64(total), "ack-work/%")
	b.ReportMetric(100*float64(w.unowned)/float64(total+w.unowned), "runtime/%")
	b.ReportMetric(float64(w.acks)/float64(d.sent.replies), "cpu-ns/ack")
	b.ReportMetric(float64(total)/float64(d.sent.packets), "cpu-ns/pkt")
}

// The functions that tell what is ack work.
const (
	makesPackets = "udplab/reliable/arq.(*Conn).AppendPacket"
	sendsPackets = "udplab/reliable/internal/udp.(*Socket).WriteBurst"
	readsSocket  = "udplab/reliable.(*shard).read"
	notesForAcks = "udplab/reliable/arq.(*acks)"
)

// work is the CPU time of one direction of messages, in nanoseconds.
type work struct {
	acks    int64
	data    int64 // everything else of the two ends
	unowned int64 // neither end's: the scheduler's and the garbage collector's
	seen    map[string]bool
}

func (w *work) add(s *sample) {
	switch {
	case s.end == "":
		w.unowned += s.value
	case isAckWork(s):
		w.acks += s.value
	default:
		w.data += s.value
	}
	if w.seen == nil {
		w.seen = map[string]bool{}
	}
	for _, f := range []string{makesPackets, sendsPackets, readsSocket} {
		w.seen[f] = w.seen[f] || s.in(f)
	}
}

// unseen is a function of those that tell which never ran, if there is one:
// it has another name now.
func (w *work) unseen() string {
	for f, seen := range w.seen {
		if !seen {
			return f
		}
	}
	return ""
}

// isAckWork reports whether the sample is the work of acknowledging. Messages
// go one way, so whatever the receiving end sends is an acknowledgment, with
// credit at times; and whatever the sending end's reader does is to take them
// in, but for the packets with data it sends for them.
func isAckWork(s *sample) bool {
	sends := s.in(makesPackets, sendsPackets)
	switch s.end {
	case receivingEnd:
		return sends || s.inMethodOf(notesForAcks)
	case sendingEnd:
		return s.in(readsSocket) && !sends
	}
	return false
}
