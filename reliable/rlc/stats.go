package rlc

// Stats counts what a decoder was given and what became of it. Every symbol is in
// the end Needless, Refused, Dependent, Inconsistent, Dropped, the source of a
// Recovered message, or still a row.
type Stats struct {
	Symbols   uint64 // repair symbols that came
	Recovered uint64 // messages recovered

	Needless     uint64 // symbols whose messages were all here
	Refused      uint64 // symbols out of range or of impossible size
	Dependent    uint64 // symbols that told nothing new
	Inconsistent uint64 // symbols that contradict what is known: the sender is wrong, or hostile
	Dropped      uint64 // unresolved symbols that became too old or too many
}
