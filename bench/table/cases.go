package table

import (
	"fmt"
	"math"
	"time"

	"udplab/lossy"
	"udplab/reliable/arq"
	"udplab/reliable/congestion"
)

// Cases returns the table, in the order in which it is shown.
func Cases() []Case {
	cases := bulkCases()
	cases = append(cases, flowCases()...)
	cases = append(cases, pacedCases()...)
	cases = append(cases, laneCase())
	cases = append(cases, deadlineCases()...)
	return append(cases, Case{
		Name: "queue", Title: "queue standing in the bottleneck in bulk, 50 Mbit/s, 50 ms RTT",
		Today: "50 ms (loss-based)", Targets: []Target{{Queue, AtMost, 15}},
		work: bulk{link{rate: 50e6, roundTrip: 50 * ms}},
	}, Case{
		Name: "isolated-losses", Title: "100 isolated losses in 10 MiB",
		Today: "<= 150 (Aeron's bound)", Targets: []Target{{Retransmits, AtMost, 110}},
		work:  isolated{losses: 100, bytes: 10 << 20},
		apart: "a probe timeout sends up to two packets again, and a goroutine that wakes late can set one off",
	}, Case{
		Name: "handshakes", Title: "1,000 handshakes at 50 % loss both ways, 30 s each",
		Today: "30, 50 (QUIC interop)", Targets: []Target{{Handshakes, AtLeast, 1000}},
		work:  handshakes{count: 1000, within: 30 * time.Second},
		apart: "a thousand handshakes at once cost this machine time that the simulator does not count",
	})
}

const ms = time.Millisecond

// link describes a bottleneck as the table does: the rate and the queue hold
// for the way of the data alone, everything else for both ways.
type link struct {
	rate      float64 // bits of UDP payload per second
	roundTrip time.Duration
	loss      float64
	burst     float64       // mean length, 0 for independent losses
	jitter    time.Duration // either way of each direction's delay, with reordering
}

// queueLimit is the drop-tail queue before every bottleneck.
const queueLimit = 50 * ms

// profiles are what the link does to the data and to what comes back. Losses
// lie behind the queue, as if on a radio link after the router. What comes
// back is not limited in rate.
func (l link) profiles() (ahead, back lossy.Profile) {
	back = lossy.Profile{
		Loss: l.loss, Burst: l.burst, LossAfterQueue: true,
		Delay: l.roundTrip / 2, Jitter: l.jitter, JitterReorder: l.jitter > 0,
	}
	ahead = back
	ahead.Rate, ahead.Queue = l.rate, queueLimit
	return ahead, back
}

// bulkDraws is how many seeds of bulk stand for one of the others: at 10 % loss
// its runs differ by a tenth.
const bulkDraws = 3

func bulkCases() []Case {
	row := func(name, title, today string, goodput, wire float64, l link) Case {
		why := apartLossy
		if l.loss == 0 {
			why = apartClean
		}
		return Case{
			Name: name, Title: title, Today: today, work: bulk{l}, draws: bulkDraws, apart: why,
			Targets: []Target{{Goodput, AtLeast, goodput}, {Wire, AtMost, wire}},
		}
	}
	jittered := link{rate: 50e6, roundTrip: 30 * ms, jitter: 5 * ms}
	return []Case{
		row("bulk-0", "50 Mbit/s, 50 ms RTT, 0 % loss", "quic-go 47.6, wire 1.05",
			47.2, 1.05, link{rate: 50e6, roundTrip: 50 * ms}),
		row("bulk-0.1", "50 Mbit/s, 50 ms RTT, 0.1 % loss", "kcp 34 at 2.41; quic-go 16.5",
			46.9, 1.06, link{rate: 50e6, roundTrip: 50 * ms, loss: 0.001}),
		row("bulk-1", "50 Mbit/s, 50 ms RTT, 1 % loss", "TCP-BBR 45.4 at 1.07; kcp-turbo 31-33 at 2.2-2.5; quic-go 3.3-4.3; pion 2.3",
			46, 1.07, link{rate: 50e6, roundTrip: 50 * ms, loss: 0.01}),
		row("bulk-5", "20 Mbit/s, 50 ms RTT, 5 % loss", "TCP-BBR 16.8 at 1.12; kcp-turbo 13.3 at 4.5; quic-go 1.6; pion 0.9",
			17.4, 1.12, link{rate: 20e6, roundTrip: 50 * ms, loss: 0.05}),
		row("bulk-10", "20 Mbit/s, 100 ms RTT, 10 % loss", "TCP-BBR about 78 % of the link at 1.20",
			16, 1.20, link{rate: 20e6, roundTrip: 100 * ms, loss: 0.1}),
		row("bulk-bursts", "50 Mbit/s, 50 ms RTT, Gilbert-Elliott loss 2 %, bursts of 8", "TCP-BBR about 0.9 of the link",
			45, 1.09, link{rate: 50e6, roundTrip: 50 * ms, loss: 0.02, burst: 8}),
		{
			Name: "bulk-reordering", Title: "50 Mbit/s, each way 15 +- 5 ms with reordering, 0 % loss",
			Today:   "TCP-BBR, quic-go 47.6; kcp-turbo 36 at 2.7; pion 2.0; x/net/quic 0.8",
			Targets: []Target{{Goodput, AtLeast, 47.2}, {Spurious, AtMost, 0.5}},
			work:    bulk{jittered}, draws: bulkDraws, apart: apartRaces,
		},
	}
}

// Why one run over sockets is apart from the simulator, by what the network does.
const (
	apartClean = "real time adds the waking of sender, proxy and receiver to every round trip, and slow start meets the queue a little earlier or later"
	apartLossy = "the same losses meet other packets, since what is sent when depends on the machine, and one run is one draw"
	apartPaced = "each message waits for the waking of sender, proxy and receiver besides the network, and one run is one draw"
	apartRaces = "late wake-ups add to the jitter, so that more packets look lost for longer"
)

// flowCases are every controller against itself, and cubic against others.
func flowCases() []Case {
	row := func(first, second string, targets ...Target) Case {
		return Case{
			Name:    "flows-" + first + "-" + second,
			Title:   fmt.Sprintf("two flows on one bottleneck, 50 Mbit/s, 50 ms RTT: %s and %s", first, second),
			Today:   "-",
			Targets: append(targets, Target{Goodput, ReportOnly, 0}),
			work:    flows{link{rate: 50e6, roundTrip: 50 * ms}, first, second},
			apart:   "over sockets the two have a sixth of the time to come to terms",
		}
	}
	var cases []Case
	for _, name := range congestion.Names() {
		if name == "fixed" {
			continue // nothing there that could share
		}
		cases = append(cases, row(name, name, Target{Share, AtLeast, 0.4}))
	}
	for _, other := range []string{"newreno", "bbr"} {
		if congestion.Named("cubic") != nil && congestion.Named(other) != nil {
			cases = append(cases, row("cubic", other, Target{FirstShare, ReportOnly, 0}))
		}
	}
	return cases
}

// pacedCases are thin flows: messages that the network could carry many times
// over, of which each is awaited.
func pacedCases() []Case {
	row := func(name, title, today string, p paced, targets ...Target) Case {
		return Case{Name: name, Title: title, Today: today, work: p, Targets: targets, apart: apartPaced}
	}
	flow := func(rate int, loss float64, r arq.Redundancy) paced {
		return paced{link{roundTrip: 50 * ms, loss: loss}, rate, 200, r}
	}
	const off, on = arq.RedundancyOff, arq.RedundancyAdaptive
	return []Case{
		row("paced-500-plain", "500 messages of 200 B a second in order, 50 ms RTT, 5 % loss, redundancy off",
			"TCP-BBR 54/125/136 at 1.31; quic-go 56/156/189; pion 1060/2157",
			flow(500, 0.05, off),
			Target{P50, AtMost, 54}, Target{P99, AtMost, 110}, Target{P999, AtMost, 130}, Target{Wire, AtMost, 1.35}),
		row("paced-500", "500 messages of 200 B a second in order, 50 ms RTT, 5 % loss, redundancy on",
			"kcp FEC 10/3 25/46/82 at 2.0",
			flow(500, 0.05, on),
			Target{P50, AtMost, 27}, Target{P99, AtMost, 42}, Target{P999, AtMost, 60}, Target{Wire, AtMost, 1.9}),
		row("paced-60-5", "60 messages of 200 B a second in order, 50 ms RTT, 5 % loss",
			"p99/p99.9: kcp 95-110/144, kcp FEC 2+1 53/87 at 2.1; quic-go 110-126/155",
			flow(60, 0.05, on),
			Target{P99, AtMost, 45}, Target{P999, AtMost, 65}, Target{Wire, AtMost, 3.2}),
		row("paced-60-1", "60 messages of 200 B a second in order, 50 ms RTT, 1 % loss",
			"p99/p99.9: kcp FEC 2+1 27.6/43",
			flow(60, 0.01, on),
			Target{P99, AtMost, 30}, Target{P999, AtMost, 45}, Target{Wire, ReportOnly, 0}),
		row("paced-10", "10 messages of 200 B a second in order, 50 ms RTT, 5 % loss",
			"p99: kcp 88; quic-go 176",
			flow(10, 0.05, on),
			Target{P99, AtMost, 50}, Target{Wire, ReportOnly, 0}),
	}
}

// laneCase is a chat beside bulk. A line may wait for one packet that is on its
// way out, and a millisecond.
func laneCase() Case {
	const rate, packet = 20e6, 1452
	bound := math.Round(1e5*(packet*8/rate)+100) / 100
	return Case{
		Name:  "lane",
		Title: "10 chat lines a second beside messages of 10 MB on a channel of lower priority, 20 Mbit/s, 50 ms RTT",
		Today: "blocks, or a window of packets", apart: apartPaced,
		Targets: []Target{{Added, AtMost, bound}, {Held, AtMost, bound}, {QueueMet, ReportOnly, 0}, {Goodput, ReportOnly, 0}},
		work: lanes{
			link: link{rate: rate, roundTrip: 50 * ms}, bulk: 10e6, lane: arq.Lane{Priority: -1},
			pause: 100 * ms, size: 200, lines: 1000,
		},
	}
}

// deadlineCases are messages that may come late on no account.
func deadlineCases() []Case {
	row := func(name, title string, r arq.Redundancy) Case {
		return Case{
			Name: name, Title: "60 messages of 200 B a second with a deadline of 100 ms, 50 ms RTT, 10 % loss, redundancy " + title,
			Today: "-", apart: "a receiver that wakes late takes its messages late",
			Targets: []Target{{TooLate, AtMost, 0}, {Unreported, AtMost, 0}, {Delivered, ReportOnly, 0}, {Wire, ReportOnly, 0}},
			work:    deadlines{paced{link{roundTrip: 50 * ms, loss: 0.1}, 60, 200, r}, 100 * ms},
		}
	}
	return []Case{
		row("deadline", "on", arq.RedundancyAdaptive),
		row("deadline-plain", "off", arq.RedundancyOff),
	}
}
