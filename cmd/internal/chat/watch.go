package chat

import (
	"udplab/reliable"
	"udplab/reliable/raw"
)

// Watch is told where the counters of a session are, so that somebody can
// publish them. Each function gets a snapshot function and returns what to call
// when its counters will not change any more. Nil functions are not called.
type Watch struct {
	Raw      func(stats func() raw.Stats) (retire func())
	Conn     func(stats func() reliable.Stats) (retire func())
	Endpoint func(stats func() reliable.EndpointStats) (retire func())
}

func (w *Watch) raw(stats func() raw.Stats) (retire func()) {
	if w.Raw == nil {
		return func() {}
	}
	return w.Raw(stats)
}

func (w *Watch) conn(stats func() reliable.Stats) (retire func()) {
	if w.Conn == nil {
		return func() {}
	}
	return w.Conn(stats)
}

func (w *Watch) endpoint(stats func() reliable.EndpointStats) (retire func()) {
	if w.Endpoint == nil {
		return func() {}
	}
	return w.Endpoint(stats)
}
