package sim

import (
	"flag"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

var (
	swarmSeed  = flag.Uint64("sim.seed", 0, "run only this seed of the swarm")
	swarmTrace = flag.Bool("sim.trace", false, "with -sim.seed, print everything that happens")
	swarmRuns  = flag.Int("sim.runs", 10_000, "how many seeds of the swarm to run")
)

// forEachSeed runs the swarm's seeds on all cores and returns the reports by
// seed. Seeds are 1, 2, 3 and so on, so that a failure is found again by its
// number.
func forEachSeed(t *testing.T, runs int) []SwarmReport {
	t.Helper()
	reports := make([]SwarmReport, runs)
	var next atomic.Int64
	var failures atomic.Int64
	var group sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		group.Add(1)
		go func() {
			defer group.Done()
			for {
				i := int(next.Add(1)) - 1
				if i >= runs || failures.Load() >= 5 {
					return
				}
				report, err := RunSwarm(uint64(i)+1, nil)
				reports[i] = report
				if err != nil {
					failures.Add(1)
					t.Errorf("%v\nfeatures:%v\nagain with: go test ./reliable/sim -run 'TestSwarm$' -sim.seed=%d -sim.trace -v",
						err, report.Features, report.Seed)
				}
			}
		}()
	}
	group.Wait()
	return reports
}

// TestSwarm runs 10,000 random worlds (see RunSwarm), and makes sure that
// every fault and every repair really occurred in them.
func TestSwarm(t *testing.T) {
	if *swarmSeed != 0 {
		var observe func(Observation)
		if *swarmTrace {
			observe = Narrate(t.Output())
		}
		report, err := RunSwarm(*swarmSeed, observe)
		t.Log(report)
		if err != nil {
			t.Error(err)
		}
		return
	}
	runs := *swarmRuns
	if testing.Short() || raceEnabled {
		runs = min(runs, 300)
	}
	var sum SwarmReport
	with := make([]int, featureCount)
	for _, r := range forEachSeed(t, runs) {
		sum.Links.Add(r.Links)
		sum.Steps += r.Steps
		sum.Virtual += r.Virtual
		sum.Messages += r.Messages
		sum.Late += r.Late
		sum.Restarts += r.Restarts
		addConns(&sum, &r)
		for i := range with {
			if r.Features&(1<<i) != 0 {
				with[i]++
			}
		}
	}
	if t.Failed() {
		return
	}
	t.Logf("%d runs, %d events, %v of virtual time, %d datagrams, %d messages delivered",
		runs, sum.Steps, sum.Virtual, sum.Links.PacketsIn, sum.Messages)
	for i, n := range with {
		if n < runs/3 || n > runs*2/3 {
			t.Errorf("%d of %d runs had %s, want about half", n, runs, featureNames[i])
		}
	}
	for _, c := range occurrences(&sum) {
		if c.count == 0 {
			t.Errorf("not one %s in %d runs", c.what, runs)
		}
		t.Logf("%10d %s", c.count, c.what)
	}
}

func addConns(sum, r *SwarmReport) {
	s, c := &sum.Conns, &r.Conns
	s.PacketsLost += c.PacketsLost
	s.PacketsLostSpurious += c.PacketsLostSpurious
	s.PacketsDuplicate += c.PacketsDuplicate
	s.PacketsOutOfOrder += c.PacketsOutOfOrder
	s.RetransmitsThreshold += c.RetransmitsThreshold
	s.RetransmitsTime += c.RetransmitsTime
	s.RetransmitsProbe += c.RetransmitsProbe
}

type occurrence struct {
	what  string
	count uint64
}

// occurrences lists every fault a swarm has to inflict and every repair it has
// to see.
func occurrences(r *SwarmReport) []occurrence {
	list := []occurrence{
		{"copies made", r.Links.Duplicated}, {"datagrams corrupted", r.Links.Corrupted},
		{"datagrams reordered", r.Links.Reordered}, {"datagrams late", r.Late},
		{"restarts", uint64(r.Restarts)},
		{"packets declared lost", r.Conns.PacketsLost}, {"falsely", r.Conns.PacketsLostSpurious},
		{"duplicate packets", r.Conns.PacketsDuplicate}, {"packets out of order", r.Conns.PacketsOutOfOrder},
		{"retransmissions by packet threshold", r.Conns.RetransmitsThreshold},
		{"retransmissions by time threshold", r.Conns.RetransmitsTime},
		{"retransmissions by probe timeout", r.Conns.RetransmitsProbe},
	}
	for i, n := range r.Links.Dropped {
		switch i {
		case 1, 2, 3: // lossy.CauseLoss, CauseQueue, CauseBlackout
			list = append(list, occurrence{[]string{"", "datagrams lost", "dropped by a queue", "dropped in a blackout"}[i], n})
		}
	}
	return list
}

// The same seed goes the same way, on one core as on two.
func TestSameSeedSameRun(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	one := forEachSeed(t, 50)
	again := forEachSeed(t, 50)
	runtime.GOMAXPROCS(2)
	two := forEachSeed(t, 50)
	for i := range one {
		if one[i].Hash == 0 || one[i] != again[i] || one[i] != two[i] {
			t.Errorf("seed %d: %v, again %v, on two cores %v", i+1, one[i], again[i], two[i])
		}
		if i > 0 && one[i].Hash == one[i-1].Hash {
			t.Errorf("seeds %d and %d went the same way", i, i+1)
		}
	}
}
