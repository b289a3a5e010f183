package lossy

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestValidateNamesTheFieldAndTheRange(t *testing.T) {
	for _, c := range []struct {
		profile Profile
		want    []string
	}{
		{Profile{Loss: 1.01}, []string{"loss 1.01", "between 0 and 1"}},
		{Profile{Loss: math.NaN()}, []string{"loss NaN", "between 0 and 1"}},
		{Profile{Reorder: -0.1}, []string{"reorder -0.1", "between 0 and 1"}},
		{Profile{Duplicate: 2}, []string{"duplicate 2", "between 0 and 1"}},
		{Profile{Corrupt: math.Inf(1)}, []string{"corrupt +Inf", "between 0 and 1"}},
		{Profile{Burst: 0.5}, []string{"burst 0.5", "between 1 and 1000000"}},
		{Profile{Burst: math.NaN()}, []string{"burst NaN"}},
		{Profile{Burst: 1e7}, []string{"burst 1e+07"}},
		{Profile{Loss: 0.81, Burst: 4}, []string{"loss 81%", "bursts of 4", "at most 80%"}},
		{Profile{Delay: -time.Millisecond}, []string{"delay -1ms", "between 0 and 1h"}},
		{Profile{Delay: 2 * time.Hour}, []string{"delay 2h", "between 0 and 1h"}},
		{Profile{Delay: time.Second, Jitter: -1}, []string{"jitter -1ns"}},
		{Profile{Delay: time.Second, Jitter: time.Second + 1}, []string{"jitter 1.000000001s", "must not exceed the delay (1s)"}},
		{Profile{Queue: -1}, []string{"queue -1ns"}},
		{Profile{ReorderBy: -1}, []string{"reorder-by -1"}},
		{Profile{ReorderBy: MaxReorderBy + 1}, []string{"reorder-by 1048577"}},
		{Profile{Rate: 999}, []string{"rate 999", "1kbit and 1tbit"}},
		{Profile{Rate: -1}, []string{"rate -1"}},
		{Profile{Rate: math.Inf(1)}, []string{"rate +Inf"}},
	} {
		err := c.profile.Validate()
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%+v: %v, want an error with %q", c.profile, err, want)
			}
		}
	}
}

func TestValidateAcceptsTheLimits(t *testing.T) {
	for _, p := range []Profile{
		{}, everything,
		{Loss: 1, Duplicate: 1, Reorder: 1, Corrupt: 1},
		{Loss: 0.8, Burst: 4}, {Loss: 1, Burst: 4}, {Loss: 0.9, Burst: 1}, {Burst: MaxBurst},
		{Delay: MaxDelay, Jitter: MaxDelay, Queue: MaxDelay},
		{Rate: MinRate, ReorderBy: MaxReorderBy}, {Rate: MaxRate},
	} {
		if err := p.Validate(); err != nil {
			t.Errorf("%+v: %v", p, err)
		}
		NewLink(0, 0, Up, p).Send(0, []byte("x")) // and the link takes it
	}
}

func TestConfigValidateNamesTheDirection(t *testing.T) {
	bad := Profile{Loss: 2}
	if err := (Config{Up: bad}).Validate(); err == nil || !strings.HasPrefix(err.Error(), "up: loss") {
		t.Errorf("Validate() = %v, want an error about up: loss", err)
	}
	if err := (Config{Down: bad}).Validate(); err == nil || !strings.HasPrefix(err.Error(), "down: loss") {
		t.Errorf("Validate() = %v, want an error about down: loss", err)
	}
	if err := (Config{Up: everything, Down: everything}).Validate(); err != nil {
		t.Error(err)
	}
}

func TestInvalidProfilesPanicInCode(t *testing.T) {
	bad := Profile{Loss: 2}
	for name, f := range map[string]func(){
		"NewLink":    func() { NewLink(0, 0, Up, bad) },
		"SetProfile": func() { NewLink(0, 0, Up, Profile{}).SetProfile(bad) },
		"NewNetwork": func() { NewNetwork(Config{Down: bad}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s took a loss of 200 %%", name)
				}
			}()
			f()
		}()
	}
}

func TestProfileDescribesItself(t *testing.T) {
	for want, p := range map[string]Profile{
		"perfect":                      {Burst: 4, ReorderBy: 3, Queue: time.Second},
		"loss 5%":                      {Loss: 0.05, Burst: 1},
		"loss 100%":                    {Loss: 1, Burst: 4},
		"delay 40ms":                   {Delay: 40 * time.Millisecond},
		"reorder 1% by 3":              {Reorder: 0.01},
		"rate 10mbit queue 100ms":      {Rate: 10e6},
		"duplicate 0.1%, corrupt 0.2%": {Duplicate: 0.001, Corrupt: 0.002},
		"loss 1% after the queue, delay 2ms jitter 1ms reordering": {
			Loss: 0.01, LossAfterQueue: true, Delay: 2 * time.Millisecond, Jitter: time.Millisecond, JitterReorder: true},
		"loss 2% burst 8 after the queue": {Loss: 0.02, Burst: 8, LossAfterQueue: true},
		"delay 3ms":                       {Delay: 3 * time.Millisecond, JitterReorder: true, LossAfterQueue: true},
		"loss 5% burst 3, delay 40ms jitter 10ms, reorder 5% by 4, duplicate 2%, corrupt 1%, rate 10mbit queue 20ms": everything,
	} {
		if got := p.String(); got != want {
			t.Errorf("String() = %q, want %q", got, want)
		}
	}
}
