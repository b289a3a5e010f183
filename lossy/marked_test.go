package lossy

import (
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// What is ECN-capable comes marked out of a queue that is too long, and what is not
// does not come out of it at all; without ECN neither does. Marks that no queue
// changes arrive as they were written.
func TestNetworkCarriesMarks(t *testing.T) {
	const datagrams = 400
	for _, c := range []struct {
		ecn    bool
		mark   ECN
		marked bool // where others are dropped
	}{{true, ECT0, true}, {true, ECT1, true}, {true, NotECT, false}, {false, ECT0, false}} {
		synctest.Test(t, func(t *testing.T) {
			codel, err := ParseDiscipline("codel")
			if err != nil {
				t.Fatal(err)
			}
			n := NewNetwork(Config{Up: Profile{Rate: 8e6, QueuePackets: datagrams, Discipline: codel, ECN: c.ecn}})
			a, b := mustListen(t, n, alice), mustListen(t, n, bob)
			for range datagrams {
				if _, err := MarkedConn(a).WriteMarked(make([]byte, 1000), bob, c.mark); err != nil {
					t.Fatal(err)
				}
			}
			b.SetReadDeadline(time.Now().Add(time.Second)) // for 400 ms of datagrams
			got := make(map[ECN]int)
			for {
				size, from, mark, err := MarkedConn(b).ReadMarked(make([]byte, 2000))
				if errors.Is(err, os.ErrDeadlineExceeded) {
					break
				}
				if size != 1000 || from != alice || err != nil {
					t.Fatalf("read %d bytes from %v, %v", size, from, err)
				}
				got[mark]++
			}
			s := n.Stats().Up
			if int(s.Marked) != got[CE] || int(s.Dropped[CauseAQM]) != datagrams-got[c.mark]-got[CE] {
				t.Errorf("%+v: %v arrived, and the network counts %d marked, %d dropped", c, got, s.Marked, s.Dropped[CauseAQM])
			}
			if marks, drops := got[CE] > 0, s.Dropped[CauseAQM] > 0; marks != c.marked || drops == c.marked {
				t.Errorf("%+v: %d marked and %d dropped", c, got[CE], s.Dropped[CauseAQM])
			}
		})
	}
}

// net.PacketConn has no marks: what is written through it is not ECN-capable.
func TestMarksAreOnlyForWhoAsks(t *testing.T) {
	n := NewNetwork(Config{})
	a, b := mustListen(t, n, alice), mustListen(t, n, bob)
	mustWrite(t, a, "plain", bob)
	if _, err := a.WriteMarked([]byte("marked"), bob, 0xfc|CE); err != nil { // with bits that are not ECN's
		t.Fatal(err)
	}
	for _, want := range []ECN{NotECT, CE} {
		if _, _, mark, err := b.ReadMarked(nil); mark != want || err != nil {
			t.Errorf("%v, %v, want %v", mark, err, want)
		}
	}
}
