package metrics

import "github.com/prometheus/client_golang/prometheus"

// A family is one metric name and everything a reader of /metrics sees of it
// apart from its values. Families are immutable.
type family struct {
	name   string
	help   string
	kind   kind
	labels []string
}

// kind is the type of a family as /metrics spells it.
type kind string

const (
	kindCounter   kind = "counter"
	kindGauge     kind = "gauge"
	kindHistogram kind = "histogram"
)

func counter(name, help string, labels ...string) *family {
	return &family{name: name, help: help, kind: kindCounter, labels: labels}
}

func gauge(name, help string, labels ...string) *family {
	return &family{name: name, help: help, kind: kindGauge, labels: labels}
}

func histogram(name, help string, labels ...string) *family {
	return &family{name: name, help: help, kind: kindHistogram, labels: labels}
}

// A series is a family as one collector fills it. The mode of a family that
// has one is fixed when the series is bound: the collectors of the two modes
// then describe different series of the same name, which a registry accepts.
type series struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
}

// bind makes the series of f for one mode. The mode is ignored by a family
// that has no such label.
func (f *family) bind(mode string) series {
	variable, fixed := f.labels, prometheus.Labels(nil)
	if len(variable) > 0 && variable[0] == labelMode {
		variable, fixed = variable[1:], prometheus.Labels{labelMode: mode}
	}
	kind := prometheus.GaugeValue
	if f.kind == kindCounter {
		kind = prometheus.CounterValue
	}
	return series{prometheus.NewDesc(f.name, f.help, variable, fixed), kind}
}

// sample is the value of the series now. The label values follow the order of
// the family's labels after the mode; a wrong number of them is our own bug
// and panics.
func (s series) sample(v float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(s.desc, s.kind, v, labels...)
}
