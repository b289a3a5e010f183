package sim

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// catalogued are the numbers that must have a test, or a reason under "Not
// promised yet".
var catalogued = []string{
	"A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9", "A10", "A11", "A12", "A13", "A14", "A15", "A16", "A17", "A18",
	"A19", "A20", "A21", "A22", "A23", "A24", "A25", "A26", "A27", "A28", "A29", "A30", "A31", "A32",
	"R4", "R5", "R6", "R7", "R8", "R13", "R16",
}

var numberedTest = regexp.MustCompile(`(?m)^func (Test([AR]\d+)_\w+)\(t \*testing\.T\)`)

// numberedTests returns the tests of package reliable and those below it whose
// name carries a number, by number.
func numberedTests(t *testing.T) map[string][]string {
	t.Helper()
	found := make(map[string][]string)
	err := filepath.WalkDir("..", func(path string, _ os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, m := range numberedTest.FindAllStringSubmatch(string(source), -1) {
			found[m[2]] = append(found[m[2]], m[1])
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// CATALOGUE.md names exactly the tests there are, and no number is left out.
func TestCatalogue(t *testing.T) {
	page, err := os.ReadFile("CATALOGUE.md")
	if err != nil {
		t.Fatal(err)
	}
	table, open, _ := strings.Cut(string(page), "\nNot promised yet:\n")
	named := make(map[string][]string)
	for line := range strings.Lines(table) {
		if cells := strings.Split(line, " | "); len(cells) == 3 && cells[0] != "| number" {
			tests := strings.TrimSuffix(strings.TrimSpace(cells[2]), " |")
			named[strings.TrimPrefix(cells[0], "| ")] = strings.Split(tests, ", ")
		}
	}
	found := numberedTests(t)
	for _, number := range catalogued {
		if len(found[number]) == 0 && !strings.Contains(open, "- "+number+", ") {
			t.Errorf("%s has no test, and no reason why not", number)
		}
	}
	for number, tests := range found {
		for _, test := range tests {
			if !slices.Contains(named[number], test) {
				t.Errorf("%s is not in CATALOGUE.md under %s", test, number)
			}
		}
	}
	for number, tests := range named {
		for _, test := range tests {
			if !slices.Contains(found[number], test) {
				t.Errorf("CATALOGUE.md names %s under %s, and there is no such test", test, number)
			}
		}
	}
}
