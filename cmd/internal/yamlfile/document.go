package yamlfile

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	yaml "go.yaml.in/yaml/v4"
)

// Limits of a file.
const (
	// MaxBytes keeps the worst file to a fraction of a second: the parser takes
	// time by the square for a long line of short values.
	MaxBytes = 256 << 10
	// MaxDepth is how deep lists and objects may be nested.
	MaxDepth = 50
)

// Document is a file that was read: what it says, and where. It does not change,
// so it is safe for concurrent use. Make one with Parse or Read.
type Document struct {
	name string
	root *yaml.Node
	json []byte
}

// Read reads a file. An error that is no *Fault is of the file system.
func Read(name string) (*Document, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, MaxBytes+1))
	if err != nil {
		return nil, err
	}
	return Parse(name, b)
}

// Parse reads the content of a file; the name is for errors. Its error is a *Fault.
func Parse(name string, b []byte) (*Document, error) {
	d := &Document{name: name}
	if len(b) > MaxBytes {
		return nil, d.fault(nil, fmt.Errorf("larger than %d KiB", MaxBytes>>10))
	}
	if err := d.checkText(string(b)); err != nil {
		return nil, err
	}
	var file yaml.Node
	if err := yaml.Load(b, &file, yaml.WithAllDocuments(false)); err != nil {
		return nil, d.syntax(string(b), err)
	}
	d.root = file.Content[0]
	w := writer{document: d}
	if err := w.value(d.root, 0); err != nil {
		return nil, err
	}
	d.json = []byte(w.out.String())
	return d, nil
}

// Name is the name that was given.
func (d *Document) Name() string { return d.name }

// JSON is what the file says, as one JSON value without white space. The caller
// must not modify it.
func (d *Document) JSON() []byte { return d.json }

// checkText refuses bytes that are no text, for which the parser has no line.
func (d *Document) checkText(s string) error {
	for i, r := range s {
		why := ""
		switch {
		case r == utf8.RuneError && strings.HasPrefix(s[i:], "\uFFFD"): // it stands there
		case r == utf8.RuneError:
			why = "not UTF-8"
		case r < ' ' && r != '\t' && r != '\n' && r != '\r', r == 0x7f:
			why = fmt.Sprintf("a control character, %U", r)
		}
		if why != "" {
			before := s[:i]
			line := before[strings.LastIndexByte(before, '\n')+1:]
			return &Fault{d.name, 1 + strings.Count(before, "\n"), 1 + utf8.RuneCountInString(line), errors.New(why)}
		}
	}
	return nil
}

// syntax puts what the parser says into our words.
func (d *Document) syntax(text string, err error) error {
	var load *yaml.LoadError
	if !errors.As(err, &load) {
		return &Fault{d.name, 0, 0, err}
	}
	switch {
	case load.Mark.Line == 0 && strings.Contains(load.Message, "no documents"):
		return &Fault{d.name, 0, 0, errors.New("nothing in it")}
	case load.Mark.Line == 0 && strings.Contains(load.Message, "multiple"):
		return &Fault{d.name, 0, 0, errors.New("more than one document: write one file for each")}
	}
	message := load.Message
	if load.ContextMsg != "" {
		message += " " + load.ContextMsg
	}
	at := load.Mark
	if at.Line == 0 {
		at = load.ContextMark
	}
	if strings.Contains(message, "cannot start any token") && strings.HasPrefix(strings.TrimLeft(lineOf(text, at.Line), " "), "\t") {
		message = "a tab: YAML indents with spaces"
	}
	return &Fault{d.name, at.Line, at.Column, fmt.Errorf("no valid YAML: %s", message)}
}

func lineOf(text string, number int) string {
	lines := strings.SplitN(text, "\n", number+1)
	if number < 1 || number > len(lines) {
		return ""
	}
	return lines[number-1]
}
