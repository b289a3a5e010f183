package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// report prints what became of the bugs.
type report struct {
	out     io.Writer
	verbose bool
	width   int // of the longest name
	began   time.Time
	counts  [len(outcomeNames)]int
}

func newReport(out io.Writer, bugs []bug, verbose bool) *report {
	r := &report{out: out, verbose: verbose, began: time.Now()}
	for _, b := range bugs {
		r.width = max(r.width, len(b.name))
	}
	return r
}

// list prints the table itself.
func (r *report) list(bugs []bug) {
	for _, b := range bugs {
		fmt.Fprintf(r.out, "%-*s  %s\n", r.width, b.name, b.breaks)
		if r.verbose {
			r.place(b)
		}
	}
}

// place prints where a bug is planted and who must notice.
func (r *report) place(b bug) {
	fmt.Fprintf(r.out, "    %s: %s\n    becomes: %s\n    for: go test -run '%s' ./%s\n",
		b.file, oneLine(b.old), oneLine(b.new), b.run, b.pkg)
}

// healthy reports whether the tests pass without a bug, and prints what they
// say if not.
func (r *report) healthy(all []verdict) bool {
	for _, v := range all {
		if v.outcome != survived {
			fmt.Fprintf(r.out, "./%s fails without any bug, so that nothing can be said:\n%s", v.folder, v.said)
			return false
		}
	}
	return true
}

// add prints the line of one bug.
func (r *report) add(b bug, v verdict) {
	r.counts[v.outcome]++
	result := v.outcome.String()
	if v.outcome == killed {
		result = "killed by " + v.folder + " " + v.by
		if v.endless {
			result += ", which never ends"
		}
		if v.byOthers {
			result += ", and not by " + b.run
		}
	}
	fmt.Fprintf(r.out, "%-*s  %5.1fs  %s\n", r.width, b.name, v.took.Seconds(), result)
	if r.verbose || v.outcome != killed {
		fmt.Fprintf(r.out, "    %s\n", b.breaks)
		r.place(b)
		r.quote(v.said)
	}
}

// quoted is how many lines are shown of what a test said.
const quoted = 12

func (r *report) quote(said string) {
	lines := strings.Split(strings.TrimRight(said, "\n"), "\n")
	for _, line := range lines[:min(len(lines), quoted)] {
		fmt.Fprintf(r.out, "    | %s\n", line)
	}
	if more := len(lines) - quoted; more > 0 {
		fmt.Fprintf(r.out, "    | and %d lines more\n", more)
	}
}

// end prints the sum and returns the exit code.
func (r *report) end() int {
	total := 0
	var bad []string
	for o, n := range r.counts {
		total += n
		if n > 0 && outcome(o) != killed {
			bad = append(bad, fmt.Sprintf("%d %s", n, outcome(o)))
		}
	}
	fmt.Fprintf(r.out, "%d bugs planted, %d killed%s, in %.0f s\n",
		total, r.counts[killed], strings.Join(append([]string{""}, bad...), ", "), time.Since(r.began).Seconds())
	if len(bad) > 0 {
		return 1
	}
	return 0
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
