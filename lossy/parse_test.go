package lossy

import (
	"math"
	"strings"
	"testing"
)

func TestParseProbability(t *testing.T) {
	for s, want := range map[string]float64{
		"5%": 0.05, "0.05": 0.05, ".5": 0.5, "0": 0, "0%": 0, "100%": 1, "1.0": 1, "0.1%": 0.001,
		" 5 % ": 0.05, "1e-4": 0.0001, "2.5e1%": 0.25,
	} {
		if got, err := ParseProbability(s); err != nil || math.Abs(got-want) > 1e-15 {
			t.Errorf("ParseProbability(%q) = %v, %v, want %v", s, got, err, want)
		}
	}
	for s, hint := range map[string]string{
		"5":       `"5" is ambiguous: write 5% for percent`, // five percent, or five times always?
		"1":       "ambiguous",                              // one percent, or always?
		"10":      "10%",
		"101%":    "between 0% and 100%",
		"1.5":     "between 0% and 100%",
		"-1%":     "between 0% and 100%",
		"-0.5":    "between 0% and 100%",
		"":        "like 5% or 0.05",
		"%":       "like 5% or 0.05",
		"5%%":     "like 5% or 0.05",
		"five":    "like 5% or 0.05",
		"NaN":     "like 5% or 0.05",
		"inf%":    "like 5% or 0.05",
		"0x1p-2":  "like 5% or 0.05",
		"1e999":   "like 5% or 0.05",
		"0,05":    "like 5% or 0.05",
		"5 % bad": "like 5% or 0.05",
	} {
		if got, err := ParseProbability(s); err == nil || !strings.Contains(err.Error(), hint) {
			t.Errorf("ParseProbability(%q) = %v, %v, want an error with %q", s, got, err, hint)
		}
	}
}

func TestParseRate(t *testing.T) {
	for s, want := range map[string]float64{
		"10mbit": 10e6, "10Mbit/s": 10e6, "500kbit": 500e3, "1gbit": 1e9, "1.5Gbit": 1.5e9, "64000bit": 64000,
		"1tbit": 1e12, "0": 0, "0mbit": 0, " 10 mbit ": 10e6, "10 mbit/s": 10e6,
	} {
		if got, err := ParseRate(s); err != nil || got != want {
			t.Errorf("ParseRate(%q) = %v, %v, want %v", s, got, err, want)
		}
	}
	for s, hint := range map[string]string{
		"10":       "like 10mbit", // bits? bytes? kilo?
		"10m":      "like 10mbit",
		"10 K":     "like 10kbit",
		"10bps":    "tc's bps are bytes: write it like 10bit",
		"10kbps":   "tc's kbps are bytes: write it like 10kbit (bits per second)", // and bits to people
		"1.5Mbps":  "like 1.5mbit",
		"kbps":     "like 10mbit or 500kbit",
		"10MB/s":   "may be bits or bytes, and tc's mbps are bytes: write it like 10mbit",
		"10mibit":  "like 10mbit or 500kbit",
		"":         "like 10mbit or 500kbit",
		"mbit":     "like 10mbit or 500kbit",
		"fastmbit": "like 10mbit or 500kbit",
		"-1mbit":   "between 1kbit and 1tbit",
		"999bit":   "between 1kbit and 1tbit",
		"2tbit":    "between 1kbit and 1tbit",
		"infbit":   "like 10mbit or 500kbit",
	} {
		if got, err := ParseRate(s); err == nil || !strings.Contains(err.Error(), hint) {
			t.Errorf("ParseRate(%q) = %v, %v, want an error with %q", s, got, err, hint)
		}
	}
}

func TestFormatRateIsReadByParseRate(t *testing.T) {
	for want, rate := range map[string]float64{
		"0": 0, "1kbit": 1e3, "10mbit": 10e6, "1.5gbit": 1.5e9, "1tbit": 1e12, "7.77778mbit": 7777777, "999.999kbit": 999999,
	} {
		got := FormatRate(rate)
		if got != want {
			t.Errorf("FormatRate(%v) = %q, want %q", rate, got, want)
		}
		if back, err := ParseRate(got); err != nil || math.Abs(back-rate) > rate*1e-5 {
			t.Errorf("ParseRate(%q) = %v, %v, want about %v", got, back, err, rate)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"5%", "0.05", "5", "10mbit", "1.5Gbit/s", "-1", "1e308%", "0x1", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if p, err := ParseProbability(s); err == nil && !(p >= 0 && p <= 1) {
			t.Errorf("ParseProbability(%q) = %v, which is none", s, p)
		}
		if r, err := ParseRate(s); err == nil && (Profile{Rate: r}).Validate() != nil {
			t.Errorf("ParseRate(%q) = %v, which no profile takes", s, r)
		}
	})
}

func TestFormatProbability(t *testing.T) {
	for p, want := range map[float64]string{0: "0%", 1: "100%", 0.05: "5%", 0.07: "7%", 0.001: "0.1%", 1.0 / 3: "0.3333333333333333"} {
		if got := FormatProbability(p); got != want {
			t.Errorf("%v is written %q, want %q", p, got, want)
		}
	}
}

// Every rate that can be set is read back as it was.
func TestExactRateKeepsEveryDigit(t *testing.T) {
	for _, rate := range []float64{0, MinRate, 1234.5, 1_234_567, 10e6, 123_456_789.5, 1.5e9, MaxRate} {
		if back, err := ParseRate(ExactRate(rate)); err != nil || back != rate {
			t.Errorf("%v is written %s and read back as %v, %v", rate, ExactRate(rate), back, err)
		}
	}
}
