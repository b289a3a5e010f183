package proxy

import (
	"errors"
	"fmt"
	"syscall"
)

// filesBesides is how many files a proxy opens besides one for each flow, and
// what a program around it may have open.
const filesBesides = 16

// reserveMost is how many files the sockets of flows leave to the rest of the process:
// those who ask how the proxy does, a capture, a log, other proxies' own. Clients take
// what they can get, and it is then that somebody asks. Where there are few files in
// all it is a share of them.
const (
	reserveMost  = 32
	reserveShare = 4 // one in so many
)

func filesReserve(limit uint64) uint64 { return min(reserveMost, limit/reserveShare) }

// readFilesLimit compares what the system lets us open with a table full of
// flows.
func (p *Proxy) readFilesLimit() {
	limit := openFilesLimit()
	if most := p.cfg.maxFlows(); limit > 0 && limit < uint64(most+filesBesides)+filesReserve(limit) {
		p.warnings = append(p.warnings, fmt.Sprintf(
			"the system lets this process open %d files, too few for %d flows: clients beyond are dropped as flow_error; raise it with ulimit -n",
			limit, most))
	}
}

// reserved says why a descriptor that was just opened for a flow has to be given
// back. A new one has the lowest number that is free, so all below it are in use,
// by whatever part of the process.
func reserved(descriptor uintptr) error {
	limit := openFilesLimit()
	reserve := filesReserve(limit)
	if limit == 0 || uint64(descriptor) < limit-reserve {
		return nil
	}
	return fmt.Errorf("the last %d of the %d files that this process may open are not for clients: %w", reserve, limit, syscall.EMFILE)
}

// lacksFiles recognises that there was no descriptor to be had.
func lacksFiles(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// open opens the socket of a mapping. If there is no descriptor for it, those of
// mappings that were replaced are closed before their time, the oldest first: a port
// in use goes before one that only listens for what comes too late.
func (m *mapping) open() (err error) {
	p := m.flow.proxy
	for again := true; again; again = lacksFiles(err) && p.forsaken.closeOldest() {
		m.socket, err = p.system.dial(m.upstream, p.cfg.buffer(), m)
	}
	if err != nil {
		p.unopened.note(err)
	}
	return err
}
