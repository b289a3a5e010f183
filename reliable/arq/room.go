package arq

import "udplab/proto"

// This file is the back-pressure on the application that sends. A channel whose
// peer does not read fills its own buffer, and leaves as much for the others.
// Several such channels leave each of the others ownRoom of it, so that none is
// stopped by what happens elsewhere.

// ownRoom is the part of the send buffer that a channel has to itself.
const ownRoom = 16

// takeRoom notes that a message of so many bytes waits. It costs what it costs
// of the credit, so that empty messages are bounded too.
func (l *sendLane) takeRoom(bytes int) {
	l.channel.room += messageCost + bytes
	l.all.room += messageCost + bytes
}

// giveRoom is the reverse of takeRoom.
func (l *sendLane) giveRoom(bytes int) {
	l.channel.room -= messageCost + bytes
	l.all.room -= messageCost + bytes
}

// CanSendOn reports whether the send buffer has room for another message of a
// channel and a mode. A message of proto.ModeLatest takes the place of the one
// before it and always has.
func (c *Conn) CanSendOn(channel uint8, mode proto.Mode) bool {
	if mode == proto.ModeLatest {
		return true
	}
	whole, used := c.config.SendBuffer, 0
	if int(channel) < len(c.out.channels) && c.out.channels[channel] != nil {
		used = c.out.channels[channel].room
	}
	return used < whole && (c.out.room < 2*whole || used < whole/ownRoom)
}

// CanSend is CanSendOn for channel 0, reliable and ordered.
func (c *Conn) CanSend() bool { return c.CanSendOn(0, proto.ModeOrdered) }
