package presets

import (
	"encoding/json"
	"strings"
)

const (
	choiceSource = "this project"

	choiceNotes = "Rate and a drop-tail queue first; jitter keeps the order. "
	radioNotes  = "What radio still loses, it loses in short bursts behind the queue. "
)

// choices are networks people ask for and nobody publishes in numbers of
// packets. What is known of real paths gives the shape (losses in short bursts,
// direction-asymmetric, rare reordering by few places); the numbers are ours.
func choices() []Preset {
	choice := func(name, title, numbers, settings, notes string, aliases ...string) Preset {
		shape := choiceNotes
		if strings.Contains(settings, "loss-after-queue") {
			shape += radioNotes
		}
		return Preset{Name: name, Aliases: aliases, Title: title, Numbers: numbers, Settings: json.RawMessage(settings),
			Source: choiceSource, Confidence: Choice, Notes: shape + notes}
	}
	return []Preset{
		choice("wifi", "Wi-Fi at home, a room away",
			"60/40 Mbit/s, 3 ms, 0.1 % in bursts of 2",
			`{"overhead": 28, "queue": "60ms", "delay": "3ms", "jitter": "2ms", "loss": "0.1%", "burst": 2, "loss-after-queue": true,`+
				` "reorder": "0.01%", "reorder-by": "1-3", "up": {"rate": "40mbit"}, "down": {"rate": "60mbit"}}`,
			"The access link behind it is not in it."),
		choice("wifi-congested", "Wi-Fi that neighbours and videos share",
			"8/4 Mbit/s, 8 ms +- 6 ms, 1 % in bursts of 3, queue 250 ms",
			`{"overhead": 28, "queue": "250ms", "delay": "8ms", "jitter": "6ms", "loss": "1%", "burst": 3, "loss-after-queue": true,`+
				` "reorder": "0.05%", "reorder-by": "1-3", "up": {"rate": "4mbit"}, "down": {"rate": "8mbit"}}`,
			"Most of its delay is the queue's."),
		choice("wifi-conference", "Wi-Fi of a hall with hundreds of people",
			"2/1 Mbit/s, 15 ms +- 12 ms, 3 % down and 5 % up in bursts of 4, queue 400 ms",
			`{"overhead": 28, "queue": "400ms", "delay": "15ms", "jitter": "12ms", "burst": 4, "loss-after-queue": true,`+
				` "reorder": "0.1%", "reorder-by": "1-3", "up": {"rate": "1mbit", "loss": "5%"}, "down": {"rate": "2mbit", "loss": "3%"}}`,
			"Clients collide more than the access point does: up loses more.", "conference"),
		choice("lte", "LTE, good signal",
			"30/10 Mbit/s, 25/30 ms +- 5/8 ms, 0.1 % in bursts of 2, queue 200 ms",
			`{"overhead": 28, "queue": "200ms", "loss": "0.1%", "burst": 2, "loss-after-queue": true,`+
				` "up": {"rate": "10mbit", "delay": "30ms", "jitter": "8ms"}, "down": {"rate": "30mbit", "delay": "25ms", "jitter": "5ms"}}`,
			"The radio repeats what it loses and delivers in order: jitter instead of loss, no reordering.", "4g"),
		choice("lte-cell-edge", "LTE at the edge of a cell",
			"3 Mbit/s / 500 kbit/s, 40/60 ms +- 20/30 ms, 1/2 % in bursts of 3, queue 800 ms",
			`{"overhead": 28, "queue": "800ms", "burst": 3, "loss-after-queue": true,`+
				` "up": {"rate": "500kbit", "delay": "60ms", "jitter": "30ms", "loss": "2%"},`+
				` "down": {"rate": "3mbit", "delay": "40ms", "jitter": "20ms", "loss": "1%"}}`,
			"The queue is long, as base stations' are.", "cell-edge"),
		choice("5g", "5G below 6 GHz, good signal",
			"200/30 Mbit/s, 10/12 ms +- 2/4 ms, 0.05 % in bursts of 1.5, queue 100 ms",
			`{"overhead": 28, "queue": "100ms", "loss": "0.05%", "burst": 1.5, "loss-after-queue": true,`+
				` "up": {"rate": "30mbit", "delay": "12ms", "jitter": "4ms"}, "down": {"rate": "200mbit", "delay": "10ms", "jitter": "2ms"}}`,
			"No handover is in it."),
		choice("leo", "Satellites in low orbit, such as Starlink",
			"150/15 Mbit/s, 25 ms +- 8 ms, 0.5/1 % in bursts of 3, 100 ms of darkness every 15 s, queue 150 ms",
			`{"overhead": 28, "queue": "150ms", "delay": "25ms", "jitter": "8ms", "burst": 3, "loss-after-queue": true,`+
				` "blackout": "every=15s,for=100ms", "reorder": "0.05%", "reorder-by": "1-3",`+
				` "up": {"rate": "15mbit", "loss": "1%"}, "down": {"rate": "150mbit", "loss": "0.5%"}}`,
			"A round trip of about 50 ms and the grid of 15 s are as published (APNIC 2022, WWW'24); rates, losses and the length of the outage are ours. "+
				"Terminals all over the world change satellites at the same seconds; here the grid begins with the run.", "starlink"),
		choice("geo", "A geostationary satellite",
			"50/5 Mbit/s, 300 ms +- 10 ms, 0.3 % in bursts of 4, queue 300 ms",
			`{"overhead": 28, "queue": "300ms", "delay": "300ms", "jitter": "10ms", "loss": "0.3%", "burst": 4, "loss-after-queue": true,`+
				` "up": {"rate": "5mbit"}, "down": {"rate": "50mbit"}}`,
			"A round trip of 600 to 650 ms is what products have. No proxy that speeds TCP up is in it.", "satellite", "geo-satellite"),
		choice("transatlantic", "A wired path across the Atlantic",
			"100/100 Mbit/s, 40 ms +- 1 ms, 0.01 % in bursts of 2, queue 50 ms",
			`{"overhead": 28, "rate": "100mbit", "queue": "50ms", "delay": "40ms", "jitter": "1ms", "loss": "0.01%", "burst": 2,`+
				` "reorder": "0.02%", "reorder-by": "1-3"}`,
			"Nearly all it loses, it loses by its own queue."),
		choice("adsl", "ADSL with the modem's long queue",
			"8 Mbit/s / 800 kbit/s, 12 ms, queue 100 ms down and 500 ms up",
			`{"overhead": 28, "delay": "12ms", "jitter": "1ms", "up": {"rate": "800kbit", "queue": "500ms"}, "down": {"rate": "8mbit", "queue": "100ms"}}`,
			"An upload fills the queue up, and every answer waits for it (bufferbloat). Cells of ATM are not counted."),
		choice("airplane", "The Wi-Fi of an airliner, by satellite",
			"5 Mbit/s / 500 kbit/s, 320 ms +- 60 ms, 2/3 % in bursts of 4, queue 600 ms",
			`{"overhead": 28, "queue": "600ms", "delay": "320ms", "jitter": "60ms", "burst": 4, "loss-after-queue": true,`+
				` "reorder": "0.1%", "reorder-by": "1-3", "up": {"rate": "500kbit", "loss": "3%"}, "down": {"rate": "5mbit", "loss": "2%"}}`,
			"A hundred people share the link; what is here is one's part of it.", "plane", "inflight"),
	}
}
