package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"udplab/cmd/internal/chat"
	"udplab/cmd/internal/terminal"
)

// chatEnds is the two ends of a chat: the own socket and the peer's address.
type chatEnds struct {
	socket net.PacketConn
	peer   netip.AddrPort // zero = whoever calls
}

// addresses opens the own socket and finds the peer, from the flags or, if they
// say nothing, from the answers of whoever started the chat.
func (o *chatOptions) addresses(ctx context.Context, d deps, say *say, mode chat.Mode) (chatEnds, error) {
	if o.listen == "" && o.peer == "" {
		return (&chatQuestions{ctx: ctx, in: d.stdin, out: d.stderr, say: say, echoed: d.isTerminal(d.stdin)}).ask()
	}
	if o.peer == "" && mode != chat.ReliableMode {
		return chatEnds{}, usageError(fmt.Errorf("no peer given, and %s mode cannot wait for one", o.modeName(mode)), "say where to send with --peer HOST:PORT")
	}
	var own netip.AddrPort
	if o.listen != "" {
		var err error
		if own, err = resolveUDP(ctx, "udp", "listen", o.listen); err != nil {
			return chatEnds{}, err
		}
	}
	ends := chatEnds{}
	if o.peer != "" {
		peer, err := resolveUDP(ctx, familyOf(own), "peer", o.peer)
		if err != nil {
			return chatEnds{}, err
		}
		if err := usablePeer(peer); err != nil {
			return chatEnds{}, usageError(fmt.Errorf("--peer %s: %w", o.peer, err), "write the address that the peer listens on")
		}
		ends.peer = peer
	}
	if o.listen == "" {
		own = ownFor(ends.peer)
	}
	socket, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(own))
	if err != nil {
		return chatEnds{}, addressFailure("listen", o.listen, err)
	}
	ends.socket = socket
	if isOwn(socket, ends.peer) {
		_ = socket.Close()
		return chatEnds{}, usageError(fmt.Errorf("--peer %s is this chat's own address", o.peer), "give the address that the peer listens on")
	}
	return ends, nil
}

// resolveUDP finds the address behind host:port. network is udp, udp4 or udp6.
func resolveUDP(ctx context.Context, network, flag, address string) (netip.AddrPort, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return netip.AddrPort{}, addressFailure(flag, address, err)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return netip.AddrPort{}, usageError(fmt.Errorf("--%s %s: %q is no port", flag, address, port), "write host:port with a number from 0 to 65535")
	}
	if host == "" {
		return netip.AddrPortFrom(netip.Addr{}, uint16(number)), nil // every address of the machine
	}
	ip, err := resolveIP(ctx, network, host)
	var family *familyError
	switch {
	case errors.As(err, &family):
		return netip.AddrPort{}, usageError(fmt.Errorf("--%s %s: %w", flag, address, err), "use addresses of one family, or --listen :PORT for both")
	case err != nil:
		return netip.AddrPort{}, addressFailure(flag, address, err)
	}
	return netip.AddrPortFrom(ip, uint16(number)), nil
}

// familyError says that a host has no address of the family wanted.
type familyError struct{ host, network string }

func (e *familyError) Error() string {
	return fmt.Sprintf("%s has no %s address, which the own address asks for", e.host,
		map[string]string{"udp4": "IPv4", "udp6": "IPv6"}[e.network])
}

// resolveIP takes an IP as it stands and asks for a name. Of several addresses
// it prefers IPv4, as the rest of package net does.
func resolveIP(ctx context.Context, network, host string) (netip.Addr, error) {
	fits := func(a netip.Addr) bool {
		return network == "udp" || (network == "udp4") == a.Is4()
	}
	var found []netip.Addr
	if ip, err := netip.ParseAddr(host); err == nil {
		found = []netip.Addr{ip.Unmap()}
	} else {
		answers, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		if err != nil {
			return netip.Addr{}, err
		}
		for _, a := range answers {
			found = append(found, a.Unmap())
		}
	}
	var best netip.Addr
	for _, a := range found {
		if fits(a) && (!best.IsValid() || a.Is4() && !best.Is4()) {
			best = a
		}
	}
	if !best.IsValid() {
		return best, &familyError{host, network}
	}
	return best, nil
}

// familyOf is the network a peer must be of for a socket on own to reach it.
func familyOf(own netip.AddrPort) string {
	switch a := own.Addr(); {
	case !a.IsValid(), a == netip.IPv6Unspecified():
		return "udp" // a socket on all addresses speaks both
	case a.Is4():
		return "udp4"
	}
	return "udp6"
}

// ownFor is where to listen if nobody said: loopback for a peer on loopback.
func ownFor(peer netip.AddrPort) netip.AddrPort {
	switch a := peer.Addr(); {
	case a.IsLoopback() && a.Is4():
		return netip.MustParseAddrPort("127.0.0.1:0")
	case a.IsLoopback():
		return netip.MustParseAddrPort("[::1]:0")
	}
	return netip.AddrPort{}
}

// usablePeer refuses addresses that nothing can be sent to.
func usablePeer(peer netip.AddrPort) error {
	switch {
	case peer.Port() == 0:
		return errors.New("port 0 is nobody's")
	case !peer.Addr().IsValid(), peer.Addr().IsUnspecified():
		return errors.New("no host is named")
	}
	return nil
}

// isOwn reports whether peer is the address that the socket is bound to.
func isOwn(socket net.PacketConn, peer netip.AddrPort) bool {
	local, ok := socket.LocalAddr().(*net.UDPAddr)
	if !ok || local.Port != int(peer.Port()) {
		return false
	}
	a := local.AddrPort().Addr().Unmap()
	return a == peer.Addr() || a.IsUnspecified() && peer.Addr().IsLoopback()
}

// chatQuestions asks for the addresses as the tutorial chat does, one by one,
// and again after an answer that cannot be used. Questions go to stderr, for
// stdout is for messages; answers are lines of stdin, terminal or not.
type chatQuestions struct {
	ctx context.Context
	in  io.Reader
	out io.Writer
	say *say

	echoed bool // the terminal shows the answers and ends their lines
}

func (q *chatQuestions) ask() (chatEnds, error) {
	socket, own, err := q.askOwn()
	if err != nil {
		return chatEnds{}, err
	}
	for {
		ip, err := q.ip("target IP", "127.0.0.1", familyOf(own))
		if err == nil {
			var port uint16
			if port, err = q.port("target port", 1); err == nil {
				peer := netip.AddrPortFrom(ip, port)
				if bad := usablePeer(peer); bad != nil {
					q.say.note("%s: %v", peer, bad)
					continue
				}
				if isOwn(socket, peer) {
					q.say.note("%s is your own address", peer)
					continue
				}
				return chatEnds{socket, peer}, nil
			}
		}
		_ = socket.Close()
		return chatEnds{}, err
	}
}

// askOwn asks until there is a socket on the own address.
func (q *chatQuestions) askOwn() (net.PacketConn, netip.AddrPort, error) {
	for {
		ip, err := q.ip("own IP", "127.0.0.1", "udp")
		if err != nil {
			return nil, netip.AddrPort{}, err
		}
		port, err := q.port("own port", 0)
		if err != nil {
			return nil, netip.AddrPort{}, err
		}
		own := netip.AddrPortFrom(ip, port)
		socket, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(own))
		if err == nil {
			return socket, own, nil
		}
		q.say.note("%s", strings.TrimPrefix(addressFailure("listen", own.String(), err).Error(), "--listen "))
	}
}

func (q *chatQuestions) ip(question, otherwise, network string) (netip.Addr, error) {
	for {
		answer, err := q.line(fmt.Sprintf("%s [%s]: ", question, otherwise))
		if err != nil {
			return netip.Addr{}, err
		}
		if answer == "" {
			answer = otherwise
		}
		ip, err := resolveIP(q.ctx, network, answer)
		if err == nil {
			return ip, nil
		}
		if q.ctx.Err() != nil {
			return netip.Addr{}, q.ctx.Err()
		}
		q.say.note("%q: %v; write an IP such as 127.0.0.1, or a host name", terminal.Clean(answer), err)
	}
}

func (q *chatQuestions) port(question string, least uint64) (uint16, error) {
	for {
		answer, err := q.line(question + ": ")
		if err != nil {
			return 0, err
		}
		n, err := strconv.ParseUint(answer, 10, 16)
		if err == nil && n >= least {
			return uint16(n), nil
		}
		q.say.note("%q is no port; write a number from %d to 65535", terminal.Clean(answer), least)
	}
}

// line asks for one line.
func (q *chatQuestions) line(question string) (string, error) {
	fmt.Fprint(q.out, question)
	type result struct {
		line string
		err  error
	}
	got := make(chan result, 1)
	go func() {
		// Byte by byte: what follows the line belongs to the chat.
		line, err := bufio.NewReaderSize(&oneByteReader{q.in}, 16).ReadString('\n')
		got <- result{line, err}
	}()
	select {
	case r := <-got:
		if !q.echoed {
			fmt.Fprintln(q.out)
		}
		if r.err != nil && r.line == "" {
			return "", usageError(errors.New("no addresses: the input ended before the answers"), "give --listen HOST:PORT and --peer HOST:PORT")
		}
		return strings.TrimSpace(r.line), nil
	case <-q.ctx.Done():
		return "", q.ctx.Err()
	}
}

// oneByteReader keeps a buffered reader from taking more than it was asked for.
type oneByteReader struct{ r io.Reader }

func (o *oneByteReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	return o.r.Read(p[:1])
}
