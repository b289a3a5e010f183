package presets

import "encoding/json"

const (
	nlcSource = "Apple Network Link Conditioner, its dialog as a partner's documentation reproduces it"
	// The script is a public shell script of ipfw pipes that names the profiles.
	nlcScript = "Apple Network Link Conditioner, its profiles as a public ipfw script lists them"
	atcSource = "Augmented Traffic Control (Facebook, archived 2017), utils/profiles/*.json"

	nlcNotes = "Queue: not in the dialog; 50 packets is dummynet's default, on which it is built, 200 ms above 2 Mbit/s."
)

func linkConditioner() []Preset {
	nlc := func(name, alias, title, numbers, source string, settings json.RawMessage) Preset {
		p := Preset{Name: name, Title: title, Settings: settings, Numbers: numbers, Source: source, Confidence: Sourced, Notes: nlcNotes}
		if alias != "" {
			p.Aliases = []string{alias}
		}
		return p
	}
	list := []Preset{
		nlc("nlc-100-loss", "100-loss", "NLC 100% Loss", "loss 100 % each way", nlcSource, json.RawMessage(`{"loss": "100%"}`)),
		nlc("nlc-very-bad", "very-bad-network", "NLC Very Bad Network",
			"down 1 Mbit/s, 500 ms, 10 %; up 1 Mbit/s, 500 ms, 10 %", nlcSource,
			link(ipv4, leg{rate: "1mbit", delay: "500ms", loss: "10%"}, leg{rate: "1mbit", delay: "500ms", loss: "10%"})),
		nlc("nlc-edge", "edge", "NLC Edge", "down 240 kbit/s, 400 ms; up 200 kbit/s, 440 ms", nlcSource,
			link(ipv4, leg{rate: "240kbit", delay: "400ms"}, leg{rate: "200kbit", delay: "440ms"})),
		nlc("nlc-high-latency-dns", "high-latency-dns", "NLC High Latency DNS", "DNS delay 3000 ms", nlcSource,
			json.RawMessage(`{"down": {"delay": "3s"}}`)),
		nlc("nlc-3g", "3g", "NLC 3G", "down 780 kbit/s, 100 ms; up 330 kbit/s, 100 ms", nlcScript,
			link(ipv4, leg{rate: "780kbit", delay: "100ms"}, leg{rate: "330kbit", delay: "100ms"})),
		nlc("nlc-3g-good", "3g-good", "NLC 3G, Good", "down 850 kbit/s, 100 ms; up 420 kbit/s, 100 ms", nlcScript,
			link(ipv4, leg{rate: "850kbit", delay: "100ms"}, leg{rate: "420kbit", delay: "100ms"})),
		nlc("nlc-3g-lossy", "3g-lossy", "NLC 3G, Lossy", "down 780 kbit/s, 100 ms, 1 %; up 330 kbit/s, 100 ms", nlcScript,
			link(ipv4, leg{rate: "780kbit", delay: "100ms", loss: "1%"}, leg{rate: "330kbit", delay: "100ms"})),
		nlc("nlc-edge-good", "edge-good", "NLC Edge, Good", "down 250 kbit/s, 350 ms; up 200 kbit/s, 370 ms", nlcScript,
			link(ipv4, leg{rate: "250kbit", delay: "350ms"}, leg{rate: "200kbit", delay: "370ms"})),
		nlc("nlc-edge-lossy", "edge-lossy", "NLC Edge, Lossy", "down 240 kbit/s, 400 ms, 1 %; up 200 kbit/s, 440 ms", nlcScript,
			link(ipv4, leg{rate: "240kbit", delay: "400ms", loss: "1%"}, leg{rate: "200kbit", delay: "440ms"})),
	}
	list[0].Notes = ""
	list[1].Notes = "Copies that say 40/20 kbit/s, or 400 ms and 5 %, are wrong. " + nlcNotes
	list[3].Notes = "For a proxy before a resolver: all of the delay is put on the answers."
	return list
}

func atc() []Preset {
	profile := func(name, title, numbers string, down, up leg, aliases ...string) Preset {
		return Preset{Name: name, Aliases: aliases, Title: title, Numbers: numbers, Settings: link(ipv4, down, up),
			Source: atcSource, Confidence: Sourced, Notes: queueNote}
	}
	list := []Preset{
		profile("atc-2g-rural", "ATC 2G - Developing Rural", "down 20 kbit/s, 650 ms, 2 %; up 18 kbit/s, 650 ms, 2 %",
			leg{rate: "20kbit", delay: "650ms", loss: "2%"}, leg{rate: "18kbit", delay: "650ms", loss: "2%"}, "2g-rural"),
		profile("atc-2g-urban", "ATC 2G - Developing Urban", "down 35 kbit/s, 650 ms; up 32 kbit/s, 650 ms",
			leg{rate: "35kbit", delay: "650ms"}, leg{rate: "32kbit", delay: "650ms"}, "2g-urban"),
		profile("atc-3g", "ATC 3G - Average", "down 780 kbit/s, 100 ms; up 330 kbit/s, 100 ms",
			leg{rate: "780kbit", delay: "100ms"}, leg{rate: "330kbit", delay: "100ms"}),
		profile("atc-3g-good", "ATC 3G - Good", "down 850 kbit/s, 90 ms; up 420 kbit/s, 100 ms",
			leg{rate: "850kbit", delay: "90ms"}, leg{rate: "420kbit", delay: "100ms"}),
		profile("atc-edge", "ATC Edge - Average", "down 240 kbit/s, 400 ms; up 200 kbit/s, 440 ms",
			leg{rate: "240kbit", delay: "400ms"}, leg{rate: "200kbit", delay: "440ms"}),
		profile("atc-edge-good", "ATC Edge - Good", "down 250 kbit/s, 350 ms; up 200 kbit/s, 370 ms",
			leg{rate: "250kbit", delay: "350ms"}, leg{rate: "200kbit", delay: "370ms"}),
		profile("atc-edge-lossy", "ATC Edge - Lossy", "down 240 kbit/s, 400 ms, 1 %; up 200 kbit/s, 440 ms, 1 %",
			leg{rate: "240kbit", delay: "400ms", loss: "1%"}, leg{rate: "200kbit", delay: "440ms", loss: "1%"}),
		profile("atc-dsl", "ATC DSL", "down 2 Mbit/s, 5 ms; up 256 kbit/s, 5 ms",
			leg{rate: "2mbit", delay: "5ms"}, leg{rate: "256kbit", delay: "5ms"}, "dsl"),
		profile("atc-cable", "ATC Cable", "down 6 Mbit/s, 2 ms; up 1 Mbit/s, 2 ms",
			leg{rate: "6mbit", delay: "2ms"}, leg{rate: "1mbit", delay: "2ms"}, "cable"),
	}
	list[6].Notes = "Apple's profile of the name loses on the way down only (nlc-edge-lossy). " + queueNote
	return list
}
