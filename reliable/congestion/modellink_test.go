package congestion

import (
	"container/heap"
	"math/rand/v2"
	"slices"
	"time"
)

// linkPacket is the datagram of the model link and of the table.
const linkPacket = 1452

// A modelLink is a dumbbell in virtual time: senders as arq makes them, one
// bottleneck with a drop-tail queue, loss behind it, and receivers that
// acknowledge every second packet. It drives controllers directly, so that a
// controller's law is tested without what else an engine may get wrong. The
// simulator of the whole engine is the judge; this is its quick deputy.
type modelLink struct {
	rate        float64       // bits per second
	rtt         time.Duration // both ways together, without queue
	jitter      time.Duration // each way, either way, with reordering
	queue       time.Duration // drop-tail limit
	loss        float64       // in both directions, behind the queue
	burst       float64       // mean loss burst in packets; 0 = independent losses
	markAbove   time.Duration // CE marks from this queue on; 0 = none
	policed     bool          // the queue drops as said, but its delay is not felt
	thinned     int           // acks per window; 0 = one for each second packet
	length      time.Duration
	seed        uint64
	rateChanges []rateChange
	flows       []linkFlow
}

type rateChange struct {
	at   time.Duration
	rate float64
}

type linkFlow struct {
	controller Controller
	start, end time.Duration // end 0 = the link's
	quiet      bool          // urgent messages go beside it: no queue is wanted
	appRate    float64       // bits per second the application has to send; 0 = always more
}

// linkResult is what a run of the model link measured.
type linkResult struct {
	flows       []flowResult
	medianQueue time.Duration // of samples each 5 ms
	queues      []time.Duration
	overflowed  int // packets the queue refused
	carried     int // packets the link carried, and lost behind it or not
}

type flowResult struct {
	share    float64 // delivered for the first time, of what the link could carry over the run
	wire     float64 // packets sent per packet delivered
	spurious int
	lost     int
	perSec   []float64 // share of the link in each second
}

// share is what all flows delivered.
func (r linkResult) share() float64 {
	sum := 0.0
	for _, f := range r.flows {
		sum += f.share
	}
	return sum
}

// selfInflicted is the share of packets that the queue refused.
func (r linkResult) selfInflicted() float64 {
	return float64(r.overflowed) / float64(r.overflowed+r.carried)
}

// queueBetween is the median queue in a part of the run.
func (r linkResult) queueBetween(from, to time.Duration) time.Duration {
	return median(r.queues[from/queueSampling : to/queueSampling])
}

const queueSampling = 5 * time.Millisecond

func median(d []time.Duration) time.Duration {
	d = slices.Clone(d)
	slices.Sort(d)
	return d[len(d)/2]
}

type linkEvent struct {
	at   time.Duration
	seq  int
	flow int
	kind int
	arg  int
	sent time.Duration
}

const (
	eventWake = iota // sender: pacing, loss and probe timers
	eventData        // a packet reaches the receiver
	eventAck         // an ack reaches the sender
	eventAckTimer
	eventStart
	eventQueue // a sample of the queue
	eventRate
)

type linkEvents []linkEvent

func (h linkEvents) Len() int { return len(h) }
func (h linkEvents) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].seq < h[j].seq
}
func (h linkEvents) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *linkEvents) Push(x any)   { *h = append(*h, x.(linkEvent)) }
func (h *linkEvents) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}

// lossChain loses packets independently or in bursts (Gilbert-Elliott, as
// lossy's MODEL.md has it).
type lossChain struct {
	loss, burst float64
	bad         bool
	random      *rand.Rand
}

func (l *lossChain) lose() bool {
	if l.loss == 0 {
		return false
	}
	if l.burst <= 1 {
		return l.random.Float64() < l.loss
	}
	if l.bad {
		l.bad = l.random.Float64() >= 1/l.burst
	} else {
		l.bad = l.random.Float64() < l.loss/(1-l.loss)/l.burst
	}
	return l.bad
}

type linkRun struct {
	link     *modelLink
	now      time.Duration
	events   linkEvents
	seq      int
	rate     float64 // bytes per second
	freeAt   time.Duration
	forward  lossChain
	backward lossChain
	random   *rand.Rand
	senders  []*linkSender
	result   linkResult
	capacity float64 // bytes the link could carry
}

// run lets the link work for its length.
func (m modelLink) run() linkResult {
	r := &linkRun{link: &m, rate: m.rate / 8}
	r.random = rand.New(rand.NewPCG(m.seed, 1))
	r.forward = lossChain{loss: m.loss, burst: m.burst, random: rand.New(rand.NewPCG(m.seed, 2))}
	r.backward = lossChain{loss: m.loss, burst: m.burst, random: rand.New(rand.NewPCG(m.seed, 3))}
	for i, f := range m.flows {
		if f.end == 0 {
			f.end = m.length
		}
		s := &linkSender{run: r, id: i, flow: f, c: f.controller, reorder: 2 * m.jitter}
		s.result.perSec = make([]float64, int(m.length/time.Second)+1)
		r.senders = append(r.senders, s)
		r.push(linkEvent{at: f.start, flow: i, kind: eventStart})
	}
	r.push(linkEvent{at: queueSampling, kind: eventQueue})
	for _, c := range m.rateChanges {
		r.push(linkEvent{at: c.at, kind: eventRate, arg: int(c.rate / 8)})
	}
	for len(r.events) > 0 {
		e := heap.Pop(&r.events).(linkEvent)
		if e.at > m.length {
			break
		}
		r.capacity += r.rate * (e.at - r.now).Seconds()
		r.now = e.at
		r.handle(e)
	}
	for _, s := range r.senders {
		f := s.result
		f.wire = float64(s.sentPackets) / float64(s.unitsDelivered)
		f.share = float64(s.unitsDelivered*linkPacket) / r.capacity
		for i := range f.perSec {
			f.perSec[i] = f.perSec[i] * linkPacket / (m.rate / 8)
		}
		r.result.flows = append(r.result.flows, f)
	}
	r.result.medianQueue = median(r.result.queues)
	return r.result
}

func (r *linkRun) push(e linkEvent) {
	r.seq++
	e.seq = r.seq
	heap.Push(&r.events, e)
}

func (r *linkRun) handle(e linkEvent) {
	switch e.kind {
	case eventQueue:
		r.result.queues = append(r.result.queues, max(r.freeAt-r.now, 0))
		r.push(linkEvent{at: r.now + queueSampling, kind: eventQueue})
	case eventRate:
		// What waits leaves at the new rate.
		if waits := r.freeAt - r.now; waits > 0 {
			r.freeAt = r.now + time.Duration(float64(waits)*r.rate/float64(e.arg))
		}
		r.rate = float64(e.arg)
	case eventData:
		r.senders[e.flow].arrived(e.arg, e.sent != 0)
	case eventAck:
		r.senders[e.flow].acked(e.arg)
	case eventAckTimer:
		r.senders[e.flow].ackTimer()
	case eventStart:
		r.senders[e.flow].wake()
	case eventWake:
		if s := r.senders[e.flow]; s.wakeAt == e.at {
			s.wakeAt = 0
			s.wake()
		}
	}
}

// oneWay is the delay of a packet in one direction, without queue.
func (r *linkRun) oneWay() time.Duration {
	d := r.link.rtt / 2
	if r.link.jitter > 0 {
		d += time.Duration((2*r.random.Float64() - 1) * float64(r.link.jitter))
	}
	return d
}

// transmit brings a packet to the bottleneck.
func (r *linkRun) transmit(flow, number int) {
	waits := max(r.freeAt-r.now, 0)
	took := time.Duration(linkPacket / r.rate * 1e9)
	if waits+took > r.link.queue {
		r.result.overflowed++
		return
	}
	r.result.carried++
	r.freeAt = r.now + waits + took
	if r.forward.lose() {
		return
	}
	felt := waits + took
	if r.link.policed {
		felt = took
	}
	marked := time.Duration(0)
	if r.link.markAbove > 0 && waits > r.link.markAbove {
		marked = 1
	}
	r.push(linkEvent{at: r.now + felt + r.oneWay(), flow: flow, kind: eventData, arg: number, sent: marked})
}
