package proxy

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Quantiles against the sorted list: never too low, at most an eighth (or
// 128 ns) too high.
func TestLatenessQuantiles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) time.Duration {
			return time.Duration(rapid.Int64Range(0, 1<<rapid.IntRange(1, 34).Draw(t, "magnitude")).Draw(t, "late"))
		}), 1, 200).Draw(t, "values")
		var l Lateness
		var sum time.Duration
		for _, v := range values {
			l.observe(v)
			sum += v
		}
		slices.Sort(values)
		if l.Count != uint64(len(values)) || l.Sum != sum || l.Max != values[len(values)-1] {
			t.Fatalf("count %d, sum %v, max %v; want %d, %v, %v", l.Count, l.Sum, l.Max, len(values), sum, values[len(values)-1])
		}
		for _, q := range []float64{0, 0.5, 0.9, 0.99, 1} {
			exact := values[min(int(q*float64(len(values))), len(values)-1)]
			got := l.Quantile(q)
			if got < exact || got > exact+max(exact/8, 128)+1 {
				t.Fatalf("quantile %v = %v, want %v or at most an eighth more", q, got, exact)
			}
		}
	})
}

func TestLatenessBuckets(t *testing.T) {
	for i := range latenessBuckets - 1 {
		bound := latenessBound(i)
		if got := latenessBucket(bound - 1); got != i {
			t.Errorf("%v lies in bucket %d, want %d", bound-1, got, i)
		}
		if got := latenessBucket(bound); got != i+1 {
			t.Errorf("%v lies in bucket %d, want %d", bound, got, i+1)
		}
	}
	if got := latenessBucket(time.Hour); got != latenessBuckets-1 {
		t.Errorf("an hour lies in bucket %d, want the last, %d", got, latenessBuckets-1)
	}
}

func TestLatenessAtMost(t *testing.T) {
	var l Lateness
	if l.Quantile(0.5) != 0 || l.AtMost(time.Second) != 0 {
		t.Error("an empty histogram holds something")
	}
	l.observe(-time.Second) // a clock that ran backwards: on time
	l.observe(100 * time.Microsecond)
	l.observe(10 * time.Millisecond)
	l.observe(time.Hour)
	for _, c := range []struct {
		bound time.Duration
		want  uint64
	}{{time.Microsecond, 1}, {200 * time.Microsecond, 2}, {20 * time.Millisecond, 3}, {time.Minute, 3}, {2 * time.Hour, 4}} {
		if got := l.AtMost(c.bound); got != c.want {
			t.Errorf("%d at most %v late, want %d", got, c.bound, c.want)
		}
	}
	if got := l.Quantile(1); got != time.Hour {
		t.Errorf("the latest is %v late, want an hour", got)
	}
	var sum Lateness
	sum.add(&l)
	sum.add(&l)
	if sum.Count != 8 || sum.Max != time.Hour || sum.Sum != 2*l.Sum || sum.AtMost(20*time.Millisecond) != 6 {
		t.Errorf("twice the histogram is %d values, max %v", sum.Count, sum.Max)
	}
}
