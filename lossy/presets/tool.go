package presets

import "strings"

const (
	comcastSource = "comcast (Tyler Treat), README, network condition profiles"
	str0mSource   = "str0m, crate str0m-netem, constructors of NetemConfig"
)

// tools are the lists of other impairment tools.
func tools() []Preset {
	comcast := func(name, title, numbers string, way leg) Preset {
		return Preset{Name: "comcast-" + name, Title: "comcast " + title, Numbers: numbers, Settings: link(ipv4, way, way),
			Source: comcastSource, Confidence: Sourced,
			Notes: "The list names no measurement. It does not say whether its latency is of one way or both; here each way has it. " + queueNote}
	}
	return append([]Preset{
		comcast("gprs", "GPRS (good)", "500 ms, 50 kbit/s, 2 %", leg{rate: "50kbit", delay: "500ms", loss: "2%"}),
		comcast("edge", "EDGE (good)", "300 ms, 250 kbit/s, 1.5 %", leg{rate: "250kbit", delay: "300ms", loss: "1.5%"}),
		comcast("3g", "3G/HSDPA (good)", "250 ms, 750 kbit/s, 1.5 %", leg{rate: "750kbit", delay: "250ms", loss: "1.5%"}),
		comcast("dial-up", "DIAL-UP (good)", "185 ms, 40 kbit/s, 2 %", leg{rate: "40kbit", delay: "185ms", loss: "2%"}),
		comcast("dsl-poor", "DSL (poor)", "70 ms, 2 Mbit/s, 2 %", leg{rate: "2mbit", delay: "70ms", loss: "2%"}),
		comcast("dsl", "DSL (good)", "40 ms, 8 Mbit/s, 0.5 %", leg{rate: "8mbit", delay: "40ms", loss: "0.5%"}),
		comcast("wifi", "WIFI (good)", "40 ms, 30 Mbit/s, 0.2 %", leg{rate: "30mbit", delay: "40ms", loss: "0.2%"}),
		comcast("starlink", "Starlink", "20 ms, no rate, 2.5 %", leg{delay: "20ms", loss: "2.5%"}),
	}, str0m()...)
}

func str0m() []Preset {
	list := []struct {
		name, rate, queue, delay, jitter, loss, numbers string
	}{
		{"wifi", "100mbit", "200kB", "5ms", "2ms", "p=0.5%,r=50%", "100 Mbit/s, 200 kB, 5 +- 2 ms, good 200 and bad 2 packets (about 1 %)"},
		{"wifi-lossy", "50mbit", "100kB", "15ms", "10ms", "p=2.5%,r=50%", "50 Mbit/s, 100 kB, 15 +- 10 ms, good 40 and bad 2 packets (about 5 %)"},
		{"wifi-congested", "5mbit", "30kB", "10ms", "10ms", "p=5%,r=50%", "5 Mbit/s, 30 kB, 10 +- 20 ms, good 20 and bad 2 packets (about 10 %)"},
		{"cellular", "30mbit", "100kB", "50ms", "15ms", "p=1%,r=50%", "30 Mbit/s, 100 kB, 50 +- 15 ms, good 100 and bad 2 packets (about 2 %)"},
		{"satellite", "15mbit", "500kB", "600ms", "30ms", "p=1%,r=0.3333333333333333", "15 Mbit/s, 500 kB, 600 +- 30 ms, good 100 and bad 3 packets (about 3 %)"},
		{"congested", "10mbit", "50kB", "80ms", "40ms", "p=5%,r=50%", "10 Mbit/s, 50 kB, 80 +- 40 ms, good 20 and bad 2 packets (about 10 %)"},
	}
	var presets []Preset
	for _, c := range list {
		way := leg{rate: c.rate, queue: c.queue, delay: c.delay, jitter: c.jitter}
		p := Preset{
			Name: "str0m-" + c.name, Title: "str0m " + strings.ReplaceAll(c.name, "-", "_"), Numbers: c.numbers,
			Settings: path(noOverhead, `"loss-model": "gilbert-elliott:`+c.loss+`"`, way, way),
			Source:   str0mSource, Confidence: Sourced,
			Notes: "Its authors' guesses, by their own comments. Their jitter changes the order of packets, ours does not; add --jitter-reorder for theirs.",
		}
		switch c.name {
		case "wifi-congested":
			p.Notes += " A jitter above the delay is cut to it."
		case "satellite":
			p.Notes += " Its comment calls 600 ms a round trip; it is applied each way."
		}
		presets = append(presets, p)
	}
	return presets
}
