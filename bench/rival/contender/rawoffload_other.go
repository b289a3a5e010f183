//go:build !linux

package contender

import "errors"

// rawOffload needs UDP_SEGMENT and UDP_GRO, which are Linux's.
func rawOffload() Contender {
	err := errors.New("GSO and GRO are only on Linux")
	return Contender{
		Name: LimitName, About: "only on Linux",
		Traits:    Traits{Raw: true},
		Listen:    func(Options) (Listener, error) { return nil, err },
		NewDialer: func(Options) (Dialer, error) { return nil, err },
	}
}
