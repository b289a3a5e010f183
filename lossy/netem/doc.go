// Package netem reads the arguments of Linux's network emulator as they are
// written for tc, says what the kernel really does with them, and puts them into
// the settings of a lossy.Profile.
//
//	n, err := netem.Parse("loss 5% 25% delay 40ms 10ms distribution pareto")
//	meant, err := n.Meant(read)        // the settings that do what the words say
//	imitated, err := n.Imitated(read)  // those that do what netem does
//	report, err := netem.Explain(n, netem.Traffic{}, read)
//
// Sources: tc-netem(8); iproute2's tc/q_netem.c and lib/utils_math.c, and the
// kernel's net/sched/sch_netem.c of Linux 6.x, for facts. MODEL.md of lossy has the
// arithmetic.
//
// The package is pure: it knows no sockets, clocks or files; a caller that may
// read files gives a function that does. All its types are plain values and its
// functions are safe for concurrent use.
package netem
