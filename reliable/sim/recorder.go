package sim

import (
	"bytes"
	"math/bits"
	"time"
)

// recorder writes down what happens in a world.
type recorder struct {
	world   *World
	steps   []step
	flights map[*path][]flight
	latest  map[*path]landing
}

// landing is the latest arrival on a path.
type landing struct {
	at     time.Duration
	flight int // which it was
	place  int // as in Fate
}

// flight is a datagram and its arrivals.
type flight struct {
	at       time.Duration
	least    time.Duration // what its link takes at least
	datagram []byte
	arrivals []arrival
}

type arrival struct {
	after   time.Duration
	damaged bool
	place   int // as in Fate
}

// record begins to write down what happens. The world must be new.
func (w *World) record() *recorder {
	w.recorder = &recorder{world: w, flights: make(map[*path][]flight), latest: make(map[*path]landing)}
	return w.recorder
}

// did writes down a step, if anybody wants to know.
func (w *World) did(s step) {
	if w.recorder == nil {
		return
	}
	s.at = w.now
	s.numbers = append([]int(nil), s.numbers...)
	w.recorder.steps = append(w.recorder.steps, s)
}

func (r *recorder) sent(p *path, datagram []byte) {
	profile := p.link.Profile()
	r.flights[p] = append(r.flights[p], flight{
		at: r.world.now, least: profile.Delay - profile.Jitter, datagram: append([]byte(nil), datagram...),
	})
}

// arrived finds the datagram that arrives. Those with the same bytes are one
// as good as the other: it is the latest that can be here already. Each may
// come twice.
func (r *recorder) arrived(p *path, datagram []byte) {
	flights := r.flights[p]
	for _, damaged := range []bool{false, true} {
		for already := range 2 {
			for i := len(flights) - 1; i >= 0; i-- {
				f := &flights[i]
				if len(f.arrivals) == already && r.world.now-f.at >= f.least && sameBytes(f.datagram, datagram, damaged) {
					now, before := r.world.now, r.latest[p]
					place := 0
					if now == before.at {
						place = before.place
						if i < before.flight { // it was overtaken up to this moment
							place++
						}
					}
					r.latest[p] = landing{now, i, place}
					f.arrivals = append(f.arrivals, arrival{now - f.at, damaged, place})
					return
				}
			}
		}
	}
	panic("BUG: a datagram arrives that was not sent")
}

// sameBytes compares two datagrams, the second with one bit flipped if it is
// damaged.
func sameBytes(a, b []byte, damaged bool) bool {
	if !damaged {
		return bytes.Equal(a, b)
	}
	if len(a) != len(b) {
		return false
	}
	flipped := 0
	for i := range a {
		flipped += bits.OnesCount8(a[i] ^ b[i])
	}
	return flipped == 1
}

// finish is the record of everything until now.
func (r *recorder) finish(title string) *Record {
	w := r.world
	out := &Record{Title: title, steps: r.steps, end: w.now}
	for _, n := range w.nodes {
		out.nodes = append(out.nodes, recordedNode{n.name, n.options})
	}
	shortest := make(map[*path]time.Duration)
	for i, a := range w.nodes {
		for j := i + 1; j < len(w.nodes); j++ {
			there, back := w.path(a, w.nodes[j]), w.path(w.nodes[j], a)
			delay := r.shortest(there, back)
			shortest[there], shortest[back] = delay, delay
			out.links = append(out.links, recordedLink{i, j, delay})
		}
	}
	for _, from := range w.nodes {
		for _, to := range w.nodes {
			if from == to {
				continue
			}
			p := w.path(from, to)
			for number, f := range r.flights[p] {
				if fate := f.fate(shortest[p]); fate != (Fate{}) {
					out.fates = append(out.fates, decision{from.index, to.index, number, fate})
				}
			}
		}
	}
	return out
}

// shortest is the shortest time any datagram took on the paths, which will be
// their delay: whatever took longer was held back.
func (r *recorder) shortest(paths ...*path) time.Duration {
	least := never
	for _, p := range paths {
		for _, f := range r.flights[p] {
			for _, a := range f.arrivals {
				least = min(least, a.after)
			}
		}
	}
	if least == never {
		return paths[0].link.Profile().Delay
	}
	return least
}

// fate is the fate that makes the same arrivals over a link of that delay. A
// damaged datagram is worth nothing, so two of them count as one.
func (f *flight) fate(delay time.Duration) Fate {
	var whole []arrival
	for _, a := range f.arrivals {
		a.after -= delay
		if !a.damaged {
			whole = append(whole, a)
		}
	}
	switch {
	case len(whole) == 2:
		return Fate{Kind: Duplicate, By: whole[0].after, Again: whole[1].after - whole[0].after, Place: whole[1].place}
	case len(whole) == 1 && whole[0].after > 0:
		return Fate{Kind: Delay, By: whole[0].after, Place: whole[0].place}
	case len(whole) == 1:
		return Fate{Place: whole[0].place}
	case len(f.arrivals) > 0:
		return Fate{Kind: Corrupt, By: f.arrivals[0].after - delay}
	}
	return Fate{Kind: Drop}
}
