package sim

import (
	"flag"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
)

var (
	swarmSeed  = flag.Uint64("sim.seed", 0, "run only this seed of the swarm")
	swarmTrace = flag.Bool("sim.trace", false, "with -sim.seed, print everything that happens")
	swarmRuns  = flag.Int("sim.runs", 10_000, "how many seeds of the swarm to run")
)

// forEachSeed runs the swarm's seeds from first on, on all cores, and hands
// over the reports as they come, until visit says no; those under way then are
// handed over, too. Seeds follow each other, so that a failure is found again
// by its number. plant may be nil.
func forEachSeed(first uint64, plant func(*World), visit func(SwarmReport, error) (goOn bool)) {
	var mu sync.Mutex
	next, done := first, false
	var group sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for {
				mu.Lock()
				seed := next
				next++
				stop := done
				mu.Unlock()
				if stop {
					return
				}
				s := newSwarm(seed)
				if plant != nil {
					plant(s.World)
				}
				report, err := s.run()
				mu.Lock()
				if !visit(report, err) {
					done = true
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
}

// tell is what there is to say of a seed that fails: the failure shrunk to a
// story that can be put into testdata.
func tell(r SwarmReport, err error, plant func(*World)) string {
	record, _ := RecordSwarm(r.Seed, plant)
	small := Shrink(record, plant, shrinkBudget)
	note := ""
	if small.Replay(plant) == nil {
		note = "\n(the record does not show it: it takes two things in one order at one moment)"
	}
	return fmt.Sprintf(`seed %d: %v
features:%v
again with: go test ./reliable/sim -run A3_Swarm -sim.seed=%d -sim.trace -v
shrunk, for reliable/sim/testdata/NAME.txt, then: go test ./reliable/sim -run TestStories/NAME%s

%s`, r.Seed, err, r.Features, r.Seed, note, small.Story(plant))
}

// swarmSum is the sum of many reports.
type swarmSum struct {
	SwarmReport
	runs int
	with [featureCount]int // runs that had it
}

func (s *swarmSum) add(r *SwarmReport) {
	s.runs++
	s.Links.Add(r.Links)
	s.Steps += r.Steps
	s.Virtual += r.Virtual
	s.Messages += r.Messages
	s.Late += r.Late
	s.Restarts += r.Restarts
	addConns(&s.SwarmReport, r)
	for i := range s.with {
		if r.Features&(1<<i) != 0 {
			s.with[i]++
		}
	}
}

// TestA3_Swarm runs random worlds (see RunSwarm), 10,000 unless -sim.runs says
// otherwise, and makes sure that every fault and every repair really occurred
// in them.
func TestA3_Swarm(t *testing.T) {
	if *swarmSeed != 0 {
		var observe func(Observation)
		if *swarmTrace {
			observe = Narrate(t.Output())
		}
		report, err := RunSwarm(*swarmSeed, observe)
		t.Log(report)
		if err != nil {
			t.Error(tell(report, err, nil))
		}
		return
	}
	runs := *swarmRuns
	if testing.Short() || raceEnabled {
		runs = min(runs, 300)
	}
	var sum swarmSum
	forEachSeed(1, nil, func(r SwarmReport, err error) bool {
		if sum.runs == runs {
			return false // another core was under way when the last one came
		}
		sum.add(&r)
		if err != nil {
			t.Error(tell(r, err, nil))
		}
		return sum.runs < runs && !t.Failed()
	})
	if t.Failed() {
		return
	}
	t.Logf("%d runs, %d events, %v of virtual time, %d datagrams, %d messages delivered",
		runs, sum.Steps, sum.Virtual, sum.Links.PacketsIn, sum.Messages)
	for i, n := range sum.with {
		if n < runs/3 || n > runs*2/3 {
			t.Errorf("%d of %d runs had %s, want about half", n, runs, featureNames[i])
		}
	}
	for _, c := range occurrences(&sum.SwarmReport) {
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
	s.PathChanges += c.PathChanges
	s.PathsRefused += c.PathsRefused
	s.SizeProbesSent += c.SizeProbesSent
	s.SizeProbesLost += c.SizeProbesLost
	s.BlackHoles += c.BlackHoles
	s.MessagesSuperseded += c.MessagesSuperseded
	s.MessagesLost += c.MessagesLost
	s.MessagesSkipped += c.MessagesSkipped
	s.MessagesPassedOver += c.MessagesPassedOver
	s.MessagesStale += c.MessagesStale
	s.MessagesDropped += c.MessagesDropped
	s.Repeats += c.Repeats
	s.RedundancySaved += c.RedundancySaved
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
		{"moves followed", r.Conns.PathChanges}, {"moves not proven", r.Conns.PathsRefused},
		{"probes of the packet size", r.Conns.SizeProbesSent}, {"of these lost", r.Conns.SizeProbesLost},
		{"black holes", r.Conns.BlackHoles},
		{"messages superseded", r.Conns.MessagesSuperseded}, {"messages lost and not sent again", r.Conns.MessagesLost},
		{"messages skipped", r.Conns.MessagesSkipped}, {"messages passed over", r.Conns.MessagesPassedOver},
		{"messages stale", r.Conns.MessagesStale}, {"messages dropped", r.Conns.MessagesDropped},
		{"messages repeated", r.Conns.Repeats}, {"saved by that", r.Conns.RedundancySaved},
	}
	for i, n := range r.Links.Dropped {
		switch i {
		case 1, 2, 3: // lossy.CauseLoss, CauseQueue, CauseBlackout
			list = append(list, occurrence{[]string{"", "datagrams lost", "dropped by a queue", "dropped in a blackout"}[i], n})
		}
	}
	return list
}

// The swarm finds a bug that takes several things to happen together.
func TestSwarmFindsPlantedBug(t *testing.T) {
	var failed SwarmReport
	var found error
	forEachSeed(1, plantedTwice, func(r SwarmReport, err error) bool {
		if err != nil && found == nil {
			failed, found = r, err
		}
		return found == nil && r.Seed < 300
	})
	if found == nil {
		t.Fatal("300 runs found nothing")
	}
	story := tell(failed, found, plantedTwice)
	for _, want := range []string{"-sim.seed=", "twice", "wrong: at "} {
		if !strings.Contains(story, want) {
			t.Errorf("the failure is told without %q:\n%s", want, story)
		}
	}
}

// The same seed goes the same way, on one core as on two. That it does so with
// the race detector as well is what the stories show, which .ci/run compares
// both with and without.
func TestA32_SameSeedSameRun(t *testing.T) {
	const seeds = 50
	runs := func(cores int) (reports [seeds + 1]SwarmReport) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
		forEachSeed(1, nil, func(r SwarmReport, _ error) bool {
			if r.Seed <= seeds {
				reports[r.Seed] = r
			}
			return r.Seed < seeds+4 // those before it are done or under way
		})
		return reports
	}
	one, again, two := runs(1), runs(1), runs(2)
	for i := 1; i <= seeds; i++ {
		if one[i].Hash == 0 || one[i] != again[i] || one[i] != two[i] {
			t.Errorf("seed %d: %v, again %v, on two cores %v", i, one[i], again[i], two[i])
		}
		if i > 1 && one[i].Hash == one[i-1].Hash {
			t.Errorf("seeds %d and %d went the same way", i-1, i)
		}
	}
}
