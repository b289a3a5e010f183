package proxy

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"udplab/lossy"
	"udplab/lossy/scenario"
	"udplab/lossy/settings"
)

func parseScenario(t testing.TB, text string) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// notebook collects what a playback tells.
type notebook struct {
	mu    sync.Mutex
	lines []string
}

func (n *notebook) hear(note scenario.Note) {
	text, err := settings.Marshal(note)
	if err != nil {
		panic(err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines = append(n.lines, strings.TrimSpace(string(text)))
}

func (n *notebook) text() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Join(n.lines, "\n")
}

// passAndPlay moves the time, and waits for the changes that are due by then.
func (b *bench) passAndPlay(t testing.TB, d time.Duration) {
	t.Helper()
	b.pass(d)
	play := b.Playback()
	eventually(t, "the changes that are due are made", func() bool {
		s := play.State()
		select {
		case <-play.Ended():
			return true
		default:
			return !s.Done && s.Next > s.Elapsed
		}
	})
}

// A scenario changes what the proxy does at its times, leaves alone what others set
// meanwhile, and leaves everything as it is at its end.
func TestPlay(t *testing.T) {
	b := startBench(t, Config{Config: lossy.Config{Seed: 3, Up: lossy.Profile{Loss: 0.5}}}, echo(t, "127.0.0.1:0"))
	other := echo(t, "127.0.0.1:0")
	service := b.Upstream()
	c := client(t, b.Proxy)
	b.now.Store(int64(time.Hour))
	var notes notebook
	play, err := b.Play(parseScenario(t, `{"steps": [
		{"mark": "go", "set": {"loss": "0%"}, "for": "1s"},
		{"ramp": {"down": {"loss": "100%"}}, "for": "1s", "resolution": "500ms"},
		{"set": {"loss": "0%"}, "upstream": "`+other.String()+`", "rebind": true, "for": "1s"},
		{"blackout": "3s", "enabled": false, "for": "1s"},
		{"reset": true}]}`), PlayOptions{Heard: notes.hear})
	if err != nil {
		t.Fatal(err)
	}
	if got := exchange(t, c, "begun"); got != "begun" {
		t.Errorf("got %q", got)
	}
	if err := b.Change(func(s *Settings) error { s.Network.Up.MTU = 1000; return nil }); err != nil {
		t.Fatal(err)
	}
	b.passAndPlay(t, 1500*time.Millisecond)
	if up, down := b.Config().Up, b.Config().Down; up != (lossy.Profile{MTU: 1000}) || down != (lossy.Profile{Loss: 0.5}) {
		t.Errorf("in the middle of the ramp up %v, down %v", up, down)
	}
	if s := play.State(); s.Step != "steps.1" || s.Changes != 3 || s.Elapsed != 1500*time.Millisecond || s.Next != 2*time.Second || s.Done || s.Stopped {
		t.Errorf("state %+v", s)
	}
	b.passAndPlay(t, 500*time.Millisecond)
	if b.Upstream() != other {
		t.Errorf("upstream %v, want %v", b.Upstream(), other)
	}
	if got := exchange(t, c, "elsewhere"); got != "elsewhere" || b.Stats().Rebound == 0 {
		t.Errorf("got %q, rebound %d times", got, b.Stats().Rebound)
	}
	b.passAndPlay(t, time.Second)
	if s := b.Settings(); s.Enabled || s.Dark[lossy.Up] != time.Hour+6*time.Second {
		t.Errorf("enabled %v, dark until %v", s.Enabled, s.Dark)
	}
	b.passAndPlay(t, time.Second)
	<-play.Ended()
	if s := b.Settings(); !s.Enabled || s.Dark != [2]time.Duration{} || s.Upstream != service || s.Network.Up != (lossy.Profile{Loss: 0.5}) || s.Network.Seed != 3 {
		t.Errorf("after the reset %+v", s)
	}
	if s := play.State(); !s.Done || s.Stopped || s.Elapsed != 4*time.Second || s.Failed != 0 {
		t.Errorf("state %+v", s)
	}
	if got := notes.text(); !strings.HasPrefix(got, `{"at_ns":0,"step":"steps.0","mark":"go","set":{"loss":"0%"}}`+"\n"+
		`{"at_ns":1000000000,"step":"steps.1","move":{"down":{"loss":"0%"}}}`) || !strings.HasSuffix(got, `{"at_ns":4000000000,"end":true}`) {
		t.Errorf("notes:\n%s", got)
	}
}

// Whoever wakes up late makes all changes, in order.
func TestPlayCatchesUp(t *testing.T) {
	b := startBench(t, Config{}, echo(t, "127.0.0.1:0"))
	if _, err := b.Play(parseScenario(t, `{"steps": [{"loop": "forever", "steps": [
		{"ramp": {"delay": {"from": "0ms", "to": "100ms"}}, "for": "10s"}]}]}`), PlayOptions{}); err != nil {
		t.Fatal(err)
	}
	b.passAndPlay(t, 10*time.Minute+3*time.Second)
	if s := b.Playback().State(); s.Changes != 60*101+31 || b.Config().Up.Delay != 30*time.Millisecond {
		t.Errorf("%d changes, delay %v", s.Changes, b.Config().Up.Delay)
	}
}

// Another scenario takes the place of the first. Stopping leaves the settings as they
// are, restoring puts them back, and closing the proxy ends it.
func TestPlayStops(t *testing.T) {
	was := lossy.Config{Up: lossy.Profile{Loss: 0.25}}
	b := startBench(t, Config{Config: was}, echo(t, "127.0.0.1:0"))
	if b.Playback() != nil {
		t.Error("something is played before anything was")
	}
	long := parseScenario(t, `{"steps": [{"set": {"loss": "10%"}, "for": "1h"}, {"set": {"loss": "20%"}}]}`)
	begin := func() *Playback {
		t.Helper()
		play, err := b.Play(long, PlayOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return play
	}
	first := begin()
	second := begin()
	if s := first.State(); !s.Stopped || s.Done {
		t.Errorf("the first is %+v", s)
	}
	second.Stop()
	second.Stop()
	b.pass(2 * time.Hour)
	if got := b.Config().Up.Loss; got != 0.1 {
		t.Errorf("loss %v after a stop, want it to stay", got)
	}
	if err := first.Restore(); err != nil || b.Config() != was {
		t.Errorf("restored: %v, %+v", err, b.Config())
	}
	third := begin()
	b.Close()
	<-third.Ended()
	if s := third.State(); !s.Stopped {
		t.Errorf("after Close %+v", s)
	}
	if _, err := b.Play(long, PlayOptions{}); err == nil {
		t.Error("a closed proxy plays")
	}
}

// What cannot be played is refused before anything changes.
func TestPlayRefuses(t *testing.T) {
	b := startBench(t, Config{}, echo(t, "127.0.0.1:0"))
	for text, field := range map[string]string{
		`{"steps": [{"set": {"jitter": "1ms"}}]}`:                              "steps.0.set",
		`{"steps": [{"mark": "x"}, {"upstream": "no port"}]}`:                  "steps.1.upstream",
		`{"steps": [{"upstream": "` + b.Addr().String() + `"}]}`:               "steps.0.upstream",
		`{"steps": [{"set": {"loss": "1%"}}, {"ramp": {"mtu": 1}, "for": 1}]}`: "steps.1.for",
	} {
		s, err := scenario.Parse([]byte(text))
		if err == nil {
			_, err = b.Play(s, PlayOptions{})
		}
		var at *settings.FieldError
		if !errors.As(err, &at) || at.Field != field {
			t.Errorf("%s: %v, want it at %s", text, err, field)
		}
	}
	if b.Playback() != nil || b.Config() != (lossy.Config{}) {
		t.Error("something was played")
	}
}

// A change that somebody else's change makes impossible is told, and the rest is made.
func TestPlayTellsWhatFailed(t *testing.T) {
	b := startBench(t, Config{Config: lossy.Config{Up: lossy.Profile{Delay: time.Second}, Down: lossy.Profile{Delay: time.Second}}}, echo(t, "127.0.0.1:0"))
	var notes notebook
	play, err := b.Play(parseScenario(t, `{"steps": [{"for": "1s"}, {"set": {"jitter": "500ms"}}, {"set": {"loss": "1%"}}]}`), PlayOptions{Heard: notes.hear})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.SetConfig(lossy.Config{}); err != nil {
		t.Fatal(err)
	}
	b.passAndPlay(t, time.Second)
	s := play.State()
	if s.Failed != 1 || s.Err == nil || !strings.Contains(s.Err.Error(), "steps.1 at 1s: up: jitter") {
		t.Errorf("state %+v", s)
	}
	if got := b.Config().Up; got != (lossy.Profile{Loss: 0.01}) {
		t.Errorf("up %v, want the step behind it", got)
	}
	if !strings.Contains(notes.text(), `"error":"up: jitter`) {
		t.Errorf("notes:\n%s", notes.text())
	}
}

// A scenario that lasts for so many datagrams looks at its times.
func TestPlayCountsDatagrams(t *testing.T) {
	b := startBench(t, Config{}, echo(t, "127.0.0.1:0"))
	c := client(t, b.Proxy)
	exchange(t, c, "before it began")
	play, err := b.Play(parseScenario(t, `{"until": {"down": 2}, "steps": [{"mark": "x", "for": "1h"}]}`), PlayOptions{})
	if err != nil {
		t.Fatal(err)
	}
	exchange(t, c, "one")
	b.passAndPlay(t, time.Second)
	if play.State().Done {
		t.Error("it ended with one datagram")
	}
	exchange(t, c, "two")
	b.passAndPlay(t, 100*time.Millisecond)
	if s := play.State(); !s.Done || s.Elapsed != 1100*time.Millisecond {
		t.Errorf("state %+v", s)
	}
}
