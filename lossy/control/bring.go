package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"udplab/lossy"
	"udplab/lossy/scenario"
	"udplab/lossy/settings"
)

// BringSpecs returns specs, JSON as ParseSpecs takes it, in which every setting that
// names a file brings along what is in it: see settings.Bring. It is for who has the
// files, before the specs go to a server. The error is a *settings.FieldError with a
// path as one of ParseSpecs has.
func BringSpecs(b []byte, read lossy.ReadFile) ([]byte, error) {
	bring := func(spec []byte) ([]byte, error) {
		spec, err := settings.BringAll(spec, read)
		if err != nil {
			return nil, err
		}
		return BringParts(spec, read)
	}
	if list := bytes.TrimSpace(b); len(list) == 0 || list[0] != '[' {
		return settings.EachMember(b, func(m settings.Member) (settings.Member, error) {
			spec, err := bring(m.Value)
			m.Value = spec
			return m, settings.Within("proxies."+m.Name, err)
		})
	}
	specs, err := bringEach(b, bring)
	return specs, settings.Within("proxies", err)
}

// BringParts is BringSpecs for the scenario and the toxics of a single spec, without
// its own settings.
func BringParts(spec []byte, read lossy.ReadFile) ([]byte, error) {
	return settings.EachMember(spec, func(m settings.Member) (settings.Member, error) {
		var err error
		switch {
		case m.Name == "scenario" && m.Value[0] == '{':
			m.Value, err = scenario.Bring(m.Value, read)
		case m.Name == "toxics" && m.Value[0] == '[':
			m.Value, err = bringEach(m.Value, func(toxic []byte) ([]byte, error) { return bringToxic(toxic, read) })
		}
		return m, settings.Within(m.Name, err)
	})
}

func bringToxic(toxic []byte, read lossy.ReadFile) ([]byte, error) {
	return settings.EachMember(toxic, func(m settings.Member) (settings.Member, error) {
		if m.Name != "attributes" || m.Value[0] != '{' {
			return m, nil
		}
		attributes, err := settings.BringAll(m.Value, read)
		m.Value = attributes
		return m, settings.Within(m.Name, err)
	})
}

// bringEach does so in the elements of an array.
func bringEach(array []byte, bring func([]byte) ([]byte, error)) ([]byte, error) {
	var elements []json.RawMessage
	if err := json.Unmarshal(array, &elements); err != nil {
		return nil, fmt.Errorf("not valid JSON: %w", err)
	}
	for i, element := range elements {
		if len(element) == 0 || element[0] != '{' {
			return nil, settings.Within(strconv.Itoa(i), errors.New("want a JSON object"))
		}
		brought, err := bring(element)
		if err != nil {
			return nil, settings.Within(strconv.Itoa(i), err)
		}
		elements[i] = brought
	}
	return settings.Marshal(elements)
}
