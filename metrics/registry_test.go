package metrics

import (
	"runtime"
	"runtime/debug"
	"testing"
)

func TestBuildInfoSaysWhatTheLinkerWrote(t *testing.T) {
	info := &debug.BuildInfo{
		Main:     debug.Module{Path: "udplab", Version: "v1.2.3"},
		Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "abcdef"}},
	}
	wantSeries(t, newBuild(info, true),
		`udplab_build_info{goversion="`+runtime.Version()+`",revision="abcdef",version="v1.2.3"} 1`)
	wantSeries(t, newBuild(nil, false),
		`udplab_build_info{goversion="`+runtime.Version()+`",revision="unknown",version="unknown"} 1`)
}
