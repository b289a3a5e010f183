package proxy

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"udplab/lossy"
)

// recorder is a socket that remembers what it was given, and when.
type recorder struct {
	clock func() time.Duration
	sent  []string
	marks []lossy.ECN
}

func (r *recorder) send(b *burst, i int) (int, error) {
	for k := i; k < b.count(); k++ {
		r.sent = append(r.sent, fmt.Sprintf("%v %x", r.clock(), b.datagram(k)))
		r.marks = append(r.marks, b.marks[k])
	}
	return b.count() - i, nil
}

func (r *recorder) port() uint16  { return 0 }
func (r *recorder) drops() uint64 { return 0 }
func (r *recorder) close()        {}

// However many datagrams a read brings, joined or not, each meets the fate and
// leaves at the time that it would alone, under every impairment at once.
func TestBatchesChangeNoDecision(t *testing.T) {
	const datagrams, together, size = 64 * 60, 64, 100
	bad := lossy.Profile{
		Loss: 0.1, Burst: 3, Delay: 3 * time.Millisecond, Jitter: 2 * time.Millisecond,
		Reorder: 0.1, Duplicate: 0.1, Corrupt: 0.1, Rate: 20e6, Queue: 3 * time.Millisecond,
	}
	run := func(messages, joined int) ([]string, lossy.Stats) {
		b := startBench(t, Config{Config: lossy.Config{Seed: 5, Up: bad}}, echo(t, "127.0.0.1:0"))
		service := &recorder{clock: b.clock}
		f := b.flow(service)
		for i := 0; i < datagrams; i += together {
			for k := 0; k < together; k += messages * joined {
				var read []message
				for n := range messages {
					m := message{segment: size}
					for j := range joined {
						m.bytes = append(m.bytes, make([]byte, size)...)
						copy(m.bytes[j*size:], fmt.Sprint("datagram ", i+k+n*joined+j))
					}
					read = append(read, m)
				}
				f.up.input(b.clock(), read, 0, b.out)
			}
			for range 10 {
				b.pass(100 * time.Microsecond)
			}
		}
		for range 200 {
			b.pass(time.Millisecond)
		}
		return service.sent, b.Stats().Up.Link
	}
	want, counts := run(1, 1)
	if counts.Drops() == 0 || counts.Reordered == 0 || counts.Duplicated == 0 || counts.Dropped[lossy.CauseQueue] == 0 {
		t.Fatalf("the network did nothing: %+v", counts)
	}
	for _, c := range []struct{ messages, joined int }{{2, 1}, {1, 2}, {8, 4}, {64, 1}, {1, 64}} {
		got, n := run(c.messages, c.joined)
		if n != counts {
			t.Errorf("%d messages of %d: counts %+v, want %+v", c.messages, c.joined, n, counts)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d messages of %d: what came out differs from one by one", c.messages, c.joined)
		}
	}
}

// On sockets: a client that gives the kernel 50 datagrams at a time, and one
// that gives it one, lose the same ones.
func TestBurstsMeetTheSameFates(t *testing.T) {
	const datagrams, together = 1000, 50
	run := func(each int) (received []string) {
		sink := socket(t, "udp", "127.0.0.1:0")
		p := startProxy(t, Config{Config: lossy.Config{Seed: fates.Seed, Up: fates.Up}}, newAlarm(), addrOf(sink))
		sys := newSystem()
		c, err := sys.dial(p.Addr(), DefaultBuffer, &flood{})
		if err != nil {
			t.Fatal(err)
		}
		defer sys.close()
		defer c.close()
		out := newBurst()
		for i := range datagrams {
			out.bytes = append(out.bytes, fmt.Sprintf("datagram %4d", i)...)
			out.added(0, lossy.NotECT)
			if out.count() == each {
				sendAll(c, out)
			}
			if (i+1)%together == 0 {
				eventually(t, "the proxy has read them", func() bool { return p.Stats().Up.PacketsReceived == uint64(i+1) })
				for range p.Stats().Up.PacketsSent - uint64(len(received)) {
					received = append(received, receive(t, sink))
				}
			}
		}
		return received
	}
	one, many := run(1), run(together)
	if len(one) == datagrams || len(one) == 0 {
		t.Fatalf("%d of %d came through: the network did nothing", len(one), datagrams)
	}
	if !slices.Equal(one, many) {
		t.Errorf("%d datagrams came through one by one, %d in bursts, or others", len(one), len(many))
	}
}

// What a queue marks leaves with the mark, and nothing else does.
func TestMarksLeave(t *testing.T) {
	profile := lossy.Profile{Rate: 8e6, Discipline: lossy.CoDel{Target: 5 * time.Millisecond, Interval: 100 * time.Millisecond}, ECN: true}
	b := startBench(t, Config{Config: lossy.Config{Up: profile}}, echo(t, "127.0.0.1:0"))
	service := &recorder{clock: b.clock}
	f := b.flow(service)
	for range 1000 { // twice the rate
		f.up.input(b.clock(), []message{{bytes: make([]byte, 1000), mark: lossy.ECT0}}, 0, b.out)
		b.pass(500 * time.Microsecond)
	}
	for range 1000 {
		b.pass(time.Millisecond)
	}
	marked := uint64(0)
	for _, mark := range service.marks {
		switch mark {
		case lossy.CE:
			marked++
		case lossy.ECT0:
		default:
			t.Errorf("a datagram left with %v", mark)
		}
	}
	if s := b.Stats().Up.Link; marked != s.Marked || marked == 0 {
		t.Errorf("%d left with CE, the link marked %d", marked, s.Marked)
	}
}

func TestMessageIsSplit(t *testing.T) {
	for _, c := range []struct {
		bytes   string
		segment int
		want    []string
	}{
		{"", 0, []string{""}},
		{"abc", 0, []string{"abc"}},
		{"abc", 3, []string{"abc"}},
		{"abc", 9, []string{"abc"}},
		{"abc", -1, []string{"abc"}},
		{"abcdef", 3, []string{"abc", "def"}},
		{"abcdefg", 3, []string{"abc", "def", "g"}},
	} {
		m := message{bytes: []byte(c.bytes), segment: c.segment}
		n := m.count()
		var got []string
		for more := true; more; {
			var d []byte
			d, more = m.next()
			got = append(got, string(d))
		}
		if !slices.Equal(got, c.want) || n != len(got) {
			t.Errorf("%q by %d is %q, counted as %d, want %q", c.bytes, c.segment, got, n, c.want)
		}
	}
}
