package lossy

import (
	"fmt"
	"math"
	"testing"
	"time"
)

// checkLossBehind plays a load over a link with loss behind its queue and
// compares, packet by packet, with a reference that knows only the work in the
// queue (as TestQueueDropsWhatTheReferenceDrops) and takes the fates from a
// model of the same seed: lost or not, what is let in is work, and what is not
// lost comes out when its work is done.
func checkLossBehind(p Profile, load []arrival) error {
	const seed = 21
	l, model := NewLink(seed, 0, Up, p), NewModel(seed, 0, Up, p)
	var got []Verdict
	l.SetTrace(func(_ time.Duration, _ int, v Verdict) { got = append(got, v) })
	times, _ := play(l, load)

	rate := int64(p.Rate)
	var work int64 // in 1/rate of a nanosecond
	var before time.Duration
	out, lost := 0, 0
	for i, a := range load {
		work = max(0, work-int64(a.at-before)*rate)
		before = a.at
		fate := model.Decide(a.size)
		if time.Duration(work/rate) > p.limit().time {
			if got[i].Drop != CauseQueue {
				return fmt.Errorf("packet %d: %v, want it dropped by the queue", i, got[i])
			}
			continue
		}
		work += int64(a.size) * 8 * 1e9
		if got[i].Drop != fate.Drop {
			return fmt.Errorf("packet %d: %v, want drop %v", i, got[i], fate.Drop)
		}
		// The link carries remainders of a nanosecond on only while it is busy.
		if wait := float64(work) / float64(rate); math.Abs(float64(got[i].Wait)-wait) > 2 {
			return fmt.Errorf("packet %d: waits %d ns, want %.1f", i, got[i].Wait, wait)
		}
		if fate.Drop == CauseLoss {
			lost++
			continue
		}
		if want := a.at + got[i].Wait + p.Delay; times[out] != want {
			return fmt.Errorf("packet %d: out at %v, want %v", i, times[out], want)
		}
		out++
	}
	s := l.Stats()
	if s.Dropped[CauseLoss] != uint64(lost) || len(times) != out || s.Dropped[CauseQueue] == 0 {
		return fmt.Errorf("%d lost, %d out, want %d and %d, and some dropped by the queue (%d)",
			s.Dropped[CauseLoss], len(times), lost, out, s.Dropped[CauseQueue])
	}
	e := s.Observed(ImpairmentLoss)
	if want := uint64(lost + out); e.Trials != want {
		return fmt.Errorf("%d packets counted as exposed to loss, want the %d let in", e.Trials, want)
	}
	return nil
}

func TestLossAfterQueueUsesThePlaceAndTheTime(t *testing.T) {
	for _, rate := range []float64{64_000, 7_777_777, 1e9} {
		for _, burst := range []float64{0, 6} {
			p := Profile{
				Loss: 0.3, Burst: burst, LossAfterQueue: true,
				Rate: rate, Queue: thirtyKilobytes(rate), Delay: 3 * time.Millisecond,
			}
			load := bursts(50_000, rate, 0.95)
			report(t, fmt.Sprintf("%s, bursts of %v", FormatRate(rate), burst), checkLossBehind(p, load))
		}
	}
}

// Lost before the queue, packets leave their place and their time to others.
func TestChecksCatchLossBeforeTheQueue(t *testing.T) {
	p := Profile{Loss: 0.3, Rate: 7_777_777, Queue: thirtyKilobytes(7_777_777), Delay: 3 * time.Millisecond}
	wantCaught(t, "loss before the queue", checkLossBehind(p, bursts(50_000, p.Rate, 0.95)))
}

// A link that is never idle delivers its rate less what is lost behind it, and
// all of its rate if it is lost before.
func TestLossAfterQueueCostsRate(t *testing.T) {
	const rate, loss, seconds = 10e6, 0.2, 15
	for _, behind := range []bool{true, false} {
		l := NewLink(22, 0, Up, Profile{Loss: loss, LossAfterQueue: behind, Rate: rate})
		times, sizes := play(l, bursts(100_000, rate, 3))
		var sent int
		for i, at := range times {
			if at <= seconds*time.Second {
				sent += sizes[i] * 8
			}
		}
		want := 1.0
		if behind {
			want = 1 - loss
		}
		if share := float64(sent) / (rate * seconds); math.Abs(share-want) > 0.01 {
			t.Errorf("behind %v: delivered %.4f of the rate, want %.2f", behind, share, want)
		}
	}
}

// Where the loss lies does not change which packets it takes.
func TestLossAfterQueueKeepsTheFates(t *testing.T) {
	log := func(behind bool) (lost []uint64) {
		l := NewLink(23, 0, Up, Profile{Loss: 0.1, Burst: 3, LossAfterQueue: behind, Duplicate: 0.1})
		l.SetTrace(func(_ time.Duration, _ int, v Verdict) {
			if v.Drop == CauseLoss {
				lost = append(lost, v.Index)
			}
		})
		for range 20_000 {
			l.Send(0, []byte("x"))
			drain(l, 0)
		}
		return lost
	}
	before, behind := log(false), log(true)
	if len(before) < 1000 || fmt.Sprint(before) != fmt.Sprint(behind) {
		t.Errorf("%d lost before the queue, %d behind it, and not the same ones", len(before), len(behind))
	}
}

func TestBacklogIsTheStandingQueue(t *testing.T) {
	l := NewLink(1, 0, Up, Profile{Rate: 8000, Queue: time.Minute, Loss: 1, LossAfterQueue: true}) // 1000 bytes a second
	l.Send(time.Second, make([]byte, 3000))
	for at, want := range map[time.Duration]time.Duration{
		time.Second: 3 * time.Second, 2500 * time.Millisecond: 1500 * time.Millisecond, time.Minute: 0,
		0: 3 * time.Second, // before the last Send counts as then
	} {
		if got := l.Backlog(at); got != want {
			t.Errorf("backlog at %v is %v, want %v", at, got, want)
		}
	}
	l.SetProfile(Profile{})
	if now, then := l.Backlog(2*time.Second), l.Backlog(4*time.Second); now != 2*time.Second || then != 0 {
		t.Errorf("backlog without a rate is %v, then %v, want none but for what is being sent", now, then)
	}
}
