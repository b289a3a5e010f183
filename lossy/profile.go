package lossy

import (
	"fmt"
	"math"
	"time"
)

// Direction names one of the two ways of a flow. The fates of the two
// directions are drawn from different random streams.
type Direction uint8

const (
	Up   Direction = iota // from the client, who spoke first, to the upstream server
	Down                  // from the upstream server back to the client
)

// String returns "up" or "down", the words used in flags, metrics and logs.
func (d Direction) String() string {
	switch d {
	case Up:
		return "up"
	case Down:
		return "down"
	}
	return fmt.Sprintf("direction %d", uint8(d))
}

// Limits of a Profile. They keep every sum of times far from overflow and
// every typing error (a delay of 40h for 40ms) from looking like a dead wire.
const (
	MaxDelay     = time.Hour // most a Profile may ask for in Delay, Jitter and Queue
	MaxBurst     = 1e6       // longest mean loss burst, in packets
	MaxReorderBy = 1 << 20   // largest displacement, in datagrams
	MinRate      = 1e3       // slowest link, bits per second
	MaxRate      = 1e12      // fastest link, bits per second
	MaxOverhead  = 1 << 10   // most bytes of overhead for a datagram

	DefaultReorderBy = 3 // displacement when Reorder is set and ReorderBy is zero
)

// Profile is what one direction of a path does to a datagram. The zero value
// is a perfect wire: everything arrives at once, once, intact and in order.
// MODEL.md gives the formula behind every field. A Profile is a plain value
// and may be copied and compared.
type Profile struct {
	// Loss is the probability that a packet is lost, 0..1.
	Loss float64
	// Burst is the mean length of a loss burst in packets. 0 or 1 means that
	// each loss is independent of the others (Bernoulli). Larger values lose
	// the same share in bursts (Gilbert-Elliott); Loss may then be at most
	// Burst/(Burst+1), or exactly 1.
	Burst float64
	// LossModel is another law by which packets are lost, instead of Loss, which
	// must then be 0; nil is none. See ParseLossModel.
	LossModel LossModel
	// LossBurstCap is how many packets in a row may be lost: the one behind them
	// is kept, which lowers the mean. 0 is no limit. It is for losses that are
	// independent or a Markov chain.
	LossBurstCap int
	// Delay is the one-way propagation delay; Jitter moves it, for each packet
	// anew, uniformly by up to that much either way. Order is kept, unless
	// JitterReorder is set. Jitter may not exceed Delay.
	Delay, Jitter time.Duration
	// Distribution is another law than the uniform one, of which Delay is the mean
	// and Jitter the standard deviation, or which a file has; nil is uniform. See
	// ParseDistribution.
	Distribution Distribution
	// JitterReorder gives every packet its own delay whatever came before it,
	// so that one with a short delay overtakes one with a long.
	JitterReorder bool
	// Reorder is the probability that a packet is displaced, 0..1: overtaken
	// by ReorderBy later datagrams (0 = DefaultReorderBy), or by as many as
	// come out within ReorderHold.
	Reorder   float64
	ReorderBy int
	// ReorderSpread draws the displacement of each packet instead of ReorderBy,
	// which is then 0.
	ReorderSpread Displacement
	// ReorderFor holds a displaced packet for that long beyond its turn, however
	// many pass, instead of for a number of others.
	ReorderFor time.Duration
	// ReorderGap is the N of netem's "reorder P% gap N", with netem's meaning:
	// Reorder is then the probability that a packet is sent without its delay,
	// from the N-th after the last such on. It needs a Delay.
	ReorderGap int
	// MTU is the largest payload that passes, in bytes, 0 = any. Larger ones
	// vanish without a word (CauseMTU), as behind a router whose ICMP is
	// filtered.
	MTU int
	// Blackout is when nothing passes at all (CauseBlackout).
	Blackout Blackout
	// Drop takes packets for what they are (CauseRule), before any other model
	// sees them.
	Drop Rules
	// Duplicate is the probability that a packet is sent again, Corrupt that
	// its payload is damaged, 0..1.
	Duplicate, Corrupt float64
	// DuplicateCopies is how often it is sent again, 0 = once. Each copy follows
	// DuplicateDelay behind the one before it, and then neither waits for
	// packets sent later nor holds them up.
	DuplicateCopies int
	DuplicateDelay  time.Duration
	// CorruptHow is what damage does; the zero value flips one bit.
	CorruptHow Damage
	// Policer drops what exceeds its rate, before the queue.
	Policer Policer
	// Rate is the speed of the link in bits per second, 0 = unlimited.
	// LinkTrace replaces it by a recorded link, nil = none. Without either, no
	// datagram ever queues.
	Rate      float64
	LinkTrace *LinkTrace
	// Overhead is how many bytes each datagram takes beyond its payload: on the
	// link, in the policer, and in a queue that counts bytes. 28 are the IPv4
	// and UDP headers, 48 those over IPv6.
	Overhead int
	// Queue is the limit of the queue before the link, as time: no packet that
	// is let in waits longer. QueuePackets and QueueBytes limit it otherwise, by
	// what may wait, the datagram being sent not counted. One of the three may
	// be set; if none is, it is DefaultQueue, or DefaultTraceQueue datagrams
	// before a LinkTrace.
	Queue        time.Duration
	QueuePackets int
	QueueBytes   int
	// Discipline is what the queue drops, and when; nil is drop-tail.
	Discipline Discipline
	// ECN has a CoDel or RED mark ECN-capable datagrams that it would drop
	// (RFC 3168). Which they are it is told by Link.SendMarked, MarkedConn and the
	// proxy; behind Wrap none is.
	ECN bool
	// SharedBottleneck has all flows of a direction go through one policer,
	// queue and transmitter, where each has its own otherwise.
	SharedBottleneck bool
	// SharedModel has all flows of a direction decided about by one model, with one
	// index, one memory and one set of random numbers, in the order in which their
	// packets come, where each flow has its own otherwise: for flows of a packet
	// or two, such as queries of DNS. Queue, wire and order stay each flow's own,
	// as do MTU, Blackout and Drop, which count by flow.
	SharedModel bool
	// LossAfterQueue has packets lost behind the bottleneck instead of before
	// it: one that the loss model takes has been through the queue, and over
	// the transmitter, when it is lost.
	LossAfterQueue bool
	// Netem has all of the above that netem knows decided by netem's arithmetic.
	Netem NetemCompat
}

// Config is a whole path: both directions and the seed that decides all fates.
type Config struct {
	Seed     uint64
	Up, Down Profile
}

// Validate reports the first field of either profile that is out of range.
func (c Config) Validate() error {
	if err := c.Up.Validate(); err != nil {
		return fmt.Errorf("up: %w", err)
	}
	if err := c.Down.Validate(); err != nil {
		return fmt.Errorf("down: %w", err)
	}
	return nil
}

// Profile returns the profile of one direction.
func (c Config) Profile(d Direction) Profile {
	if d == Up {
		return c.Up
	}
	return c.Down
}

// Validate reports the first field that is out of range, by its name and with
// the range that is valid. A nil error promises that NewLink and SetProfile
// accept the profile.
func (p Profile) Validate() error {
	for _, f := range []struct {
		name  string
		value float64
	}{{"loss", p.Loss}, {"reorder", p.Reorder}, {"duplicate", p.Duplicate}, {"corrupt", p.Corrupt}} {
		if !(f.value >= 0 && f.value <= 1) {
			return fmt.Errorf("%s %v: a probability lies between 0 and 1", f.name, f.value)
		}
	}
	if err := p.validateBurst(); err != nil {
		return err
	}
	if err := p.validateLossModel(); err != nil {
		return err
	}
	if err := p.validateTimes(); err != nil {
		return err
	}
	if err := p.validateDistribution(); err != nil {
		return err
	}
	if err := p.validateNetem(); err != nil {
		return err
	}
	if err := p.validateReorder(); err != nil {
		return err
	}
	if err := p.validateDuplicate(); err != nil {
		return err
	}
	if err := p.validateBarrier(); err != nil {
		return err
	}
	if err := p.CorruptHow.validate(); err != nil {
		return fmt.Errorf("corrupt-how %v: %w", p.CorruptHow, err)
	}
	if err := p.validateBottleneck(); err != nil {
		return err
	}
	if !(p.Rate == 0 || p.Rate >= MinRate && p.Rate <= MaxRate) {
		return fmt.Errorf("rate %v: must be between 1kbit and 1tbit per second, or 0 for unlimited", p.Rate)
	}
	return nil
}

func (p Profile) validateBurst() error {
	if !(p.Burst == 0 || p.Burst >= 1 && p.Burst <= MaxBurst) {
		return fmt.Errorf("burst %v: must be between 1 and %d packets, or 0 for independent losses",
			p.Burst, int(MaxBurst))
	}
	if most := p.Burst / (p.Burst + 1); p.Burst > 1 && p.Loss > most && p.Loss < 1 {
		return fmt.Errorf("loss %v: bursts of %v packets can lose at most %v of them (burst/(burst+1)), or all",
			formatProbability(p.Loss), p.Burst, formatProbability(most))
	}
	return nil
}

func (p Profile) validateTimes() error {
	for _, f := range []struct {
		name  string
		value time.Duration
	}{{"delay", p.Delay}, {"jitter", p.Jitter}, {"queue", p.Queue}} {
		if f.value < 0 || f.value > MaxDelay {
			return fmt.Errorf("%s %v: must be between 0 and %v", f.name, f.value, MaxDelay)
		}
	}
	if p.Jitter > p.Delay && !p.Netem.On {
		return fmt.Errorf("jitter %v: must not exceed the delay (%v), for no packet arrives before it was sent",
			p.Jitter, p.Delay)
	}
	return nil
}

// mustValidate is for the entry points that take profiles from code.
func (p Profile) mustValidate() {
	if err := p.Validate(); err != nil {
		panic("lossy: invalid profile (call Validate on what users give): " + err.Error())
	}
}

// bursty says whether losses follow Gilbert-Elliott. A loss of 1 leaves
// nothing to burst.
func (p Profile) bursty() bool { return p.Burst > 1 && p.Loss < 1 }

// rate is the link's speed in whole bits per second, so that transmission
// times can be exact integers on every machine.
func (p *Profile) rate() uint64 { return wholeRate(p.Rate) }

func wholeRate(bitsPerSecond float64) uint64 { return uint64(math.Round(bitsPerSecond)) }

// meanRate is the speed of the link, 0 if nothing limits it.
func (p *Profile) meanRate() float64 {
	if p.LinkTrace != nil {
		return p.LinkTrace.Rate()
	}
	return p.Rate
}

func (p *Profile) validateBottleneck() error {
	if p.Overhead < 0 || p.Overhead > MaxOverhead {
		return fmt.Errorf("overhead %d: must be between 0 and %d bytes", p.Overhead, MaxOverhead)
	}
	if p.LinkTrace != nil && p.Rate > 0 {
		return fmt.Errorf("rate %s: the link has a trace (%v), which is its rate", FormatRate(p.Rate), p.LinkTrace)
	}
	if err := p.validateQueue(); err != nil {
		return err
	}
	if p.Discipline != nil {
		if err := p.Discipline.validate(); err != nil {
			return fmt.Errorf("queue-discipline: %w", err)
		}
	}
	return p.Policer.validate()
}
