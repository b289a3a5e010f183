package demo

import (
	"fmt"
	"strconv"
)

// number is "1 message" or "3 messages".
func number[N int | uint64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// were is "1 message was" or "3 messages were".
func were(n uint64, noun string) string {
	if n == 1 {
		return number(n, noun) + " was"
	}
	return number(n, noun) + " were"
}

// copies is "1 copy" or "3 copies".
func copies(n int) string {
	if n == 1 {
		return "1 copy"
	}
	return strconv.Itoa(n) + " copies"
}

// times is "once" or "3 times".
func times(n uint64) string {
	if n == 1 {
		return "once"
	}
	return strconv.FormatUint(n, 10) + " times"
}

// String writes a time as people do: three digits, never a false precision.
func (m Millis) String() string {
	switch {
	case !m.Known():
		return "an unknown time"
	case m >= 10_000:
		return fmt.Sprintf("%.1f s", float64(m)/1000)
	case m >= 1000:
		return fmt.Sprintf("%.2f s", float64(m)/1000)
	case m >= 10:
		return fmt.Sprintf("%.0f ms", float64(m))
	}
	return fmt.Sprintf("%.1f ms", float64(m))
}
