package chat

// presence is what this side knows about whether the peer is there. It turns
// signs of life and of absence into the few events a person wants to read. It
// is pure; the zero value knows nothing.
//
//	unknown --absent--> waiting
//	unknown, waiting --heard--> here            joined
//	here --left--> away                         left
//	here --absent, lost--> away                 gone
//	away --heard--> here                        back, or restarted
//	here --heard from another run--> here       restarted
type presence struct {
	state presenceState
	name  string // the last one heard
	run   string // of the peer's program; "" if it does not say
}

type presenceState uint8

const (
	unknown presenceState = iota
	waiting
	here
	away
)

// heard notes a sign of life by somebody of that name, in that run of their
// program.
func (p *presence) heard(name, run string) []Event {
	was := *p
	p.state = here
	if name != "" {
		p.name = name
	}
	if run != "" {
		p.run = run
	}
	news := Event{Kind: Peer, Name: p.name}
	sameRun := run == "" || was.run == "" || run == was.run
	switch {
	case was.state == unknown || was.state == waiting:
		news.Peer = PeerJoined
	case !sameRun:
		news.Peer = PeerRestarted
	case was.state == away:
		news.Peer = PeerBack
	case was.name != p.name:
		news.Peer, news.Text = PeerRenamed, was.name
	default:
		return nil
	}
	return []Event{news}
}

// left notes a goodbye.
func (p *presence) left() []Event {
	if p.state != here {
		return nil
	}
	p.state = away
	return []Event{{Kind: Peer, Peer: PeerLeft, Name: p.name}}
}

// absent notes a sign that the peer is not there, and why one thinks so.
func (p *presence) absent(reason string) []Event {
	switch p.state {
	case unknown:
		p.state = waiting
		return []Event{{Kind: Peer, Peer: PeerWaiting, Reason: reason}}
	case here:
		p.state = away
		return []Event{{Kind: Peer, Peer: PeerGone, Name: p.name, Reason: reason}}
	}
	return nil
}
