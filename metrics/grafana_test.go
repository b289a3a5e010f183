package metrics

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// A dashboard is what of Grafana's JSON the tests look at.
type dashboard struct {
	UID           string `json:"uid"`
	SchemaVersion int    `json:"schemaVersion"`
	Inputs        any    `json:"__inputs"`
	Annotations   struct {
		List []struct{ Name, Expr string }
	}
	Templating struct {
		List []struct{ Name, Type, Definition string }
	}
	Panels []panel
}

type panel struct {
	ID          int
	Type, Title string
	Description string
	Datasource  struct{ UID string }
	GridPos     struct{ X, Y, W, H int }
	FieldConfig struct {
		Defaults struct{ Unit string }
	}
	Targets []struct {
		RefID, Expr, LegendFormat string
		Datasource                struct{ UID string }
	}
}

// A ruleFile is a file of recording rules or alerts.
type ruleFile struct {
	Groups []struct {
		Rules []struct {
			Record, Alert, Expr, For string
			Labels, Annotations      map[string]string
		}
	}
}

const grafanaDir = "grafana"

func readDashboard(t *testing.T) (d dashboard) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(grafanaDir, "udplab.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Panels) < 40 {
		t.Fatalf("only %d panels", len(d.Panels))
	}
	return d
}

func readYAML(t *testing.T, name string, v any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(grafanaDir, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(b, v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func readRules(t *testing.T) (rules ruleFile) {
	t.Helper()
	for _, name := range []string{"rules/udplab.rules.yml", "rules/udplab.alerts.yml"} {
		var f ruleFile
		readYAML(t, name, &f)
		rules.Groups = append(rules.Groups, f.Groups...)
	}
	return rules
}

// labelsIn finds the labels that a legend or a text of an alert shows.
var labelsIn = regexp.MustCompile(`\{\{\s*(?:\$labels\.)?([a-z_]+)\s*\}\}`)

// problems compares names: of the registry, of the document, of the rules and of
// the dashboard. It returns a line for each that only some of them know.
func problems(c catalog, document string, rules ruleFile, d dashboard) (all []string) {
	c = maps.Clone(c)
	c["up"], c["ALERTS"] = map[string][]string{}, map[string][]string{}
	exported := slices.Sorted(maps.Keys(c))
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			if r.Record != "" { // the labels a rule keeps are those its alerts and panels use
				c[r.Record] = map[string][]string{}
			}
		}
	}
	recorded := map[string]bool{}
	inRules, inPanels := map[string]bool{}, map[string]bool{}
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			place := "rule " + r.Record + r.Alert
			all = append(all, c.check(query{place, r.Expr}, inRules)...)
			if r.Record != "" {
				recorded[r.Record] = true
				if !regexp.MustCompile(`^[a-z_]+:udplab_[a-z_]+:[a-z0-9_]+$`).MatchString(r.Record) {
					all = append(all, place+": a recorded name is level:metric:operation")
				}
			}
			for _, text := range r.Annotations {
				all = append(all, c.checkLabels(place, text)...)
			}
		}
	}
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			place := fmt.Sprintf("panel %q, query %s", p.Title, target.RefID)
			all = append(all, c.check(query{place, target.Expr}, inPanels)...)
			all = append(all, c.checkLabels(place, target.LegendFormat)...)
		}
	}
	for _, a := range d.Annotations.List {
		all = append(all, c.check(query{"annotation " + a.Name, a.Expr}, map[string]bool{})...)
	}
	for _, v := range d.Templating.List {
		metric, _, _ := strings.Cut(strings.TrimPrefix(v.Definition, "label_values("), ",")
		if v.Definition != "" {
			all = append(all, c.check(query{"variable " + v.Name, strings.TrimSuffix(metric, ")")}, map[string]bool{})...)
		}
	}
	for _, code := range regexp.MustCompile("`[^`]*`").FindAllString(document, -1) {
		if expr := strings.Trim(code, "`"); strings.Contains(expr, "udplab_") {
			all = append(all, c.checkDocumented(expr)...)
		}
	}
	for _, name := range exported {
		series := name == "up" || name == "ALERTS" || strings.HasSuffix(name, "_sum") || strings.HasSuffix(name, "_count") // the buckets have all there is to show
		if !series && !inPanels[name] {
			all = append(all, name+": exported, and no panel shows it")
		}
		if !series && !strings.Contains(document, "`"+strings.TrimSuffix(name, "_bucket")+"`") {
			all = append(all, name+": exported, and METRICS.md does not say what it is")
		}
	}
	for name := range recorded {
		if !inPanels[name] {
			all = append(all, name+": recorded, and no panel shows it")
		}
	}
	return all
}

// checkLabels looks at the labels in a legend or a text of an alert.
func (c catalog) checkLabels(place, text string) (problems []string) {
	for _, m := range labelsIn.FindAllStringSubmatch(text, -1) {
		problems = append(problems, c.check(query{place, "sum by (" + m[1] + ") (up)"}, map[string]bool{})...)
	}
	return problems
}

// checkDocumented looks at a piece of code in METRICS.md: a query, or the name
// of a family, which of a histogram is no series.
func (c catalog) checkDocumented(expr string) []string {
	if c[expr+"_bucket"] != nil {
		return nil
	}
	return c.check(query{"METRICS.md, " + expr, expr}, map[string]bool{})
}

func readDocument(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("METRICS.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// The registry, METRICS.md, the rules, the alerts and the dashboard name the same
// metrics, the same labels and the same values.
func TestCodeDocumentRulesAndDashboardNameTheSame(t *testing.T) {
	for _, p := range problems(newCatalog(ourFamilies(t)), readDocument(t), readRules(t), readDashboard(t)) {
		t.Error(p)
	}
}

// The test above can fail: each mistake that is planted here is reported, and
// nothing else.
func TestWrongNamesAreReported(t *testing.T) {
	plant := func(place *string, right, wrong string) {
		if !strings.Contains(*place, right) {
			t.Fatalf("%q has no %q to be made wrong", *place, right)
		}
		*place = strings.Replace(*place, right, wrong, 1)
	}
	find := func(d *dashboard, title string) *panel {
		i := slices.IndexFunc(d.Panels, func(p panel) bool { return p.Title == title })
		if i < 0 {
			t.Fatalf("no panel is called %q", title)
		}
		return &d.Panels[i]
	}
	for _, c := range []struct {
		plant func(c catalog, document *string, rules *ruleFile, d *dashboard)
		want  string
	}{
		{func(_ catalog, _ *string, _ *ruleFile, d *dashboard) {
			plant(&find(d, "Packet size").Targets[0].Expr, "min_packet", "max_packet")
		}, `panel "Packet size", query A: there is no metric udplab_transport_max_packet_size_bytes
udplab_transport_min_packet_size_bytes: exported, and no panel shows it`},
		{func(_ catalog, _ *string, _ *ruleFile, d *dashboard) {
			plant(&find(d, "Retransmits, by reason").Targets[0].Expr, `mode="reliable"`, `mode="reliably"`)
		}, `panel "Retransmits, by reason", query A: no series of udplab_transport_retransmits_total has mode="reliably"`},
		{func(_ catalog, _ *string, _ *ruleFile, d *dashboard) {
			plant(&find(d, "Clients").Targets[0].Expr, `job=~`, `direction="up", job=~`)
		}, `panel "Clients", query A: udplab_proxy_opened_flows_total has no label direction`},
		{func(_ catalog, _ *string, _ *ruleFile, d *dashboard) {
			plant(&find(d, "Dropped, by cause").Targets[0].Expr, `by (direction, cause)`, `by (direction, why)`)
		}, `panel "Dropped, by cause", query A: no metric has the label why`},
		{func(_ catalog, _ *string, _ *ruleFile, d *dashboard) {
			plant(&find(d, "Dropped, by cause").Targets[0].LegendFormat, `{{cause}}`, `{{why}}`)
		}, `panel "Dropped, by cause", query A: no metric has the label why`},
		{func(_ catalog, _ *string, rules *ruleFile, _ *dashboard) {
			plant(&rules.Groups[0].Rules[1].Expr, "retransmits_total", "retransmissions_total")
		}, `rule job_instance:udplab_transport_retransmits:ratio_rate5m: there is no metric udplab_transport_retransmissions_total`},
		{func(_ catalog, _ *string, rules *ruleFile, _ *dashboard) {
			plant(&rules.Groups[1].Rules[1].Expr, "rate5m", "rate1m")
		}, `rule HighPacketLoss: there is no metric job_instance_mode:udplab_transport_lost_packets:ratio_rate1m`},
		{func(c catalog, _ *string, _ *ruleFile, _ *dashboard) {
			c["udplab_proxy_new_total"] = map[string][]string{}
		}, `udplab_proxy_new_total: exported, and no panel shows it
udplab_proxy_new_total: exported, and METRICS.md does not say what it is`},
		{func(_ catalog, document *string, _ *ruleFile, _ *dashboard) {
			plant(document, "`udplab_proxy_flows`", "`udplab_proxy_clients`")
		}, `METRICS.md, udplab_proxy_clients: there is no metric udplab_proxy_clients
udplab_proxy_flows: exported, and METRICS.md does not say what it is`},
	} {
		names, document, rules, d := newCatalog(ourFamilies(t)), readDocument(t), readRules(t), readDashboard(t)
		c.plant(names, &document, &rules, &d)
		if got := strings.Join(problems(names, document, rules, d), "\n"); got != c.want {
			t.Errorf("got\n%s\nwant\n%s", got, c.want)
		}
	}
}

// What makes a dashboard importable everywhere, and readable.
func TestDashboardForm(t *testing.T) {
	d := readDashboard(t)
	if d.UID != "udplab" || d.SchemaVersion < 39 || d.SchemaVersion > 41 || d.Inputs != nil {
		t.Errorf("uid %q, schema %d, inputs %v; want a fixed uid, a schema every Grafana since 10 reads, and none", d.UID, d.SchemaVersion, d.Inputs)
	}
	if d.Templating.List[0].Name != "datasource" || d.Templating.List[0].Type != "datasource" {
		t.Errorf("the first variable is %+v, want the datasource", d.Templating.List[0])
	}
	ids, cells := map[int]bool{}, map[[2]int]string{}
	for _, p := range d.Panels {
		if ids[p.ID] {
			t.Errorf("two panels have the id %d", p.ID)
		}
		ids[p.ID] = true
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := cells[[2]int{x, y}]; other != "" || x >= 24 {
					t.Fatalf("panel %q lies on %q, or outside", p.Title, other)
				}
				cells[[2]int{x, y}] = p.Title
			}
		}
		if p.Type == "row" {
			continue
		}
		if p.Title == "" || len(p.Description) < 30 || p.FieldConfig.Defaults.Unit == "" || len(p.Targets) == 0 || p.Datasource.UID != "${datasource}" {
			t.Errorf("panel %q lacks a title, a description, a unit, a query or the datasource", p.Title)
		}
		for _, target := range p.Targets {
			for _, window := range regexp.MustCompile(`\[[^\]]*\]`).FindAllString(target.Expr, -1) {
				if window != "[$__rate_interval]" {
					t.Errorf("panel %q has the window %s: only $__rate_interval fits every scrape interval", p.Title, window)
				}
			}
			if !strings.Contains(target.Expr, `job=~"$job", instance=~"$instance"`) || target.Datasource.UID != "${datasource}" {
				t.Errorf("panel %q, query %s, does not obey the variables", p.Title, target.RefID)
			}
		}
	}
}

// An alert says how bad it is and what to do, waits before it fires, and has a
// test in which it does.
func TestAlertForm(t *testing.T) {
	var file struct {
		Tests []struct {
			Alerts []struct {
				Name string `yaml:"alertname"`
				Want []any  `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		}
	}
	readYAML(t, "tests/udplab_test.yml", &file)
	fires := map[string]bool{}
	for _, test := range file.Tests {
		for _, a := range test.Alerts {
			fires[a.Name] = fires[a.Name] || len(a.Want) > 0
		}
	}
	readme, err := os.ReadFile(filepath.Join(grafanaDir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	alerts := 0
	for _, g := range readRules(t).Groups {
		for _, r := range g.Rules {
			if r.Alert == "" {
				continue
			}
			alerts++
			if r.For == "" || !slices.Contains([]string{"warning", "critical"}, r.Labels["severity"]) || r.Annotations["summary"] == "" || r.Annotations["description"] == "" {
				t.Errorf("%s lacks a time, a severity, a summary or a description", r.Alert)
			}
			if !fires[r.Alert] {
				t.Errorf("%s fires in no test", r.Alert)
			}
			if row := fmt.Sprintf("\n| %s | %s |", r.Alert, r.Labels["severity"]); !bytes.Contains(readme, []byte(row)) {
				t.Errorf("README.md has no row %q", row)
			}
		}
	}
	if rows := bytes.Count(readme, []byte("| warning |")) + bytes.Count(readme, []byte("| critical |")); alerts < 10 || rows != alerts {
		t.Errorf("%d alerts, and README.md has %d", alerts, rows)
	}
}

// promtool runs Prometheus's own checker in the folder of the rules. Without it
// the test is skipped, except in CI, which must not lose it unnoticed.
func promtool(t *testing.T, args ...string) (out []byte, err error) {
	t.Helper()
	program, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("promtool is not installed, and CI must have it: apt-get install prometheus")
		}
		t.Skip("promtool is not installed (Debian package prometheus): rules and alerts are not tested")
	}
	cmd := exec.Command(program, args...)
	cmd.Dir = grafanaDir
	return cmd.CombinedOutput()
}

func TestPrometheusTakesConfigAndRules(t *testing.T) {
	for _, args := range [][]string{
		{"check", "config", "prometheus.yml"},
		{"check", "rules", "--lint=all", "--lint-fatal", "rules/udplab.rules.yml", "rules/udplab.alerts.yml"},
		{"test", "rules", "tests/udplab_test.yml"},
	} {
		if out, err := promtool(t, args...); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

// The tests of the alerts can fail: with any threshold or time made different,
// one does.
func TestAlertTestsSeeAWrongThreshold(t *testing.T) {
	alerts, err := os.ReadFile(filepath.Join(grafanaDir, "rules", "udplab.alerts.yml"))
	if err != nil {
		t.Fatal(err)
	}
	wrong := bytes.Replace(alerts, []byte("ratio_rate5m > 0.05"), []byte("ratio_rate5m > 0.03"), 1)
	if bytes.Equal(wrong, alerts) {
		t.Fatal("HighPacketLoss has another threshold: plant another mistake")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "udplab.alerts.yml"), wrong, 0o600); err != nil {
		t.Fatal(err)
	}
	absolute, err := filepath.Abs(grafanaDir)
	if err != nil {
		t.Fatal(err)
	}
	tests, err := os.ReadFile(filepath.Join(grafanaDir, "tests", "udplab_test.yml"))
	if err != nil {
		t.Fatal(err)
	}
	tests = bytes.Replace(tests, []byte("../rules/udplab.rules.yml"), []byte(filepath.Join(absolute, "rules", "udplab.rules.yml")), 1)
	tests = bytes.Replace(tests, []byte("../rules/udplab.alerts.yml"), []byte(filepath.Join(dir, "udplab.alerts.yml")), 1)
	file := filepath.Join(dir, "test.yml")
	if err := os.WriteFile(file, tests, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := promtool(t, "test", "rules", file); err == nil || !bytes.Contains(out, []byte("HighPacketLoss")) {
		t.Errorf("with a threshold of 3 %% the tests say %v\n%s", err, out)
	}
}
