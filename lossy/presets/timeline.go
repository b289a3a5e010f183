package presets

import (
	"encoding/json"
	"fmt"
	"strings"

	"udplab/lossy/scenario"
)

const rmcatSource = "RFC 8867 (January 2021), as mengelbart/bwe-test-runner has it"

// Timeline returns what happens to the network as time goes by, nil if nothing
// does. A preset that Find or All returned has no error.
func (p *Preset) Timeline() (*scenario.Scenario, error) {
	if p.Scenario == nil {
		return nil, nil
	}
	s, err := scenario.Parse(p.Scenario)
	if err != nil {
		return nil, fmt.Errorf("preset %s: scenario: %w", p.Name, err)
	}
	return s, nil
}

// capacity is a step of a timeline: rates of both ways, "" as before, and for
// how long they hold, in seconds.
type capacity struct {
	down, up string
	seconds  int
}

// steps writes a timeline, which ends when its last step does. The network
// begins as the first has it.
func steps(name string, capacities ...capacity) json.RawMessage {
	var list []string
	for _, c := range capacities {
		var ways []string
		if c.up != "" {
			ways = append(ways, fmt.Sprintf(`"up": {"rate": %q}`, c.up))
		}
		if c.down != "" {
			ways = append(ways, fmt.Sprintf(`"down": {"rate": %q}`, c.down))
		}
		list = append(list, fmt.Sprintf(`{"set": {%s}, "for": "%ds"}`, strings.Join(ways, ", "), c.seconds))
	}
	return json.RawMessage(fmt.Sprintf(`{"name": %q, "steps": [%s]}`, name, strings.Join(list, ", ")))
}

// both is a capacity of either way.
func both(rate string, seconds int) capacity { return capacity{rate, rate, seconds} }

// timelines are the networks that change.
func timelines() []Preset {
	rmcat := func(name, title, numbers, notes string, capacities ...capacity) Preset {
		first := capacities[0]
		return Preset{
			Name: name, Title: title, Numbers: numbers, Source: rmcatSource, Confidence: SecondHand,
			Settings: link(ipv4,
				leg{rate: first.down, queue: "300ms", delay: "50ms", jitter: "15ms"},
				leg{rate: first.up, queue: "300ms", delay: "50ms", jitter: "15ms"}),
			Scenario: steps(name, capacities...),
			Notes: "Queue of 300 ms, drop-tail; one-way delay 50 ms; a jitter of 30 ms at most is 15 ms either way here, uniform and in order. " +
				"The rate of the last step stays. " + notes,
		}
	}
	const either = "Both ways have the capacity, so that media may flow either way; what comes back is little."
	return []Preset{
		rmcat("rfc8867-5.1", "RFC 8867 5.1, variable capacity, one flow",
			"1 / 2.5 / 0.6 / 1 Mbit/s for 40 / 20 / 20 / 20 s, 50 ms", either,
			both("1mbit", 40), both("2.5mbit", 20), both("600kbit", 20), both("1mbit", 20)),
		rmcat("rfc8867-5.2", "RFC 8867 5.2, variable capacity, several flows",
			"2 / 1 / 1.75 / 0.5 / 1 Mbit/s for 25 s each, 50 ms",
			either+" Its flows share the bottleneck: give --shared-bottleneck.",
			both("2mbit", 25), both("1mbit", 25), both("1.75mbit", 25), both("500kbit", 25), both("1mbit", 25)),
		rmcat("rfc8867-5.3", "RFC 8867 5.3, congested feedback",
			"forward 2 / 1 / 0.5 / 2 Mbit/s at 20 / 20 / 20 / 40 s, back 2 / 0.8 / 2 Mbit/s at 35 / 35 / 30 s, 50 ms",
			"Forward is up, from client to service, and back is down.",
			both("2mbit", 20), capacity{up: "1mbit", seconds: 15}, capacity{down: "800kbit", seconds: 5},
			capacity{up: "500kbit", seconds: 20}, capacity{up: "2mbit", seconds: 10}, capacity{down: "2mbit", seconds: 30}),
		{
			Name: "leo-handover", Title: "Satellites in low orbit, each 15 s another one",
			Numbers: "15 s each: 20 / 34 / 26 / 40 ms and 180/18, 90/9, 150/15, 110/12 Mbit/s, with 100 ms of darkness between",
			Source:  choiceSource, Confidence: Choice,
			Settings: json.RawMessage(`{"overhead": 28, "queue": "150ms", "delay": "20ms", "jitter": "5ms", "burst": 3, "loss-after-queue": true,` +
				` "reorder": "0.05%", "reorder-by": "1-3", "up": {"rate": "18mbit", "loss": "1%"}, "down": {"rate": "180mbit", "loss": "0.5%"}}`),
			Scenario: json.RawMessage(`{"name": "leo-handover", "steps": [{"loop": "forever", "steps": [` +
				`{"set": {"delay": "20ms", "up": {"rate": "18mbit"}, "down": {"rate": "180mbit"}}, "for": "15s"}, ` +
				`{"set": {"delay": "34ms", "up": {"rate": "9mbit"}, "down": {"rate": "90mbit"}}, "blackout": "100ms", "for": "15s"}, ` +
				`{"set": {"delay": "26ms", "up": {"rate": "15mbit"}, "down": {"rate": "150mbit"}}, "blackout": "100ms", "for": "15s"}, ` +
				`{"set": {"delay": "40ms", "up": {"rate": "12mbit"}, "down": {"rate": "110mbit"}}, "blackout": "100ms", "for": "14.9s"}, ` +
				`{"blackout": "100ms", "for": "100ms"}]}]}`),
			Notes: choiceNotes + radioNotes + "The grid of 15 s is as published (WWW'24); all else is ours. Where nothing can play a timeline, take leo.",
		},
	}
}
