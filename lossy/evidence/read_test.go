package evidence

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"udplab/lossy"
	"udplab/lossy/decisions"
)

const header = `{"schema":"udplab/decisions/v1","seed":7,"times":true}` + "\n"

// Every refusal names the line and what is wrong with it.
func TestMalformedLogs(t *testing.T) {
	if Schema != decisions.Schema {
		t.Fatalf("reads %s, and decisions writes %s", Schema, decisions.Schema)
	}
	good := `{"t_ns":1,"flow":0,"dir":"up","index":0,"size":3,"copies":1}` + "\n"
	decision := func(rest string) string {
		return header + good + `{"flow":0,"dir":"up","index":1,"size":3,` + rest + "}\n"
	}
	for _, c := range []struct{ log, want string }{
		{"", "line 1: not a log of udplab/decisions/v1: it is empty"},
		{"hello\n", "line 1: not a log"},
		{`{"schema":"udplab/decisions/v2","seed":1,"times":true}` + "\n", `its schema is "udplab/decisions/v2"`},
		{`{"schema":"udplab/decisions/v1","seed":1}` + "\n", "does not say whether it has times"},
		{`{"schema":"udplab/decisions/v1","seed":-1,"times":true}` + "\n", "line 1"},
		{strings.TrimSuffix(header, "\n") + strings.Repeat(" ", maxLine), "line 1: longer than"},
		{header + good + good[:30], "line 3: the log ends within this line"},
		{header + good + "{}x\n", "line 3: no JSON object"},
		{header + "null\n", "line 2: no JSON object"},
		{header + good + header, "line 3: a second header"},
		{header + good + strings.Replace(good, `"index":0`, `"index":1`, 1) + strings.Replace(good, `"index":0`, `"index":1`, 1), "line 4: flow 0 up index 1 was decided in line 3 already"},
		{header + `{"left_out":-1}` + "\n", "line 2: left_out"},
		{header + `{"index":1}` + "\n", "line 2: a decision needs flow"},
		{header + `{"flow":0,"dir":"up","index":-1,"size":3,"copies":1}` + "\n", "line 2: no decision"},
		{header + `{"flow":0,"dir":"up","index":18446744073709551615,"size":3,"copies":1}` + "\n", "no flow has so many"},
		{header + `{"flow":0,"dir":"left","index":1,"size":3,"copies":1}` + "\n", `dir "left"`},
		{header + `{"flow":[],"dir":"up","index":1,"size":3,"copies":1}` + "\n", "neither a number nor a name"},
		{header + `{"flow":"a b","dir":"up","index":1,"size":3,"copies":1}` + "\n", "no name of a flow"},
		{header + `{"flow":0,"dir":"up","index":1,"size":3,"copies":1} {}` + "\n", "text behind"},
		{decision(`"copies":1,"drop":"loss"`), "line 3: a decision has either drop or copies"},
		{decision(`"delay_ns":5`), "either drop or copies"},
		{decision(`"copies":1,"colour":"red"`), "colour"},
		{decision(`"copies":0`), "copies 0: must be between 1 and 101"},
		{decision(`"copies":102`), "copies 102"},
		{decision(`"copies":1,"delay_ns":-1`), "delay_ns -1"},
		{decision(`"copies":1,"wait_ns":9000000000000000000`), "wait_ns 9000000000000000000"},
		{decision(`"copies":1,"by":9999999`), "by 9999999"},
		{decision(`"copies":1,"hold_ns":-4`), "hold_ns -4"},
		{decision(`"drop":"rain"`), `drop "rain" is no cause`},
		{decision(`"drop":"none"`), `drop "none" is no cause`},
		{decision(`"drop":"rule","rule":65`), "rule 65"},
		{decision(`"drop":"loss","turn":-1`), "turn"},
		{decision(`"drop":"loss","turn":18446744073709551615`), "no network has so many packets"},
		{decision(`"drop":"loss","bit":3`), "neither damaged nor displaced"},
		{decision(`"copies":1,"bit":24`), "bit 24 of a payload of 3 bytes"},
		{decision(`"copies":1,"bit":-1`), "bit -1"},
		{decision(`"copies":1,"bit":2,"bits":[1]`), "in one way only"},
		{decision(`"copies":1,"bytes":[1]`), "an earlier version"},
		{decision(`"copies":1,"bytes":[1],"key":"x"`), "not a hexadecimal number"},
		{decision(`"copies":1,"bytes":[7],"key":"5"`), "does not follow from key 5"},
		{decision(`"copies":1,"bits":[],"key":"5"`), "does not follow"},
		{decision(`"copies":1,"cut_to":3,"key":"5"`), "does not follow"},
		{decision(`"copies":1,"added":65535,"key":"5"`), "does not follow"},
		{decision(`"copies":1,"added":-1,"key":"5"`), "does not follow"},
		{decision(`"copies":2,"copy_wait_ns":[1]`), "copy_wait_ns has 1 numbers for 2 copies"},
		{decision(`"copies":2,"copy_marked":[1,2]`), "copy_marked 2"},
		{decision(`"copies":2,"copy_late_ns":[1,-2]`), "copy_late_ns -2"},
	} {
		_, err := Read(strings.NewReader(c.log))
		var line *LineError
		if !errors.As(err, &line) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.200q: %v, want a line and %q", c.log, err, c.want)
		}
	}
	if _, err := Read(io.MultiReader(strings.NewReader(header), iotest.ErrReader(io.ErrClosedPipe))); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("%v, want the reader's error", err)
	}
	if _, err := Read(strings.NewReader(header + "{")); !errors.Is(err, ErrTruncated) {
		t.Errorf("%v, want ErrTruncated", err)
	}
}

// What other programs make of a log is a log: members in another order, blanks.
// Lines of other kinds are counted.
func TestOtherForms(t *testing.T) {
	rec, err := Read(strings.NewReader(header + `{"changed":{"enabled":true,"drop":"index=5"}}
{ "copies" : 1, "dir": "down", "flow":"ann", "index": 4, "size": 9 }
{"left_out":3}
{"left_out":4}
`))
	if err != nil {
		t.Fatal(err)
	}
	if rec.Decisions != 1 || rec.LeftOut != 7 || rec.Notes != 1 || rec.Seed != 7 || !rec.Times || rec.Flows() != 1 {
		t.Errorf("%+v", rec)
	}
}

// A verdict comes back from the log as it went in, but for what a drop loses.
func TestEveryVerdictComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.SampledFrom([]int{1, 9, 1200}).Draw(t, "size")
		var v lossy.Verdict
		number := func(name string, most int64) int64 { return rapid.Int64Range(0, most).Draw(t, name) }
		v.Index = rapid.Uint64Max(1<<64-2).Draw(t, "index")
		if v.Shared = rapid.Bool().Draw(t, "shared"); v.Shared {
			v.Turn = rapid.Uint64Max(1<<64-2).Draw(t, "turn")
		}
		if rapid.Bool().Draw(t, "dropped") {
			v.Drop = rapid.SampledFrom(lossy.Causes()).Draw(t, "cause")
			v.Rule, v.Wait = uint8(number("rule", maxRule)), lossy.MaxDelay
		} else {
			v.Copies = 1 + int(number("copies", lossy.MaxDuplicateCopies))
			if v.Copies > 1 {
				fates := make([]lossy.CopyFate, v.Copies)
				for i := range fates {
					fates[i] = lossy.CopyFate{Wait: lossy.MaxDelay, Late: 5, Marked: i%2 == 0}
				}
				v.Apart = lossy.PackCopies(fates)
			}
			v.By, v.Hold = int(number("by", lossy.MaxReorderBy)), lossy.MaxDelay
			v.Corrupt = rapid.Bool().Draw(t, "corrupt")
			if v.Corrupt {
				v.Damage = rapid.SampledFrom([]lossy.Damage{{}, {N: 3}, {Kind: lossy.DamageBytes, N: 2}, {Kind: lossy.DamageTruncate}, {Kind: lossy.DamageExtend, N: 9}}).Draw(t, "damage")
				v.Damage.N = min(v.Damage.N, max(v.Damage.N, 1))
				if v.Damage == (lossy.Damage{}) {
					v.Bit = int(number("bit", int64(size*8-1)))
				} else {
					v.Key = rapid.Uint64().Draw(t, "key")
				}
				if n := len(v.DamagedAt(nil, size)); v.Damage.Kind == lossy.DamageBytes {
					v.Damage.N = n // all of a short payload
				}
			}
			v.Delay = lossy.MaxDelay
		}
		v.AtOnce, v.Racing, v.Marked = rapid.Bool().Draw(t, "at once"), rapid.Bool().Draw(t, "racing"), rapid.Bool().Draw(t, "marked")
		var log bytes.Buffer
		l, err := decisions.New(&log, decisions.Options{})
		if err != nil {
			t.Fatal(err)
		}
		l.Trace(worldKey(2), lossy.Down)(5, size, v)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		rec, err := Read(&log)
		if err != nil {
			t.Fatalf("%v: %v", v, err)
		}
		got, decided := rec.Replay(AfterPass, nil).Script(worldKey(2), lossy.Down)(v.Index, size)
		got.Index = v.Index
		if !decided || !reflect.DeepEqual(got, v) {
			t.Fatalf("got %+v, want %+v", got, v)
		}
	})
}

// What the package doc says a decision costs in memory.
func TestMemoryOfADecision(t *testing.T) {
	n := 100_000
	if raceEnabled {
		n = 5000
	}
	var log strings.Builder
	log.WriteString(header)
	for i := range n {
		fmt.Fprintf(&log, `{"t_ns":%d,"flow":%d,"dir":"up","index":%d,"size":1200,"copies":1,"delay_ns":40123456}`+"\n", i*1000, i%4, i/4)
	}
	rec, err := Read(strings.NewReader(log.String()))
	if err != nil {
		t.Fatal(err)
	}
	if each := float64(rec.Memory()) / float64(n); each > 34 {
		t.Errorf("%.1f bytes a decision, want at most 34", each)
	} else {
		t.Logf("%.1f bytes a decision", each)
	}
	runtime.KeepAlive(rec)
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(header + `{"t_ns":1,"flow":0,"dir":"up","index":0,"size":3,"copies":2,"copy_late_ns":[0,9],"bytes":[1],"key":"5"}` + "\n"))
	f.Add([]byte(header + `{"flow":"ann","dir":"down","index":9,"size":0,"drop":"rule","rule":3}` + "\n" + `{"left_out":3}` + "\n"))
	f.Fuzz(func(t *testing.T, log []byte) {
		rec, err := Read(bytes.NewReader(log))
		if err != nil {
			return
		}
		replay := rec.Replay(AfterDrop, nil)
		for _, key := range rec.order {
			l := lossy.NewLink(1, key.flow.Number, key.dir, lossy.Profile{})
			l.SetScript(replay.Script(key.flow, key.dir))
			for i := range 4 {
				l.Send(0, make([]byte, i))
			}
			for some := true; some; {
				_, some = l.Receive(maxTime*8, nil)
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	var log strings.Builder
	log.WriteString(header)
	for i := range 10_000 {
		fmt.Fprintf(&log, `{"t_ns":%d,"flow":%d,"dir":"up","index":%d,"size":1200,"copies":1,"delay_ns":40123456}`+"\n", i*1000, i%4, i/4)
	}
	b.SetBytes(int64(log.Len()))
	for b.Loop() {
		if _, err := Read(strings.NewReader(log.String())); err != nil {
			b.Fatal(err)
		}
	}
}
