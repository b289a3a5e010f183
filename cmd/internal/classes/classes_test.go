package classes

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"udplab/proto"
)

func packet(frames ...func(*proto.DataBuilder)) []byte {
	b := proto.BeginData(nil, 5, 7)
	for _, add := range frames {
		add(&b)
	}
	return b.Finish()
}

func acks(b *proto.DataBuilder) {
	b.AddAck(&proto.Ack{Largest: 7, N: 1, Ranges: [proto.MaxAckRanges]proto.AckRange{{Count: 3}}})
}
func sentAt(b *proto.DataBuilder)  { b.AddSentAt(1) }
func padding(b *proto.DataBuilder) { b.AddPadding(20) }
func ping(b *proto.DataBuilder)    { b.AddPing() }
func credit(b *proto.DataBuilder)  { b.AddMaxData(1 << 20) }
func probe(b *proto.DataBuilder)   { b.AddPathChallenge(9) }
func closes(b *proto.DataBuilder)  { b.AddClose(&proto.Close{}) }
func message(b *proto.DataBuilder) { b.AddMessage(&proto.Message{Size: 2, Payload: []byte("hi")}) }

var params = proto.Params{MaxPacket: 1500}

func TestClasses(t *testing.T) {
	damaged := packet(message)
	damaged[len(damaged)-1] ^= 1
	for _, c := range []struct {
		want string
		b    []byte
	}{
		{"ack", packet(acks)},
		{"ack", packet(acks, sentAt, padding)},
		{"control", packet(acks, ping)},
		{"control", packet(credit, acks)},
		{"path", packet(probe, acks, padding)},
		{"close", packet(acks, closes)},
		{"data", packet(acks, message)},
		{"data", packet(message, credit, probe, acks)},
		{"damaged", damaged},
		{"hello", proto.AppendHello(nil, &proto.Hello{Version: proto.Version, SourceID: 5, Params: params}, proto.MinHello)},
		{"hello", proto.AppendHello(nil, &proto.Hello{Version: 99, SourceID: 5, Params: params}, proto.MinHello)},
		{"retry", proto.AppendRetry(nil, &proto.Retry{DestID: 5, Token: []byte("token")})},
		{"reset", proto.AppendReset(nil, &proto.Reset{DeadID: 5})},
		{"raw", proto.AppendRaw(nil, &proto.Raw{Payload: []byte("x")})},
		{"text", []byte("hällo")},
		{"other", []byte{0xff, 0xfe}},
		{"other", nil},
	} {
		if got := Of(c.b); got != c.want {
			t.Errorf("%s is %q, want %q", proto.Describe(c.b), got, c.want)
		}
		if n := testing.AllocsPerRun(100, func() { Of(c.b) }); n != 0 {
			t.Errorf("%s: %v allocations, want 0", c.want, n)
		}
		if !slices.Contains(All(), c.want) {
			t.Errorf("a datagram is of class %q, which is none of %v", c.want, All())
		}
	}
	if got := regexp.MustCompile(` \([^)]*\)`).ReplaceAllString(Names, ""); got != strings.Join(All(), ", ") {
		t.Errorf("the help names %s, and there are %v", got, All())
	}
}

func BenchmarkOf(b *testing.B) {
	for name, p := range map[string][]byte{"ack": packet(acks), "data": packet(func(b *proto.DataBuilder) {
		b.AddMessage(&proto.Message{Payload: make([]byte, 1100), Size: 1100})
	})} {
		b.Run("packet="+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Of(p)
			}
		})
	}
}
