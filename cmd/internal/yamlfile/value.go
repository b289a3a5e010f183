package yamlfile

import (
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"strings"

	yaml "go.yaml.in/yaml/v4"

	"udplab/lossy/settings"
)

// writer writes nodes as JSON.
type writer struct {
	document *Document
	out      strings.Builder
}

func (w *writer) value(n *yaml.Node, depth int) error {
	switch {
	case depth > MaxDepth:
		return w.document.fault(n, fmt.Errorf("nested more than %d deep", MaxDepth))
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		return w.document.fault(n, errors.New("anchors (&name) and aliases (*name) are refused: write the value out, in quotes if it begins with & or *"))
	case n.Style&yaml.TaggedStyle != 0:
		return w.document.fault(n, fmt.Errorf("tags such as %s are refused: write the value alone, in quotes if it is a string", n.Tag))
	}
	switch n.Kind {
	case yaml.MappingNode:
		return w.object(n, depth)
	case yaml.SequenceNode:
		return w.list(n, depth)
	case yaml.ScalarNode:
		text, _, err := scalar(n)
		if err != nil {
			return w.document.fault(n, err)
		}
		w.out.WriteString(text)
		return nil
	}
	panic(fmt.Sprintf("BUG: a node of kind %v within a document", n.Kind))
}

func (w *writer) object(n *yaml.Node, depth int) error {
	lines := make(map[string]int)
	w.out.WriteByte('{')
	for i := 0; i < len(n.Content); i += 2 {
		key := n.Content[i]
		if i > 0 {
			w.out.WriteByte(',')
		}
		if err := w.key(key, depth); err != nil {
			return err
		}
		if first, twice := lines[key.Value]; twice {
			return w.document.fault(key, fmt.Errorf("key %q stands twice, first on line %d", key.Value, first))
		}
		lines[key.Value] = key.Line
		w.out.WriteByte(':')
		if err := w.value(n.Content[i+1], depth+1); err != nil {
			return err
		}
	}
	w.out.WriteByte('}')
	return nil
}

// key writes a key, which is a string.
func (w *writer) key(n *yaml.Node, depth int) error {
	if n.Kind == yaml.ScalarNode && n.Anchor == "" && n.Style&yaml.TaggedStyle == 0 {
		if _, kind, err := scalar(n); err != nil || kind != kindString {
			return w.document.fault(n, fmt.Errorf("key %s is no string: put it in quotes", n.Value))
		}
	} else if n.Kind != yaml.ScalarNode && n.Kind != yaml.AliasNode {
		return w.document.fault(n, errors.New("a key that is a list or an object"))
	}
	return w.value(n, depth)
}

func (w *writer) list(n *yaml.Node, depth int) error {
	w.out.WriteByte('[')
	for i, element := range n.Content {
		if i > 0 {
			w.out.WriteByte(',')
		}
		if err := w.value(element, depth+1); err != nil {
			return err
		}
	}
	w.out.WriteByte(']')
	return nil
}

// kind is what a scalar means.
type kind int

const (
	kindString kind = iota
	kindNull
	kindBool
	kindNumber
)

// maxDigits bounds the text of a number, which becomes no float on the way.
const maxDigits = 100

// The plain scalars of the core schema, YAML 1.2.2 section 10.3.2, that are no
// strings.
var (
	plainNull     = regexp.MustCompile(`^(null|Null|NULL|~|)$`)
	plainBool     = regexp.MustCompile(`^(true|True|TRUE|false|False|FALSE)$`)
	plainBased    = regexp.MustCompile(`^0(o[0-7]+|x[0-9a-fA-F]+)$`)
	plainNumber   = regexp.MustCompile(`^([-+]?)([0-9]*)(\.[0-9]*)?([eE][-+]?[0-9]+)?$`)
	plainInfinite = regexp.MustCompile(`^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$`)
)

// scalar writes a scalar as JSON.
func scalar(n *yaml.Node) (text string, _ kind, err error) {
	quoted := n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
	s := n.Value
	switch {
	case quoted:
	case plainNull.MatchString(s):
		return "null", kindNull, nil
	case plainBool.MatchString(s):
		return strings.ToLower(s), kindBool, nil
	case plainInfinite.MatchString(s):
		return "", kindNumber, fmt.Errorf("%s is no finite number: put it in quotes if it is a string", s)
	case plainBased.MatchString(s):
		if len(s) > maxDigits {
			return "", kindNumber, fmt.Errorf("a number of more than %d digits", maxDigits)
		}
		i, _ := new(big.Int).SetString(s, 0) // the pattern is what it reads
		return i.String(), kindNumber, nil
	case plainNumber.MatchString(s):
		if text, ok := decimal(s); ok {
			if len(s) > maxDigits {
				return "", kindNumber, fmt.Errorf("a number of more than %d digits", maxDigits)
			}
			return text, kindNumber, nil
		}
	}
	b, err := settings.Marshal(s)
	return strings.TrimSuffix(string(b), "\n"), kindString, err
}

// decimal writes a number as JSON wants it: no plus, no zeros before, digits on
// both sides of a point. No digit that counts is lost.
func decimal(s string) (string, bool) {
	part := plainNumber.FindStringSubmatch(s)
	sign, whole, fraction, exponent := part[1], part[2], strings.TrimPrefix(part[3], "."), part[4]
	if whole == "" && fraction == "" {
		return "", false // ".", "+" or "e5": strings
	}
	whole = strings.TrimLeft(whole, "0")
	if whole == "" {
		whole = "0"
	}
	if fraction != "" {
		fraction = "." + fraction
	}
	return strings.TrimPrefix(sign, "+") + whole + fraction + exponent, true
}
