package proxy

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"
)

// The table of ACCURACY.md that times on sockets have: what one run of -wire.long
// saw on one machine. Unlike the page's other rows no seed brings them back, so
// nothing compares them; -wire.update writes them anew.
var wireUpdate = flag.Bool("wire.update", false, "with -wire.long: write what was seen to ACCURACY.md")

const (
	wirePage = "../ACCURACY.md"
	wireMark = "<!-- on sockets, by -wire.update -->\n"
	wireEnd  = "<!-- end of on sockets -->\n"
)

// wireRow names a row: what is judged, from which seed (0: none is drawn from), and
// of how many datagrams.
type wireRow struct {
	what string
	seed uint64
	n    int
}

var wireRows strings.Builder

// reported stands for the bar of what has none.
const reported = "reported"

// none stands for the p-value of what has none.
var none = math.NaN()

func (r wireRow) enter(seen, bar any, p float64, holds bool) {
	verdict, seed, chance := "met", "", ""
	switch {
	case bar == reported:
		verdict = ""
	case !holds:
		verdict = "missed"
	}
	if r.seed != 0 {
		seed = fmt.Sprint(r.seed)
	}
	if !math.IsNaN(p) {
		chance = fmt.Sprintf("%.2g", p)
	}
	if d, ok := seen.(time.Duration); ok {
		seen = d.Round(100 * time.Nanosecond)
	}
	fmt.Fprintf(&wireRows, "| %s | %s | %d | %v | %v | %s | %s |\n", r.what, seed, r.n, seen, bar, chance, verdict)
}

// pKolmogorov is the chance that the limit law of Kolmogorov exceeds x.
func pKolmogorov(x float64) (p float64) {
	if x < 0.2 {
		return 1 // to fifteen digits
	}
	for k, sign := 1.0, 2.0; k < 100; k, sign = k+1, -sign {
		p += sign * math.Exp(-2*k*k*x*x)
	}
	return p
}

func TestKolmogorov(t *testing.T) {
	for x, want := range map[float64]float64{0.1: 1, 0.828: 0.4998, 1.358: 0.05, 1.628: 0.01, 2.693: 1e-6} {
		if got := pKolmogorov(x); math.Abs(got-want) > 0.01*want {
			t.Errorf("the chance of more than %v is %v, want %v", x, got, want)
		}
	}
}

func init() {
	finish = func(code int) {
		if *wireLong && *wireUpdate {
			if err := writeWirePage(); err != nil {
				fmt.Fprintln(os.Stderr, err)
				code = max(code, 1)
			}
		}
		os.Exit(code)
	}
}

func writeWirePage() error {
	page, err := os.ReadFile(wirePage)
	if err != nil {
		return err
	}
	before, rest, found := bytes.Cut(page, []byte(wireMark))
	_, after, ended := bytes.Cut(rest, []byte(wireEnd))
	if !found || !ended {
		return fmt.Errorf("%s has no mark %q with an end", wirePage, wireMark)
	}
	kernel, err := exec.Command("uname", "-sr").Output()
	if err != nil {
		return err
	}
	table := fmt.Sprintf("%s, %s, %d cores, %s:\n\n| property | seed | n | seen | bar | p | verdict |\n|---|---|---|---|---|---|---|\n%s",
		strings.TrimSpace(string(kernel)), runtime.GOARCH, runtime.NumCPU(), runtime.Version(), wireRows.String())
	return os.WriteFile(wirePage, bytes.Join([][]byte{before, []byte(wireMark), []byte(table), []byte(wireEnd), after}, nil), 0o644)
}
