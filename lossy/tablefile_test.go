package lossy

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// oneFile is a machine with one file.
func oneFile(name, content string) ReadFile {
	return func(asked string) ([]byte, error) {
		if asked != name {
			return nil, fmt.Errorf("%s: no such file", asked)
		}
		return []byte(content), nil
	}
}

// Delays of tables as people have them, and what is wrong with others, by line.
func TestDelayTraceOfATable(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		text, content string
		want          []time.Duration
		wrong         string
	}{
		{"f.csv", "seq,delay_ms\n0,10\n1,20.5\n", []time.Duration{10 * ms, 20500 * time.Microsecond}, ""},
		{"f.csv", "delay\n10ms\n1s\n", []time.Duration{10 * ms, time.Second}, ""},
		{"f.csv", "\xef\xbb\xbfindex;\"RTT (ms)\"\r\n0;\"10,5\"\r\n\r\n1;7\r\n", []time.Duration{10500 * time.Microsecond, 7 * ms}, ""},
		{"f.csv", "\xef\xbb\xbf10ms\n11ms\n", []time.Duration{10 * ms, 11 * ms}, ""},
		{"f.csv", "\tlatency_us\n0\t250\n1\t1e3\n", []time.Duration{250 * time.Microsecond, ms}, ""},
		{"f.csv", "# of a Tuesday\n\ntime_s,owd_s,rtt_ms\n17.5,0.02,41\n# pause\n18,3e-2,60\n", []time.Duration{20 * ms, 30 * ms}, ""},
		{"f.csv:RTT_ms", "time_s,owd_s,rtt_ms\n17.5,0.02,41\n", []time.Duration{41 * ms}, ""},
		{"f.csv:to, back", "at,\"to, back\"\n1,\"3ms\"\n", []time.Duration{3 * ms}, ""},
		{"f.csv", "anything [ms]\n5\n", []time.Duration{5 * ms}, ""},
		{"f.csv", "RTT (ms) size\n5 40\n", []time.Duration{5 * ms}, ""},
		{"f.csv", "delay \"\"\n5ms 1\n", []time.Duration{5 * ms}, ""},
		{"f.csv", "delay   size\n5ms     40\n", []time.Duration{5 * ms}, ""},
		{"f.csv", "10ms # the first\n11ms, 12ms # and more\n", []time.Duration{10 * ms, 11 * ms, 12 * ms}, ""},
		{"f.csv", "us # unit\n10 20\n", []time.Duration{10 * time.Microsecond, 20 * time.Microsecond}, ""},

		{"f.csv", "seq,delay\n0,10\n", nil, `f.csv, line 2: "10" has no unit: write it like 10ms or 10s; or give a line with the unit of all, like ms, or call the column delay_ms`},
		{"f.csv", "seq,delay_ms\n0,10\n1,\n", nil, `f.csv, line 3: nothing in column "delay_ms"`},
		{"f.csv", "seq,delay_ms\n\n0\n", nil, `f.csv, line 3: nothing in column "delay_ms"`},
		{"f.csv", "seq,delay_ms\n0,-1\n", nil, `f.csv, line 2: "-1ms" is out of range`},
		{"f.csv", "seq,delay_ms\n0,late\n", nil, `f.csv, line 2: "late" is not a duration`},
		{"f.csv", "seq,delay_s\n0,3601\n", nil, "a delay is at most 1h0m0s"},
		{"f.csv", "seq,time,when\n0,1,2\n", nil, `f.csv: none of the columns "seq", "time", "when" is known as delay (owd, one_way_delay, delay, latency, rtt): write which, as in f.csv:when`},
		{"f.csv", "delay_ms,delay_us\n0,1\n", nil, `f.csv has several columns of delay: write which, as in f.csv:delay_ms`},
		{"f.csv:delai", "seq,delay_ms\n0,1\n", nil, `f.csv has no column "delai", only "seq", "delay_ms"`},
		{"f.csv:delay", "10ms 20ms\n", nil, `f.csv has no column "delay": it does not begin with a line of names`},
		{"g.csv:delay", "delay\n1ms\n", nil, "g.csv: no such file"},
		{"f.csv", "delay_ms\n", nil, "f.csv has 0 delays"},
		{"f.csv", strings.Repeat("a,", maxColumns+1) + "\n", nil, "line 1: more than 1000 columns"},
	} {
		d, err := ParseDistribution("trace:"+c.text, oneFile("f.csv", c.content))
		if c.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("%s %q: %v, want an error with %q", c.text, c.content, err, c.wrong)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s %q: %v", c.text, c.content, err)
			continue
		}
		trace := d.(DelayTrace)
		var got []time.Duration
		for i := range len(trace.delays) / 8 {
			got = append(got, time.Duration(word(trace.delays, i)))
		}
		if fmt.Sprint(got) != fmt.Sprint(c.want) || d.String() != "trace:"+c.text {
			t.Errorf("%s %q: %v, %v, want %v", c.text, c.content, d, got, c.want)
		}
	}
}

func TestLossTraceOfATable(t *testing.T) {
	for _, c := range []struct{ text, content, want, wrong string }{
		{"f.csv", "index,lost\n0,0\n1,1\n2,0\n", "010", ""},
		{"f.csv", "\xef\xbb\xbfseq;Received\r\n0;1\r\n1;0\r\n", "01", ""},
		{"f.csv", "\xef\xbb\xbf0 1 1", "011", ""},
		{"f.csv:got", "seq,got\n0,True\n1,no\n", "10", ""},
		{"f.csv", "lost\n0.0\n1.0\n", "01", ""},
		{"f.csv", "seq,sent,arrived,lost\n0,1,0,1\n", "1", ""},
		{"f.csv", "0,1 # lost\n1\n", "011", ""},
		{"f.csv", "seq,lost\n0,0\n1,2\n", "", `f.csv, line 3: "2" in column "lost": want 0 or 1`},
		{"f.csv", "seq,fate\n0,0\n", "", `none of the columns "seq", "fate" is known as loss`},
		{"f.csv", "lost\n# none\n", "", "f.csv is empty"},
		{"f.csv", "0 2\n", "", `f.csv, line 1: '2': want 0 (kept) or 1 (lost)`},
	} {
		m, err := ParseLossModel("trace:"+c.text, oneFile("f.csv", c.content))
		if c.wrong != "" {
			if err == nil || !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("%s %q: %v, want an error with %q", c.text, c.content, err, c.wrong)
			}
			continue
		}
		if err != nil || m.(LossTrace).fates != c.want || m.String() != "trace:"+c.text {
			t.Errorf("%s %q: %v, %v, want %s", c.text, c.content, m, err, c.want)
		}
	}
}

func TestDelayCDFOfATable(t *testing.T) {
	plain, err := ParseDistribution("cdf:f", oneFile("f", "10ms 0\n20ms 50%\n40ms 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{
		"delay_ms,cdf\n10,0\n20,0.5\n40,1\n",
		"percentile;delay_ms\n0;10,0\n50;20\n100;40\n",
		"Delay (ms)\tcumulative (%)\n10\t0\n20\t50%\n40\t100\n",
	} {
		d, err := ParseDistribution("cdf:f", oneFile("f", content))
		if err != nil || d != plain {
			t.Errorf("%q: %v, %v", content, d, err)
		}
	}
	for content, wrong := range map[string]string{
		"delay_ms\n10\n":              `none of the columns "delay_ms" is known as probability`,
		"delay_ms,p\n10,0.5\n5,1\n":   `f, line 3: "5ms 1": goes down`,
		"delay_ms,p\n10,1.5\n":        `f, line 2: "1.5": want a probability`,
		"delay_ms,p\n10,0.5\n20,.9\n": "ends at probability 0.9",
	} {
		if _, err := ParseDistribution("cdf:f", oneFile("f", content)); err == nil || !strings.Contains(err.Error(), wrong) {
			t.Errorf("%q: %v, want an error with %q", content, err, wrong)
		}
	}
}

// A colon is part of a name first, and what it may be else is no drive and no path.
func TestColumnBehindTheName(t *testing.T) {
	for asked, name := range map[string]string{
		"10:30.csv": "10:30.csv", `C:\\f.csv`: `C:\\f.csv`, "a:b/f.csv": "a:b/f.csv", `C:\\f.csv:delay`: `C:\\f.csv`, "f.csv:": "f.csv:",
	} {
		if _, err := ParseDistribution("trace:"+asked, oneFile(name, "delay\n1ms\n")); err != nil {
			t.Errorf("%s: %v", asked, err)
		}
	}
	for _, asked := range []string{"C:delay", `C:\\delay`, "f/a:b/c", "f:"} {
		var names []string
		_, err := ParseDistribution("trace:"+asked, func(name string) ([]byte, error) {
			names = append(names, name)
			return nil, errors.New("no such file")
		})
		if err == nil || len(names) != 1 {
			t.Errorf("%s: looked for %q, %v, want one look", asked, names, err)
		}
	}
	if _, err := ParseDistribution("trace:f.csv:delay", nil); !errors.Is(err, ErrNamesFile) {
		t.Errorf("without leave to read: %v", err)
	}
}
