package wireshark

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"testing"

	"udplab/proto"
)

// pdmlField is an element of tshark's -T pdml.
type pdmlField struct {
	Name   string      `xml:"name,attr"`
	Show   string      `xml:"show,attr"`
	Text   string      `xml:"showname,attr"`
	Hide   string      `xml:"hide,attr"`
	Fields []pdmlField `xml:"field"`
}

type pdmlPacket struct {
	Protos []pdmlField `xml:"proto"`
}

// dissected is what the trees of a capture hold: for each packet the fields of
// udplab in their order, each as "name=value".
func dissected(t *testing.T, capture []byte, args ...string) [][]string {
	t.Helper()
	var file struct {
		Packets []pdmlPacket `xml:"packet"`
	}
	out := tshark(t, Dissector, capture, append(args, "-T", "pdml")...)
	if err := xml.NewDecoder(bytes.NewReader(out)).Decode(&file); err != nil {
		t.Fatal(err)
	}
	all := make([][]string, len(file.Packets))
	for i, p := range file.Packets {
		for _, proto := range p.Protos {
			if proto.Name == "udplab" {
				all[i] = appendFields(nil, proto.Fields)
			}
		}
	}
	return all
}

func appendFields(dst []string, fields []pdmlField) []string {
	for _, f := range fields {
		if strings.HasPrefix(f.Name, "udplab.") {
			dst = append(dst, strings.TrimPrefix(f.Name, "udplab.")+"="+f.Show)
		}
		dst = appendFields(dst, f.Fields)
	}
	return dst
}

// without leaves out the fields that package proto says nothing of: where a
// packet stands among others, and what experts think of it.
func without(fields []string, prefixes ...string) []string {
	return slices.DeleteFunc(slices.Clone(fields), func(f string) bool {
		return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(f, p) })
	})
}

// expected is what the tree of a packet that is ok has to hold, by package proto.
func expected(b []byte, p *proto.Packet) []string {
	var e fieldList
	e.add("type", int(p.Type))
	e.add("name", p.Type)
	switch p.Type {
	case proto.TypeRaw:
		e.hex("stream", p.Raw.Stream)
		e.add("seq", p.Raw.Seq)
		e.add("sent_at", p.Raw.SentAt)
		e.bytes("payload", p.Raw.Payload)
	case proto.TypeHello:
		e.add("version", p.Hello.Version)
		e.hex("source_id", p.Hello.SourceID)
		e.bytes("token", p.Hello.Token)
		e.params(&p.Hello.Params)
		e.bytes("padding", make([]byte, padding(b)))
	case proto.TypeRetry:
		e.hex("dest_id", p.Retry.DestID)
		e.bytes("token", p.Retry.Token)
	case proto.TypeAccept:
		e.hex("dest_id", p.Accept.DestID)
		e.hex("source_id", p.Accept.SourceID)
		e.params(&p.Accept.Params)
	case proto.TypeData:
		e.data(&p.Data)
	case proto.TypeReset:
		e.hex("dead_id", p.Reset.DeadID)
	case proto.TypeVersion:
		e.hex("dest_id", p.Version.DestID)
		for _, v := range p.Version.List[:p.Version.Count] {
			e.add("version", v)
		}
	}
	e.add("crc", fmt.Sprintf("0x%x", b[len(b)-4:]))
	e.add("crc.status", 1)
	e.add("answer", "ok")
	return e
}

// padding is how many zeros a hello has before its crc: as many as the header
// before them says, c5 and two bytes.
func padding(b []byte) int {
	for n := len(b) - 5; n > 0; n-- {
		if at := len(b) - 5 - n; at >= 3 && b[at-3] == 0xc5 && int(b[at-2])<<8|int(b[at-1]) == n {
			return n
		}
	}
	return 0
}

// fieldList collects fields in the order of the wire.
type fieldList []string

func (e *fieldList) add(name string, value any) { *e = append(*e, fmt.Sprintf("%s=%v", name, value)) }

func (e *fieldList) hex(name string, v uint64) { e.add(name, fmt.Sprintf("0x%016x", v)) }

func (e *fieldList) bytes(name string, b []byte) {
	e.add(name, strings.ReplaceAll(fmt.Sprintf("% x", b), " ", ":"))
}

func (e *fieldList) params(p *proto.Params) {
	e.add("params", "")
	e.add("params.max_data", p.MaxData)
	e.add("params.max_packet", p.MaxPacket)
	e.add("params.idle_ms", p.IdleMillis)
	e.add("params.first", p.First)
}

// lane is the number of a lane and what it is made of.
func (e *fieldList) lane(channel uint8, mode proto.Mode) {
	e.add("lane", int(channel)*8+int(mode))
	e.add("channel", channel)
	e.add("mode", int(mode))
}

func (e *fieldList) data(d *proto.Data) {
	e.hex("dest_id", d.DestID)
	e.add("number", d.Number)
	at := len(*e)
	n := 0
	var f proto.Frame
	for it := d.Frames(); it.Next(&f); n++ {
		e.add("frame", "")
		e.frame(&f)
	}
	*e = slices.Insert(*e, at, fmt.Sprintf("frames=%d", n))
}

func (e *fieldList) frame(f *proto.Frame) {
	if f.Type == proto.FrameMessage || f.Type == proto.FrameFragment {
		e.message(f.Type, &f.Message)
		return
	}
	wire := int(f.Type)
	if f.Type == proto.FrameRepair {
		wire = 4112
	}
	e.add("frame.type", wire)
	e.add("frame.name", f.Type)
	switch name := f.Type.String(); f.Type {
	case proto.FrameChannelCredit:
		e.add("channel", f.ChannelCredit.Channel)
		e.add("channel_credit.limit", f.ChannelCredit.Limit)
	case proto.FrameSkip, proto.FrameLate:
		e.lane(f.Lapse.Channel, f.Lapse.Mode)
		e.add(name+".seq", f.Lapse.Seq)
		e.add(name+".count", f.Lapse.Count)
	case proto.FrameAck:
		e.ack(&f.Ack)
	case proto.FrameMaxData:
		e.add("max_data.limit", f.MaxData)
	case proto.FrameClose:
		e.add("close.code", fmt.Sprintf("0x%08x", f.Close.Code))
		e.add("close.reason", string(f.Close.Reason))
	case proto.FrameECN:
		e.add("ecn.ect0", f.ECN.ECT0)
		e.add("ecn.ect1", f.ECN.ECT1)
		e.add("ecn.ce", f.ECN.CE)
	case proto.FrameReceivedAt:
		e.add("received_at.number", f.ReceivedAt.Number)
		e.add("received_at.at", f.ReceivedAt.At.Microseconds())
	case proto.FrameAckFrequency:
		flags := 0
		if f.AckFrequency.ReportReceivedAt {
			flags = 1
		}
		e.add("ack_frequency.seq", f.AckFrequency.Seq)
		e.add("ack_frequency.threshold", f.AckFrequency.Threshold)
		e.add("ack_frequency.max_delay", f.AckFrequency.MaxDelay.Microseconds())
		e.hex("ack_frequency.flags", uint64(flags))
	case proto.FramePathChallenge, proto.FramePathResponse:
		e.hex(name+".token", f.PathToken)
	case proto.FramePadding:
		e.bytes("padding.zeros", make([]byte, f.Padding))
	case proto.FrameFin:
		e.add("fin.next", f.FinNext)
	case proto.FrameSentAt:
		e.add("sent_at.at", f.SentAt)
	case proto.FrameRepair:
		e.lane(f.Repair.Channel, f.Repair.Mode)
		e.add("repair.seq", f.Repair.Seq)
		e.add("repair.span", f.Repair.Span)
		e.add("repair.key", f.Repair.Key)
		e.bytes("repair.payload", f.Repair.Payload)
	}
}

func (e *fieldList) message(t proto.FrameType, m *proto.Message) {
	fragment := t == proto.FrameFragment
	wire := 16 + int(m.Channel)*16 + int(m.Mode)*2
	if fragment {
		wire++
	}
	e.add("frame.type", wire)
	e.add("frame.name", t)
	e.lane(m.Channel, m.Mode)
	e.add("message.seq", m.Seq)
	if fragment {
		e.add("message.size", m.Size)
		e.add("message.offset", m.Offset)
	}
	if m.Mode == proto.ModeDeadline {
		e.add("message.left", m.Left.Microseconds()/64)
	}
	e.bytes("message.payload", m.Payload)
	if !fragment {
		e.add("message.size", m.Size)
	}
}

func (e *fieldList) ack(a *proto.Ack) {
	e.add("ack.largest", a.Largest)
	e.add("ack.delay", a.Delay.Microseconds()/64)
	top := a.Largest
	for k, r := range a.Ranges[:a.N] {
		if k > 0 {
			e.add("ack.gap", r.Gap)
			top -= r.Gap
		}
		e.add("ack.count", r.Count)
		bottom := top - r.Count + 1
		if bottom == top {
			e.add("ack.range", top)
		} else {
			e.add("ack.range", fmt.Sprintf("%d-%d", bottom, top))
		}
		top = bottom - 1
	}
}

// compareFields compares the tree of every packet that is ok with what package
// proto parses.
func compareFields(t *testing.T, datagrams []datagram, args ...string) {
	t.Helper()
	got := dissected(t, pcap(t, datagrams), args...)
	if len(got) != len(datagrams) {
		t.Fatalf("%d packets for %d datagrams", len(got), len(datagrams))
	}
	ok := 0
	for i, d := range datagrams {
		var p proto.Packet
		if proto.Parse(d.payload, &p) != nil {
			continue
		}
		ok++
		want := expected(d.payload, &p)
		if tree := without(got[i], "analysis.", "expert."); !slices.Equal(tree, want) {
			t.Errorf("%s: %s", proto.Describe(d.payload), firstDifference(tree, want))
		}
	}
	if ok == 0 {
		t.Error("no packet was ok")
	}
}

func firstDifference(got, want []string) string {
	for i := range max(len(got), len(want)) {
		var g, w string
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			return fmt.Sprintf("field %d: tshark has %.200q, proto has %.200q", i, g, w)
		}
	}
	return "none"
}

func TestTreesOfTheVectorsHoldWhatProtoParses(t *testing.T) {
	var payloads [][]byte
	for _, v := range vectors(t) {
		if v.expect == "ok" {
			payloads = append(payloads, v.bytes)
		}
	}
	compareFields(t, inCapture(payloads), forced...)
}
