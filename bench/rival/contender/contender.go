// Package contender puts libraries that move bytes from one end to another
// behind one small interface, so that a workload need not know which one it
// measures. Package workload calls it.
//
//	Dialer --Dial--> Pipe  ====network====  Pipe <--Accept-- Listener
//
// It hides what differs in shape (messages or streams, one socket for all
// connections or one for each) and nothing that costs time: no contender is
// given a queue, a copy or a goroutine that a program using it would not need.
// How each is configured stands in its file.
package contender

import (
	"context"
	"errors"
	"net/netip"
	"slices"
)

// Pipe is one end of a connection. Send and Receive are for one goroutine
// each; Close may be called from any, more than once, and ends them.
type Pipe interface {
	// Send takes a message and returns once the contender has room for the
	// next; msg may then be reused.
	Send(msg []byte) error
	// Receive returns a message, or what is there of a stream, at least a byte.
	// No message may be longer than buf.
	Receive(buf []byte) (int, error)
	// Close ends the connection at once. What was sent may not arrive.
	Close() error
}

// Listener accepts connections. The dialer speaks first: some contenders tell
// the listening end of a connection only when data arrives on it.
type Listener interface {
	Addr() netip.AddrPort
	Accept(ctx context.Context) (Pipe, error)
	Close() error
}

// Dialer makes connections.
type Dialer interface {
	Dial(ctx context.Context, to netip.AddrPort) (Pipe, error)
	Close() error
}

// Options are what a workload asks of every contender.
type Options struct {
	// Packet is the size of full datagrams, bytes of UDP payload; 0 leaves it to
	// the contender and the path.
	Packet int
	// Shared asks that all connections of a dialer share one socket, where the
	// contender can.
	Shared bool
	// Listen is where TCP listens, host:port. Empty, and for all others, it is a
	// port of loopback that the system chooses.
	Listen string
}

// Contender is one way to move bytes.
type Contender struct {
	Name string
	// About says how it is configured and what it does that others don't, for
	// the report.
	About  string
	Module string // path of its Go module; empty for the standard library
	Traits
	Listen    func(Options) (Listener, error)
	NewDialer func(Options) (Dialer, error)
}

// Traits are what a workload has to know.
type Traits struct {
	// Raw contenders repair nothing, have no connections, and a listener of
	// theirs serves one dialer, in the same process. They are yardsticks.
	Raw bool
	// TCP needs a network for TCP where others send UDP.
	TCP bool
	// Burst is what a sender of bulk should send at a time, bytes; 0 if it
	// does not matter.
	Burst int
	// Silent contenders don't tell the peer that a connection was closed.
	Silent bool
}

// All returns the contenders in the order of the report.
func All() []Contender {
	return []Contender{
		Ours(), kernelTCP(), quicGo(), xNetQUIC(), pionSCTP(), kcpGo(), rawSingle(), rawOffload(),
	}
}

// Names of contenders that bars speak of.
const (
	OursName   = "ours"
	TCPName    = "tcp"
	QUICGoName = "quic-go"
	SCTPName   = "pion-sctp"
	RawName    = "raw-udp"
	LimitName  = "raw-gso-gro"
)

// Find returns the contenders of those names, in the order of All.
func Find(names []string) ([]Contender, error) {
	all := All()
	for _, name := range names {
		if !slices.ContainsFunc(all, func(c Contender) bool { return c.Name == name }) {
			return nil, errors.New("no contender " + name)
		}
	}
	return slices.DeleteFunc(all, func(c Contender) bool { return !slices.Contains(names, c.Name) }), nil
}
