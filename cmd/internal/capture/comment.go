package capture

import (
	"fmt"
	"strings"
	"time"

	"udplab/lossy"
)

// comment says what became of a packet.
func (p *packet) comment() string {
	var words []string
	add := func(format string, args ...any) { words = append(words, fmt.Sprintf(format, args...)) }
	v := &p.verdict
	switch {
	case p.astray:
		add("dropped: nat, the port it was for had ended")
	case !p.known && !p.out:
		add("no verdict yet when the capture ended")
	case v.Drop == lossy.CauseRule:
		add("dropped: rule %d", v.Rule)
	case v.Drop != lossy.CauseNone:
		add("dropped: %v", v.Drop)
	case p.out:
		add("delayed %s", milliseconds(p.took))
	default:
		add("passes")
	}
	if p.known && v.Drop == lossy.CauseNone {
		words = append(words, p.changes()...)
	}
	add("index %d", p.index)
	if p.known && v.Shared {
		add("turn %d", v.Turn)
	}
	add("%s", p.lane.label)
	return strings.Join(words, ", ")
}

// changes says what else the verdict has in store for a packet, or has done to
// the copy that left.
func (p *packet) changes() (words []string) {
	add := func(format string, args ...any) { words = append(words, fmt.Sprintf(format, args...)) }
	v := &p.verdict
	if !p.out && v.Delay > 0 {
		add("delay %s", milliseconds(v.Delay))
	}
	if !p.out && v.Wait > 0 {
		add("wait %s", milliseconds(v.Wait))
	}
	switch {
	case v.Copies > 1 && p.out:
		add("duplicate %d of %d", p.copy+1, max(v.Copies, p.copy+1))
	case v.Copies > 1:
		add("%d copies", v.Copies)
	}
	if v.Corrupt {
		add("%s", damage(v, p.original))
	}
	if v.AtOnce {
		add("sent at once")
	}
	if v.By > 0 {
		add("displaced by %d", v.By)
	}
	if v.Hold > 0 {
		add("held %s", milliseconds(v.Hold))
	}
	if p.out && p.mark == lossy.CE || !p.out && v.Marked {
		add("marked CE")
	}
	return words
}

// damage says what was done to a payload of that size.
func damage(v *lossy.Verdict, size int) string {
	places := v.DamagedAt(nil, size)
	list := strings.Trim(fmt.Sprint(places), "[]")
	several := ""
	if len(places) > 1 {
		several = "s"
	}
	switch v.Damage.Kind {
	case lossy.DamageBits:
		return "corrupted bit" + several + " " + list
	case lossy.DamageBytes:
		return "corrupted byte" + several + " " + list
	case lossy.DamageTruncate:
		return "truncated to " + list + " bytes"
	}
	return "extended by " + list + " bytes"
}

// milliseconds writes a time as people measure networks.
func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.4g ms", float64(d)/float64(time.Millisecond))
}
