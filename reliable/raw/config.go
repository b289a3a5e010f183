package raw

// Config adjusts a [Conn]. A nil *Config or the zero value is the default. New
// copies what it needs and never changes it.
type Config struct {
	// Stream names this run of this sender towards the peer: a number the peer
	// has not seen is a restart to it. 0 = random, which is what everything but
	// a test with golden output wants.
	Stream uint64
	// ReceiveBuffer is how many bytes of socket buffer to ask the system for,
	// where the socket can be asked. 0 = 4 MiB, because loss on loopback is
	// usually this buffer's; negative = leave it as it is.
	ReceiveBuffer int
}

const defaultReceiveBuffer = 4 << 20

func (c *Config) stream() uint64 {
	if c == nil || c.Stream == 0 {
		return randomStream()
	}
	return c.Stream
}

// receiveBuffer is the size to ask for, 0 = do not ask.
func (c *Config) receiveBuffer() int {
	switch {
	case c == nil || c.ReceiveBuffer == 0:
		return defaultReceiveBuffer
	case c.ReceiveBuffer < 0:
		return 0
	}
	return c.ReceiveBuffer
}
