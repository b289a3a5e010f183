package lossy

import (
	"errors"
	"strings"
	"testing"
)

// FuzzModels reads models of loss and laws of delay from any text and any file.
// What is read is valid, is written as it reads back, and decides packets without
// trouble.
func FuzzModels(f *testing.F) {
	for _, text := range []string{
		"gilbert-elliott:p=1%,r=25%,bad=70%,good=1%", "four-state:p13=1%,p31=20%,p32=30%,p23=60%,p14=0.5%",
		"gi:loss=5%,burst=10,density=80%,isolated=1%,gap=1.5", "every:20,first=3", "exactly:k=3,of=100",
		"list:3 7 10-12 18446744073709551615", "correlated:p=5%,rho=0.25", "netem:p=5%,correlation=25%", "netem-pareto", "none", "normal", "lognormal",
	} {
		f.Add(text, "")
	}
	f.Add("trace:f", "0,1 1")
	f.Add("trace:f", "ms\n1, 2.5\n3s")
	f.Add("cdf:f", "# c\n1ms 10%\n2ms,1")
	f.Add("trace:f:rtt", "\xef\xbb\xbf;\"RTT (ms)\";lost\r\n0;10,5;0\r\n1;1,5e1;1\r\n")
	f.Add("trace:f:lost", "seq,lost\n0,0\n1,1")
	f.Add("trace:f", "\tdelay_us\n0\t10.5\n")
	f.Add("cdf:f:delay_ms", "delay_ms percentile\n1 50\n2 100")
	f.Add("table:f", "1 -2 32767 -32768")
	f.Fuzz(func(t *testing.T, text, file string) {
		read := func(name string) ([]byte, error) {
			if strings.Contains(name, ":") {
				return nil, errors.New("no such file")
			}
			return []byte(file), nil
		}
		if m, err := ParseLossModel(text, read); err == nil && m != nil {
			if back, err := ParseLossModel(m.String(), read); err != nil || back != m {
				t.Fatalf("%q reads as %v, which reads as %v, %v", text, m, back, err)
			}
			decide(t, Profile{LossModel: m})
		}
		if d, err := ParseDistribution(text, read); err == nil && d != nil {
			if back, err := ParseDistribution(d.String(), read); err != nil || back != d {
				t.Fatalf("%q reads as %v, which reads as %v, %v", text, d, back, err)
			}
			decide(t, Profile{Distribution: d, Delay: 1e6})
			if p := (Profile{Distribution: d, Delay: MaxDelay, Jitter: MaxDelay}); p.Validate() == nil {
				decide(t, p)
			}
		}
	})
}

func decide(t *testing.T, p Profile) {
	if err := p.Validate(); err != nil {
		t.Fatalf("%v was read and is not valid: %v", p, err)
	}
	m := NewModel(1, 0, Up, p)
	for range 50 {
		if v := m.Decide(1); v.Delay < 0 || v.Delay > MaxDelay {
			t.Fatalf("%v: %v", p, v)
		}
		if m.losses != nil {
			if e := m.losses.odds(); !(e.probability >= 0 && e.probability <= 1 && e.variance >= 0) {
				t.Fatalf("%v: %+v is expected", p, e)
			}
		}
	}
}
