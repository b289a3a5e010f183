package lossy

import (
	"strings"
	"testing"
	"time"
)

func TestInert(t *testing.T) {
	for _, c := range []struct {
		p    Profile
		want string
	}{
		{Profile{}, ""},
		{Profile{Loss: 0.1, Burst: 4, LossBurstCap: 3, LossAfterQueue: true, Rate: 1e6, Overhead: 28, QueuePackets: 5, Discipline: CoDel{}, ECN: true, SharedBottleneck: true}, ""},
		{Profile{Burst: 1}, ""},
		{Profile{Burst: 4}, "burst has no effect without loss"},
		{Profile{Burst: 4, LossModel: EveryNth{N: 3}}, "burst has no effect without loss"},
		{Profile{LossBurstCap: 3}, "loss-burst-cap has no effect without loss or loss-model"},
		{Profile{LossAfterQueue: true}, "loss-after-queue has no effect without loss or loss-model"},
		{Profile{LossAfterQueue: true, Loss: 0.1}, "loss-after-queue has no effect without rate, link-trace or policer"},
		{Profile{LossAfterQueue: true, Loss: 0.1, Policer: Policer{Rate: 1e6, Burst: 1e4}}, ""},
		{Profile{Delay: time.Second, Distribution: NormalDelay{}}, "delay-distribution has no effect without jitter"},
		{Profile{Distribution: DelayCDF{}, JitterReorder: true}, ""},
		{Profile{JitterReorder: true, Delay: time.Second}, "jitter-reorder has no effect without jitter"},
		{Profile{Netem: NetemCompat{On: true}}, "netem-compat has no effect without loss, delay, duplicate, corrupt or reorder"},
		{Profile{Netem: NetemCompat{On: true, Limit: 1}}, ""},
		{Profile{Netem: NetemCompat{On: true}, LossModel: NetemLoss{}}, ""},
		{Profile{ReorderBy: 2}, "reorder-by has no effect without reorder"},
		{Profile{ReorderFor: time.Second, Delay: time.Second}, "reorder-hold has no effect without reorder"},
		{Profile{ReorderGap: 5, Delay: time.Second}, "reorder-gap has no effect without reorder"},
		{Profile{DuplicateCopies: 3, DuplicateDelay: time.Second}, "duplicate-copies has no effect without duplicate; duplicate-delay has no effect without duplicate"},
		{Profile{CorruptHow: Damage{N: 3}}, "corrupt-how has no effect without corrupt"},
		{Profile{Overhead: 28}, "overhead has no effect without rate, link-trace or policer"},
		{Profile{Queue: time.Second, Discipline: DropHead{}}, "queue has no effect without rate or link-trace; queue-discipline has no effect without rate or link-trace"},
		{Profile{QueueBytes: 9, LinkTrace: &LinkTrace{}}, ""},
		{Profile{ECN: true}, "ecn has no effect without rate or link-trace"},
		{Profile{ECN: true, Rate: 1e6}, "ecn has no effect without queue-discipline codel or queue-discipline red"},
		{Profile{SharedModel: true, Rate: 1e6, Delay: time.Second}, "shared-model has no effect without loss, loss-model, jitter, reorder, duplicate or corrupt"},
		{Profile{SharedModel: true, LossModel: EveryNth{N: 3}}, ""},
		{Profile{SharedBottleneck: true}, "shared-bottleneck has no effect without rate, link-trace or policer"},
	} {
		var list []string
		for _, i := range c.p.Inert() {
			list = append(list, i.String())
		}
		if got := strings.Join(list, "; "); got != c.want {
			t.Errorf("%+v: %q, want %q", c.p, got, c.want)
		}
	}
}

func TestInertByDirection(t *testing.T) {
	c := Config{Up: Profile{Burst: 4, ECN: true}, Down: Profile{Burst: 4, ECN: true, Rate: 1e6, Overhead: 8}}
	var list []string
	for _, i := range c.Inert() {
		list = append(list, i.Text("--"))
	}
	const want = "--burst has no effect without --loss; up: --ecn has no effect without --rate or --link-trace; " +
		"down: --ecn has no effect without --queue-discipline codel or --queue-discipline red"
	if got := strings.Join(list, "; "); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
