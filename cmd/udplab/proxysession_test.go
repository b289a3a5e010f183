package main

import (
	"encoding/json"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"udplab/lossy"
	"udplab/lossy/control"
	"udplab/lossy/proxy"
)

// knownStats is a snapshot with a number in every place the summary shows.
func knownStats() proxy.Stats {
	s := proxy.Stats{FlowsOpened: 3, Rebound: 2}
	s.Up = proxy.DirectionStats{
		Link:            lossy.Stats{PacketsInFlight: 5, Reordered: 6, Duplicated: 7, Corrupted: 8, Marked: 9},
		PacketsReceived: 996, BytesReceived: 64000,
		PacketsSent: 948, BytesSent: 60672,
		Refused: 2,
	}
	s.Up.Link.Dropped[lossy.CauseLoss] = 50
	s.Up.Link.Tallies[lossy.ImpairmentLoss] = lossy.Tally{Trials: 1000, Events: 50, Expected: 50, Variance: 47.5}
	s.Down.PacketsReceived, s.Down.Dropped[proxy.CauseKernelRx] = 4, 4
	s.Up.Link.Delays = lossy.DelayTally{Packets: 10_000, Mean: 10_000 * 40e6, Off: 10_000 * 1e5,
		Variance: 10_000 * 25e12, Square: 10_000 * 36e12, Fourth: 10_000 * 2 * 625e24}
	s.Down.Link.Tallies[lossy.ImpairmentCorrupt] = lossy.Tally{Trials: 1000, Events: 500, Expected: 10, Variance: 9.9}
	return s
}

func testSession(t *testing.T, now func() time.Time) *proxySession {
	t.Helper()
	fleet := control.NewFleet(nil)
	t.Cleanup(fleet.Close)
	s := newProxySession("default", fleet, nil, now)
	s.begun = time.Unix(0, 0)
	_, err := fleet.Add("default", proxy.Config{Listen: "127.0.0.1:0", Upstream: "127.0.0.1:9", Config: lossy.Config{Seed: 7}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestProxyTable(t *testing.T) {
	s := testSession(t, func() time.Time { return time.Unix(12, 340e6) })
	stats := knownStats()
	p := s.fleet.Proxy("default")
	got := s.table(p, &stats)
	want := p.Addr().String() + ` -> 127.0.0.1:9, 12.3s, seed 7, flows 3 (0 at the end), 2 times rebound

              packets     up  down
                   in   996     4
           duplicated      7     0
                  out    948     0
            in flight      5     0
              dropped     50     4
              by loss     50     0
         by kernel_rx      0     4
            reordered      6     0
            corrupted      8     0
            marked CE      9     0
  refused by upstream      2     0
             bytes in  64000     0
            bytes out  60672     0

          rate  configured  observed     99% interval                
       up loss          5%        5%    3.5% to 7.09%          fits
up delay mean 40ms 40.1ms 40ms to 40.2ms fits
up delay sd 5ms 6ms 5.92ms to 6.08ms does not fit
  down corrupt          1%       50%  45.9% to 54.1%  does not fit`
	if clean(got) != clean(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// clean takes away what alignment adds.
func clean(s string) string {
	var lines []string
	for line := range strings.Lines(s) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	return strings.Join(lines, "\n")
}

func TestProxySummaryKeys(t *testing.T) {
	s := testSession(t, func() time.Time { return time.Unix(2, 0) })
	b, err := json.Marshal(s.summary())
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]json.RawMessage
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{
		"schema": `"udplab/proxy-summary/v1"`, "seconds": "2", "flows": "0",
		"flows_opened": "0", "flows_expired": "0", "rebound": "0", "proxy": "", "up": "", "down": "",
	} {
		if value, ok := got[key]; !ok || want != "" && string(value) != want {
			t.Errorf("%s is %s, want %s", key, value, want)
		}
		delete(got, key)
	}
	if len(got) > 0 {
		t.Errorf("keys that this test does not know: %v", got)
	}
}

func TestLiveLineCounts(t *testing.T) {
	s := testSession(t, time.Now)
	if got, want := s.live(), "flows 0  up in 0 out 0 drop 0  down in 0 out 0 drop 0"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	p := s.fleet.Proxy("default")
	if err := p.SetConfig(lossy.Config{Up: lossy.Profile{Loss: 1}}); err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("udp", p.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	for p.Stats().Up.Link.Drops() == 0 {
		runtime.Gosched()
	}
	if got, want := s.live(), "flows 1  up in 1 out 0 drop 1  down in 0 out 0 drop 0"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestBrief(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 7: "7ns", 999: "999ns", 12345: "12.3µs", 1_049_999: "1.05ms", 3_000_000_000: "3s",
	} {
		if got := brief(d).String(); got != want {
			t.Errorf("%d is %q, want %q", d, got, want)
		}
	}
}
