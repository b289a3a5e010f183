package control

import (
	"net/http"
	"runtime/debug"
	"slices"
)

// showVersion answers as toxiproxy does, with the version of this program.
func showVersion(w http.ResponseWriter, _ *http.Request) {
	info, _ := debug.ReadBuildInfo()
	answer(w, struct {
		Version string `json:"version"`
		Server  string `json:"server"`
	}{versionIn(info), "udplab"})
}

// versionIn finds the version of the module in what a binary was built from; nil
// is of a binary that was built without modules.
func versionIn(info *debug.BuildInfo) string {
	if info == nil {
		return "unknown"
	}
	module := &info.Main
	if i := slices.IndexFunc(info.Deps, func(d *debug.Module) bool { return d.Path == "udplab" }); i >= 0 {
		module = info.Deps[i]
	}
	if module.Version == "" || module.Version == "(devel)" {
		return "devel"
	}
	return module.Version
}
