package netem

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// DefaultLimit is the limit that tc sends if none is given, in packets.
const DefaultLimit = 1000

// Percent is a share as tc has it, 0 to 100.
type Percent float64

// Share is the same from 0 to 1.
func (p Percent) Share() float64 { return float64(p) / 100 }

// String is the percentage with its sign, exactly.
func (p Percent) String() string { return strconv.FormatFloat(float64(p), 'f', -1, 64) + "%" }

// Chance is a share of packets, and the correlation of netem's draws for it.
type Chance struct{ P, Correlation Percent }

// String is what tc reads.
func (c Chance) String() string {
	if c.Correlation > 0 {
		return c.P.String() + " " + c.Correlation.String()
	}
	return c.P.String()
}

// LossModel is how packets are lost.
type LossModel uint8

// The models of netem.
const (
	Random  LossModel = iota // each by chance, with netem's correlation
	State                    // a chain of four states
	GEModel                  // Gilbert-Elliott
)

// Loss is what stands behind the word loss. Of the parameters only those of the
// model are set.
type Loss struct {
	Model                   LossModel
	Random                  Chance
	P13, P31, P32, P23, P14 Percent // State
	P, R, Bad, Good         Percent // GEModel; Bad is netem's 1-h and Good its 1-k
	ECN                     bool    // mark instead
}

// Rate is what stands behind the word rate.
type Rate struct {
	BytesPerSecond         uint64 // 0 = none
	Overhead               int    // bytes for each packet, may be negative
	CellSize, CellOverhead int    // bytes; 0 = no cells
}

// Slot is what stands behind the word slot: deliver in batches.
type Slot struct {
	Min, Max       time.Duration
	Distribution   string // instead of Min and Max, "" = none
	Delay, Jitter  time.Duration
	Packets, Bytes int // most in a slot, 0 = any
}

// Netem is a line of netem's arguments with tc's defaults filled in. It may be
// compared. Make one with Parse.
type Netem struct {
	Limit            int // packets in the queue
	Delay, Jitter    time.Duration
	DelayCorrelation Percent
	Distribution     string // "" = uniform: a name tc knows, or a file
	Loss             Loss
	Corrupt          Chance
	Duplicate        Chance
	Reorder          Chance
	Gap              int  // 0 = no reordering
	GapAlone         bool // the line has no reorder: the kernel takes it for 100%, and tc refuses it
	Rate             Rate
	Slot             Slot
	Seed             uint64 // of the kernel's generator, if
	Seeded           bool
}

// String is the line as Parse reads it, and tc, but for a gap alone. The order is
// that of tc's own output.
func (n Netem) String() string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if n.Limit != DefaultLimit {
		add("limit %d", n.Limit)
	}
	n.addDelay(add)
	n.Loss.add(add)
	for _, c := range []struct {
		word   string
		chance Chance
	}{{"duplicate", n.Duplicate}, {"reorder", n.Reorder}, {"corrupt", n.Corrupt}} {
		alone := c.word == "reorder" && n.GapAlone
		if c.chance != (Chance{}) && !alone {
			add("%s %v", c.word, c.chance)
		}
		if c.word == "reorder" && n.Gap > 1 || alone {
			add("gap %d", n.Gap)
		}
	}
	n.Rate.add(add)
	n.Slot.add(add)
	if n.Seeded {
		add("seed %d", n.Seed)
	}
	return strings.Join(parts, " ")
}

type adder func(format string, args ...any)

func (n *Netem) addDelay(add adder) {
	if n.Delay == 0 && n.Jitter == 0 {
		return
	}
	text := "delay " + formatTime(n.Delay)
	if n.Jitter > 0 || n.DelayCorrelation > 0 {
		text += " " + formatTime(n.Jitter)
	}
	if n.DelayCorrelation > 0 {
		text += " " + n.DelayCorrelation.String()
	}
	add("%s", text)
	if n.Distribution != "" {
		add("distribution %s", n.Distribution)
	}
}

func (l *Loss) add(add adder) {
	switch {
	case l.Model == State:
		add("loss state %v %v %v %v %v", l.P13, l.P31, l.P32, l.P23, l.P14)
	case l.Model == GEModel:
		add("loss gemodel %v %v %v %v", l.P, l.R, l.Bad, l.Good)
	case l.Random != (Chance{}):
		add("loss %v", l.Random)
	}
	if l.ECN {
		add("ecn")
	}
}

// given says whether the line speaks of loss.
func (l *Loss) given() bool { return *l != Loss{} }

func (r *Rate) add(add adder) {
	if *r == (Rate{}) {
		return
	}
	text := "rate " + formatRate(r.BytesPerSecond)
	for i, v := range []int{r.Overhead, r.CellSize, r.CellOverhead} {
		if (i == 0 && *r != Rate{BytesPerSecond: r.BytesPerSecond}) || i > 0 && r.CellSize > 0 {
			text += " " + strconv.Itoa(v)
		}
	}
	add("%s", text)
}

func (s *Slot) add(add adder) {
	switch {
	case *s == Slot{}:
		return
	case s.Distribution != "":
		add("slot distribution %s %s %s", s.Distribution, formatTime(s.Delay), formatTime(s.Jitter))
	default:
		add("slot %s %s", formatTime(s.Min), formatTime(s.Max))
	}
	if s.Packets > 0 {
		add("packets %d", s.Packets)
	}
	if s.Bytes > 0 {
		add("bytes %d", s.Bytes)
	}
}
