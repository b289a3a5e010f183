package proto

import (
	"bytes"
	"encoding/hex"
	"strings"
)

// mustHex decodes hex with spaces in it.
func mustHex(text string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

// sealed is a datagram of these bytes with the right crc.
func sealed(text string) []byte { return appendCRC(mustHex(text), 0) }

// Starts of packets, up to the element a vector spoils.
const (
	dataHead   = "95 04 cf1f2e3d4c5b6a7988 07 "    // data: frames
	numberHead = "95 04 cf1f2e3d4c5b6a7988 "       // data: number, frames
	helloHead  = "97 01 02 cf1f2e3d4c5b6a7988 "    // hello: token, params, padding
	rawHead    = "96 00 63 0c "                    // raw: sent-at, payload
	goodParams = "94 ce00100000 cd05c0 cdea60 07 " // max_data, max_packet, idle, first
	ping       = "91 9105"                         // frames: one ping
)

// helloOf is a hello of these bytes with n zeros of padding and the right crc.
func helloOf(text string, n int) []byte {
	b := append(mustHex(text), codeBin16, byte(n>>8), byte(n))
	return appendCRC(append(b, make([]byte, n)...), 0)
}

// hostileVectors are datagrams that must be refused.
func hostileVectors() []vector {
	var vs []vector
	add := func(expect, name, comment string, b []byte) { vs = append(vs, vector{name, expect, comment, b}) }
	bad := func(name, comment, text string) { add("malformed", name, comment, sealed(text)) }
	strangers(add)
	damaged(add)
	foreignVersions(add)
	bombs(add, bad)
	wrongNumbers(bad)
	wrongShapes(add, bad)
	wrongHandshakes(add, bad)
	wrongFrames(bad)
	wrongPathFrames(bad)
	wrongModes(bad)
	wrongLaneFrames(bad)
	return vs
}

type addVector func(expect, name, comment string, b []byte)

type addBad func(name, comment, text string)

func strangers(add addVector) {
	add("notpacket", "stranger-empty", "an empty datagram is possible and means nothing", nil)
	add("notpacket", "stranger-text", "the tutorial chat sends bare text", []byte("hello"))
	add("notpacket", "stranger-utf8", "no UTF-8 text starts with 0x90 to 0x9f", []byte("привет"))
	add("notpacket", "stranger-sealed", "0xc1, the one byte msgpack never uses: kept for the sealed form", mustHex("c1 04 1f2e3d4c5b6a7988 00"))
	add("notpacket", "stranger-map", "a map is msgpack, but no packet", sealed("81 a174 04"))
	add("notpacket", "stranger-array16", "the outermost array has its smallest form or is no packet", sealed("dc0005 04 cf1f2e3d4c5b6a7988 07 "+ping))
}

func damaged(add addVector) {
	whole := docPacket()
	flipped := bytes.Clone(whole)
	flipped[30] ^= 0x10
	add("checksum", "damaged-bit", "one bit of the payload is flipped", flipped)
	add("checksum", "damaged-cut", "cut by eight bytes", whole[:len(whole)-8])
	add("checksum", "damaged-crc-missing", "a packet without its last element", whole[:len(whole)-crcSize])
	add("checksum", "damaged-crc-zero", "a crc of zero does not mean unchecked", append(whole[:len(whole)-4:len(whole)-4], 0, 0, 0, 0))
	crcAsBin := bytes.Clone(whole)
	crcAsBin[len(whole)-crcSize] = 0xc6
	add("checksum", "damaged-crc-code", "the crc as something else than a number of four bytes", crcAsBin)
	add("checksum", "damaged-one-byte", "an array of five, and nothing of it", []byte{0x95})
	raw := AppendRaw(nil, &Raw{Stream: 99, Seq: 12, SentAt: 1700000, Payload: []byte("hello, world")})
	raw[14] ^= 0x20
	add("checksum", "damaged-raw", "damaged, but its shape still reads: a chat can show it", raw)
	add("checksum", "damaged-foreign-msgpack", "small arrays of other protocols have no crc", mustHex("93 01 02 03"))
}

func foreignVersions(add addVector) {
	add("version", "version-three", "a hello of tomorrow in the shape of today", helloOf("97 01 03 cf1f2e3d4c5b6a7988 c400 "+goodParams, 1200))
	add("version", "version-one", "a hello of yesterday: its sender would refuse frames of today", helloOf("97 01 01 cf1f2e3d4c5b6a7988 c400 "+goodParams, 1200))
	add("version", "version-zero", "a version below ours is as unknown as one above", helloOf("97 01 00 cf1f2e3d4c5b6a7988 c400 "+goodParams, 1200))
	add("version", "version-other-shape", "behind the source id a later version may do what it likes: a map, nil, a float",
		helloOf("99 01 ceffffffff 05 81a161c0 c0 cb3ff8000000000000 ", 1200))
	add("malformed", "version-short", "an unknown version does not excuse a hello below 1200 bytes", helloOf("97 01 03 cf1f2e3d4c5b6a7988 c400 "+goodParams, 300))
	add("malformed", "version-beyond-32-bits", "a version has 32 bits in all versions", helloOf("97 01 cf0000000100000000 05 c400 "+goodParams, 1200))
	add("malformed", "version-three-elements", "a hello has at least four elements in all versions", helloOf("93 01 03 05 c0", 1200))
}

// bombs claim more than they hold.
func bombs(add addVector, bad addBad) {
	bad("bomb-bin32", "a payload of 4 GiB", rawHead+"01 c6ffffffff")
	bad("bomb-str32", "a reason of 4 GiB", dataHead+"91 9306 01 dbffffffff")
	bad("bomb-array32", "4 billion frames", dataHead+"ddffffffff")
	bad("bomb-array16", "65535 frames in ten bytes", dataHead+"dcffff 9105 9105 9105 9105 9105")
	bad("bomb-map32", "a map of 4 billion entries instead of frames", dataHead+"dfffffffff")
	bad("bomb-ext32", "an extension of 4 GiB", rawHead+"01 c9ffffffff01")
	bad("bomb-ack-array32", "an ack of 4 billion ranges", dataHead+"91 ddffffffff 03 07 00 01")
	deep := bytes.Repeat([]byte{0x91}, 60000)
	add("malformed", "bomb-deep", "60000 arrays in each other", appendCRC(append(mustHex(dataHead), deep...), 0))
	chain := bytes.Repeat(mustHex("dcffff"), 20000)
	add("malformed", "bomb-chain", "20000 arrays of 65535 in each other claim more elements than fit 64 bits", appendCRC(append(mustHex(dataHead), chain...), 0))
	pings := append(mustHex(dataHead+"dc7d00"), bytes.Repeat(mustHex("9105"), 32000)...)
	add("ok", "bomb-pings", "32000 frames are allowed: they are as long as they claim", appendCRC(pings, 0))
	add("malformed", "bomb-too-long", "one byte longer than a datagram can be", appendCRC(append(mustHex(rawHead+"01 c5ffd7"), make([]byte, 65495)...), 0))
}

// wrongNumbers puts everything but a canonical number where a number belongs.
func wrongNumbers(bad addBad) {
	for _, c := range []struct{ name, comment, element string }{
		{"wide-uint8", "7 in two bytes", "cc07"},
		{"wide-uint16", "255 in three bytes", "cd00ff"},
		{"wide-uint32", "65535 in five bytes", "ce0000ffff"},
		{"wide-uint64", "2^32-1 in nine bytes", "cf00000000ffffffff"},
		{"beyond-32-bits", "2^32 does not fit, and is not cut to 0", "cf0000000100000000"},
		{"int8", "7 as a signed number", "d007"},
		{"int64", "7 as a signed number of nine bytes", "d30000000000000007"},
		{"minus-one", "-1 is not 2^64-1", "ff"},
		{"nil", "nil is not 0", "c0"},
		{"true", "true is not 1", "c3"},
		{"float32", "7.0 is not 7", "ca40e00000"},
		{"float64", "7.0 is not 7", "cb401c000000000000"},
		{"string", "\"7\" is not 7", "a137"},
		{"bin", "a byte is not a number", "c40107"},
		{"array", "[7] is not 7", "9107"},
		{"map", "{} is not 0", "80"},
		{"ext", "an extension is nothing", "d40107"},
		{"c1", "0xc1 is no msgpack at all", "c1"},
	} {
		bad("number-"+c.name, c.comment, numberHead+c.element+ping)
	}
	bad("number-missing", "no number, frames in its place", "94 04 cf1f2e3d4c5b6a7988 "+ping)
}

func wrongShapes(add addVector, bad addBad) {
	bad("packet-type-unknown", "packet type 7", "93 07 05")
	bad("packet-type-string", "a packet type is a number", "93 a164 05")
	bad("packet-no-type", "an array without elements", "90")
	bad("packet-element-more", "a reset with one element more", "94 05 05 05")
	bad("packet-element-less", "a header that counts one element less than there are", "92 05 05")
	bad("packet-trailing", "a byte between the last element and the crc", "93 05 05 00")
	add("malformed", "packet-twice", "two packets in one datagram, the second with a crc over both",
		appendCRC(append(AppendReset(nil, &Reset{DeadID: 5}), mustHex("93 05 05")...), 0))
	bad("data-no-frames", "a data packet without frames", dataHead+"90")
	bad("data-frames-nil", "nil instead of frames", dataHead+"c0")
	bad("data-frames-array16", "one frame does not need a header of three bytes", dataHead+"dc0001 9105")
	bad("data-frames-map", "a map of frames", dataHead+"81 9105 9105")
	bad("data-id-zero", "connection id zero", "95 04 00 07 "+ping)
	bad("reset-id-zero", "connection id zero", "93 05 00")
	bad("raw-payload-str", "a string is not a payload", rawHead+"01 a568656c6c6f")
	bad("raw-payload-nil", "nil is not an empty payload", rawHead+"01 c0")
	bad("raw-payload-bin16", "five bytes do not need a header of three", rawHead+"01 c50005 68656c6c6f")
	bad("raw-payload-bin16-255", "255 bytes do not need a header of three", rawHead+"01 c500ff"+strings.Repeat("61", 255))
	bad("data-frames-array16-fifteen", "fifteen frames do not need a header of three bytes", dataHead+"dc000f"+strings.Repeat("9105", 15))
	bad("raw-payload-bin32", "five bytes do not need a header of five", rawHead+"01 c600000005 68656c6c6f")
}

func wrongHandshakes(add addVector, bad addBad) {
	add("malformed", "hello-short", "1199 bytes", helloOf(helloHead+"c400 "+goodParams, 1164))
	nonzero := helloOf(helloHead+"c400 "+goodParams, 1200)
	nonzero[len(nonzero)-crcSize-1] = 1
	add("malformed", "hello-padding", "padding that is not zero could hide something", appendCRC(nonzero[:len(nonzero)-crcSize], 0))
	add("malformed", "hello-token-long", "a token of 65 bytes", helloOf(helloHead+"c441"+strings.Repeat("5c", 65)+goodParams, 1200))
	add("malformed", "hello-id-zero", "connection id zero", helloOf("97 01 02 00 c400 "+goodParams, 1200))
	add("malformed", "hello-params-five", "one parameter more", helloOf(helloHead+"c400 95 07 cd05c0 07 07 07", 1200))
	add("malformed", "hello-packet-small", "a largest packet of 1199 bytes", helloOf(helloHead+"c400 94 07 cd04af 07 07", 1200))
	add("malformed", "hello-packet-large", "a largest packet of 65508 bytes", helloOf(helloHead+"c400 94 07 cdffe4 07 07", 1200))
	bad("retry-token-empty", "a retry without a token would be asked for again and again", "94 02 05 c400")
	bad("retry-token-long", "a token of 65 bytes", "94 02 05 c441"+strings.Repeat("5c", 65))
	bad("accept-source-zero", "connection id zero", "95 03 05 00 "+goodParams)
	bad("version-list-empty", "no version is known", "94 06 05 90")
	bad("version-list-nine", "nine versions", "94 06 05 99 010203040506070809")
}

func wrongFrames(bad addBad) {
	bad("frame-type-unknown", "the first type that no frame has", dataHead+"91 93 cd1011 07 c400")
	bad("frame-type-beyond", "2^64 less the 16 of message", dataHead+"91 93 cffffffffffffffff0 07 c400")
	bad("frame-type-wide", "the type of repair in nine bytes", dataHead+"91 96 cf0000000000001010 00 07 01 01 c4020000")
	bad("frame-not-array", "a number instead of a frame", dataHead+"91 05")
	bad("frame-empty", "a frame without a type", dataHead+"91 90")
	bad("frame-ping-more", "a ping carries nothing", dataHead+"91 9205 00")
	bad("frame-deep", "an array in a frame", dataHead+"91 9204 9105")
	bad("message-payload-str", "a string is not a payload", dataHead+"91 93 10 07 a161")
	bad("message-elements", "a message with the elements of a fragment", dataHead+"91 95 10 07 0a 00 c40161")
	bad("fragment-empty", "no byte of a message of ten", dataHead+"91 95 11 07 0a 00 c400")
	bad("fragment-whole", "a whole message travels as a message", dataHead+"91 95 11 07 01 00 c40161")
	bad("fragment-whole-empty", "an empty message travels as a message", dataHead+"91 95 11 07 00 00 c400")
	bad("fragment-outside", "bytes 9 and 10 of ten", dataHead+"91 95 11 07 0a 09 c4026161")
	bad("fragment-offset-wraps", "offset and length together wrap 32 bits", dataHead+"91 95 11 07 0a ceffffffff c4026161")
	bad("fragment-huge", "part of a message of 64 MiB and a byte", dataHead+"91 95 11 07 ce04000001 00 c40161")
	bad("ack-no-range", "an ack of nothing", dataHead+"91 93 03 07 00")
	bad("ack-half-range", "a gap with nothing below it", dataHead+"91 95 03 07 00 01 01")
	bad("ack-count-zero", "an empty range", dataHead+"91 94 03 07 00 00")
	bad("ack-gap-zero", "two ranges that are one", dataHead+"91 96 03 07 00 01 00 01")
	bad("ack-too-wide", "2^31+1 numbers", dataHead+"91 94 03 07 00 ce80000001")
	bad("ack-overflow", "a count of 64 bits that would make the sum small again", dataHead+"91 96 03 07 00 02 01 cfffffffffffffffff")
	bad("ack-delay-64-bits", "a delay of 64 bits", dataHead+"91 94 03 07 cf0000000100000000 01")
	bad("ack-33-ranges", "one range too many", dataHead+"91 dc0044 03 ce7fffffff 00 01"+strings.Repeat("0101", 32))
	bad("max-data-missing", "credit without a number", dataHead+"91 9104")
	bad("close-not-utf8", "an overlong slash", dataHead+"91 9306 01 a2c0af")
	bad("close-bin", "bytes are not a reason", dataHead+"91 9306 01 c40161")
	bad("close-str8-wide", "one byte does not need a header of two", dataHead+"91 9306 01 d90161")
	bad("close-str8-31", "31 bytes do not need a header of two", dataHead+"91 9306 01 d91f"+strings.Repeat("61", 31))
	bad("close-str16-255", "255 bytes do not need a header of three", dataHead+"91 9306 01 da00ff"+strings.Repeat("61", 255))
	bad("close-257", "a reason of 257 bytes", dataHead+"91 9306 01 da0101"+strings.Repeat("61", 257))
}

// wrongPathFrames spoils the frames that are not about messages.
func wrongPathFrames(bad addBad) {
	bad("ecn-three", "two counts of three", dataHead+"91 9307 05 00")
	bad("ecn-five", "a fourth count", dataHead+"91 9507 05 00 01 00")
	bad("ecn-wide", "5 in nine bytes", dataHead+"91 9407 cf0000000000000005 00 01")
	bad("ecn-nil", "nil is not 0", dataHead+"91 9407 05 c0 01")
	bad("received-at-two", "a packet without a time", dataHead+"91 9208 07")
	bad("received-at-four", "two times", dataHead+"91 9408 07 01 01")
	bad("received-at-number-64-bits", "a packet number of 64 bits", dataHead+"91 9308 cf0000000100000000 01")
	bad("received-at-too-late", "2^53 us, one more than there is", dataHead+"91 9308 07 cf0020000000000000")
	bad("received-at-wide", "1 in two bytes", dataHead+"91 9308 07 cc01")
	bad("ack-frequency-four", "no flags", dataHead+"91 9409 01 02 00")
	bad("ack-frequency-six", "one element more", dataHead+"91 9609 01 02 00 00 00")
	bad("ack-frequency-threshold-zero", "an ack for less than every packet", dataHead+"91 9509 01 00 00 00")
	bad("ack-frequency-threshold-wide", "a threshold of 17 bits", dataHead+"91 9509 01 ce00010000 00 00")
	bad("ack-frequency-seq-64-bits", "a sequence number of 64 bits", dataHead+"91 9509 cf0000000100000000 02 00 00")
	bad("ack-frequency-delay-64-bits", "a delay of 64 bits", dataHead+"91 9509 01 02 cf0000000100000000 00")
	bad("ack-frequency-flags", "flag bit 1 is unknown", dataHead+"91 9509 01 02 00 02")
	bad("ack-frequency-flags-high", "flag bit 63 is unknown", dataHead+"91 9509 01 02 00 cf8000000000000001")
	bad("ack-now-more", "an ack_now carries nothing", dataHead+"91 920a 00")
	bad("path-challenge-missing", "a challenge without a token", dataHead+"91 910b")
	bad("path-challenge-more", "two tokens", dataHead+"91 930b 07 08")
	bad("path-challenge-bin", "eight bytes are not a number", dataHead+"91 920b c4088f1e2d3c4b5a6978")
	bad("path-response-missing", "a response without a token", dataHead+"91 910c")
	bad("path-response-wide", "7 in nine bytes", dataHead+"91 920c cf0000000000000007")
	bad("padding-missing", "padding without bytes", dataHead+"91 910d")
	bad("padding-more", "two strings of zeros in one frame", dataHead+"91 930d c400 c400")
	bad("padding-number", "a number is no padding", dataHead+"91 920d 00")
	bad("padding-str", "a string of zeros is no padding", dataHead+"91 920d a100")
	bad("padding-not-zero", "padding that is not zero could hide something", dataHead+"91 920d c40a 00000000000000000001")
	bad("padding-not-zero-first", "in the first of eight bytes read at once, too", dataHead+"91 920d c409 800000000000000000")
	bad("padding-bin16-255", "255 zeros do not need a header of three", dataHead+"91 920d c500ff"+strings.Repeat("00", 255))
	bad("padding-outside", "more zeros than there are", dataHead+"91 920d c40a 0000")
	bad("fin-missing", "a fin without a number", dataHead+"91 910e")
	bad("fin-more", "a fin with two numbers", dataHead+"91 930e 11 12")
	bad("fin-64-bits", "a message number of 64 bits", dataHead+"91 920e cf0000000100000000")
}

// wrongModes spoils messages by their mode.
func wrongModes(bad addBad) {
	bad("message-mode-reserved", "delivery mode 6", dataHead+"91 93 1c 07 c400")
	bad("message-mode-seven", "delivery mode 7 of channel 255", dataHead+"91 93 cd100e 07 c400")
	bad("fragment-mode-reserved", "a fragment of delivery mode 6", dataHead+"91 95 1d 07 0a 00 c40161")
	bad("message-left-missing", "mode 5 without the time it has left", dataHead+"91 93 1a 07 c400")
	bad("message-left-needless", "mode 0 with a time", dataHead+"91 94 10 07 05 c400")
	bad("message-left-mode-four", "mode 4 with a time", dataHead+"91 94 18 07 05 c400")
	bad("message-left-64-bits", "a time of 64 bits", dataHead+"91 94 1a 07 cf0000000100000000 c400")
	bad("message-left-wide", "5 in two bytes", dataHead+"91 94 1a 07 cc05 c400")
	bad("message-left-nil", "nil is not 0", dataHead+"91 94 1a 07 c0 c400")
	bad("message-left-negative", "-1 is no time", dataHead+"91 94 1a 07 ff c400")
	bad("message-left-last", "the payload before the time", dataHead+"91 94 1a 07 c400 05")
	bad("fragment-left-missing", "a fragment of mode 5 without the time it has left", dataHead+"91 95 1b 07 0a 00 c40161")
	bad("fragment-left-needless", "a fragment of mode 0 with a time", dataHead+"91 96 11 07 0a 00 05 c40161")
	bad("fragment-left-64-bits", "a time of 64 bits", dataHead+"91 96 1b 07 0a 00 cf0000000100000000 c40161")
	bad("fragment-left-whole", "a whole message of mode 5 travels as a message", dataHead+"91 96 1b 07 01 00 05 c40161")
}

// wrongLaneFrames spoils the frames that are about messages and carry none.
func wrongLaneFrames(bad addBad) {
	bad("sent-at-missing", "a sent_at without a time", dataHead+"91 910f")
	bad("sent-at-more", "two times", dataHead+"91 930f 05 05")
	bad("sent-at-64-bits", "a time of 64 bits", dataHead+"91 920f cf0000000100000000")
	bad("sent-at-wide", "5 in five bytes", dataHead+"91 920f ce00000005")
	bad("channel-credit-missing", "a channel without credit", dataHead+"91 9200 01")
	bad("channel-credit-more", "two limits", dataHead+"91 9400 01 05 05")
	bad("channel-credit-256", "there are 256 channels", dataHead+"91 9300 cd0100 05")
	bad("channel-credit-64-bits", "a channel of 64 bits is not channel 0", dataHead+"91 9300 cf0000000100000000 05")
	bad("channel-credit-wide", "5 in nine bytes", dataHead+"91 9300 01 cf0000000000000005")
	bad("channel-credit-nil", "nil is not 0", dataHead+"91 9300 01 c0")
	for _, f := range []struct{ name, code string }{{"skip", "01"}, {"late", "02"}} {
		head := dataHead + "91 94" + f.code
		bad(f.name+"-missing", "no count", dataHead+"91 93"+f.code+" 05 07")
		bad(f.name+"-more", "two counts", dataHead+"91 95"+f.code+" 05 07 01 01")
		bad(f.name+"-ordered", "messages of mode 0 do not lapse", head+" 00 07 01")
		bad(f.name+"-unreliable", "messages of mode 4 of channel 2 do not lapse", head+" 14 07 01")
		bad(f.name+"-mode-reserved", "delivery mode 7", head+" 07 07 01")
		bad(f.name+"-lane-beyond", "mode 5 of channel 256", head+" cd0805 07 01")
		bad(f.name+"-lane-64-bits", "a lane of 64 bits is not lane 5", head+" cf0000000100000005 07 01")
		bad(f.name+"-seq-64-bits", "a message number of 64 bits", head+" 05 cf0000000100000000 01")
		bad(f.name+"-count-zero", "no messages", head+" 05 07 00")
		bad(f.name+"-count-large", "65536 messages", head+" 05 07 ce00010000")
	}
	const head = dataHead + "91 96 cd1010 "
	bad("repair-five", "no payload", dataHead+"91 95 cd1010 00 07 01 01")
	bad("repair-seven", "one element more", dataHead+"91 97 cd1010 00 07 01 01 c4020000 00")
	bad("repair-latest", "mode 2 has no repair symbols", head+"02 07 01 01 c4020000")
	bad("repair-sequenced", "mode 3 of channel 1 has no repair symbols", head+"0b 07 01 01 c4020000")
	bad("repair-unreliable", "mode 4 has no repair symbols", head+"04 07 01 01 c4020000")
	bad("repair-mode-reserved", "delivery mode 6", head+"06 07 01 01 c4020000")
	bad("repair-lane-beyond", "mode 0 of channel 256", head+"cd0800 07 01 01 c4020000")
	bad("repair-seq-64-bits", "a message number of 64 bits", head+"00 cf0000000100000000 01 01 c4020000")
	bad("repair-span-zero", "a combination of nothing", head+"00 07 00 01 c4020000")
	bad("repair-span-65", "one message too many", head+"00 07 41 01 c4020000")
	bad("repair-span-257", "a span of 257 is not a span of 1", head+"00 07 cd0101 01 c4020000")
	bad("repair-key-zero", "no key", head+"00 07 01 00 c4020000")
	bad("repair-key-large", "a key of 17 bits", head+"00 07 01 ce00010001 c4020000")
	bad("repair-payload-empty", "a symbol without a length", head+"00 07 01 01 c400")
	bad("repair-payload-short", "a symbol with half a length", head+"00 07 01 01 c40100")
	bad("repair-payload-str", "a string is not a symbol", head+"00 07 01 01 a20000")
	bad("repair-payload-outside", "a symbol longer than its packet", head+"00 07 01 01 c4ff 0000")
}
