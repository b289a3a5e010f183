package presets

const (
	chromeSource     = "Chrome DevTools, core/sdk/NetworkManager.ts"
	lighthouseSource = "Lighthouse, core/config/constants.js"
	firefoxSource    = "Firefox DevTools documentation, network throttling"
	pageTestSource   = "WebPageTest, connectivity.ini.sample"

	// Browsers throttle the bytes of answers, above TCP and TLS.
	noOverhead = 0

	requestNote = "The browser delays and throttles requests, not packets: of a round trip, each way has half, " +
		"and the rate counts payload alone. "
)

func browsers() []Preset {
	chrome := func(name, title, numbers, factor string, down, up leg, aliases ...string) Preset {
		return Preset{Name: name, Aliases: aliases, Title: title, Numbers: numbers, Settings: link(noOverhead, down, up),
			Source: chromeSource, Confidence: Sourced,
			Notes: requestNote + "The round trip is the target; what it asks of a request is " + factor + " times that, for what a request has beside. " + queueNote}
	}
	list := []Preset{
		chrome("chrome-slow-3g", "Chrome Slow 3G", "500 kbit/s x 0.8 each way, RTT 400 ms", "5",
			leg{rate: "400kbit", delay: half("400ms")}, leg{rate: "400kbit", delay: half("400ms")}, "slow-3g"),
		chrome("chrome-slow-4g", "Chrome Slow 4G (until 2024: Fast 3G)", "down 1.6 Mbit/s x 0.9, up 750 kbit/s x 0.9, RTT 150 ms", "3.75",
			leg{rate: "1.44mbit", delay: half("150ms")}, leg{rate: "675kbit", delay: half("150ms")}, "slow-4g", "chrome-fast-3g", "fast-3g"),
		chrome("chrome-fast-4g", "Chrome Fast 4G", "down 9 Mbit/s x 0.9, up 1.5 Mbit/s x 0.9, RTT 60 ms", "2.75",
			leg{rate: "8.1mbit", delay: half("60ms")}, leg{rate: "1.35mbit", delay: half("60ms")}, "fast-4g"),
	}
	lighthouse := func(name, title, numbers, rate, roundTrip string) Preset {
		way := leg{rate: rate, delay: half(roundTrip)}
		return Preset{Name: name, Title: title, Numbers: numbers, Settings: link(noOverhead, way, way),
			Source: lighthouseSource, Confidence: Sourced,
			Notes: "Its simulated throttling has one rate for both ways. " + requestNote + queueNote}
	}
	list = append(list,
		lighthouse("lighthouse-mobile", "Lighthouse mobile (slow 4G)", "1.6 x 1024 kbit/s, RTT 150 ms", "1638.4kbit", "150ms"),
		lighthouse("lighthouse-desktop", "Lighthouse desktop (dense 4G)", "10 x 1024 kbit/s, RTT 40 ms", "10240kbit", "40ms"),
	)
	firefox := func(name, title, numbers, down, up, latency string) Preset {
		return Preset{Name: name, Title: title, Numbers: numbers, Source: firefoxSource, Confidence: Excerpt,
			Settings: link(noOverhead, leg{rate: down, delay: half(latency)}, leg{rate: up, delay: half(latency)}),
			Notes:    "Its minimum latency holds each answer once, and is taken for a round trip. " + requestNote + queueNote}
	}
	return append(list,
		firefox("firefox-gprs", "Firefox GPRS", "50/20 kbit/s, minimum latency 500 ms", "50kbit", "20kbit", "500ms"),
		firefox("firefox-2g", "Firefox Regular 2G", "250/50 kbit/s, minimum latency 300 ms", "250kbit", "50kbit", "300ms"),
		firefox("firefox-good-2g", "Firefox Good 2G", "450/150 kbit/s, minimum latency 150 ms", "450kbit", "150kbit", "150ms"),
		firefox("firefox-3g", "Firefox Regular 3G", "750/250 kbit/s, minimum latency 100 ms", "750kbit", "250kbit", "100ms"),
		firefox("firefox-good-3g", "Firefox Good 3G", "1.5 Mbit/s / 750 kbit/s, minimum latency 40 ms", "1.5mbit", "750kbit", "40ms"),
		firefox("firefox-lte", "Firefox Regular 4G / LTE", "4/3 Mbit/s, minimum latency 20 ms", "4mbit", "3mbit", "20ms"),
		firefox("firefox-dsl", "Firefox DSL", "2/1 Mbit/s, minimum latency 5 ms", "2mbit", "1mbit", "5ms"),
		firefox("firefox-wifi", "Firefox Wi-Fi", "30/15 Mbit/s, minimum latency 2 ms", "30mbit", "15mbit", "2ms"),
	)
}

func webPageTest() []Preset {
	wpt := func(name, title, down, up, roundTrip, numbers string) Preset {
		return Preset{Name: "webpagetest-" + name, Aliases: []string{"wpt-" + name}, Title: "WebPageTest " + title, Numbers: numbers,
			Settings: link(ipv4, leg{rate: down, delay: half(roundTrip)}, leg{rate: up, delay: half(roundTrip)}),
			Source:   pageTestSource, Confidence: Excerpt,
			Notes: "Its latency is a round trip: each way has half. " + queueNote}
	}
	return []Preset{
		wpt("cable", "Cable", "5mbit", "1mbit", "28ms", "5/1 Mbit/s, RTT 28 ms, loss 0"),
		wpt("dsl", "DSL", "1.5mbit", "384kbit", "50ms", "1.5 Mbit/s / 384 kbit/s, RTT 50 ms, loss 0"),
		wpt("3g-slow", "3GSlow", "400kbit", "400kbit", "400ms", "400/400 kbit/s, RTT 400 ms, loss 0"),
		wpt("3g", "3G", "1.6mbit", "768kbit", "300ms", "1.6 Mbit/s / 768 kbit/s, RTT 300 ms, loss 0"),
		wpt("3g-fast", "3GFast", "1.6mbit", "768kbit", "150ms", "1.6 Mbit/s / 768 kbit/s, RTT 150 ms, loss 0"),
		wpt("4g", "4G", "9mbit", "9mbit", "170ms", "9/9 Mbit/s, RTT 170 ms, loss 0"),
		wpt("lte", "LTE", "12mbit", "12mbit", "70ms", "12/12 Mbit/s, RTT 70 ms, loss 0"),
		wpt("edge", "Edge", "240kbit", "200kbit", "840ms", "240/200 kbit/s, RTT 840 ms, loss 0"),
		wpt("2g", "2G", "280kbit", "256kbit", "800ms", "280/256 kbit/s, RTT 800 ms, loss 0"),
		wpt("dial", "Dial", "49kbit", "30kbit", "120ms", "49/30 kbit/s, RTT 120 ms, loss 0"),
	}
}
