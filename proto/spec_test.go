package proto

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func specification(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// The numbers of the specification are those of the code.
func TestSpecificationHasTheLimits(t *testing.T) {
	spec := specification(t)
	for _, row := range []string{
		fmt.Sprintf("| datagram | %d bytes |", MaxDatagram),
		fmt.Sprintf("| hello | at least %d bytes |", MinHello),
		fmt.Sprintf("| message | %d bytes |", MaxMessage),
		fmt.Sprintf("| token | %d bytes |", MaxToken),
		fmt.Sprintf("| ranges in an ack | %d |", MaxAckRanges),
		fmt.Sprintf("| numbers an ack covers | %d |", uint64(ackSpanMax)),
		fmt.Sprintf("| lanes | %d |", laneMax+1),
		fmt.Sprintf("| messages in a skip or late | %d |", math.MaxUint16),
		fmt.Sprintf("| messages in a repair symbol | %d |", MaxSpan),
		fmt.Sprintf("`span` is 1 to %d, `key` 1 to %d, and the payload has at least %d bytes", MaxSpan, math.MaxUint16, MinSymbol),
		fmt.Sprintf("| reason of a close | %d bytes |", MaxReason),
		fmt.Sprintf("| versions in a version packet | %d |", MaxVersions),
		fmt.Sprintf("| nesting of arrays | %d |", maxDepth),
		fmt.Sprintf("A data packet needs at most %d bytes besides its frames", DataOverhead),
		fmt.Sprintf("%d bytes always fit", MaxDatagram-RawOverhead),
		fmt.Sprintf("a padding frame has at least %d bytes", MinPadding),
		"# The udplab wire, version " + fmt.Sprint(Version),
	} {
		if !strings.Contains(spec, row) {
			t.Errorf("SPEC.md does not say %q", row)
		}
	}
	for kind := range typeCount {
		if row := fmt.Sprintf("| %d | %v | `[%d, ", kind, kind, kind); !strings.Contains(spec, row) {
			t.Errorf("SPEC.md has no line %q", row)
		}
		if _, row, found := strings.Cut(spec, fmt.Sprintf("| %v | `[", kind)); found {
			row, _, _ = strings.Cut(row, "`")
			row = regexp.MustCompile(`\[[^\]]*\]`).ReplaceAllString(row, "list")
			if n := strings.Count(row, ",") + 1; n != int(elements[kind]) {
				t.Errorf("SPEC.md gives %v %d elements, the code %d", kind, n, elements[kind])
			}
		}
	}
	counts := map[FrameType]int{
		FrameMaxData: maxDataElements, FramePing: pingElements, FrameClose: closeElements, FrameECN: ecnElements,
		FrameReceivedAt: receivedAtElements, FrameAckFrequency: ackFrequencyElements, FrameAckNow: ackNowElements,
		FramePathChallenge: pathElements, FramePathResponse: pathElements, FramePadding: paddingElements, FrameFin: finElements,
		FrameSentAt: sentAtElements, FrameChannelCredit: channelCreditElements, FrameSkip: lapseElements, FrameLate: lapseElements,
		FrameMessage: messageElements, FrameFragment: fragmentElements, FrameRepair: repairElements,
	}
	starts := map[FrameType]string{
		FrameMessage:  fmt.Sprintf("| 16 to %d, even | message | `[type", typeMessagesEnd-1),
		FrameFragment: fmt.Sprintf("| 16 to %d, odd | fragment | `[type", typeMessagesEnd-1),
		FrameRepair:   fmt.Sprintf("| %d | repair | `[%d", typeRepair, typeRepair),
	}
	for kind := range frameTypeCount {
		start := starts[kind]
		if start == "" {
			start = fmt.Sprintf("| %d | %v | `[%d", kind, kind, kind)
		}
		_, row, found := strings.Cut(spec, start)
		if !found {
			t.Errorf("SPEC.md has no line %q", start)
			continue
		}
		row, _, _ = strings.Cut(row, "`")
		if n := strings.Count(row, ",") + 1; kind != FrameAck && n != counts[kind] {
			t.Errorf("SPEC.md gives %v %d elements, the code %d", kind, n, counts[kind])
		}
		// From ecn to sent_at, sections have the numbers of their frames.
		section := regexp.MustCompile(fmt.Sprintf(`(?m)^### 7\.(\d+) %v$`, kind)).FindStringSubmatch(spec)
		if section == nil || kind >= FrameECN && kind <= FrameSentAt && section[1] != fmt.Sprint(uint8(kind)) {
			t.Errorf("SPEC.md has no section about %v, or with the wrong number: %q", kind, section)
		}
	}
	for mode := range modeCount {
		if row := fmt.Sprintf("| %d | %v | ", mode, mode); !strings.Contains(spec, row) {
			t.Errorf("SPEC.md has no line %q", row)
		}
	}
}

// The example of section 11 is the vector of that name.
func TestSpecificationHasAVector(t *testing.T) {
	file, err := os.ReadFile(filepath.Join("testdata", "vectors", "message.txt"))
	if err != nil {
		t.Fatal(err)
	}
	indented := ""
	for line := range strings.Lines(string(file)) {
		if line != "\n" {
			line = "    " + line
		}
		indented += line
	}
	if !strings.Contains(specification(t), indented) {
		t.Errorf("SPEC.md does not show the vector\n%s", indented)
	}
}

// A comment in any package of the module that cites a section cites one that
// is there.
func TestCitedSectionsExist(t *testing.T) {
	headings := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^##+ ([0-9.]+) `).FindAllStringSubmatch(specification(t), -1) {
		headings[m[1]] = true
	}
	if len(headings) < 30 {
		t.Fatalf("only %d sections found", len(headings))
	}
	citation := regexp.MustCompile(`SPEC ([0-9]+(?:\.[0-9]+)*)`)
	root, cited := moduleRoot(t), 0
	err := filepath.WalkDir(root, func(path string, e os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, m := range citation.FindAllStringSubmatch(string(source), -1) {
			cited++
			if !headings[m[1]] {
				t.Errorf("%s cites SPEC %s, which does not exist", path, m[1])
			}
		}
		return err
	})
	if err != nil || cited < 40 {
		t.Errorf("%d citations found: %v", cited, err)
	}
}
