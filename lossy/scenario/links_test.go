package scenario

import (
	"testing"
	"time"

	"udplab/lossy"
)

// Links change between the datagrams that the scenario says, in virtual time.
func TestPlayLinks(t *testing.T) {
	s := mustParse(t, `{"steps": [
		{"for": "1s"},
		{"set": {"up": {"loss": "100%"}}, "for": "1s"},
		{"reset": true, "blackout": {"for": "2500ms", "direction": "down"}, "for": "1s"},
		{"enabled": false, "for": "1s"},
		{"enabled": true, "for": "1s"}]}`)
	up, down := lossy.NewLink(1, 0, lossy.Up, lossy.Profile{}), lossy.NewLink(1, 0, lossy.Down, lossy.Profile{})
	var heard []Change
	const began = 10 * time.Second
	links, err := PlayLinks(s, began, up, down, func(c Change) { heard = append(heard, c) })
	if err != nil {
		t.Fatal(err)
	}
	var fates [2]string
	for now := began + 250*time.Millisecond; !links.Done(); now += 500 * time.Millisecond {
		if next, ok := links.Next(); ok && next < now-500*time.Millisecond {
			t.Fatalf("at %v the next change is of %v", now, next)
		}
		links.Advance(now)
		for d, link := range []*lossy.Link{up, down} {
			link.Send(now, []byte("x"))
			_, passed := link.Receive(now, nil)
			fates[d] += map[bool]string{true: "+", false: "-"}[passed]
		}
	}
	//                    1s  2s  3s  4s  5s
	if want := [2]string{"++--++--+++", "++++-----++"}; fates != want {
		t.Errorf("up, down %q, want %q", fates, want)
	}
	if len(heard) != 5 || !heard[4].End {
		t.Errorf("heard of %d changes: %s", len(heard), told(t, heard))
	}
	for _, text := range []string{`{"steps": [{"rebind": true}]}`, `{"steps": [{"upstream": "127.0.0.1:1"}]}`} {
		if _, err := PlayLinks(mustParse(t, text), 0, up, down, nil); err == nil {
			t.Errorf("%s: was accepted for links", text)
		}
	}
}

// Ten minutes of a lively scenario, 100 datagrams a second each way.
func BenchmarkTenMinutes(b *testing.B) {
	s := mustParse(b, `{"until": "10m", "steps": [{"loop": "forever", "steps": [
		{"ramp": {"loss": {"from": "0%", "to": "10%"}, "down": {"rate": {"from": "1mbit", "to": "10mbit"}}}, "for": "20s"},
		{"wave": {"delay": {"low": "10ms", "high": "80ms", "period": "5s"}}, "for": "20s"},
		{"blackout": "1s", "for": "5s"}]}]}`)
	payload := make([]byte, 200)
	var buf []byte
	for b.Loop() {
		up, down := lossy.NewLink(1, 0, lossy.Up, lossy.Profile{}), lossy.NewLink(1, 0, lossy.Down, lossy.Profile{})
		links, err := PlayLinks(s, 0, up, down, nil)
		if err != nil {
			b.Fatal(err)
		}
		for now := time.Duration(0); now < 10*time.Minute; now += 10 * time.Millisecond {
			links.Advance(now)
			for _, link := range []*lossy.Link{up, down} {
				link.Send(now, payload)
				for {
					var ok bool
					if buf, ok = link.Receive(now, buf[:0]); !ok {
						break
					}
				}
			}
		}
	}
	b.ReportMetric(10*60*1e9*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "virtual-s/s")
}
