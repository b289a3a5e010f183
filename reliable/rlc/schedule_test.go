package rlc

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

var schedules = flag.Bool("schedules", false, "print what every schedule gives (TestSchedules)")

// schedule is when a sender makes a repair symbol: one for every so many messages,
// over a window of the last ones.
type schedule struct{ every, window int }

// Virtual time is counted in ticks of a quarter of a millisecond.
const (
	tick       = 1.0 / 4 // milliseconds
	interval   = 8       // between messages: 500 a second
	oneWay     = 100     // 25 ms
	retransmit = 225     // 9/8 of a round trip of 50 ms (RFC 9002 section 6.1.2)

	messageSize     = 200 // bytes of payload
	messageOverhead = 36  // bytes a packet of a message has besides it
	repairOverhead  = 45  // bytes a packet of a symbol has besides it
)

// losses is what a path loses: a share of the packets, each for itself or in bursts
// of so many packets on average (Gilbert's model: all are lost while it is bad).
type losses struct{ share, burst float64 }

// outcome is what a schedule gives: latency of ordered delivery in milliseconds, and
// bytes on the wire for a byte of payload.
type outcome struct {
	p50, p99, p999, worst float64
	wire                  float64
	recovered             float64 // share of lost first transmissions that symbols brought back
}

// path is a lane over a lossy path in virtual time: a message every interval, a
// symbol as the schedule says, and each message again 9/8 of a round trip after its
// last transmission unless by then the sender may know that it is there.
type path struct {
	schedule
	losses
	bad     bool // a burst of losses goes on
	random  *rand.Rand
	encoder *Encoder
	decoder *Decoder

	now     int
	future  [1024][]func() // at a tick modulo 1024
	arrived []int          // tick at which a message was there, by number; 0 if it is not
	next    int            // first message not delivered
	latency []int

	packets, symbols, lost int
	recovered              int
}

// simulate runs a schedule over so many messages. The same seed gives the same
// outcome.
func simulate(s schedule, l losses, messages int, seed uint64) outcome {
	p := &path{schedule: s, losses: l, random: rand.New(rand.NewPCG(seed, 0)), decoder: NewDecoder(0)}
	p.arrived = make([]int, messages)
	if s.every > 0 {
		p.encoder = NewEncoder(s.window)
	}
	for ; p.next < messages; p.now++ {
		if n := p.now / interval; p.now%interval == 0 && n < messages {
			p.send(n)
		}
		due := p.future[p.now%len(p.future)]
		for _, f := range due {
			f()
		}
		p.future[p.now%len(p.future)] = due[:0]
	}
	slices.Sort(p.latency)
	quantile := func(q float64) float64 { return float64(p.latency[int(q*float64(messages-1))]) * tick }
	return outcome{
		quantile(0.5), quantile(0.99), quantile(0.999), quantile(1),
		(float64(p.packets)*(messageSize+messageOverhead) + float64(p.symbols)*(messageSize+lengthSize+repairOverhead)) / float64(messages*messageSize),
		float64(p.recovered) / float64(max(1, p.lost)),
	}
}

// loses decides about one packet.
func (p *path) loses() bool {
	if p.burst == 0 {
		return p.random.Float64() < p.share
	}
	if p.bad {
		p.bad = p.random.Float64() >= 1/p.burst
	} else {
		p.bad = p.random.Float64() < p.share/(1-p.share)/p.burst
	}
	return p.bad
}

func (p *path) after(ticks int, f func()) {
	i := (p.now + ticks) % len(p.future)
	p.future[i] = append(p.future[i], f)
}

// content is what message n says.
func content(n int) []byte {
	return bytes.Repeat(binary.BigEndian.AppendUint64(nil, uint64(n)), messageSize/8)
}

func (p *path) send(n int) {
	p.transmit(n, true)
	if p.encoder == nil {
		return
	}
	p.encoder.Add(uint64(n), content(n))
	if (n+1)%p.every != 0 {
		return
	}
	p.symbols++
	if p.loses() {
		return
	}
	first, span := p.encoder.Window()
	key := uint16(p.symbols%65535 + 1)
	symbol := p.encoder.Repair(nil, first, span, key)
	p.after(oneWay, func() {
		for _, r := range p.decoder.Repair(first, span, key, symbol) {
			p.recover(r)
		}
	})
}

func (p *path) transmit(n int, first bool) {
	p.packets++
	if !p.loses() {
		p.after(oneWay, func() {
			p.arrive(n)
			for _, r := range p.decoder.Message(uint64(n), content(n)) {
				p.recover(r)
			}
		})
	} else if first {
		p.lost++
	}
	p.after(retransmit, func() {
		if at := p.arrived[n]; at == 0 || at+oneWay > p.now {
			p.transmit(n, false)
		}
	})
}

func (p *path) recover(r Recovered) {
	n := int(r.Number)
	if !bytes.Equal(r.Data, content(n)) || p.arrived[n] != 0 {
		panic(fmt.Sprintf("message %d was recovered as %x", n, r.Data))
	}
	p.recovered++
	p.arrive(n)
}

// arrive delivers what is in order now.
func (p *path) arrive(n int) {
	if p.arrived[n] == 0 {
		p.arrived[n] = p.now
	}
	for p.next < len(p.arrived) && p.arrived[p.next] != 0 {
		p.latency = append(p.latency, p.now-p.next*interval)
		p.next++
	}
}

// What symbols are for: of 500 messages a second over 25 ms each way with 5 % loss,
// without them half come 59 ms after they were sent and one in a thousand 178. With a
// symbol for every three messages over the last 16 that is 25 and 41 ms, at 1.6 bytes
// on the wire for a byte of payload.
//
//	go test -run TestSchedules -schedules ./reliable/rlc    the whole table
func TestSchedules(t *testing.T) {
	if *schedules {
		printSchedules()
	}
	const messages = 50_000
	without := simulate(schedule{}, losses{share: 0.05}, messages, 1)
	with := simulate(schedule{3, 16}, losses{share: 0.05}, messages, 1)
	if without.p50 < 50 || without.p99 < 100 || without.p999 < 140 {
		t.Errorf("without symbols: %+v", without)
	}
	if with.p50 > 27 || with.p99 > 34 || with.p999 > 50 || with.wire > 1.65 || with.recovered < 0.99 {
		t.Errorf("with symbols: %+v", with)
	}
	if again := simulate(schedule{3, 16}, losses{share: 0.05}, messages, 1); again != with {
		t.Errorf("the same seed gave %+v and %+v", with, again)
	}
}

func printSchedules() {
	for _, l := range []losses{{share: 0.05}, {share: 0.10}, {share: 0.05, burst: 3}} {
		fmt.Printf("loss %g, bursts of %g packets\nevery window     p50    p99  p99.9    max   wire  recovered\n", l.share, l.burst)
		for every := range 7 {
			for _, window := range []int{8, 12, 16, 24, 32} {
				if every == 1 || every == 0 && window > 8 {
					continue
				}
				o := simulate(schedule{every, window}, l, 200_000, 1)
				fmt.Printf("%5d %6d %7.2f %6.2f %6.2f %6.1f  %.3f  %5.1f %%\n",
					every, window, o.p50, o.p99, o.p999, o.worst, o.wire, 100*o.recovered)
			}
		}
	}
}
