package control

import (
	"math"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"udplab/lossy"
)

// Every setting of a profile has a field, and no two share one: a profile
// written field by field reads back as the same profile.
func TestFieldsCoverTheProfile(t *testing.T) {
	if got, want := len(Fields()), reflect.TypeFor[lossy.Profile]().NumField(); got != want {
		t.Errorf("%d fields, but a profile has %d settings", got, want)
	}
	rapid.Check(t, func(t *rapid.T) {
		share := rapid.Float64Range(0, 1)
		short := rapid.Map(rapid.Int64Range(0, int64(time.Hour)), func(n int64) time.Duration { return time.Duration(n) })
		p := lossy.Profile{
			Loss: share.Draw(t, "loss"), Burst: rapid.Float64Range(0, 100).Draw(t, "burst"),
			Delay: short.Draw(t, "delay"), Jitter: short.Draw(t, "jitter"),
			Reorder: share.Draw(t, "reorder"), ReorderBy: rapid.IntRange(0, 100).Draw(t, "by"),
			Duplicate: share.Draw(t, "duplicate"), Corrupt: share.Draw(t, "corrupt"),
			// Six digits are what FormatRate promises.
			Rate:          float64(rapid.IntRange(1, 999_999).Draw(t, "kbit")) * 1e3,
			Queue:         short.Draw(t, "queue"),
			JitterReorder: rapid.Bool().Draw(t, "racing"), LossAfterQueue: rapid.Bool().Draw(t, "behind"),
		}
		var back lossy.Profile
		for _, f := range Fields() {
			if err := f.Set(&back, f.Get(&p)); err != nil {
				t.Fatalf("%s %q does not read back: %v", f.Name, f.Get(&p), err)
			}
		}
		// Decimal units do not fit binary fractions; the model rounds to bits.
		back.Rate = math.Round(back.Rate)
		if back != p {
			t.Fatalf("wrote %+v, read %+v", p, back)
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
