package chat

import (
	"bytes"
	"errors"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"udplab/reliable/raw"
)

func TestMessageBytes(t *testing.T) {
	m := Message{Kind: Text, ID: 200, Name: "bob", Text: "hi"}
	want := []byte("\x94\x02\xcc\xc8\xa3bob\xa2hi")
	got := m.Encode()
	if !bytes.Equal(got, want) {
		t.Fatalf("got % x, want % x", got, want)
	}
	if back, err := Decode(got); err != nil || back != m {
		t.Errorf("got %+v, %v, want %+v", back, err, m)
	}
	for n := range got {
		if _, err := Decode(got[:n]); !errors.Is(err, ErrMessage) {
			t.Errorf("cut to %d bytes: %v, want ErrMessage", n, err)
		}
	}
}

func TestMessageRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := Message{
			Kind: rapid.SampledFrom([]MessageKind{Hello, Text, Bye, Moved}).Draw(t, "kind"),
			ID:   rapid.Uint64().Draw(t, "id"),
			Name: rapid.StringN(0, 20, MaxName).Draw(t, "name"),
			Text: rapid.StringN(0, 300, MaxText).Draw(t, "text"),
		}
		if got, err := Decode(m.Encode()); err != nil || got != m {
			t.Fatalf("got %+v, %v, want %+v", got, err, m)
		}
	})
}

// TestMessagesFitADatagram: the largest message is within the limit stated to
// Decode and within a raw datagram.
func TestMessagesFitADatagram(t *testing.T) {
	m := Message{Kind: Text, ID: 1<<64 - 1, Name: strings.Repeat("n", MaxName), Text: strings.Repeat("t", MaxText)}
	got := len(m.Encode())
	if got != maxEncoded || got > raw.MaxMessage {
		t.Errorf("the largest message has %d bytes, stated %d, a datagram takes %d", got, maxEncoded, raw.MaxMessage)
	}
	m.Name += "ä"
	m.Text = strings.Repeat("ä", MaxText)
	back, err := Decode(m.Encode())
	if err != nil || back.Name != strings.Repeat("n", MaxName) || len(back.Text) != MaxText {
		t.Errorf("too long: name %d, text %d bytes, %v, want both cut to their limits", len(back.Name), len(back.Text), err)
	}
	m = Message{Kind: Text, Name: strings.Repeat("n", MaxName-1) + "ä", Text: "\xff"}
	if back, err := Decode(m.Encode()); err != nil || len(back.Name) != MaxName-1 || back.Text != "\uFFFD" {
		t.Errorf("got %+v, %v, want the name cut before the character and the text made UTF-8", back, err)
	}
}

// TestHostileMessages: everything that is not exactly what Encode writes is
// refused, and lengths that are claimed are not believed.
func TestHostileMessages(t *testing.T) {
	cases := map[string]string{
		"empty":              "",
		"text":               "hello",
		"other array":        "\x93\x02\x01\xa0",
		"array16":            "\xdc\x00\x04\x02\x01\xa0\xa0",
		"array32 of 4 G":     "\xdd\xff\xff\xff\xff\x02\x01\xa0\xa0",
		"map":                "\x84\x02\x01\xa0\xa0",
		"nil":                "\xc0",
		"kind 0":             "\x94\x00\x01\xa0\xa0",
		"kind 5":             "\x94\x05\x01\xa0\xa0",
		"kind 258":           "\x94\xcd\x01\x02\x01\xa0\xa0",
		"kind nil":           "\x94\xc0\x01\xa0\xa0",
		"kind in two bytes":  "\x94\xcc\x02\x01\xa0\xa0",
		"id negative":        "\x94\x02\xff\xa0\xa0",
		"id float":           "\x94\x02\xca\x00\x00\x00\x00\xa0\xa0",
		"id wide":            "\x94\x02\xcf\x00\x00\x00\x00\x00\x00\x00\x01\xa0\xa0",
		"name nil":           "\x94\x02\x01\xc0\xa0",
		"name bin":           "\x94\x02\x01\xc4\x01a\xa0",
		"name of 65 bytes":   "\x94\x02\x01\xd9\x41" + strings.Repeat("n", 65) + "\xa0",
		"name in str8":       "\x94\x02\x01\xd9\x01a\xa0",
		"name not UTF-8":     "\x94\x02\x01\xa1\xff\xa0",
		"text of 4 GB":       "\x94\x02\x01\xa0\xdb\xff\xff\xff\xff",
		"text bin of 1 GB":   "\x94\x02\x01\xa0\xc6\x40\x00\x00\x00",
		"text longer than b": "\x94\x02\x01\xa0\xa5hell",
		"text too long":      "\x94\x02\x01\xa0\xda\x40\x01" + strings.Repeat("t", MaxText+1),
		"trailing byte":      "\x94\x02\x01\xa0\xa0\x00",
		"deep nesting":       strings.Repeat("\x94", 5000),
	}
	for name, b := range cases {
		if m, err := Decode([]byte(b)); !errors.Is(err, ErrMessage) {
			t.Errorf("%s: got %+v, %v, want ErrMessage", name, m, err)
		}
	}
	const runs = 100
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		for _, name := range []string{"array32 of 4 G", "text of 4 GB", "text bin of 1 GB"} {
			Decode([]byte(cases[name]))
		}
	}
	runtime.ReadMemStats(&after)
	if got := (after.TotalAlloc - before.TotalAlloc) / (3 * runs); got > 16<<10 {
		t.Errorf("a short datagram that claims gigabytes takes %d bytes", got)
	}
}

func TestDamagedMessageIsReadAsFarAsItGoes(t *testing.T) {
	b := (&Message{Kind: Text, ID: 1, Name: "bob", Text: "hello"}).Encode()
	b[len(b)-1] ^= 0x80
	if m, ok := DecodeDamaged(b); !ok || m.Name != "bob" || m.Text != "hell\xef" {
		t.Errorf("got %+v, %v, want the damaged text", m, ok)
	}
	b[0] = 'x'
	if m, ok := DecodeDamaged(b); ok {
		t.Errorf("a message without its shape was read as %+v", m)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add((&Message{Kind: Text, ID: 3, Name: "bob", Text: "grüße"}).Encode())
	f.Add([]byte("\x94\x02\x01\xa0\xdb\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Decode(b)
		if err != nil {
			return
		}
		if !bytes.Equal(m.Encode(), b) {
			t.Errorf("% x decodes to %+v, which encodes to % x", b, m, m.Encode())
		}
		if !utf8.ValidString(m.Name) || !utf8.ValidString(m.Text) || len(m.Name) > MaxName || len(m.Text) > MaxText {
			t.Errorf("out of its limits: %+v", m)
		}
	})
}
