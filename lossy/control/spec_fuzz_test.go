package control

import (
	"encoding/json"
	"net/netip"
	"testing"
)

// Specs that are taken make configurations that are valid, unless they name a
// file, and their toxics are shown as what is read as the same toxics. Nothing
// else makes the parser fail otherwise than with an error.
func FuzzParseSpecs(f *testing.F) {
	for _, seed := range []string{
		`[{"name":"a","upstream":":9"},{"name":"b","upstream":"host:1","toxics":null,"enabled":null}]`,
		`{"a":{"upstream":"127.0.0.1:53","listen":"[::1]:0","seed":18446744073709551615,"down":{"rate":"10mbit"}}}`,
		`[{"name":"a","upstream":":9","loss-model":"trace:x","delay":"1ms","jitter":"1ms"}]`,
		`[{"name":"..","upstream":":9"}]`, `{`, `[[]]`, `null`, `[null]`,
	} {
		f.Add([]byte(seed))
	}
	for _, toxic := range []string{
		`{"type":"latency","attributes":{"latency":100,"jitter":1e1}}`,
		`{"type":"bandwidth","stream":"UpStream","attributes":{"rate":0}}`,
		`{"type":"packet_loss","toxicity":0.25,"attributes":{"loss_rate":0.1,"correlation":0.25}}`,
		`{"type":"timeout","name":"gone"}`,
		`{"type":"loss","attributes":{"loss-model":"gilbert-elliott:p=1%,r=25%","loss-burst-cap":3}}`,
		`{"type":"drop","attributes":{"drop":"size>1200,nth=3; bytes=0x01ff@0"}}`,
		`{"type":"bottleneck","attributes":{"rate":"1mbit","queue":"50packets","ecn":"true"}}`,
		`{"type":"slicer"}`, `{"type":"latency","attributes":[]}`, `{"type":"latency","attributes":{"latency":1e400}}`,
	} {
		f.Add([]byte(`[{"name":"a","upstream":":9","toxics":[` + toxic + `]}]`))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		specs, err := ParseSpecs(b)
		if err != nil {
			return
		}
		names := make(map[string]bool)
		for _, s := range specs {
			if err := CheckName(s.Name); err != nil || names[s.Name] {
				t.Fatalf("%s: a proxy %q, %v", b, s.Name, err)
			}
			names[s.Name] = true
			next := newState()
			if s.document.applyWhole(&next) != nil {
				continue // it names a file
			}
			if _, err := next.config(netip.AddrPort{}); err != nil {
				t.Fatalf("%s was taken, and makes %v", b, err)
			}
			for _, toxic := range next.toxics {
				shown, err := json.Marshal(toxic)
				if err != nil {
					t.Fatal(err)
				}
				if again, err := ParseToxic(shown); err != nil || !again.equal(toxic) {
					t.Fatalf("%s has a toxic that is shown as %s and read as %+v, %v", b, shown, again, err)
				}
			}
		}
	})
}
