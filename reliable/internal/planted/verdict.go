package main

import (
	"regexp"
	"strings"
	"time"
)

// outcome is what became of a bug.
type outcome int

const (
	killed   outcome = iota // a test noticed
	survived                // all tests passed
	stale                   // its place in the sources is not there, or not unique
	unbuilt                 // with it, the package does not compile
	broken                  // the tests ended in a way that says nothing
	untested                // no test has the names given
)

var outcomeNames = [...]string{"killed", "SURVIVED", "STALE", "DOES NOT COMPILE", "BROKEN", "NO SUCH TEST"}

func (o outcome) String() string { return outcomeNames[o] }

// verdict is what a run of the tests showed.
type verdict struct {
	outcome  outcome
	folder   string // of the tests
	by       string // the first test that noticed
	endless  bool   // by running until its time was over
	byOthers bool   // none of those named did
	took     time.Duration
	said     string // the output
}

var (
	failed   = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)
	timedOut = regexp.MustCompile(`(?m)^panic: test timed out after \S+\s+running tests:\s+(\S+)`)
)

// judge reads the output of go test. Only a test that failed, or ran when the
// time was over, has noticed anything: a full disk kills no bug.
func judge(folder, out string, err error) verdict {
	v := verdict{outcome: broken, folder: folder, said: out}
	switch {
	case err == nil && strings.Contains(out, "[no tests to run]"):
		v.outcome = untested
	case err == nil:
		v.outcome = survived
	case strings.Contains(out, "[build failed]"), strings.Contains(out, "[setup failed]"):
		v.outcome = unbuilt
	default:
		if v.by = firstFailed(out); v.by != "" {
			v.outcome = killed
		} else if m := timedOut.FindStringSubmatch(out); m != nil {
			v.outcome, v.by, v.endless = killed, m[1], true
		}
	}
	return v
}

// firstFailed is the first test that failed, with its subtest if it has one, ""
// if none did.
func firstFailed(out string) (name string) {
	for _, m := range failed.FindAllStringSubmatch(out, -1) {
		if name != "" && !strings.HasPrefix(m[1], name+"/") {
			break
		}
		name = m[1]
	}
	return name
}
