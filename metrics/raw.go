package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"udplab/reliable/raw"
)

// Raw collects the connections of raw mode. Make one with [NewRaw] and register
// it. Safe for concurrent use.
type Raw struct {
	conns *ledger[raw.Stats]
	sheet sheet[raw.Stats]
}

// NewRaw returns a collector without connections: every counter is 0.
func NewRaw() *Raw {
	return &Raw{newLedger(addRawStats), sheet[raw.Stats]{rawRows(), rawLevels()}}
}

// AddConn adds a connection; see [Reliable.AddConn].
func (r *Raw) AddConn(stats func() raw.Stats) (retire func()) { return r.conns.open(stats) }

// Describe implements prometheus.Collector.
func (r *Raw) Describe(ch chan<- *prometheus.Desc) { r.sheet.describe(ch) }

// Collect implements prometheus.Collector.
func (r *Raw) Collect(ch chan<- prometheus.Metric) {
	total, _, live := r.conns.read()
	r.sheet.collect(ch, &total, live)
}

func rawRows() []row[raw.Stats] {
	type S = raw.Stats
	const mode = modeRaw
	return []row[S]{
		count(sentMessages, mode, func(s *S) uint64 { return s.Sent }),
		count(deliveredMessages, mode, func(s *S) uint64 { return s.Received }),
		never[S](acknowledgedMessages, mode),
		count(lostMessages, mode, func(s *S) uint64 { return s.Lost }),
		count(sentMessageBytes, mode, func(s *S) uint64 { return s.MessageBytesSent }),
		count(deliveredMessageBytes, mode, func(s *S) uint64 { return s.MessageBytesReceived }),

		never[S](givenUpMessages, mode, "superseded"),
		never[S](givenUpMessages, mode, "lost"),
		never[S](givenUpMessages, mode, "skipped"),
		never[S](undeliveredMessages, mode, "passed_over"),
		never[S](undeliveredMessages, mode, "stale"),
		never[S](undeliveredMessages, mode, "dropped"),

		count(sentPackets, mode, func(s *S) uint64 { return s.Sent + s.TextSent }),
		count(receivedPackets, mode, func(s *S) uint64 { return s.Received + s.Text + s.WrongMode + s.Corrupt + s.Malformed }),
		count(sentBytes, mode, func(s *S) uint64 { return s.BytesSent }),
		count(receivedBytes, mode, func(s *S) uint64 { return s.BytesReceived }),

		// A late arrival moves one from Lost to OutOfOrder: their sum is what
		// was ever missing, and unlike Lost never goes down.
		count(lostPackets, mode, func(s *S) uint64 { return s.Lost + s.OutOfOrder }),
		count(spuriouslyLostPackets, mode, func(s *S) uint64 { return s.OutOfOrder }),
		count(outOfOrderPackets, mode, func(s *S) uint64 { return s.OutOfOrder }),
		count(duplicatePackets, mode, func(s *S) uint64 { return s.Duplicate }),
		count(outOfWindowPackets, mode, func(s *S) uint64 { return s.OutOfWindow }),
		count(corruptPackets, mode, func(s *S) uint64 { return s.Corrupt }),
		count(malformedPackets, mode, func(s *S) uint64 { return s.Malformed }),
		count(foreignPackets, mode, func(s *S) uint64 { return s.Text + s.WrongMode }),

		never[S](retransmits, mode, "threshold"),
		never[S](retransmits, mode, "time"),
		never[S](retransmits, mode, "probe"),
		never[S](repeats, mode),
		never[S](repeatBytes, mode),
		never[S](savedMessages, mode),
		never[S](sentSymbols, mode),
		never[S](symbolBytes, mode),
		never[S](receivedSymbols, mode),
		never[S](recoveredMessages, mode),
		never[S](packetsAhead, mode),
		never[S](probeTimeouts, mode),
		never[S](sentAcks, mode),
		never[S](receivedAcks, mode),
		never[S](receivedMarks, mode),
		never[S](reportedMarks, mode),
		never[S](pathChanges, mode),
		never[S](refusedPaths, mode),
		never[S](sentSizeProbes, mode),
		never[S](lostSizeProbes, mode),
		never[S](blackHoles, mode),
		count(sendErrors, mode, func(s *S) uint64 { return s.SendErrors }),
		count(reorderingExtent, mode, func(s *S) uint64 { return s.MaxExtent }),
	}
}

func rawLevels() []level[raw.Stats] {
	type S = raw.Stats
	const mode = modeRaw
	return []level[S]{
		sum(connections, mode, func(*S) int { return 1 }),
		mean(jitter, mode, func(s *S) bool { return s.Received > 1 }, func(s *S) time.Duration { return s.Jitter }),
	}
}

// addRawStats adds the counters of s to total.
func addRawStats(total, s *raw.Stats) {
	total.Sent += s.Sent
	total.BytesSent += s.BytesSent
	total.MessageBytesSent += s.MessageBytesSent
	total.TextSent += s.TextSent
	total.SendErrors += s.SendErrors
	total.PeerAbsent += s.PeerAbsent
	total.Received += s.Received
	total.BytesReceived += s.BytesReceived
	total.MessageBytesReceived += s.MessageBytesReceived
	total.Text += s.Text
	total.Corrupt += s.Corrupt
	total.Malformed += s.Malformed
	total.WrongMode += s.WrongMode
	total.ReceiveErrors += s.ReceiveErrors
	total.Restarts += s.Restarts
	total.Lost += s.Lost
	total.Before += s.Before
	total.OutOfOrder += s.OutOfOrder
	total.Duplicate += s.Duplicate
	total.OutOfWindow += s.OutOfWindow
	total.MaxExtent = max(total.MaxExtent, s.MaxExtent)
}
