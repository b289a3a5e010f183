package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"udplab/lossy"
	"udplab/lossy/proxy"
)

// heard takes what a watch has been told, each as "proxy kind details".
func heard(t *testing.T, w *watch) (all []string) {
	t.Helper()
	for {
		select {
		case e := <-w.queue:
			all = append(all, parseFrame(t, string(e.frame)).text())
		default:
			return all
		}
	}
}

// got is an event as a client has it.
type got struct {
	id, kind string
	data     eventData
}

// text is everything but the id and the time.
func (g got) text() string {
	return strings.TrimSpace(fmt.Sprintf("%s %s %s", g.data.Proxy, g.kind, g.data.Details))
}

func parseFrame(t *testing.T, frame string) (g got) {
	t.Helper()
	for line := range strings.Lines(frame) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch name {
		case "id":
			g.id = value
		case "event":
			g.kind = value
		case "data":
			if err := json.Unmarshal([]byte(value), &g.data); err != nil {
				t.Errorf("%q: %v", value, err)
			}
		}
	}
	if g.data.Schema != EventSchema || string(g.data.Event) != g.kind || g.data.ID != g.id || g.data.Time.IsZero() || !strings.HasSuffix(frame, "\n\n") {
		t.Errorf("%q is no event as it should be", frame)
	}
	return g
}

// Everything that is done to the proxies of a fleet is told, whoever does it, to
// those who watch that proxy or all.
func TestEventsOfAFleet(t *testing.T) {
	f := testFleet(t)
	h := NewHandler(f, anyone)
	all, _, _, err := f.Events().watch("", "")
	if err != nil {
		t.Fatal(err)
	}
	dns, _, _, err := f.Events().watch("dns", "")
	if err != nil {
		t.Fatal(err)
	}
	do := func(method, path, body string, want int) {
		t.Helper()
		if status, answer := send(t, h, method, path, body); status != want {
			t.Fatalf("%s %s %s: %d %s", method, path, body, status, answer)
		}
	}
	do("POST", "/proxies", `{"name":"dns","listen":"127.0.0.1:0","upstream":"127.0.0.1:9","seed":7,"loss":"1%"}`, 201)
	at := f.Proxy("dns").Addr()
	do("POST", "/proxies", `{"name":"web","listen":"127.0.0.1:0","upstream":"127.0.0.1:9"}`, 201)
	web := f.Proxy("web").Addr()
	do("PATCH", "/proxies/dns", `{"loss":"2%","down":{"delay":"40ms"},"seed":8}`, 200)
	do("PATCH", "/proxies/dns", `{"loss":"200%"}`, 400)
	do("PATCH", "/proxies/dns", `{"enabled":false,"nat-timeout":"1m"}`, 200)
	do("POST", "/proxies/dns/blackout", `{"for":"3s","direction":"down"}`, 200)
	do("POST", "/proxies/dns/rebind", `{}`, 200)
	if err := f.Events().Publish(EventScenario, "dns", map[string]any{"step": 3}); err != nil {
		t.Fatal(err)
	}
	slow := proxy.Overlay{Name: "slow", Share: 0.25, Apply: func(c *lossy.Config) error { c.Up.Delay = time.Second; return nil }}
	for range 2 { // the second time it does something else, which is all one can say
		if err := f.Proxy("web").Change(func(s *proxy.Settings) error { s.Overlays = []proxy.Overlay{slow}; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	do("PATCH", "/proxies/dns", `{"listen":"[::1]:0"}`, 200)
	moved := f.Proxy("dns").Addr()
	do("DELETE", "/proxies/dns", "", 204)

	want := []string{
		`dns created {"listen":"` + at.String() + `","upstream":"127.0.0.1:9"}`,
		`web created {"listen":"` + web.String() + `","upstream":"127.0.0.1:9"}`,
		`dns changed {"fields":{"down.delay":{"was":"0s","is":"40ms"},"down.loss":{"was":"1%","is":"2%"},"seed":{"was":7,"is":8},"up.loss":{"was":"1%","is":"2%"}}}`,
		`dns disabled`,
		`dns changed {"fields":{"nat-timeout":{"was":"0s","is":"1m0s"}}}`,
		`dns blackout {"direction":"down","for":"3s"}`,
		`dns rebind {"flows":0}`,
		`dns scenario {"step":3}`,
		`web changed {"fields":{"overlays":{"was":[],"is":[{"name":"slow","share":0.25}]}}}`,
		`web changed {"fields":{}}`,
		`dns moved {"listen":"` + moved.String() + `","upstream":"127.0.0.1:9"}`,
		`dns removed`,
	}
	got := heard(t, all)
	for i := range got {
		if strings.HasPrefix(got[i], "dns blackout") { // to the nanosecond it is a little less
			got[i] = want[5]
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("heard\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	mine := heard(t, dns)
	if len(mine) != 9 || slices.ContainsFunc(mine, func(s string) bool { return !strings.HasPrefix(s, "dns ") }) {
		t.Errorf("who watches dns alone heard %q", mine)
	}
}

// A scenario tells its steps before what they change, and its end.
func TestEventsOfAScenario(t *testing.T) {
	f := testFleet(t)
	h := NewHandler(f, anyone)
	if _, err := f.Add("dns", proxy.Config{Listen: "127.0.0.1:0", Upstream: "127.0.0.1:9", Config: before}); err != nil {
		t.Fatal(err)
	}
	w, _, _, err := f.Events().watch("", "")
	if err != nil {
		t.Fatal(err)
	}
	const body = `{"steps":[{"mark":"go"},{"set":{"up":{"loss":"6%"}}},{"rebind":true}]}`
	if status, answer := send(t, h, "POST", "/proxies/dns/scenario", body); status != 200 {
		t.Fatalf("%d %s", status, answer)
	}
	var kinds []string
	for patience := time.After(20 * time.Second); !slices.Contains(kinds, "end"); {
		select {
		case e := <-w.queue:
			got := parseFrame(t, string(e.frame))
			var note struct {
				Mark   string
				Set    any
				Rebind bool
				End    bool
			}
			if got.kind == "scenario" {
				if err := json.Unmarshal(got.data.Details, &note); err != nil {
					t.Fatal(err)
				}
			}
			switch {
			case note.End:
				kinds = append(kinds, "end")
			case note.Mark != "":
				kinds = append(kinds, "mark "+note.Mark)
			case note.Set != nil:
				kinds = append(kinds, fmt.Sprint("set ", note.Set))
			case note.Rebind:
				kinds = append(kinds, "step rebind")
			default:
				kinds = append(kinds, got.kind)
			}
		case <-patience:
			t.Fatalf("only %q", kinds)
		}
	}
	// Steps of one moment may all be told before they are made.
	for _, pair := range [][2]string{{"mark go", "set map[up:map[loss:6%]]"}, {"set map[up:map[loss:6%]]", "changed"}, {"step rebind", "rebind"}, {"rebind", "end"}} {
		if first := slices.Index(kinds, pair[0]); first < 0 || first > slices.Index(kinds, pair[1]) {
			t.Errorf("heard %q, want %q before %q", kinds, pair[0], pair[1])
		}
	}
	if len(kinds) != 6 {
		t.Errorf("heard %q, want six events", kinds)
	}
}

// Who comes back hears what it missed, and is told if that is not to be had.
func TestEventsSince(t *testing.T) {
	now := time.UnixMilli(1_800_000_000_000)
	e := newEvents(func() time.Time { return now })
	publish := func(n int) {
		for i := range n {
			if err := e.Publish(EventScenario, []string{"a", "b"}[i%2], nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	publish(10)
	other := newEvents(func() time.Time { return now.Add(time.Hour) })
	for _, c := range []struct {
		why, proxy, after string
		first, events     int
		missed            bool
	}{
		{"had none", "", "", 0, 0, false},
		{"had the third", "", e.id(3), 4, 7, false},
		{"of one proxy", "b", e.id(3), 4, 4, false},
		{"had all", "", e.id(10), 0, 0, false},
		{"of another run", "", other.id(3), 1, 10, true},
		{"from the future", "", e.id(99), 1, 10, true},
		{"nonsense", "", "\x00<script>", 1, 10, true},
		{"half an id", "", e.run + "-", 1, 10, true},
	} {
		w, since, missed, err := e.watch(c.proxy, c.after)
		if err != nil {
			t.Fatal(err)
		}
		if len(since) != c.events || missed != c.missed || len(since) > 0 && since[0].number != uint64(c.first) {
			t.Errorf("%s: %d events, missed %v, want %d from %d on, %v", c.why, len(since), missed, c.events, c.first, c.missed)
		}
		e.unwatch(w)
	}
	publish(maxRecent)
	for after, want := range map[uint64]bool{9: true, 10: false} {
		w, since, missed, err := e.watch("", e.id(after))
		if err != nil || len(since) != maxRecent || missed != want {
			t.Errorf("after %d of %d events: %d kept, missed %v, %v, want %d, %v", after, e.last, len(since), missed, err, maxRecent, want)
		}
		e.unwatch(w)
	}
}

// Details are bounded, and what is no JSON is an error, not an event.
func TestEventDetailsAreBounded(t *testing.T) {
	e := newEvents(time.Now)
	w, _, _, err := e.watch("", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Publish(EventScenario, "a", strings.Repeat("x", 1<<20)); err != nil {
		t.Fatal(err)
	}
	if err := e.Publish(EventScenario, "a", func() {}); err == nil {
		t.Error("a function was published")
	}
	if err := e.Publish(EventScenario, "a\n\ndata: x", "\n\nevent: removed\u2028\x1b[2J"); err != nil {
		t.Fatal(err)
	}
	got := heard(t, w)
	if len(got) != 2 || got[0] != `a scenario {"left_out_bytes":1048579}` || got[1] != "a\n\ndata: x scenario \"\\n\\nevent: removed\\u2028\\u001b[2J\"" {
		t.Errorf("heard %q", got)
	}
}

// A stream that is behind is ended at its bound; whoever publishes is not held
// up, and the others hear everything.
func TestEventsDropWhoIsBehind(t *testing.T) {
	e := newEvents(time.Now)
	stalled, _, _, err := e.watch("", "")
	if err != nil {
		t.Fatal(err)
	}
	var others [3]int
	var group sync.WaitGroup
	const events = 10 * maxBehind
	ready := make(chan struct{})
	for i := range others {
		w, _, _, err := e.watch("", "")
		if err != nil {
			t.Fatal(err)
		}
		group.Go(func() {
			for range events {
				<-w.queue
				others[i]++
				ready <- struct{}{}
			}
		})
	}
	for range events {
		if err := e.Publish(EventScenario, "a", nil); err != nil {
			t.Fatal(err)
		}
		for range others {
			<-ready
		}
	}
	group.Wait()
	<-stalled.dropped
	if n := len(stalled.queue); n != maxBehind || len(e.watching) != len(others) {
		t.Errorf("%d events wait for the stalled one, %d streams are left, want %d and %d", n, len(e.watching), maxBehind, len(others))
	}
	if others != [3]int{events, events, events} {
		t.Errorf("the others heard %v of %d", others, events)
	}
	e.unwatch(stalled)
}

// Many publish, come and go at the same time; numbers are in order for all. Run
// with -race.
func TestEventsFromManySides(t *testing.T) {
	e := newEvents(time.Now)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 200 {
				_ = e.Publish(EventScenario, "a", nil)
			}
		})
		group.Go(func() {
			for range 50 {
				w, since, _, err := e.watch("", e.id(0))
				if errors.Is(err, errStreams) {
					continue
				}
				last := uint64(0)
				for _, one := range since {
					if one.number <= last {
						t.Errorf("event %d behind %d", one.number, last)
					}
					last = one.number
				}
				for len(w.queue) > 0 {
					if one := <-w.queue; one.number != last+1 && last > 0 {
						t.Errorf("event %d behind %d", one.number, last)
					} else {
						last = one.number
					}
				}
				e.unwatch(w)
			}
		})
	}
	group.Wait()
	if len(e.watching) != 0 || e.last != 800 {
		t.Errorf("%d streams left, %d events", len(e.watching), e.last)
	}
}
