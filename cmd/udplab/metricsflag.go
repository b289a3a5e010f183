package main

import (
	"errors"
	"net"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"udplab/lossy/control/access"
	"udplab/metrics"
)

// metricsFlag is the --metrics flag that chat, proxy and demo share.
type metricsFlag struct {
	address string
	access  accessFlag
	ready   func() error // for /ready beside the metrics; nil = there is none
}

// addTo gives cmd the flag.
func (m *metricsFlag) addTo(cmd *cobra.Command) {
	cmd.Flags().StringVar(&m.address, "metrics", "", "serve Prometheus metrics at host:port, such as 127.0.0.1:9090; port 0 = choose")
	m.access.addTo(cmd, "metrics")
}

// serve opens the server if the user asked for one, says where it is, and
// returns what closes it.
func (m *metricsFlag) serve(say *say, collectors ...prometheus.Collector) (stop func(), err error) {
	if m.address == "" {
		return func() {}, nil
	}
	if _, _, err := net.SplitHostPort(m.address); err != nil {
		return nil, addressFailure("metrics", m.address, err)
	}
	rules, err := m.access.rules(say, nil)
	if err != nil {
		return nil, err
	}
	registry := metrics.NewRegistry()
	registry.MustRegister(collectors...)
	server, err := metrics.Serve(m.address, registry, nil, rules, m.ready)
	if errors.Is(err, access.ErrNotLoopback) {
		return nil, m.access.notLoopback(m.address)
	}
	if err != nil {
		return nil, addressFailure("metrics", m.address, err)
	}
	say.note("metrics %s", server.URL())
	return func() {
		if err := server.Close(); err != nil {
			say.warn("closing the metrics server: %v", err)
		}
	}, nil
}
