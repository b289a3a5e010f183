package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"udplab/reliable"
	"udplab/reliable/raw"
)

// fullRegistry shows every family there is: a gauge of a time appears only
// when somebody measured one.
func fullRegistry() *prometheus.Registry {
	conns, raws, proxies, latency := NewReliable(), NewRaw(), NewProxy(), NewLatency()
	conns.AddConn(sampleConn)
	conns.AddEndpoint(func() reliable.EndpointStats { return reliable.EndpointStats{} })
	raws.AddConn(func() raw.Stats { return raw.Stats{Received: 2, Jitter: time.Millisecond} })
	proxies.AddProxy(sampleProxy)
	registry := NewRegistry()
	registry.MustRegister(conns, raws, proxies, latency)
	return registry
}
