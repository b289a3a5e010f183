package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// small is a module with one function and its tests, of which one is weak.
var small = map[string]string{
	"go.mod": "module small\n\ngo 1.26\n",
	"calc/calc.go": `package calc

func Sum(numbers []int) (sum int) {
	for i := 0; i < len(numbers); i++ {
		sum += numbers[i]
	}
	return sum
}
`,
	"calc/calc_test.go": `package calc

import "testing"

func TestEmpty(t *testing.T) {
	if Sum(nil) != 0 {
		t.Error("not 0")
	}
}

func TestSum(t *testing.T) {
	t.Run("three", func(t *testing.T) {
		if Sum([]int{1, 2, 3}) != 6 {
			t.Error("not 6")
		}
	})
}
`,
}

// Each thing that can become of a bug does, and is not taken for another one.
func TestOutcomes(t *testing.T) {
	root := t.TempDir()
	for name, text := range small {
		name = filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var table []bug
	want := map[string]string{}
	plant := func(name, from, to, run, result string) {
		table = append(table, bug{name: name, breaks: "sums", file: "calc/calc.go", old: from, new: to, pkg: "calc", run: run})
		want[name] = result
	}
	plant("seen", "sum +=", "sum -=", "TestSum", "killed by calc TestSum/three")
	plant("seen-by-a-panic", "i < len(numbers)", "i <= len(numbers)", "TestSum", "killed by calc TestSum/three")
	plant("seen-by-others", "sum +=", "sum -=", "TestEmpty", "killed by calc TestSum/three, and not by TestEmpty")
	plant("endless", "i++", "i += 0", "TestSum", "killed by calc TestSum, which never ends")
	plant("endless-for-others", "i++", "i += 0", "TestEmpty", "BROKEN")
	plant("changes-nothing", "sum +=", "sum +=", "TestSum", "SURVIVED")
	plant("no-syntax", "sum +=", "sum +", "TestSum", "DOES NOT COMPILE")
	plant("gone", "product *=", "product /=", "TestSum", "STALE")
	plant("not-unique", "sum", "total", "TestSum", "STALE")
	plant("no-test", "sum +=", "sum -=", "TestProduct", "NO SUCH TEST")

	g, err := newGround(t.Context(), root, table, 500*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	defer g.close()
	var out strings.Builder
	r := newReport(&out, table, false)
	if !r.healthy(g.baseline(t.Context(), table)) {
		t.Fatal(out.String())
	}
	g.tryAll(t.Context(), table, 2, r.add)
	if code := r.end(); code != 1 {
		t.Errorf("exit code %d although bugs survived", code)
	}
	got := map[string]string{}
	for line := range strings.Lines(out.String()) {
		if f := strings.Fields(line); len(f) > 2 && want[f[0]] != "" {
			got[f[0]] = strings.Join(f[2:], " ")
		}
	}
	for name, result := range want {
		if got[name] != result {
			t.Errorf("%s: %q, want %q", name, got[name], result)
		}
	}
	if t.Failed() {
		t.Log(out.String())
	}
	if source, err := os.ReadFile(filepath.Join(root, "calc/calc.go")); err != nil || string(source) != small["calc/calc.go"] {
		t.Error("the source has changed")
	}
	if left, _ := filepath.Glob(filepath.Join(g.work, "*.go")); len(left) == 0 {
		t.Error("no text was written outside of the module")
	}
	r = newReport(&out, table, false)
	r.add(table[0], verdict{outcome: killed})
	if code := r.end(); code != 0 {
		t.Errorf("exit code %d although all bugs were killed", code)
	}
}

// Tests that fail anyway kill nothing.
func TestBaselineMustPass(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module sick\n\ngo 1.26\n", "sick.go": "package sick\n",
		"sick_test.go": "package sick\n\nimport \"testing\"\n\nfunc TestSick(t *testing.T) { t.Error(\"always\") }\n",
	} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	table := []bug{{name: "any", breaks: "nothing", file: "sick.go", old: "sick", new: "sick", pkg: ".", run: "TestSick"}}
	g, err := newGround(t.Context(), root, table, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer g.close()
	var out strings.Builder
	if newReport(&out, table, false).healthy(g.baseline(t.Context(), table)) || !strings.Contains(out.String(), "TestSick") {
		t.Errorf("a test that always fails was taken for healthy: %s", out.String())
	}
}
