package sim

import (
	"time"

	"udplab/reliable/arq"
)

// plainer makes what is left easier to read.
func (s *shrinker) plainer() {
	for i := 0; i < len(s.best.fates); i++ {
		s.plainerFate(i)
		s.earlier(i)
	}
	for i := 0; i < len(s.best.steps); i++ {
		for j := 0; i < len(s.best.steps) && s.best.steps[i].verb == verbSend && j < len(s.best.steps[i].numbers); j++ {
			s.plainerSize(i, j)
		}
		s.plainerLane(i)
	}
	for _, delay := range []time.Duration{0, 10 * time.Millisecond, 20 * time.Millisecond, 50 * time.Millisecond} {
		c := s.best.with()
		changed := false
		for i := range c.links {
			changed = changed || c.links[i].delay > delay
			c.links[i].delay = min(delay, c.links[i].delay)
		}
		if changed && s.try(c) {
			break
		}
	}
	s.sooner()
}

func (s *shrinker) plainerFate(i int) {
	f := s.best.fates[i].fate
	late, again := rounded(f.By), rounded(f.Again)
	for _, g := range []Fate{
		{Kind: Drop}, {Kind: Delay, By: late}, {Kind: f.Kind}, {Kind: f.Kind, By: late}, {Kind: f.Kind, By: late, Again: again},
		{Kind: f.Kind, By: f.By, Again: again},
	} {
		if i >= len(s.best.fates) || !simpler(g, s.best.fates[i].fate) {
			continue
		}
		c := s.best.with()
		c.fates[i].fate = g
		if s.try(c) {
			return
		}
	}
}

// earlier lets a fate befall an earlier datagram, so that fewer are needed.
func (s *shrinker) earlier(i int) {
	for i < len(s.best.fates) {
		d := s.best.fates[i]
		least := 0
		if i > 0 && s.best.fates[i-1].from == d.from && s.best.fates[i-1].to == d.to {
			least = s.best.fates[i-1].number + 1
		}
		found := false
		stride := max(1, (d.number-least)/32)
		for number := least; number < d.number && !found; number += stride {
			c := s.best.with()
			c.fates[i].number = number
			found = s.try(c)
		}
		if !found {
			return
		}
	}
}

// simpler says whether a fate says less than another.
func simpler(f, than Fate) bool {
	words := func(f Fate) int {
		n := 0
		for _, d := range []time.Duration{f.By, f.Again} {
			switch {
			case d == 0:
			case d == rounded(d):
				n += 2
			default:
				n += 3
			}
		}
		if f.Kind == Corrupt || f.Kind == Duplicate {
			n++
		}
		return n
	}
	return f != than && (f.Kind != Delay || f.By > 0) && words(f) < words(than)
}

// rounded is the next number of tens of milliseconds, two digits of it.
func rounded(d time.Duration) time.Duration {
	unit := 10 * time.Millisecond
	for d > 100*unit {
		unit *= 10
	}
	return (d + unit - 1).Truncate(unit)
}

func (s *shrinker) plainerSize(i, j int) {
	for _, size := range []int{1, 100, 1000, 2000, 3000, 10_000} {
		if i >= len(s.best.steps) || j >= len(s.best.steps[i].numbers) || size >= s.best.steps[i].numbers[j] {
			return
		}
		c := s.best.with()
		c.steps[i].numbers = append([]int(nil), c.steps[i].numbers...)
		c.steps[i].numbers[j] = size
		if s.try(c) {
			return
		}
	}
}

// plainerLane sends or reads on channel 0, in order, with a round lifetime.
func (s *shrinker) plainerLane(i int) {
	if i >= len(s.best.steps) {
		return
	}
	o := s.best.steps[i].options
	for _, plainer := range []arq.SendOptions{
		{Tracked: o.Tracked},
		{Tracked: o.Tracked, Channel: o.Channel},
		{Tracked: o.Tracked, Mode: o.Mode, Lifetime: rounded(o.Lifetime)},
		{Tracked: o.Tracked, Mode: o.Mode, Lifetime: o.Lifetime},
		{Tracked: o.Tracked, Channel: o.Channel, Mode: o.Mode, Lifetime: rounded(o.Lifetime)},
	} {
		if i >= len(s.best.steps) || plainer == s.best.steps[i].options {
			return
		}
		c := s.best.with()
		c.steps[i].options = plainer
		if s.try(c) {
			return
		}
	}
}

// sooner shortens the waits between the steps, those after the healing
// excepted: there the demands are fair only after a time.
func (s *shrinker) sooner() {
	for i := 0; i < len(s.best.steps); i++ {
		before := time.Duration(0)
		if i > 0 {
			before = s.best.steps[i-1].at
			if s.best.steps[i-1].verb == verbHeal {
				return
			}
		}
		wait := s.best.steps[i].at - before
		for _, other := range []time.Duration{0, 10 * time.Millisecond, 100 * time.Millisecond, time.Second, rounded(wait)} {
			if other >= wait && (other != rounded(wait) || wait == rounded(wait)) || i >= len(s.best.steps) {
				continue
			}
			c := s.best.with()
			for k := i; k < len(c.steps); k++ {
				c.steps[k].at += other - wait
			}
			c.end += other - wait
			if s.try(c) {
				break
			}
		}
	}
}
