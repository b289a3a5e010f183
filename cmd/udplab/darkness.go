package main

import (
	"time"

	"udplab/lossy"
	"udplab/lossy/proxy"
)

// darkness is a blackout of now that somebody asked of a proxy, or the end of one.
type darkness struct {
	proxy string
	left  [2]time.Duration // by direction; 0 = datagrams pass
}

// watchDarkness has the session hear of the blackouts of a proxy, but for those that
// its scenario makes, which it was asked to make.
func (s *proxySession) watchDarkness(name string, p *proxy.Proxy) {
	p.Watch(proxy.Watcher{Changed: func(now time.Duration, was, is proxy.Settings) {
		d := darkness{name, darkFor(now, is.Dark)}
		if was.Dark == is.Dark || d.left == darkFor(now, was.Dark) || playing(p) {
			return
		}
		select {
		case s.dark <- d:
		default: // nobody reads that fast
		}
	}})
}

// darkFor is how long it stays dark, by direction. It was asked for a moment ago.
func darkFor(now time.Duration, until [2]time.Duration) (left [2]time.Duration) {
	for d := range until {
		left[d] = max(0, until[d]-now).Round(time.Millisecond)
	}
	return left
}

// playing says whether a scenario changes a proxy.
func playing(p *proxy.Proxy) bool {
	b := p.Playback()
	if b == nil {
		return false
	}
	state := b.State()
	return !state.Done && !state.Stopped
}

// tellDarkness says it to whoever looks at the proxy and not at the API.
func (s *proxySession) tellDarkness(d darkness) {
	which, up, down := s.label(d.proxy), d.left[lossy.Up], d.left[lossy.Down]
	switch {
	case up == 0 && down == 0:
		s.say.note("%sthe blackout has been ended", which)
	case up == down:
		s.say.note("%sblackout: nothing passes for %v", which, up)
	case down == 0:
		s.say.note("%sblackout: nothing passes up for %v", which, up)
	case up == 0:
		s.say.note("%sblackout: nothing passes down for %v", which, down)
	default:
		s.say.note("%sblackout: nothing passes up for %v and down for %v", which, up, down)
	}
}
