package sim

import (
	"fmt"
	"math/rand/v2"
	"time"

	"udplab/lossy"
	"udplab/proto"
	"udplab/reliable/arq"
)

// SwarmReport is what a swarm run saw.
type SwarmReport struct {
	Seed     uint64
	Features Feature
	Steps    uint64
	Virtual  time.Duration
	Messages int // delivered
	Links    lossy.Stats
	Late     uint64
	Restarts int
	Conns    arq.Stats // counters of all ends, summed
	Hash     uint64
}

// swarm is one run on its way.
type swarm struct {
	*World
	random   *rand.Rand
	features Feature
	links    []*lossy.Link
	profile  lossy.Profile
	late     float64
	faulty   time.Duration // how long faults last
	healed   bool
	restarts int
}

// RunSwarm makes the run that belongs to seed. The error says what the oracle
// found; the report is valid in any case. observe may be nil.
func RunSwarm(seed uint64, observe func(Observation)) (SwarmReport, error) {
	s := newSwarm(seed)
	s.Observe = observe
	return s.run()
}

// RecordSwarm makes the run that belongs to seed and writes it down. plant, if
// not nil, is given the world before it begins, to put a fault into it. The
// error says what the oracle found; the record is valid in any case.
func RecordSwarm(seed uint64, plant func(*World)) (*Record, error) {
	s := newSwarm(seed)
	if plant != nil {
		plant(s.World)
	}
	r := s.record()
	_, err := s.run()
	return r.finish(fmt.Sprintf("the swarm's seed %d", seed)), err
}

func newSwarm(seed uint64) *swarm {
	s := &swarm{World: NewWorld(seed), random: rand.New(rand.NewPCG(seed, 0x5a5a))}
	s.features = Feature(s.random.Uint32()) & (1<<featureCount - 1)
	return s
}

func (s *swarm) run() (SwarmReport, error) {
	s.build()
	s.safety()
	s.liveness()
	return s.report(), s.Err()
}

func (s *swarm) has(f Feature) bool { return s.features&f != 0 }

// between draws a duration.
func (s *swarm) between(lo, hi time.Duration) time.Duration {
	return lo + time.Duration(s.random.Int64N(int64(hi-lo)))
}

// build makes the nodes and links.
func (s *swarm) build() {
	s.profile = s.drawProfile()
	nodes := 2
	if s.has(WithThirdNode) {
		nodes = 3
	}
	for i := range nodes {
		n := s.addNode(string(rune('a'+i)), s.drawNode())
		n.OnNew = func(e *End) {
			if s.has(WithBothWays) && !s.healed {
				s.work(e)
			}
		}
	}
	for _, from := range s.nodes {
		for _, to := range s.nodes {
			if from != to {
				link := s.Path(from, to)
				link.SetProfile(s.profile)
				s.links = append(s.links, link)
			}
		}
	}
	if s.has(WithLateDelivery) {
		s.late = 0.05 * s.random.Float64()
		s.Fate = s.lateFate
	}
}

func (s *swarm) lateFate(uint64, *Node, *Node) Fate {
	if s.healed || s.random.Float64() >= s.late {
		return Fate{}
	}
	return Fate{Kind: Delay, By: s.between(time.Millisecond, 8*time.Second)}
}

func (s *swarm) drawProfile() lossy.Profile {
	p := lossy.Profile{Delay: s.between(0, 120*time.Millisecond)}
	if s.has(WithLoss) {
		p.Loss = s.random.Float64() * s.random.Float64() * 0.7
	}
	if s.has(WithBursts) {
		p.Burst = 1 + 7*s.random.Float64()
		p.Loss = min(p.Loss, 0.5)
		if p.Burst < 2 {
			p.Burst = 2
		}
	}
	if s.has(WithDuplicates) {
		p.Duplicate = s.random.Float64() * s.random.Float64()
	}
	if s.has(WithReordering) {
		p.Reorder, p.ReorderBy = 0.3*s.random.Float64(), 1+s.random.IntN(20)
	}
	if s.has(WithCorruption) {
		p.Corrupt = 0.3 * s.random.Float64()
	}
	if s.has(WithJitter) {
		p.Jitter = time.Duration(float64(p.Delay) * s.random.Float64())
	}
	if s.has(WithRate) {
		p.Rate, p.Queue = 5e5+2e7*s.random.Float64(), s.between(10*time.Millisecond, time.Second)
	}
	return p
}

func (s *swarm) drawNode() nodeOptions {
	o := nodeOptions{
		listen: true, rendezvous: s.has(WithRendezvous), manual: s.has(WithSlowReader), seed: s.seed,
		idle: s.between(4*time.Second, 30*time.Second),
	}
	if s.has(WithSlowChannel) {
		o.hold = slowChannel
	}
	o.plain = s.has(WithoutRedundancy)
	if s.has(WithSmallWindow) {
		o.window = 4<<10 + s.random.IntN(16<<10)
		o.sendBuffer = 1 + s.random.IntN(16<<10)
	}
	if s.has(WithNumberWrap) {
		o.first = -uint32(s.random.IntN(60))
	}
	if s.has(WithKeepAlive) {
		o.keepAlive = s.between(time.Second, 3*time.Second)
	}
	if s.has(WithMTU) {
		o.packet = 1200 + s.random.IntN(8000)
	}
	if s.has(WithFixedWindow) {
		o.cwnd = 2 + s.random.IntN(60)
	}
	return o
}

// safety runs the workload while the faults last: whatever happens, the
// oracle must have nothing to say.
func (s *swarm) safety() {
	s.faulty = s.between(time.Second, 6*time.Second)
	for _, n := range s.nodes[1:] {
		s.At(s.between(0, time.Second/4), func() { s.dial(s.nodes[0], n) })
		if s.random.IntN(3) == 0 {
			s.At(s.between(0, time.Second/4), func() { s.dial(n, s.nodes[0]) })
		}
	}
	if s.has(WithBlackouts) {
		s.At(s.between(0, s.faulty), s.blackout)
	}
	if s.has(WithPauses) {
		s.At(s.between(0, s.faulty), s.pause)
	}
	if s.has(WithRestarts) {
		s.At(s.between(0, s.faulty), s.restart)
	}
	if s.has(WithMoves) {
		s.At(s.between(0, s.faulty), s.move)
	}
	if s.has(WithMTU) {
		s.At(s.between(0, s.faulty), s.narrow)
	}
	if s.has(WithSlowReader) || s.has(WithSlowChannel) {
		s.At(s.between(0, time.Second), s.read)
	}
	s.Run(s.faulty)
}

func (s *swarm) dial(from, to *Node) {
	if from.paused {
		return
	}
	s.work(from.Dial(to))
}

// work gives an end messages to send, and perhaps an end to come to.
func (s *swarm) work(e *End) {
	for range 1 + s.random.IntN(12) {
		s.At(s.now+s.between(0, 2*time.Second), func() {
			for range 1 + s.random.IntN(4) {
				e.QueueOn(s.drawOptions(), s.drawSize())
			}
		})
	}
	if s.has(WithPriorities) {
		for range 1 + s.random.IntN(3) {
			s.At(s.now+s.between(0, 2*time.Second), func() {
				e.SetLane(s.drawChannel(), arq.Lane{Priority: int8(s.random.IntN(3) - 1), Weight: uint8(s.random.IntN(5))})
			})
		}
	}
	if s.has(WithClose) && s.random.IntN(2) == 0 {
		s.At(s.now+s.between(0, 6*time.Second), func() { e.Close(1, "done") })
	}
	if s.has(WithHalfClose) && s.random.IntN(2) == 0 {
		s.At(s.now+s.between(0, 4*time.Second), e.Finish)
	}
	if s.has(WithAbort) && s.random.IntN(4) == 0 {
		s.At(s.now+s.between(0, 6*time.Second), func() {
			if !e.forgotten && !e.removed {
				e.Abort(7, "enough")
			}
		})
	}
}

// swarmChannels are those the swarm uses. The second may be read late.
var swarmChannels = [...]uint8{0, 1, 2, 255}

const slowChannel = 1

func (s *swarm) drawChannel() uint8 {
	if !s.has(WithChannels) {
		return 0
	}
	return swarmChannels[s.random.IntN(len(swarmChannels))]
}

func (s *swarm) drawOptions() arq.SendOptions {
	o := arq.SendOptions{Channel: s.drawChannel()}
	if s.has(WithModes) {
		o.Mode = proto.Mode(s.random.IntN(int(proto.ModeDeadline)))
	}
	if s.has(WithDeadlines) && s.random.IntN(2) == 0 {
		o.Mode, o.Lifetime = proto.ModeDeadline, s.between(0, 500*time.Millisecond)
		if s.random.IntN(4) == 0 {
			o.Lifetime *= 10
		}
	}
	return o
}

func (s *swarm) drawSize() int {
	switch s.random.IntN(6) {
	case 0:
		return s.random.IntN(3)
	case 1:
		return 1100 + s.random.IntN(200)
	case 2:
		if s.has(WithBigMessages) {
			return s.random.IntN(60_000)
		}
	}
	return s.random.IntN(600)
}

// read is an application that takes its time, until everything heals.
func (s *swarm) read() {
	if s.healed {
		return
	}
	for _, e := range s.ends {
		switch n := s.random.IntN(4); {
		case s.random.IntN(2) == 0:
		case s.has(WithSlowReader) && (!s.has(WithSlowChannel) || s.random.IntN(2) == 0):
			e.Read(n)
		default:
			e.ReadOn(slowChannel, n)
		}
	}
	s.At(s.now+s.between(50*time.Millisecond, time.Second), s.read)
}

// livenessBound is how long after the healing everything must have come to
// its end: idle timeouts of 30 s, handshakes of 10 s, closes of five probe
// timeouts that double.
const livenessBound = 150 * time.Second

// liveness heals everything. Then all that was sent arrives or is reported,
// all connections can be closed, and silence falls.
func (s *swarm) liveness() {
	s.healed = true
	s.Heal()
	s.Run(livenessBound)
	s.Settled()
	s.CloseAll()
	s.Run(livenessBound)
	s.Settled()
	s.Ended()
}

func (s *swarm) report() SwarmReport {
	r := SwarmReport{
		Seed: s.seed, Features: s.features, Steps: s.steps, Virtual: s.now,
		Late: s.faults[Delay], Restarts: s.restarts, Hash: s.hash,
	}
	for _, l := range s.links {
		r.Links.Add(l.Stats())
	}
	for _, e := range s.ends {
		r.Messages += e.readCount
		c := e.Conn.Stats()
		r.Conns.PacketsLost += c.PacketsLost
		r.Conns.PacketsLostSpurious += c.PacketsLostSpurious
		r.Conns.PacketsDuplicate += c.PacketsDuplicate
		r.Conns.PacketsOutOfOrder += c.PacketsOutOfOrder
		r.Conns.RetransmitsThreshold += c.RetransmitsThreshold
		r.Conns.RetransmitsTime += c.RetransmitsTime
		r.Conns.RetransmitsProbe += c.RetransmitsProbe
		r.Conns.ProbeTimeouts += c.ProbeTimeouts
		r.Conns.PathChanges += c.PathChanges
		r.Conns.PathsRefused += c.PathsRefused
		r.Conns.SizeProbesSent += c.SizeProbesSent
		r.Conns.SizeProbesLost += c.SizeProbesLost
		r.Conns.BlackHoles += c.BlackHoles
		r.Conns.MessagesSent += c.MessagesSent
		r.Conns.MessagesAcked += c.MessagesAcked
		r.Conns.MessagesSuperseded += c.MessagesSuperseded
		r.Conns.MessagesLost += c.MessagesLost
		r.Conns.MessagesSkipped += c.MessagesSkipped
		r.Conns.MessagesPassedOver += c.MessagesPassedOver
		r.Conns.MessagesStale += c.MessagesStale
		r.Conns.MessagesDropped += c.MessagesDropped
		r.Conns.Repeats += c.Repeats
		r.Conns.RedundancySaved += c.RedundancySaved
	}
	return r
}

func (r SwarmReport) String() string {
	return fmt.Sprintf("seed %d with%v: %d events in %v, %d messages delivered, %d packets, hash %x",
		r.Seed, r.Features, r.Steps, r.Virtual, r.Messages, r.Links.PacketsIn, r.Hash)
}
