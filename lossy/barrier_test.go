package lossy

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func mustBlackout(t testing.TB, s string) Blackout {
	t.Helper()
	b, err := ParseBlackout(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func mustRules(t testing.TB, s string) Rules {
	t.Helper()
	r, err := ParseRules(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestBlackoutText(t *testing.T) {
	some := func(most time.Duration) *rapid.Generator[time.Duration] {
		return rapid.Map(rapid.Int64Range(0, int64(most)), func(n int64) time.Duration { return time.Duration(n) })
	}
	rapid.Check(t, func(t *rapid.T) {
		outages := make([]Outage, rapid.IntRange(0, 5).Draw(t, "count"))
		for i := range outages {
			o := Outage{At: some(MaxOutageTime).Draw(t, "at"), For: 1 + some(time.Hour).Draw(t, "for")}
			if rapid.Bool().Draw(t, "periodic") {
				o.Every = o.For + 1 + some(time.Hour).Draw(t, "every")
			}
			outages[i] = o
		}
		b, err := NewBlackout(outages...)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := ParseBlackout(b.String()); err != nil || back != b || !slices.Equal(back.Outages(), outages) {
			t.Fatalf("%v is written %q and read %q, %v", outages, b, back, err)
		}
	})
	if b := mustBlackout(t, " every=60s,for=200ms ;at=5s, for=3s"); b.String() != "every=1m0s,for=200ms; at=5s,for=3s" {
		t.Errorf("read %q", b)
	}
	for text, want := range map[string]string{
		"at=5s":                  "lacks for",
		"for=5s":                 "lacks at",
		"at=5s,for=0s":           "must last for more than 0",
		"at=5s,for=3":            `"3" has no unit`,
		"every=1s,for=1s":        "would never end",
		"every=1s,for=1ms,at=3s": "takes no at, only for, every, first",
		"at=9000h,for=1s":        "must begin between 0 and 8760h",
		"at=1s,for=1s;":          "has no value",
		"3s":                     `"3s" lacks for: write it like at=5s,for=3s or every=60s,for=200ms`,
	} {
		if b, err := ParseBlackout(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is %q, %v, want an error with %q", text, b, err, want)
		}
	}
	if _, err := NewBlackout(make([]Outage, MaxOutages+1)...); err == nil {
		t.Error("too many outages were accepted")
	}
}

// passing sends a packet each millisecond and returns the indices of those that
// pass, as runs "first-last".
func passing(l *Link, n int) []string {
	var runs []string
	first := -1
	l.SetTrace(func(_ time.Duration, _ int, v Verdict) {
		passed := v.Drop == CauseNone
		if passed && first < 0 {
			first = int(v.Index)
		}
		if !passed && first >= 0 {
			runs = append(runs, fmt.Sprintf("%d-%d", first, v.Index-1))
			first = -1
		}
	})
	for i := range n {
		l.Send(time.Duration(i)*time.Millisecond, []byte("x"))
	}
	if first >= 0 {
		runs = append(runs, fmt.Sprintf("%d-%d", first, n-1))
	}
	return runs
}

// To the nanosecond: the first moment of an outage is dark, the last is not.
func TestBlackoutSchedule(t *testing.T) {
	for text, want := range map[string]string{
		"at=10ms,for=5ms":                                  "0-9 15-99",
		"at=0s,for=1ns":                                    "1-99",
		"every=30ms,for=10ms":                              "0-29 40-59 70-89",
		"every=30ms,for=10ms,first=5ms":                    "0-4 15-34 45-64 75-94",
		"every=30ms,for=10ms,first=0s":                     "10-29 40-59 70-89",
		"at=10ms,for=10ms; at=15ms,for=10ms; at=1h,for=1s": "0-9 25-99",
	} {
		l := NewLink(1, 0, Up, Profile{Blackout: mustBlackout(t, text)})
		if got := strings.Join(passing(l, 100), " "); got != want {
			t.Errorf("%s lets pass %s, want %s", text, got, want)
		}
		s := l.Stats()
		if s.Dropped[CauseBlackout]+s.PacketsInFlight != 100 || s.Dropped[CauseBlackout] == 0 {
			t.Errorf("%s: %+v", text, s)
		}
	}
}

// An outage that is over leaves the packets after it with the fates they would
// have had, and one of now stands beside the schedule.
func TestBlackoutShiftsNoFate(t *testing.T) {
	var plain, dark []Verdict
	l := NewLink(3, 0, Up, Profile{Loss: 0.3, Burst: 3})
	l.SetTrace(func(_ time.Duration, _ int, v Verdict) { plain = append(plain, v) })
	d := NewLink(3, 0, Up, Profile{Loss: 0.3, Burst: 3, Blackout: mustBlackout(t, "at=100ms,for=50ms")})
	d.SetTrace(func(_ time.Duration, _ int, v Verdict) { dark = append(dark, v) })
	d.BlackoutUntil(20 * time.Millisecond)
	for i := range 1000 {
		l.Send(time.Duration(i)*time.Millisecond, []byte("x"))
		d.Send(time.Duration(i)*time.Millisecond, []byte("x"))
	}
	for i := range plain {
		want := plain[i]
		if i < 20 || i >= 100 && i < 150 {
			want = Verdict{Index: uint64(i), Drop: CauseBlackout}
		}
		if dark[i] != want {
			t.Fatalf("packet %d: %v, want %v", i, dark[i], want)
		}
	}
}

func TestMTU(t *testing.T) {
	l := NewLink(1, 0, Up, Profile{MTU: 1200})
	for _, size := range []int{0, 1200, 1201, maxPayload} {
		l.Send(0, make([]byte, size))
	}
	if s := l.Stats(); s.Dropped[CauseMTU] != 2 || s.PacketsInFlight != 2 {
		t.Errorf("%d dropped by mtu, %d pass, want 2 and 2", s.Dropped[CauseMTU], s.PacketsInFlight)
	}
	for _, mtu := range []int{-1, MaxMTU + 1} {
		if err := (Profile{MTU: mtu}).Validate(); err == nil || !strings.Contains(err.Error(), "mtu") {
			t.Errorf("mtu %d: %v", mtu, err)
		}
	}
}

func TestRules(t *testing.T) {
	// Sizes 0, 10, 20... 90 again and again, a packet each millisecond; the
	// first byte is the index.
	const n = 30
	class := func(b []byte) string { return []string{"even", "odd"}[len(b)/10%2] }
	for rules, want := range map[string]string{
		"size>70":                      "8 9 18 19 28 29",
		"size>=70,size<90":             "7 8 17 18 27 28",
		"size=10-20":                   "1 2 11 12 21 22",
		"size = 0":                     "0 10 20",
		"index=5-7":                    "5 6 7",
		"index<2":                      "0 1",
		"age<2ms":                      "0 1",
		"age>=28ms":                    "28 29",
		"age=3ms-4ms":                  "3 4",
		"flow=7,index=3":               "3",
		"flow=8,index=3":               "",
		"flow=ann,index=3":             "",
		"class=odd,index<4":            "1 3",
		"class=none":                   "",
		"bytes=0x05":                   "5",
		"bytes=0x00@1,size=10,nth=2":   "11",
		"bytes=0x0600,size<70":         "6",
		"bytes=0x00@89":                "9 19 29",
		"nth=3":                        "2",
		"nth>28":                       "28 29",
		"nth=0-2":                      "0 1",
		"size<70000,index=4":           "4",
		"class=even,nth=2-3":           "2 4",
		"size=90,every=2":              "19",
		"index=1; index=3":             "1 3",
		"class=odd,nth=1; size=10":     "1 11 21",
		"size=10; size=10,nth=3":       "1 11 21", // a rule that another preceded still counts
		"size=10,nth=3; size=20,nth=1": "2 21",
	} {
		l := NewLink(1, 7, Up, Profile{Drop: mustRules(t, rules)})
		l.SetClassifier(class)
		var dropped []string
		l.SetTrace(func(_ time.Duration, _ int, v Verdict) {
			if v.Drop == CauseRule {
				dropped = append(dropped, fmt.Sprint(v.Index))
			}
		})
		for i := range n {
			payload := make([]byte, i%10*10)
			if len(payload) > 0 {
				payload[0] = byte(i)
			}
			l.Send(time.Duration(100+i)*time.Millisecond, payload)
		}
		if got := strings.Join(dropped, " "); got != want {
			t.Errorf("%q drops %q, want %q", rules, got, want)
		}
		if s := l.Stats(); s.Dropped[CauseRule] != uint64(len(dropped)) || s.Unaccounted() != 0 {
			t.Errorf("%q: %+v", rules, s)
		}
	}
}

// The verdict names the rule, and what a rule takes is not exposed to loss.
func TestVerdictNamesTheRule(t *testing.T) {
	l := NewLink(1, 0, Up, Profile{Loss: 1, Drop: mustRules(t, "size=1; size=2; size=2")})
	var verdicts []string
	l.SetTrace(func(_ time.Duration, _ int, v Verdict) { verdicts = append(verdicts, v.String()) })
	for size := range 3 {
		l.Send(0, make([]byte, size))
	}
	if got, want := strings.Join(verdicts, ", "), "#0 dropped: loss, #1 dropped: rule 1, #2 dropped: rule 2"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if e := l.Stats().Observed(ImpairmentLoss); e.Trials != 1 {
		t.Errorf("%d exposed to loss, want 1", e.Trials)
	}
}

// Rules go on counting when the rest of the profile changes, and begin anew
// when they do.
func TestRulesCountThroughAChange(t *testing.T) {
	third := Profile{Drop: mustRules(t, "nth=3")}
	l := NewLink(1, 0, Up, third)
	send := func(want uint64) {
		t.Helper()
		l.Send(0, nil)
		if got := l.Stats().Dropped[CauseRule]; got != want {
			t.Errorf("%d dropped by rule, want %d", got, want)
		}
	}
	send(0)
	third.MTU = 1000
	l.SetProfile(third)
	send(0)
	send(1)
	send(1)
	l.SetProfile(Profile{})
	l.SetProfile(third)
	send(1)
	send(1)
	send(2)
}

func TestRuleNames(t *testing.T) {
	rules := mustRules(t, "size>1200; class = ack,nth=3,flow=7; bytes=0x01,flow=ann , flow = bob,class=data")
	want := []RuleName{{Rule: 2, Class: "ack"}, {Rule: 3, Flow: "ann"}, {Rule: 3, Flow: "bob"}, {Rule: 3, Class: "data"}}
	if got := rules.Names(); !slices.Equal(got, want) {
		t.Errorf("%v ask for %v, want %v", rules, got, want)
	}
	if got := (Rules{}).Names(); got != nil {
		t.Errorf("no rules ask for %v", got)
	}
}

func TestRulesText(t *testing.T) {
	if r := mustRules(t, " size > 1200 , class = ack,nth=3 ;bytes= 0x01ff @ 2"); r.String() != "size>1200,class=ack,nth=3; bytes=0x01ff@2" {
		t.Errorf("read %q", r)
	}
	if r := mustRules(t, "  "); r != (Rules{}) {
		t.Errorf("nothing became %q", r)
	}
	for text, want := range map[string]string{
		"siez>1200":                    "rule 1, at 1: \"siez>1200\": is no condition: write it like",
		"size>1200, clas=ack":          `rule 1, at 12: "clas=ack": is no condition`,
		"size>1;nth=x":                 `rule 2, at 8: "nth=x": "x" is not a whole number`,
		"size>1,,index=3":              `rule 1, at 8: "": is no condition`,
		"size>1;":                      `rule 2, at 8: "": is no condition`,
		"size":                         "is no condition",
		"size=2-1":                     "can never hold",
		"size>5,size<3":                `rule 1, at 8: "size<3": can never hold`,
		"size<0":                       "can never hold",
		"size>-1":                      "is not a whole number",
		"size>65527":                   "can never hold: a payload has at most 65527 bytes",
		"size=70000-80000":             "can never hold: a payload has at most 65527 bytes",
		"class=ack,nth=0":              `rule 1, at 11: "nth=0": can never hold: what matches is counted from 1`,
		"nth<1":                        "can never hold: what matches is counted from 1",
		"index=99999999999999999":      "is not a whole number",
		"age<2":                        `"2" has no unit`,
		"class>ack":                    "class is compared with = only",
		"class=":                       `"" is no class`,
		"class=a,class=b":              "a packet has one class",
		"bytes=01ff":                   "is no string of bytes: write 0x",
		"bytes=0x1":                    "is no string of bytes",
		"bytes=0x":                     "is no string of bytes",
		"bytes=0xff@x":                 `"x" is not a whole number`,
		"bytes=0xff@65508":             "no payload has a byte 65508",
		"flow=a b":                     "is no name of a flow",
		"every=0":                      "every 0th is none",
		"nth=1,every=2":                "nth or every",
		"every=2,nth=1":                "nth or every",
		strings.Repeat("size>1,", 100): "rule 1, at 1: longer than 512 characters",
		strings.Repeat("size>1;", 65):  "more than 64 rules",
	} {
		if r, err := ParseRules(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is %q, %v, want an error with %q", text, r, err, want)
		}
	}
}

// Whatever is read is written so that it reads back, and what is hostile does
// not stop the link.
func FuzzParseRules(f *testing.F) {
	f.Add("size>1200,class=ack,nth=3; bytes=0x01ff@2,every=2; flow=ann,index=5-9,age<2s", []byte("\x00\x01\xff"))
	f.Add("age=0s-0s", []byte{})
	f.Fuzz(func(t *testing.T, text string, payload []byte) {
		r, err := ParseRules(text)
		if err != nil {
			return
		}
		if back, err := ParseRules(r.String()); err != nil || back != r {
			t.Fatalf("%q is written %q and read %q, %v", text, r, back, err)
		}
		l := NewLink(1, 0, Up, Profile{Drop: r})
		for i := range 4 {
			l.Send(time.Duration(i), payload)
		}
		if n := l.Stats().Unaccounted(); n != 0 {
			t.Fatalf("%d unaccounted", n)
		}
	})
}

func TestNetworkBlackoutAndClasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := NewNetwork(Config{Up: Profile{Drop: mustRules(t, "class=long")}})
		defer n.Close()
		n.SetClassifier(func(b []byte) string {
			if len(b) > 3 {
				return "long"
			}
			return "short"
		})
		a, b := mustListen(t, n, alice), mustListen(t, n, bob)
		n.Blackout(Up, 3*time.Second)
		mustWrite(t, a, "x", bob)
		mustWrite(t, b, "y", alice) // the way down is open
		if got, _ := mustRead(t, a); got != "y" {
			t.Errorf("read %q", got)
		}
		time.Sleep(3*time.Second - 1)
		mustWrite(t, a, "x", bob)
		time.Sleep(time.Nanosecond)
		mustWrite(t, a, "long", bob)
		mustWrite(t, a, "z", bob)
		if got, _ := mustRead(t, b); got != "z" {
			t.Errorf("read %q, want what came after the blackout and is short", got)
		}
		n.Blackout(Up, time.Hour)
		n.Blackout(Up, 0)
		mustWrite(t, a, "w", bob)
		if got, _ := mustRead(t, b); got != "w" {
			t.Errorf("read %q after the blackout was ended", got)
		}
		s := n.Stats()
		if s.Up.Dropped[CauseBlackout] != 2 || s.Up.Dropped[CauseRule] != 1 {
			t.Errorf("dropped %v", s.Up.Dropped)
		}
	})
}
