//go:build !linux

package proxy

func newAlarm() alarm { return newTimerAlarm() }
