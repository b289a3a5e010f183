// Package control lets people and programs watch and change running proxies
// over HTTP, in the shape toxiproxy made familiar, with its silent failures
// made loud.
//
//	GET    /proxies                         every proxy by name
//	POST   /proxies                         open one: 201
//	PUT    /proxies                         have these proxies and no others
//	GET    /proxies/{name}                  one of them
//	PATCH  /proxies/{name}                  change it, all of it or nothing
//	POST   /proxies/{name}                  the same but for its toxics, as toxiproxy's clients do
//	DELETE /proxies/{name}                  close it: 204
//	GET    /proxies/{name}/stats            what it has done so far
//	GET    /proxies/{name}/flows            its clients, each with its port and counts; ?limit=
//	GET    /proxies/{name}/events           what happens to it, as it happens; ?stats=
//	GET    /events                          the same of all proxies
//	POST   /proxies/{name}/rebind           give every flow another port towards the service
//	POST   /proxies/{name}/blackout         have nothing pass for a while, from now on
//	POST   /proxies/{name}/scenario         play a scenario, in place of another
//	GET    /proxies/{name}/scenario         how far it has come
//	DELETE /proxies/{name}/scenario         stop it; ?restore=true puts the settings back
//	GET    /proxies/{name}/toxics           its toxics, those of upstream in front
//	POST   /proxies/{name}/toxics           add one
//	GET    /proxies/{name}/toxics/{toxic}   one of them
//	PATCH  /proxies/{name}/toxics/{toxic}   change it; POST does the same
//	DELETE /proxies/{name}/toxics/{toxic}   remove it: 204
//	POST   /populate                        open these proxies, or change those that are there: 201
//	POST   /reset                           enable all, remove all toxics, end scenarios and blackouts of now: 204
//	GET    /presets                         networks by name
//	GET    /presets/{name}                  one of them
//	GET    /version                         {"version": "...", "server": "udplab"}
//	GET    /ready                           503 if datagrams leave too late, see proxy.Ready
//
// Where nothing else is said the answer is 200 with what there is now. Errors are
// {"error": "...", "status": n}: 400 for a field that does not exist, stands twice
// or has no valid value, with its path, such as toxics.0.attributes.latancy; 404
// for a proxy, toxic or path that is not there; 405 for another method; 409 for a
// name that is taken, two toxics that want the same setting, an address that the
// system refuses, or more than [MaxProxies] proxies. Whatever is refused has
// changed nothing.
//
// # Proxies
//
// A proxy is a JSON object with the words and units of the flags of
// `udplab proxy`: a field at the top level holds for both directions, one
// under "up" or "down" for that direction and over the common one.
//
//	{"name": "dns", "listen": "127.0.0.1:5300", "upstream": "127.0.0.1:53",
//	 "loss": "5%", "down": {"delay": "40ms", "rate": "10mbit"}, "enabled": true,
//	 "toxics": [{"type": "latency", "attributes": {"latency": 100}}]}
//
// Besides those of the network there are "name", "listen" (without it any port
// of 127.0.0.1), "upstream", "enabled", "seed" (random without it), "nat-timeout",
// "rebind-every", "toxics" and "protocol", which is "udp". A PATCH names what is to
// change, by the same words:
//
//	{"loss": "20%", "up": {"blackout": "every=60s,for=200ms"}}
//
// It holds for what is read from now on. Besides, another "rate" or "link-trace" holds
// for what waits in a queue, at once: "0" empties it behind the datagram being sent.
// Another "listen" opens the proxy anew there, where its flows and counts begin
// anew; if it cannot be, the proxy stays where it was. Another "upstream" lets the
// flows go on. Disabled, a proxy keeps its socket and drops what it reads.
// What GET shows may be sent back: "up" and "down" are the base settings, without
// the toxics. "warnings" tells what settings do that their figures do not say, such
// as the true rates of netem-compat, and which do nothing for want of another; it may
// come back and is passed over. So may "dark", which is there while a blackout of now
// lasts: how much longer, by direction.
//
// "preset" names a network of package presets, or is a scenario of
// quic-network-simulator. It replaces every setting of both directions and the
// NAT's, so that nothing of an earlier state remains, ends a scenario that is being
// played, and begins its own if it has one. Toxics, the seed and whether the proxy is
// enabled stay. The other fields of the object then change it:
//
//	{"preset": "lte", "up": {"loss": "3%"}}
//
// PUT takes an array of proxies, or an object of them by name as GET /proxies
// shows it; see [Fleet.Put]: sent again it changes nothing, and flows go on. POST
// /populate takes the same and answers {"proxies": [...]}; see [Fleet.Populate].
// Both are all or nothing, and so are the toxics in them and in POST /proxies.
//
// A POST to scenario carries a scenario: see package scenario for its form. It moves
// the settings of the proxy, which stay as they are when it ends or is stopped, and
// leaves toxics alone. As field "scenario" of a proxy it begins when that opens; with
// PUT one that is being played already goes on, and what it has moved is left alone
// as long as the rest of the proxy is as it was when it began. A proxy that moves to another
// address, and /reset, end it.
//
// A POST to rebind carries {}, one to blackout {"for": "3s"}, or {"for": "3s",
// "direction": "up"} for one direction; "0s" ends it.
//
// A model that is in a file is sent with what is in it, for no request has a file of
// this machine opened:
//
//	{"up": {"delay-distribution": {"value": "cdf:delays.csv",
//	  "content": "10ms 0%\n20ms 50%\n90ms 100%\n"}}}
//
// "value" is what the flag would say. The name in it is for people: GET shows the
// value alone, which may be sent back as long as it is in force, and is refused
// otherwise. So it is with loss-model, delay-distribution and link-trace, for proxies,
// in scenarios and in toxics, which show the content, too. A content has 2 MiB at
// most ([settings.MaxContent]). udplab ctl reads files where it runs, and sends them so.
//
// # Toxics
//
// A toxic is settings of one direction under a name, laid over the base settings
// for as long as the proxy has it. Stream "upstream" is up, "downstream" down.
//
//	{"name": "slow", "type": "latency", "stream": "downstream", "toxicity": 1.0,
//	 "attributes": {"latency": 100, "jitter": 10}}
//
// Without a name it is called TYPE_STREAM, without a stream it is for downstream,
// without a toxicity for every flow. A PATCH has "toxicity", "attributes" or both;
// attributes that it does not name stay. Types of toxiproxy, whose attributes are
// numbers:
//
//	latency      latency, jitter in ms; uniform, and in order. jitter <= latency
//	bandwidth    rate in KB/s of 1000 bytes; 0 = unlimited
//	packet_loss  loss_rate and correlation, 0..1; the mean is loss_rate whatever the
//	             correlation is, see lossy.CorrelatedLoss
//	timeout      timeout 0: nothing passes until the toxic goes
//
// and ours, whose attributes are settings by the words of the flags:
//
//	loss         loss, burst, loss-model, loss-burst-cap, loss-after-queue, shared-model
//	delay        delay, jitter, delay-distribution, jitter-reorder
//	reorder      reorder, reorder-by, reorder-hold, reorder-gap
//	duplicate    duplicate, duplicate-copies, duplicate-delay
//	corrupt      corrupt, corrupt-how
//	bottleneck   policer, rate, link-trace, overhead, queue, queue-discipline, ecn,
//	             shared-bottleneck
//	blackout     blackout
//	mtu          mtu
//	drop         drop
//	netem        netem-compat
//
// A toxicity between 0 and 1 is a share of the flows, not of the datagrams: each
// flow has the toxic for as long as it lasts or never, by one draw from the seed,
// the flow and the name of the toxic. Every combination that a flow may have must
// be valid; see proxy.Overlay.
//
// # Flows
//
// GET flows shows the flows that are alive (udplab/proxy-flows/v1), those with the
// latest datagrams first, 100 of them unless ?limit= says otherwise, which may be
// up to 1000; "total" is how many there are. A flow has its number or name, the
// client's address, the port that the service sees, its age and how long it has
// been idle, counts each way, and the toxics
// ("overlays") that it has.
//
// # Events
//
// GET events answers with server-sent events, as browsers and `curl -N` have
// them. The name of an event is its kind (see [EventKind]), the data an object of
// the schema udplab/api-event/v1 on one line:
//
//	id: mgk3x9f2-17
//	event: changed
//	data: {"schema":"udplab/api-event/v1","id":"mgk3x9f2-17","time":"...","event":"changed",
//	       "proxy":"dns","details":{"fields":{"up.loss":{"was":"0%","is":"5%"}}}}
//
// (The data is on one line.) ?stats=1s has the counts told that often besides,
// from 250ms to 1h. A client that comes back sends the id of the last event it had
// as Last-Event-ID and gets those since, of the latest 256; "missed" says that
// there may be others. Something comes at least every 15 s, if only a comment.
//
// Whoever does not keep up is cut off: after 64 events that wait, or 5 s in which
// nothing could be sent. Nobody else waits for it. 16 streams may be open at a
// time (503), and pages of other origins open none. A browser's EventSource sends
// no token; fetch can.
//
// # What differs from toxiproxy
//
// Its client libraries and its command line work as they are. What needs a stream
// is refused with what to use instead: slow_close, reset_peer, slicer, limit_data
// and a timeout above 0. Two toxics of one stream that want the same setting are
// refused, where toxiproxy adds delays up. Unknown attributes, values out of range
// and toxics inside a populate are not ignored. A failed populate opens nothing.
//
// POST /proxies/{name} leaves the toxics alone, for clients send there whole
// proxies with the toxics they knew of; PATCH sets them. Disabling keeps the port.
// inspect of toxiproxy-cli 2.5.0 panics at attributes that are text, which only our
// own types have.
//
// # Who may ask
//
// Without a token [Serve] listens on loopback only, and other programs of this
// machine are trusted, whoever runs them. With one (access.Rules) it may listen
// anywhere, and every request must bear it as Authorization: Bearer TOKEN, never
// in a URL; any other is answered 401. The token goes over the network in the
// clear: where that matters, put TLS before the API.
//
// A web page that the user happens to visit is kept out three ways: by the Host
// header, which must name this machine (DNS rebinding; 421), by refusing
// cross-origin requests (http.CrossOriginProtection; 403), and by asking for a
// JSON content type, which no HTML form can send (415); client libraries that POST
// under another are heard if they are no browser. GET changes nothing. What
// is answered is data that no browser takes for a page, and no other origin may
// read it.
//
// Requests, headers, connections and time are bounded: a body has 4 MiB at most,
// 64 KiB where it has no settings (413), a header 16 KiB (431); 64 connections are served at a time; a header has
// 5 s to arrive, a body 10 s, an answer 15 s to be read, and the next request a
// minute to come.
package control
