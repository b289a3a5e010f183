package table

import (
	"context"
	"slices"
	"testing"
	"time"

	"udplab/reliable/arq"
	"udplab/reliable/congestion"
)

// chat is 20 lines a second beside 1 MB messages of lower priority.
var chat = lanes{
	link: link{rate: 20e6, roundTrip: 50 * ms}, bulk: 1e6, lane: arq.Lane{Priority: -1},
	pause: 50 * ms, size: 200, lines: 200,
}

// A line goes before bulk of lower priority, and behind what is there already of
// bulk that is no less urgent: the row can fail.
func TestLinesWaitForBulkOfTheirPriority(t *testing.T) {
	s := settings{messages: 1000, packet: 1452}
	f := simulate(t, chat, s, 1)
	within(t, "held beside bulk of lower priority", f[Held], 0, 1.58)
	within(t, "goodput of the bulk", f[Goodput], 17, 20)
	within(t, "added", f[Added], 0, 4) // the start of the bulk is a hundredth of so short a run
	within(t, "queue met, which is what is added but for a packet", f[QueueMet], f[Added]-1, f[Added]+1)
	same := chat
	same.lane.Priority = 0
	f = simulate(t, same, s, 1)
	within(t, "held beside bulk of the same priority", f[Held], 1.58, 1000)
}

// A controller that does not keep the queue empty for them makes lines wait in
// it, however soon they leave.
func TestLinesWaitInTheQueueOfOtherControllers(t *testing.T) {
	cubic := func(c congestion.Config) congestion.Controller { return congestion.NewCubic(c) }
	f := simulate(t, chat, settings{messages: 1000, packet: 1452, congestion: cubic}, 1)
	within(t, "held beside bulk of cubic", f[Held], 0, 1.58)
	within(t, "added beside bulk of cubic", f[Added], 20, 200)
}

// Without a queue nothing is added.
func TestLinesBesideBulkThatFillsNoQueue(t *testing.T) {
	f := simulate(t, chat, settings{messages: 1000, packet: 1452, congestion: fixed(50_000)}, 1)
	within(t, "added beside a window of 50 kB", f[Added], 0, 25)
	within(t, "its goodput", f[Goodput], 6, 9)
}

func TestLinesAreSpreadOverTheirPauses(t *testing.T) {
	due := chat.schedule(200, 1)
	phases := make(map[time.Duration]bool)
	for n, at := range due {
		if at < time.Duration(n)*chat.pause || at >= time.Duration(n+1)*chat.pause {
			t.Fatalf("line %d is due at %v", n, at)
		}
		phases[at%chat.pause/(5*ms)] = true
	}
	if len(phases) != 10 {
		t.Errorf("lines in %d tenths of their pauses, want all", len(phases))
	}
	if slices.Equal(due, chat.schedule(200, 2)) {
		t.Error("two seeds give the same times")
	}
}

func TestLanesOverSockets(t *testing.T) {
	l := chat
	l.roundTrip, l.pause = 10*ms, 10*ms
	f, err := l.overSockets(context.Background(), settings{messages: 1000, paced: 1100 * ms, packet: 1452})
	if err != nil {
		t.Fatal(err)
	}
	within(t, "goodput", f[Goodput], 1, 20)
	if _, ok := f[Held]; ok {
		t.Error("held is not visible over sockets")
	}
	if _, ok := f[Added]; !ok {
		t.Error("nothing says what was added")
	}
}
