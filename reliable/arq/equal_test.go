package arq

import (
	"fmt"
	"testing"

	"udplab/proto"
)

// GSO takes packets of one size, so what one call to the system carries is a run
// of equal packets. In bulk they are full, to the byte, whatever the size of the
// messages, if these are cut: those that fit into half a packet are not.
func TestBulkLeavesInEqualPackets(t *testing.T) {
	for _, size := range []int{64 << 10, 20_000, 1400, 1 << 10} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			const limit = 1452 - proto.AckNowFrameSize
			b := newBulk(t, size)
			b.transfer(8<<20/size, nil) // the window opens
			packets, full, run, inRuns := 0, 0, 0, 0
			b.seen = func(size int) {
				packets++
				if run++; size != limit {
					run = 0
					return
				}
				full++
				switch {
				case run == 40:
					inRuns += 40
				case run > 40:
					inRuns++
				}
			}
			b.transfer(16<<20/size, nil)
			if 100*full < 99*packets || 100*inRuns < 95*packets || packets < 10_000 {
				t.Errorf("of %d packets %d have %d bytes, %d of them in runs of 40 and more", packets, full, limit, inRuns)
			}
		})
	}
}

// What a full packet lacks is padded only where another follows: the last one
// is as long as what it carries.
func TestLastPacketIsNotPadded(t *testing.T) {
	p := newPair(t, Config{FixedPacket: 1452})
	dialer, _ := p.connect()
	p.quiet()
	// Behind the first message 30 bytes are left, too few for any of the second.
	dialer.Send(p.now, message(0, 1452-55), false)
	dialer.Send(p.now, message(1, 1000), false)
	var sizes []int
	for {
		b, _, ok := dialer.AppendPacket(p.now, nil)
		if !ok {
			break
		}
		sizes = append(sizes, len(b))
	}
	if len(sizes) != 2 || sizes[0] != 1452-proto.AckNowFrameSize || sizes[1] < 1000 || sizes[1] > 1000+maxHeaders {
		t.Errorf("packets of %v bytes, want a full one, and one of what is left", sizes)
	}
}
