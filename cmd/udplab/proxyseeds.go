package main

import (
	"fmt"
	"sync/atomic"
	"time"

	"udplab/lossy/proxy"
)

// seeds are those that a proxy has had. A seed that is changed holds for the
// flows that appear from then on, so the last does not tell of the whole run.
type seeds struct {
	first   uint64
	changes atomic.Uint64
}

func watchSeeds(p *proxy.Proxy) *seeds {
	s := &seeds{first: p.Config().Seed}
	p.Watch(proxy.Watcher{Changed: func(_ time.Duration, was, is proxy.Settings) {
		if was.Network.Seed != is.Network.Seed {
			s.changes.Add(1)
		}
	}})
	return s
}

// text is for people; the last seed is the one in force.
func (s *seeds) text(last uint64) string {
	switch n := s.changes.Load(); n {
	case 0:
		return fmt.Sprintf("seed %d", last)
	case 1:
		return fmt.Sprintf("seed %d, for new flows changed to %d", s.first, last)
	default:
		return fmt.Sprintf("seed %d, for new flows changed %d times, at last to %d", s.first, n, last)
	}
}

// seedsReport stands in a summary if the seed was changed on the way.
type seedsReport struct {
	FirstSeed   uint64 `json:"first_seed"`
	SeedChanges uint64 `json:"seed_changes"`
}

// report is nil if there is nothing to report: nil is of a proxy that has just gone.
func (s *seeds) report() *seedsReport {
	if s == nil || s.changes.Load() == 0 {
		return nil
	}
	return &seedsReport{s.first, s.changes.Load()}
}
