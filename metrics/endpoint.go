package metrics

import "udplab/reliable"

// Damaged and malformed datagrams name no connection one could trust, so the
// socket counts them; they carry the transport names all the same, beside
// those of raw mode.
func endpointRows() []row[reliable.EndpointStats] {
	type S = reliable.EndpointStats
	const mode = modeReliable
	return []row[S]{
		count(corruptPackets, mode, func(s *S) uint64 { return s.ChecksumErrors }),
		count(malformedPackets, mode, func(s *S) uint64 { return s.Malformed }),
		count(foreignPackets, mode, func(s *S) uint64 { return s.NotPackets }),
		count(sendErrors, mode, func(s *S) uint64 { return s.SendErrors }),

		count(endpointReceivedPackets, mode, func(s *S) uint64 { return s.DatagramsReceived }),
		count(endpointSentPackets, mode, func(s *S) uint64 { return s.DatagramsSent }),
		count(endpointReceivedBytes, mode, func(s *S) uint64 { return s.BytesReceived }),
		count(endpointSentBytes, mode, func(s *S) uint64 { return s.BytesSent }),
		count(unknownVersion, mode, func(s *S) uint64 { return s.UnknownVersion }),
		count(unknownConnection, mode, func(s *S) uint64 { return s.UnknownConnection }),
		count(sentRetries, mode, func(s *S) uint64 { return s.RetriesSent }),
		count(sentResets, mode, func(s *S) uint64 { return s.ResetsSent }),
		count(refusedHandshakes, mode, func(s *S) uint64 { return s.HandshakesRefused }),
		count(kernelDrops, mode, func(s *S) uint64 { return s.KernelDrops }),
		count(sendCalls, mode, func(s *S) uint64 { return s.SendCalls }),
		count(receiveCalls, mode, func(s *S) uint64 { return s.ReceiveCalls }),
		count(demotions, mode, func(s *S) uint64 { return s.Demotions }),
	}
}

func endpointLevels() []level[reliable.EndpointStats] {
	type S = reliable.EndpointStats
	levels := []level[S]{
		sum(endpointConnections, modeReliable, func(s *S) int { return s.Connections }),
		sum(receiveBuffer, modeReliable, func(s *S) int { return s.ReceiveBuffer }),
		sum(sendBuffer, modeReliable, func(s *S) int { return s.SendBuffer }),
	}
	for _, rung := range []reliable.Rung{reliable.RungPortable, reliable.RungSingle, reliable.RungBatch, reliable.RungSegments} {
		levels = append(levels,
			sum(sendingSockets, modeReliable, func(s *S) int { return one(s.SendRung == rung) }, rung.String()),
			sum(receivingSockets, modeReliable, func(s *S) int { return one(s.ReceiveRung == rung) }, rung.String()),
		)
	}
	return levels
}

func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

// addEndpointStats adds the counters of s to total.
func addEndpointStats(total, s *reliable.EndpointStats) {
	total.DatagramsReceived += s.DatagramsReceived
	total.BytesReceived += s.BytesReceived
	total.DatagramsSent += s.DatagramsSent
	total.BytesSent += s.BytesSent
	total.NotPackets += s.NotPackets
	total.ChecksumErrors += s.ChecksumErrors
	total.Malformed += s.Malformed
	total.UnknownVersion += s.UnknownVersion
	total.UnknownConnection += s.UnknownConnection
	total.RetriesSent += s.RetriesSent
	total.ResetsSent += s.ResetsSent
	total.HandshakesRefused += s.HandshakesRefused
	total.SendErrors += s.SendErrors
	total.KernelDrops += s.KernelDrops
	total.SendCalls += s.SendCalls
	total.ReceiveCalls += s.ReceiveCalls
	total.Demotions += s.Demotions
}
