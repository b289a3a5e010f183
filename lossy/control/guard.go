package control

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// maxBody is the most a request may carry.
const maxBody = 64 << 10

// guard puts everything that decides whether a request is heard at all before
// the handler, cheapest first.
func guard(next http.Handler, hosts []string) http.Handler {
	origin := http.NewCrossOriginProtection()
	origin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		refuse(w, http.StatusForbidden, errors.New("cross-origin request refused"))
	}))
	next = origin.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		if !knownHost(r.Host, hosts) {
			refuse(w, http.StatusMisdirectedRequest,
				fmt.Errorf("host %q refused: this API answers to localhost and loopback addresses", r.Host))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// knownHost says whether a Host header names this machine. A page that had its
// own name resolve to 127.0.0.1 (DNS rebinding) sends that name. Any port will
// do, so that a forwarded port works: a page cannot choose it.
func knownHost(host string, configured []string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	name = strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
	if strings.EqualFold(name, "localhost") {
		return true
	}
	if addr, err := netip.ParseAddr(name); err == nil {
		return addr.Unmap().IsLoopback()
	}
	return slices.ContainsFunc(configured, func(known string) bool { return strings.EqualFold(known, name) })
}

// readJSON reads the body of a request that changes something.
func readJSON(w http.ResponseWriter, r *http.Request) (body []byte, status int, err error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return nil, http.StatusUnsupportedMediaType, errors.New("want Content-Type: application/json")
	}
	if r.Header.Get("Content-Encoding") != "" {
		return nil, http.StatusUnsupportedMediaType, errors.New("want a body without Content-Encoding")
	}
	body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, http.StatusRequestEntityTooLarge, fmt.Errorf("body larger than %d bytes", maxBody)
	}
	if err != nil {
		return nil, http.StatusBadRequest, errors.New("body could not be read")
	}
	return body, http.StatusOK, nil
}
