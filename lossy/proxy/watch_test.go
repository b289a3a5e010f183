package proxy

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"udplab/lossy"
)

// A watcher hears every change that succeeds, with what was and what is, and
// every rebind; nothing once it has stopped.
func TestWatch(t *testing.T) {
	b := startBench(t, Config{}, echo(t, "127.0.0.1:0"))
	var heard, other []string
	watcher := func(to *[]string) Watcher {
		return Watcher{
			Changed: func(now time.Duration, was, is Settings) {
				*to = append(*to, fmt.Sprintf("%v loss %v to %v, enabled %v to %v", now, was.Network.Up.Loss, is.Network.Up.Loss, was.Enabled, is.Enabled))
			},
			Rebound: func(now time.Duration, flows int) { *to = append(*to, fmt.Sprintf("%v rebound %d", now, flows)) },
		}
	}
	stop := b.Watch(watcher(&heard))
	defer b.Watch(watcher(&other))()
	defer b.Watch(Watcher{})()
	change := func(edit func(s *Settings) error) { _ = b.Change(edit) }
	b.pass(time.Second)
	change(func(s *Settings) error { s.Network.Up.Loss = 0.5; return nil })
	change(func(s *Settings) error { s.Network.Up.Loss = 2; return nil })
	change(func(s *Settings) error { return errors.New("no") })
	b.flow(&answering{})
	b.Rebind()
	b.pass(time.Second)
	if err := b.Blackout(time.Second, lossy.Up); err != nil {
		t.Fatal(err)
	}
	change(func(s *Settings) error { s.Enabled = false; return nil })
	stop()
	change(func(s *Settings) error { s.Enabled = true; return nil })
	b.Rebind()
	want := []string{
		"1s loss 0 to 0.5, enabled true to true",
		"1s rebound 1",
		"2s loss 0.5 to 0.5, enabled true to true",
		"2s loss 0.5 to 0.5, enabled true to false",
	}
	if !slices.Equal(heard, want) {
		t.Errorf("heard %q\nwant %q", heard, want)
	}
	if want = append(want, "2s loss 0.5 to 0.5, enabled false to true", "2s rebound 1"); !slices.Equal(other, want) {
		t.Errorf("the one that stays heard %q\nwant %q", other, want)
	}
}
