package metrics

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"udplab/lossy"
	"udplab/reliable/arq"
	"udplab/reliable/sim"
)

// What happens to the path of a connection, a thing at a time, in the
// simulator: the in-memory sockets of package lossy carry no marks and any size.
func TestValuesOfAKnownSequenceOfPaths(t *testing.T) {
	w := sim.NewWorld(1)
	config := arq.EndpointConfig{Listen: true, Conn: arq.Config{
		MaxPacket: 1472, ECN: true, ReportReceivedAt: true, Redundancy: arq.RedundancyOff,
	}}
	a, b, stranger := w.AddNode("a", config), w.AddNode("b", config), w.AddNode("stranger", config)
	wire := lossy.Profile{Delay: 20 * time.Millisecond}
	w.Path(a, b).SetProfile(wire)
	w.Path(b, a).SetProfile(wire)
	carry := func(bytes int) { w.SetMTU(a, b, bytes); w.SetMTU(b, a, bytes) }

	carry(1400)
	sender := a.Dial(b)
	w.Run(5 * time.Second)
	receiver := b.Ends()[0]
	c := NewReliable()
	ends := []*arq.Conn{sender.Conn, receiver.Conn}
	var retire []func()
	for _, end := range ends {
		retire = append(retire, c.AddConn(end.Stats))
	}
	counts := map[string]int{}
	want := func(what string, gauges map[string]float64) {
		t.Helper()
		t.Log(what)
		text, pacing := "", 0
		for name, n := range counts {
			text += fmt.Sprintf("udplab_transport_%s_total{mode=\"reliable\"} %d\n", name, n)
		}
		for name, v := range gauges {
			text += fmt.Sprintf("udplab_transport_%s{mode=\"reliable\"} %v\n", name, v)
		}
		for _, end := range ends { // the controllers decide
			pacing += end.Stats().PacingRate
		}
		wantSeries(t, c, text+fmt.Sprintf("udplab_transport_pacing_rate_bytes_per_second{mode=\"reliable\"} %d\n", pacing))
	}

	// Both ask for 1452 three times in vain, for 1380, for 1420 three times in
	// vain, and for what lies between.
	counts["sent_size_probes"], counts["lost_size_probes"] = 16, 12
	for _, name := range []string{
		"path_changes", "refused_paths", "black_holes", "received_congestion_marks", "reported_congestion_marks",
		"lost_packets", "spuriously_lost_packets",
	} {
		counts[name] = 0
	}
	want("sizes were probed", map[string]float64{"min_packet_size_bytes": 1400, "reordering_window_seconds": 0})

	a.Rebind(netip.AddrPortFrom(a.Addr().Addr(), 10000))
	sender.Queue(100)
	w.Run(time.Second)
	counts["path_changes"] = 1
	want("a has another port", nil)

	// RFC 3550: J = J + (|D| - J)/16 for D = 16 ms, and again for the way back.
	a.SetFates(b, sim.Fate{Kind: sim.Delay, By: 16 * time.Millisecond})
	for range 2 {
		sender.Queue(100)
		w.Run(time.Second)
	}
	want("one of two packets took 16 ms longer", map[string]float64{"jitter_seconds": 0.0019375})

	a.SetFates(b, sim.Fate{Kind: sim.Delay, By: 8 * time.Millisecond})
	sender.Queue(100)
	w.Run(5 * time.Millisecond)
	sender.Queue(100)
	w.Run(time.Second)
	counts["lost_packets"], counts["spuriously_lost_packets"] = 1, 1
	want("one was overtaken and took longer than 9/8 of a round trip: others get a quarter more from now on", map[string]float64{"reordering_window_seconds": 0.01})

	a.Spoof(b, stranger)
	sender.Queue(100)
	w.Run(5 * time.Second)
	counts["refused_paths"] = 1
	want("somebody else sent a copy", nil)

	wire.Rate, wire.Queue = 1e6, time.Second
	w.Path(a, b).SetProfile(wire)
	w.SetMarking(a, b, time.Millisecond)
	sender.Queue(2000)
	w.Run(time.Second)
	w.SetMarking(a, b, 0)
	counts["received_congestion_marks"], counts["reported_congestion_marks"] = 1, 1
	want("the second of two packets found the first in the queue", map[string]float64{"min_packet_size_bytes": 1400})

	carry(1200)
	for range 2 {
		sender.Queue(20_000)
		w.Run(time.Second)
	}
	counts["black_holes"], counts["lost_packets"] = 1, 1+6
	want("six packets of 1400 bytes are lost, those of 1200 arrive", map[string]float64{"min_packet_size_bytes": 1200})

	for _, r := range retire {
		r()
	}
	ends = nil
	want("what was counted stays", nil)
	for _, name := range []string{"min_packet_size_bytes", "reordering_window_seconds", "jitter_seconds"} {
		if got := countSeries(t, c, "udplab_transport_"+name); got != 0 {
			t.Errorf("%s: %d series without a connection", name, got)
		}
	}
	if err := w.Err(); err != nil {
		t.Error(err)
	}
}
