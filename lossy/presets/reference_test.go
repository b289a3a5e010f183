package presets

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"udplab/lossy"
)

// reference has the numbers as the sources give them, typed from those and not
// from this package: down and up, in kbit/s, milliseconds and percent. "rtt" is
// a round trip, of which each way has half; "x0.8" is what a source multiplies a
// rate with. A dash is what a source leaves alone.
const reference = `
nlc-100-loss          -          -          0          0         100   100
nlc-very-bad          1000       1000       500        500       10    10
nlc-edge              240        200        400        440       0     0
nlc-high-latency-dns  -          -          3000       0         0     0
nlc-3g                780        330        100        100       0     0
nlc-3g-good           850        420        100        100       0     0
nlc-3g-lossy          780        330        100        100       1     0
nlc-edge-good         250        200        350        370       0     0
nlc-edge-lossy        240        200        400        440       1     0
atc-2g-rural          20         18         650        650       2     2
atc-2g-urban          35         32         650        650       0     0
atc-3g                780        330        100        100       0     0
atc-3g-good           850        420        90         100       0     0
atc-edge              240        200        400        440       0     0
atc-edge-good         250        200        350        370       0     0
atc-edge-lossy        240        200        400        440       1     1
atc-dsl               2000       256        5          5         0     0
atc-cable             6000       1000       2          2         0     0
chrome-slow-3g        500x0.8    500x0.8    rtt400     rtt400    0     0
chrome-slow-4g        1600x0.9   750x0.9    rtt150     rtt150    0     0
chrome-fast-4g        9000x0.9   1500x0.9   rtt60      rtt60     0     0
lighthouse-mobile     1638.4     1638.4     rtt150     rtt150    0     0
lighthouse-desktop    10240      10240      rtt40      rtt40     0     0
firefox-gprs          50         20         rtt500     rtt500    0     0
firefox-2g            250        50         rtt300     rtt300    0     0
firefox-good-2g       450        150        rtt150     rtt150    0     0
firefox-3g            750        250        rtt100     rtt100    0     0
firefox-good-3g       1500       750        rtt40      rtt40     0     0
firefox-lte           4000       3000       rtt20      rtt20     0     0
firefox-dsl           2000       1000       rtt5       rtt5      0     0
firefox-wifi          30000      15000      rtt2       rtt2      0     0
webpagetest-cable     5000       1000       rtt28      rtt28     0     0
webpagetest-dsl       1500       384        rtt50      rtt50     0     0
webpagetest-3g-slow   400        400        rtt400     rtt400    0     0
webpagetest-3g        1600       768        rtt300     rtt300    0     0
webpagetest-3g-fast   1600       768        rtt150     rtt150    0     0
webpagetest-4g        9000       9000       rtt170     rtt170    0     0
webpagetest-lte       12000      12000      rtt70      rtt70     0     0
webpagetest-edge      240        200        rtt840     rtt840    0     0
webpagetest-2g        280        256        rtt800     rtt800    0     0
webpagetest-dial      49         30         rtt120     rtt120    0     0
comcast-gprs          50         50         500        500       2     2
comcast-edge          250        250        300        300       1.5   1.5
comcast-3g            750        750        250        250       1.5   1.5
comcast-dial-up       40         40         185        185       2     2
comcast-dsl-poor      2000       2000       70         70        2     2
comcast-dsl           8000       8000       40         40        .5    .5
comcast-wifi          30000      30000      40         40        .2    .2
comcast-starlink      -          -          20         20        2.5   2.5
browserstack-gprs-good   50      30         500        500       1     1
browserstack-gprs-lossy  30      20         650        650       2     2
browserstack-edge-good   250     150        300        300       0     0
browserstack-edge-lossy  150     100        500        500       1     1
browserstack-umts-good   400     100        100        100       0     0
browserstack-umts-lossy  200     50         200        200       1     1
browserstack-hspa-good   1800    400        100        100       0     0
browserstack-hspa-lossy  900     200        190        190       1     1
loadero-4g            100000     50000      45         45        .2    .2
loadero-hspa          20000      10000      150        150       .5    .5
loadero-3g            1200       1200       250        250       .5    .5
loadero-gprs          80         20         650        650       1     1
loadero-edge          200        260        650        650       1     1
loadero-satellite     1000       256        600        600       0     0
str0m-wifi            100000     100000     5          5         0.990    0.990
str0m-wifi-lossy      50000      50000      15         15        4.762    4.762
str0m-wifi-congested  5000       5000       10         10        9.091    9.091
str0m-cellular        30000      30000      50         50        1.961    1.961
str0m-satellite       15000      15000      600        600       2.913    2.913
str0m-congested       10000      10000      80         80        9.091    9.091
simple-p2p            10000      10000      15         15        0     0
longrtt               10000      10000      750        750       0     0
blackhole             10000      10000      15         15        0     0
handshakeloss         10000      10000      15         15        30    30
transferloss          10000      10000      15         15        2     2
handshakecorruption   10000      10000      15         15        0     0
transfercorruption    10000      10000      15         15        0     0
rebind-port           10000      10000      15         15        0     0
rebind-addr           10000      10000      15         15        0     0
amplificationlimit    10000      10000      15         15        0     *
rfc8867-5.1           1000       1000       50         50        0     0
rfc8867-5.2           2000       2000       50         50        0     0
rfc8867-5.3           2000       2000       50         50        0     0
`

func referenceRows(t *testing.T) map[string][]string {
	t.Helper()
	rows := make(map[string][]string)
	for line := range strings.Lines(reference) {
		if f := strings.Fields(line); len(f) > 0 {
			if len(f) != 7 || rows[f[0]] != nil {
				t.Fatalf("row %q", line)
			}
			rows[f[0]] = f[1:]
		}
	}
	return rows
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Every preset that names a source has that source's numbers, in the right
// direction, and every preset that is an engineering choice says so.
func TestPresetsHaveTheirSourcesNumbers(t *testing.T) {
	rows := referenceRows(t)
	for _, p := range All() {
		row := rows[p.Name]
		if p.Confidence == Choice {
			if row != nil {
				t.Errorf("%s has a source, and is called a choice", p.Name)
			}
			continue
		}
		if row == nil {
			t.Errorf("%s is called %s, and no source's numbers are known here", p.Name, p.Confidence)
			continue
		}
		delete(rows, p.Name)
		s, err := p.Setup()
		if err != nil {
			t.Error(err)
			continue
		}
		checkWay(t, p.Name+" down", &s.Down, row[0], row[2], row[4])
		checkWay(t, p.Name+" up", &s.Up, row[1], row[3], row[5])
	}
	for name := range rows {
		t.Errorf("no preset %s", name)
	}
}

func checkWay(t *testing.T, what string, p *lossy.Profile, rate, delay, loss string) {
	t.Helper()
	var want float64 // bits per second; a megabit is 10^6
	if rate != "-" {
		kbit, factor, found := strings.Cut(rate, "x")
		want = 1000 * number(t, kbit)
		if found {
			want *= number(t, factor)
		}
	}
	if math.Abs(p.Rate-want) > 1e-6*want {
		t.Errorf("%s: rate %v, want %v", what, p.Rate, want)
	}
	trip, halved := strings.CutPrefix(delay, "rtt")
	wantDelay := time.Duration(number(t, trip) * float64(time.Millisecond))
	if halved {
		wantDelay /= 2
	}
	if p.Delay != wantDelay {
		t.Errorf("%s: delay %v, want %v", what, p.Delay, wantDelay)
	}
	if loss == "*" {
		return // not a share
	}
	if got := 100 * meanLoss(p); math.Abs(got-number(t, loss)) > 0.001 {
		t.Errorf("%s: loss %v %%, want %s %%", what, got, loss)
	}
}

// meanLoss is without the burst cap.
func meanLoss(p *lossy.Profile) float64 {
	if g, is := p.LossModel.(lossy.GilbertElliott); is {
		return (g.Bad*g.P + g.Good*g.R) / (g.P + g.R)
	}
	return p.Loss
}

// What is in no row of the table.
func TestPresetsBeyondTheTable(t *testing.T) {
	for _, c := range []struct{ name, down, up string }{
		{"loadero-4g", "jitter 5ms", "jitter 15ms"},
		{"loadero-3g", "jitter 50ms", "jitter 50ms"},
		{"loadero-gprs", "jitter 100ms", "jitter 100ms"},
		{"str0m-wifi", "jitter 2ms", "queue 200000B"},
		{"str0m-wifi-congested", "jitter 10ms", "queue 30000B"}, // 20 ms, cut to the delay
		{"str0m-satellite", "jitter 30ms", "queue 500000B"},
		{"str0m-satellite", "loss gilbert-elliott:p=1%,r=0.3333333333333333", "loss gilbert-elliott:p=1%,r=0.3333333333333333"},
		{"blackhole", "blackout at=5s,for=2s", "blackout at=5s,for=2s"},
		{"handshakeloss", "loss 30% at most 3 in a row after the queue", "loss 30% at most 3 in a row after the queue"},
		{"transferloss", "loss 2% at most 3 in a row after the queue", "queue 25 packets"},
		{"handshakecorruption", "corrupt 29.4284% byte", "corrupt 29.4284% byte"},
		{"transfercorruption", "corrupt 1.99998% byte", "corrupt 1.99998% byte"},
		{"amplificationlimit", "delay 15ms, rate 10mbit", "loss list:1-6 after the queue"},
		{"leo", "blackout every=15s,for=100ms", "loss 1% burst 3"},
	} {
		s := mustSetup(t, c.name)
		down, up := strings.ReplaceAll(s.Down.String(), "packets", " packets"), strings.ReplaceAll(s.Up.String(), "packets", " packets")
		if !strings.Contains(down, c.down) {
			t.Errorf("%s: down %s, want %s", c.name, down, c.down)
		}
		if !strings.Contains(up, c.up) {
			t.Errorf("%s: up %s, want %s", c.name, up, c.up)
		}
	}
}

func mustSetup(t *testing.T, name string) Setup {
	t.Helper()
	p, err := Find(name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.Setup()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Where the source is silent, the rule of leg.go holds; ours are not below a
// packet's time; what nobody should meet by surprise is in none of ours.
func TestQueuesAndDefaults(t *testing.T) {
	for _, p := range All() {
		s, err := p.Setup()
		if err != nil {
			t.Fatal(err)
		}
		for _, way := range []*lossy.Profile{&s.Up, &s.Down} {
			if way.Rate > 0 && way.Queue == 0 && way.QueuePackets == 0 && way.QueueBytes == 0 {
				t.Errorf("%s: a rate, and no queue", p.Name)
			}
			if strings.Contains(p.Notes, queueNote) || strings.Contains(p.Notes, nlcNotes) {
				slow := way.Rate <= 2e6
				if way.Rate > 0 && (slow && way.QueuePackets != 50 || !slow && way.Queue != 200*time.Millisecond) {
					t.Errorf("%s: queue %s at %v bit/s", p.Name, way.FormatQueue(), way.Rate)
				}
			}
			packet := time.Duration(1500 * 8 / max(way.Rate, 1) * float64(time.Second))
			if way.Queue > 0 && way.Queue < 2*packet {
				t.Errorf("%s: a queue of %v is less than two packets of %v", p.Name, way.Queue, packet)
			}
			if p.Confidence != Choice {
				continue
			}
			if way.Duplicate != 0 || way.Corrupt != 0 || way.JitterReorder || way.LossModel != nil {
				t.Errorf("%s: %v", p.Name, *way)
			}
			if way.Loss > 0 && (way.Burst < 1.5 || way.Burst > 4) {
				t.Errorf("%s: bursts of %v", p.Name, way.Burst)
			}
			if way.Reorder > 0 && (way.Reorder < 1e-4 || way.Reorder > 1e-2 || way.ReorderSpread != lossy.Displacement{Min: 1, Max: 3}) {
				t.Errorf("%s: reorder %v by %v", p.Name, way.Reorder, way.ReorderSpread)
			}
		}
	}
}
