package main

// wire are bugs in the codec: what it lets in.
var wire = []bug{
	{
		name: "crc-unchecked", breaks: "a damaged datagram is refused",
		file: "proto/packet.go", old: "if !intact(b) {", new: "if false {",
		pkg: "proto", run: "TestEveryBitFlipIsRefused",
	},
	{
		name: "wide-number-accepted", breaks: "every value has one form",
		file: "proto/parse.go", old: "v < least {", new: "v < 0*least {",
		pkg: "proto", run: "TestVectorsGetTheirAnswer",
	},
	{
		name: "bytes-behind-the-end", breaks: "nothing follows the last element",
		file: "proto/packet.go", old: "i.demand(int(i) == len(b), faultTrailing)", new: "i.demand(int(i) <= len(b), faultTrailing)",
		pkg: "proto", run: "TestVectorsGetTheirAnswer",
	},
	{
		name: "fragment-outside-its-message", breaks: "a fragment lies inside of its message",
		file: "proto/frame_message.go", old: "uint64(m.Offset)+n <= uint64(m.Size) &&", new: "",
		pkg: "proto", run: "TestVectorsGetTheirAnswer",
	},
	{
		name: "ack-of-half-the-numbers", breaks: "an ack names its numbers without doubt",
		file: "proto/frame_ack.go", old: "!empty && span <= ackSpanMax", new: "!empty",
		pkg: "proto", run: "TestVectorsGetTheirAnswer",
	},
	{
		name: "zero-id-accepted", breaks: "no connection has the id 0",
		file: "proto/parse.go", old: "i.demand(v != 0, faultZeroID)", new: "i.demand(true, faultZeroID)",
		pkg: "proto", run: "TestVectorsGetTheirAnswer",
	},
	{
		name: "zero-id-in-data", breaks: "no data packet is for the id 0",
		file: "proto/data.go", old: "i.demand(id != 0, faultZeroID)", new: "i.demand(true, faultZeroID)",
		pkg: "proto", run: "TestVectorsGetTheirAnswer",
	},
	{
		name: "kept-frame-overwritten", breaks: "a frame stays what it was when another of its kind follows",
		file: "proto/kept.go", old: "if filled&memberOf[t] != 0 {", new: "if false {",
		pkg: "proto", run: "TestKeptFramesAreWhatTheBytesSay",
	},
	{
		name: "judged-in-part", breaks: "a packet is judged to its last frame",
		file: "proto/kept.go", old: "i = readFrame(b, i, &f, &f.Message)", new: "i = max(readFrame(b, i, &f, &f.Message), i+2)",
		pkg: "proto", run: "TestAFaultBehindTheKeptFrames",
	},
	{
		name: "element-runs-into-the-next", breaks: "appending to what was parsed overwrites nothing",
		file: "proto/parse.go", old: "b[i:end:end]", new: "b[i:end]",
		pkg: "proto", run: "TestSlicesEndWithTheirElement",
	},
	{
		name: "nested-too-deep", breaks: "arrays are nested four deep at most",
		file: "proto/validate.go", old: "if depth == maxDepth {", new: "if depth > maxDepth {",
		pkg: "proto", run: "TestValidate",
	},
}
