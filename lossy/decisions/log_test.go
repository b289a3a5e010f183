package decisions

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"udplab/lossy"
)

func mustFlow(t testing.TB, name string) lossy.FlowKey {
	t.Helper()
	key, err := lossy.NamedFlow(name)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestLines(t *testing.T) {
	dropped := lossy.Verdict{Index: 17, Drop: lossy.CauseLoss}
	passed := lossy.Verdict{
		Index: 3, Copies: 2, Delay: 40 * time.Millisecond, Wait: 51200, Corrupt: true, Bit: 133, By: 3,
	}
	for _, c := range []struct {
		flow, want string
		timeless   bool
		v          lossy.Verdict
	}{
		{"0", `{"t_ns":1204000000,"flow":0,"dir":"down","index":17,"size":64,"drop":"loss"}`, false, dropped},
		{"0", `{"flow":0,"dir":"down","index":17,"size":64,"drop":"loss"}`, true, dropped},
		{"ann", `{"t_ns":1204000000,"flow":"ann","dir":"down","index":3,"size":64,"copies":2,"delay_ns":40000000,"wait_ns":51200,"bit":133,"by":3}`, false, passed},
		{"ann", `{"flow":"ann","dir":"down","index":3,"size":64,"copies":2,"delay_ns":40000000,"bit":133,"by":3}`, true, passed},
		{"7", `{"flow":7,"dir":"down","index":0,"turn":203,"size":64,"drop":"loss"}`, true, lossy.Verdict{Drop: lossy.CauseLoss, Shared: true, Turn: 203}},
		{"7", `{"flow":7,"dir":"down","index":0,"size":64,"copies":1}`, true, lossy.Verdict{Copies: 1}},
	} {
		got := appendLine(nil, head(mustFlow(t, c.flow), lossy.Down), c.timeless, 1204*time.Millisecond, 64, c.v)
		if string(got) != c.want+"\n" {
			t.Errorf("got  %swant %s", got, c.want)
		}
		if !json.Valid(got) {
			t.Errorf("no JSON: %s", got)
		}
	}
}

// Of several proxies with one log, a line says which it is of.
func TestLinesOfSeveralProxies(t *testing.T) {
	var out bytes.Buffer
	l, err := New(&out, Options{Seed: 1, Timeless: true})
	if err != nil {
		t.Fatal(err)
	}
	l.Trace(mustFlow(t, "0"), lossy.Up)(0, 3, lossy.Verdict{Copies: 1})
	l.TraceOf(`so-"called"`)(mustFlow(t, "0"), lossy.Up)(0, 4, lossy.Verdict{Copies: 1})
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	_, got, _ := strings.Cut(out.String(), "\n")
	want := `{"flow":0,"dir":"up","index":0,"size":3,"copies":1}` + "\n" +
		`{"proxy":"so-\"called\"","flow":0,"dir":"up","index":0,"size":4,"copies":1}` + "\n"
	if got != want {
		t.Errorf("got\n%s want\n%s", got, want)
	}
}

// A field of a verdict that the log left out would be a decision that nobody
// could compare.
func TestEveryFieldOfAVerdictIsLogged(t *testing.T) {
	line := func(v lossy.Verdict) string {
		return string(appendLine(nil, head(lossy.FlowKey{}, lossy.Up), false, 0, 1000, v))
	}
	bit := lossy.Verdict{Copies: 1, Corrupt: true}
	ruled, shared := lossy.Verdict{Drop: lossy.CauseRule}, lossy.Verdict{Copies: 1, Shared: true}
	places := lossy.Verdict{Copies: 1, Corrupt: true, Damage: lossy.Damage{Kind: lossy.DamageBits, N: 3}}
	for i := range reflect.TypeFor[lossy.Verdict]().NumField() {
		shows := false
		for _, base := range []lossy.Verdict{bit, places, ruled, shared} {
			v := base
			switch field := reflect.ValueOf(&v).Elem().Field(i); {
			case field.Kind() == reflect.Bool:
				field.SetBool(!field.Bool())
			case field.CanInt():
				field.SetInt(3)
			case field.CanUint():
				field.SetUint(3)
			case field.Type() == reflect.TypeFor[lossy.CopyFates]():
				field.Set(reflect.ValueOf(lossy.PackCopies([]lossy.CopyFate{{}, {Wait: 1}})))
			case field.Type() == reflect.TypeFor[lossy.Damage]():
				v.Damage = lossy.Damage{Kind: lossy.DamageBytes, N: 2}
			default:
				t.Fatalf("a verdict has a field of type %v: teach this test, and the log", field.Type())
			}
			shows = shows || line(v) != line(base)
		}
		if !shows {
			t.Errorf("%s leaves no trace in the log", reflect.TypeFor[lossy.Verdict]().Field(i).Name)
		}
	}
}

func TestDamageLines(t *testing.T) {
	for _, c := range []struct {
		damage lossy.Damage
		want   string
	}{
		{lossy.Damage{Kind: lossy.DamageBits, N: 16}, `"bits":[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15],"key":"5"`},
		{lossy.Damage{Kind: lossy.DamageBytes, N: 2}, `"bytes":[0,1],"key":"5"`},
		{lossy.Damage{Kind: lossy.DamageExtend, N: 16}, `"added":16,"key":"5"`},
	} {
		v := lossy.Verdict{Copies: 1, Corrupt: true, Damage: c.damage, Key: 5}
		got := string(appendLine(nil, head(lossy.FlowKey{}, lossy.Up), true, 0, 2, v))
		if want := `{"flow":0,"dir":"up","index":0,"size":2,"copies":1,` + c.want + "}\n"; got != want {
			t.Errorf("got  %swant %s", got, want)
		}
	}
	v := lossy.Verdict{Copies: 1, Corrupt: true, Damage: lossy.Damage{Kind: lossy.DamageTruncate}, Key: 5}
	if got := string(appendLine(nil, head(lossy.FlowKey{}, lossy.Up), true, 0, 1, v)); !strings.HasSuffix(got, `"cut_to":0,"key":"5"}`+"\n") {
		t.Errorf("one byte cut: %s", got)
	}
}

// The longest line fits where room leaves room for it, and costs nothing.
func TestLineIsBounded(t *testing.T) {
	const most = 1<<63 - 1
	v := lossy.Verdict{
		Index: 1<<64 - 1, Copies: most, Delay: -most, Wait: -most, By: most, Hold: -most, AtOnce: true,
		Corrupt: true, Damage: lossy.Damage{Kind: lossy.DamageBits, N: lossy.MaxDamagedPlaces}, Key: 1<<64 - 1,
		Racing: true, Marked: true,
		Apart: lossy.PackCopies(slices.Repeat([]lossy.CopyFate{{Wait: most, Late: most, Marked: true}}, 1+lossy.MaxDuplicateCopies)),
	}
	head := head(mustFlow(t, strings.Repeat("n", lossy.MaxFlowName)), lossy.Down)
	buf := make([]byte, 0, maxLine)
	if n := len(appendLine(buf, head, false, most, 65507, v)); n > maxLine {
		t.Errorf("a line of %d bytes, want at most %d", n, maxLine)
	}
	if n := testing.AllocsPerRun(100, func() { buf = appendLine(buf[:0], head, false, most, 65507, v) }); n != 0 {
		t.Errorf("%v allocations a line, want 0", n)
	}
}

// gate is a writer that a test opens and shuts.
type gate struct {
	bytes.Buffer
	open chan struct{}
}

func (g *gate) Write(b []byte) (int, error) {
	<-g.open
	return g.Buffer.Write(b)
}

// A writer that stands still stops nobody. What then finds no room is left
// out, and the log says how much, where it is missing.
func TestSlowWriterLeavesLinesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &gate{open: make(chan struct{})}
		l, err := New(out, Options{Timeless: true, Buffer: 4 * maxLine})
		if err != nil {
			t.Fatal(err)
		}
		trace := l.Trace(lossy.FlowKey{}, lossy.Up)
		synctest.Wait() // the header is with the writer
		const sent = 1000
		for i := range uint64(sent) {
			trace(0, 1, lossy.Verdict{Index: i, Copies: 1})
		}
		mid := l.Stats()
		close(out.open)
		synctest.Wait()
		trace(0, 1, lossy.Verdict{Index: sent, Copies: 1})
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if mid.LeftOut == 0 || mid.Lines == 0 || mid.Lines+mid.LeftOut != sent {
			t.Fatalf("%+v after %d verdicts: want some in, and some left out", mid, sent)
		}
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		if want := 1 + int(mid.Lines) + 2; len(lines) != want {
			t.Fatalf("%d lines, want the header, %d verdicts, a gap and one more verdict", len(lines), mid.Lines)
		}
		var gap struct {
			LeftOut uint64 `json:"left_out"`
		}
		if err := json.Unmarshal([]byte(lines[len(lines)-2]), &gap); err != nil || gap.LeftOut != mid.LeftOut {
			t.Errorf("the gap is %s, want %d left out", lines[len(lines)-2], mid.LeftOut)
		}
		if last := lines[len(lines)-1]; !strings.Contains(last, `"index":1000`) {
			t.Errorf("the last line is %s, want the verdict after the gap", last)
		}
	})
}

// broken is a full disk.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestWriterThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, err := New(broken{}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		l.Trace(lossy.FlowKey{}, lossy.Up)(0, 1, lossy.Verdict{})
		if s := l.Stats(); s != (Stats{LeftOut: 1}) {
			t.Errorf("%+v, want what came after the error left out", s)
		}
		if err := l.Note("x"); err == nil {
			t.Error("a note was taken in after the error")
		}
		for range 2 {
			if err := l.Close(); !errors.Is(err, io.ErrShortWrite) {
				t.Errorf("Close gave %v, want what the writer said", err)
			}
		}
	})
}

func TestHeaderAndNotes(t *testing.T) {
	var out bytes.Buffer
	l, err := New(&out, Options{Seed: 7, Up: map[string]string{"loss": "5%"}, Down: "perfect"})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Note(map[string]int{"changed": 1}); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	want := `{"schema":"udplab/decisions/v1","seed":7,"times":true,"up":{"loss":"5%"},"down":"perfect"}
{"changed":1}
`
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
	if _, err := New(io.Discard, Options{Up: make(chan int)}); err == nil {
		t.Error("a header that is no JSON was accepted")
	}
}

func BenchmarkTrace(b *testing.B) {
	l, err := New(io.Discard, Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	trace := l.Trace(lossy.FlowKey{}, lossy.Up)
	v := lossy.Verdict{Copies: 1, Delay: 40 * time.Millisecond}
	b.ReportAllocs()
	for b.Loop() {
		v.Index++
		trace(time.Duration(v.Index), 1200, v)
	}
}
