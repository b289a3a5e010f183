package proxy

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// finish ends the process after all tests.
var finish = os.Exit

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) { finish(code) }))
}
