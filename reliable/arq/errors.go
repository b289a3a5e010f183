package arq

import (
	"errors"
	"fmt"
)

// Reasons for which a connection ends or refuses a call. PeerError and
// ProtocolError carry more.
var (
	// ErrClosed: the connection was closed on this side.
	ErrClosed = errors.New("connection closed")
	// ErrFinished: the sending side was finished, the connection lives.
	ErrFinished = errors.New("sending was finished")
	// ErrIdleTimeout: nothing came from the peer for the idle timeout.
	ErrIdleTimeout = errors.New("idle timeout: nothing heard from the peer")
	// ErrStalled: messages waited for the stall timeout, and the peer read none.
	ErrStalled = errors.New("stalled: the peer reads no messages")
	// ErrHandshakeTimeout: the peer did not answer.
	ErrHandshakeTimeout = errors.New("handshake timeout: the peer did not answer")
	// ErrPeerReset: the peer does not know the connection, most likely it
	// was restarted.
	ErrPeerReset = errors.New("connection reset: the peer was restarted or gave the connection up")
	// ErrVersion: the peer speaks no protocol version of ours.
	ErrVersion = errors.New("no common protocol version")
	// ErrTooLarge: the message is larger than Config.MaxMessage.
	ErrTooLarge = errors.New("message too large")
)

// PeerError is the close the peer sent.
type PeerError struct {
	Code   uint32
	Reason string
}

// Error implements error.
func (e *PeerError) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("closed by the peer (code %d)", e.Code)
	}
	return fmt.Sprintf("closed by the peer: %s (code %d)", e.Reason, e.Code)
}

// Close codes of the protocol itself (SPEC 7.6). The application's own codes are
// below CodeProtocolBase.
const (
	CodeProtocolBase  uint32 = 0xff00_0000
	CodeViolation     uint32 = CodeProtocolBase + 1 // the peer broke the protocol
	CodeFlowControl   uint32 = CodeProtocolBase + 2 // more bytes than the credit
	CodeMessageTooBig uint32 = CodeProtocolBase + 3 // a message over the receiver's limit
	CodeAborted       uint32 = CodeProtocolBase + 4 // given up, perhaps before everything was delivered
	CodeRefused       uint32 = CodeProtocolBase + 5 // too many connections wait to be accepted
)

// ProtocolError is what the peer did wrong and we closed the connection for.
type ProtocolError struct {
	Code uint32
	What string
}

// Error implements error.
func (e *ProtocolError) Error() string {
	return fmt.Sprintf("protocol violation by the peer: %s (code %#x)", e.What, e.Code)
}
