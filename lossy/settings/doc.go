// Package settings puts the settings of a lossy.Profile into words: a name, a
// unit and a text for each, the same in flags, in the HTTP API, in files and in
// reports, so that they cannot drift apart.
//
// It does no input or output: a value that names a file is read by whoever
// calls, or refused.
package settings
