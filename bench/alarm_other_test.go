//go:build !linux

package bench

import "testing"

func newAlarm(testing.TB) alarm { return timerAlarm{} }
