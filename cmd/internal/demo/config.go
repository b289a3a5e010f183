package demo

import (
	"errors"
	"fmt"
	"time"

	"udplab/lossy"
	"udplab/metrics"
	"udplab/reliable/raw"
)

// Limits of a Config.
const (
	MaxMessages = 1_000_000
	MaxSize     = raw.MaxMessage // what raw mode can carry in one datagram
	MinRate     = 0.1            // messages a second
	MaxRate     = 100_000
	MaxLength   = time.Hour // of the schedule
)

// Config says what a run sends and over what network.
type Config struct {
	// Messages is how many are sent, 1 to MaxMessages.
	Messages int
	// Size is the length of each in bytes, MinSize to MaxSize.
	Size int
	// Rate is how many are due each second, MinRate to MaxRate.
	Rate float64
	// Network is the seed and what the network does each way. Up is the
	// direction of the messages.
	Network lossy.Config
	// Classify tells rules of the network the class of a datagram; see
	// proxy.Config. Nil is none.
	Classify func(payload []byte) string
	// Timeout ends a run that has not come to rest by itself; 0 is the length
	// of the schedule and 10 s.
	Timeout time.Duration
	// Instruments are where the run reports to while it runs; each may be nil.
	Instruments Instruments
}

// Instruments are the Prometheus collectors a run fills.
type Instruments struct {
	Raw      *metrics.Raw
	Reliable *metrics.Reliable
	Proxy    *metrics.Proxy
	Latency  *metrics.Latency
}

// DefaultConfig is a network bad enough to show every fault within seconds.
func DefaultConfig() Config {
	return Config{
		Messages: 400, Size: 200, Rate: 100,
		Network: lossy.Config{Seed: 1, Up: DefaultProfile(), Down: DefaultProfile()},
	}
}

// DefaultProfile is what the default network does each way.
func DefaultProfile() lossy.Profile {
	return lossy.Profile{
		Loss: 0.10, Delay: 40 * time.Millisecond, Jitter: 10 * time.Millisecond,
		Reorder: 0.05, Duplicate: 0.02, Corrupt: 0.005,
	}
}

// grace is how long after the last message was due a run may go on by default.
const grace = 10 * time.Second

// Validate reports the first field that is out of range, by the name of its
// flag.
func (c *Config) Validate() error {
	switch {
	case c.Messages < 1 || c.Messages > MaxMessages:
		return fmt.Errorf("messages %d: must be between 1 and %d", c.Messages, MaxMessages)
	case c.Size < MinSize || c.Size > MaxSize:
		return fmt.Errorf("size %d: must be between %d and %d bytes, what fits one datagram", c.Size, MinSize, MaxSize)
	case !(c.Rate >= MinRate && c.Rate <= MaxRate):
		return fmt.Errorf("messages per second %v: must be between %v and %v", c.Rate, MinRate, MaxRate)
	case c.schedule().length() > MaxLength:
		return fmt.Errorf("%d messages at %v a second take %v: must be at most %v", c.Messages, c.Rate,
			c.schedule().length().Round(time.Second), MaxLength)
	case c.Timeout < 0:
		return errors.New("timeout: must not be negative")
	}
	return c.Network.Validate()
}

func (c *Config) schedule() schedule { return schedule{c.Messages, c.Rate} }

func (c *Config) timeout() time.Duration {
	if c.Timeout == 0 {
		return c.schedule().length() + grace
	}
	return c.Timeout
}

// connectTimeout bounds the handshake: a peer that has not answered by then is
// not there, and the messages are to be seen failing too.
func (c *Config) connectTimeout() time.Duration { return min(5*time.Second, c.timeout()/2) }
