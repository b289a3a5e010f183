package bench

import (
	"strconv"
	"testing"
	"time"

	"udplab/reliable/raw"
)

// size is the length of a message, and how often the latency benchmark sends
// one: rarely enough that reliable mode keeps up with the rate at every loss of
// the grid (METHOD.md, Latency).
type size struct {
	name     string
	bytes    int
	interval time.Duration
}

// loss is the share of datagrams lost in each direction.
type loss struct {
	name        string
	probability float64
}

// The axes of the grid. A name is the value of its key in a benchmark's name,
// which benchstat can sort and filter by.
var (
	modes = []mode{modeRaw, modeReliable, modeTCP}
	sizes = []size{
		{"64B", 64, 500 * time.Microsecond},
		{"1KiB", 1 << 10, 500 * time.Microsecond},
		{"64KiB", 64 << 10, 20 * time.Millisecond},
		{"1MiB", 1 << 20, 250 * time.Millisecond},
	}
	losses = []loss{{"0%", 0}, {"1%", 0.01}, {"5%", 0.05}}
)

// cell is one combination to measure.
type cell struct {
	mode mode
	size size
	loss loss
}

// grid lists every cell, in the order they run.
func grid() []cell {
	var cells []cell
	for _, m := range modes {
		for _, s := range sizes {
			for _, l := range losses {
				// The proxy speaks UDP: TCP is here for scale only.
				if m != modeTCP || l.probability == 0 {
					cells = append(cells, cell{m, s, l})
				}
			}
		}
	}
	return cells
}

// name says all variables, always in this order.
func (c cell) name() string {
	return "mode=" + string(c.mode) + "/size=" + c.size.name + "/loss=" + c.loss.name
}

// impossible is why the cell cannot be measured, or empty.
func (c cell) impossible() string {
	if c.mode == modeRaw && c.size.bytes > raw.MaxMessage {
		return "raw mode sends a message as one datagram, which carries at most " + strconv.Itoa(raw.MaxMessage) + " bytes of it"
	}
	return ""
}

// forEach runs measure as a sub-benchmark for each cell that is possible.
func forEach(b *testing.B, measure func(b *testing.B, c cell)) {
	for _, c := range grid() {
		b.Run(c.name(), func(b *testing.B) {
			if why := c.impossible(); why != "" {
				b.Skip(why)
			}
			measure(b, c)
		})
	}
}
