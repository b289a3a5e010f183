package arq

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"udplab/reliable/congestion"
)

// Numbers of a few bits wrap all the time. As long as no more than half of them
// are on the way, everything arrives once and in order on a path that loses,
// repeats and reorders, wherever the numbers begin. Four bits are too few: two
// packets in flight, their acks delayed, two probes and a number left out are more
// than eight.
func TestA4_NumbersOfFewBits(t *testing.T) {
	const messages, size = 1500, 500
	for _, bits := range []int{5, 6, 8} {
		for before := range uint32(4) {
			t.Run(fmt.Sprintf("%d bits, %d before the wrap", bits, before), func(t *testing.T) {
				half := 1 << bits / 2
				p := newPair(t, Config{
					Redundancy: RedundancyOff, numberBits: bits, FirstNumber: -before, ReceiveWindow: 4096, // seven messages
					Congestion: func(cc congestion.Config) congestion.Controller {
						return congestion.NewFixed(cc, half/4*cc.MaxPacket)
					},
				})
				dialer, listener := p.connect()
				random := rand.New(rand.NewPCG(uint64(bits), uint64(before)))
				p.drop = func(from int, datagram []byte) bool {
					if random.IntN(20) == 0 {
						return true
					}
					for range 1 + random.IntN(10)/9 { // a tenth comes twice
						late := time.Duration(random.IntN(3)) * ms
						p.flying = append(p.flying, flight{p.now + p.delay + late, 1 - from, bytes.Clone(datagram)})
					}
					return true
				}
				most, got := 0, 0
				for i := range messages {
					dialer.Send(p.now, message(i, size), false)
				}
				p.drain(0)
				p.run(time.Hour, func() bool {
					if r := &dialer.recovery; r.anyAcked {
						most = max(most, int(dialer.nextNumber-r.largestAcked))
					}
					for listener.Readable() {
						msg, _ := listener.Receive(p.now)
						if !bytes.Equal(msg, message(got, size)) {
							t.Fatalf("message %d is wrong", got)
						}
						got++
						p.drain(1)
					}
					return got == messages && dialer.Stats().MessagesAcked == messages
				})
				if sent := dialer.nextNumber - dialer.firstNumber(); sent < uint64(4*half) {
					t.Errorf("%d packets sent: the numbers hardly wrapped", sent)
				}
				if most > half || most < 2 {
					t.Errorf("%d numbers on the way, more than half of them", most)
				}
			})
		}
	}
}
