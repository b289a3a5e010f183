package presets

const (
	browserStackSource = "BrowserStack documentation, network simulation (a part of its list)"
	loaderoSource      = "Loadero documentation, network conditions"

	eachWayNote = "The excerpt does not say whether its latency is of one way or both; here each way has it. "
)

// services are the profiles of hosted test services.
func services() []Preset {
	stack := func(name, numbers, down, up, delay, loss string) Preset {
		return Preset{Name: "browserstack-" + name, Title: "BrowserStack " + name, Numbers: numbers,
			Settings: link(ipv4, leg{rate: down, delay: delay, loss: loss}, leg{rate: up, delay: delay, loss: loss}),
			Source:   browserStackSource, Confidence: Excerpt, Notes: eachWayNote + queueNote}
	}
	loadero := func(name, title, numbers string, down, up leg) Preset {
		return Preset{Name: "loadero-" + name, Title: "Loadero " + title, Numbers: numbers, Settings: link(ipv4, down, up),
			Source: loaderoSource, Confidence: Excerpt, Notes: eachWayNote + queueNote}
	}
	return []Preset{
		stack("gprs-good", "50/30 kbit/s, 500 ms, 1 %", "50kbit", "30kbit", "500ms", "1%"),
		stack("gprs-lossy", "30/20 kbit/s, 650 ms, 2 %", "30kbit", "20kbit", "650ms", "2%"),
		stack("edge-good", "250/150 kbit/s, 300 ms, 0 %", "250kbit", "150kbit", "300ms", ""),
		stack("edge-lossy", "150/100 kbit/s, 500 ms, 1 %", "150kbit", "100kbit", "500ms", "1%"),
		stack("umts-good", "400/100 kbit/s, 100 ms, 0 %", "400kbit", "100kbit", "100ms", ""),
		stack("umts-lossy", "200/50 kbit/s, 200 ms, 1 %", "200kbit", "50kbit", "200ms", "1%"),
		stack("hspa-good", "1800/400 kbit/s, 100 ms, 0 %", "1.8mbit", "400kbit", "100ms", ""),
		stack("hspa-lossy", "900/200 kbit/s, 190 ms, 1 %", "900kbit", "200kbit", "190ms", "1%"),

		loadero("4g", "4G", "100/50 Mbit/s, 45 ms, jitter 5/15 ms, 0.2 %",
			leg{rate: "100mbit", delay: "45ms", jitter: "5ms", loss: "0.2%"}, leg{rate: "50mbit", delay: "45ms", jitter: "15ms", loss: "0.2%"}),
		loadero("hspa", "HSPA", "20/10 Mbit/s, 150 ms, jitter 10 ms, 0.5 %",
			leg{rate: "20mbit", delay: "150ms", jitter: "10ms", loss: "0.5%"}, leg{rate: "10mbit", delay: "150ms", jitter: "10ms", loss: "0.5%"}),
		loadero("3g", "3G", "1.2/1.2 Mbit/s, 250 ms, jitter 50 ms, 0.5 %",
			leg{rate: "1.2mbit", delay: "250ms", jitter: "50ms", loss: "0.5%"}, leg{rate: "1.2mbit", delay: "250ms", jitter: "50ms", loss: "0.5%"}),
		loadero("gprs", "GPRS", "80/20 kbit/s, 650 ms, jitter 100 ms, 1 %",
			leg{rate: "80kbit", delay: "650ms", jitter: "100ms", loss: "1%"}, leg{rate: "20kbit", delay: "650ms", jitter: "100ms", loss: "1%"}),
		loadero("edge", "EDGE", "200/260 kbit/s, 650 ms, jitter 100 ms, 1 %",
			leg{rate: "200kbit", delay: "650ms", jitter: "100ms", loss: "1%"}, leg{rate: "260kbit", delay: "650ms", jitter: "100ms", loss: "1%"}),
		loadero("satellite", "satellite phone", "1 Mbit/s / 256 kbit/s, 600 ms",
			leg{rate: "1mbit", delay: "600ms"}, leg{rate: "256kbit", delay: "600ms"}),
	}
}
