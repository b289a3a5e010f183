package evidence

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"udplab/lossy"
)

// same wants scan to read a line as encoding/json does, or to leave it to that.
func same(t fataler, line []byte) (scanned bool) {
	t.Helper()
	var fast, slow decision
	if !fast.scan(line) {
		return false
	}
	if err := slow.decode(line); err != nil {
		t.Fatal("scan accepts what is no decision:", string(line), err)
	}
	slow.room = fast.room
	if !reflect.DeepEqual(fast, slow) {
		t.Fatal("scan reads another decision in", string(line))
	}
	return true
}

func TestScanReadsAlike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := lossy.Config{Seed: rapid.Uint64().Draw(t, "seed"), Up: drawProfile(t), Down: drawProfile(t)}
		log, _ := play(t, cfg, rapid.Bool().Draw(t, "timeless"), drawTraffic(t), nil)
		for i, line := range bytes.SplitAfter(log, []byte("\n")) {
			if i == 0 || len(line) == 0 {
				continue
			}
			lists := bytes.Contains(line, []byte("[")) || bytes.Contains(line, []byte("cut_to")) || bytes.Contains(line, []byte("added"))
			if !same(t, line) && !lists {
				t.Fatal("scan does not read a plain line:", string(line))
			}
		}
	})
	for _, line := range []string{
		"", "{", "{}", `{"index":01}`, `{"index":1234567890123456789}`, `{"index":-1}`, `{"index":1}x`, `{"index":1,}`, `{"at_once":false}`, `{"dir":"u\\p"}`,
		`{"dir":"u`, `{"flow":}`, `{"flow":"\x01"}`, `{"colour":1}`, `{"size":1.5}`, `{"size":1e3}`,
	} {
		if same(t, []byte(line+"\n")) {
			t.Errorf("scan accepts %s", line)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add([]byte(`{"t_ns":1,"flow":"ann","dir":"up","index":0,"size":3,"copies":2,"delay_ns":9,"bit":3,"by":2,"racing":true}` + "\n"))
	f.Add([]byte(`{"flow":0,"dir":"down","index":9,"size":0,"drop":"rule","rule":3}` + "\n"))
	f.Fuzz(func(t *testing.T, line []byte) {
		if !strings.Contains(string(line), "\x00") {
			same(t, line)
		}
	})
}
