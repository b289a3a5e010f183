package netem

import (
	"fmt"
	"math"
	"time"

	"udplab/lossy"
)

// Defaults and limits of Traffic.
const (
	DefaultPPS  = 1000
	DefaultSize = 1200

	MaxPPS  = 1e8
	MaxSize = 65507
)

// Traffic is what figures that depend on the load are told for: datagrams of one
// size at even distances. Zero values are the defaults.
type Traffic struct {
	PPS  float64 `json:"pps"`        // datagrams a second, 1 to MaxPPS
	Size int     `json:"size_bytes"` // bytes of payload, 1 to MaxSize
}

func (t *Traffic) fill() error {
	if t.PPS == 0 {
		t.PPS = DefaultPPS
	}
	if t.Size == 0 {
		t.Size = DefaultSize
	}
	if !(t.PPS >= 1 && t.PPS <= MaxPPS) {
		return fmt.Errorf("pps %v: must be between 1 and %v datagrams a second", t.PPS, MaxPPS)
	}
	if t.Size < 1 || t.Size > MaxSize {
		return fmt.Errorf("size %d: must be between 1 and %d bytes", t.Size, MaxSize)
	}
	return nil
}

// Report is what netem does with a line, in shares from 0 to 1 and milliseconds.
// What the line does not ask for is nil.
type Report struct {
	Netem     string       `json:"netem"`
	Traffic   Traffic      `json:"traffic"`
	Loss      *LossFigures `json:"loss,omitempty"`
	Duplicate *Event       `json:"duplicate,omitempty"`
	Corrupt   *Event       `json:"corrupt,omitempty"`
	AtOnce    *Event       `json:"sent_at_once,omitempty"` // by reorder
	Delay     *Delay       `json:"delay,omitempty"`
	Replay    *Replay      `json:"replay,omitempty"` // nil if the line cannot be replayed
	Meant     Equivalent   `json:"meant"`
	Imitated  Equivalent   `json:"imitated"`
}

// Event is a share of packets that something happens to.
type Event struct {
	Asked       float64 `json:"asked"`
	Correlation float64 `json:"correlation"`
	Gives       float64 `json:"gives"` // in the long run, by the law of netem's generator
	Gap         int     `json:"gap,omitempty"`
}

// LossFigures are of the packets that netem's loss takes, computed and not counted.
type LossFigures struct {
	Event
	MeanBurst float64 `json:"mean_burst"` // of losses in a row, 0 = there are none, -1 = without end
	// Longer[n-1] is the share of bursts of more than n packets; nil for chains.
	Longer []float64 `json:"bursts_longer_than,omitempty"`
	Model  string    `json:"model"` // random, state or gemodel
}

// Delay is of the delays that are drawn, in milliseconds: what the line says, and
// what a replay had. One that would be below zero is zero.
type Delay struct {
	AskedMean    float64 `json:"asked_mean_ms"`
	AskedJitter  float64 `json:"asked_jitter_ms"`
	Mean         float64 `json:"mean_ms"`
	SD           float64 `json:"sd_ms"`
	Min          float64 `json:"min_ms"`
	Max          float64 `json:"max_ms"`
	Correlation  float64 `json:"asked_correlation"`
	Neighbours   float64 `json:"correlation"` // of a delay with the one before
	Samples      int     `json:"samples"`
	MeanError    float64 `json:"mean_error_ms"` // standard error of the replay
	Distribution string  `json:"distribution"`
}

// Replay is what came of packets that were sent through a model of netem in
// virtual time, from a fixed seed.
type Replay struct {
	Packets   int     `json:"packets"`
	Lost      float64 `json:"lost"`      // share that never arrives, by all causes
	Limit     float64 `json:"tail_drop"` // share dropped by the limit, copies counted
	Reordered float64 `json:"reordered"` // share of those that arrive behind one sent later (RFC 4737, type-P-reordered)
	Error     float64 `json:"error"`     // standard error of a share of one half that is independent
}

// Equivalent is a line in the words of udplab.
type Equivalent struct {
	Flags   string   `json:"flags,omitempty"`
	Notices []string `json:"notices,omitempty"`
	Refused string   `json:"refused,omitempty"` // why there is none
}

// Explain says what netem does with a line. Rates are computed from the law of its
// generator (lossy.NetemCorrelated), delays, reordering and tail drop come from a
// replay. read is as for Meant. The error is of Traffic.
func Explain(n Netem, t Traffic, d Direction, read lossy.ReadFile) (Report, error) {
	if err := t.fill(); err != nil {
		return Report{}, err
	}
	r := Report{Netem: n.String(), Traffic: t}
	r.Loss = n.explainLoss()
	r.Duplicate, r.Corrupt = explainEvent(n.Duplicate), explainEvent(n.Corrupt)
	if r.AtOnce = explainEvent(n.Reorder); r.AtOnce != nil {
		r.AtOnce.Gap = n.Gap
		r.AtOnce.Gives /= 1 + float64(n.Gap-1)*r.AtOnce.Gives
	}
	meant, err := n.Meant(read)
	r.Meant = equivalent(meant, d, err)
	imitated, err := n.Imitated(read)
	r.Imitated = equivalent(imitated, d, err)
	if err == nil {
		r.Delay = n.explainDelay(imitated.Profile)
		r.Replay = replay(imitated.Profile, t)
	}
	return r, nil
}

func equivalent(t Translation, d Direction, err error) Equivalent {
	if err != nil {
		return Equivalent{Refused: err.Error()}
	}
	return Equivalent{Flags: Flags(t.Profile, d), Notices: t.Notices}
}

func explainEvent(c Chance) *Event {
	if c.P == 0 {
		return nil
	}
	return &Event{Asked: c.P.Share(), Correlation: c.Correlation.Share(), Gives: lossy.NetemCorrelated(c.P.Share(), c.Correlation.Share()).Mean}
}

// longBursts is up to how many packets the distribution of bursts is told.
const longBursts = 5

func (n *Netem) explainLoss() *LossFigures {
	l := n.Loss
	switch {
	case !l.given():
		return nil
	case l.Model == State:
		return l.explainState()
	case l.Model == GEModel:
		return l.explainGE()
	case l.Random.P == 0:
		return nil
	}
	rate := lossy.NetemCorrelated(l.Random.P.Share(), l.Random.Correlation.Share())
	f := &LossFigures{Event: *explainEvent(l.Random), MeanBurst: burst(rate.Run), Model: "random"}
	for i := 1; i <= longBursts && rate.Mean > 0 && rate.Run > 0; i++ {
		f.Longer = append(f.Longer, rate.RunLonger(i))
	}
	return f
}

// burst is a mean that JSON can write.
func burst(mean float64) float64 {
	if math.IsInf(mean, 0) || math.IsNaN(mean) {
		return -1
	}
	return mean
}

// explainState: with s a state's share, losses are in 3 and 4, and a burst goes on
// from 3 to 3 only.
func (l *Loss) explainState() *LossFigures {
	p13, p31, p32, p23, p14 := l.P13.Share(), l.P31.Share(), l.P32.Share(), l.P23.Share(), l.P14.Share()
	f := &LossFigures{Model: "state"}
	f.Asked = p13
	if p13 == 0 { // never leaves the gap
		f.Gives, f.MeanBurst = p14/(1+p14), float64(digit(p14 > 0))
		return f
	}
	s3, s1 := 1.0, p31/p13
	s2 := 0.0
	if p23 > 0 {
		s2 = s3 * p32 / p23
	}
	s4 := p14 * s1
	sum := s1 + s2 + s3 + s4
	f.Gives = (s3 + s4) / sum
	begins := s1*(p13+p14) + s2*p23
	if begins > 0 {
		f.MeanBurst = burst((s3 + s4) / begins)
	} else {
		f.MeanBurst = -1
	}
	return f
}

func digit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// explainGE has the formulas of lossy.GilbertElliott.
func (l *Loss) explainGE() *LossFigures {
	p, r, bad, good := l.P.Share(), l.R.Share(), l.Bad.Share(), l.Good.Share()
	f := &LossFigures{Model: "gemodel"}
	f.Asked = p
	if p+r == 0 {
		f.Gives, f.MeanBurst = good, burst(1/(1-good)) // stays in the good state
		return f
	}
	pi := p / (p + r)
	mean := bad*pi + good*(1-pi)
	f.Gives = mean
	if mean > 0 {
		f.MeanBurst = burst(mean / (mean - mean*mean - (bad-good)*(bad-good)*pi*(1-pi)*(1-p-r)))
	}
	return f
}

// delaySamples is how many delays are drawn for their figures.
const delaySamples = 1 << 17

// replaySeed is nothing but fixed.
const replaySeed = 4737

// explainDelay draws delays by netem's arithmetic and nothing else.
func (n *Netem) explainDelay(p lossy.Profile) *Delay {
	if n.Delay == 0 && n.Jitter == 0 {
		return nil
	}
	d := &Delay{AskedMean: ms(n.Delay), AskedJitter: ms(n.Jitter), Correlation: n.DelayCorrelation.Share(), Distribution: n.Distribution}
	if d.Distribution == "" {
		d.Distribution = "uniform"
	}
	only := lossy.Profile{Delay: p.Delay, Jitter: p.Jitter, Distribution: p.Distribution,
		Netem: lossy.NetemCompat{On: true, Delay: p.Netem.Delay}}
	m := lossy.NewModel(replaySeed, 0, lossy.Up, only)
	// Sums of what a delay is off the one asked for, which lose no digits.
	var sum, squares, products, before float64
	least, most := time.Duration(math.MaxInt64), time.Duration(0)
	for i := range delaySamples {
		delay := m.Decide(1).Delay
		x := ms(delay - n.Delay)
		sum, squares = sum+x, squares+x*x
		if i > 0 {
			products += x * before
		}
		before = x
		least, most = min(least, delay), max(most, delay)
	}
	mean := sum / delaySamples
	variance := max(squares/delaySamples-mean*mean, 0)
	d.Mean, d.SD, d.Min, d.Max, d.Samples = d.AskedMean+mean, math.Sqrt(variance), ms(least), ms(most), delaySamples
	d.MeanError = d.SD / math.Sqrt(delaySamples)
	if variance > 0 {
		d.Neighbours = (products/(delaySamples-1) - mean*mean) / variance
	}
	return d
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// The replay sends that many datagrams, after as many as settle it.
const (
	replayPackets = 50_000
	mostSettling  = 50_000
)

// replay sends datagrams through a link in virtual time.
func replay(p lossy.Profile, t Traffic) *Replay {
	l := lossy.NewLink(replaySeed, 0, lossy.Up, p)
	size := 1 // the bytes count only where there is a rate
	if p.Rate > 0 {
		size = t.Size
	}
	payload, buf := make([]byte, size), make([]byte, 0, size)
	every := float64(time.Second) / t.PPS
	settling := int(min(float64(p.Delay+4*p.Jitter)/every+1000, mostSettling))
	var begun lossy.Stats
	for i := range settling + replayPackets {
		now := time.Duration(float64(i) * every)
		for ok := true; ok; {
			buf, ok = l.Receive(now, buf[:0])
		}
		if i == settling {
			begun = l.Stats()
		}
		l.Send(now, payload)
	}
	s := l.Stats()
	r := &Replay{Packets: replayPackets, Error: 0.5 / math.Sqrt(replayPackets)}
	dropped := func(c lossy.Cause) float64 { return float64(s.Dropped[c] - begun.Dropped[c]) }
	offered := float64(s.PacketsIn - begun.PacketsIn + s.Duplicated - begun.Duplicated)
	r.Lost = (dropped(lossy.CauseLoss) + dropped(lossy.CauseQueue) + dropped(lossy.CauseOverload)) / offered
	r.Limit = dropped(lossy.CauseQueue) / offered
	if out := float64(s.PacketsOut - begun.PacketsOut); out > 0 {
		r.Reordered = float64(s.Reordered-begun.Reordered) / out
	}
	return r
}
