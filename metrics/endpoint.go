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
	}
}

func endpointLevels() []level[reliable.EndpointStats] {
	type S = reliable.EndpointStats
	return []level[S]{
		sum(endpointConnections, modeReliable, func(s *S) int { return s.Connections }),
		sum(receiveBuffer, modeReliable, func(s *S) int { return s.ReceiveBuffer }),
	}
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
}
