package lossy

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// ACCURACY.md is written by the tests themselves. Each row is what one check
// saw when it ran last; as seeds are fixed, it sees the same every time, and a
// test whose row on the page is another one fails. To add a row:
//
//	row{"Loss", "gilbert-elliott:p=1%,r=25%", "mean", seed}.judge(t, deviation("mean", n, seen, want, sd))
//
// which fails the test if the finding does not hold (finding_test.go has those
// there are; a new one is a function that returns a finding). "Loss" names a
// table of the page: a mark <!-- rows: Loss --> and its end. What wantCaught
// catches goes to the table of planted bugs by itself. Then
//
//	go test ./lossy -update
//
// writes the rows anew; with -run it leaves those of other tests alone.

var update = flag.Bool("update", false, "write the rows of ACCURACY.md anew")

const pageFile = "ACCURACY.md"

// row names a row of the page: its table, the model with its parameters, what of
// it is judged, and from which seed. The four together are unique.
type row struct {
	table, model, property string
	seed                   uint64
}

// judge fails the test if the finding does not hold, and enters it.
func (r row) judge(t *testing.T, f finding) {
	t.Helper()
	report(t, r.property, f.wrong)
	verdict := "holds"
	if f.wrong != nil {
		verdict = "FAILS"
	}
	accuracy.enter(t, r.table, cells(r.model, r.property, r.seed),
		cells(f.n, f.estimate, f.expected, f.interval, f.statistic, verdict))
}

// cells writes cells of a table, without the closing bar.
func cells(values ...any) string {
	var b strings.Builder
	for _, c := range values {
		fmt.Fprintf(&b, "| %s ", strings.NewReplacer("|", "\\|", "\n", " ").Replace(fmt.Sprint(c)))
	}
	return b.String()
}

// page is ACCURACY.md as it stands and the rows that tests enter, one test at a
// time.
type page struct {
	parts  []string                     // text, table, text, table, ..., text
	names  []string                     // of the tables
	stands map[string]map[string]string // table, key: figures, on the page
	seen   map[string]map[string]string // the same as the tests saw them
}

// accuracy is the page of this run, which TestMain finishes.
var accuracy = readPage()

const (
	rowsMark = "<!-- rows: "
	rowsEnd  = "<!-- end of rows -->\n"

	plantedTable = "Planted bugs"
)

func readPage() *page {
	b, err := os.ReadFile(pageFile)
	if err != nil {
		panic(err)
	}
	p := &page{stands: map[string]map[string]string{}, seen: map[string]map[string]string{}}
	// A checkout on Windows may have turned the line ends.
	rest := strings.ReplaceAll(string(b), "\r\n", "\n")
	for {
		text, after, found := strings.Cut(rest, rowsMark)
		p.parts = append(p.parts, text)
		if !found {
			return p
		}
		name, after, _ := strings.Cut(after, " -->\n")
		table, after, found := strings.Cut(after, rowsEnd)
		if !found {
			panic(pageFile + ": rows of " + name + " have no end")
		}
		p.names, rest = append(p.names, name), after
		p.seen[name], p.stands[name] = map[string]string{}, map[string]string{}
		for l := range strings.Lines(strings.TrimPrefix(table, heading(name))) {
			key, figures := cutCells(strings.TrimSuffix(l, "|\n"), keyCells(name))
			p.stands[name][key] = figures
		}
	}
}

// cutCells parts a line behind the cells of its key.
func cutCells(l string, n int) (key, figures string) {
	end := 0
	for range n {
		i := strings.Index(l[end+1:], "| ")
		if i < 0 {
			return l, ""
		}
		end += 1 + i
	}
	return l[:end], l[end:]
}

func keyCells(table string) int {
	if table == plantedTable {
		return 2
	}
	return 3
}

func (p *page) enter(t *testing.T, table, key, figures string) {
	t.Helper()
	seen, known := p.seen[table]
	if !known {
		t.Fatalf("%s has no table %q; it has %q", pageFile, table, p.names)
	}
	if before, twice := seen[key]; twice && before != figures {
		t.Errorf("%s: two rows %s|", pageFile, key)
	}
	seen[key] = figures
	if stands := p.stands[table][key]; !*update && !fewer() && stands != figures {
		t.Errorf("%s is stale (go test ./lossy -update), table %s, row %s\nstands %s|\nseen   %s|", pageFile, table, key, stands, figures)
	}
}

// run runs the tests and then finishes the page.
func (p *page) run(m *testing.M) int {
	code := m.Run()
	value := func(name string) string { return flag.Lookup(name).Value.String() }
	whole := value("test.run")+value("test.skip")+value("test.list") == "" && !fewer()
	switch {
	case code != 0 && !*update:
		return code
	case *update:
		return max(code, p.write(whole))
	case whole:
		return p.complain()
	}
	return 0
}

// write renders the page: what was seen, and what stood and was not run for.
func (p *page) write(whole bool) int {
	if fewer() {
		fmt.Fprintln(os.Stderr, "-update needs the whole number of packets: leave -short and -race out")
		return 1
	}
	var b strings.Builder
	for i, name := range p.names {
		rows := map[string]string{}
		if !whole {
			maps.Copy(rows, p.stands[name])
		}
		maps.Copy(rows, p.seen[name])
		fmt.Fprintf(&b, "%s%s%s -->\n", p.parts[i], rowsMark, name)
		b.WriteString(heading(name))
		for _, key := range slices.Sorted(maps.Keys(rows)) {
			b.WriteString(key + rows[key] + "|\n")
		}
		b.WriteString(rowsEnd)
	}
	b.WriteString(p.parts[len(p.names)])
	if err := os.WriteFile(pageFile, []byte(counted(b.String())), 0o666); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

var countLine = regexp.MustCompile(`\*\*\d+ rows hold, \d+ fail; \d+ planted bugs are caught\.\*\*`)

// counted writes the count of rows into the page.
func counted(text string) string {
	rows := func(end string) int { return strings.Count(text, end) }
	return countLine.ReplaceAllString(text, fmt.Sprintf("**%d rows hold, %d fail; %d planted bugs are caught.**",
		rows("| holds |\n"), rows("| FAILS |\n"), rows(" | TestChecksCatch")))
}

func heading(table string) string {
	names := "| model | property | seed | n | estimate | expected | interval | statistic | verdict |"
	if table == plantedTable {
		names = "| bug | caught by | what the check says |"
	}
	return names + "\n" + strings.Repeat("|---", strings.Count(names, "| ")) + "|\n"
}

// complain tells the rows that no test stands behind any more, and a count that
// is wrong.
func (p *page) complain() (code int) {
	if text, err := os.ReadFile(pageFile); err == nil && counted(string(text)) != string(text) {
		fmt.Fprintf(os.Stderr, "%s is stale (go test ./lossy -update): it counts its rows wrong\n", pageFile)
		code = 1
	}
	for _, name := range p.names {
		for key := range p.stands[name] {
			if _, ok := p.seen[name][key]; !ok {
				fmt.Fprintf(os.Stderr, "%s is stale (go test ./lossy -update): table %s, no test makes the row %s\n", pageFile, name, key)
				code = 1
			}
		}
	}
	return code
}

// The page names tests that judge what no seed fixes, on sockets. They exist.
func TestAccuracyPageNamesTests(t *testing.T) {
	names := regexp.MustCompile(`\blossy((?:/\w+)*)\.(Test\w+)`).FindAllStringSubmatch(strings.Join(accuracy.parts, ""), -1)
	if len(names) < 5 {
		t.Errorf("%s names %d tests of sockets: this test does not see them", pageFile, len(names))
	}
	for _, name := range names {
		files, _ := filepath.Glob("." + name[1] + "/*_test.go")
		if !slices.ContainsFunc(files, func(file string) bool {
			text, _ := os.ReadFile(file)
			return bytes.Contains(text, []byte("\nfunc "+name[2]+"("))
		}) {
			t.Errorf("%s names %s, which is no test", pageFile, name[0])
		}
	}
}
