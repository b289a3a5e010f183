package netem

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"udplab/lossy"
)

// Translation is a line of netem's in the settings of lossy. A qdisc has one queue
// and one generator for all flows of an interface, so a rate is that of a shared
// bottleneck, and what has a memory decides for all flows as one row of datagrams.
type Translation struct {
	Profile lossy.Profile
	Notices []string // what is not as netem has it, a sentence each
}

func (t *Translation) notice(format string, args ...any) {
	t.Notices = append(t.Notices, fmt.Sprintf(format, args...))
}

// frameBytes is what a datagram is longer where netem counts it: with its Ethernet,
// IPv4 and UDP headers.
const frameBytes = 14 + 20 + 8

// Meant returns the settings that do what the words of the line say: as many are
// lost as it says, with a correlation that leaves the mean alone, and delays have
// the mean and deviation that it gives. read reads the file of a distribution; with
// nil a line that names one is refused (lossy.ErrNamesFile). What cannot be done is
// an error.
func (n Netem) Meant(read lossy.ReadFile) (Translation, error) {
	var t Translation
	p := &t.Profile
	if err := n.common(&t); err != nil {
		return t, err
	}
	switch l := n.Loss; {
	case l.Model == State || l.Model == GEModel:
		p.LossModel, p.SharedModel = l.chain(), true
	case l.Random.Correlation > 0 && l.Random.P > 0 && l.Random.P < 100:
		c := lossy.CorrelatedLoss{P: l.Random.P.Share(), Rho: l.Random.Correlation.Share()}
		if c.Rho > lossy.MaxRho {
			t.notice("a correlation of %v is taken for %v%%, the most there can be", l.Random.Correlation, lossy.MaxRho*100)
			c.Rho = lossy.MaxRho
		}
		p.LossModel, p.SharedModel = c, true
	default:
		p.Loss = l.Random.P.Share()
	}
	for _, c := range []struct {
		what   string
		chance Chance
	}{{"duplicate", n.Duplicate}, {"corrupt", n.Corrupt}, {"reorder", n.Reorder}} {
		if c.chance.Correlation > 0 {
			t.notice("%s: the correlation is left out, so that the share is the one asked for; each packet is on its own", c.what)
		}
	}
	if n.Jitter > n.Delay {
		return t, fmt.Errorf("delay: a jitter of %s around %s would have packets arrive before they are sent; netem sends them at once, and so does --netem-compat. Or write delay %s %s",
			formatTime(n.Jitter), formatTime(n.Delay), formatTime(n.Jitter), formatTime(n.Jitter))
	}
	if n.DelayCorrelation > 0 {
		t.notice("delay: the correlation of %v is left out, and netem's does next to nothing for jitters far below 2 s", n.DelayCorrelation)
	}
	if err := n.law(&t, read, false); err != nil {
		return t, err
	}
	if n.Rate.BytesPerSecond > 0 {
		p.QueuePackets = min(n.Limit, lossy.MaxQueuePackets)
	} else if n.Limit != DefaultLimit {
		t.notice("limit: without a rate nothing queues, and as many as need be may be under way; --netem-compat drops what is over %d", n.Limit)
	}
	return t, t.valid()
}

// Imitated returns the settings that replay netem's arithmetic, faults included.
// See Meant for read and errors, and lossy.NetemCompat for what differs.
func (n Netem) Imitated(read lossy.ReadFile) (Translation, error) {
	var t Translation
	p := &t.Profile
	if err := n.common(&t); err != nil {
		return t, err
	}
	p.SharedModel = p.SharedModel || n.correlated()
	if n.Limit > lossy.MaxNetemLimit {
		t.notice("limit: %d is taken for %d, the most there can be", n.Limit, lossy.MaxNetemLimit)
	}
	p.Netem = lossy.NetemCompat{
		On: true, Limit: min(n.Limit, lossy.MaxNetemLimit),
		Duplicate: n.Duplicate.Correlation.Share(), Corrupt: n.Corrupt.Correlation.Share(),
		Reorder: n.Reorder.Correlation.Share(), Delay: n.DelayCorrelation.Share(),
	}
	switch l := n.Loss; {
	case l.Model == State || l.Model == GEModel:
		p.LossModel, p.SharedModel = l.chain(), true
		t.notice("loss: the chain starts in its long-run distribution, and not in its good state")
	case l.Random.P > 0:
		m, err := lossy.NewNetemLoss(l.Random.P.Share(), l.Random.Correlation.Share())
		if err != nil {
			return t, err
		}
		p.LossModel = m
	}
	if err := n.law(&t, read, true); err != nil {
		return t, err
	}
	if n.Rate.BytesPerSecond > 0 {
		// Those that wait and those that are delayed are under one limit.
		p.QueuePackets = min(n.Limit, lossy.MaxQueuePackets)
	}
	return t, t.valid()
}

// correlated says whether what is drawn for a packet depends on the draw before.
func (n *Netem) correlated() bool {
	chances := []Chance{n.Loss.Random, n.Duplicate, n.Corrupt, n.Reorder, {100, n.DelayCorrelation}}
	return slices.ContainsFunc(chances, func(c Chance) bool { return c.P > 0 && c.Correlation > 0 })
}

// common is what both translations have alike.
func (n *Netem) common(t *Translation) error {
	p := &t.Profile
	if n.Slot != (Slot{}) {
		return errors.New("slot: delivery in batches cannot be done for datagrams here; leave it out, or use a link-trace with chances at the times of the slots")
	}
	if n.Limit == 0 {
		return errors.New("limit 0: netem drops everything then; write loss 100%")
	}
	if n.Loss.ECN {
		t.notice("ecn: what netem would mark is lost, as it is in netem if a datagram is not ECN-capable")
	}
	if n.Seeded {
		t.notice("seed: netem's does not decide everything it draws and is not ours; --seed decides every fate here")
	}
	p.Delay, p.Jitter = n.Delay, n.Jitter
	p.Duplicate, p.Corrupt = n.Duplicate.P.Share(), n.Corrupt.P.Share()
	p.Reorder, p.ReorderGap = n.Reorder.P.Share(), n.Gap
	p.SharedModel = n.Reorder.P > 0 && n.Gap > 1
	if n.GapAlone {
		t.notice("gap: alone it is reorder 100%% for the kernel, so one packet in %d is sent at once; tc of today wants it written, reorder 100%% gap %d", n.Gap, n.Gap)
	}
	if n.Corrupt.P > 0 {
		t.notice("corrupt: the bit is one of the payload; netem hits headers, too, and checksums then drop the packet")
	}
	return n.rate(t)
}

func (n *Netem) rate(t *Translation) error {
	r, p := n.Rate, &t.Profile
	if r.BytesPerSecond == 0 {
		p.JitterReorder = n.Jitter > 0
		return nil
	}
	bits := 8 * float64(r.BytesPerSecond)
	if !(bits >= lossy.MinRate && bits <= lossy.MaxRate) {
		return fmt.Errorf("rate %s: a rate lies between 1kbit and 1tbit here", formatRate(r.BytesPerSecond))
	}
	if r.CellSize > 0 {
		return fmt.Errorf("rate: cells of %d bytes cannot be counted for datagrams here; leave them out, and lower the rate to what they leave: datagrams of 1200 bytes take %d on the wire",
			r.CellSize, r.wire(1200+frameBytes))
	}
	overhead := frameBytes + r.Overhead
	if overhead < 0 || overhead > lossy.MaxOverhead {
		return fmt.Errorf("rate: an overhead of %d bytes, %d with the headers netem counts, must lie between %d and %d",
			r.Overhead, overhead, -frameBytes, lossy.MaxOverhead-frameBytes)
	}
	p.Rate, p.Overhead, p.SharedBottleneck = bits, overhead, true
	t.notice("rate: netem counts frames, so %d bytes of Ethernet, IPv4 and UDP headers are counted for each datagram; 62 are over IPv6", frameBytes)
	if n.Jitter > 0 {
		t.notice("delay: with a rate netem keeps the order, and so does this")
	}
	return nil
}

// wire is what netem takes a packet for.
func (r *Rate) wire(size int) int {
	size += r.Overhead
	if r.CellSize > 0 {
		size = int(math.Ceil(float64(size)/float64(r.CellSize))) * (r.CellSize + r.CellOverhead)
	}
	return size
}

// chain is the loss of a model with states.
func (l *Loss) chain() lossy.LossModel {
	if l.Model == State {
		return lossy.FourState{P13: l.P13.Share(), P31: l.P31.Share(), P32: l.P32.Share(), P23: l.P23.Share(), P14: l.P14.Share()}
	}
	return lossy.GilbertElliott{P: l.P.Share(), R: l.R.Share(), Bad: l.Bad.Share(), Good: l.Good.Share()}
}

// law finds the law of the delays. That of a name is tc's table where netem is
// imitated, and the law that the table is of where the words count.
func (n *Netem) law(t *Translation, read lossy.ReadFile, tables bool) error {
	name := n.Distribution
	switch {
	case name == "":
		return nil
	case name == "normal" || name == "pareto" || name == "paretonormal":
		if tables {
			name = "netem-" + name
		}
	case name == "experimental" && read != nil:
		for _, dir := range tableDirs {
			if d, err := lossy.ParseDistribution("table:"+dir+"experimental.dist", read); err == nil {
				t.Profile.Distribution = d
				return nil
			}
		}
		return errors.New("distribution: experimental is a measured table that comes with tc and is not on this machine; give its path, distribution FILE.dist")
	default:
		name = "table:" + strings.TrimPrefix(name, "table:")
	}
	d, err := lossy.ParseDistribution(name, read)
	if err != nil {
		return fmt.Errorf("distribution: %w; names are uniform, normal, pareto, paretonormal and experimental", err)
	}
	t.Profile.Distribution = d
	return nil
}

// tableDirs are where tc keeps its tables.
var tableDirs = []string{"/usr/lib/tc/", "/usr/lib/x86_64-linux-gnu/tc/", "/usr/lib/aarch64-linux-gnu/tc/", "/usr/lib64/tc/"}

func (t *Translation) valid() error {
	if err := t.Profile.Validate(); err != nil {
		return fmt.Errorf("netem's settings are none of ours: %w", err)
	}
	return nil
}
