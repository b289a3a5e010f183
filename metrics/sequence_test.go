package metrics

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"udplab/lossy"
	"udplab/reliable"
	"udplab/reliable/raw"
)

var (
	senderAt   = netip.MustParseAddrPort("10.0.0.1:9000")
	receiverAt = netip.MustParseAddrPort("10.0.0.2:9000")
)

// knownSequence is what the network does to each of the messages but the last.
func knownSequence() []lossy.Profile {
	clean := lossy.Profile{Delay: 20 * time.Millisecond}
	with := func(edit func(*lossy.Profile)) lossy.Profile { p := clean; edit(&p); return p }
	lost := with(func(p *lossy.Profile) { p.Loss = 1 })
	doubled := with(func(p *lossy.Profile) { p.Duplicate = 1 })
	damaged := with(func(p *lossy.Profile) { p.Corrupt = 1 })
	late := with(func(p *lossy.Profile) { p.Reorder, p.ReorderBy = 1, 2 })
	return []lossy.Profile{clean, lost, clean, clean, clean, doubled, clean, late, clean, clean, damaged, clean, clean, clean, clean}
}

// network is an in-memory network in the bubble, clean but for 20 ms each way.
func network(t *testing.T) (n *lossy.Network, sender, receiver net.PacketConn) {
	t.Helper()
	clean := lossy.Profile{Delay: 20 * time.Millisecond}
	n = lossy.NewNetwork(lossy.Config{Seed: 1, Up: clean, Down: clean})
	open := func(at netip.AddrPort) net.PacketConn {
		pc, err := n.Listen(at)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { pc.Close() })
		return pc
	}
	return n, open(senderAt), open(receiverAt)
}

// during sends a message of 100 bytes every 10 ms. Each meets what the sequence
// says, and nothing else does: an acknowledgment or a repair that leaves in the
// same moment finds the network clean.
func during(t *testing.T, n *lossy.Network, send func([]byte) error) {
	t.Helper()
	clean := lossy.Profile{Delay: 20 * time.Millisecond}
	set := func(up lossy.Profile) {
		if err := n.SetPath(senderAt, receiverAt, up, clean); err != nil {
			t.Fatal(err)
		}
	}
	for _, up := range append(knownSequence(), clean) {
		synctest.Wait() // what a timer of this moment sends has left
		set(up)
		if err := send(make([]byte, 100)); err != nil {
			t.Fatal(err)
		}
		set(clean)
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(time.Second)
}

// Sixteen messages, of which raw mode loses one, sees one damaged, one twice
// and one late.
func TestValuesOfAKnownSequenceInRawMode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, senderSocket, receiverSocket := network(t)
		sender, err := raw.New(senderSocket, receiverAt, &raw.Config{Stream: 1})
		if err != nil {
			t.Fatal(err)
		}
		receiver, err := raw.New(receiverSocket, senderAt, &raw.Config{Stream: 2})
		if err != nil {
			t.Fatal(err)
		}
		c := NewRaw()
		retire := []func(){c.AddConn(sender.Stats), c.AddConn(receiver.Stats)}
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			for {
				if _, err := receiver.Receive(ctx); err != nil {
					return
				}
			}
		}()
		during(t, n, func(msg []byte) error { _, err := sender.Send(msg); return err })
		cancel()
		synctest.Wait()

		const counters = `
			udplab_transport_sent_messages_total{mode="raw"} 16
			udplab_transport_sent_message_bytes_total{mode="raw"} 1600
			udplab_transport_delivered_messages_total{mode="raw"} 15
			udplab_transport_delivered_message_bytes_total{mode="raw"} 1500
			udplab_transport_acknowledged_messages_total{mode="raw"} 0
			udplab_transport_lost_messages{mode="raw"} 2
			udplab_transport_sent_packets_total{mode="raw"} 16
			udplab_transport_received_packets_total{mode="raw"} 16
			udplab_transport_lost_packets_total{mode="raw"} 3
			udplab_transport_spuriously_lost_packets_total{mode="raw"} 1
			udplab_transport_out_of_order_packets_total{mode="raw"} 1
			udplab_transport_reordering_extent_packets{mode="raw"} 2
			udplab_transport_duplicate_packets_total{mode="raw"} 1
			udplab_transport_corrupt_packets_total{mode="raw"} 1
			udplab_transport_malformed_packets_total{mode="raw"} 0
			udplab_transport_retransmits_total{mode="raw",reason="probe"} 0
			udplab_transport_retransmits_total{mode="raw",reason="threshold"} 0
			udplab_transport_retransmits_total{mode="raw",reason="time"} 0
		`
		wantSeries(t, c, counters+`udplab_transport_connections{mode="raw"} 2`)
		sender.Close()
		receiver.Close()
		for _, r := range retire {
			r()
		}
		wantSeries(t, c, counters+`udplab_transport_connections{mode="raw"} 0`)
	})
}

// joined is a network with a connection between the two sockets on it.
func joined(t *testing.T, config *reliable.Config) (n *lossy.Network, from, to *reliable.Listener, sender, receiver *reliable.Conn) {
	t.Helper()
	n, senderSocket, receiverSocket := network(t)
	open := func(pc net.PacketConn) *reliable.Listener {
		l, err := reliable.NewListener(pc, config)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	from, to = open(senderSocket), open(receiverSocket)
	sender, err := from.Dial(t.Context(), receiverAt)
	if err != nil {
		t.Fatal(err)
	}
	receiver, err = to.Accept(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n, from, to, sender, receiver
}

// The same sixteen messages: reliable mode delivers each once, repairs the one
// that was lost and the one that was damaged, and drops the copy. The late one
// is repaired for nothing: when the message sent 10 ms after each of these three
// is acknowledged it has been out for 50 ms, longer than the time threshold of
// 17/16 or 9/8 of a round trip (RFC 9002 section 6.1.2), and no three later ones
// have been acknowledged yet. Repairs of small messages leave twice.
func TestValuesOfAKnownSequenceInReliableMode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, from, to, sender, receiver := joined(t, &reliable.Config{Redundancy: reliable.RedundancyOff})
		c := NewReliable()
		retire := []func(){
			c.AddConn(sender.Stats), c.AddConn(receiver.Stats),
			c.AddEndpoint(from.Stats), c.AddEndpoint(to.Stats),
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			for {
				if _, err := receiver.Receive(ctx); err != nil {
					return
				}
			}
		}()
		during(t, n, func(msg []byte) error { return sender.Send(t.Context(), msg) })
		cancel()
		synctest.Wait()

		const messages = `
			udplab_transport_sent_messages_total{mode="reliable"} 16
			udplab_transport_sent_message_bytes_total{mode="reliable"} 1600
			udplab_transport_delivered_messages_total{mode="reliable"} 16
			udplab_transport_delivered_message_bytes_total{mode="reliable"} 1600
			udplab_transport_acknowledged_messages_total{mode="reliable"} 16
			udplab_transport_lost_messages{mode="reliable"} 0
			udplab_transport_lost_packets_total{mode="reliable"} 3
			udplab_transport_spuriously_lost_packets_total{mode="reliable"} 1
			udplab_transport_retransmits_total{mode="reliable",reason="probe"} 0
			udplab_transport_retransmits_total{mode="reliable",reason="threshold"} 0
			udplab_transport_retransmits_total{mode="reliable",reason="time"} 6
			udplab_transport_probe_timeouts_total{mode="reliable"} 0
			udplab_transport_out_of_order_packets_total{mode="reliable"} 1
			udplab_transport_duplicate_packets_total{mode="reliable"} 1
			udplab_transport_corrupt_packets_total{mode="reliable"} 1
			udplab_transport_malformed_packets_total{mode="reliable"} 0
		`
		wantSeries(t, c, messages+`
			udplab_transport_connections{mode="reliable"} 2
			udplab_transport_min_rtt_seconds{mode="reliable"} 0.04
			udplab_transport_in_flight_bytes{mode="reliable"} 0
			udplab_endpoint_connections 2
		`)
		checkAcks(t, c, sender.Stats(), receiver.Stats())
		sender.Close()
		receiver.Close()
		from.Close()
		to.Close()
		for _, r := range retire {
			r()
		}
		wantSeries(t, c, messages+`udplab_transport_connections{mode="reliable"} 0`)
	})
}

// checkAcks compares what the machines decide by themselves, when to
// acknowledge, with the two connections' own counts.
func checkAcks(t *testing.T, c *Reliable, ends ...reliable.Stats) {
	t.Helper()
	want := map[string]uint64{}
	for _, s := range ends {
		want["udplab_transport_sent_acks_total"] += s.AcksSent
		want["udplab_transport_received_acks_total"] += s.AcksReceived
		want["udplab_transport_sent_packets_total"] += s.PacketsSent
		want["udplab_transport_received_packets_total"] += s.PacketsReceived
		want["udplab_transport_sent_bytes_total"] += s.BytesSent
		want["udplab_transport_received_bytes_total"] += s.BytesReceived
	}
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(c)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if n, ok := want[f.GetName()]; ok {
			delete(want, f.GetName())
			if got := f.GetMetric()[0].GetCounter().GetValue(); got != float64(n) || n == 0 {
				t.Errorf("%s: got %v, want %d and more than 0", f.GetName(), got, n)
			}
		}
	}
	for name := range want {
		t.Errorf("no series of %s", name)
	}
}
