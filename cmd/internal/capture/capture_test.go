package capture

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"udplab/lossy"
)

// line is a packet of a capture, read back.
type line struct {
	at             time.Time
	side, comment  string
	source, target string
	payload        string
	length         int
	tos            uint8
}

// readBack reads a capture as any other program would, and wants every packet
// that is whole to have checksums that are right.
func readBack(t *testing.T, file []byte) (section string, lines []line) {
	t.Helper()
	r, err := pcapgo.NewNgReader(bytes.NewReader(file), pcapgo.DefaultNgReaderOptions)
	if err != nil {
		t.Fatal(err)
	}
	for {
		data, info, options, err := r.ReadPacketDataWithOptions()
		if errors.Is(err, io.EOF) {
			return r.SectionInfo().Comment, lines
		}
		if err != nil {
			t.Fatal(err)
		}
		about, err := r.Interface(info.InterfaceIndex)
		if err != nil || about.LinkType != layers.LinkTypeRaw || about.TimestampResolution != 9 {
			t.Fatalf("interface %d: %+v, %v", info.InterfaceIndex, about, err)
		}
		p := gopacket.NewPacket(data, layers.LinkTypeRaw, gopacket.Default)
		l := line{at: info.Timestamp, side: about.Name, comment: strings.Join(options.Comments, "|"), length: info.Length}
		udp, ok := p.TransportLayer().(*layers.UDP)
		if !ok {
			t.Fatalf("no UDP: %v", p)
		}
		if info.Length == info.CaptureLength {
			if err := udp.SetNetworkLayerForChecksum(p.NetworkLayer()); err != nil {
				t.Fatal(err)
			}
			if err, wrong := p.VerifyChecksums(); err != nil || len(wrong) > 0 || p.ErrorLayer() != nil {
				t.Errorf("%q: %v %v %v", l.comment, err, wrong, p.ErrorLayer())
			}
		}
		network := p.NetworkLayer()
		if v4, is := network.(*layers.IPv4); is {
			l.tos = v4.TOS
		} else {
			l.tos = network.(*layers.IPv6).TrafficClass
		}
		src, dst := network.NetworkFlow().Endpoints()
		l.source, l.target = fmt.Sprintf("%v %d", src, udp.SrcPort), fmt.Sprintf("%v %d", dst, udp.DstPort)
		l.payload = string(udp.Payload)
		lines = append(lines, l)
	}
}

var epoch = time.Date(2026, 11, 29, 12, 0, 0, 123456789, time.UTC)

// captured runs something with a capture and reads the file.
func captured(t *testing.T, o Options, run func(*Capture)) (section string, lines []line, stats Stats) {
	t.Helper()
	var file bytes.Buffer
	o.Now = func() time.Time { return epoch }
	c, err := New(&file, o)
	if err != nil {
		t.Fatal(err)
	}
	run(c)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatalf("closing again: %v", err)
	}
	section, lines = readBack(t, file.Bytes())
	if got := uint64(len(lines)); got != c.Stats().Packets {
		t.Errorf("%d packets in the file, and Stats says %d", got, c.Stats().Packets)
	}
	return section, lines, c.Stats()
}

var (
	client = netip.MustParseAddrPort("192.0.2.1:5000")
	server = netip.MustParseAddrPort("192.0.2.9:7777")
)

// tapped is a link with a tap, as those who drive links have it.
type tapped struct {
	*lossy.Link
	tap lossy.Tap
}

func newTapped(c *Capture, d lossy.Direction, p lossy.Profile) tapped {
	from, to := client, server
	if d == lossy.Down {
		from, to = to, from
	}
	tap := c.Tapper("")(lossy.FlowKey{}, d, from, to)
	l := lossy.NewLink(1, 0, d, p)
	l.SetTrace(lossy.WithTap(nil, tap))
	return tapped{l, tap}
}

func (l tapped) send(now time.Duration, payload string, mark lossy.ECN) {
	l.tap.Arrived(now, []byte(payload), mark)
	l.SendMarked(now, []byte(payload), 0, mark)
}

func (l tapped) receiveAll() {
	for {
		due, some := l.NextTime()
		if !some {
			return
		}
		if b, came := l.Receive(due, nil); came {
			index, copy := l.Origin()
			l.tap.Left(due, index, copy, b, l.Mark(), false)
		}
	}
}

func script(v ...lossy.Verdict) lossy.Script {
	return func(index uint64, _ int) (lossy.Verdict, bool) { return v[index], true }
}

// What the file says of each kind of fate, on both sides.
func TestComments(t *testing.T) {
	const ms = time.Millisecond
	verdicts := []lossy.Verdict{
		{Drop: lossy.CauseLoss},
		{Drop: lossy.CauseRule, Rule: 2},
		{Copies: 1, Delay: 43 * ms, Wait: 100 * time.Microsecond},
		{Copies: 2, Corrupt: true, Bit: 0},
		{Copies: 1, Corrupt: true, Damage: lossy.Damage{Kind: lossy.DamageBytes, N: 9}},
		{Copies: 1, Corrupt: true, Damage: lossy.Damage{Kind: lossy.DamageTruncate}},
		{Copies: 1, Corrupt: true, Damage: lossy.Damage{Kind: lossy.DamageExtend, N: 3}, Marked: true},
		{Copies: 1, Corrupt: true, Damage: lossy.Damage{N: 80}},
		{Copies: 1, By: 3}, {Copies: 1, Hold: ms}, {Copies: 1, AtOnce: true},
	}
	section, lines, stats := captured(t, Options{Comment: "seed 7; network up: loss 5%"}, func(c *Capture) {
		l := newTapped(c, lossy.Up, lossy.Profile{})
		l.SetScript(script(verdicts...))
		for i := range verdicts {
			l.send(time.Duration(i)*ms, "A", lossy.ECT0)
		}
		l.receiveAll()
	})
	if section != "seed 7; network up: loss 5%" {
		t.Errorf("the section says %q", section)
	}
	if want := uint64(len(verdicts) + 10); stats != (Stats{Packets: want}) {
		t.Errorf("%+v, want %d packets", stats, want)
	}
	var in, out []string
	for _, l := range lines {
		if l.source != "192.0.2.1 5000" || l.target != "192.0.2.9 7777" {
			t.Errorf("from %s to %s", l.source, l.target)
		}
		comment, found := strings.CutSuffix(l.comment, ", flow 0")
		if !found {
			t.Errorf("%q does not name the flow", l.comment)
		}
		if l.side == "up in" {
			in = append(in, comment)
		} else {
			out = append(out, comment)
		}
	}
	wantIn := []string{
		"dropped: loss, index 0", "dropped: rule 2, index 1", "passes, delay 43 ms, wait 0.1 ms, index 2",
		"passes, 2 copies, corrupted bit 0, index 3", "passes, corrupted byte 0, index 4", "passes, truncated to 0 bytes, index 5",
		"passes, extended by 3 bytes, marked CE, index 6", "passes, corrupted bits 0 1 2 3 4 5 6 7, index 7",
		"passes, displaced by 3, index 8", "passes, held 1 ms, index 9", "passes, sent at once, index 10",
	}
	if !slices.Equal(in, wantIn) {
		t.Errorf("came: %q\nwant  %q", in, wantIn)
	}
	for _, want := range []string{"delayed 43.1 ms, index 2", "delayed 42.1 ms, duplicate 1 of 2, corrupted bit 0, index 3",
		"delayed 42.1 ms, duplicate 2 of 2, corrupted bit 0, index 3"} {
		if !slices.Contains(out, want) {
			t.Errorf("none left with %q: %q", want, out)
		}
	}
	for _, l := range lines {
		switch {
		case l.comment == "delayed 43.1 ms, index 2, flow 0":
			if want := epoch.Add(45*ms + 100*time.Microsecond); !l.at.Equal(want) || l.payload != "A" || l.tos != uint8(lossy.ECT0) {
				t.Errorf("%+v, want it at %v, whole and of its codepoint", l, want)
			}
		case l.side == "up out" && strings.Contains(l.comment, "corrupted bit 0,") && l.payload != "\xc1":
			t.Errorf("%+v, want the payload as it went", l)
		case l.side == "up in" && strings.Contains(l.comment, "corrupted bit 0,") && l.payload != "A":
			t.Errorf("%+v, want the payload as it came", l)
		case l.side == "up out" && strings.Contains(l.comment, "marked CE") && l.tos != uint8(lossy.CE):
			t.Errorf("%+v, want it marked", l)
		}
	}
}

// A queue that decides at its head decides later than a packet comes; the time
// is that at which it came. What has no verdict at the end is there all the same.
func TestLateVerdicts(t *testing.T) {
	_, lines, _ := captured(t, Options{}, func(c *Capture) {
		l := newTapped(c, lossy.Down, lossy.Profile{Rate: 8e6, QueuePackets: 2, Discipline: lossy.DropHead{}})
		for range 5 {
			l.send(0, strings.Repeat("x", 1000), lossy.NotECT)
		}
	})
	var got []string
	for _, l := range lines {
		if l.side != "down in" || !l.at.Equal(epoch) || l.source != "192.0.2.9 7777" {
			t.Errorf("%+v", l)
		}
		got = append(got, l.comment)
	}
	want := []string{
		"dropped: queue, index 1, flow 0", "dropped: queue, index 2, flow 0",
	}
	if len(got) != 5 || !strings.HasPrefix(got[0], "passes, wait 1 ms, index 0") && !slices.Contains(got, want[0]) {
		t.Fatalf("%q", got)
	}
	undecided := 0
	for _, comment := range got {
		if strings.HasPrefix(comment, "no verdict yet when the capture ended") {
			undecided++
		}
	}
	if !slices.Contains(got, want[0]) || !slices.Contains(got, want[1]) || undecided != 2 {
		t.Errorf("%q, want two dropped and two without a verdict", got)
	}
}

// Both families, and one client of each kind to a service of the other.
func TestAddresses(t *testing.T) {
	for _, c := range []struct{ from, to, source, target string }{
		{"192.0.2.1:5000", "192.0.2.9:7777", "192.0.2.1 5000", "192.0.2.9 7777"},
		{"[2001:db8::1]:5000", "[2001:db8::9]:7777", "2001:db8::1 5000", "2001:db8::9 7777"},
		{"192.0.2.1:5000", "[2001:db8::9]:7777", "192.0.2.1 5000", "2001:db8::9 7777"},
	} {
		for _, size := range []int{0, 1, 2, 1471, 65507} {
			payload := strings.Repeat("\xff", size)
			_, lines, _ := captured(t, Options{}, func(k *Capture) {
				tap := k.Tapper("b")(lossy.FlowKey{Number: 7}, lossy.Up, netip.MustParseAddrPort(c.from), netip.MustParseAddrPort(c.to))
				tap.Arrived(0, []byte(payload), lossy.ECT1)
				tap.Decided(0, size, lossy.Verdict{Copies: 1})
				tap.Left(0, 0, 0, []byte(payload), lossy.ECT1, true)
			})
			if len(lines) != 2 {
				t.Fatalf("%d packets", len(lines))
			}
			for _, l := range lines {
				if l.source != c.source || l.target != c.target || l.payload != payload || l.tos != uint8(lossy.ECT1) {
					t.Errorf("from %s to %s, %d bytes, tos %d; want %s, %s, %d bytes", l.source, l.target, len(l.payload), l.tos, c.source, c.target, size)
				}
			}
			if got, want := lines[1].comment, "dropped: nat, the port it was for had ended, index 0, flow 7, proxy b"; got != want {
				t.Errorf("%q, want %q", got, want)
			}
		}
	}
}

func TestSnapLen(t *testing.T) {
	_, lines, _ := captured(t, Options{SnapLen: 4}, func(c *Capture) {
		l := newTapped(c, lossy.Up, lossy.Profile{})
		l.send(0, "abcdefgh", lossy.NotECT)
	})
	if len(lines) != 1 || lines[0].payload != "abcd" || lines[0].length != 20+8+8 {
		t.Errorf("%+v, want four bytes of a datagram whose length is known", lines)
	}
}

// The file ends with the last packet that fits, and what does not is counted.
func TestLimit(t *testing.T) {
	const limit = 20_000
	var file bytes.Buffer
	c, err := New(&file, Options{Limit: limit})
	if err != nil {
		t.Fatal(err)
	}
	const sent = 500
	l := newTapped(c, lossy.Up, lossy.Profile{Loss: 1})
	for range sent {
		l.send(0, strings.Repeat("x", 100), lossy.NotECT)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	_, lines := readBack(t, file.Bytes())
	s := c.Stats()
	if file.Len() > limit || file.Len() < limit-300 || s.Packets != uint64(len(lines)) || s.Packets+s.Beyond != sent || s.LeftOut != 0 {
		t.Errorf("%d bytes of at most %d, %d packets in it, %+v", file.Len(), limit, len(lines), s)
	}
}

// gate is a disk that stands still until it is opened.
type gate struct {
	bytes.Buffer
	open chan struct{}
}

func (g *gate) Write(b []byte) (int, error) {
	if g.open != nil {
		<-g.open
	}
	return g.Buffer.Write(b)
}

// A slow disk stops nobody: what finds no room is left out and counted.
func TestSlowDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &gate{}
		c, err := New(out, Options{Buffer: 20_000})
		if err != nil {
			t.Fatal(err)
		}
		out.open = make(chan struct{})
		l := newTapped(c, lossy.Up, lossy.Profile{})
		const sent = 1000
		for i := range sent {
			l.send(time.Duration(i), strings.Repeat("x", 1000), lossy.NotECT)
		}
		if s := c.Stats(); s.LeftOut == 0 || s.Packets+s.LeftOut != sent {
			t.Errorf("%+v of %d packets with a disk that stands still", s, sent)
		}
		close(out.open)
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if _, lines := readBack(t, out.Bytes()); uint64(len(lines)) != c.Stats().Packets {
			t.Errorf("%d packets in the file, and Stats says %d", len(lines), c.Stats().Packets)
		}
	})
}

// So does what waits for its fate, however many that are.
func TestManyWithoutVerdict(t *testing.T) {
	_, lines, stats := captured(t, Options{Buffer: 20_000}, func(c *Capture) {
		tap := c.Tapper("")(lossy.FlowKey{}, lossy.Up, client, server)
		for range 100 {
			tap.Arrived(0, make([]byte, 1000), lossy.NotECT)
		}
		tap.Decided(0, 1000, lossy.Verdict{Index: 99, Drop: lossy.CauseQueue})
	})
	if stats.LeftOut == 0 || len(lines) == 0 || stats.Packets+stats.LeftOut != 100 {
		t.Errorf("%+v, %d lines", stats, len(lines))
	}
}

// broken is a full disk.
type broken struct{ writes int }

func (b *broken) Write(p []byte) (int, error) {
	if b.writes++; b.writes > 1 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

func TestFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := New(&broken{}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		l := newTapped(c, lossy.Up, lossy.Profile{Loss: 1})
		l.send(0, "x", lossy.NotECT)
		synctest.Wait()
		l.send(0, "x", lossy.NotECT)
		if s := c.Stats(); s.LeftOut != 1 {
			t.Errorf("%+v, want what came after the error left out", s)
		}
		if err := c.Close(); !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("%v, want what the disk said", err)
		}
		if _, err := New(&broken{writes: 1}, Options{}); !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("%v, want what the disk said of the head", err)
		}
	})
}

func TestLongComment(t *testing.T) {
	section, _, _ := captured(t, Options{Comment: strings.Repeat("y", 100_000)}, func(*Capture) {})
	if len(section) != maxComment || !strings.HasSuffix(section, "...") {
		t.Errorf("a comment of %d bytes, want it cut to %d", len(section), maxComment)
	}
}

func BenchmarkTap(b *testing.B) {
	c, err := New(io.Discard, Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	tap := c.Tapper("")(lossy.FlowKey{}, lossy.Up, client, server)
	payload := make([]byte, 1200)
	b.ReportAllocs()
	i := uint64(0)
	for b.Loop() {
		tap.Arrived(0, payload, lossy.NotECT)
		tap.Decided(0, len(payload), lossy.Verdict{Index: i, Copies: 1})
		tap.Left(0, i, 0, payload, lossy.NotECT, false)
		i++
	}
}
