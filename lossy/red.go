package lossy

import (
	"fmt"
	"time"
)

// RED is Random Early Detection (Floyd and Jacobson, Random Early Detection
// Gateways for Congestion Avoidance, IEEE/ACM Transactions on Networking, 1993):
// it drops on arrival, with a probability that grows with the average length of
// the queue, so that senders hear of congestion before the queue is full.
//
// Below Min nothing is dropped, above Max everything; in between about a share
// of Probability just below Max, and evenly spread. The average is taken over
// arrivals, each with the given Weight; while the link is free it decays by as
// many datagrams of redPacket bytes as could have been sent. It counts what
// waits, not what is being sent.
type RED struct {
	Min, Max    int  // in datagrams or bytes, 1 <= Min < Max
	Bytes       bool // which of both
	Probability float64
	Weight      float64 // above 0, at most 1
}

const redName = "red"

// The values that the paper's simulations use (section 6).
const (
	redMin         = 5
	redMax         = 15
	redProbability = 0.02
	redWeight      = 0.002
)

// redPacket is the size of a typical datagram in bytes, headers included, by
// which the average decays over idle time.
const redPacket = 1000

// length is a threshold as people write it.
type length struct {
	n     int
	bytes bool
}

func parseLength(s string) (length, error) {
	if number, found := cutPackets(s); found {
		n, err := parseQueueLength(s, number)
		return length{n: n}, err
	}
	n, err := ParseSize(s)
	return length{n, true}, err
}

func readRED(t *terms) Discipline {
	low := read(t, "min", length{n: redMin}, parseLength)
	high := read(t, "max", length{n: redMax}, parseLength)
	if low.bytes != high.bytes {
		t.fail("%q: min and max must both be in packets or both in bytes", t.text)
	}
	return RED{
		Min: low.n, Max: high.n, Bytes: low.bytes,
		Probability: read(t, "p", redProbability, ParseProbability),
		Weight:      read(t, "weight", redWeight, parseFloat),
	}
}

// String returns "red:min=5packets,max=15packets,p=2%,weight=0.002".
func (r RED) String() string {
	format := formatPackets
	if r.Bytes {
		format = formatSize
	}
	return fmt.Sprintf("%s:min=%s,max=%s,p=%s,weight=%s", redName, format(r.Min), format(r.Max),
		FormatProbability(r.Probability), formatFloat(r.Weight))
}

func (r RED) validate() error {
	most := MaxQueuePackets
	if r.Bytes {
		most = MaxQueueBytes
	}
	if r.Min < 1 || r.Max <= r.Min || r.Max > most {
		return fmt.Errorf("red: min %d, max %d: want 1 <= min < max <= %d", r.Min, r.Max, most)
	}
	if !(r.Probability > 0 && r.Probability <= 1) {
		return fmt.Errorf("red: p %v: must be above 0 and at most 1", r.Probability)
	}
	if !(r.Weight > 0 && r.Weight <= 1) {
		return fmt.Errorf("red: weight %v: must be above 0 and at most 1", r.Weight)
	}
	return nil
}

// red is the state of the algorithm of the paper's figure 2.
//
// Products are converted to float64 before they are added, which forbids the
// compiler to fuse both, so that every machine decides alike.
type red struct {
	RED
	packet  time.Duration // time to send redPacket bytes
	average float64
	count   int // datagrams let in since the last was dropped, -1 below Min
}

// pace tells the rate of the link, 0 if it has none.
func (r *red) pace(bitsPerSecond float64) {
	if bitsPerSecond > 0 {
		r.packet = max(1, time.Duration(redPacket*8*1e9/bitsPerSecond))
	}
}

// arrives updates the average with the length of the queue that a datagram
// meets, or with how long the link was free.
func (r *red) arrives(packets, bytes int, free time.Duration) {
	queue := packets
	if r.Bytes {
		queue = bytes
	}
	if queue == 0 && free > 0 {
		r.average = float64(r.average * power(1-r.Weight, uint64(free/r.packet)))
		return
	}
	r.average = float64((1-r.Weight)*r.average) + float64(r.Weight*float64(queue))
}

// decide says what becomes of the datagram that arrived: nothing, dropped (or
// marked) at random, or dropped because the average is beyond Max, where
// RFC 3168 section 7 has a router drop also what it could mark.
func (r *red) decide(draws stream, index uint64) (hit, beyond bool) {
	switch {
	case r.average < float64(r.Min):
		r.count = -1
		return false, false
	case r.average >= float64(r.Max):
		r.count = 0
		return true, true
	}
	r.count++
	p := r.Probability * (r.average - float64(r.Min)) / float64(r.Max-r.Min)
	if spread := 1 - float64(float64(r.count)*p); spread > p {
		p /= spread
	} else {
		p = 1
	}
	if !draws.hits(index, p) {
		return false, false
	}
	r.count = 0
	return true, false
}

// power is x to the n-th in multiplications only, which round alike everywhere.
func power(x float64, n uint64) float64 {
	y := 1.0
	for ; n > 0 && y > 0; n >>= 1 {
		if n&1 == 1 {
			y *= x
		}
		x *= x
	}
	return y
}
