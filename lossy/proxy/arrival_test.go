package proxy

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"udplab/lossy"
)

// What had a stamp waited from then on; a stamp that cannot be believed says
// nothing, and neither do those of a clock that was just set.
func TestArrivalsAreDated(t *testing.T) {
	const epoch = int64(1_700_000_000e9)
	var now time.Duration
	set := time.Duration(0) // by how much the stamps' clock was set
	var a arrivals
	stampClock := func() int64 { return epoch + int64(now+set) }
	a.begin(clock{
		now:  func() time.Duration { return now },
		both: func() (time.Duration, int64) { return now, stampClock() },
	})
	date := func(why string, stamps, want []time.Duration) {
		t.Helper()
		var messages []message
		for _, ago := range stamps {
			messages = append(messages, message{stamp: stampClock() - int64(ago)})
		}
		if got := a.date(messages); got != now {
			t.Errorf("%s: it is %v, want %v", why, got, now)
		}
		for i, m := range messages {
			if m.waited != want[i] {
				t.Errorf("%s: a stamp of %v ago makes a wait of %v, want %v", why, stamps[i], m.waited, want[i])
			}
		}
	}
	times := func(d ...time.Duration) []time.Duration { return d }
	now = time.Hour
	date("as it should be", times(0, 1, time.Second), times(0, 1, time.Second))
	date("of the future", times(-1, -time.Hour), times(0, 0))
	date("too long ago", times(time.Minute+1, 10*time.Hour), times(time.Minute, time.Minute))
	for _, by := range []time.Duration{2 * clockStep, -2 * clockStep, 20 * time.Hour, -30 * time.Hour} {
		set += by
		date("the clock was set", times(time.Second), times(0))
		date("and is believed again", times(time.Second), times(time.Second))
	}
	set += clockStep / 2
	date("set by less than matters", times(time.Second), times(time.Second))

	unstamped := []message{{}}
	if a.date(unstamped); unstamped[0].waited != 0 {
		t.Errorf("without a stamp it waited %v, want 0", unstamped[0].waited)
	}
	var own arrivals
	own.begin(clock{now: func() time.Duration { return 7 }})
	stamped := []message{{stamp: 1}}
	if got := own.date(stamped); got != 7 || stamped[0].waited != 0 {
		t.Errorf("a clock that stamps mean nothing on: it is %v, a wait of %v; want 7ns and 0", got, stamped[0].waited)
	}
}

// However late datagrams are read, and however many at once, each meets the fate
// that it would if it were read as it arrives, at the same time, and they leave
// in the same order; only the leaving is late.
func TestLateReadsChangeNoDecision(t *testing.T) {
	const apart, size = 50 * time.Microsecond, 100
	everything := lossy.Profile{
		Loss: 0.1, Burst: 3, Delay: 3 * time.Millisecond, Jitter: 2 * time.Millisecond,
		Reorder: 0.1, Duplicate: 0.1, Corrupt: 0.1, Rate: 15e6,
	}
	with := func(edit func(*lossy.Profile)) lossy.Profile {
		p := everything
		edit(&p)
		return p
	}
	outages, err := lossy.ParseBlackout("every=7ms,for=1ms")
	if err != nil {
		t.Fatal(err)
	}
	for name, profile := range map[string]lossy.Profile{
		"queue in time":    with(func(p *lossy.Profile) { p.Queue = 3 * time.Millisecond }),
		"queue in packets": with(func(p *lossy.Profile) { p.QueuePackets = 20 }),
		"queue in bytes":   with(func(p *lossy.Profile) { p.QueueBytes = 1000 }),
		"drop-head":        with(func(p *lossy.Profile) { p.QueuePackets, p.Discipline = 20, lossy.DropHead{} }),
		"codel": with(func(p *lossy.Profile) {
			p.Discipline = lossy.CoDel{Target: time.Millisecond, Interval: 10 * time.Millisecond}
		}),
		"netem's limit": {
			Delay: 3 * time.Millisecond, Jitter: 2 * time.Millisecond, Netem: lossy.NetemCompat{On: true, Limit: 60},
		},
		"jitter reorders": with(func(p *lossy.Profile) { p.JitterReorder = true }),
		"outages":         with(func(p *lossy.Profile) { p.Blackout = outages }),
	} {
		want := lateRun(t, profile, 1, apart, size)
		if want.late.Max != 0 {
			t.Fatalf("%s: read on time, one left %v late", name, want.late.Max)
		}
		for _, together := range []int{2, 7, 400} {
			got := lateRun(t, profile, together, apart, size)
			if !slices.Equal(got.verdicts, want.verdicts) {
				t.Errorf("%s, %d read at once: other verdicts than read one by one", name, together)
			}
			if !slices.Equal(got.left, want.left) {
				t.Errorf("%s, %d read at once: other datagrams left, or in another order", name, together)
			}
			if got.late.Count != want.late.Count || together == 400 && got.late.Max < 10*time.Millisecond {
				t.Errorf("%s, %d read at once: %d left, the last of them %v late", name, together, got.late.Count, got.late.Max)
			}
		}
	}
}

type lateResult struct {
	verdicts, left []string
	late           Lateness
}

// lateRun sends 4,000 datagrams, two in each message, of which so many wait until
// they are read together. Under the race detector it sends a fifth.
func lateRun(t *testing.T, profile lossy.Profile, together int, apart time.Duration, size int) (r lateResult) {
	const joined = 2
	messages := 2000
	if raceEnabled {
		messages /= 5
	}
	tracer := func(lossy.FlowKey, lossy.Direction) func(time.Duration, int, lossy.Verdict) {
		return func(now time.Duration, _ int, v lossy.Verdict) { r.verdicts = append(r.verdicts, fmt.Sprint(now, v)) }
	}
	b := startBench(t, Config{Config: lossy.Config{Seed: 5, Up: profile}, Tracer: tracer}, echo(t, "127.0.0.1:0"))
	service := &recorder{clock: func() time.Duration { return 0 }}
	f := b.flow(service)
	var waiting []message
	for i := range messages {
		m := message{bytes: make([]byte, joined*size), segment: size}
		copy(m.bytes, fmt.Sprint("message ", i))
		copy(m.bytes[size:], fmt.Sprint("its second ", i))
		waiting = append(waiting, m)
		if together == 1 {
			b.passUntil(time.Duration(i) * apart)
		}
		if len(waiting) == together || i == messages-1 {
			b.now.Store(int64(time.Duration(i) * apart))
			for k := range waiting {
				waiting[k].waited = time.Duration(len(waiting)-1-k) * apart
			}
			f.up.input(b.clock(), waiting, 0, b.out)
			waiting = nil
		}
	}
	b.passUntil(b.clock() + time.Minute)
	r.left, r.late = service.sent, b.Stats().Up.Lateness
	return r
}
