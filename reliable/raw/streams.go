package raw

import "time"

// maxStreams is how many streams a Conn accounts for at once. A peer has one;
// it gets another each time it restarts, and packets of the old one may still
// be under way then. Two chats at one address also end up side by side here
// instead of taking turns at "restarting".
const maxStreams = 4

// streams finds the account of a stream and forgets the one that has been
// silent for longest when a new one needs its place. Not safe for concurrent
// use.
type streams struct {
	live    []*stream    // the one heard last is first
	retired AccountStats // sums of the forgotten ones; its Jitter means nothing
	heard   uint64       // streams ever
}

type stream struct {
	id      uint64
	account Account
}

// receive accounts for one packet. isNew says that its stream was not known.
func (s *streams) receive(now time.Duration, id uint64, seq uint32, sentAt uint64) (arrival Arrival, isNew bool) {
	isNew = s.front(id)
	return s.live[0].account.Receive(now, seq, sentAt), isNew
}

// front moves the stream to the front, and makes it if it is not there.
func (s *streams) front(id uint64) (isNew bool) {
	at := 0
	for at < len(s.live) && s.live[at].id != id {
		at++
	}
	var st *stream
	switch {
	case at < len(s.live):
		st = s.live[at]
	case at < maxStreams:
		st, isNew = &stream{id: id}, true
		s.live = append(s.live, st)
	default:
		at--
		st, isNew = s.live[at], true
		s.retired.add(st.account.Stats())
		*st = stream{id: id}
	}
	if isNew {
		s.heard++
	}
	copy(s.live[1:at+1], s.live[:at])
	s.live[0] = st
	return isNew
}

// stats sums over all streams ever heard; the jitter is that of the last one.
func (s *streams) stats() AccountStats {
	total := s.retired
	for _, st := range s.live {
		total.add(st.account.Stats())
	}
	if len(s.live) > 0 {
		total.Jitter = s.live[0].account.Stats().Jitter
	}
	return total
}
