package demo

import (
	"fmt"
	"strings"
)

// A Verdict says in plain words what a Result shows. Every sentence follows
// from its numbers.
type Verdict struct {
	Points     []Point
	Conclusion string
}

// A Point is one thing a network does to datagrams: what it did to the messages
// of raw mode, and how reliable mode dealt with it.
type Point struct {
	Challenge string
	Raw       string
	Reliable  string
}

// Judge words the verdict on a result. It is pure.
func Judge(r *Result) Verdict {
	raw, rel := &r.Raw, &r.Reliable
	v := Verdict{Conclusion: conclusion(r)}
	if raw.Sent+rel.Sent == 0 {
		return v
	}
	v.Points = append(v.Points, Point{"loss", rawLoss(raw), reliableLoss(rel)})
	if raw.Delivered+raw.Corrupt+rel.Delivered+rel.Corrupt > 0 {
		v.Points = append(v.Points,
			Point{"reordering", rawReordering(raw), reliableReordering(rel)},
			Point{"duplication", rawDuplication(raw), reliableDuplication(rel)},
			Point{"corruption", rawCorruption(raw), reliableCorruption(rel)},
			Point{"delay", rawDelay(raw), reliableDelay(raw, rel)},
		)
	}
	v.Points = append(v.Points,
		Point{"congestion", rawCongestion(raw), reliableCongestion(rel)},
		Point{"cost", rawCost(raw), reliableCost(raw, rel)},
	)
	return v
}

func rawLoss(h *Half) string {
	if h.Lost == 0 {
		return fmt.Sprintf("All %s arrived. Had one not, nobody would have been told.", number(h.Sent, "message"))
	}
	return fmt.Sprintf("%d of %s never arrived, and the sender was not told.", h.Lost, number(h.Sent, "message"))
}

func reliableLoss(h *Half) string {
	if h.Error != "" && h.Lost > 0 {
		return fmt.Sprintf("%d of %s were not delivered, and the sender knows why: %s.", h.Lost, number(h.Sent, "message"), h.Error)
	}
	if h.Lost > 0 {
		return fmt.Sprintf("%d of %s were not delivered when the run ended.", h.Lost, number(h.Sent, "message"))
	}
	drops := h.Network.Lost + h.Network.QueueDrops + h.Network.OtherDrops
	switch {
	case drops == 0 && h.Retransmits == 0:
		return fmt.Sprintf("All %s arrived, and the sender knows it.", number(h.Sent, "message"))
	case drops == 0:
		return fmt.Sprintf("All %s arrived, and the sender knows it. %s sent again.",
			number(h.Sent, "message"), were(h.Retransmits, "message frame"))
	case h.Retransmits == 0:
		return fmt.Sprintf("The network dropped %d of its %s, none with a message in it. All %s arrived, and the sender knows it.",
			drops, number(h.Network.Datagrams, "datagram"), number(h.Sent, "message"))
	}
	return fmt.Sprintf("The network dropped %d of its %s. Acknowledgments showed the gaps, %s sent again, and all %s arrived.",
		drops, number(h.Network.Datagrams, "datagram"), were(h.Retransmits, "message frame"), number(h.Sent, "message"))
}

func rawReordering(h *Half) string {
	if h.OutOfOrder == 0 {
		return "Nothing arrived out of order."
	}
	return fmt.Sprintf("%s arrived after one that was sent later.", number(h.OutOfOrder, "message"))
}

func reliableReordering(h *Half) string {
	if h.OutOfOrder > 0 {
		return fmt.Sprintf("%s reached the application out of order: a broken promise.", number(h.OutOfOrder, "message"))
	}
	switch {
	case h.Network.Reordered == 0 && h.Retransmits == 0:
		return "Nothing to put in order."
	case h.Network.Reordered == 0:
		return "Nothing to put in order but what was repaired."
	}
	return fmt.Sprintf("%s overtaken. Messages were held until those before them were there: none out of order.",
		were(h.Network.Reordered, "datagram"))
}

func rawDuplication(h *Half) string {
	if h.Duplicate == 0 {
		return "Nothing arrived twice."
	}
	return fmt.Sprintf("%s too many reached the application.", copies(h.Duplicate))
}

func reliableDuplication(h *Half) string {
	if h.Duplicate > 0 {
		return fmt.Sprintf("%s too many reached the application: a broken promise.", copies(h.Duplicate))
	}
	switch {
	case h.Network.Duplicated == 0 && h.Retransmits == 0:
		return "No copies to drop."
	case h.Network.Duplicated == 0:
		return "No copies to drop but its own repetitions."
	}
	return fmt.Sprintf("%s doubled. Every packet and message number counts once: no copy reached the application.",
		were(h.Network.Duplicated, "datagram"))
}

func rawCorruption(h *Half) string {
	if h.Corrupt == 0 {
		return "Nothing arrived damaged."
	}
	return fmt.Sprintf("%s arrived damaged; without the checksum added for this count nobody would know.", number(h.Corrupt, "message"))
}

func reliableCorruption(h *Half) string {
	if h.Corrupt > 0 {
		return fmt.Sprintf("%s arrived damaged: a broken promise.", number(h.Corrupt, "message"))
	}
	if h.Network.Corrupted == 0 {
		return "No damage to find."
	}
	return fmt.Sprintf("%s damaged: found out by checksum, dropped, and repaired like a loss.",
		were(h.Network.Corrupted, "datagram"))
}

func rawDelay(h *Half) string {
	if h.Delivered == 0 {
		return "Nothing arrived that could be timed."
	}
	return fmt.Sprintf("What arrived took %s at the median (p50), %s at p99.",
		h.Latency.P50.String(), h.Latency.P99.String())
}

func reliableDelay(raw, rel *Half) string {
	if rel.Delivered == 0 {
		return "Nothing arrived that could be timed."
	}
	s := fmt.Sprintf("p50 %s, p99 %s", rel.Latency.P50.String(), rel.Latency.P99.String())
	if raw.Delivered == 0 {
		return s + "."
	}
	if rel.Latency.P99 > 1.5*raw.Latency.P99 {
		return s + ": order has a price, a message waits for the repair of those before it, and for the sender's turn."
	}
	return s + ": hardly more than raw."
}

func rawCongestion(h *Half) string {
	s := fmt.Sprintf("%s left on schedule, whatever became of those before.", number(h.Network.Datagrams, "datagram"))
	if h.Network.QueueDrops > 0 {
		s += fmt.Sprintf(" The link was too slow for them: its queue overflowed %s.", times(h.Network.QueueDrops))
	}
	return s
}

func reliableCongestion(h *Half) string {
	if h.Delivered == 0 {
		return fmt.Sprintf("%s left, and then it held back: nothing answered.", number(h.Network.Datagrams, "datagram"))
	}
	s := fmt.Sprintf("%s, acknowledgments included, for %s: it sends less while the network drops more.",
		number(h.Network.Datagrams, "datagram"), number(h.Delivered, "message"))
	if h.Network.Lost+h.Network.QueueDrops == 0 {
		s = fmt.Sprintf("%s, acknowledgments included, for %s: nothing was dropped, nothing had to slow down.",
			number(h.Network.Datagrams, "datagram"), number(h.Delivered, "message"))
	}
	if h.Network.QueueDrops > 0 {
		s += fmt.Sprintf(" The link's queue overflowed %s.", times(h.Network.QueueDrops))
	}
	return s
}

func rawCost(h *Half) string {
	if h.Delivered == 0 {
		return fmt.Sprintf("%s on the wire for nothing.", number(h.WireBytes, "byte"))
	}
	return fmt.Sprintf("%.2f bytes on the wire for each byte delivered.", h.WirePerPayload())
}

func reliableCost(raw, rel *Half) string {
	if rel.Delivered == 0 {
		return fmt.Sprintf("%s on the wire for nothing.", number(rel.WireBytes, "byte"))
	}
	s := fmt.Sprintf("%.2f bytes on the wire for each byte delivered", rel.WirePerPayload())
	if raw.Delivered > 0 {
		s += fmt.Sprintf(" (%+.0f%% against raw)", 100*(rel.WirePerPayload()/raw.WirePerPayload()-1))
	}
	return s + fmt.Sprintf(", and %s to open the connection.", rel.Connect.String())
}

// conclusion is the one sentence for each mode that matters.
func conclusion(r *Result) string {
	var s strings.Builder
	rel, raw := &r.Reliable, &r.Raw
	switch {
	case rel.Sent == 0:
		s.WriteString("Nothing was sent.")
	case rel.ExactlyOnce():
		fmt.Fprintf(&s, "Reliable: all %s delivered exactly once, in order and intact.", number(rel.Sent, "message"))
	default:
		fmt.Fprintf(&s, "Reliable: %d of %s delivered.", rel.Delivered, number(rel.Sent, "message"))
	}
	if raw.Sent > 0 {
		fmt.Fprintf(&s, " Raw: %d of %d delivered", raw.Delivered, raw.Sent)
		for _, fault := range []struct {
			n    int
			word string
		}{{raw.OutOfOrder, "late"}, {raw.Duplicate, "twice"}, {raw.Corrupt, "damaged"}} {
			if fault.n > 0 {
				fmt.Fprintf(&s, ", %d %s", fault.n, fault.word)
			}
		}
		s.WriteString(".")
	}
	if !r.Complete {
		s.WriteString(" The run was cut short.")
	}
	return s.String()
}
