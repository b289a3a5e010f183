package main

// paths are bugs in where packets go, how large they are, and whom to believe.
var paths = []bug{
	{
		name: "path-token-unchecked", breaks: "an address is proven by the token sent there",
		file: "reliable/arq/path.go", old: "asked.asked == 0 || token != asked.token", new: "asked.asked == 0",
		pkg: "reliable/arq", run: "TestTokenProvesTheAddress",
	},
	{
		name: "amplification", breaks: "an address not proven gets no more bytes than came from it",
		file: "reliable/arq/path.go", old: "to != c.path.peer && size > most", new: "to != c.path.peer && size > most+1000",
		pkg: "reliable/sim", run: "TestA19_MovesDuringATransfer",
	},
	{
		name: "old-packet-moves-path", breaks: "only the newest packet says where the peer is",
		file: "reliable/arq/path.go", old: "case !newest || a.from == asked.addr:", new: "case a.from == asked.addr:",
		pkg: "reliable/arq", run: "TestOldPacketsMoveNothing",
	},
	{
		name: "replies-unbounded", breaks: "answers that wait are bounded",
		file: "reliable/arq/path.go", old: "if q.queue.len() == maxReplies {", new: "if false {",
		pkg: "reliable/arq", run: "TestR7_RepliesAreBounded",
	},
	{
		name: "replies-without-budget", breaks: "answers a second are bounded",
		file: "reliable/arq/path.go", old: "if !q.budget.take(now, repliesPerSecond) {", new: "if false {",
		pkg: "reliable/arq", run: "TestR7_RepliesAreBounded",
	},
	{
		name: "cookie-of-any-address", breaks: "a cookie proves the address it was sent to",
		file: "reliable/arq/cookie.go", old: "copy(b[8:], ip[:])", new: "copy(b[8:], ip[:0])",
		pkg: "reliable/arq", run: "TestCookieIsBoundToAddressIDAndTime",
	},
	{
		name: "reset-of-a-stranger", breaks: "a reset counts from the peer's address alone",
		file: "reliable/arq/endpoint.go", old: "return e.known(e.byPeer[peerKey{from, p.Reset.DeadID}])",
		new: "for key, c := range e.byPeer {\n\t\t\tif key.id == p.Reset.DeadID {\n\t\t\t\treturn e.known(c)\n\t\t\t}\n\t\t}\n\t\treturn e.known(nil)",
		pkg: "reliable/arq", run: "TestResetOfAStrangerIsIgnored",
	},
	{
		name: "resets-without-budget", breaks: "resets a second are bounded",
		file: "reliable/arq/endpoint.go", old: " || !e.resets.take(now, resetsPerSecond)", new: "",
		pkg: "reliable/arq", run: "TestResetsAreFewAndSmall",
	},
	{
		name: "size-probe-counted-as-loss", breaks: "a lost probe of the packet size is no congestion",
		file: "reliable/arq/pmtu.go", old: "c.numbered(now, &sentPacket{at: now, size: int32(size)})", new: "c.packetSent(now, &sentPacket{at: now, size: int32(size), eliciting: true})",
		pkg: "reliable/sim", run: "TestA20_ProbesAreNotCongestion",
	},
	{
		name: "probe-number-reused", breaks: "packet numbers are never used twice",
		file: "reliable/arq/pmtu.go", old: "	c.numbered(now, &sentPacket{at: now, size: int32(size)})\n", new: "",
		pkg: "reliable/arq", run: "TestBlackHoleIsNoCongestion",
	},
	{
		name: "black-hole-not-left", breaks: "a path that carries only small packets now gets small ones",
		file: "reliable/arq/pmtu.go", old: "m.lost.Packets >= blackHoleLosses", new: "m.lost.Packets < 0",
		pkg: "reliable/sim", run: "TestStories/mtu_black_hole",
	},
	{
		name: "ecn-unchecked", breaks: "marks reported must fit those sent",
		file: "reliable/arq/ecn.go", old: "grown < uint64(marked)", new: "grown == 1<<63",
		pkg: "reliable/arq", run: "TestECNCountsAreChecked",
	},
	{
		name: "ecn-not-obeyed", breaks: "a mark slows the sender down",
		file: "reliable/arq/acked.go", old: "c.congestionMarks(found.marked)", new: "0 * c.congestionMarks(found.marked)",
		pkg: "reliable/sim", run: "TestStories/ecn_obeyed",
	},
}
