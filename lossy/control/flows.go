package control

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"udplab/lossy"
	"udplab/lossy/proxy"
)

// How many flows are shown, unless ?limit= says otherwise, and at most.
const (
	DefaultFlows = 100
	MaxFlows     = 1000
)

// FlowsReport is what GET /proxies/{name}/flows shows: the flows that are alive,
// those with the latest datagrams first.
type FlowsReport struct {
	Schema string       `json:"schema"` // udplab/proxy-flows/v1
	Name   string       `json:"name"`
	Total  int          `json:"total"` // however many are shown
	Flows  []FlowReport `json:"flows"`
}

// FlowReport is one flow.
type FlowReport struct {
	Flow     any                 `json:"flow"`   // its number, or its name as text
	Client   string              `json:"client"` // address and port
	Port     uint16              `json:"port"`   // as the service sees it
	Rebound  uint64              `json:"rebound"`
	Age      float64             `json:"age_seconds"`
	Idle     float64             `json:"idle_seconds"`
	Overlays []string            `json:"overlays"` // that hit it; a toxic is one by its name
	Up       FlowDirectionReport `json:"up"`
	Down     FlowDirectionReport `json:"down"`
}

// FlowDirectionReport counts one direction of a flow.
type FlowDirectionReport struct {
	PacketsIn  uint64            `json:"packets_in"`
	BytesIn    uint64            `json:"bytes_in"`
	PacketsOut uint64            `json:"packets_out"`
	BytesOut   uint64            `json:"bytes_out"`
	InFlight   uint64            `json:"in_flight"`
	Dropped    map[string]uint64 `json:"dropped"` // by cause, those that dropped any
}

// ReportFlows describes the flows of a proxy, at most limit of them.
func ReportFlows(name string, p *proxy.Proxy, limit int) FlowsReport {
	flows, total := p.Flows(limit)
	r := FlowsReport{"udplab/proxy-flows/v1", name, total, make([]FlowReport, len(flows))}
	for i := range flows {
		f := &flows[i]
		r.Flows[i] = FlowReport{
			Flow: nameOf(f.Key), Client: f.Client.String(), Port: f.Port, Rebound: f.Rebound,
			Age: f.Age.Seconds(), Idle: f.Idle.Seconds(), Overlays: append([]string{}, f.Overlays...),
			Up: reportFlowDirection(&f.Up), Down: reportFlowDirection(&f.Down),
		}
	}
	return r
}

// nameOf writes a flow as the decision log does.
func nameOf(key lossy.FlowKey) any {
	if key.Name != "" {
		return key.Name
	}
	return key.Number
}

func reportFlowDirection(d *proxy.DirectionStats) FlowDirectionReport {
	r := FlowDirectionReport{
		PacketsIn: d.PacketsReceived, BytesIn: d.BytesReceived,
		PacketsOut: d.PacketsSent, BytesOut: d.BytesSent,
		InFlight: d.Link.PacketsInFlight, Dropped: make(map[string]uint64),
	}
	for _, drop := range d.Drops() {
		if drop.Packets > 0 {
			r.Dropped[drop.Cause] = drop.Packets
		}
	}
	return r
}

func flows(w http.ResponseWriter, r *http.Request, name string, p *proxy.Proxy) {
	limit := DefaultFlows
	query, err := readQuery(r, "limit")
	if err == nil && query["limit"] != "" {
		limit, err = strconv.Atoi(query["limit"])
		if err != nil || limit < 0 || limit > MaxFlows {
			err = fmt.Errorf("limit %.40q: must be a number between 0 and %d", query["limit"], MaxFlows)
		}
	}
	if err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	answer(w, ReportFlows(name, p, limit))
}

// readQuery reads the parameters of a URL, each of them once at most.
func readQuery(r *http.Request, known ...string) (map[string]string, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("the query of the URL cannot be read")
	}
	read := make(map[string]string)
	for _, name := range known {
		if len(values[name]) > 1 {
			return nil, fmt.Errorf("%s stands twice in the URL", name)
		}
		read[name] = values.Get(name)
		delete(values, name)
	}
	for name := range values {
		return nil, fmt.Errorf("unknown parameter %.40q in the URL, there is only %q", name, known)
	}
	return read, nil
}
