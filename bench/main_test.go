package bench

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain finds what a benchmark left running, too.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
