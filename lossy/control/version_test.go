package control

import (
	"runtime/debug"
	"testing"
)

func TestVersion(t *testing.T) {
	status, body := send(t, NewHandler(testFleet(t), anyone), "GET", "/version", "")
	if want := `{"version":"devel","server":"udplab"}` + "\n"; status != 200 || body != want {
		t.Errorf("%d %s, want %s", status, body, want)
	}
	embedded := &debug.BuildInfo{
		Main: debug.Module{Path: "example.com/lab", Version: "v7.0.0"},
		Deps: []*debug.Module{{Path: "example.com/other", Version: "v2.0.0"}, {Path: "udplab", Version: "v1.2.3"}},
	}
	for want, info := range map[string]*debug.BuildInfo{
		"unknown": nil,
		"devel":   {Main: debug.Module{Path: "udplab", Version: "(devel)"}},
		"v1.0.0":  {Main: debug.Module{Path: "udplab", Version: "v1.0.0"}},
		"v1.2.3":  embedded,
	} {
		if got := versionIn(info); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
