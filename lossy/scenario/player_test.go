package scenario

import (
	"strings"
	"testing"
	"time"

	"udplab/lossy"
)

// Stories: what a scenario does, told by its notes.
func TestPlayer(t *testing.T) {
	for _, c := range []struct {
		name, text string
		base       lossy.Config
		end        time.Duration
		want       string
	}{
		{"steps follow each other, at waits", `{"steps": [
			{"mark": "a", "set": {"loss": "1%"}, "for": "2s"}, {"mark": "b"}, {"at": "5s", "enabled": false, "for": "1s"}, {"enabled": true}]}`,
			lossy.Config{}, time.Hour, `
			0s {"step":"steps.0","mark":"a","set":{"loss":"1%"}}
			2s {"step":"steps.1","mark":"b"}
			5s {"step":"steps.2","enabled":false}
			6s {"step":"steps.3","enabled":true}
			6s {"end":true}`},
		{"ramps go from what there is, each direction from its own", `{"steps": [
			{"for": "300ms", "ramp": {"delay": "70ms", "down": {"loss": {"from": "1%", "to": "4%"}}}}]}`,
			lossy.Config{Up: lossy.Profile{Delay: 10 * time.Millisecond}, Down: lossy.Profile{Delay: 40 * time.Millisecond}}, time.Hour, `
			0s {"step":"steps.0","move":{"down":{"delay":"40ms","loss":"1%"},"up":{"delay":"10ms"}}}
			100ms {"step":"steps.0","move":{"down":{"delay":"50ms","loss":"2%"},"up":{"delay":"30ms"}}}
			200ms {"step":"steps.0","move":{"down":{"delay":"60ms","loss":"3%"},"up":{"delay":"50ms"}}}
			300ms {"step":"steps.0","move":{"delay":"70ms","down":{"loss":"4%"}}}
			300ms {"end":true}`},
		{"a ramp begins with what its step sets, and ends off the grid", `{"resolution": "200ms", "steps": [
			{"for": "250ms", "set": {"rate": "1mbit"}, "ramp": {"rate": {"to": "16mbit", "curve": "geometric"}}}]}`,
			lossy.Config{}, time.Hour, `
			0s {"step":"steps.0","set":{"rate":"1mbit"},"move":{"rate":"1mbit"}}
			200ms {"step":"steps.0","move":{"rate":"9189587bit"}}
			250ms {"step":"steps.0","move":{"rate":"16mbit"}}
			250ms {"end":true}`},
		{"waves begin low, edges are exact", `{"steps": [
			{"for": "500ms", "wave": {"up": {"loss": {"shape": "square", "low": "0%", "high": "50%", "period": "250ms"}}}},
			{"for": "1s", "resolution": "250ms", "wave": {"down": {"loss": {"low": "0%", "high": "50%", "period": "1s"}}}}]}`,
			lossy.Config{}, time.Hour, `
			0s {"step":"steps.0","move":{"up":{"loss":"0%"}}}
			125ms {"step":"steps.0","move":{"up":{"loss":"50%"}}}
			250ms {"step":"steps.0","move":{"up":{"loss":"0%"}}}
			375ms {"step":"steps.0","move":{"up":{"loss":"50%"}}}
			500ms {"step":"steps.0","move":{"up":{"loss":"0%"}}}
			500ms {"step":"steps.1","move":{"down":{"loss":"0%"}}}
			750ms {"step":"steps.1","move":{"down":{"loss":"25%"}}}
			1s {"step":"steps.1","move":{"down":{"loss":"50%"}}}
			1.25s {"step":"steps.1","move":{"down":{"loss":"25%"}}}
			1.5s {"step":"steps.1","move":{"down":{"loss":"0%"}}}
			1.5s {"end":true}`},
		{"saw drops, triangle turns", `{"resolution": "300ms", "steps": [{"for": "1s", "wave": {
			"up": {"delay": {"shape": "saw", "low": "10ms", "high": "20ms", "period": "1s"}},
			"down": {"delay": {"shape": "triangle", "low": "10ms", "high": "20ms", "period": "1s"}}}}]}`,
			lossy.Config{}, time.Hour, `
			0s {"step":"steps.0","move":{"delay":"10ms"}}
			300ms {"step":"steps.0","move":{"down":{"delay":"16ms"},"up":{"delay":"13ms"}}}
			500ms {"step":"steps.0","move":{"down":{"delay":"20ms"},"up":{"delay":"15ms"}}}
			600ms {"step":"steps.0","move":{"down":{"delay":"18ms"},"up":{"delay":"16ms"}}}
			900ms {"step":"steps.0","move":{"down":{"delay":"12ms"},"up":{"delay":"19ms"}}}
			1s {"step":"steps.0","move":{"delay":"10ms"}}
			1s {"end":true}`},
		{"loops in loops, the last step of a list without for", `{"steps": [{"loop": 2, "steps": [
			{"loop": 2, "steps": [{"mark": "i", "for": "1s"}]}, {"for": "1s"}, {"blackout": {"for": "9s", "direction": "up"}, "rebind": true}]}, {"reset": true}]}`,
			lossy.Config{}, time.Hour, `
			0s {"step":"steps.0.steps.0.steps.0","mark":"i"}
			1s {"step":"steps.0.steps.0.steps.0","mark":"i"}
			3s {"step":"steps.0.steps.2","blackout":{"for":"9s","direction":"up"},"rebind":true}
			3s {"step":"steps.0.steps.0.steps.0","mark":"i"}
			4s {"step":"steps.0.steps.0.steps.0","mark":"i"}
			6s {"step":"steps.0.steps.2","blackout":{"for":"9s","direction":"up"},"rebind":true}
			6s {"step":"steps.1","reset":true}
			6s {"end":true}`},
		{"for cuts a loop: a ramp that arrives is finished, nothing begins", `{"steps": [
			{"loop": "forever", "for": "400ms", "steps": [{"ramp": {"loss": {"from": "0%", "to": "10%"}}, "for": "200ms"}]}, {"mark": "x"}]}`,
			lossy.Config{}, time.Hour, `
			0s {"step":"steps.0.steps.0","move":{"loss":"0%"}}
			100ms {"step":"steps.0.steps.0","move":{"loss":"5%"}}
			200ms {"step":"steps.0.steps.0","move":{"loss":"10%"}}
			200ms {"step":"steps.0.steps.0","move":{"loss":"0%"}}
			300ms {"step":"steps.0.steps.0","move":{"loss":"5%"}}
			400ms {"step":"steps.0.steps.0","move":{"loss":"10%"}}
			400ms {"step":"steps.1","mark":"x"}
			400ms {"end":true}`},
		{"until cuts", `{"until": "2s", "steps": [{"loop": "forever", "steps": [{"mark": "m", "for": "1s"}]}]}`,
			lossy.Config{}, time.Hour, `
			0s {"step":"steps.0.steps.0","mark":"m"}
			1s {"step":"steps.0.steps.0","mark":"m"}
			2s {"end":true}`},
		{"until waits", `{"until": "2s", "steps": [{"mark": "m"}]}`,
			lossy.Config{}, time.Hour, `
			0s {"step":"steps.0","mark":"m"}
			2s {"end":true}`},
		{"for ever has no end", `{"until": "forever", "steps": [{"mark": "m", "for": "1s"}]}`,
			lossy.Config{}, time.Hour, `
			0s {"step":"steps.0","mark":"m"}`},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			got, _ := upTo(t, c.text, c.base, c.end)
			want := strings.ReplaceAll(strings.TrimPrefix(c.want, "\n"), "\t", "") + "\n"
			if got != want {
				t.Errorf("got:\n%swant:\n%s", got, want)
			}
		})
	}
}

// Reset brings the profiles back and leaves the seed; what others set elsewhere
// meanwhile is left alone by everything else.
func TestChangesLeaveAloneWhatTheyDoNotName(t *testing.T) {
	base := lossy.Config{Seed: 7, Up: lossy.Profile{Loss: 0.5}}
	p := mustStart(t, `{"steps": [{"set": {"loss": "1%"}, "for": "1s"}, {"reset": true}]}`, base)
	cfg := base
	cfg.Down.MTU = 1200 // somebody else's
	drain(t, p, 0, &cfg)
	if want := (lossy.Config{Seed: 7, Up: lossy.Profile{Loss: 0.01}, Down: lossy.Profile{Loss: 0.01, MTU: 1200}}); cfg != want {
		t.Errorf("%+v, want %+v", cfg, want)
	}
	cfg.Seed = 8
	drain(t, p, time.Second, &cfg)
	base.Seed = 8
	if cfg != base {
		t.Errorf("after a reset %+v, want %+v", cfg, base)
	}
}

// A scenario that counts datagrams looks before each change and on its grid.
func TestUntilDatagrams(t *testing.T) {
	p := mustStart(t, `{"until": {"up": 10, "down": 5}, "steps": [{"loop": "forever", "steps": [{"mark": "m", "for": "250ms"}]}]}`, lossy.Config{})
	var cfg lossy.Config
	take := func(now time.Duration) string { return told(t, drain(t, p, now, &cfg)) }
	if got, want := take(0), `0s {"step":"steps.0.steps.0","mark":"m"}`+"\n"; got != want {
		t.Errorf("got %s", got)
	}
	if next, _ := p.Next(); next != 100*time.Millisecond {
		t.Errorf("next at %v, want it to look after 100ms", next)
	}
	p.SetPassed(lossy.Up, 9)
	if got := take(249 * time.Millisecond); got != "" {
		t.Errorf("got %s", got)
	}
	if next, _ := p.Next(); next != 250*time.Millisecond {
		t.Errorf("next at %v, want the change at 250ms", next)
	}
	p.SetPassed(lossy.Down, 5)
	if got, want := take(time.Second), `250ms {"end":true}`+"\n"; got != want || !p.Done() {
		t.Errorf("got %s, done %v", got, p.Done())
	}
	if _, more := p.Next(); more {
		t.Error("something follows the end")
	}
}

// A loop of a year needs no more memory than one of a second, and does not drift.
func TestALoopForeverCostsNoMemoryAndDoesNotDrift(t *testing.T) {
	p := mustStart(t, `{"steps": [{"loop": "forever", "steps": [{"mark": "m", "for": "1001us"}]}]}`, lossy.Config{})
	now, n := time.Duration(0), 0
	step := func() {
		next, _ := p.Next()
		now = next
		if c, ok := p.Take(now); !ok || c.At != time.Duration(n)*1001*time.Microsecond {
			t.Fatalf("the %d. comes at %v, %v", n, c.At, ok)
		}
		n++
	}
	if allocations := testing.AllocsPerRun(10000, step); allocations != 0 {
		t.Errorf("%v allocations for each time through", allocations)
	}
}
