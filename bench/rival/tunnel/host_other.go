//go:build !linux

package tunnel

import (
	"errors"
	"net/netip"
	"os"
)

// host needs network namespaces, which are Linux's.
type host struct{ packets *os.File }

func newHost(netip.Addr) (*host, error) { return nil, ErrUnavailable }

func (*host) do(func()) {}
func (*host) close()    {}

func isClosed(err error) bool { return errors.Is(err, os.ErrClosed) }
