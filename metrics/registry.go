package metrics

import (
	"runtime"
	"runtime/debug"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// NewRegistry returns a registry of our own with what every command shows: the
// Go runtime, the process and the build. The global Prometheus registry stays
// untouched.
func NewRegistry() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		newBuild(debug.ReadBuildInfo()),
	)
	return registry
}

// build collects the one series that says which program this is.
type build struct {
	series   series
	version  string
	revision string
}

// newBuild takes what the Go linker wrote into the binary. A binary built
// outside version control, or a test, knows neither version nor revision.
func newBuild(info *debug.BuildInfo, ok bool) *build {
	b := &build{series: buildInfo.bind(""), version: "unknown", revision: "unknown"}
	if !ok {
		return b
	}
	if info.Main.Version != "" {
		b.version = info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			b.revision = s.Value
		}
	}
	return b
}

// Describe implements prometheus.Collector.
func (b *build) Describe(ch chan<- *prometheus.Desc) { ch <- b.series.desc }

// Collect implements prometheus.Collector.
func (b *build) Collect(ch chan<- prometheus.Metric) {
	ch <- b.series.sample(1, b.version, b.revision, runtime.Version())
}
