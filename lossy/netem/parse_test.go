package netem

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func line(edit func(*Netem)) Netem {
	n := Netem{Limit: DefaultLimit}
	edit(&n)
	return n
}

func TestParse(t *testing.T) {
	const ms = time.Millisecond
	for text, want := range map[string]Netem{
		"": line(func(*Netem) {}),
		"loss 5% 25% delay 40ms 10ms distribution pareto": line(func(n *Netem) {
			n.Loss.Random, n.Delay, n.Jitter, n.Distribution = Chance{5, 25}, 40*ms, 10*ms, "pareto"
		}),
		"sudo tc qdisc add dev eth0 root netem loss random 0.3 25":          line(func(n *Netem) { n.Loss.Random = Chance{0.3, 25} }),
		"tc qdisc change dev netem parent 1:1 handle 10: netem\tlimit 5k\n": line(func(n *Netem) { n.Limit = 5120 }),
		"netem del 40":                        line(func(n *Netem) { n.Delay = 40 * time.Microsecond }),
		"latency 1.5s 5000usecs 10%":          line(func(n *Netem) { n.Delay, n.Jitter, n.DelayCorrelation = 1500*ms, 5*ms, 10 }),
		"dr 5% ecn":                           line(func(n *Netem) { n.Loss = Loss{Random: Chance{P: 5}, ECN: true} }),
		"loss state 1%":                       line(func(n *Netem) { n.Loss = Loss{Model: State, P13: 1, P31: 99, P23: 100} }),
		"loss state 1% 2% 3% 4% 5%":           line(func(n *Netem) { n.Loss = Loss{Model: State, P13: 1, P31: 2, P32: 3, P23: 4, P14: 5} }),
		"loss gemodel 1%":                     line(func(n *Netem) { n.Loss = Loss{Model: GEModel, P: 1, R: 99, Bad: 100} }),
		"loss gemodel 1% 10% 70% 0.1%":        line(func(n *Netem) { n.Loss = Loss{Model: GEModel, P: 1, R: 10, Bad: 70, Good: 0.1} }),
		"gap 5 delay 10ms":                    line(func(n *Netem) { n.Reorder.P, n.Gap, n.GapAlone, n.Delay = 100, 5, true, 10*ms }),
		"gap 0 delay 10ms":                    line(func(n *Netem) { n.Delay = 10 * ms }),
		"gap 5 reorder 25% 50% delay 10ms":    line(func(n *Netem) { n.Reorder, n.Gap, n.Delay = Chance{25, 50}, 5, 10*ms }),
		"reorder 25% delay 10ms":              line(func(n *Netem) { n.Reorder, n.Gap, n.Delay = Chance{P: 25}, 1, 10*ms }),
		"c 1% du 2% 3%":                       line(func(n *Netem) { n.Corrupt, n.Duplicate = Chance{P: 1}, Chance{2, 3} }),
		"rate 100kbps":                        line(func(n *Netem) { n.Rate.BytesPerSecond = 100_000 }),
		"rate 1Mbit -14":                      line(func(n *Netem) { n.Rate = Rate{BytesPerSecond: 125_000, Overhead: -14} }),
		"rate 1Kibit 20 48 -5":                line(func(n *Netem) { n.Rate = Rate{128, 20, 48, -5} }),
		"rate 8000":                           line(func(n *Netem) { n.Rate.BytesPerSecond = 1000 }),
		"slot 800us 1ms packets 3 bytes 1k":   line(func(n *Netem) { n.Slot = Slot{Min: 800_000, Max: ms, Packets: 3, Bytes: 1024} }),
		"slot 800":                            line(func(n *Netem) { n.Slot = Slot{Min: 800, Max: 800} }),
		"slot distribution normal 1ms 2ms":    line(func(n *Netem) { n.Slot = Slot{Distribution: "normal", Delay: ms, Jitter: 2 * ms} }),
		"seed 18446744073709551615":           line(func(n *Netem) { n.Seed, n.Seeded = 1<<64-1, true }),
		"delay 10ms 5ms distribution uniform": line(func(n *Netem) { n.Delay, n.Jitter = 10*ms, 5*ms }),
		"loss 0.0000000000001% 50%":           line(func(*Netem) {}),
		"loss 0% 50%":                         line(func(*Netem) {}),
	} {
		got, err := Parse(text)
		if err != nil || got != want {
			t.Errorf("%q is %+v, %v, want %+v", text, got, err, want)
		}
		if back, err := Parse(want.String()); err != nil || back != want {
			t.Errorf("%q is written %q and reads %+v, %v", text, want, back, err)
		}
	}
}

// Each is refused by tc, too, but for words that stand twice.
func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"foo":                           `at 1: "foo" is no word of netem: it takes limit, delay`,
		"loss 5% dealy 40ms":            `at 9: "dealy" is no word of netem: did you mean delay?`,
		"loss 5 %":                      `at 8: "%" stands apart from its number`,
		"delay 40 ms":                   `at 10: "ms" stands apart`,
		"jitter 5ms":                    `jitter is the second value of delay`,
		"loss 5% 25% 3":                 `at 13: "3" is a value too many`,
		"loss 101%":                     `at 6: loss: "101%" is out of range`,
		"loss -1%":                      `at 6: loss: "-1%" is neither a percentage nor random`,
		"loss gemodle 1%":               `did you mean gemodel?`,
		"loss 5x":                       `"5x" is not a percentage`,
		"loss":                          `at 5: loss lacks its value`,
		"loss gemodel":                  `loss gemodel's p lacks its value`,
		"loss 5% loss 1%":               `at 9: "loss": loss stands at 1 already`,
		"delay 1h":                      `"1h" is not a time: write it like 40ms`,
		"delay 300s":                    `"300s" is too long: tc takes times up to 4m34s`,
		"delay -5ms":                    `"-5ms" is not a time`,
		"delay 10ms 5ms 200%":           `delay's correlation: "200%" is out of range`,
		"rate 10M":                      `"10M" is not a rate: write it like 10mbit`,
		"rate 50%":                      `is a share of a device's speed`,
		"rate 1e30mbit":                 `is not a rate`,
		"rate 99999999999tbit":          `is out of range`,
		"rate 1mbit 20x":                `rate's overhead: "20x" is not a whole number`,
		"limit 1.5":                     `"1.5" is not a whole number`,
		"seed -1":                       `"-1" is not a whole number from 0`,
		"gap -1":                        `"-1" is less than nothing`,
		"gap 5 delay 1ms reorder 0%":    `at 1: gap: needs a share to reorder`,
		"gap 5":                         `at 1: gap: needs a delay`,
		"reorder 25%":                   `at 1: reorder: needs a delay`,
		"delay 1ms distribution pareto": `at 11: distribution: needs a delay and a jitter`,
		"ecn":                           `at 1: ecn: needs a loss model`,
		"slot 2ms 1ms":                  `the longest delay is shorter than the shortest, 2ms`,
		"slot foo":                      `"foo" is neither a time nor distribution`,
		"tc qdisc add dev eth0":         `a command without the word netem`,
		"tc filter netem loss 1%":       `at 4: "filter" stands before netem`,
		strings.Repeat("x", 5000):       `more than 4096 bytes`,
	} {
		_, err := Parse(text)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v, want an error with %q", text, err, want)
		}
	}
}

func drawNetem(t *rapid.T) Netem {
	percent := func(name string) Percent {
		v := rapid.OneOf(rapid.Just(0.0), rapid.Just(25.0), rapid.Float64Range(0, 100)).Draw(t, name)
		return Percent(math.Round(v*percentParts) / percentParts)
	}
	moment := func(name string) time.Duration {
		return time.Duration(rapid.Int64Range(0, int64(maxTime)).Draw(t, name))
	}
	chance := func(name string) (c Chance) {
		if c.P = percent(name); c.P > 0 {
			c.Correlation = percent(name + " correlation")
		}
		return c
	}
	n := Netem{Limit: rapid.IntRange(0, 1<<31-1).Draw(t, "limit"), Delay: moment("delay"), Jitter: moment("jitter"),
		Duplicate: chance("duplicate"), Corrupt: chance("corrupt")}
	if n.Jitter > 0 {
		n.DelayCorrelation = percent("delay correlation")
	}
	if n.Delay > 0 && n.Jitter > 0 {
		n.Distribution = rapid.SampledFrom([]string{"", "normal", "a/file.dist"}).Draw(t, "law")
	}
	if n.Delay > 0 {
		if n.Reorder = chance("reorder"); n.Reorder.P > 0 {
			n.Gap = rapid.IntRange(1, 1000).Draw(t, "gap")
			n.GapAlone = n.Reorder == Chance{P: 100} && rapid.Bool().Draw(t, "gap alone")
		}
	}
	switch rapid.IntRange(0, 3).Draw(t, "model") {
	case 1:
		n.Loss = Loss{Model: State, P13: percent("p13"), P31: percent("p31"), P32: percent("p32"), P23: percent("p23"), P14: percent("p14")}
	case 2:
		n.Loss = Loss{Model: GEModel, P: percent("p"), R: percent("r"), Bad: percent("bad"), Good: percent("good")}
	case 3:
		n.Loss.Random = chance("loss")
	}
	n.Loss.ECN = n.Loss != Loss{} && rapid.Bool().Draw(t, "ecn")
	if rapid.Bool().Draw(t, "rated") {
		n.Rate = Rate{BytesPerSecond: rapid.Uint64Range(0, 1e14).Draw(t, "rate"), Overhead: rapid.IntRange(-100, 100).Draw(t, "overhead")}
		if n.Rate.CellSize = rapid.IntRange(0, 100).Draw(t, "cell"); n.Rate.CellSize > 0 {
			n.Rate.CellOverhead = rapid.IntRange(-10, 10).Draw(t, "cell overhead")
		}
	}
	switch rapid.IntRange(0, 2).Draw(t, "slotted") {
	case 1:
		n.Slot = Slot{Min: 1, Max: 1 + moment("slot")/2, Packets: rapid.IntRange(0, 9).Draw(t, "packets")}
	case 2:
		n.Slot = Slot{Distribution: "pareto", Delay: moment("slot delay"), Jitter: moment("slot jitter"), Bytes: rapid.IntRange(0, 9).Draw(t, "bytes")}
	}
	if n.Seeded = rapid.Bool().Draw(t, "seeded"); n.Seeded {
		n.Seed = rapid.Uint64().Draw(t, "seed")
	}
	return n
}

// A line that is written reads back as the same.
func TestParseReadsWhatStringWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := drawNetem(t)
		if back, err := Parse(n.String()); err != nil || back != n {
			t.Fatalf("%+v is written %q and reads %+v, %v", n, n, back, err)
		}
	})
}

// Any text is read or refused with a place in it; what is read is explained and
// translated without trouble, into what is valid.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"loss 5% 25% delay 40ms 10ms distribution pareto", "tc qdisc add dev eth0 root netem rate 1mbit 20 48 5",
		"loss state 1% 2% 3%", "loss gemodel 0% 0%", "slot 1ms packets 3", "delay 0 10ms limit 0", "netem", "dev", "tc qdisc add dev netem",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := Parse(text)
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || syntax.Column < 1 || syntax.Column > len(text)+1 {
				t.Fatalf("%q: %v, of %T", text, err, err)
			}
			return
		}
		if back, err := Parse(n.String()); err != nil || back != n {
			t.Fatalf("%q reads %+v, which is written %q and reads %+v, %v", text, n, n, back, err)
		}
		for _, translate := range []func() (Translation, error){
			func() (Translation, error) { return n.Meant(nil) }, func() (Translation, error) { return n.Imitated(nil) },
		} {
			if tr, err := translate(); err == nil && tr.Profile.Validate() != nil {
				t.Fatalf("%q becomes %v, which is not valid", text, tr.Profile)
			}
		}
	})
}
