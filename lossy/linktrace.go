package lossy

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// ChanceBytes is what one line of a LinkTrace lets through: the largest
	// packet of the network device that mahimahi records and replays with.
	ChanceBytes = 1504

	// MaxTraceLines is the longest trace that is read: more than an hour of a
	// link of 12 Mbit/s.
	MaxTraceLines = 1 << 22

	maxTraceTime = 24 * time.Hour
)

// LinkTrace is what a real link let through, as mahimahi records it (Netravali
// et al., Mahimahi: Accurate Record-and-Replay for HTTP, USENIX ATC 2015):
// moments at which up to ChanceBytes get out. Make one with ReadLinkTrace. It
// never changes and may be shared by any number of links and goroutines.
type LinkTrace struct {
	name string
	ms   []uint32 // ascending; the last is the length of a round
}

// ReadLinkTrace reads a trace: one whole number of milliseconds a line, none
// smaller than the one before, the last at least 1. A number that stands there
// twice is two chances. Behind the last line the trace begins anew, so that the
// single line "1" is a link of 12 Mbit/s.
//
// The name is for messages: an error says it and the line. What is longer than
// MaxTraceLines or a day is refused.
func ReadLinkTrace(name string, r io.Reader) (*LinkTrace, error) {
	t := &LinkTrace{name: name}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		line := len(t.ms) + 1
		text := strings.TrimSpace(lines.Text())
		ms, err := strconv.ParseUint(text, 10, 32)
		switch {
		case line > MaxTraceLines:
			return nil, fmt.Errorf("%s:%d: a trace has at most %d lines", name, line, MaxTraceLines)
		case err != nil:
			return nil, fmt.Errorf("%s:%d: %q is not a whole number of milliseconds", name, line, text)
		case ms > uint64(maxTraceTime/time.Millisecond):
			return nil, fmt.Errorf("%s:%d: %d ms: a trace is at most %v long", name, line, ms, maxTraceTime)
		case line > 1 && uint32(ms) < t.ms[line-2]:
			return nil, fmt.Errorf("%s:%d: %d ms comes after %d ms: times must not go down", name, line, ms, t.ms[line-2])
		}
		t.ms = append(t.ms, uint32(ms))
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s:%d: %w", name, len(t.ms)+1, err)
	}
	if len(t.ms) == 0 {
		return nil, fmt.Errorf("%s:1: a trace needs at least one line", name)
	}
	if t.ms[len(t.ms)-1] == 0 {
		return nil, fmt.Errorf("%s:%d: the last time is 0 ms: a trace must take time", name, len(t.ms))
	}
	return t, nil
}

// ParseLinkTrace reads the trace in a file, or "none", which is nil.
func ParseLinkTrace(file string, read ReadFile) (*LinkTrace, error) {
	if file == noTrace {
		return nil, nil
	}
	b, err := read.open(file, file)
	if err != nil {
		return nil, err
	}
	return ReadLinkTrace(file, bytes.NewReader(b))
}

const noTrace = "none"

// String returns the name that the trace was read under, "none" if it is nil.
func (t *LinkTrace) String() string {
	if t == nil {
		return noTrace
	}
	return t.name
}

// Equal says whether two traces have the same name and let the same through; nil
// is equal to nil alone.
func (t *LinkTrace) Equal(o *LinkTrace) bool {
	return t == o || t != nil && o != nil && t.name == o.name && slices.Equal(t.ms, o.ms)
}

// Rate is the mean number of bits per second that the trace lets through.
func (t *LinkTrace) Rate() float64 {
	return float64(len(t.ms)) * ChanceBytes * 8 / t.round().Seconds()
}

// round is how long the trace takes until it begins anew.
func (t *LinkTrace) round() time.Duration {
	return time.Duration(t.ms[len(t.ms)-1]) * time.Millisecond
}

// chances is a place in a trace: the chance that is in use, or comes next.
type chances struct {
	of    *LinkTrace
	after time.Duration // no chance up to here is used: the link had other things to do
	began time.Duration // when the round began that the chance is in
	index int           // of the chance in the round
	at    time.Duration // when it comes
	left  int           // bytes it still takes
}

// next moves to the first chance for a datagram that arrives now, and returns
// its time. A chance that comes in the very moment has been missed.
func (c *chances) next(now time.Duration) time.Duration {
	if earliest := max(now, c.after); c.at <= earliest {
		round := c.of.round()
		c.began = earliest - earliest%round
		c.index, _ = slices.BinarySearch(c.of.ms, uint32((earliest-c.began)/time.Millisecond)+1)
		c.begin()
	} else if c.left == 0 {
		c.index++
		c.begin()
	}
	return c.at
}

// begin takes up the chance of the index, which may lie in a later round.
func (c *chances) begin() {
	n := len(c.of.ms)
	c.began += time.Duration(c.index/n) * c.of.round()
	c.index %= n
	c.at = c.began + time.Duration(c.of.ms[c.index])*time.Millisecond
	c.left = ChanceBytes
}

// take uses chances until size bytes are out, and returns when that is.
func (c *chances) take(now time.Duration, size int) time.Duration {
	for {
		at := c.next(now)
		used := min(size, c.left)
		size -= used
		c.left -= used
		if size == 0 {
			return at
		}
	}
}

// behind returns when the first byte gets out behind so many others.
func (c *chances) behind(now time.Duration, bytes int) time.Duration {
	c.next(now)
	if more := bytes - c.left; more >= 0 {
		c.index += 1 + more/ChanceBytes
		c.begin()
	}
	return c.at
}
