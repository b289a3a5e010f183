package chat

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/vmihailenco/msgpack/v5"
)

// Limits of a message, in bytes. A message of the largest size fits a raw
// datagram several times over.
const (
	MaxName = 64
	MaxText = 16 << 10
)

// maxEncoded is the most bytes a message has: array, kind, id, name, text.
const maxEncoded = 1 + 1 + 9 + 2 + MaxName + 3 + MaxText

// MessageKind says what a message is for.
type MessageKind uint8

// The kinds of message. The numbers are the wire's.
const (
	// Hello comes first from either side, so that each knows the other's name.
	Hello MessageKind = iota + 1
	// Text is one line of the conversation.
	Text
	// Bye comes last from who leaves.
	Bye
	// Moved comes last on a connection that another one has replaced. Reliable
	// mode only.
	Moved
	messageKindEnd
)

// Message is what two chats say to each other, inside the payload of a raw
// packet or of a reliable message: the canonical msgpack array
//
//	[kind, id, name, text]
//
// with integers and string headers in their smallest forms and strings of valid
// UTF-8. It is the application's, the layers below see bytes.
type Message struct {
	Kind MessageKind
	// ID numbers the lines of one run of a sender from 1. All others
	// carry how many lines were sent before them, so that the other side can
	// count lines that it never saw.
	ID   uint64
	Name string // of the sender, at most MaxName bytes
	// Text is the line, at most MaxText bytes. In a Hello it names the run of
	// the sender, so that one that comes back can be told from a new one.
	Text string
}

// ErrMessage says that bytes are not a message of a chat.
var ErrMessage = errors.New("chat: not a chat message")

// linesBefore is how many lines the sender had sent before this message.
func (m *Message) linesBefore() uint64 {
	if m.Kind == Text && m.ID > 0 {
		return m.ID - 1
	}
	return m.ID
}

// Encode returns the bytes of m. Name and text are cut to their limits between
// two code points and made valid UTF-8: what a user types must not be able to
// make a message that the other side refuses.
func (m *Message) Encode() []byte {
	var b bytes.Buffer
	e := msgpack.NewEncoder(&b)
	err := errors.Join(
		e.EncodeArrayLen(4),
		e.EncodeUint(uint64(m.Kind)),
		e.EncodeUint(m.ID),
		e.EncodeString(fit(m.Name, MaxName)),
		e.EncodeString(fit(m.Text, MaxText)),
	)
	if err != nil {
		panic("BUG: chat: writing to memory: " + err.Error())
	}
	return b.Bytes()
}

// fit makes s valid UTF-8 of at most limit bytes.
func fit(s string, limit int) string {
	s = strings.ToValidUTF8(s, string(utf8.RuneError))
	if len(s) <= limit {
		return s
	}
	for !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

// Decode reads a message. It takes bytes of strangers: it allocates no more
// than the message has bytes, whatever lengths are claimed, and accepts only
// what Encode could have written. The error wraps ErrMessage.
func Decode(b []byte) (Message, error) {
	m, err := read(b)
	switch {
	case err != nil:
		return Message{}, err
	case m.Kind < Hello || m.Kind >= messageKindEnd:
		return Message{}, fmt.Errorf("%w: kind %d", ErrMessage, m.Kind)
	case !utf8.ValidString(m.Name) || !utf8.ValidString(m.Text):
		return Message{}, fmt.Errorf("%w: not UTF-8", ErrMessage)
	case !bytes.Equal(m.Encode(), b):
		// Every number and length has one smallest form, so this finds all
		// others, str for bin, nil for 0 and whatever else the library forgives.
		return Message{}, fmt.Errorf("%w: not in canonical form", ErrMessage)
	}
	return m, nil
}

// DecodeDamaged reads as much as can be read of a message that was damaged on
// the way, for showing what the damage did. ok is false if it has lost its
// shape. The strings may be any bytes.
func DecodeDamaged(b []byte) (m Message, ok bool) {
	m, err := read(b)
	return m, err == nil
}

// read takes the fields off b, within their limits, and nothing after them.
func read(b []byte) (Message, error) {
	if len(b) > maxEncoded {
		return Message{}, fmt.Errorf("%w: %d bytes, at most %d", ErrMessage, len(b), maxEncoded)
	}
	r := bytes.NewReader(b)
	d := msgpack.NewDecoder(r)
	n, err := d.DecodeArrayLen()
	if err != nil || n != 4 {
		return Message{}, fmt.Errorf("%w: not an array of 4", ErrMessage)
	}
	kind, kindErr := d.DecodeUint64()
	id, idErr := d.DecodeUint64()
	name, nameErr := readString(d, r, b, MaxName)
	text, textErr := readString(d, r, b, MaxText)
	if err := errors.Join(kindErr, idErr, nameErr, textErr); err != nil {
		return Message{}, fmt.Errorf("%w: %s", ErrMessage, strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	if r.Len() > 0 {
		return Message{}, fmt.Errorf("%w: %d bytes too many", ErrMessage, r.Len())
	}
	return Message{Kind: MessageKind(min(kind, 0xff)), ID: id, Name: name, Text: text}, nil
}

// readString reads a string's length with the library and its bytes from b
// itself, because the library would first make room for whatever length is
// claimed.
func readString(d *msgpack.Decoder, r *bytes.Reader, b []byte, limit int) (string, error) {
	n, err := d.DecodeBytesLen()
	if err != nil {
		return "", err
	}
	if n < 0 || n > limit || n > r.Len() {
		return "", fmt.Errorf("string of %d bytes, %d left, at most %d", n, r.Len(), limit)
	}
	at := len(b) - r.Len()
	if _, err := r.Seek(int64(n), io.SeekCurrent); err != nil {
		return "", err
	}
	return string(b[at : at+n]), nil
}
