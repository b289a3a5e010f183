package main

import (
	"fmt"
	"math"
	"strings"
	"text/tabwriter"
	"time"

	"udplab/lossy/netem"
)

// explanationText is what netem does with a line, for people.
func explanationText(r *netem.Report, direction string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "netem %s\n%g datagrams of %d bytes a second\n\n", r.Netem, r.Traffic.PPS, r.Traffic.Size)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	row := func(what, asked, gives string) { fmt.Fprintf(w, "%s\t%s\t%s\n", what, asked, gives) }
	row("", "asked", "netem gives")
	if l := r.Loss; l != nil {
		row("loss", askedLoss(l), shareText(l.Gives)+less(l.Asked, l.Gives, l.Model))
		row("losses in a row", "", bursts(l))
	}
	for _, e := range []struct {
		what  string
		event *netem.Event
	}{{"duplicate", r.Duplicate}, {"corrupt", r.Corrupt}, {"sent at once", r.AtOnce}} {
		if e.event != nil {
			asked := askedEvent(e.event)
			if e.event.Gap > 1 {
				asked += fmt.Sprintf(" gap %d", e.event.Gap)
			}
			row(e.what, asked, shareText(e.event.Gives))
		}
	}
	if d := r.Delay; d != nil {
		delayRows(row, d)
	}
	if p := r.Replay; p != nil {
		row("arrive behind a later one", "", shareText(p.Reordered))
		row("dropped by the limit", "", shareText(p.Limit))
		row("lost in all", "", shareText(p.Lost)+fmt.Sprintf(" of %d replayed", p.Packets))
	}
	w.Flush() // into memory, which cannot fail
	ways := map[string]string{"both": "both directions", "up": "what clients send", "down": "what comes back"}[direction]
	equivalentText(&b, "what the words say, "+ways, &r.Meant)
	equivalentText(&b, "what netem does, "+ways, &r.Imitated)
	return strings.TrimRight(b.String(), "\n")
}

func delayRows(row func(what, asked, gives string), d *netem.Delay) {
	jitter := ""
	switch {
	case d.AskedJitter > 0 && d.Distribution == "uniform":
		jitter = "±" + milliseconds(d.AskedJitter)
	case d.AskedJitter > 0:
		jitter = "sd " + milliseconds(d.AskedJitter) + " " + d.Distribution
	}
	row("delay, mean", milliseconds(d.AskedMean), milliseconds(d.Mean))
	if jitter == "" {
		return
	}
	row("delay, spread", jitter, "sd "+milliseconds(d.SD))
	row("delay, range", "", milliseconds(d.Min)+" to "+milliseconds(d.Max))
	if d.Correlation > 0 {
		row("delay, correlation", shareText(d.Correlation), fmt.Sprintf("%.0f%%", math.Round(d.Neighbours*100)+0)) // -0 + 0 is 0
	}
}

func equivalentText(b *strings.Builder, title string, e *netem.Equivalent) {
	fmt.Fprintf(b, "\n%s:\n", title)
	switch {
	case e.Refused != "":
		fmt.Fprintf(b, "  cannot be done: %s\n", e.Refused)
	case e.Flags == "":
		b.WriteString("  no flags: a perfect wire\n")
	default:
		fmt.Fprintf(b, "  %s\n", e.Flags)
	}
	for _, n := range e.Notices {
		fmt.Fprintf(b, "  %s\n", n)
	}
}

func askedLoss(l *netem.LossFigures) string {
	if l.Model != "random" {
		return l.Model
	}
	return askedEvent(&l.Event)
}

func askedEvent(e *netem.Event) string {
	if e.Correlation > 0 {
		return shareText(e.Asked) + " " + shareText(e.Correlation)
	}
	return shareText(e.Asked)
}

// less says by how much netem falls short, where that is much.
func less(asked, gives float64, model string) string {
	if model != "random" || gives > asked*0.95 {
		return ""
	}
	if gives < asked/1000 {
		return ", next to nothing"
	}
	return fmt.Sprintf(", 1 in %.2g of those", asked/gives)
}

func bursts(l *netem.LossFigures) string {
	switch {
	case l.MeanBurst < 0:
		return "without end"
	case l.Gives == 0:
		return "none"
	}
	text := fmt.Sprintf("%.3g on average", l.MeanBurst)
	for i, share := range l.Longer {
		if share >= 0.0005 {
			text += fmt.Sprintf(", %s above %d", shareText(share), i+1)
		}
	}
	return text
}

// shareText is a share in three digits.
func shareText(share float64) string {
	if share > 0 && share < 1e-5 {
		return "less than 0.001%"
	}
	return fmt.Sprintf("%.3g%%", share*100)
}

func milliseconds(ms float64) string {
	return time.Duration(ms * float64(time.Millisecond)).Round(time.Microsecond).String()
}
