package scenario

import (
	"encoding/json"
	"errors"
	"strconv"

	"udplab/lossy"
	"udplab/lossy/settings"
)

// Bring returns a scenario, JSON as Parse takes it, in which every setting that
// names a file brings along what is in it: see settings.Bring. It is for who has
// the files, before the scenario goes to who plays it. The error has the path of the
// setting, as one of Parse has.
func Bring(text []byte, read lossy.ReadFile) ([]byte, error) {
	return settings.EachMember(text, func(m settings.Member) (settings.Member, error) {
		return bringSteps(m, read, 0)
	})
}

// bringSteps does so in a member that may be a list of steps.
func bringSteps(m settings.Member, read lossy.ReadFile, depth int) (settings.Member, error) {
	var steps []json.RawMessage
	if m.Name != "steps" || json.Unmarshal(m.Value, &steps) != nil {
		return m, nil // Parse says what is wrong with it
	}
	if depth > MaxDepth {
		return m, settings.Within(m.Name, errors.New("loops within loops are too deep"))
	}
	for i, step := range steps {
		brought, err := settings.EachMember(step, func(m settings.Member) (settings.Member, error) {
			if m.Name != "set" || len(m.Value) == 0 || m.Value[0] != '{' {
				return bringSteps(m, read, depth+1)
			}
			set, err := settings.BringAll(m.Value, read)
			m.Value = set
			return m, settings.Within(m.Name, err)
		})
		if err != nil {
			return m, settings.Within(m.Name, settings.Within(strconv.Itoa(i), err))
		}
		steps[i] = brought
	}
	value, err := settings.Marshal(steps)
	m.Value = value
	return m, err
}
