package metrics

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
)

// A catalog is what queries may speak of: the metrics by name, each with its
// labels and their values.
type catalog map[string]map[string][]string

// newCatalog is what a scrape shows, as series: a histogram is three.
func newCatalog(families []*dto.MetricFamily) catalog {
	c := catalog{}
	for _, f := range families {
		labels := map[string][]string{}
		for _, m := range f.GetMetric() {
			for _, pair := range m.GetLabel() {
				labels[pair.GetName()] = append(labels[pair.GetName()], pair.GetValue())
			}
		}
		if f.GetType() != dto.MetricType_HISTOGRAM {
			c[f.GetName()] = labels
			continue
		}
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			c[f.GetName()+suffix] = labels
		}
	}
	return c
}

// A query is an expression of PromQL and where it stands.
type query struct{ place, expr string }

// Labels that Prometheus itself adds, or a histogram has.
var foreignLabels = []string{"job", "instance", "le", "alertname", "alertstate", "severity"}

var (
	// A name with what makes it one: a selector, a list of labels, or a call.
	queryName = regexp.MustCompile(`([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(\{[^}]*\}|\([^()]*\)|\()?`)
	// What holds names that are none: durations, strings, numbers.
	queryNoise = regexp.MustCompile(`\[[^\]]*\]|\b[0-9][0-9a-zA-Z.]*`)
	matcher    = regexp.MustCompile(`([a-zA-Z_]+)\s*(=~|!~|!=|=)\s*"([^"]*)"`)
)

// check says what a query speaks of that is not in the catalog, and notes in
// used which metrics it reads. It knows as much of PromQL as our queries use.
func (c catalog) check(q query, used map[string]bool) (problems []string) {
	complain := func(format string, args ...any) {
		problems = append(problems, q.place+": "+fmt.Sprintf(format, args...))
	}
	known := func(label string) bool {
		if slices.Contains(foreignLabels, label) {
			return true
		}
		for _, labels := range c {
			if labels[label] != nil {
				return true
			}
		}
		return false
	}
	expr := queryNoise.ReplaceAllString(q.expr, " ")
	for expr != "" {
		at := queryName.FindStringSubmatchIndex(expr)
		if at == nil {
			break
		}
		name, tail := expr[at[2]:at[3]], ""
		if at[4] >= 0 {
			tail = expr[at[4]:at[5]]
		}
		next := at[1]
		switch {
		case slices.Contains([]string{"by", "without", "on", "ignoring", "group_left", "group_right"}, name):
			for label := range strings.SplitSeq(strings.Trim(tail, "()"), ",") {
				if label = strings.TrimSpace(label); label != "" && !known(label) {
					complain("no metric has the label %s", label)
				}
			}
		case strings.HasPrefix(tail, "("): // a call: go on with its arguments
			next = at[4] + 1
		case slices.Contains([]string{"and", "or", "unless", "sum", "min", "max"}, name):
			next = at[3]
		case c[name] == nil:
			complain("there is no metric %s", name)
		default:
			used[name] = true
			for _, m := range matcher.FindAllStringSubmatch(tail, -1) {
				for _, problem := range c.checkMatcher(name, m[1], m[3]) {
					complain("%s", problem)
				}
			}
		}
		expr = expr[next:]
	}
	return problems
}

// checkMatcher looks at one label of a selector. Its values are words or a list
// of them; what a variable of the dashboard stands for is not known here.
func (c catalog) checkMatcher(name, label, values string) (problems []string) {
	if slices.Contains(foreignLabels, label) || strings.Contains(values, "$") {
		return nil
	}
	if c[name][label] == nil {
		return []string{fmt.Sprintf("%s has no label %s", name, label)}
	}
	for value := range strings.SplitSeq(values, "|") {
		if !slices.Contains(c[name][label], value) {
			problems = append(problems, fmt.Sprintf("no series of %s has %s=%q", name, label, value))
		}
	}
	return problems
}
