package arq

import (
	"hash/crc32"
	"runtime"
	"testing"
)

// BenchmarkBulk is what the engine alone costs: no socket, no lock, no clock.
// One operation is one message. The metrics are nanoseconds for each data
// packet, by what they are spent on (bulkPart); of ns/op believe nothing, it
// has the readings of the clock in it. BenchmarkFloor is the part of append that
// no engine saves.
// To be compared as ratios only:
//
//	go test -run '^$' -bench 'Bulk|Floor' -benchtime 20000x -count 6 ./reliable/arq
func BenchmarkBulk(b *testing.B) {
	for _, c := range []struct {
		name string
		size int
	}{{"64KiB", 64 << 10}, {"1KiB", 1 << 10}} {
		b.Run(c.name, func(b *testing.B) {
			s := newBulk(b, c.size)
			s.transfer(64<<20/c.size, nil)
			sent, acks := s.ends[0].conn.Stats().PacketsSent, s.ends[1].conn.Stats().PacketsSent
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			watch := newStopwatch()
			b.ReportAllocs()
			b.ResetTimer()
			s.transfer(b.N, watch)
			b.StopTimer()
			packets := float64(s.ends[0].conn.Stats().PacketsSent - sent)
			for part, d := range watch.spent {
				b.ReportMetric(float64(d)/packets, bulkNames[part]+"-ns")
			}
			b.ReportMetric(float64(s.ends[1].conn.Stats().PacketsSent-acks)/packets, "acks")
		})
	}
}

// BenchmarkFloor is the copy and the checksum of a packet.
func BenchmarkFloor(b *testing.B) {
	table := crc32.MakeTable(crc32.Castagnoli)
	packet, messages := make([]byte, 1452), make([]byte, 4<<20)
	sum := uint32(0)
	for i := 0; b.Loop(); i++ {
		copy(packet, messages[i*len(packet)%(len(messages)-len(packet)):])
		sum ^= crc32.Checksum(packet, table)
	}
	if sum == 1 { // never, but it has to be computed
		b.Log(sum)
	}
}
