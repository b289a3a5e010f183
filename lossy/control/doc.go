// Package control lets people and programs watch and change running proxies
// over HTTP, in the shape toxiproxy made familiar, with its silent failures
// made loud.
//
//	GET    /proxies                every proxy by name
//	POST   /proxies                open one: 201
//	PUT    /proxies                have these proxies and no others
//	GET    /proxies/{name}         one of them
//	PATCH  /proxies/{name}         change its settings, all of it or nothing; POST does the same
//	DELETE /proxies/{name}         close it: 204
//	GET    /proxies/{name}/stats   what it has done so far
//	POST   /proxies/{name}/rebind  give every flow another port towards the service
//	POST   /proxies/{name}/blackout  have nothing pass for a while, from now on
//	POST   /populate               open these proxies, or change those that are there: 201
//	POST   /reset                  enable all, end blackouts of now: 204
//	GET    /ready                  503 if datagrams leave too late, see proxy.Ready
//
// A proxy is a JSON object with the words and units of the flags of
// `udplab proxy`: a field at the top level holds for both directions, one
// under "up" or "down" for that direction and over the common one.
//
//	{"name": "dns", "listen": "127.0.0.1:5300", "upstream": "127.0.0.1:53",
//	 "loss": "5%", "down": {"delay": "40ms", "rate": "10mbit"}, "enabled": true}
//
// Besides those of the network there are "name", "listen" (without it any port
// of 127.0.0.1), "upstream", "enabled", "seed" (random without it), "nat-timeout"
// and "rebind-every". A PATCH names what is to change; another "listen" opens the
// proxy anew there, where its flows begin anew. What GET shows may be sent back.
//
// PUT takes an array of proxies, or an object of them by name as GET /proxies
// shows it; see [Fleet.Put]. POST /populate takes the same; see [Fleet.Populate].
// Both are all or nothing.
//
// A POST to rebind carries {}, one to blackout {"for": "3s"}, or {"for": "3s",
// "direction": "up"} for one direction; "0s" ends it.
//
// A model that names a file is refused, unless it is the one in force: only the
// command line reads files of this machine.
//
// A field that does not exist, stands twice or has no valid value is refused
// with its name; then nothing is changed. Errors are {"error": "...", "status": n}.
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
// JSON content type, which no HTML form can send (415). GET changes nothing. What
// is answered is data that no browser takes for a page, and no other origin may
// read it.
//
// Requests, headers, connections and time are bounded: a body has 64 KiB at most
// (413), a header 16 KiB (431); 64 connections are served at a time; a header has
// 5 s to arrive, a body 10 s, an answer 15 s to be read, and the next request a
// minute to come.
package control
