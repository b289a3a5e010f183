package metrics

import (
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"udplab/reliable"
)

// Reliable collects the connections and sockets of reliable mode. Make one
// with [NewReliable] and register it. Safe for concurrent use.
type Reliable struct {
	conns          *ledger[reliable.Stats]
	connSheet      sheet[reliable.Stats]
	lost           series
	endpoints      *ledger[reliable.EndpointStats]
	endpointsSheet sheet[reliable.EndpointStats]
}

// NewReliable returns a collector without connections: every counter is 0.
func NewReliable() *Reliable {
	return &Reliable{
		conns:          newLedger(addStats),
		connSheet:      sheet[reliable.Stats]{reliableRows(), reliableLevels()},
		lost:           lostMessages.bind(modeReliable),
		endpoints:      newLedger(addEndpointStats),
		endpointsSheet: sheet[reliable.EndpointStats]{endpointRows(), endpointLevels()},
	}
}

// AddConn adds a connection. Call retire once it has ended and its counters
// stand still: they stay in the totals, its gauges go. Retire may be called
// more than once.
func (r *Reliable) AddConn(stats func() reliable.Stats) (retire func()) {
	return r.conns.open(stats)
}

// AddEndpoint adds a socket, as [Reliable.AddConn] adds a connection.
func (r *Reliable) AddEndpoint(stats func() reliable.EndpointStats) (retire func()) {
	return r.endpoints.open(stats)
}

// Describe implements prometheus.Collector.
func (r *Reliable) Describe(ch chan<- *prometheus.Desc) {
	r.connSheet.describe(ch)
	ch <- r.lost.desc
	r.endpointsSheet.describe(ch)
}

// Collect implements prometheus.Collector.
func (r *Reliable) Collect(ch chan<- prometheus.Metric) {
	total, retired, live := r.conns.read()
	r.connSheet.collect(ch, &total, live)
	ch <- r.lost.sample(float64(total.MessagesLost + openMessages(&retired)))

	endpointTotal, _, endpoints := r.endpoints.read()
	r.endpointsSheet.collect(ch, &endpointTotal, endpoints)
}

// openMessages is how many messages have no fate yet. Of ended connections
// they have none ever: whether they arrived is not known.
func openMessages(s *reliable.Stats) uint64 {
	return s.MessagesSent - s.MessagesAcked - s.MessagesSuperseded - s.MessagesLost - s.MessagesSkipped
}

func reliableRows() []row[reliable.Stats] {
	type S = reliable.Stats
	const mode = modeReliable
	return []row[S]{
		count(sentMessages, mode, func(s *S) uint64 { return s.MessagesSent }),
		count(deliveredMessages, mode, func(s *S) uint64 { return s.MessagesReceived }),
		count(acknowledgedMessages, mode, func(s *S) uint64 { return s.MessagesAcked }),
		count(sentMessageBytes, mode, func(s *S) uint64 { return s.MessageBytesSent }),
		count(deliveredMessageBytes, mode, func(s *S) uint64 { return s.MessageBytesReceived }),

		count(givenUpMessages, mode, func(s *S) uint64 { return s.MessagesSuperseded }, "superseded"),
		count(givenUpMessages, mode, func(s *S) uint64 { return s.MessagesLost }, "lost"),
		count(givenUpMessages, mode, func(s *S) uint64 { return s.MessagesSkipped }, "skipped"),
		count(undeliveredMessages, mode, func(s *S) uint64 { return s.MessagesPassedOver }, "passed_over"),
		count(undeliveredMessages, mode, func(s *S) uint64 { return s.MessagesStale }, "stale"),
		count(undeliveredMessages, mode, func(s *S) uint64 { return s.MessagesDropped }, "dropped"),

		count(sentPackets, mode, func(s *S) uint64 { return s.PacketsSent }),
		count(receivedPackets, mode, func(s *S) uint64 { return s.PacketsReceived }),
		count(sentBytes, mode, func(s *S) uint64 { return s.BytesSent }),
		count(receivedBytes, mode, func(s *S) uint64 { return s.BytesReceived }),

		count(lostPackets, mode, func(s *S) uint64 { return s.PacketsLost }),
		count(spuriouslyLostPackets, mode, func(s *S) uint64 { return s.PacketsLostSpurious }),
		count(outOfOrderPackets, mode, func(s *S) uint64 { return s.PacketsOutOfOrder }),
		count(duplicatePackets, mode, func(s *S) uint64 { return s.PacketsDuplicate }),

		count(retransmits, mode, func(s *S) uint64 { return s.RetransmitsThreshold }, "threshold"),
		count(retransmits, mode, func(s *S) uint64 { return s.RetransmitsTime }, "time"),
		count(retransmits, mode, func(s *S) uint64 { return s.RetransmitsProbe }, "probe"),
		count(repeats, mode, func(s *S) uint64 { return s.Repeats }),
		count(repeatBytes, mode, func(s *S) uint64 { return s.RepeatBytes }),
		count(savedMessages, mode, func(s *S) uint64 { return s.RedundancySaved }),
		count(sentSymbols, mode, func(s *S) uint64 { return s.SymbolsSent }),
		count(symbolBytes, mode, func(s *S) uint64 { return s.SymbolBytes }),
		count(receivedSymbols, mode, func(s *S) uint64 { return s.SymbolsReceived }),
		count(recoveredMessages, mode, func(s *S) uint64 { return s.MessagesRecovered }),
		count(packetsAhead, mode, func(s *S) uint64 { return s.PacketsAhead }),
		seconds(limitedTime, mode, func(s *S) time.Duration { return s.TimeApplicationLimited }, "application"),
		seconds(limitedTime, mode, func(s *S) time.Duration { return s.TimeFlowLimited }, "flow"),
		seconds(limitedTime, mode, func(s *S) time.Duration { return s.TimeCongestionLimited }, "congestion"),
		seconds(limitedTime, mode, func(s *S) time.Duration { return s.TimePacingLimited }, "pacing"),
		count(probeTimeouts, mode, func(s *S) uint64 { return s.ProbeTimeouts }),
		count(sentAcks, mode, func(s *S) uint64 { return s.AcksSent }),
		count(receivedAcks, mode, func(s *S) uint64 { return s.AcksReceived }),

		count(receivedMarks, mode, func(s *S) uint64 { return s.MarksReceived }),
		count(reportedMarks, mode, func(s *S) uint64 { return s.MarksReported }),
		count(pathChanges, mode, func(s *S) uint64 { return s.PathChanges }),
		count(refusedPaths, mode, func(s *S) uint64 { return s.PathsRefused }),
		count(sentSizeProbes, mode, func(s *S) uint64 { return s.SizeProbesSent }),
		count(lostSizeProbes, mode, func(s *S) uint64 { return s.SizeProbesLost }),
		count(blackHoles, mode, func(s *S) uint64 { return s.BlackHoles }),
	}
}

func reliableLevels() []level[reliable.Stats] {
	type S = reliable.Stats
	const mode = modeReliable
	return []level[S]{
		sum(connections, mode, func(*S) int { return 1 }),
		mean(smoothedRTT, mode, hasRTT, func(s *S) time.Duration { return s.SmoothedRTT }),
		mean(rttVariation, mode, hasRTT, func(s *S) time.Duration { return s.RTTVar }),
		pick(minRTT, mode, math.Min, hasRTT, func(s *S) float64 { return s.MinRTT.Seconds() }),
		mean(jitter, mode, func(s *S) bool { return s.Jitter > 0 }, func(s *S) time.Duration { return s.Jitter }),
		pick(reorderingWindow, mode, math.Max, hasRTT, func(s *S) float64 { return s.ReorderingWindow.Seconds() }),
		mean(queueingDelay, mode, hasRTT, func(s *S) time.Duration { return s.QueueingDelay }),
		sum(deliveryRate, mode, func(s *S) int { return s.DeliveryRate }),
		pick(reorderingExtent, mode, math.Max, hasRTT, func(s *S) float64 { return float64(s.ReorderingExtent) }),
		pick(lossRatio, mode, math.Max, hasRTT, func(s *S) float64 { return s.LossRate }),
		pick(packetSize, mode, math.Min, hasRTT, func(s *S) float64 { return float64(s.PacketSize) }),
		sum(pacingRate, mode, func(s *S) int { return s.PacingRate }),
		sum(congestionWindow, mode, func(s *S) int { return s.CongestionWindow }),
		sum(bytesInFlight, mode, func(s *S) int { return s.BytesInFlight }),
		sum(sendQueue, mode, func(s *S) int { return s.SendQueueBytes }),
		sum(receiveQueue, mode, func(s *S) int { return s.ReceiveBytes }),
	}
}

// hasRTT reports whether the connection has measured a round trip yet.
func hasRTT(s *reliable.Stats) bool { return s.SmoothedRTT > 0 }

// addStats adds the counters of s to total.
func addStats(total, s *reliable.Stats) {
	total.PacketsSent += s.PacketsSent
	total.PacketsReceived += s.PacketsReceived
	total.BytesSent += s.BytesSent
	total.BytesReceived += s.BytesReceived
	total.PacketsLost += s.PacketsLost
	total.PacketsLostSpurious += s.PacketsLostSpurious
	total.PacketsDuplicate += s.PacketsDuplicate
	total.PacketsOutOfOrder += s.PacketsOutOfOrder
	total.RetransmitsThreshold += s.RetransmitsThreshold
	total.RetransmitsTime += s.RetransmitsTime
	total.RetransmitsProbe += s.RetransmitsProbe
	total.Repeats += s.Repeats
	total.RepeatBytes += s.RepeatBytes
	total.RedundancySaved += s.RedundancySaved
	total.SymbolsSent += s.SymbolsSent
	total.SymbolBytes += s.SymbolBytes
	total.SymbolsReceived += s.SymbolsReceived
	total.MessagesRecovered += s.MessagesRecovered
	total.PacketsAhead += s.PacketsAhead
	total.TimeApplicationLimited += s.TimeApplicationLimited
	total.TimeFlowLimited += s.TimeFlowLimited
	total.TimeCongestionLimited += s.TimeCongestionLimited
	total.TimePacingLimited += s.TimePacingLimited
	total.ProbeTimeouts += s.ProbeTimeouts
	total.PathChanges += s.PathChanges
	total.PathsRefused += s.PathsRefused
	total.SizeProbesSent += s.SizeProbesSent
	total.SizeProbesLost += s.SizeProbesLost
	total.BlackHoles += s.BlackHoles
	total.MarksReceived += s.MarksReceived
	total.MarksReported += s.MarksReported
	total.AcksSent += s.AcksSent
	total.AcksReceived += s.AcksReceived
	total.MessagesSuperseded += s.MessagesSuperseded
	total.MessagesLost += s.MessagesLost
	total.MessagesSkipped += s.MessagesSkipped
	total.MessagesPassedOver += s.MessagesPassedOver
	total.MessagesStale += s.MessagesStale
	total.MessagesDropped += s.MessagesDropped
	total.MessagesSent += s.MessagesSent
	total.MessagesAcked += s.MessagesAcked
	total.MessagesReceived += s.MessagesReceived
	total.MessageBytesSent += s.MessageBytesSent
	total.MessageBytesReceived += s.MessageBytesReceived
}
