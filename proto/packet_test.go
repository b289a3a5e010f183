package proto

import (
	"testing"
	"time"
)

func TestDataPacketComesBack(t *testing.T) {
	b := BeginData(nil, 0x1f2e3d4c5b6a7988, 1111)
	b.AddAck(&Ack{Largest: 7, Delay: 1024 * time.Microsecond, Ranges: [MaxAckRanges]AckRange{{Count: 3}, {Gap: 1, Count: 4}}, N: 2})
	b.AddMessage(&Message{Seq: 3, Size: 3, Payload: []byte("hey")})
	b.AddMessage(&Message{Channel: 2, Seq: 4, Size: 1000, Offset: 10, Payload: []byte("part")})
	b.AddMaxData(1 << 40)
	b.AddPing()
	b.AddClose(&Close{Code: 9, Reason: []byte("bye")})
	length := b.Len()
	datagram := b.Finish()
	if length != len(datagram) {
		t.Errorf("Len() = %d, want the length of the datagram, %d", length, len(datagram))
	}
	const want = `data 1111 [ack 7 (1.024ms) 5-7 0-3] [message 0:3 3B] [fragment 2:4 10-13/1000B] [max_data 1099511627776] [ping] [close 9 "bye"]`
	if got := Describe(datagram); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
