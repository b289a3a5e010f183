// Package scenario is timelines of a network: what changes when. It reads them,
// checks all that can happen, and says what is due; it knows no clock and no
// socket, so that the same scenario runs in virtual time and on a real proxy.
//
// A scenario is JSON (files may be YAML, which the command reads):
//
//	{
//	  "name": "evening",
//	  "about": "fills up, breaks off, recovers",
//	  "resolution": "100ms",
//	  "until": "10m",
//	  "steps": [
//	    {"mark": "quiet", "set": {"delay": "20ms", "down": {"rate": "10mbit"}}, "for": "30s"},
//	    {"ramp": {"loss": {"from": "0%", "to": "5%"}, "down": {"rate": "1mbit"}}, "for": "1m"},
//	    {"wave": {"delay": {"shape": "sine", "low": "20ms", "high": "80ms", "period": "10s"}}, "for": "1m"},
//	    {"loop": 3, "steps": [
//	      {"blackout": "2s", "for": "10s"},
//	      {"rebind": true, "for": "5s"}
//	    ]},
//	    {"at": "5m", "mark": "recovered", "reset": true}
//	  ]
//	}
//
// # The scenario
//
//	name, about  for people
//	resolution   between two points of ramps and waves, 100ms; at least 1ms
//	until        when it ends: a time, "forever", or so many datagrams of a
//	             direction, {"up": 1000}, as soon as either has them, unless its
//	             steps end before. Without it, when its steps end.
//	steps        what happens, one after the other
//
// At its end everything stays as it is.
//
// # Steps
//
// A step begins when the one before it ends, or at "at", which counts from the
// begin of the list it stands in and cannot lie before that. It lasts for "for",
// otherwise for no time. As it begins, in this order:
//
//	mark       "text"            stands in the log
//	reset      true              back to the settings it began with: both profiles,
//	                             enabled, upstream, and no blackout
//	enabled    true or false     whether anything passes at all
//	upstream   "host:port"       another service (proxies only)
//	set        {"loss": "5%"}    settings by the words of the flags, for both
//	                             directions or under "up" and "down"
//	ramp       {"loss": "10%"}   from the value there is to another, over "for"
//	wave       {"delay": {...}}  to and fro between two values, during "for"
//	blackout   "3s"              nothing passes for so long, whatever the step's
//	                             "for"; {"for": "3s", "direction": "up"}
//	rebind     true              other ports towards the service (proxies only)
//
// "resolution" in a step holds for its ramps and waves.
//
// A ramp is of any setting that is a number: percentages, times, rates, counts. It
// is the value to arrive at, or {"from": ..., "to": ..., "curve": ...}. "linear"
// goes by equal differences, "geometric" by equal ratios: halfway from 100kbit to
// 10mbit lies 1mbit. Without "from" it begins with what the scenario has set, or
// found. 0 is no end of a ramp where it means something else than nothing, as in
// "rate", "mtu" and "burst".
//
// A wave is {"shape": ..., "low": ..., "high": ..., "period": ...}. A sine (the
// default), a saw, a square and a triangle all begin at low; a saw rises and drops,
// a square stays low for the first half of the period. Their edges are exact
// whatever the resolution.
//
// Values of ramps and waves are computed from the time alone and rounded: see
// settings.Field.Between. At the end of a ramp stands its "to", exactly.
//
// # Loops
//
// {"loop": 3, "steps": [...]}, or "forever". What is repeated must take 1 ms at
// least, and change something. "for" ends a loop early: nothing in it begins from
// then on. Loops may stand in loops, four deep.
//
// # Checks
//
// Parse refuses what is not in order by itself. Start goes through all that can
// happen, each point of each ramp included, over the settings that the scenario
// begins with, and refuses what would not be valid at any time. Values that name
// files are refused, unless they are in force or bring along what is in the file,
// {"value": "trace:losses.csv", "content": "0 0 1"}, which Bring has them do.
//
// # Playing it
//
// A Player is driven by its caller: see there. PlayLinks drives links in virtual
// time; package play an in-memory Network; proxy.Proxy.Play a proxy. All make the
// same changes between the same datagrams.
//
// # Limits
//
// A scenario has at most 100,000 steps and points of ramps and waves, those in a loop
// counted twice, however often it runs. There is one timeline: what is to move at the same time stands in one step.
package scenario
