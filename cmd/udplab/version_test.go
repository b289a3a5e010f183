package main

import (
	"runtime/debug"
	"strings"
	"testing"
)

func TestVersionOf(t *testing.T) {
	info := &debug.BuildInfo{
		Main: debug.Module{Version: "v1.2.3"},
		Settings: []debug.BuildSetting{
			{Key: "vcs.revision", Value: "0123456789abcdef0123"},
			{Key: "vcs.time", Value: "2026-01-02T03:04:05Z"},
			{Key: "vcs.modified", Value: "true"},
		},
	}
	r := versionOf(info)
	if r.Version != "v1.2.3" || r.Revision != "0123456789abcdef0123" || r.Time != "2026-01-02T03:04:05Z" || !r.Modified {
		t.Errorf("got %+v, want what the build information says", r)
	}
	if got, want := r.String(), "udplab v1.2.3 commit 0123456789ab modified "; !strings.HasPrefix(got, want) {
		t.Errorf("text %q, want it to start with %q", got, want)
	}
	if got := versionOf(nil).Version; got != "unknown" {
		t.Errorf("without build information: version %q, want unknown", got)
	}
}
