package netem

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// unit is a suffix of a number and what it multiplies by.
type unit struct {
	name  string
	scale float64
}

// number splits what begins as a decimal number from its suffix. strtod, which tc
// uses, would read hexadecimal, infinity and NaN as well.
func number(word string) (value float64, suffix string, ok bool) {
	end := strings.IndexFunc(word, func(r rune) bool { return !strings.ContainsRune("0123456789.", r) })
	if end < 0 {
		end = len(word)
	}
	value, err := strconv.ParseFloat(word[:end], 64)
	return value, word[end:], err == nil && !math.IsInf(value, 0)
}

// scaled is a number with one of the units, whose case does not matter.
func scaled(word string, units []unit) (float64, bool) {
	value, suffix, ok := number(word)
	if !ok {
		return 0, false
	}
	for _, u := range units {
		if strings.EqualFold(suffix, u.name) {
			return value * u.scale, true
		}
	}
	return 0, false
}

func times(bare float64) []unit {
	return []unit{{"", bare}, {"s", 1e9}, {"sec", 1e9}, {"secs", 1e9}, {"ms", 1e6}, {"msec", 1e6}, {"msecs", 1e6},
		{"us", 1e3}, {"usec", 1e3}, {"usecs", 1e3}, {"ns", 1}, {"nsec", 1}, {"nsecs", 1}}
}

// maxTime is the longest time tc takes: 2^32 ticks of 64 ns.
const maxTime = 274 * time.Second

// parseTime reads a time; without a unit, of bare nanoseconds.
func parseTime(word string, bare float64) (time.Duration, error) {
	ns, ok := scaled(word, times(bare))
	if !ok {
		return 0, fmt.Errorf("%q is not a time: write it like 40ms, 1.5s or 500us", word)
	}
	if ns > float64(maxTime) {
		return 0, fmt.Errorf("%q is too long: tc takes times up to %v", word, maxTime)
	}
	return time.Duration(math.Round(ns)), nil
}

// formatTime writes a time as every version of tc takes it: many know no
// nanoseconds.
func formatTime(d time.Duration) string {
	for _, u := range []unit{{"s", 1e9}, {"ms", 1e6}} {
		if d%time.Duration(u.scale) == 0 && d > 0 {
			return strconv.FormatInt(int64(d)/int64(u.scale), 10) + u.name
		}
	}
	return strconv.FormatFloat(float64(d)/1e3, 'f', -1, 64) + "us"
}

// parsePercent reads a percentage, of which tc does not ask for the sign.
func parsePercent(word string) (Percent, error) {
	value, suffix, ok := number(word)
	if !ok || suffix != "" && suffix != "%" {
		return 0, fmt.Errorf("%q is not a percentage: write it like 5%% or 0.3%%", word)
	}
	if value > 100 {
		return 0, fmt.Errorf("%q is out of range: a percentage lies between 0%% and 100%%", word)
	}
	return Percent(math.Round(value*percentParts) / percentParts), nil
}

// percentParts is how fine a percentage is kept: finer than the kernel's 2^-32, and
// so that it is not written in hundreds of digits.
const percentParts = 1e9

// rateUnits are of bits per second. Those that end in bps are of bytes.
var rateUnits = func() []unit {
	list := []unit{{"", 1}, {"bit", 1}, {"bps", 8}}
	for i, prefix := range []string{"k", "m", "g", "t"} {
		decimal, binary := math.Pow(1000, float64(i+1)), math.Pow(1024, float64(i+1))
		list = append(list, unit{prefix + "bit", decimal}, unit{prefix + "ibit", binary},
			unit{prefix + "bps", 8 * decimal}, unit{prefix + "ibps", 8 * binary})
	}
	return list
}()

// parseRate returns bytes per second, which is what tc sends.
func parseRate(word string) (uint64, error) {
	if strings.HasSuffix(word, "%") {
		return 0, fmt.Errorf("%q is a share of a device's speed, and there is no device: write it like 10mbit", word)
	}
	bits, ok := scaled(word, rateUnits)
	if !ok {
		return 0, fmt.Errorf("%q is not a rate: write it like 10mbit, 500kbit or 100kbps (k, m, g; bit are bits, bps are bytes per second)", word)
	}
	if bits > 8e15 {
		return 0, fmt.Errorf("%q is out of range: no link is faster than 8e15 bit/s", word)
	}
	return uint64(bits / 8), nil
}

func formatRate(bytesPerSecond uint64) string {
	bits := bytesPerSecond * 8
	for _, u := range []unit{{"gbit", 1e9}, {"mbit", 1e6}, {"kbit", 1e3}} {
		if n := uint64(u.scale); bits >= n && bits%n == 0 {
			return strconv.FormatUint(bits/n, 10) + u.name
		}
	}
	return strconv.FormatUint(bits, 10) + "bit"
}

// sizeUnits are those of get_size; a limit of packets goes through it, too.
var sizeUnits = []unit{{"", 1}, {"b", 1}, {"k", 1 << 10}, {"kb", 1 << 10}, {"m", 1 << 20}, {"mb", 1 << 20}, {"g", 1 << 30}, {"gb", 1 << 30},
	{"kbit", 1 << 7}, {"mbit", 1 << 17}, {"gbit", 1 << 27}}

func parseSize(word string) (int, error) {
	size, ok := scaled(word, sizeUnits)
	if !ok || size != math.Floor(size) || size > math.MaxInt32 {
		return 0, fmt.Errorf("%q is not a whole number: write it like 1000 or 5k (5120), at most 2147483647", word)
	}
	return int(size), nil
}

func parseInteger(word string) (int, error) {
	n, err := strconv.ParseInt(word, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%q is not a whole number", word)
	}
	return int(n), nil
}

func parseCount(word string) (int, error) {
	n, err := parseInteger(word)
	if err == nil && n < 0 {
		err = fmt.Errorf("%q is less than nothing", word)
	}
	return n, err
}

func parseSeed(word string) (uint64, error) {
	n, err := strconv.ParseUint(word, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a whole number from 0 to 2^64-1", word)
	}
	return n, nil
}
