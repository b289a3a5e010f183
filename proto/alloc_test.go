package proto

import "testing"

// Whatever arrives and whatever is sent, the collector has nothing to do.
func TestNothingAllocates(t *testing.T) {
	vs := vectors()
	var p Packet
	var f Frame
	var r Raw
	for _, v := range vs {
		if n := testing.AllocsPerRun(10, func() {
			if Parse(v.bytes, &p) == nil && p.Type == TypeData {
				for it := p.Data.Frames(); it.Next(&f); {
				}
			}
		}); n != 0 {
			t.Errorf("Parse of %s allocates %v times", v.name, n)
		}
		if n := testing.AllocsPerRun(10, func() { _ = Validate(v.bytes); ParseDamagedRaw(v.bytes, &r) }); n != 0 {
			t.Errorf("Validate of %s allocates %v times", v.name, n)
		}
	}
	buf := make([]byte, 0, 4096)
	token := make([]byte, 32)
	frames := []Frame{messageFrame(0, 1, "x"), fragmentFrame(9, 1, "x"), manyRanges(32), {Type: FrameMaxData}, {Type: FramePing}, {Type: FrameClose}}
	frames = append(append(frames, framesOfThePath()...), framesOfLanes()...)
	for name, f := range map[string]func(){
		"AppendRaw":      func() { AppendRaw(buf, &Raw{Payload: token}) },
		"AppendHello":    func() { AppendHello(buf, &Hello{Version: 1, SourceID: 5, Token: token, Params: vectorParams}, 1400) },
		"AppendRetry":    func() { AppendRetry(buf, &Retry{DestID: 5, Token: token}) },
		"AppendAccept":   func() { AppendAccept(buf, &Accept{DestID: 5, SourceID: 6, Params: vectorParams}) },
		"AppendReset":    func() { AppendReset(buf, &Reset{DeadID: 5}) },
		"AppendVersions": func() { AppendVersions(buf, &Versions{DestID: 5, Count: 1}) },
		"DataBuilder": func() {
			b := BeginData(buf, clientID, 7)
			for i := range 2 * len(frames) {
				addFrame(&b, &frames[i%len(frames)])
			}
			b.AddPadding(260)
			b.Finish()
		},
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}
