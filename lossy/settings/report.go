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
		if value := f.Get(&p); f.number(value) || f.Switch() {
			object[f.Name] = json.RawMessage(value)
		} else {
			object[f.Name] = value
		}
	}
	return Marshal(object)
}

// Marshal is json.Marshal that leaves <, > and & as they are, as rules have them.
func Marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return b.Bytes(), err
}
