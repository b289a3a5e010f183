package udp

import (
	"net"
	"slices"
	"sync"
	"testing"
	"time"
)

// loopback opens a socket of the system's.
func loopback(t testing.TB, network, addr string) *net.UDPConn {
	t.Helper()
	at, err := net.ResolveUDPAddr(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.ListenUDP(network, at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// rungs are all the ways a socket can be used here, so that none rots where
// another is used.
var rungs = []struct {
	name string
	wrap func(c *net.UDPConn) *Socket
}{
	{"auto", func(c *net.UDPConn) *Socket { return New(c) }},
	{"batch", func(c *net.UDPConn) *Socket { return limited(c, OffloadBatch) }},
	{"none", func(c *net.UDPConn) *Socket { return limited(c, OffloadNone) }},
	{"portable", func(c *net.UDPConn) *Socket { return NewPortable(c) }},
}

func limited(c *net.UDPConn, most Offload) *Socket {
	s := New(c)
	s.Limit(most)
	return s
}

// eachRung runs a test on every rung.
func eachRung(t *testing.T, test func(t *testing.T, wrap func(*net.UDPConn) *Socket)) {
	for _, r := range rungs {
		t.Run(r.name, func(t *testing.T) { test(t, r.wrap) })
	}
}

// Rings come in the order of the times last set, never before them, and none
// comes for a time that was replaced. The goroutine is gone after Close.
func TestAlarm(t *testing.T) {
	eachRung(t, func(t *testing.T, wrap func(*net.UDPConn) *Socket) {
		var running sync.WaitGroup
		rings := make(chan time.Time, 10)
		a := wrap(loopback(t, "udp4", "127.0.0.1:0")).NewAlarm(func() { rings <- time.Now() }, &running)
		for _, wait := range []time.Duration{3 * time.Millisecond, 200 * time.Microsecond, 0, -time.Second} {
			began := time.Now()
			a.Set(time.Hour)
			a.Set(wait)
			if took := (<-rings).Sub(began); took < wait {
				t.Errorf("set to %v, rang after %v", wait, took)
			}
		}
		a.Set(time.Hour)
		a.Close()
		running.Wait()
		if len(rings) > 0 {
			t.Errorf("%d rings too many", len(rings))
		}
	})
}

// How late an alarm rings on a machine that has nothing else to do.
func BenchmarkAlarmLateness(b *testing.B) {
	for _, rung := range []struct {
		name string
		wrap func(net.PacketConn) *Socket
	}{{"native", New}, {"portable", NewPortable}} {
		for _, wait := range []time.Duration{50 * time.Microsecond, 200 * time.Microsecond, time.Millisecond, 5 * time.Millisecond} {
			b.Run("alarm="+rung.name+"/wait="+wait.String(), func(b *testing.B) {
				var running sync.WaitGroup
				rings := make(chan time.Time, 1)
				a := rung.wrap(loopback(b, "udp4", "127.0.0.1:0")).NewAlarm(func() { rings <- time.Now() }, &running)
				late := make([]time.Duration, b.N)
				b.ResetTimer()
				for i := range late {
					due := time.Now().Add(wait)
					a.Set(wait)
					late[i] = (<-rings).Sub(due)
				}
				b.StopTimer()
				a.Close()
				running.Wait()
				slices.Sort(late)
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(float64(late[len(late)/2])/1e3, "p50-late-µs")
				b.ReportMetric(float64(late[len(late)*99/100])/1e3, "p99-late-µs")
			})
		}
	}
}

// A socket whose deadlines are far off has no descriptor and no goroutine for
// them; the first that is near opens the system's alarm, and one at most.
func TestFarDeadlinesNeedNoSystemAlarm(t *testing.T) {
	opened := 0
	rings := make(chan struct{}, 10)
	ring := func() { rings <- struct{}{} }
	a := &farAlarm{far: newTimerAlarm(ring), open: func() Alarm { opened++; return newTimerAlarm(ring) }}
	defer a.Close()
	for _, wait := range []time.Duration{time.Hour, time.Minute, near} {
		a.Set(wait)
	}
	<-rings
	if opened != 0 {
		t.Errorf("%d alarms opened before a deadline was near", opened)
	}
	for _, wait := range []time.Duration{near - 1, time.Hour, time.Microsecond, 0} {
		a.Set(wait)
	}
	<-rings
	if opened != 1 {
		t.Errorf("%d alarms opened, want 1", opened)
	}
}

// Without a descriptor to be had, what is near rings all the same.
func TestNearDeadlinesWithoutSystemAlarm(t *testing.T) {
	rings := make(chan struct{}, 10)
	a := &farAlarm{far: newTimerAlarm(func() { rings <- struct{}{} }), open: func() Alarm { return nil }}
	defer a.Close()
	a.Set(time.Hour)
	a.Set(time.Microsecond)
	<-rings
}
