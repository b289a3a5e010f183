package congestion

import "time"

// windowRate paces a controller that only has a window: the window is spread
// over the round trip, with a gain so that the pacer alone never makes the
// window underused (RFC 9002 section 7.7: "N = 1.25"), and twice in slow start,
// where the window doubles within the round trip that is being paced.
func windowRate(window int, smoothedRTT time.Duration, slowStart bool) float64 {
	if smoothedRTT <= 0 {
		return 0
	}
	gain := 1.25
	if slowStart {
		gain = 2
	}
	return gain * float64(window) / smoothedRTT.Seconds()
}
