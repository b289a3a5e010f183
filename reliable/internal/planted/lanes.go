package main

// lanes are bugs in modes, channels, credit and redundancy.
var lanes = []bug{
	{
		name: "superseded-still-repaired", breaks: "of a lane of latest values only the newest is sent",
		file: "reliable/arq/send.go", old: "\t\tc.supersede(l)\n", new: "",
		pkg: "reliable/arq", run: "TestModesUnderLoss",
	},
	{
		name: "unreliable-repaired", breaks: "what is lost of an unreliable mode is not sent again",
		file: "reliable/arq/lane.go", old: "m != proto.ModeSequenced && m != proto.ModeUnreliable", new: "m != proto.ModeSequenced",
		pkg: "reliable/arq", run: "TestModesUnderLoss",
	},
	{
		name: "skip-not-acknowledged", breaks: "once the peer knows of a skip, the fate of its messages is told",
		file: "reliable/arq/acked.go", old: "c.skipAcked(c.out.lanes[p.lane], p.seq, p.hi)", new: "",
		pkg: "reliable/arq", run: "TestAckOfASkipSettlesTheDelivered",
	},
	{
		name: "skip-not-repaired", breaks: "the receiver learns what it must not wait for",
		file: "reliable/arq/loss.go", old: "c.out.lanes[p.lane].skip.lost(p.seq, p.hi)", new: "",
		pkg: "reliable/arq", run: "TestSkipIsRepaired",
	},
	{
		name: "late-not-repeated", breaks: "no ack outruns the report of what was not delivered",
		file: "reliable/arq/packetize.go", old: "c.addLates(b, p, true)", new: "",
		pkg: "reliable/arq", run: "TestDeadlineIsKept",
	},
	{
		name: "late-not-believed", breaks: "what the peer passed over is not told as acknowledged",
		file: "reliable/arq/handle.go", old: "\t\tc.handleLate(&f.Lapse)\n", new: "",
		pkg: "reliable/arq", run: "TestDeadlineIsKept",
	},
	{
		name: "deadline-without-flight", breaks: "a message counts from when it was sent, not from when it came",
		file: "reliable/arq/lapse.go", old: "now + left - fastest - c.in.transit.excess", new: "now + left - c.in.transit.excess + 0*fastest",
		pkg: "reliable/arq", run: "TestDeadlineIsKept",
	},
	{
		name: "deadline-without-queue", breaks: "what a packet waited in queues counts",
		file: "reliable/arq/lapse.go", old: "now + left - fastest - c.in.transit.excess", new: "now + left - fastest",
		pkg: "reliable/arq", run: "TestDeadlineCountsTheQueue",
	},
	{
		name: "repaired-beyond-use", breaks: "nothing leaves that can't arrive in time",
		file: "reliable/arq/lapse.go", old: "c.expire(l, now+c.flight())", new: "c.expire(l, now)",
		pkg: "reliable/arq", run: "TestNothingLeavesTooLate",
	},
	{
		name: "earlier-deadline-ignored", breaks: "a message does not wait for one with more time before it",
		file: "reliable/arq/send.go", old: "\t\tl.hasten(m.expires)\n", new: "",
		pkg: "reliable/arq", run: "TestShortDeadlineBehindALongOne",
	},
	{
		name: "loose-unbounded", breaks: "unread messages without credit are bounded",
		file: "reliable/arq/incoming.go", old: "ch.bytes > looseLimit && ch.loose.len() > 1", new: "false",
		pkg: "reliable/arq", run: "TestUnreadLooseMessagesAreDropped",
	},
	{
		name: "priority-ignored", breaks: "an urgent lane goes first",
		file: "reliable/arq/outgoing.go", old: "l.channel.Priority > best.channel.Priority ||", new: "",
		pkg: "reliable/arq", run: "TestLanesShareByPriorityAndWeight",
	},
	{
		name: "weight-ignored", breaks: "lanes of a priority share by weight",
		file: "reliable/arq/outgoing.go", old: "uint64(max(l.channel.Weight, 1))", new: "1",
		pkg: "reliable/arq", run: "TestLanesShareByPriorityAndWeight",
	},
	{
		name: "idle-lane-saves-turns", breaks: "a lane that was idle gets no turns for it",
		file: "reliable/arq/outgoing.go", old: "l.turn = max(l.turn, o.class(l.channel.Priority).turn)", new: "",
		pkg: "reliable/arq", run: "TestIdleLanesSaveNoTurns",
	},
	{
		name: "credit-not-repaired", breaks: "credit arrives whatever is lost",
		file: "reliable/arq/loss.go", old: "c.in.credit.lost(p.maxDataLimit)", new: "",
		pkg: "reliable/arq", run: "TestCreditIsRepairedBesideTraffic",
	},
	{
		name: "channel-credit-not-repaired", breaks: "the credit of a channel arrives whatever is lost",
		file: "reliable/arq/loss.go", old: "\t\tk.lost(p.hi)\n", new: "",
		pkg: "reliable/arq", run: "TestCreditIsRepairedBesideTraffic",
	},
	{
		name: "channel-credit-ignored", breaks: "a sender keeps to the credit of each channel",
		file: "reliable/arq/outgoing.go", old: "limit-min(ch.charged, limit))", new: "max(limit, 1<<62))",
		pkg: "reliable/arq", run: "TestSlowReaderStallsOnlyItself",
	},
	{
		name: "channel-credit-unchecked", breaks: "who sends beyond the credit of a channel is found out",
		file: "reliable/arq/incoming.go", old: "&& ch.credit.charged <= ch.credit.limit", new: "",
		pkg: "reliable/arq", run: "TestViolationsEndTheConnection",
	},
	{
		name: "window-never-raised", breaks: "the window grows with who reads fast",
		file: "reliable/arq/credit.go", old: "now-k.raisedAt < 2*c.roundTrip()", new: "false",
		pkg: "reliable/arq", run: "TestWindowGrowsForWhoReadsFast",
	},
	{
		name: "window-always-raised", breaks: "the window of who reads slowly stays",
		file: "reliable/arq/credit.go", old: "k.due() && now-k.raisedAt < 2*c.roundTrip()", new: "k.due()",
		pkg: "reliable/arq", run: "TestWindowGrowsForWhoReadsFast",
	},
	{
		name: "crumbs-sent", breaks: "a sender waits for more than a crumb of credit",
		file: "reliable/arq/send.go", old: "credit == 0 || credit < min(left, crumb) && !crumbs", new: "credit == 0 || credit < min(left, 1) && !crumbs",
		pkg: "reliable/arq", run: "TestSenderWaitsForMoreThanACrumbOfCredit",
	},
	{
		name: "two-messages-without-credit", breaks: "begun messages never wait for each other",
		file: "reliable/arq/send.go", old: "case l.all.free != nil || left <= messageCost:", new: "case left <= messageCost:",
		pkg: "reliable/arq", run: "TestMessagesLargerThanTheWindow",
	},
	{
		name: "copy-counted-as-delivery", breaks: "a message is repaired unless a copy of it is really on its way",
		file: "reliable/arq/send.go", old: "	return m.flying > 0\n", new: "	return true\n",
		pkg: "reliable/arq", run: "TestMessagesArriveInOrderWhateverIsLost",
	},
	{
		name: "copies-without-budget", breaks: "no more copies leave than the loss asks for",
		file: "reliable/arq/redundancy.go", old: "	r.owed -= float64(n)\n", new: "",
		pkg: "reliable/arq", run: "TestCopiesFollowTheLoss",
	},
	{
		name: "copies-without-loss", breaks: "where nothing is lost nothing is repeated",
		file: "reliable/arq/redundancy.go", old: "func (r *redundancy) copies() float64 {\n\tp := r.loss.rate", new: "func (r *redundancy) copies() float64 {\n\tp := max(r.loss.rate, 0.01)",
		pkg: "reliable/arq", run: "TestCopiesFollowTheLoss",
	},
	{
		name: "begun-is-forgotten", breaks: "what is read on one lane lets a message of another be completed",
		file: "reliable/arq/incoming.go", old: "if c.in.begun {", new: "if false {",
		pkg: "reliable/arq", run: "TestBegunMessageWaitsForAnotherLane",
	},
	{
		name: "acked-before-its-turn", breaks: "a message is not taken for delivered while the peer may wait for one given up",
		file: "reliable/arq/lapse.go", old: " && !l.skip.openBelow(l.messages.first())", new: "",
		pkg: "reliable/arq", run: "TestFinishDoesNotForgetWhatWaits",
	},
	{
		name: "gloomy-for-ever", breaks: "a guess that packets are slow does not outlast a round trip",
		file: "reliable/arq/handle.go", old: "\t\tc.judgeBack(now)\n", new: "",
		pkg: "reliable/arq", run: "TestDeadlinesRecoverFromAGloomyGuess",
	},
	{
		name: "symbols-not-used", breaks: "repair symbols bring back what was lost",
		file: "reliable/arq/handle.go", old: "\t\tc.handleRepair(now, &f.Repair)\n", new: "",
		pkg: "reliable/arq", run: "TestRedundancySparesRoundTrips",
	},
	{
		name: "symbols-for-ever", breaks: "a flow that loses nothing has no symbols but at first",
		file: "reliable/arq/code.go", old: "codeGuess*(1-float64(l.packets)/lossRateSpan)", new: "codeGuess",
		pkg: "reliable/arq", run: "TestNoRedundancyWithoutLoss",
	},
	{
		name: "buffer-back-too-soon", breaks: "memory that a repair symbol will read does not go back",
		file: "reliable/arq/send.go", old: "if !l.code.covers(seq) {", new: "{",
		pkg: "reliable/arq", run: "TestSymbolsReadMessagesThatAreAcknowledged",
	},
	{
		name: "redundancy-not-switched-off", breaks: "redundancy can be switched off",
		file: "reliable/arq/code.go", old: "c.config.Redundancy == RedundancyOff || ", new: "",
		pkg: "reliable/arq", run: "TestCopiesFollowTheLoss",
	},
}
