package lossy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func mustTrace(t *testing.T, text string) *LinkTrace {
	t.Helper()
	trace, err := ReadLinkTrace("test", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return trace
}

func TestReadLinkTrace(t *testing.T) {
	for text, want := range map[string][]uint32{
		"1\n":           {1},
		"1":             {1},
		"0\n0\n3\n3\n7": {0, 0, 3, 3, 7},
		"5\r\n 6 \r\n":  {5, 6},
	} {
		if got := mustTrace(t, text); !slices.Equal(got.ms, want) {
			t.Errorf("%q reads as %v, want %v", text, got.ms, want)
		}
	}
	if got, want := mustTrace(t, "1").Rate(), 12.032e6; got != want {
		t.Errorf("one chance a millisecond carries %v bit/s, want %v", got, want)
	}
}

func TestReadLinkTraceSaysWhatIsWrongAndWhere(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "lte.up:1: a trace needs at least one line",
		"1\n2\n\n":                     `lte.up:3: "" is not a whole number of milliseconds`,
		"1\n2.5\n":                     `lte.up:2: "2.5" is not a whole number`,
		"1\n-2\n":                      `lte.up:2: "-2" is not a whole number`,
		"3\n4\n2\n":                    "lte.up:3: 2 ms comes after 4 ms",
		"0\n0\n":                       "lte.up:2: the last time is 0 ms",
		"86400001":                     "lte.up:1: 86400001 ms: a trace is at most 24h0m0s long",
		"99999999999":                  `lte.up:1: "99999999999" is not a whole number`,
		strings.Repeat("7", 1<<17):     "lte.up:1: bufio.Scanner: token too long",
		"1\n" + strings.Repeat(" ", 1): "lte.up:2:",
	} {
		if _, err := ReadLinkTrace("lte.up", strings.NewReader(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%.20q: %v, want %q", text, err, want)
		}
	}
	if _, err := ReadLinkTrace("long", strings.NewReader(strings.Repeat("1\n", MaxTraceLines+1))); err == nil || !strings.Contains(err.Error(), "at most 4194304 lines") {
		t.Errorf("too many lines: %v", err)
	}
	if _, err := ReadLinkTrace("gone", iotest.ErrReader(fmt.Errorf("disk on fire"))); err == nil || err.Error() != "gone:1: disk on fire" {
		t.Errorf("an unreadable file: %v", err)
	}
}

// What a chance does, one by one: it is missed by who comes with it, shared by
// several small datagrams, finished by a part of a large one, and lost unused.
func TestLinkTraceChances(t *testing.T) {
	const ms = time.Millisecond
	l := NewLink(1, 0, Up, Profile{LinkTrace: mustTrace(t, "10\n10\n30\n"), Overhead: 4})
	times, sizes := play(l, []arrival{
		{0, 700}, {0, 700}, // share the first chance at 10 ms, 96 bytes are left
		{0, 1500},       // 96 bytes go out there, the rest in the second at 10 ms
		{10 * ms, 10},   // has missed both, goes at 30 ms
		{30 * ms, 10},   // has missed that, goes in the next round
		{40 * ms, 4000}, // has missed those at 40 ms, takes one at 60 ms, one at 70 ms and 996 bytes of the other
		{65 * ms, 400},  // shares that one
		{200 * ms, 0},   // headers alone; chances have passed unused
	})
	wantTimes := []time.Duration{10 * ms, 10 * ms, 10 * ms, 30 * ms, 40 * ms, 70 * ms, 70 * ms, 210 * ms}
	if !slices.Equal(times, wantTimes) {
		t.Errorf("datagrams of %v come out at %v, want %v", sizes, times, wantTimes)
	}
}

// A recorded link carries the very datagrams that a replay chance by chance
// does, at the same times, with whatever queue before it.
func TestLinkTraceDoesWhatTheReferenceDoes(t *testing.T) {
	const seed = 45
	lte := &strings.Builder{}
	at := 0
	for i := range uint64(500) { // outages, and many chances at one time
		at += int(planted(drawBit).below(i, 4)) * int(planted(drawJitter).below(i/16, 12))
		fmt.Fprintln(lte, at+1)
	}
	for name, trace := range map[string]*LinkTrace{
		"12 Mbit/s": mustTrace(t, "1\n"), "varying": mustTrace(t, lte.String()), "late start": mustTrace(t, "0\n40\n41\n41\n41\n60\n"),
	} {
		loads := patterns(aMillion()/200, trace.Rate(), 1)
		for kind, p := range bottlenecks(trace.Rate()) {
			if p.Queue > 0 {
				continue // the reference measures time by a rate
			}
			p.Rate, p.LinkTrace = 0, trace
			var got, want []fate
			for _, pattern := range slices.Sorted(maps.Keys(loads)) {
				fates, err := observed(p, seed, 1, loads[pattern])
				report(t, pattern, err)
				got, want = append(got, fates...), append(want, refer(p, seed, loads[pattern], noBug)...)
			}
			row{"Rate and queue", "link trace, " + name, "fates of the reference: " + kind, seed}.judge(t, alike(got, want))
		}
	}
}

// A queue limited in time lets in what the trace will take within that time.
func TestLinkTraceBoundsTheWait(t *testing.T) {
	trace := mustTrace(t, "1\n2\n2\n9\n30\n")
	for _, discipline := range []Discipline{nil, CoDel{time.Hour, time.Hour}} {
		const most = 25 * time.Millisecond
		l := NewLink(1, 0, Up, Profile{LinkTrace: trace, Queue: most, Discipline: discipline})
		var waits []time.Duration
		l.SetTrace(func(_ time.Duration, _ int, v Verdict) {
			if v.Drop == CauseNone {
				waits = append(waits, v.Wait)
			}
		})
		load := bursts(20_000, trace.Rate(), 2)
		play(l, load)
		longest := slices.Max(waits)
		// The last bit of a datagram may be out one chance later than its first.
		if s := l.Stats(); longest < most*9/10 || longest > most+21*time.Millisecond || s.Dropped[CauseQueue] == 0 {
			t.Errorf("%v: waits up to %v, %d dropped; want about %v", discipline, longest, s.Dropped[CauseQueue], most)
		}
	}
}
