package congestion

import "time"

// episode is one congestion event of a loss-based controller: the losses (and
// marks) of packets that were in flight when the first was noticed count as
// one (RFC 9002 section 7.3.2). It remembers what is needed to undo the
// response, should all of the losses prove spurious. Its zero value is ready.
type episode struct {
	began     bool
	since     time.Duration
	doubtful  int  // packets declared lost in it and not seen since
	confirmed bool // part of it can't be undone: a mark, persistent congestion
}

// includes reports whether a packet left before the response to the episode
// could show.
func (e *episode) includes(sentAt time.Duration) bool { return e.began && sentAt <= e.since }

// begin starts a new episode.
func (e *episode) begin(now time.Duration) { *e = episode{began: true, since: now} }

// spurious takes note of packets that arrived after all, and reports whether
// that was the last of the episode's losses.
func (e *episode) spurious(s Spurious) bool {
	if !e.includes(s.SentAt) || e.doubtful == 0 {
		return false
	}
	e.doubtful = max(e.doubtful-s.Packets, 0)
	return e.doubtful == 0 && !e.confirmed
}
