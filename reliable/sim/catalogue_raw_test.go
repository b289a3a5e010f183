package sim

import (
	"testing"
	"time"

	"udplab/lossy"
	"udplab/proto"
	"udplab/reliable/raw"
)

// rawDamage is what the account of raw mode sees of a swarm's link: 400
// numbered datagrams over the same link with the same seed, so that the n-th
// of them meets the fate that the n-th of reliable mode meets.
func rawDamage(s *swarm) (seen raw.AccountStats, corrupt int) {
	from, to := s.nodes[0], s.nodes[1]
	link := lossy.NewLink(s.seed, uint64(from.index)<<16|uint64(to.index), lossy.Up, s.profile)
	var account raw.Account
	const count, apart = 400, 3 * time.Millisecond
	var out []byte
	for now, sent := time.Duration(0), 0; ; {
		due, waiting := link.NextTime()
		next := time.Duration(sent) * apart
		switch {
		case sent < count && (!waiting || next <= due):
			now = next
			out = proto.AppendRaw(out[:0], &proto.Raw{
				Stream: 1, Seq: uint32(sent), SentAt: uint64(now / time.Microsecond), Payload: make([]byte, 200),
			})
			link.Send(now, out)
			sent++
		case waiting:
			now = max(now, due)
			out, _ = link.Receive(now, out[:0])
			var p proto.Packet
			if err := proto.Parse(out, &p); err != nil {
				corrupt++
			} else {
				account.Receive(now, p.Raw.Seq, p.Raw.SentAt)
			}
		default:
			return account.Stats(), corrupt
		}
	}
}

// The control experiment: on the links over which the swarm sees everything
// arrive once and in order, raw mode counts what was lost, repeated, overtaken
// and damaged. Were a fault only configured and never inflicted, this would
// show it.
func TestA31_RawModeSeesTheDamage(t *testing.T) {
	t.Parallel()
	seeds := uint64(400)
	if testing.Short() || raceEnabled {
		seeds = 100
	}
	had, saw := make(map[string]int), make(map[string]int)
	for seed := uint64(1); seed <= seeds; seed++ {
		s := newSwarm(seed)
		if _, err := s.run(); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
		account, corrupt := rawDamage(s)
		for _, c := range []struct {
			what       string
			configured bool
			seen       bool
		}{
			{"loss", s.profile.Loss > 0.02, account.Lost > 0},
			{"duplicates", s.profile.Duplicate > 0.02, account.Duplicate > 0},
			{"reordering", s.profile.Reorder > 0.02, account.OutOfOrder > 0},
			{"corruption", s.profile.Corrupt > 0.02, corrupt > 0},
		} {
			if c.configured {
				had[c.what]++
				if c.seen {
					saw[c.what]++
				}
			}
		}
		if p := s.profile; p.Loss == 0 && p.Rate == 0 && p.Corrupt == 0 && account.Lost > 0 ||
			p.Duplicate == 0 && account.Duplicate > 0 || p.Reorder == 0 && account.OutOfOrder > 0 || p.Corrupt == 0 && corrupt > 0 {
			t.Errorf("seed %d: %v shows damage nobody ordered: %+v, %d damaged", seed, p, account, corrupt)
		}
	}
	for what, n := range had {
		t.Logf("%s: seen in %d of %d runs that had it", what, saw[what], n)
		if n < int(seeds)/10 || saw[what] < n*95/100 {
			t.Errorf("%s: seen in %d of %d runs that had it", what, saw[what], n)
		}
	}
}
