// Package access decides who may ask an HTTP server of udplab: where it may
// listen, which Host headers it answers to, and what the token is that opens it
// to other machines. It is for servers; the rules are the same for the control
// API and for the metrics.
//
// Without a token a server listens on loopback only, and programs of this
// machine are trusted, whoever runs them; pages that a browser shows are not. With
// one it may listen anywhere, and answers to nobody who lacks it. There is no
// encryption: on a network that is not trusted, put TLS before it.
package access

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// ErrNotLoopback is returned by Listen for an address that other machines can
// reach, when there is no token.
var ErrNotLoopback = errors.New("without a token it listens on loopback only")

// Rules are who may ask. The zero value is programs of this machine. A value is
// not modified once it is used, and is then safe for concurrent use.
type Rules struct {
	// Token is what every request must bear; the zero value is none.
	Token Token
	// Hosts are names that a Host header may have, besides localhost, loopback
	// addresses and, with a token, the address that the request came to.
	Hosts []string
}

// Listen opens a TCP address, host:port. An empty host is 127.0.0.1; port 0
// lets the system choose. A host with several addresses is the first that
// the resolver gives.
func (r Rules) Listen(addr string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	if host == "" {
		host = "127.0.0.1"
	}
	at, err := net.ResolveTCPAddr("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, err
	}
	if !at.IP.IsLoopback() && !r.Token.Given() {
		return nil, fmt.Errorf("%s: %w", addr, ErrNotLoopback)
	}
	return net.ListenTCP("tcp", at)
}

// CheckHost says why a request is not heard for its Host header, which must name
// this machine: a page that had its own name resolve to 127.0.0.1 (DNS
// rebinding) sends that name. The status is 421. Any port will do, so that
// a forwarded port works: a page cannot choose it.
func (r *Rules) CheckHost(req *http.Request) (status int, err error) {
	if r.knows(req) {
		return 0, nil
	}
	return http.StatusMisdirectedRequest,
		fmt.Errorf("host %.100q refused: this server answers to localhost and loopback addresses, and to names it was told", req.Host)
}

func (r *Rules) knows(req *http.Request) bool {
	name, _, err := net.SplitHostPort(req.Host)
	if err != nil {
		name = req.Host
	}
	name = strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
	if strings.EqualFold(name, "localhost") {
		return true
	}
	if addr, err := netip.ParseAddr(name); err == nil && (addr.Unmap().IsLoopback() || r.Token.Given() && cameTo(req, addr)) {
		return true
	}
	return name != "" && slices.ContainsFunc(r.Hosts, func(known string) bool { return strings.EqualFold(known, name) })
}

// cameTo says whether the connection of the request ends at an address, which
// is then one of this machine's.
func cameTo(req *http.Request, addr netip.Addr) bool {
	local, ok := req.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	return ok && local.AddrPort().Addr().Unmap().WithZone("") == addr.Unmap().WithZone("")
}

// CheckToken says why a request is not heard for want of the token, which it
// must bear in one Authorization header (RFC 6750, section 2.1); a token in a
// URL or a body is none, for those end up in logs. The status is 401, and
// the header that goes with it is set. It takes as long for any wrong token.
func (r *Rules) CheckToken(w http.ResponseWriter, req *http.Request) (status int, err error) {
	if !r.Token.Given() {
		return 0, nil
	}
	challenge := `Bearer realm="udplab"`
	given := req.Header.Values("Authorization")
	if len(given) == 1 {
		if scheme, token, _ := strings.Cut(given[0], " "); strings.EqualFold(scheme, "Bearer") {
			if r.Token.matches(strings.TrimLeft(token, " ")) {
				return 0, nil
			}
			challenge += `, error="invalid_token"`
		}
	}
	w.Header().Set("WWW-Authenticate", challenge)
	return http.StatusUnauthorized, errors.New("want the token, as the one header Authorization: Bearer TOKEN")
}
