package metrics

import (
	"reflect"
	"testing"
	"time"

	"udplab/reliable"
)

func TestEveryCounterOfAReliableConnectionIsAdded(t *testing.T) {
	checkAdd(t, addStats)
	checkAdd(t, addEndpointStats)
}

func sampleConn() reliable.Stats {
	return reliable.Stats{
		PacketsSent: 101, PacketsReceived: 102, BytesSent: 10300, BytesReceived: 10400,
		PacketsLost: 5, PacketsLostSpurious: 2, PacketsDuplicate: 3, PacketsOutOfOrder: 4,
		RetransmitsThreshold: 6, RetransmitsTime: 7, RetransmitsProbe: 8, ProbeTimeouts: 9,
		PathChanges: 13, PathsRefused: 14, SizeProbesSent: 15, SizeProbesLost: 10, BlackHoles: 1,
		MarksReceived: 16, MarksReported: 19,
		AcksSent: 11, AcksReceived: 12,
		Repeats: 21, RepeatBytes: 2200, RedundancySaved: 23,
		SymbolsSent: 31, SymbolBytes: 3200, SymbolsReceived: 33, MessagesRecovered: 34,
		PacketsAhead: 35, TimeApplicationLimited: 36 * time.Second, TimeFlowLimited: 37 * time.Second,
		TimeCongestionLimited: 38 * time.Second, TimePacingLimited: 39 * time.Second,
		QueueingDelay: 12 * time.Millisecond, DeliveryRate: 140_000, ReorderingExtent: 5,
		MessagesSuperseded: 24, MessagesLost: 25, MessagesSkipped: 26,
		MessagesPassedOver: 27, MessagesStale: 28, MessagesDropped: 29,
		MessagesSent: 95, MessagesAcked: 18, MessagesReceived: 17,
		MessageBytesSent: 2000, MessageBytesReceived: 1700,
		SmoothedRTT: 80 * time.Millisecond, RTTVar: 10 * time.Millisecond, MinRTT: 70 * time.Millisecond,
		Jitter: 3 * time.Millisecond, ReorderingWindow: 20 * time.Millisecond, LossRate: 0.02, PacingRate: 150_000, PacketSize: 1472,
		CongestionWindow: 12000, BytesInFlight: 2400, SendQueueBytes: 200, ReceiveBytes: 300,
	}
}

func TestReliableConnectionValues(t *testing.T) {
	r := NewReliable()
	r.AddConn(sampleConn)
	wantSeries(t, r, `
		udplab_transport_connections{mode="reliable"} 1
		udplab_transport_sent_messages_total{mode="reliable"} 95
		udplab_transport_delivered_messages_total{mode="reliable"} 17
		udplab_transport_acknowledged_messages_total{mode="reliable"} 18
		udplab_transport_lost_messages{mode="reliable"} 25
		udplab_transport_given_up_messages_total{fate="superseded",mode="reliable"} 24
		udplab_transport_given_up_messages_total{fate="lost",mode="reliable"} 25
		udplab_transport_given_up_messages_total{fate="skipped",mode="reliable"} 26
		udplab_transport_undelivered_messages_total{fate="passed_over",mode="reliable"} 27
		udplab_transport_undelivered_messages_total{fate="stale",mode="reliable"} 28
		udplab_transport_undelivered_messages_total{fate="dropped",mode="reliable"} 29
		udplab_transport_repeated_messages_total{mode="reliable"} 21
		udplab_transport_repeated_message_bytes_total{mode="reliable"} 2200
		udplab_transport_saved_messages_total{mode="reliable"} 23
		udplab_transport_packets_sent_ahead_total{mode="reliable"} 35
		udplab_transport_limited_seconds_total{limit="application",mode="reliable"} 36
		udplab_transport_limited_seconds_total{limit="flow",mode="reliable"} 37
		udplab_transport_limited_seconds_total{limit="congestion",mode="reliable"} 38
		udplab_transport_limited_seconds_total{limit="pacing",mode="reliable"} 39
		udplab_transport_queueing_delay_seconds{mode="reliable"} 0.012
		udplab_transport_delivery_rate_bytes_per_second{mode="reliable"} 140000
		udplab_transport_reordering_extent_packets{mode="reliable"} 5
		udplab_transport_sent_repair_symbols_total{mode="reliable"} 31
		udplab_transport_sent_repair_symbol_bytes_total{mode="reliable"} 3200
		udplab_transport_received_repair_symbols_total{mode="reliable"} 33
		udplab_transport_recovered_messages_total{mode="reliable"} 34
		udplab_transport_loss_ratio{mode="reliable"} 0.02
		udplab_transport_sent_message_bytes_total{mode="reliable"} 2000
		udplab_transport_delivered_message_bytes_total{mode="reliable"} 1700
		udplab_transport_sent_packets_total{mode="reliable"} 101
		udplab_transport_received_packets_total{mode="reliable"} 102
		udplab_transport_sent_bytes_total{mode="reliable"} 10300
		udplab_transport_received_bytes_total{mode="reliable"} 10400
		udplab_transport_lost_packets_total{mode="reliable"} 5
		udplab_transport_spuriously_lost_packets_total{mode="reliable"} 2
		udplab_transport_out_of_order_packets_total{mode="reliable"} 4
		udplab_transport_duplicate_packets_total{mode="reliable"} 3
		udplab_transport_retransmits_total{mode="reliable",reason="probe"} 8
		udplab_transport_retransmits_total{mode="reliable",reason="threshold"} 6
		udplab_transport_retransmits_total{mode="reliable",reason="time"} 7
		udplab_transport_probe_timeouts_total{mode="reliable"} 9
		udplab_transport_sent_acks_total{mode="reliable"} 11
		udplab_transport_received_acks_total{mode="reliable"} 12
		udplab_transport_path_changes_total{mode="reliable"} 13
		udplab_transport_refused_paths_total{mode="reliable"} 14
		udplab_transport_sent_size_probes_total{mode="reliable"} 15
		udplab_transport_lost_size_probes_total{mode="reliable"} 10
		udplab_transport_black_holes_total{mode="reliable"} 1
		udplab_transport_received_congestion_marks_total{mode="reliable"} 16
		udplab_transport_reported_congestion_marks_total{mode="reliable"} 19
		udplab_transport_jitter_seconds{mode="reliable"} 0.003
		udplab_transport_reordering_window_seconds{mode="reliable"} 0.02
		udplab_transport_pacing_rate_bytes_per_second{mode="reliable"} 150000
		udplab_transport_min_packet_size_bytes{mode="reliable"} 1472
		udplab_transport_smoothed_rtt_seconds{mode="reliable"} 0.08
		udplab_transport_rtt_variation_seconds{mode="reliable"} 0.01
		udplab_transport_min_rtt_seconds{mode="reliable"} 0.07
		udplab_transport_congestion_window_bytes{mode="reliable"} 12000
		udplab_transport_in_flight_bytes{mode="reliable"} 2400
		udplab_transport_send_queue_bytes{mode="reliable"} 200
		udplab_transport_receive_queue_bytes{mode="reliable"} 300
	`)
}

func TestReliableEndpointValues(t *testing.T) {
	r := NewReliable()
	r.AddEndpoint(func() reliable.EndpointStats {
		return reliable.EndpointStats{
			DatagramsReceived: 201, BytesReceived: 20200, DatagramsSent: 203, BytesSent: 20400,
			NotPackets: 1, ChecksumErrors: 2, Malformed: 3, UnknownVersion: 4, UnknownConnection: 5,
			RetriesSent: 6, ResetsSent: 7, HandshakesRefused: 8, SendErrors: 9, KernelDrops: 10,
			ReceiveBuffer: 4 << 20, SendBuffer: 2 << 20, Connections: 11,
			SendRung: reliable.RungBatch, ReceiveRung: reliable.RungSegments, Demotions: 12, SendCalls: 13, ReceiveCalls: 14,
		}
	})
	r.AddEndpoint(func() reliable.EndpointStats {
		return reliable.EndpointStats{SendRung: reliable.RungBatch, ReceiveRung: reliable.RungPortable}
	})
	wantSeries(t, r, `
		udplab_transport_corrupt_packets_total{mode="reliable"} 2
		udplab_transport_malformed_packets_total{mode="reliable"} 3
		udplab_transport_foreign_packets_total{mode="reliable"} 1
		udplab_transport_send_errors_total{mode="reliable"} 9
		udplab_endpoint_connections 11
		udplab_endpoint_received_packets_total 201
		udplab_endpoint_sent_packets_total 203
		udplab_endpoint_received_bytes_total 20200
		udplab_endpoint_sent_bytes_total 20400
		udplab_endpoint_unknown_version_packets_total 4
		udplab_endpoint_unknown_connection_packets_total 5
		udplab_endpoint_sent_retries_total 6
		udplab_endpoint_sent_resets_total 7
		udplab_endpoint_refused_handshakes_total 8
		udplab_endpoint_kernel_dropped_packets_total 10
		udplab_endpoint_receive_buffer_bytes 4.194304e+06
		udplab_endpoint_send_buffer_bytes 2.097152e+06
		udplab_endpoint_send_calls_total 13
		udplab_endpoint_receive_calls_total 14
		udplab_endpoint_demotions_total 12
		udplab_endpoint_sending_sockets{rung="portable"} 0
		udplab_endpoint_sending_sockets{rung="single"} 0
		udplab_endpoint_sending_sockets{rung="batch"} 2
		udplab_endpoint_sending_sockets{rung="segments"} 0
		udplab_endpoint_receiving_sockets{rung="portable"} 1
		udplab_endpoint_receiving_sockets{rung="single"} 0
		udplab_endpoint_receiving_sockets{rung="batch"} 0
		udplab_endpoint_receiving_sockets{rung="segments"} 1
	`)
}

// Counters keep what an ended connection counted; gauges are of the living
// only, and messages without a fate are lost now: those superseded or skipped
// are not, and those lost on the way were before.
func TestReliableCountersSurviveTheConnection(t *testing.T) {
	r := NewReliable()
	retire := r.AddConn(sampleConn)
	r.AddConn(func() reliable.Stats {
		return reliable.Stats{MessagesSent: 1, LossRate: 0.01, PathChanges: 1, SmoothedRTT: 40 * time.Millisecond, MinRTT: 30 * time.Millisecond,
			Jitter: time.Millisecond, ReorderingWindow: 5 * time.Millisecond, PacingRate: 50_000, PacketSize: 1200,
			CongestionWindow: 5000}
	})
	wantSeries(t, r, `
		udplab_transport_connections{mode="reliable"} 2
		udplab_transport_sent_messages_total{mode="reliable"} 96
		udplab_transport_lost_messages{mode="reliable"} 25
		udplab_transport_loss_ratio{mode="reliable"} 0.02
		udplab_transport_smoothed_rtt_seconds{mode="reliable"} 0.06
		udplab_transport_min_rtt_seconds{mode="reliable"} 0.03
		udplab_transport_congestion_window_bytes{mode="reliable"} 17000
		udplab_transport_path_changes_total{mode="reliable"} 14
		udplab_transport_jitter_seconds{mode="reliable"} 0.002
		udplab_transport_reordering_window_seconds{mode="reliable"} 0.02
		udplab_transport_pacing_rate_bytes_per_second{mode="reliable"} 200000
		udplab_transport_min_packet_size_bytes{mode="reliable"} 1200
	`)
	retire()
	wantSeries(t, r, `
		udplab_transport_connections{mode="reliable"} 1
		udplab_transport_sent_messages_total{mode="reliable"} 96
		udplab_transport_lost_messages{mode="reliable"} 27
		udplab_transport_loss_ratio{mode="reliable"} 0.01
		udplab_transport_smoothed_rtt_seconds{mode="reliable"} 0.04
		udplab_transport_min_rtt_seconds{mode="reliable"} 0.03
		udplab_transport_congestion_window_bytes{mode="reliable"} 5000
		udplab_transport_path_changes_total{mode="reliable"} 14
		udplab_transport_jitter_seconds{mode="reliable"} 0.001
		udplab_transport_reordering_window_seconds{mode="reliable"} 0.005
		udplab_transport_pacing_rate_bytes_per_second{mode="reliable"} 50000
		udplab_transport_min_packet_size_bytes{mode="reliable"} 1200
	`)
}

// A round-trip time nobody has measured is no 0 s, nor is what depends on one.
func TestNoSampleMeansNoSeries(t *testing.T) {
	r := NewReliable()
	r.AddConn(func() reliable.Stats { return reliable.Stats{PacketsSent: 1, PacketSize: 1200} })
	for _, name := range []string{
		"smoothed_rtt_seconds", "rtt_variation_seconds", "min_rtt_seconds", "jitter_seconds",
		"reordering_window_seconds", "min_packet_size_bytes", "loss_ratio",
	} {
		if got := countSeries(t, r, "udplab_transport_"+name); got != 0 {
			t.Errorf("%s before a sample: got %d series, want none", name, got)
		}
	}
}

// What a connection tells is shown, whatever is added to it.
func TestEveryNumberOfAReliableConnectionIsShown(t *testing.T) {
	hidden := map[string]string{"LatestRTT": "the smoothed one says it without the noise"}
	s := numbered[reliable.Stats](1)
	v := reflect.ValueOf(&s).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.CanInt() {
			f.SetInt(int64(i+1) * 1e9)
		} else if f.CanFloat() {
			f.SetFloat(float64(i + 1))
		}
	}
	shown := map[float64]bool{}
	for _, r := range reliableRows() {
		shown[r.value(&s)] = true
	}
	for _, l := range reliableLevels() {
		got, _ := l.value([]reliable.Stats{s})
		shown[got] = true
	}
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		number := float64(i + 1)
		if v.Field(i).Kind() == reflect.Int { // not a time
			number *= 1e9
		}
		if _, secret := hidden[name]; secret == shown[number] {
			t.Errorf("%s: shown %v", name, shown[number])
		}
	}
}
