package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"udplab/lossy"
	"udplab/lossy/settings"
)

// toxicType is what the toxics of one type have in common.
type toxicType struct {
	name string
	// compile turns the attributes that were given into those that are shown and
	// into settings of one direction. Errors name the attribute.
	compile func(given map[string]json.RawMessage) (shown, object map[string]json.RawMessage, err error)
}

// toxicTypes are the types there are: those of toxiproxy that datagrams can have,
// then our own, one for each group of settings.
func toxicTypes() []toxicType {
	types := []toxicType{
		{"latency", compileLatency},
		{"bandwidth", compileBandwidth},
		{"packet_loss", compilePacketLoss},
		{"timeout", compileTimeout},
	}
	for _, g := range settingGroups() {
		types = append(types, toxicType{g.name, g.compile})
	}
	return types
}

// settingGroup is a type whose attributes are settings, by their own names.
type settingGroup struct {
	name   string
	fields []string
}

// settingGroups has every setting of a direction in one of the groups.
func settingGroups() []settingGroup {
	return []settingGroup{
		{"loss", []string{"loss", "burst", "loss-model", "loss-burst-cap", "loss-after-queue", "shared-model"}},
		{"delay", []string{"delay", "jitter", "delay-distribution", "jitter-reorder"}},
		{"reorder", []string{"reorder", "reorder-by", "reorder-hold", "reorder-gap"}},
		{"duplicate", []string{"duplicate", "duplicate-copies", "duplicate-delay"}},
		{"corrupt", []string{"corrupt", "corrupt-how"}},
		{"bottleneck", []string{"policer", "rate", "link-trace", "overhead", "queue", "queue-discipline", "ecn", "shared-bottleneck"}},
		{"blackout", []string{"blackout"}},
		{"mtu", []string{"mtu"}},
		{"drop", []string{"drop"}},
		{"netem", []string{"netem-compat"}},
	}
}

// streamOnly are types of toxiproxy that need a stream, and what to do instead.
func streamOnly() map[string]string {
	return map[string]string{
		"slow_close": "delays the closing of a connection, and datagrams have none; use latency for the datagrams themselves",
		"reset_peer": "resets a connection, and datagrams have none; use timeout with timeout 0, or disable the proxy",
		"slicer":     "cuts a stream into pieces, and a datagram is one; use mtu to lose those that are too long",
		"limit_data": "closes a connection after so many bytes, and datagrams have none; use drop with a rule of indexes, such as index=100-999",
	}
}

func typeNames() string {
	var names []string
	for _, t := range toxicTypes() {
		names = append(names, t.name)
	}
	return strings.Join(names, ", ")
}

func toxicTypeOf(name string) (toxicType, error) {
	types := toxicTypes()
	if i := slices.IndexFunc(types, func(t toxicType) bool { return t.name == name }); i >= 0 {
		return types[i], nil
	}
	if why := streamOnly()[name]; why != "" {
		return toxicType{}, fmt.Errorf("invalid toxic type for datagrams: %s %s", name, why)
	}
	return toxicType{}, fmt.Errorf("invalid toxic type %q: want one of %s", name, typeNames())
}

// compile checks that the attributes are settings of the group, and shows them as
// GET shows settings.
func (g settingGroup) compile(given map[string]json.RawMessage) (shown, object map[string]json.RawMessage, err error) {
	if len(given) == 0 {
		return nil, nil, fmt.Errorf("say what to set: %s", strings.Join(g.fields, ", "))
	}
	object = make(map[string]json.RawMessage)
	p := lossy.Profile{}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		value := given[name]
		if !slices.Contains(g.fields, name) {
			return nil, nil, unknownAttribute(name, g.fields)
		}
		// Command lines can only send text.
		if s := string(value); s == `"true"` || s == `"false"` {
			value = json.RawMessage(strings.Trim(s, `"`))
		}
		var edits settings.Edits
		c := lossy.Config{Up: p}
		if err := edits.Add(settings.Member{Name: name, Value: value}); err != nil {
			return nil, nil, err
		}
		if err := edits.Apply(&c); err != nil {
			return nil, nil, err
		}
		p = c.Up
		object[name] = value
	}
	shown, err = reported(p, slices.Sorted(maps.Keys(object)))
	for name, value := range object {
		if err == nil && value[0] == '{' {
			shown[name] = value // with the content that came along, without which it could not be read again
		}
	}
	return shown, shown, err
}

// reported are some fields of a profile as a report writes them.
func reported(p lossy.Profile, names []string) (map[string]json.RawMessage, error) {
	b, err := settings.Report(p).MarshalJSON()
	if err != nil {
		return nil, err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(b, &all); err != nil {
		return nil, err
	}
	maps.DeleteFunc(all, func(name string, _ json.RawMessage) bool { return !slices.Contains(names, name) })
	return all, nil
}

func unknownAttribute(name string, known []string) error {
	return settings.Within(name, fmt.Errorf("unknown attribute, want %s", strings.Join(known, ", ")))
}

// numbers reads the attributes of toxiproxy's types, which are numbers all.
// Those without a value in defaults must be given.
type numbers struct {
	values map[string]float64
	err    error
}

func readNumbers(given map[string]json.RawMessage, defaults map[string]float64) *numbers {
	n := &numbers{values: make(map[string]float64)}
	known := slices.Sorted(maps.Keys(defaults))
	for name := range given {
		if !slices.Contains(known, name) {
			n.fail(unknownAttribute(name, known))
		}
	}
	for _, name := range known {
		n.values[name] = defaults[name]
		value, is := given[name]
		switch {
		case is:
			var v float64
			if err := json.Unmarshal(value, &v); err != nil || string(value) == "null" {
				n.fail(settings.Within(name, fmt.Errorf("%s: want a number", value)))
			}
			n.values[name] = v
		case math.IsNaN(n.values[name]):
			n.fail(settings.Within(name, errors.New("missing required field")))
		}
	}
	return n
}

func (n *numbers) fail(err error) {
	if n.err == nil {
		n.err = err
	}
}

// whole wants a number without a fraction, from 0 to most.
func (n *numbers) whole(name, unit string, most float64) int64 {
	v := n.values[name]
	if n.err == nil && !(v >= 0 && v <= most && v == math.Trunc(v)) {
		n.fail(settings.Within(name, fmt.Errorf("%v: want a whole number of %s from 0 to %.0f", v, unit, most)))
	}
	if n.err != nil {
		return 0
	}
	return int64(v)
}

// share wants a number from 0 to most.
func (n *numbers) share(name string, most float64) float64 {
	v := n.values[name]
	if n.err == nil && !(v >= 0 && v <= most) {
		n.fail(settings.Within(name, fmt.Errorf("%v: want a number from 0 to %v", v, most)))
	}
	return v
}

// compiled is what they are in JSON, and the settings that they amount to.
func (n *numbers) compiled(object map[string]string) (shown, settings map[string]json.RawMessage, err error) {
	if n.err != nil {
		return nil, nil, n.err
	}
	shown = make(map[string]json.RawMessage)
	for name, v := range n.values {
		shown[name] = json.RawMessage(strconv.FormatFloat(v, 'f', -1, 64))
	}
	settings = make(map[string]json.RawMessage)
	for name, value := range object {
		settings[name] = json.RawMessage(strconv.Quote(value))
	}
	return shown, settings, nil
}

// compileLatency: latency and jitter in ms. As in toxiproxy the jitter is uniform,
// either way, and keeps order; unlike there it may not exceed the latency.
func compileLatency(given map[string]json.RawMessage) (shown, object map[string]json.RawMessage, err error) {
	n := readNumbers(given, map[string]float64{"latency": 0, "jitter": 0})
	most := float64(lossy.MaxDelay / time.Millisecond)
	latency, jitter := n.whole("latency", "milliseconds", most), n.whole("jitter", "milliseconds", most)
	if jitter > latency {
		n.fail(settings.Within("jitter", fmt.Errorf("%d: must not exceed the latency (%d), for no datagram arrives before it was sent", jitter, latency)))
	}
	return n.compiled(map[string]string{
		"delay":              fmt.Sprintf("%dms", latency),
		"jitter":             fmt.Sprintf("%dms", jitter),
		"delay-distribution": "uniform",
	})
}

// compileBandwidth: rate in KB/s of 1000 bytes, 0 = unlimited.
func compileBandwidth(given map[string]json.RawMessage) (shown, object map[string]json.RawMessage, err error) {
	n := readNumbers(given, map[string]float64{"rate": 0})
	const bits = 8000 // of a KB
	return n.compiled(map[string]string{
		"rate":       lossy.ExactRate(float64(n.whole("rate", "KB/s", lossy.MaxRate/bits) * bits)),
		"link-trace": "none",
	})
}

// compilePacketLoss: loss_rate is the mean whatever the correlation is, which it
// is not in toxiproxy; see lossy.CorrelatedLoss.
func compilePacketLoss(given map[string]json.RawMessage) (shown, object map[string]json.RawMessage, err error) {
	n := readNumbers(given, map[string]float64{"loss_rate": math.NaN(), "correlation": 0})
	rate, rho := n.share("loss_rate", 1), n.share("correlation", lossy.MaxRho)
	if n.err != nil {
		return nil, nil, n.err
	}
	loss, model := lossy.FormatProbability(rate), "none"
	if rho > 0 {
		loss, model = "0%", lossy.CorrelatedLoss{P: rate, Rho: rho}.String()
	}
	return n.compiled(map[string]string{"loss": loss, "burst": "0", "loss-model": model})
}

// compileTimeout: nothing passes for as long as the proxy has the toxic.
func compileTimeout(given map[string]json.RawMessage) (shown, object map[string]json.RawMessage, err error) {
	n := readNumbers(given, map[string]float64{"timeout": 0})
	if n.err == nil && n.values["timeout"] != 0 {
		n.fail(settings.Within("timeout", fmt.Errorf("%v: closes a connection after that time, and datagrams have none; use 0, with which nothing passes until the toxic is removed, or POST /proxies/{name}/blackout",
			n.values["timeout"])))
	}
	return n.compiled(map[string]string{"blackout": lossy.Outage{For: lossy.MaxOutageTime}.String()})
}
