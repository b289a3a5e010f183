package arq

import (
	"encoding/binary"
	"hash/crc32"
	"testing"

	"udplab/proto"
)

// forge delivers a datagram to an end with some bytes changed and its checksum
// made right again, if it is still a packet then.
func (p *pair) forge(to int, datagram, changes []byte) {
	b := append([]byte(nil), datagram...)
	if len(b) < 6 {
		return
	}
	for i := 0; i+1 < min(len(changes), 4); i += 2 {
		b[int(changes[i])%(len(b)-5)] ^= changes[i+1]
	}
	sum := crc32.Checksum(b[:len(b)-5], crc32.MakeTable(crc32.Castagnoli))
	binary.BigEndian.PutUint32(b[len(b)-4:], sum)
	var packet proto.Packet
	if proto.Parse(b, &packet) == nil {
		p.deliver(flight{to: to, data: b})
	}
}

// forged makes a data packet for an end's peer out of bytes.
func forged(c *Conn, argument int, script []byte) []byte {
	if c.peerID == 0 {
		return nil
	}
	at := func(i int) uint32 {
		if i < len(script) {
			return uint32(script[i])
		}
		return 0
	}
	b := proto.BeginData(nil, c.peerID, uint32(c.nextNumber)+at(0))
	switch argument % 5 {
	case 0:
		b.AddAck(&proto.Ack{Largest: uint32(c.peerFirst) + at(1), N: 1, Ranges: [proto.MaxAckRanges]proto.AckRange{{Count: 1 + at(2)}}})
	case 1:
		b.AddMessage(&proto.Message{Seq: uint32(c.out.lane(0, proto.ModeOrdered).nextSeq) + at(1), Size: at(2), Payload: make([]byte, at(2))})
	case 2:
		b.AddMessage(&proto.Message{Seq: uint32(c.out.lane(0, proto.ModeOrdered).nextSeq) + at(1), Size: 1000 + at(2), Offset: at(3), Payload: make([]byte, 1+at(4))})
	case 3:
		b.AddMaxData(uint64(at(1)) << at(2) % 64)
	case 4:
		b.AddPing()
	}
	return b.Finish()
}

func checkGauges(t *testing.T, p *pair) {
	t.Helper()
	for i, e := range p.ends {
		if e.conn == nil {
			continue
		}
		s := e.conn.Stats()
		if s.BytesInFlight < 0 || s.SendQueueBytes < 0 || s.ReceiveBytes < 0 || s.ReceiveBytes > 8192+70_000 ||
			s.MessagesAcked > s.MessagesSent || s.PacketsLostSpurious > s.PacketsLost {
			t.Fatalf("end %d: %+v", i, s)
		}
		if at, ok := e.conn.NextTimeout(); ok && e.conn.State() == Closed {
			t.Fatalf("end %d is closed and has a timer at %v", i, at)
		}
	}
}
