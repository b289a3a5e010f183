package congestion

import (
	"testing"
	"time"
)

// A packet leaves each 10 ms. Acknowledgments that are held up and come in a
// bunch do not make the path faster: no more was delivered than was sent
// (draft-ietf-ccwg-bbr section 4.1: "the delivery rate sample is the minimum of
// the send rate and the ack rate").
func TestSamplerDoesNotBelieveCompressedAcks(t *testing.T) {
	const ms, apart, size = time.Millisecond, 10 * time.Millisecond, 1000
	ackedAt := func(n int) time.Duration {
		switch {
		case n < 10:
			return 100*ms + time.Duration(n)*apart
		case n < 20:
			return 290 * ms
		}
		return 291 * ms
	}
	var s Sampler
	var snapshots [29]Snapshot
	for now := time.Duration(0); now <= 291*ms; now += ms {
		acked := false
		for n := range snapshots {
			if ackedAt(n) == now {
				s.Acked(now, time.Duration(n)*apart, size, &snapshots[n])
				acked = true
			}
		}
		if acked {
			full := now >= 190*ms // the first packets found nothing before them
			if got, most := s.Sample(ms).BytesPerSecond, size/apart.Seconds(); got > 1.01*most || full && got < most/2 {
				t.Errorf("at %v a rate of %.0f bytes a second, of %.0f sent", now, got, most)
			}
		}
		if n := int(now / apart); now%apart == 0 && n < len(snapshots) {
			snapshots[n] = s.Sent(now, size, min(n, 1)*size)
		}
	}
}
