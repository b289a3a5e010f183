-- A Wireshark dissector for udplab packets (proto/SPEC.md, version 2).
--
-- It finds packets by themselves on any UDP port: the first byte, then the
-- CRC-32C at the end, or, where that is wrong, a shape that is right in every
-- element. "Decode As" and the preference "UDP ports" force it onto a port.
--
-- It follows proto.Parse rule by rule and in the same order, so that it says of
-- a broken packet what udplab says of it, and its Info column is the line of
-- proto.Describe. What it reads is hostile: no claimed length is used before it
-- was compared with the bytes there are, and every loop is bounded by them.
--
-- For Wireshark 3.6 and later: Lua 5.1 to 5.4.

local VERSION = 2
local MAX_DATAGRAM = 65507
local MIN_HELLO = 1200
local MAX_MESSAGE = 64 * 1024 * 1024
local MAX_ACK_RANGES = 32
local MAX_REASON = 256
local MAX_TOKEN = 64
local MAX_VERSIONS = 8
local MAX_SPAN = 64
local MIN_SYMBOL = 2
local CRC_SIZE = 5
local TWO32 = 4294967296
local REPAIR = 4112

local DESCRIBE_FRAMES = 20 -- frames in the Info column
local DESCRIBE_TEXT = 32   -- bytes of a payload or a reason there
local MAX_KNOWN = 256      -- packets in a row of which an ack says nothing new, until it is believed to say nothing more

local floor, format, byte, sub = math.floor, string.format, string.byte, string.sub

local udplab = Proto("udplab", "udplab")

-- Numbers ------------------------------------------------------------------

-- Exclusive or, from whatever this Lua has: the operator is a syntax error
-- before 5.3, bit32 is gone after it, and Wireshark's bit answers with signs.
local function exclusive_or()
  if bit32 then return bit32.bxor end
  local operator = (loadstring or load)("return function(a, b) return a ~ b end")
  if operator then return operator() end
  return function(a, b) return bit.bxor(a, b) % TWO32 end
end
local xor = exclusive_or()

local castagnoli = {}
for i = 0, 255 do
  local c = i
  for _ = 1, 8 do
    local odd = c % 2 == 1
    c = floor(c / 2)
    if odd then c = xor(c, 0x82f63b78) end
  end
  castagnoli[i] = c
end

-- crc32c is the sum of the first n bytes of s (SPEC 2.3).
local function crc32c(s, n)
  local crc = 0xffffffff
  for i = 1, n do
    crc = xor(castagnoli[xor(crc % 256, byte(s, i))], floor(crc / 256))
  end
  return xor(crc, 0xffffffff)
end

-- dec writes a number below 2^53: %d refuses 32 bits in some builds of Lua 5.2,
-- and tostring writes 3.0 from 5.3 on.
local function dec(v) return format("%.0f", v) end

-- A number of 64 bits is kept as two of 32, which every Lua holds exactly.
local function dec64(v)
  if v.hi < 0x200000 then return dec(v.hi * TWO32 + v.lo) end
  return tostring(UInt64.new(v.lo, v.hi))
end

local function hex64(v)
  if v.hi == 0 then return format("%x", v.lo) end
  return format("%x%08x", v.hi, v.lo)
end

-- ahead is how far number a is beyond b, both the low 32 bits (SPEC 3.4).
local function ahead(a, b)
  local d = (a - b) % TWO32
  if d >= TWO32 / 2 then d = d - TWO32 end
  return d
end

-- duration writes microseconds as Go does: 0s, 64µs, 1.024ms, 1m0s.
local function duration(us)
  if us == 0 then return "0s" end
  if us < 1000 then return dec(us) .. "µs" end
  local function fraction(whole, part, digits)
    local s = format("%0" .. digits .. ".0f", part):gsub("0+$", "")
    if s == "" then return dec(whole) end
    return dec(whole) .. "." .. s
  end
  if us < 1000000 then return fraction(floor(us / 1000), us % 1000, 3) .. "ms" end
  local seconds = floor(us / 1000000)
  local text = fraction(seconds % 60, us % 1000000, 6) .. "s"
  local minutes = floor(seconds / 60)
  if minutes == 0 then return text end
  text = dec(minutes % 60) .. "m" .. text
  if minutes < 60 then return text end
  return dec(floor(minutes / 60)) .. "h" .. text
end

-- Text ---------------------------------------------------------------------

-- The least second byte of a character, where its first byte says more than
-- "continued", and the largest: no surrogates, nothing overlong (RFC 3629).
local SECOND_LEAST = { [0xe0] = 0xa0, [0xf0] = 0x90 }
local SECOND_MOST = { [0xed] = 0x9f, [0xf4] = 0x8f }

-- rune is the character at i of s and its length; nil and 1 if there is none.
local function rune(s, i)
  local c = byte(s, i)
  if c < 0x80 then return c, 1 end
  local n = 0
  if c >= 0xc2 and c <= 0xdf then n = 2
  elseif c >= 0xe0 and c <= 0xef then n = 3
  elseif c >= 0xf0 and c <= 0xf4 then n = 4
  else return nil, 1 end
  local v = c % (n == 2 and 32 or n == 3 and 16 or 8)
  for k = 1, n - 1 do
    local d = byte(s, i + k)
    if not d or d < 0x80 or d > 0xbf then return nil, 1 end
    if k == 1 and (d < (SECOND_LEAST[c] or 0x80) or d > (SECOND_MOST[c] or 0xbf)) then return nil, 1 end
    v = v * 64 + d % 64
  end
  return v, n
end

local function is_utf8(s)
  local i = 1
  while i <= #s do
    local v, n = rune(s, i)
    if not v then return false end
    i = i + n
  end
  return true
end

local ESCAPES = {
  [7] = "\\a", [8] = "\\b", [9] = "\\t", [10] = "\\n", [11] = "\\v", [12] = "\\f", [13] = "\\r", [34] = '\\"', [92] = "\\\\",
}

-- quote writes the start of hostile bytes in printable ASCII.
local function quote(s)
  local cut = #s > DESCRIBE_TEXT
  if cut then s = sub(s, 1, DESCRIBE_TEXT) end
  local out, i = { '"' }, 1
  while i <= #s do
    local v, n = rune(s, i)
    if not v then out[#out + 1] = format("\\x%02x", byte(s, i))
    elseif ESCAPES[v] then out[#out + 1] = ESCAPES[v]
    elseif v < 32 or v == 127 then out[#out + 1] = format("\\x%02x", v)
    elseif v < 127 then out[#out + 1] = string.char(v)
    elseif v < 0x10000 then out[#out + 1] = format("\\u%04x", v)
    else out[#out + 1] = format("\\U%08x", v) end
    i = i + n
  end
  out[#out + 1] = cut and '"...' or '"'
  return table.concat(out)
end

-- Names --------------------------------------------------------------------

local PACKET_NAMES = { [0] = "raw", "hello", "retry", "accept", "data", "reset", "version" }
local PACKET_ELEMENTS = { [0] = 6, 7, 4, 5, 5, 3, 4 }
local FRAME_NAMES = {
  [0] = "channel_credit", "skip", "late", "ack", "max_data", "ping", "close", "ecn", "received_at", "ack_frequency", "ack_now",
  "path_challenge", "path_response", "padding", "fin", "sent_at",
}
local MODE_NAMES = { [0] = "ordered", "unordered", "latest", "sequenced", "unreliable", "deadline" }
local DEADLINE = 5
local LAPSE_MODES = { [5] = true }
local REPAIR_MODES = { [0] = true, [1] = true, [5] = true }
local CLOSE_CODES = {
  [0] = "a normal end",
  [0xff000001] = "the peer broke a rule of the specification",
  [0xff000002] = "more was sent than the credit allows",
  [0xff000003] = "a message was larger than this side accepts",
  [0xff000004] = "given up, perhaps before everything was delivered",
  [0xff000005] = "too many connections",
}

-- What can be wrong, in the words of proto/errors.go.
local FAULT = {
  too_long = "longer than a datagram can be",
  truncated = "an element reaches beyond the end",
  trailing = "bytes after the last element",
  kind = "an element of the wrong kind",
  wide = "an element not in its smallest form",
  range = "a number out of range",
  utf8 = "a string that is not UTF-8",
  packet_type = "unknown packet type",
  version = "unknown version",
  elements = "wrong number of elements for the packet type",
  zero_id = "connection id zero",
  token = "token empty or too long",
  params = "parameters out of range",
  short_hello = "hello shorter than 1200 bytes",
  padding = "padding that is not zero",
  versions = "version list empty or too long",
  no_frames = "no frames",
  frame_type = "unknown frame type",
  frame_elements = "wrong number of elements for the frame type",
  mode = "reserved delivery mode",
  message_size = "message larger than 64 MiB",
  fragment = "fragment empty, outside its message or the whole of it",
  ack_ranges = "acknowledged ranges empty, too many or too wide",
  reason = "close reason too long",
  flags = "unknown flags",
  lane = "a lane of a mode this frame is not about",
  symbol = "repair symbol too short",
}

-- Fields -------------------------------------------------------------------

local F = {}
local function field(name, make, text, ...)
  local f = make("udplab." .. name, text, ...)
  F[name] = f
  return f
end

field("answer", ProtoField.string, "Answer", base.ASCII, "What a receiver says: ok, checksum, malformed or version (SPEC 2.4)")
field("fault", ProtoField.string, "Fault", base.ASCII, "The rule of the specification that is broken")
field("type", ProtoField.uint64, "Packet type", base.DEC, nil, nil, "SPEC 2.1")
field("name", ProtoField.string, "Packet name", base.ASCII, "SPEC 2.1")
field("crc", ProtoField.uint32, "Crc", base.HEX, nil, nil, "CRC-32C of all bytes before it (SPEC 2.3)")
field("crc.computed", ProtoField.uint32, "Computed crc", base.HEX, nil, nil, "The right value for these bytes")
field("crc.status", ProtoField.uint8, "Crc status", base.DEC, { [0] = "Bad", "Good", "Unverified" })

field("stream", ProtoField.uint64, "Stream", base.HEX, nil, nil, "One run of one sender (SPEC 4.1)")
field("seq", ProtoField.uint32, "Seq", base.DEC, nil, nil, "Number of the packet in its stream, low 32 bits")
field("sent_at", ProtoField.uint64, "Sent at", base.UNIT_STRING, { "us" }, nil, "Microseconds of the sender's clock")
field("payload", ProtoField.bytes, "Payload", base.NONE, "Payload of a raw packet")

field("version", ProtoField.uint32, "Version", base.DEC, nil, nil, "Of the specification")
field("source_id", ProtoField.uint64, "Source id", base.HEX, nil, nil, "The id the sender wants to be called by")
field("dest_id", ProtoField.uint64, "Dest id", base.HEX, nil, nil, "The id the receiver chose")
field("dead_id", ProtoField.uint64, "Dead id", base.HEX, nil, nil, "The receiver of the packet knows no connection of this id (SPEC 5.4)")
field("token", ProtoField.bytes, "Token", base.NONE, "SPEC 5.2")
field("padding", ProtoField.bytes, "Padding", base.NONE, "Zeros that make a hello 1200 bytes long")
field("params", ProtoField.none, "Params", base.NONE, "SPEC 5.6")
field("params.max_data", ProtoField.uint64, "Max data", base.UNIT_STRING, { " bytes" }, nil, "Credit the peer starts with")
field("params.max_packet", ProtoField.uint32, "Max packet", base.UNIT_STRING, { " bytes" }, nil, "Largest datagram accepted")
field("params.idle_ms", ProtoField.uint32, "Idle", base.UNIT_STRING, { " ms" }, nil, "Silence after which the connection is forgotten; 0 = never")
field("params.first", ProtoField.uint32, "First", base.DEC, nil, nil, "Number of the first packet, and of the first message of every lane")

field("number", ProtoField.uint32, "Packet number", base.DEC, nil, nil, "Low 32 bits (SPEC 3.2)")
field("frames", ProtoField.uint32, "Frames", base.DEC, nil, nil, "Frames in the packet")
field("frame", ProtoField.none, "Frame")
field("frame.type", ProtoField.uint64, "Frame type", base.DEC, nil, nil, "SPEC 7")
field("frame.name", ProtoField.string, "Frame name", base.ASCII, "SPEC 7")
field("channel", ProtoField.uint64, "Channel", base.DEC, nil, nil, "SPEC 7.1")
field("mode", ProtoField.uint8, "Mode", base.DEC, MODE_NAMES, nil, "What a receiver owes the message (SPEC 7.1)")
field("lane", ProtoField.uint64, "Lane", base.DEC, nil, nil, "One mode of one channel: channel * 8 + mode")

field("message.seq", ProtoField.uint32, "Message number", base.DEC, nil, nil, "Low 32 bits, in its lane (SPEC 3.3)")
field("message.size", ProtoField.uint32, "Message size", base.UNIT_STRING, { " bytes" }, nil, "Of the whole message")
field("message.offset", ProtoField.uint32, "Offset", base.DEC, nil, nil, "Of the fragment in its message")
field("message.left", ProtoField.uint32, "Left", base.DEC, nil, nil, "How long the message may still take, in units of 64 us")
field("message.payload", ProtoField.bytes, "Payload", base.NONE, "A message, or a fragment of one")

field("ack.largest", ProtoField.uint32, "Largest", base.DEC, nil, nil, "The largest packet number acked (SPEC 7.3)")
field("ack.delay", ProtoField.uint32, "Delay", base.DEC, nil, nil, "From the arrival of largest to the ack, in units of 64 us")
field("ack.count", ProtoField.uint64, "Count", base.DEC, nil, nil, "Packets in a row that arrived")
field("ack.gap", ProtoField.uint64, "Gap", base.DEC, nil, nil, "Packets in a row that are missing")
field("ack.range", ProtoField.string, "Range", base.ASCII, "Packet numbers acked, from the smallest to the largest")

field("max_data.limit", ProtoField.uint64, "Limit", base.UNIT_STRING, { " bytes" }, nil, "Credit on all channels together (SPEC 7.4)")
field("channel_credit.limit", ProtoField.uint64, "Limit", base.UNIT_STRING, { " bytes" }, nil, "Credit on one channel (SPEC 7.16)")
field("close.code", ProtoField.uint32, "Code", base.HEX, CLOSE_CODES, nil, "SPEC 7.6")
field("close.reason", ProtoField.string, "Reason", base.UNICODE, "For people; hostile text")
field("ecn.ect0", ProtoField.uint64, "ECT(0)", base.DEC, nil, nil, "Packets that arrived with this mark (SPEC 7.7)")
field("ecn.ect1", ProtoField.uint64, "ECT(1)", base.DEC, nil, nil, "Packets that arrived with this mark (SPEC 7.7)")
field("ecn.ce", ProtoField.uint64, "CE", base.DEC, nil, nil, "Packets that arrived with this mark (SPEC 7.7)")
field("received_at.number", ProtoField.uint32, "Packet number", base.DEC, nil, nil, "SPEC 7.8")
field("received_at.at", ProtoField.uint64, "At", base.UNIT_STRING, { " us" }, nil, "Microseconds of the receiver's clock")
field("ack_frequency.seq", ProtoField.uint32, "Seq", base.DEC, nil, nil, "Grows with each new wish (SPEC 7.9)")
field("ack_frequency.threshold", ProtoField.uint64, "Threshold", base.DEC, nil, nil, "Ack-eliciting packets until an ack is due")
field("ack_frequency.max_delay", ProtoField.uint32, "Max delay", base.UNIT_STRING, { " us" }, nil, "Until an ack is due")
field("ack_frequency.flags", ProtoField.uint64, "Flags", base.HEX, nil, nil, "Bit 0 asks for received_at frames")
field("path_challenge.token", ProtoField.uint64, "Token", base.HEX, nil, nil, "SPEC 7.11")
field("path_response.token", ProtoField.uint64, "Token", base.HEX, nil, nil, "SPEC 7.12")
field("padding.zeros", ProtoField.bytes, "Zeros", base.NONE, "SPEC 7.13")
field("fin.next", ProtoField.uint32, "Next", base.DEC, nil, nil, "The first message of lane 0 that will not come (SPEC 7.14)")
field("sent_at.at", ProtoField.uint32, "At", base.UNIT_STRING, { " us" }, nil, "Low 32 bits of microseconds of the sender's clock (SPEC 7.15)")
field("skip.seq", ProtoField.uint32, "Message number", base.DEC, nil, nil, "The first message not repaired any more (SPEC 7.17)")
field("skip.count", ProtoField.uint64, "Count", base.DEC, nil, nil, "Messages in a row")
field("late.seq", ProtoField.uint32, "Message number", base.DEC, nil, nil, "The first message not delivered (SPEC 7.18)")
field("late.count", ProtoField.uint64, "Count", base.DEC, nil, nil, "Messages in a row")
field("repair.seq", ProtoField.uint32, "Message number", base.DEC, nil, nil, "The first message of the combination (SPEC 7.19)")
field("repair.span", ProtoField.uint64, "Span", base.DEC, nil, nil, "Messages in the combination")
field("repair.key", ProtoField.uint64, "Key", base.DEC, nil, nil, "Names the coefficients")
field("repair.payload", ProtoField.bytes, "Payload", base.NONE, "The symbol")

field("analysis.missing", ProtoField.uint32, "Numbers missing before this packet", base.DEC)
field("analysis.duplicate_of", ProtoField.framenum, "The same packet number as in", base.NONE, frametype.DUP_ACK)
field("analysis.acked_in", ProtoField.framenum, "Acked in", base.NONE, frametype.ACK)
field("analysis.acks", ProtoField.framenum, "Largest was sent in", base.NONE, frametype.ACK)
field("analysis.ack_time", ProtoField.relative_time, "Time since then")
field("analysis.sent_before", ProtoField.framenum, "Bytes of this message were sent before in", base.NONE, frametype.RETRANS_PREV)

local all = {}
for _, f in pairs(F) do all[#all + 1] = f end
udplab.fields = all

local E = {
  checksum = ProtoExpert.new("udplab.expert.checksum", "The crc is wrong", expert.group.CHECKSUM, expert.severity.ERROR),
  malformed = ProtoExpert.new("udplab.expert.malformed", "Malformed", expert.group.MALFORMED, expert.severity.ERROR),
  version = ProtoExpert.new("udplab.expert.version", "Unknown version", expert.group.PROTOCOL, expert.severity.WARN),
  cut = ProtoExpert.new("udplab.expert.cut", "The capture has not all of the datagram", expert.group.UNDECODED, expert.severity.NOTE),
  gap = ProtoExpert.new("udplab.expert.gap", "Packet numbers are missing", expert.group.SEQUENCE, expert.severity.NOTE),
  duplicate = ProtoExpert.new("udplab.expert.duplicate", "Packet number seen before", expert.group.SEQUENCE, expert.severity.NOTE),
  late = ProtoExpert.new("udplab.expert.out_of_order", "Packet number below the largest", expert.group.SEQUENCE, expert.severity.NOTE),
  again = ProtoExpert.new("udplab.expert.retransmission", "Bytes sent before", expert.group.SEQUENCE, expert.severity.NOTE),
  close = ProtoExpert.new("udplab.expert.close", "The connection ends", expert.group.SEQUENCE, expert.severity.CHAT),
  reset = ProtoExpert.new("udplab.expert.reset", "The receiver does not know the connection", expert.group.SEQUENCE, expert.severity.WARN),
}
local experts = {}
for _, e in pairs(E) do experts[#experts + 1] = e end
udplab.experts = experts

udplab.prefs.ports = Pref.range("UDP ports", "", "Ports whose datagrams are udplab's even if they don't look like it", 65535)
udplab.prefs.relations = Pref.bool("Relate packets", true,
  "Find gaps, duplicates, retransmissions, and what acks what; costs memory for each packet of a capture")

-- Reading ------------------------------------------------------------------

-- A reader walks over the elements of a body, a Lua string. The first thing that
-- is wrong stays as its fault; from then on every read answers zero. tree is nil
-- when it only looks.
local Reader = {}
Reader.__index = Reader

local function new_reader(s, size, tvb)
  return setmetatable({ s = s, size = size, i = 1, tvb = tvb }, Reader)
end

function Reader:demand(ok, fault)
  if ok or self.fault then return end
  self.fault, self.fault_at = fault, self.at or 1
end

-- range is the bytes of the element read last.
function Reader:range() return self.tvb(self.at - 1, self.i - self.at) end

-- payload_range is the n last bytes of it.
function Reader:payload_range(n) return self.tvb(self.i - 1 - n, n) end

-- start notes where an element begins and reports whether there is one.
function Reader:start()
  if self.fault then return nil end
  self.at = self.i
  local c = byte(self.s, self.i)
  if not c then self:demand(false, FAULT.truncated) end
  return c
end

local ZERO = { hi = 0, lo = 0 }

-- big_endian is the number of n bytes at i, which are there.
local function big_endian(s, i, n)
  local v = 0
  for k = i, i + n - 1 do v = v * 256 + byte(s, k) end
  return v
end

-- uint64 reads a number.
function Reader:uint64()
  local c = self:start()
  if not c then return ZERO end
  if c <= 0x7f then
    self.i = self.i + 1
    return { hi = 0, lo = c }
  end
  local n = ({ [0xcc] = 1, [0xcd] = 2, [0xce] = 4, [0xcf] = 8 })[c]
  if not n then
    self:demand(false, FAULT.kind)
    return ZERO
  end
  if self.i + n > #self.s then
    self:demand(false, FAULT.truncated)
    return ZERO
  end
  local v = { hi = 0, lo = 0 }
  if n == 8 then
    v.hi, v.lo = big_endian(self.s, self.i + 1, 4), big_endian(self.s, self.i + 5, 4)
  else
    v.lo = big_endian(self.s, self.i + 1, n)
  end
  local wide = n == 1 and v.lo <= 0x7f or n == 2 and v.lo <= 0xff or n == 4 and v.lo <= 0xffff or n == 8 and v.hi == 0
  if wide then
    self:demand(false, FAULT.wide)
    return ZERO
  end
  self.i = self.i + 1 + n
  return v
end

-- uint32 reads a number of at most 32 bits.
function Reader:uint32()
  local v = self:uint64()
  if v.hi > 0 then
    self:demand(false, FAULT.range)
    return 0
  end
  return v.lo
end

-- id reads a connection id.
function Reader:id()
  local v = self:uint64()
  self:demand(v.hi > 0 or v.lo > 0, FAULT.zero_id)
  return v
end

-- array reads the header of an array and returns its count.
function Reader:array()
  local c = self:start()
  if not c then return 0 end
  local left, n, header = #self.s - self.i + 1, 0, 1
  if c >= 0x90 and c <= 0x9f then
    n = c - 0x90
  elseif c == 0xdc and left >= 3 then
    n, header = big_endian(self.s, self.i + 1, 2), 3
    if n <= 15 then
      self:demand(false, FAULT.wide)
      return 0
    end
  else
    self:demand(false, (c == 0xdc or c == 0xdd) and FAULT.truncated or FAULT.kind)
    return 0
  end
  if n > left - header then
    self:demand(false, FAULT.truncated)
    return 0
  end
  self.i = self.i + header
  return n
end

-- take returns the n bytes behind a header.
function Reader:take(header, n)
  local from = self.i + header
  if n > #self.s - from + 1 then
    self:demand(false, FAULT.truncated)
    return ""
  end
  self.i = from + n
  return sub(self.s, from, from + n - 1)
end

-- bin reads a byte string.
function Reader:bin()
  local c = self:start()
  if not c then return "" end
  local left = #self.s - self.i + 1
  if c == 0xc4 and left >= 2 then return self:take(2, byte(self.s, self.i + 1)) end
  if c == 0xc5 and left >= 3 then
    local n = big_endian(self.s, self.i + 1, 2)
    if n > 0xff then return self:take(3, n) end
    self:demand(false, FAULT.wide)
    return ""
  end
  self:demand(false, (c >= 0xc4 and c <= 0xc6) and FAULT.truncated or FAULT.kind)
  return ""
end

-- str reads a string of UTF-8.
function Reader:str()
  local c = self:start()
  if not c then return "" end
  local left, n, header, least = #self.s - self.i + 1, 0, 1, 0
  if c >= 0xa0 and c <= 0xbf then
    n = c - 0xa0
  elseif c == 0xd9 and left >= 2 then
    n, header, least = byte(self.s, self.i + 1), 2, 32
  elseif c == 0xda and left >= 3 then
    n, header, least = big_endian(self.s, self.i + 1, 2), 3, 256
  else
    self:demand(false, (c >= 0xd9 and c <= 0xdb) and FAULT.truncated or FAULT.kind)
    return ""
  end
  if n < least then
    self:demand(false, FAULT.wide)
    return ""
  end
  local s = self:take(header, n)
  self:demand(is_utf8(s), FAULT.utf8)
  return s
end

-- Showing ------------------------------------------------------------------
-- Each show reads one element, adds it to the tree if it could be read, and
-- returns it.

function Reader:add(tree, name, value, range)
  if not tree or self.fault then return nil end
  return tree:add(F[name], range or self:range(), value)
end

function Reader:show32(tree, name)
  local v = self:uint32()
  local item = self:add(tree, name, v)
  return v, item
end

function Reader:show64(tree, name)
  local v = self:uint64()
  local item = tree and self:add(tree, name, UInt64.new(v.lo, v.hi))
  return v, item
end

function Reader:show_id(tree, name)
  local v = self:id()
  if tree then self:add(tree, name, UInt64.new(v.lo, v.hi)) end
  return v
end

-- show_bytes reads a bin. Its item stands on the bytes alone: the header would
-- be shown as a part of them.
function Reader:show_bytes(tree, name)
  local v = self:bin()
  if tree and not self.fault then tree:add(F[name], self:payload_range(#v)) end
  return v
end

-- The lane of a frame, whose mode has to be one of allowed.
function Reader:show_lane(tree, allowed)
  local v, item = self:show64(tree, "lane")
  self:demand(v.hi == 0 and v.lo <= 2047, FAULT.range)
  local channel, mode = floor(v.lo / 8), v.lo % 8
  self:demand(allowed[mode], FAULT.lane)
  if item and not self.fault then
    item:add(F["channel"], self:range(), UInt64.new(channel, 0)):set_generated()
    item:add(F["mode"], self:range(), mode):set_generated()
  end
  return channel, mode
end

-- span_text names count messages of a lane, its mode unless it is the usual one.
local function span_text(channel, mode, seq, count)
  local s = format(" %d:%s", channel, dec(seq))
  if count > 1 then s = s .. "-" .. dec((seq + count - 1) % TWO32) end
  if mode ~= 0 then s = s .. " " .. (MODE_NAMES[mode] or format("mode(%d)", mode)) end
  return s
end

-- Frames -------------------------------------------------------------------
-- Each reads the elements of a frame behind its type, of which there are n with
-- it, and returns what describes them. context collects what relates packets.

-- fixed makes the reader of a frame that has exactly want elements.
local function fixed(want, read)
  return function(r, tree, n, context)
    r:demand(n == want, FAULT.frame_elements)
    return read(r, tree, context)
  end
end

local function nothing() return "" end

local function read_ack(r, tree, n, context)
  local largest = r:uint64()
  if largest.hi == 0 then r:add(tree, "ack.largest", largest.lo) end
  local delay = r:uint64()
  r:demand(largest.hi == 0 and delay.hi == 0, FAULT.range)
  local delay_item = r:add(tree, "ack.delay", delay.lo)
  if delay_item then delay_item:append_text(" (" .. duration(delay.lo * 64) .. ")") end
  local ranges = floor((n - 2) / 2)
  r:demand(n > 3 and (n - 3) % 2 == 1 and ranges <= MAX_ACK_RANGES, FAULT.ack_ranges)
  if r.fault then return "" end
  local text = { format(" %s (%s)", dec(largest.lo), duration(delay.lo * 64)) }
  local top, span, sound, spans = largest.lo, 0, true, {}
  for k = 1, ranges do
    if k > 1 then
      local gap = r:show64(tree, "ack.gap")
      if r.fault then return "" end
      sound = sound and gap.hi == 0 and gap.lo > 0
      span, top = span + gap.lo, (top - gap.lo) % TWO32
    end
    local count = r:show64(tree, "ack.count")
    if r.fault then return "" end
    sound = sound and count.hi == 0 and count.lo > 0
    local bottom = (top - count.lo + 1) % TWO32
    span = span + count.lo
    local s = bottom == top and dec(top) or dec(bottom) .. "-" .. dec(top)
    local item = r:add(tree, "ack.range", s)
    if item then item:set_generated() end
    text[#text + 1] = s
    spans[k] = { top = top, count = count.lo }
    top = (bottom - 1) % TWO32
  end
  r:demand(sound and span <= TWO32 / 2, FAULT.ack_ranges)
  if context and not r.fault then
    context.acks[#context.acks + 1] = { largest = largest.lo, spans = spans, tree = tree }
  end
  return table.concat(text, " ")
end

local function read_left(r, tree)
  local left, item = r:show32(tree, "message.left")
  if item then item:append_text(" (" .. duration(left * 64) .. ")") end
  return " left " .. duration(left * 64)
end

-- read_message reads a message or a fragment, whose type says the lane.
local function read_message(r, tree, n, context, t)
  local lane, fragment = floor((t - 16) / 2), t % 2 == 1
  local channel, mode = floor(lane / 8), lane % 8
  r:demand(MODE_NAMES[mode], FAULT.mode)
  local type_range = r.tvb and not r.fault and r:range()
  if mode == DEADLINE then n = n - 1 end
  r:demand(n == (fragment and 5 or 3), FAULT.frame_elements)
  if tree and not r.fault then
    tree:add(F["lane"], type_range, UInt64.new(lane, 0)):set_generated()
    tree:add(F["channel"], type_range, UInt64.new(channel, 0)):set_generated()
    tree:add(F["mode"], type_range, mode):set_generated()
  end
  local seq, size, offset, left = r:show32(tree, "message.seq"), nil, 0, ""
  if fragment then
    size, offset = r:show32(tree, "message.size"), (r:show32(tree, "message.offset"))
  end
  if mode == DEADLINE then left = read_left(r, tree) end
  local payload = r:show_bytes(tree, "message.payload")
  if fragment then
    r:demand(size <= MAX_MESSAGE, FAULT.message_size)
    r:demand(#payload > 0 and offset + #payload <= size and not (offset == 0 and size == #payload), FAULT.fragment)
  elseif not r.fault then
    local item = r:add(tree, "message.size", #payload)
    if item then item:set_generated() end
  end
  if context and not r.fault then
    context.messages[#context.messages + 1] = { key = format("%d:%s:%s", lane, dec(seq), dec(offset)), tree = tree }
  end
  if fragment then
    return span_text(channel, mode, seq, 1) .. format(" %s-%s/%sB", dec(offset), dec(offset + #payload - 1), dec(size)) .. left
  end
  return span_text(channel, mode, seq, 1) .. format(" %dB", #payload) .. left
end

local function lapse(name)
  return fixed(4, function(r, tree)
    local channel, mode = r:show_lane(tree, LAPSE_MODES)
    local seq = r:show32(tree, name .. ".seq")
    local count = r:show64(tree, name .. ".count")
    r:demand(count.hi == 0 and count.lo >= 1 and count.lo <= 65535, FAULT.range)
    return span_text(channel, mode, seq, count.lo)
  end)
end

local function path(name)
  return fixed(2, function(r, tree) return " " .. hex64(r:show64(tree, name .. ".token")) end)
end

local function is_zero(s) return not s:find("[^%z]") end

local FRAMES = {
  [0] = fixed(3, function(r, tree)
    local channel = r:show64(tree, "channel")
    r:demand(channel.hi == 0 and channel.lo <= 255, FAULT.range)
    local limit = r:show64(tree, "channel_credit.limit")
    return format(" %s %s", dec64(channel), dec64(limit))
  end),
  lapse("skip"),
  lapse("late"),
  read_ack,
  fixed(2, function(r, tree) return " " .. dec64(r:show64(tree, "max_data.limit")) end),
  fixed(1, nothing),
  fixed(3, function(r, tree, context)
    local code = r:show32(tree, "close.code")
    local reason = r:str()
    if tree and not r.fault then
      tree:add_packet_field(F["close.reason"], r:payload_range(#reason), ENC_UTF_8)
    end
    r:demand(#reason <= MAX_REASON, FAULT.reason)
    if context and not r.fault then context.close = true end
    return format(" %s %s", dec(code), quote(reason))
  end),
  fixed(4, function(r, tree)
    local ect0, ect1 = r:show64(tree, "ecn.ect0"), (r:show64(tree, "ecn.ect1"))
    return format(" ect0 %s ect1 %s ce %s", dec64(ect0), dec64(ect1), dec64(r:show64(tree, "ecn.ce")))
  end),
  fixed(3, function(r, tree)
    local number = r:show32(tree, "received_at.number")
    local at = r:show64(tree, "received_at.at")
    r:demand(at.hi < 0x200000, FAULT.range)
    return format(" %s at %s", dec(number), duration(at.hi * TWO32 + at.lo))
  end),
  fixed(5, function(r, tree)
    local seq = r:show32(tree, "ack_frequency.seq")
    local threshold = r:show64(tree, "ack_frequency.threshold")
    local delay = r:show32(tree, "ack_frequency.max_delay")
    local flags = r:show64(tree, "ack_frequency.flags")
    r:demand(threshold.hi == 0 and threshold.lo >= 1 and threshold.lo <= 65535, FAULT.range)
    r:demand(flags.hi == 0 and flags.lo <= 1, FAULT.flags)
    return format(" %s every %s within %s%s", dec(seq), dec(threshold.lo), duration(delay), flags.lo == 1 and " received_at" or "")
  end),
  fixed(1, nothing),
  path("path_challenge"),
  path("path_response"),
  fixed(2, function(r, tree)
    local zeros = r:show_bytes(tree, "padding.zeros")
    r:demand(is_zero(zeros), FAULT.padding)
    return format(" %dB", #zeros)
  end),
  fixed(2, function(r, tree) return " " .. dec((r:show32(tree, "fin.next"))) end),
  fixed(2, function(r, tree) return " " .. dec((r:show32(tree, "sent_at.at"))) .. "us" end),
}

local read_repair = fixed(6, function(r, tree)
  local channel, mode = r:show_lane(tree, REPAIR_MODES)
  local seq = r:show32(tree, "repair.seq")
  local span, key = r:show64(tree, "repair.span"), (r:show64(tree, "repair.key"))
  local payload = r:show_bytes(tree, "repair.payload")
  r:demand(span.hi == 0 and span.lo >= 1 and span.lo <= MAX_SPAN and key.hi == 0 and key.lo >= 1 and key.lo <= 65535, FAULT.range)
  r:demand(#payload >= MIN_SYMBOL, FAULT.symbol)
  return span_text(channel, mode, seq, span.lo) .. format(" key %s %dB", dec(key.lo), #payload)
end)

-- frame_kind is the name of a frame type and what reads it, nil if there is none.
local function frame_kind(t)
  if t.hi > 0 or t.lo > REPAIR then return nil end
  if t.lo == REPAIR then return "repair", read_repair end
  if t.lo >= 16 then return t.lo % 2 == 1 and "fragment" or "message", read_message end
  return FRAME_NAMES[t.lo], FRAMES[t.lo]
end

-- frame_header reads the array header of a frame. Before a type of one byte its
-- count is not compared with the bytes left, as in proto: which frame it is says
-- what the count has to be, and that is the better thing to say.
local function frame_header(r)
  local c, t = byte(r.s, r.i), byte(r.s, r.i + 1)
  if r.fault or not t or t > 0x7f or c < 0x90 or c > 0x9f then return r:array() end
  r.at, r.i = r.i, r.i + 1
  return c - 0x90
end

-- read_frame reads one frame and returns its text.
local function read_frame(r, tree, context)
  local from = r.i
  local n = frame_header(r)
  local branch = tree and not r.fault and tree:add(F["frame"], r:range())
  local t = r:show64(branch, "frame.type")
  local name, read = frame_kind(t)
  local text = ""
  if not r.fault and name then
    r:add(branch, "frame.name", name)
    text = read(r, branch, n, context, t.lo)
  else
    r:demand(name, FAULT.frame_type)
  end
  text = (name or "unknown") .. text
  if branch then
    branch:set_len(math.max(r.i - from, 1))
    branch:set_text("Frame: " .. (r.fault and name or text or "unknown"))
  end
  return text
end

-- Packets ------------------------------------------------------------------
-- Each reads the elements between the type and the crc and returns what
-- describes them.

local function read_params(r, tree)
  local n = r:array()
  r:demand(n == 4, FAULT.params)
  local from = r.at
  local branch = tree and not r.fault and tree:add(F["params"], r:range())
  local data = r:show64(branch, "params.max_data")
  local packet = r:show32(branch, "params.max_packet")
  local idle = r:show32(branch, "params.idle_ms")
  local first = r:show32(branch, "params.first")
  if branch then branch:set_len(math.max(r.i - from, 1)) end
  r:demand(packet >= MIN_HELLO and packet <= MAX_DATAGRAM, FAULT.params)
  return format(" credit %s packet %s idle %sms first %s", dec64(data), dec(packet), dec(idle), dec(first))
end

local function read_raw(r, tree)
  local stream = r:show64(tree, "stream")
  local seq = r:show32(tree, "seq")
  local at = r:show64(tree, "sent_at")
  local payload = r:show_bytes(tree, "payload")
  return format(" %s stream %s at %sus %dB %s", dec(seq), hex64(stream), dec64(at), #payload, quote(payload)), seq, payload
end

-- foreign reports whether a hello is of another version (SPEC 8.2), and fails
-- with that.
local function foreign(r, n)
  r:demand(n >= 4, FAULT.elements)
  if r.fault then return end
  local look = new_reader(r.s, r.size)
  look.i = r.i
  local version, id = look:uint32(), look:id()
  if look.fault or version == VERSION then return end
  r.foreign = format("hello version %s source %s %dB, unknown version", dec(version), hex64(id), r.size)
end

local function read_hello(r, tree)
  if r.foreign then
    r:demand(r.size >= MIN_HELLO, FAULT.short_hello)
    r:show32(tree, "version")
    r:show_id(tree, "source_id")
    r:demand(false, FAULT.version)
    return ""
  end
  r:demand(r.size >= MIN_HELLO, FAULT.short_hello)
  local version = r:show32(tree, "version")
  local id = r:show_id(tree, "source_id")
  local token = r:show_bytes(tree, "token")
  r:demand(#token <= MAX_TOKEN, FAULT.token)
  local params = read_params(r, tree)
  local padding = r:show_bytes(tree, "padding")
  r:demand(is_zero(padding), FAULT.padding)
  return format(" version %s source %s token %dB%s %dB", dec(version), hex64(id), #token, params, r.size)
end

local function read_retry(r, tree)
  local id = r:show_id(tree, "dest_id")
  local token = r:show_bytes(tree, "token")
  r:demand(#token > 0 and #token <= MAX_TOKEN, FAULT.token)
  return format(" dest %s token %dB", hex64(id), #token)
end

local function read_accept(r, tree)
  local dest, source = r:show_id(tree, "dest_id"), r:show_id(tree, "source_id")
  return format(" dest %s source %s", hex64(dest), hex64(source)) .. read_params(r, tree)
end

local function read_data(r, tree, context)
  local id = r:show_id(tree, "dest_id")
  local number, number_item = r:show32(tree, "number")
  local n = r:array()
  r:demand(n > 0, FAULT.no_frames)
  r:add(tree, "frames", n)
  local text = {}
  for k = 1, n do
    if r.fault then break end
    local s = read_frame(r, tree, context)
    if k <= DESCRIBE_FRAMES then text[k] = " [" .. s .. "]" end
  end
  if n > DESCRIBE_FRAMES then text[#text + 1] = format(" and %d more", n - DESCRIBE_FRAMES) end
  if context then context.id, context.number, context.item = hex64(id), number, number_item end
  return " " .. dec(number) .. table.concat(text)
end

local function read_reset(r, tree) return " dead " .. hex64(r:show_id(tree, "dead_id")) end

local function read_versions(r, tree)
  local id = r:show_id(tree, "dest_id")
  local n = r:array()
  r:demand(n > 0 and n <= MAX_VERSIONS, FAULT.versions)
  local list = {}
  if r.fault then n = 0 end
  for k = 1, n do list[k] = dec((r:show32(tree, "version"))) end
  return format(" dest %s knows [%s]", hex64(id), table.concat(list, " "))
end

local PACKETS = { [0] = read_raw, read_hello, read_retry, read_accept, read_data, read_reset, read_versions }

-- read_packet reads a body (a datagram without its crc) and returns its text.
-- Whatever it returns is worth something only if r.fault is nil.
local function read_packet(r, tree, context)
  local n = byte(r.s, 1) - 0x90
  r.i = 2
  local t = r:show64(tree, "type")
  r:demand(t.hi == 0 and t.lo <= 6, FAULT.packet_type)
  if r.fault then return "" end
  local name = PACKET_NAMES[t.lo]
  r.type = t.lo
  r:add(tree, "name", name)
  if t.lo == 1 then foreign(r, n) end
  if not r.foreign then r:demand(n == PACKET_ELEMENTS[t.lo], FAULT.elements) end
  local text = PACKETS[t.lo](r, tree, context)
  if not r.fault then
    r.at = r.i
    r:demand(r.i == #r.s + 1, FAULT.trailing)
  end
  return name .. text
end

-- Relations ----------------------------------------------------------------
-- A flow is the data packets for one id from one address to another. What is
-- found is kept by frame of the capture, in the first pass over it: later ones
-- come in any order.

local flows, opposite, found

local function forget()
  flows, opposite, found = {}, {}, {}
end
udplab.init = forget
forget()

local function flow_of(key)
  local f = flows[key]
  if not f then
    f = { frames = {}, times = {}, acked = {}, messages = {} }
    flows[key] = f
  end
  return f
end

local function way(a, a_port, b, b_port) return format("%s:%d>%s:%d", tostring(a), a_port, tostring(b), b_port) end

-- note_number notes a packet of a flow, and what its number says.
local function note_number(f, number, frame, now, finding)
  local before = f.frames[number]
  if before then
    finding.duplicate_of = before
    return
  end
  f.frames[number], f.times[number] = frame, now
  if f.largest then
    local d = ahead(number, f.largest)
    if d > 1 then finding.missing = d - 1 end
    if d < 0 then finding.below = f.largest end
    if d < 0 then return end
  end
  f.largest = number
end

-- note_ack notes which packets of the opposite flow an ack acks. It tells the
-- same again and again, so each range is left where it says nothing new.
local function note_ack(f, ack, frame, now, finding)
  finding.acks[#finding.acks + 1] = { frame = f.frames[ack.largest], time = f.times[ack.largest] and now - f.times[ack.largest] }
  for _, s in ipairs(ack.spans) do
    local known = 0
    for k = 0, s.count - 1 do
      local number = (s.top - k) % TWO32
      if f.frames[number] and not f.acked[number] then
        f.acked[number], known = frame, 0
      else
        known = known + 1
        if known == MAX_KNOWN then break end
      end
    end
  end
end

-- relate notes what a packet means for others, the first time it is seen.
local function relate(pinfo, context)
  local frame, now = pinfo.number, tonumber(pinfo.abs_ts)
  local here = way(pinfo.src, pinfo.src_port, pinfo.dst, pinfo.dst_port)
  local back = way(pinfo.dst, pinfo.dst_port, pinfo.src, pinfo.src_port)
  local key = here .. "/" .. context.id
  local f = flow_of(key)
  opposite[here] = f
  local finding = { acks = {}, again = {}, flow = f }
  note_number(f, context.number, frame, now, finding)
  for k, ack in ipairs(context.acks) do
    if opposite[back] then note_ack(opposite[back], ack, frame, now, finding) else finding.acks[k] = {} end
  end
  for k, m in ipairs(context.messages) do
    local before = f.messages[m.key]
    if not before then
      f.messages[m.key] = { frame = frame, number = context.number }
    elseif before.number ~= context.number then
      finding.again[k] = before.frame
    end
  end
  found[frame] = finding
end

local function generated(tree, name, ...)
  local item = tree:add(F["analysis." .. name], ...)
  item:set_generated()
  return item
end

-- show_relations shows what was noted of a packet.
local function show_relations(pinfo, tree, context)
  local finding = found[pinfo.number]
  if not finding then return end
  if finding.missing then
    generated(tree, "missing", finding.missing):add_proto_expert_info(E.gap,
      format("%s packet number(s) missing before this packet: lost, late, or left out", dec(finding.missing)))
  end
  if finding.duplicate_of then
    generated(tree, "duplicate_of", finding.duplicate_of):add_proto_expert_info(E.duplicate)
  end
  if finding.below and context.item then
    context.item:add_proto_expert_info(E.late, format("out of order: number %s came before", dec(finding.below)))
  end
  local acked_in = finding.flow.acked[context.number]
  if acked_in then generated(tree, "acked_in", acked_in) end
  for k, ack in ipairs(context.acks) do
    local a = finding.acks[k]
    if a and a.frame and ack.tree then
      generated(ack.tree, "acks", a.frame)
      if a.time and a.time >= 0 then generated(ack.tree, "ack_time", NSTime.new(floor(a.time), floor(a.time % 1 * 1e9 + 0.5))) end
    end
  end
  for k, m in ipairs(context.messages) do
    local before = finding.again[k]
    if before and m.tree then
      generated(m.tree, "sent_before", before):add_proto_expert_info(E.again)
    end
  end
end

-- Datagrams ----------------------------------------------------------------

-- crc_of is the crc a datagram claims and the right one; nil if it claims none.
local function crc_of(s)
  local body = #s - CRC_SIZE
  if body < 1 or byte(s, body + 1) ~= 0xce then return nil end
  return big_endian(s, body + 2, 4), crc32c(s, body)
end

-- damaged_text is what can be said of a packet whose crc is wrong.
local function damaged_text(s)
  local r = new_reader(sub(s, 1, math.max(#s - CRC_SIZE, 0)), #s)
  if #s > CRC_SIZE and byte(s, 1) == 0x96 then
    r.i = 2
    local t = r:uint64()
    r:demand(t.hi == 0 and t.lo == 0, FAULT.packet_type)
    local _, seq, payload = read_raw(r)
    if not r.fault and r.i == #r.s + 1 then return format("damaged %dB, perhaps raw %s %s", #s, dec(seq), quote(payload)) end
  end
  return format("damaged %dB", #s)
end

-- show_crc shows the crc and whether it is right.
local function show_crc(tvb, tree, claimed, computed)
  local size = tvb:len()
  if not claimed then
    tree:add_proto_expert_info(E.checksum, "the crc is missing: the fifth byte from the end is not 0xce")
    return
  end
  local range = tvb(size - 4, 4)
  local item = tree:add(F["crc"], range, claimed)
  local good = claimed == computed
  tree:add(F["crc.status"], range, good and 1 or 0):set_generated()
  if good then
    item:append_text(" [correct]")
    return
  end
  tree:add(F["crc.computed"], range, computed):set_generated()
  item:append_text(format(" [wrong, should be 0x%08x]", computed))
  item:add_proto_expert_info(E.checksum, format("the crc is 0x%08x, and 0x%08x would be right: damaged or cut", claimed, computed))
end

-- judged shows the answer of SPEC 2.4 and returns the Info text.
local function judged(tvb, tree, r, text, intact)
  local function answer(word)
    local item = tree:add(F["answer"], tvb(0, 0), word)
    item:set_generated()
    return item
  end
  local size = tvb:len()
  if not intact then
    answer("checksum")
    return nil
  end
  if not r.fault then
    answer("ok")
    return text
  end
  if r.foreign and r.fault == FAULT.version then
    answer("version"):add_proto_expert_info(E.version)
    return r.foreign
  end
  local at = math.min(math.max(r.fault_at or 1, 1), size) - 1
  answer("malformed")
  local fault = tree:add(F["fault"], tvb(at, 1), r.fault)
  fault:set_generated()
  fault:add_proto_expert_info(E.malformed, "malformed: " .. r.fault)
  return format("malformed %dB: %s", size, r.fault)
end

local function dissect_cut(tvb, pinfo, tree)
  local context = nil
  local s = tvb:raw(0, tvb:len())
  local r = new_reader(s, tvb:reported_len(), tvb)
  read_packet(r, tree, context)
  tree:add(F["crc.status"], tvb(0, 0), 2):set_generated()
  tree:add_proto_expert_info(E.cut, format("the capture has %d of %d bytes: the crc cannot be checked", tvb:len(), tvb:reported_len()))
  pinfo.cols.info:set(format("%s, cut to %d of %d bytes by the capture", PACKET_NAMES[r.type] or "packet", tvb:len(), tvb:reported_len()))
end

local function dissect_whole(tvb, pinfo, tree)
  local size = tvb:len()
  if size > MAX_DATAGRAM then
    local r = new_reader("", size)
    r:demand(false, FAULT.too_long)
    pinfo.cols.info:set(judged(tvb, tree, r, "", true))
    return
  end
  local s = tvb:raw(0, size)
  local claimed, computed = crc_of(s)
  local intact = claimed ~= nil and claimed == computed
  local r = new_reader(sub(s, 1, math.max(size - CRC_SIZE, 1)), size, tvb)
  local context = intact and { acks = {}, messages = {} } or nil
  local text = read_packet(r, tree, context)
  show_crc(tvb, tree, claimed, computed)
  pinfo.cols.info:set(judged(tvb, tree, r, text, intact) or damaged_text(s))
  if not intact or r.fault then return end
  if context.close then tree:add_proto_expert_info(E.close) end
  if r.type == 5 then tree:add_proto_expert_info(E.reset) end
  if context.id and udplab.prefs.relations then
    if not pinfo.visited then relate(pinfo, context) end
    show_relations(pinfo, tree, context)
  end
end

local function dissect(tvb, pinfo, root)
  if tvb:len() == 0 then return 0 end
  local first = tvb(0, 1):uint()
  if first < 0x90 or first > 0x9f then return 0 end -- SPEC 2.4: not a packet
  pinfo.cols.protocol = "udplab"
  local tree = root:add(udplab, tvb())
  if tvb:len() < tvb:reported_len() then
    dissect_cut(tvb, pinfo, tree)
  else
    dissect_whole(tvb, pinfo, tree)
  end
  return tvb:len()
end
udplab.dissector = dissect

-- Finding ------------------------------------------------------------------

-- ours reports whether a datagram is a packet of udplab, and whether beyond
-- doubt. RTP, msgpack and others start with the same bytes, so it takes the crc;
-- or, in a damaged packet, each element of the type in its one form; or, in one
-- the capture cut, the type with its number of elements and a long id.
local function ours(tvb)
  local size = tvb:len()
  if size < 8 then return false end
  local first = tvb(0, 1):uint()
  if first < 0x90 or first > 0x9f then return false end
  if size < tvb:reported_len() then
    local t = tvb(1, 1):uint()
    local id = t == 1 and 3 or 2 -- a version stands before the id of a hello
    return first - 0x90 == PACKET_ELEMENTS[t] and tvb(id, 1):uint() == 0xcf, false
  end
  if size > MAX_DATAGRAM then return false end
  local s = tvb:raw(0, size)
  local claimed, computed = crc_of(s)
  if not claimed then return false end
  if claimed == computed then return true, true end
  local r = new_reader(sub(s, 1, size - CRC_SIZE), size)
  read_packet(r)
  return not r.fault, false
end

udplab:register_heuristic("udp", function(tvb, pinfo, root)
  local found_one, sure = ours(tvb)
  if not found_one then return false end
  dissect(tvb, pinfo, root)
  -- From here on the damaged packets of the same two ports are known, too.
  if sure then pinfo.conversation = udplab end
  return true
end)

local by_port = DissectorTable.get("udp.port")
by_port:add_for_decode_as(udplab)

local ports = ""
function udplab.prefs_changed()
  if ports == udplab.prefs.ports then return end
  if ports ~= "" then by_port:remove(ports, udplab) end
  ports = udplab.prefs.ports
  if ports ~= "" then by_port:add(ports, udplab) end
end
