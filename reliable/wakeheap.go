package reliable

import "time"

// wakeHeap is a heap of connections by time. The times lie beside each other,
// apart from the connections: with 10,000 of them each look at one is a miss of
// the cache. Four children to a parent make it half as high.
type wakeHeap struct {
	entries []wakeEntry
	which   int // Conn.wakePlace[which] is each connection's place plus 1
}

type wakeEntry struct {
	at   time.Duration
	conn *Conn
}

const wakeChildren = 4

// first is the earliest entry.
func (h *wakeHeap) first() (wakeEntry, bool) {
	if len(h.entries) == 0 {
		return wakeEntry{}, false
	}
	return h.entries[0], true
}

func (h *wakeHeap) has(c *Conn) bool { return c.wakePlace[h.which] != 0 }

// set puts c in, or moves it.
func (h *wakeHeap) set(c *Conn, at time.Duration) {
	place := int(c.wakePlace[h.which])
	if place == 0 {
		h.entries = append(h.entries, wakeEntry{})
		place = len(h.entries)
	}
	h.settle(place-1, wakeEntry{at, c})
}

func (h *wakeHeap) remove(c *Conn) {
	place := int(c.wakePlace[h.which])
	if place == 0 {
		return
	}
	c.wakePlace[h.which] = 0
	last := len(h.entries) - 1
	moved := h.entries[last]
	h.entries[last] = wakeEntry{}
	h.entries = h.entries[:last]
	if place-1 < last {
		h.settle(place-1, moved)
	}
}

// clear takes everybody out.
func (h *wakeHeap) clear() {
	for _, e := range h.entries {
		e.conn.wakePlace[h.which] = 0
	}
	h.entries = nil
}

// settle finds the place of e, beginning at a place that is free.
func (h *wakeHeap) settle(i int, e wakeEntry) {
	for i > 0 {
		parent := (i - 1) / wakeChildren
		if h.entries[parent].at <= e.at {
			break
		}
		h.put(i, h.entries[parent])
		i = parent
	}
	for { // what rose has only later ones below it
		child, ok := h.firstChild(i)
		if !ok || h.entries[child].at >= e.at {
			break
		}
		h.put(i, h.entries[child])
		i = child
	}
	h.put(i, e)
}

// firstChild is the earliest of the children of a place.
func (h *wakeHeap) firstChild(i int) (child int, ok bool) {
	from := wakeChildren*i + 1
	if from >= len(h.entries) {
		return 0, false
	}
	child = from
	for c := from + 1; c < min(from+wakeChildren, len(h.entries)); c++ {
		if h.entries[c].at < h.entries[child].at {
			child = c
		}
	}
	return child, true
}

func (h *wakeHeap) put(i int, e wakeEntry) {
	h.entries[i] = e
	e.conn.wakePlace[h.which] = int32(i + 1)
}
