package control

import (
	"slices"
	"strings"
	"time"

	"udplab/lossy"
	"udplab/lossy/proxy"
	"udplab/lossy/settings"
)

// attach publishes what is done to a proxy that was opened, until it has closed.
// One that takes the place of another of its name has moved.
func (e *Events) attach(name string, p *proxy.Proxy) (closed func()) {
	e.mu.Lock()
	e.attached[name]++
	kind := EventCreated
	if e.attached[name] > 1 {
		kind = EventMoved
	}
	e.mu.Unlock()
	e.tell(kind, name, struct {
		Listen   string `json:"listen"`
		Upstream string `json:"upstream"`
	}{p.Addr().String(), p.Upstream().String()})
	stop := p.Watch(proxy.Watcher{
		Changed: func(now time.Duration, was, is proxy.Settings) { e.changed(name, now, &was, &is) },
		Rebound: func(_ time.Duration, flows int) {
			e.tell(EventRebind, name, struct {
				Flows int `json:"flows"`
			}{flows})
		},
	})
	return func() {
		stop()
		e.mu.Lock()
		e.attached[name]--
		gone := e.attached[name] == 0
		if gone {
			delete(e.attached, name)
		}
		e.mu.Unlock()
		if gone {
			e.tell(EventRemoved, name, nil)
		}
	}
}

// tell is Publish of details that are JSON by their making.
func (e *Events) tell(kind EventKind, name string, details any) {
	if err := e.Publish(kind, name, details); err != nil {
		panic("BUG: details that are no JSON: " + err.Error())
	}
}

// changed publishes a change of settings, as one event for each thing in it.
func (e *Events) changed(name string, now time.Duration, was, is *proxy.Settings) {
	told := false
	if was.Enabled != is.Enabled {
		told = true
		kind := EventDisabled
		if is.Enabled {
			kind = EventEnabled
		}
		e.tell(kind, name, nil)
	}
	for _, d := range []lossy.Direction{lossy.Up, lossy.Down} {
		if was.Dark[d] == is.Dark[d] {
			continue
		}
		told = true
		e.tell(EventBlackout, name, struct {
			Direction string `json:"direction"`
			For       string `json:"for"`
		}{d.String(), max(0, is.Dark[d]-now).String()})
	}
	fields := changedFields(was, is)
	// What an overlay does can change without any field that can be shown.
	if len(fields) > 0 || !told && len(is.Overlays) > 0 {
		e.tell(EventChanged, name, struct {
			Fields map[string]fieldChange `json:"fields"`
		}{fields})
	}
}

// fieldChange is a field before and after a change, as GET shows it.
type fieldChange struct {
	Was any `json:"was"`
	Is  any `json:"is"`
}

// changedFields are the fields that differ, by the names that a PATCH has for
// them, with "up." or "down." before those of one direction.
func changedFields(was, is *proxy.Settings) map[string]fieldChange {
	fields := make(map[string]fieldChange)
	note := func(name string, was, is any, same bool) {
		if !same {
			fields[name] = fieldChange{was, is}
		}
	}
	note("seed", was.Network.Seed, is.Network.Seed, was.Network.Seed == is.Network.Seed)
	note("upstream", was.Upstream.String(), is.Upstream.String(), was.Upstream == is.Upstream)
	note("nat-timeout", was.NAT.Timeout.String(), is.NAT.Timeout.String(), was.NAT.Timeout == is.NAT.Timeout)
	note("rebind-every", was.NAT.RebindEvery.String(), is.NAT.RebindEvery.String(), was.NAT.RebindEvery == is.NAT.RebindEvery)
	before, after := shares(was.Overlays), shares(is.Overlays)
	note("overlays", before, after, slices.Equal(before, after))
	for _, d := range []lossy.Direction{lossy.Up, lossy.Down} {
		before, after := was.Network.Profile(d), is.Network.Profile(d)
		for _, f := range settings.Differences(&before, &after) {
			note(d.String()+"."+f.Name, cut(f.Was), cut(f.Is), false)
		}
	}
	return fields
}

// share is an overlay as an event shows it.
type share struct {
	Name  string  `json:"name"`
	Share float64 `json:"share"`
}

func shares(overlays []proxy.Overlay) []share {
	all := []share{}
	for _, o := range overlays {
		all = append(all, share{o.Name, o.Share})
	}
	return all
}

// cut shortens a value that lists much.
func cut(value any) any {
	const most = 500
	if text, is := value.(string); is && len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "..."
	}
	return value
}
