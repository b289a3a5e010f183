package lossy

import (
	"fmt"
	"math/big"
	"time"
)

// netemKernel is a second implementation of netem_enqueue and of what it calls,
// written after the statements of sch_netem.c and not after the model: a packet
// and its copy go through the same function, and numbers have any size. Only the
// source of random bits is ours. bug plants one of the errors it must be told
// apart from.
type netemKernel struct {
	profile Profile
	of      streams
	bug     string

	states  map[purpose]*big.Int
	counter int
}

func newNetemKernel(seed uint64, p Profile, bug string) *netemKernel {
	return &netemKernel{
		profile: p, bug: bug, states: map[purpose]*big.Int{},
		of: func(use purpose) stream { return newStream(seed, 0, Up, use) },
	}
}

// percent is what tc makes of a probability.
func (k *netemKernel) percent(p float64) *big.Int {
	scaled := new(big.Float).Mul(big.NewFloat(p), big.NewFloat(4294967295))
	scaled.Add(scaled, big.NewFloat(0.5))
	whole, _ := scaled.Int(nil)
	return whole
}

func (k *netemKernel) crandom(use purpose, correlation float64, at uint64) *big.Int {
	value := new(big.Int).SetUint64(k.of(use).at(at) >> 32)
	rho := k.percent(correlation)
	if rho.Sign() == 0 {
		return value
	}
	last := k.states[use]
	if last == nil {
		last = new(big.Int).SetUint64(k.of(use).at(1<<64-1) >> 32)
	}
	one := new(big.Int).Lsh(big.NewInt(1), 32)
	rho.Add(rho, big.NewInt(1))
	answer := new(big.Int).Mul(value, new(big.Int).Sub(one, rho))
	answer.Add(answer, new(big.Int).Mul(last, rho))
	answer.Rsh(answer, 32)
	k.states[use] = answer
	return answer
}

func (k *netemKernel) happens(use purpose, p, correlation float64, at uint64) bool {
	return p > 0 && k.percent(p).Cmp(k.crandom(use, correlation, at)) >= 0
}

// loses is loss_event for netem's own model.
func (k *netemKernel) loses(at uint64) bool {
	m, is := k.profile.LossModel.(NetemLoss)
	return is && k.happens(drawNetemLoss, m.p, m.correlation, at)
}

// sent is a packet in netem's queue.
type sent struct {
	copy, corrupt, atOnce bool
	delay                 time.Duration
}

// enqueue returns what goes into the queue of packet i.
func (k *netemKernel) enqueue(i uint64) (queue []sent) {
	p := k.profile
	count := 1
	if k.bug == "loss before duplication" && k.loses(i) {
		return nil
	}
	if k.happens(drawNetemDuplicate, p.Duplicate, p.Netem.Duplicate, i) {
		count++
	}
	if k.bug != "loss before duplication" && k.loses(i) {
		count--
	}
	if count == 0 {
		return nil
	}
	if count > 1 {
		at := i | 1<<63
		if k.bug == "copies that are never lost" || !k.loses(at) {
			queue = append(queue, k.accept(at, true))
		}
	}
	return append(queue, k.accept(i, false))
}

// accept is the rest of netem_enqueue.
func (k *netemKernel) accept(at uint64, isCopy bool) sent {
	p := k.profile
	s := sent{copy: isCopy}
	s.corrupt = k.happens(drawNetemCorrupt, p.Corrupt, p.Netem.Corrupt, at)
	if k.bug == "a reorder draw for each packet" {
		last := k.states[drawNetemReorder]
		defer func(closed bool) {
			if closed {
				k.states[drawNetemReorder] = last
				k.crandom(drawNetemReorder, p.Netem.Reorder, at)
			}
		}(k.counter < p.ReorderGap-1)
	}
	delayed := p.ReorderGap == 0 || k.counter < p.ReorderGap-1 ||
		k.percent(p.Reorder).Cmp(k.crandom(drawNetemReorder, p.Netem.Reorder, at)) < 0
	if !delayed {
		k.counter = 0
		s.atOnce = true
		return s
	}
	k.counter++
	s.delay = max(k.tabledist(at), 0)
	return s
}

func (k *netemKernel) tabledist(at uint64) time.Duration {
	mu, sigma := big.NewInt(int64(k.profile.Delay)), big.NewInt(int64(k.profile.Jitter))
	if sigma.Sign() == 0 {
		return k.profile.Delay
	}
	drawn := k.crandom(drawNetemDelay, k.profile.Netem.Delay, at)
	x := new(big.Int)
	if table := k.table(); table == nil {
		double := new(big.Int).Lsh(sigma, 1)
		if k.bug == "a draw that is scaled, without remainder" {
			x.Rsh(x.Mul(drawn, double), 32)
		} else {
			x.Rem(drawn, double)
		}
		x.Sub(x, sigma)
	} else {
		sample := big.NewInt(int64(table[new(big.Int).Rem(drawn, big.NewInt(int64(len(table)))).Int64()]))
		scale := big.NewInt(8192)
		whole, rest := new(big.Int).QuoRem(sigma, scale, new(big.Int))
		x.Mul(rest, sample)
		half := big.NewInt(4096)
		if x.Sign() < 0 {
			half.Neg(half)
		}
		x.Quo(x.Add(x, half), scale) // towards zero, as C divides
		x.Add(x, whole.Mul(whole, sample))
	}
	return time.Duration(x.Add(x, mu).Int64())
}

func (k *netemKernel) table() (table []int16) {
	samples, _ := netemSamples(k.profile.Distribution)
	for i := 0; i < len(samples); i += 2 {
		table = append(table, int16(samples[i])<<8|int16(samples[i+1]))
	}
	return table
}

// likeKernel compares the decisions of a model with the kernel's, packet by
// packet.
func likeKernel(p Profile, seed uint64, n int, bug string) finding {
	m, k := NewModel(seed, 0, Up, p), newNetemKernel(seed, p, bug)
	f := finding{n: n, estimate: "every decision", expected: "that of sch_netem", statistic: "exact"}
	for i := range n {
		got := m.Decide(100)
		queue := k.enqueue(uint64(i))
		want := Verdict{Drop: CauseLoss}
		if len(queue) > 0 {
			last := queue[len(queue)-1]
			want = Verdict{Copies: len(queue), Corrupt: last.corrupt, AtOnce: last.atOnce, Delay: last.delay}
		}
		got.Index, got.Bit = 0, 0
		if got != want {
			f.wrong = fmt.Errorf("packet %d: the model has %+v, sch_netem %+v", i, got, want)
			return f
		}
	}
	return f
}
