package workload

import (
	"context"
	"fmt"
	"net/netip"

	"udplab/bench/rival/contender"
	"udplab/bench/rival/tunnel"
	"udplab/lossy"
)

// through makes a path for a contender, and says how it takes it: as it is, or
// from hosts of its own for TCP, whose packets go through the same proxy as
// everybody's datagrams.
func through(c contender.Contender, network lossy.Config) (path, contender.Contender, error) {
	p := &proxied{network: network}
	if !c.TCP {
		return p, c, nil
	}
	t, err := tunnel.Open(p.Enter)
	if err != nil {
		_ = p.Close()
		return nil, c, fmt.Errorf("left out: %w", err)
	}
	return &tunnelled{p, t}, atHosts(c, t), nil
}

// tunnelled is a path for TCP.
type tunnelled struct {
	*proxied
	tunnel *tunnel.Tunnel
}

// Enter changes nothing: between the hosts there is no other way.
func (t *tunnelled) Enter(listener netip.AddrPort) (netip.AddrPort, error) { return listener, nil }

func (t *tunnelled) Close() error {
	t.tunnel.Close()
	return t.proxied.Close()
}

// atHosts opens a contender's sockets at the hosts of a tunnel.
func atHosts(c contender.Contender, t *tunnel.Tunnel) contender.Contender {
	listen, newDialer := c.Listen, c.NewDialer
	c.Listen = func(o contender.Options) (l contender.Listener, err error) {
		o.Listen = t.ListenAddress()
		t.AtListener(func() { l, err = listen(o) })
		return l, err
	}
	c.NewDialer = func(o contender.Options) (contender.Dialer, error) {
		d, err := newDialer(o)
		return hostDialer{d, t}, err
	}
	return c
}

// hostDialer dials from the dialer's host.
type hostDialer struct {
	contender.Dialer
	tunnel *tunnel.Tunnel
}

func (d hostDialer) Dial(ctx context.Context, to netip.AddrPort) (p contender.Pipe, err error) {
	d.tunnel.AtDialer(func() { p, err = d.Dialer.Dial(ctx, to) })
	return p, err
}
