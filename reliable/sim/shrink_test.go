package sim

import (
	"regexp"
	"strings"
	"testing"

	"udplab/proto"
	"udplab/reliable/arq"
)

// plantedTwice is a receiver with a bug that takes several things to happen
// together: when the connection has seen a duplicate and a packet out of
// order, a message that came in fragments is delivered twice.
func plantedTwice(w *World) {
	w.Tamper = func(e *End, d arq.Delivery) []arq.Delivery {
		s := e.Conn.Stats()
		if len(d.Data) > 1200 && s.PacketsDuplicate > 0 && s.PacketsOutOfOrder > 0 {
			return []arq.Delivery{d, d}
		}
		return []arq.Delivery{d}
	}
}

// plantedLoss is a bug that only the last check of a run can see: a message in
// parts that may be lost, and was not, is acknowledged after a probe timeout, and
// gone.
func plantedLoss(w *World) {
	w.Tamper = func(e *End, d arq.Delivery) []arq.Delivery {
		if d.Mode == proto.ModeUnreliable && len(d.Data) > 1452 && e.Conn.Stats().ProbeTimeouts > 0 {
			return nil
		}
		return []arq.Delivery{d}
	}
}

// failing looks for the swarm's first seeds from which a fault that was
// planted makes a failure of at least that many decisions.
func failing(t *testing.T, plant func(*World), decisions, count int) []*Record {
	t.Helper()
	var found []*Record
	for seed := uint64(1); len(found) < count; seed++ {
		if seed > 10_000 {
			t.Fatalf("%d failures in 10,000 seeds, want %d", len(found), count)
		}
		if r, err := RecordSwarm(seed, plant); err != nil && r.decisions() >= decisions {
			found = append(found, r)
		}
	}
	return found
}

// plantedMany is a bug that no handful of fates shows: a message is delivered
// twice behind twelve packets that came out of order.
func plantedMany(w *World) {
	w.Tamper = func(e *End, d arq.Delivery) []arq.Delivery {
		if e.Conn.Stats().PacketsOutOfOrder >= 12 {
			return []arq.Delivery{d, d}
		}
		return []arq.Delivery{d}
	}
}

// TestM8_FailuresOf500DecisionsShrinkTo12: whatever else happened, a dozen
// decisions are enough to show the fault, and they still do.
func TestM8_FailuresOf500DecisionsShrinkTo12(t *testing.T) {
	t.Parallel()
	count := 10
	if testing.Short() {
		count = 2
	}
	if raceEnabled {
		count = 1
	}
	for _, c := range []struct {
		name, want string
		plant      func(*World)
	}{
		{"delivered twice", "delivered", plantedTwice},
		// In parts it is acknowledged and gone, in one packet whole and gone.
		{"acknowledged and gone", "acknowledged|not delivered", plantedLoss},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, r := range failing(t, c.plant, 500, count) {
				replays := 0
				small := Shrink(r, func(w *World) { replays++; c.plant(w) }, shrinkBudget)
				err := small.Replay(c.plant)
				if err == nil || !regexp.MustCompile(c.want).MatchString(err.Error()) {
					t.Errorf("%s: what is left says %v, want something about %q", r.Title, err, c.want)
				}
				if n := small.decisions(); n > 12 {
					t.Errorf("%s: %d of %d decisions are left, want at most 12:\n%s", r.Title, n, r.decisions(), small.Story(c.plant))
				}
				if replays > shrinkBudget+1 {
					t.Errorf("%s: %d replays, want at most %d", r.Title, replays, shrinkBudget)
				}
				t.Logf("%s: %d decisions to %d in %d replays", r.Title, r.decisions(), small.decisions(), replays)
				if raceEnabled {
					continue
				}
				if again := Shrink(r, c.plant, shrinkBudget); again.Story(c.plant) != small.Story(c.plant) {
					t.Errorf("%s: shrunk again, it is another story", r.Title)
				}
			}
		})
	}
}

// Where no small record drawn from the parts fails, taking away still leads to
// little more than what the fault needs.
func TestShrinkTakesAwayWhatIsNotRebuilt(t *testing.T) {
	count := 2
	if raceEnabled {
		count = 1
	}
	for _, r := range failing(t, plantedMany, 200, count) {
		small := Shrink(r, plantedMany, shrinkBudget)
		if err := small.Replay(plantedMany); err == nil {
			t.Errorf("%s: what is left does not fail", r.Title)
		}
		if n := small.decisions(); n <= rebuildFates || n > r.decisions()/4 {
			t.Errorf("%s: %d of %d decisions are left, want more than rebuilding gives and at most a quarter", r.Title, n, r.decisions())
		}
		t.Logf("%s: %d decisions to %d", r.Title, r.decisions(), small.decisions())
	}
}

// What is left is a story like those in testdata: run from its text it goes
// the same way to the letter, and fails as long as the fault is there.
func TestShrunkFailureIsAStory(t *testing.T) {
	small := Shrink(failing(t, plantedTwice, 100, 1)[0], plantedTwice, shrinkBudget)
	story := small.Story(plantedTwice)
	s := NewScript()
	plantedTwice(s.world)
	told, err := retell(story, s)
	if err == nil || err != s.Err() || told != story {
		t.Errorf("the story\n%s\nis told again as\n%s\n%v", story, told, err)
	}
	if !strings.Contains(story, "wrong: at ") {
		t.Errorf("the story does not say what went wrong:\n%s", story)
	}
	if _, err := retell(story, NewScript()); err != nil {
		t.Errorf("without the fault: %v", err)
	}
}

func TestShrinkLeavesWhatDoesNotFail(t *testing.T) {
	r, err := RecordSwarm(1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := Shrink(r, nil, shrinkBudget); got != r {
		t.Errorf("%d decisions of %d are left of a run in which nothing failed", got.decisions(), r.decisions())
	}
}
