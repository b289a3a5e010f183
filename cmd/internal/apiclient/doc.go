// Package apiclient asks the HTTP API of a running proxy, udplab's or
// toxiproxy's, for the command udplab ctl.
//
// It knows the API's manners, not its paths: JSON both ways, errors as
// {"error": "...", "status": n}, a token as Authorization: Bearer, events as
// server-sent events. What comes back is from another program and is bounded in
// size and time; text of it must be cleaned before a terminal draws it. Redirects
// are not followed and no proxy of the environment is used, so that a token goes
// to the address that was given and nowhere else.
package apiclient
