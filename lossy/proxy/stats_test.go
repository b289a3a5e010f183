package proxy

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"udplab/lossy"
)

// Add forgets no count: a snapshot added to nothing is itself, and added again
// has every number doubled. The buffers are no counts.
func TestStatsAdd(t *testing.T) {
	one := Stats{Flows: 1, FlowsOpened: 2, FlowsExpired: 3, Rebound: 4}
	for i, d := range []*DirectionStats{&one.Up, &one.Down} {
		base := uint64(10 * (i + 1))
		d.Link = lossy.Stats{PacketsIn: base + 1, Duplicated: base + 2}
		d.PacketsReceived, d.BytesReceived = base+3, base+4
		d.PacketsSent, d.BytesSent = base+5, base+6
		d.Refused, d.ReadErrors, d.BriefFlows = base+7, base+8, base+9
		for c := range d.Dropped {
			d.Dropped[c] = base + uint64(c)
		}
		d.Lateness.observe(time.Duration(base))
	}
	var sum Stats
	sum.Add(&one)
	if !reflect.DeepEqual(sum, one) {
		t.Error("nothing and a snapshot do not make the snapshot")
	}
	sum.Add(&one)
	numbers := func(s Stats) []uint64 {
		n := []uint64{uint64(s.Flows), s.FlowsOpened, s.FlowsExpired, s.Rebound}
		for _, d := range []DirectionStats{s.Up, s.Down} {
			n = append(n, d.Link.PacketsIn, d.Link.Duplicated, d.PacketsReceived, d.BytesReceived, d.PacketsSent,
				d.BytesSent, d.Refused, d.ReadErrors, d.Lateness.Count, uint64(d.Lateness.Sum))
			n = append(n, d.Dropped[:]...)
		}
		return n
	}
	once, twice := numbers(one), numbers(sum)
	for i := range once {
		if twice[i] != 2*once[i] {
			t.Errorf("number %d is %d after adding %d twice", i, twice[i], once[i])
		}
	}
}

// Every cause has a name of its own and a place in the list, the model's first.
func TestDropsListsEveryCause(t *testing.T) {
	var d DirectionStats
	for i, c := range lossy.Causes() {
		d.Link.Dropped[c] = uint64(100 + i)
	}
	for c := range causeCount {
		d.Dropped[c] = uint64(200 + int(c))
	}
	seen := make(map[string]bool)
	list := d.Drops()
	for i, drop := range list {
		want := uint64(100 + i)
		if i >= len(lossy.Causes()) {
			want = uint64(200 + i - len(lossy.Causes()))
		}
		if drop.Packets != want || seen[drop.Cause] || drop.Cause == "unknown" {
			t.Errorf("line %d is %+v, want %d and a cause of its own", i, drop, want)
		}
		seen[drop.Cause] = true
	}
	if got, want := len(list), len(lossy.Causes())+int(causeCount); got != want {
		t.Errorf("%d causes, want %d", got, want)
	}
	if got := Cause(99).String(); got != "unknown" {
		t.Errorf("cause 99 is %q", got)
	}
}

// Brief flows are counted while they live and when they are gone, and a flow that
// brought nothing, or more, is none.
func TestBriefFlows(t *testing.T) {
	b := startBench(t, Config{}, echo(t, "127.0.0.1:0"))
	for datagrams := range 5 {
		f := b.flowOf(fmt.Sprintf("192.0.2.%d:1", datagrams), &answering{})
		for range datagrams {
			f.up.input(0, []message{{bytes: []byte("x")}}, 0, b.out)
		}
	}
	want := func(when string) {
		t.Helper()
		if s := b.Stats(); s.Up.BriefFlows != BriefFlow || s.Down.BriefFlows != 0 {
			t.Errorf("%s: %d brief flows up and %d down, want those of 1 to %d datagrams, and none", when, s.Up.BriefFlows, s.Down.BriefFlows, BriefFlow)
		}
	}
	want("alive")
	b.pass(DefaultIdleTimeout)
	if s := b.Stats(); s.Flows != 0 {
		t.Fatalf("%d flows are alive", s.Flows)
	}
	want("expired")
}
