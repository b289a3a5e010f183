// Package metrics shows what udplab counts to Prometheus.
//
// The packages that move datagrams keep plain counters and know nothing of
// Prometheus. The collectors here read snapshots of those counters when
// somebody scrapes, so an open connection that nobody looks at costs nothing.
// The commands of cmd/udplab are the callers:
//
//	registry := metrics.NewRegistry()
//	conns := metrics.NewReliable()
//	registry.MustRegister(conns)
//	server, err := metrics.Serve("127.0.0.1:9090", registry, nil, access.Rules{}, nil)
//	...
//	retire := conns.AddConn(conn.Stats)
//	defer retire() // after conn has ended
//
// # What is counted where
//
// Series are totals of the process, never of one connection or one peer: the
// labels come from closed sets (mode, reason, direction, cause) so the number
// of series is fixed when the program starts. A counter never goes down: what
// a connection had counted stays in the total after retire.
//
// The same metric name carries mode="raw" and mode="reliable" wherever the
// thing exists in both, so that one query compares them. METRICS.md beside
// this file describes every metric; a test holds the two together.
//
// # What it will not do
//
// It serves reads only and takes no settings over HTTP. Without a token it
// listens on loopback only and answers to localhost and loopback addresses; with
// one it may listen anywhere, and /metrics wants the token (access.Rules).
// Nothing is registered with the global Prometheus registry or http.DefaultServeMux.
//
// # Limits
//
// A scrape calls every live connection's snapshot function: about 50 ns and a
// lock per connection. Two scrapes are served at once, further ones are told
// to come back (503), and a slow reader is cut off after [writeTimeout].
package metrics
