package metrics

import (
	"testing"
	"time"

	"udplab/reliable/raw"
)

func TestEveryCounterOfARawConnectionIsAdded(t *testing.T) {
	checkAdd(t, func(total, s *raw.Stats) {
		extents := total.MaxExtent + s.MaxExtent // a maximum; its own test is below
		addRawStats(total, s)
		total.MaxExtent = extents
	})
}

func TestLargestExtentIsAMaximum(t *testing.T) {
	total := raw.Stats{MaxExtent: 3}
	addRawStats(&total, &raw.Stats{MaxExtent: 7})
	addRawStats(&total, &raw.Stats{MaxExtent: 5})
	if total.MaxExtent != 7 {
		t.Errorf("largest of the extents 3, 7, 5: got %d", total.MaxExtent)
	}
}

func TestRawConnectionValues(t *testing.T) {
	r := NewRaw()
	retire := r.AddConn(func() raw.Stats {
		return raw.Stats{
			Sent: 100, BytesSent: 12000, MessageBytesSent: 10000, TextSent: 2, SendErrors: 1, PeerAbsent: 2,
			Received: 90, BytesReceived: 11000, MessageBytesReceived: 9000,
			Text: 3, Corrupt: 4, Malformed: 5, WrongMode: 6,
			Lost: 7, Before: 8, OutOfOrder: 9, Duplicate: 10, OutOfWindow: 11, MaxExtent: 12,
			Jitter: 5 * time.Millisecond,
		}
	})
	counters := `
		udplab_transport_sent_messages_total{mode="raw"} 100
		udplab_transport_delivered_messages_total{mode="raw"} 90
		udplab_transport_acknowledged_messages_total{mode="raw"} 0
		udplab_transport_lost_messages{mode="raw"} 7
		udplab_transport_sent_message_bytes_total{mode="raw"} 10000
		udplab_transport_delivered_message_bytes_total{mode="raw"} 9000
		udplab_transport_sent_packets_total{mode="raw"} 102
		udplab_transport_received_packets_total{mode="raw"} 108
		udplab_transport_sent_bytes_total{mode="raw"} 12000
		udplab_transport_received_bytes_total{mode="raw"} 11000
		udplab_transport_lost_packets_total{mode="raw"} 16
		udplab_transport_spuriously_lost_packets_total{mode="raw"} 9
		udplab_transport_out_of_order_packets_total{mode="raw"} 9
		udplab_transport_duplicate_packets_total{mode="raw"} 10
		udplab_transport_out_of_window_packets_total{mode="raw"} 11
		udplab_transport_corrupt_packets_total{mode="raw"} 4
		udplab_transport_malformed_packets_total{mode="raw"} 5
		udplab_transport_foreign_packets_total{mode="raw"} 9
		udplab_transport_retransmits_total{mode="raw",reason="probe"} 0
		udplab_transport_retransmits_total{mode="raw",reason="threshold"} 0
		udplab_transport_retransmits_total{mode="raw",reason="time"} 0
		udplab_transport_probe_timeouts_total{mode="raw"} 0
		udplab_transport_sent_acks_total{mode="raw"} 0
		udplab_transport_received_acks_total{mode="raw"} 0
		udplab_transport_send_errors_total{mode="raw"} 1
		udplab_transport_reordering_extent_packets{mode="raw"} 12
	`
	wantSeries(t, r, counters+`
		udplab_transport_connections{mode="raw"} 1
		udplab_transport_jitter_seconds{mode="raw"} 0.005
	`)
	retire()
	wantSeries(t, r, counters+`
		udplab_transport_connections{mode="raw"} 0
	`)
	if got := countSeries(t, r, "udplab_transport_jitter_seconds"); got != 0 {
		t.Errorf("jitter without a connection: got %d series, want none", got)
	}
}

// A late arrival takes a loss back in the account. The counter of lost packets
// must not go down for it, Prometheus would take that for a restart.
func TestALateArrivalTakesNoCounterDown(t *testing.T) {
	var account raw.Account
	r := NewRaw()
	r.AddConn(func() raw.Stats {
		s := account.Stats()
		return raw.Stats{Received: s.Received, Lost: s.Lost, OutOfOrder: s.OutOfOrder}
	})
	account.Receive(0, 0, 0)
	account.Receive(time.Millisecond, 3, 1000)
	wantSeries(t, r, `
		udplab_transport_lost_messages{mode="raw"} 2
		udplab_transport_lost_packets_total{mode="raw"} 2
		udplab_transport_spuriously_lost_packets_total{mode="raw"} 0
	`)
	account.Receive(2*time.Millisecond, 1, 500)
	wantSeries(t, r, `
		udplab_transport_lost_messages{mode="raw"} 1
		udplab_transport_lost_packets_total{mode="raw"} 2
		udplab_transport_spuriously_lost_packets_total{mode="raw"} 1
	`)
}
