package lossy

import (
	"fmt"
	"net/netip"
	"time"
)

// What may change while a Network works, for the flows there are and for those
// to come.

// Config returns the configuration in force.
func (n *Network) Config() Config {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.config
}

// SetConfig changes both profiles for all flows, those to come and those that
// exist, except for the paths given to SetPath. The seed cannot change: it has
// already decided things.
func (n *Network) SetConfig(cfg Config) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	n.mu.Lock()
	if cfg.Seed != n.config.Seed {
		n.mu.Unlock()
		return fmt.Errorf("seed %d: cannot change from %d while the network runs", cfg.Seed, n.config.Seed)
	}
	n.config = cfg
	paths := n.allPaths()
	n.mu.Unlock()
	for _, p := range paths {
		p.setProfile(cfg.Profile(p.direction), false)
	}
	for _, p := range paths {
		p.follow()
	}
	return nil
}

// SetPath gives the flow between two addresses profiles of its own, which
// SetConfig then leaves alone, and says who of them is the client. It is an
// error if the flow exists the other way round.
func (n *Network) SetPath(client, server netip.AddrPort, up, down Profile) error {
	if err := (Config{Up: up, Down: down}).Validate(); err != nil {
		return err
	}
	client, server = unmap(client), unmap(server)
	if client == server {
		return fmt.Errorf("path %v to itself: has only one direction", client)
	}
	there, back := n.path(client, server), n.path(server, client)
	if there.direction != Up {
		return fmt.Errorf("path %v to %v: the flow exists with %v as its client", client, server, server)
	}
	there.setProfile(up, true)
	back.setProfile(down, true)
	paths := []*path{there, back}
	if up.SharedBottleneck || down.SharedBottleneck {
		n.mu.RLock()
		paths = n.allPaths()
		n.mu.RUnlock()
	}
	for _, p := range paths {
		p.follow()
	}
	return nil
}

// SetFlow makes the flow between two addresses the one of that key, and says
// who of them is the client. Its number is then no longer given to others. It
// is an error if the flow has appeared already.
func (n *Network) SetFlow(client, server netip.AddrPort, key FlowKey) error {
	client, server = unmap(client), unmap(server)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.paths[pair{client, server}] != nil {
		return fmt.Errorf("flow %v between %v and %v: it has appeared already", key, client, server)
	}
	n.numbers.Reserve(key)
	n.newFlow(key, client, server)
	return nil
}

// SetTracer says who is to hear the verdicts on the flows that appear from now
// on; nil is nobody.
func (n *Network) SetTracer(t Tracer) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.tracer = t
}

// SetReplayer says who decides in the model's place on the flows that appear from
// now on; nil is nobody. See Link.SetScript.
func (n *Network) SetReplayer(r Replayer) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.replayer = r
}

// SetTapper says who is to see the datagrams of the flows that appear from now
// on; nil is nobody.
func (n *Network) SetTapper(t Tapper) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.tapper = t
}

// SetDown starts or ends a blackout of one direction of all flows, those to
// come included. See Link.SetDown.
func (n *Network) SetDown(d Direction, down bool) {
	n.each(d, func() { n.down[d] = down }, func(p *path) { p.setDown(down) })
}

// Blackout has nothing of one direction of all flows pass from now on for that
// long, those to come included; 0 ends it. See Link.BlackoutUntil.
func (n *Network) Blackout(d Direction, lasting time.Duration) {
	end := n.now() + lasting
	n.each(d, func() { n.dark[d] = end }, func(p *path) { p.blackoutUntil(end) })
}

// each changes what holds for the flows to come, under the lock, and then every
// path of a direction.
func (n *Network) each(d Direction, change func(), apply func(*path)) {
	n.mu.Lock()
	change()
	paths := n.allPaths()
	n.mu.Unlock()
	for _, p := range paths {
		if p.direction == d {
			apply(p)
		}
	}
}

// SetClassifier says what tells the class of a payload on the flows that appear
// from now on; see Link.SetClassifier. It is called from any goroutine.
func (n *Network) SetClassifier(f func(payload []byte) string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.class = f
}
