package sim

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var (
	swarmFor    = flag.Duration("sim.for", 0, "with -run TestSwarmLong: how long to run the swarm")
	swarmFirst  = flag.Uint64("sim.first", 0, "with -sim.for: the first seed (default: after the last one in the ledger)")
	swarmLedger = flag.String("sim.ledger", "LEDGER.md", "with -sim.for: the file to which the run is added")
)

// ledgerRow is one line of the ledger: a run that was made.
type ledgerRow struct {
	date, commit string
	first, last  uint64
	schedules    int
	virtual      time.Duration
	events       uint64
	failures     int
}

const ledgerFormat = "| %s | %s | %d | %d | %d | %d h | %d | %d |"

func (r ledgerRow) String() string {
	return fmt.Sprintf(ledgerFormat, r.date, r.commit, r.first, r.last, r.schedules, r.virtual/time.Hour, r.events, r.failures)
}

// parseLedgerRow reads what String writes.
func parseLedgerRow(line string) (r ledgerRow, err error) {
	var hours int64
	_, err = fmt.Sscanf(line, ledgerFormat,
		&r.date, &r.commit, &r.first, &r.last, &r.schedules, &hours, &r.events, &r.failures)
	r.virtual = time.Duration(hours) * time.Hour
	return r, err
}

// readLedger returns the runs of a ledger. Lines that are no runs are for the
// reader: everything up to the rule below the table's heading.
func readLedger(name string) (rows []ledgerRow, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	table := false
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if !table {
			table = strings.HasPrefix(lines.Text(), "|--")
			continue
		}
		row, err := parseLedgerRow(lines.Text())
		if err != nil {
			return nil, fmt.Errorf("%s: %q: %w", name, lines.Text(), err)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// TestSwarmLong runs the swarm for -sim.for, which must be given, and adds a
// line to the ledger. It goes on after the first failures, up to ten.
func TestSwarmLong(t *testing.T) {
	if *swarmFor == 0 {
		t.Skip("a long command: go test ./reliable/sim -run TestSwarmLong -sim.for=8h -timeout 0")
	}
	rows, err := readLedger(*swarmLedger)
	if err != nil {
		t.Fatal(err)
	}
	first := *swarmFirst
	if first == 0 {
		first = 1
		for _, r := range rows {
			first = max(first, r.last+1)
		}
	}
	row := ledgerRow{date: time.Now().UTC().Format(time.DateOnly), commit: commit(t), first: first, last: first}
	begun := time.Now()
	forEachSeed(first, nil, func(r SwarmReport, err error) bool {
		row.schedules++
		row.last = max(row.last, r.Seed)
		row.virtual += r.Virtual
		row.events += r.Steps
		if err != nil {
			row.failures++
			t.Error(tell(r, err, nil))
		}
		return time.Since(begun) < *swarmFor && row.failures < 10
	})
	t.Log(row)
	f, err := os.OpenFile(*swarmLedger, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := fmt.Fprintln(f, row); err != nil {
		t.Fatal(err)
	}
}

// commit names the code that runs: the last commit, with a + if there are
// changes since.
func commit(t *testing.T) string {
	t.Helper()
	head, err := exec.Command("git", "rev-parse", "--short=10", "HEAD").Output()
	if err != nil {
		t.Fatalf("which commit is this? %v", err)
	}
	name := strings.TrimSpace(string(head))
	if changes, err := exec.Command("git", "status", "--porcelain", "--untracked-files=no").Output(); err != nil || len(changes) > 0 {
		name += "+"
	}
	return name
}

// The ledger in the repository says only what a run can have written.
func TestLedger(t *testing.T) {
	rows, err := readLedger("LEDGER.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if r.schedules == 0 || r.last-r.first+1 != uint64(r.schedules) || r.failures > r.schedules {
			t.Errorf("not a run of the swarm: %v", r)
		}
	}
}

func TestLedgerRefusesWhatIsNoRun(t *testing.T) {
	name := filepath.Join(t.TempDir(), "ledger")
	if err := os.WriteFile(name, []byte("| a |\n|--|\n| a million, I swear |\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if rows, err := readLedger(name); err == nil {
		t.Errorf("read as %v", rows)
	}
	want := ledgerRow{"2026-01-02", "0123456789+", 1, 20, 20, 3 * time.Hour, 400, 0}
	if got, err := parseLedgerRow(want.String()); err != nil || got != want {
		t.Errorf("%v is read as %v, %v", want, got, err)
	}
}
