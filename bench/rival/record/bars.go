package record

import (
	"udplab/bench/rival/contender"
)

// Bar is a figure to reach and what was reached.
type Bar struct {
	Workload string  `json:"workload"`
	What     string  `json:"what"`
	Want     float64 `json:"want"`
	AtLeast  bool    `json:"at_least"` // else at most
	Got      float64 `json:"got"`
	Verdict  Verdict `json:"verdict"`
}

// Verdict is how a bar was judged.
type Verdict string

// The verdicts.
const (
	Met         Verdict = "met"
	Missed      Verdict = "MISSED"
	NotMeasured Verdict = "not measured"
)

// bar is a Bar to be judged: the figure of ours over that of a contender, or
// ours alone if none is named.
type bar struct {
	workload, what, key, against string
	want                         float64
	atLeast                      bool
}

// bars are those of the fast path. Ratios are ours over the other's.
var bars = []bar{
	{"bulk-1", "goodput over quic-go's", "goodput_mbit_s", contender.QUICGoName, 4, true},
	{"bulk-1", "goodput over pion/sctp's", "goodput_mbit_s", contender.SCTPName, 6, true},
	{"bulk-1", "goodput over raw GSO+GRO's", "goodput_mbit_s", contender.LimitName, 0.20, true},
	{"bulk-1", "CPU per byte over quic-go's", "cpu_ns_per_byte", contender.QUICGoName, 0.3, false},
	{"bulk-1", "allocations per MiB", "allocs_per_mib", "", 10, false},
	{"bulk-jumbo", "goodput over kernel TCP's", "goodput_mbit_s", contender.TCPName, 0.5, true},
	{"ping-64", "p50 over raw UDP's", "p50_us", contender.RawName, 1.5, false},
	{"ping-64", "p99 over raw UDP's", "p99_us", contender.RawName, 1.5, false},
	{"ping-64", "p50 over quic-go's", "p50_us", contender.QUICGoName, 1, false},
	{"ping-64", "p99 over quic-go's", "p99_us", contender.QUICGoName, 1, false},
	{"connects", "connects a second over quic-go's", "connects_s", contender.QUICGoName, 5, true},
	{"idle", "heap of a connection, client, bytes", "client_heap_bytes", "", 8 << 10, false},
	{"idle", "heap of a connection, server, bytes", "server_heap_bytes", "", 8 << 10, false},
	// 0.0 % is what rounds to it.
	{"idle", "CPU of 1,000, client, percent of a core", "client_cpu_percent", "", 0.05, false},
	{"idle", "CPU of 1,000, server, percent of a core", "server_cpu_percent", "", 0.05, false},
}

func judge(r *Record) []Bar {
	var judged []Bar
	for _, b := range bars {
		got, ok := r.Median(b.workload, b.key, contender.OursName)
		if b.against != "" {
			got, ok = r.Ratio(b.workload, b.key, contender.OursName, b.against)
		}
		verdict := Missed
		switch {
		case !ok:
			verdict = NotMeasured
		case b.atLeast && got >= b.want, !b.atLeast && got <= b.want:
			verdict = Met
		}
		judged = append(judged, Bar{b.workload, b.what, b.want, b.atLeast, got, verdict})
	}
	return judged
}

// Count is how many bars have a verdict.
func (r *Record) Count(v Verdict) int {
	n := 0
	for _, b := range r.Bars {
		if b.Verdict == v {
			n++
		}
	}
	return n
}
