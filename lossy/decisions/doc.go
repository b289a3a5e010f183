// Package decisions writes down what became of every packet: a log of the
// verdicts of links, one JSON object a line ("udplab/decisions/v1").
//
// The first line is a header with the schema, the seed and both profiles. Then
// comes a line for each verdict:
//
//	{"t_ns":1204000000,"flow":0,"dir":"up","index":17,"size":1200,"drop":"loss"}
//	{"t_ns":1205000000,"flow":"ann","dir":"down","index":3,"size":64,"copies":2,"delay_ns":40000000,"wait_ns":51200,"bit":133,"by":3}
//
//	t_ns       when it was decided, on the clock of the links
//	proxy      which of several proxies it went through; left out if it is the one
//	           that the header describes
//	flow       the number of the flow in order of appearance, or its name
//	dir        "up" or "down"
//	index      of the packet in its direction of its flow, from 0
//	turn       of the packet among those of all flows, from 0: only where they share
//	           a model (lossy.Profile.SharedModel), which goes by it
//	size       of its payload, in bytes
//	drop       why it went nowhere: a cause, by the word of the metric label, and
//	rule       which rule dropped it, from 1; or
//	copies     how many datagrams go on
//	delay_ns   drawn for it, jitter included; left out if 0, as are the rest
//	wait_ns    in the queue and on the transmitter
//	bit        that is flipped; 0 is the highest of the first byte
//	bits, bytes, cut_to, added
//	           other damage: the places changed, the length left, bytes appended
//	key        what such damage follows from, in hexadecimal; see lossy.Verdict
//	copy_wait_ns, copy_marked, copy_late_ns
//	           where copies differ, for each of them: its wait, 1 if it was marked,
//	           and how far it follows behind the packet
//	by         how many later datagrams overtake it; or
//	hold_ns    how long it is held while they do; or
//	at_once    it goes without delay and overtakes those before it
//	racing     its delay may let it overtake those before it
//	marked     a queue marked it as having met congestion (ECN)
//
// Users of the log may note lines of their own among them, such as udplab proxy:
// {"changed":...} with the settings after a change, and {"scenario":...} with each
// change that a scenario makes (scenario.Note), which has no time but the scenario's
// own and is the same in every run.
//
// A packet has one line, when its fate is final: as it comes, or, where a queue
// decides at its head (drop-head, CoDel), as it leaves that. If the rate changes
// while it waits with its fate already told, the log adds by how much that moves it,
// or each of its copies:
//
//	{"t_ns":1206000000,"flow":0,"dir":"up","index":17,"moved":1,"by_ns":-41000}
//
//	moved      which copy, from 1
//	by_ns      by how much longer it waits than was said so far, below 0 for less
//
// Datagrams that never
// reached a link, because a table of flows or a socket's buffer was full, have
// none.
//
// It is enough to do the same to the same datagrams again, bit by bit, without
// seed and profiles: package evidence does.
//
// # What a seed fixes
//
// With Options.Timeless there is no t_ns, no wait and no mark, and a line
// depends on the seed, the flow, the index and the size alone, unless time or
// load dropped the packet (queue, aqm, policer, blackout, overload and rules by
// age). Where flows share a model, it depends on the turn besides, and so on the
// order in which their packets came. How the lines of flows mix depends on who came
// first. So two runs decided
// alike if their logs are the same lines, which LC_ALL=C sort tells: sorted, they
// are equal byte by byte, however many goroutines there were, in whatever
// batches, through a proxy or in process.
//
// # Never in the way
//
// Tracing encodes a line into a buffer of bounded size and never waits. A
// goroutine writes the buffer out. If it cannot keep up, lines are left out, and
// the log says so where they are missing, {"left_out":312}, as does Stats.
package decisions
