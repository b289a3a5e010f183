//go:build !unix

package bench

func usageNow() (usage, bool) { return usage{}, false }
