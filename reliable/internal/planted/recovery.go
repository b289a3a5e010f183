package main

// recovery are bugs in what the sender concludes from acks and silence.
var recovery = []bug{
	{
		name: "probe-timer-not-armed", breaks: "what is in flight has a timer",
		file: "reliable/arq/packetize.go", old: "		c.setRecoveryTimers()\n", new: "",
		pkg: "reliable/sim", run: "TestStories/loss_tail",
	},
	{
		name: "backoff-not-reset", breaks: "an ack ends the backoff of probes",
		file: "reliable/arq/acked.go", old: "c.recovery.probeCount, c.recovery.probes = 0, 0", new: "c.recovery.probes = 0",
		pkg: "reliable/sim", run: "TestA10_ProbesBackOff",
	},
	{
		name: "probes-do-not-back-off", breaks: "probes become rarer in silence",
		file: "reliable/arq/probe.go", old: "plain<<min(c.recovery.probeCount, 16)", new: "plain",
		pkg: "reliable/sim", run: "TestA10_ProbesBackOff",
	},
	{
		name: "silent-probe", breaks: "a probe timeout sends something",
		file: "reliable/arq/probe.go", old: "c.pingPending || !c.out.hasRepair() && !c.owes()", new: "c.pingPending",
		pkg: "reliable/arq", run: "TestProbeIsNeverSilent",
	},
	{
		name: "packet-threshold-off-by-one", breaks: "three packets behind it make a packet lost",
		file: "reliable/arq/loss.go", old: "c.recovery.largestAcked) < threshold", new: "c.recovery.largestAcked) <= threshold",
		pkg: "reliable/arq", run: "TestPacketThreshold",
	},
	{
		name: "time-threshold-too-short", breaks: "a packet has 9/8 of the round trip",
		file: "reliable/arq/rtt.go", old: "9*max(r.smoothed, r.latest)/8", new: "max(r.smoothed, r.latest)",
		pkg: "reliable/arq", run: "TestTimeThreshold",
	},
	{
		name: "loss-timer-not-armed", breaks: "a packet is missed when its time is over, without another ack",
		file: "reliable/arq/loss.go", old: "				c.timers.set(timerLoss, due)\n", new: "",
		pkg: "reliable/arq", run: "TestTimeThreshold",
	},
	{
		name: "persistent-across-acks", breaks: "persistent congestion has nothing acknowledged in between",
		file: "reliable/arq/loss.go", old: "r.last == 0 || r.ends < n", new: "r.last == 0",
		pkg: "reliable/arq", run: "TestPersistentCongestion",
	},
	{
		name: "sample-of-an-old-packet", breaks: "a round trip is measured by a packet acknowledged for the first time",
		file: "reliable/arq/acked.go", old: "!c.sent.packets.at(largest).acked &&", new: "",
		pkg: "reliable/arq", run: "TestRepeatedAckIsNoSample",
	},
	{
		name: "ack-delay-not-capped", breaks: "a peer can't talk a round trip short",
		file: "reliable/arq/rtt.go", old: "min(ackDelay, maxAckDelay)", new: "ackDelay",
		pkg: "reliable/arq", run: "TestRTTFormulas",
	},
	{
		name: "ack-delay-not-told", breaks: "an ack says how long it waited",
		file: "reliable/arq/acks.go", old: "f.Delay = now - a.largestAt", new: "f.Delay = 0 * now",
		pkg: "reliable/sim", run: "TestStories/handshake",
	},
	{
		name: "ack-wish-unbounded", breaks: "an ack waits no longer than its bound, whatever the peer wishes",
		file: "reliable/arq/acks.go", old: "min(max(a.wishes.MaxDelay, minAckDelay), maxAckDelay)", new: "max(a.wishes.MaxDelay, minAckDelay)",
		pkg: "reliable/arq", run: "TestWishesInOrder",
	},
	{
		name: "disorder-not-told-at-once", breaks: "an ack of what is behind a gap does not wait",
		file: "reliable/arq/acks.go", old: "a.immediate || a.disordered || ", new: "a.immediate || ",
		pkg: "reliable/arq", run: "TestAckIsImmediateWhenItHelps",
	},
	{
		name: "spurious-not-undone", breaks: "the controller learns of losses that were none",
		file: "reliable/arq/acked.go", old: "if found.spurious.Packets > 0 {", new: "if false {",
		pkg: "reliable/arq", run: "TestReorderingWidensTheWindow",
	},
	{
		name: "reordering-not-learnt", breaks: "a path that reorders is waited for",
		file: "reliable/arq/acked.go", old: "c.reordering.overtaken(&c.rtt)", new: "",
		pkg: "reliable/arq", run: "TestOvertakenPacketsAreNoticed",
	},
	{
		name: "reordering-never-forgotten", breaks: "a path that stopped to reorder is not waited for",
		file: "reliable/arq/reordering.go", old: "	r.seen--\n", new: "",
		pkg: "reliable/arq", run: "TestReorderingIsForgotten",
	},
	{
		name: "sent-list-leak", breaks: "lost packets are forgotten after a while",
		file: "reliable/arq/sent.go", old: "p.lost && !p.acked && p.at >= forgetLostBefore", new: "p.lost && !p.acked",
		pkg: "reliable/arq", run: "TestRetire",
	},
	{
		name: "congestion-window-ignored", breaks: "no more is in flight than the window",
		file: "reliable/arq/packetize.go", old: "c.congestion.Window() - c.recovery.inFlight }", new: "c.congestion.Window() }",
		pkg: "reliable/sim", run: "TestA11_OneLossOneRetransmission",
	},
	{
		name: "paced-twice-as-fast", breaks: "packets leave at the rate of the controller",
		file: "reliable/arq/pacer.go", old: "rate*elapsed.Seconds() + p.carry", new: "2*rate*elapsed.Seconds() + p.carry",
		pkg: "reliable/arq", run: "TestPacerKeepsTheRate",
	},
	{
		name: "idle-timer-not-restarted", breaks: "a connection that hears its peer does not end",
		file: "reliable/arq/conn.go", old: "		c.timers.set(timerIdle, now+c.idle)\n", new: "",
		pkg: "reliable/arq", run: "TestIdleTimeoutEndsBothSides",
	},
	{
		name: "never-stalls", breaks: "a peer that reads nothing is given up",
		file: "reliable/arq/conn.go", old: "			c.stallExpired()\n", new: "",
		pkg: "reliable/sim", run: "TestA13_WhoReadsNothingIsGivenUp",
	},
}
