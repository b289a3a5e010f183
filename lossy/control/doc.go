// Package control lets people and programs watch and change running proxies
// over HTTP, in the shape toxiproxy made familiar, with its silent failures
// made loud.
//
//	GET   /proxies                every proxy by name
//	GET   /proxies/{name}         one of them
//	PATCH /proxies/{name}         change its settings, all of it or nothing
//	GET   /proxies/{name}/stats   what it has done so far
//	GET   /ready                  503 if datagrams leave too late, see proxy.Ready
//	POST  /proxies/{name}/rebind  give every flow another port towards the service
//	POST  /proxies/{name}/blackout  have nothing pass for a while, from now on
//
// A PATCH carries a JSON object with the words and units of the flags of
// `udplab proxy`: a field at the top level holds for both directions, one
// under "up" or "down" for that direction and over the common one.
//
//	{"loss": "5%", "down": {"delay": "40ms", "rate": "10mbit"}, "enabled": true}
//
// Besides those of the network there are "enabled", "seed", "upstream",
// "nat-timeout" and "rebind-every", for both directions. A POST to rebind
// carries {}, one to blackout {"for": "3s"}, or {"for": "3s", "direction": "up"}
// for one direction; "0s" ends it.
//
// A model that names a file is refused, unless it is the one in force: only the
// command line reads files of this machine.
//
// A field that does not exist, stands twice or has no valid value is refused
// with its name; then nothing is changed. Errors are {"error": "...", "status": n}.
//
// # Who may ask
//
// There is no password, so [Serve] listens on loopback only. A web page that
// the user happens to visit is kept out three ways: by the Host header, which
// must name this machine (DNS rebinding), by refusing cross-origin requests
// (http.CrossOriginProtection), and by asking for a JSON content type, which
// no HTML form can send. GET changes nothing. Other programs of this machine
// are trusted, whoever runs them.
//
// Requests, headers, connections and time are bounded.
package control
