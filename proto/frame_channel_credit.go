package proto

import "math"

// ChannelCredit is how much may be sent on one channel (SPEC 7.16).
type ChannelCredit struct {
	Channel uint8
	Limit   uint64 // credit in bytes, counted since the connection began
}

const (
	// channelCreditElements is the number of elements of a channel_credit frame.
	channelCreditElements = 3
	// ChannelCreditFrameSize is the most bytes AddChannelCredit adds.
	ChannelCreditFrameSize = 1 + 1 + 2 + 9
)

// AddChannelCredit adds a channel_credit frame.
func (b *DataBuilder) AddChannelCredit(c *ChannelCredit) {
	b.begin()
	dst := append(b.buf, codeFixArray|channelCreditElements, byte(FrameChannelCredit))
	dst = appendUint(dst, uint64(c.Channel))
	b.buf = appendUint(dst, c.Limit)
}

func readChannelCredit(b []byte, i pos, c *ChannelCredit, n int) pos {
	channel, i := readUint(b, i.demand(n == channelCreditElements, faultFrameElements))
	c.Channel = uint8(channel)
	i = i.demand(channel <= math.MaxUint8, faultRange)
	c.Limit, i = readUint(b, i)
	return i
}
