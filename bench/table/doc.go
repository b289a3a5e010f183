// Package table is the engine's table: what the protocol must reach on bad
// networks, measured and judged case by case.
//
//	udplab bench table
//
// Each Case names a network, a piece of work and the figures to reach. It is
// run in the simulator, in virtual time with several seeds, and those figures
// decide: they are the same on every machine. Then it is run once over real
// sockets on loopback, through lossy/proxy with the same network, which shows
// whether the simulator tells the truth. Where the two differ by more than 5 %
// the report says so, and why.
//
// One file is one idea: case.go and cases.go what there is to run; work.go,
// bulk.go, flows.go, paced.go, lanes.go, deadlines.go, isolated.go and
// handshakes.go how; stage.go and numbered.go in the simulator, sockets.go over
// sockets; run.go in which order; report.go and apart.go the verdict; text.go,
// markdown.go and csv.go how it is shown. ../METHOD.md says what the figures mean.
//
// # Limits
//
// One bottleneck of one rate, drop-tail; traffic one way; bulk in messages of 64
// KiB, or 10 MB beside a chat. Only the simulator sees the queue, and when a
// message leaves. The figures over sockets depend on the
// machine and its load, and decide nothing.
package table
