package lossy

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// ParseProbability reads a probability as people write it: "5%" or "0.05". A
// bare whole number is refused, because --loss 1 could mean one percent or
// all; so is anything below 0 or above 100 %.
func ParseProbability(s string) (float64, error) {
	text := strings.TrimSpace(s)
	number, percent := strings.CutSuffix(text, "%")
	value, err := parseDecimal(strings.TrimSpace(number))
	if err != nil {
		return 0, fmt.Errorf("%q is not a probability: write it like 5%% or 0.05", s)
	}
	if percent {
		value /= 100
	} else if value >= 1 && !strings.Contains(number, ".") {
		return 0, fmt.Errorf("%q is ambiguous: write %s%% for percent, or a fraction below 1 like 0.05", s, number)
	}
	if value < 0 || value > 1 {
		return 0, fmt.Errorf("%q is out of range: a probability lies between 0%% and 100%%", s)
	}
	return value, nil
}

// rateUnits are decimal, as everywhere in networking: 1 kbit is 1000 bits.
var rateUnits = []struct {
	name string
	bits float64
}{{"tbit", 1e12}, {"gbit", 1e9}, {"mbit", 1e6}, {"kbit", 1e3}, {"bit", 1}}

// ParseRate reads a link speed and returns bits per second: "10mbit",
// "10Mbit/s", "500kbit", "1.5gbit"; "0" is unlimited. Units are decimal and
// their case does not matter. A bare number is refused, and so are kbps and
// MB/s, which people read as bits and tools as bytes.
func ParseRate(s string) (float64, error) {
	text := strings.ToLower(strings.TrimSpace(s))
	if text == "0" {
		return 0, nil
	}
	text = strings.TrimSuffix(text, "/s")
	for _, unit := range rateUnits {
		number, found := strings.CutSuffix(text, unit.name)
		if !found {
			continue
		}
		value, err := parseDecimal(strings.TrimSpace(number))
		if err != nil {
			break
		}
		rate := value * unit.bits
		if rate != 0 && !(rate >= MinRate && rate <= MaxRate) {
			return 0, fmt.Errorf("%q is out of range: a rate lies between 1kbit and 1tbit, or is 0 for unlimited", s)
		}
		return rate, nil
	}
	return 0, refusedRate(s, text)
}

// refusedRate says what is wrong with a rate, in lower case and without its /s, that
// has no unit or one that is not taken.
func refusedRate(s, text string) error {
	number := strings.TrimRight(text, "bpskmgt")
	unit := strings.TrimSuffix(text[len(number):], "ps")
	number = strings.TrimSpace(number)
	prefix := strings.TrimSuffix(unit, "b")
	switch _, err := parseDecimal(number); {
	case err != nil, len(prefix) > 1:
		return fmt.Errorf("%q is not a rate: write it like 10mbit or 500kbit (bits per second)", s)
	case unit == "":
		return fmt.Errorf("%q has no unit: write it like %smbit (bits per second)", s, number)
	case unit == prefix:
		return fmt.Errorf("%q does not say of what: write it like %s%sbit (bits per second)", s, number, prefix)
	}
	return fmt.Errorf("%q may be bits or bytes, and tc's %sbps are bytes: write it like %s%sbit (bits per second)", s, prefix, number, prefix)
}

// FormatRate writes a rate as ParseRate reads it.
func FormatRate(bitsPerSecond float64) string {
	for _, unit := range rateUnits {
		if bitsPerSecond >= unit.bits {
			return strconv.FormatFloat(bitsPerSecond/unit.bits, 'g', 6, 64) + unit.name
		}
	}
	return "0"
}

// ExactRate is FormatRate with as many digits as ParseRate needs to read the
// same number.
func ExactRate(bitsPerSecond float64) string {
	text := FormatRate(bitsPerSecond)
	if back, err := ParseRate(text); err == nil && back == bitsPerSecond {
		return text
	}
	return strconv.FormatFloat(bitsPerSecond, 'f', -1, 64) + "bit"
}

var sizeUnits = []struct {
	name  string
	bytes int
}{
	{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
	{"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"KB", 1e3}, {"B", 1},
}

// ParseSize reads a number of bytes, at most MaxQueueBytes: "64KiB" (1024
// each), "64kB" (1000 each), "1500B" or "0". Another bare number is refused,
// because it may be meant as packets.
func ParseSize(s string) (int, error) {
	text := strings.TrimSpace(s)
	if text == "0" {
		return 0, nil
	}
	for _, unit := range sizeUnits {
		number, found := strings.CutSuffix(text, unit.name)
		if !found {
			continue
		}
		n, err := strconv.ParseUint(strings.TrimSpace(number), 10, 32)
		if err != nil {
			break
		}
		if n > uint64(MaxQueueBytes/unit.bytes) {
			return 0, fmt.Errorf("%q is out of range: a size is at most %s", s, formatSize(MaxQueueBytes))
		}
		return int(n) * unit.bytes, nil
	}
	if _, err := strconv.ParseUint(text, 10, 64); err == nil {
		return 0, fmt.Errorf("%q has no unit: write it like %sB or %sKiB", s, text, text)
	}
	return 0, fmt.Errorf("%q is not a size: write it like 1500B, 64KiB or 1MB", s)
}

// formatSize writes a number of bytes as ParseSize reads it.
func formatSize(n int) string {
	for _, unit := range sizeUnits[:3] {
		if n >= unit.bytes && n%unit.bytes == 0 {
			return strconv.Itoa(n/unit.bytes) + unit.name
		}
	}
	return strconv.Itoa(n) + "B"
}

// FormatProbability writes a probability so that ParseProbability reads the
// same number back: in percent if that takes six digits, else as it is.
func FormatProbability(p float64) string {
	percent := formatProbability(p)
	if back, err := ParseProbability(percent); err == nil && back == p {
		return percent
	}
	return formatFloat(p)
}

func formatFloat(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// formatProbability writes a probability for people, in six digits.
func formatProbability(p float64) string {
	return strconv.FormatFloat(p*100, 'g', 6, 64) + "%"
}

// ParseDuration reads a time that is zero or more, with its unit: "40ms",
// "1.5s"; "0" needs none.
func ParseDuration(s string) (time.Duration, error) {
	v, err := time.ParseDuration(s)
	if err == nil && v < 0 {
		return 0, fmt.Errorf("%q is out of range: a duration cannot be negative", s)
	}
	if err == nil {
		return v, nil
	}
	if _, bare := strconv.ParseFloat(s, 64); bare == nil {
		return 0, fmt.Errorf("%q has no unit: write it like %sms or %ss", s, s, s)
	}
	return 0, fmt.Errorf("%q is not a duration: write it like 20ms, 1.5s or 2m", s)
}

// parseDecimal is strconv.ParseFloat without hexadecimal, infinity and NaN.
func parseDecimal(s string) (float64, error) {
	if strings.Trim(s, "0123456789.eE+-") != "" {
		return 0, strconv.ErrSyntax
	}
	value, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(value, 0) {
		return 0, strconv.ErrSyntax
	}
	return value, nil
}
