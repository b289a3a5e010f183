package settings

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"udplab/lossy"
)

// Every setting of a profile has a field, and no two share one: a profile
// written field by field reads back as the same profile.
func TestFieldsCoverTheProfile(t *testing.T) {
	// reorder-by is two settings, and the queue three, of which one is not zero.
	if got, want := len(Fields()), reflect.TypeFor[lossy.Profile]().NumField()-3; got != want {
		t.Errorf("%d fields, but a profile has %d settings", got, want)
	}
	rapid.Check(t, func(t *rapid.T) {
		share := rapid.Float64Range(0, 1)
		short := rapid.Map(rapid.Int64Range(0, int64(time.Hour)), func(n int64) time.Duration { return time.Duration(n) })
		p := lossy.Profile{
			Loss: share.Draw(t, "loss"), Burst: rapid.Float64Range(0, 100).Draw(t, "burst"),
			Delay: short.Draw(t, "delay"), Jitter: short.Draw(t, "jitter"),
			Reorder: share.Draw(t, "reorder"), ReorderBy: rapid.IntRange(0, 100).Draw(t, "by"),
			ReorderFor: short.Draw(t, "hold"), ReorderGap: rapid.IntRange(0, 100).Draw(t, "gap"),
			Duplicate: share.Draw(t, "duplicate"), Corrupt: share.Draw(t, "corrupt"),
			DuplicateCopies: rapid.IntRange(0, 100).Draw(t, "copies"), DuplicateDelay: short.Draw(t, "copy delay"),
			Rate:     rapid.Float64Range(lossy.MinRate, lossy.MaxRate).Draw(t, "rate"),
			Queue:    short.Draw(t, "queue"),
			Overhead: rapid.IntRange(0, 100).Draw(t, "overhead"),
			Policer:  lossy.Policer{Rate: float64(rapid.IntRange(1000, 1e9).Draw(t, "police")), Burst: rapid.IntRange(1, 1<<30).Draw(t, "burst")},
			ECN:      rapid.Bool().Draw(t, "ecn"), SharedBottleneck: rapid.Bool().Draw(t, "shared"),
			SharedModel: rapid.Bool().Draw(t, "shared model"),
			LossModel: rapid.SampledFrom([]lossy.LossModel{
				nil, lossy.GilbertElliott{P: 0.01, R: 1.0 / 3, Bad: 0.7}, lossy.EveryNth{N: 20, First: 3}, netemLoss(t, 0.05, 1.0/3),
			}).Draw(t, "model"),
			Distribution: rapid.SampledFrom([]lossy.Distribution{
				nil, lossy.NormalDelay{}, lossy.ParetoDelay{}, lossy.ParetoNormalDelay{}, lossy.LogNormalDelay{},
			}).Draw(t, "law"),
			LossBurstCap: rapid.IntRange(0, 10).Draw(t, "cap"),

			JitterReorder: rapid.Bool().Draw(t, "racing"), LossAfterQueue: rapid.Bool().Draw(t, "behind"),
		}
		p.CorruptHow = rapid.SampledFrom([]lossy.Damage{
			{}, {N: 3}, {Kind: lossy.DamageBytes}, {Kind: lossy.DamageBytes, N: 4},
			{Kind: lossy.DamageTruncate}, {Kind: lossy.DamageExtend, N: 16},
		}).Draw(t, "damage")
		if rapid.Bool().Draw(t, "compat") {
			p.Netem = lossy.NetemCompat{
				On: true, Limit: rapid.IntRange(0, lossy.MaxNetemLimit).Draw(t, "netem limit"),
				Duplicate: share.Draw(t, "duplicate correlation"), Corrupt: share.Draw(t, "corrupt correlation"),
				Reorder: share.Draw(t, "reorder correlation"), Delay: share.Draw(t, "delay correlation"),
			}
		}
		p.MTU = rapid.IntRange(0, lossy.MaxMTU).Draw(t, "mtu")
		var err error
		if p.Blackout, err = lossy.ParseBlackout(rapid.SampledFrom([]string{
			"", "at=5s,for=3s", "every=1m0s,for=200ms; at=0s,for=1ns; every=1s,for=1ms,first=0s",
		}).Draw(t, "blackout")); err != nil {
			t.Fatal(err)
		}
		if p.Drop, err = lossy.ParseRules(rapid.SampledFrom([]string{
			"", "size>1200", "class=ack,nth=3; bytes=0x01ff@2,every=2; flow=ann,index=5-9,age<2s",
		}).Draw(t, "drop")); err != nil {
			t.Fatal(err)
		}
		if p.ReorderBy == 0 {
			p.ReorderSpread = rapid.SampledFrom([]lossy.Displacement{{}, {Min: 1, Max: 8}, {Mean: 2.5}}).Draw(t, "spread")
		}
		p.Discipline = rapid.SampledFrom([]lossy.Discipline{
			nil, lossy.DropHead{}, lossy.CoDel{Target: 1 + short.Draw(t, "target")/2, Interval: time.Second},
			lossy.RED{Min: 1500, Max: 1 << 20, Bytes: true, Probability: 1.0 / 3, Weight: 0.1},
			lossy.RED{Min: 5, Max: 15, Probability: 0.02, Weight: 1.0 / 512},
		}).Draw(t, "discipline")
		switch n := rapid.IntRange(1, 1<<20).Draw(t, "limit"); n % 3 {
		case 1:
			p.Queue, p.QueuePackets = 0, n
		case 2:
			p.Queue, p.QueueBytes = 0, n
		}
		var back lossy.Profile
		for _, f := range Fields() {
			if err := f.Set(&back, f.Get(&p)); err != nil {
				t.Fatalf("%s %q does not read back: %v", f.Name, f.Get(&p), err)
			}
		}
		if back != p {
			t.Fatalf("wrote %+v, read %+v", p, back)
		}
	})
}

func netemLoss(t *rapid.T, p, correlation float64) lossy.LossModel {
	m, err := lossy.NewNetemLoss(p, correlation)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// A client may not have the server read files; what GET showed may come back.
func TestFieldsReadNoFiles(t *testing.T) {
	for _, c := range []struct{ name, text, content string }{
		{"loss-model", "trace:losses.csv", "0 1"},
		{"link-trace", "lte.up", "1\n"},
		{"delay-distribution", "table:pareto.dist", "8192 -8192"},
		{"delay-distribution", "cdf:delays.csv", "1ms,50%\n2ms,1"},
		{"delay-distribution", "trace:delays.csv", "1ms 2ms"},
	} {
		name, text := c.name, c.text
		file := func(string) ([]byte, error) { return []byte(c.content), nil }
		f := fieldNamed(t, name)
		var p lossy.Profile
		if err := f.Set(&p, text); !errors.Is(err, lossy.ErrNamesFile) || p != (lossy.Profile{}) {
			t.Errorf("%s %s: %v, profile %v; want it refused", name, text, err, p)
		}
		if err := f.SetFrom(&p, text, file); err != nil || f.Get(&p) != text {
			t.Errorf("%s %s from the command line: %v, reads %q", name, text, err, f.Get(&p))
		}
		if err := f.Set(&p, text); err != nil {
			t.Errorf("%s %s, which is in force: %v", name, text, err)
		}
	}
}

// Edits read files for who may have them read, each time anew, and for nobody else.
func TestEditsReadFiles(t *testing.T) {
	reads := 0
	read := func(name string) ([]byte, error) {
		reads++
		if name != "losses.csv" {
			return nil, errors.New("no such file")
		}
		return []byte("0 1"), nil
	}
	for _, c := range []struct {
		member string
		files  lossy.ReadFile
		want   string
	}{
		{`"trace:losses.csv"`, read, ""},
		{`"trace:losses.csv"`, nil, `field "loss-model": "trace:losses.csv" names a file, which is not opened here`},
		{`"trace:none.csv"`, read, `field "loss-model": no such file`},
	} {
		e := Edits{Files: c.files}
		if err := e.Add(Member{"loss-model", []byte(c.member)}); err != nil {
			t.Fatal(err)
		}
		if reads != 0 {
			t.Error("a file was read before it was to be")
		}
		var config lossy.Config
		err := e.Apply(&config)
		if got := errorText(err); got != c.want {
			t.Errorf("%s: %s, want %s", c.member, got, c.want)
		}
		if err == nil && (config.Up.LossModel == nil || config.Down.LossModel == nil || reads != 2) {
			t.Errorf("%s: %+v after %d reads, want the model both ways, one read each", c.member, config, reads)
		}
		reads = 0
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func fieldNamed(t *testing.T, name string) *Field {
	t.Helper()
	for _, f := range Fields() {
		if f.Name == name {
			return &f
		}
	}
	t.Fatalf("no field %q", name)
	return nil
}
