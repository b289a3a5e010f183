package presets

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"udplab/lossy"
)

const (
	simulatorSource = "quic-interop/quic-network-simulator (2025-11-18), sim/scenarios"
	runnerSource    = "quic-interop/quic-interop-runner (2026-04-06), testcases_quic.py"

	// Its links carry IPv4, UDP and two bytes of PPP.
	simulatorOverhead = ipv4 + 2

	simulatorNote = "Rates count 30 bytes of PPP, IP and UDP headers, as there; its device holds one packet more than --queue says."
	// What every link of the simulator needs.
	usualLink = " --delay=15ms --bandwidth=10Mbps --queue=25"
)

// scenarios are the scenarios of the simulator by name, with what reads the
// parameters of each beyond those of the link.
func scenarios() map[string]func(*parameters, *simulated) {
	return map[string]func(*parameters, *simulated){
		"simple-p2p":        func(*parameters, *simulated) {},
		"drop-rate":         dropRate,
		"droplist":          dropList,
		"corrupt-rate":      corruptRate,
		"blackhole":         blackhole,
		"rebind":            rebind,
		"crosstraffic":      nil, // what quic-interop-runner calls it
		"tcp-cross-traffic": nil,
		"udp-cross-traffic": nil,
	}
}

func isScenario(word string) bool {
	_, known := scenarios()[word]
	return known
}

// simulated is what a scenario becomes: members of a JSON object.
type simulated struct {
	common, up, down []string
	scenario         json.RawMessage
	notes            []string
}

func (s *simulated) object() json.RawMessage {
	members := s.common
	if slices.Equal(s.up, s.down) {
		members = append(members, s.up...)
	} else {
		members = append(members, `"up": {`+strings.Join(s.up, ", ")+`}`, `"down": {`+strings.Join(s.down, ", ")+`}`)
	}
	return json.RawMessage("{" + strings.Join(members, ", ") + "}")
}

// fromScenario reads a scenario as the simulator's command line has it.
func fromScenario(words []string) (Preset, error) {
	preset, err := simulate(words)
	if err == nil {
		_, err = parseSetup(preset.Settings)
	}
	if err == nil {
		_, err = preset.Timeline()
	}
	if err != nil {
		return Preset{}, fmt.Errorf("scenario %s: %w", words[0], err)
	}
	return preset, nil
}

// simulate is fromScenario without the last check, for those that tests have checked.
func simulate(words []string) (Preset, error) {
	name := words[0]
	read := scenarios()[name]
	if read == nil {
		return Preset{}, errors.New("other traffic in the bottleneck needs other hosts, which this network does not have; " +
			"send it through the proxy yourself, with --shared-bottleneck")
	}
	p := newParameters(words)
	s := &simulated{notes: []string{simulatorNote}}
	s.common = append(s.common, fmt.Sprintf(`"overhead": %d`, simulatorOverhead),
		fmt.Sprintf(`"rate": %q`, lossy.ExactRate(p.rate("bandwidth"))),
		fmt.Sprintf(`"queue": "%dpackets"`, p.count("queue", 1, lossy.MaxQueuePackets)),
		fmt.Sprintf(`"delay": %q`, p.time("delay", lossy.MaxDelay)))
	read(p, s)
	if err := p.done(); err != nil {
		return Preset{}, err
	}
	text := strings.Join(words, " ")
	return Preset{Name: text, Title: "quic-network-simulator " + name, Settings: s.object(), Scenario: s.scenario, Numbers: text,
		Source: simulatorSource, Confidence: Sourced, Notes: strings.Join(s.notes, " ")}, nil
}

// dropRate loses at the far end of the link, behind its queue.
func dropRate(p *parameters, s *simulated) {
	s.common = append(s.common, `"loss-after-queue": true`)
	leg := func(side string) []string {
		members := []string{fmt.Sprintf(`"loss": "%d%%"`, p.count("rate_to_"+side, 0, 100))}
		if p.has("burst_to_" + side) {
			members = append(members, fmt.Sprintf(`"loss-burst-cap": %d`, p.count("burst_to_"+side, 1, lossy.MaxLossBurstCap)))
		}
		return members
	}
	s.down, s.up = leg("client"), leg("server")
}

// dropList loses there, too. It counts packets from 1, the model from 0.
func dropList(p *parameters, s *simulated) {
	leg := func(side string) []string {
		numbers := p.list("drops_to_" + side)
		if len(numbers) == 0 {
			return nil
		}
		for i, n := range numbers {
			first, _ := strconv.ParseUint(n, 10, 63) // p.list has read it
			numbers[i] = strconv.FormatUint(first-1, 10)
		}
		return []string{`"loss-model": "list:` + strings.Join(numbers, " ") + `"`, `"loss-after-queue": true`}
	}
	s.down, s.up = leg("client"), leg("server")
	s.notes = append(s.notes, "Packets are counted for each flow, there for all of a direction.")
}

// corruptRate has no cap here: the share is the one that its cap leaves.
func corruptRate(p *parameters, s *simulated) {
	s.common = append(s.common, `"corrupt-how": "byte"`)
	leg := func(side string) []string {
		share := float64(p.count("rate_to_"+side, 0, 100)) / 100
		if p.has("burst_to_" + side) {
			share = capped(share, p.count("burst_to_"+side, 1, lossy.MaxLossBurstCap))
		}
		return []string{fmt.Sprintf(`"corrupt": %q`, lossy.FormatProbability(share))}
	}
	s.down, s.up = leg("client"), leg("server")
	s.notes = append(s.notes, "One byte is changed, anywhere in the payload; there, one of the first 51. Corruption has no cap here: "+
		"it is independent, of the share that the cap leaves. Packets of QUIC version negotiation are not spared.")
}

// capped is the mean of independent events of probability p, at most n in a row.
func capped(p float64, n int) float64 {
	power := 1.0
	for range n {
		power *= p
	}
	if p == 1 {
		return float64(n) / float64(n+1)
	}
	return p * (1 - power) / (1 - power*p)
}

// blackhole is on, then off, as often as --repeat says, and on ever after.
func blackhole(p *parameters, s *simulated) {
	on, off := p.time("on", lossy.MaxOutageTime), p.time("off", lossy.MaxOutageTime)
	repeat := 1
	if p.has("repeat") {
		repeat = p.count("repeat", 1, lossy.MaxOutages)
	}
	outages := make([]lossy.Outage, 0, lossy.MaxOutages)
	for i := range repeat {
		outages = append(outages, lossy.Outage{At: on + time.Duration(i)*(on+off), For: off})
	}
	if p.err != nil {
		return
	}
	dark, err := lossy.NewBlackout(outages...)
	if err != nil {
		p.fail("%w", err)
		return
	}
	member := fmt.Sprintf(`"blackout": %q`, dark)
	switch direction := p.word("direction", "both", "both", "toclient", "toserver"); direction {
	case "both":
		s.common = append(s.common, member)
	case "toclient":
		s.down = []string{member}
	case "toserver":
		s.up = []string{member}
	}
	s.notes = append(s.notes, "Packets vanish before the queue, there behind it. Times count from the start of the proxy, "+
		"so a proxy that has run for longer sees no outage.")
}

// rebind changes the ports of all clients as the service sees them, at a time and
// then every so often.
func rebind(p *parameters, s *simulated) {
	first := p.time("first-rebind", lossy.MaxDelay)
	address := p.flag("rebind-addr")
	step := fmt.Sprintf(`{"at": %q, "rebind": true}`, first)
	if p.has("rebind-freq") {
		every := p.time("rebind-freq", lossy.MaxDelay)
		if every < leastRebind {
			p.fail("--rebind-freq: %v is too short, at least %v", every, leastRebind)
		}
		step = fmt.Sprintf(`{"at": %q, "loop": "forever", "steps": [{"rebind": true, "for": %q}]}`, first, every)
	}
	s.scenario = json.RawMessage(`{"name": "rebind", "steps": [` + step + `]}`)
	if address {
		s.notes = append(s.notes, "The proxy has one address: the port changes, the address does not.")
	}
}

// leastRebind is the shortest time between two rebindings: each makes sockets anew.
const leastRebind = 10 * time.Millisecond

// simulatorCases are what quic-interop-runner runs, by the names of its tests,
// and the scenarios with the parameters that the runner gives them.
func simulatorCases() []Preset {
	type test struct {
		name, title, scenario string
		aliases               []string
	}
	var presets []Preset
	for _, c := range []test{
		{"simple-p2p", "quic-interop's link", "simple-p2p" + usualLink, []string{"handshake", "transfer", "goodput"}},
		{"longrtt", "quic-interop longrtt", "simple-p2p --delay=750ms --bandwidth=10Mbps --queue=25", nil},
		{"amplificationlimit", "quic-interop amplificationlimit", "droplist" + usualLink + " --drops_to_server=2,3,4,5,6,7", []string{"droplist"}},
		{"blackhole", "quic-interop blackhole", "blackhole" + usualLink + " --on=5s --off=2s", nil},
		{"handshakeloss", "quic-interop handshakeloss", "drop-rate" + usualLink +
			" --rate_to_server=30 --rate_to_client=30 --burst_to_server=3 --burst_to_client=3", nil},
		{"transferloss", "quic-interop transferloss", "drop-rate" + usualLink +
			" --rate_to_server=2 --rate_to_client=2 --burst_to_server=3 --burst_to_client=3", []string{"drop-rate"}},
		{"handshakecorruption", "quic-interop handshakecorruption", "corrupt-rate" + usualLink +
			" --rate_to_server=30 --rate_to_client=30 --burst_to_server=3 --burst_to_client=3", nil},
		{"transfercorruption", "quic-interop transfercorruption", "corrupt-rate" + usualLink +
			" --rate_to_server=2 --rate_to_client=2 --burst_to_server=3 --burst_to_client=3", []string{"corrupt-rate"}},
		{"rebind-port", "quic-interop rebind-port", "rebind" + usualLink + " --first-rebind=1s --rebind-freq=5s", []string{"rebind"}},
		{"rebind-addr", "quic-interop rebind-addr", "rebind" + usualLink + " --first-rebind=1s --rebind-freq=5s --rebind-addr", nil},
	} {
		p, err := simulate(strings.Fields(c.scenario))
		if err != nil {
			panic("BUG: " + err.Error())
		}
		p.Name, p.Aliases, p.Title, p.Source = c.name, c.aliases, c.title, runnerSource
		presets = append(presets, p)
	}
	return presets
}

// Scenarios returns the names of the simulator's scenarios that Find reads.
func Scenarios() []string {
	all := scenarios()
	maps.DeleteFunc(all, func(_ string, read func(*parameters, *simulated)) bool { return read == nil })
	return slices.Sorted(maps.Keys(all))
}
