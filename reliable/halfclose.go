package reliable

import (
	"time"

	"udplab/reliable/arq"
)

// ErrFinished: CloseWrite was called, so nothing more can be sent.
var ErrFinished = arq.ErrFinished

// CloseWrite ends the sending side, as that of a *net.TCPConn does: what is
// queued is delivered, and once the peer has read it, its Receive and Read give
// io.EOF. It does not wait for that. Receiving goes on; when both sides have
// called it and everything is delivered, the connection is over. Send and Write
// return ErrFinished from now on.
func (c *Conn) CloseWrite() error {
	var err error
	c.input(func(m *arq.Conn, now time.Duration) {
		m.Finish(now)
		err = public(m.Err())
	})
	return err
}
