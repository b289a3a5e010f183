package lossy

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// drawLossModel draws any valid loss model that needs no file, or none.
func drawLossModel(t *rapid.T) LossModel {
	probability := func(name string) float64 { return rapid.Float64Range(0.001, 1).Draw(t, name) }
	var m LossModel
	switch rapid.IntRange(0, 7).Draw(t, "loss model") {
	case 0:
		return nil
	case 1:
		m = GilbertElliott{P: probability("p"), R: probability("r"), Bad: probability("bad"), Good: probability("good")}
	case 2:
		p13, p31 := probability("p13"), probability("p31")
		m = FourState{P13: p13, P31: p31, P32: (1 - p31) * probability("p32"), P23: probability("p23"), P14: (1 - p13) * probability("p14")}
	case 3:
		m = GilbertIntuitive{Loss: 0.1 * probability("loss"), Burst: 4 + 10*probability("burst"), Density: 0.7 + 0.3*probability("density"), Gap: 2 + 10*probability("gap")}
	case 4:
		m = EveryNth{N: rapid.Uint64Range(1, 100).Draw(t, "n"), First: rapid.Uint64Range(0, 200).Draw(t, "first")}
	case 5:
		of := rapid.IntRange(1, 200).Draw(t, "of")
		m = ExactlyOf{K: rapid.IntRange(0, of).Draw(t, "k"), Of: of}
	case 6:
		m = CorrelatedLoss{P: probability("p"), Rho: MaxRho * probability("rho")}
	case 7:
		var err error
		words := rapid.SliceOfN(rapid.StringMatching(`[1-9][0-9]{0,3}(-9[0-9]{4})?`), 1, 20).Draw(t, "list")
		if m, err = ParseLossModel("list:"+strings.Join(words, " "), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.validate(); err != nil {
		t.Fatalf("drew an invalid model: %v: %v", m, err)
	}
	return m
}

func TestLossModelReadsBackWhatItWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawLossModel(t)
		text := "none"
		if m != nil {
			text = m.String()
		}
		if back, err := ParseLossModel(text, nil); err != nil || back != m {
			t.Fatalf("%#v is written %q, which reads as %#v, %v", m, text, back, err)
		}
	})
}

func TestLossModelText(t *testing.T) {
	files := func(name string) ([]byte, error) {
		switch name {
		case "a=b,c.csv":
			return []byte("# kept, lost\n0\n1\n"), nil
		case "odd.csv":
			return []byte("0\n0,1\n0 2\n"), nil
		case "empty.csv":
			return []byte("# nothing\n"), nil
		case "huge.csv":
			return make([]byte, MaxModelFile+1), nil
		}
		return nil, fs.ErrNotExist
	}
	for text, want := range map[string]string{
		"gilbert-elliott:p=1%,r=25%":       "gilbert-elliott:p=1%,r=25%,bad=100%,good=0%",
		" gi : loss=5%, burst=4":           "gi:loss=5%,burst=4,density=100%,isolated=0%,gap=1",
		"four-state:p13=0.05":              "four-state:p13=5%,p31=95%,p32=0%,p23=100%,p14=0%",
		"every:20,first=19":                "every:20",
		"every:20,first=0":                 "every:20,first=0",
		"exactly:of=100,k=3":               "exactly:k=3,of=100",
		"list:9 3-4 5 5 12-10000000000000": "list:3-5 9 12-10000000000000",
		"list:3,5, 7-9":                    "list:3 5 7-9",
		"correlated:p=5%,rho=0.25":         "correlated:p=5%,rho=0.25",
		"trace:a=b,c.csv":                  "trace:a=b,c.csv",
	} {
		m, err := ParseLossModel(text, files)
		if err != nil || m.String() != want {
			t.Errorf("%q reads as %v, %v, want %s", text, m, err, want)
		}
	}
	for text, want := range map[string]string{
		"":                                   "is no loss model: write it like none, gilbert",
		"gilbert":                            "is no loss model",
		"gilbert-elliott:p=1%":               "lacks r",
		"gilbert-elliott:p=0%,r=0%":          "never move",
		"gilbert-elliott:p=1,r=25%":          "ambiguous",
		"gilbert-elliott:p=1%,r=25%,h=0%":    "takes no h, only p, r, bad, good",
		"four-state:p13=60%,p14=50%":         "the ways out of state 1 may not exceed 100%",
		"four-state:p13=5%,p31=80%,p32=30%":  "the ways out of state 3 may not exceed 100%",
		"four-state:p13=100%":                "a burst would never end",
		"four-state:p13=1%,p23=0%":           "stay in state 2 for ever",
		"gi:loss=5%,burst=0.5":               "burst 0.5: must be between 1",
		"gi:loss=5%,burst=4,gap=0":           "gap 0: must be",
		"gi:loss=5%,burst=4,density=4%":      "must lie between the isolated losses (0%) and the density of bursts (4%)",
		"gi:loss=5%,burst=4,density=20%":     "loses less than one packet",
		"gi:loss=79%,burst=2,density=80%":    "no chain has these parameters",
		"every:0":                            "1 or more",
		"every:-1":                           "not the index of a packet",
		"every":                              "lacks a value",
		"exactly:k=4,of=3":                   "4 of 3: must be",
		"exactly:k=0,of=2000000":             "must be 0 to of, of 1 to 1048576 packets",
		"list:":                              `"list:" has nothing behind the colon`,
		"list:3 x":                           "neither an index like 7 nor a range like 10-12",
		"list:5-3":                           "ends before it begins",
		"list:-3":                            "neither an index",
		"list:" + strings.Repeat("1 ", 4097): "at most 4096",
		"correlated:p=5%,rho=1":              "must be between 0 and 0.999",
		"correlated:p=5%,rho=-0.5":           "must be between 0 and 0.999",
		"trace:":                             "lacks the name of a file",
		"trace:gone.csv":                     "not exist",
		"trace:odd.csv":                      "odd.csv, line 3: '2': want 0 (kept) or 1 (lost)",
		"trace:empty.csv":                    "empty.csv is empty",
		"trace:huge.csv":                     "larger than 16 MiB",
	} {
		if m, err := ParseLossModel(text, files); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, %v; want an error with %q", text, m, err, want)
		}
	}
	if _, err := ParseLossModel("trace:losses.csv", nil); !errors.Is(err, ErrNamesFile) {
		t.Errorf("without leave to read files: %v, want %v", err, ErrNamesFile)
	}
}

func TestValidateRefusesLossModels(t *testing.T) {
	for want, p := range map[string]Profile{
		"loss 5%: has no place beside loss-model every:3": {Loss: 0.05, LossModel: EveryNth{N: 3, First: 2}},
		"loss-model every:0":                              {LossModel: EveryNth{}},
		"p NaN":                                           {LossModel: GilbertElliott{P: math.NaN(), R: 1}},
		"an empty list":                                   {LossModel: DropList{}},
		"a trace of nothing":                              {LossModel: LossTrace{}},
		"loss-burst-cap -1":                               {LossBurstCap: -1},
		"loss-burst-cap 1001: must be between 1 and 1000": {LossBurstCap: 1001},
		"of which loss-model exactly:k=1,of=2 is none":    {LossModel: ExactlyOf{K: 1, Of: 2}, LossBurstCap: 3},
	} {
		if err := p.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want an error with %q", p, err, want)
		}
	}
}

var steadyLosses = []Profile{
	{LossModel: GilbertElliott{P: 0.02, R: 0.2, Bad: 0.7, Good: 0.01}},
	{LossModel: FourState{P13: 0.02, P31: 0.2, P32: 0.3, P23: 0.6, P14: 0.01}},
	{LossModel: CorrelatedLoss{P: 0.1, Rho: 0.6}},
	{LossModel: ExactlyOf{K: 3, Of: 100}},
	{Loss: 0.3, LossBurstCap: 3},
}

// What a seed means must not change: see TestSeedKeepsItsMeaning.
func TestSeedKeepsItsMeaningForLossModels(t *testing.T) {
	for i, want := range []string{
		"c5ae1b94f93801ff",
		"67951f1beb5ac506",
		"4fbc6a63ce814f65",
		"d258fba2bc4d108b",
		"7f29365cd56c3b91",
	} {
		log := make([]byte, 0, 5000)
		for _, lost := range fatesOf(steadyLosses[i], 7, 5000) {
			log = append(log, byte('0'+digit(lost)))
		}
		hash := sha256.Sum256(log)
		if got := hex.EncodeToString(hash[:8]); got != want {
			t.Errorf("%v: the losses of seed 7 have hash %s, want %s", steadyLosses[i], got, want)
		}
	}
}

// A change of parameters leaves the chain where it is, and one of the rest of
// the profile leaves it alone.
func TestSetProfileKeepsTheStateOfLossModels(t *testing.T) {
	for _, p := range steadyLosses {
		want := fatesOf(p, 9, 3000)
		m := NewModel(9, 0, Up, p)
		got := make([]bool, len(want))
		for i := range got {
			q := p
			q.Duplicate = float64(i%2) / 2
			m.SetProfile(q)
			got[i] = m.Decide(1).Drop == CauseLoss
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v: a change of another setting changed the losses", p)
		}
	}
	stuck := func(bad float64) Profile { return Profile{LossModel: GilbertElliott{P: 1e-9, R: 1e-9, Bad: bad}} }
	bad := 0
	for flow := range uint64(100) {
		m := NewModel(1, flow, Up, stuck(0))
		m.Decide(1)
		was := m.losses.(*elliott).bad
		m.SetProfile(stuck(1))
		if got := m.Decide(1).Drop == CauseLoss; got != was {
			t.Fatalf("flow %d: state bad %v before the change, lost %v after", flow, was, got)
		}
		bad += digit(was)
	}
	if bad == 0 || bad == 100 {
		t.Errorf("%d of 100 flows began in the bad state", bad)
	}
}

func TestProfileDescribesItsModels(t *testing.T) {
	var odd strings.Builder
	for i := range 60 {
		fmt.Fprintf(&odd, " %d", 2*i)
	}
	long := modelFrom(t, "list:"+odd.String())
	for want, p := range map[string]Profile{
		"loss every:3 after the queue":        {LossModel: EveryNth{N: 3, First: 2}, LossAfterQueue: true},
		"loss 30% at most 3 in a row":         {Loss: 0.3, LossBurstCap: 3},
		"delay 3ms jitter 1ms pareto":         {Delay: 3e6, Jitter: 1e6, Distribution: ParetoDelay{}},
		"delay 3ms lognormal":                 {Delay: 3e6, Distribution: LogNormalDelay{}},
		"loss " + long.String()[:100] + "...": {LossModel: long},
	} {
		if got := p.String(); got != want {
			t.Errorf("String() = %q, want %q", got, want)
		}
	}
}

// A run of losses that a cap has counted goes on under another cap.
func TestLossBurstCapCanBeChanged(t *testing.T) {
	m := NewModel(1, 0, Up, Profile{Loss: 1, LossBurstCap: 3})
	lost := func(n int) (s string) {
		for range n {
			s += string("01"[digit(m.Decide(1).Drop == CauseLoss)])
		}
		return s
	}
	got := lost(6)
	m.SetProfile(Profile{Loss: 1, LossBurstCap: 1})
	got += " " + lost(4)
	m.SetProfile(Profile{Loss: 1})
	got += " " + lost(4)
	if want := "111011 0101 1111"; got != want {
		t.Errorf("losses %s, want %s", got, want)
	}
}
