package wireshark

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestFiltersOfTheReadme: every display filter of README.md is one, and finds
// something in the golden capture.
func TestFiltersOfTheReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	capture, err := os.ReadFile("testdata/golden.pcap")
	if err != nil {
		t.Fatal(err)
	}
	var filters []string
	for _, row := range regexp.MustCompile("(?m)^\\| .* \\| `(udplab\\..*)` \\|\r?$").FindAllSubmatch(readme, -1) {
		filters = append(filters, strings.ReplaceAll(string(row[1]), `\|`, "|"))
	}
	if len(filters) < 7 {
		t.Fatalf("only %d filters found: %q", len(filters), filters)
	}
	out := string(tshark(t, Dissector, capture, "-q", "-z", "io,stat,0,"+strings.Join(filters, ",")))
	row := regexp.MustCompile(`(?m)^\|.*<>.*$`).FindString(out)
	counts := strings.Split(strings.Trim(row, "|"), "|")[1:]
	if len(counts) != 2*len(filters) {
		t.Fatalf("%d counts for %d filters:\n%s", len(counts), len(filters), out)
	}
	for i, f := range filters {
		if strings.TrimSpace(counts[2*i]) == "0" {
			t.Errorf("%s finds nothing in testdata/golden.pcap", f)
		}
	}
}
