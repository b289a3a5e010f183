package proxy

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"time"

	"udplab/lossy"
	"udplab/lossy/scenario"
	"udplab/lossy/settings"
)

// Defaults of a Config.
const (
	DefaultMaxFlows    = 4096
	DefaultIdleTimeout = 60 * time.Second
	DefaultMaxHeld     = 256 << 20
	DefaultBuffer      = 32 << 20
	DefaultLateLimit   = time.Millisecond
)

// enoughBuffer is how much of DefaultBuffer will do without a word.
const enoughBuffer = 4 << 20

// MaxBuffer is the largest buffer a Config may ask for, in bytes.
const MaxBuffer = 1 << 30

// MaxFlowsLimit is the most flows a Config may ask for.
const MaxFlowsLimit = 1 << 20

// Config says what a Proxy connects and what lies in between. It is never
// modified.
type Config struct {
	// Listen is the address for clients and Upstream that of the service, as
	// host:port. An empty host is 127.0.0.1: to be reached from other machines,
	// listen on 0.0.0.0, which is all that are of IPv4, or [::], which is all of
	// either family. Port 0 of Listen lets the system choose.
	Listen, Upstream string

	// Config is the seed and the profile of either direction: Up from the
	// clients to the service, Down back.
	lossy.Config

	// Overlays change that network for some of the flows.
	Overlays []Overlay

	// Disabled begins the proxy as one that drops all it reads; see
	// Settings.Enabled.
	Disabled bool

	// NAT ends the flows' ports towards the service and gives them others.
	NAT NAT

	// MaxFlows bounds the clients served at a time, 0 = DefaultMaxFlows. A
	// datagram of one more client is dropped (CauseFlowLimit).
	MaxFlows int
	// IdleTimeout ends a flow through which nothing passed for that long,
	// 0 = DefaultIdleTimeout, negative = never.
	IdleTimeout time.Duration
	// MaxHeld bounds the bytes in flight over all flows, each datagram counted
	// as its payload and 64 bytes more, 0 = DefaultMaxHeld. What exceeds it is
	// dropped (lossy.CauseOverload).
	MaxHeld int
	// Flows gives the clients at some addresses a flow of their own, whoever
	// appears first; see lossy.NamedFlow. All others are numbered in order of
	// appearance. One whose flow has expired begins it anew.
	Flows map[netip.AddrPort]lossy.FlowKey
	// Tracer hears every verdict; nil is nobody. It must not block. Datagrams
	// dropped by the proxy itself or the kernel never have a verdict.
	Tracer lossy.Tracer
	// Replay decides in the model's place, where it has a script; nil is nobody.
	// See lossy.Link.SetScript.
	Replay lossy.Replayer
	// Tap sees every datagram that is decided about; nil is nobody. Its addresses
	// are the client's and the service's, on both sides of the proxy, and the one
	// of the service stays what it was when the flow appeared.
	Tap lossy.Tapper
	// Classify tells the class of a payload, for rules of Profile.Drop that ask
	// for it; see lossy.Link.SetClassifier. It is called from several goroutines.
	Classify func(payload []byte) string
	// Classes are what Classify can answer: a rule that asks for another is refused.
	// Nil is anything.
	Classes []string
	// Changed is told of every change of settings, before the first datagram
	// sees it; nil is nobody.
	Changed func(now time.Duration, s Settings)
	// Played is told of each change that a scenario makes, just before it is made;
	// nil is nobody. See Proxy.Play. It must not block.
	Played func(scenario.Note)
	// Buffer is the size asked of the system for every socket buffer, in
	// bytes, 0 = DefaultBuffer or what there is of it. On Linux more than
	// net.core.rmem_max is granted to those who may administer the network
	// (CAP_NET_ADMIN). See Proxy.Warnings for buffers that are too small.
	Buffer int
	// LateLimit is how late one datagram in a hundred may leave before the
	// proxy is not Ready any more, and of fewer than a hundred any; 0 =
	// DefaultLateLimit, negative = no matter.
	LateLimit time.Duration
}

func (c *Config) maxFlows() int { return orDefault(c.MaxFlows, DefaultMaxFlows) }
func (c *Config) maxHeld() int  { return orDefault(c.MaxHeld, DefaultMaxHeld) }
func (c *Config) buffer() int   { return orDefault(c.Buffer, DefaultBuffer) }

func (c *Config) idleTimeout() time.Duration { return orDefault(c.IdleTimeout, DefaultIdleTimeout) }

func (c *Config) lateLimit() time.Duration { return orDefault(c.LateLimit, DefaultLateLimit) }

func orDefault[T int | time.Duration](v, standard T) T {
	if v == 0 {
		return standard
	}
	return v
}

// Validate reports the first field that is out of range. It does not resolve
// addresses, and leaves it to New whether rules ask for what there is; see Names.
func (c Config) Validate() error {
	_, err := c.validate()
	return err
}

// validate is Validate, and makes what the overlays make.
func (c *Config) validate() (*combinations, error) {
	if c.MaxFlows < 0 || c.MaxFlows > MaxFlowsLimit {
		return nil, fmt.Errorf("max-flows %d: must be between 1 and %d, or 0 for %d", c.MaxFlows, MaxFlowsLimit, DefaultMaxFlows)
	}
	if c.MaxHeld < 0 {
		return nil, fmt.Errorf("max-held %d: must not be negative", c.MaxHeld)
	}
	if c.Buffer < 0 || c.Buffer > MaxBuffer {
		return nil, fmt.Errorf("buffer %d: must be between 1 and %d bytes, or 0 for %d", c.Buffer, MaxBuffer, DefaultBuffer)
	}
	if err := c.NAT.Validate(); err != nil {
		return nil, err
	}
	if err := c.validateFlows(); err != nil {
		return nil, err
	}
	if err := c.Config.Validate(); err != nil {
		return nil, err
	}
	return combine(c.Config, c.Overlays)
}

// Names are what rules may ask for: a flow has a name only by Flows.
func (c Config) Names() settings.Names {
	names := settings.Names{Classes: c.Classes, Flows: []string{}}
	for _, key := range c.Flows {
		if key.Name != "" {
			names.Flows = append(names.Flows, key.Name)
		}
	}
	slices.Sort(names.Flows)
	return names
}

// validateFlows wants every named flow to be one client.
func (c *Config) validateFlows() error {
	seen := make(map[lossy.FlowKey]netip.AddrPort)
	for client, key := range c.Flows {
		if other, twice := seen[key]; twice {
			return fmt.Errorf("flow %v: is both %v and %v", key, other, client)
		}
		seen[key] = client
	}
	return nil
}

// ErrLoop is why New refuses an upstream that is the proxy's own address.
var ErrLoop = errors.New("upstream is the proxy's own listen address, every datagram would loop")

// AddressError says which address of a Config New could not use, and why.
type AddressError struct {
	Field   string // "listen" or "upstream"
	Address string // as configured
	Err     error  // ErrLoop, or what the system said
}

// Error implements error.
func (e *AddressError) Error() string {
	return fmt.Sprintf("proxy: %s %s: %v", e.Field, e.Address, e.Err)
}

// Unwrap implements errors.Unwrap.
func (e *AddressError) Unwrap() error { return e.Err }

// resolve turns host:port into an address, with 127.0.0.1 for an empty host.
func resolve(address string) (netip.AddrPort, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return netip.AddrPort{}, err
	}
	if host == "" {
		host = "127.0.0.1"
	}
	a, err := net.ResolveUDPAddr("udp", net.JoinHostPort(host, port))
	if err != nil {
		return netip.AddrPort{}, err
	}
	return unmap(a.AddrPort()), nil
}

// ParseUpstream reads the address of a service, host:port, and looks up its
// name if it has one.
func ParseUpstream(address string) (netip.AddrPort, error) {
	a, err := resolve(address)
	if err != nil {
		return a, err
	}
	return a, sendable(a)
}

// ParseListen reads an address to listen on, host:port, and looks up its name if
// it has one. An empty host is 127.0.0.1.
func ParseListen(address string) (netip.AddrPort, error) { return resolve(address) }

// sendable says why nothing can be sent to an address, if so.
func sendable(a netip.AddrPort) error {
	at := a.Addr()
	switch {
	case !a.IsValid() || a.Port() == 0:
		return errors.New("port 0 is no port to send to")
	case at.IsUnspecified():
		return fmt.Errorf("%v is no address to send to", at)
	case at == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return fmt.Errorf("%v is everybody on a network: give the address of one service", at)
	case at.Is6() && at.Zone() == "" && (at.IsLinkLocalUnicast() || at.IsLinkLocalMulticast() || at.IsInterfaceLocalMulticast()):
		return fmt.Errorf("%v is one address on each link: name the interface, such as %v%%eth0", at, at)
	}
	return nil
}

// connectable says why no socket could be connected to an address, if that will
// never be otherwise. Routes come and go, and so do descriptors. Package net allows
// all its sockets to broadcast, but nothing that answers has such an address.
func connectable(a netip.AddrPort) error {
	one := net.Dialer{Control: func(_, _ string, c syscall.RawConn) error { return c.Control(refuseBroadcast) }}
	c, err := one.Dial("udp", a.String())
	if err == nil {
		return c.Close()
	}
	for _, lasting := range []syscall.Errno{syscall.EACCES, syscall.EINVAL, syscall.EAFNOSUPPORT} {
		if errors.Is(err, lasting) {
			return fmt.Errorf("the system connects no socket to it (%w)", systemError(err))
		}
	}
	return nil
}

// loops reports whether what is sent to upstream arrives at a socket bound to
// listen. local are the addresses of this machine.
func loops(listen, upstream netip.AddrPort, local []netip.Addr) bool {
	if listen.Port() != upstream.Port() {
		return false
	}
	if l := listen.Addr(); !l.IsUnspecified() {
		return l == upstream.Addr()
	} else if l.Is4() && upstream.Addr().Is6() {
		return false // 0.0.0.0 receives no IPv6, while [::] receives both
	}
	if upstream.Addr().IsLoopback() {
		return true
	}
	for _, a := range local {
		if a == upstream.Addr() {
			return true
		}
	}
	return false
}

// localAddrs lists the addresses of this machine.
func localAddrs() []netip.Addr {
	interfaces, err := net.InterfaceAddrs()
	if err != nil {
		return nil // then only loopback is guarded
	}
	var addrs []netip.Addr
	for _, i := range interfaces {
		if n, ok := i.(*net.IPNet); ok {
			if a, ok := netip.AddrFromSlice(n.IP); ok {
				addrs = append(addrs, a.Unmap())
			}
		}
	}
	return addrs
}

// unmap writes an IPv4 client that reached an IPv6 socket (::ffff:192.0.2.1)
// as IPv4, so that it is one client whichever way it came.
func unmap(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}
