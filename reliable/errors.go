package reliable

import (
	"errors"
	"fmt"
	"io"
	"net"

	"udplab/reliable/arq"
)

// Errors for errors.Is and errors.As. What this side did and what the peer did
// are different types.
var (
	// ErrClosed: the connection or listener was closed on this side.
	ErrClosed = net.ErrClosed
	// ErrIdleTimeout: nothing came from the peer for the idle timeout.
	ErrIdleTimeout = arq.ErrIdleTimeout
	// ErrStalled: messages waited for the stall timeout, and the peer read none.
	ErrStalled = arq.ErrStalled
	// ErrHandshakeTimeout: the peer did not answer Dial.
	ErrHandshakeTimeout = arq.ErrHandshakeTimeout
	// ErrPeerReset: the peer was restarted, or gave the connection up.
	ErrPeerReset = arq.ErrPeerReset
	// ErrVersion: the peer speaks no protocol version of ours.
	ErrVersion = arq.ErrVersion
	// ErrTooLarge: the message is larger than Config.MaxMessage.
	ErrTooLarge = arq.ErrTooLarge
	// ErrWouldBlock: the channel's send buffer has no room, and TrySend does not wait.
	ErrWouldBlock = errors.New("reliable: send buffer full")
)

type (
	// PeerError is the error the peer closed the connection with.
	PeerError = arq.PeerError
	// ProtocolError is how the peer broke the protocol.
	ProtocolError = arq.ProtocolError
)

// public turns the state machine's reason into what callers see: errors are
// prefixed once, and a close on this side is net.ErrClosed.
func public(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, arq.ErrClosed):
		return ErrClosed
	}
	return fmt.Errorf("reliable: %w", err)
}

// readError is the end of receiving: io.EOF if the peer closed in peace.
func readError(err error) error {
	var peer *PeerError
	if errors.As(err, &peer) && peer.Code == 0 {
		return io.EOF
	}
	return public(err)
}
