package main

// control are bugs in the congestion controllers.
var control = []bug{
	{
		name: "halves-for-every-loss", breaks: "the losses of a round trip are one event",
		file: "reliable/congestion/newreno.go", old: "if !n.loss.includes(l.LargestSentAt) {", new: "if true {",
		pkg: "reliable/congestion", run: "TestNewRenoHalvesOncePerRoundTrip",
	},
	{
		name: "grows-unused", breaks: "a window that is not used does not grow",
		file: "reliable/congestion/newreno.go", old: "n.loss.includes(a.LargestSentAt) || !a.WindowLimited", new: "n.loss.includes(a.LargestSentAt)",
		pkg: "reliable/congestion", run: "TestNewRenoDoesNotGrowWhenApplicationLimited",
	},
	{
		name: "persistent-congestion-ignored", breaks: "persistent congestion leaves the smallest window",
		file: "reliable/congestion/newreno.go", old: "if l.Persistent {", new: "if false {",
		pkg: "reliable/congestion", run: "TestNewRenoPersistentCongestion",
	},
	{
		name: "undone-too-soon", breaks: "a response is undone when all its losses were none",
		file: "reliable/congestion/episode.go", old: "e.doubtful == 0 && !e.confirmed", new: "!e.confirmed",
		pkg: "reliable/congestion", run: "TestCubicUndoesASpuriousEpisodeWhole",
	},
	{
		name: "no-fast-convergence", breaks: "a flow that lost early makes room",
		file: "reliable/congestion/cubic.go", old: "if window < c.curve.max {", new: "if false {",
		pkg: "reliable/congestion", run: "TestCubicConvergesFast",
	},
	{
		name: "prr-forgets-what-left", breaks: "the window comes down evenly",
		file: "reliable/congestion/prr.go", old: "p.delivered*p.threshold/p.flight) - p.out", new: "p.delivered*p.threshold/p.flight)",
		pkg: "reliable/congestion", run: "TestPRRSpreadsTheReduction",
	},
	{
		name: "slow-start-never-ends", breaks: "slow start ends before the queue is full",
		file: "reliable/congestion/hystart.go", old: "h.rounds >= hystartRounds", new: "h.rounds < 0",
		pkg: "reliable/congestion", run: "TestHyStartLeavesBeforeTheQueueIsFull",
	},
	{
		name: "compressed-acks-believed", breaks: "acks that come in a bunch make no path faster",
		file: "reliable/congestion/sampler.go", old: "max(s.newestAt-s.newest.firstSentAt, s.deliveredAt-s.newest.deliveredAt)", new: "s.deliveredAt - s.newest.deliveredAt",
		pkg: "reliable/congestion", run: "TestSamplerDoesNotBelieveCompressedAcks",
	},
	{
		name: "bbr-never-probes-the-round-trip", breaks: "an old round trip is measured again",
		file: "reliable/congestion/bbr_rtt.go", old: "b.state != bbrProbeRTT && m.expired && !m.idleRestart", new: "false",
		pkg: "reliable/congestion", run: "TestBBRProbesTheRoundTripWhenItIsOld",
	},
	{
		name: "bbr-ignores-loss", breaks: "losses above the threshold bound what is in flight",
		file: "reliable/congestion/bbr.go", old: "lost <= tx*bbrLossThreshold", new: "lost <= tx",
		pkg: "reliable/congestion", run: "TestBBRFindsThePacketThatWasTooMuch",
	},
	{
		name: "dalt-ignores-the-queue", breaks: "a standing queue ends a climb",
		file: "reliable/congestion/dalt_cycle.go", old: "case q >= d.target():", new: "case q >= 5*d.target():",
		pkg: "reliable/congestion", run: "TestDaltFillsTheLinkAtAnyRandomLoss",
	},
	{
		name: "cruise-never-fails", breaks: "a quiet flow that others fill the queue of gives up its cruise",
		file: "reliable/congestion/dalt_quiet.go", old: "if d.heavy() || q.queued < daltCruiseLeast ||", new: "if d.heavy() ||",
		pkg: "reliable/congestion", run: "TestQuietDaltBesideCubic",
	},
	{
		name: "application-taken-for-path", breaks: "a cruise does not hold an application to the rate it had",
		file: "reliable/congestion/dalt_cycle.go", old: "if d.round.limited && !a.Rate.AppLimited {", new: "{",
		pkg: "reliable/congestion", run: "TestCruiseDoesNotHoldAnApplicationToItsOwnRate",
	},
	{
		name: "urgency-not-told", breaks: "the controller knows of urgent messages beside bulk",
		file: "reliable/arq/urgent.go", old: "	c.urgency.last = now\n", new: "",
		pkg: "reliable/arq", run: "TestTheControllerKnowsOfUrgentMessages",
	},
}
