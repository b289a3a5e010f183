package main

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
)

// addressFailure turns what the system said about an address that the user
// gave with a flag into one line that says what to try. A text that is no
// address is a usage error, an address that cannot be used a failure.
func addressFailure(flag, address string, err error) error {
	var syntax *net.AddrError
	var name *net.DNSError
	switch {
	case errors.As(err, &name):
		host, port, _ := net.SplitHostPort(address)
		if strings.Contains(err.Error(), "unknown port") {
			return usageError(fmt.Errorf("--%s %s: %q is no port", flag, address, port), "write host:port with a number from 0 to 65535")
		}
		return failure(fmt.Errorf("--%s %s: cannot resolve host %q", flag, address, host), "check the name, or give an IP address")
	case errors.As(err, &syntax):
		return usageError(fmt.Errorf("--%s %q: %s", flag, address, syntax.Err), "write host:port, such as 127.0.0.1:9000 or [::1]:9000")
	case errors.Is(err, errAddrInUse):
		return failure(fmt.Errorf("--%s %s: the port is in use", flag, address), "choose another one, or port 0 to have one chosen")
	case errors.Is(err, errAddrNotAvail):
		return failure(fmt.Errorf("--%s %s: this machine has no such address", flag, address), "use one of its own, 127.0.0.1 for local clients only or 0.0.0.0 for all")
	case errors.Is(err, syscall.EACCES) && flag != "upstream":
		return failure(fmt.Errorf("--%s %s: permission denied", flag, address), "choose a port above 1023")
	}
	return failure(fmt.Errorf("--%s %s: %w", flag, address, err), "")
}
