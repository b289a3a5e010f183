package wireshark

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"udplab/proto"
)

var update = flag.Bool("update", false, "write testdata/golden.pcap and testdata/golden.txt anew")

// A step is a datagram of the golden capture and what it is there for.
type step struct {
	name string
	datagram
}

// session is a conversation made by hand, in which each relation comes once.
func session() []step {
	const clientID, serverID = 0x1f2e3d4c5b6a7988, 0xa1b2c3d4e5f60718
	params := proto.Params{MaxData: 1 << 20, MaxPacket: 1472, IdleMillis: 60000, First: 100}
	token := bytes.Repeat([]byte{0x5c}, 32)
	data := func(id uint64, number uint32, add ...func(*proto.DataBuilder)) []byte {
		b := proto.BeginData(nil, id, number)
		for _, f := range add {
			f(&b)
		}
		return b.Finish()
	}
	message := func(seq uint32, text string) func(*proto.DataBuilder) {
		m := proto.Message{Seq: seq, Size: uint32(len(text)), Payload: []byte(text)}
		return func(b *proto.DataBuilder) { b.AddMessage(&m) }
	}
	ack := func(largest uint32, ranges ...proto.AckRange) func(*proto.DataBuilder) {
		a := proto.Ack{Largest: largest, Delay: 640 * time.Microsecond, N: len(ranges)}
		copy(a.Ranges[:], ranges)
		return func(b *proto.DataBuilder) { b.AddAck(&a) }
	}
	damaged := data(serverID, 104, message(103, "damaged"))
	damaged[20] ^= 0x04
	var steps []step
	say := func(name string, up bool, payload []byte) {
		d := datagram{from: clientAddr, to: serverAddr, payload: payload, at: time.Duration(10*len(steps)) * time.Millisecond}
		if !up {
			d.from, d.to = d.to, d.from
		}
		steps = append(steps, step{"session: " + name, d})
	}
	hello := proto.Hello{Version: proto.Version, SourceID: clientID, Params: params}
	say("hello", true, proto.AppendHello(nil, &hello, proto.MinHello))
	say("retry", false, proto.AppendRetry(nil, &proto.Retry{DestID: clientID, Token: token}))
	hello.Token = token
	say("hello with the token", true, proto.AppendHello(nil, &hello, proto.MinHello))
	say("accept", false, proto.AppendAccept(nil, &proto.Accept{DestID: clientID, SourceID: serverID, Params: params}))
	say("the first packet", true, data(serverID, 100, message(100, "one")))
	say("packet 101 is lost before the capture", true, data(serverID, 102, message(102, "three")))
	say("the same packet again", true, data(serverID, 102, message(102, "three")))
	say("what arrived is acked", false, data(clientID, 100, ack(102, proto.AckRange{Count: 1}, proto.AckRange{Gap: 1, Count: 1})))
	say("a bit was flipped", true, damaged)
	say("message 102 once more, though it need not be", true, data(serverID, 105, message(102, "three"), message(101, "two")))
	say("packet 103 was slow", true, data(serverID, 103, func(b *proto.DataBuilder) { b.AddPing() }))
	say("the end", true, data(serverID, 106, ack(100, proto.AckRange{Count: 1}), func(b *proto.DataBuilder) { b.AddClose(&proto.Close{Reason: []byte("bye")}) }))
	say("the server has forgotten", false, proto.AppendReset(nil, &proto.Reset{DeadID: serverID}))
	return steps
}

// golden is the session, and behind it the vectors as far as they are short.
// Each vector has ports of its own, so that it is not related to others.
func golden(t *testing.T) []step {
	steps := session()
	for i, v := range vectors(t) {
		if len(v.bytes) > 200 {
			continue
		}
		d := inCapture([][]byte{v.bytes})[0]
		d.at = time.Duration(1000+i) * time.Millisecond
		d.from = mustAddr(fmt.Sprintf("192.0.2.1:%d", 41000+i))
		steps = append(steps, step{v.name, d})
	}
	return steps
}

// TestGolden holds the capture to the code that makes it and what tshark prints
// of it to what was reviewed. In a difference of the second kind, look first
// whether it is the version of tshark that changed.
func TestGolden(t *testing.T) {
	steps := golden(t)
	var datagrams []datagram
	for _, s := range steps {
		datagrams = append(datagrams, s.datagram)
	}
	capture := pcap(t, datagrams)
	printed := printedTrees(t, capture, steps)
	for name, want := range map[string][]byte{"golden.pcap": capture, "golden.txt": printed} {
		file := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(file, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatalf("%v; go test ./proto/wireshark -run TestGolden -update writes it", err)
		}
		if name == "golden.txt" { // a checkout on Windows may have turned the line ends
			got = bytes.ReplaceAll(got, []byte("\r\n"), []byte("\n"))
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs; run with -update and review the diff: %s", file, firstDifference(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")))
		}
	}
}

// printedTrees is what tshark -V prints of udplab for each packet, under the
// name of the packet and its Info column. Of other layers nothing is kept:
// their words change from version to version.
func printedTrees(t *testing.T, capture []byte, steps []step) []byte {
	infos := columns(t, Dissector, capture, []string{"_ws.col.Protocol", "_ws.col.Info"})
	packets := strings.Split("\n"+string(tshark(t, Dissector, capture, "-2", "-V", "-O", "udplab")), "\nFrame ")[1:]
	if len(packets) != len(steps) || len(infos) != len(steps) {
		t.Fatalf("tshark prints %d packets and %d infos for %d datagrams", len(packets), len(infos), len(steps))
	}
	var out bytes.Buffer
	for i, s := range steps {
		fmt.Fprintf(&out, "%d %s\n", i+1, s.name)
		_, tree, ours := strings.Cut(packets[i], "\nudplab\n")
		if ours != (infos[i][0] == "udplab") {
			t.Errorf("%s: the protocol is %s, and there is a tree of udplab: %v", s.name, infos[i][0], ours)
		}
		if !ours {
			out.WriteString("  not udplab's\n\n")
			continue
		}
		fmt.Fprintf(&out, "  %s\n", infos[i][1])
		expert := 0 // lines that follow an expert's and say the same again
		for line := range strings.SplitSeq(strings.TrimRight(tree, "\n"), "\n") {
			if expert--; expert < 0 {
				fmt.Fprintf(&out, "  %s\n", line)
			}
			if strings.Contains(line, "[Expert Info ") {
				expert = 3
			}
		}
		out.WriteString("\n")
	}
	return out.Bytes()
}
