package congestion

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

func TestNoOrderOfCallsBreaksAController(t *testing.T) {
	// What acks say comes from the network. Whatever it is, a window is between
	// two packets and maxWindow, and a rate is a number.
	for _, name := range Names() {
		for seed := range uint64(50) {
			random := rand.New(rand.NewPCG(seed, 9))
			c := Named(name)(Config{MaxPacket: packet, Seed: seed})
			now, total := time.Duration(0), uint64(0)
			for range 400 {
				now += time.Duration(random.IntN(30)) * time.Millisecond
				bytes := (1 + random.IntN(40)) * packet
				rtt := time.Duration(random.IntN(200)) * time.Millisecond
				rate := Rate{
					BytesPerSecond: float64(random.IntN(3)) * random.Float64() * 1e7, Delivered: bytes, Interval: rtt,
					AppLimited: random.IntN(3) == 0, PriorDelivered: total - min(total, uint64(random.IntN(3)*bytes)),
					TxInFlight: random.IntN(100) * packet, Lost: random.IntN(20) * packet,
				}
				switch random.IntN(6) {
				case 0:
					c.PacketSent(now, Sent{Bytes: packet, InFlight: bytes})
				case 1:
					rate.TotalDelivered = total
					c.Lost(now, Loss{Bytes: bytes, Packets: bytes / packet, LargestSentAt: now - rtt, Persistent: random.IntN(20) == 0, Rates: []Rate{rate, rate}[:1+random.IntN(2)]})
				case 2:
					c.Spurious(now, Spurious{Bytes: bytes, Packets: bytes / packet, SentAt: now - rtt})
				default:
					total += uint64(bytes)
					rate.TotalDelivered = total
					c.Acked(now, Ack{Bytes: bytes, LargestSentAt: now - rtt, InFlight: random.IntN(100) * packet, PriorInFlight: bytes,
						WindowLimited: random.IntN(2) == 0, CE: random.IntN(8) / 7, RTT: RTT{Latest: rtt, Smoothed: max(rtt, ms(1)), Min: ms(1)}, Rate: rate})
				}
				if w := c.Window(); w < 2*packet || w > maxWindow {
					t.Fatalf("%s, seed %d: window %d", name, seed, w)
				}
				if r := c.PacingRate(); r < 0 || math.IsNaN(r) || math.IsInf(r, 0) {
					t.Fatalf("%s, seed %d: pacing rate %v", name, seed, r)
				}
			}
		}
	}
}
