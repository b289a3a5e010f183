package bench

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// A sender that stalls for 35 ms delays every message that was due meanwhile.
// A closed loop would charge the stall to one message, and call the rest fast.
func TestStallIsChargedToEveryMessageItDelayed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := memoryPair(false, losing(0, 0))
		send, calls := p.send, 0
		p.send = func(msg []byte) error {
			if calls++; calls == 3 {
				time.Sleep(35 * time.Millisecond)
			}
			return send(msg)
		}
		s := newSchedule(timerAlarm{}, time.Now(), 10*time.Millisecond)
		var got []time.Duration
		d := &delivery{pair: p, size: 64, count: 8, pace: s.pace, arrived: func(msg []byte) {
			s.arrived(msg)
			number := uint64(len(got))
			got = append(got, time.Since(s.start)-s.due(number))
		}}
		if err := d.run(); err != nil {
			t.Fatal(err)
		}
		const ms = time.Millisecond
		if want := []time.Duration{0, 0, 35 * ms, 25 * ms, 15 * ms, 5 * ms, 0, 0}; !slices.Equal(got, want) {
			t.Errorf("late by %v, want %v", got, want)
		}
		if got, want := s.quantile(1), 35_000.0; !near(got, want) {
			t.Errorf("slowest %v µs, want %v: the histogram saw something else", got, want)
		}
		if got, want := s.quantile(0.75), 15_000.0; !near(got, want) {
			t.Errorf("75th percentile %v µs, want %v: six of eight took at most that", got, want)
		}
	})
}

func TestQuantilesOfKnownLatencies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSchedule(timerAlarm{}, time.Now(), time.Microsecond)
		msg := make([]byte, numberBytes+dueBytes)
		for number := range uint64(10_000) {
			s.pace(number, msg) // due 1 to 10,000 µs after the start
		}
		// Now it is the last one's time: the one due n µs ago took n µs.
		for number := range uint64(10_000) {
			s.alarm = pastAlarm{}
			s.pace(number, msg)
			s.arrived(msg)
		}
		for _, c := range []struct{ q, want float64 }{{0.5, 5000}, {0.99, 9900}, {0.999, 9990}} {
			if got := s.quantile(c.q); !near(got, c.want) {
				t.Errorf("quantile %v is %v µs, want %v", c.q, got, c.want)
			}
		}
	})
}

// pastAlarm is for messages that are due already.
type pastAlarm struct{}

func (pastAlarm) sleepUntil(time.Time) {}
func (pastAlarm) close()               {}

// near allows for the histogram's three digits.
func near(got, want float64) bool { return got > want*0.998 && got < want*1.002 }

// A wake-up before the time would make latencies too short. How late it is
// depends on the machine, and is not asserted.
func TestAlarmNeverWakesEarly(t *testing.T) {
	a := newAlarm(t)
	defer a.close()
	for wait := range 20 {
		at := time.Now().Add(time.Duration(wait) * 50 * time.Microsecond)
		a.sleepUntil(at)
		if early := time.Until(at); early > 0 {
			t.Errorf("woke %v early", early)
		}
	}
}
