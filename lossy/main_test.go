package lossy

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(finishing{m}) }

// finishing ends a run of all tests with the page of accuracy.
type finishing struct{ m *testing.M }

func (f finishing) Run() int { return accuracy.run(f.m) }
