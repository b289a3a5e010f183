package settings

import "udplab/lossy"

// Parse changes a configuration by a JSON object of settings, such as
// {"delay": "40ms", "up": {"loss": "5%"}}, and checks the whole. The error says
// which field is at fault. Values that name files are refused.
func Parse(object []byte, c *lossy.Config) error {
	members, err := ParseObject(object)
	if err != nil {
		return err
	}
	var e Edits
	for _, m := range members {
		if err := e.Add(m); err != nil {
			return err
		}
	}
	if err := e.Apply(c); err != nil {
		return err
	}
	return c.Validate()
}
