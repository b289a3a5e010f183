// Package chatui is what udplab chat looks like on a terminal: the lines of the
// conversation with what became of each, a status line, a line to type in.
//
// [Model] is the screen without a screen: events, keys and sizes go in, effects
// and a picture come out, nothing else happens. [Run] puts it on a terminal
// with bubbletea and connects it with a chat.Session. Command udplab chat is
// the caller; it has made sure that there is a terminal.
//
// What it will not do: decide anything about the conversation, write files, use
// the mouse (that would break selecting text). It never says by colour alone.
//
// Limits: it keeps the last [maxEntries] lines; what a peer sends is cleaned of
// everything that acts on a terminal before it is kept.
package chatui
