package lossy

import "time"

// carry takes a packet as far as it goes at once: past the bottleneck and onto
// the wire, into the backlog before it, or nowhere. It says whether the verdict
// is final.
func (l *Link) carry(v *Verdict, payload []byte) (final bool) {
	behind := l.model.profile.LossAfterQueue
	if !behind {
		l.observeLoss(v)
	}
	if v.Drop != CauseNone && !behind {
		l.stats.Dropped[v.Drop]++
		return true
	}
	lost := v.Drop != CauseNone // behind the transmitter, if it gets there
	size, copies := len(payload), 1
	if !lost {
		l.observe(v, size)
		if v.Corrupt {
			payload = v.damage(append(l.damaged[:0], payload...))
			l.damaged = payload
		}
		copies = v.Copies
		l.stats.Duplicated += uint64(copies - 1)
	}
	v.Racing = !lost && l.model.profile.JitterReorder
	b := l.bottleneck()
	deferred := b.deferred()
	fates := l.copies[:0]
	for n := range copies {
		why, marked := l.refuses(b, v, n, payload)
		if behind && n == 0 && !deferred && (why == CauseNone || why == CauseOverload) {
			l.observeLoss(v)
		}
		switch {
		case why != CauseNone:
			l.stats.Dropped[why] += uint64(copies - n)
			return l.refused(b, v, n, why, size, fates)
		case deferred:
			w := l.wait(b, v, l.late(n), payload)
			w.sent, w.last = size, n == copies-1
			w.outside.copy = uint8(n)
			if marked {
				w.outside.mark = l.mark()
				w.marked = true
			}
			l.waiting.add(w, 1)
		case lost:
			l.stats.Dropped[v.Drop]++
			sent, _ := b.transmit(l.now, len(payload)+b.overhead)
			v.Wait = sent - l.now
		default:
			sent, waits := b.transmit(l.now, len(payload)+b.overhead)
			c, late := v.course(), l.late(n)
			if n == 0 {
				v.Wait = sent - l.now
				l.count(v.Corrupt, c)
			}
			o := l.outside
			o.copy = uint8(n)
			if marked {
				o.mark = l.mark()
				v.Marked = true
			}
			if copies > 1 && l.trace != nil {
				fates = append(fates, CopyFate{sent - l.now, late, marked})
				l.copies = fates
			}
			behind := l.order.last
			at := c.lay(sent, late, &l.order)
			if waits != nil {
				waits.issue(l, c, late, behind, at, n)
			}
			if at.aside {
				l.stepAside(at.due, o, v.detour(), payload)
			} else {
				l.enter(at, o, payload)
			}
		}
	}
	if len(fates) > 0 {
		v.apart(fates)
	}
	return !deferred
}

// refused ends a packet of size bytes of which the n-th copy was not taken in,
// nor will those behind it be; fates are of those before it. It says whether the
// verdict is final.
func (l *Link) refused(b *Bottleneck, v *Verdict, n int, why Cause, size int, fates []CopyFate) (final bool) {
	switch {
	case n == 0:
		v.drop(why)
	case b.deferred():
		l.endEarly(b, v, size)
		return false
	default:
		v.Copies = n
		if len(fates) > 0 {
			v.apart(fates)
		}
	}
	return true
}

// late is by how much the n-th copy of a packet follows behind the packet.
func (l *Link) late(n int) time.Duration {
	return time.Duration(n) * l.model.profile.DuplicateDelay
}

// refuses says why the n-th copy of a packet cannot be taken in now, if so, or
// whether it is marked.
func (l *Link) refuses(b *Bottleneck, v *Verdict, n int, payload []byte) (why Cause, marked bool) {
	if m := l.model.profile.Netem.Limit; m > 0 && l.held() >= m {
		return CauseQueue, false
	}
	if b != &unlimited {
		if n > 0 {
			b.advance(l.now) // an idle transmitter has taken up the copy before
		}
		size := len(payload) + b.overhead
		why, marked = b.admit(l.now, size, l.outside.mark, l.early, v.Index^uint64(n)<<48)
	}
	held := l.charge() + entryBytes
	if v.Drop == CauseNone {
		held += len(payload)
	}
	if why == CauseNone && held > l.capacity && (v.Drop == CauseNone || b.deferred()) {
		why = CauseOverload
	}
	return why, marked
}

// mark notes that a datagram is marked, and returns its new codepoint.
func (l *Link) mark() ECN {
	l.stats.Marked++
	return CE
}

// observeLoss and observe enter the model's verdict into the tallies that
// compare the rates configured with the rates observed: loss for every packet
// that comes to where it may be lost, the rest for those that are not.
func (l *Link) observeLoss(v *Verdict) {
	if e, exposed := l.exposure(); exposed {
		l.stats.Tallies[ImpairmentLoss].add(v.Drop == CauseLoss, e)
	}
}

// exposure is what is expected of losses for the packet decided last.
func (l *Link) exposure() (e expectation, exposed bool) {
	switch m := l.decides; {
	case m.losses == nil:
		return expectation{}, false
	case m.netem != nil:
		return m.expects[ImpairmentLoss], true
	default:
		return m.losses.odds(), true
	}
}

func (l *Link) observe(v *Verdict, size int) {
	p := &l.model.profile
	e := &l.decides.expects
	if promises := l.decides.delay.promises; promises != nil && !v.AtOnce {
		if l.drawn == nil {
			l.drawn = new(drawn)
		}
		l.drawn.add(&l.stats.Delays, v.Delay, promises)
	}
	if p.Duplicate > 0 {
		l.stats.Tallies[ImpairmentDuplicate].add(v.Copies > 1, e[ImpairmentDuplicate])
	}
	if p.Corrupt > 0 && p.CorruptHow.touches(size) {
		l.stats.Tallies[ImpairmentCorrupt].add(v.Corrupt, e[ImpairmentCorrupt])
	}
	if p.Reorder > 0 {
		l.stats.Tallies[ImpairmentReorder].add(v.By > 0 || v.Hold > 0 || v.AtOnce, e[ImpairmentReorder])
	}
}

// count enters what happens to a packet that is taken in.
func (l *Link) count(corrupt bool, c course) {
	if corrupt {
		l.stats.Corrupted++
	}
	if c.aside || c.atOnce {
		l.stats.Displaced++
	}
}
