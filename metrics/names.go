package metrics

// The closed sets behind the labels.
const (
	labelMode       = "mode"       // raw, reliable
	labelReason     = "reason"     // what asked for a retransmission: threshold, time, probe
	labelDirection  = "direction"  // up (client to upstream), down
	labelCause      = "cause"      // what dropped a datagram
	labelImpairment = "impairment" // loss, duplicate, corrupt, reorder
	labelMoment     = "moment"     // of a delay: mean, sd
	labelFate       = "fate"       // why a message was not delivered
	labelRung       = "rung"       // how a socket moves datagrams: segments, batch, single, portable
	labelLimit      = "limit"      // what kept a sender from sending more: application, flow, congestion, pacing

	modeRaw      = "raw"
	modeReliable = "reliable"
)

// Transport: what the connections of one mode did. Names are
// udplab_<subsystem>_<what>_<unit>[_total]; a raw message is one packet, a
// reliable one may take several and share one.
var (
	connections = gauge("udplab_transport_connections",
		"Connections alive now.", labelMode)

	sentMessages = counter("udplab_transport_sent_messages_total",
		"Messages the application gave to be sent.", labelMode)
	deliveredMessages = counter("udplab_transport_delivered_messages_total",
		"Messages handed to the application; in raw mode duplicates are handed over too.", labelMode)
	acknowledgedMessages = counter("udplab_transport_acknowledged_messages_total",
		"Messages the peer acknowledged completely; always 0 in raw mode, which cannot know.", labelMode)
	lostMessages = gauge("udplab_transport_lost_messages",
		"Messages given up for lost. Raw: overtaken by later ones and not arrived so far, a late arrival takes it back. Reliable: lost with a packet and of a kind that is not repaired, or still open when their connection ended.", labelMode)
	givenUpMessages = counter("udplab_transport_given_up_messages_total",
		"Messages the sender stopped to deliver, by fate: a newer one took their place (superseded), a packet with a part of them was lost and their kind is not repaired (lost), their time was over (skipped). Reported as such to an application that asked; always 0 in raw mode, which cannot know.", labelMode, labelFate)
	undeliveredMessages = counter("udplab_transport_undelivered_messages_total",
		"Messages the receiver knows of and did not hand over, by fate: missing when those behind them were due (passed_over), come after a newer one or too late (stale), dropped because the application or the rest of them was too slow (dropped).", labelMode, labelFate)
	sentMessageBytes = counter("udplab_transport_sent_message_bytes_total",
		"Payload bytes of the messages the application gave to be sent.", labelMode)
	deliveredMessageBytes = counter("udplab_transport_delivered_message_bytes_total",
		"Payload bytes of the messages handed to the application.", labelMode)

	sentPackets = counter("udplab_transport_sent_packets_total",
		"Datagrams sent, acknowledgments and retransmissions included.", labelMode)
	receivedPackets = counter("udplab_transport_received_packets_total",
		"Datagrams received, duplicates included. Raw counts all its socket saw, reliable those that belong to its connections; udplab_endpoint_received_packets_total has the rest.", labelMode)
	sentBytes = counter("udplab_transport_sent_bytes_total",
		"UDP payload bytes sent.", labelMode)
	receivedBytes = counter("udplab_transport_received_bytes_total",
		"UDP payload bytes of the datagrams received.", labelMode)

	lostPackets = counter("udplab_transport_lost_packets_total",
		"Packets declared lost. Raw: missing when a later one arrived, seen by the receiver. Reliable: by loss detection (RFC 9002), seen by the sender.", labelMode)
	spuriouslyLostPackets = counter("udplab_transport_spuriously_lost_packets_total",
		"Packets declared lost that turned out to be late only.", labelMode)
	outOfOrderPackets = counter("udplab_transport_out_of_order_packets_total",
		"Packets that arrived after one sent later (RFC 4737).", labelMode)
	duplicatePackets = counter("udplab_transport_duplicate_packets_total",
		"Packets that arrived again. Raw mode hands them to the application, reliable mode drops them.", labelMode)
	outOfWindowPackets = counter("udplab_transport_out_of_window_packets_total",
		"Packets that arrived too late to say whether they are late or duplicate.", labelMode)
	reorderingExtent = gauge("udplab_transport_reordering_extent_packets",
		"Largest reordering extent so far (RFC 4737 section 4.2): by how many arrivals a packet came too late.", labelMode)
	corruptPackets = counter("udplab_transport_corrupt_packets_total",
		"Datagrams whose checksum was wrong.", labelMode)
	malformedPackets = counter("udplab_transport_malformed_packets_total",
		"Intact datagrams that break the packet format.", labelMode)
	foreignPackets = counter("udplab_transport_foreign_packets_total",
		"Datagrams that are no packets of this mode, bare text for example.", labelMode)

	retransmits = counter("udplab_transport_retransmits_total",
		"Message frames sent again, by what asked for it: later packets were acknowledged (threshold), outstanding for too long (time), silence (probe).", labelMode, labelReason)
	repeats = counter("udplab_transport_repeated_messages_total",
		"Copies of small messages sent before their loss was known.", labelMode)
	repeatBytes = counter("udplab_transport_repeated_message_bytes_total",
		"Payload bytes of the copies of small messages sent before their loss was known.", labelMode)
	savedMessages = counter("udplab_transport_saved_messages_total",
		"Messages whose first packet was lost and that arrived by a copy, without being sent again.", labelMode)
	sentSymbols = counter("udplab_transport_sent_repair_symbols_total",
		"Repair symbols over small messages sent (RFC 8681 idea).", labelMode)
	symbolBytes = counter("udplab_transport_sent_repair_symbol_bytes_total",
		"Payload bytes of the repair symbols sent.", labelMode)
	receivedSymbols = counter("udplab_transport_received_repair_symbols_total",
		"Repair symbols received.", labelMode)
	recoveredMessages = counter("udplab_transport_recovered_messages_total",
		"Messages that were computed from repair symbols before they came.", labelMode)
	packetsAhead = counter("udplab_transport_packets_sent_ahead_total",
		"Packets with urgent messages that left although the congestion window or the pacer held back less urgent ones.", labelMode)
	limitedTime = counter("udplab_transport_limited_seconds_total",
		"How long what kept connections from sending more: nothing to send (application), no credit (flow), a full window (congestion), the pacer (pacing).", labelMode, labelLimit)
	probeTimeouts = counter("udplab_transport_probe_timeouts_total",
		"Times the probe timer ran out (RFC 9002 section 6.2).", labelMode)
	sentAcks = counter("udplab_transport_sent_acks_total",
		"Acknowledgment frames sent.", labelMode)
	receivedAcks = counter("udplab_transport_received_acks_total",
		"Acknowledgment frames received.", labelMode)
	receivedMarks = counter("udplab_transport_received_congestion_marks_total",
		"Packets that arrived with a mark of congestion (RFC 3168).", labelMode)
	reportedMarks = counter("udplab_transport_reported_congestion_marks_total",
		"Packets sent that arrived with a mark of congestion, as the peer reports.", labelMode)
	pathChanges = counter("udplab_transport_path_changes_total",
		"Times a peer moved to another address and proved it (RFC 9000 section 9).", labelMode)
	refusedPaths = counter("udplab_transport_refused_paths_total",
		"Addresses that packets came from and that did not prove to be the peer's.", labelMode)
	sentSizeProbes = counter("udplab_transport_sent_size_probes_total",
		"Probes of the path's packet size sent (RFC 8899).", labelMode)
	lostSizeProbes = counter("udplab_transport_lost_size_probes_total",
		"Probes of the path's packet size that were not acknowledged; they are no lost packets.", labelMode)
	blackHoles = counter("udplab_transport_black_holes_total",
		"Times large packets no longer arrived and small ones did (RFC 8899 section 4.3).", labelMode)
	sendErrors = counter("udplab_transport_send_errors_total",
		"Datagrams the operating system refused to send.", labelMode)

	smoothedRTT = gauge("udplab_transport_smoothed_rtt_seconds",
		"Smoothed round-trip time (RFC 9002 section 5.3), mean over the live connections that have a sample.", labelMode)
	rttVariation = gauge("udplab_transport_rtt_variation_seconds",
		"Variation of the round-trip time, mean over the live connections that have a sample.", labelMode)
	minRTT = gauge("udplab_transport_min_rtt_seconds",
		"Smallest round-trip time of the live connections.", labelMode)
	jitter = gauge("udplab_transport_jitter_seconds",
		"Interarrival jitter (RFC 3550 section 6.4.1), mean over the live connections that know it. Raw: of the packets that arrive. Reliable: of those sent, where the peer was asked to report.", labelMode)
	reorderingWindow = gauge("udplab_transport_reordering_window_seconds",
		"How much later than the newest a packet may come and not count as lost, largest of the live connections; 0 while nothing is overtaken.", labelMode)
	queueingDelay = gauge("udplab_transport_queueing_delay_seconds",
		"Smoothed round trip minus the shortest, mean over the connections that have measured one: what waits in queues on the way.", labelMode)
	deliveryRate = gauge("udplab_transport_delivery_rate_bytes_per_second",
		"Rates at which packets arrived in the newest round trip, summed over the live connections.", labelMode)
	lossRatio = gauge("udplab_transport_loss_ratio",
		"Share lost of the last few hundred packets, largest of the live connections.", labelMode)
	packetSize = gauge("udplab_transport_min_packet_size_bytes",
		"Largest datagram that is sent, smallest of the live connections: what the worst path is known to carry (RFC 8899). New ones begin with 1200.", labelMode)
	pacingRate = gauge("udplab_transport_pacing_rate_bytes_per_second",
		"Rates that packets are paced at, summed over the live connections; one that is not paced adds nothing.", labelMode)
	congestionWindow = gauge("udplab_transport_congestion_window_bytes",
		"Congestion windows of the live connections, summed.", labelMode)
	bytesInFlight = gauge("udplab_transport_in_flight_bytes",
		"Bytes sent and neither acknowledged nor declared lost.", labelMode)
	sendQueue = gauge("udplab_transport_send_queue_bytes",
		"Message bytes accepted from the application and not yet acknowledged.", labelMode)
	receiveQueue = gauge("udplab_transport_receive_queue_bytes",
		"Message bytes waiting for the application or for their missing parts.", labelMode)
)

// Endpoint: what the sockets of reliable mode saw, whichever connection it
// was for.
var (
	endpointConnections = gauge("udplab_endpoint_connections",
		"Connections the sockets serve now.")
	endpointReceivedPackets = counter("udplab_endpoint_received_packets_total",
		"Datagrams received, whatever they were.")
	endpointSentPackets = counter("udplab_endpoint_sent_packets_total",
		"Datagrams sent.")
	endpointReceivedBytes = counter("udplab_endpoint_received_bytes_total",
		"UDP payload bytes received, whatever they were.")
	endpointSentBytes = counter("udplab_endpoint_sent_bytes_total",
		"UDP payload bytes sent.")
	unknownVersion = counter("udplab_endpoint_unknown_version_packets_total",
		"Hellos of a protocol version that is not spoken here.")
	unknownConnection = counter("udplab_endpoint_unknown_connection_packets_total",
		"Packets for a connection that is not here.")
	sentRetries = counter("udplab_endpoint_sent_retries_total",
		"Address validation cookies sent (RFC 9000 section 8.1.2).")
	sentResets = counter("udplab_endpoint_sent_resets_total",
		"Answers to packets of unknown connections.")
	refusedHandshakes = counter("udplab_endpoint_refused_handshakes_total",
		"Hellos dropped: bad cookie, backlog full or too many connections.")
	kernelDrops = counter("udplab_endpoint_kernel_dropped_packets_total",
		"Datagrams lost in the own socket buffer, where the system tells; not the network's fault.")
	receiveBuffer = gauge("udplab_endpoint_receive_buffer_bytes",
		"Socket receive buffer the system granted, summed over the sockets.")
	sendBuffer = gauge("udplab_endpoint_send_buffer_bytes",
		"Socket send buffer the system granted, summed over the sockets.")
	sendCalls = counter("udplab_endpoint_send_calls_total",
		"Calls of the system that sent at least one datagram: the sent packets are for so many.")
	receiveCalls = counter("udplab_endpoint_receive_calls_total",
		"Calls of the system that received at least one datagram: the received packets are for so many.")
	sendingSockets = gauge("udplab_endpoint_sending_sockets",
		"Sockets by how they send now: many datagrams through the kernel as one (segments), many a call (batch), one a call (single), through Go's package net (portable).", labelRung)
	receivingSockets = gauge("udplab_endpoint_receiving_sockets",
		"Sockets by how they receive now; the rungs are those of udplab_endpoint_sending_sockets.", labelRung)
	demotions = counter("udplab_endpoint_demotions_total",
		"Rungs that failed on a socket at run time and were left for good.")
)

// Proxy: what the network between the peers did. Up is from the clients to the
// service behind the proxy.
var (
	proxyFlows = gauge("udplab_proxy_flows",
		"Clients served now.")
	proxyOpenedFlows = counter("udplab_proxy_opened_flows_total",
		"Clients ever served.")
	proxyExpiredFlows = counter("udplab_proxy_expired_flows_total",
		"Clients forgotten because nothing passed for the idle timeout.")
	proxyReboundFlows = counter("udplab_proxy_rebound_flows_total",
		"Times that a client got another port towards the service.")

	proxyReceivedPackets = counter("udplab_proxy_received_packets_total",
		"Datagrams that came in, those that overflowed the socket (kernel_rx) included. With the duplicated they are as many as the sent, the dropped and those in flight.", labelDirection)
	proxyReceivedBytes = counter("udplab_proxy_received_bytes_total",
		"UDP payload bytes that were read.", labelDirection)
	proxySentPackets = counter("udplab_proxy_sent_packets_total",
		"Datagrams sent on, copies included.", labelDirection)
	proxySentBytes = counter("udplab_proxy_sent_bytes_total",
		"UDP payload bytes sent on.", labelDirection)
	proxyDroppedPackets = counter("udplab_proxy_dropped_packets_total",
		"Datagrams that were not sent on, by cause. From the network model: loss, queue, blackout, overload, aqm, policer, mtu, rule. From the proxy or the kernel: flow_limit, flow_error, flow_closed, oversize, nat, kernel_tx, kernel_rx.", labelDirection, labelCause)
	proxyDuplicatedPackets = counter("udplab_proxy_duplicated_packets_total",
		"Copies made, those included that the policer or the queue then dropped.", labelDirection)
	proxyCorruptedPackets = counter("udplab_proxy_corrupted_packets_total",
		"Datagrams that were damaged and that the policer and the queue let pass, without copies. All that were hit, dropped ones included, are the impaired packets of corrupt.", labelDirection)
	proxyReorderedPackets = counter("udplab_proxy_reordered_packets_total",
		"Datagrams sent on after one that came in later (RFC 4737).", labelDirection)
	proxyMarkedPackets = counter("udplab_proxy_marked_packets_total",
		"Datagrams marked as having met congestion (ECN) instead of dropped.", labelDirection)
	proxyRefusals = counter("udplab_proxy_refusals_total",
		"Reports that nobody listens at the other end (ICMP port unreachable).", labelDirection)
	proxyReadErrors = counter("udplab_proxy_read_errors_total",
		"Failed reads that were no refusals.", labelDirection)
	proxyPacketsInFlight = gauge("udplab_proxy_in_flight_packets",
		"Datagrams on the way.", labelDirection)
	proxyBytesInFlight = gauge("udplab_proxy_in_flight_bytes",
		"UDP payload bytes on the way.", labelDirection)
	proxyExposedPackets = counter("udplab_proxy_exposed_packets_total",
		"Datagrams that an impairment could have hit while it was configured.", labelImpairment, labelDirection)
	proxyImpairedPackets = counter("udplab_proxy_impaired_packets_total",
		"Datagrams that it did hit, whether or not the policer or the queue then dropped them.", labelImpairment, labelDirection)
	proxyConfiguredRatio = gauge("udplab_proxy_configured_ratio",
		"Mean configured probability over the exposed datagrams, 0 to 1; absent without any.", labelImpairment, labelDirection)
	proxyObservedRatio = gauge("udplab_proxy_observed_ratio",
		"Share of the exposed datagrams that were hit, 0 to 1; absent without any.", labelImpairment, labelDirection)
	proxyObservedRatioLow = gauge("udplab_proxy_observed_ratio_low",
		"Lower end of the 99 % confidence interval of what the observed ratio says of the true one.", labelImpairment, labelDirection)
	proxyObservedRatioHigh = gauge("udplab_proxy_observed_ratio_high",
		"Upper end of that interval. A configured ratio outside is an error of the proxy, or one case in a hundred.", labelImpairment, labelDirection)
	proxyConfiguredDelay = gauge("udplab_proxy_configured_delay_seconds",
		"What the laws of delay promise of the delays drawn, mean or standard deviation; absent for fewer than 100 datagrams, for constant delays and for laws that promise no figures.", labelMoment, labelDirection)
	proxyObservedDelay = gauge("udplab_proxy_observed_delay_seconds",
		"What the delays drawn were, mean or standard deviation, without waiting in queues and behind others.", labelMoment, labelDirection)
	proxyObservedDelayLow = gauge("udplab_proxy_observed_delay_low_seconds",
		"Lower end of the 99 % confidence interval of what the observed delays say of their law.", labelMoment, labelDirection)
	proxyObservedDelayHigh = gauge("udplab_proxy_observed_delay_high_seconds",
		"Upper end of that interval. A configured delay outside is an error of the proxy, or one case in a hundred.", labelMoment, labelDirection)
	proxyLateness = histogram("udplab_proxy_lateness_seconds",
		"How long after its scheduled time each datagram left: the proxy's own inaccuracy, not the configured delay.", labelDirection)
)

// Application: what only the program at both ends can see.
var deliveryLatency = histogram("udplab_application_delivery_latency_seconds",
	"Time from the moment a message was due to be sent until its payload was delivered.", labelMode)

// Build.
var buildInfo = gauge("udplab_build_info",
	"Which program this is; the value is always 1.", "version", "revision", "goversion")
