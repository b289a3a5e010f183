package settings

import (
	"bytes"
	"encoding/json"

	"udplab/lossy"
)

// Report is a profile whose JSON has every field in the form in which Edits
// take it.
type Report lossy.Profile

// MarshalJSON implements json.Marshaler.
func (r Report) MarshalJSON() ([]byte, error) {
	p := lossy.Profile(r)
	object := make(map[string]any)
	for _, f := range Fields() {
		object[f.Name] = f.value(f.Get(&p))
	}
	return Marshal(object)
}

// value is what JSON has for the text of a field.
func (f *Field) value(text string) any {
	if f.number(text) || f.Switch() {
		return json.RawMessage(text)
	}
	return text
}

// A Difference is a field that two profiles have otherwise, with both values as a
// Report has them.
type Difference struct {
	Name    string
	Was, Is any // text, or json.RawMessage
}

// Differences lists the fields in which two profiles differ, in the order of
// Fields.
func Differences(was, is *lossy.Profile) (list []Difference) {
	if *was == *is {
		return nil
	}
	for _, f := range Fields() {
		if before, after := f.Get(was), f.Get(is); before != after {
			list = append(list, Difference{f.Name, f.value(before), f.value(after)})
		}
	}
	return list
}

// Marshal is json.Marshal that leaves <, > and & as they are, as rules have them.
func Marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return b.Bytes(), err
}
