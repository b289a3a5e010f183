package lossy

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"
)

func netemLossOf(t testing.TB, p, correlation float64) NetemLoss {
	t.Helper()
	m, err := NewNetemLoss(p, correlation)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// netemProfiles are what the replay is judged on.
func netemProfiles(t testing.TB) []Profile {
	return []Profile{
		{LossModel: netemLossOf(t, 0.05, 0.25)},
		{LossModel: netemLossOf(t, 0.3, 0.5), Netem: NetemCompat{On: true, Duplicate: 0.3, Corrupt: 0.6}, Duplicate: 0.4, Corrupt: 0.3},
		{Netem: NetemCompat{On: true, Delay: 0.25}, Delay: 40e6, Jitter: 10e6, Distribution: netemTable("netem-pareto")},
		{Netem: NetemCompat{On: true, Delay: 0.9}, Delay: 5e6, Jitter: 9_999_999},
		{Netem: NetemCompat{On: true, Delay: 0.5}, Delay: 3e9, Jitter: 2e9},
		{LossModel: netemLossOf(t, 0.2, 0.1), Delay: 40e6, Jitter: 12_345_678, Distribution: netemTable("netem-normal"),
			Duplicate: 0.3, Reorder: 0.25, ReorderGap: 5, Netem: NetemCompat{On: true, Reorder: 0.5, Duplicate: 0.2}},
	}
}

// The replay decides as sch_netem.c does.
func TestNetemReplayIsThatOfTheKernel(t *testing.T) {
	for _, p := range netemProfiles(t) {
		row{"netem", p.String(), "decision for decision", 50}.judge(t, likeKernel(p, 50, aMillion()/50, ""))
	}
}

func TestChecksCatchNetemsOrderAndDraws(t *testing.T) {
	all := netemProfiles(t)
	for bug, p := range map[string]Profile{
		"loss before duplication":                  all[1],
		"copies that are never lost":               all[1],
		"a reorder draw for each packet":           all[5],
		"a draw that is scaled, without remainder": all[4],
	} {
		wantCaught(t, "netem's replay with "+bug, likeKernel(p, 50, 20_000, bug).wrong)
	}
	honest := fatesOf(Profile{LossModel: CorrelatedLoss{P: 0.25, Rho: 0.25}}, 51, plantedPackets)
	wantCaught(t, "a copula for netem's correlation", batched("mean loss", numbers(honest), NetemCorrelated(0.25, 0.25).Mean).wrong)
}

// What netem's `loss P C` really loses: by the law of the mixture, and counted.
func TestNetemLoss(t *testing.T) {
	for _, c := range []struct {
		p, correlation float64
		least, most    float64 // as the kernel's arithmetic was seen to lose
	}{
		{0.003, 0.25, 0, 1e-8}, {0.01, 0.25, 0, 1e-5}, {0.05, 0.25, 0.0018, 0.0020}, {0.1, 0.25, 0.01745, 0.01755},
		{0.1, 0.5, 0.0010, 0.0012}, {0.25, 0.25, 0.1660, 0.1670}, {0.3, 0.5, 0.129, 0.131}, {0.5, 0.9, 0.4999, 0.5001}, {0.2, 0, 0.2, 0.2},
	} {
		m := netemLossOf(t, c.p, c.correlation)
		t.Run(m.String(), func(t *testing.T) {
			rate := NetemCorrelated(c.p, c.correlation)
			if rate.Mean < c.least || rate.Mean > c.most || m.Mean() != rate.Mean {
				t.Errorf("mean %v, that of the model %v, want %v to %v", rate.Mean, m.Mean(), c.least, c.most)
			}
			if c.most < 1e-4 {
				return // there is nothing to count
			}
			fates := fatesOf(Profile{LossModel: m}, 52, aMillion())
			n := float64(len(fates))
			judge := func(property string, f finding) {
				t.Helper()
				row{"netem", m.String(), property, 52}.judge(t, f)
			}
			share := float64(count(fates)) / n
			sd := math.Sqrt(rate.Inflation * rate.Mean * (1 - rate.Mean) / n)
			judge("mean, variance of the mixture", deviation("mean loss", len(fates), share, rate.Mean, sd))
			_, lost := runLengths(fates)
			lengths, longer := make([]float64, len(lost)), make([]float64, len(lost))
			for i, l := range lost {
				lengths[i], longer[i] = float64(l), float64(digit(l > 2))
			}
			if len(lost) > 20_000 {
				judge("mean run of losses", batched("run", lengths, rate.Run))
				judge("runs longer than 2", batched("longer", longer, rate.RunLonger(2)))
			}
		})
	}
}

// Correlation narrows the mixture by sqrt((1-c)/(1+c)), and the remainder that
// makes a delay of it takes that and the memory away again.
func TestNetemMixtureAndDelay(t *testing.T) {
	const n = 200_000
	for _, correlation := range []float64{0.25, 0.5} {
		factor := math.Sqrt((1 - correlation) / (1 + correlation)) // 0.775, 0.577
		c := crandom{draws: newStream(53, 0, Up, drawNetemDelay)}
		c.set(correlation)
		mixed := make([]float64, n)
		for i := range mixed {
			mixed[i] = square(float64(c.next(uint64(i)))/(1<<32) - 0.5)
		}
		name := fmt.Sprintf("get_crandom with %v", formatProbability(correlation))
		row{"netem", name, fmt.Sprintf("variance, factor %.3f²", factor), 53}.judge(t, batched("variance", mixed, square(factor)/12))

		p := Profile{Delay: 40e6, Jitter: 10e6, Netem: NetemCompat{On: true, Delay: correlation}}
		m := NewModel(53, 0, Up, p)
		delays, products := make([]time.Duration, n), make([]float64, n-1)
		for i := range delays {
			delays[i] = m.Decide(1).Delay
			if i > 0 {
				products[i-1] = float64(delays[i]-40e6) * float64(delays[i-1]-40e6) / 1e14
			}
		}
		row{"netem", p.String(), "delays uniform all the same", 53}.judge(t, uniform(delays, 30e6, 50e6-1))
		row{"netem", p.String(), "covariance of neighbours", 53}.judge(t, batched("covariance", products, 0))
	}
	for law, sd := range map[string]float64{"netem-normal": 1.000, "netem-pareto": 0.820, "netem-paretonormal": 0.834} {
		var sum, squares float64
		table := netemTable(law)
		for i := 0; i < len(table.samples); i += 2 {
			x := float64(int16(table.samples[i])<<8|int16(table.samples[i+1])) / tableScale
			sum, squares = sum+x, squares+x*x
		}
		mean := sum / netemTableSize
		if got := math.Sqrt(squares/netemTableSize - mean*mean); math.Abs(got-sd) > 0.0005 {
			t.Errorf("%s: standard deviation %.4f of the jitter, want %.3f", law, got, sd)
		}
	}
}

// The tables are those that iproute2 installs, where it does.
func TestNetemTablesAreThoseOfTc(t *testing.T) {
	for _, law := range []string{"normal", "pareto", "paretonormal"} {
		table := netemTable("netem-" + law)
		if len(table.samples) != 2*netemTableSize {
			t.Fatalf("%s has %d samples", law, len(table.samples)/2)
		}
		for _, dir := range []string{"/usr/lib/tc/", "/usr/lib/x86_64-linux-gnu/tc/", "/usr/lib64/tc/"} {
			d, err := ParseDistribution("table:"+dir+law+".dist", os.ReadFile)
			if err == nil && d.(DelayTable).samples != table.samples {
				t.Errorf("%s%s.dist differs from netem-%s", dir, law, law)
			}
		}
	}
}

// The rates told in Stats are held to what the arithmetic really gives.
func TestNetemTalliesExpectTheTrueRates(t *testing.T) {
	for _, p := range netemProfiles(t) {
		l := NewLink(54, 0, Up, p)
		var buf []byte
		for i := range 100_000 {
			now := time.Duration(i) * time.Millisecond
			l.Send(now, []byte{1})
			for ok := true; ok; {
				buf, ok = l.Receive(now, buf[:0])
			}
		}
		s := l.Stats()
		if s.Unaccounted() != 0 {
			t.Errorf("%v: %d datagrams unaccounted for", p, s.Unaccounted())
		}
		for _, i := range Impairments() {
			e := s.Observed(i)
			if e.Trials == 0 {
				continue
			}
			n := float64(e.Trials)
			low, high := wilson(e.Observed, e.Configured*(1-e.Configured)*n*n/s.Tallies[i].Variance, zAlpha)
			f := finding{n: int(e.Trials), estimate: figure(e.Observed), expected: figure(e.Configured), interval: span(low, high), statistic: "Wilson, widened"}
			if e.Configured < low || e.Configured > high {
				f.wrong = fmt.Errorf("%v of %v: %s, want %s", i, p, f.estimate, f.expected)
			}
			row{"netem", p.String(), fmt.Sprintf("%v in Stats", i), 54}.judge(t, f)
		}
	}
}

// netem's limit drops what comes while as many are under way, copies included.
func TestNetemLimit(t *testing.T) {
	p := Profile{Delay: 100e6, Netem: NetemCompat{On: true, Limit: 10}}
	l := NewLink(1, 0, Up, p)
	for range 25 {
		l.Send(0, []byte{1})
	}
	if s := l.Stats(); s.Dropped[CauseQueue] != 15 || s.PacketsInFlight != 10 {
		t.Errorf("25 into a limit of 10: %d dropped, %d under way", s.Dropped[CauseQueue], s.PacketsInFlight)
	}
	p.Duplicate = 1
	l = NewLink(1, 0, Up, p)
	for range 10 {
		l.Send(0, []byte{1})
	}
	if s := l.Stats(); s.Unaccounted() != 0 || s.PacketsInFlight != 10 || s.Dropped[CauseQueue] != 10 {
		t.Errorf("10 pairs into a limit of 10: %+v", s)
	}
}

func wantError(t *testing.T, what, want string, of func() error) {
	t.Helper()
	if err := of(); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%s: %v, want an error with %q", what, err, want)
	}
}

func TestNetemCompatText(t *testing.T) {
	for text, want := range map[string]NetemCompat{
		"off": {}, "on": {On: true}, "on:limit=1000,duplicate=25%,corrupt=0.1,reorder=50%,delay=1%": {true, 1000, 0.25, 0.1, 0.5, 0.01},
	} {
		if got, err := ParseNetemCompat(text); err != nil || got != want {
			t.Errorf("%q is %+v, %v, want %+v", text, got, err, want)
		}
		if back, err := ParseNetemCompat(want.String()); err != nil || back != want {
			t.Errorf("%+v is written %q and read %+v, %v", want, want, back, err)
		}
	}
	for text, want := range map[string]string{
		"":             `"" is no way to replay netem: write off, on or on:limit=1000`,
		"true":         "is no way to replay netem",
		"off:delay=1%": `off takes no delay`,
		"on:loss=5%":   `on takes no loss, only limit, duplicate, corrupt, reorder, delay`,
		"on:delay=5":   `"5" is ambiguous`,
	} {
		wantError(t, text, want, func() error { _, err := ParseNetemCompat(text); return err })
	}
	for text, p := range map[string]Profile{
		"netem-compat: is off, so leave":  {Netem: NetemCompat{Limit: 3}},
		"netem-compat limit -1":           {Netem: NetemCompat{On: true, Limit: -1}},
		"netem-compat delay 2":            {Netem: NetemCompat{On: true, Delay: 2}},
		"netem-compat needs reorder-gap":  {Netem: NetemCompat{On: true}, Reorder: 0.1, Delay: 1},
		"netem-compat needs netem-normal": {Netem: NetemCompat{On: true}, Delay: 1e6, Jitter: 1e5, Distribution: LogNormalDelay{}},
		"loss-burst-cap: netem has none":  {Netem: NetemCompat{On: true}, Loss: 0.1, LossBurstCap: 3},
	} {
		wantError(t, fmt.Sprint(p), text, p.Validate)
	}
	if err := (Profile{Delay: 1e6, Jitter: 2e6, Netem: NetemCompat{On: true}}).Validate(); err != nil {
		t.Errorf("a jitter above the delay, as netem takes it: %v", err)
	}
	if err := (Profile{LossModel: netemLossOf(t, 1, 1)}).Validate(); err != nil {
		t.Error(err)
	}
	if _, err := NewNetemLoss(0.5, 1.5); err == nil {
		t.Error("a correlation of 1.5 was taken")
	}
}

func TestNetemWarnings(t *testing.T) {
	p := Profile{LossModel: netemLossOf(t, 0.05, 0.25), Duplicate: 0.01, Delay: 1e6, Reorder: 0.25, ReorderGap: 5,
		Netem: NetemCompat{On: true, Duplicate: 0.25, Reorder: 0.5}}
	want := []string{
		"netem's loss 5% 25% really loses 0.194%",
		"netem's duplicate 1% 25% really duplicates less than 0.001%",
		"netem's reorder 25% 50% really sends at once 5.43%",
	}
	if got := p.Warnings(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("warnings %q, want %q", got, want)
	}
	if got := (Profile{Loss: 0.1, LossModel: nil}).Warnings(); got != nil {
		t.Errorf("warnings %q of an honest profile", got)
	}
}

// What the arithmetic makes of correlations at their bounds.
func TestNetemCorrelatedAtItsBounds(t *testing.T) {
	for _, c := range []struct{ p, correlation, mean float64 }{
		{0, 0.5, 0}, {1, 0.5, 1}, {0.3, 0, 0.3}, {0.3, 1, 0.3}, {0.5, 0.999, 0.5}, {0.5, 1e-9, 0.5}, {0.3, 1e-9, 0.3},
	} {
		r := NetemCorrelated(c.p, c.correlation)
		if math.Abs(r.Mean-c.mean) > 1e-6 || r.Inflation < 1 || math.IsNaN(r.Run) || r.RunLonger(0) != 0 || r.RunLonger(1) > 1 {
			t.Errorf("%v with %v: %+v, want a mean of %v", c.p, c.correlation, r, c.mean)
		}
	}
	// Without change for ever: what the first packet met.
	fates := fatesOf(Profile{LossModel: netemLossOf(t, 0.5, 1)}, 7, 1000)
	if n := count(fates); n != 0 && n != 1000 {
		t.Errorf("with a correlation of 100%% %d of 1000 are lost, want none or all", n)
	}
}
