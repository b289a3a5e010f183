package proxy

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The scheduler against a list: whatever is set, moved and left to run, each
// job runs at its last time, in order of time, and the alarm always shows the
// earliest.
func TestSchedulerModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var now time.Duration
		a := newManualAlarm()
		s := newScheduler(func() time.Duration { return now }, a)
		const count = 8
		want := map[int]time.Duration{} // the jobs that are set
		var ran []time.Duration
		var jobs [count]*job
		for i := range jobs {
			jobs[i] = newJob(func(at time.Duration, _ *burst) {
				if want[i] > at {
					t.Fatalf("job %d ran at %v, before its time %v", i, at, want[i])
				}
				ran = append(ran, want[i])
				delete(want, i)
			})
		}
		t.Repeat(map[string]func(*rapid.T){
			"set": func(t *rapid.T) {
				i := rapid.IntRange(0, count-1).Draw(t, "job")
				at := now + time.Duration(rapid.IntRange(0, 20).Draw(t, "in"))
				s.set(jobs[i], at)
				want[i] = at
			},
			"pass": func(t *rapid.T) {
				now += time.Duration(rapid.IntRange(0, 10).Draw(t, "time"))
				ran = nil
				s.runDue(nil)
				if !slices.IsSorted(ran) {
					t.Fatalf("ran in order of times %v", ran)
				}
				for i, at := range want {
					if at <= now {
						t.Fatalf("job %d, due at %v, has not run at %v", i, at, now)
					}
				}
			},
			"": func(t *rapid.T) {
				if len(s.jobs) != len(want) {
					t.Fatalf("%d jobs wait, want %d", len(s.jobs), len(want))
				}
				if len(want) == 0 {
					return
				}
				first := s.jobs[0].at
				for _, at := range want {
					if at < first {
						t.Fatalf("first is %v, but one is due at %v", first, at)
					}
				}
			},
		})
	})
}

func TestStoppedSchedulerRunsNothing(t *testing.T) {
	s := newScheduler(func() time.Duration { return 0 }, newTimerAlarm())
	ran := false
	s.set(newJob(func(time.Duration, *burst) { ran = true }), 0)
	s.stop()
	s.stop()
	s.set(newJob(func(time.Duration, *burst) { ran = true }), 0)
	s.runDue(nil)
	s.loop()
	if ran {
		t.Error("a job ran after stop")
	}
}

// Jobs reach a running loop through either alarm, one that is set earlier than
// the one waited for included.
func TestLoopRunsJobs(t *testing.T) {
	eachAlarm(t, func(t *testing.T, newAlarm func() alarm) {
		epoch := time.Now()
		clock := func() time.Duration { return time.Since(epoch) }
		s := newScheduler(clock, newAlarm())
		stopped := make(chan struct{})
		go func() { s.loop(); close(stopped) }()
		ran := make(chan string, 3)
		add := func(name string, in time.Duration) {
			s.set(newJob(func(time.Duration, *burst) { ran <- name }), clock()+in)
		}
		add("an hour", time.Hour)
		add("20 ms", 20*time.Millisecond)
		add("overdue", -time.Second)
		for _, want := range []string{"overdue", "20 ms"} {
			if got := <-ran; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		s.stop()
		<-stopped
	})
}

// The lead settles where one wake-up in sixteen is later, and has a limit.
func TestLead(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	var l lead
	above := 0
	for i := range 20_000 {
		late := time.Duration(random.IntN(80_000)) // ns
		if i >= 10_000 && late > l.time {
			above++
		}
		l.observe(late)
	}
	if above < 525 || above > 725 {
		t.Errorf("%d of 10,000 wake-ups were later than the lead, want about 625", above)
	}
	for range 1000 {
		l.observe(time.Second)
	}
	if l.time != leadMost {
		t.Errorf("the lead is %v on a hopeless machine, want %v", l.time, leadMost)
	}
	for range 1000 { // 150 us in steps of 1/4 us
		l.observe(0)
	}
	if l.time != 0 {
		t.Errorf("the lead is %v when no alarm is late", l.time)
	}
}

// However close alarms follow each other, they are waited for awake a quarter of the
// time at most; those that are far enough apart always are.
func TestLeadIsAQuarterOfTheTime(t *testing.T) {
	for _, c := range []struct {
		apart, waits time.Duration
		share        float64 // of the alarms that have a lead
	}{
		{time.Millisecond, 100 * time.Microsecond, 1},
		{400 * time.Microsecond, 100 * time.Microsecond, 1},
		{200 * time.Microsecond, 100 * time.Microsecond, 0.5},
		{100 * time.Microsecond, 100 * time.Microsecond, 0.25},
	} {
		l := lead{time: c.waits}
		const n = 10_000
		granted := 0
		for i := range n {
			if l.grant(time.Duration(i)*c.apart) > 0 {
				granted++
				l.credit -= c.waits
			}
		}
		if got := float64(granted) / n; got < c.share-0.01 || got > c.share {
			t.Errorf("alarms %v apart: %.3f of them have a lead, want %.2f", c.apart, got, c.share)
		}
	}
}
