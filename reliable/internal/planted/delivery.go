package main

// delivery are bugs in what arrives: once, whole, in the order of its mode.
var delivery = []bug{
	{
		name: "no-dedupe", breaks: "a packet that comes twice is taken once",
		file: "reliable/arq/acks.go", old: "number < a.floor || a.seen.contains(number)", new: "number < a.floor",
		pkg: "reliable/arq", run: "TestAcksAgainstMap",
	},
	{
		name: "number-compared-without-wraparound", breaks: "numbers of 32 bits wrap",
		file: "proto/number.go", old: "int64(int32(low - uint32(expected)))", new: "int64(low) - int64(uint32(expected))",
		pkg: "proto", run: "TestExpand",
	},
	{
		name: "ack-frequency-without-wraparound", breaks: "the numbers of ack_frequency frames wrap",
		file: "reliable/arq/acks.go", old: "int32(f.Seq-a.wishes.Seq) > 0", new: "f.Seq > a.wishes.Seq",
		pkg: "reliable/arq", run: "TestWishesInOrder",
	},
	{
		name: "last-fragment-dropped", breaks: "the end of a message leaves",
		file: "reliable/arq/send.go", old: "	if hi < size {", new: "	if hi+crumb < size {",
		pkg: "reliable/arq", run: "TestMessageLargerThanTheWindowArrives",
	},
	{
		name: "fragment-stands-for-message", breaks: "a message is acknowledged when all of it is",
		file: "reliable/arq/send.go", old: "len(m.acked) != 1 || m.acked[0] != (span{0, size})", new: "len(m.acked) != 1",
		pkg: "reliable/arq", run: "TestMessagesArriveInOrderWhateverIsLost",
	},
	{
		name: "reassembly-overlap", breaks: "bytes that come twice keep their place",
		file: "reliable/arq/reassembly.go", old: "data = data[contiguous-lo:]", new: "data = data[min(contiguous-lo, 1):]",
		pkg: "reliable/arq", run: "TestReassemblyAgainstBytes",
	},
	{
		name: "size-disagreement-ignored", breaks: "fragments of a message agree about its size",
		file: "reliable/arq/recv.go", old: "if r.size != uint64(m.Size) {", new: "if false {",
		pkg: "reliable/arq", run: "TestViolationsEndTheConnection",
	},
	{
		name: "gaps-unbounded", breaks: "a message has a bounded number of holes",
		file: "reliable/arq/recv.go", old: "len(r.ahead) > maxGaps", new: "false",
		pkg: "reliable/arq", run: "TestTooManyGapsEndTheConnection",
	},
	{
		name: "unordered-delivered-twice", breaks: "an unordered message is delivered once",
		file: "reliable/arq/recv.go", old: "if seq < l.next || l.passed.contains(seq) {", new: "if seq < l.next {",
		pkg: "reliable/arq", run: "TestCopiesAreDeliveredOnce",
	},
	{
		name: "sequenced-goes-back", breaks: "nothing is delivered after what was sent later",
		file: "reliable/arq/recv.go", old: "l.next = r.seq + 1\n\t\tl.deliver(r, skipped)\n\t\tl.forget(l.next)", new: "l.forget(r.seq)\n\t\tl.deliver(r, skipped)",
		pkg: "reliable/arq", run: "TestModesUnderLoss",
	},
	{
		name: "delivered-buffer-given-back", breaks: "what the application got is its own",
		file: "reliable/arq/recv.go", old: "\tr.start = nil // the application's\n", new: "",
		pkg: "reliable/arq", run: "TestMessagesArriveInOrderWhateverIsLost",
	},
	{
		name: "dropped-buffer-kept", breaks: "the memory of a message that is dropped comes back",
		file: "reliable/arq/incoming.go", old: "\tgiveBack(q.buffers, d.Data)\n", new: "",
		pkg: "reliable/arq", run: "TestBuffersOfTheUnreadComeBack",
	},
	{
		name: "read-buffer-kept", breaks: "a message that was copied out costs no memory",
		file: "reliable/receive.go", old: "\t\tbuffers{}.Put(came)\n", new: "",
		pkg: "reliable", run: "TestMessagesCostNoAllocations",
	},
	{
		name: "late-message-counted", breaks: "a message that was too late is not counted as kept",
		file: "reliable/arq/recv.go", old: "\t\t\tl.keep(-int(r.received), -1)\n\t\t\tl.remove(r)", new: "\t\t\tl.remove(r)",
		pkg: "reliable/arq", run: "TestLateMessageIsNotKept",
	},
	{
		name: "spans-merge-off-by-one", breaks: "neighbouring intervals become one",
		file: "reliable/arq/spans.go", old: "set[i-1].hi >= lo {", new: "set[i-1].hi > lo {",
		pkg: "reliable/arq", run: "TestSpansAgainstMap",
	},
	{
		name: "ranges-unbounded", breaks: "holes in the numbers received cost bounded memory",
		file: "reliable/arq/acks.go", old: "if len(a.seen) > maxTrackedRanges {", new: "if false {",
		pkg: "reliable/arq", run: "TestR16_HolesDoNotGrowMemory",
	},
	{
		name: "ack-of-unsent", breaks: "an ack of what was never sent ends the connection",
		file: "reliable/arq/acked.go", old: "case largest >= c.nextNumber:", new: "case largest > c.nextNumber:",
		pkg: "reliable/arq", run: "TestViolationsEndTheConnection",
	},
	{
		name: "ack-of-skipped", breaks: "an ack of a number left out ends the connection",
		file: "reliable/arq/acked.go", old: "if c.skips.kept.intersects(", new: "if false && c.skips.kept.intersects(",
		pkg: "reliable/arq", run: "TestAckOfASkippedNumber",
	},
	{
		name: "acks-acknowledged", breaks: "an ack alone asks for no answer",
		file: "reliable/arq/handle.go", old: "case proto.FrameAck, proto.FrameECN,", new: "case proto.FrameECN,",
		pkg: "reliable/arq", run: "TestAcksAreNotAcknowledged",
	},
	{
		name: "fin-not-repaired", breaks: "the end of the messages arrives whatever is lost",
		file: "reliable/arq/finish.go", old: "c.finish.pending = c.finish.wanted && !c.finish.acked", new: "",
		pkg: "reliable/sim", run: "TestStories/half_close|TestA14_HalfClose",
	},
	{
		name: "close-not-answered", breaks: "a close is answered as often as it comes",
		file: "reliable/arq/handle.go", old: "c.closing.pending = true // the peer has not heard our answer", new: "",
		pkg: "reliable/sim", run: "TestA16_LastAnswerLost",
	},
}
